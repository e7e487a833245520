//! How often a key asks.

use crate::refusal::Refusal;
use countenance_api::{Code, KeyEntry};
use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

type Limiter = RateLimiter<String, HashMapStateStore<String>, DefaultClock>;

/// After so many requests the limiters forget keys that have not asked for a while.
const SWEEP: u32 = 65_536;

/// One limiter for each rate there is; in each, the keys that have it.
pub(crate) struct Rates {
    usual: NonZeroU32,
    limiters: Mutex<BTreeMap<NonZeroU32, Arc<Limiter>>>,
    asked: AtomicU32,
}

impl Rates {
    pub(crate) fn new(usual: NonZeroU32) -> Self {
        Self {
            usual,
            limiters: Mutex::default(),
            asked: AtomicU32::new(0),
        }
    }

    /// Counts a request of a key, or says how long to wait.
    pub(crate) fn count(&self, key: &KeyEntry) -> Result<(), Refusal> {
        let rate = key.rate.and_then(NonZeroU32::new).unwrap_or(self.usual);
        let limiter = self.limiter(rate);
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            limiter.retain_recent();
        }
        limiter.check_key(&key.id).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Refusal::from(Code::TooManyRequests).retry_after(seconds)
        })
    }

    fn limiter(&self, rate: NonZeroU32) -> Arc<Limiter> {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = limiters
            .entry(rate)
            .or_insert_with(|| Arc::new(RateLimiter::hashmap(Quota::per_second(rate))));
        Arc::clone(limiter)
    }
}
