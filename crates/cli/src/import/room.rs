//! How many may still join the collection.

use crate::failure::Failure;
use crate::registry::Opened;
use countenance_core::{Engine, IdentifyPolicy};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The places of a collection, which several threads give away at once.
pub(super) struct Room {
    cap: usize,
    places: Mutex<Places>,
    settled: Condvar,
}

#[derive(Debug)]
struct Places {
    /// Neither taken nor held.
    left: usize,
    /// Held for somebody of whom it is not known yet whether they join.
    held: usize,
}

/// A place that is held for somebody; given back unless they take it.
pub(super) struct Place<'a> {
    room: &'a Room,
    is_taken: bool,
}

impl Room {
    pub(super) fn of(opened: &Opened, engine: &Engine) -> Result<Self, Failure> {
        let registry = &opened.registry;
        let settings = registry.identify_settings(&opened.collection)?;
        let flip_averaging = registry.policy().capture.flip_averaging;
        let cap = IdentifyPolicy::new(engine, flip_averaging, settings)?.cap();
        let (mut members, mut after) = (0_usize, Some(0));
        while let Some(from) = after {
            let page = registry.members(&opened.collection, from, 1000)?;
            members += page.members.len();
            after = page.next;
        }
        Ok(Self::new(cap, members))
    }

    fn new(cap: usize, members: usize) -> Self {
        let left = cap.saturating_sub(members);
        Self {
            cap,
            places: Mutex::new(Places { left, held: 0 }),
            settled: Condvar::new(),
        }
    }

    /// Holds a place, or says why there is none. When the last ones are held it waits until it is known whether they are taken: nobody
    /// is turned away from a place that comes free.
    pub(super) fn hold(&self) -> Result<Place<'_>, String> {
        let mut places = self.places();
        while places.left == 0 && places.held > 0 {
            let waited = self.settled.wait(places);
            places = waited.unwrap_or_else(PoisonError::into_inner);
        }
        if places.left == 0 {
            return Err(format!(
                "the collection takes at most {} at its target FPIR",
                self.cap
            ));
        }
        places.left -= 1;
        places.held += 1;
        Ok(Place {
            room: self,
            is_taken: false,
        })
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    pub(super) fn take(mut self) {
        self.is_taken = true;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut places = self.room.places();
        places.held -= 1;
        places.left += usize::from(!self.is_taken);
        drop(places);
        self.room.settled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::Room;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn no_more_places_are_taken_than_there_are_and_one_given_back_is_taken_by_another() {
        let (room, taken, refused) = (Room::new(10, 3), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (room, taken, refused) = (&room, &taken, &refused);
                scope.spawn(move || {
                    for turn in 0..50 {
                        match room.hold() {
                            Ok(place) if (turn + thread) % 3 == 0 => {
                                std::thread::yield_now();
                                taken.fetch_add(1, Ordering::Relaxed);
                                place.take();
                            }
                            Ok(place) => drop(place),
                            Err(reason) => {
                                assert_eq!(
                                    reason,
                                    "the collection takes at most 10 at its target FPIR"
                                );
                                refused.fetch_add(1, Ordering::Relaxed);
                            }
                        }
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), 7);
        assert!(refused.into_inner() > 0);
        assert!(room.hold().is_err());
    }
}
