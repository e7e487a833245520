//! Use case: who of a collection is this?

use crate::timing::timed;
use crate::{
    Capture, CaptureError, CompareError, Fault, IdentifyPolicy, Registry, StageTimings,
    TemplateFormatError, Worker, template_v1,
};
use countenance_gallery::{
    Candidate, CollectionIndex, Entry, IndexError, Isa, ModelId, ModelIdError, Score, ScoreError,
    Searcher, Template,
};
use countenance_vault::{
    Attempt, Collection, ExternalId, IdentError, Member, Purpose, Random, Target, VaultError,
};
use countenance_vision::QualityCause;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};
use thiserror::Error;
use zeroize::Zeroizing;

/// The answer to "who is this?", as it may be told outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentifyAnswer {
    /// It is this member.
    Accept(ExternalId),
    /// Two members are too much alike to say which it is: ask for another factor.
    Ambiguous,
    /// Too many attempts of this client: wait, or use another way in.
    NotPermitted,
    /// The picture is too poor to tell; the cause comes from the picture alone.
    Recapture(QualityCause),
    /// It may be this member, and a person has to look: the collection allows more false answers than may
    /// be accepted unseen.
    Refer(ExternalId),
    /// It is nobody of the collection.
    Reject,
}

impl IdentifyAnswer {
    /// The stable name for machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accept(_) => "accept",
            Self::Ambiguous => "ambiguous",
            Self::NotPermitted => "not_permitted",
            Self::Recapture(_) => "recapture",
            Self::Refer(_) => "refer",
            Self::Reject => "reject",
        }
    }
}

/// An identification and what it was decided on.
#[derive(Clone, Debug)]
pub struct Identification {
    /// The answer, and all that may be told to whoever asked.
    pub answer: IdentifyAnswer,
    /// What decided it; goes with the answer.
    pub policy: IdentifyPolicy,
    /// Members that were searched.
    pub members: usize,
    /// The score of the member who was found, for the operator only.
    pub score: Option<Score>,
    /// Leaf of the audit log.
    pub leaf: u64,
    /// What was found in the picture.
    pub capture: Capture,
    /// How long it took.
    pub timings: StageTimings,
}

