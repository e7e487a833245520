//! How many requests of a day a key has left.

use super::sql::{self, Value};
use super::{KeyStore, KeyStoreError};
use countenance_api::KeyEntry;
use countenance_core::vault::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Requests are taken from the store in as many parts of the day's number, so that not each writes.
const PARTS: u32 = 64;

/// What this process took from the store and has not used yet: key, day and how many.
///
/// What a process took and did not use when it ends counts as used: a crash refunds nothing.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Mutex<HashMap<String, (u32, u32)>>);

impl Quotas {
    /// Counts a request of a key. Says whether it may have it.
    pub(crate) fn take(
        &self,
        keys: &KeyStore,
        key: &KeyEntry,
        now: Timestamp,
    ) -> Result<bool, KeyStoreError> {
        let Some(daily) = key.daily else {
            return Ok(true);
        };
        let today = now.day();
        if self.left(&key.id, today) {
            return Ok(true);
        }
        // A part if there still is one, else the last ones one by one.
        let part = (daily / PARTS).max(1);
        for wanted in [part, 1] {
            if keys.take(&key.id, today, wanted, daily)? {
                let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let left = taken.entry(key.id.clone()).or_insert((today, 0));
                let before = if left.0 == today { left.1 } else { 0 };
                *left = (today, before + wanted - 1);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn left(&self, key: &str, today: u32) -> bool {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(key) {
            Some((day, left)) if *day == today && *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

impl KeyStore {
    fn take(&self, id: &str, day: u32, wanted: u32, daily: u32) -> Result<bool, KeyStoreError> {
        let values = [
            Value::Text(id),
            Value::Int(i64::from(day)),
            Value::Int(i64::from(wanted)),
            Value::Int(i64::from(daily)),
        ];
        Ok(wanted <= daily && self.sql.run(sql::TAKE, &values)? > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::Quotas;
    use crate::{KeyOrder, KeyStore};
    use countenance_api::Scope;
    use countenance_core::vault::{Name, SystemRandom, Timestamp};

    #[test]
    fn a_key_has_its_number_of_requests_a_day_whoever_counts_them() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyStore::open(folder.path()).unwrap();
        let now = Timestamp::from_unix(1_800_000_000);
        for daily in [1, 7, 64, 1000] {
            let order = KeyOrder {
                daily: Some(daily),
                ..KeyOrder::new(Name::new("acme").unwrap(), &[Scope::Verify])
            };
            let id = KeyOrder::id(&SystemRandom).unwrap();
            let key = keys.create(&SystemRandom, id, &order, now).unwrap().entry;
            for day in 0..2 {
                let now = now.plus(day * 86_400);
                // Two nodes on one store count together.
                let nodes = [Quotas::default(), Quotas::default()];
                let allowed = (0..2 * daily)
                    .filter(|at| {
                        let node = &nodes[*at as usize % 2];
                        node.take(&keys, &key, now).unwrap()
                    })
                    .count();
                assert_eq!(allowed, daily as usize);
                // A node that starts anew refunds nothing.
                assert!(!Quotas::default().take(&keys, &key, now).unwrap());
            }
        }
    }
}
