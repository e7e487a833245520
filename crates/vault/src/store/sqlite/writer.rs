//! How a group of changes is committed to a SQLite database.

use super::connection::Connected;
use crate::store::StoreError;
use crate::store::group::{Task, Work};
use std::thread;
use std::time::Duration;

pub(super) fn commit<W: Work>(connected: &mut Connected, group: Vec<Task<W>>) {
    let destroys = group.iter().any(|task| task.work.destroys());
    let mut results = Vec::with_capacity(group.len());
    let written = connected
        .plain("BEGIN IMMEDIATE")
        .and_then(|()| apply(connected, &group, &mut results))
        .and_then(|()| connected.plain("COMMIT"));
    if let Err(error) = &written {
        connected.roll_back();
        for task in group {
            task.answer(Err(error.clone()));
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
        task.answer(result);
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
