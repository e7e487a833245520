//! Where people and their photos come from.

use crate::failure::Failure;
use countenance_core::vault::ExternalId;

/// A person, and the names of the photos there are.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: ExternalId,
    pub(super) photos: Vec<String>,
}

/// A source of people; its photos are read by several threads.
pub(super) trait People: Sync {
    /// Everybody, in an order that stays.
    fn list(&self) -> Result<Vec<Person>, Failure>;

    /// The bytes of a photo, or why they cannot be had.
    fn photo(&self, person: &Person, photo: &str) -> Result<Vec<u8>, String>;
}
