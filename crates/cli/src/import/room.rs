//! How many may still join the collection.

use crate::failure::Failure;
use crate::registry::Opened;
use countenance_core::{Engine, IdentifyPolicy};

/// The places of a collection.
pub(super) struct Room {
    cap: usize,
    left: usize,
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
        Self { cap, left }
    }

    /// Takes a place for somebody who joins, or says why there is none.
    pub(super) fn take(&mut self) -> Result<(), String> {
        if self.left == 0 {
            return Err(format!(
                "the collection takes at most {} at its target FPIR",
                self.cap
            ));
        }
        self.left -= 1;
        Ok(())
    }

    /// Gives back the place of somebody who did not join after all.
    pub(super) fn give_back(&mut self) {
        self.left += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Room;

    #[test]
    fn no_more_places_are_taken_than_there_are_and_one_given_back_is_taken_by_another() {
        let mut room = Room::new(10, 3);
        for _ in 0..7 {
            room.take().unwrap();
        }
        let refused = room.take().unwrap_err();
        assert_eq!(
            refused,
            "the collection takes at most 10 at its target FPIR"
        );
        room.give_back();
        room.take().unwrap();
        assert!(room.take().is_err());
        // More than may be are there already.
        assert!(Room::new(2, 3).take().is_err());
    }
}
