//! Keys of the platform, kept as digests; how often they were used; and answers that may be asked for again.

mod answers;
mod compat;
mod kept;
mod logged;
#[cfg(feature = "postgres")]
mod postgres;
mod quota;
mod sql;
mod sqlite;
mod uuid;

pub(crate) use answers::{Answers, Begun, KEPT_S};
pub use logged::KeyError;
pub(crate) use quota::Quotas;
pub(crate) use uuid::Uuid;

use countenance_api::{CompatKey, KeyEntry, Scope};
use countenance_core::vault::{Name, Random, RandomError, Timestamp};
use sha2::{Digest as _, Sha256};
use sql::{Cell, Cells, Sql, Value};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

/// What a key begins with, so that one is recognized where it does not belong.
const PREFIX: &str = "countenance_";
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// The keys of a vault: of each its SHA-256, tenant, scopes, limits and dates, and never the key.
///
/// They are in a small SQLite file of mode 0600 in the data folder, which several processes may have open; or in
/// PostgreSQL, where all nodes share them. A key that is made or revoked in one place holds at once in all.
#[derive(Clone)]
pub struct KeyStore {
    sql: Arc<dyn Sql>,
}

/// A key that is to be made.
#[derive(Clone, Debug)]
pub struct KeyOrder {
    /// Whose people it reaches.
    pub tenant: Name,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it expires; never where there is nothing.
    pub expires: Option<Timestamp>,
    /// Requests per second; as the server is set where there is nothing.
    pub rate: Option<u32>,
    /// Requests per day (UTC); any number where there is nothing.
    pub daily: Option<u32>,
    /// The service of another product's protocol that it stands for; its scopes follow from that.
    pub compat: Option<CompatKey>,
}

/// A key that was just made.
pub struct NewKey {
    /// The key itself: 256 random bits behind its id. It is kept nowhere.
    pub key: Zeroizing<String>,
    /// What is kept.
    pub entry: KeyEntry,
}

