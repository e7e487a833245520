//! The store for many nodes: one PostgreSQL database.

use super::sql::{self, Cell, Cells, Sql, Value};
use super::{
    Change, Committed, Contents, DataHead, DeletionRow, Dossier, EventRow, Half, KeyChange, KeyRow,
    KeyringHead, KeysCommitted, LogPage, Making, Origin, Row, Store, StoreError, SubjectRow,
};
use postgres::error::SqlState;
use postgres::types::{ToSql, Type};
use postgres::{Client, Config, NoTls, Statement};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Connections kept when idle.
const IDLE: usize = 32;

/// A vault in a PostgreSQL database, in the schema that the connection's search path begins
/// with.
///
/// PostgreSQL keeps dead rows and its log for a while: a destroyed key is gone after vacuum and
/// log recycling, not at once. Where that is not enough, keep the keyring in SQLite with
/// [`SplitStore`](super::SplitStore). Connections are not encrypted: reach a server on another
/// host through a tunnel.
pub struct PostgresStore {
    config: Config,
    idle: Mutex<Vec<Connected>>,
    /// Holds the lock of whoever makes a vault here.
    making: Mutex<Option<Client>>,
}

struct Connected {
    client: Client,
    statements: BTreeMap<&'static str, Statement>,
}

struct Within<'a> {
    client: &'a mut Client,
    statements: &'a mut BTreeMap<&'static str, Statement>,
}

fn failure(action: &'static str) -> impl Fn(postgres::Error) -> StoreError {
    move |error| match error.code() {
        Some(code) if *code == SqlState::DISK_FULL => StoreError::Full,
        Some(code) if *code == SqlState::UNDEFINED_TABLE => StoreError::Missing,
        Some(code) if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => {
            StoreError::Corrupt { what: "database" }
        }
        // The message of a server error may hold values; its code does not.
        Some(code) => StoreError::Io {
            action,
            cause: format!("SQLSTATE {}", code.code()),
        },
        None => StoreError::Io {
            action,
            cause: error.to_string(),
        },
    }
}

impl Connected {
    fn sql(&mut self) -> Within<'_> {
        let Self { client, statements } = self;
        Within { client, statements }
    }
}

impl Within<'_> {
    fn statement(&mut self, sql: &'static str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).map_err(failure("preparing"))?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values
        .iter()
        .map(|value| match value {
            Value::Int(value) => value as &(dyn ToSql + Sync),
            Value::Bytes(bytes) => bytes as &(dyn ToSql + Sync),
        })
        .collect()
}

impl Sql for Within<'_> {
    fn run(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let statement = self.statement(sql)?;
        self.client
            .execute(&statement, &parameters(values))
            .map_err(failure("writing"))
    }

    fn rows(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Cells>, StoreError> {
        let statement = self.statement(sql)?;
        let rows = self
            .client
            .query(&statement, &parameters(values))
            .map_err(failure("reading"))?;
        let mut out = Vec::with_capacity(rows.len());
        for row in rows {
            let mut cells = Vec::with_capacity(row.len());
            for (at, column) in row.columns().iter().enumerate() {
                let cell = if *column.type_() == Type::INT8 {
                    row.try_get(at).map(Cell::Int)
                } else {
                    row.try_get(at).map(Cell::Bytes)
                };
                cells.push(cell.map_err(|_| StoreError::Corrupt { what: "column" })?);
            }
            out.push(Cells(cells.into_iter()));
        }
        Ok(out)
    }

    fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        let sql = sql.replace("INTEGER", "BIGINT").replace("BLOB", "BYTEA");
        self.client
            .batch_execute(&sql)
            .map_err(failure("making tables"))
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
        let store = Self {
            config,
            idle: Mutex::new(Vec::new()),
            making: Mutex::new(None),
        };
        let first = store.connection()?;
        store.keep(first);
        Ok(store)
    }

    /// Takes the lock of whoever makes a vault in this schema. The server gives it up when this
    /// process ends, however it ends.
    fn keep_others_from_making(&self) -> Result<(), StoreError> {
        let failed = failure("locking the schema");
        let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let mut client = self.config.connect(NoTls).map_err(&failed)?;
        let lock = "SELECT current_schema()::text, pg_try_advisory_lock(hashtextextended(\
                    'countenance ' || current_database() || ' ' || current_schema(), 0))";
        let row = client.query_one(lock, &[]).map_err(&failed)?;
        if making.is_none() && !row.try_get::<_, bool>(1).map_err(&failed)? {
            let place = row.try_get(0).map_err(&failed)?;
            return Err(StoreError::InUse { place });
        }
        making.get_or_insert(client);
        Ok(())
    }

    fn connection(&self) -> Result<Connected, StoreError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match idle {
            Some(connected) if !connected.client.is_closed() => Ok(connected),
            _ => {
                let mut client = self.config.connect(NoTls).map_err(failure("connecting"))?;
                client
                    .batch_execute("SET synchronous_commit = on; SET client_min_messages = error")
                    .map_err(failure("connecting"))?;
                Ok(Connected {
                    client,
                    statements: BTreeMap::new(),
                })
            }
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
    ) -> Result<T, StoreError> {
        let begin = if read_only {
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        } else {
            "BEGIN ISOLATION LEVEL READ COMMITTED"
        };
        let (mut connected, ()) = self.alive(|connected| {
            let begun = connected.client.batch_execute(begin);
            begun.map_err(failure("a transaction"))
        })?;
        // A connection that is dropped takes its transaction with it.
        let done = work(&mut connected.sql());
        let (end, action) = match &done {
            Ok(_) => ("COMMIT", "committing"),
            Err(_) => ("ROLLBACK", "rolling back"),
        };
        let ended = connected.client.batch_execute(end);
        if ended.is_ok() {
            self.keep(connected);
        }
        let done = done?;
        ended.map_err(failure(action))?;
        Ok(done)
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
        self.within(true, |sql| {
            if keyring {
                sql::check(sql, true)?;
            }
            work(sql)
        })
    }
}

