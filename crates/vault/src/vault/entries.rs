//! The audit log as a list: what happened, and not to whom.

use super::{Subject, SubjectKind, Vault};
use crate::error::{LogFault, VaultError};
use crate::event::{self, Event, TOMBSTONE_BYTES};
use crate::merkle::{Hash, TILE};
use crate::secret::Secret;
use crate::store::EventRow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Most entries that are read at once.
pub const MAX_ENTRIES: u32 = 1000;

/// An entry of the audit log, without whom it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Index of its leaf.
    pub leaf: u64,
    /// Hash of its leaf.
    pub leaf_hash: Hash,
    /// What it says.
    pub content: LogContent,
}

/// What an entry of the audit log says to whoever has the keys of the vault and no holder's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogContent {
    /// What happened.
    Event(Event),
    /// Only a holder part opens it.
    Sealed,
    /// It was about somebody who was erased, and is gone.
    Shredded,
}

/// A stretch of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntries {
    /// Leaves of the audit tree at that moment.
    pub size: u64,
    /// The entries, oldest first.
    pub entries: Vec<LogEntry>,
}

/// What opens the events of a subject without a holder part.
struct EventKeys {
    key_id: [u8; 16],
    keys: Vec<Secret>,
}

/// Of those subjects that were met; nothing for those that are gone.
type Opened = BTreeMap<u64, Option<EventKeys>>;

impl Vault {
    /// Up to `limit` entries of the audit log from leaf `from` on, each held against its leaf.
    ///
    /// # Errors
    /// [`VaultError::Limit`] above [`MAX_ENTRIES`]; [`VaultError::Log`] when a row is missing or altered;
    /// others when the store fails.
    pub fn log_entries(&self, from: u64, limit: u32) -> Result<LogEntries, VaultError> {
        if limit > MAX_ENTRIES {
            return Err(VaultError::Limit {
                what: "entries of the audit log",
                got: u64::from(limit),
                max: u64::from(MAX_ENTRIES),
            });
        }
        let size = self.audit_size()?;
        let end = size.min(from.saturating_add(u64::from(limit)));
        let mut entries = Vec::new();
        if from >= end {
            return Ok(LogEntries { size, entries });
        }
        let (first, last) = (from / TILE, (end - 1) / TILE);
        let page = self.store.log(first, (last - first + 1) as u32)?;
        let mut opened = Opened::new();
        for (row, leaf_hash) in self.checked_rows(&page, first, end)? {
            if row.sequence >= from {
                entries.push(LogEntry {
                    leaf: row.sequence,
                    leaf_hash,
                    content: self.content(row, &mut opened)?,
                });
            }
        }
        Ok(LogEntries { size, entries })
    }

    fn content(&self, row: &EventRow, opened: &mut Opened) -> Result<LogContent, VaultError> {
        if row.sealed.len() == TOMBSTONE_BYTES {
            return Ok(LogContent::Shredded);
        }
        if row.subject == 0 {
            let event = self.nobodys(row).map(LogContent::Event);
            let leaf = row.sequence;
            return event.ok_or_else(|| LogFault::Altered { leaf }.into());
        }
        let keys = match opened.entry(row.subject) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(free) => free.insert(self.event_keys(row.subject)?),
        };
        // Erased meanwhile: the next reading finds its tombstone.
        let Some(EventKeys { key_id, keys }) = keys else {
            return Ok(LogContent::Shredded);
        };
        let open = |key: &Secret| event::open_event(key, key_id, &row.sealed);
        let event = keys.iter().find_map(open);
        Ok(event.map_or(LogContent::Sealed, LogContent::Event))
    }

    /// An event about no subject: of the vault, or of a tenant.
    fn nobodys(&self, row: &EventRow) -> Option<Event> {
        let open = |key: &Secret| event::open_event(key, &[0; 16], &row.sealed);
        open(&self.keys.audit).or_else(|| {
            let known = self.known();
            known
                .tenants
                .values()
                .find_map(|tenant| open(&tenant.audit))
        })
    }

    /// The keys of a subject that open its events without a holder part.
    fn event_keys(&self, number: u64) -> Result<Option<EventKeys>, VaultError> {
        let rows = self.store.subjects(None, number.saturating_sub(1), 1)?;
        let row = rows.into_iter().find(|row| row.number == number);
        let subject = row.map(|row| self.load(row)).transpose()?.flatten();
        Ok(subject.map(|subject: Subject| {
            let mut keys = vec![subject.ledger_key()];
            if subject.kind() == SubjectKind::OperatorKey {
                keys.insert(0, subject.event_key());
            }
            EventKeys {
                key_id: subject.row.key_id,
                keys,
            }
        }))
    }
}
