//! What holds of a payment whatever is done to it, in whichever order, at whichever time.

use super::*;
use crate::payment::{CurrencyLimit, PaymentId, PaymentLimits};
use countenance_vault::MAX_PAYMENT;
use proptest::prelude::*;

const START: u64 = 1_800_000_000;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(START + seconds)
}

fn terms(amount: u64, payee: &str) -> Terms {
    let id = PaymentId::new([3; 16]);
    Terms::new(
        id,
        (amount, "EUR".parse().unwrap()),
        (payee, "1"),
        (at(0), 600),
    )
    .unwrap()
}

fn payment() -> Payment {
    Payment::new(terms(1000, "Ana"), [9; 32], false, at(0))
}

#[derive(Clone, Debug)]
enum Act {
    Show(bool),
    Begin(u8, bool),
    Authorize(u8, bool, bool),
    Refuse(u8),
    Cancel,
    Refund(u64),
    Reread,
}

fn act() -> impl Strategy<Value = Act> {
    let right = prop::bool::weighted(0.8);
    prop_oneof![
        right.prop_map(Act::Show),
        (0..3_u8, right).prop_map(|(who, right)| Act::Begin(who, right)),
        (0..3_u8, right, any::<bool>())
            .prop_map(|(who, right, key)| Act::Authorize(who, right, key)),
        (0..3_u8).prop_map(Act::Refuse),
        Just(Act::Cancel),
        (0..1500_u64).prop_map(Act::Refund),
        Just(Act::Reread),
    ]
}

/// What it was in the eyes of somebody who only looks at answers.
#[derive(Default)]
struct Seen {
    begun_by: Option<(u8, u64)>,
    authorized: u32,
    over: bool,
    refunded: u64,
}

proptest! {
    /// Any order of acts of three terminals, of whoever made it, and of time, which may even step back a little.
    #[test]
    fn it_is_authorized_at_most_once_and_only_as_shown(
        acts in prop::collection::vec((act(), -5_i64..200), 1..40), needs_device: bool
    ) {
        let mut payment = Payment::new(terms(1000, "Ana"), [9; 32], needs_device, at(0));
        let digest = payment.terms().sha256();
        let other = [1; 32];
        let (mut now, mut seen) = (0_u64, Seen::default());
        for (act, later) in acts {
            now = now.saturating_add_signed(later);
            let (before, was_open) = (payment.clone(), payment.state(at(now)).is_open());
            let pick = |right: bool| if right { digest } else { other };
            let done = match &act {
                Act::Show(right) => payment.show(&pick(*right), at(now)),
                Act::Begin(who, right) => payment.begin([*who; 16], &pick(*right), at(now)),
                Act::Authorize(who, right, key) => {
                    payment.authorize([*who; 16], &pick(*right), *key, at(now))
                }
                Act::Refuse(who) => payment.refuse([*who; 16], at(now)),
                Act::Cancel => payment.cancel(at(now)),
                Act::Refund(amount) => payment.refund(Some(*amount), at(now)),
                Act::Reread => {
                    payment = Payment::from_bytes(&before.to_bytes()).unwrap();
                    Ok(())
                }
            };
            prop_assert_eq!(payment.terms(), before.terms(), "the terms never change");
            if done.is_err() {
                prop_assert_eq!(&payment, &before, "what is refused changes nothing");
                continue;
            }
            match act {
                Act::Show(right) => prop_assert!(right && now < 600),
                Act::Begin(who, right) => {
                    prop_assert!(right && seen.begun_by.is_none() && !seen.over && now < 600);
                    seen.begun_by = Some((who, now));
                }
                Act::Authorize(who, right, key) => {
                    let (begun, since) = seen.begun_by.unwrap();
                    prop_assert!(right && begun == who && !seen.over);
                    prop_assert!(now < since + 60, "in time");
                    prop_assert!(key || !needs_device, "with all that it needs");
                    seen.authorized += 1;
                    seen.over = true;
                }
                Act::Refuse(who) => {
                    prop_assert_eq!(seen.begun_by.unwrap().0, who);
                    prop_assert!(!seen.over);
                    seen.over = true;
                }
                Act::Cancel => {
                    prop_assert!(was_open || before.stage == payment.stage);
                    seen.over = true;
                }
                Act::Refund(amount) => {
                    prop_assert_eq!(seen.authorized, 1);
                    seen.refunded += amount;
                    prop_assert!(amount > 0 && seen.refunded <= 1000);
                }
                Act::Reread => prop_assert_eq!(&payment, &before),
            }
            prop_assert!(seen.authorized <= 1);
            prop_assert_eq!(payment.refunded(), seen.refunded);
        }
    }

    #[test]
    fn no_bytes_make_it_panic_and_what_reads_is_written_alike(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300), valid: bool, place: usize, bit in 0..8_u8
    ) {
        if valid {
            bytes = payment().to_bytes();
            let place = place % bytes.len();
            bytes[place] ^= 1 << bit;
        }
        if let Some(read) = Payment::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }
}

