//! Links by which subjects see and withdraw their own consents, in the memory of this node (ADR 48).

use crate::refusal::Refusal;
use crate::sessions::text;
use countenance_api::{Code, SessionPasskey};
use countenance_core::RelyingParty;
use countenance_core::vault::{ExternalId, KeyId, Name, Random};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// How long a link waits for its subject, and how long they then may withdraw.
pub(crate) const LASTS: Duration = Duration::from_secs(600);
/// Answers that a link takes, right or wrong: a person may pick another passkey by mistake.
const ANSWERS: u32 = 3;
/// Links of one key of the platform.
const OF_KEY: usize = 100;
/// Links of this node.
const OF_NODE: usize = 1000;
/// Seconds after which it is worth to ask again for a place.
const WAIT_S: u64 = 10;

/// For whom a link is, and what it asks.
pub(crate) struct LinkAsked {
    pub(crate) tenant: Name,
    pub(crate) collection: Name,
    pub(crate) subject: ExternalId,
    /// Id of the key that opened it; empty for the operator.
    pub(crate) key: String,
    pub(crate) audience: String,
    pub(crate) way_out: String,
    pub(crate) proof: AskedProof,
}

/// What is to show that somebody is the subject.
pub(crate) enum AskedProof {
    /// Their part of the key.
    Holder(SessionPasskey),
    /// What a device key signed, made for this relying party.
    Device(Arc<RelyingParty>),
}

/// A link.
pub(crate) struct ConsentLink {
    pub(crate) id: String,
    pub(crate) asked: LinkAsked,
    token: [u8; 32],
    inner: Mutex<Inner>,
}

struct Inner {
    until: Duration,
    /// What the next answer has to be to; each is for one.
    nonce: Option<[u8; 32]>,
    answers: u32,
    /// Whether one is looked at.
    busy: bool,
    shown: Option<Shown>,
}

/// Whom the consents were shown to.
struct Shown {
    /// The subject's, by the name of its key.
    key: KeyId,
    permit: [u8; 32],
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn invalid() -> Refusal {
    Code::ConsentLinkInvalid.into()
}

fn nonce(random: &dyn Random) -> Result<[u8; 32], Refusal> {
    let mut bytes = [0; 32];
    let filled = random.fill(&mut bytes);
    filled.map_err(|error| Refusal::internal(&error))?;
    Ok(bytes)
}

impl ConsentLink {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same if it still waits for its subject.
    fn waiting(&self, now: Duration) -> Result<MutexGuard<'_, Inner>, Refusal> {
        let inner = self.lock();
        let waits = now < inner.until && inner.shown.is_none() && inner.answers < ANSWERS;
        if waits { Ok(inner) } else { Err(invalid()) }
    }

    /// What the next answer has to be to, and how long it waits for it.
    pub(crate) fn challenge(
        &self,
        random: &dyn Random,
        now: Duration,
    ) -> Result<([u8; 32], Duration), Refusal> {
        let mut inner = self.waiting(now)?;
        let current = match inner.nonce {
            Some(current) => current,
            None => *inner.nonce.insert(nonce(random)?),
        };
        Ok((current, inner.until.saturating_sub(now)))
    }

    /// Counts an answer, before anything is done with it, and gives what it has to be to. One to a question that was not asked
    /// is to one that nobody knows; one that comes while another is looked at is none.
    pub(crate) fn begin_answer(
        self: &Arc<Self>,
        random: &dyn Random,
        now: Duration,
    ) -> Result<Answering, Refusal> {
        let fresh = nonce(random)?;
        let mut inner = self.waiting(now)?;
        if std::mem::replace(&mut inner.busy, true) {
            return Err(invalid());
        }
        inner.answers += 1;
        Ok(Answering {
            link: Arc::clone(self),
            nonce: inner.nonce.take().unwrap_or(fresh),
        })
    }

