//! An index finds what comparing with each stored template one by one finds, to the bit.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use countenance_gallery::{
    Candidate, CollectionIndex, Entry, Isa, ModelId, Score, Searcher, Template,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use std::cmp::Reverse;
use std::collections::BTreeMap;

fn model() -> ModelId {
    ModelId::new("m").unwrap()
}

/// As it comes out of a record: 8-bit values, scaled to a unit vector.
fn stored(values: &[f32]) -> Template {
    let peak = values.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let scale = 127.0 / peak;
    let row: Vec<f32> = values.iter().map(|v| (v * scale).round()).collect();
    Template::from_embedding(model(), &row).unwrap()
}

/// The definition: compare with each, keep the best of each member.
fn brute(all: &[(Entry, Template)], probe: &Template, threshold: Score) -> Vec<Candidate> {
    let mut best: BTreeMap<u64, Candidate> = BTreeMap::new();
    for (entry, template) in all {
        let score = template.compare(probe).unwrap();
        let one = Candidate {
            entry: *entry,
            score,
        };
        if score < threshold {
            continue;
        }
        let known = best.entry(entry.member).or_insert(one);
        if (Reverse(score), entry.number) < (Reverse(known.score), known.entry.number) {
            *known = one;
        }
    }
    let mut found: Vec<Candidate> = best.into_values().collect();
    found.sort_by_key(|one| (Reverse(one.score), one.entry.member));
    found
}

struct Made {
    index: CollectionIndex,
    all: Vec<(Entry, Template)>,
}

impl Made {
    fn new(dims: usize, isa: Isa, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        Self {
            index: CollectionIndex::new(&model(), dims, isa, &mut random).unwrap(),
            all: Vec::new(),
        }
    }

    fn insert(&mut self, member: u64, number: u16, values: &[f32]) {
        let entry = Entry { member, number };
        let template = stored(values);
        self.index.insert(entry, &template).unwrap();
        self.all.push((entry, template));
    }

    fn remove(&mut self, member: u64) {
        let before = self.all.len();
        self.all.retain(|(entry, _)| entry.member != member);
        assert_eq!(self.index.remove(member), before - self.all.len());
    }

    fn check(&self, probes: &[Template], threshold: f32) {
        let threshold = Score::new(threshold).unwrap();
        for threads in [1, 2] {
            let mut searcher = Searcher::new(threads);
            let found = self
                .index
                .search_many(&mut searcher, probes, threshold)
                .unwrap();
            for (probe, found) in probes.iter().zip(found) {
                assert_eq!(found, brute(&self.all, probe, threshold), "{threshold}");
            }
        }
        assert_eq!(self.index.len(), self.all.len());
    }
}

struct Values(ChaCha8Rng);

impl Values {
    fn uniform(&mut self) -> f32 {
        self.0.next_u32() as f32 / u32::MAX as f32 * 2.0 - 1.0
    }
    /// Of a bell shape, near enough.
    fn many(&mut self, count: usize) -> Vec<f32> {
        (0..count)
            .map(|_| (0..6).map(|_| self.uniform()).sum())
            .collect()
    }
}

const THRESHOLDS: [f32; 7] = [-1.0, -0.5, 0.0, 0.2, 0.47, 0.9, 1.0];

#[test]
fn random_galleries_of_every_length_are_searched_exactly_on_every_level() {
    for isa in Isa::available() {
        for (dims, count) in [
            (1, 40),
            (3, 100),
            (31, 300),
            (128, 4500),
            (192, 700),
            (512, 300),
        ] {
            let mut values = Values(ChaCha8Rng::seed_from_u64(dims as u64));
            let mut made = Made::new(dims, isa, 1);
            // A direction in common, as faces have one, and people with several templates.
            let common = values.many(dims);
            let anybody = |values: &mut Values| -> Vec<f32> {
                let own = values.many(dims);
                own.iter().zip(&common).map(|(a, b)| a + 0.4 * b).collect()
            };
            for member in 0..count {
                let own = anybody(&mut values);
                made.insert(member, (member % 3) as u16, &own);
            }
            let probes: Vec<Template> = (0..5)
                .map(|_| Template::from_embedding(model(), &anybody(&mut values)).unwrap())
                .chain(
                    made.all
                        .iter()
                        .take(2)
                        .map(|(_, template)| template.clone()),
                )
                .collect();
            for threshold in THRESHOLDS {
                made.check(&probes, threshold);
            }
        }
    }
}

