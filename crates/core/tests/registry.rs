//! The use cases that need a vault, on the real networks, real photos and SQLite.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_core::vault::{
    ConsentError, ConsentState, EraseReceipt, EventKind, Grant, HolderError, HolderPart, Lock,
    ModelName, NewSubject, Outcome, Purpose, Subject, TextVersion, VaultError, verify_consistency,
    verify_inclusion,
};
use countenance_core::{
    Answer, Claim, EnrollError, EnrollOutcome, EnrollRequest, Fault, Finding, QualityCause,
    Registry, Verification, VerifyError, WallClock as _, Worker,
};
use given::{DAY, House, agreement, id, photo, worker};
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[test]
fn the_enrolled_person_is_accepted_and_another_is_rejected() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let same = house.verify(&mut worker, &ana, "obama2.jpg");
    assert_eq!(same.answer, Answer::Accept, "{same:?}");
    assert_eq!(same.detail.finding, Finding::Matched);
    let other = house.verify(&mut worker, &ana, "biden.jpg");
    assert_eq!(other.answer, Answer::Reject, "{other:?}");
    assert_eq!(other.detail.finding, Finding::NotMatched);
    assert!(same.detail.score > other.detail.score);
    assert_eq!(other.detail.leaf, same.detail.leaf.map(|leaf| leaf + 1));
}

#[test]
fn eight_bits_and_a_seal_move_a_score_of_real_photos_by_less_than_two_thousandths() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    for probe in ["obama2.jpg", "biden.jpg"] {
        let (reference, probe) = (photo("obama.jpg"), photo(probe));
        let policy = house.registry.policy();
        let direct = worker.compare(&reference, &probe, policy).unwrap();
        let claim = house.claim(&ana);
        let kept = house.registry.verify(&mut worker, &claim, &probe).unwrap();
        let (direct, kept) = (direct.score.unwrap(), kept.detail.score.unwrap());
        let moved = (direct.cosine() - kept.cosine()).abs();
        eprintln!("{direct:?} {kept:?} moved by {moved:.5}");
        assert!(moved < 2e-3, "{direct:?} {kept:?}");
    }
}

#[test]
fn the_best_of_several_templates_counts() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg", "obama2.jpg"]);
    let seen = house.verify(&mut worker, &ana, "obama2.jpg");
    // The second template is of this very photo.
    assert!(seen.detail.score.unwrap().cosine() > 0.99, "{seen:?}");
}

#[test]
fn without_consent_nobody_is_verified() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.registry.add_subject(&house.claim(&ana)).unwrap();
    let seen = house.verify(&mut worker, &ana, "obama.jpg");
    assert_eq!(seen.answer, Answer::Reject);
    let missing = Finding::Consent(ConsentError::Missing);
    assert_eq!(seen.detail.finding, missing);
}

#[test]
fn withdrawn_consent_blocks_verify() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let subject = house.registry.subject(&house.collection, &ana).unwrap();
    assert_eq!(house.registry.withdraw(&subject, None).unwrap(), 1);
    let seen = house.verify(&mut worker, &ana, "obama.jpg");
    assert_eq!(seen.answer, Answer::Reject);
    let withdrawn = Finding::Consent(ConsentError::Withdrawn);
    assert_eq!(seen.detail.finding, withdrawn);
    assert_eq!(seen.detail.score, None);
    let consents = house.registry.consents(&subject).unwrap();
    assert_eq!(consents[0].state, ConsentState::Withdrawn);
}

/// What a verification of the right face answers when `change` happens to the subject in the
/// middle of it.
///
/// The clock is read: when the consent is looked up, when the attempt is counted, when the
/// records are opened, when the consent is asked again, when the decision is written.
fn verified_while(
    worker: &mut Worker,
    reading: u32,
    change: impl FnOnce(&Registry, &Subject) + Send + 'static,
) -> Verification {
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(worker, &ana, &["obama.jpg"]);
    let subject = house.registry.subject(&house.collection, &ana).unwrap();
    let other = Arc::clone(&house.registry);
    house
        .clock
        .at_reading(reading, move || change(&other, &subject));
    let seen = house.verify(worker, &ana, "obama2.jpg");
    assert!(
        !house.clock.hook_is_left(),
        "no reading {reading}: the test is older than the code"
    );
    assert_eq!(seen.answer, Answer::Reject, "reading {reading}: {seen:?}");
    assert_eq!(seen.detail.score, None, "reading {reading}");
    seen
}

