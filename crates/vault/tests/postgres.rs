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
    use crate::given::schema::Schema;
    use countenance_vault::store::Store;
    use std::sync::Arc;

    /// A schema of its own for each test.
    pub(crate) struct Place(Schema);

    impl Place {
        pub(crate) fn fresh() -> Option<Self> {
            Schema::fresh().map(Self)
        }

        pub(crate) fn store(&self) -> Arc<dyn Store> {
            Arc::new(self.0.store())
        }

        /// Does to the data what somebody does who can write to the database.
        pub(crate) fn tamper(&self, statements: &str) {
            self.0.tamper(statements);
        }
    }
}

/// A server that has no statistics of the events yet, as after a bulk load, must not read everybody's to find one
/// subject's newest.
#[test]
fn newest_events_of_a_subject_are_read_in_the_order_of_an_index() {
    use crate::given::schema::Schema;
    use countenance_vault::{RootKey, Settings, SystemRandom, Timestamp, Vault};
    use std::sync::Arc;

    let Some(schema) = Schema::fresh() else {
        return;
    };
    let vault = Vault::create(
        Arc::new(schema.store()),
        Arc::new(RootKey::dangerous_from_bytes(&[1; 32])),
        Arc::new(SystemRandom),
        Settings::default(),
        Timestamp::from_unix(1_800_000_000),
    );
    drop(vault.unwrap());
    schema.tamper(
        "INSERT INTO event SELECT 1000 + n, 1 + n % 5000, '' FROM generate_series(1, 20000) AS n",
    );
    let plan = || {
        let mut client = postgres::Client::connect(&schema.connection(), postgres::NoTls).unwrap();
        // Of the ways that need no sorting, the one that is taken.
        client
            .batch_execute(
                "SET enable_sort = off; SET enable_bitmapscan = off; SET enable_seqscan = off",
            )
            .unwrap();
        let asked = "EXPLAIN SELECT sequence, subject, sealed FROM event WHERE subject = 7 \
                     AND sequence < 9000000000 ORDER BY sequence DESC LIMIT 32";
        let lines = client.query(asked, &[]).unwrap();
        let lines = lines.iter().map(|line| line.get::<_, String>(0));
        lines.collect::<Vec<_>>().join("\n")
    };
    let in_order = |plan: &str| plan.contains("event_subject") && !plan.contains("Sort");
    let made = plan();
    assert!(in_order(&made), "{made}");
    schema.tamper("DROP INDEX event_subject; CREATE INDEX event_subject ON event (subject)");
    let control = plan();
    assert!(!in_order(&control), "{control}");
}
