//! Exact search for a probe among the templates of a collection.

mod bound;
mod encode;
mod rotation;
mod search;
mod section;
mod shelves;

/// The locks; a test puts those of a model checker in their place.
mod sync {
    pub(super) use std::sync::{Arc, Mutex, PoisonError, RwLock};
}

pub use search::{Candidate, Searcher};

use self::encode::Encoded;
use self::rotation::Rotation;
use self::section::{PLACES, Section, Storeroom};
use self::shelves::Shelves;
use self::sync::{Mutex, PoisonError};
use crate::template::{CompareError, ModelId, Template};
use countenance_kernels::{CodeScan, GROUP_VALUES, Isa, RegionError, RowFilter};
use rand_core::RngCore;
use std::fmt;
use thiserror::Error;

/// Most values of a template in an index.
const MAX_DIMENSIONS: usize = 4096;

/// Values of a whole number of groups that hold `dims` values.
fn groups(dims: usize) -> usize {
    dims.next_multiple_of(GROUP_VALUES)
}

/// Whose template an entry of an index is: a number of the caller's, below 2^47, and which of
/// its templates. What it stands for is the caller's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// The member, below 2^47.
    pub member: u64,
    /// Which of the member's templates.
    pub number: u16,
}

impl Entry {
    const MEMBERS: u64 = 1 << 47;

    /// Never 0: that is nobody.
    fn owner(self) -> Option<u64> {
        (self.member < Self::MEMBERS).then(|| (self.member + 1) << 16 | u64::from(self.number))
    }

    fn of(owner: u64) -> Option<Self> {
        let member = (owner >> 16).checked_sub(1)?;
        Some(Self {
            member,
            number: (owner & 0xffff) as u16,
        })
    }
}

/// The member part of an owner.
fn key(owner: u64) -> u64 {
    owner >> 16
}

/// An index cannot be made, or cannot take a template.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexError {
    /// The template is not of the index's model and length.
    #[error("template does not belong to the index")]
    Compare(#[from] CompareError),
    /// Templates of an index have 1 to 4096 values.
    #[error("templates of {got} values, expected 1 to {max}")]
    Dimensions {
        /// Values that were asked for.
        got: usize,
        /// Most values.
        max: usize,
    },
    /// This machine does not have the instruction set.
    #[error("this machine has no {0}")]
    Isa(Isa),
    /// The member's number is too large.
    #[error("member {got}, expected below {bound}")]
    Member {
        /// The number that was given.
        got: u64,
        /// One more than the largest.
        bound: u64,
    },
    /// The system gives no memory.
    #[error("no memory for the index: {0}")]
    Memory(String),
}

impl From<RegionError> for IndexError {
    fn from(error: RegionError) -> Self {
        Self::Memory(error.to_string())
    }
}

/// The templates of one collection, in memory, for identification (1:N).
///
/// [`CollectionIndex::search`] finds *every* member with a template whose
/// [comparison score](Template::compare) with the probe reaches the threshold, best first:
/// to the bit what comparing with each stored template one by one would find. A template is taken as
/// it is stored (`docs/spec/template-v1.md`), as 8-bit values.
///
/// Each template takes 50 bytes of 3-bit codes (of 128 values), which every search reads
/// in one stream, a row of 128 bytes that is read when an upper bound says that the template may
/// reach the threshold, and its owner. The bound is proven, not estimated: see the source of
/// `index/bound.rs`.
///
/// Entries come and go while searches run. A removed member is not in the answer of any search
/// that begins after [`CollectionIndex::remove`] returned, and its bytes are overwritten by then.
/// What lies in memory is transformed under a key that was drawn for this index, is left out of core
/// files and wiped when dropped.
///
/// ```
/// use countenance_gallery::{CollectionIndex, Entry, Isa, ModelId, Score, Searcher, Template};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
/// # let mut random = ChaCha20Rng::seed_from_u64(7); // a program takes the system's
/// let model = ModelId::new("example")?;
/// let of = |values: &[f32]| Template::from_embedding(model.clone(), values);
/// let index = CollectionIndex::new(&model, 3, Isa::detect(), &mut random)?;
/// index.insert(Entry { member: 7, number: 0 }, &of(&[1.0, 2.0, 3.0])?)?;
/// index.insert(Entry { member: 8, number: 0 }, &of(&[-3.0, 2.0, 1.0])?)?;
///
/// let probe = of(&[1.1, 2.0, 2.9])?;
/// let mut searcher = Searcher::new(1);
/// let found = index.search(&mut searcher, &probe, Score::new(0.5)?)?;
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].entry.member, 7);
/// index.remove(7);
/// assert!(index.search(&mut searcher, &probe, Score::new(0.5)?)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CollectionIndex {
    model: ModelId,
    dims: usize,
    rotation: Rotation,
    scan: CodeScan,
    rows: RowFilter,
    storeroom: Storeroom,
    shelves: Shelves<Section>,
    /// Where templates are made ready; as many as there were insertions at one time.
    desks: Mutex<Vec<Encoded>>,
}

