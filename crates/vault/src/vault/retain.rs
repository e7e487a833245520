//! The job that ends consents and erases subjects when their time is over.

use super::Vault;
use super::withdraw::Ending;
use crate::consent::{ConsentState, LedgerPart};
use crate::error::VaultError;
use crate::ident::Timestamp;
use crate::signed::EraseReceipt;
use crate::store::{Change, Conflict, ConsentRow, Edit, Require, StoreError, SubjectRow};

/// What one run of the retention job did.
#[derive(Clone, Debug, Default)]
pub struct Retained {
    /// Subjects looked at.
    pub examined: u64,
    /// Consents that were marked as expired.
    pub expired: u64,
    /// Receipts of the subjects that were erased.
    pub erased: Vec<EraseReceipt>,
    /// Numbers of subjects whose consents could not be looked at, because their key is damaged or
    /// missing or an entry does not open. They are erased like others when their time is over.
    pub unreadable: Vec<u64>,
    /// Where to go on; `None` when the end was reached.
    pub next: Option<u64>,
}

impl Vault {
    /// Looks at up to `limit` subjects after number `after` (0 to begin): ends consents that
    /// expired, removes records with the last one, and erases subjects that were not used for the
    /// retention time of today's settings. Needs no holder part. One that cannot be read is
    /// named, and stands in nobody else's way.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn retain(&self, after: u64, limit: u32, now: Timestamp) -> Result<Retained, VaultError> {
        self.tick(now)?;
        let mut done = Retained::default();
        if after == 0 {
            // Of nobody in particular, so once for all, at the beginning.
            let oldest = now.day().saturating_sub(self.settings.retention_days);
            self.commit(Change {
                edits: vec![Edit::RemovePayments(oldest)],
                ..Change::default()
            })?;
        }
        let rows = self.store.subjects(None, after, limit.max(1))?;
        done.next = rows.last().map(|row| row.number);
        for row in rows {
            done.examined += 1;
            let number = row.number;
            match self.retain_one(row, &mut done, now) {
                Err(error) if error.of_one_subject().is_some() => done.unreadable.push(number),
                other => other?,
            }
        }
        Ok(done)
    }

    fn retain_one(
        &self,
        row: SubjectRow,
        done: &mut Retained,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        // Nobody was used later than now: a clock stood wrong, or somebody would keep a person.
        if row.used_day > now.day() {
            self.used_today(&row, now)?;
        }
        let used_day = row.used_day.min(now.day());
        if used_day.saturating_add(self.settings.retention_days) <= now.day() {
            let doomed = self.doomed_by(&row)?;
            done.erased.push(self.erase(doomed, None, now)?);
            return Ok(());
        }
        let Some(subject) = self.load(row)? else {
            return Err(VaultError::Corrupt { what: "key" });
        };
        let over = |_: &ConsentRow, part: &LedgerPart| {
            part.state == ConsentState::Active && part.expires <= now
        };
        done.expired += self.end_consents(&subject, over, Ending::Expired, now)? as u64;
        Ok(())
    }

    fn used_today(&self, row: &SubjectRow, now: Timestamp) -> Result<(), VaultError> {
        let set = self.commit(Change {
            requires: vec![Require::Generation {
                subject: row.number,
                is: row.generation,
            }],
            edits: vec![Edit::Touch {
                subject: row.number,
                generation: row.generation,
                used_day: now.day(),
            }],
            ..Change::default()
        });
        match set {
            // Somebody else has just set it, or erases it.
            Ok(_) | Err(StoreError::Conflict(Conflict::Generation)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
