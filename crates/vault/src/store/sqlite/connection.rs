//! One SQLite connection with the vault's settings.

use super::Durability;
use crate::store::StoreError;
use crate::store::sql::{Cell, Cells, Sql, Value};
use rusqlite::config::DbConfig;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Whether a database may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Create,
    Existing,
}

pub(super) struct Connected(Connection);

/// Names the failure by the database's own words, which hold no values.
pub(super) fn failure(action: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        // The index of the log, which is mapped into memory, found no room.
        _ if error.sqlite_error().map(|one| one.extended_code) == Some(SQLITE_IOERR_SHMSIZE) => {
            StoreError::Full
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt {
            what: "database file",
        },
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::Denied {
            place: "database file".to_owned(),
        },
        // An empty file and a database of another program are sound databases without our tables.
        _ if error.to_string().contains("no such table") => StoreError::Corrupt {
            what: "database file",
        },
        _ => StoreError::Io {
            action,
            cause: error.to_string(),
        },
    }
}

impl Connected {
    pub(super) fn open(
        path: &Path,
        access: Access,
        durability: Durability,
    ) -> Result<Self, StoreError> {
        if access == Access::Existing && !path.exists() {
            return Err(StoreError::Missing);
        }
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if access == Access::Create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let failed = failure("opening a database");
        let connection = Connection::open_with_flags(path, flags).map_err(&failed)?;
        connection
            .busy_timeout(Duration::from_secs(10))
            .map_err(&failed)?;
        // Whoever can write the file must not run anything through us.
        for (option, on) in [
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        ] {
            connection.set_db_config(option, on).map_err(&failed)?;
        }
        connection.set_prepared_statement_cache_capacity(64);
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::DangerousNormal => "NORMAL",
        };
        connection
            .execute_batch(&format!(
                "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};
                 PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;
                 PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
            ))
            .map_err(&failed)?;
        Ok(Self(connection))
    }

    /// Runs `work` in a transaction.
    pub(super) fn within<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Sql) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.plain("BEGIN")?;
        let result = work(self).and_then(|done| self.plain("COMMIT").map(|()| done));
        if result.is_err() {
            self.roll_back();
        }
        result
    }

    /// Runs a read of one statement, which is a transaction by itself.
    pub(super) fn alone<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Sql) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(self)
    }

    /// Runs a statement without values.
    pub(super) fn plain(&self, statement: &'static str) -> Result<(), StoreError> {
        let failed = failure("a transaction");
        self.0
            .prepare_cached(statement)
            .and_then(|mut statement| statement.execute([]))
            .map(|_| ())
            .map_err(failed)
    }

    /// Ends a transaction that failed; SQLite may have done so itself.
    pub(super) fn roll_back(&self) {
        if !self.0.is_autocommit() {
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }

    /// Reads what the database says of itself.
    pub(super) fn inspect<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        read(&self.0).map_err(failure("reading the schema"))
    }

    pub(super) fn holds_tables(&self) -> Result<bool, StoreError> {
        self.0
            .query_row("SELECT count(*) FROM sqlite_master", [], |row| {
                row.get::<_, i64>(0)
            })
            .map(|count| count > 0)
            .map_err(failure("reading"))
    }

    /// Moves the log into the database file and truncates it; false when a reader stood in the way.
    pub(super) fn truncate_log(&self) -> Result<bool, StoreError> {
        self.0
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                row.get::<_, i64>(0)
            })
            .map(|busy| busy == 0)
            .map_err(failure("truncating the log"))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Int(value) => ToSqlOutput::Owned((*value).into()),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl Sql for Connected {
    fn run(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let failed = failure("writing");
        let mut statement = self.0.prepare_cached(sql).map_err(&failed)?;
        if statement.column_count() > 0 {
            return Err(StoreError::Corrupt { what: "statement" });
        }
        statement
            .execute(rusqlite::params_from_iter(values))
            .map(|changed| changed as u64)
            .map_err(failed)
    }

    fn rows(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Cells>, StoreError> {
        let failed = failure("reading");
        let mut statement = self.0.prepare_cached(sql).map_err(&failed)?;
        let columns = statement.column_count();
        let mut rows = statement
            .query(rusqlite::params_from_iter(values))
            .map_err(&failed)?;
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let mut cells = Vec::with_capacity(columns);
            for column in 0..columns {
                cells.push(match row.get_ref(column).map_err(&failed)? {
                    ValueRef::Integer(value) => Cell::Int(value),
                    ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
                    // No column of ours has it: whoever reads the row finds it damaged, and whoever reads others does not.
                    _ => Cell::Foreign,
                });
            }
            out.push(Cells(cells.into_iter()));
        }
        Ok(out)
    }

    fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        self.0.execute_batch(sql).map_err(failure("making tables"))
    }
}
