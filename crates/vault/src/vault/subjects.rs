//! Adding, finding, unlocking and listing subjects.

use super::{Collection, Listed, Subject, SubjectKind, Target, Unlocked, Vault};
use crate::error::{HolderError, VaultError};
use crate::event::{Event, EventKind};
use crate::ident::{ExternalId, Pseudonym, Timestamp};
use crate::random;
use crate::root::id_of;
use crate::secret::{HolderPart, Secret};
use crate::store::{Change, Conflict, Edit, KeyChange, KeyRow, Require, StoreError, SubjectRow};

impl Vault {
    /// Adds a subject: holder-bound when a holder part is given, else operator-key.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when the collection has the id already; others when the store
    /// fails.
    pub fn add_subject(
        &self,
        collection: &Collection,
        id: &ExternalId,
        holder: Option<&HolderPart>,
        now: Timestamp,
    ) -> Result<Unlocked, VaultError> {
        self.add_subject_written(collection, (id, id), holder, now)
    }

    /// The same where the id that a subject is found by is not the one that is shown: names that are looked up
    /// without regard to capitals, and kept as they were first written.
    ///
    /// # Errors
    /// As [`Vault::add_subject`].
    pub fn add_subject_written(
        &self,
        collection: &Collection,
        (id, written): (&ExternalId, &ExternalId),
        holder: Option<&HolderPart>,
        now: Timestamp,
    ) -> Result<Unlocked, VaultError> {
        self.tick(now)?;
        let exists = || VaultError::Exists { what: "subject" };
        if self.find(collection, id)?.subject.is_some() {
            return Err(exists());
        }
        let (mut unlocked, key) = self.new_subject(collection, (id, written), holder, now)?;
        let numbers = self.store_keys(std::slice::from_ref(&unlocked), vec![key])?;
        let number = *numbers
            .first()
            .ok_or(VaultError::Corrupt { what: "number" })?;
        unlocked.subject.row.number = number;
        let row = &unlocked.subject.row;
        let event = Event::new(EventKind::SubjectAdded, now);
        let change = Change {
            requires: vec![Require::NoSubject {
                collection: collection.number,
                pseudonym: row.pseudonym,
            }],
            edits: vec![Edit::Put(row.clone().into())],
            events: vec![self.event_of(&unlocked.subject, &unlocked.body, event)?],
        };
        match self.commit(change) {
            Ok(_) => Ok(unlocked),
            Err(StoreError::Conflict(Conflict::Subject)) => {
                // Somebody else added it first: this key never sealed anything that is kept.
                let key_id = unlocked.subject.key_id();
                self.drop_unused_key(number, key_id, now)?;
                Err(exists())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Stores the wrapped keys of new subjects and returns their numbers.
    pub(super) fn store_keys(
        &self,
        made: &[Unlocked],
        mut keys: Vec<KeyRow>,
    ) -> Result<Vec<u64>, VaultError> {
        for _ in 0..16 {
            let add = keys.clone();
            match self.commit_keys(KeyChange {
                add,
                ..KeyChange::default()
            }) {
                Ok(done) => return Ok(done.numbers),
                // The version they are wrapped with was destroyed by a rotation meanwhile.
                Err(StoreError::Conflict(Conflict::Key)) => {
                    self.reload()?;
                    let again = |one: &Unlocked| {
                        let Subject {
                            row, server_part, ..
                        } = &one.subject;
                        self.with_tenant(one.subject.collection.tenant, |tenant| {
                            let vault = &self.keys.vault;
                            tenant.wrap(&*self.random, vault, 0, row.key_id, server_part)
                        })
                    };
                    keys = made.iter().map(again).collect::<Result<_, _>>()?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict(Conflict::Key).into())
    }

    /// A subject with fresh keys that is stored nowhere yet; its number is 0.
    pub(super) fn new_subject(
        &self,
        collection: &Collection,
        (id, written): (&ExternalId, &ExternalId),
        holder: Option<&HolderPart>,
        now: Timestamp,
    ) -> Result<(Unlocked, KeyRow), VaultError> {
        let unfit = |part: &HolderPart| {
            let secret = part.secret();
            secret.is_zero() || id_of(secret) == self.source.root_id()
        };
        if holder.is_some_and(unfit) {
            return Err(HolderError::Unfit.into());
        }
        let key_id = random::bytes(&*self.random)?;
        let server_part = Secret::filled(|bytes| self.random.fill(bytes))?;
        let (pseudonym, key) = self.with_tenant(collection.tenant, |tenant| {
            let pseudonym = tenant.pseudonym(&collection.id, id);
            Ok((
                pseudonym,
                tenant.wrap(&*self.random, &self.keys.vault, 0, key_id, &server_part)?,
            ))
        })?;
        let kind = if holder.is_some() {
            SubjectKind::HolderBound
        } else {
            SubjectKind::OperatorKey
        };
        let row = SubjectRow {
            number: 0,
            collection: collection.number,
            pseudonym,
            key_id,
            kind: kind.code(),
            generation: 0,
            used_day: now.day(),
            profile: Vec::new(),
        };
        let mut subject = Subject {
            collection: *collection,
            row,
            kind,
            server_part,
        };
        let body = subject.body_key(holder)?;
        subject.row.profile = subject.seal_profile(&*self.random, &body, written, now)?;
        let ledger = subject.ledger_key();
        let external_id = written.clone();
        Ok((
            Unlocked {
                subject,
                body,
                ledger,
                external_id,
                created: now,
            },
            key,
        ))
    }

    /// Looks an external id up. An unknown one is no error: see [`Target`].
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or a key is damaged.
    pub fn find(&self, collection: &Collection, id: &ExternalId) -> Result<Target, VaultError> {
        let pseudonym = self.with_tenant(collection.tenant, |keys| {
            Ok(keys.pseudonym(&collection.id, id))
        })?;
        let row = self.store.subject(collection.number, &pseudonym)?;
        let subject = match row {
            Some(row) => self.load(row)?,
            None => None,
        };
        Ok(Target {
            collection: *collection,
            pseudonym,
            subject,
        })
    }

    /// The subject of a row; `None` when its key is gone, which is to say it is erased.
    pub(super) fn load(&self, row: SubjectRow) -> Result<Option<Subject>, VaultError> {
        let kind = SubjectKind::from_code(row.kind).ok_or(VaultError::Corrupt { what: "kind" })?;
        let key = self
            .store
            .key(row.number)?
            .filter(|key| key.key_id == row.key_id);
        let Some(key) = key else { return Ok(None) };
        let collection = match self.collection_by(row.collection) {
            Err(VaultError::Unknown { .. }) => {
                self.reload()?;
                self.collection_by(row.collection)?
            }
            found => found?,
        };
        let part = |keys: &super::TenantKeys| keys.unwrap_part(&self.keys.vault, &key);
        let server_part = match self.with_tenant(collection.tenant, part)? {
            Some(part) => part,
            None => {
                // Another process rotated the tenant's key.
                self.reload()?;
                self.with_tenant(collection.tenant, part)?
                    .ok_or(VaultError::Corrupt {
                        what: "tenant key version",
                    })?
            }
        };
        Ok(Some(Subject {
            collection,
            row,
            kind,
            server_part,
        }))
    }

    /// Whether the key of a subject is in the keyring. One read, the same as finding a subject makes.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn has_key(&self, subject: &Subject) -> Result<bool, VaultError> {
        Ok(self.store.key(subject.row.number)?.is_some())
    }

    /// Whether a subject is as it was read. One read, the same as [`Vault::recheck`] makes.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn is_current(&self, subject: &Subject) -> Result<bool, VaultError> {
        match self.current(subject) {
            Ok(row) => Ok(row.generation == subject.row.generation),
            Err(VaultError::Unknown { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Unlocks a subject, with the holder part if it is holder-bound.
    ///
    /// # Errors
    /// [`HolderError`] when the holder part is missing, not expected or wrong;
    /// [`VaultError::Corrupt`] when an operator-key subject does not open.
    pub fn unlock(
        &self,
        subject: &Subject,
        holder: Option<&HolderPart>,
    ) -> Result<Unlocked, VaultError> {
        let body = subject.body_key(holder)?;
        let Some((external_id, created)) = subject.open_profile(&body) else {
            return Err(match subject.kind {
                SubjectKind::HolderBound => HolderError::Wrong.into(),
                SubjectKind::OperatorKey => VaultError::Corrupt { what: "profile" },
            });
        };
        let ledger = subject.ledger_key();
        Ok(Unlocked {
            subject: subject.clone(),
            body,
            ledger,
            external_id,
            created,
        })
    }

    /// Up to `limit` subjects of a collection after the one numbered `after` (0 to begin). One that
    /// does not open is listed as damaged.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn subjects(
        &self,
        collection: &Collection,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Listed>, VaultError> {
        let mut listed = Vec::new();
        for row in self.store.subjects(Some(collection.number), after, limit)? {
            let kind = SubjectKind::from_code(row.kind).unwrap_or(SubjectKind::OperatorKey);
            let mut one = Listed {
                pseudonym: Pseudonym(row.pseudonym),
                kind,
                external_id: None,
                damaged: false,
                used_day: row.used_day,
                number: row.number,
            };
            let found = self.load(row).and_then(|subject| match subject {
                Some(subject) if kind == SubjectKind::OperatorKey => {
                    Ok(Some(self.unlock(&subject, None)?.external_id))
                }
                Some(_) => Ok(None),
                None => Err(VaultError::Corrupt { what: "key" }),
            });
            match found {
                Ok(external_id) => one.external_id = external_id,
                Err(error) if error.of_one_subject().is_some() => one.damaged = true,
                Err(error) => return Err(error),
            }
            listed.push(one);
        }
        Ok(listed)
    }
}
