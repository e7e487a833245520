//! What a search among the members of a collection needs: who is in it, since when, and its settings.

use super::{Collection, Reference, Subject, SubjectKind, Unlocked, Vault};
use crate::consent::{Purpose, Run};
use crate::error::VaultError;
use crate::event::EventKind;
use crate::ident::{ExternalId, Timestamp};
use crate::merkle;
use crate::seal;
use crate::store::{Change, Conflict, Contents, Dossier, Edit, StoreError};

/// Longest settings of a collection, in bytes. With their length they are padded to the 48 that an
/// attempt counter has, beside which they stand.
pub const MAX_SETTINGS: usize = 47;

/// A member of a collection that may be searched.
#[derive(Clone, Debug)]
pub struct Member {
    /// The number of the subject in this vault.
    pub number: u64,
    /// Stands for the consents and records as they were read: any change makes another one.
    pub mark: [u8; 32],
    /// The templates; `None` when the caller said that it has this mark already.
    pub references: Option<Vec<Reference>>,
}

/// The members of a collection as of one moment.
#[derive(Clone, Debug)]
pub struct Members {
    /// The [sequence](Vault::sequence) that they are at least as new as.
    pub sequence: u64,
    /// Everybody who may be searched, by number.
    pub members: Vec<Member>,
    /// When the first of their consents ends, which no event tells.
    pub until: Option<Timestamp>,
    /// Numbers of those whose key, consents or templates do not open: they are not searched, and
    /// the others are.
    pub unreadable: Vec<u64>,
}

/// A member of a collection as a list shows it.
#[derive(Clone, Debug)]
pub struct ListedMember {
    /// What the caller calls it.
    pub external_id: ExternalId,
    /// When its consent to be searched ends.
    pub expires: Timestamp,
    /// How many templates it has.
    pub templates: usize,
    /// Day of last use.
    pub used_day: u32,
}

/// The members among a stretch of the subjects of a collection.
#[derive(Clone, Debug)]
pub struct MemberPage {
    /// The members; there may be none among so many subjects.
    pub members: Vec<ListedMember>,
    /// The number after which the next page begins, if there are more subjects.
    pub next: Option<u64>,
}

fn mark(subject: &Subject, dossier: &Dossier) -> [u8; 32] {
    let mut bytes = subject.row.generation.to_le_bytes().to_vec();
    for record in &dossier.records {
        bytes.extend(record.number.to_le_bytes());
        bytes.extend((record.bytes.len() as u64).to_le_bytes());
        bytes.extend(&record.bytes);
    }
    merkle::leaf_hash(&bytes)
}

