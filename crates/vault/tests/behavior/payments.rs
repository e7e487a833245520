//! Payments: notes that change by compare-and-swap, with the acceptance in one transaction.

use super::house::{DAY, House, at, grant_for, id, name};
use countenance_vault::store::{Conflict, PaymentPlace, StoreError};
use countenance_vault::{
    Attempt, Consent, HeldPayment, PaymentNote, Purpose, Timestamp, Unlocked, VaultError,
};
use std::sync::atomic::{AtomicU32, Ordering};

const ID: [u8; 16] = [7; 16];

struct Payer {
    subject: Unlocked,
    consent: Consent,
}

fn payer(house: &House, who: &str) -> Payer {
    let subject = house.add(who);
    let consent = house
        .vault
        .grant(&subject, &grant_for(Purpose::Payment, 100), at(0))
        .unwrap();
    Payer { subject, consent }
}

fn make(house: &House, payer: &Payer, id: &[u8; 16]) {
    let subject = payer.subject.subject();
    house
        .vault
        .add_payment(&house.collection, subject, id, b"made", at(0))
        .unwrap();
}

fn held(house: &House, id: &[u8; 16]) -> Option<HeldPayment> {
    house.vault.payment(&house.collection, id).unwrap()
}

fn counted(house: &House, who: &str, now: Timestamp) -> Attempt {
    let target = house.vault.find(&house.collection, &id(who)).unwrap();
    house
        .vault
        .count_attempt(&target, Purpose::Payment, now)
        .unwrap()
}

fn approve(house: &House, payer: &Payer, held: &HeldPayment) -> Result<Option<u64>, VaultError> {
    let attempt = counted(house, payer.subject.external_id().as_str(), at(1));
    let person = (&payer.subject, &payer.consent);
    let mut say = |_: &[HeldPayment]| Some(b"approved".to_vec());
    house
        .vault
        .accept_payment(&attempt, person, (held, 0), None, &mut say, at(1))
}

fn is_lost(error: &VaultError) -> bool {
    matches!(
        error,
        VaultError::Store(StoreError::Conflict(Conflict::Payment))
    )
}

#[test]
fn a_payment_is_found_in_its_own_collection_and_no_other() {
    let Some(house) = House::fresh() else { return };
    let ana = payer(&house, "ana");
    make(&house, &ana, &ID);
    let found = held(&house, &ID).unwrap();
    assert_eq!(found.note(), b"made");
    assert!(found.is_open());
    assert!(held(&house, &[8; 16]).is_none());
    house.vault.create_tenant(&name("other"), at(0)).unwrap();
    let theirs = house
        .vault
        .create_collection(&name("other"), &name("staff"), at(0))
        .unwrap();
    assert!(house.vault.payment(&theirs, &ID).unwrap().is_none());
    let (ours, club) = (name("acme"), name("club"));
    let club = house.vault.create_collection(&ours, &club, at(0)).unwrap();
    assert!(house.vault.payment(&club, &ID).unwrap().is_none());
    // It is not the payer that says where: the one of somebody who is not there lies with the decoy.
    let subject = ana.subject.subject();
    house
        .vault
        .add_payment(&club, subject, &ID, b"of the club", at(0))
        .unwrap();
    let found = house.vault.payment(&club, &ID).unwrap().unwrap();
    assert_eq!(found.note(), b"of the club");
    assert_eq!(held(&house, &ID).unwrap().note(), b"made");
    let again = house
        .vault
        .add_payment(&house.collection, subject, &ID, b"other", at(0));
    assert!(matches!(again, Err(VaultError::Exists { what: "payment" })));
    let long = [1; countenance_vault::MAX_PAYMENT + 1];
    let refused = house
        .vault
        .add_payment(&house.collection, subject, &[9; 16], &long, at(0));
    assert!(matches!(refused, Err(VaultError::Limit { .. })));
}

#[test]
fn a_change_starts_from_what_was_read_or_does_nothing() {
    let Some(mut house) = House::fresh() else {
        return;
    };
    let ana = payer(&house, "ana");
    make(&house, &ana, &ID);
    let read = held(&house, &ID).unwrap();
    let change = |house: &House, read: &HeldPayment, note: &[u8], said| {
        let note = (note, true);
        house
            .vault
            .change_payment(&house.collection, read, note, said, at(1))
    };
    let after = change(&house, &read, b"shown", None).unwrap();
    assert_eq!(after.note(), b"shown");
    let stale = change(&house, &read, b"stale", Some(PaymentNote::Canceled)).unwrap_err();
    assert!(is_lost(&stale), "{stale}");
    let size = house.vault.audit_verify().unwrap();
    change(&house, &after, b"canceled", Some(PaymentNote::Canceled)).unwrap();
    house = house.reopened(at(2));
    assert_eq!(held(&house, &ID).unwrap().note(), b"canceled");
    let logged = house.vault.audit_verify().unwrap();
    assert_ne!(size, logged, "what was canceled stands in the log");
}

