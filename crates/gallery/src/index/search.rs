//! The search itself: scan, rescore, compare.

use super::bound::Probe;
use super::encode::unit;
use super::section::Section;
use super::shelves::Section as _;
use super::{CollectionIndex, Entry};
use crate::dot::dot;
use crate::score::Score;
use crate::template::{CompareError, Template};
use countenance_kernels::{CodeProbe, Passed, RowProduct, Team};
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
}

impl Searcher {
    /// A searcher with so many threads, the caller's included.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self {
            team: Team::new(threads),
        }
    }
}

/// Sections whose rows are looked at together. While that is done nobody reads codes, and the processor that fetched them in
/// advance must begin again.
const TOGETHER: usize = 4;

/// A section whose codes were read, and for each probe the places that may reach the threshold.
struct Scanned<'a> {
    section: RwLockReadGuard<'a, Section>,
    places: Vec<Passed>,
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
        let members = searcher.team.members();
        let parts = match members {
            1 => 1,
            several => (several * PARTS_PER_THREAD).min(sections.len()).max(1),
        };
        let found: Vec<Mutex<Vec<Vec<Candidate>>>> = (0..parts).map(|_| Mutex::default()).collect();
        let codes: Vec<_> = asked.iter().map(|one| one.prepared.codes.clone()).collect();
        searcher.team.run(parts, &|part, _| {
            let mut products = Vec::new();
            let mut here = vec![Vec::new(); asked.len()];
            let first = sections.len() * part / parts;
            let last = sections.len() * (part + 1) / parts;
            // Rows are asked for when their codes were read, and come while those of the next section are read.
            let mut coming: VecDeque<Scanned<'_>> = VecDeque::new();
            let mut spare = Vec::new();
            let mut rescore = |scanned: Scanned<'_>| {
                self.rescore(&scanned, asked, threshold, &mut products, &mut here);
                scanned.places
            };
            for section in sections.get(first..last).unwrap_or_default() {
                let section: &Arc<RwLock<Section>> = section;
                let section = section.read().unwrap_or_else(PoisonError::into_inner);
                let places = spare.pop();
                let mut places = places.unwrap_or_else(|| vec![Passed::default(); asked.len()]);
                self.scan_section(&section, &codes, &mut places);
                if coming.len() == TOGETHER {
                    spare.extend(coming.drain(..).map(&mut rescore));
                }
                coming.push_back(Scanned { section, places });
            }
            coming.drain(..).map(rescore).for_each(drop);
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

    /// Writes down the places of a section that pass, for each probe, and asks for their rows.
    fn scan_section(&self, section: &Section, codes: &[CodeProbe], places: &mut [Passed]) {
        let padded = self.rotation.padded();
        self.scan.run(padded, section.codes(), codes, places);
        for places in places {
            self.dots.ask(section.rows(), padded, places);
        }
    }

    /// Holds who passed against the threshold.
    fn rescore(
        &self,
        Scanned { section, places }: &Scanned<'_>,
        asked: &[Asked<'_>],
        threshold: Score,
        products: &mut Vec<RowProduct>,
        found: &mut [Vec<Candidate>],
    ) {
        for ((asked, places), found) in asked.iter().zip(places).zip(found) {
            products.resize(places.len(), RowProduct::default());
            self.dots
                .run(section.rows(), &asked.prepared.row, places, products);
            for (place, row) in places.iter().zip(products.iter()) {
                if !asked.prepared.may_reach(row.product, row.square) {
                    continue;
                }
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