#[test]
fn a_withdrawal_stops_a_verification_at_every_step() {
    let Some(mut worker) = worker() else { return };
    for reading in 1..=5 {
        let seen = verified_while(&mut worker, reading, |registry, subject| {
            assert_eq!(registry.withdraw(subject, None).unwrap(), 1);
        });
        let withdrawn = Finding::Consent(ConsentError::Withdrawn);
        assert_eq!(seen.detail.finding, withdrawn, "reading {reading}");
    }
}

#[test]
fn an_erasure_stops_a_verification_at_every_step() {
    let Some(mut worker) = worker() else { return };
    for reading in 1..=5 {
        let seen = verified_while(&mut worker, reading, |registry, subject| {
            registry.erase(subject, None).unwrap();
        });
        assert!(!seen.detail.finding.is_permitted(), "{seen:?}");
    }
}

#[test]
fn expired_consent_blocks_verify_and_retention_takes_the_templates() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let probe = photo("obama2.jpg");
    house.clock.forward(299 * DAY);
    let claim = house.claim(&ana);
    let still = house.registry.verify(&mut worker, &claim, &probe).unwrap();
    assert_eq!(still.answer, Answer::Accept);
    house.clock.forward(2 * DAY);
    let over = house.registry.verify(&mut worker, &claim, &probe).unwrap();
    assert_eq!(over.answer, Answer::Reject);
    let expired = Finding::Consent(ConsentError::Expired);
    assert_eq!(over.detail.finding, expired);
    let done = house.registry.retain(0, 100).unwrap();
    assert_eq!(done.expired, 1, "{done:?}");
    let (subject, _) = house
        .registry
        .grant_consent(&claim, &agreement(10))
        .unwrap();
    assert!(house.registry.vault().records(&subject).unwrap().is_empty());
    let again = house.registry.verify(&mut worker, &claim, &probe).unwrap();
    assert_eq!(again.detail.finding, Finding::NotEnrolled);
}

#[test]
fn an_unknown_subject_looks_like_a_wrong_face_outside_and_costs_the_store_the_same() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let [ana, ben, eve, zoe] = ["ana", "ben", "eve", "zoe"].map(id);
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    house.registry.add_subject(&house.claim(&ben)).unwrap();
    let holder = HolderPart::new(&[9; 32]).unwrap();
    house.consented(&eve, Some(&holder));
    let probe = photo("biden.jpg");
    let mut asked = |claim: &Claim<'_>| {
        house.counts.take();
        let seen = house.registry.verify(&mut worker, claim, &probe).unwrap();
        (seen.answer, seen.detail.finding, house.counts.take())
    };
    let (answer, finding, cost) = asked(&house.claim(&ana));
    assert_eq!((answer, finding), (Answer::Reject, Finding::NotMatched));
    let wrong = HolderPart::new(&[8; 32]).unwrap();
    let with_wrong_holder = Claim {
        holder: Some(&wrong),
        ..house.claim(&eve)
    };
    for (claim, expected) in [
        (house.claim(&zoe), Finding::Unknown),
        (house.claim(&ben), Finding::Consent(ConsentError::Missing)),
        (house.claim(&eve), Finding::Holder(HolderError::Missing)),
        (with_wrong_holder, Finding::Holder(HolderError::Wrong)),
    ] {
        let (answer, finding, asked_of_store) = asked(&claim);
        assert_eq!(answer, Answer::Reject);
        assert_eq!(finding, expected);
        assert_eq!(
            asked_of_store, cost,
            "reads and writes of {finding:?} and of a wrong face"
        );
    }
}

