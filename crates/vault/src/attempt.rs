//! Attempt counters: how often a subject may be tried (spec, section 6).

use crate::ident::Timestamp;
use thiserror::Error;

/// Bytes of a counter before it is sealed.
pub(crate) const STATE_BYTES: usize = 48;
const DAYS: usize = 31;

/// How many attempts are allowed, and how fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptPolicy {
    /// Attempts since the last success that need no wait.
    pub free: u32,
    /// Seconds between attempts after these.
    pub wait_s: u64,
    /// Attempts since the last success within 30 days after which another factor is needed.
    pub limit: u32,
}

impl Default for AttemptPolicy {
    /// 5 attempts, then one each 30 seconds, at most 50 in a row within rolling 30 days.
    fn default() -> Self {
        Self {
            free: 5,
            wait_s: 30,
            limit: 50,
        }
    }
}

/// No attempt is allowed now.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lock {
    /// The limit is reached: use another factor.
    #[error("attempts are used up")]
    Exhausted,
    /// Wait.
    #[error("next attempt is allowed in {seconds} seconds")]
    Wait {
        /// Seconds until the next attempt is allowed.
        seconds: u64,
    },
}

/// The attempts since the last success.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AttemptState {
    last: u64,
    newest_day: u32,
    per_day: [u8; DAYS],
}

impl AttemptState {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; STATE_BYTES] = bytes.try_into().ok()?;
        if bytes[43..] != [0; 5] {
            return None;
        }
        Some(Self {
            last: u64::from_le_bytes(bytes[..8].try_into().ok()?),
            newest_day: u32::from_le_bytes(bytes[8..12].try_into().ok()?),
            per_day: bytes[12..43].try_into().ok()?,
        })
    }

    pub(crate) fn to_bytes(&self) -> [u8; STATE_BYTES] {
        let mut out = [0; STATE_BYTES];
        out[..8].copy_from_slice(&self.last.to_le_bytes());
        out[8..12].copy_from_slice(&self.newest_day.to_le_bytes());
        out[12..43].copy_from_slice(&self.per_day);
        out
    }

    /// Attempts since the last success in the newest 31 days.
    pub(crate) fn in_row(&self) -> u32 {
        self.per_day.iter().map(|&count| u32::from(count)).sum()
    }

    /// What the audit log says of the counter: the time of the last attempt and how many there were.
    /// It never gets smaller but by a success.
    pub(crate) fn statement(&self) -> u64 {
        let in_row = u64::from(self.in_row().min(u32::from(u16::MAX)));
        self.last << 16 | in_row
    }

    /// Counts one more attempt, or says why there may be none.
    pub(crate) fn count(&mut self, policy: &AttemptPolicy, now: Timestamp) -> Result<(), Lock> {
        // A clock that stepped back counts as standing still.
        let day = now.day().max(self.newest_day);
        let gone = usize::try_from(day - self.newest_day)
            .unwrap_or(DAYS)
            .min(DAYS);
        self.per_day.copy_within(..DAYS - gone, gone);
        self.per_day[..gone].fill(0);
        self.newest_day = day;

        let in_row = self.in_row();
        if in_row >= policy.limit {
            return Err(Lock::Exhausted);
        }
        let next = self.last.saturating_add(policy.wait_s);
        if in_row >= policy.free && now.unix() < next {
            return Err(Lock::Wait {
                seconds: next - now.unix(),
            });
        }
        self.per_day[0] = self.per_day[0].saturating_add(1);
        self.last = self.last.max(now.unix());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_800_000_000;

    #[test]
    fn five_attempts_are_free_and_each_later_one_waits_thirty_seconds() {
        let policy = AttemptPolicy::default();
        let mut state = AttemptState::default();
        for _ in 0..5 {
            state.count(&policy, Timestamp::from_unix(START)).unwrap();
        }
        for n in 0..10 {
            let at = START + 30 * n;
            let soon = state.count(&policy, Timestamp::from_unix(at + 1));
            assert_eq!(soon, Err(Lock::Wait { seconds: 29 }));
            state.count(&policy, Timestamp::from_unix(at + 30)).unwrap();
        }
    }

    #[test]
    fn fifty_attempts_lock_until_the_first_of_them_are_older_than_thirty_days() {
        let policy = AttemptPolicy::default();
        let mut state = AttemptState::default();
        for n in 0..50 {
            state
                .count(&policy, Timestamp::from_unix(START + 60 * n))
                .unwrap();
        }
        for days in [0, 1, 15, 29, 30] {
            let later = Timestamp::from_unix(START + 3600 + days * 86_400);
            assert_eq!(
                state.clone().count(&policy, later),
                Err(Lock::Exhausted),
                "{days} days"
            );
        }
        state
            .count(&policy, Timestamp::from_unix(START + 32 * 86_400))
            .unwrap();
        assert_eq!(state.in_row(), 1);
    }

    #[test]
    fn a_clock_stepping_back_frees_nothing() {
        let policy = AttemptPolicy::default();
        let mut state = AttemptState::default();
        for n in 0..50 {
            state
                .count(&policy, Timestamp::from_unix(START + 60 * n))
                .unwrap();
        }
        let before = Timestamp::from_unix(START - 400 * 86_400);
        assert_eq!(state.count(&policy, before), Err(Lock::Exhausted));
        let mut waiting = AttemptState::default();
        for _ in 0..5 {
            waiting.count(&policy, Timestamp::from_unix(START)).unwrap();
        }
        let early = waiting.count(&policy, Timestamp::from_unix(START - 100));
        assert_eq!(early, Err(Lock::Wait { seconds: 130 }));
    }

    #[test]
    fn a_counter_reads_back_and_refuses_other_bytes() {
        let mut state = AttemptState::default();
        state
            .count(&AttemptPolicy::default(), Timestamp::from_unix(START))
            .unwrap();
        let bytes = state.to_bytes();
        assert_eq!(AttemptState::from_bytes(&bytes), Some(state));
        assert_eq!(AttemptState::from_bytes(&bytes[1..]), None);
        let mut reserved = bytes;
        reserved[47] = 1;
        assert_eq!(AttemptState::from_bytes(&reserved), None);
    }
}
