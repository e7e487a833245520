//! Subjects who see and withdraw their own consents: what shows that it is they, what it costs to try, what the log has of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::big_endian_bytes,
    reason = "a test that fails should say so where it fails; authenticators count from the large end"
)]

#[path = "given/authenticator.rs"]
mod authenticator;
mod given;

use authenticator::{Authenticator, Manner, ORIGIN, PARTY, PRESENT};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_core::vault::{
    ConsentError, ConsentState, EventKind, ExternalId, HolderPart, Outcome, Purpose,
};
use countenance_core::{
    Agreement, Answer, Assertion, Claim, ConsentsProof, DeviceKeyId, Finding, OwnConsents,
    Registration, RelyingParty, consents_challenge, device_challenge,
};
use given::{House, agreement, id, worker};
use std::sync::Arc;

const LINK: &str = "a-Jk3vQ2m8Xw0cT5rP1uYs7A";
const NONCE: [u8; 32] = [0x0e; 32];

fn party() -> RelyingParty {
    RelyingParty::new(PARTY, &[]).unwrap()
}

/// What a key signed in answer to a challenge.
fn signed(key: &Authenticator, challenge: [u8; 32], manner: &Manner) -> ConsentsProof {
    let signed = key.sign(&URL_SAFE_NO_PAD.encode(challenge), manner);
    ConsentsProof {
        party: Arc::new(party()),
        link: LINK.to_owned(),
        nonce: NONCE,
        assertion: Assertion {
            credential: key.credential.clone(),
            client_data: signed.client_data,
            authenticator_data: signed.authenticator_data,
            signature: signed.signature,
        },
    }
}

fn good(key: &Authenticator) -> ConsentsProof {
    signed(key, consents_challenge(LINK, &NONCE), &Manner::default())
}

fn agrees(house: &House, claim: &Claim<'_>, purpose: Purpose) {
    let agreed = Agreement {
        purpose,
        ..agreement(300)
    };
    house.registry.grant_consent(claim, &agreed).unwrap();
}

/// Somebody who agreed to payments, with a device key.
fn owner(house: &House, who: &ExternalId, key: &Authenticator) {
    house.registry.add_subject(&house.claim(who)).unwrap();
    agrees(house, &house.claim(who), Purpose::Payment);
    register(house, &house.claim(who), key);
}

fn register(house: &House, claim: &Claim<'_>, key: &Authenticator) {
    let challenge = [0xc4; 32];
    let (client_data, attestation) =
        key.make(&URL_SAFE_NO_PAD.encode(challenge), &Manner::default());
    let made = Registration {
        client_data,
        attestation,
    };
    let new = (DeviceKeyId::new([key.credential[0]; 16]), "phone");
    house
        .registry
        .add_device_key(claim, (&party(), &challenge), new, &made)
        .unwrap();
}

fn show(house: &House, who: &ExternalId, proof: Option<&ConsentsProof>) -> Option<OwnConsents> {
    let claim = house.claim(who);
    house.registry.show_own_consents(&claim, proof).unwrap()
}

fn holder(byte: u8) -> HolderPart {
    HolderPart::new(&[byte; 32]).unwrap()
}

fn show_to_holder(house: &House, who: &ExternalId, part: &HolderPart) -> Option<OwnConsents> {
    let claim = Claim {
        holder: Some(part),
        ..house.claim(who)
    };
    house.registry.show_own_consents(&claim, None).unwrap()
}

/// What the log says of somebody, but how they came to be: kind, outcome, purpose, and whether it was they.
fn logged(
    house: &House,
    claim: &Claim<'_>,
) -> Vec<(EventKind, Option<Outcome>, Option<Purpose>, bool)> {
    let export = house.registry.export(claim).unwrap();
    let events = export.events.iter().map(|entry| entry.event);
    let told = events.filter(|event| {
        matches!(
            event.kind,
            EventKind::Decided | EventKind::Exported | EventKind::ConsentWithdrawn
        )
    });
    told.map(|event| {
        (
            event.kind,
            event.outcome,
            event.purpose,
            event.is_their_own(),
        )
    })
    .collect()
}

