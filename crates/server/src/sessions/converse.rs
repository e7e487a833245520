//! One challenge of a session: frames in, messages out, whichever way they travel.

use super::messages::{done, error, message};
use super::{Decided, Held, Sessions};
use crate::platform::{Platform, Shared};
use crate::refusal::Refusal;
use countenance_api::{CaptureMessage, Code, FrameRules};
use countenance_core::vault::VaultError;
use countenance_core::{Answered, Approval, AttemptAt, Claim, Kind, PayError, Presented, Taken};
use countenance_core::{
    DecodeLimits, FrameMark, LookError, Question, Registry, Run, SessionError, StageTimings,
    Status, Verdict, VerifyError, Worker,
};
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, Weak};
use std::time::Duration;
use zeroize::Zeroizing;

/// How frames are to be.
pub(crate) const RULES: FrameRules = FrameRules {
    width: 640,
    height: 480,
    max_bytes: 128 << 10,
    per_second: 15,
    in_flight: 2,
    batch: 8,
};
/// Frames that may come at once, and each second on top of the rule, so that a clock that is a little fast does no harm.
const BURST: f64 = 16.0;
/// See [`BURST`].
const ALLOWANCE: f64 = 1.3;
/// A challenge without a socket that was left alone so long makes place for another.
const LEFT_ALONE: Duration = Duration::from_secs(10);

/// How often it is looked up whether a payment can still be approved: it may end on another node, at another till, or with its payer.
const LOOKED_UP: Duration = Duration::from_secs(1);

/// What decoding one frame may cost.
fn limits() -> DecodeLimits {
    let side = RULES.width.max(RULES.height) as usize;
    DecodeLimits {
        max_bytes: RULES.max_bytes as usize,
        max_pixels: (RULES.width * RULES.height) as usize,
        max_side: side,
        max_metadata_bytes: 64 << 10,
        max_scans: 16,
    }
}

/// A frame as it came.
pub(crate) struct Frame {
    pub(crate) number: u32,
    pub(crate) time_ms: u32,
    pub(crate) picture: Zeroizing<Vec<u8>>,
}

/// A challenge that is being answered.
pub(crate) struct Converse {
    run: Box<Run>,
    running: Running,
    begun: Duration,
    last: Duration,
    frames: u32,
    /// The attempt, once something was asked.
    taken: Option<Taken>,
    /// When it was looked up last whether what is asked still stands.
    looked_up: Option<Duration>,
}

/// That a challenge is running in a session. However it is let go of, by a client that goes away in the middle of a request too,
/// another may be begun then.
struct Running {
    platform: Platform,
    /// A challenge without a socket is kept in its session.
    held: Weak<Held>,
    /// The how manieth of its session.
    number: u32,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(held) = self.held.upgrade() {
            held.lock()
                .end_run(self.number, self.platform.sessions.now());
        }
    }
}

/// That nothing more will come of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The session is over.
    Done,
    /// The client, or this server, went wrong; the challenge may be begun anew. With what a socket is closed.
    Broken(u16),
}

impl Converse {
    /// Begins a challenge, with what is said first. Without a socket prompts come too late for quick colors.
    pub(crate) async fn begin(
        platform: &Platform,
        held: &Arc<Held>,
        by_socket: bool,
    ) -> Result<(Self, Vec<CaptureMessage>), Refusal> {
        let now = platform.sessions.now();
        let left = held.lock().make_place(now);
        if let Some(left) = left {
            left.leave().await;
        }
        let mut seed = Zeroizing::new([0; 32]);
        let random = platform.random.fill(&mut *seed);
        random.map_err(|error| Refusal::internal(&error))?;
        let mut inner = held.lock();
        let number = inner.session.begin_run(now).map_err(|error| match error {
            SessionError::Busy => Refusal::from(Code::CaptureBusy),
            SessionError::NotAgreed => Code::ConsentNeeded.into(),
            _ => Code::SessionOver.into(),
        })?;
        let calm = !by_socket || inner.session.agreed().is_some_and(|agreed| agreed.calm);
        let left = inner.session.left(now);
        drop(inner);
        let mut new = Self {
            run: Box::new(if held.asked.kind == Kind::Payment {
                Run::with_smile_last(*seed, calm, now)
            } else {
                Run::new(*seed, calm, now)
            }),
            running: Running {
                platform: platform.clone(),
                held: Arc::downgrade(held),
                number,
            },
            begun: now,
            last: now,
            frames: 0,
            taken: None,
            looked_up: None,
        };
        let mut first = vec![CaptureMessage::Hello {
            ends_in_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
            frames: RULES,
        }];
        first.extend(new.said());
        Ok((new, first))
    }

    /// It ended without a verdict. An attempt that was taken stays counted, whoever's fault it is.
    pub(crate) async fn leave(mut self) {
        if let Some(taken) = self.taken.take() {
            let leave = move |shared: &Shared| shared.registry.leave(taken);
            self.running.platform.settle(leave).await;
        }
    }

