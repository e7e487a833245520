//! Device keys on a real vault: who may register one, what it must sign, what a payment makes of it.
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

use authenticator::{Authenticator, Manner, PARTY, PRESENT};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_core::vault::{
    ConsentError, EventKind, ExternalId, MAX_DEVICE_KEYS, Purpose, VaultError,
};
use countenance_core::{
    Agreement, Approval, Assertion, CapturePolicy, CurrencyLimit, DeviceFault, DeviceKey,
    DeviceKeyError, DeviceKeyId, DeviceProof, Finding, Judged, PaymentId, PaymentLimits,
    PaymentState, Question, Registration, RelyingParty, SessionOutcome, Terms, Verdict, Worker,
    device_challenge,
};
use given::{House, agreement, id, photo, worker};
use proptest::prelude::{any, prop, proptest};
use std::collections::BTreeSet;
use std::sync::Arc;

const CHALLENGE: [u8; 32] = [0xc4; 32];
const NONCE: [u8; 32] = [0x0e; 32];
const SESSION: &str = "a-Jk3vQ2m8Xw0cT5rP1uYs7A";

fn party() -> RelyingParty {
    RelyingParty::new(PARTY, &[]).unwrap()
}

fn made(key: &Authenticator, manner: &Manner) -> Registration {
    let (client_data, attestation) = key.make(&URL_SAFE_NO_PAD.encode(CHALLENGE), manner);
    Registration {
        client_data,
        attestation,
    }
}

fn register(
    house: &House,
    who: &ExternalId,
    number: u8,
    registration: &Registration,
) -> Result<DeviceKey, DeviceKeyError> {
    let new = (DeviceKeyId::new([number; 16]), "phone");
    house
        .registry
        .add_device_key(&house.claim(who), (&party(), &CHALLENGE), new, registration)
}

fn pays(house: &House, who: &ExternalId, days: u64) {
    let agreed = Agreement {
        purpose: Purpose::Payment,
        ..agreement(days)
    };
    house
        .registry
        .grant_consent(&house.claim(who), &agreed)
        .unwrap();
}

fn keys(house: &House, who: &ExternalId) -> Vec<DeviceKey> {
    house.registry.device_keys(&house.claim(who)).unwrap()
}

/// What the log says of device keys: numbers as in docs/spec/vault-v1.md.
fn logged(house: &House, who: &ExternalId) -> Vec<u16> {
    let export = house.registry.export(&house.claim(who)).unwrap();
    let events = export.events.iter().map(|entry| entry.event);
    let of_keys = events.filter(|event| event.kind == EventKind::DeviceKeyChanged);
    of_keys.map(|event| event.number).collect()
}

#[test]
fn a_device_key_is_registered_once_listed_exported_and_removed_and_the_log_has_it() {
    let house = House::new();
    let ana = id("ana");
    house.registry.add_subject(&house.claim(&ana)).unwrap();
    pays(&house, &ana, 300);
    let phone = Authenticator::new(1);
    let one = register(&house, &ana, 1, &made(&phone, &Manner::default())).unwrap();
    assert_eq!(keys(&house, &ana), std::slice::from_ref(&one));
    assert_eq!(one.credential(), phone.credential);
    assert_eq!(
        (one.label(), one.is_synced(), one.used()),
        ("phone", false, None)
    );
    let again = register(&house, &ana, 2, &made(&phone, &Manner::default()));
    assert!(matches!(
        again,
        Err(DeviceKeyError::Vault(VaultError::Exists {
            what: "device key"
        }))
    ));
    let offer = house
        .registry
        .offer_device_key(&house.claim(&ana), "tablet")
        .unwrap();
    assert_eq!(offer.known, std::slice::from_ref(&phone.credential));
    let export = house.registry.export(&house.claim(&ana)).unwrap();
    assert_eq!(export.device_keys.len(), 1);
    assert!(export.payments.is_empty(), "it is no payment");
    let remove = || {
        house
            .registry
            .remove_device_key(&house.claim(&ana), one.id())
    };
    remove().unwrap();
    assert!(matches!(remove(), Err(DeviceKeyError::Unknown)));
    assert!(keys(&house, &ana).is_empty());
    assert_eq!(logged(&house, &ana), [1, 2]);
}