#[test]
fn five_wrong_faces_lock_a_known_and_an_unknown_subject_alike_and_a_success_resets() {
    let Some(mut worker) = worker() else { return };
    let (house, ana, zoe) = (House::new(), id("ana"), id("zoe"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let (right, wrong) = (photo("obama2.jpg"), photo("biden.jpg"));
    let mut verify = |who, probe: &[u8]| {
        let claim = house.claim(who);
        house.registry.verify(&mut worker, &claim, probe).unwrap()
    };
    for who in [&ana, &zoe] {
        for _ in 0..5 {
            assert_eq!(verify(who, &wrong).answer, Answer::Reject);
        }
        let locked = verify(who, &wrong);
        assert_eq!(locked.answer, Answer::NotPermitted);
        let wait = Finding::Locked(Lock::Wait { seconds: 30 });
        assert_eq!(locked.detail.finding, wait);
    }
    assert_eq!(
        verify(&ana, &right).answer,
        Answer::NotPermitted,
        "the right face must wait too"
    );
    house.clock.forward(30);
    assert_eq!(verify(&ana, &right).answer, Answer::Accept);
    for _ in 0..5 {
        assert_eq!(verify(&ana, &wrong).answer, Answer::Reject);
    }
    assert_eq!(verify(&ana, &wrong).answer, Answer::NotPermitted);
}

#[test]
fn a_poor_picture_is_to_be_taken_again_and_counts_no_attempt() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let poor = photo("obama_partial_face.jpg");
    for _ in 0..7 {
        let claim = house.claim(&ana);
        let seen = house.registry.verify(&mut worker, &claim, &poor).unwrap();
        assert!(matches!(seen.answer, Answer::Recapture(_)), "{seen:?}");
        assert!(seen.detail.leaf.is_some(), "{seen:?}");
    }
    let export = house.registry.export(&house.claim(&ana)).unwrap();
    assert_eq!(export.attempts, 0);
    let error = house
        .registry
        .verify(&mut worker, &house.claim(&ana), b"no picture")
        .unwrap_err();
    assert_eq!(error.fault(), Fault::Caller);
}

#[test]
fn whatever_fails_accepts_nobody_and_refunds_no_attempt() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let probe = photo("obama2.jpg");
    let attempts = || house.registry.export(&house.claim(&ana)).unwrap().attempts;
    let mut verify = || {
        let claim = house.claim(&ana);
        house.registry.verify(&mut worker, &claim, &probe)
    };
    let failed = |seen: Result<_, VerifyError>| {
        let error = seen.unwrap_err();
        assert_eq!(error.fault(), Fault::Storage, "{error}");
    };

    // The attempt cannot be written: nothing is compared.
    house.counts.records.store(0, Ordering::SeqCst);
    house.faults.refused_write.store(0, Ordering::SeqCst);
    failed(verify());
    let records = house.counts.records.load(Ordering::SeqCst);
    assert_eq!(records, 0, "records were read without a counted attempt");
    assert_eq!(attempts(), 0);
    // It is written, but the answer is lost: it stays counted, nothing is compared.
    house.faults.lost_answer.store(0, Ordering::SeqCst);
    failed(verify());
    assert_eq!(house.counts.records.load(Ordering::SeqCst), 0);
    assert_eq!(attempts(), 1);
    // The decision cannot be written: the right face is not accepted.
    house.faults.refused_write.store(1, Ordering::SeqCst);
    failed(verify());
    assert_eq!(attempts(), 2);
    // Any read fails.
    let mut n = 0;
    loop {
        house.clock.forward(60);
        house.faults.read.store(n, Ordering::SeqCst);
        let before = attempts_without(&house, &ana);
        match verify() {
            Ok(seen) => {
                assert_eq!(seen.answer, Answer::Accept, "positive control");
                break;
            }
            Err(error) => assert_eq!(error.fault(), Fault::Storage, "{error}"),
        }
        house.faults.read.store(-1, Ordering::SeqCst);
        assert!(attempts() >= before, "read {n} refunded an attempt");
        n += 1;
    }
    house.faults.read.store(-1, Ordering::SeqCst);
    assert!(n >= 6, "only {n} reads");
    assert_eq!(attempts(), 0, "a success resets");
}

/// The attempts, asked while a read fault is armed for later.
fn attempts_without(house: &House, who: &countenance_core::vault::ExternalId) -> u32 {
    let armed = house.faults.read.swap(-1, Ordering::SeqCst);
    let attempts = house.registry.export(&house.claim(who)).unwrap().attempts;
    house.faults.read.store(armed, Ordering::SeqCst);
    attempts
}

#[test]
fn a_lost_answer_of_an_acceptance_accepts_nobody() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    // The second write is the decision.
    house.faults.lost_answer.store(1, Ordering::SeqCst);
    let claim = house.claim(&ana);
    let seen = house
        .registry
        .verify(&mut worker, &claim, &photo("obama2.jpg"));
    assert_eq!(seen.unwrap_err().fault(), Fault::Storage);
}

