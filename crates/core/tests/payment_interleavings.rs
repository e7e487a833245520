//! Two terminals and a merchant on one payment, in every order that their steps can take.
//!
//! What keeps a payment is a place whose content is replaced only if it still is what was read, as the vault's row is; loom, a model
//! checker, runs each test once for every order of the reads and replacements.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use countenance_core::vault::Timestamp;
use countenance_core::{Payment, PaymentError, PaymentId, PaymentState, Terms};
use loom::sync::{Arc, Mutex};
use loom::thread;

const NOW: u64 = 1_800_000_000;

fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}

/// Bytes that are replaced only by who has read them, and how often somebody was told that a payment was authorized.
struct Place {
    bytes: Mutex<Vec<u8>>,
    authorized: Mutex<u32>,
    canceled: Mutex<bool>,
}

impl Place {
    fn shown() -> Arc<Self> {
        let id = PaymentId::new([1; 16]);
        let money = (1250, "EUR".parse().unwrap());
        let terms = Terms::new(id, money, ("Ana", "1"), (now(), 600)).unwrap();
        let shown = terms.sha256();
        let mut payment = Payment::new(terms, [0; 32], false, now());
        payment.show(&shown, now()).unwrap();
        Arc::new(Self {
            bytes: Mutex::new(payment.to_bytes()),
            authorized: Mutex::new(0),
            canceled: Mutex::new(false),
        })
    }

    fn read(&self) -> (Vec<u8>, Payment) {
        let bytes = self.bytes.lock().unwrap().clone();
        let payment = Payment::from_bytes(&bytes).unwrap();
        (bytes, payment)
    }

    fn swap(&self, from: &[u8], to: &Payment) -> bool {
        let mut bytes = self.bytes.lock().unwrap();
        let same = *bytes == from;
        if same {
            *bytes = to.to_bytes();
        }
        same
    }

    /// As core changes a payment: begun anew where somebody was faster.
    fn change(&self, mut change: impl FnMut(&mut Payment) -> Result<(), PaymentError>) -> bool {
        loop {
            let (from, mut payment) = self.read();
            if change(&mut payment).is_err() {
                return false;
            }
            if self.swap(&from, &payment) {
                return true;
            }
        }
    }
}

/// A terminal: begins, and approves in one step what it has begun.
fn terminal(place: &Place, ticket: u8) {
    let ticket = [ticket; 16];
    let begun = place.change(|payment| {
        let shown = payment.terms().sha256();
        payment.begin(ticket, &shown, now())
    });
    if !begun {
        return;
    }
    let (from, mut payment) = place.read();
    let shown = payment.terms().sha256();
    let approved = payment.authorize(ticket, &shown, false, now());
    if approved.is_ok() && place.swap(&from, &payment) {
        *place.authorized.lock().unwrap() += 1;
    }
}

#[test]
fn of_two_terminals_one_authorizes() {
    loom::model(|| {
        let place = Place::shown();
        let other = {
            let place = Arc::clone(&place);
            thread::spawn(move || terminal(&place, 1))
        };
        terminal(&place, 2);
        other.join().unwrap();
        assert_eq!(*place.authorized.lock().unwrap(), 1);
        let state = place.read().1.state(now());
        assert!(matches!(state, PaymentState::Authorized { .. }));
    });
}

#[test]
fn a_cancellation_and_an_approval_exclude_each_other() {
    loom::model(|| {
        let place = Place::shown();
        let merchant = {
            let place = Arc::clone(&place);
            thread::spawn(move || {
                let done = place.change(|payment| payment.cancel(now()));
                *place.canceled.lock().unwrap() = done;
            })
        };
        terminal(&place, 1);
        merchant.join().unwrap();
        let authorized = *place.authorized.lock().unwrap() == 1;
        assert_ne!(authorized, *place.canceled.lock().unwrap());
        let state = place.read().1.state(now());
        assert_eq!(authorized, matches!(state, PaymentState::Authorized { .. }));
    });
}

/// The control: a place that is written without looking authorizes twice in some order.
#[test]
fn control_without_comparing_two_would_authorize() {
    let twice = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = std::sync::Arc::clone(&twice);
    loom::model(move || {
        let place = Place::shown();
        let blind = |place: &Place, ticket: u8| {
            let ticket = [ticket; 16];
            let (_, mut payment) = place.read();
            let shown = payment.terms().sha256();
            if payment.begin(ticket, &shown, now()).is_err() {
                return;
            }
            *place.bytes.lock().unwrap() = payment.to_bytes();
            if payment.authorize(ticket, &shown, false, now()).is_ok() {
                *place.bytes.lock().unwrap() = payment.to_bytes();
                *place.authorized.lock().unwrap() += 1;
            }
        };
        let other = {
            let place = Arc::clone(&place);
            thread::spawn(move || blind(&place, 1))
        };
        blind(&place, 2);
        other.join().unwrap();
        if *place.authorized.lock().unwrap() > 1 {
            seen.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    });
    assert!(twice.load(std::sync::atomic::Ordering::SeqCst));
}
