//! A life of a subject, killed at every named point: before and after each write of the store, and
//! between counting, comparing, deciding and answering.

use crate::child::{self, Running};
use crate::given::{at, grant_for, id, model};
use crate::place::{self, Place};
use crate::watched::{Moment, Watched};
use countenance_vault::{Collection, Purpose, Vault, VaultError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const CHILD: &str = "points::life_child";
const TEMPLATE: [u8; 132] = [0x3c; 132];

/// Halts at the nth point that is passed.
pub(crate) struct Points {
    halt: u32,
    passed: AtomicU32,
}

impl Points {
    pub(crate) fn new(halt: u32) -> Arc<Self> {
        Arc::new(Self {
            halt,
            passed: AtomicU32::new(0),
        })
    }

    pub(crate) fn pass(&self, name: &str) {
        if self.passed.fetch_add(1, Ordering::SeqCst) == self.halt {
            child::say(&format!("halt {name}"));
            loop {
                std::thread::park();
            }
        }
    }
}

#[test]
#[ignore = "run by the crash tests as a process of its own"]
fn life_child() {
    let Some(task) = child::task() else { return };
    let points = Points::new(task[1].parse().unwrap());
    let passing = Arc::clone(&points);
    let watch = move |moment| match moment {
        Moment::Before => passing.pass("before a write"),
        Moment::After => passing.pass("after a write"),
    };
    let store = Watched::new(
        Place::parse(&task[0]).store(),
        Box::new(watch),
        Box::new(|change| change),
    );
    let (vault, collection) = place::open(Arc::new(store));
    life(&vault, &collection, &task[2], &points, &child::say).unwrap();
    child::say("end");
}

/// Adds, enrolls, is verified with the wrong face and the right one, and is erased.
fn life(
    vault: &Vault,
    collection: &Collection,
    who: &str,
    points: &Points,
    say: &dyn Fn(&str),
) -> Result<(), VaultError> {
    let subject = vault.add_subject(collection, &id(who), None, at(0))?;
    say("added");
    let consent = vault.grant(&subject, &grant_for(Purpose::Verify, 9), at(0))?;
    say("granted");
    vault.enroll(&subject, &consent, &model(), &TEMPLATE, at(0))?;
    say("enrolled");
    for (face, right) in [("wrong", false), ("right", true)] {
        let target = vault.find(collection, &id(who))?;
        let attempt = vault.count_attempt(&target, Purpose::Verify, at(1))?;
        points.pass("counted, not compared");
        say(&format!("counted-{face}"));
        let references = vault.references(&subject, &consent, &attempt, at(1))?;
        assert_eq!(*references[0].template, TEMPLATE);
        points.pass("compared, not decided");
        say(&format!("deciding-{face}"));
        if right {
            vault.accept(attempt, &subject, &consent, at(1))?;
        } else {
            vault.decline(attempt, false, at(1))?;
        }
        points.pass("decided, not answered");
        say(&format!("decided-{face}"));
    }
    say("erasing");
    vault.erase(subject.subject(), Some(&id(who)), at(2))?;
    points.pass("erased, not answered");
    say("erased");
    Ok(())
}

/// What a vault must hold after the last thing that was said.
fn check(vault: &Vault, collection: &Collection, who: &str, said: &[String], point: &str) {
    vault.audit_verify().unwrap();
    let did = |what: &str| said.iter().any(|one| one == what);
    let target = vault.find(collection, &id(who)).unwrap();
    let Some(subject) = target.subject() else {
        assert!(!did("added") || did("erasing"), "{point}: lost");
        return;
    };
    assert!(!did("erased"), "{point}: erased and back");
    let subject = vault.unlock(subject, None).unwrap();
    let standing = vault.consent(&subject, Purpose::Verify, at(2));
    assert!(standing.is_ok() || !did("granted"), "{point}: consent lost");
    let export = vault.export(&subject, at(2)).unwrap();
    let templates: Vec<&[u8]> = export
        .references
        .iter()
        .map(|one| &**one.template)
        .collect();
    assert!(
        templates == [TEMPLATE] || (templates.is_empty() && !did("enrolled")),
        "{point}: {} templates",
        templates.len()
    );
    // The fewest and most attempts that may be counted, by what was said last.
    let (fewest, most) = match said.last().map(String::as_str) {
        Some("counted-wrong" | "deciding-wrong") => (1, 1),
        Some("decided-wrong") => (1, 2),
        Some("counted-right") => (2, 2),
        Some("deciding-right") => (0, 2),
        Some("decided-right" | "erasing") => (0, 0),
        _ => (0, 1),
    };
    let counted = export.attempts;
    assert!(
        (fewest..=most).contains(&counted),
        "{point}: {counted} attempts counted, expected {fewest} to {most}, {said:?}"
    );
    if point.starts_with("counted") || point.starts_with("compared") {
        let persisted = if did("decided-wrong") { 2 } else { 1 };
        assert_eq!(counted, persisted, "{point}: an attempt was refunded");
    }
}

fn every_point(place: &Place) {
    let mut names = Vec::new();
    for point in 0.. {
        let who = format!("life {point}");
        let mut child = Running::start(CHILD, &[&place.text(), &point.to_string(), &who]);
        let mut said = Vec::new();
        let name = loop {
            let heard = child.hear();
            match heard.strip_prefix("halt ") {
                Some(name) => break Some(name.to_owned()),
                None if heard == "end" => break None,
                None => said.push(heard),
            }
        };
        child.kill();
        let Some(name) = name else { break };
        let (vault, collection) = place.open();
        check(&vault, &collection, &who, &said, &name);
        names.push(name);
    }
    for expected in [
        "counted, not compared",
        "compared, not decided",
        "decided, not answered",
        "erased, not answered",
        "before a write",
        "after a write",
    ] {
        assert!(names.iter().any(|name| name == expected), "{expected}");
    }
    println!("killed at {} points", names.len());
    assert!(names.len() > 25, "{}", names.len());
}

#[test]
fn a_kill_at_any_named_point_refunds_and_loses_nothing() {
    let (_folder, place) = Place::folder();
    every_point(&place);
}

#[cfg(feature = "postgres")]
#[test]
fn a_kill_at_any_named_point_refunds_and_loses_nothing_on_postgres() {
    if let Some((_schema, place)) = Place::schema() {
        every_point(&place);
    }
}