#[test]
fn photos_of_two_people_are_no_enrollment_and_nothing_is_kept() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    let (subject, consent) = house.consented(&ana, None);
    let mut enroll = |names: &[&str]| {
        let photos: Vec<_> = names.iter().map(|name| photo(name)).collect();
        let request = EnrollRequest {
            subject: &subject,
            consent: &consent,
            photos: &photos,
            replace: false,
        };
        house.registry.enroll(&mut worker, &request)
    };
    let two = enroll(&["obama.jpg", "obama2.jpg", "biden.jpg"]).unwrap();
    assert_eq!(two.outcome, EnrollOutcome::Different { photo: 2 });
    let poor = enroll(&["obama.jpg", "obama_partial_face.jpg"]).unwrap();
    let EnrollOutcome::Recapture { photo: 1, cause } = poor.outcome else {
        panic!("{poor:?}");
    };
    assert!(QualityCause::ALL.contains(&cause));
    assert!(matches!(
        enroll(&[]).unwrap_err(),
        EnrollError::Photos { got: 0, max: 16 }
    ));
    assert!(matches!(
        enroll(&["obama.jpg"; 17]).unwrap_err(),
        EnrollError::Photos { got: 17, max: 16 }
    ));
    let records = || house.registry.vault().records(&subject).unwrap();
    assert!(records().is_empty());
    // Positive control.
    enroll(&["obama.jpg", "obama2.jpg"]).unwrap();
    assert_eq!(records().len(), 2);
}

#[test]
fn enrolling_under_a_withdrawn_consent_keeps_nothing() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    let (subject, consent) = house.consented(&ana, None);
    house.registry.withdraw(subject.subject(), None).unwrap();
    let photos = [photo("obama.jpg")];
    let request = EnrollRequest {
        subject: &subject,
        consent: &consent,
        photos: &photos,
        replace: false,
    };
    let error = house.registry.enroll(&mut worker, &request).unwrap_err();
    assert!(matches!(
        error,
        EnrollError::Vault(VaultError::Consent(ConsentError::Withdrawn))
    ));
    assert!(house.registry.vault().records(&subject).unwrap().is_empty());
}

/// Photos are sealed in one transaction: whichever write fails, all are there or none.
#[test]
fn an_enrollment_that_is_cut_off_leaves_all_templates_or_none() {
    let Some(mut worker) = worker() else { return };
    for (lost, left) in [(false, 0), (true, 2)] {
        let (house, ana) = (House::new(), id("ana"));
        let (subject, consent) = house.consented(&ana, None);
        let photos = ["obama.jpg", "obama2.jpg"].map(photo);
        let request = EnrollRequest {
            subject: &subject,
            consent: &consent,
            photos: &photos,
            replace: false,
        };
        let fault = match lost {
            true => &house.faults.lost_answer,
            false => &house.faults.refused_write,
        };
        fault.store(0, Ordering::SeqCst);
        house.counts.take();
        assert!(house.registry.enroll(&mut worker, &request).is_err());
        assert_eq!(
            house.counts.take().1,
            1,
            "there is only one write to be cut off at"
        );
        assert_eq!(
            house.registry.vault().records(&subject).unwrap().len(),
            left
        );
    }
}

#[test]
fn photos_that_were_not_compared_with_what_somebody_else_enrolled_meanwhile_are_not_kept() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    let (subject, consent) = house.consented(&ana, None);
    let photos = [photo("obama.jpg")];
    let request = EnrollRequest {
        subject: &subject,
        consent: &consent,
        photos: &photos,
        replace: false,
    };
    let (other, theirs, agreed) = (
        Arc::clone(&house.registry),
        subject.clone(),
        consent.clone(),
    );
    // The clock is read once, when the templates are sealed.
    house.clock.at_reading(1, move || {
        let model = ModelName::new("sface-2021dec").unwrap();
        let now = agreed.granted();
        other
            .vault()
            .enroll(&theirs, &agreed, &model, &[7; 132], now)
            .unwrap();
    });
    let raced = house.registry.enroll(&mut worker, &request);
    assert!(matches!(raced, Err(EnrollError::Raced)), "{raced:?}");
    assert!(!house.clock.hook_is_left());
    let records = house.registry.vault().records(&subject).unwrap();
    assert_eq!(records.len(), 1, "the other's: {records:?}");
}

