//! Payments on a real vault with real photos: who approves what, what it costs, what stays.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_core::vault::store::PaymentPlace;
use countenance_core::vault::{ExternalId, Purpose, VaultError};
use countenance_core::{
    Agreement, Approval, CapturePolicy, Check, Claim, CurrencyLimit, Finding, Judged, PayError,
    Payment, PaymentError, PaymentId, PaymentLimits, PaymentState, QualityCause, Question,
    SessionOutcome, Terms, Verdict, VerifyError, Worker,
};
use given::{House, agreement, id, photo, worker};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

fn verdict(worker: &mut Worker, name: &str, failed: &[Check]) -> Verdict {
    let done = worker.extract(&photo(name), &CapturePolicy::default());
    let failed: BTreeSet<Check> = failed.iter().copied().collect();
    let probe = done.unwrap().template.unwrap();
    Verdict::Judged(Judged {
        failed,
        measured: Vec::new(),
        probe,
    })
}

fn limits() -> PaymentLimits {
    PaymentLimits {
        currencies: vec![CurrencyLimit {
            currency: "EUR".parse().unwrap(),
            most: 5000,
            per_day: 6000,
        }],
        ..PaymentLimits::default()
    }
}

/// A subject who agreed to pay with their face.
fn payer(house: &House, worker: &mut Worker, who: &ExternalId) {
    house.enrolled(worker, who, &["obama.jpg"]);
    let agreed = Agreement {
        purpose: Purpose::Payment,
        ..agreement(300)
    };
    house
        .registry
        .grant_consent(&house.claim(who), &agreed)
        .unwrap();
}

fn make(house: &House, who: &ExternalId, number: u8, amount: u64) -> PaymentId {
    let id = PaymentId::new([number; 16]);
    let money = (amount, "EUR".parse().unwrap());
    let now = house.registry.now();
    let terms = Terms::new(id, money, ("Café Ana", "2026-1138"), (now, 600)).unwrap();
    house
        .registry
        .make_payment(&house.claim(who), terms, false)
        .unwrap();
    id
}

fn payment(house: &House, id: PaymentId) -> Payment {
    house.registry.payment(&house.collection, id).unwrap()
}

fn state(house: &House, id: PaymentId) -> PaymentState {
    payment(house, id).state(house.registry.now())
}

fn approval(house: &House, id: PaymentId, ticket: u8) -> Approval {
    Approval {
        payment: id,
        ticket: [ticket; 16],
        shown: payment(house, id).terms().sha256(),
        device: None,
        limits: limits(),
    }
}

fn show(house: &House, id: PaymentId) {
    let shown = payment(house, id).terms().sha256();
    house
        .registry
        .show_payment(&house.collection, id, &shown)
        .unwrap();
}

fn decide(
    house: &House,
    worker: &Worker,
    who: &ExternalId,
    approval: &Approval,
    verdict: Verdict,
) -> (SessionOutcome, Option<Finding>) {
    let claim = house.claim(who);
    let question = Question::Payment(&claim, approval);
    let done = house
        .registry
        .decide_session(worker, question, verdict)
        .unwrap();
    (done.outcome, done.finding)
}

#[test]
fn the_payer_approves_once_and_whoever_comes_second_does_not() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    payer(&house, &mut worker, &ana);
    let one = make(&house, &ana, 1, 1250);
    show(&house, one);
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let approval = approval(&house, one, 1);
    let (outcome, _) = decide(&house, &worker, &ana, &approval, right.clone());
    assert_eq!(outcome, SessionOutcome::Accept);
    assert!(matches!(
        state(&house, one),
        PaymentState::Authorized { device: false, .. }
    ));
    for ticket in [1, 2] {
        let again = Approval {
            ticket: [ticket; 16],
            ..approval.clone()
        };
        let (outcome, finding) = decide(&house, &worker, &ana, &again, right.clone());
        assert_eq!(
            (outcome, finding),
            (SessionOutcome::Reject, Some(Finding::Payment))
        );
    }
    let logged = house.registry.export(&house.claim(&ana)).unwrap();
    let accepted = logged.events.iter().filter(|entry| {
        entry.event.purpose == Some(Purpose::Payment)
            && entry.event.outcome == Some(countenance_core::vault::Outcome::Accept)
    });
    assert_eq!(accepted.count(), 1);
    assert_eq!(logged.payments.len(), 1);
}

