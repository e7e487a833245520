//! Entries in sections that are searched while others put entries in and take them out.
//!
//! A *section* is a piece of memory with a fixed number of places behind a lock of its own. A
//! search takes the list of sections once and then reads one section after the other; whoever
//! changes something holds the lock of one section while it writes one entry, so a search waits
//! for less than a microsecond, and never for another search, growth or bookkeeping. Those who
//! change take turns behind the lock of the ledger, which no search takes.
//!
//! - What was put in before a search began, and not taken out, is found; what was taken out
//!   before it began is not: the locks are taken after and released before.
//! - An entry is seen whole or not at all.
//! - Taking a place and freeing one take constant time (amortised where the table grows).
//!
//! The locks come from the parent module by name, so that a test mounts this file over those of a
//! model checker (`tests/interleavings.rs`).

use super::sync::{Arc, Mutex, PoisonError, RwLock};
use hashbrown::HashTable;

/// A piece of memory with places for entries.
pub(super) trait Section {
    /// What is put into a place.
    type Entry;
    /// Writes an entry into a place.
    fn put(&mut self, place: usize, owner: u64, entry: &Self::Entry);
    /// Wipes a place.
    fn wipe(&mut self, place: usize);
    /// Who a place belongs to; 0 for nobody.
    fn owner(&self, place: usize) -> u64;
}

type Shared<S> = Arc<RwLock<S>>;
type List<S> = Arc<Vec<Shared<S>>>;

/// Sections, and who is where.
pub(super) struct Shelves<S> {
    /// Places of a section.
    places: usize,
    sections: RwLock<List<S>>,
    ledger: Mutex<Ledger>,
}

#[derive(Default)]
struct Ledger {
    /// Places that were never used begin here.
    next: u32,
    free: Vec<u32>,
    /// Places in use, by the key of their owner.
    table: HashTable<u32>,
}

/// Mixes a key: the finalizer of splitmix64.
fn mix(key: u64) -> u64 {
    let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Those of `sections` that hold a place.
struct Places<'a, S> {
    sections: &'a [Shared<S>],
    places: usize,
}

impl<S: Section> Places<'_, S> {
    fn section(&self, place: u32) -> Option<(&Shared<S>, usize)> {
        let place = place as usize;
        let section = self.sections.get(place / self.places)?;
        Some((section, place % self.places))
    }

    fn owner(&self, place: u32) -> u64 {
        self.section(place).map_or(0, |(section, place)| {
            let section = section.read().unwrap_or_else(PoisonError::into_inner);
            section.owner(place)
        })
    }
}

impl<S: Section> Shelves<S> {
    pub(super) fn new(places: usize) -> Self {
        Self {
            places,
            sections: RwLock::new(Arc::new(Vec::new())),
            ledger: Mutex::new(Ledger::default()),
        }
    }

    /// The sections as of now. The list grows at its end only; what is in a section is read under its lock.
    pub(super) fn sections(&self) -> List<S> {
        let sections = self.sections.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&sections)
    }

    /// Entries.
    pub(super) fn len(&self) -> usize {
        let ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.table.len()
    }

    /// Puts an entry in under an owner whose key is `key(owner)`; `grow` makes a section when all places are taken.
    pub(super) fn put<E>(
        &self,
        owner: u64,
        entry: &S::Entry,
        key: impl Fn(u64) -> u64,
        grow: impl FnOnce() -> Result<S, E>,
    ) -> Result<(), E> {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sections = self.sections();
        let place = match ledger.free.pop() {
            Some(place) => place,
            None => {
                if ledger.next as usize == sections.len() * self.places {
                    let mut more = sections.to_vec();
                    more.push(Arc::new(RwLock::new(grow()?)));
                    sections = Arc::new(more);
                    *self
                        .sections
                        .write()
                        .unwrap_or_else(PoisonError::into_inner) = Arc::clone(&sections);
                }
                ledger.next += 1;
                ledger.next - 1
            }
        };
        let at = Places {
            sections: &sections,
            places: self.places,
        };
        if let Some((section, place)) = at.section(place) {
            let mut section = section.write().unwrap_or_else(PoisonError::into_inner);
            section.put(place, owner, entry);
        }
        ledger
            .table
            .insert_unique(mix(key(owner)), place, |place| mix(key(at.owner(*place))));
        Ok(())
    }

    /// Takes out every entry whose owner has the key and says how many there were.
    pub(super) fn take(&self, wanted: u64, key: impl Fn(u64) -> u64) -> usize {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let sections = self.sections();
        let at = Places {
            sections: &sections,
            places: self.places,
        };
        let mut taken = 0;
        while let Ok(found) = ledger
            .table
            .find_entry(mix(wanted), |place| key(at.owner(*place)) == wanted)
        {
            let (place, _) = found.remove();
            if let Some((section, place)) = at.section(place) {
                let mut section = section.write().unwrap_or_else(PoisonError::into_inner);
                section.wipe(place);
            }
            ledger.free.push(place);
            taken += 1;
        }
        taken
    }

    /// Bytes of the bookkeeping.
    pub(super) fn ledger_bytes(&self) -> usize {
        let ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        // One control byte beside each place of the table, of which an eighth stays free.
        ledger.table.capacity() * 8 / 7 * (size_of::<u32>() + 1)
            + ledger.free.capacity() * size_of::<u32>()
    }
}
