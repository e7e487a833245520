//! `countenance subject list`.

use super::kind_name;
use crate::clock::date_of;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::json;
use crate::registry::RegistryArgs;
use crate::terminal::{FAINT, plain, warning};
use countenance_core::vault::Listed;
use serde::Serialize;
use std::io::Write as _;

/// List the subjects of a collection
///
/// Pseudonym, kind, day of last use, and the id of operator-key subjects. The id of a holder-bound one cannot
/// be shown: it is sealed with the holder's part.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance subject list --data vault
  countenance subject list --data vault --json

JSON: subjects (each id or null, pseudonym, kind, last_used, and damaged: the number of one that does not open,
which makes the exit code 4).")]
pub(super) struct Args {
    #[command(flatten)]
    registry: RegistryArgs,

    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct ListJson {
    subjects: Vec<SubjectJson>,
}

#[derive(Debug, Serialize)]
struct SubjectJson {
    id: Option<String>,
    pseudonym: String,
    kind: &'static str,
    last_used: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    damaged: Option<u64>,
}

impl From<Listed> for SubjectJson {
    fn from(listed: Listed) -> Self {
        Self {
            id: listed.external_id.map(|id| id.as_str().to_owned()),
            pseudonym: listed.pseudonym.to_string(),
            kind: kind_name(listed.kind),
            last_used: date_of(listed.used_day.into()),
            damaged: listed.damaged.then_some(listed.number),
        }
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    const PAGE: u32 = 500;
    let opened = args.registry.open()?;
    let mut out = anstream::stdout().lock();
    let mut subjects = Vec::new();
    let (mut after, mut damaged) = (0, Vec::new());
    loop {
        let page = opened.registry.subjects(&opened.collection, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.number;
        for one in page.into_iter().map(SubjectJson::from) {
            damaged.extend(one.damaged);
            if args.json {
                subjects.push(one);
                continue;
            }
            let sealed = match one.damaged {
                Some(_) => "(damaged)",
                None => "(sealed)",
            };
            let id = one.id.as_deref().map_or_else(|| sealed.to_owned(), plain);
            writeln!(
                out,
                "{}  {}  {}  {FAINT}{}{FAINT:#}",
                one.last_used, one.kind, id, one.pseudonym
            )?;
        }
    }
    if args.json {
        json::print(&ListJson { subjects })?;
    }
    drop(out);
    for &number in &damaged {
        let what = format!("subject {number} is damaged");
        warning(&what, &super::erase_by_number(number));
    }
    Ok(if damaged.is_empty() {
        Exit::Success
    } else {
        Exit::Failed
    })
}
