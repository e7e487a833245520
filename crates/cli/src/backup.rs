//! `countenance backup`: the data without keys, the keyring sealed, the deletion ledger.

use crate::clock::MachineClock;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::progress::{self, Counted};
use crate::registry::RegistryArgs;
use crate::registry::private::NewFile;
use crate::terminal::plain;
use countenance_core::WallClock as _;
use countenance_core::vault::{Vault, VaultError};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Back up the data, the keyring and the deletion ledger, each into a file of its own
///
/// The data backup holds no key: by itself it tells nothing, and a subject who was erased stays erased in it.
/// The keyring backup is sealed to a recipient; keep it apart from the data and delete it after 30 days,
/// because it is what an erasure cannot reach, and it is not taken back after that. The deletion ledger says who
/// must not come back and which consents were withdrawn; keep the newest. Files are never overwritten.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance keyring identity restore.identity
      Once: prints the recipient, keeps the secret half in the file.
  countenance backup --data vault --to vault.backup --keyring keyring.backup --recipient RECIPIENT
      Data and keyring.
  countenance backup --data vault --deletions deletions.backup
      Often: it is small, and with it older data backups bring nobody back.

JSON: files (each kind, file, bytes).")]
pub(crate) struct Args {
    /// Write the data backup into this new file
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,

    /// Write the sealed keyring backup into this new file
    #[arg(long, value_name = "FILE", requires = "recipient")]
    keyring: Option<PathBuf>,

    /// Who can open the keyring backup, as `keyring identity` prints it; several can be named
    #[arg(long, value_name = "RECIPIENT", requires = "keyring")]
    recipient: Vec<String>,

    /// Write the deletion ledger into this new file
    #[arg(long, value_name = "FILE")]
    deletions: Option<PathBuf>,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct BackupJson {
    files: Vec<FileJson>,
}

#[derive(Debug, Serialize)]
struct FileJson {
    kind: &'static str,
    file: String,
    bytes: u64,
}

/// Writes what was asked for.
pub(crate) fn run(args: &Args) -> Outcome {
    if args.to.is_none() && args.keyring.is_none() && args.deletions.is_none() {
        return Err(Failure::usage(
            "nothing to back up is named",
            "name files with --to, --keyring and --deletions",
        ));
    }
    let vault = args.registry.vault()?;
    let now = MachineClock::start().now();
    let recipients: Vec<&str> = args.recipient.iter().map(String::as_str).collect();
    // Before anything is written: what was asked for is made whole or not at all.
    Vault::check_recipients(&recipients)?;
    let mut files = Vec::new();
    let mut put =
        |kind, path: Option<&Path>, write: &dyn Fn(&mut dyn Write) -> Result<(), VaultError>| {
            if let Some(path) = path {
                files.push(save(kind, path, write)?);
            }
            Ok::<(), Failure>(())
        };
    put("data", args.to.as_deref(), &|out| {
        vault.backup_data(out, now)
    })?;
    put("keyring", args.keyring.as_deref(), &|out| {
        vault.backup_keyring(out, &recipients, now)
    })?;
    put("deletions", args.deletions.as_deref(), &|out| {
        vault.backup_deletions(out, now)
    })?;
    if args.json {
        json::print(&BackupJson { files })?;
        return Ok(Exit::Success);
    }
    for file in &files {
        say!(
            "{:<9}  {}  {} bytes",
            file.kind,
            plain(&file.file),
            file.bytes
        );
    }
    if args.keyring.is_some() {
        say!("Keep the keyring backup apart from the data, and delete it after 30 days.");
    }
    Ok(Exit::Success)
}

fn save(
    kind: &'static str,
    path: &Path,
    write: &dyn Fn(&mut dyn Write) -> Result<(), VaultError>,
) -> Result<FileJson, Failure> {
    let bar = progress::counting("writing", "bytes");
    let mut out = Counted {
        out: NewFile::create(path)?,
        bar: &bar,
    };
    write(&mut out).map_err(|error| Failure::from(error).about(path.display()))?;
    bar.finish_and_clear();
    Ok(FileJson {
        kind,
        file: path.display().to_string(),
        bytes: out.out.finish()?,
    })
}
