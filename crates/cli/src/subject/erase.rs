//! `countenance subject erase`.

use crate::clock::time_of;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::{RegistryArgs, private, who};
use crate::terminal::YELLOW;
use countenance_core::Registry;
use countenance_core::vault::{Doomed, EraseIntent, EraseReceipt, ExternalId, VaultError};
use serde::Serialize;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Erase a subject
///
/// The subject's key is destroyed first and its place in the keyring file overwritten; then the rows go. When
/// the answer comes, nothing that was ever kept of the person can be opened again, in backups neither. It
/// cannot be undone, and needs no part of the holder. The receipt is signed: `audit verify --receipt` checks it.
///
/// If the command is cut off, say the same again: the erasure is finished, and the receipt is given for the intent
/// that stands beside it, FILE.begun, until the receipt is written.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance subject erase ana --data vault
  countenance subject erase ana --data vault --receipt ana.receipt
  countenance subject erase --number 17 --data vault
      What `audit verify` named: a subject or a key that is damaged or left over.

JSON: key_id, erased, position (in the deletion ledger), leaf (in the audit tree), receipt (in
hexadecimal), erased_at_once.")]
pub(super) struct Args {
    /// What you call the person; - reads it from the standard input
    #[arg(required_unless_present = "number")]
    id: Option<String>,

    /// Instead of an id, the number that `audit verify`, `retain` or `subject list` gave of one that is damaged
    #[arg(long, value_name = "N", conflicts_with_all = ["id", "receipt"])]
    number: Option<u64>,

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
    let opened = args.registry.open()?;
    let Some(id) = &args.id else {
        return numbered(args, &opened.registry);
    };
    let id = who::id(id)?;
    // Nothing of it has to open.
    let found = opened.registry.doomed(&opened.collection, &id);
    let (subject, begun) = match (found, &args.receipt) {
        (Err(error), Some(path)) if is_unknown(&error) => {
            let begun = Begun::beside(path);
            return match begun.receipt(&opened.registry, &id)? {
                Some((receipt, is_written)) => {
                    print(args, &receipt, &opened.registry)?;
                    if !is_written {
                        private::write(path, receipt.bytes())?;
                    }
                    begun.remove();
                    Ok(Exit::Success)
                }
                None => Err(error.into()),
            };
        }
        (found, path) => (found?, path.as_deref().map(Begun::beside)),
    };
    let Some(begun) = begun else {
        let receipt = opened.registry.erase(subject, Some(&id))?;
        print(args, &receipt, &opened.registry)?;
        return Ok(Exit::Success);
    };
    // The files first: when nothing is left of the subject it is too late to find that they
    // cannot be written.
    let mut file = private::NewFile::create(&begun.receipt)?;
    begun.begin(&opened.registry, subject, &id)?;
    let receipt = opened.registry.erase(subject, Some(&id))?;
    print(args, &receipt, &opened.registry)?;
    file.write_all(receipt.bytes())?;
    file.finish()?;
    begun.remove();
    Ok(Exit::Success)
}

/// Erases what has no id any more, or none that can be read.
fn numbered(args: &Args, registry: &Registry) -> Outcome {
    let number = args.number.unwrap_or_default();
    let doomed = registry.vault().doomed_numbered(number)?;
    let doomed = doomed.ok_or(VaultError::Unknown { what: "subject" })?;
    let receipt = registry.erase(doomed, None)?;
    print(args, &receipt, registry)?;
    Ok(Exit::Success)
}

fn is_unknown(error: &VaultError) -> bool {
    matches!(error, VaultError::Unknown { what: "subject" })
}

/// An erasure whose receipt is to be written: the intent stands beside it until it is.
struct Begun {
    receipt: PathBuf,
    intent: PathBuf,
}

impl Begun {
    fn beside(receipt: &Path) -> Self {
        let mut intent = receipt.to_owned().into_os_string();
        intent.push(".begun");
        Self {
            receipt: receipt.to_owned(),
            intent: intent.into(),
        }
    }

    /// Writes the intent, in place of one that came to nothing.
    fn begin(&self, registry: &Registry, subject: Doomed, id: &ExternalId) -> Result<(), Failure> {
        if let Some(older) = self.intent(registry)? {
            if registry.receipt_again(&older)?.is_some() {
                return Err(Failure::from(anyhow::anyhow!(
                    "is of an erasure whose receipt was not written yet"
                ))
                .about(self.intent.display())
                .with_hint("repeat that erasure, or name another file with --receipt"));
            }
            self.remove();
        }
        let intent = registry.erase_intent(subject, id)?;
        private::write(&self.intent, intent.bytes())
    }

    fn intent(&self, registry: &Registry) -> Result<Option<EraseIntent>, Failure> {
        let Some(bytes) = small(&self.intent)? else {
            return Ok(None);
        };
        let intent = EraseIntent::verify(&bytes, &registry.vault().public_key());
        let intent = intent.map_err(|error| {
            Failure::from(error)
                .about(self.intent.display())
                .with_hint("it is not of this data folder: name another file with --receipt")
        })?;
        Ok(Some(intent))
    }

    /// The receipt of a subject who is gone, and whether it was written already.
    fn receipt(
        &self,
        registry: &Registry,
        id: &ExternalId,
    ) -> Result<Option<(EraseReceipt, bool)>, Failure> {
        if let Some(bytes) = small(&self.receipt)?
            && let Ok(receipt) = EraseReceipt::verify(&bytes, &registry.vault().public_key())
            && receipt.is_for(id.as_str())
        {
            return Ok(Some((receipt, true)));
        }
        match self.intent(registry)? {
            Some(intent) if intent.is_for(id.as_str()) => {
                let receipt = registry.receipt_again(&intent)?;
                Ok(receipt.map(|receipt| (receipt, false)))
            }
            _ => Ok(None),
        }
    }

    fn remove(&self) {
        // It does no harm where it stays: the receipt says the same.
        let _ = std::fs::remove_file(&self.intent);
    }
}

/// A small file, if there is one.
fn small(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::from(error).about(path.display())),
    };
    let mut bytes = Vec::new();
    let read = file.take(1024).read_to_end(&mut bytes);
    read.map_err(|error| Failure::from(error).about(path.display()))?;
    Ok(Some(bytes))
}

fn print(args: &Args, receipt: &EraseReceipt, registry: &Registry) -> Result<(), Failure> {
    let document = EraseJson {
        key_id: receipt.key_id.to_string(),
        erased: time_of(receipt.time),
        position: receipt.position,
        leaf: receipt.leaf,
        receipt: json::hex(receipt.bytes()),
        erased_at_once: registry.vault().destroys_at_once(),
    };
    if args.json {
        json::print(&document)?;
        return Ok(());
    }
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
    Ok(())
}
