//! The job that ends consents and erases subjects when their time is over.

use super::Vault;
use super::withdraw::Ending;
use crate::consent::{ConsentState, LedgerPart};
use crate::error::VaultError;
use crate::ident::Timestamp;
use crate::signed::EraseReceipt;
use crate::store::ConsentRow;

/// What one run of the retention job did.
#[derive(Clone, Debug, Default)]
pub struct Retained {
    /// Subjects looked at.
    pub examined: u64,
    /// Consents that were marked as expired.
    pub expired: u64,
    /// Receipts of the subjects that were erased.
    pub erased: Vec<EraseReceipt>,
    /// Where to go on; `None` when the end was reached.
    pub next: Option<u64>,
}

impl Vault {
    /// Looks at up to `limit` subjects after number `after` (0 to begin): ends consents that
    /// expired, removes records with the last one, and erases subjects that were not used for the
    /// retention time, or never had or no longer have a consent and are due. Needs no holder part.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or an entry does not open.
    pub fn retain(&self, after: u64, limit: u32, now: Timestamp) -> Result<Retained, VaultError> {
        self.tick(now)?;
        let mut done = Retained::default();
        let rows = self.store.subjects(None, after, limit.max(1))?;
        done.next = rows.last().map(|row| row.number);
        for row in rows {
            done.examined += 1;
            if row.due_day > now.day() {
                continue;
            }
            let unused = row.used_day.saturating_add(self.settings.retention_days) <= now.day();
            let Some(subject) = self.load(row)? else {
                continue;
            };
            if unused {
                done.erased.push(self.erase(&subject, None, now)?);
                continue;
            }
            let over = |_: &ConsentRow, part: &LedgerPart| {
                part.state == ConsentState::Active && part.expires <= now
            };
            done.expired += self.end_consents(&subject, over, Ending::Expired, now)? as u64;
        }
        Ok(done)
    }
}
