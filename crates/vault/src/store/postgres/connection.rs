//! One connection to the server.

use crate::event::SealedEvent;
use crate::store::StoreError;
use crate::store::sql::{Cell, Cells, Sql, Value};
use postgres::error::SqlState;
use postgres::types::{ToSql, Type};
use postgres::{Client, Config, NoTls, Statement};
use std::collections::BTreeMap;

/// A connection with the statements it has prepared.
pub(super) struct Connected {
    pub(super) client: Client,
    statements: BTreeMap<&'static str, Statement>,
}

/// The same inside a transaction.
pub(super) struct Within<'a> {
    client: &'a mut Client,
    statements: &'a mut BTreeMap<&'static str, Statement>,
}

/// Names the failure by its code: the server's words may hold values.
pub(super) fn failure(action: &'static str) -> impl Fn(postgres::Error) -> StoreError {
    move |error| match error.code() {
        Some(code) if *code == SqlState::DISK_FULL => StoreError::Full,
        Some(code) if *code == SqlState::UNDEFINED_TABLE => StoreError::Missing,
        Some(code) if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => {
            StoreError::Corrupt { what: "database" }
        }
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
    pub(super) fn open(config: &Config) -> Result<Self, StoreError> {
        let mut client = config.connect(NoTls).map_err(failure("connecting"))?;
        client
            .batch_execute("SET synchronous_commit = on; SET client_min_messages = error")
            .map_err(failure("connecting"))?;
        Ok(Self {
            client,
            statements: BTreeMap::new(),
        })
    }

    pub(super) fn sql(&mut self) -> Within<'_> {
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

    /// All in one statement.
    fn append_events(&mut self, first: u64, events: &[&SealedEvent]) -> Result<(), StoreError> {
        let number = |value: u64| match i64::try_from(value) {
            Ok(value) => Ok(value),
            Err(_) => Err(StoreError::Corrupt { what: "number" }),
        };
        let subjects = events.iter().map(|event| number(event.subject));
        let subjects = subjects.collect::<Result<Vec<i64>, _>>()?;
        let sealed: Vec<&[u8]> = events.iter().map(|event| &event.sealed[..]).collect();
        let statement = self.statement(
            "INSERT INTO event (sequence, subject, sealed) SELECT $1 + place - 1, subject, sealed \
             FROM unnest($2::BIGINT[], $3::BYTEA[]) WITH ORDINALITY AS one (subject, sealed, place)",
        )?;
        self.client
            .execute(&statement, &[&number(first)?, &subjects, &sealed])
            .map(drop)
            .map_err(failure("writing"))
    }

    fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        let sql = sql.replace("INTEGER", "BIGINT").replace("BLOB", "BYTEA");
        // SQLite's indexes end with the row's number by themselves. Without it here, a server that knows nothing of
        // the table's contents looks for a subject's newest event among everybody's, from the newest on.
        let sql = sql.replace("ON event (subject)", "ON event (subject, sequence)");
        self.client
            .batch_execute(&sql)
            .map_err(failure("making tables"))
    }
}
