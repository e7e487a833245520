//! The embedded store: two SQLite databases in one folder.

mod connection;
mod schema;
mod writer;

use self::connection::{Access, Connected};
use super::group::{Work, Writer};
use super::sql::{self, Sql};
use super::{
    Change, Committed, Contents, DataHead, DeletionRow, Dossier, EventRow, Half, KeyChange, KeyRow,
    KeyringHead, KeysCommitted, LogPage, Making, Origin, PaymentPlace, PaymentRow, Row, Store,
    StoreError, SubjectRow,
};
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Oldest SQLite without the bug that could lose commits when a WAL is reset.
const OLDEST: i32 = 3_051_003;

/// How a commit reaches the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A commit is on the disk before it is answered.
    #[default]
    Full,
    /// A power cut may lose answered commits. Only for measuring what [`Durability::Full`] costs
    /// and for showing that the power-cut test notices the loss.
    DangerousNormal,
}

/// One database: connections for reading and a thread that writes.
struct Database<W: Work> {
    path: PathBuf,
    keyring: bool,
    durability: Durability,
    readers: Mutex<Vec<Connected>>,
    writer: Writer<W>,
}

/// Two SQLite databases, `data.db` and `keyring.db`, in a folder of their own.
///
/// One thread per database writes; commits that wait for the disk together share one sync. A
/// lock file keeps a second process out. Freed pages are overwritten (`secure_delete`), and the
/// keyring's log is truncated before the destruction of a key is answered.
pub struct SqliteStore {
    data: Database<Change>,
    keyring: Database<KeyChange>,
    _lock: FolderLock,
}

impl<W: Work> Database<W> {
    fn new(path: PathBuf, keyring: bool, durability: Durability) -> Self {
        let (readers, writer) = (Mutex::new(Vec::new()), Writer::default());
        Self {
            path,
            keyring,
            durability,
            readers,
            writer,
        }
    }

    /// Reads within one transaction.
    fn read<T>(
        &self,
        read: impl FnOnce(&mut dyn Sql) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with_reader(|connected| connected.within(read))
    }

    /// Reads with one statement, without the cost of a transaction around it.
    fn look_up<T>(
        &self,
        read: impl FnOnce(&mut dyn Sql) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with_reader(|connected| connected.alone(read))
    }

