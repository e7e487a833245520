//! From a sealed export (docs/spec/export-v1.md).

use super::admit::Admission;
use super::keep::Keeper;
use super::report::Report;
use super::room::Room;
use crate::consent::PURPOSES;
use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::export::{ConsentLine, FORMAT, Head, SubjectLine, VERSION};
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::{Opened, RegistryArgs, private};
use crate::restore::identity;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countenance_core::vault::{ExternalId, Grant, ModelName, NewSubject, TextVersion, Timestamp};
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Longest line: a subject with 256 consents and 16 templates of 4 KiB has less than a third of it.
const MOST_LINE: u64 = 512 << 10;

/// From a sealed export of another vault
///
/// Each subject comes with the consents that stand and with its templates, and is sealed under a key of its own. Consents
/// that ended are not entered. Whoever is there already is left as it is.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance import sealed door.export --identity moving.identity --collection door --data vault

JSON: as of `import folder`.")]
pub(super) struct Args {
    /// The file that `countenance export` wrote
    file: PathBuf,

    /// The file with the identity that opens it
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,

    /// Read and check everything and keep nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    private::keep_private();
    let identity = identity(&args.identity)?;
    let identity: age::x25519::Identity = identity.parse().map_err(|error: &str| {
        Failure::usage(
            format!("--identity: {error}"),
            "name the file that `countenance keyring identity` wrote",
        )
    })?;
    let about = |failure: Failure| failure.about(args.file.display());
    let file = File::open(&args.file).map_err(|error| about(error.into()))?;
    let opened = age::Decryptor::new(BufReader::new(file))
        .and_then(|sealed| sealed.decrypt(std::iter::once(&identity as &dyn age::Identity)))
        .map_err(|error| about(anyhow::Error::new(error).into()))?;
    let mut lines = Lines(BufReader::new(opened));
    let head: Head = lines.next()?.ok_or_else(|| no_export(args))?;
    if head.format != FORMAT || head.version != VERSION {
        return Err(no_export(args));
    }
    let into = args.registry.open()?;
    let room = Room::of(&into, &engine.engine()?)?;
    let keeper = Keeper::new(&into, args.dry_run);
    let mut admission = Admission::new(keeper, room, Report::of(args.dry_run));
    while let Some(line) = lines.next::<SubjectLine>()? {
        admission.report.people += 1;
        take(&into, &mut admission, &line)?;
    }
    admission.keep_waiting()?;
    let mut report = admission.report;
    if args.json {
        json::print(&report.document())?;
    } else {
        report.write(&mut anstream::stdout().lock())?;
    }
    Ok(Exit::Success)
}

fn no_export(args: &Args) -> Failure {
    Failure::usage(
        format!("{} is no export of version 1", args.file.display()),
        "`countenance export` writes one",
    )
}

/// Lines of JSON, each bounded before it is read.
struct Lines<R>(R);

impl<R: BufRead> Lines<R> {
    fn next<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>, Failure> {
        let mut line = Zeroizing::new(Vec::new());
        let mut bounded = self.0.by_ref().take(MOST_LINE);
        if bounded.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let read = serde_json::from_slice(&line);
        read.map(Some).map_err(|_| {
            Failure::usage(
                "a line of the export is not as docs/spec/export-v1.md says",
                "`countenance export` writes one",
            )
        })
    }
}

/// What is wrong with a line makes one subject's refusal and no more.
fn read(line: &SubjectLine, now: Timestamp) -> Result<NewSubject, String> {
    let id = |text: &str| ExternalId::new(text).map_err(|error| error.to_string());
    let mut grants = Vec::new();
    for consent in line.consents.iter().filter(|one| one.state == "active") {
        let grant = grant(consent).ok_or("a consent of it does not read")?;
        if grant.expires > now {
            grants.push(grant);
        }
    }
    let template = |line: &crate::export::TemplateLine| {
        let model = ModelName::new(&line.model).ok()?;
        Some((model, Zeroizing::new(STANDARD.decode(&line.template).ok()?)))
    };
    let templates = line.templates.iter().map(template);
    let templates: Option<Vec<_>> = templates.collect();
    Ok(NewSubject {
        id: id(&line.id)?,
        written: id(&line.written)?,
        holder: None,
        grants,
        templates: templates.ok_or("a template of it does not read")?,
    })
}

fn grant(line: &ConsentLine) -> Option<Grant> {
    let named = PURPOSES.iter().find(|(name, _)| *name == line.purpose)?;
    let mut evidence = [0; 32];
    let digits = line.evidence_sha256.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in evidence.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Grant {
        purpose: named.1,
        text_version: TextVersion::new(&line.text_version).ok()?,
        granted: Timestamp::from_unix(line.granted),
        expires: Timestamp::from_unix(line.expires),
        evidence,
    })
}

/// Takes in the subject of a line, or reports why not.
fn take(into: &Opened, admission: &mut Admission<'_>, line: &SubjectLine) -> Result<(), Failure> {
    let new = match read(line, admission.keeper.now()) {
        Ok(new) => new,
        Err(reason) => {
            admission.report.stray(&line.id, &reason);
            return Ok(());
        }
    };
    if new.grants.is_empty() {
        let reason = "no consent of it stands";
        admission.report.refuse(&new.id, None, reason);
        return Ok(());
    }
    let found = into.registry.vault().find(&into.collection, &new.id)?;
    admission.admit(new, found.subject().is_none())
}
