//! The tables in PostgreSQL, beside those of the vault: all nodes of a vault have the same keys.

use super::KeyStoreError;
use super::sql::{COMPAT_AND_KEPT, Cell, Cells, KEYS, Sql, USES_AND_ANSWERS, VERSION, Value};
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Config, NoTls};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Connections at one time; whoever finds none waits for one.
const MOST: usize = 16;

/// How long the database may take to answer at all.
const WAIT: Duration = Duration::from_secs(5);

/// A few connections that are used in turn.
pub(super) struct Shared {
    config: Config,
    idle: Mutex<Idle>,
    freed: Condvar,
}

struct Idle {
    clients: Vec<Client>,
    taken: usize,
}

/// A connection on loan; it goes back when it is dropped, unless it is dead.
struct Loan<'a> {
    shared: &'a Shared,
    client: Option<Client>,
}

impl Shared {
    pub(super) fn connect(connection: &str) -> Result<Self, KeyStoreError> {
        let mut config: Config = connection.parse()?;
        config.connect_timeout(WAIT);
        let shared = Self {
            config,
            idle: Mutex::new(Idle {
                clients: Vec::new(),
                taken: 0,
            }),
            freed: Condvar::new(),
        };
        shared.lend()?.make_tables()?;
        Ok(shared)
    }

    fn lend(&self) -> Result<Loan<'_>, KeyStoreError> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while idle.taken >= MOST {
            idle = self
                .freed
                .wait(idle)
                .unwrap_or_else(PoisonError::into_inner);
        }
        idle.taken += 1;
        let client = idle.clients.pop();
        drop(idle);
        let mut loan = Loan {
            shared: self,
            client,
        };
        if loan.client.as_ref().is_none_or(Client::is_closed) {
            loan.renew()?;
        }
        Ok(loan)
    }

    /// Runs one statement. After a restart of the server all idle connections are dead: a read is then said once
    /// more on a fresh one; before a write the connection is tried, because a write is never said twice.
    fn with<T>(
        &self,
        reads: bool,
        run: impl Fn(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, KeyStoreError> {
        let mut loan = self.lend()?;
        if !reads && loan.client()?.is_valid(WAIT).is_err() {
            loan.renew()?;
        }
        match run(loan.client()?) {
            Err(error) if reads && loan.client()?.is_closed() => {
                tracing::debug!(%error, "a connection to the database was dead");
                loan.renew()?;
                Ok(run(loan.client()?)?)
            }
            done => Ok(done?),
        }
    }
}

impl Loan<'_> {
    fn client(&mut self) -> Result<&mut Client, KeyStoreError> {
        self.client.as_mut().ok_or(KeyStoreError::Damaged)
    }

    fn renew(&mut self) -> Result<(), KeyStoreError> {
        self.client = None;
        let mut client = self.shared.config.connect(NoTls)?;
        client.batch_execute(
            "SET synchronous_commit = on; SET client_min_messages = error; SET statement_timeout = '10s'",
        )?;
        self.client = Some(client);
        Ok(())
    }

    /// Makes the tables, or what is new in them. One process at a time does.
    fn make_tables(&mut self) -> Result<(), KeyStoreError> {
        let mut change = self.client()?.transaction()?;
        change.batch_execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('countenance platform', 0));
             CREATE TABLE IF NOT EXISTS platform (version BIGINT NOT NULL)",
        )?;
        let version = change.query_opt("SELECT version FROM platform", &[])?;
        let version: i64 = version.map_or(Ok(0), |row| row.try_get(0))?;
        // In PostgreSQL the tables began with version 2.
        let steps: &[&str] = match version {
            0 => &[KEYS, USES_AND_ANSWERS, COMPAT_AND_KEPT],
            2 => &[COMPAT_AND_KEPT],
            VERSION => &[],
            got => return Err(KeyStoreError::Newer { got }),
        };
        for tables in steps {
            let tables = tables.replace("INTEGER", "BIGINT").replace("BLOB", "BYTEA");
            change.batch_execute(&tables)?;
        }
        if version == 0 {
            change.execute("INSERT INTO platform (version) VALUES ($1)", &[&VERSION])?;
        } else if version != VERSION {
            change.execute("UPDATE platform SET version = $1", &[&VERSION])?;
        }
        change.commit()?;
        Ok(())
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let mut idle = self
            .shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        idle.taken -= 1;
        if let Some(client) = self.client.take().filter(|client| !client.is_closed()) {
            idle.clients.push(client);
        }
        drop(idle);
        self.shared.freed.notify_one();
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
            Self::Int(value) => value.to_sql(kind, out),
            Self::MaybeInt(value) => value.to_sql(kind, out),
            Self::MaybeText(text) => text.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::BYTEA, Type::INT8, Type::TEXT].contains(kind)
    }

    to_sql_checked!();
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    let parameters = values.iter().map(|value| value as &(dyn ToSql + Sync));
    parameters.collect()
}

impl Sql for Shared {
    fn run(&self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, KeyStoreError> {
        self.with(false, |client| client.execute(sql, &parameters(values)))
    }

    fn rows(&self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Cells>, KeyStoreError> {
        let rows = self.with(true, |client| client.query(sql, &parameters(values)))?;
        let cell = |row: &postgres::Row, at: usize| {
            let kind = row.columns().get(at).map(postgres::Column::type_);
            Ok(match kind {
                Some(&Type::INT8) => row.try_get::<_, Option<i64>>(at)?.map(Cell::Int),
                Some(&Type::BYTEA) => row.try_get::<_, Option<_>>(at)?.map(Cell::Bytes),
                _ => row.try_get::<_, Option<_>>(at)?.map(Cell::Text),
            }
            .unwrap_or(Cell::None))
        };
        rows.iter()
            .map(|row| (0..row.len()).map(|at| cell(row, at)).collect())
            .collect()
    }

    fn is_near(&self) -> bool {
        false
    }
}