    fn with_reader<T>(
        &self,
        read: impl FnOnce(&mut Connected) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut connected = match idle {
            Some(connected) => connected,
            None => self.connect(Access::Existing)?,
        };
        let result = read(&mut connected);
        // A connection that failed is not used again.
        if result.is_ok() {
            self.readers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connected);
        }
        result
    }

    fn connect(&self, access: Access) -> Result<Connected, StoreError> {
        let mut connected = Connected::open(&self.path, access, self.durability)?;
        if access == Access::Existing {
            sql::check(&mut connected, self.keyring)?;
            schema::inspect(&connected, self.keyring)?;
        }
        Ok(connected)
    }

    fn write(&self, change: W) -> Result<W::Done, StoreError> {
        self.writer.write(change, || {
            let mut connected = self.connect(Access::Existing)?;
            Ok(move |group| writer::commit(&mut connected, group))
        })
    }

    /// How it came to be; nothing when there is no database, or one that was cut off before it
    /// had tables.
    fn origin(&self) -> Result<Option<Origin>, StoreError> {
        if !self.path.exists() {
            return Ok(None);
        }
        let mut connected = Connected::open(&self.path, Access::Existing, self.durability)?;
        if !connected.holds_tables()? {
            return Ok(None);
        }
        sql::check(&mut connected, self.keyring)?;
        sql::origin(&mut connected, self.keyring).map(Some)
    }

    /// Removes the database, and the connections, which would go on reading it. It goes before its
    /// log, without which it might not say any more that it is unfinished.
    fn remove(&self) -> Result<(), StoreError> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.clear();
        for end in ["", "-journal", "-wal", "-shm"] {
            let mut name = self.path.clone().into_os_string();
            name.push(end);
            match fs::remove_file(name) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(StoreError::Io {
                        action: "removing what was left unfinished",
                        cause: error.to_string(),
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn create(&self, making: &Making) -> Result<(), StoreError> {
        let mut connected = self.connect(Access::Create)?;
        let tables = if self.keyring {
            sql::keyring_tables()
        } else {
            sql::data_tables()
        };
        connected.within(|sql| {
            sql.script(tables)?;
            sql::create_half(sql, self.keyring, making)?;
            if !self.keyring {
                return Ok(());
            }
            let change = KeyChange {
                put: making.rows.iter().cloned().map(Row::from).collect(),
                ..KeyChange::default()
            };
            sql::apply_keys(sql, &change).map(|_| ())
        })
    }
}

/// Keeps other processes out of a folder.
struct FolderLock(File);

impl Drop for FolderLock {
    /// Closing the file is not enough: a child that another thread is just starting has a copy
    /// of it, and with it the lock, until it runs its own program.
    fn drop(&mut self) {
        // What cannot be unlocked is unlocked when the last copy is closed.
        let _ = self.0.unlock();
    }
}

impl SqliteStore {
    /// Opens the folder, making it if need be, and locks it for this process. The vault in it is
    /// made by [`Vault::create`](crate::Vault::create).
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it; [`StoreError::Engine`] when SQLite is
    /// too old; other [`StoreError`]s.
    pub fn open(folder: &Path, durability: Durability) -> Result<Self, StoreError> {
        if rusqlite::version_number() < OLDEST {
            let got = rusqlite::version().to_owned();
            return Err(StoreError::Engine {
                got,
                expected: "3.51.3",
            });
        }
        let failed = |action| {
            move |error: std::io::Error| match error.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreError::Denied {
                    place: format!("data folder {}", folder.display()),
                },
                _ => StoreError::Io {
                    action,
                    cause: error.to_string(),
                },
            }
        };
        make_private_folder(folder).map_err(failed("making the data folder"))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))
            .map_err(failed("opening the lock file"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    place: format!("data folder {}", folder.display()),
                });
            }
            Err(TryLockError::Error(error)) => {
                return Err(failed("locking the data folder")(error));
            }
        }
        Ok(Self {
            data: Database::new(folder.join("data.db"), false, durability),
            keyring: Database::new(folder.join("keyring.db"), true, durability),
            _lock: FolderLock(lock),
        })
    }
}

/// Puts the names of a database and of its folder on the disk.
fn sync_folder(database: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    for folder in database.ancestors().skip(1).take(2) {
        let named = !folder.as_os_str().is_empty();
        File::open(if named { folder } else { Path::new(".") })?.sync_all()?;
    }
    Ok(())
}

/// A folder that was there before may be open to others; what a vault is made in is its owner's alone.
fn close_to_others(database: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = database.parent() {
        use std::os::unix::fs::PermissionsExt as _;
        let mut permissions = fs::metadata(folder)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o700);
            fs::set_permissions(folder, permissions)?;
        }
    }
    Ok(())
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

impl Store for SqliteStore {
    fn create(&self, making: &Making) -> Result<(), StoreError> {
        if !making.may_replace(self.keyring.origin()?, self.data.origin()?) {
            return Err(StoreError::Occupied);
        }
        close_to_others(&self.data.path).map_err(|error| StoreError::Io {
            action: "closing the data folder to others",
            cause: error.to_string(),
        })?;
        // The keyring goes last and comes first: it says what the data may be replaced with.
        if making.makes(Half::Data) {
            self.data.remove()?;
        }
        if making.makes(Half::Keyring) {
            self.keyring.remove()?;
            self.keyring.create(making)?;
        }
        if making.makes(Half::Data) {
            self.data.create(making)?;
        }
        sync_folder(&self.data.path).map_err(|error| StoreError::Io {
            action: "making the data folder",
            cause: error.to_string(),
        })
    }

