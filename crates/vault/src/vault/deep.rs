//! Opening every row there is: what only a verification of each person would find.

use super::{SubjectKind, Vault};
use crate::consent::{ConsentState, Run};
use crate::error::VaultError;
use crate::record;
use crate::store::{Contents, SubjectRow};

/// What opening a stretch of subjects found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Subjects looked at.
    pub subjects: u64,
    /// Numbers of subjects of which something does not open, and what.
    pub faults: Vec<(u64, &'static str)>,
    /// Where to go on; `None` when the end was reached.
    pub next: Option<u64>,
}

impl Vault {
    /// Opens everything of up to `limit` subjects after number `after` (0 to begin), as far as that
    /// goes without their holders: keys, profiles, consents against the ledger of withdrawals, records
    /// under the line of consents that stands, attempt counters against the log.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn examine(&self, after: u64, limit: u32) -> Result<Examined, VaultError> {
        let rows = self.store.subjects(None, after, limit.max(1))?;
        let mut done = Examined {
            next: rows.last().map(|row| row.number),
            ..Examined::default()
        };
        for row in rows {
            done.subjects += 1;
            let number = row.number;
            match self.examine_one(row) {
                Ok(None) => {}
                Ok(Some(fault)) => done.faults.push((number, fault)),
                Err(VaultError::AttemptsTakenBack) => {
                    done.faults.push((number, "attempt counter"));
                }
                Err(error) => match error.of_one_subject() {
                    Some(what) => done.faults.push((number, what)),
                    None => return Err(error),
                },
            }
        }
        Ok(done)
    }

    /// What is wrong with a subject.
    fn examine_one(&self, row: SubjectRow) -> Result<Option<&'static str>, VaultError> {
        let Some(subject) = self.load(row)? else {
            return Ok(Some("key"));
        };
        let number = subject.row.number;
        let ledger = subject.ledger_key();
        let dossier = self.store.dossier(number, Contents::Current)?;
        let stored = self.stored_parts(&subject, &ledger, &dossier.consents)?;
        let parts = self.parts(&subject, &ledger, &dossier.consents)?;
        self.check_counter(&subject)?;
        if self.payments(&subject, 0).is_err() {
            return Ok(Some("payment"));
        }
        if self.device_keys(&subject).is_err() {
            return Ok(Some("device key"));
        }
        // A withdrawal that was cut off is finished when the vault is opened: this one was put back.
        if stored != parts {
            return Ok(Some("withdrawn consent"));
        }
        let held = parts.iter().map(|(_, part)| part);
        let held = held.filter(|part| part.state != ConsentState::Withdrawn);
        let runs: Vec<Run> = held.map(|part| part.run).collect();
        if subject.kind == SubjectKind::HolderBound {
            let is_one = |bytes: &[u8]| record::model_digest(bytes).is_some();
            let all = dossier.records.iter().all(|row| is_one(&row.bytes));
            return Ok((!all).then_some("record"));
        }
        let unlocked = self.unlock(&subject, None)?;
        self.consents_in_full(&unlocked)?;
        for row in &dossier.records {
            let opens = |run| self.open_record(&unlocked, run, row).is_ok();
            if !runs.iter().any(opens) {
                return Ok(Some("record"));
            }
        }
        Ok(None)
    }
}