#[test]
fn a_payment_is_approved_with_the_acceptance_and_only_once() {
    let Some(house) = House::fresh() else { return };
    let ana = payer(&house, "ana");
    make(&house, &ana, &ID);
    let read = held(&house, &ID).unwrap();
    assert!(approve(&house, &ana, &read).unwrap().is_some());
    let done = held(&house, &ID).unwrap();
    assert_eq!((done.note(), done.is_open()), (&b"approved"[..], false));
    let again = approve(&house, &ana, &read).unwrap_err();
    assert!(
        matches!(again, VaultError::Corrupt { what: "payment" }),
        "{again}"
    );
    house.vault.audit_verify().unwrap();
}

#[test]
fn a_row_that_is_put_back_is_not_approved_again() {
    let Some(house) = House::fresh() else { return };
    let ana = payer(&house, "ana");
    make(&house, &ana, &ID);
    house
        .place
        .tamper("CREATE TABLE old AS SELECT slot AS k, sealed AS v FROM payment");
    approve(&house, &ana, &held(&house, &ID).unwrap()).unwrap();
    house.place.tamper(
        "UPDATE payment SET open = 1, sealed = (SELECT v FROM old WHERE k = payment.slot);
         DROP TABLE old",
    );
    let back = held(&house, &ID).unwrap();
    assert_eq!(back.note(), b"made", "the control: it is back");
    let refused = approve(&house, &ana, &back).unwrap_err();
    assert!(
        matches!(refused, VaultError::Corrupt { what: "payment" }),
        "{refused}"
    );
}

#[test]
fn rows_of_payments_in_one_anothers_place_do_not_open() {
    for field in ["sealed", "day", "open", "subject"] {
        let Some(house) = House::fresh() else { return };
        let (ana, bea) = (payer(&house, "ana"), payer(&house, "bea"));
        make(&house, &ana, &ID);
        make(&house, &bea, &[8; 16]);
        let sql = match field {
            "sealed" | "subject" => format!(
                "CREATE TABLE old AS SELECT slot AS k, {field} AS v FROM payment;
                 UPDATE payment SET {field} = (SELECT v FROM old WHERE k <> payment.slot);
                 DROP TABLE old"
            ),
            "day" => "UPDATE payment SET day = day + 1".to_owned(),
            _ => "UPDATE payment SET open = 0".to_owned(),
        };
        house.place.tamper(&sql);
        let refused = house.vault.payment(&house.collection, &ID);
        assert!(
            matches!(refused, Err(VaultError::Corrupt { .. })),
            "{field}: {refused:?}"
        );
    }
}

#[test]
fn of_many_who_approve_at_once_one_does_and_limits_are_seen_by_all() {
    let Some(house) = House::fresh() else { return };
    let ana = payer(&house, "ana");
    let ids: Vec<[u8; 16]> = (1..=4).map(|n| [n; 16]).collect();
    for id in &ids {
        make(&house, &ana, id);
    }
    let (approved, limited) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        // Two terminals for each of four payments, of which two may be approved.
        for (n, id) in (0..).zip(ids.iter().chain(&ids)) {
            // So far apart that no attempt has to wait, and all within what a clock may be set back.
            let now = at(1 + 31 * n);
            let (house, ana, approved, limited) = (&house, &ana, &approved, &limited);
            let read = held(house, id).unwrap();
            let attempt = counted(house, "ana", now);
            scope.spawn(move || {
                let mut say = |others: &[HeldPayment]| {
                    let before = others.iter().filter(|one| one.note() == b"approved");
                    (before.count() < 2).then(|| b"approved".to_vec())
                };
                let person = (&ana.subject, &ana.consent);
                let done =
                    house
                        .vault
                        .accept_payment(&attempt, person, (&read, 0), None, &mut say, now);
                match done {
                    Ok(Some(_)) => approved.fetch_add(1, Ordering::SeqCst),
                    Ok(None) => limited.fetch_add(1, Ordering::SeqCst),
                    Err(VaultError::Corrupt { what: "payment" }) => 0,
                    Err(error) if is_lost(&error) => 0,
                    Err(error) => panic!("{error}"),
                };
            });
        }
    });
    assert_eq!(approved.into_inner(), 2);
    assert!(limited.into_inner() > 0);
    let notes = house.vault.payments(ana.subject.subject(), 0).unwrap();
    let approved = notes.iter().filter(|one| one.note() == b"approved");
    assert_eq!(approved.count(), 2);
    house.vault.audit_verify().unwrap();
}

