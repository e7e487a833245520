//! The store for many nodes: one PostgreSQL database.

mod connection;
mod schema;

use self::connection::{Connected, failure};
use super::group::{Task, Work, Writer};
use super::sql::{self, Sql};
use super::{
    Change, Committed, Contents, DataHead, DeletionRow, Dossier, EventRow, Half, KeyChange, KeyRow,
    KeyringHead, KeysCommitted, LogPage, Making, Origin, PaymentPlace, PaymentRow, Row, Store,
    StoreError, SubjectRow,
};
use postgres::{Client, Config, NoTls};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Connections kept when idle.
const IDLE: usize = 32;

/// A vault in a PostgreSQL database, in the schema that the connection's search path begins
/// with.
///
/// PostgreSQL keeps dead rows and its log for a while: a destroyed key is gone after vacuum and
/// log recycling, not at once. Where that is not enough, keep the keyring in SQLite with
/// [`SplitStore`](super::SplitStore). Connections are not encrypted: reach a server on another
/// host through a tunnel.
///
/// One thread for each half writes; changes that wait together share one transaction and one sync
/// of the server's disk.
pub struct PostgresStore {
    server: Arc<Server>,
    data: Writer<Change>,
    keyring: Writer<KeyChange>,
    /// Holds the lock of whoever makes a vault here.
    making: Mutex<Option<Client>>,
}

/// Where it is, and connections to it.
struct Server {
    config: Config,
    idle: Mutex<Vec<Connected>>,
    alone: Option<Alone>,
}

/// Whoever is to be the only one that writes the records.
///
/// The lock refuses a second one who comes while the first is there. It goes with its connection, and the first one may go on without
/// knowing: so each transaction also looks whether the audit tree is as large as the one before left it. It is not, once
/// somebody else has written, and then nothing is written any more.
struct Alone {
    place: String,
    /// Keeps the lock.
    _held: Mutex<Client>,
    /// What the audit tree may have for leaves: of a commit that broke off nobody knows whether it was made. Empty before it was
    /// read for the first time.
    leaves: Mutex<Vec<u64>>,
}

impl Alone {
    fn leaves(&self) -> MutexGuard<'_, Vec<u64>> {
        self.leaves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of how large the tree is, unless that is known.
    fn begin(&self, size: u64) {
        let mut leaves = self.leaves();
        if leaves.is_empty() {
            leaves.push(size);
        }
    }

    /// Refuses to go on from a tree that somebody else has let grow.
    fn check(&self, first_leaf: u64) -> Result<(), StoreError> {
        let leaves = self.leaves();
        if leaves.is_empty() || leaves.contains(&first_leaf) {
            return Ok(());
        }
        let place = self.place.clone();
        Err(StoreError::InUse { place })
    }
}

impl PostgresStore {
    /// A store in the database of a connection string such as
    /// `host=/run/postgresql dbname=countenance user=countenance`.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the string is not one or the server cannot be reached.
    pub fn connect(connection: &str) -> Result<Self, StoreError> {
        let config: Config = connection
            .parse()
            .map_err(failure("reading the connection string"))?;
        let server = Server {
            config,
            idle: Mutex::new(Vec::new()),
            alone: None,
        };
        let first = server.connection()?;
        server.keep(first);
        Ok(Self {
            server: Arc::new(server),
            data: Writer::default(),
            keyring: Writer::default(),
            making: Mutex::new(None),
        })
    }

    /// As [`connect`](Self::connect), for a store whose keyring lies elsewhere: nobody else may write these records with
    /// a copy of that keyring, which would know nothing of what this one destroys. Of those that connect so, one at a time has
    /// the schema.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another has it; [`StoreError::Io`] as there.
    pub fn connect_alone(connection: &str) -> Result<Self, StoreError> {
        let mut store = Self::connect(connection)?;
        if let Some(server) = Arc::get_mut(&mut store.server) {
            let (place, held) = server.lock("alone")?;
            server.alone = Some(Alone {
                place,
                _held: Mutex::new(held),
                leaves: Mutex::default(),
            });
        }
        Ok(store)
    }

