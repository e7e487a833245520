//! The one thread that writes a half. Changes that wait together share one commit.

use super::sql::{self, Sql};
use super::{Change, Committed, KeyChange, KeysCommitted, Row, StoreError};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread::{self, JoinHandle};

/// Most changes in one commit.
const GROUP: usize = 256;

/// A change of one half.
pub(super) trait Work: Send + 'static {
    type Done: Send + 'static;
    fn apply(&self, sql: &mut dyn Sql) -> Result<Self::Done, StoreError>;
    /// Applies several, one after another. What is refused has changed nothing; after an error the
    /// transaction must be given up.
    #[cfg(feature = "postgres")]
    fn apply_all(
        all: &[&Self],
        sql: &mut dyn Sql,
    ) -> Result<Vec<Result<Self::Done, StoreError>>, StoreError>;
    /// Whether something must be gone from the file before the answer.
    fn destroys(&self) -> bool;
    /// Whether it leaves dead rows that must be freed for overwriting.
    #[cfg(feature = "postgres")]
    fn leaves_dead(&self) -> bool;
    /// How many leaves the audit tree had before those that were done, and has after them, where they had to do with it.
    #[cfg(feature = "postgres")]
    fn leaves(done: &[Result<Self::Done, StoreError>]) -> Option<(u64, u64)>;
}

impl Work for Change {
    type Done = Committed;

    fn apply(&self, sql: &mut dyn Sql) -> Result<Committed, StoreError> {
        sql::apply(sql, self)
    }

    #[cfg(feature = "postgres")]
    fn apply_all(
        all: &[&Self],
        sql: &mut dyn Sql,
    ) -> Result<Vec<Result<Committed, StoreError>>, StoreError> {
        sql::apply_all(sql, all)
    }

    fn destroys(&self) -> bool {
        false
    }

    #[cfg(feature = "postgres")]
    fn leaves_dead(&self) -> bool {
        false
    }

    #[cfg(feature = "postgres")]
    fn leaves(done: &[Result<Committed, StoreError>]) -> Option<(u64, u64)> {
        let mut done = done.iter().flatten();
        let first = done.next()?;
        let last = done.next_back().unwrap_or(first);
        // Where nothing was required and nothing appended, nobody looked.
        (last.size > 0).then_some((first.first_leaf, last.size))
    }
}

impl Work for KeyChange {
    type Done = KeysCommitted;

    fn apply(&self, sql: &mut dyn Sql) -> Result<KeysCommitted, StoreError> {
        sql::apply_keys(sql, self)
    }

    #[cfg(feature = "postgres")]
    fn apply_all(
        all: &[&Self],
        sql: &mut dyn Sql,
    ) -> Result<Vec<Result<KeysCommitted, StoreError>>, StoreError> {
        // One that is refused may have changed something before.
        all.iter()
            .map(|one| sql::apply_keys(sql, one).map(Ok))
            .collect()
    }

    fn destroys(&self) -> bool {
        // Replaced wraps stand in the log until it is truncated, and count as destroyed too.
        let rewrapped = |row: &Row| matches!(row, Row::RootWrappedRow(_));
        !self.destroy.is_empty()
            || !self.drop_root.is_empty()
            || !self.rewrap.is_empty()
            || self.put.iter().any(rewrapped)
    }

    #[cfg(feature = "postgres")]
    fn leaves_dead(&self) -> bool {
        !self.destroy.is_empty() || !self.drop_root.is_empty()
    }

    #[cfg(feature = "postgres")]
    fn leaves(_: &[Result<KeysCommitted, StoreError>]) -> Option<(u64, u64)> {
        None
    }
}

/// A change that somebody waits for.
pub(super) struct Task<W: Work> {
    pub(super) work: W,
    reply: SyncSender<Result<W::Done, StoreError>>,
}

impl<W: Work> Task<W> {
    pub(super) fn answer(self, result: Result<W::Done, StoreError>) {
        // Whoever no longer waits does not want to know.
        let _ = self.reply.send(result);
    }
}

/// The thread, from the first change on.
pub(super) struct Writer<W: Work>(OnceLock<Running<W>>);

struct Running<W: Work> {
    tasks: Option<Sender<Task<W>>>,
    thread: Option<JoinHandle<()>>,
}

fn stopped() -> StoreError {
    StoreError::Io {
        action: "writing",
        cause: "writer has stopped".to_owned(),
    }
}

impl<W: Work> Default for Writer<W> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<W: Work> Writer<W> {
    /// Returns when the change is on the disk, or why it is not made. The first one asks `begin`
    /// for what commits groups of them.
    pub(super) fn write<C: FnMut(Vec<Task<W>>) + Send + 'static>(
        &self,
        work: W,
        begin: impl FnOnce() -> Result<C, StoreError>,
    ) -> Result<W::Done, StoreError> {
        if self.0.get().is_none() {
            let fresh = Running::start(begin()?)?;
            // Two threads may be first at once; the loser's thread ends when it is dropped.
            let _ = self.0.set(fresh);
        }
        let running = self.0.get().ok_or_else(stopped)?;
        let (reply, answer) = mpsc::sync_channel(1);
        let tasks = running.tasks.as_ref().ok_or_else(stopped)?;
        tasks.send(Task { work, reply }).map_err(|_| stopped())?;
        answer.recv().map_err(|_| stopped())?
    }
}

impl<W: Work> Running<W> {
    fn start(commit: impl FnMut(Vec<Task<W>>) + Send + 'static) -> Result<Self, StoreError> {
        let (tasks, received) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("vault writer".to_owned())
            .spawn(move || serve(&received, commit))
            .map_err(|error| StoreError::Io {
                action: "starting the writer",
                cause: error.to_string(),
            })?;
        Ok(Self {
            tasks: Some(tasks),
            thread: Some(thread),
        })
    }
}

impl<W: Work> Drop for Running<W> {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve<W: Work>(tasks: &Receiver<Task<W>>, mut commit: impl FnMut(Vec<Task<W>>)) {
    while let Ok(first) = tasks.recv() {
        let mut group = vec![first];
        while group.len() < GROUP {
            match tasks.try_recv() {
                Ok(task) => group.push(task),
                Err(_) => break,
            }
        }
        commit(group);
    }
}