    /// Each connection inspects its database when it is opened; this makes sure that both are.
    fn inspect(&self, half: Option<Half>) -> Result<(), StoreError> {
        if half != Some(Half::Data) {
            self.keyring.connect(Access::Existing)?;
        }
        if half != Some(Half::Keyring) {
            self.data.connect(Access::Existing)?;
        }
        Ok(())
    }

    fn keyring(&self) -> Result<KeyringHead, StoreError> {
        self.keyring.read(sql::keyring_head)
    }

    fn data(&self) -> Result<DataHead, StoreError> {
        self.data.read(sql::data_head)
    }

    fn commit_keys(&self, change: KeyChange) -> Result<KeysCommitted, StoreError> {
        self.keyring.write(change)
    }

    fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        self.data.write(change)
    }

    fn withdrawn(&self, mark: &[u8; 16]) -> Result<bool, StoreError> {
        self.keyring.look_up(|sql| sql::withdrawn(sql, mark))
    }

    fn key(&self, number: u64) -> Result<Option<KeyRow>, StoreError> {
        self.keyring.look_up(|sql| sql::key(sql, number))
    }

    fn keys(&self, after: u64, limit: u32) -> Result<Vec<KeyRow>, StoreError> {
        self.keyring.look_up(|sql| sql::keys(sql, after, limit))
    }

    fn unpurged(&self, limit: u32) -> Result<Vec<DeletionRow>, StoreError> {
        self.keyring.read(|sql| sql::unpurged(sql, limit))
    }

    fn subject(
        &self,
        collection: u32,
        pseudonym: &[u8; 32],
    ) -> Result<Option<SubjectRow>, StoreError> {
        self.data
            .look_up(|sql| sql::subject(sql, collection, pseudonym))
    }

    fn subjects(
        &self,
        collection: Option<u32>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, StoreError> {
        self.data
            .read(|sql| sql::subjects(sql, collection, after, limit))
    }

    fn dossier(&self, subject: u64, contents: Contents) -> Result<Dossier, StoreError> {
        match contents {
            Contents::Consents | Contents::Records => self
                .data
                .look_up(|sql| sql::dossier(sql, subject, contents)),
            _ => self.data.read(|sql| sql::dossier(sql, subject, contents)),
        }
    }

    fn events(&self, subject: u64, from: u64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        self.data
            .look_up(|sql| sql::events(sql, subject, from, limit))
    }

    fn newest_events(
        &self,
        subject: u64,
        before: u64,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.data
            .look_up(|sql| sql::newest_events(sql, subject, before, limit))
    }

    fn log(&self, first: u64, tiles: u32) -> Result<LogPage, StoreError> {
        self.data.read(|sql| sql::log(sql, first, tiles))
    }

    fn attempt(&self, slot: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.data.look_up(|sql| sql::attempt(sql, slot))
    }

    fn payment(&self, slot: &[u8; 32]) -> Result<Option<PaymentRow>, StoreError> {
        self.data.look_up(|sql| sql::payment(sql, slot))
    }

    fn payments(
        &self,
        subject: u64,
        from: PaymentPlace,
        limit: u32,
    ) -> Result<Vec<PaymentRow>, StoreError> {
        self.data
            .look_up(|sql| sql::payments(sql, subject, from, limit))
    }

    fn tile(&self, level: u8, index: u64) -> Result<Vec<u8>, StoreError> {
        self.data.look_up(|sql| sql::tile(sql, level, index))
    }

    fn snapshot(
        &self,
        half: Half,
        sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match half {
            Half::Data => self.data.read(|sql| sql::snapshot(sql, half, sink)),
            _ => self.keyring.read(|sql| sql::snapshot(sql, half, sink)),
        }
    }

    fn destroys_at_once(&self) -> bool {
        true
    }
}
