//! From a sealed export (docs/spec/export-v1.md).

use super::report::Report;
use super::room::Room;
use crate::clock::MachineClock;
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
use countenance_core::WallClock as _;
use countenance_core::vault::{
    ConsentState, ExternalId, Grant, ModelName, NewTemplates, Purpose, TextVersion, Timestamp,
    Unlocked, VaultError,
};
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
    let mut report = Report::of(args.dry_run);
    while let Some(line) = lines.next::<SubjectLine>()? {
        report.people += 1;
        take(&into, &line, &room, &mut report)?;
    }
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

/// A subject as it goes into the vault.
struct New {
    id: ExternalId,
    written: ExternalId,
    grants: Vec<Grant>,
    templates: Vec<(ModelName, Zeroizing<Vec<u8>>)>,
}

/// What is wrong with a line makes one subject's refusal and no more.
fn read(line: &SubjectLine, now: Timestamp) -> Result<New, String> {
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
    Ok(New {
        id: id(&line.id)?,
        written: id(&line.written)?,
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

fn take(
    into: &Opened,
    line: &SubjectLine,
    room: &Room,
    report: &mut Report,
) -> Result<(), Failure> {
    let (vault, now) = (into.registry.vault(), MachineClock::start().now());
    let new = match read(line, now) {
        Ok(new) => new,
        Err(reason) => {
            report.stray(&line.id, &reason);
            return Ok(());
        }
    };
    if new.grants.is_empty() {
        report.refuse(&new.id, None, "no consent of it stands");
        return Ok(());
    }
    let found = vault.find(&into.collection, &new.id)?;
    let there = found.subject().map(|subject| vault.unlock(subject, None));
    let there = there.transpose()?;
    if let Some(subject) = &there
        && (!vault.records(subject)?.is_empty() || new.templates.is_empty())
    {
        report.already_there += 1;
        return Ok(());
    }
    let joins = !new.templates.is_empty()
        && new
            .grants
            .iter()
            .any(|grant| grant.purpose == Purpose::Identify);
    let place = match joins.then(|| room.hold()).transpose() {
        Ok(place) => place,
        Err(reason) => {
            report.refuse(&new.id, None, &reason);
            return Ok(());
        }
    };
    if !report.dry_run
        && let Err(reason) = keep(into, &new, there, now)?
    {
        report.refuse(&new.id, None, &reason);
        return Ok(());
    }
    report.imported += 1;
    report.templates += new.templates.len();
    if let Some(place) = place {
        place.take();
    }
    Ok(())
}

/// The subject, its consents, then all templates in one transaction: killed in between, the next run goes on here.
fn keep(
    into: &Opened,
    new: &New,
    there: Option<Unlocked>,
    now: Timestamp,
) -> Result<Result<(), String>, Failure> {
    let vault = into.registry.vault();
    let subject = match there {
        Some(subject) => subject,
        None => {
            let names = (&new.id, &new.written);
            vault.add_subject_written(&into.collection, names, None, now)?
        }
    };
    let entries = vault.consents(subject.subject())?;
    for grant in &new.grants {
        let of_it = entries
            .iter()
            .filter(|entry| entry.purpose == grant.purpose);
        match of_it.max_by_key(|entry| entry.number) {
            Some(entry) if entry.state == ConsentState::Withdrawn => {
                return Ok(Err("the person has withdrawn the consent".to_owned()));
            }
            Some(entry) if entry.state == ConsentState::Active && entry.expires > now => {}
            _ => match vault.grant(&subject, grant, now) {
                Ok(_) => {}
                Err(VaultError::Consent(error)) => return Ok(Err(error.to_string())),
                Err(error) => return Err(error.into()),
            },
        }
    }
    if new.templates.is_empty() {
        return Ok(Ok(()));
    }
    let Some(first) = new.grants.first() else {
        return Ok(Err("no consent of it stands".to_owned()));
    };
    let consent = vault.consent(&subject, first.purpose, now)?;
    let templates = NewTemplates {
        templates: &new.templates,
        beside: &[],
        replace: false,
    };
    match vault.enroll_all(&subject, &consent, &templates, now) {
        Ok(_) => Ok(Ok(())),
        Err(error @ VaultError::Limit { .. }) => Ok(Err(error.to_string())),
        Err(error) => Err(error.into()),
    }
}
