//! A payment, killed at every named point of its life: it is approved at most once, the log and its row say the same, and what was
//! answered holds.

use crate::child::{self, Running};
use crate::given::{at, grant_for, id};
use crate::place::{self, Place};
use crate::points::Points;
use crate::watched::{Moment, Watched};
use countenance_vault::{
    Collection, EventKind, HeldPayment, Outcome, PaymentNote, Purpose, Vault, VaultError,
};
use std::sync::Arc;

const CHILD: &str = "payments::payment_child";

#[test]
#[ignore = "run by the crash tests as a process of its own"]
fn payment_child() {
    let Some(task) = child::task() else { return };
    let number: u32 = task[1].parse().unwrap();
    let points = Points::new(number);
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
    life(&vault, &collection, number, &points, &child::say).unwrap();
    child::say("end");
}

fn key(number: u32) -> [u8; 16] {
    u128::from(number).to_le_bytes()
}

/// Is made, shown, answered, approved, and given back.
fn life(
    vault: &Vault,
    collection: &Collection,
    number: u32,
    points: &Points,
    say: &dyn Fn(&str),
) -> Result<(), VaultError> {
    let who = id(&format!("payer {number}"));
    let subject = vault.add_subject(collection, &who, None, at(0))?;
    let consent = vault.grant(&subject, &grant_for(Purpose::Payment, 9), at(0))?;
    say("agreed");
    vault.add_payment(
        collection,
        subject.subject(),
        &key(number),
        b"created",
        at(0),
    )?;
    points.pass("made, not answered");
    say("created");
    for note in [&b"shown"[..], b"answering"] {
        let unknown = VaultError::Unknown { what: "payment" };
        let held = vault.payment(collection, &key(number))?.ok_or(unknown)?;
        vault.change_payment(collection, &held, (note, true), None, at(1))?;
        points.pass("changed, not answered");
        say(std::str::from_utf8(note).unwrap());
    }
    let target = vault.find(collection, &who)?;
    let attempt = vault.count_attempt(&target, Purpose::Payment, at(1))?;
    points.pass("counted, not compared");
    say("approving");
    let unknown = VaultError::Unknown { what: "payment" };
    let held = vault.payment(collection, &key(number))?.ok_or(unknown)?;
    let mut approve = |_: &[HeldPayment]| Some(b"authorized".to_vec());
    let person = (&subject, &consent);
    let leaf = vault.accept_payment(&attempt, person, (&held, 0), None, &mut approve, at(1))?;
    assert!(leaf.is_some());
    points.pass("approved, not answered");
    say("authorized");
    let unknown = VaultError::Unknown { what: "payment" };
    let held = vault.payment(collection, &key(number))?.ok_or(unknown)?;
    let said = Some(PaymentNote::Refunded);
    vault.change_payment(collection, &held, (b"refunded", false), said, at(2))?;
    points.pass("refunded, not answered");
    say("refunded");
    Ok(())
}

/// What must hold after the last thing that was said, and that whoever tries again approves it at most once.
fn check(vault: &Vault, collection: &Collection, number: u32, said: &[String], point: &str) {
    const STEPS: [&str; 5] = ["created", "shown", "answering", "authorized", "refunded"];
    vault.audit_verify().unwrap();
    let held = vault.payment(collection, &key(number)).unwrap();
    let step = |name: &str| STEPS.iter().position(|one| *one == name);
    let last = said.iter().rev().find_map(|one| step(one));
    let found = held
        .as_ref()
        .and_then(|held| step(std::str::from_utf8(held.note()).unwrap()));
    // What was said is there, and at most the step after it.
    assert!(found >= last, "{point}: {found:?} after {last:?}");
    let most = last.map_or(0, |last| last + 1);
    assert!(
        found.is_none_or(|found| found <= most),
        "{point}: {found:?} after {last:?}"
    );

    let who = id(&format!("payer {number}"));
    let target = vault.find(collection, &who).unwrap();
    let Some(subject) = target.subject() else {
        assert!(held.is_none(), "{point}: a payment of nobody");
        return;
    };
    let subject = vault.unlock(subject, None).unwrap();
    let approvals = || {
        let export = vault.export(&subject, at(3)).unwrap();
        let of = |event: &countenance_vault::Event| {
            event.kind == EventKind::Decided
                && event.outcome == Some(Outcome::Accept)
                && event.purpose == Some(Purpose::Payment)
        };
        export
            .events
            .iter()
            .filter(|entry| of(&entry.event))
            .count()
    };
    let approved = usize::from(found >= step("authorized"));
    assert_eq!(approvals(), approved, "{point}: log and row say the same");
    // Whoever tries again from what is there.
    let (Some(held), Ok(consent)) = (held, vault.consent(&subject, Purpose::Payment, at(3))) else {
        return;
    };
    let attempt = vault
        .count_attempt(&target, Purpose::Payment, at(3))
        .unwrap();
    let mut approve = |_: &[HeldPayment]| Some(b"authorized".to_vec());
    let person = (&subject, &consent);
    let again = vault.accept_payment(&attempt, person, (&held, 0), None, &mut approve, at(3));
    assert_eq!(again.is_ok(), approved == 0, "{point}: {again:?}");
    assert_eq!(approvals(), 1, "{point}: approved once");
}

fn every_point(place: &Place) {
    let mut names = Vec::new();
    for point in 0.. {
        let mut child = Running::start(CHILD, &[&place.text(), &point.to_string()]);
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
        check(&vault, &collection, point, &said, &name);
        names.push(name);
    }
    for expected in [
        "made, not answered",
        "changed, not answered",
        "counted, not compared",
        "approved, not answered",
        "refunded, not answered",
        "before a write",
        "after a write",
    ] {
        assert!(names.iter().any(|name| name == expected), "{expected}");
    }
    println!("killed at {} points", names.len());
    assert!(names.len() > 18, "{}", names.len());
}

#[test]
fn a_payment_killed_at_any_named_point_is_approved_at_most_once() {
    let (_folder, place) = Place::folder();
    every_point(&place);
}

#[cfg(feature = "postgres")]
#[test]
fn a_payment_killed_at_any_named_point_is_approved_at_most_once_on_postgres() {
    if let Some((_schema, place)) = Place::schema() {
        every_point(&place);
    }
}
