//! Sessions in the memory of this node (ADR 37): who opened them, who may answer, how many there may be.

pub(crate) mod asked;
mod claims;
mod converse;
mod messages;
mod polled;
mod socket;
mod webhook;

pub(crate) use asked::{Asked, DeviceAsked, Documented, Paying, check_shown};
pub(crate) use claims::take;
pub(crate) use converse::{Converse, Frame, RULES};
pub(crate) use polled::answered;
pub(crate) use socket::{MOST_UNSENT, PROTOCOL, serve, token_of};
pub(crate) use webhook::Targets;
pub use webhook::{TargetError, WebhookConfig};

use crate::refusal::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::Code;
use countenance_core::vault::{HolderPart, Name, Random};
use countenance_core::{
    DeviceProof, Language, PaymentId, PaymentLimits, Session, SessionDecision, Status, Template,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq as _;
use tokio::sync::Notify;
use zeroize::Zeroizing;

/// Seconds after which it is worth to ask again for a place.
const WAIT_S: u64 = 10;

/// All sessions of this node.
pub(crate) struct Sessions {
    origin: Instant,
    limits: SessionLimits,
    pub(crate) payments: PaymentLimits,
    held: Mutex<BTreeMap<String, Arc<Held>>>,
}

/// How many sessions there may be, and how this node is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// What ids of sessions begin with: the balancer sends them here.
    pub node: String,
    /// Running sessions of one key.
    pub of_key: usize,
    /// Running sessions of this node.
    pub of_node: usize,
}

impl Default for SessionLimits {
    /// 100 of a key, 1000 of node `a`.
    fn default() -> Self {
        Self {
            node: "a".to_owned(),
            of_key: 100,
            of_node: 1000,
        }
    }
}

/// What the person agreed to.
pub(crate) struct Agreed {
    /// In which the text was that was read.
    pub(crate) language: Language,
    pub(crate) calm: bool,
    pub(crate) holder: Option<HolderPart>,
    /// What a device key signed, where one is asked for. It is checked when the payment is decided, so that one that is wrong is
    /// refused as a wrong face is.
    pub(crate) device: Option<DeviceProof>,
    /// Of all that was said, so that the same can be told from another.
    pub(crate) digest: [u8; 32],
}

/// What was decided, and on what.
pub(crate) struct Decided {
    pub(crate) decision: SessionDecision,
    /// As of what was agreed to.
    pub(crate) language: Language,
    pub(crate) calm: bool,
    pub(crate) holder: bool,
    /// Whether a device key was presented; where it was accepted, it signed.
    pub(crate) device: bool,
}

/// A session.
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) tenant: Name,
    pub(crate) asked: Asked,
    pub(crate) expires: u64,
    /// Id of the key that opened it: the work that it makes is that key's.
    pub(crate) key: String,
    token: [u8; 32],
    inner: Mutex<Inner>,
    /// That something happened that an open socket should see.
    pub(crate) changed: Notify,
    /// Whether a request with frames is under way: one at a time.
    posting: AtomicBool,
}

/// That a request with frames is under way; another may come when this is dropped.
pub(crate) struct Posting(Arc<Held>);

impl Drop for Posting {
    fn drop(&mut self) {
        self.0.posting.store(false, Ordering::Release);
    }
}

/// What changes of a session.
pub(crate) struct Inner {
    pub(crate) session: Session<Agreed, Decided>,
    /// What a live person is held against, with kind `document`: in memory alone, taken when it is judged, and overwritten then
    /// or when the session ends without that.
    pub(crate) portrait: Option<Template>,
    /// A challenge that is answered without a socket, between two requests.
    pub(crate) polled: Option<Converse>,
}

impl Held {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a request with frames, before anything of it is read: none where nothing would come of it, and one at a time.
    pub(crate) fn post(self: &Arc<Self>, now: Duration) -> Result<Posting, Refusal> {
        let mut inner = self.lock();
        let runs = inner.polled.is_some();
        match inner.session.status(now) {
            Status::Created => return Err(Code::ConsentNeeded.into()),
            Status::Capturing => {}
            // Whoever was answering is told how it ended.
            _ if runs => {}
            _ => return Err(Code::SessionOver.into()),
        }
        drop(inner);
        if self.posting.swap(true, Ordering::AcqRel) {
            return Err(Code::CaptureBusy.into());
        }
        Ok(Posting(Arc::clone(self)))
    }

    /// Nobody wants it any more; the person, when they `declined`.
    pub(crate) fn cancel(&self, declined: bool, now: Duration) {
        let mut inner = self.lock();
        inner.session.cancel(declined, now);
        inner.let_go(now);
        drop(inner);
        self.changed.notify_one();
    }

    /// What it asks is over. One that has its answer keeps it.
    pub(crate) fn withdraw(&self, now: Duration) {
        if matches!(state(self, now), Status::Created | Status::Capturing) {
            self.cancel(false, now);
        }
    }
}

impl Inner {
    /// Lets go of what a session that is over needs no more.
    fn let_go(&mut self, now: Duration) {
        if !matches!(
            self.session.status(now),
            Status::Created | Status::Capturing
        ) {
            self.portrait = None;
        }
    }

