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