#[test]
fn a_person_has_so_many_device_keys_and_each_has_a_label_that_can_be_shown() {
    let house = House::new();
    let ana = id("ana");
    house.registry.add_subject(&house.claim(&ana)).unwrap();
    pays(&house, &ana, 300);
    for number in 0..MAX_DEVICE_KEYS as u8 {
        let key = Authenticator::new(number);
        register(&house, &ana, number, &made(&key, &Manner::default())).unwrap();
    }
    let key = Authenticator::new(99);
    let refused = register(&house, &ana, 99, &made(&key, &Manner::default()));
    assert!(matches!(
        refused,
        Err(DeviceKeyError::Vault(VaultError::Limit { .. }))
    ));
    let full = house.registry.offer_device_key(&house.claim(&ana), "");
    assert!(matches!(
        full,
        Err(DeviceKeyError::Vault(VaultError::Limit { .. }))
    ));
    for label in ["two\nlines", &"x".repeat(33), &"\u{1f4f1}".repeat(32)] {
        let refused = house.registry.offer_device_key(&house.claim(&ana), label);
        assert!(matches!(refused, Err(DeviceKeyError::Label)), "{label}");
    }
}

#[test]
fn device_keys_belong_to_the_consent_for_payments_and_go_with_it() {
    let house = House::new();
    let ana = id("ana");
    let (phone, good) = (Authenticator::new(1), Manner::default());
    house.registry.add_subject(&house.claim(&ana)).unwrap();
    let without = register(&house, &ana, 1, &made(&phone, &good));
    assert!(matches!(
        without,
        Err(DeviceKeyError::Vault(VaultError::Consent(
            ConsentError::Missing
        )))
    ));
    let verify = agreement(300);
    house
        .registry
        .grant_consent(&house.claim(&ana), &verify)
        .unwrap();
    assert!(
        register(&house, &ana, 1, &made(&phone, &good)).is_err(),
        "it is for payments"
    );
    pays(&house, &ana, 100);
    register(&house, &ana, 2, &made(&phone, &good)).unwrap();
    let subject = house.registry.subject(&house.collection, &ana).unwrap();
    // Another consent ends, and they stay.
    house
        .registry
        .withdraw(&subject, Some(Purpose::Verify))
        .unwrap();
    assert_eq!(keys(&house, &ana).len(), 1);
    house
        .registry
        .withdraw(&subject, Some(Purpose::Payment))
        .unwrap();
    assert!(keys(&house, &ana).is_empty());
    // What ran out and was not looked at yet is not revived by agreeing anew; agreeing while it stands keeps them.
    pays(&house, &ana, 100);
    register(&house, &ana, 3, &made(&phone, &good)).unwrap();
    pays(&house, &ana, 200);
    assert_eq!(keys(&house, &ana).len(), 1);
    house.clock.forward(201 * given::DAY);
    pays(&house, &ana, 100);
    assert!(keys(&house, &ana).is_empty());
}

#[test]
fn a_registration_that_is_wrong_in_one_thing_is_refused_by_its_name() {
    let house = House::new();
    let ana = id("ana");
    house.registry.add_subject(&house.claim(&ana)).unwrap();
    pays(&house, &ana, 300);
    let phone = Authenticator::new(1);
    let good = Manner::default;
    let mut cases = vec![
        (
            DeviceFault::Kind,
            made(
                &phone,
                &Manner {
                    kind: Some("webauthn.get"),
                    ..good()
                },
            ),
        ),
        (
            DeviceFault::Origin,
            made(
                &phone,
                &Manner {
                    origin: "https://pay.example.evil",
                    ..good()
                },
            ),
        ),
        (
            DeviceFault::Origin,
            made(
                &phone,
                &Manner {
                    origin: "http://pay.example",
                    ..good()
                },
            ),
        ),
        (
            DeviceFault::Framed,
            made(
                &phone,
                &Manner {
                    framed: true,
                    ..good()
                },
            ),
        ),
        (
            DeviceFault::RelyingParty,
            made(
                &phone,
                &Manner {
                    party: "shop.example",
                    ..good()
                },
            ),
        ),
        (
            DeviceFault::Verified,
            made(
                &phone,
                &Manner {
                    flags: PRESENT,
                    ..good()
                },
            ),
        ),
        (
            DeviceFault::Present,
            made(
                &phone,
                &Manner {
                    flags: authenticator::VERIFIED,
                    ..good()
                },
            ),
        ),
        (
            DeviceFault::AuthenticatorData,
            made(
                &phone,
                &Manner {
                    flags: 5 | 0x10,
                    ..good()
                },
            ),
        ),
    ];
    let (client_data, attestation) = phone.make(&URL_SAFE_NO_PAD.encode([1; 32]), &good());
    let other = Registration {
        client_data,
        attestation,
    };
    cases.push((DeviceFault::Challenge, other));
    let mut cut = made(&phone, &good());
    cut.attestation.pop();
    cases.push((DeviceFault::Attestation, cut));
    let mut doubled = made(&phone, &good());
    let twice = String::from_utf8(doubled.client_data).unwrap();
    doubled.client_data = twice
        .replacen('{', "{\"origin\":\"https://pay.example\",", 1)
        .into_bytes();
    cases.push((DeviceFault::ClientData, doubled));
    let mut short = Authenticator::new(1);
    short.credential.truncate(15);
    cases.push((DeviceFault::Credential, made(&short, &good())));
    for (number, (fault, registration)) in cases.iter().enumerate() {
        match register(&house, &ana, 1, registration) {
            Err(DeviceKeyError::Answer(found)) => assert_eq!(found, *fault, "{number}"),
            other => panic!("{fault:?}: {other:?}"),
        }
    }
    // The control.
    register(&house, &ana, 1, &made(&phone, &good())).unwrap();
}

