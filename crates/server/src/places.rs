//! How many requests may be under way, of all keys and of one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for requests. One key gets only some of them, so that whoever uploads slowly with it does not shut out all
/// others.
pub(crate) struct Places {
    all: Arc<Semaphore>,
    of_one_key: usize,
    held: Arc<Mutex<HashMap<String, usize>>>,
}

/// A place, given back when it is dropped.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    held: Arc<Mutex<HashMap<String, usize>>>,
    key: String,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// All are taken.
    Full,
    /// The key has as many as one may have.
    OfKey,
}

impl Places {
    pub(crate) fn new(all: usize, of_one_key: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all)),
            of_one_key: of_one_key.max(1),
            held: Arc::default(),
        }
    }

    /// A place for a request of a key, if one is free.
    pub(crate) fn take(&self, key: &str) -> Result<Place, NoPlace> {
        let permit = Arc::clone(&self.all).try_acquire_owned();
        let permit = permit.map_err(|_| NoPlace::Full)?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(key.to_owned()).or_insert(0);
        if *count >= self.of_one_key {
            return Err(NoPlace::OfKey);
        }
        *count += 1;
        Ok(Place {
            _permit: permit,
            held: Arc::clone(&self.held),
            key: key.to_owned(),
        })
    }

    /// Places that are free.
    pub(crate) fn free(&self) -> usize {
        self.all.available_permits()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = held.entry(std::mem::take(&mut self.key)) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NoPlace, Places};

    #[test]
    fn one_key_gets_only_its_part_and_another_the_rest() {
        let places = Places::new(4, 2);
        let mut taken = vec![places.take("a").unwrap(), places.take("a").unwrap()];
        assert_eq!(places.take("a").err(), Some(NoPlace::OfKey));
        taken.extend([places.take("b").unwrap(), places.take("c").unwrap()]);
        assert_eq!(places.take("b").err(), Some(NoPlace::Full));
        assert_eq!(places.free(), 0);
        // What is given back is free again, and nothing is remembered of a key that asks no more.
        taken.remove(0);
        taken.push(places.take("a").unwrap());
        drop(taken);
        assert_eq!(places.free(), 4);
        assert!(places.held.lock().unwrap().is_empty());
    }
}
