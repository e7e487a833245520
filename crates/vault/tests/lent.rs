//! The behavior suite on an embedded store that another thread has open and lends over a socket, and what a
//! borrower that is none is told.
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
    use countenance_vault::store::{Durability, LentStore, SqliteStore, Store, host};
    use std::os::unix::net::UnixStream;
    use std::sync::{Arc, Mutex};
    use std::thread::JoinHandle;

    /// A folder of its own for each test, and the thread that has it.
    pub(crate) struct Place(tempfile::TempDir, Mutex<Option<JoinHandle<()>>>);

    impl Place {
        pub(crate) fn fresh() -> Option<Self> {
            Some(Self(tempfile::tempdir().unwrap(), Mutex::default()))
        }

        pub(crate) fn store(&self) -> Arc<dyn Store> {
            let mut lender = self.1.lock().unwrap();
            // The folder is free when whoever had it before has let go.
            if let Some(before) = lender.take() {
                before.join().unwrap();
            }
            let folder = self.0.path().join("data");
            let store = SqliteStore::open(&folder, Durability::Full).unwrap();
            let (here, there) = UnixStream::pair().unwrap();
            *lender = Some(std::thread::spawn(move || host(&store, there).unwrap()));
            Arc::new(LentStore::over(here).unwrap())
        }

        /// Does to the data what somebody does who can write to the database.
        pub(crate) fn tamper(&self, statements: &str) {
            crate::given::tamper(&self.0.path().join("data/data.db"), statements);
        }
    }
}

mod borrowers {
    use countenance_vault::store::{
        Durability, LentStore, SqliteStore, Store as _, StoreError, host,
    };
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;

    /// What a lender does with these bytes.
    fn told(bytes: &[u8]) -> std::io::Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), Durability::Full).unwrap();
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(bytes).unwrap();
        here.shutdown(std::net::Shutdown::Write).unwrap();
        host(&store, there)
    }

    #[test]
    fn bytes_that_are_no_question_end_the_conversation() {
        for bytes in [
            &[][..],
            &[1, 0],
            &[0, 0, 0, 0],
            &[0xff; 64],
            &[4, 0, 0, 0, 1, 2, 3, 4],
            // A length that is never filled takes no room and is no question.
            &[0, 0, 0, 2, 7],
        ] {
            assert!(told(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_lender_of_another_version_is_not_asked() {
        let (here, mut there) = UnixStream::pair().unwrap();
        let other = std::thread::spawn(move || {
            // Version "9", schema 2, not at once.
            there.write_all(&[4, 0, 0, 0, 1, b'9', 2, 0]).unwrap();
            let mut greeting = [0; 4];
            there.read_exact(&mut greeting).unwrap();
            there
        });
        let refused = LentStore::over(here).err();
        let refused = refused.map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains("of version 9"), "{refused}");
        drop(other.join().unwrap());
    }

    #[test]
    fn a_lender_that_is_gone_is_an_error_and_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), Durability::Full).unwrap();
        let (here, there) = UnixStream::pair().unwrap();
        let cut = there.try_clone().unwrap();
        let lender = std::thread::spawn(move || host(&store, there));
        let lent = LentStore::over(here).unwrap();
        assert!(matches!(lent.keyring(), Err(StoreError::Missing)));
        cut.shutdown(std::net::Shutdown::Both).unwrap();
        assert!(matches!(lent.keyring(), Err(StoreError::Io { .. })));
        lender.join().unwrap().unwrap();
    }
}
