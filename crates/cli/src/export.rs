//! `countenance export`: a collection in one sealed file (docs/spec/export-v1.md).

use crate::consent::purpose_name;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::{Opened, RegistryArgs, private};
use crate::terminal::{counted, plain};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countenance_core::WallClock as _;
use countenance_core::vault::{ConsentState, ExternalId, SubjectKind, Unlocked, VaultError};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::PathBuf;

/// What the first line says.
pub(crate) const FORMAT: &str = "countenance-export";
/// The version of the format.
pub(crate) const VERSION: u32 = 1;

/// Everything of a collection in one sealed file, in an open format
///
/// The file is encrypted to whom you name. In it is a line of JSON for each subject: its id, consents and
/// templates. Every subject's audit log says that they were given out. Holder-bound subjects stay: nobody but they
/// can open what is theirs. `countenance import sealed` takes it in elsewhere.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance keyring identity moving.identity
      Once: prints the recipient, keeps the secret half in the file.
  countenance export --to door.export --recipient RECIPIENT --collection door --data vault

docs/spec/export-v1.md says what is in the file and which other program opens it.

JSON: subjects, templates, holder_bound.")]
pub(crate) struct Args {
    /// The new file
    #[arg(long, value_name = "FILE")]
    to: PathBuf,

    /// Who can open it, as `keyring identity` prints it; several can be named
    #[arg(long, value_name = "RECIPIENT", required = true)]
    recipient: Vec<String>,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

/// The first line.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Head {
    pub(crate) format: String,
    pub(crate) version: u32,
    pub(crate) made: u64,
    pub(crate) collection: String,
}

/// A subject.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct SubjectLine {
    /// What it is found by.
    pub(crate) id: String,
    /// As it was first written.
    pub(crate) written: String,
    pub(crate) created: u64,
    pub(crate) consents: Vec<ConsentLine>,
    pub(crate) templates: Vec<TemplateLine>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ConsentLine {
    pub(crate) purpose: String,
    pub(crate) state: String,
    pub(crate) granted: u64,
    pub(crate) expires: u64,
    pub(crate) text_version: String,
    pub(crate) evidence_sha256: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct TemplateLine {
    pub(crate) model: String,
    pub(crate) template: String,
}

#[derive(Debug, Default, Serialize)]
struct Written {
    subjects: usize,
    templates: usize,
    holder_bound: usize,
}

pub(crate) fn run(args: &Args) -> Outcome {
    private::keep_private();
    let mut recipients: Vec<age::x25519::Recipient> = Vec::new();
    for recipient in &args.recipient {
        let parsed = recipient.parse().map_err(|error: &str| {
            Failure::usage(
                format!("--recipient: {error}"),
                "`countenance keyring identity FILE` makes a pair",
            )
        });
        recipients.push(parsed?);
    }
    let opened = args.registry.open()?;
    let mut file = private::NewFile::create(&args.to)?;
    let named = recipients.iter().map(|one| one as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(named).map_err(anyhow::Error::new)?;
    let mut sealed = encryptor.wrap_output(&mut file)?;
    let written = write(&opened, &args.registry.collection, &mut sealed)?;
    sealed.finish()?;
    file.finish()?;
    if args.json {
        json::print(&written)?;
        return Ok(Exit::Success);
    }
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "exported {} with {} to {}",
        counted(written.subjects, "subject"),
        counted(written.templates, "template"),
        plain(args.to.display())
    )?;
    if written.holder_bound > 0 {
        let left = counted(written.holder_bound, "holder-bound subject");
        writeln!(out, "left     {left}: only they can open what is theirs")?;
    }
    Ok(Exit::Success)
}

fn write(opened: &Opened, collection: &str, out: &mut impl Write) -> Result<Written, Failure> {
    let vault = opened.registry.vault();
    let now = crate::clock::MachineClock::start().now();
    let mut line = |value: &dyn erased::Line| -> Result<(), Failure> {
        let mut text = value.text()?;
        text.push('\n');
        Ok(out.write_all(text.as_bytes())?)
    };
    line(&Head {
        format: FORMAT.to_owned(),
        version: VERSION,
        made: now.unix(),
        collection: collection.to_owned(),
    })?;
    let (mut written, mut after) = (Written::default(), 0);
    loop {
        let listed = vault.subjects(&opened.collection, after, 1000)?;
        let Some(last) = listed.last() else { break };
        after = last.number;
        for one in &listed {
            if one.kind == SubjectKind::HolderBound {
                written.holder_bound += 1;
                continue;
            }
            let subject = match vault.member(&opened.collection, one.number) {
                Ok(subject) => subject,
                // Erased meanwhile.
                Err(VaultError::Unknown { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            let described = describe(opened, &subject)?;
            written.subjects += 1;
            written.templates += described.templates.len();
            line(&described)?;
        }
    }
    Ok(written)
}

fn describe(opened: &Opened, subject: &Unlocked) -> Result<SubjectLine, Failure> {
    let vault = opened.registry.vault();
    let now = crate::clock::MachineClock::start().now();
    let written = subject.external_id();
    let found = vault.find(&opened.collection, written)?;
    let same = found
        .subject()
        .is_some_and(|found| found.key_name() == subject.subject().key_name());
    // Names that are found without regard to capitals.
    let id = if same {
        written.clone()
    } else {
        ExternalId::new(&written.as_str().to_lowercase())?
    };
    let (consents, references) = vault.give_out(subject, now)?;
    let consents = consents.iter().filter_map(|entry| {
        let grant = entry.grant.as_ref()?;
        Some(ConsentLine {
            purpose: purpose_name(entry.purpose).to_owned(),
            state: match entry.state {
                ConsentState::Active => "active",
                ConsentState::Withdrawn => "withdrawn",
                _ => "expired",
            }
            .to_owned(),
            granted: grant.granted.unix(),
            expires: entry.expires.unix(),
            text_version: grant.text_version.as_str().to_owned(),
            evidence_sha256: json::hex(&grant.evidence),
        })
    });
    let templates = references.iter().map(|reference| TemplateLine {
        model: reference.model.as_str().to_owned(),
        template: STANDARD.encode(&reference.template[..]),
    });
    Ok(SubjectLine {
        id: id.as_str().to_owned(),
        written: written.as_str().to_owned(),
        created: subject.created().unix(),
        consents: consents.collect(),
        templates: templates.collect(),
    })
}

mod erased {
    //! Lines of different kinds through one writer.

    use crate::failure::Failure;

    pub(super) trait Line {
        fn text(&self) -> Result<String, Failure>;
    }

    impl<T: serde::Serialize> Line for T {
        fn text(&self) -> Result<String, Failure> {
            Ok(serde_json::to_string(self)?)
        }
    }
}
