//! The tables in a file of the data folder.

use super::KeyStoreError;
use super::sql::{COMPAT_AND_KEPT, Cell, Cells, KEYS, Sql, USES_AND_ANSWERS, VERSION, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The file in the data folder.
const FILE: &str = "keys.db";

/// One connection; several processes may have the file open.
pub(super) struct Embedded(Mutex<Connection>);

impl Embedded {
    pub(super) fn open(folder: &Path) -> Result<Self, KeyStoreError> {
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
        let mut database = Connection::open(&path)?;
        database.busy_timeout(Duration::from_secs(5))?;
        database.pragma_update(None, "journal_mode", "WAL")?;
        database.pragma_update(None, "synchronous", "FULL")?;
        database.pragma_update(None, "secure_delete", "ON")?;
        let change =
            database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let version: i64 = change.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let steps = [KEYS, USES_AND_ANSWERS, COMPAT_AND_KEPT];
        let done = usize::try_from(version).ok();
        let left = done.and_then(|done| steps.get(done..));
        for step in left.ok_or(KeyStoreError::Newer { got: version })? {
            change.execute_batch(step)?;
        }
        if version != VERSION {
            change.pragma_update(None, "user_version", VERSION)?;
        }
        change.commit()?;
        Ok(Self(Mutex::new(database)))
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match *self {
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Self::Int(value) | Self::MaybeInt(Some(value)) => value.into(),
            Self::MaybeInt(None) | Self::MaybeText(None) => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Text(text) | Self::MaybeText(Some(text)) => {
                ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
            }
        })
    }
}

/// To SQLite `$2` is a name, counted where it first stands; `?2` is the second value.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

impl Sql for Embedded {
    fn run(&self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, KeyStoreError> {
        let database = self.database();
        let mut statement = database.prepare_cached(&numbered(sql))?;
        Ok(statement.execute(rusqlite::params_from_iter(values))? as u64)
    }

    fn rows(&self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Cells>, KeyStoreError> {
        let database = self.database();
        let mut statement = database.prepare_cached(&numbered(sql))?;
        let columns = statement.column_count();
        let rows = statement.query_map(rusqlite::params_from_iter(values), |row| {
            (0..columns)
                .map(|at| {
                    Ok(match row.get_ref(at)? {
                        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
                        ValueRef::Integer(value) => Cell::Int(value),
                        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into()),
                        ValueRef::Null | ValueRef::Real(_) => Cell::None,
                    })
                })
                .collect()
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn is_near(&self) -> bool {
        true
    }
}