#[test]
fn the_straight_way_leads_to_authorized_and_back_in_parts() {
    let mut payment = payment();
    let digest = payment.terms().sha256();
    payment.show(&digest, at(1)).unwrap();
    payment.show(&digest, at(2)).unwrap();
    payment.begin([1; 16], &digest, at(3)).unwrap();
    let second = payment.begin([2; 16], &digest, at(3));
    assert_eq!(second, Err(PaymentError::State(PaymentState::Answering)));
    payment.authorize([1; 16], &digest, false, at(4)).unwrap();
    let state = PaymentState::Authorized {
        at: at(4),
        device: false,
    };
    assert_eq!(payment.state(at(10_000)), state);
    payment.refund(Some(400), at(5)).unwrap();
    payment.refund(Some(600), at(6)).unwrap();
    let more = payment.refund(Some(1), at(7));
    assert_eq!(more, Err(PaymentError::Amount { amount: 1, left: 0 }));
    assert_eq!(payment.cancel(at(8)), Err(PaymentError::State(state)));
}

#[test]
fn what_was_begun_and_never_answered_is_refused_and_what_nobody_saw_expires() {
    let mut begun = payment();
    let digest = begun.terms().sha256();
    begun.show(&digest, at(1)).unwrap();
    assert_eq!(begun.clone().state(at(599)), PaymentState::Shown);
    assert_eq!(begun.clone().state(at(600)), PaymentState::Expired);
    begun.begin([1; 16], &digest, at(599)).unwrap();
    assert_eq!(begun.state(at(658)), PaymentState::Answering);
    assert_eq!(begun.state(at(659)), PaymentState::Refused);
    let late = begun.authorize([1; 16], &digest, false, at(659));
    assert_eq!(late, Err(PaymentError::State(PaymentState::Refused)));
}

#[test]
fn the_longest_payment_fits_into_its_record() {
    let payee = "\u{20000}\u{20001}".repeat(32);
    let currency = "EUR".parse().unwrap();
    let terms = Terms::new(
        PaymentId::new([3; 16]),
        (1_000_000_000_000, currency),
        (&payee, &"x".repeat(64)),
        (at(0), 3600),
    )
    .unwrap();
    let mut payment = Payment::new(terms, [9; 32], true, at(0));
    payment.stage = Stage::Authorized {
        at: at(1),
        device: true,
    };
    for _ in 0..MOST_REFUNDS {
        payment.refund(Some(1), at(2)).unwrap();
    }
    assert!(payment.refund(Some(1), at(2)).is_err());
    assert!(payment.to_bytes().len() <= MAX_PAYMENT);
    assert_eq!(Payment::from_bytes(&payment.to_bytes()), Some(payment));
}

#[test]
fn limits_hold_by_amount_day_and_payee() {
    let limits = PaymentLimits {
        currencies: vec![CurrencyLimit {
            currency: "EUR".parse().unwrap(),
            most: 1000,
            per_day: 2500,
        }],
        per_day: 4,
        per_payee: 2,
    };
    let paid = |amount: u64, payee: &str, when: u64| {
        let mut payment = Payment::new(terms(amount, payee), [9; 32], false, at(0));
        payment.stage = Stage::Authorized {
            at: at(when),
            device: false,
        };
        payment
    };
    let now = at(90_000);
    assert!(limits.allow(&terms(1000, "Ana")) && !limits.allow(&terms(1001, "Ana")));
    assert!(
        !PaymentLimits::default().allow(&terms(1, "Ana")),
        "nothing is allowed by itself"
    );

    let recent = [paid(1000, "Ana", 80_000), paid(1000, "Eva", 80_000)];
    assert!(limits.allow_after(&terms(500, "Ana"), &recent, now));
    assert!(
        !limits.allow_after(&terms(501, "Ana"), &recent, now),
        "of the day"
    );
    let old = [paid(1000, "Ana", 3_600), paid(1000, "Ana", 3_600)];
    assert!(
        limits.allow_after(&terms(1000, "Ana"), &old, now),
        "24 hours are over"
    );
    let two = [paid(1, "Ana", 80_000), paid(1, "Ana", 80_000)];
    assert!(
        !limits.allow_after(&terms(1, "Ana"), &two, now),
        "of the payee"
    );
    assert!(limits.allow_after(&terms(1, "Eva"), &two, now));
    let four: Vec<_> = ["a", "b", "c", "d"].map(|one| paid(1, one, 80_000)).into();
    assert!(!limits.allow_after(&terms(1, "Eva"), &four, now), "of all");
    // What was not approved does not count.
    let open = vec![payment(); 10];
    assert!(limits.allow_after(&terms(1000, "Ana"), &open, now));
}
