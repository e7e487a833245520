//! What lies in the store of one person in two tenants, or in two collections of one tenant, is no
//! more alike than what lies there of two persons: a thief without keys cannot link them.
//!
//! The attacks look at whole rows. Each gives a likeness to pairs of one person and pairs of two; the
//! area under the ROC curve (AUC) of an attack that knows nothing is one half, within the interval of
//! a bootstrap over persons. The control does the same with the keys.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use aws_lc_rs::hmac;
use countenance_vault::store::{Contents, Durability, SqliteStore, Store};
use countenance_vault::{Collection, Name, Purpose, Random, RandomError, RootKey, Settings, Vault};
use given::{at, grant_for, id, model, name};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const PEOPLE: usize = 150;
const PLACES: [(&str, &str); 3] = [("acme", "staff"), ("acme", "guests"), ("umbra", "staff")];

/// Random bytes that are the same in every run: HMAC of a counter. The test then has one outcome.
struct Counted(AtomicU64);

impl Random for Counted {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"unlinkable");
        for chunk in out.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::SeqCst);
            let block = hmac::sign(&key, &number.to_le_bytes());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A face as a template of 128 values, and the same one taken again with some noise.
fn face(person: usize, capture: usize) -> Vec<u8> {
    let noise = |seed: u64, amount: f64| {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        (0..128)
            .map(move |_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                amount * ((state >> 40) as f64 / f64::from(1 << 24) - 0.5)
            })
            .collect::<Vec<f64>>()
    };
    let own = noise(person as u64 + 1, 200.0);
    let taken = noise((person * 31 + capture) as u64 + 100_000, 80.0);
    let values = own.iter().zip(taken).map(|(own, taken)| own + taken);
    values
        .map(|value| value.clamp(-127.0, 127.0) as i8 as u8)
        .collect()
}

/// What a thief has of one person in one place, and what the keys open.
struct Rows {
    record: Vec<u8>,
    all: Vec<u8>,
    template: Vec<u8>,
}

fn rows(vault: &Vault, store: &dyn Store, collection: &Collection, person: usize) -> Rows {
    // The same id everywhere: the hardest case.
    let target = vault
        .find(collection, &id(&format!("person {person}")))
        .unwrap();
    let subject = vault.unlock(target.subject().unwrap(), None).unwrap();
    let export = vault.export(&subject, at(1)).unwrap();
    let row = (0..PLACES.len() as u32 + 1)
        .find_map(|number| store.subject(number, export.pseudonym.bytes()).unwrap());
    let row = row.unwrap();
    let dossier = store.dossier(row.number, Contents::Current).unwrap();
    let event = store.events(row.number, 0, 1).unwrap().remove(0);
    let key = store.key(row.number).unwrap().unwrap();
    let record = dossier.records[0].bytes.clone();
    let consent = &dossier.consents[0];
    let all = [
        &row.pseudonym[..],
        &row.key_id,
        &row.profile,
        &record,
        &consent.ledger,
        &consent.detail,
        &key.wrapped,
        &event.sealed,
    ]
    .concat();
    Rows {
        record,
        all,
        template: export.references[0].template.to_vec(),
    }
}

type Attack = (&'static str, fn(&Rows, &Rows) -> f64);

fn equal_bits(a: &[u8], b: &[u8]) -> f64 {
    let differing: u32 = a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum();
    -f64::from(differing)
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-9)
}

fn signed(bytes: &[u8]) -> Vec<f64> {
    bytes.iter().map(|&byte| f64::from(byte as i8)).collect()
}

fn histogram(bytes: &[u8]) -> [f64; 16] {
    let mut counts = [0.0; 16];
    bytes
        .iter()
        .for_each(|byte| counts[usize::from(byte >> 4)] += 1.0);
    let mean = bytes.len() as f64 / 16.0;
    counts.map(|count| count - mean)
}

const ATTACKS: [Attack; 5] = [
    ("equal bits of the record", |a, b| {
        equal_bits(&a.record, &b.record)
    }),
    ("equal bits of all rows", |a, b| equal_bits(&a.all, &b.all)),
    ("cosine of the record's bytes", |a, b| {
        cosine(&signed(&a.record[36..]), &signed(&b.record[36..]))
    }),
    ("byte frequencies of all rows", |a, b| {
        cosine(&histogram(&a.all), &histogram(&b.all))
    }),
    ("equal bytes anywhere", |a, b| {
        let pairs = a
            .all
            .windows(3)
            .filter(|one| b.all.windows(3).any(|other| other == *one));
        pairs.count() as f64
    }),
];

/// Likenesses of all pairs: `[i][j]` of person i in one place and person j in the other.
fn likenesses(one: &[Rows], other: &[Rows], attack: fn(&Rows, &Rows) -> f64) -> Vec<Vec<f64>> {
    one.iter()
        .map(|a| other.iter().map(|b| attack(a, b)).collect())
        .collect()
}