/// The keys cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// A row is not one.
    #[error("a key in the store is damaged")]
    Damaged,
    /// The file.
    #[error("{path} cannot be made private", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The tables are of a newer program.
    #[error("the keys have version {got}, expected {VERSION}", VERSION = sql::VERSION)]
    Newer {
        /// Version found.
        got: i64,
    },
    /// A key without scopes could do nothing.
    #[error("key has no scope")]
    NoScope,
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    #[error("the keys in the database cannot be read or written")]
    Shared(#[from] ::postgres::Error),
    /// SQLite.
    #[error("keys.db cannot be read or written")]
    Store(#[from] rusqlite::Error),
}

impl KeyOrder {
    /// A key for a tenant with these scopes, without limits of its own.
    #[must_use]
    pub fn new(tenant: Name, scopes: &[Scope]) -> Self {
        Self {
            tenant,
            scopes: scopes.to_vec(),
            expires: None,
            rate: None,
            daily: None,
            compat: None,
        }
    }

    /// A key of another product's protocol.
    #[must_use]
    pub fn compat(tenant: Name, key: CompatKey) -> Self {
        let scopes = compat::scopes(key.service);
        Self {
            compat: Some(key),
            ..Self::new(tenant, scopes)
        }
    }

    /// An id, which the audit log can name before the key is made.
    ///
    /// # Errors
    /// [`RandomError`] without random bytes.
    pub fn id(random: &dyn Random) -> Result<u64, RandomError> {
        let mut id = [0; ID_BYTES];
        random.fill(&mut id)?;
        Ok(u64::from_le_bytes(id))
    }
}

impl KeyStore {
    /// Opens the keys of a data folder, made if they are not there.
    ///
    /// # Errors
    /// [`KeyStoreError`] when the file cannot be made, opened or read.
    pub fn open(folder: &Path) -> Result<Self, KeyStoreError> {
        Ok(Self {
            sql: Arc::new(sqlite::Embedded::open(folder)?),
        })
    }

    /// Opens the keys in a PostgreSQL database, made if they are not there.
    ///
    /// # Errors
    /// [`KeyStoreError`] when the database cannot be reached, read or written.
    #[cfg(feature = "postgres")]
    pub fn connect(connection: &str) -> Result<Self, KeyStoreError> {
        Ok(Self {
            sql: Arc::new(postgres::Shared::connect(connection)?),
        })
    }

    /// Whether a look-up takes microseconds, so that nobody need wait for it elsewhere.
    pub(crate) fn is_near(&self) -> bool {
        self.sql.is_near()
    }

    /// Makes a key of this id.
    ///
    /// # Errors
    /// [`KeyStoreError`] when there are no scopes or random bytes, or the store cannot be written.
    pub fn create(
        &self,
        random: &dyn Random,
        id: u64,
        order: &KeyOrder,
        now: Timestamp,
    ) -> Result<NewKey, KeyStoreError> {
        if order.scopes.is_empty() {
            return Err(KeyStoreError::NoScope);
        }
        let id = format!("{id:016x}");
        let mut scopes = order.scopes.clone();
        scopes.sort_unstable();
        scopes.dedup();
        let key = match &order.compat {
            None => {
                let mut secret = Zeroizing::new([0; SECRET_BYTES]);
                random.fill(&mut secret[..])?;
                let secret = Zeroizing::new(hex(&secret[..]));
                Zeroizing::new(format!("{PREFIX}{id}_{}", *secret))
            }
            Some(_) => compat::new_key(random)?,
        };
        let entry = KeyEntry {
            id,
            tenant: order.tenant.as_str().to_owned(),
            scopes,
            created: now.unix(),
            expires: order.expires.map(Timestamp::unix),
            rate: order.rate,
            daily: order.daily,
            compat: order.compat.clone(),
        };
        let compat = entry.compat.as_ref().map(serde_json::to_string);
        let compat = compat.transpose().map_err(|_| KeyStoreError::Damaged)?;
        let names: Vec<&str> = entry.scopes.iter().map(|scope| scope.name()).collect();
        self.sql.run(
            sql::ADD_KEY,
            &[
                Value::Text(&entry.id),
                Value::Bytes(&digest(&key)),
                Value::Text(&entry.tenant),
                Value::Text(&names.join(" ")),
                Value::Int(entry.created.cast_signed()),
                Value::MaybeInt(entry.expires.map(u64::cast_signed)),
                Value::MaybeInt(entry.rate.map(i64::from)),
                Value::MaybeInt(entry.daily.map(i64::from)),
                Value::MaybeText(compat.as_deref()),
            ],
        )?;
        Ok(NewKey { key, entry })
    }

    /// The entry of a key that is presented, if it is known and has not expired.
    ///
    /// # Errors
    /// [`KeyStoreError`] when the store cannot be read.
    pub fn find(&self, presented: &str, now: Timestamp) -> Result<Option<KeyEntry>, KeyStoreError> {
        let id = presented
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'))
            .map(|(id, _)| id)
            .filter(|id| id.len() == 2 * ID_BYTES && id.bytes().all(|at| at.is_ascii_hexdigit()));
        let Some(id) = id else { return Ok(None) };
        let found = self.sql.rows(sql::FIND_KEY, &[Value::Text(id)])?;
        Self::checked(found, presented, now)
    }

    /// The same of a key that is a UUID, of another product's protocol.
    pub(crate) fn find_compat(
        &self,
        presented: &Uuid,
        now: Timestamp,
    ) -> Result<Option<KeyEntry>, KeyStoreError> {
        let presented = Zeroizing::new(presented.to_string());
        // Whoever could turn the digest around would not have to look it up.
        let found = self
            .sql
            .rows(sql::FIND_DIGEST, &[Value::Bytes(&digest(&presented))])?;
        let found = Self::checked(found, &presented, now)?;
        Ok(found.filter(|entry| entry.compat.is_some()))
    }

    fn checked(
        mut found: Vec<Cells>,
        presented: &str,
        now: Timestamp,
    ) -> Result<Option<KeyEntry>, KeyStoreError> {
        let Some(mut cells) = found.pop() else {
            return Ok(None);
        };
        let kept = cells.pop().ok_or(KeyStoreError::Damaged)?.bytes()?;
        let entry = entry(cells)?;
        let same: bool = kept.ct_eq(digest(presented).as_slice()).into();
        let expired = entry.expires.is_some_and(|expires| expires <= now.unix());
        Ok((same && !expired).then_some(entry))
    }

    /// The keys of a tenant, or of all, oldest first.
    ///
    /// # Errors
    /// [`KeyStoreError`] when the store cannot be read.
    pub fn list(&self, tenant: Option<&str>) -> Result<Vec<KeyEntry>, KeyStoreError> {
        let rows = match tenant {
            Some(tenant) => self.sql.rows(sql::KEYS_OF, &[Value::Text(tenant)])?,
            None => self.sql.rows(sql::ALL_KEYS, &[])?,
        };
        rows.into_iter().map(entry).collect()
    }

    /// Revokes a key, of a tenant or of any. Says whether there was one.
    ///
    /// # Errors
    /// [`KeyStoreError`] when the store cannot be written.
    pub fn revoke(&self, tenant: Option<&str>, id: &str) -> Result<bool, KeyStoreError> {
        let gone = match tenant {
            Some(tenant) => {
                let values = [Value::Text(id), Value::Text(tenant)];
                self.sql.run(sql::REMOVE_KEY_OF, &values)?
            }
            None => self.sql.run(sql::REMOVE_KEY, &[Value::Text(id)])?,
        };
        if gone > 0 {
            self.sql.run(sql::REMOVE_USES, &[])?;
        }
        Ok(gone > 0)
    }
}

impl std::fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyStore(..)")
    }
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey")
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}