#[test]
fn a_device_key_shows_its_owner_their_consents_and_the_log_says_to_whom() {
    let (house, ana, phone) = (House::new(), id("ana"), Authenticator::new(1));
    owner(&house, &ana, &phone);
    let seen = show(&house, &ana, Some(&good(&phone))).unwrap();
    assert_eq!(seen.consents.len(), 1);
    let entry = &seen.consents[0];
    assert_eq!(
        (entry.purpose, entry.state),
        (Purpose::Payment, ConsentState::Active)
    );
    assert_eq!(entry.grant.as_ref().unwrap().evidence, [0xe7; 32]);
    let of = |own| (EventKind::Exported, None, None, own);
    // The second is the export that this test looks with: by whoever has a key.
    assert_eq!(logged(&house, &house.claim(&ana)), [of(true), of(false)]);
    house.registry.audit().unwrap();
}

#[test]
fn an_answer_that_is_wrong_in_one_thing_shows_nothing_and_is_in_the_log() {
    let (house, ana, eva) = (House::new(), id("ana"), id("eva"));
    let (phone, theirs, tablet) = (
        Authenticator::new(1),
        Authenticator::new(2),
        Authenticator::new(3),
    );
    owner(&house, &ana, &phone);
    owner(&house, &eva, &theirs);
    let right = consents_challenge(LINK, &NONCE);
    let manner = Manner::default;
    let mut other_link = good(&phone);
    other_link.link = "a-BwcHBwcHBwcHBwcHBwcHBw".to_owned();
    let mut other_nonce = good(&phone);
    other_nonce.nonce = [1; 32];
    let mut borrowed = good(&theirs);
    borrowed.assertion.credential = phone.credential.clone();
    let wrong = [
        ("another person's passkey", good(&theirs)),
        ("another person's under her name", borrowed),
        ("one that was never registered", good(&tablet)),
        ("of another link", other_link),
        ("to another question", other_nonce),
        (
            "signed for a payment",
            signed(&phone, device_challenge(LINK, &NONCE, &[7; 32]), &manner()),
        ),
        (
            "from another page",
            signed(
                &phone,
                right,
                &Manner {
                    origin: "https://shop.example",
                    ..manner()
                },
            ),
        ),
        (
            "from within another page",
            signed(
                &phone,
                right,
                &Manner {
                    framed: true,
                    origin: ORIGIN,
                    ..manner()
                },
            ),
        ),
        (
            "without checking who it was",
            signed(
                &phone,
                right,
                &Manner {
                    flags: PRESENT,
                    ..manner()
                },
            ),
        ),
        (
            "of another ceremony",
            signed(
                &phone,
                right,
                &Manner {
                    kind: Some("webauthn.create"),
                    ..manner()
                },
            ),
        ),
    ];
    for (what, proof) in &wrong {
        assert!(show(&house, &ana, Some(proof)).is_none(), "{what}");
    }
    assert!(show(&house, &ana, None).is_none(), "without anything");
    assert!(
        show_to_holder(&house, &ana, &holder(9)).is_none(),
        "a holder part where none is"
    );
    // The control: the same passkey is right for her, and the other for its owner.
    assert!(show(&house, &ana, Some(&good(&phone))).is_some());
    assert!(show(&house, &eva, Some(&good(&theirs))).is_some());
    let refused = (EventKind::Decided, Some(Outcome::Reject), None, false);
    let log = logged(&house, &house.claim(&ana));
    assert_eq!(log.len(), wrong.len() + 2 + 2);
    assert!(log[..wrong.len() + 2].iter().all(|one| *one == refused));
    // Nobody's face was looked at: no attempt was counted.
    let export = house.registry.export(&house.claim(&ana)).unwrap();
    assert_eq!(export.attempts, 0);
    house.registry.audit().unwrap();
}

#[test]
fn a_holder_part_shows_its_holder_all_and_another_one_nothing() {
    let (house, ana, bob) = (House::new(), id("ana"), id("bob"));
    let (part, other) = (holder(1), holder(2));
    house.consented(&ana, Some(&part));
    house.consented(&bob, Some(&other));
    let seen = show_to_holder(&house, &ana, &part).unwrap();
    assert!(seen.consents[0].grant.is_some());
    assert!(show_to_holder(&house, &ana, &other).is_none());
    assert!(show(&house, &ana, None).is_none());
    assert!(show_to_holder(&house, &bob, &other).is_some());
    let claim = Claim {
        holder: Some(&part),
        ..house.claim(&ana)
    };
    let log = logged(&house, &claim);
    let refused = (EventKind::Decided, Some(Outcome::Reject), None, false);
    let shown = (EventKind::Exported, None, None, true);
    assert_eq!(log[..3], [shown, refused, refused]);
}