#[test]
fn what_was_shown_otherwise_to_another_or_not_at_all_is_not_approved() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let (ana, eva) = (id("ana"), id("eva"));
    payer(&house, &mut worker, &ana);
    payer(&house, &mut worker, &eva);
    let right = verdict(&mut worker, "obama2.jpg", &[]);

    let unseen = make(&house, &ana, 1, 1250);
    let given = approval(&house, unseen, 1);
    let (outcome, _) = decide(&house, &worker, &ana, &given, right.clone());
    assert_eq!(outcome, SessionOutcome::Reject, "nobody was shown it");
    assert_eq!(state(&house, unseen), PaymentState::Created);

    let altered = make(&house, &ana, 2, 1250);
    let other = payment(&house, unseen).terms().sha256();
    let shown = house
        .registry
        .show_payment(&house.collection, altered, &other);
    assert!(matches!(
        shown,
        Err(PayError::Payment(PaymentError::OtherTerms))
    ));
    show(&house, altered);
    let given = Approval {
        shown: other,
        ..approval(&house, altered, 1)
    };
    let (outcome, _) = decide(&house, &worker, &ana, &given, right.clone());
    assert_eq!(outcome, SessionOutcome::Reject, "something else was shown");

    // Eva's own face is right, but it is Ana's payment.
    let given = approval(&house, altered, 1);
    let (outcome, finding) = decide(&house, &worker, &eva, &given, right.clone());
    assert_eq!(
        (outcome, finding),
        (SessionOutcome::Reject, Some(Finding::Payment))
    );
    assert_eq!(state(&house, altered), PaymentState::Shown);

    // The control.
    let (outcome, _) = decide(&house, &worker, &ana, &given, right);
    assert_eq!(outcome, SessionOutcome::Accept);
}

#[test]
fn all_refusals_cost_the_same_and_end_the_payment() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let (ana, ben, nobody) = (id("ana"), id("ben"), id("nobody"));
    // One consent, as the decoy has: each that stands is looked up in the ledger of withdrawals.
    house.registry.add_subject(&house.claim(&ana)).unwrap();
    let agreed = Agreement {
        purpose: Purpose::Payment,
        ..agreement(300)
    };
    let claim = house.claim(&ana);
    let (subject, consent) = house.registry.grant_consent(&claim, &agreed).unwrap();
    house.enroll(&mut worker, &subject, &consent, &["obama.jpg"]);
    // Enrolled, and never asked about payments.
    house.enrolled(&mut worker, &ben, &["obama.jpg"]);
    let wrong = verdict(&mut worker, "biden.jpg", &[]);
    let still = verdict(&mut worker, "obama2.jpg", &[Check::Early]);
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let mut costs = Vec::new();
    for (number, who, verdict, expected) in [
        (1, &ana, &wrong, "not_matched"),
        (2, &ana, &still, "not_live"),
        (3, &nobody, &right, "unknown_subject"),
        (4, &ben, &right, "consent_missing"),
    ] {
        house.counts.take();
        let one = make(&house, who, number, 1250);
        let made = house.counts.take();
        show(&house, one);
        let shown = house.counts.take();
        let given = approval(&house, one, 1);
        house.counts.take();
        let (outcome, finding) = decide(&house, &worker, who, &given, verdict.clone());
        assert_eq!(
            (outcome, finding.unwrap().name()),
            (SessionOutcome::Reject, expected)
        );
        costs.push((made, shown, house.counts.take()));
        assert_eq!(state(&house, one), PaymentState::Refused, "{expected}");
    }
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
}