#[test]
fn a_refusal_takes_the_payment_along_and_stands_where_it_cannot() {
    let Some(house) = House::fresh() else { return };
    let ana = payer(&house, "ana");
    make(&house, &ana, &ID);
    let read = held(&house, &ID).unwrap();
    let attempt = counted(&house, "ana", at(1));
    house
        .vault
        .decline_payment(attempt, &read, b"refused", at(1))
        .unwrap();
    assert_eq!(held(&house, &ID).unwrap().note(), b"refused");
    // It was changed meanwhile: the refusal is in the log all the same.
    let attempt = counted(&house, "ana", at(1));
    let leaf = house
        .vault
        .decline_payment(attempt, &read, b"late", at(1))
        .unwrap();
    assert_eq!(held(&house, &ID).unwrap().note(), b"refused");
    let export = house.vault.export(&ana.subject, at(2)).unwrap();
    assert!(export.events.iter().any(|entry| entry.leaf == leaf));
}

#[test]
fn payments_are_exported_erased_with_their_subject_and_removed_in_time() {
    let Some(house) = House::fresh() else { return };
    let (ana, bea) = (payer(&house, "ana"), payer(&house, "bea"));
    make(&house, &ana, &ID);
    make(&house, &bea, &[8; 16]);
    let export = house.vault.export(&ana.subject, at(1)).unwrap();
    let notes: Vec<&[u8]> = export.payments.iter().map(HeldPayment::note).collect();
    assert_eq!(notes, [b"made"]);
    house
        .vault
        .erase(ana.subject.subject(), None, at(2))
        .unwrap();
    assert!(held(&house, &ID).is_none());
    assert!(held(&house, &[8; 16]).is_some());
    // Bea is used until then, so that only the payment is too old.
    let used = counted(&house, "bea", at(50 * DAY));
    let (subject, consent) = (&bea.subject, &bea.consent);
    house
        .vault
        .accept(used, subject, consent, at(50 * DAY))
        .unwrap();
    house.vault.retain(0, 10, at(364 * DAY)).unwrap();
    assert!(held(&house, &[8; 16]).is_some());
    house.vault.retain(0, 10, at(366 * DAY)).unwrap();
    let found = house.vault.find(&house.collection, &id("bea")).unwrap();
    assert!(found.subject().is_some(), "she is still there");
    assert!(held(&house, &[8; 16]).is_none());
}

#[test]
fn payments_are_read_page_after_page_and_device_keys_are_none_of_them() {
    let Some(house) = House::fresh() else { return };
    let ana = payer(&house, "ana");
    let subject = ana.subject.subject();
    // Several of one day, and of days of which one is no page's end.
    for number in 0..7_u8 {
        let now = at(u64::from(number / 3) * DAY);
        let made =
            house
                .vault
                .add_payment(&house.collection, subject, &[number; 16], &[number], now);
        made.unwrap();
    }
    let person = (&ana.subject, &ana.consent);
    let key = (&[9; 16], &[1; 30][..]);
    house
        .vault
        .add_device_key(person, key, &mut |_| true, at(2 * DAY))
        .unwrap();
    let whole = house.vault.payments(subject, 0).unwrap();
    let whole: Vec<&[u8]> = whole.iter().map(HeldPayment::note).collect();
    assert_eq!(whole.len(), 7);
    for limit in [1, 2, 3, 7, 8] {
        let (mut from, mut seen) = (PaymentPlace::day(0), Vec::new());
        loop {
            let page = house.vault.payment_page(subject, from, limit).unwrap();
            let Some(last) = page.last() else { break };
            from = last.place();
            seen.extend(page.iter().map(|held| held.note().to_vec()));
        }
        assert_eq!(seen, whole, "{limit}");
    }
    let late = house.vault.payments(subject, at(2 * DAY).day()).unwrap();
    let late: Vec<&[u8]> = late.iter().map(HeldPayment::note).collect();
    assert_eq!(late, [[6]], "from a day on");
}

#[test]
fn what_is_made_for_a_subject_that_is_gone_is_refused() {
    let Some(house) = House::fresh() else { return };
    let ana = payer(&house, "ana");
    house
        .vault
        .erase(ana.subject.subject(), None, at(1))
        .unwrap();
    let subject = ana.subject.subject();
    let made = house
        .vault
        .add_payment(&house.collection, subject, &ID, b"made", at(1));
    assert!(
        matches!(made, Err(VaultError::Unknown { what: "subject" })),
        "{made:?}"
    );
}
