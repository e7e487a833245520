//! `countenance keyring`: make, rotate and look at the keys.

mod identity;
pub(crate) mod init;
mod rotate;
mod status;

use crate::failure::Outcome;
use clap::Subcommand;

/// Make, rotate and look at the keys
///
/// One root key opens a vault; it wraps a key per tenant, which wraps a key per subject. `init` makes a data
/// folder and its root key, `rotate` replaces keys without touching a single record, `status` shows what is
/// there, `identity` makes what sealed keyring backups are opened with.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance keyring init --data vault
      Make the folder vault and the root key vault.root beside it.
  countenance keyring init --data vault --root /media/usb/vault.root
      The root key on another disk: the theft of one of them tells nothing.
  countenance keyring rotate --data vault
      Give every tenant a new key and wrap all subjects' keys with it.
  countenance keyring status --data vault
      Tenants, collections, versions, and what the theft of the disk would give away.")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Rotate(rotate::Args),
    Status(status::Args),
    Identity(identity::Args),
}

/// Does what was asked.
pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::Init(args) => init::run(args),
        Command::Rotate(args) => rotate::run(args),
        Command::Status(args) => status::run(args),
        Command::Identity(args) => identity::run(args),
    }
}
