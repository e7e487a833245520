//! The behavior suite on a store whose halves lie in two places: both in SQLite, or the data in
//! PostgreSQL and the keyring in SQLite (with the feature `postgres`).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::cloned_ref_to_slice_refs,
    reason = "a test that fails should say so where it fails"
)]

#[path = "behavior/mod.rs"]
mod behavior;
mod given;

mod backend {
    use countenance_vault::store::{Durability, SplitStore, SqliteStore, Store};
    use std::path::Path;
    use std::sync::Arc;

    /// A folder for each half, or a folder and a schema.
    pub(crate) struct Place {
        folder: tempfile::TempDir,
        #[cfg(feature = "postgres")]
        schema: crate::given::schema::Schema,
    }

    fn sqlite(path: &Path) -> SqliteStore {
        SqliteStore::open(path, Durability::Full).unwrap()
    }

    impl Place {
        pub(crate) fn fresh() -> Option<Self> {
            Some(Self {
                folder: tempfile::tempdir().unwrap(),
                #[cfg(feature = "postgres")]
                schema: crate::given::schema::Schema::fresh()?,
            })
        }

        pub(crate) fn store(&self) -> Arc<dyn Store> {
            let keyring = sqlite(&self.folder.path().join("keyring"));
            #[cfg(feature = "postgres")]
            let data = self.schema.store();
            #[cfg(not(feature = "postgres"))]
            let data = sqlite(&self.folder.path().join("data"));
            Arc::new(SplitStore::new(data, keyring))
        }

        /// Does to the data what somebody does who can write to the database.
        pub(crate) fn tamper(&self, statements: &str) {
            #[cfg(feature = "postgres")]
            self.schema.tamper(statements);
            #[cfg(not(feature = "postgres"))]
            crate::given::tamper(&self.folder.path().join("data/data.db"), statements);
        }
    }
}

#[cfg(feature = "postgres")]
mod copies {
    use crate::given::schema::Schema;
    use countenance_vault::store::{PostgresStore, Store as _, StoreError};

    fn is_refused<T>(done: Result<T, StoreError>) -> bool {
        matches!(done, Err(StoreError::InUse { .. }))
    }

    /// A schema without a vault says so to whoever may look.
    fn may_look(store: &PostgresStore) -> bool {
        matches!(store.data(), Err(StoreError::Missing))
    }

    #[test]
    fn a_copy_of_the_keyring_does_not_write_beside_it_whatever_the_server_is_restarted() {
        let Some(schema) = Schema::fresh() else {
            return;
        };
        let cut_off = |name| {
            schema.tamper(&format!(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                 WHERE application_name = '{name}'"
            ));
        };
        let first = schema.store_alone("first").unwrap();
        assert!(may_look(&first));
        assert!(is_refused(schema.store_alone("copy")));
        // Those who share one keyring are in nobody's way.
        assert!(may_look(&schema.store()));

        cut_off("first");
        assert!(may_look(&first));
        assert!(is_refused(schema.store_alone("copy")));

        cut_off("first");
        let copy = schema.store_alone("copy").unwrap();
        assert!(may_look(&copy));
        assert!(is_refused(first.data()));
        assert!(is_refused(first.data()));
        drop(copy);
        assert!(may_look(&first));
    }
}