#[test]
fn a_subject_that_needs_no_holder_part_does_not_open_for_whoever_brings_one_or_none() {
    let (house, ana) = (House::new(), id("ana"));
    house.consented(&ana, None);
    assert!(show(&house, &ana, None).is_none());
    assert!(show_to_holder(&house, &ana, &holder(1)).is_none());
    // The control: the vault itself would have opened it.
    assert!(house.registry.unlock(&house.claim(&ana)).is_ok());
}

#[test]
fn a_device_key_of_a_holder_bound_subject_shows_what_needs_no_holder_part() {
    let (house, ana, phone) = (House::new(), id("ana"), Authenticator::new(1));
    let part = holder(1);
    house.consented(&ana, Some(&part));
    let claim = Claim {
        holder: Some(&part),
        ..house.claim(&ana)
    };
    agrees(&house, &claim, Purpose::Payment);
    register(&house, &claim, &phone);
    let seen = show(&house, &ana, Some(&good(&phone))).unwrap();
    assert_eq!(seen.consents.len(), 2);
    assert!(seen.consents.iter().all(|entry| entry.grant.is_none()));
}

#[test]
fn whoever_is_not_there_has_no_passkey_or_a_wrong_one_is_refused_at_one_cost() {
    let (house, ana, bob) = (House::new(), id("ana"), id("bob"));
    let (phone, tablet) = (Authenticator::new(1), Authenticator::new(2));
    owner(&house, &ana, &phone);
    house.consented(&bob, None);
    let (cleo, part) = (id("cleo"), holder(1));
    house.consented(&cleo, Some(&part));
    let cost = |who: &ExternalId, proof: Option<&ConsentsProof>, part: Option<&HolderPart>| {
        house.counts.take();
        let claim = Claim {
            holder: part,
            ..house.claim(who)
        };
        let seen = house.registry.show_own_consents(&claim, proof).unwrap();
        (seen.is_some(), house.counts.take())
    };
    let wrong = good(&tablet);
    let (_, known) = cost(&ana, Some(&wrong), None);
    for who in ["bob", "nobody", "cleo"] {
        assert_eq!(cost(&id(who), Some(&wrong), None), (false, known), "{who}");
    }
    let (_, known) = cost(&cleo, None, Some(&holder(2)));
    for who in ["bob", "nobody"] {
        let seen = cost(&id(who), None, Some(&holder(2)));
        assert_eq!(seen, (false, known), "{who}");
    }
    // The control: costs can differ.
    let (shown, right) = cost(&ana, Some(&good(&phone)), None);
    assert!(shown && right != known);
}

#[test]
fn what_a_subject_withdraws_themselves_blocks_verify_and_the_log_says_it_was_they() {
    let Some(mut worker) = worker() else { return };
    let (house, ana, phone) = (House::new(), id("ana"), Authenticator::new(1));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    agrees(&house, &house.claim(&ana), Purpose::Payment);
    register(&house, &house.claim(&ana), &phone);
    let seen = show(&house, &ana, Some(&good(&phone))).unwrap();
    // The control.
    let before = house.verify(&mut worker, &ana, "obama2.jpg");
    assert_eq!(before.answer, Answer::Accept, "{before:?}");
    let own = |purpose| {
        let claim = house.claim(&ana);
        house.registry.withdraw_own(&claim, seen.key, purpose)
    };
    let (ended, entries) = own(Purpose::Verify).unwrap().unwrap();
    assert_eq!(ended, 1);
    assert_eq!(entries[0].state, ConsentState::Withdrawn);
    assert_eq!(entries[1].state, ConsentState::Active);
    let after = house.verify(&mut worker, &ana, "obama2.jpg");
    assert_eq!(after.answer, Answer::Reject);
    assert_eq!(
        after.detail.finding,
        Finding::Consent(ConsentError::Withdrawn)
    );
    // Again is nothing, and the last takes the templates and the passkey along.
    assert_eq!(own(Purpose::Verify).unwrap().unwrap().0, 0);
    assert_eq!(own(Purpose::Payment).unwrap().unwrap().0, 1);
    let export = house.registry.export(&house.claim(&ana)).unwrap();
    assert!(export.references.is_empty() && export.device_keys.is_empty());
    // The operator's own is told apart.
    let subject = house.registry.subject(&house.collection, &ana).unwrap();
    agrees(&house, &house.claim(&ana), Purpose::Identify);
    house.registry.withdraw(&subject, None).unwrap();
    let log = logged(&house, &house.claim(&ana)).into_iter();
    let withdrawn: Vec<(Purpose, bool)> = log
        .filter(|(kind, ..)| *kind == EventKind::ConsentWithdrawn)
        .map(|(_, _, purpose, own)| (purpose.unwrap(), own))
        .collect();
    assert_eq!(
        withdrawn,
        [
            (Purpose::Verify, true),
            (Purpose::Payment, true),
            (Purpose::Identify, false)
        ]
    );
    house.registry.audit().unwrap();
}

