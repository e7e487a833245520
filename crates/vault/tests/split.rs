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
