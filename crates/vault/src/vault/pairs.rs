//! Subjects and their keys belong together one to one. What is left over is named, and can be erased.

use super::{Subject, Vault};
use crate::error::VaultError;
use crate::ident::{ExternalId, KeyId};
use crate::store::{Half, KeyRow, Row, StoreError, SubjectRow};
use std::collections::BTreeSet;

/// Rows read at once.
const PAGE: u32 = 1000;

/// What is needed to erase a subject: nothing that must be opened or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doomed {
    pub(super) tenant: u32,
    pub(super) number: u64,
    pub(super) key_id: KeyId,
}

impl From<&Subject> for Doomed {
    fn from(subject: &Subject) -> Self {
        Self {
            tenant: subject.collection.tenant,
            number: subject.row.number,
            key_id: subject.key_id(),
        }
    }
}

/// What does not belong together, by the numbers of the subjects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpaired {
    /// Keys without a subject, though the log tells of one or the number was never given: somebody hid it, or put a key
    /// there.
    pub keys: Vec<u64>,
    /// Subjects without a key, with another's, or of no collection.
    pub subjects: Vec<u64>,
    /// Keys that were destroyed and stand in the keyring again: somebody put them back. They open
    /// nothing.
    pub put_back: Vec<u64>,
}

impl Unpaired {
    /// Whether all is in order.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.subjects.is_empty() && self.put_back.is_empty()
    }
}

/// Rows one after another, read page by page.
struct Pages<T, R, N> {
    read: R,
    number: N,
    after: u64,
    page: std::vec::IntoIter<T>,
}

impl<T, R, N> Pages<T, R, N>
where
    R: FnMut(u64) -> Result<Vec<T>, StoreError>,
    N: Fn(&T) -> u64,
{
    fn new(read: R, number: N) -> Self {
        let (after, page) = (0, Vec::new().into_iter());
        Self {
            read,
            number,
            after,
            page,
        }
    }

    fn next(&mut self) -> Result<Option<T>, StoreError> {
        if self.page.len() == 0 {
            self.page = (self.read)(self.after)?.into_iter();
        }
        let next = self.page.next();
        self.after = next.as_ref().map_or(self.after, &self.number);
        Ok(next)
    }
}

impl Vault {
    /// What to erase for an external id, even where its key is damaged or missing.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn doomed(
        &self,
        collection: &super::Collection,
        id: &ExternalId,
    ) -> Result<Option<Doomed>, VaultError> {
        let pseudonym = self.with_tenant(collection.tenant, |keys| {
            Ok(keys.pseudonym(&collection.id, id))
        })?;
        let row = self.store.subject(collection.number, &pseudonym)?;
        row.map(|row| self.doomed_by(&row)).transpose()
    }

    /// What to erase for the number of a subject, or of a key that has none.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn doomed_numbered(&self, number: u64) -> Result<Option<Doomed>, VaultError> {
        let Some(before) = number.checked_sub(1) else {
            return Ok(None);
        };
        let row = self.store.subjects(None, before, 1)?.pop();
        if let Some(row) = row.filter(|row| row.number == number) {
            return self.doomed_by(&row).map(Some);
        }
        self.doomed_by_key(number)
    }

    /// By the key, where the subject's row does not say it.
    fn doomed_by_key(&self, number: u64) -> Result<Option<Doomed>, VaultError> {
        let key = self.store.keys(number.saturating_sub(1), 1)?.pop();
        Ok(key.filter(|key| key.number == number).map(|key| Doomed {
            tenant: key.tenant,
            number,
            key_id: KeyId(key.key_id),
        }))
    }

    pub(super) fn doomed_by(&self, row: &SubjectRow) -> Result<Doomed, VaultError> {
        let number = row.number;
        let collection = self.collection_by(row.collection);
        if (row.is_damaged() || collection.is_err())
            && let Some(doomed) = self.doomed_by_key(number)?
        {
            return Ok(doomed);
        }
        Ok(Doomed {
            tenant: collection?.tenant,
            number,
            key_id: KeyId(row.key_id),
        })
    }

    /// Holds the keyring against the subjects. What is just being added or erased may be among what
    /// is found; it is not when it is asked again.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn unpaired(&self) -> Result<Unpaired, VaultError> {
        let mut destroyed = BTreeSet::new();
        self.store.snapshot(Half::Deletions, &mut |row| {
            if let Row::DeletionRow(row) = row {
                destroyed.insert(row.key_id);
            }
            Ok(())
        })?;
        let last_given = self.store.keyring()?.last_subject;
        let mut found = Unpaired::default();
        let mut keys = Pages::new(
            |after| self.store.keys(after, PAGE),
            |row: &KeyRow| row.number,
        );
        let mut rows = Pages::new(
            |after| self.store.subjects(None, after, PAGE),
            |row: &SubjectRow| row.number,
        );
        let (mut key, mut row) = (keys.next()?, rows.next()?);
        loop {
            match (&key, &row) {
                (None, None) => return Ok(found),
                (Some(one), other) if other.as_ref().is_none_or(|row| one.number < row.number) => {
                    if destroyed.contains(&one.key_id) {
                        found.put_back.push(one.number);
                    } else if one.number > last_given
                        || !self.store.events(one.number, 0, 1)?.is_empty()
                    {
                        // Of one whose adding was cut off the log tells nothing: nobody was ever there.
                        found.keys.push(one.number);
                    }
                    key = keys.next()?;
                }
                (Some(one), Some(other)) if one.number == other.number => {
                    if destroyed.contains(&one.key_id) {
                        found.put_back.push(one.number);
                    } else if one.key_id != other.key_id
                        || self.collection_by(other.collection).is_err()
                    {
                        found.subjects.push(one.number);
                    }
                    (key, row) = (keys.next()?, rows.next()?);
                }
                (_, other) => {
                    found.subjects.extend(other.as_ref().map(|row| row.number));
                    row = rows.next()?;
                }
            }
        }
    }
}
