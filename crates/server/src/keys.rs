//! Keys of the platform, kept as digests.

use countenance_api::{KeyEntry, Scope};
use countenance_core::vault::{Name, Random, RandomError, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

/// The file in the data folder.
const FILE: &str = "keys.db";
/// What a key begins with, so that one is recognized where it does not belong.
const PREFIX: &str = "countenance_";
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS api_key (
        id TEXT PRIMARY KEY,
        digest BLOB NOT NULL,
        tenant TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created INTEGER NOT NULL,
        expires INTEGER
    ) STRICT;
    PRAGMA user_version = 1;";
const COLUMNS: &str = "id, tenant, scopes, created, expires";

/// The keys of a data folder: of each its SHA-256, tenant, scopes and dates, and never the key.
///
/// It is a small SQLite file of mode 0600 beside the vault's. Several processes may have it open: a key that is
/// made or revoked on the command line holds at once in a server that runs on the folder.
pub struct KeyStore {
    database: Mutex<Connection>,
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
    /// The file.
    #[error("{path} cannot be made private", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is of a newer program.
    #[error("{FILE} has version {got}, expected 1")]
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
    /// SQLite.
    #[error("{FILE} cannot be read or written")]
    Store(#[from] rusqlite::Error),
}

impl KeyStore {
    /// Opens the keys of a data folder, made if they are not there.
    ///
    /// # Errors
    /// [`KeyStoreError`] when the file cannot be made, opened or read.
    pub fn open(folder: &Path) -> Result<Self, KeyStoreError> {
        let path = folder.join(FILE);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // SQLite gives its log files the mode of the database.
        options.open(&path).map_err(|source| KeyStoreError::File {
            path: path.clone(),
            source,
        })?;
        let database = Connection::open(&path)?;
        database.busy_timeout(Duration::from_secs(5))?;
        database.pragma_update(None, "journal_mode", "WAL")?;
        database.pragma_update(None, "synchronous", "FULL")?;
        database.pragma_update(None, "secure_delete", "ON")?;
        let version: i64 = database.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            0 => database.execute_batch(SCHEMA)?,
            1 => {}
            got => return Err(KeyStoreError::Newer { got }),
        }
        Ok(Self {
            database: Mutex::new(database),
        })
    }

    /// Makes a key.
    ///
    /// # Errors
    /// [`KeyStoreError`] when there are no scopes or random bytes, or the file cannot be written.
    pub fn create(
        &self,
        random: &dyn Random,
        tenant: &Name,
        scopes: &[Scope],
        now: Timestamp,
        expires: Option<Timestamp>,
    ) -> Result<NewKey, KeyStoreError> {
        if scopes.is_empty() {
            return Err(KeyStoreError::NoScope);
        }
        let (mut id, mut secret) = ([0; ID_BYTES], Zeroizing::new([0; SECRET_BYTES]));
        random.fill(&mut id)?;
        random.fill(&mut secret[..])?;
        let id = hex(&id);
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        scopes.dedup();
        let key = Zeroizing::new(format!(
            "{PREFIX}{id}_{}",
            *Zeroizing::new(hex(&secret[..]))
        ));
        let entry = KeyEntry {
            id,
            tenant: tenant.as_str().to_owned(),
            scopes,
            created: now.unix(),
            expires: expires.map(Timestamp::unix),
        };
        let names: Vec<&str> = entry.scopes.iter().map(|scope| scope.name()).collect();
        self.database().execute(
            "INSERT INTO api_key (id, digest, tenant, scopes, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
            rusqlite::params![
                entry.id,
                digest(&key).as_slice(),
                entry.tenant,
                names.join(" "),
                entry.created.cast_signed(),
                entry.expires.map(u64::cast_signed),
            ],
        )?;
        Ok(NewKey { key, entry })
    }

    /// The entry of a key that is presented, if it is known and has not expired.
    ///
    /// # Errors
    /// [`KeyStoreError`] when the file cannot be read.
    pub fn find(&self, presented: &str, now: Timestamp) -> Result<Option<KeyEntry>, KeyStoreError> {
        let id = presented
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'))
            .map(|(id, _)| id)
            .filter(|id| id.len() == 2 * ID_BYTES);
        let Some(id) = id else { return Ok(None) };
        let sql = format!("SELECT {COLUMNS}, digest FROM api_key WHERE id = ?");
        let database = self.database();
        let mut statement = database.prepare_cached(&sql)?;
        let found = statement
            .query_row([id], |row| Ok((entry(row)?, row.get::<_, Vec<u8>>(5)?)))
            .optional()?;
        Ok(found.and_then(|(entry, kept)| {
            let same: bool = kept.ct_eq(digest(presented).as_slice()).into();
            let expired = entry.expires.is_some_and(|expires| expires <= now.unix());
            (same && !expired).then_some(entry)
        }))
    }

    /// The keys of a tenant, or of all, oldest first.
    ///
    /// # Errors
    /// [`KeyStoreError`] when the file cannot be read.
    pub fn list(&self, tenant: Option<&str>) -> Result<Vec<KeyEntry>, KeyStoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM api_key WHERE ?1 IS NULL OR tenant = ?1 ORDER BY created, id"
        );
        let database = self.database();
        let mut statement = database.prepare_cached(&sql)?;
        let rows = statement.query_map([tenant], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Revokes a key, of a tenant or of any. Says whether there was one.
    ///
    /// # Errors
    /// [`KeyStoreError`] when the file cannot be written.
    pub fn revoke(&self, tenant: Option<&str>, id: &str) -> Result<bool, KeyStoreError> {
        let gone = self.database().execute(
            "DELETE FROM api_key WHERE id = ?1 AND (?2 IS NULL OR tenant = ?2)",
            rusqlite::params![id, tenant],
        )?;
        Ok(gone > 0)
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
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

fn entry(row: &Row<'_>) -> rusqlite::Result<KeyEntry> {
    let scopes: String = row.get(2)?;
    // A scope of a newer program is none that this one could grant.
    let scopes = scopes
        .split(' ')
        .filter_map(|name| name.parse().ok())
        .collect();
    Ok(KeyEntry {
        id: row.get(0)?,
        tenant: row.get(1)?,
        scopes,
        created: row.get::<_, i64>(3)?.cast_unsigned(),
        expires: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
    })
}

#[cfg(test)]
mod tests {
    use super::KeyStore;
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
        let expires = Some(now().plus(60));
        let made = store
            .create(&SystemRandom, &acme, &scopes, now(), expires)
            .unwrap();
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
