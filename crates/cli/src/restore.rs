//! `countenance restore`: a vault comes back from its backups, without anybody who was erased.

use crate::clock::{MachineClock, time_of};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::database::Fresh;
use crate::registry::{RegistryArgs, database, private};
use crate::terminal::{YELLOW, counted};
use countenance_core::vault::store::StoreError;
use countenance_core::vault::{SystemRandom, VaultError};
use countenance_core::{Backups, ComparePolicy, Registry};
use serde::Serialize;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bring a vault back from its backups
///
/// Into a data folder that does not exist yet or is empty, with the root key that the vault had. Whoever the
/// newest deletion ledger names does not come back, and a consent that was withdrawn is withdrawn again. If anything is wrong with a backup, nothing is left in
/// the folder; what a restore that was cut off left makes way when it is run again.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance restore --data vault --root vault.root --from vault.backup --keyring keyring.backup \\
      --identity restore.identity --deletions deletions.backup

JSON: subjects (who are back), erased (left out because the ledger names them), without_key (left
out because the keyring backup is older), withdrawn (consents that were ended because the ledger
names them), known_until (erasures and withdrawals after that time are not known).")]
pub(crate) struct Args {
    /// The data backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,

    /// The sealed keyring backup
    #[arg(long, value_name = "FILE")]
    keyring: PathBuf,

    /// The file with the identity that opens it
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,

    /// A deletion ledger newer than the data backup; several can be named
    #[arg(long, value_name = "FILE")]
    deletions: Vec<PathBuf>,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print what came back as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct RestoreJson {
    subjects: u64,
    erased: u64,
    without_key: u64,
    withdrawn: u64,
    known_until: String,
}

/// The secret half of an identity: the first line that is no comment.
pub(crate) fn identity(path: &Path) -> Result<zeroize::Zeroizing<String>, Failure> {
    let bytes = private::read_secret(path)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'));
    let line = line.ok_or_else(|| {
        Failure::from(anyhow::anyhow!("is no identity"))
            .about(path.display())
            .with_hint("name the file that `countenance keyring identity` wrote")
    })?;
    Ok(line.to_owned().into())
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    let file = File::open(path).map_err(|error| Failure::from(error).about(path.display()))?;
    Ok(BufReader::new(file))
}

/// Restores.
pub(crate) fn run(args: &Args) -> Outcome {
    private::keep_private();
    let options = &args.registry;
    let identity = identity(&args.identity)?;
    let (mut keyring, mut data) = (open(&args.keyring)?, open(&args.from)?);
    let mut ledgers = args
        .deletions
        .iter()
        .map(|path| open(path))
        .collect::<Result<Vec<_>, _>>()?;
    let mut ledgers: Vec<&mut dyn Read> = ledgers
        .iter_mut()
        .map(|ledger| ledger as &mut dyn Read)
        .collect();
    let root = options.root_place()?.open(options.folder().ok())?;
    let fresh = Fresh::look(options.folder().ok());
    fresh.refuse_others_files()?;
    let store = database::open(options)?;
    let restored = Registry::restore(
        store,
        root,
        Arc::new(SystemRandom),
        Arc::new(MachineClock::start()),
        (options.settings(), ComparePolicy::default()),
        Backups {
            keyring: &mut keyring,
            identity: &identity,
            data: &mut data,
            ledgers: &mut ledgers,
        },
    );
    let (_, restored) = restored.map_err(|error| {
        if let Ok(folder) = options.folder()
            && (fresh.was_empty() || unfinished(options))
        {
            // What is half restored cannot be opened; it would only be in the way of the next try.
            database::remove_files(folder);
            let _ = std::fs::remove_dir(folder);
        }
        let occupied = matches!(error, VaultError::Store(StoreError::Occupied));
        let failure = options.about_vault(error);
        if occupied {
            failure.with_hint("restore into a data folder that does not exist yet")
        } else {
            failure
        }
    })?;
    let document = RestoreJson {
        subjects: restored.subjects,
        erased: restored.erased,
        without_key: restored.without_key,
        withdrawn: restored.withdrawn,
        known_until: time_of(restored.known_until),
    };
    if args.deletions.is_empty() {
        warn(&document.known_until);
    }
    if args.json {
        json::print(&document)?;
        return Ok(Exit::Success);
    }
    say!("restored  {}", counted(document.subjects, "subject"));
    if document.erased > 0 {
        say!(
            "left out  {} who were erased after the backup",
            document.erased
        );
    }
    if document.without_key > 0 {
        say!(
            "left out  {} whose keys are younger than the keyring backup",
            document.without_key
        );
    }
    if document.withdrawn > 0 {
        say!(
            "ended     {} that had been withdrawn after the backup",
            counted(document.withdrawn, "consent")
        );
    }
    say!(
        "known     erasures and withdrawals until {}",
        document.known_until
    );
    Ok(Exit::Success)
}

/// Without a ledger nothing says who must not have come back: that must not be overlooked.
fn warn(known_until: &str) {
    anstream::eprintln!(
        "{YELLOW}warning:{YELLOW:#} no --deletions: whoever was erased, or withdrew a consent, after {known_until} is back\n\
         \u{20}        restore again with the newest `countenance backup --deletions FILE`, or erase and withdraw again"
    );
}

/// Whether what is there is what a restore left that was cut off.
fn unfinished(options: &RegistryArgs) -> bool {
    let head = database::open(options).and_then(|store| Ok(store.keyring()?));
    head.is_ok_and(|head| !head.origin.finished)
}
