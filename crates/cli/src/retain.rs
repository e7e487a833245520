//! `countenance retain`: end what is over.

use crate::clock::time_of;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::progress;
use crate::registry::{RegistryArgs, registry};
use crate::subject::erase_by_number;
use crate::terminal::{counted, warning};
use countenance_core::FalseMatchRate;
use serde::Serialize;

/// Subjects that are looked at in one step.
const STEP: u32 = 1000;

/// Days without use after which the clock is doubted.
const MOST_IDLE_DAYS: u32 = 366;

/// End consents that expired and erase subjects who were not used
///
/// Run it once a day. It looks at all tenants: templates go with the last consent of a subject, and a subject goes
/// after --retention-days without use, with a receipt in the audit log like any other erasure. It can be
/// killed at any moment and run again.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance retain --data vault
  countenance retain --data vault --retention-days 90

JSON: examined (subjects, the decoy included), expired (consents), erased (subjects), unreadable (numbers of
subjects that are damaged: the others are done, and the exit code is 4).")]
pub(crate) struct Args {
    #[command(flatten)]
    registry: RegistryArgs,

    /// Go on although nothing was done here for more than a year, by this clock
    #[arg(long)]
    clock_is_right: bool,

    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Default, Serialize)]
struct RetainJson {
    examined: u64,
    expired: u64,
    erased: usize,
    unreadable: Vec<u64>,
}

/// Runs the job to its end.
pub(crate) fn run(args: &Args) -> Outcome {
    if args.registry.tenant != "default" || args.registry.collection != "default" {
        return Err(Failure::usage(
            "retain looks at all tenants and collections",
            "leave out --tenant and --collection",
        ));
    }
    let registry = registry(args.registry.vault()?, FalseMatchRate::DEFAULT)?;
    // One wrong clock would erase everybody.
    let (now, before) = (registry.now(), registry.vault().opened_after());
    let idle_days = now.day().saturating_sub(before.day());
    if idle_days > MOST_IDLE_DAYS && !args.clock_is_right {
        return Err(Failure::usage(
            format!(
                "the clock says {}, {idle_days} days after this data folder was last used",
                time_of(now)
            ),
            "set the clock of this machine right; if it is right, say --clock-is-right",
        ));
    }
    let bar = progress::counting("looking at", "subjects");
    let mut done = RetainJson::default();
    let mut after = 0;
    loop {
        let step = registry.retain(after, STEP)?;
        done.examined += step.examined;
        done.expired += step.expired;
        done.erased += step.erased.len();
        done.unreadable.extend(step.unreadable);
        bar.inc(step.examined);
        let Some(next) = step.next else { break };
        after = next;
    }
    bar.finish_and_clear();
    if args.json {
        json::print(&done)?;
    } else {
        say!("expired  {}", counted(done.expired, "consent"));
        say!("erased   {}", counted(done.erased, "subject"));
    }
    for &number in &done.unreadable {
        let what = format!("subject {number} is damaged: its consents could not be looked at");
        warning(&what, &erase_by_number(number));
    }
    Ok(if done.unreadable.is_empty() {
        Exit::Success
    } else {
        Exit::Failed
    })
}