proptest! {
    #[test]
    fn whatever_a_browser_sends_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0..200_usize, byte: u8) {
        let (id, now) = (DeviceKeyId::new([1; 16]), countenance_core::vault::Timestamp::from_unix(1));
        let mut altered = made(&Authenticator::new(1), &Manner::default());
        let inside = at % altered.attestation.len();
        altered.attestation[inside] = byte;
        let client_data = altered.client_data.clone();
        for registration in [altered, Registration { client_data, attestation: bytes }] {
            if let Ok(key) = registration.read((&party(), &CHALLENGE), (id, ""), now) {
                assert_eq!(DeviceKey::from_bytes(&key.to_bytes()), Some(key));
            }
        }
    }
}

// Payments.

fn verdict(worker: &mut Worker, name: &str) -> Verdict {
    let done = worker.extract(&photo(name), &CapturePolicy::default());
    Verdict::Judged(Judged {
        failed: BTreeSet::new(),
        measured: Vec::new(),
        probe: done.unwrap().template.unwrap(),
    })
}

/// A payment that was made and shown.
fn shown(house: &House, who: &ExternalId, number: u8) -> (PaymentId, [u8; 32]) {
    let money = (1250, "EUR".parse().unwrap());
    let now = house.registry.now();
    let payment = PaymentId::new([number; 16]);
    let terms = Terms::new(payment, money, ("Café Ana", "2026-1138"), (now, 600)).unwrap();
    let digest = terms.sha256();
    let registry = &house.registry;
    registry
        .make_payment(&house.claim(who), terms, true)
        .unwrap();
    registry
        .show_payment(&house.collection, payment, &digest)
        .unwrap();
    (payment, digest)
}

fn state(house: &House, payment: PaymentId) -> PaymentState {
    let payment = house.registry.payment(&house.collection, payment).unwrap();
    payment.state(house.registry.now())
}

/// What a key signed in a session about this.
fn signed(key: &Authenticator, digest: &[u8; 32], manner: &Manner) -> DeviceProof {
    let challenge = device_challenge(SESSION, &NONCE, digest);
    let signed = key.sign(&URL_SAFE_NO_PAD.encode(challenge), manner);
    DeviceProof {
        party: Arc::new(party()),
        session: SESSION.to_owned(),
        nonce: NONCE,
        assertion: Assertion {
            credential: key.credential.clone(),
            client_data: signed.client_data,
            authenticator_data: signed.authenticator_data,
            signature: signed.signature,
        },
    }
}

