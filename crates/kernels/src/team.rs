//! A team of threads that shares one run of a network.
//!
//! Work comes as numbered parts that any member may take; the caller takes parts too and
//! waits only for those that others have taken. So a team on a busy machine is never
//! slower than its caller alone by more than one part, and since a part does the same
//! arithmetic whoever takes it, results do not depend on the number of threads.

use std::cell::UnsafeCell;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Turns of the waiting loop before a member goes to sleep: about 50 µs, longer than the
/// gap between two steps of a network and shorter than anybody would notice.
const SPINS: u32 = 20_000;

/// `job(part, member)`.
type Job<'a> = dyn Fn(usize, usize) + Sync + 'a;

struct Shared {
    /// `epoch << 32 | parts << 16 | next part`: one word, so that a part can only be
    /// taken from the job that is running.
    ticket: AtomicU64,
    /// Parts of the running job that are not finished.
    unfinished: AtomicUsize,
    /// The running job; written only while no part is unfinished.
    job: UnsafeCell<Option<*const Job<'static>>>,
    sleepers: AtomicU32,
    stop: AtomicBool,
    gate: Mutex<()>,
    wake: Condvar,
}

// SAFETY: `job` is written by the one caller while no part can be taken, and read by
// members only after they took a part of the job that was published after the write.
unsafe impl Sync for Shared {}
// SAFETY: the pointer inside `job` is to a `Sync` closure that outlives the job.
unsafe impl Send for Shared {}

impl Shared {
    /// Takes the next part, if the job of `epoch` has one left.
    fn take(&self, epoch: u32) -> Option<usize> {
        let mut ticket = self.ticket.load(Ordering::Acquire);
        loop {
            let (parts, next) = ((ticket >> 16) & 0xffff, ticket & 0xffff);
            if (ticket >> 32) as u32 != epoch || next >= parts {
                return None;
            }
            match self.ticket.compare_exchange_weak(
                ticket,
                ticket + 1,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Some(next as usize),
                Err(now) => ticket = now,
            }
        }
    }

    /// Takes and does parts until none is left.
    fn work(&self, epoch: u32, member: usize) {
        while let Some(part) = self.take(epoch) {
            // A panicking job would leave the caller waiting for ever: count the part as
            // finished even then.
            struct Finished<'a>(&'a AtomicUsize);
            impl Drop for Finished<'_> {
                fn drop(&mut self) {
                    self.0.fetch_sub(1, Ordering::Release);
                }
            }
            let _finished = Finished(&self.unfinished);
            // SAFETY: a part was taken, so the job it belongs to is running: the pointer
            // was written before the ticket was published and the caller is still waiting.
            if let Some(job) = unsafe { *self.job.get() } {
                // SAFETY: the caller of `run` keeps the closure alive until all is finished.
                unsafe { (*job)(part, member) };
            }
        }
    }

    fn member(&self, member: usize) {
        let mut seen = 0;
        loop {
            let mut spins = 0;
            let epoch = loop {
                if self.stop.load(Ordering::Acquire) {
                    return;
                }
                let epoch = (self.ticket.load(Ordering::Acquire) >> 32) as u32;
                if epoch != seen {
                    break epoch;
                }
                spins += 1;
                if spins < SPINS {
                    std::hint::spin_loop();
                    continue;
                }
                let guard = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
                self.sleepers.fetch_add(1, Ordering::SeqCst);
                let changed = (self.ticket.load(Ordering::SeqCst) >> 32) as u32 != seen;
                if !changed && !self.stop.load(Ordering::SeqCst) {
                    drop(
                        self.wake
                            .wait(guard)
                            .unwrap_or_else(PoisonError::into_inner),
                    );
                }
                self.sleepers.fetch_sub(1, Ordering::SeqCst);
                spins = 0;
            };
            seen = epoch;
            self.work(epoch, member);
        }
    }
}

/// A caller and its helper threads.
pub struct Team {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    epoch: u32,
}

impl Team {
    /// A team of `members` threads, the caller included. One member needs no threads.
    /// Where the system refuses a thread the team is smaller.
    #[must_use]
    pub fn new(members: usize) -> Self {
        let shared = Arc::new(Shared {
            ticket: AtomicU64::new(0),
            unfinished: AtomicUsize::new(0),
            job: UnsafeCell::new(None),
            sleepers: AtomicU32::new(0),
            stop: AtomicBool::new(false),
            gate: Mutex::new(()),
            wake: Condvar::new(),
        });
        let threads = (1..members.clamp(1, 256))
            .map_while(|member| {
                let shared = Arc::clone(&shared);
                std::thread::Builder::new()
                    .name("countenance-net".to_owned())
                    .spawn(move || shared.member(member))
                    .ok()
            })
            .collect();
        Self {
            shared,
            threads,
            epoch: 0,
        }
    }

