//! `countenance keyring rotate`.

use crate::clock::MachineClock;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::json;
use crate::progress;
use crate::registry::RegistryArgs;
use crate::registry::root::RootPlace;
use crate::subject::erase_by_number;
use crate::terminal::warning;
use countenance_core::WallClock as _;
use serde::Serialize;

/// Server parts that are wrapped anew in one step.
const STEP: u32 = 2000;

/// Replace the tenants' keys, or the root key
///
/// Every tenant gets a new key, and every subject's key is wrapped with it; records stay as they are. It can be
/// killed at any moment: `--resume` finishes it. With `--new-root` the root key is replaced instead; the old
/// one opens nothing any more, but old keyring backups.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance keyring rotate --data vault
  countenance keyring rotate --data vault --resume
      Finish a rotation that was cut off.
  countenance keyring rotate --data vault --new-root /media/usb/vault.root
      Move to a root key on another disk; it is made if it is not there.

Make a new keyring backup afterwards: an older one opens with the old keys only.

JSON: tenants (how many have a new key), rewrapped (subjects' keys, the decoy's included), unreadable (numbers of
keys that are damaged: the others are done, and the exit code is 4), new_root.")]
pub(super) struct Args {
    #[command(flatten)]
    registry: RegistryArgs,

    /// Only finish a rotation that was cut off
    #[arg(long, conflicts_with = "new_root")]
    resume: bool,

    /// Replace the root key by this one, made if it is not there
    #[arg(long, value_name = "FILE")]
    new_root: Option<String>,

    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct RotateJson {
    tenants: usize,
    rewrapped: u64,
    unreadable: Vec<u64>,
    new_root: Option<String>,
}

pub(super) fn run(args: &Args) -> Outcome {
    args.registry.refuse_served()?;
    let vault = args.registry.vault()?;
    let now = MachineClock::start().now();
    let mut done = RotateJson {
        tenants: 0,
        rewrapped: 0,
        unreadable: Vec::new(),
        new_root: None,
    };
    if let Some(new_root) = &args.new_root {
        let place = RootPlace::parse(new_root)?;
        let (source, _) = place.open_or_create(args.registry.folder().ok())?;
        vault.replace_root(source, now)?;
        done.new_root = Some(place.to_string());
    } else {
        if !args.resume {
            for tenant in vault.tenants() {
                vault.rotate_tenant(&tenant, now)?;
                done.tenants += 1;
            }
        }
        let bar = progress::counting("rewrapping", "keys");
        let mut after = 0;
        loop {
            let step = vault.rewrap(after, STEP)?;
            done.rewrapped += step.rewrapped;
            done.unreadable.extend(step.unreadable);
            bar.inc(step.examined);
            let Some(next) = step.next else { break };
            after = next;
        }
        bar.finish_and_clear();
    }
    if args.json {
        json::print(&done)?;
    } else if let Some(place) = &done.new_root {
        say!("The root key is now {}.", crate::terminal::plain(place));
        say!(
            "Name it with --root from now on, make a new `backup --keyring`, and then destroy the old one."
        );
    } else {
        if done.unreadable.is_empty() && done.rewrapped == 0 {
            say!("There was nothing to wrap anew.");
        } else if done.unreadable.is_empty() {
            say!("Every subject's key is wrapped anew; the old wrapping keys are destroyed.");
        } else {
            say!("The other subjects' keys are wrapped anew.");
        }
        say!("Make a new `backup --keyring` now, before you need one.");
    }
    for &number in &done.unreadable {
        let what =
            format!("the key of subject {number} is damaged, and its old wrapping key stays");
        warning(&what, &erase_by_number(number));
    }
    Ok(if done.unreadable.is_empty() {
        Exit::Success
    } else {
        Exit::Failed
    })
}