fn decide(
    house: &House,
    worker: &Worker,
    who: &ExternalId,
    (payment, digest): (PaymentId, [u8; 32]),
    device: Option<DeviceProof>,
    verdict: Verdict,
) -> (SessionOutcome, Finding) {
    let euro = CurrencyLimit {
        currency: "EUR".parse().unwrap(),
        most: 5000,
        per_day: 1_000_000,
    };
    let approval = Approval {
        payment,
        ticket: [1; 16],
        shown: digest,
        device,
        limits: PaymentLimits {
            currencies: vec![euro],
            ..PaymentLimits::default()
        },
    };
    let claim = house.claim(who);
    let question = Question::Payment(&claim, &approval);
    let done = house.registry.decide_session(worker, question, verdict);
    let done = done.unwrap();
    (done.outcome, done.finding.unwrap())
}

/// Somebody who pays with their face and a phone.
fn payer(house: &House, worker: &mut Worker, who: &ExternalId, phone: &Authenticator, number: u8) {
    house.registry.add_subject(&house.claim(who)).unwrap();
    let agreed = Agreement {
        purpose: Purpose::Payment,
        ..agreement(300)
    };
    let claim = house.claim(who);
    let (subject, consent) = house.registry.grant_consent(&claim, &agreed).unwrap();
    house.enroll(worker, &subject, &consent, &["obama.jpg"]);
    register(house, who, number, &made(phone, &Manner::default())).unwrap();
}

#[test]
fn the_policy_takes_the_face_and_the_device_key_and_neither_alone() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let (ana, phone) = (id("ana"), Authenticator::new(1));
    payer(&house, &mut worker, &ana, &phone, 1);
    let right = verdict(&mut worker, "obama2.jpg");
    let wrong = verdict(&mut worker, "biden.jpg");
    for (number, face, key, finding) in [
        (1, &right, true, Finding::Matched),
        (2, &right, false, Finding::DeviceKey),
        (3, &wrong, true, Finding::NotMatched),
        (4, &wrong, false, Finding::DeviceKey),
    ] {
        let one = shown(&house, &ana, number);
        let device = key.then(|| signed(&phone, &one.1, &Manner::default()));
        let (outcome, found) = decide(&house, &worker, &ana, one, device, face.clone());
        assert_eq!(found, finding);
        let accepted = outcome == SessionOutcome::Accept;
        assert_eq!(accepted, found == Finding::Matched);
        let now = state(&house, one.0);
        match accepted {
            true => assert!(matches!(now, PaymentState::Authorized { device: true, .. })),
            false => assert_eq!(now, PaymentState::Refused),
        }
    }
    assert_eq!(keys(&house, &ana)[0].used(), Some(house.registry.now()));
}

