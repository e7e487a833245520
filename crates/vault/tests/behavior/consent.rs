use super::house::{DAY, House, at, grant_for, holder, id, model};
use countenance_vault::{ConsentError, ConsentState, EventKind, Purpose, VaultError};

fn refused<T>(result: Result<T, VaultError>, why: ConsentError) -> bool {
    matches!(result, Err(VaultError::Consent(error)) if error == why)
}

#[test]
fn without_consent_nothing_is_opened() {
    let Some(house) = House::fresh() else { return };
    let subject = house.add("ana");
    let missing = house.vault.consent(&subject, Purpose::Verify, at(1));
    assert!(refused(missing, ConsentError::Missing));
    house.consent(&subject);
    assert!(
        house
            .vault
            .consent(&subject, Purpose::Verify, at(1))
            .is_ok()
    );
    let other = house.vault.consent(&subject, Purpose::Payment, at(1));
    assert!(refused(other, ConsentError::Missing));
}

#[test]
fn withdrawn_consent_blocks_verify_and_removes_the_records() {
    let Some(house) = House::fresh() else { return };
    let (subject, _) = house.enrolled("ana", &[1; 132]);
    assert!(house.verify("ana", at(1)).is_ok());
    assert_eq!(
        house
            .vault
            .withdraw(subject.subject(), Some(Purpose::Verify), at(2))
            .unwrap(),
        1
    );
    assert!(refused(house.verify("ana", at(3)), ConsentError::Withdrawn));
    assert!(house.vault.records(&subject).unwrap().is_empty());
    let house = house.reopened(at(4));
    assert!(refused(house.verify("ana", at(5)), ConsentError::Withdrawn));
}

#[test]
fn a_withdrawal_says_whether_it_was_the_subject_and_is_the_same_otherwise() {
    let Some(house) = House::fresh() else { return };
    let (ana, _) = house.enrolled("ana", &[1; 132]);
    let (bea, _) = house.enrolled("bea", &[2; 132]);
    let verify = Some(Purpose::Verify);
    let by_ana = house
        .vault
        .withdraw_themselves(ana.subject(), verify, at(2));
    assert_eq!(by_ana.unwrap(), 1);
    assert_eq!(
        house.vault.withdraw(bea.subject(), verify, at(2)).unwrap(),
        1
    );
    for (who, subject, own) in [("ana", &ana, true), ("bea", &bea, false)] {
        assert!(refused(house.verify(who, at(3)), ConsentError::Withdrawn));
        assert!(house.vault.records(subject).unwrap().is_empty());
        let export = house.vault.export(subject, at(4)).unwrap();
        let events = export.events.iter().map(|entry| entry.event);
        let withdrawn: Vec<bool> = events
            .filter(|event| event.kind == EventKind::ConsentWithdrawn)
            .map(|event| event.is_their_own())
            .collect();
        assert_eq!(withdrawn, [own], "{who}");
    }
    let house = house.reopened(at(5));
    assert!(refused(house.verify("ana", at(6)), ConsentError::Withdrawn));
}

#[test]
fn withdrawal_stops_a_verification_already_running() {
    let Some(house) = House::fresh() else { return };
    let (subject, _) = house.enrolled("ana", &[1; 132]);
    let target = house.vault.find(&house.collection, &id("ana")).unwrap();
    let attempt = house
        .vault
        .count_attempt(&target, Purpose::Verify, at(1))
        .unwrap();
    let consent = house
        .vault
        .consent(&subject, Purpose::Verify, at(1))
        .unwrap();
    let references = house
        .vault
        .references(&subject, &consent, &attempt, at(1))
        .unwrap();
    assert_eq!(references.len(), 1);
    house.vault.recheck(&subject, &consent, at(1)).unwrap();
    // The person withdraws while the face is being compared.
    house
        .vault
        .withdraw(subject.subject(), None, at(2))
        .unwrap();
    assert!(refused(
        house.vault.recheck(&subject, &consent, at(2)),
        ConsentError::Withdrawn
    ));
    let decided = house.vault.accept(attempt, &subject, &consent, at(2));
    assert!(refused(decided, ConsentError::Withdrawn));
    let enrolled = house
        .vault
        .enroll(&subject, &consent, &model(), &[2; 132], at(2));
    assert!(refused(enrolled, ConsentError::Withdrawn));
}

