//! The threads of an import: some look at photos, others keep people.
//!
//! Looking takes a processor, and keeping waits for the disk, four times for each person. The vault puts what waits together into one commit, which
//! costs as much as that of one person: so people are kept many together, each by a thread of their own, while the next are looked at.

use super::consents::Consents;
use super::keep::{Keeper, Kept};
use super::look::{Looked, Looker};
use super::people::{People, Person};
use super::report::Report;
use super::room::Room;
use crate::failure::Failure;
use countenance_core::vault::Purpose;
use countenance_core::{ComparePolicy, Engine};
use indicatif::ProgressBar;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// Most people who are kept together. Each may take a connection to the database, of which PostgreSQL has a hundred.
const TOGETHER: usize = 32;
/// Whoever was looked at waits no longer than this for others to be kept with.
const GATHERING: Duration = Duration::from_millis(250);

/// What all threads of an import share.
pub(super) struct Crew<'a, P> {
    pub(super) people: &'a P,
    pub(super) chosen: &'a [Person],
    pub(super) consents: &'a Consents,
    pub(super) engine: &'a Engine,
    pub(super) policy: &'a ComparePolicy,
    pub(super) keeper: &'a Keeper<'a>,
    pub(super) room: &'a Room,
    pub(super) report: &'a Mutex<Report>,
    pub(super) bar: &'a ProgressBar,
}

/// What a thread hands on: a person and what came of their photos.
type Handed<'a> = (&'a Person, Looked);

impl<P: People> Crew<'_, P> {
    /// Looks at everybody with so many threads, and keeps them. The first failure ends it, once those who are being kept are kept.
    pub(super) fn work(&self, lookers: usize) -> Result<(), Failure> {
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
                    done = stopping(self.keep_together(&handed));
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
        while let Some(person) = self.chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let looked = looker.look(self.people, person)?;
            // Whoever keeps goes on until nobody looks.
            let _ = sender.send((person, looked));
        }
        Ok(())
    }

    fn keep_together(&self, handed: &[Handed<'_>]) -> Result<(), Failure> {
        std::thread::scope(|scope| {
            let keep = |(person, looked)| scope.spawn(move || self.keep_one(person, looked));
            let threads: Vec<_> = handed.iter().map(|one| keep((one.0, &one.1))).collect();
            // All are waited for.
            threads.into_iter().map(joined).fold(Ok(()), Result::and)
        })
    }

    /// Keeps one person, or says why not.
    fn keep_one(&self, person: &Person, looked: &Looked) -> Result<(), Failure> {
        self.bar.inc(1);
        let made = looked.templates.len();
        let told = |tell: &dyn Fn(&mut Report)| {
            tell(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
        };
        told(&|report| {
            for (photo, reason) in &looked.refused {
                report.refuse(&person.id, Some(photo), reason);
            }
        });
        let refuse = |reason: &str| told(&|report| report.refuse(&person.id, None, reason));
        if made == 0 {
            refuse("no photo that a template can be made of");
            return Ok(());
        }
        let rows = self.consents.of(&person.id).unwrap_or_default();
        let joins = rows.iter().any(|row| row.purpose == Purpose::Identify);
        let place = match joins.then(|| self.room.hold()).transpose() {
            Ok(place) => place,
            Err(reason) => {
                refuse(&reason);
                return Ok(());
            }
        };
        match self.keeper.keep(person, rows, &looked.templates)? {
            Kept::Refused(reason) => refuse(&reason),
            Kept::There => told(&|report| report.already_there += 1),
            Kept::New => {
                if let Some(place) = place {
                    place.take();
                }
                told(&|report| {
                    report.imported += 1;
                    report.templates += made;
                });
            }
        }
        Ok(())
    }
}

/// What a thread that is done says.
fn joined(thread: ScopedJoinHandle<'_, Result<(), Failure>>) -> Result<(), Failure> {
    let done = thread.join();
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Those who are kept together next; `None` when nobody is left.
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
