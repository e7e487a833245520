//! The life of a session: asked once, answered once, taken once.

use std::fmt;
use std::time::Duration;
use thiserror::Error;

/// How long a result waits to be taken.
const TAKEN_WITHIN: Duration = Duration::from_secs(120);
/// How long a result that was taken is given again.
const GIVEN_AGAIN: Duration = Duration::from_secs(60);
/// How long judging may take beyond the session's own time.
const JUDGED_WITHIN: Duration = Duration::from_secs(60);
/// How long it is known of a session how it ended.
const REMEMBERED: Duration = Duration::from_secs(600);
/// How often a challenge may be begun anew.
const MOST_RUNS: u32 = 5;

/// A session. `A` is what the person agreed to, `D` what was decided. Time comes in with each call and never goes back.
pub struct Session<A, D> {
    opened: Duration,
    lasts: Duration,
    state: State<A, D>,
}

enum State<A, D> {
    Created,
    Capturing {
        agreed: A,
        runs: u32,
        running: bool,
    },
    Judging {
        agreed: A,
    },
    Judged {
        at: Duration,
        decided: D,
    },
    Fetched {
        at: Duration,
        decided: D,
        result: Box<str>,
    },
    Canceled {
        at: Duration,
        declined: bool,
    },
    Expired {
        at: Duration,
    },
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Status {
    /// Ended by the relying party, or by the person.
    Canceled {
        /// Whether it was the person.
        declined: bool,
    },
    /// The person agreed; frames may come, or are being judged.
    Capturing,
    /// Nobody has agreed yet.
    Created,
    /// Not finished, or its result not taken, in time.
    Expired,
    /// The result was taken.
    Fetched,
    /// Decided; the result waits.
    Judged,
}

/// A session does not do this now.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// Frames are coming in already, or are being judged.
    #[error("session is in use")]
    Busy,
    /// The person has not agreed.
    #[error("nobody has agreed to the session")]
    NotAgreed,
    /// It is decided, or at its end.
    #[error("session is over")]
    Over,
}

impl Status {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Canceled { .. } => "canceled",
            Self::Capturing => "capturing",
            Self::Created => "created",
            Self::Expired => "expired",
            Self::Fetched => "fetched",
            Self::Judged => "judged",
        }
    }

    /// Whether nothing can change any more.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(self, Self::Canceled { .. } | Self::Expired | Self::Fetched)
    }
}

impl<A, D> Session<A, D> {
    /// A session that is opened now and may take so long.
    #[must_use]
    pub fn new(now: Duration, lasts: Duration) -> Self {
        Self {
            opened: now,
            lasts,
            state: State::Created,
        }
    }

    /// Where it stands.
    pub fn status(&mut self, now: Duration) -> Status {
        self.pass(now);
        match &self.state {
            State::Created => Status::Created,
            State::Capturing { .. } | State::Judging { .. } => Status::Capturing,
            State::Judged { .. } => Status::Judged,
            State::Fetched { .. } => Status::Fetched,
            State::Canceled { declined, .. } => Status::Canceled {
                declined: *declined,
            },
            State::Expired { .. } => Status::Expired,
        }
    }

    /// How long it may still take until it is decided.
    #[must_use]
    pub fn left(&self, now: Duration) -> Duration {
        (self.opened + self.lasts).saturating_sub(now)
    }

    /// What the person agreed to, until it is decided.
    #[must_use]
    pub fn agreed(&self) -> Option<&A> {
        match &self.state {
            State::Capturing { agreed, .. } | State::Judging { agreed } => Some(agreed),
            _ => None,
        }
    }

    /// The person agrees.
    ///
    /// # Errors
    /// [`SessionError::Busy`] when they have already, [`SessionError::Over`].
    pub fn agree(&mut self, agreed: A, now: Duration) -> Result<(), SessionError> {
        match self.status(now) {
            Status::Created => {
                self.state = State::Capturing {
                    agreed,
                    runs: 0,
                    running: false,
                };
                Ok(())
            }
            Status::Capturing => Err(SessionError::Busy),
            _ => Err(SessionError::Over),
        }
    }

