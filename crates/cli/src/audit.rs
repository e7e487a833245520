//! `countenance audit`: show that nothing was rewritten.

use crate::clock::time_of;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::progress;
use crate::registry::{Opened, RegistryArgs, private};
use crate::subject::erase_by_number;
use crate::terminal::{GREEN, warning};
use anyhow::{Context as _, anyhow};
use clap::Subcommand;
use countenance_core::vault::{Checkpoint, EraseReceipt};
use serde::Serialize;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Check the audit log and prove what is in it
///
/// Every decision, consent, enrollment and erasure is a leaf of a Merkle tree (RFC 6962), written before it is
/// answered. A signed checkpoint pins the whole tree in 136 bytes: give it to somebody else now and then, and
/// nobody can rewrite what came before without being found out.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance audit verify --data vault
      Compute the whole tree anew and compare.
  countenance audit verify --data vault --save monday.checkpoint
      And keep a signed checkpoint of it.
  countenance audit prove --data vault --leaf 17
      That event 17 is in the log.")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(VerifyArgs),
    Prove(ProveArgs),
}

/// Compute the whole tree anew and compare
///
/// Every row is held against its leaf, and the keyring against the subjects. A receipt is confirmed only if the
/// erasure is in this log, and nothing of the person in this data folder.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance audit verify --data vault --save monday.checkpoint
  countenance audit verify --data vault --against monday.checkpoint
      The log only grew since Monday.
  countenance audit verify --data vault --receipt ana.receipt --id ana
      This erasure happened, and it was hers.

JSON: leaves, root, time, checkpoint (in hexadecimal), against (leaves of the older checkpoint),
receipt (key_id, erased, leaf, is_for), unpaired (numbers of keys without a subject, subjects without a key, and
keys that were put back), damaged (with --deep: each number, what). With either of the last two the exit code is 4.")]
struct VerifyArgs {
    #[command(flatten)]
    registry: RegistryArgs,

    /// Write the signed checkpoint into this new file
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,

    /// Check that the log begins with the tree of this older checkpoint
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// Also open every row of every subject, as far as that goes without the holders
    #[arg(long)]
    deep: bool,

    /// Check the receipt of an erasure
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,

    /// Check that the receipt is for this id
    #[arg(long, value_name = "ID", requires = "receipt")]
    id: Option<String>,

    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Prove that an event is in the log, or that the log only grew
///
/// The proof is for somebody else's program: any implementation of RFC 6962 checks it against a checkpoint.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance audit prove --data vault --leaf 17
  countenance audit prove --data vault --since 1000
      That the tree of 1000 leaves is the beginning of today's.

JSON: leaf, leaf_hash, size, root, path; or older, older_root, newer, newer_root, path. Hashes are in
hexadecimal.")]
struct ProveArgs {
    #[command(flatten)]
    registry: RegistryArgs,

    /// The event, by its leaf: `subject export` lists them
    #[arg(long, value_name = "N", required_unless_present = "since")]
    leaf: Option<u64>,

    /// The size of an older tree
    #[arg(long, value_name = "N", conflicts_with = "leaf")]
    since: Option<u64>,

    /// The size of the newer tree, if not today's
    #[arg(long, value_name = "N")]
    size: Option<u64>,

    /// Print it as JSON, which is what it is anyway
    #[arg(long, hide = true)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct VerifyJson {
    leaves: u64,
    root: String,
    time: String,
    checkpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptJson>,
    #[serde(skip_serializing_if = "UnpairedJson::is_empty")]
    unpaired: UnpairedJson,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    damaged: Vec<DamagedJson>,
}

/// What of a subject does not open.
#[derive(Debug, Serialize)]
struct DamagedJson {
    number: u64,
    what: &'static str,
}

/// Numbers of what does not belong together.
#[derive(Debug, Serialize)]
struct UnpairedJson {
    keys: Vec<u64>,
    subjects: Vec<u64>,
    put_back: Vec<u64>,
}

impl UnpairedJson {
    fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.subjects.is_empty() && self.put_back.is_empty()
    }

    fn warn(&self) {
        let say = |numbers: &[u64], what: &str| {
            for number in numbers {
                warning(
                    &format!("number {number}: {what}"),
                    &erase_by_number(*number),
                );
            }
        };
        say(&self.keys, "a key without a subject");
        say(&self.subjects, "a subject without its key");
        say(
            &self.put_back,
            "a destroyed key was put back; it opens nothing",
        );
    }
}

#[derive(Debug, Serialize)]
struct ReceiptJson {
    key_id: String,
    erased: String,
    leaf: u64,
    is_for: Option<bool>,
}

/// Does what was asked.
pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::Verify(args) => verify(args),
        Command::Prove(args) => prove(args),
    }
}

/// A small file of signed bytes.
fn signed(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path);
    let file = file.map_err(|error| Failure::from(error).about(path.display()))?;
    file.take(1024)
        .read_to_end(&mut bytes)
        .with_context(|| path.display().to_string())?;
    Ok(bytes)
}

