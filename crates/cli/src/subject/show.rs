//! `countenance subject show`.

use super::kind_name;
use crate::clock::{MachineClock, time_of};
use crate::consent::EntryJson;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::json;
use crate::registry::holder::HolderArgs;
use crate::registry::{RegistryArgs, who};
use countenance_core::WallClock as _;
use serde::Serialize;
use std::io::Write as _;

/// Show what is kept of a subject
///
/// Kind, consents, how many templates of which model. No template leaves; `subject export` gives everything.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance subject show ana --data vault
  countenance subject show ana --holder ana.holder --data vault --json

JSON: pseudonym, kind, created, consents (each number, purpose, state, expires), templates (each
number, model).")]
pub(super) struct Args {
    /// What you call the person; - reads it from the standard input
    id: String,

    #[command(flatten)]
    holder: HolderArgs,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct ShowJson {
    pseudonym: String,
    kind: &'static str,
    created: String,
    consents: Vec<EntryJson>,
    templates: Vec<TemplateJson>,
}

#[derive(Debug, Serialize)]
struct TemplateJson {
    number: u16,
    model: String,
}

pub(super) fn run(args: &Args) -> Outcome {
    let id = who::id(&args.id)?;
    let part = args.holder.part()?;
    let opened = args.registry.open()?;
    let unlocked = opened.registry.unlock(&opened.claim(&id, part.as_ref()))?;
    let subject = unlocked.subject();
    let consents = opened.registry.consents(subject)?;
    let records = opened.registry.vault().records(&unlocked)?;
    let now = MachineClock::start().now();
    let document = ShowJson {
        pseudonym: subject.pseudonym().to_string(),
        kind: kind_name(subject.kind()),
        created: time_of(unlocked.created()),
        consents: consents
            .iter()
            .map(|entry| EntryJson::at(entry, now))
            .collect(),
        templates: records
            .into_iter()
            .map(|(number, model)| TemplateJson {
                number,
                model: model.as_str().to_owned(),
            })
            .collect(),
    };
    if args.json {
        json::print(&document)?;
        return Ok(Exit::Success);
    }
    let mut out = anstream::stdout().lock();
    writeln!(out, "pseudonym  {}", document.pseudonym)?;
    writeln!(out, "kind       {}", document.kind)?;
    writeln!(out, "created    {}", document.created)?;
    if document.consents.is_empty() {
        writeln!(
            out,
            "consents   none: nothing may be done with this person's face"
        )?;
    }
    for one in &document.consents {
        writeln!(out, "consent    {}", one.line())?;
    }
    if document.templates.is_empty() {
        writeln!(out, "templates  none")?;
    }
    for one in &document.templates {
        writeln!(out, "template   {}  {}", one.number, one.model)?;
    }
    Ok(Exit::Success)
}
