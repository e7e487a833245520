//! The end that has the store.

use super::super::{Row, Store, StoreError};
use super::wire::{self, Ask, Greeting, Part, Refused};
use serde::Serialize;
use std::io;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Rows of a snapshot that travel together.
const BATCH: usize = 256;
/// How long the other end may leave an answer unread. While it reads a snapshot the store is being read.
const UNREAD: Duration = Duration::from_secs(30);

/// Answers what a borrower asks of the store until it hangs up.
///
/// Whoever calls has checked who the borrower is: it can do everything that can be done with the
/// database's files, and no more.
///
/// # Errors
/// [`io::Error`] when the borrower breaks off or says what is no question.
pub fn host(store: &dyn Store, mut stream: UnixStream) -> io::Result<()> {
    stream.set_write_timeout(Some(UNREAD))?;
    let theirs: Greeting = wire::read(&mut stream)?;
    wire::write(&mut stream, &Greeting::mine(store.destroys_at_once()))?;
    if !theirs.is_of_this_build() {
        return Ok(());
    }
    loop {
        let ask = match wire::read(&mut stream) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            asked => asked?,
        };
        answer(store, &mut stream, ask)?;
    }
}

fn answer(store: &dyn Store, stream: &mut UnixStream, ask: Ask) -> io::Result<()> {
    match ask {
        Ask::Create(making) => say(stream, store.create(&making)),
        Ask::Inspect(half) => say(stream, store.inspect(half)),
        Ask::Keyring => say(stream, store.keyring()),
        Ask::Data => say(stream, store.data()),
        Ask::CommitKeys(change) => say(stream, store.commit_keys(change)),
        Ask::Commit(change) => say(stream, store.commit(change)),
        Ask::Withdrawn(mark) => say(stream, store.withdrawn(&mark)),
        Ask::Key(number) => say(stream, store.key(number)),
        Ask::Keys { after, limit } => say(stream, store.keys(after, limit)),
        Ask::Unpurged(limit) => say(stream, store.unpurged(limit)),
        Ask::Subject {
            collection,
            pseudonym,
        } => say(stream, store.subject(collection, &pseudonym)),
        Ask::Subjects {
            collection,
            after,
            limit,
        } => say(stream, store.subjects(collection, after, limit)),
        Ask::Dossier { subject, contents } => say(stream, store.dossier(subject, contents)),
        Ask::Events {
            subject,
            from,
            limit,
        } => say(stream, store.events(subject, from, limit)),
        Ask::NewestEvents {
            subject,
            before,
            limit,
        } => say(stream, store.newest_events(subject, before, limit)),
        Ask::Log { first, tiles } => say(stream, store.log(first, tiles)),
        Ask::Attempt(slot) => say(stream, store.attempt(&slot)),
        Ask::Payment(slot) => say(stream, store.payment(&slot)),
        Ask::Payments {
            subject,
            from,
            limit,
        } => say(stream, store.payments(subject, from, limit)),
        Ask::Tile { level, index } => say(stream, store.tile(level, index)),
        Ask::Snapshot(half) => {
            let mut broken = None;
            let mut batch: Vec<Row> = Vec::with_capacity(BATCH);
            let end = store.snapshot(half, &mut |row| {
                batch.push(row);
                if batch.len() < BATCH {
                    return Ok(());
                }
                let rows = Part::Rows(std::mem::take(&mut batch));
                wire::write(stream, &rows).map_err(|error| {
                    let told = StoreError::Io {
                        action: "handing a snapshot over",
                        cause: error.to_string(),
                    };
                    broken = Some(error);
                    told
                })
            });
            if let Some(error) = broken {
                return Err(error);
            }
            wire::write(stream, &Part::Rows(batch))?;
            wire::write(stream, &Part::End(end.map_err(Refused::from)))
        }
    }
}

fn say<T: Serialize>(stream: &mut UnixStream, told: Result<T, StoreError>) -> io::Result<()> {
    wire::write(stream, &told.map_err(Refused::from))
}