#[test]
fn a_withdrawal_by_the_subject_stops_a_verification_at_every_step() {
    let Some(mut worker) = worker() else { return };
    for reading in 1..=5 {
        let (house, ana) = (House::new(), id("ana"));
        house.enrolled(&mut worker, &ana, &["obama.jpg"]);
        let key = house.registry.subject(&house.collection, &ana);
        let key = key.unwrap().key_id();
        let (other, collection, who) = (Arc::clone(&house.registry), house.collection, id("ana"));
        house.clock.at_reading(reading, move || {
            let claim = Claim {
                collection: &collection,
                subject: &who,
                holder: None,
            };
            let done = other.withdraw_own(&claim, key, Purpose::Verify);
            assert_eq!(done.unwrap().unwrap().0, 1);
        });
        let seen = house.verify(&mut worker, &ana, "obama2.jpg");
        assert!(!house.clock.hook_is_left(), "no reading {reading}");
        assert_eq!(seen.answer, Answer::Reject, "reading {reading}: {seen:?}");
    }
}

#[test]
fn somebody_who_is_given_the_same_id_later_is_not_withdrawn_for() {
    let (house, ana, phone) = (House::new(), id("ana"), Authenticator::new(1));
    owner(&house, &ana, &phone);
    let seen = show(&house, &ana, Some(&good(&phone))).unwrap();
    let erased = |who: &ExternalId| {
        let subject = house.registry.subject(&house.collection, who).unwrap();
        house.registry.erase(&subject, None).unwrap();
    };
    erased(&ana);
    let own = || {
        let claim = house.claim(&ana);
        let done = house
            .registry
            .withdraw_own(&claim, seen.key, Purpose::Payment);
        done.unwrap()
    };
    assert!(own().is_none());
    assert!(show(&house, &ana, Some(&good(&phone))).is_none());
    owner(&house, &ana, &Authenticator::new(2));
    assert!(own().is_none());
    assert!(show(&house, &ana, Some(&good(&phone))).is_none());
    let subject = house.registry.subject(&house.collection, &ana).unwrap();
    let consents = house.registry.consents(&subject).unwrap();
    assert_eq!(consents[0].state, ConsentState::Active);
}

#[test]
fn whoever_is_locked_out_by_strangers_faces_still_sees_and_withdraws() {
    let Some(mut worker) = worker() else { return };
    let (house, ana, phone) = (House::new(), id("ana"), Authenticator::new(1));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    agrees(&house, &house.claim(&ana), Purpose::Payment);
    register(&house, &house.claim(&ana), &phone);
    for _ in 0..6 {
        house.verify(&mut worker, &ana, "biden.jpg");
    }
    let locked = house.verify(&mut worker, &ana, "obama2.jpg");
    assert_eq!(locked.answer, Answer::NotPermitted);
    let seen = show(&house, &ana, Some(&good(&phone))).unwrap();
    let claim = house.claim(&ana);
    let done = house
        .registry
        .withdraw_own(&claim, seen.key, Purpose::Verify);
    assert_eq!(done.unwrap().unwrap().0, 1);
    // Nor did seeing them give any attempt back.
    let still = house.verify(&mut worker, &ana, "obama2.jpg");
    assert_eq!(still.answer, Answer::NotPermitted);
}
