//! Threads that look at pictures, and how many requests may wait for them.

use crate::places::{NoPlace, Place, Places};
use countenance_core::{Engine, Worker};
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&mut Worker) + Send>;

/// A bounded pool: each thread has a worker of the engine, and each job holds a place from before
/// its body is read until it is done, so that nothing grows with the number of those who ask.
pub(crate) struct Pool {
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    places: Places,
}

/// Why a job gave no result.
#[derive(Debug)]
pub(crate) enum PoolError {
    /// The thread panicked in it, or the pool is closing.
    Lost,
}

impl Pool {
    /// Starts threads, each with planned networks.
    pub(crate) fn start(
        engine: &Engine,
        threads: usize,
        queue: usize,
        of_one_key: usize,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let threads = threads.max(1);
        let (jobs, waiting) = mpsc::channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        let mut pool = Self {
            jobs: Some(jobs),
            threads: Vec::new(),
            places: Places::new(threads + queue, of_one_key),
        };
        for number in 0..threads {
            let (engine, waiting) = (engine.clone(), Arc::clone(&waiting));
            let worker = engine.worker()?;
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            pool.threads
                .push(thread.spawn(move || work(&engine, worker, &waiting))?);
        }
        Ok(pool)
    }

    /// A place for a request of a key, if one is free.
    pub(crate) fn place(&self, key: &str) -> Result<Place, NoPlace> {
        self.places.take(key)
    }

    /// Places that are free.
    pub(crate) fn free(&self) -> usize {
        self.places.free()
    }

    /// Runs a job on the next free thread. If nobody waits for it any more when its turn comes, it is
    /// not begun.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        place: Place,
        job: impl FnOnce(&mut Worker) -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |worker| {
            if !reply.is_closed() {
                // Whoever asked may have gone meanwhile.
                let _ = reply.send(job(worker));
            }
            drop(place);
        });
        let jobs = self.jobs.as_ref().ok_or(PoolError::Lost)?;
        jobs.send(job).map_err(|_| PoolError::Lost)?;
        answer.await.map_err(|_| PoolError::Lost)
    }
}

fn work(engine: &Engine, mut worker: Worker, waiting: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(job) = next else { return };
        if catch_unwind(AssertUnwindSafe(|| job(&mut worker))).is_err() {
            tracing::error!("a worker panicked and is made anew");
            match engine.worker() {
                Ok(fresh) => worker = fresh,
                Err(error) => {
                    tracing::error!(%error, "a worker could not be made anew");
                    return;
                }
            }
        }
    }
}

impl Drop for Pool {
    /// Finishes what was accepted.
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
