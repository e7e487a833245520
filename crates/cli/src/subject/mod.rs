//! `countenance subject`: the people who are known here.

mod add;
mod consent_link;
mod device_keys;
mod erase;
mod export;
mod list;
mod show;

use crate::failure::Outcome;
use clap::Subcommand;
use countenance_core::vault::SubjectKind;

/// Add, list, show, export and erase people
///
/// A subject is a person under an id of yours. Nothing of it stands in the clear in the data folder, not even
/// the id. An *operator-key* subject can be opened by whoever has the root key; a *holder-bound* one only
/// together with a part that the person keeps, for instance on their device. Adding somebody keeps no face and
/// permits nothing: that takes their consent and then an enrollment.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance subject add ana --data vault
      An operator-key subject.
  countenance subject add ana --holder-bound --holder ana.holder --data vault
      A holder-bound one; its part is made in ana.holder, which goes to her.
  echo ana | countenance subject show - --data vault
      The id from the standard input, so that it stands in no history and no process list.
  countenance subject export ana --data vault > ana.json
      All that is held about her.
  countenance subject erase ana --data vault --receipt ana.receipt
      Nothing is left of her but a signed receipt.")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::Args),
    List(list::Args),
    Show(show::Args),
    Export(export::Args),
    Erase(erase::Args),
    DeviceKeys(device_keys::Args),
    ConsentLink(consent_link::Args),
}

/// Does what was asked.
pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::Add(args) => add::run(args),
        Command::List(args) => list::run(args),
        Command::Show(args) => show::run(args),
        Command::Export(args) => export::run(args),
        Command::Erase(args) => erase::run(args),
        Command::DeviceKeys(args) => device_keys::run(args),
        Command::ConsentLink(args) => consent_link::run(args),
    }
}

/// What to do about a subject that cannot be read.
pub(crate) fn erase_by_number(number: u64) -> String {
    format!(
        "restore a backup, or erase it: `countenance subject erase --number {number}` with the same --data"
    )
}

/// The name of a kind, for people and machines.
pub(crate) fn kind_name(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::OperatorKey => "operator-key",
        SubjectKind::HolderBound => "holder-bound",
        _ => "unknown",
    }
}
