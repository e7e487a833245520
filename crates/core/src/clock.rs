//! Time, as a value passed in.

use countenance_vault::Timestamp;
use std::time::Duration;

/// A source of time for measuring how long stages take.
pub trait Clock: Send + Sync {
    /// Time since a fixed origin of the clock's own choice; never goes back.
    fn elapsed(&self) -> Duration;
}

/// A clock that stands still: every timing is zero. For callers who do not measure.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoppedClock;

impl Clock for StoppedClock {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// What time it is: consents expire and attempts wait by it.
pub trait WallClock: Send + Sync {
    /// Seconds since 1970-01-01 UTC.
    fn now(&self) -> Timestamp;
}
