//! The behavior suite on PostgreSQL. It runs where `COUNTENANCE_TEST_POSTGRES` holds a connection
//! string of a server on which schemas may be made and dropped.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::cloned_ref_to_slice_refs,
    reason = "a test that fails should say so where it fails"
)]
#![cfg(feature = "postgres")]

#[path = "behavior/mod.rs"]
mod behavior;
mod given;

mod backend {
    use countenance_vault::store::{PostgresStore, Store};
    use postgres::{Client, NoTls};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A schema of its own for each test.
    pub(crate) struct Place {
        connection: String,
        schema: String,
    }

    static NEXT: AtomicU32 = AtomicU32::new(0);

    impl Place {
        pub(crate) fn fresh() -> Option<Self> {
            let Ok(connection) = std::env::var("COUNTENANCE_TEST_POSTGRES") else {
                eprintln!("SKIPPED: COUNTENANCE_TEST_POSTGRES is not set");
                return None;
            };
            let number = NEXT.fetch_add(1, Ordering::SeqCst);
            let schema = format!("vault_test_{}_{number}", std::process::id());
            let mut client = Client::connect(&connection, NoTls).unwrap();
            client
                .batch_execute(&format!("CREATE SCHEMA {schema}"))
                .unwrap();
            Some(Self { connection, schema })
        }

        pub(crate) fn store(&self) -> Arc<dyn Store> {
            let schema = &self.schema;
            let connection = format!("{} options='-c search_path={schema}'", self.connection);
            Arc::new(PostgresStore::connect(&connection).unwrap())
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            if let Ok(mut client) = Client::connect(&self.connection, NoTls) {
                let _ = client.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.schema));
            }
        }
    }
}
