//! `countenance subject add`.

use super::kind_name;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::holder::{self, HolderArgs};
use crate::registry::{RegistryArgs, who};
use crate::terminal::plain;
use countenance_core::vault::VaultError;
use serde::Serialize;

/// Add a subject
///
/// Without --holder-bound the root key alone opens what is kept of the subject. With it, the part in the file
/// named by --holder is needed as well, at every enrollment and verification; it is made if the file does not
/// exist. A lost part cannot be replaced: the person is erased and enrolled again.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance subject add ana --data vault
  countenance subject add ana --holder-bound --holder ana.holder --data vault

JSON: pseudonym, kind, holder_made.")]
pub(super) struct Args {
    /// What you call the person: 1 to 200 bytes; - reads it from the standard input
    id: String,

    /// Bind the subject to a part of the key that its holder keeps
    #[arg(long, requires = "holder")]
    holder_bound: bool,

    #[command(flatten)]
    holder: HolderArgs,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print what was added as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct AddJson {
    pseudonym: String,
    kind: &'static str,
    holder_made: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let id = who::id(&args.id)?;
    if args.holder.holder.is_some() && !args.holder_bound {
        return Err(Failure::usage(
            "--holder is for holder-bound subjects",
            "say --holder-bound too, or leave --holder out",
        ));
    }
    let opened = args.registry.open()?;
    let (mut part, mut holder_made) = (None, false);
    if let Some(path) = &args.holder.holder {
        // Whether the id is free is asked first, so that no part is made for nothing.
        match opened.registry.subject(&opened.collection, &id) {
            Ok(_) => return Err(VaultError::Exists { what: "subject" }.into()),
            Err(VaultError::Unknown { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        holder_made = !path.exists();
        part = Some(if holder_made {
            holder::create(path)?
        } else {
            holder::read(path)?
        });
    }
    let claim = opened.claim(&id, part.as_ref());
    let added = opened.registry.add_subject(&claim).inspect_err(|_| {
        if let (Some(path), true) = (&args.holder.holder, holder_made) {
            // A part of nobody is of no use.
            let _ = std::fs::remove_file(path);
        }
    })?;
    let subject = added.subject();
    let document = AddJson {
        pseudonym: subject.pseudonym().to_string(),
        kind: kind_name(subject.kind()),
        holder_made,
    };
    if args.json {
        json::print(&document)?;
        return Ok(Exit::Success);
    }
    say!("added  {}, {}", document.kind, document.pseudonym);
    match &args.holder.holder {
        Some(path) if holder_made => {
            say!(
                "Its part of the key is in {}: give it to the person and keep no copy.",
                plain(path.display())
            );
        }
        Some(_) => {}
        None => say!(
            "Whoever has the root key can open it; --holder-bound would need the person's part as well."
        ),
    }
    Ok(Exit::Success)
}
