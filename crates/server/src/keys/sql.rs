//! The tables of the platform and what is said to them: one statement each, in words that both databases know.

use super::KeyStoreError;

/// A value that goes into a statement.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Bytes(&'a [u8]),
    Int(i64),
    MaybeInt(Option<i64>),
    MaybeText(Option<&'a str>),
    Text(&'a str),
}

/// A row that comes out of one: text, whole numbers and bytes, each perhaps missing.
pub(super) type Cells = Vec<Cell>;

/// A value that comes out of a statement.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Bytes(Vec<u8>),
    Int(i64),
    None,
    Text(String),
}

/// A database. Each call is one statement and one transaction, durable when it returns.
pub(super) trait Sql: Send + Sync {
    /// Runs a statement; returns how many rows it changed.
    fn run(&self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, KeyStoreError>;

    /// Runs a query.
    fn rows(&self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Cells>, KeyStoreError>;

    /// Whether an answer takes microseconds, so that nobody need wait for it elsewhere.
    fn is_near(&self) -> bool;
}

/// The version of these tables.
pub(super) const VERSION: i64 = 3;

/// What version 1 had.
pub(super) const KEYS: &str = "
CREATE TABLE api_key (
    id TEXT PRIMARY KEY, digest BLOB NOT NULL, tenant TEXT NOT NULL, scopes TEXT NOT NULL,
    created INTEGER NOT NULL, expires INTEGER
);";

/// What version 2 added: settings of keys, how often they were used, answers that may be asked for again.
pub(super) const USES_AND_ANSWERS: &str = "
ALTER TABLE api_key ADD COLUMN rate INTEGER;
ALTER TABLE api_key ADD COLUMN daily INTEGER;
CREATE TABLE key_use (id TEXT PRIMARY KEY, day INTEGER NOT NULL, used INTEGER NOT NULL);
CREATE TABLE answer (
    slot BLOB PRIMARY KEY, owner BLOB NOT NULL, request BLOB NOT NULL,
    begun INTEGER NOT NULL, expires INTEGER NOT NULL, sealed BLOB
);
CREATE INDEX answer_owner ON answer (owner, begun);
CREATE INDEX answer_expires ON answer (expires);";

/// What version 3 added: keys of other products' protocols, and the pictures that those have kept.
pub(super) const COMPAT_AND_KEPT: &str = "
ALTER TABLE api_key ADD COLUMN compat TEXT;
CREATE INDEX api_key_digest ON api_key (digest);
CREATE TABLE kept (image BLOB PRIMARY KEY, subject BLOB NOT NULL, sealed BLOB NOT NULL);
CREATE INDEX kept_subject ON kept (subject);";

pub(super) const ADD_KEY: &str = "INSERT INTO api_key \
    (id, digest, tenant, scopes, created, expires, rate, daily, compat) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
pub(super) const FIND_KEY: &str = "SELECT id, tenant, scopes, created, expires, rate, daily, compat, digest \
    FROM api_key WHERE id = $1";
pub(super) const FIND_DIGEST: &str = "SELECT id, tenant, scopes, created, expires, rate, daily, compat, digest \
    FROM api_key WHERE digest = $1";
pub(super) const ALL_KEYS: &str = "SELECT id, tenant, scopes, created, expires, rate, daily, compat \
    FROM api_key ORDER BY created, id";
pub(super) const KEYS_OF: &str = "SELECT id, tenant, scopes, created, expires, rate, daily, compat \
    FROM api_key WHERE tenant = $1 ORDER BY created, id";
pub(super) const REMOVE_KEY: &str = "DELETE FROM api_key WHERE id = $1";
pub(super) const REMOVE_KEY_OF: &str = "DELETE FROM api_key WHERE id = $1 AND tenant = $2";
pub(super) const KEEP: &str = "INSERT INTO kept (image, subject, sealed) VALUES ($1, $2, $3) \
    ON CONFLICT (image) DO UPDATE SET subject = excluded.subject, sealed = excluded.sealed";
pub(super) const FIND_KEPT: &str = "SELECT sealed FROM kept WHERE image = $1";
pub(super) const REMOVE_KEPT: &str = "DELETE FROM kept WHERE image = $1";
pub(super) const REMOVE_KEPT_OF: &str = "DELETE FROM kept WHERE subject = $1";
pub(super) const KEPT_SUBJECTS: &str = "SELECT DISTINCT subject FROM kept";
pub(super) const REMOVE_USES: &str = "DELETE FROM key_use WHERE id NOT IN (SELECT id FROM api_key)";

/// Takes `$3` requests of day `$2` if no more than `$4` are used then. A day that has passed begins anew; a node
/// whose clock is behind counts into the newer day.
pub(super) const TAKE: &str = "INSERT INTO key_use (id, day, used) VALUES ($1, $2, $3) \
    ON CONFLICT (id) DO UPDATE SET \
    used = CASE WHEN key_use.day >= excluded.day THEN key_use.used ELSE 0 END + excluded.used, \
    day = CASE WHEN key_use.day >= excluded.day THEN key_use.day ELSE excluded.day END \
    WHERE CASE WHEN key_use.day >= excluded.day THEN key_use.used ELSE 0 END + excluded.used <= $4";

/// Notes that a request was begun, if there is none in the slot or it has expired.
pub(super) const BEGIN: &str = "INSERT INTO answer (slot, owner, request, begun, expires, sealed) \
    VALUES ($1, $2, $3, $4, $5, NULL) ON CONFLICT (slot) DO UPDATE SET owner = excluded.owner, \
    request = excluded.request, begun = excluded.begun, expires = excluded.expires, sealed = NULL \
    WHERE answer.expires <= excluded.begun";
pub(super) const FIND_ANSWER: &str = "SELECT request, begun, sealed FROM answer WHERE slot = $1";
/// What was begun before this server had the folder ended with the server before it.
pub(super) const ABANDON: &str = "UPDATE answer SET begun = 0 WHERE sealed IS NULL";
pub(super) const FINISH: &str = "UPDATE answer SET sealed = $2, expires = $3 WHERE slot = $1";
pub(super) const FORGET: &str = "DELETE FROM answer WHERE slot = $1";
pub(super) const FORGET_EXPIRED: &str = "DELETE FROM answer WHERE expires <= $1";
/// Keeps the newest `$2` answers of an owner.
pub(super) const FORGET_MANY: &str = "DELETE FROM answer WHERE owner = $1 AND begun < \
    (SELECT begun FROM answer WHERE owner = $1 ORDER BY begun DESC LIMIT 1 OFFSET $2)";

impl Cell {
    pub(super) fn text(self) -> Result<String, KeyStoreError> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(KeyStoreError::Damaged),
        }
    }

    pub(super) fn int(self) -> Result<i64, KeyStoreError> {
        match self {
            Self::Int(value) => Ok(value),
            _ => Err(KeyStoreError::Damaged),
        }
    }

    pub(super) fn bytes(self) -> Result<Vec<u8>, KeyStoreError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(KeyStoreError::Damaged),
        }
    }

    pub(super) fn some(self) -> Option<Self> {
        (!matches!(self, Self::None)).then_some(self)
    }
}