/// AUC of pairs of one person against pairs of two, over these persons.
fn auc(likeness: &[Vec<f64>], persons: &[usize]) -> f64 {
    let (mut won, mut all) = (0.0, 0.0);
    for &i in persons {
        let own = likeness[i][i];
        for &j in persons {
            if i != j {
                all += 1.0;
                let other = likeness[i][j];
                won += if own > other {
                    1.0
                } else if own < other {
                    0.0
                } else {
                    0.5
                };
            }
        }
    }
    won / all
}

/// The AUC and an interval that holds it with 99.9 % by the bootstrap: ten attacks are looked at.
fn with_interval(likeness: &[Vec<f64>]) -> (f64, f64, f64) {
    let persons: Vec<usize> = (0..likeness.len()).collect();
    let random = Counted(AtomicU64::new(1 << 40));
    let mut samples: Vec<f64> = (0..1000)
        .map(|_| {
            let mut drawn = vec![0; persons.len() * 2];
            random.fill(&mut drawn).unwrap();
            let draw =
                |pair: &[u8]| usize::from(u16::from_le_bytes([pair[0], pair[1]])) % persons.len();
            let drawn: Vec<usize> = drawn.chunks(2).map(draw).collect();
            auc(likeness, &drawn)
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    (auc(likeness, &persons), samples[0], samples[999])
}

#[test]
fn records_of_one_face_in_two_places_are_no_more_alike_than_of_two_faces() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(folder.path(), Durability::Full).unwrap());
    let vault = Vault::create(
        Arc::clone(&store) as _,
        Arc::new(RootKey::dangerous_from_bytes(&[1; 32])),
        Arc::new(Counted(AtomicU64::new(0))),
        Settings::default(),
        at(0),
    )
    .unwrap();
    for tenant in ["acme", "umbra"] {
        vault.create_tenant(&name(tenant), at(0)).unwrap();
    }
    let model = model();
    let mut places = Vec::new();
    for (capture, (tenant, collection)) in PLACES.into_iter().enumerate() {
        let names: (Name, Name) = (name(tenant), name(collection));
        let collection = vault.create_collection(&names.0, &names.1, at(0)).unwrap();
        let people: Vec<_> = (0..PEOPLE)
            .map(|person| countenance_vault::NewSubject {
                id: id(&format!("person {person}")),
                written: id(&format!("person {person}")),
                holder: None,
                grants: vec![grant_for(Purpose::Verify, 9)],
                templates: vec![(model.clone(), face(person, capture).into())],
            })
            .collect();
        vault.enroll_many(&collection, &people, at(0)).unwrap();
        let rows = |person| rows(&vault, &*store, &collection, person);
        places.push((0..PEOPLE).map(rows).collect::<Vec<_>>());
    }
    for (one, other) in [(0, 1), (0, 2)] {
        for (attack, likeness) in ATTACKS {
            let found = likenesses(&places[one], &places[other], likeness);
            let (auc, low, high) = with_interval(&found);
            let (of, with) = (PLACES[one], PLACES[other]);
            println!("{of:?} and {with:?}, {attack}: AUC {auc:.3} ({low:.3} to {high:.3})");
            assert!(low <= 0.5 && 0.5 <= high, "{attack} links people: {auc}");
            assert!(high - low < 0.25, "{attack}: the interval says something");
        }
        // Control: with the keys everybody is linked.
        let opened = likenesses(&places[one], &places[other], |a, b| {
            cosine(&signed(&a.template), &signed(&b.template))
        });
        let (auc, low, _) = with_interval(&opened);
        println!("control, with the keys: AUC {auc:.3}");
        assert!(low > 0.95, "{auc}");
    }
}

/// The attacks would see a leak: the same rows with four bytes of the template left in the clear.
#[test]
fn control_a_few_bytes_in_the_clear_are_linked() {
    let random = Counted(AtomicU64::new(7));
    let place = |capture: usize| -> Vec<Rows> {
        (0..PEOPLE)
            .map(|person| {
                let template = face(person, capture);
                let mut record = vec![0; 224];
                random.fill(&mut record).unwrap();
                // A stable identifier, as deterministic encryption would leave.
                record[100..116].copy_from_slice(&face(person, 0)[..16]);
                Rows {
                    all: record.clone(),
                    record,
                    template,
                }
            })
            .collect()
    };
    let (one, other) = (place(1), place(2));
    assert_ne!(one[0].template, other[0].template);
    let (auc, low, _) = with_interval(&likenesses(&one, &other, ATTACKS[4].1));
    assert!(low > 0.9, "{auc}");
}
