//! The search itself: scan, rescore, compare.

use super::bound::Probe;
use super::encode::unit;
use super::section::Section;
use super::shelves::Section as _;
use super::{CollectionIndex, Entry};
use crate::dot::dot;
use crate::score::Score;
use crate::template::{CompareError, Template};
use countenance_kernels::{Passed, Team};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

/// Parts of a search per thread: whoever is interrupted leaves parts to the others.
const PARTS_PER_THREAD: usize = 8;

/// Probes that share one pass over the codes of a section.
const BATCH: usize = 64;

/// A member whose template reaches the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Whose, and which of the member's templates is the one that is most alike.
    pub entry: Entry,
    /// Its comparison score with the probe.
    pub score: Score,
}

/// The threads and the scratch memory of one who searches.
#[derive(Debug)]
pub struct Searcher {
    team: Team,
    /// One for each member of the team, kept from search to search: what a thread frees goes back to the system and comes again page
    /// by page, 5 % of a search of 16 probes among 100,000.
    scratch: Vec<Mutex<Scratch>>,
}

/// Memory of one thread.
#[derive(Debug, Default)]
struct Scratch {
    passed: Vec<Passed>,
    waiting: Waiting,
    reached: Passed,
}

impl Searcher {
    /// A searcher with so many threads, the caller's included.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let team = Team::new(threads);
        let scratch = (0..team.members()).map(|_| Mutex::default()).collect();
        Self { team, scratch }
    }
}

/// For one probe the rows of at least so many places are looked at together. Its scan waits for nothing but codes, and rows that are asked for
/// between them come in their way: looking at those of four sections at a time made a search among a million take 2.16 ms where this takes
/// 1.93.
const PLACES_TOGETHER: usize = 1 << 16;

/// For several probes the rows of so many sections. Their scan computes longer than it waits, and rows that were asked for come meanwhile.
const SECTIONS_TOGETHER: usize = 4;

/// So many sections before their rows are looked at they are asked for.
const AHEAD: usize = 2;

/// Places that may reach the threshold and whose rows nobody has looked at yet: section after section, and in each probe after
/// probe.
#[derive(Debug, Default)]
struct Waiting {
    places: Vec<u32>,
    /// Where the places of one section and one probe end.
    ends: Vec<usize>,
}

impl Waiting {
    fn add(&mut self, places: &[u32]) {
        self.places.extend_from_slice(places);
        self.ends.push(self.places.len());
    }

    fn clear(&mut self) {
        self.places.clear();
        self.ends.clear();
    }

    /// The places as they were added.
    fn lists(&self) -> impl Iterator<Item = &[u32]> {
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let list = self.places.get(from..*end).unwrap_or_default();
            from = *end;
            list
        })
    }
}

/// A probe in both its forms.
struct Asked<'a> {
    prepared: Probe,
    values: &'a [f32],
}