    /// Whose consents whoever has this permit may withdraw, by the name of their key.
    pub(crate) fn permitted(&self, permit: &str, now: Duration) -> Result<KeyId, Refusal> {
        let inner = self.lock();
        let shown = inner.shown.as_ref().filter(|_| now < inner.until);
        let shown = shown.ok_or_else(invalid)?;
        if bool::from(digest(permit).ct_eq(&shown.permit)) {
            Ok(shown.key)
        } else {
            Err(invalid())
        }
    }

    fn is_over(&self, now: Duration) -> bool {
        let inner = self.lock();
        let used_up = inner.shown.is_none() && inner.answers >= ANSWERS && !inner.busy;
        now >= inner.until || used_up
    }
}

/// An answer that is looked at: the only one of its link at that moment, so that what is shown, and written of it, is shown once.
pub(crate) struct Answering {
    link: Arc<ConsentLink>,
    /// What it has to be to.
    pub(crate) nonce: [u8; 32],
}

impl Answering {
    /// The consents are shown to whoever has this key: gives the permit to withdraw.
    pub(crate) fn show(
        &self,
        random: &dyn Random,
        key: KeyId,
        now: Duration,
    ) -> Result<Zeroizing<String>, Refusal> {
        let permit = text::<32>(random)?;
        let mut inner = self.link.lock();
        // The time ran out over it.
        if inner.shown.is_some() || now >= inner.until {
            return Err(invalid());
        }
        inner.shown = Some(Shown {
            key,
            permit: digest(&permit),
        });
        inner.until = now + LASTS;
        Ok(permit)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.link.lock().busy = false;
    }
}

/// All of this node.
#[derive(Default)]
pub(crate) struct ConsentLinks(Mutex<BTreeMap<String, Arc<ConsentLink>>>);

impl ConsentLinks {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<ConsentLink>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens one, and ends what was open for the same subject. Its id begins with the name of the node, as that of a session; the
    /// token is shown once.
    pub(crate) fn open(
        &self,
        (node, random): (&str, &dyn Random),
        asked: LinkAsked,
        now: Duration,
    ) -> Result<(String, Zeroizing<String>), Refusal> {
        let id = format!("{node}-{}", text::<16>(random)?.as_str());
        let token = text::<32>(random)?;
        let link = Arc::new(ConsentLink {
            id: id.clone(),
            token: digest(&token),
            inner: Mutex::new(Inner {
                until: now + LASTS,
                nonce: None,
                answers: 0,
                busy: false,
                shown: None,
            }),
            asked,
        });
        let mut all = self.lock();
        let of = &link.asked;
        all.retain(|_, one| {
            let other = &one.asked;
            let same = other.tenant == of.tenant
                && other.collection == of.collection
                && other.subject == of.subject;
            !same && !one.is_over(now)
        });
        let own = all
            .values()
            .filter(|one| one.asked.key == of.key && one.asked.tenant == of.tenant);
        if all.len() >= OF_NODE || own.count() >= OF_KEY {
            return Err(Refusal::from(Code::TooManyRequests).retry_after(WAIT_S));
        }
        all.insert(id.clone(), link);
        Ok((id, token))
    }

    /// The link that this is the token of, unless it is over.
    pub(crate) fn of_token(
        &self,
        id: &str,
        token: &str,
        now: Duration,
    ) -> Option<Arc<ConsentLink>> {
        let link = self.lock().get(id).cloned()?;
        let known = bool::from(digest(token).ct_eq(&link.token));
        (known && !link.is_over(now)).then_some(link)
    }

    /// Lets go of what is over.
    pub(crate) fn sweep(&self, now: Duration) {
        self.lock().retain(|_, link| !link.is_over(now));
    }
}

#[cfg(test)]
mod tests {
    use super::{ANSWERS, AskedProof, ConsentLinks, LASTS, LinkAsked, OF_KEY};
    use countenance_api::SessionPasskey;
    use countenance_core::vault::{ExternalId, Name, SystemRandom};
    use std::time::Duration;

    const START: Duration = Duration::ZERO;

