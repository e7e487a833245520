//! Device keys: notes beside the payments, which go with the consent for payments and are missed where one is used.

use super::house::{DAY, House, at, grant_for, id};
use countenance_vault::{
    Consent, Grant, HeldDeviceKey, HeldPayment, MAX_DEVICE_KEYS, Purpose, Unlocked, VaultError,
};

struct Payer {
    subject: Unlocked,
    consent: Consent,
}

fn payer(house: &House, who: &str) -> Payer {
    let subject = house.add(who);
    let grant = grant_for(Purpose::Payment, 100);
    let consent = house.vault.grant(&subject, &grant, at(0)).unwrap();
    Payer { subject, consent }
}

fn add(house: &House, payer: &Payer, number: u8) -> Result<(), VaultError> {
    let person = (&payer.subject, &payer.consent);
    let note = [number; 30];
    let new = (&[number; 16], &note[..]);
    let mut fits = |held: &[HeldDeviceKey]| held.iter().all(|held| held.note() != &note[..]);
    house.vault.add_device_key(person, new, &mut fits, at(1))
}

fn held(house: &House, payer: &Payer) -> Vec<HeldDeviceKey> {
    house.vault.device_keys(payer.subject.subject()).unwrap()
}

#[test]
fn device_keys_are_kept_changed_and_removed_as_they_were_read() {
    let Some(mut house) = House::fresh() else {
        return;
    };
    let ana = payer(&house, "ana");
    add(&house, &ana, 1).unwrap();
    let twice = add(&house, &ana, 1);
    assert!(matches!(
        twice,
        Err(VaultError::Exists { what: "device key" })
    ));
    let read = held(&house, &ana).remove(0);
    assert_eq!(read.note(), [1; 30]);
    house
        .vault
        .change_device_key(&read, b"used", at(2))
        .unwrap();
    assert!(
        house
            .vault
            .change_device_key(&read, b"stale", at(2))
            .is_err()
    );
    house = house.reopened(at(3));
    let read = held(&house, &ana).remove(0);
    assert_eq!(read.note(), b"used");
    assert!(
        house
            .vault
            .payments(ana.subject.subject(), 0)
            .unwrap()
            .is_empty()
    );
    house.vault.remove_device_key(&read, at(4)).unwrap();
    let again = house.vault.remove_device_key(&read, at(4));
    assert!(matches!(
        again,
        Err(VaultError::Unknown { what: "device key" })
    ));
    assert!(held(&house, &ana).is_empty());
    house.vault.audit_verify().unwrap();
}

#[test]
fn there_are_so_many_of_a_person_however_many_come_at_once() {
    let Some(house) = House::fresh() else { return };
    let ana = payer(&house, "ana");
    let added = std::thread::scope(|scope| {
        let (house, ana) = (&house, &ana);
        let all: Vec<_> = (0..12)
            .map(|number| scope.spawn(move || add(house, ana, number).is_ok()))
            .collect();
        let done = all.into_iter().map(|one| usize::from(one.join().unwrap()));
        done.sum::<usize>()
    });
    assert_eq!(added, MAX_DEVICE_KEYS);
    assert_eq!(held(&house, &ana).len(), MAX_DEVICE_KEYS);
}

#[test]
fn retention_does_not_remove_them_and_the_end_of_the_consent_does() {
    let Some(house) = House::fresh() else { return };
    let ana = payer(&house, "ana");
    add(&house, &ana, 1).unwrap();
    let subject = ana.subject.subject();
    house
        .vault
        .add_payment(&house.collection, subject, &[9; 16], b"made", at(2))
        .unwrap();
    // She goes on being here, and her payments of that time become too old.
    for day in [90, 180, 270, 360, 450] {
        let grant = Grant {
            granted: at(day * DAY),
            expires: at((day + 100) * DAY),
            ..grant_for(Purpose::Payment, 100)
        };
        house
            .vault
            .grant(&ana.subject, &grant, at(day * DAY))
            .unwrap();
    }
    house.vault.retain(0, 100, at(451 * DAY)).unwrap();
    assert!(house.vault.payments(subject, 0).unwrap().is_empty());
    assert_eq!(held(&house, &ana).len(), 1);
    house.vault.withdraw(subject, None, at(452 * DAY)).unwrap();
    assert!(held(&house, &ana).is_empty());
}

#[test]
fn time_ends_a_consent_and_they_go_and_so_does_erasing() {
    let Some(house) = House::fresh() else { return };
    let (ana, bea) = (payer(&house, "ana"), payer(&house, "bea"));
    add(&house, &ana, 1).unwrap();
    add(&house, &bea, 2).unwrap();
    house
        .vault
        .erase(bea.subject.subject(), None, at(99 * DAY))
        .unwrap();
    assert!(held(&house, &bea).is_empty());
    assert_eq!(held(&house, &ana).len(), 1);
    house.vault.retain(0, 100, at(101 * DAY)).unwrap();
    assert!(held(&house, &ana).is_empty());
    house.vault.audit_verify().unwrap();
}

#[test]
fn a_key_that_is_removed_while_it_is_used_approves_nothing() {
    let Some(house) = House::fresh() else { return };
    let ana = payer(&house, "ana");
    for (number, removed) in [(1, false), (2, true)] {
        add(&house, &ana, number).unwrap();
        let subject = ana.subject.subject();
        let payment = [number; 16];
        house
            .vault
            .add_payment(&house.collection, subject, &payment, b"made", at(2))
            .unwrap();
        let read = house.vault.payment(&house.collection, &payment).unwrap();
        let read = read.unwrap();
        let all = held(&house, &ana);
        let key = all.iter().find(|key| key.note() == [number; 30]).unwrap();
        let target = house.vault.find(&house.collection, &id("ana")).unwrap();
        let attempt = house
            .vault
            .count_attempt(&target, Purpose::Payment, at(2))
            .unwrap();
        // In the last moment: the first look at the log did not see it.
        let mut gone = !removed;
        let mut approve = |_: &[HeldPayment]| {
            if !gone {
                gone = true;
                house.vault.remove_device_key(key, at(3)).unwrap();
            }
            Some(b"approved".to_vec())
        };
        let person = (&ana.subject, &ana.consent);
        let done = house.vault.accept_payment(
            &attempt,
            person,
            (&read, 0),
            Some(key.mark()),
            &mut approve,
            at(3),
        );
        assert_eq!(done.unwrap().is_some(), !removed);
    }
}

#[test]
fn what_is_put_in_anothers_place_does_not_open() {
    let Some(house) = House::fresh() else { return };
    let (ana, bea) = (payer(&house, "ana"), payer(&house, "bea"));
    add(&house, &ana, 1).unwrap();
    add(&house, &bea, 2).unwrap();
    assert_eq!(held(&house, &ana).len(), 1);
    let (one, other) = (
        ana.subject.subject().key_name(),
        bea.subject.subject().key_name(),
    );
    let number = |name: [u8; 24]| u64::from_le_bytes(*name.first_chunk().unwrap());
    house.place.tamper(&format!(
        "UPDATE payment SET subject = {} WHERE subject = {}",
        number(other),
        number(one)
    ));
    let found = house.vault.device_keys(bea.subject.subject());
    assert!(matches!(
        found,
        Err(VaultError::Corrupt { what: "device key" })
    ));
}