#[test]
fn poor_pictures_leave_a_payment_as_it_is_and_a_cancellation_wins() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    payer(&house, &mut worker, &ana);
    let one = make(&house, &ana, 1, 1250);
    show(&house, one);
    let given = approval(&house, one, 1);
    let poor = Verdict::Recapture(QualityCause::TooDark);
    let (outcome, _) = decide(&house, &worker, &ana, &given, poor);
    assert_eq!(outcome, SessionOutcome::Recapture);
    assert_eq!(state(&house, one), PaymentState::Shown);
    let canceled = house
        .registry
        .cancel_payment(&house.collection, one)
        .unwrap();
    assert_eq!(canceled.state(house.registry.now()), PaymentState::Canceled);
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let (outcome, finding) = decide(&house, &worker, &ana, &given, right.clone());
    assert_eq!(
        (outcome, finding),
        (SessionOutcome::Reject, Some(Finding::Payment))
    );

    let late = make(&house, &ana, 2, 1250);
    show(&house, late);
    let given = approval(&house, late, 1);
    house.clock.forward(601);
    let (outcome, _) = decide(&house, &worker, &ana, &given, right);
    assert_eq!(outcome, SessionOutcome::Reject);
    assert_eq!(state(&house, late), PaymentState::Expired);
}

#[test]
fn whoever_makes_payments_and_cancels_them_locks_nobody_out() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    payer(&house, &mut worker, &ana);
    let attempts = || house.registry.export(&house.claim(&ana)).unwrap().attempts;
    let wrong = verdict(&mut worker, "biden.jpg", &[]);
    for number in 0..60 {
        let one = make(&house, &ana, number, 1250);
        show(&house, one);
        let given = approval(&house, one, 1);
        match number % 3 {
            0 => drop(house.registry.cancel_payment(&house.collection, one)),
            1 => house.clock.forward(601),
            _ => continue,
        }
        house.counts.records.store(0, Ordering::SeqCst);
        let done = decide(&house, &worker, &ana, &given, wrong.clone());
        assert_eq!(done, (SessionOutcome::Reject, Some(Finding::Payment)));
        // What is not counted is not compared either.
        assert_eq!(house.counts.records.load(Ordering::SeqCst), 0);
    }
    assert_eq!(attempts(), 0);
    let one = make(&house, &ana, 100, 1250);
    show(&house, one);
    let given = approval(&house, one, 1);
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let (outcome, _) = decide(&house, &worker, &ana, &given, right);
    assert_eq!(outcome, SessionOutcome::Accept, "control: she still pays");
}

/// What a merchant, a payer and whoever is at their side may do, in any order.
#[derive(Clone, Copy, Debug)]
enum Act {
    Cancel,
    Decide { ticket: u8, poor: bool },
    Make,
    Show,
    Wait,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// A face that was compared was counted before, and a payment is worth one look at most.
    #[test]
    fn an_attempt_is_counted_where_the_payer_was_compared_and_nowhere_else(
        acts in prop::collection::vec(prop_oneof![
            Just(Act::Cancel),
            (0..3_u8, prop::bool::weighted(0.2)).prop_map(|(ticket, poor)| Act::Decide { ticket, poor }),
            Just(Act::Make),
            Just(Act::Show),
            Just(Act::Wait),
        ], 1..24),
    ) {
        let Some(mut worker) = worker() else { return Ok(()) };
        let house = House::new();
        let ana = id("ana");
        payer(&house, &mut worker, &ana);
        let attempts = || house.registry.export(&house.claim(&ana)).unwrap().attempts;
        let wrong = verdict(&mut worker, "biden.jpg", &[]);
        let (mut number, mut looks) = (0, 0);
        let mut one = make(&house, &ana, number, 1250);
        for act in acts {
            match act {
                Act::Cancel => drop(house.registry.cancel_payment(&house.collection, one)),
                Act::Make => {
                    number += 1;
                    one = make(&house, &ana, number, 1250);
                }
                Act::Show => {
                    let shown = payment(&house, one).terms().sha256();
                    drop(house.registry.show_payment(&house.collection, one, &shown));
                }
                Act::Wait => house.clock.forward(400),
                Act::Decide { ticket, poor } => {
                    let open = state(&house, one) == PaymentState::Shown;
                    let given = approval(&house, one, ticket);
                    let verdict = if poor {
                        Verdict::Recapture(QualityCause::TooDark)
                    } else {
                        wrong.clone()
                    };
                    let before = attempts();
                    house.counts.records.store(0, Ordering::SeqCst);
                    let (outcome, finding) = decide(&house, &worker, &ana, &given, verdict);
                    let read = house.counts.records.load(Ordering::SeqCst) > 0;
                    prop_assert_ne!(outcome, SessionOutcome::Accept);
                    prop_assert_eq!(read, open && !poor, "{:?}", finding);
                    let locked = matches!(finding, Some(Finding::Locked(_)));
                    prop_assert_eq!(attempts() > before, read && !locked);
                    looks += usize::from(read);
                    if open && !poor {
                        prop_assert_eq!(state(&house, one), PaymentState::Refused);
                    }
                }
            }
        }
        prop_assert!(looks <= usize::from(number) + 1, "one look for each payment");
    }
}

