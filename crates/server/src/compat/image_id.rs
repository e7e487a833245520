//! Ids of pictures: a UUID that says, to whoever has the vault's key, which sealed record it stands for. Nothing is
//! kept of it, and so nothing can be lost of it or differ from what is there.

use super::access::Service;
use super::books::Books;
use crate::keys::Uuid;
use countenance_core::vault::{Collection, RecordPlace, Sealer, Unlocked, VaultError};

use super::fault::Fault;

/// Rounds of the Feistel network; four of a keyed function make a permutation that nobody tells from a random one.
const ROUNDS: u8 = 4;
/// Bits of a half.
const HALF: u64 = u64::MAX >> 3;
/// Bits of the number of a record.
const NUMBER_BITS: u32 = 16;

/// Makes and reads ids of the pictures of one service.
pub(super) struct ImageIds(Sealer);

impl ImageIds {
    /// Those of the service's collection.
    pub(super) fn of(books: &Books, service: &Service) -> Self {
        let collection = service.key.collection.as_deref().unwrap_or_default();
        let values = [service.tenant.as_str().as_bytes(), collection.as_bytes()];
        let sealer = books.registry.vault().sealer("compat images");
        Self(sealer.bound_to(&values))
    }

    /// The id of a record: subject and record number in one half, a part of the record's nonce in the other.
    pub(super) fn id(&self, place: &RecordPlace) -> Uuid {
        let left = (place.subject << NUMBER_BITS | u64::from(place.number)) & HALF;
        let mut halves = [left, u64::from_le_bytes(place.nonce) & HALF];
        for round in 0..ROUNDS {
            let [left, right] = halves;
            halves = [right, left ^ self.mixed(round, right)];
        }
        Uuid::of_halves(halves)
    }

    fn halves(&self, id: &Uuid) -> Option<[u64; 2]> {
        let mut halves = id.halves()?;
        for round in (0..ROUNDS).rev() {
            let [left, right] = halves;
            halves = [right ^ self.mixed(round, left), left];
        }
        Some(halves)
    }

    fn mixed(&self, round: u8, half: u64) -> u64 {
        let tag = self.0.tag(&[&[round], &half.to_le_bytes()]);
        let first = tag
            .first_chunk()
            .map_or(0, |first| u64::from_le_bytes(*first));
        first & HALF
    }

    /// What a picture is kept under: tells nothing of the id.
    pub(super) fn slot(&self, id: &Uuid) -> [u8; 32] {
        self.0.tag(&[b"kept", &id.0])
    }

    /// The record that an id stands for, if it is still there, and its subject.
    pub(super) fn find(
        &self,
        books: &Books,
        collection: &Collection,
        id: &Uuid,
    ) -> Result<Option<(Unlocked, RecordPlace)>, Fault> {
        let Some([left, _]) = self.halves(id) else {
            return Ok(None);
        };
        let vault = books.registry.vault();
        let subject = match vault.member(collection, left >> NUMBER_BITS) {
            Ok(subject) => subject,
            Err(VaultError::Unknown { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let places = vault.record_places(subject.subject())?;
        let place = places.into_iter().find(|place| self.id(place) == *id);
        Ok(place.map(|place| (subject, place)))
    }
}
