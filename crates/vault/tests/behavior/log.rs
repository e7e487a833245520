//! A row for every leaf: what somebody who can write to the database does to the log is found.

use super::house::{House, at, id, model};
use countenance_vault::{EraseReceipt, EventKind, LogFault, Purpose, Unlocked, VaultError};
use std::sync::atomic::{AtomicBool, Ordering};

/// Ana with a day of her own in the log, among others.
fn lived() -> Option<(House, Unlocked)> {
    let house = House::fresh()?;
    house.enrolled("bea", &[2; 132]);
    let (ana, _) = house.enrolled("ana", &[1; 132]);
    for n in 0..40 {
        house.verify("bea", at(n + 1)).unwrap();
        house.verify("ana", at(n + 1)).unwrap();
    }
    Some((house, ana))
}

/// The leaf of one of ana's decisions; the event before it is one of bea's.
const DECIDED: u64 = 40;

/// What was done, and what the log says of it.
type Deed = (&'static str, &'static str, fn(&LogFault) -> bool);

const DEEDS: [Deed; 6] = [
    (
        "deleted",
        "DELETE FROM event WHERE sequence = 40",
        |fault| *fault == LogFault::Missing { leaf: DECIDED },
    ),
    (
        "swapped with another subject's",
        "UPDATE event SET sequence = -1 WHERE sequence = 40;
         UPDATE event SET sequence = 40 WHERE sequence = 39;
         UPDATE event SET sequence = 39 WHERE sequence = -1",
        |fault| *fault == LogFault::Altered { leaf: DECIDED - 1 },
    ),
    (
        "swapped with one of her own",
        "UPDATE event SET sequence = -1 WHERE sequence = 40;
         UPDATE event SET sequence = 40 WHERE sequence = 42;
         UPDATE event SET sequence = 42 WHERE sequence = -1",
        |fault| *fault == LogFault::Altered { leaf: DECIDED },
    ),
    (
        "altered",
        "UPDATE event SET sealed = (SELECT sealed FROM event WHERE sequence = 42) WHERE sequence = 40",
        |fault| *fault == LogFault::Altered { leaf: DECIDED },
    ),
    (
        "ascribed to another subject",
        "UPDATE event SET subject = (SELECT subject FROM event WHERE sequence = 39) WHERE sequence = 40",
        |fault| *fault == LogFault::Altered { leaf: DECIDED },
    ),
    (
        "ascribed to nobody",
        "UPDATE event SET subject = 0 WHERE sequence = 40",
        |fault| *fault == LogFault::Altered { leaf: DECIDED },
    ),
];

