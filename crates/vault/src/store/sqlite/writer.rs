//! The one thread that writes a database. Changes that wait together share one commit.

use super::connection::Connected;
use crate::store::sql::{self, Sql};
use crate::store::{Change, Committed, KeyChange, KeysCommitted, Row, StoreError};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Most changes in one commit.
const GROUP: usize = 256;

/// A change of one half.
pub(super) trait Work: Send + 'static {
    type Done: Send + 'static;
    fn apply(&self, sql: &mut dyn Sql) -> Result<Self::Done, StoreError>;
    /// Whether something must be gone from the file before the answer.
    fn destroys(&self) -> bool;
}

impl Work for Change {
    type Done = Committed;

    fn apply(&self, sql: &mut dyn Sql) -> Result<Committed, StoreError> {
        sql::apply(sql, self)
    }

    fn destroys(&self) -> bool {
        false
    }
}

impl Work for KeyChange {
    type Done = KeysCommitted;

    fn apply(&self, sql: &mut dyn Sql) -> Result<KeysCommitted, StoreError> {
        sql::apply_keys(sql, self)
    }

    fn destroys(&self) -> bool {
        // Replaced wraps stand in the log until it is truncated, and count as destroyed too.
        let rewrapped = |row: &Row| matches!(row, Row::RootWrappedRow(_));
        !self.destroy.is_empty()
            || !self.drop_root.is_empty()
            || !self.rewrap.is_empty()
            || self.put.iter().any(rewrapped)
    }
}

struct Task<W: Work> {
    work: W,
    reply: SyncSender<Result<W::Done, StoreError>>,
}

pub(super) struct Writer<W: Work> {
    tasks: Option<Sender<Task<W>>>,
    thread: Option<JoinHandle<()>>,
}

fn stopped() -> StoreError {
    StoreError::Io {
        action: "writing",
        cause: "writer has stopped".to_owned(),
    }
}

impl<W: Work> Writer<W> {
    pub(super) fn start(connected: Connected) -> Result<Self, StoreError> {
        let (tasks, received) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("vault writer".to_owned())
            .spawn(move || serve(&received, connected))
            .map_err(|error| StoreError::Io {
                action: "starting the writer",
                cause: error.to_string(),
            })?;
        Ok(Self {
            tasks: Some(tasks),
            thread: Some(thread),
        })
    }

    /// Returns when the change is on the disk, or why it is not made.
    pub(super) fn write(&self, work: W) -> Result<W::Done, StoreError> {
        let (reply, answer) = mpsc::sync_channel(1);
        let tasks = self.tasks.as_ref().ok_or_else(stopped)?;
        tasks.send(Task { work, reply }).map_err(|_| stopped())?;
        answer.recv().map_err(|_| stopped())?
    }
}

impl<W: Work> Drop for Writer<W> {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve<W: Work>(tasks: &Receiver<Task<W>>, mut connected: Connected) {
    while let Ok(first) = tasks.recv() {
        let mut group = vec![first];
        while group.len() < GROUP {
            match tasks.try_recv() {
                Ok(task) => group.push(task),
                Err(_) => break,
            }
        }
        commit(&mut connected, group);
    }
}

fn commit<W: Work>(connected: &mut Connected, group: Vec<Task<W>>) {
    let destroys = group.iter().any(|task| task.work.destroys());
    let mut results = Vec::with_capacity(group.len());
    let written = connected
        .plain("BEGIN IMMEDIATE")
        .and_then(|()| apply(connected, &group, &mut results))
        .and_then(|()| connected.plain("COMMIT"));
    if let Err(error) = &written {
        connected.roll_back();
        for task in group {
            let _ = task.reply.send(Err(error.clone()));
        }
        return;
    }
    let gone = if destroys {
        truncate(connected)
    } else {
        Ok(())
    };
    for (task, result) in group.into_iter().zip(results) {
        let result = match &gone {
            Err(error) if task.work.destroys() => result.and(Err(error.clone())),
            _ => result,
        };
        let _ = task.reply.send(result);
    }
}

/// Applies each change in a savepoint of its own, so that one that is refused leaves the others.
fn apply<W: Work>(
    connected: &mut Connected,
    group: &[Task<W>],
    results: &mut Vec<Result<W::Done, StoreError>>,
) -> Result<(), StoreError> {
    for task in group {
        connected.plain("SAVEPOINT change")?;
        let result = task.work.apply(connected);
        match &result {
            // The disk or file is at fault: nothing of the group can be kept.
            Err(error @ (StoreError::Full | StoreError::Io { .. })) => return Err(error.clone()),
            Err(_) => connected.plain("ROLLBACK TO change")?,
            Ok(_) => {}
        }
        connected.plain("RELEASE change")?;
        results.push(result);
    }
    Ok(())
}

/// Readers hold the log only for microseconds: waiting a little is enough.
fn truncate(connected: &Connected) -> Result<(), StoreError> {
    for _ in 0..200 {
        match connected.truncate_log() {
            Ok(true) => return Ok(()),
            Ok(false) => thread::sleep(Duration::from_millis(10)),
            Err(_) => break,
        }
    }
    Err(StoreError::NotDestroyed)
}
