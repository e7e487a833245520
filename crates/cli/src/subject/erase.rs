//! `countenance subject erase`.

use crate::clock::time_of;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::json;
use crate::registry::{RegistryArgs, private, who};
use crate::terminal::YELLOW;
use serde::Serialize;
use std::io::Write as _;
use std::path::PathBuf;

/// Erase a subject
///
/// The subject's key is destroyed first and its place in the keyring file overwritten; then the rows go. When
/// the answer comes, nothing that was ever kept of the person can be opened again, in backups neither. It
/// cannot be undone, and needs no part of the holder. The receipt is signed: `audit verify --receipt` checks it.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance subject erase ana --data vault
  countenance subject erase ana --data vault --receipt ana.receipt

JSON: key_id, erased, position (in the deletion ledger), leaf (in the audit tree), receipt (in
hexadecimal), erased_at_once.")]
pub(super) struct Args {
    /// What you call the person; - reads it from the standard input
    id: String,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Write the signed receipt into this new file
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,

    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct EraseJson {
    key_id: String,
    erased: String,
    position: u64,
    leaf: u64,
    receipt: String,
    erased_at_once: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let id = who::id(&args.id)?;
    let opened = args.registry.open()?;
    let subject = opened.registry.subject(&opened.collection, &id)?;
    // The file first: there is only one chance to write a receipt.
    let mut file = args
        .receipt
        .as_deref()
        .map(private::NewFile::create)
        .transpose()?;
    let receipt = opened.registry.erase(&subject, Some(&id))?;
    let document = EraseJson {
        key_id: receipt.key_id.to_string(),
        erased: time_of(receipt.time),
        position: receipt.position,
        leaf: receipt.leaf,
        receipt: json::hex(receipt.bytes()),
        erased_at_once: opened.registry.vault().destroys_at_once(),
    };
    // Before the file, which may fail.
    if args.json {
        json::print(&document)?;
    } else {
        let mut out = anstream::stdout().lock();
        writeln!(
            out,
            "erased  key {} at {}",
            document.key_id, document.erased
        )?;
        if !document.erased_at_once {
            writeln!(
                out,
                "{YELLOW}The database keeps the destroyed key until its vacuum and log recycling.{YELLOW:#}"
            )?;
        }
    }
    if let Some(mut out) = file.take() {
        out.write_all(receipt.bytes())?;
        out.finish()?;
    }
    Ok(Exit::Success)
}