    /// Members, the caller included.
    #[must_use]
    pub fn members(&self) -> usize {
        self.threads.len() + 1
    }

    /// Calls `job(part, member)` once for every part below `parts` and returns when all
    /// are finished. A member runs one part at a time; member 0 is the caller.
    ///
    /// # Panics
    /// When a job panics on the calling thread, or `parts` exceeds 65535.
    pub fn run(&mut self, parts: usize, job: &Job<'_>) {
        if self.threads.is_empty() || parts <= 1 {
            for part in 0..parts {
                job(part, 0);
            }
            return;
        }
        assert!(parts <= 0xffff, "more parts than a ticket can count");
        /// Waits for the parts that others took, also when the caller's own part panics:
        /// they borrow from this frame.
        struct AllFinished<'a>(&'a Shared);
        impl Drop for AllFinished<'_> {
            fn drop(&mut self) {
                // No part may be taken any more once this frame is going away.
                let mut spins = 0u32;
                while self.0.unfinished.load(Ordering::Acquire) > 0 {
                    if std::thread::panicking() {
                        let ticket = self.0.ticket.load(Ordering::Acquire);
                        let epoch = (ticket >> 32) as u32;
                        while self.0.take(epoch).is_some() {
                            self.0.unfinished.fetch_sub(1, Ordering::Release);
                        }
                    }
                    spins += 1;
                    if spins < SPINS {
                        std::hint::spin_loop();
                    } else {
                        std::thread::yield_now();
                    }
                }
            }
        }
        self.epoch = self.epoch.wrapping_add(1);
        self.shared.unfinished.store(parts, Ordering::Relaxed);
        // SAFETY: nobody reads the cell: all parts of the last job are finished and the
        // next job's ticket is not yet published. Erasing the lifetime is sound because
        // `AllFinished` keeps this frame until no part is unfinished.
        unsafe {
            *self.shared.job.get() = Some(
                std::mem::transmute::<*const Job<'_>, *const Job<'static>>(job),
            );
        }
        let waiting = AllFinished(&self.shared);
        let ticket = (u64::from(self.epoch) << 32) | ((parts as u64) << 16);
        self.shared.ticket.store(ticket, Ordering::SeqCst);
        if self.shared.sleepers.load(Ordering::SeqCst) > 0 {
            let _gate = self
                .shared
                .gate
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            self.shared.wake.notify_all();
        }
        self.shared.work(self.epoch, 0);
        drop(waiting);
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        {
            let _gate = self
                .shared
                .gate
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            self.shared.wake.notify_all();
        }
        for thread in self.threads.drain(..) {
            // A member that panicked has nothing left to clean up.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Team")
            .field("members", &self.members())
            .finish_non_exhaustive()
    }
}

/// A pointer that members of a team may hold together; whoever uses it keeps to its part.
pub(crate) struct Parted<T>(pub(crate) *mut T);

// SAFETY: only an address; every dereference is an unsafe block with its own reason.
unsafe impl<T> Send for Parted<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Parted<T> {}

impl<T> Parted<T> {
    /// The address. A method, so that closures capture the wrapper and not its field.
    pub(crate) fn address(&self) -> *mut T {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once_whatever_the_team() {
        for members in [1, 2, 3, 5] {
            let mut team = Team::new(members);
            for parts in [0, 1, 2, 7, 64] {
                for _ in 0..50 {
                    let counts: Vec<AtomicUsize> =
                        (0..parts).map(|_| AtomicUsize::new(0)).collect();
                    team.run(parts, &|part, _| {
                        counts[part].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(
                        counts
                            .iter()
                            .all(|count| count.load(Ordering::Relaxed) == 1)
                    );
                }
            }
        }
    }

    #[test]
    fn a_team_wakes_up_after_having_slept() {
        let mut team = Team::new(3);
        for _ in 0..3 {
            std::thread::sleep(std::time::Duration::from_millis(30));
            let sum = AtomicUsize::new(0);
            team.run(10, &|part, _| {
                sum.fetch_add(part, Ordering::Relaxed);
            });
            assert_eq!(sum.load(Ordering::Relaxed), 45);
        }
    }

    #[test]
    fn a_panic_in_the_callers_part_reaches_the_caller_and_the_team_lives_on() {
        let mut team = Team::new(2);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            team.run(8, &|_, member| assert!(member != 0, "on purpose"));
        }));
        // The helper may have taken every part before the caller got one.
        drop(outcome);
        let done = AtomicUsize::new(0);
        team.run(4, &|_, _| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.load(Ordering::Relaxed), 4);
    }
}