impl Vault {
    /// How many events the store has seen. Every change of a subject, consent or record appends one in
    /// its own transaction, on whichever node it happens: whoever has read the members
    /// at this number and finds it unchanged has read all there is.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn sequence(&self) -> Result<u64, VaultError> {
        Ok(self.store.data()?.size)
    }

    /// Everybody of a collection with a key of the operator's, a template and a standing consent to
    /// [`Purpose::Identify`]. Templates are opened of those only whose mark `has` does not know;
    /// the audit log records how many before they are returned. `go_on` is asked now and then; when it says no, nothing
    /// is returned.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails, [`VaultError::Ended`] when it was not to go on.
    pub fn members_for_search(
        &self,
        collection: &Collection,
        now: Timestamp,
        has: &dyn Fn(u64, &[u8; 32]) -> bool,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Members, VaultError> {
        self.tick(now)?;
        let before = self.sequence()?;
        let (mut members, mut after, mut opened) = (Vec::new(), 0, 0_u64);
        let mut until: Option<Timestamp> = None;
        let mut unreadable = Vec::new();
        loop {
            let rows = self.store.subjects(Some(collection.number), after, 1000)?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            for row in rows {
                if !go_on() {
                    return Err(VaultError::Ended);
                }
                let number = row.number;
                let member = self.load(row).and_then(|subject| match subject {
                    Some(subject) if subject.kind == SubjectKind::OperatorKey => {
                        self.member_for_search(&subject, now, has)
                    }
                    _ => Ok(None),
                });
                match member {
                    Ok(Some((member, ends))) => {
                        opened += u64::from(member.references.is_some());
                        until = Some(until.map_or(ends, |until| until.min(ends)));
                        members.push(member);
                    }
                    Ok(None) => {}
                    Err(VaultError::Corrupt { .. }) => unreadable.push(number),
                    Err(error) => return Err(error),
                }
            }
        }
        let mut sequence = before;
        if opened > 0 {
            let events = vec![self.own_event(EventKind::OpenedForSearch, opened, now)?];
            let done = self.commit(Change {
                events,
                ..Change::default()
            })?;
            // Our own event is no news to us; anybody else's in between is.
            if done.first_leaf == before {
                sequence = done.size;
            }
        }
        Ok(Members {
            sequence,
            members,
            until,
            unreadable,
        })
    }

    /// The members among up to `limit` subjects of a collection after the one numbered `after` (0 to begin). No
    /// template is opened.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or a subject does not open.
    pub fn members(
        &self,
        collection: &Collection,
        after: u64,
        limit: u32,
        now: Timestamp,
    ) -> Result<MemberPage, VaultError> {
        // One more than is asked for, to see whether there is another.
        let more = limit.saturating_add(1);
        let mut rows = self.store.subjects(Some(collection.number), after, more)?;
        let full = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().map(|row| row.number).filter(|_| full);
        let mut members = Vec::new();
        for row in rows {
            let Some(subject) = self.load(row)? else {
                continue;
            };
            if subject.kind != SubjectKind::OperatorKey {
                continue;
            }
            if let Some((dossier, expires, _)) = self.searchable(&subject, now)? {
                members.push(ListedMember {
                    external_id: self.unlock(&subject, None)?.external_id,
                    expires,
                    templates: dossier.records.len(),
                    used_day: subject.row.used_day,
                });
            }
        }
        Ok(MemberPage { members, next })
    }

    /// The rows of whoever has a template and a standing consent to be searched, and when that ends.
    fn searchable(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Option<(Dossier, Timestamp, Run)>, VaultError> {
        let dossier = self.store.dossier(subject.row.number, Contents::Current)?;
        let parts = self.parts(subject, &subject.ledger_key(), &dossier.consents)?;
        let standing = parts.iter().map(|(_, part)| part);
        let standing =
            standing.filter(|part| part.purpose == Purpose::Identify && part.stands(now));
        let longest = standing.max_by_key(|part| part.expires);
        Ok(longest
            .filter(|_| !dossier.records.is_empty())
            .map(|part| (part.expires, part.run))
            .map(|(ends, run)| (dossier, ends, run)))
    }

    fn member_for_search(
        &self,
        subject: &Subject,
        now: Timestamp,
        has: &dyn Fn(u64, &[u8; 32]) -> bool,
    ) -> Result<Option<(Member, Timestamp)>, VaultError> {
        let Some((dossier, ends, run)) = self.searchable(subject, now)? else {
            return Ok(None);
        };
        let (number, mark) = (subject.row.number, mark(subject, &dossier));
        if has(number, &mark) {
            let member = Member {
                number,
                mark,
                references: None,
            };
            return Ok(Some((member, ends)));
        }
        let unlocked = self.unlock(subject, None)?;
        let opened = dossier
            .records
            .iter()
            .map(|row| self.open_record(&unlocked, &run, row));
        let member = Member {
            number,
            mark,
            references: Some(opened.collect::<Result<_, _>>()?),
        };
        Ok(Some((member, ends)))
    }

    /// The member of a collection with a number, unlocked.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when it is gone or not the operator's to unlock; others when the store
    /// fails.
    pub fn member(&self, collection: &Collection, number: u64) -> Result<Unlocked, VaultError> {
        let unknown = || VaultError::Unknown { what: "subject" };
        let before = number.checked_sub(1).ok_or_else(unknown)?;
        let rows = self.store.subjects(Some(collection.number), before, 1)?;
        let row = rows.into_iter().find(|row| row.number == number);
        let subject = self.load(row.ok_or_else(unknown)?)?.ok_or_else(unknown)?;
        if subject.kind != SubjectKind::OperatorKey {
            return Err(unknown());
        }
        self.unlock(&subject, None)
    }

    /// The settings of a collection, as they were set; bytes that the vault does not understand.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or they do not open.
    pub fn settings_of(&self, collection: &Collection) -> Result<Option<Vec<u8>>, VaultError> {
        let (slot, key) = self.settings_slot(collection)?;
        let Some(sealed) = self.store.attempt(&slot)? else {
            return Ok(None);
        };
        let corrupt = VaultError::Corrupt {
            what: "collection settings",
        };
        let Ok(plain) = seal::open(&key, &settings_aad(&slot), &sealed) else {
            return Err(corrupt);
        };
        match plain.split_first() {
            Some((length, rest)) if usize::from(*length) <= rest.len() => {
                Ok(rest.get(..usize::from(*length)).map(<[u8]>::to_vec))
            }
            _ => Err(corrupt),
        }
    }

    /// Sets the settings of a collection. The audit log records that, with `detail`, in the same transaction.
    ///
    /// # Errors
    /// [`VaultError::Limit`] above [`MAX_SETTINGS`]; others when the store fails.
    pub fn set_settings(
        &self,
        collection: &Collection,
        settings: &[u8],
        detail: u64,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        self.tick(now)?;
        if settings.len() > MAX_SETTINGS {
            return Err(VaultError::Limit {
                what: "collection settings",
                got: settings.len() as u64,
                max: MAX_SETTINGS as u64,
            });
        }
        let mut plain = [0; MAX_SETTINGS + 1];
        plain[0] = settings.len() as u8;
        plain[1..=settings.len()].copy_from_slice(settings);
        let (slot, key) = self.settings_slot(collection)?;
        for _ in 0..64 {
            let from = self.store.attempt(&slot)?;
            let to = seal::seal(&key, &*self.random, &settings_aad(&slot), &plain)?;
            let change = Change {
                edits: vec![Edit::SwapAttempt {
                    slot,
                    from,
                    to: Some(to),
                }],
                events: vec![self.own_event(EventKind::CollectionSet, detail, now)?],
                ..Change::default()
            };
            match self.commit(change) {
                Ok(done) => return Ok(done.first_leaf),
                Err(StoreError::Conflict(Conflict::Attempt)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict(Conflict::Attempt).into())
    }

    fn settings_slot(
        &self,
        collection: &Collection,
    ) -> Result<([u8; 32], crate::secret::Secret), VaultError> {
        self.with_tenant(collection.tenant, |keys| {
            Ok((keys.settings_slot(&collection.id), keys.attempts.clone()))
        })
    }
}

fn settings_aad(slot: &[u8; 32]) -> Vec<u8> {
    [b"countenance settings v1", &slot[..]].concat()
}