#[test]
fn a_new_enrollment_can_take_the_place_of_the_old_one() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let claim = house.claim(&ana);
    let probe = photo("obama2.jpg");
    let (subject, consent) = house.registry.consented(&claim, Purpose::Verify).unwrap();
    let photos = [photo("obama2.jpg")];
    let request = EnrollRequest {
        subject: &subject,
        consent: &consent,
        photos: &photos,
        replace: true,
    };
    let done = house.registry.enroll(&mut worker, &request).unwrap();
    assert!(matches!(
        done.outcome,
        EnrollOutcome::Enrolled { replaced: 1, .. }
    ));
    assert_eq!(house.registry.vault().records(&subject).unwrap().len(), 1);
    let after = house.registry.verify(&mut worker, &claim, &probe).unwrap();
    // The template that is left is of this very photo.
    assert!(after.detail.score.unwrap().cosine() > 0.99, "{after:?}");
}

#[test]
fn templates_of_another_model_are_not_compared() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    let (subject, consent) = house.consented(&ana, None);
    let other = ModelName::new("another-net").unwrap();
    house
        .registry
        .vault()
        .enroll(&subject, &consent, &other, &[1; 132], house.clock.now())
        .unwrap();
    let seen = house.verify(&mut worker, &ana, "obama.jpg");
    assert_eq!(seen.answer, Answer::Reject);
    assert_eq!(seen.detail.finding, Finding::OtherModel);
    // And do not keep a newer model from taking over.
    let outcome = enroll_more(&house, &mut worker, &ana, "obama.jpg", true).unwrap();
    assert!(
        matches!(outcome, EnrollOutcome::Enrolled { replaced: 1, .. }),
        "{outcome:?}"
    );
    let seen = house.verify(&mut worker, &ana, "obama2.jpg");
    assert_eq!(seen.answer, Answer::Accept);
}

#[test]
fn a_holder_bound_subject_is_verified_with_its_part_only() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    let holder = HolderPart::new(&[3; 32]).unwrap();
    let (subject, consent) = house.consented(&ana, Some(&holder));
    let photos = [photo("obama.jpg")];
    let request = EnrollRequest {
        subject: &subject,
        consent: &consent,
        photos: &photos,
        replace: false,
    };
    house.registry.enroll(&mut worker, &request).unwrap();
    let probe = photo("obama2.jpg");
    let with = Claim {
        holder: Some(&holder),
        ..house.claim(&ana)
    };
    let seen = house.registry.verify(&mut worker, &with, &probe).unwrap();
    assert_eq!(seen.answer, Answer::Accept);
    let without = house.claim(&ana);
    let seen = house
        .registry
        .verify(&mut worker, &without, &probe)
        .unwrap();
    assert_eq!(seen.answer, Answer::Reject);
    let listed = house.registry.subjects(&house.collection, 0, 10).unwrap();
    assert_eq!(listed[0].external_id, None, "its id is sealed too");
}

#[test]
fn an_erased_subject_is_unknown_and_its_receipt_is_theirs() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let subject = house.registry.subject(&house.collection, &ana).unwrap();
    let receipt = house.registry.erase(&subject, Some(&ana)).unwrap();
    let key = house.registry.vault().public_key();
    let read = EraseReceipt::verify(receipt.bytes(), &key).unwrap();
    assert!(read.is_for("ana") && !read.is_for("ben"));
    let claim = house.claim(&ana);
    let seen = house
        .registry
        .verify(&mut worker, &claim, &photo("obama2.jpg"))
        .unwrap();
    assert_eq!(seen.answer, Answer::Reject);
    assert_eq!(seen.detail.finding, Finding::Unknown);
    assert!(matches!(
        house.registry.export(&claim),
        Err(VaultError::Unknown { what: "subject" })
    ));
}

