use super::house::{House, at, holder, id, model};
use countenance_vault::{EraseReceipt, VaultError};

#[test]
fn an_erased_subject_is_gone_and_the_receipt_says_whose_it_is() {
    let Some(house) = House::fresh() else { return };
    let (subject, _) = house.enrolled("ana", &[1; 132]);
    house.enrolled("bea", &[2; 132]);
    let receipt = house
        .vault
        .erase(subject.subject(), Some(&id("ana")), at(1))
        .unwrap();
    let checked = EraseReceipt::verify(receipt.bytes(), &house.vault.public_key()).unwrap();
    assert!(checked.is_for("ana") && !checked.is_for("bea"));
    assert_eq!(checked.key_id, subject.subject().key_id());
    let gone = house.verify("ana", at(2));
    assert!(matches!(gone, Err(VaultError::Unknown { what: "subject" })));
    assert_eq!(house.verify("bea", at(2)).unwrap(), [[2; 132]]);
    house.vault.audit_verify().unwrap();
    let house = house.reopened(at(3));
    assert!(
        house
            .vault
            .find(&house.collection, &id("ana"))
            .unwrap()
            .subject()
            .is_none()
    );
    // The same person may come back, as somebody new.
    let (again, _) = house.enrolled("ana", &[3; 132]);
    assert_ne!(again.subject().key_id(), subject.subject().key_id());
    assert_eq!(house.verify("ana", at(4)).unwrap(), [[3; 132]]);
}

#[test]
fn what_was_unlocked_before_the_erasure_writes_nothing_afterwards() {
    let Some(house) = House::fresh() else { return };
    let (subject, consent) = house.enrolled("ana", &[1; 132]);
    house.vault.erase(subject.subject(), None, at(1)).unwrap();
    assert!(
        house
            .vault
            .enroll(&subject, &consent, &model(), &[1; 132], at(2))
            .is_err()
    );
    assert!(house.vault.recheck(&subject, &consent, at(2)).is_err());
    assert!(
        house
            .vault
            .consent(&subject, consent.purpose(), at(2))
            .is_err()
    );
    assert!(
        house
            .vault
            .withdraw(subject.subject(), None, at(2))
            .is_err()
    );
}

#[test]
fn a_holder_bound_subject_is_erased_without_its_holder_part() {
    let Some(house) = House::fresh() else { return };
    house.add_bound("bea", 7);
    let target = house.vault.find(&house.collection, &id("bea")).unwrap();
    house
        .vault
        .erase(target.subject().unwrap(), Some(&id("bea")), at(1))
        .unwrap();
    let gone = house.verify_with("bea", Some(&holder(7)), at(2));
    assert!(matches!(gone, Err(VaultError::Unknown { .. })));
}

#[test]
fn erasing_twice_gives_the_same_place_in_the_ledger() {
    let Some(house) = House::fresh() else { return };
    let (subject, _) = house.enrolled("ana", &[1; 132]);
    let first = house.vault.erase(subject.subject(), None, at(1)).unwrap();
    let second = house.vault.erase(subject.subject(), None, at(2)).unwrap();
    assert_eq!(first.position, second.position);
}