#[test]
fn who_cancels_while_a_face_is_judged_gives_no_attempt_back() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    payer(&house, &mut worker, &ana);
    let one = make(&house, &ana, 1, 1250);
    show(&house, one);
    let given = approval(&house, one, 1);
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    // It was begun and counted; the merchant comes before the answer.
    house.faults.refused_write.store(2, Ordering::SeqCst);
    let claim = house.claim(&ana);
    let question = Question::Payment(&claim, &given);
    let failed = house.registry.decide_session(&worker, question, right);
    assert!(failed.is_err(), "control: it was to be approved");
    let canceled = house.registry.cancel_payment(&house.collection, one);
    let now = house.registry.now();
    assert_eq!(canceled.unwrap().state(now), PaymentState::Canceled);
    let export = house.registry.export(&claim).unwrap();
    assert_eq!(export.attempts, 1);
}

#[test]
fn limits_of_the_day_refuse_the_right_face_too() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    payer(&house, &mut worker, &ana);
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    for (number, amount, expected) in [
        (1, 4000, SessionOutcome::Accept),
        (2, 2001, SessionOutcome::Reject),
        (3, 2000, SessionOutcome::Accept),
        (4, 1, SessionOutcome::Reject),
    ] {
        let one = make(&house, &ana, number, amount);
        show(&house, one);
        let given = approval(&house, one, 1);
        let (outcome, finding) = decide(&house, &worker, &ana, &given, right.clone());
        assert_eq!(outcome, expected, "{amount}");
        if expected == SessionOutcome::Reject {
            assert_eq!(finding, Some(Finding::Payment));
            assert_eq!(state(&house, one), PaymentState::Refused);
        }
    }
}

#[test]
fn a_clock_that_goes_back_approves_nothing_and_forgets_no_limit() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    house.clock.forward(10 * 86_400);
    payer(&house, &mut worker, &ana);
    house.clock.forward(1000);
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let pay = |worker: &Worker, number, amount| {
        let one = make(&house, &ana, number, amount);
        show(&house, one);
        let given = approval(&house, one, 1);
        let (outcome, finding) = decide(&house, worker, &ana, &given, right.clone());
        if outcome == SessionOutcome::Reject {
            assert_eq!(finding, Some(Finding::Payment), "{amount}");
        }
        outcome
    };
    assert_eq!(pay(&worker, 1, 4000), SessionOutcome::Accept);
    let open = make(&house, &ana, 2, 2000);
    show(&house, open);
    let given = approval(&house, open, 1);
    // Two days back the limit of the day would be another's, and the payment none that is there yet.
    house.clock.back(2 * 86_400);
    let claim = house.claim(&ana);
    let question = Question::Payment(&claim, &given);
    let refused = house
        .registry
        .decide_session(&worker, question, right.clone());
    assert!(
        matches!(
            &refused,
            Err(VerifyError::Vault(VaultError::ClockBackwards { .. }))
        ),
        "{refused:?}"
    );
    house.clock.forward(2 * 86_400);
    assert_eq!(
        state(&house, open),
        PaymentState::Shown,
        "nothing was begun"
    );
    // As far back as clocks are set right by themselves: what was approved later counts all the same.
    house.clock.back(200);
    assert_eq!(pay(&worker, 3, 2001), SessionOutcome::Reject);
    let done = decide(&house, &worker, &ana, &given, right.clone());
    let matched = (SessionOutcome::Accept, Some(Finding::Matched));
    assert_eq!(done, matched, "control: the rest of the day");
    assert_eq!(pay(&worker, 4, 1), SessionOutcome::Reject);
}

