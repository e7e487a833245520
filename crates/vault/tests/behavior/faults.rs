use super::house::{House, START, at, grant_for, id, model, name};
use super::watched::Watched;
use countenance_vault::store::{FaultStore, Faults, StoreError};
use countenance_vault::{Purpose, VaultError};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub(super) fn faulty() -> Option<(House, Arc<Faults>)> {
    let faults = Arc::new(Faults::default());
    let handle = Arc::clone(&faults);
    let house = House::with(move |store| {
        let plain = Watched::new(store, Box::new(|_| {}), Box::new(|change| change));
        Arc::new(FaultStore::new(plain, Arc::clone(&handle)))
    })?;
    Some((house, faults))
}

/// Runs a whole life of a subject, with a failure at the nth write.
fn life(house: &House, who: &str) -> Result<(), VaultError> {
    let vault = &house.vault;
    let subject = vault.add_subject(&house.collection, &id(who), None, at(0))?;
    let consent = vault.grant(&subject, &grant_for(Purpose::Verify, 9), at(0))?;
    vault.enroll(&subject, &consent, &model(), &[1; 132], at(0))?;
    house.verify(who, at(1))?;
    vault.rotate_tenant(&name("acme"), at(2))?;
    vault.rewrap(0, 100)?;
    vault.rewrap(u64::from(u32::MAX), 100)?;
    vault.withdraw(subject.subject(), None, at(3))?;
    vault.erase(subject.subject(), Some(&id(who)), at(4))?;
    Ok(())
}

fn every_nth(choose: fn(&Faults) -> &AtomicI64) {
    let mut finished = 0;
    for nth in 0..40 {
        let Some((house, faults)) = faulty() else {
            return;
        };
        house.enrolled("witness", &[9; 132]);
        choose(&faults).store(nth, Ordering::SeqCst);
        let result = life(&house, "ana");
        finished += u32::from(result.is_ok());
        choose(&faults).store(-1, Ordering::SeqCst);
        // Whatever failed: opening again works, the log is whole, others are untouched, and the
        // subject is either not there, or opens, or has no consent: never a wrong answer.
        let house = house.reopened(at(10));
        house.vault.audit_verify().unwrap();
        assert_eq!(house.verify("witness", at(11)).unwrap(), [[9; 132]]);
        match house.verify("ana", at(11)) {
            Ok(templates) => {
                assert!(
                    templates.is_empty() || templates == [[1; 132]],
                    "write {nth}"
                );
            }
            Err(VaultError::Unknown { .. } | VaultError::Consent(_)) => {}
            Err(error) => panic!("write {nth}: {error}"),
        }
        let target = house.vault.find(&house.collection, &id("ana")).unwrap();
        if let Some(subject) = target.subject() {
            house.vault.erase(subject, None, at(12)).unwrap();
        }
        life(&house, "ana").unwrap_or_else(|error| panic!("after write {nth}: {error}"));
    }
    assert!(
        finished > 10,
        "the counter ran past the last write: {finished}"
    );
    assert!(finished < 40, "the fault was seen");
    const { assert!(START > 0) };
}

#[test]
fn a_write_that_is_refused_at_any_point_leaves_a_vault_that_opens() {
    every_nth(|faults| &faults.refused_write);
}

#[test]
fn an_answer_that_is_lost_at_any_point_leaves_a_vault_that_opens() {
    every_nth(|faults| &faults.lost_answer);
}

/// The first write of an adding is the key, the second the subject. That somebody who was hidden is named,
/// the attacks on the embedded store show.
#[test]
fn a_key_whose_subject_was_never_added_is_not_taken_for_that_of_somebody_hidden() {
    let Some((house, faults)) = faulty() else {
        return;
    };
    faults.refused_write.store(1, Ordering::SeqCst);
    let added = house
        .vault
        .add_subject(&house.collection, &id("ana"), None, at(0));
    faults.refused_write.store(-1, Ordering::SeqCst);
    assert!(matches!(
        added,
        Err(VaultError::Store(StoreError::Io { .. }))
    ));
    let house = house.reopened(at(1));
    assert!(house.vault.doomed_numbered(1).unwrap().is_some());
    assert!(house.vault.unpaired().unwrap().is_empty());
}

#[test]
fn nothing_is_compared_when_the_attempt_cannot_be_counted() {
    let Some((house, faults)) = faulty() else {
        return;
    };
    house.enrolled("ana", &[1; 132]);
    let target = house.vault.find(&house.collection, &id("ana")).unwrap();
    faults.refused_write.store(0, Ordering::SeqCst);
    let refused = house.vault.count_attempt(&target, Purpose::Verify, at(1));
    assert!(matches!(
        refused,
        Err(VaultError::Store(StoreError::Io { .. }))
    ));
}

#[test]
fn nobody_is_accepted_when_the_audit_log_cannot_be_written() {
    let Some((house, faults)) = faulty() else {
        return;
    };
    let (subject, consent) = house.enrolled("ana", &[1; 132]);
    let target = house.vault.find(&house.collection, &id("ana")).unwrap();
    let attempt = house
        .vault
        .count_attempt(&target, Purpose::Verify, at(1))
        .unwrap();
    let before = house.vault.audit_size().unwrap();
    faults.refused_write.store(0, Ordering::SeqCst);
    assert!(
        house
            .vault
            .accept(attempt, &subject, &consent, at(1))
            .is_err()
    );
    assert_eq!(house.vault.audit_size().unwrap(), before);
    // And the attempt stays counted.
    assert_eq!(house.vault.export(&subject, at(2)).unwrap().attempts, 1);
}

#[test]
fn a_read_that_fails_is_an_error_and_not_an_unknown_subject() {
    let Some((house, faults)) = faulty() else {
        return;
    };
    house.enrolled("ana", &[1; 132]);
    for nth in 0..5 {
        faults.read.store(nth, Ordering::SeqCst);
        match house.verify("ana", at(nth.unsigned_abs() + 1)) {
            Err(VaultError::Store(StoreError::Io { .. })) => {}
            other => panic!("read {nth}: {other:?}"),
        }
    }
}