fn verify(args: &VerifyArgs) -> Outcome {
    let opened = args.registry.open()?;
    let vault = opened.registry.vault();
    let report = opened.registry.audit()?;
    let damaged = if args.deep {
        examine(&opened)?
    } else {
        Vec::new()
    };
    let against = args.against.as_deref();
    let against = against.map(|path| extends(&opened, path)).transpose()?;
    let receipt = args.receipt.as_deref().map(|path| {
        let read = EraseReceipt::verify(&signed(path)?, &vault.public_key());
        let receipt = read.map_err(|error| {
            Failure::from(error)
                .about(path.display())
                .with_hint("it is not a receipt of this vault, or was altered")
        })?;
        // Signed it was once; whether it holds here and now is another question.
        let holds = vault.check_receipt(&receipt);
        holds.map_err(|error| Failure::from(error).about(path.display()))?;
        Ok::<_, Failure>(receipt)
    });
    let receipt = receipt.transpose()?.map(|receipt| ReceiptJson {
        key_id: receipt.key_id.to_string(),
        erased: time_of(receipt.time),
        leaf: receipt.leaf,
        is_for: args.id.as_deref().map(|id| receipt.is_for(id)),
    });
    if let Some(path) = &args.save {
        private::write(path, report.checkpoint.bytes())?;
    }
    let document = VerifyJson {
        leaves: report.size,
        root: json::hex(&report.checkpoint.root),
        time: time_of(report.checkpoint.time),
        checkpoint: json::hex(report.checkpoint.bytes()),
        against,
        receipt,
        unpaired: UnpairedJson {
            keys: report.unpaired.keys,
            subjects: report.unpaired.subjects,
            put_back: report.unpaired.put_back,
        },
        damaged,
    };
    let foreign = document
        .receipt
        .as_ref()
        .is_some_and(|receipt| receipt.is_for == Some(false));
    if args.json {
        json::print(&document)?;
    } else {
        print(&document)?;
    }
    document.unpaired.warn();
    for one in &document.damaged {
        let what = format!(
            "subject {}: {} does not open or was put back",
            one.number, one.what
        );
        warning(&what, &erase_by_number(one.number));
    }
    Ok(
        if !document.unpaired.is_empty() || !document.damaged.is_empty() {
            Exit::Failed
        } else if foreign {
            Exit::Reject
        } else {
            Exit::Success
        },
    )
}

/// Opens every row.
fn examine(opened: &Opened) -> Result<Vec<DamagedJson>, Failure> {
    const STEP: u32 = 1000;
    let bar = progress::counting("opening", "subjects");
    let (mut after, mut damaged) = (0, Vec::new());
    loop {
        let step = opened.registry.vault().examine(after, STEP)?;
        bar.inc(step.subjects);
        let faults = step.faults.into_iter();
        damaged.extend(faults.map(|(number, what)| DamagedJson { number, what }));
        let Some(next) = step.next else { break };
        after = next;
    }
    bar.finish_and_clear();
    Ok(damaged)
}

/// Checks that the log begins with the tree of an older checkpoint. Returns its leaves.
fn extends(opened: &Opened, path: &Path) -> Result<u64, Failure> {
    let vault = opened.registry.vault();
    let older = Checkpoint::verify(&signed(path)?, &vault.public_key()).map_err(|error| {
        Failure::from(error)
            .about(path.display())
            .with_hint("it is not a checkpoint of this vault, or was altered")
    })?;
    let same = vault.audit_size()? >= older.size && vault.root_of(older.size)? == older.root;
    if same {
        Ok(older.size)
    } else {
        Err(Failure::from(anyhow!(
            "the log does not begin with the {} leaves of this checkpoint",
            older.size
        ))
        .about(path.display())
        .with_hint("the log was rewritten, or an older state of it restored"))
    }
}

fn print(document: &VerifyJson) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{GREEN}whole{GREEN:#}    {} leaves", document.leaves)?;
    writeln!(out, "root     {}", document.root)?;
    if let Some(leaves) = document.against {
        writeln!(out, "grew     from the {leaves} leaves of the checkpoint")?;
    }
    if let Some(receipt) = &document.receipt {
        writeln!(
            out,
            "erased   key {} at {}, leaf {}",
            receipt.key_id, receipt.erased, receipt.leaf
        )?;
        match receipt.is_for {
            Some(true) => writeln!(out, "receipt  is for this id")?,
            Some(false) => writeln!(out, "receipt  is for another id")?,
            None => {}
        }
    }
    Ok(())
}

fn prove(args: &ProveArgs) -> Outcome {
    let opened = args.registry.open()?;
    let path = |hashes: &[[u8; 32]]| {
        hashes
            .iter()
            .map(|hash| json::hex(hash))
            .collect::<Vec<_>>()
    };
    if let Some(older) = args.since {
        let proof = opened.registry.prove_consistency(older, args.size)?;
        json::print(&serde_json::json!({
            "older": proof.older,
            "older_root": json::hex(&proof.older_root),
            "newer": proof.newer,
            "newer_root": json::hex(&proof.newer_root),
            "path": path(&proof.path),
        }))?;
    } else if let Some(leaf) = args.leaf {
        let proof = opened.registry.prove_inclusion(leaf, args.size)?;
        json::print(&serde_json::json!({
            "leaf": proof.leaf,
            "leaf_hash": json::hex(&proof.leaf_hash),
            "size": proof.size,
            "root": json::hex(&proof.root),
            "path": path(&proof.path),
        }))?;
    }
    Ok(Exit::Success)
}