#[test]
fn an_export_holds_consents_templates_and_every_decision() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let claim = house.claim(&ana);
    for probe in ["obama2.jpg", "biden.jpg"] {
        house.verify(&mut worker, &ana, probe);
    }
    let export = house.registry.export(&claim).unwrap();
    assert_eq!(export.references.len(), 1);
    assert_eq!(export.references[0].template.len(), 132);
    assert_eq!(export.consents.len(), 1);
    assert_eq!(export.attempts, 1);
    let kinds: Vec<EventKind> = export.events.iter().map(|one| one.event.kind).collect();
    let expected = [
        EventKind::SubjectAdded,
        EventKind::ConsentGranted,
        EventKind::Enrolled,
        EventKind::Decided,
        EventKind::Decided,
        EventKind::Exported,
    ];
    assert_eq!(kinds, expected);
    assert_eq!(export.events[3].event.outcome, Some(Outcome::Accept));
    assert_eq!(export.events[4].event.outcome, Some(Outcome::Reject));
}

#[test]
fn every_decision_can_be_proved_and_the_log_only_grows() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let before = house.registry.audit().unwrap();
    let seen = house.verify(&mut worker, &ana, "obama2.jpg");
    let after = house.registry.audit().unwrap();
    assert_eq!(after.size, before.size + 1);
    let proof = house
        .registry
        .prove_inclusion(seen.detail.leaf.unwrap(), None)
        .unwrap();
    verify_inclusion(
        &proof.leaf_hash,
        proof.leaf,
        proof.size,
        &after.checkpoint.root,
        &proof.path,
    )
    .unwrap();
    let grown = house.registry.prove_consistency(before.size, None).unwrap();
    assert_eq!(grown.older_root, before.checkpoint.root);
    verify_consistency(
        grown.older,
        &grown.older_root,
        grown.newer,
        &grown.newer_root,
        &grown.path,
    )
    .unwrap();
}

#[test]
fn threads_share_one_registry_and_each_brings_its_worker() {
    let Some(mut first) = worker() else { return };
    let house = House::new();
    let ids: Vec<_> = (0..3).map(|n| id(&format!("subject {n}"))).collect();
    for one in &ids {
        house.enrolled(&mut first, one, &["obama.jpg"]);
    }
    std::thread::scope(|scope| {
        for one in &ids {
            let house = &house;
            scope.spawn(move || {
                let mut worker = worker().unwrap();
                for (probe, expected) in [
                    ("obama2.jpg", Answer::Accept),
                    ("biden.jpg", Answer::Reject),
                ] {
                    let seen = house.verify(&mut worker, one, probe);
                    assert_eq!(seen.answer, expected);
                }
            });
        }
    });
    house.registry.audit().unwrap();
}

#[test]
fn retention_takes_who_was_not_used_and_the_decoy_stands_again() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    house.clock.forward(366 * DAY);
    let (mut after, mut erased) = (0, 0);
    loop {
        let step = house.registry.retain(after, 1).unwrap();
        erased += step.erased.len();
        let Some(next) = step.next else { break };
        after = next;
    }
    assert_eq!(erased, 1, "the decoy went too, but is nobody");
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let mut cost = |who, probe| {
        house.counts.take();
        house.verify(&mut worker, who, probe);
        house.counts.take()
    };
    assert_eq!(cost(&id("zoe"), "biden.jpg"), cost(&ana, "biden.jpg"));
}

#[test]
fn a_subject_takes_less_than_a_kilobyte_of_the_disk() {
    const SUBJECTS: u64 = 2000;
    let house = House::new();
    let model = ModelName::new("sface-2021dec").unwrap();
    let now = house.clock.now();
    let grant = Grant {
        purpose: Purpose::Verify,
        text_version: TextVersion::new("2026-01 en").unwrap(),
        granted: now,
        expires: now.plus(300 * DAY),
        evidence: [0xe7; 32],
    };
    let subjects: Vec<NewSubject> = (0..SUBJECTS)
        .map(|n| NewSubject {
            id: id(&format!("subject {n}")),
            written: id(&format!("subject {n}")),
            holder: None,
            grants: vec![grant.clone()],
            templates: vec![(model.clone(), vec![1; 132].into())],
        })
        .collect();
    for some in subjects.chunks(500) {
        let vault = house.registry.vault();
        vault.enroll_many(&house.collection, some, now).unwrap();
    }
    // Closing the store moves what waits in its logs to where it belongs.
    let House {
        registry, folder, ..
    } = house;
    drop(registry);
    let bare = House::new();
    let House {
        registry,
        folder: empty,
        ..
    } = bare;
    drop(registry);
    let bytes = |folder: &std::path::Path| -> u64 {
        let files = std::fs::read_dir(folder).unwrap();
        files
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum()
    };
    let each = (bytes(folder.path()) - bytes(empty.path())) / SUBJECTS;
    eprintln!("{each} bytes per subject");
    assert!((300..=1024).contains(&each), "{each} bytes per subject");
}