#[test]
fn a_device_key_that_is_wrong_in_one_thing_approves_nothing_and_counts_as_an_attempt() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let (ana, eva) = (id("ana"), id("eva"));
    let (phone, tablet, theirs) = (
        Authenticator::new(1),
        Authenticator::new(2),
        Authenticator::new(3),
    );
    payer(&house, &mut worker, &ana, &phone, 1);
    payer(&house, &mut worker, &eva, &theirs, 2);
    let right = verdict(&mut worker, "obama2.jpg");
    let good = Manner::default;
    let attempts = || house.registry.export(&house.claim(&ana)).unwrap().attempts;
    // The first is approved; what it signed is replayed below.
    let first = shown(&house, &ana, 1);
    let once = signed(&phone, &first.1, &good());
    let done = decide(
        &house,
        &worker,
        &ana,
        first,
        Some(once.clone()),
        right.clone(),
    );
    assert_eq!(done, (SessionOutcome::Accept, Finding::Matched));
    type Make<'a> = &'a dyn Fn(&[u8; 32]) -> DeviceProof;
    let with =
        |key: &Authenticator, digest: &[u8; 32], manner: Manner| signed(key, digest, &manner);
    let cases: [(&str, Make<'_>); 13] = [
        ("replayed for another payment", &|_| once.clone()),
        ("of another session", &|digest| DeviceProof {
            session: "a-another".to_owned(),
            ..with(&phone, digest, good())
        }),
        ("of another nonce", &|digest| DeviceProof {
            nonce: [9; 32],
            ..with(&phone, digest, good())
        }),
        ("of other terms", &|_| with(&phone, &[5; 32], good())),
        ("another person's key", &|digest| {
            with(&theirs, digest, good())
        }),
        ("a key that was never registered", &|digest| {
            with(&tablet, digest, good())
        }),
        ("another key under this one's name", &|digest| {
            let mut other = with(&tablet, digest, good());
            other.assertion.credential.clone_from(&phone.credential);
            other
        }),
        ("nobody verified", &|digest| {
            with(
                &phone,
                digest,
                Manner {
                    flags: PRESENT,
                    ..good()
                },
            )
        }),
        ("nobody present", &|digest| {
            with(
                &phone,
                digest,
                Manner {
                    flags: authenticator::VERIFIED,
                    ..good()
                },
            )
        }),
        ("a page of another origin", &|digest| {
            with(
                &phone,
                digest,
                Manner {
                    origin: "https://pay.example.evil",
                    ..good()
                },
            )
        }),
        ("a page in another's frame", &|digest| {
            with(
                &phone,
                digest,
                Manner {
                    framed: true,
                    ..good()
                },
            )
        }),
        ("another relying party", &|digest| {
            with(
                &phone,
                digest,
                Manner {
                    party: "shop.example",
                    ..good()
                },
            )
        }),
        ("an altered signature", &|digest| {
            let mut other = with(&phone, digest, good());
            other.assertion.signature[12] ^= 1;
            other
        }),
    ];
    for (number, (name, make)) in cases.iter().enumerate() {
        house.clock.forward(3600);
        let one = shown(&house, &ana, 10 + number as u8);
        let before = attempts();
        let done = decide(
            &house,
            &worker,
            &ana,
            one,
            Some(make(&one.1)),
            right.clone(),
        );
        assert_eq!(done, (SessionOutcome::Reject, Finding::DeviceKey), "{name}");
        assert_eq!(state(&house, one.0), PaymentState::Refused, "{name}");
        assert_eq!(attempts(), before + 1, "{name}");
    }
    // A key that was removed signs nothing any more; the control is that it does before.
    house.clock.forward(3600);
    let one = shown(&house, &ana, 50);
    let device = signed(&phone, &one.1, &good());
    let done = decide(&house, &worker, &ana, one, Some(device), right.clone());
    assert_eq!(done, (SessionOutcome::Accept, Finding::Matched));
    house
        .registry
        .remove_device_key(&house.claim(&ana), DeviceKeyId::new([1; 16]))
        .unwrap();
    let two = shown(&house, &ana, 51);
    let device = signed(&phone, &two.1, &good());
    let done = decide(&house, &worker, &ana, two, Some(device), right);
    assert_eq!(done, (SessionOutcome::Reject, Finding::DeviceKey));
}

#[test]
fn a_counter_that_goes_backwards_or_stands_still_is_refused_and_logged() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let (ana, phone) = (id("ana"), Authenticator::new(1));
    payer(&house, &mut worker, &ana, &phone, 1);
    let right = verdict(&mut worker, "obama2.jpg");
    for (number, counter, finding) in [
        (1, 0, Finding::Matched),
        (2, 7, Finding::Matched),
        (3, 7, Finding::DeviceKey),
        (4, 6, Finding::DeviceKey),
        (5, 0, Finding::DeviceKey),
        (6, 8, Finding::Matched),
    ] {
        let one = shown(&house, &ana, number);
        let manner = Manner {
            counter,
            ..Manner::default()
        };
        let device = signed(&phone, &one.1, &manner);
        let (_, found) = decide(&house, &worker, &ana, one, Some(device), right.clone());
        assert_eq!(found, finding, "{counter}");
    }
    assert_eq!(logged(&house, &ana), [1, 3, 3, 3]);
}

#[test]
fn whoever_is_not_there_is_asked_for_a_device_key_at_the_same_cost() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let (ana, nobody) = (id("ana"), id("nobody"));
    let (phone, tablet) = (Authenticator::new(1), Authenticator::new(2));
    payer(&house, &mut worker, &ana, &phone, 1);
    let right = verdict(&mut worker, "obama2.jpg");
    let mut costs = Vec::new();
    for (number, who, finding) in [
        (1, &ana, Finding::DeviceKey),
        (2, &nobody, Finding::Unknown),
    ] {
        house.counts.take();
        let one = shown(&house, who, number);
        let made = house.counts.take();
        let device = signed(&tablet, &one.1, &Manner::default());
        let done = decide(&house, &worker, who, one, Some(device), right.clone());
        assert_eq!(done, (SessionOutcome::Reject, finding));
        assert_eq!(state(&house, one.0), PaymentState::Refused);
        costs.push((made, house.counts.take()));
    }
    assert_eq!(costs[0], costs[1]);
}
