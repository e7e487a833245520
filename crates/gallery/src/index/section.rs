//! The memory of some entries: codes in one stream, rows beside it.

use super::encode::Encoded;
use super::shelves;
use countenance_kernels::{
    BLOCK_TEMPLATES, CodeAngle, Lot, Region, RegionError, block_bytes, put_codes,
};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Places of a section: its scan takes some microseconds, and its codes stay in the nearest cache but one.
pub(super) const PLACES: usize = 2048;
const BLOCKS: usize = PLACES / BLOCK_TEMPLATES;
/// Most sections of one piece of memory from the system: 105 MB of codes and rows of 268 MB.
const MOST_SECTIONS: usize = 1024;

pub(super) struct Section {
    padded: usize,
    codes: Lot,
    rows: Lot,
    owners: Lot,
}

impl Section {
    /// The codes of all places, block after block.
    pub(super) fn codes(&self) -> &[u8] {
        &self.codes
    }

    pub(super) fn rows(&self) -> &[i8] {
        bytemuck::cast_slice(&self.rows)
    }

    pub(super) fn row(&self, place: usize) -> &[i8] {
        self.rows().get(self.span(place)).unwrap_or_default()
    }

    fn span(&self, place: usize) -> Range<usize> {
        place * self.padded..(place + 1) * self.padded
    }

    fn block(&mut self, place: usize) -> Option<&mut [u8]> {
        let bytes = block_bytes(self.padded);
        self.codes
            .chunks_exact_mut(bytes)
            .nth(place / BLOCK_TEMPLATES)
    }

    fn set_owner(&mut self, place: usize, owner: u64) {
        if let Some(bytes) = self.owners.as_chunks_mut::<8>().0.get_mut(place) {
            *bytes = owner.to_le_bytes();
        }
    }
}

impl shelves::Section for Section {
    type Entry = Encoded;

    fn put(&mut self, place: usize, owner: u64, entry: &Encoded) {
        if let Some(block) = self.block(place) {
            put_codes(block, place % BLOCK_TEMPLATES, &entry.codes, entry.angle);
        }
        let span = self.span(place);
        if let Some(row) = self.rows.get_mut(span) {
            row.copy_from_slice(bytemuck::cast_slice(&entry.row));
        }
        self.set_owner(place, owner);
    }

    fn wipe(&mut self, place: usize) {
        self.set_owner(place, 0);
        let zeros = vec![0; self.padded];
        if let Some(block) = self.block(place) {
            put_codes(block, place % BLOCK_TEMPLATES, &zeros, CodeAngle::default());
        }
        let span = self.span(place);
        if let Some(row) = self.rows.get_mut(span) {
            row.fill(0);
        }
    }

    fn owner(&self, place: usize) -> u64 {
        let owners = self.owners.as_chunks::<8>().0;
        owners
            .get(place)
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

/// Makes sections out of ever larger pieces of memory.
pub(super) struct Storeroom {
    padded: usize,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    made: usize,
    regions: Option<[Region; 3]>,
}

impl Storeroom {
    pub(super) fn new(padded: usize) -> Self {
        Self {
            padded,
            now: Mutex::default(),
        }
    }

    /// Bytes of a section.
    pub(super) fn section_bytes(&self) -> usize {
        BLOCKS * block_bytes(self.padded) + PLACES * (self.padded + size_of::<u64>())
    }

    /// A new section.
    pub(super) fn section(&self) -> Result<Section, RegionError> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(section) = self.next(&mut now) {
            return Ok(section);
        }
        let sections = now.made.clamp(1, MOST_SECTIONS);
        now.regions = Some([
            Region::new(BLOCKS * block_bytes(self.padded), sections)?,
            Region::new(PLACES * self.padded, sections)?,
            Region::new(PLACES * size_of::<u64>(), sections)?,
        ]);
        self.next(&mut now).ok_or(RegionError {
            bytes: self.section_bytes(),
            cause: "a new region is empty".to_owned(),
        })
    }

    fn next(&self, now: &mut Now) -> Option<Section> {
        let [codes, rows, owners] = now.regions.as_mut()?;
        let section = Section {
            padded: self.padded,
            codes: codes.lot()?,
            rows: rows.lot()?,
            owners: owners.lot()?,
        };
        now.made += 1;
        Some(section)
    }
}