/// What comes of enrolling one photo more.
fn enroll_more(
    house: &House,
    worker: &mut Worker,
    who: &countenance_core::vault::ExternalId,
    name: &str,
    replace: bool,
) -> Result<EnrollOutcome, EnrollError> {
    let claim = house.claim(who);
    let consented = house.registry.consented(&claim, Purpose::Verify);
    let (subject, consent) = consented.unwrap();
    let request = EnrollRequest {
        subject: &subject,
        consent: &consent,
        photos: &[photo(name)],
        replace,
    };
    let done = house.registry.enroll(worker, &request)?;
    Ok(done.outcome)
}

#[test]
fn a_photo_of_somebody_else_is_not_added_to_an_enrolled_subject() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let export = || house.registry.export(&house.claim(&ana)).unwrap();
    for replace in [false, true] {
        let outcome = enroll_more(&house, &mut worker, &ana, "biden.jpg", replace);
        assert_eq!(outcome.unwrap(), EnrollOutcome::NotTheSubject);
    }
    let kept = export();
    assert_eq!((kept.references.len(), kept.attempts), (1, 2));
    let refused = kept.events.iter().filter(|entry| {
        entry.event.kind == EventKind::Decided && entry.event.outcome == Some(Outcome::Reject)
    });
    assert_eq!(refused.count(), 2, "each refusal is in the audit log");
    // Positive control: the person herself is taken, and her match resets the attempts.
    let outcome = enroll_more(&house, &mut worker, &ana, "obama2.jpg", false).unwrap();
    assert!(
        matches!(outcome, EnrollOutcome::Enrolled { .. }),
        "{outcome:?}"
    );
    assert_eq!((export().references.len(), export().attempts), (2, 0));
}

#[test]
fn enrolling_is_no_way_around_the_limit_of_attempts() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    for _ in 0..5 {
        let outcome = enroll_more(&house, &mut worker, &ana, "biden.jpg", false);
        assert_eq!(outcome.unwrap(), EnrollOutcome::NotTheSubject);
    }
    let locked = enroll_more(&house, &mut worker, &ana, "obama2.jpg", false).unwrap_err();
    let wait = Lock::Wait { seconds: 30 };
    assert!(
        matches!(&locked, EnrollError::Vault(VaultError::Attempts(lock)) if *lock == wait),
        "{locked}"
    );
    assert_eq!(locked.fault(), Fault::Subject);
    house.clock.forward(30);
    enroll_more(&house, &mut worker, &ana, "obama2.jpg", false).unwrap();
}

#[test]
fn every_answer_of_a_verification_is_in_the_audit_log_before_it_is_given() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let [ana, zoe] = ["ana", "zoe"].map(id);
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let (wrong, poor) = (photo("biden.jpg"), photo("obama_partial_face.jpg"));
    let mut costs = Vec::new();
    for who in [&ana, &zoe] {
        let claim = house.claim(who);
        let mut asked = |probe: &[u8]| {
            let before = house.registry.vault().audit_size().unwrap();
            house.counts.take();
            let seen = house.registry.verify(&mut worker, &claim, probe).unwrap();
            let cost = house.counts.take();
            assert_eq!(seen.detail.leaf, Some(before), "{seen:?}");
            assert_eq!(house.registry.vault().audit_size().unwrap(), before + 1);
            (seen.answer, cost)
        };
        let mut answers = vec![asked(&poor)];
        answers.extend((0..6).map(|_| asked(&wrong)));
        assert_eq!(answers[6].0, Answer::NotPermitted);
        costs.push(answers);
        // If it cannot be written there is no answer.
        house.faults.refused_write.store(0, Ordering::SeqCst);
        let refused = house.registry.verify(&mut worker, &claim, &wrong);
        assert_eq!(refused.unwrap_err().fault(), Fault::Storage);
    }
    assert_eq!(costs[0], costs[1], "a known and an unknown subject differ");
}