impl CollectionIndex {
    /// An empty index of templates of one model with `dims` values. `random` draws the key under
    /// which it keeps them; it must be one that nobody can guess.
    ///
    /// # Errors
    /// [`IndexError::Dimensions`] and [`IndexError::Isa`].
    pub fn new(
        model: &ModelId,
        dims: usize,
        isa: Isa,
        random: &mut dyn RngCore,
    ) -> Result<Self, IndexError> {
        if !(1..=MAX_DIMENSIONS).contains(&dims) {
            return Err(IndexError::Dimensions {
                got: dims,
                max: MAX_DIMENSIONS,
            });
        }
        let rotation = Rotation::draw(dims, random);
        let padded = rotation.padded();
        Ok(Self {
            model: model.clone(),
            dims,
            rotation,
            scan: CodeScan::new(isa).ok_or(IndexError::Isa(isa))?,
            rows: RowFilter::new(isa).ok_or(IndexError::Isa(isa))?,
            storeroom: Storeroom::new(padded),
            shelves: Shelves::new(PLACES),
            desks: Mutex::default(),
        })
    }

    /// Puts a template in. A member may have several.
    ///
    /// # Errors
    /// [`IndexError`] when the template is of another model or length, the member's number is too
    /// large or the system gives no memory; then nothing changed.
    pub fn insert(&self, entry: Entry, template: &Template) -> Result<(), IndexError> {
        self.check(template)?;
        let owner = entry.owner().ok_or(IndexError::Member {
            got: entry.member,
            bound: Entry::MEMBERS,
        })?;
        let desks = || self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let free = desks().pop();
        let mut encoded = free.unwrap_or_else(|| Encoded::blank(&self.rotation));
        encoded.fill(&self.rotation, template);
        let grow = || self.storeroom.section();
        let put = self.shelves.put(owner, &encoded, key, grow);
        encoded.wipe();
        desks().push(encoded);
        Ok(put?)
    }

    /// Takes every template of a member out, overwrites it and says how many there were.
    pub fn remove(&self, member: u64) -> usize {
        member
            .checked_add(1)
            .map_or(0, |wanted| self.shelves.take(wanted, key))
    }

    /// Templates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shelves.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory, bookkeeping included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.shelves.sections().len() * self.storeroom.section_bytes() + self.shelves.ledger_bytes()
    }

    /// The model of its templates.
    #[must_use]
    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// The names of its kernels.
    #[must_use]
    pub fn kernel_names(&self) -> [String; 2] {
        [self.scan.kernel_name(), self.rows.kernel_name()]
    }

    fn check(&self, template: &Template) -> Result<(), CompareError> {
        if *template.model() != self.model {
            return Err(CompareError::Models {
                reference: self.model.clone(),
                probe: template.model().clone(),
            });
        }
        if template.values().len() != self.dims {
            return Err(CompareError::Dimensions {
                model: self.model.clone(),
                reference: self.dims,
                probe: template.values().len(),
            });
        }
        Ok(())
    }
}

impl fmt::Debug for CollectionIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectionIndex")
            .field("model", &self.model)
            .field("dims", &self.dims)
            .finish_non_exhaustive()
    }
}