impl Store for PostgresStore {
    fn create(&self, making: &Making) -> Result<(), StoreError> {
        self.keep_others_from_making()?;
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
        self.within(false, |sql| {
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
        })
    }

    fn keyring(&self) -> Result<KeyringHead, StoreError> {
        self.read(true, sql::keyring_head)
    }

    fn data(&self) -> Result<DataHead, StoreError> {
        self.read(false, |sql| {
            sql::check(sql, false)?;
            sql::data_head(sql)
        })
    }

    fn commit_keys(&self, change: KeyChange) -> Result<KeysCommitted, StoreError> {
        let destroys = !change.destroy.is_empty() || !change.drop_root.is_empty();
        let done = self.within(false, |sql| sql::apply_keys(sql, &change))?;
        if destroys {
            // Outside a transaction: frees the dead rows of the keys for overwriting.
            let mut connected = self.connection()?;
            connected
                .client
                .batch_execute("VACUUM server_part, root_wrapped")
                .map_err(failure("vacuum"))?;
            self.keep(connected);
        }
        Ok(done)
    }

    fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        self.within(false, |sql| sql::apply(sql, &change))
    }

    fn key(&self, number: u64) -> Result<Option<KeyRow>, StoreError> {
        self.look_up(|sql| sql::key(sql, number))
    }

    fn keys(&self, after: u64, limit: u32) -> Result<Vec<KeyRow>, StoreError> {
        self.look_up(|sql| sql::keys(sql, after, limit))
    }

    fn unpurged(&self, limit: u32) -> Result<Vec<DeletionRow>, StoreError> {
        self.look_up(|sql| sql::unpurged(sql, limit))
    }

    fn subject(
        &self,
        collection: u32,
        pseudonym: &[u8; 32],
    ) -> Result<Option<SubjectRow>, StoreError> {
        self.look_up(|sql| sql::subject(sql, collection, pseudonym))
    }

    fn subjects(
        &self,
        collection: Option<u32>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, StoreError> {
        self.read(false, |sql| sql::subjects(sql, collection, after, limit))
    }

    fn dossier(&self, subject: u64, contents: Contents) -> Result<Dossier, StoreError> {
        match contents {
            Contents::Consents | Contents::Records => {
                self.look_up(|sql| sql::dossier(sql, subject, contents))
            }
            _ => self.read(false, |sql| sql::dossier(sql, subject, contents)),
        }
    }

    fn events(&self, subject: u64, from: u64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        self.look_up(|sql| sql::events(sql, subject, from, limit))
    }

    fn log(&self, first: u64, tiles: u32) -> Result<LogPage, StoreError> {
        self.read(false, |sql| sql::log(sql, first, tiles))
    }

    fn attempt(&self, slot: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.look_up(|sql| sql::attempt(sql, slot))
    }

    fn tile(&self, level: u8, index: u64) -> Result<Vec<u8>, StoreError> {
        self.look_up(|sql| sql::tile(sql, level, index))
    }

    fn snapshot(
        &self,
        half: Half,
        sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.read(false, |sql| sql::snapshot(sql, half, sink))
    }

    fn destroys_at_once(&self) -> bool {
        false
    }
}
