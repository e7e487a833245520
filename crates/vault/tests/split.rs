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
            let data = self.schema.store_alone("split").unwrap();
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
    use crate::given::{at, name};
    use countenance_vault::store::{Durability, SplitStore, SqliteStore, Store, StoreError};
    use countenance_vault::{RootKey, Settings, SystemRandom, Vault, VaultError};
    use std::path::Path;
    use std::sync::Arc;

    fn store(schema: &Schema, keyring: &Path, called: &str) -> Result<Arc<dyn Store>, StoreError> {
        let keyring = SqliteStore::open(keyring, Durability::Full)?;
        Ok(Arc::new(SplitStore::new(
            schema.store_alone(called)?,
            keyring,
        )))
    }

    fn root() -> Arc<RootKey> {
        Arc::new(RootKey::dangerous_from_bytes(&[7; 32]))
    }

    fn copied(from: &Path) -> tempfile::TempDir {
        let to = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.path().join(file.file_name())).unwrap();
        }
        to
    }

    #[test]
    fn a_copy_of_the_keyring_does_not_write_beside_it_whatever_becomes_of_the_servers_connections()
    {
        let Some(schema) = Schema::fresh() else {
            return;
        };
        let cut_off = |called| {
            schema.tamper(&format!(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                 WHERE application_name = '{called}'"
            ));
        };
        let folder = tempfile::tempdir().unwrap();
        let first = store(&schema, folder.path(), "first").unwrap();
        let (random, settings) = (Arc::new(SystemRandom), Settings::default());
        let first = Vault::create(first, root(), Arc::clone(&random) as _, settings, at(0));
        let first = first.unwrap();
        first.create_tenant(&name("one"), at(1)).unwrap();
        let copy = copied(folder.path());
        let refused = store(&schema, copy.path(), "copy").map(drop);
        assert!(matches!(refused, Err(StoreError::InUse { .. })));
        // Those who share one keyring are in nobody's way.
        drop(schema.store());

        // Whoever lost their connections, and the lock with them, goes on as long as nobody else has written,
        cut_off("first");
        first.create_tenant(&name("two"), at(2)).unwrap();
        cut_off("first");
        let copy = copied(folder.path());
        let second = store(&schema, copy.path(), "copy").unwrap();
        let second = Vault::open(second, root(), random, settings, at(3)).unwrap();
        second.create_tenant(&name("three"), at(4)).unwrap();
        // and then no more.
        for (called, at) in [("four", at(5)), ("five", at(6))] {
            let refused = first.create_tenant(&name(called), at);
            let store = matches!(refused, Err(VaultError::Store(StoreError::InUse { .. })));
            assert!(store, "{refused:?}");
        }
        second.create_tenant(&name("six"), at(7)).unwrap();
    }
}
