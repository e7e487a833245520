//! What a subject is, locked and unlocked.

use super::Collection;
use crate::error::{HolderError, VaultError};
use crate::ident::{ExternalId, KeyId, Pseudonym, Timestamp};
use crate::random::Random;
use crate::seal;
use crate::secret::{HolderPart, Secret};
use crate::store::SubjectRow;
use zeroize::Zeroizing;

const SHORT_ID: usize = 54;
const SHORT_PROFILE: usize = 64;
const LONG_PROFILE: usize = 216;

/// Who holds the key of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubjectKind {
    /// The operator alone.
    OperatorKey,
    /// The operator one part, the holder the other: neither opens anything alone.
    HolderBound,
}

impl SubjectKind {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::OperatorKey => 0,
            Self::HolderBound => 1,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::OperatorKey),
            1 => Some(Self::HolderBound),
            _ => None,
        }
    }
}

/// A subject that exists, locked: its row and the server part of its key.
#[derive(Clone, Debug)]
pub struct Subject {
    pub(crate) collection: Collection,
    pub(crate) row: SubjectRow,
    pub(crate) kind: SubjectKind,
    pub(crate) server_part: Secret,
}

/// What an external id leads to: a subject, or nothing that looks no different from outside.
#[derive(Clone, Debug)]
pub struct Target {
    pub(crate) collection: Collection,
    pub(crate) pseudonym: [u8; 32],
    pub(crate) subject: Option<Subject>,
}

/// A subject whose data can be read and written: for a holder-bound one the holder part was
/// given and is the right one.
#[derive(Clone, Debug)]
pub struct Unlocked {
    pub(crate) subject: Subject,
    pub(crate) body: Secret,
    pub(crate) ledger: Secret,
    pub(crate) external_id: ExternalId,
    pub(crate) created: Timestamp,
}

/// A subject in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What stands for it in the store.
    pub pseudonym: Pseudonym,
    /// Who holds its key.
    pub kind: SubjectKind,
    /// Its external id; never for a holder-bound subject.
    pub external_id: Option<ExternalId>,
    /// Whether its key or its profile does not open: it can be erased, and nothing else.
    pub damaged: bool,
    /// Day of last use, counted from 1970-01-01.
    pub used_day: u32,
    /// Where the next page begins.
    pub number: u64,
}

impl Subject {
    /// What stands for it in the store.
    #[must_use]
    pub fn pseudonym(&self) -> Pseudonym {
        Pseudonym(self.row.pseudonym)
    }

    /// The name of its key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        KeyId(self.row.key_id)
    }

    /// Who holds its key.
    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        self.kind
    }

    /// What its id leads to.
    #[must_use]
    pub fn target(&self) -> Target {
        Target {
            collection: self.collection,
            pseudonym: self.row.pseudonym,
            subject: Some(self.clone()),
        }
    }

    fn context(&self) -> Vec<u8> {
        [&self.owner()[..], &self.row.key_id, &[self.kind.code()]].concat()
    }

    /// tenant id, collection id, pseudonym.
    pub(crate) fn owner(&self) -> [u8; 64] {
        let mut out = [0; 64];
        out[..16].copy_from_slice(&self.collection.tenant_id);
        out[16..32].copy_from_slice(&self.collection.id);
        out[32..].copy_from_slice(&self.row.pseudonym);
        out
    }

    pub(crate) fn ledger_key(&self) -> Secret {
        let info = [&b"countenance ledger v1"[..], &self.context()];
        seal::derive(self.server_part.expose(), &[], &info)
    }

    pub(crate) fn body_key(&self, holder: Option<&HolderPart>) -> Result<Secret, HolderError> {
        let holder = match (self.kind, holder) {
            (SubjectKind::OperatorKey, None) => &[],
            (SubjectKind::HolderBound, Some(part)) => part.bytes(),
            (SubjectKind::OperatorKey, Some(_)) => return Err(HolderError::Unexpected),
            (SubjectKind::HolderBound, None) => return Err(HolderError::Missing),
        };
        let info = [&b"countenance body v1"[..], &self.context()];
        Ok(seal::derive(self.server_part.expose(), holder, &info))
    }

    fn profile_aad(&self) -> Vec<u8> {
        [b"countenance profile v1", &self.context()[..]].concat()
    }

    pub(super) fn open_profile(&self, body: &Secret) -> Option<(ExternalId, Timestamp)> {
        let plain = seal::open(body, &self.profile_aad(), &self.row.profile).ok()?;
        let created = u64::from_le_bytes(*plain.first_chunk()?);
        let length = usize::from(u16::from_le_bytes(*plain.get(8..)?.first_chunk()?));
        let id = std::str::from_utf8(plain.get(10..10 + length)?).ok()?;
        Some((ExternalId::new(id).ok()?, Timestamp::from_unix(created)))
    }

    pub(crate) fn seal_profile(
        &self,
        random: &dyn Random,
        body: &Secret,
        id: &ExternalId,
        created: Timestamp,
    ) -> Result<Vec<u8>, VaultError> {
        let id = id.as_str().as_bytes();
        let size = if id.len() <= SHORT_ID {
            SHORT_PROFILE
        } else {
            LONG_PROFILE
        };
        let mut plain = Zeroizing::new(vec![0; size]);
        plain[..8].copy_from_slice(&created.unix().to_le_bytes());
        plain[8..10].copy_from_slice(&(id.len() as u16).to_le_bytes());
        plain[10..10 + id.len()].copy_from_slice(id);
        Ok(seal::seal(body, random, &self.profile_aad(), &plain)?)
    }

    /// The key for events when the holder part is not at hand.
    pub(crate) fn event_key(&self) -> Secret {
        self.body_key(None).unwrap_or_else(|_| self.ledger_key())
    }
}

impl Target {
    /// The subject, if there is one.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// The same id as if nobody had it.
    #[must_use]
    pub fn without_subject(self) -> Self {
        Self {
            subject: None,
            ..self
        }
    }

    /// What would stand for the id in the store; good for logs.
    #[must_use]
    pub fn pseudonym(&self) -> Pseudonym {
        Pseudonym(self.pseudonym)
    }
}

impl Subject {
    /// What names its key, and by that what is sealed under it: its number in this vault and the id of the key.
    #[must_use]
    pub fn key_name(&self) -> [u8; 24] {
        let mut name = [0; 24];
        name[..8].copy_from_slice(&self.row.number.to_le_bytes());
        name[8..].copy_from_slice(&self.row.key_id);
        name
    }
}

impl Unlocked {
    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What the caller calls it.
    #[must_use]
    pub fn external_id(&self) -> &ExternalId {
        &self.external_id
    }

    /// When it was added.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.created
    }
}