    /// Takes the lock of whoever makes a vault in this schema.
    fn keep_others_from_making(&self) -> Result<(), StoreError> {
        let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if making.is_none() {
            *making = Some(self.server.lock("making")?.1);
        }
        Ok(())
    }
}

impl Server {
    /// Takes a lock of this schema that one connection has at a time; says where that is. The server gives it up when this
    /// process ends, however it ends.
    fn lock(&self, purpose: &str) -> Result<(String, Client), StoreError> {
        let failed = failure("locking the schema");
        let mut client = self.config.connect(NoTls).map_err(&failed)?;
        // The connection does nothing as long as the process lives; where the network has lost it, the lock is to go within
        // a minute. Older servers and sockets do not know all of these.
        for setting in [
            "SET idle_session_timeout = 0",
            "SET tcp_keepalives_idle = 30",
            "SET tcp_keepalives_interval = 10",
            "SET tcp_keepalives_count = 3",
        ] {
            let _ = client.batch_execute(setting);
        }
        let lock = "SELECT current_schema()::text, pg_try_advisory_lock(hashtextextended(\
                    'countenance ' || $1 || ' ' || current_database() || ' ' || current_schema(), 0))";
        let mut patience = 40;
        loop {
            let row = client.query_one(lock, &[&purpose]).map_err(&failed)?;
            let schema: String = row.try_get(0).map_err(&failed)?;
            let place = format!("schema {schema} of the database");
            if row.try_get(1).map_err(&failed)? {
                return Ok((place, client));
            }
            if patience == 0 {
                return Err(StoreError::InUse { place });
            }
            // The server may not have noticed yet that a process that had it was killed.
            patience -= 1;
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn connection(&self) -> Result<Connected, StoreError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match idle {
            Some(connected) if !connected.client.is_closed() => Ok(connected),
            _ => Connected::open(&self.config),
        }
    }

    fn keep(&self, connected: Connected) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connected);
        }
    }

    /// Runs what has changed nothing if it fails, and once more on a fresh connection where
    /// the one it ran on turns out to be dead: after a restart of the server all idle ones are.
    fn alive<T>(
        &self,
        run: impl Fn(&mut Connected) -> Result<T, StoreError>,
    ) -> Result<(Connected, T), StoreError> {
        let mut connected = self.connection()?;
        let mut done = run(&mut connected);
        if done.is_err() && connected.client.is_closed() {
            self.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
            connected = self.connection()?;
            done = run(&mut connected);
        }
        Ok((connected, done?))
    }

    /// Runs `work` in a transaction.
    fn within<T>(
        &self,
        read_only: bool,
        work: impl FnOnce(&mut dyn Sql) -> Result<T, StoreError>,
    ) -> Result<T, Undone> {
        let begin = if read_only {
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        } else {
            "BEGIN ISOLATION LEVEL READ COMMITTED"
        };
        let begun = self.alive(|connected| {
            let begun = connected.client.batch_execute(begin);
            begun.map_err(failure("a transaction"))
        });
        let (mut connected, ()) = begun.map_err(Undone::Before)?;
        // A connection that is dropped takes its transaction with it.
        let done = work(&mut connected.sql());
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = connected.client.batch_execute(end);
        if ended.is_ok() {
            self.keep(connected);
        }
        let done = done.map_err(Undone::Before)?;
        let ended = ended.map_err(failure("committing"));
        ended.map_err(Undone::Committing)?;
        Ok(done)
    }

    /// Commits changes that waited together, and answers each.
    fn commit<W: Work>(&self, group: Vec<Task<W>>) {
        let all: Vec<&W> = group.iter().map(|task| &task.work).collect();
        let destroys = all.iter().any(|work| work.leaves_dead());
        let mut leaves = None;
        let done = self.within(false, |sql| {
            let results = W::apply_all(&all, sql)?;
            leaves = W::leaves(&results);
            if let (Some(alone), Some((first, _))) = (&self.alone, leaves) {
                alone.check(first)?;
            }
            Ok(results)
        });
        if let (Some(alone), Some((first, size))) = (&self.alone, leaves) {
            match &done {
                Ok(_) => *alone.leaves() = vec![size],
                Err(Undone::Committing(_)) => *alone.leaves() = vec![first, size],
                Err(Undone::Before(_)) => {}
            }
        }
        match done {
            Ok(results) => {
                let freed = if destroys { self.vacuum() } else { Ok(()) };
                for (task, result) in group.into_iter().zip(results) {
                    let result = match &freed {
                        Err(error) if task.work.leaves_dead() => result.and(Err(error.clone())),
                        _ => result,
                    };
                    task.answer(result);
                }
            }
            // Nothing was committed: whichever it was that failed must not hurt the others.
            Err(Undone::Before(_)) if group.len() > 1 => {
                for task in group {
                    self.commit(vec![task]);
                }
            }
            Err(undone) => {
                let error = StoreError::from(undone);
                for task in group {
                    task.answer(Err(error.clone()));
                }
            }
        }
    }

    /// Outside a transaction: frees the dead rows of destroyed keys for overwriting.
    fn vacuum(&self) -> Result<(), StoreError> {
        let mut connected = self.connection()?;
        connected
            .client
            .batch_execute("VACUUM server_part, root_wrapped")
            .map_err(failure("vacuum"))?;
        self.keep(connected);
        Ok(())
    }

    /// Runs a read of one statement, which is a transaction by itself.
    fn look_up<T>(
        &self,
        work: impl Fn(&mut dyn Sql) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (connected, done) = self.alive(|connected| work(&mut connected.sql()))?;
        self.keep(connected);
        Ok(done)
    }

    fn read<T>(
        &self,
        keyring: bool,
        work: impl FnOnce(&mut dyn Sql) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        Ok(self.within(true, |sql| {
            if keyring {
                sql::check(sql, true)?;
            }
            work(sql)
        })?)
    }
}