    fn asked(subject: &str, key: &str) -> LinkAsked {
        LinkAsked {
            tenant: Name::new("acme").unwrap(),
            collection: Name::new("door").unwrap(),
            subject: ExternalId::new(subject).unwrap(),
            key: key.to_owned(),
            audience: "https://shop.example".to_owned(),
            way_out: "https://shop.example/".to_owned(),
            proof: AskedProof::Holder(SessionPasskey {
                salt: String::new(),
                credentials: Vec::new(),
            }),
        }
    }

    fn open(
        all: &ConsentLinks,
        subject: &str,
        key: &str,
        now: Duration,
    ) -> Option<(String, String)> {
        let opened = all.open(("a", &SystemRandom), asked(subject, key), now);
        opened.ok().map(|(id, token)| (id, token.to_string()))
    }

    #[test]
    fn a_link_takes_three_answers_each_to_a_question_of_its_own() {
        let all = ConsentLinks::default();
        let (id, token) = open(&all, "ana", "k", START).unwrap();
        let link = all.of_token(&id, &token, START).unwrap();
        let mut asked = Vec::new();
        for _ in 0..ANSWERS {
            let (question, left) = link.challenge(&SystemRandom, START).unwrap();
            assert_eq!(left, LASTS);
            assert_eq!(link.challenge(&SystemRandom, START).unwrap().0, question);
            let answering = link.begin_answer(&SystemRandom, START).ok().unwrap();
            assert_eq!(answering.nonce, question);
            let second = link.begin_answer(&SystemRandom, START);
            assert!(second.is_err(), "one at a time, and it does not count");
            assert!(!asked.contains(&question));
            asked.push(question);
        }
        assert!(link.challenge(&SystemRandom, START).is_err());
        assert!(link.begin_answer(&SystemRandom, START).is_err());
        assert!(all.of_token(&id, &token, START).is_none(), "it is over");
    }

    #[test]
    fn an_answer_to_no_question_is_to_one_that_nobody_knows_and_counts() {
        let all = ConsentLinks::default();
        let (id, token) = open(&all, "ana", "k", START).unwrap();
        let link = all.of_token(&id, &token, START).unwrap();
        let answer = || link.begin_answer(&SystemRandom, START).map(|one| one.nonce);
        assert_ne!(answer().ok().unwrap(), answer().ok().unwrap());
        assert!(answer().is_ok());
        assert!(link.begin_answer(&SystemRandom, START).is_err());
    }

    #[test]
    fn the_token_opens_its_own_link_in_time_and_no_other() {
        let all = ConsentLinks::default();
        let (id, token) = open(&all, "ana", "k", START).unwrap();
        let (other, _) = open(&all, "bob", "k", START).unwrap();
        assert!(
            all.of_token(&id, &token, LASTS - Duration::from_secs(1))
                .is_some()
        );
        for (id, token, now) in [
            (&id, "", START),
            (&id, &token[1..], START),
            (&other, &token, START),
            (&id, &token, LASTS),
        ] {
            assert!(all.of_token(id, token, now).is_none());
        }
        all.sweep(LASTS);
        assert!(all.of_token(&id, &token, START).is_none(), "it is gone");
    }

    #[test]
    fn a_newer_link_ends_the_one_before_of_the_same_person_alone() {
        let all = ConsentLinks::default();
        let (first, one) = open(&all, "ana", "k", START).unwrap();
        let (bobs, bob) = open(&all, "bob", "k", START).unwrap();
        let (second, two) = open(&all, "ana", "another key", START).unwrap();
        assert!(all.of_token(&first, &one, START).is_none());
        assert!(all.of_token(&second, &two, START).is_some());
        assert!(all.of_token(&bobs, &bob, START).is_some());
    }

    #[test]
    fn one_key_opens_so_many_and_others_still_can() {
        let all = ConsentLinks::default();
        for number in 0..OF_KEY {
            assert!(open(&all, &format!("p{number}"), "k", START).is_some());
        }
        assert!(open(&all, "ana", "k", START).is_none());
        assert!(open(&all, "ana", "other", START).is_some());
        assert!(
            open(&all, "bob", "k", LASTS).is_some(),
            "what is over makes place"
        );
    }
}