#[test]
fn consent_holds_from_its_first_second_until_it_expires() {
    let Some(house) = House::fresh() else { return };
    let (subject, consent) = house.enrolled("ana", &[1; 132]);
    let last = 100 * DAY - 1;
    assert!(house.verify("ana", at(last)).is_ok());
    assert!(refused(
        house.verify("ana", at(last + 1)),
        ConsentError::Expired
    ));
    let enrolled = house
        .vault
        .enroll(&subject, &consent, &model(), &[2; 132], at(last + 1));
    assert!(refused(enrolled, ConsentError::Expired));
}

#[test]
fn a_consent_that_lasts_too_long_or_not_at_all_is_not_entered() {
    let Some(house) = House::fresh() else { return };
    let subject = house.add("ana");
    let mut grant = grant_for(Purpose::Verify, 1096);
    let max_s = 1095 * DAY;
    let long = house.vault.grant(&subject, &grant, at(0));
    assert!(refused(
        long,
        ConsentError::Lifetime {
            got_s: max_s + DAY,
            max_s
        }
    ));
    grant.expires = grant.granted;
    let empty = house.vault.grant(&subject, &grant, at(0));
    assert!(refused(empty, ConsentError::Lifetime { got_s: 0, max_s }));
    let mut future = grant_for(Purpose::Verify, 10);
    future.granted = at(2 * DAY);
    assert!(refused(
        house.vault.grant(&subject, &future, at(0)),
        ConsentError::NotYet
    ));
    let past = grant_for(Purpose::Verify, 10);
    let late = house.vault.grant(&subject, &past, at(11 * DAY));
    assert!(refused(late, ConsentError::Expired));
}

#[test]
fn withdrawing_one_purpose_leaves_the_other_and_the_records() {
    let Some(house) = House::fresh() else { return };
    let (subject, _) = house.enrolled("ana", &[1; 132]);
    house
        .vault
        .grant(&subject, &grant_for(Purpose::Payment, 50), at(1))
        .unwrap();
    house
        .vault
        .withdraw(subject.subject(), Some(Purpose::Payment), at(2))
        .unwrap();
    assert!(house.verify("ana", at(3)).is_ok());
    let entries = house.vault.consents(subject.subject()).unwrap();
    let states: Vec<_> = entries
        .iter()
        .map(|entry| (entry.purpose, entry.state))
        .collect();
    assert_eq!(
        states,
        [
            (Purpose::Verify, ConsentState::Active),
            (Purpose::Payment, ConsentState::Withdrawn)
        ]
    );
    assert_eq!(
        house
            .vault
            .withdraw(subject.subject(), Some(Purpose::Payment), at(4))
            .unwrap(),
        0
    );
}

#[test]
fn a_holder_bound_subject_withdraws_without_its_holder_part() {
    let Some(house) = House::fresh() else { return };
    let subject = house.add_bound("bea", 7);
    let consent = house.consent(&subject);
    house
        .vault
        .enroll(&subject, &consent, &model(), &[1; 132], at(0))
        .unwrap();
    let target = house.vault.find(&house.collection, &id("bea")).unwrap();
    assert_eq!(
        house
            .vault
            .withdraw(target.subject().unwrap(), None, at(1))
            .unwrap(),
        1
    );
    let verified = house.verify_with("bea", Some(&holder(7)), at(2));
    assert!(refused(verified, ConsentError::Withdrawn));
}

#[test]
fn consent_can_be_given_again_after_it_was_withdrawn() {
    let Some(house) = House::fresh() else { return };
    let (subject, _) = house.enrolled("ana", &[1; 132]);
    house
        .vault
        .withdraw(subject.subject(), None, at(1))
        .unwrap();
    let mut grant = grant_for(Purpose::Verify, 10);
    grant.granted = at(2);
    let consent = house.vault.grant(&subject, &grant, at(2)).unwrap();
    assert!(
        house.verify("ana", at(3)).unwrap().is_empty(),
        "the old records are gone"
    );
    house
        .vault
        .enroll(&subject, &consent, &model(), &[9; 132], at(4))
        .unwrap();
    assert_eq!(house.verify("ana", at(5)).unwrap(), [[9; 132]]);
    assert_eq!(consent.text_version().as_str(), "2026-01 en");
    assert_eq!(consent.evidence(), &[0xe7; 32]);
}
