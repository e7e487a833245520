//! Where people and their photos come from.

use super::report::Report;
use crate::failure::Failure;
use countenance_core::vault::ExternalId;

/// A person, and the names of the photos there are.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: ExternalId,
    pub(super) photos: Vec<String>,
}

/// A person who agreed and whose photos are to be looked at.
pub(super) struct Chosen {
    pub(super) person: Person,
    /// Whether the collection had no subject of that id when it was asked.
    pub(super) is_new: bool,
}

/// A source of people; its photos are read by several threads.
pub(super) trait People: Sync {
    /// Everybody, in an order that stays; who cannot be a subject is reported.
    fn list(&self, report: &mut Report) -> Result<Vec<Person>, Failure>;

    /// The bytes of a photo, or why it is none. A failure where the source itself is gone: nobody is taken in with a part of their photos
    /// because of that.
    fn photo(&self, person: &Person, photo: &str) -> Result<Result<Vec<u8>, String>, Failure>;
}