impl CollectionIndex {
    /// Every member with a template whose comparison score with the probe is at least the
    /// threshold: best first, each once with its best template, equal scores by number.
    ///
    /// # Errors
    /// [`CompareError`] when the probe is of another model or length.
    pub fn search(
        &self,
        searcher: &mut Searcher,
        probe: &Template,
        threshold: Score,
    ) -> Result<Vec<Candidate>, CompareError> {
        let found = self.search_many(searcher, std::slice::from_ref(probe), threshold)?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// The same for several probes that share one pass over the collection.
    ///
    /// # Errors
    /// [`CompareError`] when a probe is of another model or length.
    pub fn search_many(
        &self,
        searcher: &mut Searcher,
        probes: &[Template],
        threshold: Score,
    ) -> Result<Vec<Vec<Candidate>>, CompareError> {
        let mut answers = Vec::with_capacity(probes.len());
        for batch in probes.chunks(BATCH) {
            let mut asked = Vec::with_capacity(batch.len());
            for probe in batch {
                self.check(probe)?;
                let values = probe.values();
                let prepared = Probe::new(&self.rotation, values, threshold.cosine());
                asked.push(Asked { prepared, values });
            }
            answers.extend(self.search_batch(searcher, &asked, threshold));
        }
        Ok(answers)
    }

    fn search_batch(
        &self,
        searcher: &mut Searcher,
        asked: &[Asked<'_>],
        threshold: Score,
    ) -> Vec<Vec<Candidate>> {
        let sections = self.shelves.sections();
        let Searcher { team, scratch } = searcher;
        let members = team.members();
        let parts = match members {
            1 => 1,
            several => (several * PARTS_PER_THREAD).min(sections.len()).max(1),
        };
        let found: Vec<Mutex<Vec<Vec<Candidate>>>> = (0..parts).map(|_| Mutex::default()).collect();
        let codes: Vec<_> = asked.iter().map(|one| one.prepared.codes.clone()).collect();
        team.run(parts, &|part, member| {
            let fresh = Mutex::default();
            let scratch = scratch.get(member).unwrap_or(&fresh).lock();
            let mut scratch = scratch.unwrap_or_else(PoisonError::into_inner);
            let Scratch {
                passed,
                waiting,
                reached,
            } = &mut *scratch;
            passed.resize_with(passed.len().max(asked.len()), Passed::default);
            let (passed, _) = passed.split_at_mut(asked.len());
            waiting.clear();
            let mut here = vec![Vec::new(); asked.len()];
            let first = sections.len() * part / parts;
            let last = sections.len() * (part + 1) / parts;
            let mut sections = sections.get(first..last).unwrap_or_default();
            let mut scanned = 0;
            let (padded, several) = (self.rotation.padded(), asked.len() > 1);
            while let Some(section) = sections.get(scanned) {
                let section = read(section);
                self.scan.run(padded, section.codes(), &codes, passed);
                for places in &*passed {
                    waiting.add(places);
                    if several {
                        self.rows.ask(section.rows(), padded, places);
                    }
                }
                drop(section);
                scanned += 1;
                let enough = match several {
                    true => scanned >= SECTIONS_TOGETHER,
                    false => waiting.places.len() >= PLACES_TOGETHER,
                };
                if enough || scanned == sections.len() {
                    let (done, rest) = sections.split_at(scanned);
                    self.rescore(done, waiting, asked, threshold, reached, &mut here);
                    waiting.clear();
                    (sections, scanned) = (rest, 0);
                }
            }
            if let Some(found) = found.get(part) {
                *found.lock().unwrap_or_else(PoisonError::into_inner) = here;
            }
        });
        let mut answers = vec![Vec::new(); asked.len()];
        for part in found {
            let part = part.into_inner().unwrap_or_else(PoisonError::into_inner);
            for (answer, found) in answers.iter_mut().zip(part) {
                answer.extend(found);
            }
        }
        answers.iter_mut().for_each(best_of_each);
        answers
    }

    /// Holds who passed in these sections against the threshold. Since their codes were read somebody may have left or come in their place: an
    /// answer is about those whose rows are there now.
    fn rescore(
        &self,
        sections: &[Arc<RwLock<Section>>],
        waiting: &Waiting,
        asked: &[Asked<'_>],
        threshold: Score,
        reached: &mut Passed,
        found: &mut [Vec<Candidate>],
    ) {
        let padded = self.rotation.padded();
        let (mut asking, mut looking) = (waiting.lists(), waiting.lists());
        let mut look = |section: RwLockReadGuard<'_, Section>| {
            for ((asked, found), places) in asked.iter().zip(&mut *found).zip(&mut looking) {
                self.hold(&section, asked, places, threshold, reached, found);
            }
        };
        let mut coming = VecDeque::with_capacity(AHEAD + 1);
        for section in sections {
            let section = read(section);
            for places in asking.by_ref().take(asked.len()) {
                self.rows.ask(section.rows(), padded, places);
            }
            coming.push_back(section);
            if coming.len() > AHEAD
                && let Some(section) = coming.pop_front()
            {
                look(section);
            }
        }
        coming.into_iter().for_each(look);
    }

    /// Holds the templates at some places of a section against the threshold.
    fn hold(
        &self,
        section: &Section,
        asked: &Asked<'_>,
        places: &[u32],
        threshold: Score,
        reached: &mut Passed,
        found: &mut Vec<Candidate>,
    ) {
        let Probe { row, floor, .. } = &asked.prepared;
        self.rows.run(section.rows(), row, *floor, places, reached);
        for place in reached.iter() {
            let place = *place as usize;
            let Some(entry) = Entry::of(section.owner(place)) else {
                continue;
            };
            let reference = unit(&self.rotation.restore_row(section.row(place)));
            let score = Score::from_unit_product(dot(&reference, asked.values));
            if score >= threshold {
                found.push(Candidate { entry, score });
            }
        }
    }
}

fn read(section: &RwLock<Section>) -> RwLockReadGuard<'_, Section> {
    section.read().unwrap_or_else(PoisonError::into_inner)
}

/// Best first, one per member.
fn best_of_each(found: &mut Vec<Candidate>) {
    // By member, and of each the best first; then the best member first.
    found.sort_unstable_by_key(|one| {
        (
            one.entry.member,
            std::cmp::Reverse(one.score),
            one.entry.number,
        )
    });
    found.dedup_by_key(|one| one.entry.member);
    found.sort_unstable_by_key(|one| (std::cmp::Reverse(one.score), one.entry.member));
}
