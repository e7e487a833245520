//! `countenance subject export`: all that is held about a person.

use super::kind_name;
use crate::clock::{MachineClock, date_of, time_of};
use crate::consent::{EntryJson, purpose_name};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::holder::HolderArgs;
use crate::registry::{RegistryArgs, private, who};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use countenance_core::vault::{AuditEntry, HeldPayment, SubjectExport};
use countenance_core::{Payment, WallClock as _};
use countenance_server::payment_answer;
use serde::Serialize;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Give out all that is held about a subject, as JSON
///
/// Consents with their texts and evidence digests, templates, failed attempts, and every audit event, each
/// with the leaf that it has in the audit tree. It holds biometric data: hand it to the person and delete
/// it. That it was given out is itself recorded.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance subject export ana --data vault --to ana.json
  countenance subject export ana --holder ana.holder --data vault

JSON: id, pseudonym, key_id, kind, created, last_used, failed_attempts, consents (each number,
purpose, state, expires, text_version, granted, evidence_sha256), templates (each number, model,
bytes in base64; docs/spec/template-v1.md), payments (docs/spec/payment-v1.md), events (each leaf, leaf_bytes, kind, outcome, purpose,
number, time, detail, by (the subject, where they did it themselves); docs/spec/vault-v1.md).")]
pub(super) struct Args {
    /// What you call the person; - reads it from the standard input
    id: String,

    #[command(flatten)]
    holder: HolderArgs,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Write it into this new file, which only you can read; - is the standard output, as without it
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,

    /// Print it as JSON, which is what it is anyway
    #[arg(long, hide = true)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct ExportJson {
    id: String,
    pseudonym: String,
    key_id: String,
    kind: &'static str,
    created: String,
    last_used: String,
    failed_attempts: u32,
    consents: Vec<EntryJson>,
    templates: Vec<TemplateJson>,
    payments: Vec<countenance_api::PaymentAnswer>,
    events: Vec<EventJson>,
}

#[derive(Debug, Serialize)]
struct TemplateJson {
    number: u16,
    model: String,
    bytes: String,
}

#[derive(Debug, Serialize)]
struct EventJson {
    leaf: u64,
    leaf_bytes: String,
    kind: String,
    outcome: Option<String>,
    purpose: Option<&'static str>,
    number: u16,
    time: String,
    detail: u64,
    /// `subject` where they did it themselves.
    by: Option<&'static str>,
}

/// `ConsentGranted` as `consent_granted`.
fn snake(name: &impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for c in format!("{name:?}").chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

impl From<&AuditEntry> for EventJson {
    fn from(entry: &AuditEntry) -> Self {
        let event = &entry.event;
        Self {
            leaf: entry.leaf,
            leaf_bytes: json::hex(&entry.leaf_bytes),
            kind: snake(&event.kind),
            outcome: event.outcome.as_ref().map(snake),
            purpose: event.purpose.map(purpose_name),
            number: event.number,
            time: time_of(event.time),
            detail: event.detail,
            by: event.is_their_own().then_some("subject"),
        }
    }
}

impl From<&SubjectExport> for ExportJson {
    fn from(export: &SubjectExport) -> Self {
        let templates = export.references.iter().map(|reference| TemplateJson {
            number: reference.number,
            model: reference.model.as_str().to_owned(),
            bytes: BASE64_STANDARD.encode(&reference.template[..]),
        });
        let now = MachineClock::start().now();
        let notes = export.payments.iter().map(HeldPayment::note);
        let payments = notes
            .filter_map(Payment::from_bytes)
            .map(|read| payment_answer(&read, now));
        Self {
            id: export.external_id.as_str().to_owned(),
            pseudonym: export.pseudonym.to_string(),
            key_id: export.key_id.to_string(),
            kind: kind_name(export.kind),
            created: time_of(export.created),
            last_used: date_of(export.used_day.into()),
            failed_attempts: export.attempts,
            consents: export
                .consents
                .iter()
                .map(|entry| EntryJson::at(entry, now))
                .collect(),
            templates: templates.collect(),
            payments: payments.collect(),
            events: export.events.iter().map(EventJson::from).collect(),
        }
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    let id = who::id(&args.id)?;
    let part = args.holder.part()?;
    let opened = args.registry.open()?;
    // The file first: an export that could not be written should not be recorded as given out.
    let to = args.to.as_deref().filter(|path| *path != Path::new("-"));
    let mut file = to.map(private::NewFile::create).transpose()?;
    let export = opened.registry.export(&opened.claim(&id, part.as_ref()))?;
    let document = ExportJson::from(&export);
    let Some(mut out) = file.take() else {
        json::print(&document)?;
        return Ok(Exit::Success);
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    out.write_all(text.as_bytes()).map_err(Failure::from)?;
    out.finish()?;
    Ok(Exit::Success)
}
