//! The behavior suite on the embedded store.
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
    use countenance_vault::store::{Durability, SqliteStore, Store};
    use std::sync::Arc;

    /// A folder of its own for each test.
    pub(crate) struct Place(tempfile::TempDir);

    impl Place {
        pub(crate) fn fresh() -> Option<Self> {
            Some(Self(tempfile::tempdir().unwrap()))
        }

        pub(crate) fn store(&self) -> Arc<dyn Store> {
            Arc::new(SqliteStore::open(&self.0.path().join("data"), Durability::Full).unwrap())
        }

        /// Does to the data what somebody does who can write to the database.
        pub(crate) fn tamper(&self, statements: &str) {
            crate::given::tamper(&self.0.path().join("data/data.db"), statements);
        }
    }
}