/// A key has 256 random bits: a fast digest is as hard to turn around as a slow one.
fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn entry(cells: Cells) -> Result<KeyEntry, KeyStoreError> {
    let damaged = |_| KeyStoreError::Damaged;
    let cells: [Cell; 8] = cells.try_into().map_err(damaged)?;
    let [id, tenant, scopes, created, expires, rate, daily, compat] = cells;
    let limit = |cell: Cell| {
        let value = cell.some().map(Cell::int).transpose()?;
        let value = value.map(u32::try_from).transpose();
        value.map_err(|_| KeyStoreError::Damaged)
    };
    // A scope of a newer program is none that this one could grant.
    let scopes = scopes.text()?;
    let scopes = scopes.split(' ').filter_map(|name| name.parse().ok());
    let expires = expires.some().map(Cell::int).transpose()?;
    Ok(KeyEntry {
        id: id.text()?,
        tenant: tenant.text()?,
        scopes: scopes.collect(),
        created: created.int()?.cast_unsigned(),
        expires: expires.map(i64::cast_unsigned),
        rate: limit(rate)?,
        daily: limit(daily)?,
        compat: match compat.some().map(Cell::text).transpose()? {
            None => None,
            Some(text) => Some(serde_json::from_str(&text).map_err(|_| KeyStoreError::Damaged)?),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{KeyOrder, KeyStore};
    use countenance_api::Scope;
    use countenance_core::vault::{Name, SystemRandom, Timestamp};

    fn now() -> Timestamp {
        Timestamp::from_unix(1_800_000_000)
    }

    #[test]
    fn a_key_is_found_until_it_expires_or_is_revoked_and_kept_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let store = KeyStore::open(folder.path()).unwrap();
        let acme = Name::new("acme").unwrap();
        let scopes = [Scope::Verify, Scope::Compare, Scope::Verify];
        let order = KeyOrder {
            expires: Some(now().plus(60)),
            rate: Some(7),
            ..KeyOrder::new(acme, &scopes)
        };
        let id = KeyOrder::id(&SystemRandom).unwrap();
        let made = store.create(&SystemRandom, id, &order, now()).unwrap();
        assert_eq!(made.entry.scopes, [Scope::Compare, Scope::Verify]);
        // A second process sees it at once.
        let other = KeyStore::open(folder.path()).unwrap();
        let found = other.find(&made.key, now()).unwrap();
        assert_eq!(found.as_ref(), Some(&made.entry));
        assert_eq!(other.find(&made.key, now().plus(60)).unwrap(), None);
        let wrong = format!("{}0", &made.key[..made.key.len() - 1]);
        let altered = if wrong == *made.key {
            format!("{}1", &wrong[..wrong.len() - 1])
        } else {
            wrong
        };
        for key in [altered.as_str(), "", "countenance_", &made.entry.id] {
            assert_eq!(other.find(key, now()).unwrap(), None, "{key}");
        }
        let secret = made.key.rsplit('_').next().unwrap().as_bytes();
        let mut seen_id = false;
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
            assert!(!holds(secret), "the key itself is on the disk");
            seen_id |= holds(made.entry.id.as_bytes());
        }
        assert!(seen_id, "the search finds what is there");
        assert!(!other.revoke(Some("other"), &made.entry.id).unwrap());
        assert!(other.revoke(Some("acme"), &made.entry.id).unwrap());
        assert_eq!(store.find(&made.key, now()).unwrap(), None);
    }

    #[test]
    fn keys_of_the_first_version_still_hold() {
        let folder = tempfile::tempdir().unwrap();
        let old = rusqlite::Connection::open(folder.path().join("keys.db")).unwrap();
        old.execute_batch(super::sql::KEYS).unwrap();
        let key = format!("countenance_0011223344556677_{}", "ab".repeat(32));
        let row = "INSERT INTO api_key VALUES ('0011223344556677', ?, 'acme', 'verify', 5, NULL)";
        old.execute(row, [super::digest(&key).as_slice()]).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        drop(old);
        let store = KeyStore::open(folder.path()).unwrap();
        let found = store.find(&key, now()).unwrap().unwrap();
        assert_eq!((found.scopes, found.rate), (vec![Scope::Verify], None));
        // And a newer one is refused as it is.
        let new = rusqlite::Connection::open(folder.path().join("keys.db")).unwrap();
        new.pragma_update(None, "user_version", 4).unwrap();
        assert!(KeyStore::open(folder.path()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let store = KeyStore::open(folder.path()).unwrap();
        assert!(store.list(None).unwrap().is_empty());
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", file.file_name());
        }
    }
}