    /// The challenge of this number came to no verdict.
    fn end_run(&mut self, number: u32, now: Duration) {
        self.session.end_run(number, now);
        self.let_go(now);
    }

    /// Takes a challenge without a socket that was left alone, or whose session is over: it is to be left for good.
    fn make_place(&mut self, now: Duration) -> Option<Converse> {
        self.let_go(now);
        let over = self.session.status(now) != Status::Capturing;
        let alone = self
            .polled
            .as_ref()
            .is_some_and(|polled| polled.is_left_alone(now));
        (over || alone).then(|| self.polled.take()).flatten()
    }
}

impl Sessions {
    pub(crate) fn new(limits: SessionLimits, payments: PaymentLimits) -> Self {
        Self {
            origin: Instant::now(),
            limits,
            payments,
            held: Mutex::default(),
        }
    }

    /// Time since this node started: sessions live by it, whatever happens to the time of day.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Held>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session for whoever has this key. The token is shown once.
    pub(crate) fn open(
        &self,
        random: &dyn Random,
        (tenant, key): (&Name, &str),
        mut asked: Asked,
        expires: u64,
    ) -> Result<(Arc<Held>, Zeroizing<String>), Refusal> {
        let id = format!("{}-{}", self.limits.node, text::<16>(random)?.as_str());
        let token = text::<32>(random)?;
        let (now, lasts) = (self.now(), asked.lasts);
        let portrait = asked.portrait.take();
        let held = Arc::new(Held {
            id: id.clone(),
            tenant: tenant.clone(),
            asked,
            expires,
            key: key.to_owned(),
            token: Sha256::digest(token.as_bytes()).into(),
            inner: Mutex::new(Inner {
                session: Session::new(now, lasts),
                portrait,
                polled: None,
            }),
            changed: Notify::new(),
            posting: AtomicBool::new(false),
        });
        let mut all = self.lock();
        all.retain(|_, held| !held.lock().session.is_forgotten(now));
        let runs = |held: &&Arc<Held>| !held.lock().session.status(now).is_end();
        let running = all.values().filter(runs);
        let (of_node, of_key) = running.fold((0, 0), |(all, own), held| {
            (
                all + 1,
                own + usize::from(held.key == key && held.tenant == *tenant),
            )
        });
        // What is over is remembered for a while; it must not fill the memory either.
        let remembered = all.len() >= 8 * self.limits.of_node.max(1);
        if of_node >= self.limits.of_node || of_key >= self.limits.of_key || remembered {
            return Err(Refusal::from(Code::TooManySessions).retry_after(WAIT_S));
        }
        all.insert(id, Arc::clone(&held));
        Ok((held, token))
    }

    /// A session of this tenant.
    pub(crate) fn of_tenant(&self, tenant: &Name, id: &str) -> Result<Arc<Held>, Refusal> {
        let now = self.now();
        let found = self.lock().get(id).cloned();
        found
            .filter(|held| held.tenant == *tenant && !held.lock().session.is_forgotten(now))
            .ok_or_else(|| Code::SessionUnknown.into())
    }

    /// The session that this is the capture token of.
    pub(crate) fn of_token(&self, id: &str, token: &str) -> Option<Arc<Held>> {
        let now = self.now();
        let held = self.lock().get(id).cloned()?;
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let known = bool::from(digest.ct_eq(&held.token));
        let forgotten = held.lock().session.is_forgotten(now);
        (known && !forgotten).then_some(held)
    }

    /// Lets go of what nobody needs any more: templates, holder parts and results of sessions that are over. Returns the challenges
    /// without a socket that nobody answers any more; they are to be left.
    pub(crate) fn sweep(&self) -> Vec<Converse> {
        let now = self.now();
        let mut all = self.lock();
        all.retain(|_, held| !held.lock().session.is_forgotten(now));
        let left = |held: &Arc<Held>| held.lock().make_place(now);
        all.values().filter_map(left).collect()
    }

    /// Ends the sessions of a payment that nobody can approve any more, and tells their open sockets.
    pub(crate) fn end_payment(&self, id: PaymentId) {
        let (all, now): (Vec<_>, _) = (self.lock().values().cloned().collect(), self.now());
        let of_it = |held: &&Arc<Held>| {
            held.asked
                .payment
                .as_ref()
                .is_some_and(|one| one.terms.id() == id)
        };
        for held in all.iter().filter(of_it) {
            held.withdraw(now);
        }
    }

    /// Ends what runs, so that open sockets close when the server does.
    pub(crate) fn end(&self) {
        let all: Vec<_> = self.lock().values().cloned().collect();
        for held in all {
            held.cancel(false, self.now());
        }
    }
}

/// So many random bytes in base64url.
pub(crate) fn text<const N: usize>(random: &dyn Random) -> Result<Zeroizing<String>, Refusal> {
    let mut bytes = Zeroizing::new([0; N]);
    random
        .fill(&mut *bytes)
        .map_err(|error| Refusal::internal(&error))?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes[..])))
}

/// Where a session stands, for the page.
pub(crate) fn state(held: &Held, now: Duration) -> Status {
    held.lock().session.status(now)
}
