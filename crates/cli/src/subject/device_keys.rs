//! `countenance subject device-keys list|remove`.

use crate::clock::time_of;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::{RegistryArgs, who};
use crate::terminal::plain;
use clap::Subcommand;
use countenance_api::DeviceKeyList;
use countenance_core::vault::Timestamp;
use countenance_core::{DeviceKeyError, DeviceKeyId};
use countenance_server::device_key_entry;

/// List and remove the device keys of a person
///
/// A device key is a passkey that payments can ask for beside a face. It is registered in the person's browser, over
/// HTTP: POST /v1/subjects/{subject}/device-keys. Removing one needs no holder part, and holds for payments that are just
/// being approved.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance subject device-keys list ana --data vault
  countenance subject device-keys remove ana d-BwcHBwcHBwcHBwcHBwcHBw --data vault")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(ListArgs),
    Remove(RemoveArgs),
}

/// List the device keys of a person, the oldest first
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance subject device-keys list ana --data vault
  countenance subject device-keys list ana --data vault --json

JSON: device_keys (each id, label, added, used, synced).")]
struct ListArgs {
    /// What you call the person; - reads it from the standard input
    id: String,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// Remove a device key of a person
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance subject device-keys remove ana d-BwcHBwcHBwcHBwcHBwcHBw --data vault
      What was registered is gone; the passkey on the person's device is theirs to delete.")]
struct RemoveArgs {
    /// What you call the person; - reads it from the standard input
    id: String,

    /// Id of the device key, as the list shows it
    #[arg(value_name = "DEVICE_KEY")]
    key: String,

    #[command(flatten)]
    registry: RegistryArgs,
}

pub(super) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::List(args) => list(args),
        Command::Remove(args) => remove(args),
    }
}

fn list(args: &ListArgs) -> Outcome {
    let id = who::id(&args.id)?;
    let opened = args.registry.open()?;
    let keys = opened.registry.device_keys(&opened.claim(&id, None))?;
    let all = DeviceKeyList {
        device_keys: keys.iter().map(device_key_entry).collect(),
    };
    if args.json {
        json::print(&all)?;
        return Ok(Exit::Success);
    }
    let at = |seconds| time_of(Timestamp::from_unix(seconds));
    for one in &all.device_keys {
        let used = one.used.map_or_else(|| "never used".to_owned(), at);
        let kind = if one.synced { "synced" } else { "one device" };
        say!(
            "{}  {}  {used}  {kind}  {}",
            one.id,
            at(one.added),
            plain(&one.label)
        );
    }
    Ok(Exit::Success)
}

fn remove(args: &RemoveArgs) -> Outcome {
    let id = who::id(&args.id)?;
    let unknown = || {
        Failure::usage(
            "this person has no device key of that id",
            "`countenance subject device-keys list` shows them",
        )
    };
    let key: DeviceKeyId = args.key.parse().map_err(|()| unknown())?;
    let opened = args.registry.open()?;
    let claim = opened.claim(&id, None);
    let removed = opened.registry.remove_device_key(&claim, key);
    removed.map_err(|error| match error {
        DeviceKeyError::Unknown => unknown(),
        DeviceKeyError::Vault(error) => error.into(),
        error => Failure::from(anyhow::Error::new(error)),
    })?;
    Ok(Exit::Success)
}