#[test]
fn a_payment_made_before_its_payer_is_nobodys_to_approve() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    let early = make(&house, &ana, 1, 1250);
    payer(&house, &mut worker, &ana);
    show(&house, early);
    let given = approval(&house, early, 1);
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let (outcome, finding) = decide(&house, &worker, &ana, &given, right);
    assert_eq!(
        (outcome, finding),
        (SessionOutcome::Reject, Some(Finding::Payment))
    );
    assert_eq!(state(&house, early), PaymentState::Refused);
}

#[test]
fn refunds_never_exceed_what_was_approved_and_go_with_the_payer() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    payer(&house, &mut worker, &ana);
    let one = make(&house, &ana, 1, 1000);
    let refund = |amount| {
        house
            .registry
            .refund_payment(&house.collection, one, Some(amount))
    };
    assert!(matches!(
        refund(1),
        Err(PayError::Payment(PaymentError::State(
            PaymentState::Created
        )))
    ));
    show(&house, one);
    let given = approval(&house, one, 1);
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    decide(&house, &worker, &ana, &given, right);
    assert_eq!(refund(400).unwrap().refunded(), 400);
    assert!(refund(601).is_err());
    assert_eq!(refund(600).unwrap().refunded(), 1000);
    assert!(refund(1).is_err());
    let from = PaymentPlace::day(0);
    let listed = house.registry.payments(&house.claim(&ana), from, 9);
    assert_eq!(listed.unwrap().len(), 1);
    let claim: Claim<'_> = house.claim(&ana);
    let subject = house.registry.subject(claim.collection, &ana).unwrap();
    house.registry.erase(&subject, Some(&ana)).unwrap();
    let gone = house.registry.payment(&house.collection, one);
    assert!(matches!(gone, Err(PayError::Unknown)));
}

#[test]
fn a_crash_after_it_was_begun_leaves_a_payment_that_nobody_approves() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    payer(&house, &mut worker, &ana);
    let one = make(&house, &ana, 1, 1000);
    show(&house, one);
    let given = approval(&house, one, 1);
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    // The acceptance does not reach the disk: the first write begins the payment, the second counts the attempt.
    house.faults.refused_write.store(2, Ordering::SeqCst);
    let claim = house.claim(&ana);
    let failed =
        house
            .registry
            .decide_session(&worker, Question::Payment(&claim, &given), right.clone());
    assert!(failed.is_err());
    assert_eq!(state(&house, one), PaymentState::Answering);
    let other = Approval {
        ticket: [2; 16],
        ..given.clone()
    };
    for again in [&given, &other] {
        let (outcome, _) = decide(&house, &worker, &ana, again, right.clone());
        assert_eq!(outcome, SessionOutcome::Reject);
    }
    house.clock.forward(60);
    assert_eq!(state(&house, one), PaymentState::Refused);
}

/// `cargo nextest run --workspace -E 'test(what_a_payment_adds)' --run-ignored only --no-capture`; docs/performance.md has what it said.
#[test]
#[ignore = "a measurement"]
fn what_a_payment_adds_to_a_session() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    payer(&house, &mut worker, &ana);
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let (mut plain, mut paid) = (Vec::new(), Vec::new());
    for number in 0..60 {
        let claim = house.claim(&ana);
        let begun = std::time::Instant::now();
        let question = Question::Verify(&claim);
        house
            .registry
            .decide_session(&worker, question, right.clone())
            .unwrap();
        plain.push(begun.elapsed());
        // A payment of yesterday does not count any more; those of today are summed up.
        if number % 5 == 0 {
            house.clock.forward(86_400);
        }
        let one = make(&house, &ana, number, 1);
        let given = approval(&house, one, 1);
        let begun = std::time::Instant::now();
        show(&house, one);
        let (outcome, _) = decide(&house, &worker, &ana, &given, right.clone());
        paid.push(begun.elapsed());
        assert_eq!(outcome, SessionOutcome::Accept);
    }
    for times in [&mut plain, &mut paid] {
        times.sort();
    }
    let at = |times: &[std::time::Duration], share: usize| times[times.len() * share / 100];
    for (name, times) in [("verify", &plain), ("payment", &paid)] {
        eprintln!(
            "{name}: median {:.2?}, p90 {:.2?}",
            at(times, 50),
            at(times, 90)
        );
    }
    eprintln!(
        "added: {:.2?}",
        at(&paid, 50).saturating_sub(at(&plain, 50))
    );
}