/// An identification failed. Finding nobody is an answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdentifyError {
    /// The picture failed.
    #[error("probe failed")]
    Capture(#[from] CaptureError),
    /// The name of a client is none.
    #[error("client name is not one")]
    Client(#[from] IdentError),
    /// No threshold stands for the rate, or templates do not compare.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// The members do not fit into memory.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A stored template is of a model whose name is none.
    #[error("stored template names no model")]
    ModelName(#[from] ModelIdError),
    /// A threshold less the margin is no score.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// A stored template does not read.
    #[error(transparent)]
    Template(#[from] TemplateFormatError),
    /// The collection has more members than its settings allow.
    #[error("collection has {members} members to search, its target FPIR allows {cap}")]
    TooMany {
        /// Members with a template.
        members: usize,
        /// Most that the settings allow.
        cap: usize,
    },
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl IdentifyError {
    /// Who can do something about it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Capture(error) => error.fault(),
            Self::Client(_) => Fault::Caller,
            Self::Compare(error) => error.fault(),
            Self::Index(_) | Self::TooMany { .. } => Fault::Config,
            Self::ModelName(_) | Self::Template(_) => Fault::Storage,
            Self::Score(_) => Fault::Bug,
            Self::Vault(error) => error.fault().into(),
        }
    }
}

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
    /// Marks of the members in the index, by number.
    marks: BTreeMap<u64, [u8; 32]>,
}

impl OpenCollection {
    /// Members in memory.
    #[must_use]
    pub fn members(&self) -> usize {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.marks.len()
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

/// Who asks, and with which picture.
#[derive(Clone, Copy, Debug)]
pub struct IdentifyRequest<'a> {
    /// Attempts are counted on this name: a door, a key of the platform.
    pub client: &'a str,
    /// JPEG, PNG or WebP bytes.
    pub probe: &'a [u8],
}

impl Registry {
    /// Takes the members of a collection who consented to `identify` into memory, for kernels of `isa`.
    /// `random` draws the key under which they lie there.
    ///
    /// # Errors
    /// [`IdentifyError`] when the store fails, a record does not open or memory is short.
    pub fn open_collection(
        &self,
        worker: &Worker,
        collection: &Collection,
        isa: Isa,
        random: &dyn Random,
    ) -> Result<OpenCollection, IdentifyError> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(&mut *seed).map_err(VaultError::from)?;
        let open = OpenCollection {
            collection: *collection,
            model: worker.engine.model().clone(),
            isa,
            seed,
            index: OnceLock::new(),
            read: Mutex::default(),
        };
        self.catch_up(&open)?;
        Ok(open)
    }

    /// Reads what changed in the store since it was last read: whoever was erased, withdrew or whose
    /// consent ended since is not searched any more when this returns. Returns how many may be searched.
    ///
    /// # Errors
    /// [`IdentifyError`] when the store fails or a record does not open: then nothing may be searched.
    pub fn catch_up(&self, open: &OpenCollection) -> Result<usize, IdentifyError> {
        let mut read = open.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.sequence == Some(self.vault().sequence()?) {
            return Ok(read.marks.len());
        }
        let marks = std::mem::take(&mut read.marks);
        read.sequence = None;
        let has = |number: u64, mark: &[u8; 32]| marks.get(&number) == Some(mark);
        let now = self
            .vault()
            .members_for_search(&open.collection, self.now(), &has);
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
        for member in &now.members {
            if self.take_in(open, member)? {
                read.marks.insert(member.number, member.mark);
            }
        }
        read.sequence = Some(now.sequence);
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

    /// Says which member of an open collection a picture shows, if any.
    ///
    /// What changed in the store before it was called has its effect. The attempt is on the disk before
    /// anything is compared; the audit log has the decision before it is returned; the consent of the
    /// member who is named is asked in the same transaction.
    ///
    /// # Errors
    /// [`IdentifyError`] when the picture does not decode, the collection is too large for its settings,
    /// no threshold stands for its rate, or the store fails. Then nobody is named.
    pub fn identify(
        &self,
        worker: &mut Worker,
        searcher: &mut Searcher,
        open: &OpenCollection,
        request: &IdentifyRequest<'_>,
    ) -> Result<Identification, IdentifyError> {
        let start = worker.engine.clock().elapsed();
        let settings = self.identify_settings(&open.collection)?;
        let capture_policy = &self.policy().capture;
        let policy = IdentifyPolicy::new(&worker.engine, capture_policy.flip_averaging, settings)?;
        let mut timings = StageTimings::default();

        // 1. The picture. A poor one is not compared, and no attempt is counted.
        let (capture, crop) = worker.capture(request.probe, capture_policy, &mut timings)?;
        let client = ExternalId::new(&format!("countenance:client:{}", request.client))?;
        let target = self.vault().find(&open.collection, &client)?;
        let mut done = Identification {
            answer: IdentifyAnswer::Reject,
            policy,
            members: 0,
            score: None,
            leaf: 0,
            capture,
            timings,
        };
        match crop {
            Err(cause) => {
                done.answer = IdentifyAnswer::Recapture(cause);
                let now = self.now();
                done.leaf = self.vault().refuse(&target, Purpose::Identify, true, now)?;
            }
            Ok(crop) => {
                let probe = worker.embed(&crop, capture_policy, &mut done.timings)?;
                self.decide_who(worker, searcher, open, &target, &probe, &mut done)?;
            }
        }
        done.timings.total = worker.engine.clock().elapsed().saturating_sub(start);
        Ok(done)
    }

    /// From the probe's template to the answer.
    fn decide_who(
        &self,
        worker: &Worker,
        searcher: &mut Searcher,
        open: &OpenCollection,
        target: &Target,
        probe: &Template,
        done: &mut Identification,
    ) -> Result<(), IdentifyError> {
        let vault = self.vault();
        // 2. Who may be searched, as of now; too many may not.
        done.members = self.catch_up(open)?;
        let cap = done.policy.cap();
        if done.members > cap {
            return Err(IdentifyError::TooMany {
                members: done.members,
                cap,
            });
        }
        // 3. The attempt, on the disk before anything is compared.
        let attempt = match vault.count_attempt(target, Purpose::Identify, self.now()) {
            Ok(attempt) => attempt,
            Err(VaultError::Attempts(_)) => {
                done.answer = IdentifyAnswer::NotPermitted;
                let now = self.now();
                done.leaf = vault.refuse(target, Purpose::Identify, false, now)?;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        // 4. Everybody who is at least as alike as the threshold less the margin.
        let searched = done.policy.searched()?;
        let clock = worker.engine.clock();
        let found = timed(clock, &mut done.timings.compare, || {
            let index = open.index.get();
            index.map_or(Ok(Vec::new()), |index| {
                index.search(searcher, probe, searched)
            })
        });
        let found = found.map_err(CompareError::from)?;
        // 5. The audit log, then the answer.
        done.answer = match judge(&found, &done.policy) {
            Judged::Nobody => IdentifyAnswer::Reject,
            Judged::Several => IdentifyAnswer::Ambiguous,
            Judged::One(best) => {
                done.score = Some(best.score);
                return self.name(open, attempt, best.entry.member, done);
            }
        };
        done.leaf = vault.decline(attempt, None, false, self.now())?;
        self.note(open, done.leaf);
        Ok(())
    }

    /// Names a member who still consents, or nobody.
    fn name(
        &self,
        open: &OpenCollection,
        attempt: Attempt,
        number: u64,
        done: &mut Identification,
    ) -> Result<(), IdentifyError> {
        let vault = self.vault();
        let member = vault.member(&open.collection, number);
        let consent = member.and_then(|member| {
            let consent = vault.consent(&member, Purpose::Identify, self.now())?;
            Ok((member, consent))
        });
        let (member, consent) = match consent {
            Ok(found) => found,
            // Erased or withdrawn in the last moment.
            Err(VaultError::Unknown { .. } | VaultError::Consent(_)) => {
                done.score = None;
                done.leaf = vault.decline(attempt, None, false, self.now())?;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let id = member.external_id().clone();
        if !done.policy.settings().may_accept() {
            done.answer = IdentifyAnswer::Refer(id);
            done.leaf = vault.decline(attempt, None, false, self.now())?;
        } else {
            done.leaf = vault.accept_found(attempt, &member, &consent, self.now())?;
            done.answer = IdentifyAnswer::Accept(id);
        }
        self.note(open, done.leaf);
        Ok(())
    }

    /// The event of our own decision is no news; if it is the next one after what was read, that is still all.
    fn note(&self, open: &OpenCollection, leaf: u64) {
        let mut read = open.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.sequence == Some(leaf) {
            read.sequence = Some(leaf + 1);
        }
    }
}

/// What a search says under a policy.
#[derive(Debug, PartialEq)]
enum Judged {
    Nobody,
    One(Candidate),
    Several,
}

/// The best member, if it reaches the threshold and the next one is far enough behind.
fn judge(found: &[Candidate], policy: &IdentifyPolicy) -> Judged {
    let Some(best) = found
        .first()
        .filter(|best| policy.threshold().accepts(best.score))
    else {
        return Judged::Nobody;
    };
    let margin = policy.settings().margin();
    let near = |second: &Candidate| best.score.cosine() - second.score.cosine() < margin;
    if found.get(1).is_some_and(near) {
        Judged::Several
    } else {
        Judged::One(*best)
    }
}