/// A transaction that failed.
enum Undone {
    /// Before it was to be committed: nothing was.
    Before(StoreError),
    /// When it was: nobody knows.
    Committing(StoreError),
}

impl From<Undone> for StoreError {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Before(error) | Undone::Committing(error) => error,
        }
    }
}

impl Store for PostgresStore {
    fn create(&self, making: &Making) -> Result<(), StoreError> {
        self.keep_others_from_making()?;
        if let Some(alone) = &self.server.alone {
            alone.leaves().clear();
        }
        let origin = |sql: &mut dyn Sql, keyring| -> Result<Option<Origin>, StoreError> {
            let table = if keyring {
                "SELECT 1::BIGINT WHERE to_regclass('key_meta') IS NOT NULL"
            } else {
                "SELECT 1::BIGINT WHERE to_regclass('meta') IS NOT NULL"
            };
            if sql.row(table, &[])?.is_none() {
                return Ok(None);
            }
            sql::check(sql, keyring)?;
            sql::origin(sql, keyring).map(Some)
        };
        Ok(self.server.within(false, |sql| {
            let (keyring, data) = (origin(sql, true)?, origin(sql, false)?);
            if !making.may_replace(keyring, data) {
                return Err(StoreError::Occupied);
            }
            if making.makes(Half::Keyring) {
                sql.script(sql::DROP_KEYRING)?;
                sql.script(sql::keyring_tables())?;
                sql::create_half(sql, true, making)?;
                let change = KeyChange {
                    put: making.rows.iter().cloned().map(Row::from).collect(),
                    ..KeyChange::default()
                };
                sql::apply_keys(sql, &change)?;
            }
            if making.makes(Half::Data) {
                sql.script(sql::DROP_DATA)?;
                sql.script(sql::data_tables())?;
                sql::create_half(sql, false, making)?;
            }
            Ok(())
        })?)
    }

