//! Restoring: both backups into an empty store, without anybody who was erased.

use super::{Settings, VAULT_SECRET, Vault, VaultKeys, check_settings, unwrap_with_root};
use crate::backup::{BackupError, KEYRING_BACKUP_DAYS, Reader};
use crate::error::VaultError;
use crate::event::{EventKind, LogKeys, SEALED_BYTES, TOMBSTONE_BYTES};
use crate::ident::{Timestamp, hex};
use crate::random::{self, Random};
use crate::root::KeySource;
use crate::store::{
    Change, DeletionRow, Edit, EventRow, Half, KeyChange, Making, RootWrappedRow, Row, Store,
    SubjectRow, TileRow, WithdrawalRow,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

/// Rows imported in one transaction.
const BATCH: usize = 2000;
/// By so many seconds the clocks of two machines may be apart.
const CLOCKS_APART_S: u64 = 3600;

/// What a restore brought back and what it left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Subjects that are back.
    pub subjects: u64,
    /// Subjects left out because the deletion ledger names their key.
    pub erased: u64,
    /// Subjects left out because the keyring backup has no key for them.
    pub without_key: u64,
    /// Consents that came back and were ended, because they had been withdrawn since.
    pub withdrawn: u64,
    /// Until when the newest of the ledgers and backups knows of erasures and withdrawals.
    pub known_until: Timestamp,
}

/// What must not come back.
#[derive(Default)]
struct Deletions {
    /// Keys that were destroyed, with their place and day.
    keys: BTreeMap<[u8; 16], (u64, u32)>,
    /// Consents that were withdrawn, by their marks, with the day.
    withdrawn: BTreeMap<[u8; 16], u32>,
}

impl Deletions {
    fn add(&mut self, row: Row) {
        match row {
            Row::DeletionRow(row) => {
                self.keys
                    .entry(row.key_id)
                    .or_insert((row.position, row.day));
            }
            Row::WithdrawalRow(row) => {
                self.withdrawn.entry(row.mark).or_insert(row.day);
            }
            _ => {}
        }
    }

    /// One ledger of all that were given, with places that are free of doubles.
    fn rows(&self) -> Vec<Row> {
        let withdrawn = self.withdrawn.iter();
        let withdrawn =
            withdrawn.map(|(&mark, &day)| Row::WithdrawalRow(WithdrawalRow { mark, day }));
        let mut all: Vec<_> = self.keys.iter().collect();
        all.sort_by_key(|(key_id, (position, _))| (*position, **key_id));
        let mut last = 0;
        all.into_iter()
            .map(|(key_id, (position, day))| {
                last = (*position).max(last + 1);
                DeletionRow {
                    position: last,
                    key_id: *key_id,
                    day: *day,
                }
                .into()
            })
            .chain(withdrawn)
            .collect()
    }
}

fn foreign(expected: &[u8; 16], got: &[u8; 16]) -> Result<(), BackupError> {
    if expected == got {
        Ok(())
    } else {
        Err(BackupError::Foreign {
            expected: hex(expected),
            got: hex(got),
        })
    }
}

