//! The search itself: scan, rescore, compare.

use super::bound::Probe;
use super::encode::unit;
use super::section::{PLACES, Section};
use super::shelves::Section as _;
use super::{CollectionIndex, Entry};
use crate::dot::dot;
use crate::score::Score;
use crate::template::{CompareError, Template};
use countenance_kernels::{BLOCK_TEMPLATES, CodeProbe, RowProduct, Team};
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

/// What one part of a search needs.
#[derive(Default)]
struct Scratch {
    passed: Vec<u32>,
    products: Vec<RowProduct>,
}

/// A section whose codes were read, and for each probe the places that may reach the threshold.
struct Scanned<'a> {
    section: RwLockReadGuard<'a, Section>,
    places: Vec<Vec<u32>>,
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
            let mut scratch = Scratch::default();
            let mut here = vec![Vec::new(); asked.len()];
            let first = sections.len() * part / parts;
            let last = sections.len() * (part + 1) / parts;
            // Rows are asked for when their codes were read, and come while those of the next section are read.
            let mut coming: Option<Scanned<'_>> = None;
            let mut spare = vec![Vec::new(); asked.len()];
            for section in sections.get(first..last).unwrap_or_default() {
                let section: &Arc<RwLock<Section>> = section;
                let section = section.read().unwrap_or_else(PoisonError::into_inner);
                let places = self.scan_section(&section, &codes, spare, &mut scratch.passed);
                let next = Scanned { section, places };
                spare = match coming.replace(next) {
                    Some(scanned) => {
                        self.rescore(scanned, asked, threshold, &mut scratch, &mut here)
                    }
                    None => vec![Vec::new(); asked.len()],
                };
            }
            if let Some(scanned) = coming {
                self.rescore(scanned, asked, threshold, &mut scratch, &mut here);
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

    /// The places of a section that pass, for each probe.
    fn scan_section(
        &self,
        section: &Section,
        codes: &[CodeProbe],
        mut places: Vec<Vec<u32>>,
        passed: &mut Vec<u32>,
    ) -> Vec<Vec<u32>> {
        let words = PLACES / BLOCK_TEMPLATES;
        let padded = self.rotation.padded();
        passed.resize(words * codes.len(), 0);
        self.scan.run(padded, section.codes(), codes, passed);
        for (passed, places) in passed.chunks_exact(words).zip(&mut places) {
            collect(passed, places);
            self.dots.ask(section.rows(), padded, places);
        }
        places
    }

    /// Holds who passed against the threshold, and gives the lists back.
    fn rescore(
        &self,
        scanned: Scanned<'_>,
        asked: &[Asked<'_>],
        threshold: Score,
        scratch: &mut Scratch,
        found: &mut [Vec<Candidate>],
    ) -> Vec<Vec<u32>> {
        let Scanned { section, places } = scanned;
        let products = &mut scratch.products;
        for ((asked, places), found) in asked.iter().zip(&places).zip(found) {
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
        places
    }
}

/// The places whose bits are set in some words.
fn collect(words: &[u32], places: &mut Vec<u32>) {
    places.clear();
    for (number, word) in words.iter().enumerate() {
        let mut left = *word;
        while left != 0 {
            let lane = left.trailing_zeros();
            places.push((number * BLOCK_TEMPLATES) as u32 + lane);
            left &= left - 1;
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