    /// What is said when it ends in the middle of a frame, and with what a socket is closed.
    fn broken(
        code: &'static str,
        close: u16,
        detail: String,
    ) -> (Vec<CaptureMessage>, Result<Self, Ended>) {
        (vec![error(code, detail)], Err(Ended::Broken(close)))
    }

    /// Whether nothing came for so long that it may make place for another.
    pub(super) fn is_left_alone(&self, now: Duration) -> bool {
        now.saturating_sub(self.last) > LEFT_ALONE
    }

    fn said(&mut self) -> Vec<CaptureMessage> {
        let said = self.run.take_messages();
        said.into_iter().filter_map(message).collect()
    }

    /// Ends a session whose payment nobody can approve any more, so that nobody is asked to smile for it. What cannot be looked up
    /// now is looked up when it is decided.
    async fn look_up(&mut self, platform: &Platform, held: &Arc<Held>, now: Duration) {
        let Some(paying) = &held.asked.payment else {
            return;
        };
        let recent = |last: Duration| now.saturating_sub(last) < LOOKED_UP;
        if self.looked_up.is_some_and(recent) {
            return;
        }
        self.looked_up = Some(now);
        let (id, of) = (paying.terms.id(), Arc::clone(held));
        let stands = platform.keep(move |shared| {
            let registry = &shared.registry;
            let collection = registry
                .vault()
                .collection(&of.tenant, &of.asked.collection)?;
            match registry.payment(&collection, id) {
                Ok(payment) => Ok(payment.state(registry.now()).is_open()),
                Err(PayError::Unknown) => Ok(false),
                Err(error) => Err(error.into()),
            }
        });
        if let Ok(false) = stands.await {
            held.withdraw(now);
        }
    }

    /// Looks at one frame: what is said to it, and the challenge again unless it ended.
    pub(crate) async fn frame(
        mut self,
        platform: &Platform,
        held: &Arc<Held>,
        frame: Frame,
    ) -> (Vec<CaptureMessage>, Result<Self, Ended>) {
        let now = platform.sessions.now();
        self.look_up(platform, held, now).await;
        if let Some(over) = over(held, now) {
            self.leave().await;
            return (vec![over], Err(Ended::Done));
        }
        let since = now.saturating_sub(self.begun).as_secs_f64();
        self.frames += 1;
        self.last = now;
        if f64::from(self.frames) > BURST + since * f64::from(RULES.per_second) * ALLOWANCE {
            let detail = format!("more than {} frames a second", RULES.per_second);
            self.leave().await;
            return Self::broken("frames_too_fast", 4429, detail);
        }
        let Ok(place) = platform.place(&held.key) else {
            self.leave().await;
            let detail = "Nothing was begun; open again a little later.".to_owned();
            return Self::broken("busy", 4503, detail);
        };
        let frame_number = frame.number;
        let at_work = Arc::clone(held);
        let shared = platform.clone();
        let looked = platform.look(place, move |registry, worker| {
            let looked = look(&mut self, &frame, now, registry, worker);
            let ended = match looked {
                Ok(Some(verdict)) => {
                    let answered = Answered {
                        verdict,
                        taken: self.taken.take(),
                    };
                    let judged = (answered, self.run.is_calm());
                    decide(&shared.sessions, &at_work, registry, worker, judged)
                        .map(Some)
                        .map_err(|error| {
                            let _ = Refusal::from(error);
                            None
                        })
                }
                // Before what is asked is sent.
                Ok(None) if self.run.has_asked() && self.taken.is_none() => {
                    match take(registry, &at_work) {
                        Ok(taken) => {
                            self.taken = taken;
                            Ok(None)
                        }
                        Err(error) => {
                            let _ = Refusal::from(VerifyError::from(error));
                            Err(None)
                        }
                    }
                }
                Ok(None) => Ok(None),
                Err(error) => Err(told(&error)),
            };
            (self, ended)
        });
        match looked.await {
            Ok((mut this, Ok(ended))) => {
                let mut said = vec![CaptureMessage::Ack {
                    frame: frame_number,
                }];
                said.extend(this.said());
                let Some(outcome) = ended else {
                    return (said, Ok(this));
                };
                let timings = StageTimings::default();
                let use_case = match held.asked.kind {
                    Kind::Document => "identity_check",
                    Kind::Payment => "payment",
                    _ => "session",
                };
                platform.metrics.outcome(use_case, outcome, &timings);
                said.push(done(held.lock().session.status(platform.sessions.now())));
                super::webhook::send_if_asked(platform, held);
                (said, Err(Ended::Done))
            }
            Ok((this, Err(Some(detail)))) => {
                this.leave().await;
                Self::broken("frame_invalid", 4400, detail)
            }
            failed => {
                let now = platform.sessions.now();
                held.lock().session.judging_failed(now);
                if let Ok((this, _)) = failed {
                    this.leave().await;
                }
                Self::broken("internal", 4500, "The server could not do this.".to_owned())
            }
        }
    }
}