impl Vault {
    /// Restores a vault into an empty store and opens it: the sealed keyring backup with the
    /// age identity it was made for (`AGE-SECRET-KEY-1...`), the data backup, and any newer
    /// deletion ledgers there are.
    ///
    /// Nobody named by any of the ledgers comes back, and no consent that was withdrawn. Until all of it is read and its MACs are
    /// right, the store is marked unfinished: it cannot be opened, and makes way when the
    /// restore is done again.
    ///
    /// # Errors
    /// [`BackupError`] when a backup is damaged, altered, of another vault or too old;
    /// [`VaultError`] when the store is not empty or cannot be written, or the root key is not
    /// the one of the backup.
    pub fn restore(
        store: Arc<dyn Store>,
        source: Arc<dyn KeySource>,
        random: Arc<dyn Random>,
        settings: Settings,
        (keyring, identity): (&mut dyn Read, &str),
        data: &mut dyn Read,
        ledgers: &mut [&mut dyn Read],
        now: Timestamp,
    ) -> Result<(Self, Restored), VaultError> {
        check_settings(&settings)?;
        let age = |cause: String| BackupError::Age { cause };
        let identity: age::x25519::Identity = identity
            .parse()
            .map_err(|error: &str| age(error.to_owned()))?;
        let opened = age::Decryptor::new(keyring)
            .and_then(|sealed| sealed.decrypt(std::iter::once(&identity as &dyn age::Identity)))
            .map_err(|error| age(error.to_string()))?;
        let mut keyring = Reader::new(opened, Half::Keyring)?;
        // A clock that was set back would make an old one young again.
        if now.plus(CLOCKS_APART_S) < keyring.made {
            return Err(BackupError::MadeLater {
                made: keyring.made.unix(),
                now: now.unix(),
            }
            .into());
        }
        let days = now.unix().saturating_sub(keyring.made.unix()) / 86_400;
        if days > KEYRING_BACKUP_DAYS {
            return Err(BackupError::TooOld { days }.into());
        }
        let mut data = Reader::new(data, Half::Data)?;
        foreign(&keyring.vault, &data.vault)?;

        // All ledgers first: the rows that follow are held against them.
        let mut deletions = Deletions::default();
        let mut read_ledgers = Vec::new();
        for ledger in ledgers {
            let mut reader = Reader::new(&mut **ledger, Half::Deletions)?;
            foreign(&keyring.vault, &reader.vault)?;
            reader.deletions(|row| deletions.add(row))?;
            read_ledgers.push(reader);
        }
        data.deletions(|row| deletions.add(row))?;
        keyring.deletions(|row| deletions.add(row))?;
        let made = read_ledgers.iter().map(|ledger| ledger.made);
        let known_until = made.fold(data.made.max(keyring.made), Timestamp::max);
        let withdrawn: BTreeSet<[u8; 16]> = deletions.withdrawn.keys().copied().collect();

        let mut import = Import {
            store: &*store,
            token: random::bytes(&*random)?,
            deletions,
            keys: BTreeMap::new(),
            skipped: BTreeSet::new(),
            slots: BTreeSet::new(),
            size: 0,
            done: Restored::default(),
        };
        let keys = import.keyring(&mut keyring, &*source)?;
        keyring.check(&keys.backup)?;
        for ledger in &read_ledgers {
            ledger.check(&keys.backup)?;
        }
        import.data(&mut data, &keys.log)?;
        data.check(&keys.backup)?;
        let mut done = import.finish()?;
        let restored = Self::open_any(store, source, random, settings, now)?;
        done.known_until = known_until;
        done.withdrawn = restored.end_withdrawn(&withdrawn, now)?;
        restored.append_own(EventKind::Restored, done.subjects, now)?;
        restored.finish(now)?;
        Ok((restored, done))
    }
}

struct Import<'a> {
    store: &'a dyn Store,
    token: [u8; 16],
    deletions: Deletions,
    /// Key ids of the server parts that came back.
    keys: BTreeMap<u64, [u8; 16]>,
    skipped: BTreeSet<u64>,
    slots: BTreeSet<[u8; 32]>,
    size: u64,
    done: Restored,
}

