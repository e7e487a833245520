//! The members of a collection in memory, and how they are kept in step with the store.

use crate::{Engine, IdentifyError, Registry, template_v1};
use countenance_gallery::{
    Candidate, CollectionIndex, CompareError, Entry, IndexError, Isa, ModelId, Score, Searcher,
    Template,
};
use countenance_vault::{Collection, Member, Random, Timestamp, VaultError};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};
use zeroize::Zeroizing;

/// The members of one collection in memory, in step with the store.
pub struct OpenCollection {
    collection: Collection,
    model: ModelId,
    isa: Isa,
    /// What the key in memory is drawn from.
    seed: Zeroizing<[u8; 32]>,
    /// There once there is a template.
    index: OnceLock<CollectionIndex>,
    read: Mutex<Read>,
}

/// What was read of the store.
#[derive(Default)]
struct Read {
    /// How many events the store had seen; `None` before the first reading.
    sequence: Option<u64>,
    /// When the first consent ends.
    until: Option<Timestamp>,
    /// Marks of the members in the index, by number.
    marks: BTreeMap<u64, [u8; 32]>,
    /// Numbers of those that do not open.
    unreadable: Vec<u64>,
}

impl OpenCollection {
    /// Numbers of the subjects that are not searched because their key, consents or templates do not
    /// open.
    #[must_use]
    pub fn unreadable(&self) -> Vec<u64> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.unreadable.clone()
    }

    /// Members in memory.
    #[must_use]
    pub fn members(&self) -> usize {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.marks.len()
    }

    pub(crate) fn collection(&self) -> &Collection {
        &self.collection
    }

    /// Everybody who is at least so much alike.
    pub(crate) fn search(
        &self,
        searcher: &mut Searcher,
        probe: &Template,
        threshold: Score,
    ) -> Result<Vec<Candidate>, CompareError> {
        let index = self.index.get();
        index.map_or(Ok(Vec::new()), |index| {
            index.search(searcher, probe, threshold)
        })
    }

    /// The event of our own decision is no news; if it is the next one after what was read, that is still all.
    pub(crate) fn note(&self, leaf: u64) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.sequence == Some(leaf) {
            read.sequence = Some(leaf + 1);
        }
    }

    fn forget(&self, member: u64) {
        if let Some(index) = self.index.get() {
            index.remove(member);
        }
    }

    /// Only whoever holds the lock of what was read inserts.
    fn insert(&self, entry: Entry, template: &Template) -> Result<(), IndexError> {
        if self.index.get().is_none() {
            let mut random = ChaCha20Rng::from_seed(*self.seed);
            let length = template.values().len();
            let made = CollectionIndex::new(&self.model, length, self.isa, &mut random)?;
            // Nobody else makes one meanwhile.
            let _ = self.index.set(made);
        }
        match self.index.get() {
            Some(index) => index.insert(entry, template),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for OpenCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenCollection")
            .field("members", &self.members())
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// Takes the members of a collection who consented to `identify` into memory, for templates of `engine` and kernels
    /// of `isa`.
    /// `random` draws the key under which they lie there. `go_on` is asked for each of them: a large collection takes
    /// seconds, and whoever ends need not wait for it.
    ///
    /// # Errors
    /// [`IdentifyError`] when the store fails, a record does not open, memory is short or it was not to go on.
    pub fn open_collection(
        &self,
        engine: &Engine,
        collection: &Collection,
        isa: Isa,
        random: &dyn Random,
        go_on: &dyn Fn() -> bool,
    ) -> Result<OpenCollection, IdentifyError> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(&mut *seed).map_err(VaultError::from)?;
        let open = OpenCollection {
            collection: *collection,
            model: engine.model().clone(),
            isa,
            seed,
            index: OnceLock::new(),
            read: Mutex::default(),
        };
        self.read_members(&open, go_on)?;
        Ok(open)
    }

    /// Reads what changed in the store since it was last read: whoever was erased, withdrew or whose
    /// consent ended since is not searched any more when this returns. Returns how many may be searched.
    ///
    /// # Errors
    /// [`IdentifyError`] when the store fails: then nothing may be searched. Who does not open is not
    /// searched; see [`OpenCollection::unreadable`].
    pub fn catch_up(&self, open: &OpenCollection) -> Result<usize, IdentifyError> {
        self.read_members(open, &|| true)
    }

    fn read_members(
        &self,
        open: &OpenCollection,
        go_on: &dyn Fn() -> bool,
    ) -> Result<usize, IdentifyError> {
        let mut read = open.read.lock().unwrap_or_else(PoisonError::into_inner);
        let time = self.now();
        let all_stand = read.until.is_none_or(|until| time < until);
        if all_stand && read.sequence == Some(self.vault().sequence()?) {
            return Ok(read.marks.len());
        }
        let marks = std::mem::take(&mut read.marks);
        read.sequence = None;
        let has = |number: u64, mark: &[u8; 32]| marks.get(&number) == Some(mark);
        let now = self
            .vault()
            .members_for_search(&open.collection, time, &has, go_on);
        let now = match now {
            Ok(now) => now,
            Err(error) => {
                read.marks = marks;
                return Err(error.into());
            }
        };
        let mut kept = BTreeMap::new();
        for member in &now.members {
            if member.references.is_none() {
                kept.insert(member.number, member.mark);
            }
        }
        for number in marks.keys().filter(|number| !kept.contains_key(number)) {
            open.forget(*number);
        }
        // What fails half-way is read anew next time: only who is wholly in has a mark.
        read.marks = kept;
        read.unreadable.clone_from(&now.unreadable);
        for member in &now.members {
            let taken = if go_on() {
                self.take_in(open, member)
            } else {
                Err(VaultError::Ended.into())
            };
            match taken {
                Ok(true) => {
                    read.marks.insert(member.number, member.mark);
                }
                Ok(false) => {}
                Err(error) => {
                    open.forget(member.number);
                    return Err(error);
                }
            }
        }
        read.sequence = Some(now.sequence);
        read.until = now.until;
        Ok(read.marks.len())
    }

    /// Puts a member's templates into memory; says whether there are any of this model, made this way.
    fn take_in(&self, open: &OpenCollection, member: &Member) -> Result<bool, IdentifyError> {
        let Some(references) = &member.references else {
            return Ok(true);
        };
        // Half of one that failed may be there.
        open.forget(member.number);
        let mut any = false;
        for reference in references {
            let model = ModelId::new(reference.model.as_str())?;
            if model != open.model {
                continue;
            }
            let stored = template_v1::read(&reference.template, model)?;
            if stored.flip_averaged == self.policy().capture.flip_averaging {
                let (member, number) = (member.number, reference.number);
                open.insert(Entry { member, number }, &stored.template)?;
                any = true;
            }
        }
        Ok(any)
    }
}
