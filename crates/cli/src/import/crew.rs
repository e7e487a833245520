//! The threads of an import: some look at photos, one takes people in.
//!
//! Looking takes a processor, and taking in waits for the disk. The vault takes many people in with one commit, which costs little more than
//! that of one person: so whoever was looked at while the last ones were taken in is taken in together, and those who look never wait.

use super::admit::TOGETHER;
use super::look::{Looked, Looker};
use super::people::{Chosen, People};
use crate::failure::Failure;
use countenance_core::{ComparePolicy, Engine};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// Whoever was looked at waits no longer than this for others.
const GATHERING: Duration = Duration::from_millis(250);

/// What the threads that look share.
pub(super) struct Crew<'a, P> {
    pub(super) people: &'a P,
    pub(super) chosen: &'a [Chosen],
    pub(super) engine: &'a Engine,
    pub(super) policy: &'a ComparePolicy,
}

/// What a thread hands on: a person and what came of their photos.
pub(super) type Handed<'a> = (&'a Chosen, Looked);

impl<P: People> Crew<'_, P> {
    /// Looks at everybody with so many threads, and has them taken in by this one. The first failure ends it.
    pub(super) fn work(
        &self,
        lookers: usize,
        mut take_in: impl FnMut(&[Handed<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let stopping = |done: Result<(), Failure>| {
            if done.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            done
        };
        let (sender, receiver) = sync_channel(2 * TOGETHER);
        std::thread::scope(|scope| {
            let mut threads = Vec::new();
            for _ in 0..lookers.min(self.chosen.len()) {
                let (sender, next, stop, stopping) = (sender.clone(), &next, &stop, &stopping);
                threads.push(scope.spawn(move || stopping(self.look_all(&sender, next, stop))));
            }
            drop(sender);
            let mut done = Ok(());
            while let Some(handed) = gather(&receiver) {
                // What is handed on after a failure is taken all the same, so that those who look are not left waiting.
                if !stop.load(Ordering::Relaxed) {
                    done = stopping(take_in(&handed));
                }
            }
            threads.into_iter().map(joined).fold(done, Result::and)
        })
    }

    fn look_all<'p>(
        &'p self,
        sender: &SyncSender<Handed<'p>>,
        next: &AtomicUsize,
        stop: &AtomicBool,
    ) -> Result<(), Failure> {
        let mut looker = Looker::new(self.engine, self.policy)?;
        while let Some(chosen) = self.chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let looked = looker.look(self.people, &chosen.person)?;
            // Whoever takes in goes on until nobody looks.
            let _ = sender.send((chosen, looked));
        }
        Ok(())
    }
}

/// What a thread that is done says.
fn joined(thread: ScopedJoinHandle<'_, Result<(), Failure>>) -> Result<(), Failure> {
    let done = thread.join();
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Those who are taken in together next; `None` when nobody is left.
fn gather<'a>(receiver: &Receiver<Handed<'a>>) -> Option<Vec<Handed<'a>>> {
    let mut handed = vec![receiver.recv().ok()?];
    let end = Instant::now() + GATHERING;
    while handed.len() < TOGETHER {
        let left = end.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(left) {
            Ok(one) => handed.push(one),
            Err(_) => break,
        }
    }
    Some(handed)
}