fn fault(result: Result<impl std::fmt::Debug, VaultError>) -> LogFault {
    match result {
        Err(VaultError::Log(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_row_that_was_deleted_swapped_or_altered_is_found_by_the_check_and_by_the_export() {
    for (deed, statements, expected) in DEEDS {
        let Some((house, ana)) = lived() else { return };
        // Control: nobody is accused for nothing.
        house.vault.audit_verify().unwrap();
        let events = house.vault.export(&ana, at(50)).unwrap().events;
        assert!(
            events.iter().any(|entry| entry.leaf == DECIDED),
            "it is hers"
        );
        house.place.tamper(statements);
        let found = fault(house.vault.audit_verify());
        assert!(expected(&found), "{deed}: {found}");
        let found = fault(house.vault.export(&ana, at(51)));
        assert!(expected(&found), "{deed}, exported: {found}");
    }
}

#[test]
fn an_export_notices_that_its_beginning_was_taken_away() {
    let Some((house, ana)) = lived() else { return };
    let first = house.vault.export(&ana, at(50)).unwrap().events[0];
    assert_eq!(first.event.kind, EventKind::SubjectAdded);
    let leaf = first.leaf;
    house.place.tamper(&format!(
        "UPDATE event SET subject = 0 WHERE sequence = {leaf}"
    ));
    let found = fault(house.vault.export(&ana, at(51)));
    assert!(
        matches!(found, LogFault::Altered { .. } | LogFault::Unbegun { .. }),
        "{found}"
    );
    // All of them: only the export's own event is still hers.
    let subject = "(SELECT max(subject) FROM event)";
    house.place.tamper(&format!(
        "UPDATE event SET subject = 0 WHERE subject = {subject}"
    ));
    assert!(matches!(
        house.vault.export(&ana, at(52)),
        Err(VaultError::Log(_))
    ));
}

#[test]
fn a_row_beyond_the_end_of_the_tree_is_found() {
    let Some((house, _)) = lived() else { return };
    let size = house.vault.audit_verify().unwrap();
    house.place.tamper(&format!(
        "UPDATE event SET sequence = {} WHERE sequence = 0",
        size + 1
    ));
    assert_eq!(
        fault(house.vault.audit_verify()),
        LogFault::Missing { leaf: 0 }
    );
    house.place.tamper(&format!(
        "INSERT INTO event SELECT 0, subject, sealed FROM event WHERE sequence = {}",
        size + 1
    ));
    let found = fault(house.vault.audit_verify());
    assert_eq!(found, LogFault::Surplus { leaf: size + 1 });
}

#[test]
fn a_tombstone_that_was_made_up_or_moved_is_found() {
    let Some((house, _)) = lived() else { return };
    let bea = house.vault.find(&house.collection, &id("bea")).unwrap();
    let bea = bea.subject().unwrap();
    house.vault.erase(bea, None, at(50)).unwrap();
    // Control: the tombstones of an erasure are no fault.
    house.vault.audit_verify().unwrap();
    for stone in [
        "substr(sealed, 1, 32)",
        "(SELECT sealed FROM event WHERE sequence = 39)",
    ] {
        house.place.tamper(&format!(
            "CREATE TABLE kept AS SELECT * FROM event WHERE sequence = 40;
             UPDATE event SET subject = 0, sealed = {stone} WHERE sequence = 40"
        ));
        let found = fault(house.vault.audit_verify());
        assert_eq!(found, LogFault::Altered { leaf: DECIDED }, "{stone}");
        house.place.tamper(
            "UPDATE event SET subject = (SELECT subject FROM kept), sealed = (SELECT sealed FROM kept)
             WHERE sequence = 40; DROP TABLE kept",
        );
        house.vault.audit_verify().unwrap();
    }
}

#[test]
fn after_an_erasure_and_a_second_receipt_the_log_verifies() {
    let Some((house, ana)) = lived() else { return };
    let intent = house
        .vault
        .erase_intent(ana.subject(), &id("ana"), at(50))
        .unwrap();
    house
        .vault
        .erase(ana.subject(), Some(&id("ana")), at(50))
        .unwrap();
    house.vault.audit_verify().unwrap();
    let again = house.vault.receipt_again(&intent, at(51)).unwrap().unwrap();
    EraseReceipt::verify(again.bytes(), &house.vault.public_key()).unwrap();
    let size = house.vault.audit_verify().unwrap();
    assert_eq!(
        house
            .vault
            .receipt_again(&intent, at(52))
            .unwrap()
            .unwrap()
            .position,
        again.position
    );
    assert_eq!(house.vault.audit_verify().unwrap(), size + 1);
    let house = house.reopened(at(53));
    house.vault.audit_verify().unwrap();
    house.verify("bea", at(54)).unwrap();
}

#[test]
fn what_ends_after_an_erasure_leaves_no_event_about_the_subject() {
    let Some((house, ana)) = lived() else { return };
    let target = house.vault.find(&house.collection, &id("ana")).unwrap();
    let attempt = house
        .vault
        .count_attempt(&target, Purpose::Verify, at(50))
        .unwrap();
    let second = house
        .vault
        .count_attempt(&target, Purpose::Verify, at(50))
        .unwrap();
    house.vault.erase(ana.subject(), None, at(50)).unwrap();
    let before = house.vault.audit_size().unwrap();
    // A refusal is in the log before it is answered, but says no more whose.
    house.vault.decline(attempt, false, at(51)).unwrap();
    house.vault.decline(second, false, at(51)).unwrap();
    house
        .vault
        .refuse(&target, Purpose::Verify, false, at(51))
        .unwrap();
    assert_eq!(house.vault.audit_size().unwrap(), before + 3);
    for refused in [
        house.vault.export(&ana, at(52)).map(drop),
        house.vault.remove_record(&ana, 0, at(52)),
    ] {
        assert!(
            matches!(refused, Err(VaultError::Unknown { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(house.vault.audit_size().unwrap(), before + 3);
    // There is nothing left that a restart would have to finish, or a check would find.
    let house = house.reopened(at(53));
    assert_eq!(house.vault.audit_verify().unwrap(), before + 3);
    let (ana, _) = house.enrolled("ana", &[3; 132]);
    assert_eq!(house.vault.export(&ana, at(54)).unwrap().events.len(), 4);
}

/// More events than are buried in one transaction, and more of them coming in meanwhile.
#[test]
fn a_subject_with_thousands_of_events_is_erased_while_more_are_written() {
    let Some(house) = House::fresh() else { return };
    let (ana, consent) = house.enrolled("ana", &[1; 132]);
    let target = house.vault.find(&house.collection, &id("ana")).unwrap();
    let (vault, done) = (&house.vault, &AtomicBool::new(false));
    let refuse = |_: usize| {
        vault
            .refuse(&target, Purpose::Verify, false, at(1))
            .unwrap()
    };
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| (0..140).map(refuse).last());
        }
    });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0.. {
                    if done.load(Ordering::SeqCst) {
                        break;
                    }
                    refuse(n);
                }
            });
        }
        // Checks that run beside it are not misled either.
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                vault.audit_verify().unwrap();
            }
        });
        let erased = vault.erase(ana.subject(), None, at(2));
        done.store(true, Ordering::SeqCst);
        erased.unwrap();
    });
    assert!(vault.audit_verify().unwrap() > 2240);
    assert!(
        vault
            .enroll(&ana, &consent, &model(), &[1; 132], at(3))
            .is_err()
    );
}