    fn inspect(&self, _: Option<Half>) -> Result<(), StoreError> {
        self.server.look_up(schema::inspect)
    }

    fn keyring(&self) -> Result<KeyringHead, StoreError> {
        self.server.read(true, sql::keyring_head)
    }

    fn data(&self) -> Result<DataHead, StoreError> {
        let head = self.server.read(false, |sql| {
            sql::check(sql, false)?;
            sql::data_head(sql)
        })?;
        if let Some(alone) = &self.server.alone {
            alone.begin(head.size);
        }
        Ok(head)
    }

    fn commit_keys(&self, change: KeyChange) -> Result<KeysCommitted, StoreError> {
        self.keyring.write(change, || {
            let server = Arc::clone(&self.server);
            Ok(move |group| server.commit(group))
        })
    }

    fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        self.data.write(change, || {
            let server = Arc::clone(&self.server);
            Ok(move |group| server.commit(group))
        })
    }

    fn withdrawn(&self, mark: &[u8; 16]) -> Result<bool, StoreError> {
        self.server.look_up(|sql| sql::withdrawn(sql, mark))
    }

    fn key(&self, number: u64) -> Result<Option<KeyRow>, StoreError> {
        self.server.look_up(|sql| sql::key(sql, number))
    }

    fn keys(&self, after: u64, limit: u32) -> Result<Vec<KeyRow>, StoreError> {
        self.server.look_up(|sql| sql::keys(sql, after, limit))
    }

    fn unpurged(&self, limit: u32) -> Result<Vec<DeletionRow>, StoreError> {
        self.server.look_up(|sql| sql::unpurged(sql, limit))
    }

    fn subject(
        &self,
        collection: u32,
        pseudonym: &[u8; 32],
    ) -> Result<Option<SubjectRow>, StoreError> {
        self.server
            .look_up(|sql| sql::subject(sql, collection, pseudonym))
    }

    fn subjects(
        &self,
        collection: Option<u32>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, StoreError> {
        self.server
            .read(false, |sql| sql::subjects(sql, collection, after, limit))
    }

    fn dossier(&self, subject: u64, contents: Contents) -> Result<Dossier, StoreError> {
        match contents {
            Contents::Consents | Contents::Records => self
                .server
                .look_up(|sql| sql::dossier(sql, subject, contents)),
            _ => self
                .server
                .read(false, |sql| sql::dossier(sql, subject, contents)),
        }
    }

    fn events(&self, subject: u64, from: u64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        self.server
            .look_up(|sql| sql::events(sql, subject, from, limit))
    }

    fn newest_events(
        &self,
        subject: u64,
        before: u64,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.server
            .look_up(|sql| sql::newest_events(sql, subject, before, limit))
    }

    fn log(&self, first: u64, tiles: u32) -> Result<LogPage, StoreError> {
        self.server.read(false, |sql| sql::log(sql, first, tiles))
    }

    fn attempt(&self, slot: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.server.look_up(|sql| sql::attempt(sql, slot))
    }

    fn payment(&self, slot: &[u8; 32]) -> Result<Option<PaymentRow>, StoreError> {
        self.server.look_up(|sql| sql::payment(sql, slot))
    }

    fn payments(
        &self,
        subject: u64,
        from: PaymentPlace,
        limit: u32,
    ) -> Result<Vec<PaymentRow>, StoreError> {
        self.server
            .look_up(|sql| sql::payments(sql, subject, from, limit))
    }

    fn tile(&self, level: u8, index: u64) -> Result<Vec<u8>, StoreError> {
        self.server.look_up(|sql| sql::tile(sql, level, index))
    }

    fn snapshot(
        &self,
        half: Half,
        sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.server
            .read(false, |sql| sql::snapshot(sql, half, sink))
    }

    fn destroys_at_once(&self) -> bool {
        false
    }
}