#[test]
fn equal_templates_are_all_found() {
    let mut values = Values(ChaCha8Rng::seed_from_u64(5));
    let one = values.many(128);
    let mut made = Made::new(128, Isa::detect(), 2);
    for member in 0..2500 {
        made.insert(member, 0, &one);
    }
    let probe = Template::from_embedding(model(), &one).unwrap();
    let other = Template::from_embedding(model(), &values.many(128)).unwrap();
    let exact = made.all[0].1.compare(&probe).unwrap().cosine();
    for threshold in [exact, exact.next_up().min(1.0), exact.next_down(), 0.3] {
        made.check(&[probe.clone(), other.clone()], threshold);
    }
}

/// Scores all within a few units in the last place of the threshold: nobody is lost by rounding and
/// nobody gained.
#[test]
fn galleries_on_the_threshold_are_decided_as_a_comparison_decides() {
    let mut values = Values(ChaCha8Rng::seed_from_u64(6));
    let probe = values.many(128);
    let unit = Template::from_embedding(model(), &probe).unwrap();
    let unit = unit.values();
    let mut made = Made::new(128, Isa::detect(), 3);
    for member in 0..1500 {
        // A direction at right angles, mixed in to a cosine of 0.47.
        let across = values.many(128);
        let along: f32 = across.iter().zip(unit).map(|(a, b)| a * b).sum();
        let across: Vec<f32> = across
            .iter()
            .zip(unit)
            .map(|(a, b)| a - along * b)
            .collect();
        let norm = across.iter().map(|v| v * v).sum::<f32>().sqrt();
        let (cosine, sine) = (0.47_f32, (1.0 - 0.47_f32 * 0.47).sqrt());
        let mixed: Vec<f32> = across
            .iter()
            .zip(unit)
            .map(|(a, b)| a / norm * sine + b * cosine)
            .collect();
        made.insert(member, 0, &mixed);
    }
    let probe = Template::from_embedding(model(), &probe).unwrap();
    let mut scores: Vec<f32> = made
        .all
        .iter()
        .map(|(_, template)| template.compare(&probe).unwrap().cosine())
        .collect();
    scores.sort_by(f32::total_cmp);
    for at in [0, 300, 750, 1200, 1499] {
        for threshold in [scores[at], scores[at].next_up(), scores[at].next_down()] {
            made.check(std::slice::from_ref(&probe), threshold);
        }
    }
}

#[test]
fn single_values_and_their_opposites_are_searched_exactly() {
    let mut made = Made::new(128, Isa::detect(), 4);
    for place in 0..128 {
        let mut one = vec![0.0; 128];
        one[place] = if place % 2 == 0 { 1.0 } else { -1.0 };
        made.insert(place as u64, 0, &one);
        one[(place + 1) % 128] = 1.0;
        made.insert(place as u64, 1, &one);
    }
    let probes: Vec<Template> = made.all.iter().map(|(_, t)| t.clone()).take(20).collect();
    for threshold in THRESHOLDS {
        made.check(&probes, threshold);
    }
}

/// Positive control of the comparisons above: an index that lacks one member is told apart.
#[test]
#[should_panic(expected = "left == right")]
fn a_member_that_the_search_misses_fails_the_comparison() {
    let mut values = Values(ChaCha8Rng::seed_from_u64(8));
    let mut made = Made::new(128, Isa::detect(), 5);
    for member in 0..50 {
        made.insert(member, 0, &values.many(128));
    }
    made.index.remove(17);
    made.check(&[made.all[17].1.clone()], 0.47);
}

