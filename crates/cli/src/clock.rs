//! The machine's clock, for the libraries that read none.

use countenance_core::Clock;
use std::time::{Duration, Instant};

/// Time since the program started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MachineClock {
    origin: Instant,
}

impl MachineClock {
    /// A clock that starts now.
    pub(crate) fn start() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Clock for MachineClock {
    fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }
}