/// That nothing is waited for any more, if that is so.
pub(super) fn over(held: &Held, now: Duration) -> Option<CaptureMessage> {
    let mut inner = held.lock();
    let status = inner.session.status(now);
    (status != Status::Capturing).then(|| done(status))
}

/// What the client may be told of a frame that does not do; nothing where it is not the client's fault.
fn told(error: &LookError) -> Option<String> {
    match error {
        LookError::Frame(error) => Some(error.to_string()),
        LookError::Capture(countenance_core::CaptureError::Decode(error)) => {
            Some(error.to_string())
        }
        other => {
            let _ = Refusal::internal(other);
            None
        }
    }
}

fn look(
    this: &mut Converse,
    frame: &Frame,
    came: Duration,
    registry: &Registry,
    worker: &mut Worker,
) -> Result<Option<Verdict>, LookError> {
    let digest = Sha256::digest(&frame.picture[..]);
    let digest = digest
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let mark = FrameMark {
        number: frame.number,
        taken: Duration::from_millis(frame.time_ms.into()),
        came,
        digest,
    };
    worker.look_at_frame(
        &mut this.run,
        &mark,
        &frame.picture,
        registry.policy(),
        limits(),
    )
}

/// Takes an attempt at whomever a session is about; with a presence it is about nobody.
fn take(registry: &Registry, held: &Held) -> Result<Option<Taken>, VaultError> {
    let asked = &held.asked;
    let collection = || registry.vault().collection(&held.tenant, &asked.collection);
    let taken = match (&asked.document, &asked.subject) {
        (Some(document), _) => {
            registry.take_attempt(AttemptAt::Case(&collection()?, &document.case))
        }
        (None, Some(subject)) => {
            let claim = Claim {
                collection: &collection()?,
                subject,
                holder: None,
            };
            registry.take_attempt(match asked.kind {
                Kind::Payment => AttemptAt::Payer(&claim),
                _ => AttemptAt::Subject(&claim),
            })
        }
        (None, None) => return Ok(None),
    };
    taken.map(Some)
}

/// Judges a session by what its challenge came to, once; `calm` is how it was asked, whatever was agreed to.
fn decide(
    sessions: &Sessions,
    held: &Held,
    registry: &Registry,
    worker: &Worker,
    (answered, calm): (Answered, bool),
) -> Result<&'static str, VerifyError> {
    let mut inner = held.lock();
    let agreed = inner.session.begin_judging(sessions.now());
    let Ok(agreed) = agreed else {
        drop(inner);
        // It ended while the last frame was looked at: as if it had been left before.
        if let Some(taken) = answered.taken {
            registry.leave(taken)?;
        }
        return Ok("canceled");
    };
    let language = agreed.language;
    let (holder, device) = (agreed.holder.clone(), agreed.device.clone());
    // Taken: whatever comes of it, it is held against one person, once.
    let portrait = inner.portrait.take();
    drop(inner);
    let presented = device.is_some();
    let asked = &held.asked;
    let decided = registry
        .vault()
        .collection(&held.tenant, &asked.collection)
        .map_err(VerifyError::from)
        .and_then(|collection| match (&asked.subject, asked.kind) {
            (Some(subject), Kind::Verify) => {
                let claim = Claim {
                    collection: &collection,
                    subject,
                    holder: holder.as_ref(),
                };
                registry.decide_session(worker, Question::Verify(&claim), answered)
            }
            (Some(subject), Kind::Payment) => {
                let claim = Claim {
                    collection: &collection,
                    subject,
                    holder: holder.as_ref(),
                };
                // A session of this kind has a payment; without one nobody is asked anything.
                let paying = asked
                    .payment
                    .as_ref()
                    .ok_or(VaultError::Unknown { what: "payment" })?;
                let approval = Approval {
                    payment: paying.terms.id(),
                    ticket: paying.ticket,
                    shown: paying.terms.sha256(),
                    device,
                    limits: sessions.payments.clone(),
                };
                registry.decide_session(worker, Question::Payment(&claim, &approval), answered)
            }
            (None, Kind::Document) => {
                // A session of this kind has both; without them nobody is asked anything.
                let (Some(document), Some(portrait)) = (&asked.document, &portrait) else {
                    return Err(VaultError::Unknown { what: "portrait" }.into());
                };
                let presented = Presented {
                    collection: &collection,
                    case: &document.case,
                    portrait,
                };
                registry.decide_session(worker, Question::Document(&presented), answered)
            }
            _ => registry.decide_session(worker, Question::Presence(&collection), answered),
        });
    let mut inner = held.lock();
    match decided {
        Ok(decision) => {
            let outcome = decision.outcome.name();
            let holder = holder.is_some();
            let decided = Decided {
                decision,
                language,
                calm,
                holder,
                device: presented,
            };
            inner.session.judged(decided, sessions.now());
            Ok(outcome)
        }
        Err(error) => {
            inner.session.judging_failed(sessions.now());
            Err(error)
        }
    }
}