    /// A challenge is begun; one at a time, and five in all. Says the how manieth it is.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn begin_run(&mut self, now: Duration) -> Result<u32, SessionError> {
        self.pass(now);
        match &mut self.state {
            State::Created => Err(SessionError::NotAgreed),
            State::Capturing { running: true, .. } | State::Judging { .. } => {
                Err(SessionError::Busy)
            }
            State::Capturing { runs, running, .. } if *runs < MOST_RUNS => {
                (*runs, *running) = (*runs + 1, true);
                Ok(*runs)
            }
            _ => Err(SessionError::Over),
        }
    }

    /// The challenge of this number ended without a verdict: another may be begun, and after the last the session is over. Said again,
    /// or of one that is not running, it does nothing.
    pub fn end_run(&mut self, number: u32, now: Duration) {
        self.pass(now);
        if let State::Capturing { runs, running, .. } = &mut self.state
            && *running
            && *runs == number
        {
            *running = false;
            if number == MOST_RUNS {
                self.state = State::Expired { at: now };
            }
        }
    }

    /// The challenge that was begun has a verdict, and is judged by it: once, whatever comes of it.
    ///
    /// # Errors
    /// [`SessionError::Over`] when it ended meanwhile, or no challenge was begun.
    pub fn begin_judging(&mut self, now: Duration) -> Result<&A, SessionError> {
        self.pass(now);
        if !matches!(self.state, State::Capturing { running: true, .. }) {
            return Err(SessionError::Over);
        }
        // Taken out, so that the agreement moves on.
        if let State::Capturing { agreed, .. } = std::mem::replace(&mut self.state, State::Created)
        {
            self.state = State::Judging { agreed };
        }
        match &self.state {
            State::Judging { agreed } => Ok(agreed),
            _ => Err(SessionError::Over),
        }
    }

    /// It is decided. Says whether that counts: a session that ended meanwhile stays as it is.
    pub fn judged(&mut self, decided: D, now: Duration) -> bool {
        self.pass(now);
        let counts = matches!(self.state, State::Judging { .. });
        if counts {
            self.state = State::Judged { at: now, decided };
        }
        counts
    }

    /// Judging failed: nobody will know, so nothing is waited for.
    pub fn judging_failed(&mut self, now: Duration) {
        if matches!(self.state, State::Judging { .. }) {
            self.state = State::Expired { at: now };
        }
    }

    /// Takes the result, signed on the first taking and the same for a minute; `None` when there is none to take.
    ///
    /// # Errors
    /// What signing says; nothing is taken then.
    pub fn take<E>(
        &mut self,
        now: Duration,
        sign: impl FnOnce(&D) -> Result<String, E>,
    ) -> Result<Option<(&str, &D)>, E> {
        self.pass(now);
        if let State::Judged { decided, .. } = &self.state {
            let result = sign(decided)?.into_boxed_str();
            if let State::Judged { decided, .. } =
                std::mem::replace(&mut self.state, State::Created)
            {
                self.state = State::Fetched {
                    at: now,
                    decided,
                    result,
                };
            }
        }
        Ok(match &self.state {
            State::Fetched {
                at,
                decided,
                result,
            } if now.saturating_sub(*at) < GIVEN_AGAIN => Some((&**result, decided)),
            _ => None,
        })
    }

    /// It is not wanted any more; by the person when they `declined`. At its end it stays as it is.
    pub fn cancel(&mut self, declined: bool, now: Duration) {
        if !self.status(now).is_end() {
            self.state = State::Canceled { at: now, declined };
        }
    }

    /// Whether it may be forgotten.
    pub fn is_forgotten(&mut self, now: Duration) -> bool {
        self.pass(now);
        match &self.state {
            State::Fetched { at, .. } | State::Canceled { at, .. } | State::Expired { at } => {
                now.saturating_sub(*at) >= REMEMBERED
            }
            _ => false,
        }
    }

    /// What time alone does.
    fn pass(&mut self, now: Duration) {
        let end = self.opened + self.lasts;
        let over = match &self.state {
            State::Created | State::Capturing { .. } => Some(end),
            State::Judging { .. } => Some(end + JUDGED_WITHIN),
            State::Judged { at, .. } => Some(*at + TAKEN_WITHIN),
            _ => None,
        };
        if let Some(at) = over
            && now >= at
        {
            self.state = State::Expired { at };
        }
    }
}

impl<A, D> fmt::Debug for Session<A, D> {
    /// What was agreed may hold a key, and what was decided is for whoever asked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("lasts", &self.lasts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