#[test]
fn the_key_of_a_collection_decides_what_lies_in_memory_and_not_what_is_found() {
    let mut values = Values(ChaCha8Rng::seed_from_u64(9));
    let mut one = Made::new(128, Isa::detect(), 10);
    let mut other = Made::new(128, Isa::detect(), 11);
    for member in 0..200 {
        let own = values.many(128);
        one.insert(member, 0, &own);
        other.insert(member, 0, &own);
    }
    let probe = Template::from_embedding(model(), &values.many(128)).unwrap();
    one.check(std::slice::from_ref(&probe), 0.1);
    other.check(&[probe], 0.1);
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u64, u16),
    Remove(u64),
    Search(f32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0u64..40, 0u16..3).prop_map(|(member, number)| Step::Insert(member, number)),
        2 => (0u64..40).prop_map(Step::Remove),
        1 => (-0.2_f32..0.9).prop_map(Step::Search),
    ];
    proptest::collection::vec(step, 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn coming_and_going_leaves_exactly_who_is_there(steps in steps(), seed in any::<u64>()) {
        let mut values = Values(ChaCha8Rng::seed_from_u64(seed));
        let mut made = Made::new(64, Isa::detect(), seed);
        for step in steps {
            match step {
                Step::Insert(member, number) => {
                    let own = values.many(64);
                    made.insert(member, number, &own);
                }
                Step::Remove(member) => made.remove(member),
                Step::Search(threshold) => {
                    let probe = Template::from_embedding(model(), &values.many(64)).unwrap();
                    made.check(&[probe], threshold);
                }
            }
        }
    }
}

#[test]
fn searches_go_on_while_members_come_and_go() {
    let mut values = Values(ChaCha8Rng::seed_from_u64(12));
    let mut made = Made::new(128, Isa::detect(), 12);
    for member in 0..3000 {
        made.insert(member, 0, &values.many(128));
    }
    let strangers: Vec<Template> = (0..400).map(|_| stored(&values.many(128))).collect();
    let probe = made.all[1000].1.clone();
    let threshold = Score::new(0.6).unwrap();
    let index = &made.index;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..20 {
                for (place, template) in strangers.iter().enumerate() {
                    let entry = Entry {
                        member: 10_000 + place as u64,
                        number: round,
                    };
                    index.insert(entry, template).unwrap();
                }
                for place in 0..strangers.len() {
                    assert_eq!(index.remove(10_000 + place as u64), 1);
                }
            }
        });
        let mut searcher = Searcher::new(2);
        while !writer.is_finished() {
            let found = index.search(&mut searcher, &probe, threshold).unwrap();
            assert!(found.iter().any(|one| one.entry.member == 1000));
        }
        writer.join().unwrap();
    });
    made.check(&[probe], 0.6);
}

#[test]
fn templates_of_another_model_or_length_and_numbers_too_large_are_refused() {
    let made = Made::new(4, Isa::detect(), 13);
    let entry = Entry {
        member: 1,
        number: 0,
    };
    let other = Template::from_embedding(ModelId::new("other").unwrap(), &[1.0; 4]).unwrap();
    let longer = Template::from_embedding(model(), &[1.0; 5]).unwrap();
    let fitting = Template::from_embedding(model(), &[1.0; 4]).unwrap();
    assert!(made.index.insert(entry, &other).is_err());
    assert!(made.index.insert(entry, &longer).is_err());
    let large = Entry {
        member: 1 << 47,
        number: 0,
    };
    assert!(made.index.insert(large, &fitting).is_err());
    let last = Entry {
        member: (1 << 47) - 1,
        number: u16::MAX,
    };
    assert!(made.index.insert(last, &fitting).is_ok());
    let mut searcher = Searcher::new(1);
    let any = Score::new(-1.0).unwrap();
    assert!(made.index.search(&mut searcher, &other, any).is_err());
    assert_eq!(
        made.index.search(&mut searcher, &fitting, any).unwrap()[0].entry,
        last
    );
    assert_eq!(made.index.remove(u64::MAX), 0);
    assert_eq!(made.index.len(), 1);
}

#[test]
fn a_full_index_takes_at_most_two_hundred_bytes_per_template() {
    let mut values = Values(ChaCha8Rng::seed_from_u64(14));
    let made = Made::new(128, Isa::detect(), 14);
    let templates: Vec<Template> = (0..64).map(|_| stored(&values.many(128))).collect();
    let count = 16 * 2048;
    for member in 0..count {
        let entry = Entry { member, number: 0 };
        made.index
            .insert(entry, &templates[member as usize % 64])
            .unwrap();
    }
    let each = made.index.bytes() as f64 / count as f64;
    assert!(each <= 200.0, "{each}");
}
