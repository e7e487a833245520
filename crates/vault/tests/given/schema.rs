//! A schema of its own for each test, on the server that `COUNTENANCE_TEST_POSTGRES` names.

use countenance_vault::store::{PostgresStore, StoreError};
use postgres::{Client, NoTls};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) struct Schema {
    connection: String,
    schema: String,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Schema {
    /// `None`, and loudly, where no server is named.
    pub(crate) fn fresh() -> Option<Self> {
        let Ok(connection) = std::env::var("COUNTENANCE_TEST_POSTGRES") else {
            eprintln!("SKIPPED: COUNTENANCE_TEST_POSTGRES is not set");
            return None;
        };
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let schema = format!("vault_test_{}_{number}", std::process::id());
        let made = Self { connection, schema };
        made.run(&format!("CREATE SCHEMA {}", made.schema)).unwrap();
        Some(made)
    }

    /// Runs statements inside the schema.
    pub(crate) fn tamper(&self, statements: &str) {
        let mut client = Client::connect(&self.connection(), NoTls).unwrap();
        client.batch_execute(statements).unwrap();
    }

    fn run(&self, statement: &str) -> Result<(), postgres::Error> {
        Client::connect(&self.connection, NoTls)?.batch_execute(statement)
    }

    /// The connection string that leads into the schema.
    pub(crate) fn connection(&self) -> String {
        let Self { connection, schema } = self;
        format!("{connection} options='-c search_path={schema}'")
    }

    pub(crate) fn store(&self) -> PostgresStore {
        PostgresStore::connect(&self.connection()).unwrap()
    }

    /// The store of whoever keeps the keyring elsewhere; its connections go by this name.
    pub(crate) fn store_alone(&self, name: &str) -> Result<PostgresStore, StoreError> {
        PostgresStore::connect_alone(&format!("{} application_name={name}", self.connection()))
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let _ = self.run(&format!("DROP SCHEMA {} CASCADE", self.schema));
    }
}