impl Import<'_> {
    fn keyring<R: Read>(
        &mut self,
        reader: &mut Reader<R>,
        source: &dyn KeySource,
    ) -> Result<VaultKeys, VaultError> {
        let damaged = || BackupError::Format {
            expected: "keyring",
        };
        let mut wrapped: Vec<RootWrappedRow> = Vec::new();
        let mut put: Vec<Row> = self.deletions.rows();
        let mut keys: Option<VaultKeys> = None;
        loop {
            let row = reader.row()?;
            let last = row.is_none();
            match row {
                Some(Row::RootWrappedRow(row)) => {
                    wrapped.push(row);
                    continue;
                }
                // The vault starts a new line of checkpoints after a restore.
                Some(Row::CheckpointRow(_)) => continue,
                _ => {}
            }
            if keys.is_none() {
                let secret = wrapped.iter().find(|row| row.kind == VAULT_SECRET);
                let secret = unwrap_with_root(source, &reader.vault, secret.ok_or_else(damaged)?)?;
                let derived = VaultKeys::derive(reader.vault, &secret)?;
                let rows = std::mem::take(&mut wrapped);
                self.store.create(&Making {
                    vault: reader.vault,
                    public_key: derived.public_key(),
                    rows,
                    token: self.token,
                    half: None,
                    replaces: None,
                })?;
                keys = Some(derived);
            }
            match row {
                Some(Row::KeyRow(row)) => {
                    if self.deletions.keys.contains_key(&row.key_id) {
                        continue;
                    }
                    self.keys.insert(row.number, row.key_id);
                    put.push(row.into());
                }
                Some(row @ Row::TenantRow(_)) => put.push(row),
                Some(_) => return Err(damaged().into()),
                None => {}
            }
            if put.len() >= BATCH || last {
                let put = std::mem::take(&mut put);
                self.store.commit_keys(KeyChange {
                    put,
                    ..KeyChange::default()
                })?;
            }
            if last {
                return keys.ok_or_else(|| damaged().into());
            }
        }
    }

    fn data<R: Read>(&mut self, reader: &mut Reader<R>, log: &LogKeys) -> Result<(), VaultError> {
        let mut edits = Vec::new();
        while let Some(row) = reader.row()? {
            if let Some(row) = self.kept(row, log)? {
                edits.push(Edit::Put(row));
            }
            if edits.len() >= BATCH {
                let edits = std::mem::take(&mut edits);
                self.store.commit(Change {
                    edits,
                    ..Change::default()
                })?;
            }
        }
        self.store.commit(Change {
            edits,
            ..Change::default()
        })?;
        Ok(())
    }

    /// The row as it comes back, if it does.
    fn kept(&mut self, row: Row, log: &LogKeys) -> Result<Option<Row>, BackupError> {
        let keeps = match &row {
            Row::SubjectRow(row) => self.keeps_subject(row),
            Row::RecordRow(row) => !self.skipped.contains(&row.subject),
            Row::ConsentRow(row) => !self.skipped.contains(&row.subject),
            Row::EventRow(event) => {
                if ![SEALED_BYTES, TOMBSTONE_BYTES].contains(&event.sealed.len()) {
                    return Err(BackupError::Format { expected: "data" });
                }
                if self.skipped.contains(&event.subject) {
                    let stone = EventRow {
                        sequence: event.sequence,
                        subject: 0,
                        sealed: log.bury(event).to_vec(),
                    };
                    return Ok(Some(stone.into()));
                }
                true
            }
            Row::AttemptRow(row) => !self.slots.contains(&row.slot),
            // One that could still be approved then may have been since: it does not come back.
            Row::PaymentRow(row) => row.open == 0 && !self.skipped.contains(&row.subject),
            Row::TileRow(TileRow {
                level: 0,
                index,
                hashes,
            }) => {
                self.size = self.size.max(index * 32 + hashes.len() as u64 / 32);
                true
            }
            // The ledger is already in the keyring.
            Row::DeletionRow(_) | Row::WithdrawalRow(_) => false,
            _ => true,
        };
        Ok(keeps.then_some(row))
    }

    fn keeps_subject(&mut self, row: &SubjectRow) -> bool {
        if self.keys.get(&row.number) == Some(&row.key_id) {
            self.done.subjects += 1;
            return true;
        }
        if self.deletions.keys.contains_key(&row.key_id) {
            self.done.erased += 1;
        } else {
            self.done.without_key += 1;
        }
        self.skipped.insert(row.number);
        self.slots.insert(row.pseudonym);
        false
    }

    fn finish(self) -> Result<Restored, VaultError> {
        let edits = vec![Edit::TreeSize(self.size)];
        self.store.commit(Change {
            edits,
            ..Change::default()
        })?;
        Ok(self.done)
    }
}
