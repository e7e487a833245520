//! Registrations of device keys that were begun, in the memory of this node: each has its own challenge and takes one answer.

use crate::refusal::Refusal;
use countenance_api::Code;
use countenance_core::vault::{ExternalId, Name, Random};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a registration waits for its answer.
pub(crate) const LASTS: Duration = Duration::from_secs(300);
/// Registrations of one key of the platform that may wait.
const OF_KEY: usize = 100;
/// Registrations of this node that may wait.
const OF_NODE: usize = 1000;
/// Seconds after which it is worth to ask again for a place.
const WAIT_S: u64 = 10;

/// A registration that was begun.
pub(crate) struct Ceremony {
    pub(crate) tenant: Name,
    pub(crate) collection: Name,
    pub(crate) subject: ExternalId,
    /// Id of the key that began it; empty for the operator.
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) challenge: [u8; 32],
}

/// All of this node.
#[derive(Default)]
pub(crate) struct Ceremonies(Mutex<BTreeMap<String, (Ceremony, Duration)>>);

impl Ceremonies {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (Ceremony, Duration)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps one until it is answered or its time is over. Its id begins with the name of the node, as that of a session.
    pub(crate) fn begin(
        &self,
        (node, random): (&str, &dyn Random),
        ceremony: Ceremony,
        now: Duration,
    ) -> Result<String, Refusal> {
        let id = format!("{node}-{}", crate::sessions::text::<16>(random)?.as_str());
        let mut all = self.lock();
        all.retain(|_, (_, until)| now < *until);
        let same = |one: &&(Ceremony, Duration)| {
            one.0.key == ceremony.key && one.0.tenant == ceremony.tenant
        };
        if all.len() >= OF_NODE || all.values().filter(same).count() >= OF_KEY {
            return Err(Refusal::from(Code::TooManyRequests).retry_after(WAIT_S));
        }
        all.insert(id.clone(), (ceremony, now + LASTS));
        Ok(id)
    }

    /// Takes the one of this id, once, if it is about this subject.
    pub(crate) fn take(
        &self,
        id: &str,
        (tenant, collection, subject): (&Name, &Name, &ExternalId),
        now: Duration,
    ) -> Option<Ceremony> {
        let mut all = self.lock();
        let fits = all.get(id).is_some_and(|(one, until)| {
            now < *until
                && one.tenant == *tenant
                && one.collection == *collection
                && one.subject == *subject
        });
        if !fits {
            return None;
        }
        all.remove(id).map(|(one, _)| one)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ceremonies, Ceremony, LASTS, OF_KEY};
    use countenance_core::vault::{ExternalId, Name, SystemRandom};
    use std::time::Duration;

    fn ceremony(key: &str) -> Ceremony {
        Ceremony {
            tenant: Name::new("acme").unwrap(),
            collection: Name::new("door").unwrap(),
            subject: ExternalId::new("ana").unwrap(),
            key: key.to_owned(),
            label: String::new(),
            challenge: [1; 32],
        }
    }

    fn begin(all: &Ceremonies, key: &str, now: Duration) -> Option<String> {
        all.begin(("a", &SystemRandom), ceremony(key), now).ok()
    }

    #[test]
    fn a_registration_is_taken_once_in_time_and_for_its_own_subject() {
        let all = Ceremonies::default();
        let (tenant, door) = (Name::new("acme").unwrap(), Name::new("door").unwrap());
        let (ana, bob) = (
            ExternalId::new("ana").unwrap(),
            ExternalId::new("bob").unwrap(),
        );
        let id = begin(&all, "k", Duration::ZERO).unwrap();
        let late = begin(&all, "k", Duration::ZERO).unwrap();
        let other = Name::new("other").unwrap();
        for whom in [
            (&tenant, &door, &bob),
            (&other, &door, &ana),
            (&tenant, &other, &ana),
        ] {
            assert!(all.take(&id, whom, Duration::ZERO).is_none());
        }
        let whom = (&tenant, &door, &ana);
        assert!(all.take(&id, whom, Duration::ZERO).is_some());
        assert!(all.take(&id, whom, Duration::ZERO).is_none());
        assert!(all.take(&late, whom, LASTS).is_none());
    }

    #[test]
    fn one_key_begins_so_many_and_others_still_can() {
        let all = Ceremonies::default();
        for _ in 0..OF_KEY {
            assert!(begin(&all, "k", Duration::ZERO).is_some());
        }
        assert!(begin(&all, "k", Duration::ZERO).is_none());
        assert!(begin(&all, "other", Duration::ZERO).is_some());
        assert!(
            begin(&all, "k", LASTS).is_some(),
            "what is over makes place"
        );
    }
}
