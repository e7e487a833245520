//! A store that another process of this machine has open, over a socket (ADR 46).
//!
//! One process at a time opens a data folder. A server lends its store to the commands of whoever
//! runs it: each call of [`Store`] is one frame there and one frame back, so that a command is to
//! the server what a second node is on a shared database. What travels is sealed as it is on the
//! disk; the keys stay on both sides.
//!
//! A frame is its length (four bytes, little endian) and that many bytes: an [`Ask`](wire::Ask) or
//! what answers it, in postcard's format. The first is a greeting, which names the version of the program: both
//! are of one build or nothing is asked.

mod host;
mod wire;

pub use host::host;

use super::{
    Change, Committed, Contents, DataHead, DeletionRow, Dossier, EventRow, Half, KeyChange, KeyRow,
    KeyringHead, KeysCommitted, LogPage, Making, PaymentPlace, PaymentRow, Row, Store, StoreError,
    SubjectRow,
};
use serde::de::DeserializeOwned;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use wire::{Ask, Greeting, Refused};

/// How long one answer may take. The longest is an erasure that waits for the keyring's file.
const PATIENCE: Duration = Duration::from_secs(60);

/// A store of another process.
pub struct LentStore {
    stream: Mutex<UnixStream>,
    destroys_at_once: bool,
}

impl LentStore {
    /// Greets the process at the other end.
    ///
    /// # Errors
    /// [`StoreError::Io`] when it does not answer, or is of another version.
    pub fn over(stream: UnixStream) -> Result<Self, StoreError> {
        let patient = stream.set_read_timeout(Some(PATIENCE));
        patient
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
            .map_err(|error| failed(&error))?;
        let mut stream = stream;
        wire::write(&mut stream, &Greeting::mine(false)).map_err(|error| failed(&error))?;
        let theirs: Greeting = wire::read(&mut stream).map_err(|error| failed(&error))?;
        if !theirs.is_of_this_build() {
            return Err(StoreError::Io {
                action: "borrowing the server's store",
                cause: format!(
                    "the server is of version {}, this program of {}",
                    theirs.version,
                    env!("CARGO_PKG_VERSION")
                ),
            });
        }
        Ok(Self {
            stream: Mutex::new(stream),
            destroys_at_once: theirs.destroys_at_once,
        })
    }

    fn ask<T: DeserializeOwned>(&self, ask: &Ask) -> Result<T, StoreError> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let told = wire::write(&mut *stream, ask).and_then(|()| wire::read(&mut *stream));
        let told: Result<T, Refused> = told.map_err(|error| failed(&error))?;
        told.map_err(Into::into)
    }
}

fn failed(error: &std::io::Error) -> StoreError {
    StoreError::Io {
        action: "asking the server that has the data folder",
        cause: error.to_string(),
    }
}

impl Store for LentStore {
    fn create(&self, making: &Making) -> Result<(), StoreError> {
        self.ask(&Ask::Create(making.clone()))
    }

    fn inspect(&self, half: Option<Half>) -> Result<(), StoreError> {
        self.ask(&Ask::Inspect(half))
    }

    fn keyring(&self) -> Result<KeyringHead, StoreError> {
        self.ask(&Ask::Keyring)
    }

    fn data(&self) -> Result<DataHead, StoreError> {
        self.ask(&Ask::Data)
    }

    fn commit_keys(&self, change: KeyChange) -> Result<KeysCommitted, StoreError> {
        self.ask(&Ask::CommitKeys(change))
    }

    fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        self.ask(&Ask::Commit(change))
    }

    fn withdrawn(&self, mark: &[u8; 16]) -> Result<bool, StoreError> {
        self.ask(&Ask::Withdrawn(*mark))
    }

    fn key(&self, number: u64) -> Result<Option<KeyRow>, StoreError> {
        self.ask(&Ask::Key(number))
    }

    fn keys(&self, after: u64, limit: u32) -> Result<Vec<KeyRow>, StoreError> {
        self.ask(&Ask::Keys { after, limit })
    }

    fn unpurged(&self, limit: u32) -> Result<Vec<DeletionRow>, StoreError> {
        self.ask(&Ask::Unpurged(limit))
    }

    fn subject(
        &self,
        collection: u32,
        pseudonym: &[u8; 32],
    ) -> Result<Option<SubjectRow>, StoreError> {
        self.ask(&Ask::Subject {
            collection,
            pseudonym: *pseudonym,
        })
    }

    fn subjects(
        &self,
        collection: Option<u32>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, StoreError> {
        self.ask(&Ask::Subjects {
            collection,
            after,
            limit,
        })
    }

    fn dossier(&self, subject: u64, contents: Contents) -> Result<Dossier, StoreError> {
        self.ask(&Ask::Dossier { subject, contents })
    }

    fn events(&self, subject: u64, from: u64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        self.ask(&Ask::Events {
            subject,
            from,
            limit,
        })
    }

    fn newest_events(
        &self,
        subject: u64,
        before: u64,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.ask(&Ask::NewestEvents {
            subject,
            before,
            limit,
        })
    }

    fn log(&self, first: u64, tiles: u32) -> Result<LogPage, StoreError> {
        self.ask(&Ask::Log { first, tiles })
    }

    fn attempt(&self, slot: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.ask(&Ask::Attempt(*slot))
    }

    fn payment(&self, slot: &[u8; 32]) -> Result<Option<PaymentRow>, StoreError> {
        self.ask(&Ask::Payment(*slot))
    }

    fn payments(
        &self,
        subject: u64,
        from: PaymentPlace,
        limit: u32,
    ) -> Result<Vec<PaymentRow>, StoreError> {
        self.ask(&Ask::Payments {
            subject,
            from,
            limit,
        })
    }

    fn tile(&self, level: u8, index: u64) -> Result<Vec<u8>, StoreError> {
        self.ask(&Ask::Tile { level, index })
    }

    fn snapshot(
        &self,
        half: Half,
        sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        wire::write(&mut *stream, &Ask::Snapshot(half)).map_err(|error| failed(&error))?;
        let mut refused = None;
        loop {
            let part: wire::Part = wire::read(&mut *stream).map_err(|error| failed(&error))?;
            match part {
                // Read to the end even where the sink has refused: the next answer begins after it.
                wire::Part::Rows(rows) => {
                    let mut rows = rows.into_iter();
                    if refused.is_none() {
                        refused = rows.try_for_each(&mut *sink).err();
                    }
                }
                wire::Part::End(end) => {
                    end.map_err(StoreError::from)?;
                    return refused.map_or(Ok(()), Err);
                }
            }
        }
    }

    fn destroys_at_once(&self) -> bool {
        self.destroys_at_once
    }
}
