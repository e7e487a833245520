//! The locks of the index in every order that threads can take them in.
//!
//! The same source file that the index is made of runs here over the locks of loom, a model
//! checker: each test is run once for every order of steps of its threads.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod sync {
    pub(super) use loom::sync::{Arc, Mutex, RwLock};
    pub(super) use std::sync::PoisonError;
}

#[path = "../src/index/shelves.rs"]
#[allow(dead_code, reason = "what the tests do not ask for")]
mod shelves;

use loom::sync::Arc;
use loom::thread;
use shelves::{Section, Shelves};

/// Two places; what is in one is written in two steps, as codes and rows are.
#[derive(Default)]
struct Two {
    owners: [u64; 2],
    halves: [[u64; 2]; 2],
}

impl Section for Two {
    type Entry = u64;

    fn put(&mut self, place: usize, owner: u64, entry: &u64) {
        self.owners[place] = owner;
        self.halves[place][0] = *entry;
        self.halves[place][1] = *entry;
    }

    fn wipe(&mut self, place: usize) {
        self.owners[place] = 0;
        self.halves[place] = [0; 2];
    }

    fn owner(&self, place: usize) -> u64 {
        self.owners[place]
    }
}

fn shelves() -> Arc<Shelves<Two>> {
    Arc::new(Shelves::new(2))
}

fn put(shelves: &Shelves<Two>, member: u64) {
    shelves
        .put(
            member,
            &(member * 11),
            |owner| owner,
            || Ok::<_, ()>(Two::default()),
        )
        .unwrap();
}

fn take(shelves: &Shelves<Two>, member: u64) -> usize {
    shelves.take(member, |owner| owner)
}

/// Every member that a search sees, which keeps a section while it reads the next; an entry that is seen in part fails.
fn seen(shelves: &Shelves<Two>) -> Vec<u64> {
    let mut seen = Vec::new();
    let mut look = |section: &Two| {
        for (owner, halves) in section.owners.iter().zip(section.halves) {
            assert_eq!(halves, [owner * 11; 2], "an entry was seen in part");
            seen.extend((*owner != 0).then_some(*owner));
        }
    };
    let sections = shelves.sections();
    let mut before = None;
    for section in sections.iter() {
        if let Some(section) = before.replace(section.read().unwrap()) {
            look(&section);
        }
    }
    if let Some(section) = before {
        look(&section);
    }
    seen
}

/// A removal and a growth beside a search over two sections.
#[test]
fn a_search_that_keeps_one_section_while_it_waits_for_the_next_holds_nobody_up() {
    loom::model(|| {
        let shelves = shelves();
        (1..=4).for_each(|member| put(&shelves, member));
        let remover = {
            let shelves = Arc::clone(&shelves);
            thread::spawn(move || take(&shelves, 2) + take(&shelves, 4))
        };
        let met = seen(&shelves);
        assert!(met.contains(&1) && met.contains(&3));
        assert_eq!(remover.join().unwrap(), 2);
        assert_eq!(seen(&shelves), [1, 3]);
    });
}

#[test]
fn an_entry_is_seen_whole_or_not_at_all_and_always_once_it_is_in() {
    loom::model(|| {
        let shelves = shelves();
        put(&shelves, 1);
        let writer = {
            let shelves = Arc::clone(&shelves);
            thread::spawn(move || put(&shelves, 2))
        };
        assert!(seen(&shelves).contains(&1));
        writer.join().unwrap();
        assert_eq!(seen(&shelves), [1, 2]);
    });
}

#[test]
fn a_search_that_begins_after_a_removal_does_not_find_who_was_removed() {
    loom::model(|| {
        let shelves = shelves();
        put(&shelves, 1);
        put(&shelves, 2);
        let remover = {
            let shelves = Arc::clone(&shelves);
            thread::spawn(move || {
                assert_eq!(take(&shelves, 1), 1);
                assert_eq!(seen(&shelves), [2]);
            })
        };
        // One that runs meanwhile may find either, but never loses the other.
        assert!(seen(&shelves).contains(&2));
        remover.join().unwrap();
        assert_eq!(seen(&shelves), [2]);
    });
}

#[test]
fn a_freed_place_goes_to_one_of_two_who_want_it_and_nobody_is_lost() {
    loom::model(|| {
        let shelves = shelves();
        put(&shelves, 1);
        put(&shelves, 2);
        take(&shelves, 1);
        let other = {
            let shelves = Arc::clone(&shelves);
            thread::spawn(move || put(&shelves, 3))
        };
        put(&shelves, 4);
        other.join().unwrap();
        let mut all = seen(&shelves);
        all.sort_unstable();
        assert_eq!(all, [2, 3, 4]);
        assert_eq!(shelves.len(), 3);
        // The fourth place was made by growing, once.
        assert_eq!(shelves.sections().len(), 2);
    });
}

#[test]
fn removing_the_same_member_twice_at_once_removes_it_once() {
    loom::model(|| {
        let shelves = shelves();
        put(&shelves, 1);
        let other = {
            let shelves = Arc::clone(&shelves);
            thread::spawn(move || take(&shelves, 1))
        };
        let here = take(&shelves, 1);
        assert_eq!(here + other.join().unwrap(), 1);
        assert!(seen(&shelves).is_empty());
    });
}

/// Positive control: the checker finds an order that breaks a writer who lets go between two steps.
#[test]
fn an_entry_written_in_two_steps_is_found_torn() {
    let torn = std::panic::catch_unwind(|| {
        loom::model(|| {
            let shelves = shelves();
            put(&shelves, 1);
            let writer = {
                let shelves = Arc::clone(&shelves);
                thread::spawn(move || {
                    let section = Arc::clone(&shelves.sections()[0]);
                    section.write().unwrap().halves[0][0] = 22;
                    section.write().unwrap().halves[0] = [11; 2];
                })
            };
            seen(&shelves);
            writer.join().unwrap();
        });
    });
    assert!(torn.is_err());
}
