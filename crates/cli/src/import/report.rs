//! What came of an import, and what was refused and why.

use crate::terminal::{counted, plain};
use countenance_core::vault::ExternalId;
use serde::Serialize;
use std::io::{self, Write};

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) dry_run: bool,
    pub(super) people: usize,
    pub(super) imported: usize,
    pub(super) already_there: usize,
    pub(super) templates: usize,
    refused: Vec<Refused>,
}

#[derive(Clone, Debug, Serialize)]
struct Refused {
    person: String,
    photo: Option<String>,
    reason: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    dry_run: bool,
    people: usize,
    imported: usize,
    already_there: usize,
    templates: usize,
    refused: &'a [Refused],
}

impl Report {
    pub(super) fn of(dry_run: bool) -> Self {
        Self {
            dry_run,
            ..Self::default()
        }
    }

    /// A person, or one photo of theirs, is not taken in.
    pub(super) fn refuse(&mut self, person: &ExternalId, photo: Option<&str>, reason: &str) {
        self.refused.push(Refused {
            person: person.as_str().to_owned(),
            photo: photo.map(str::to_owned),
            reason: reason.to_owned(),
        });
    }

    /// What belongs to no person.
    pub(super) fn stray(&mut self, name: &str, reason: &str) {
        self.refused.push(Refused {
            person: String::new(),
            photo: Some(name.to_owned()),
            reason: reason.to_owned(),
        });
    }

    fn sorted(&self) -> Vec<Refused> {
        let mut refused = self.refused.clone();
        refused.sort_by(|a, b| (&a.person, &a.photo).cmp(&(&b.person, &b.photo)));
        refused
    }

    pub(super) fn document(&mut self) -> Document<'_> {
        self.refused = self.sorted();
        Document {
            dry_run: self.dry_run,
            people: self.people,
            imported: self.imported,
            already_there: self.already_there,
            templates: self.templates,
            refused: &self.refused,
        }
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let verb = if self.dry_run {
            "would import"
        } else {
            "imported"
        };
        write!(out, "{verb} {} people", self.imported)?;
        writeln!(out, " with {}", counted(self.templates, "template"))?;
        if self.already_there > 0 {
            writeln!(out, "already there {}", self.already_there)?;
        }
        for refused in self.sorted() {
            let photo = refused.photo.as_deref().unwrap_or_default();
            let person = plain(&refused.person);
            let slash = if photo.is_empty() || person.is_empty() {
                ""
            } else {
                "/"
            };
            let reason = plain(&refused.reason);
            writeln!(out, "refused  {person}{slash}{}  {reason}", plain(photo))?;
        }
        Ok(())
    }
}
