//! Rounds: a child under load is killed at a random moment, and its answers are checked.

use crate::child::{self, Running};
use crate::load::{self, Ledger};
use crate::place::{self, Place};
use crate::watched::Watched;
use countenance_vault::store::{Change, Durability, Edit, Row, SqliteStore, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

const CHILD: &str = "rounds::crash_child";

#[test]
#[ignore = "run by the crash tests as a process of its own"]
fn crash_child() {
    let Some(task) = child::task() else { return };
    let place = Place::parse(&task[0]);
    let (vault, collection) = if task[2] == "forgetful" {
        place::open(Arc::new(forgetful(place.store())))
    } else {
        place.open()
    };
    child::say("ready");
    let round = task[1].parse().unwrap();
    let errors = load::run(&vault, &collection, round, &child::say);
    panic!("ended by itself: {errors:?}");
}

/// A store that answers and does not keep, for the control: every fourth template is dropped.
fn forgetful(store: Arc<dyn Store>) -> Watched {
    let alter = |mut change: Change| {
        change.edits.retain(|edit| match edit {
            Edit::Put(Row::RecordRow(row)) => row.subject % 4 != 0,
            _ => true,
        });
        change
    };
    Watched::new(store, Box::new(|_| {}), Box::new(alter))
}

/// What was answered and does not hold after a round.
fn round(place: &Place, round: u32, kind: &str) -> (Ledger, Vec<String>) {
    let mut child = Running::start(CHILD, &[&place.text(), &round.to_string(), kind]);
    let mut ledger = Ledger::default();
    assert_eq!(child.hear(), "ready");
    // After some answers, and then at a moment that differs from round to round.
    for _ in 0..3 + round * 7 % 61 {
        ledger.note(&child.hear());
    }
    std::thread::sleep(Duration::from_micros(u64::from(round) * 7_919 % 20_000));
    for said in child.kill() {
        ledger.note(&said);
    }
    let (vault, collection) = place.open();
    let missing = ledger.missing(&vault, &collection);
    (ledger, missing)
}

fn rounds(place: &Place) {
    let count = std::env::var("COUNTENANCE_CRASH_ROUNDS");
    let count = count.map_or(8, |text| text.parse().unwrap());
    let mut totals = (0, 0, 0, 0);
    for n in 0..count {
        let (ledger, missing) = round(place, n, "honest");
        assert!(missing.is_empty(), "round {n}: {missing:?}");
        totals.0 += ledger.enrolled.len();
        totals.1 += ledger.erased.len();
        totals.2 += ledger.counted.values().sum::<u32>();
        totals.3 += ledger.rotated;
    }
    println!(
        "{count} rounds: {} enrolled, {} erased, {} attempts, {} rotations",
        totals.0, totals.1, totals.2, totals.3
    );
    assert!(
        totals.0 > count as usize && totals.2 > count,
        "the load was real"
    );
}

#[test]
fn nothing_answered_is_lost_when_the_process_is_killed() {
    let (_folder, place) = Place::folder();
    rounds(&place);
}

#[test]
fn control_a_store_that_forgets_is_noticed() {
    let (_folder, place) = Place::folder();
    let noticed = (50..53).any(|n| !round(&place, n, "forgetful").1.is_empty());
    assert!(noticed);
}

#[cfg(feature = "postgres")]
#[test]
fn nothing_answered_is_lost_on_postgres_when_the_process_is_killed() {
    if let Some((_schema, place)) = Place::schema() {
        rounds(&place);
    }
}

#[test]
fn a_second_process_is_refused_until_the_first_is_killed() {
    let (folder, place) = Place::folder();
    let mut child = Running::start(CHILD, &[&place.text(), "1", "honest"]);
    assert_eq!(child.hear(), "ready");
    let second = || SqliteStore::open(&folder.path().join("data"), Durability::Full);
    assert!(matches!(second(), Err(StoreError::InUse { .. })));
    child.kill();
    // A child that another test starts at this moment holds a copy of the lock until it runs.
    let opened = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        second().is_ok()
    });
    assert!(opened);
}
