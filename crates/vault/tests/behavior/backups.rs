use super::house::{DAY, House, at, create, holder, id, model, name, open, root};
use super::watched::Watched;
use crate::backend::Place;
use age::secrecy::ExposeSecret;
use countenance_vault::store::{FaultStore, Faults, StoreError};
use countenance_vault::{
    BackupError, ConsentError, KeyError, Purpose, Restored, Settings, SystemRandom, Timestamp,
    Vault, VaultError,
};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;

struct Backups {
    identity: String,
    keyring: Vec<u8>,
    data: Vec<u8>,
}

fn back_up(vault: &Vault, now: Timestamp) -> Backups {
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let (mut keyring, mut data) = (Vec::new(), Vec::new());
    vault
        .backup_keyring(&mut keyring, &[&recipient], now)
        .unwrap();
    vault.backup_data(&mut data, now).unwrap();
    let identity = identity.to_string().expose_secret().to_owned();
    Backups {
        identity,
        keyring,
        data,
    }
}

fn deletions(vault: &Vault, now: Timestamp) -> Vec<u8> {
    let mut ledger = Vec::new();
    vault.backup_deletions(&mut ledger, now).unwrap();
    ledger
}

fn restore(
    place: &Place,
    backups: &Backups,
    ledgers: &[&[u8]],
    now: Timestamp,
) -> Result<(Vault, Restored), VaultError> {
    let mut ledgers: Vec<&[u8]> = ledgers.to_vec();
    let mut readers: Vec<&mut dyn Read> = ledgers
        .iter_mut()
        .map(|ledger| ledger as &mut dyn Read)
        .collect();
    Vault::restore(
        place.store(),
        root(1),
        Arc::new(SystemRandom),
        Settings::default(),
        (&mut &backups.keyring[..], &backups.identity),
        &mut &backups.data[..],
        &mut readers,
        now,
    )
}

fn moved(house: House, place: Place, vault: Vault) -> House {
    let wrap = house.wrap;
    drop((house.vault, house.place));
    let collection = vault.collection(&name("acme"), &name("staff")).unwrap();
    House {
        place,
        wrap,
        vault,
        collection,
    }
}

#[test]
fn a_restored_vault_verifies_as_before() {
    let Some(house) = House::fresh() else { return };
    for n in 0..20 {
        house.enrolled(&format!("subject {n}"), &[n; 132]);
    }
    let backups = back_up(&house.vault, at(1));
    let place = Place::fresh().unwrap();
    let (vault, done) = restore(&place, &backups, &[], at(2)).unwrap();
    assert_eq!(
        done,
        Restored {
            subjects: 20,
            erased: 0,
            without_key: 0,
            withdrawn: 0,
            known_until: at(1),
        }
    );
    vault.audit_verify().unwrap();
    let house = moved(house, place, vault).reopened(at(3));
    for n in 0..20 {
        assert_eq!(
            house.verify(&format!("subject {n}"), at(4)).unwrap(),
            [[n; 132]]
        );
    }
    house.enrolled("new", &[77; 132]);
    assert_eq!(house.verify("new", at(5)).unwrap(), [[77; 132]]);
    house.vault.audit_verify().unwrap();
}

#[test]
fn a_restore_brings_back_payments_that_were_over_and_none_that_could_be_approved() {
    let Some(house) = House::fresh() else { return };
    let (ana, gone) = (house.add("ana"), house.add("gone"));
    for (n, payer) in [(1, &ana), (2, &ana), (3, &gone)] {
        let (subject, staff) = (payer.subject(), &house.collection);
        let added = house
            .vault
            .add_payment(staff, subject, &[n; 16], b"made", at(0));
        added.unwrap();
        if n > 1 {
            let held = house.vault.payment(staff, &[n; 16]).unwrap().unwrap();
            house
                .vault
                .change_payment(staff, &held, (b"over", false), None, at(0))
                .unwrap();
        }
    }
    let backups = back_up(&house.vault, at(1));
    // Since then the open one is approved elsewhere, and a payer is erased.
    house.vault.erase(gone.subject(), None, at(2)).unwrap();
    let ledger = deletions(&house.vault, at(3));
    let place = Place::fresh().unwrap();
    let (vault, _) = restore(&place, &backups, &[&ledger], at(4)).unwrap();
    let staff = vault.collection(&name("acme"), &name("staff")).unwrap();
    let found = |n: u8| vault.payment(&staff, &[n; 16]).unwrap();
    assert!(found(1).is_none(), "it may have been approved since");
    assert_eq!(found(2).unwrap().note(), b"over");
    assert!(found(3).is_none(), "its payer was erased since");
    vault.audit_verify().unwrap();
}

#[test]
fn a_restore_brings_back_nobody_who_was_erased_since() {
    let Some(house) = House::fresh() else { return };
    let (ana, _) = house.enrolled("ana", &[1; 132]);
    house.enrolled("bea", &[2; 132]);
    let before = back_up(&house.vault, at(1));
    house
        .vault
        .erase(ana.subject(), Some(&id("ana")), at(2))
        .unwrap();
    let mut ledger = Vec::new();
    house.vault.backup_deletions(&mut ledger, at(3)).unwrap();
    let after = back_up(&house.vault, at(3));

    // The old backups alone would bring her back: the control.
    let place = Place::fresh().unwrap();
    let (vault, done) = restore(&place, &before, &[], at(4)).unwrap();
    assert_eq!(done.subjects, 2);
    drop(vault);

    // With the ledger, or with a newer backup of either half, she stays erased.
    let mixed = Backups {
        data: after.data.clone(),
        ..before
    };
    let old = Backups {
        data: before.data.clone(),
        keyring: mixed.keyring.clone(),
        ..mixed
    };
    let newer_keyring = Backups {
        data: before.data,
        ..after
    };
    for (backups, ledgers) in [
        (&old, &[&ledger[..]][..]),
        (&newer_keyring, &[]),
        (
            &Backups {
                data: after.data,
                keyring: old.keyring.clone(),
                identity: old.identity.clone(),
            },
            &[],
        ),
    ] {
        let place = Place::fresh().unwrap();
        let (vault, done) = restore(&place, backups, ledgers, at(4)).unwrap();
        assert_eq!(done.subjects, 1);
        let collection = vault.collection(&name("acme"), &name("staff")).unwrap();
        assert!(
            vault
                .find(&collection, &id("ana"))
                .unwrap()
                .subject()
                .is_none()
        );
        assert!(
            vault
                .find(&collection, &id("bea"))
                .unwrap()
                .subject()
                .is_some()
        );
        // The restored ledger remembers her, for the next restore.
        let again = back_up(&vault, at(5));
        let place = Place::fresh().unwrap();
        let old = Backups {
            data: old.data.clone(),
            ..again
        };
        let (_, done) = restore(&place, &old, &[], at(6)).unwrap();
        assert_eq!((done.subjects, done.erased), (1, 1));
    }
}

#[test]
fn a_consent_withdrawn_since_the_backup_is_withdrawn_in_what_is_restored() {
    let Some(house) = House::fresh() else { return };
    let (ana, _) = house.enrolled("ana", &[1; 132]);
    house.enrolled("bea", &[2; 132]);
    let cleo = house.add_bound("cleo", 7);
    house.consent(&cleo);
    let before = back_up(&house.vault, at(1));
    house.vault.withdraw(ana.subject(), None, at(2)).unwrap();
    house.vault.withdraw(cleo.subject(), None, at(2)).unwrap();
    let ledger = deletions(&house.vault, at(3));

    // Control: without the ledger the consents are back, and the report says until when it knows.
    let place = Place::fresh().unwrap();
    let (vault, done) = restore(&place, &before, &[], at(4)).unwrap();
    assert_eq!((done.withdrawn, done.known_until), (0, at(1)));
    let house = moved(house, place, vault);
    assert_eq!(house.verify("ana", at(5)).unwrap(), [[1; 132]]);
    let part = holder(7);
    house.verify_with("cleo", Some(&part), at(5)).unwrap();

    let place = Place::fresh().unwrap();
    let (vault, done) = restore(&place, &before, &[&ledger], at(4)).unwrap();
    assert_eq!((done.subjects, done.withdrawn), (3, 2));
    assert_eq!(done.known_until, at(3));
    let house = moved(house, place, vault).reopened(at(5));
    for refused in [
        house.verify("ana", at(5)),
        house.verify_with("cleo", Some(&part), at(5)),
    ] {
        let withdrawn = VaultError::Consent(ConsentError::Withdrawn);
        assert_eq!(refused.unwrap_err().to_string(), withdrawn.to_string());
    }
    let target = house.vault.find(&house.collection, &id("ana")).unwrap();
    let ana = house.vault.unlock(target.subject().unwrap(), None).unwrap();
    assert!(
        house.vault.records(&ana).unwrap().is_empty(),
        "nothing to enroll beside is left"
    );
    assert!(house.vault.consent(&ana, Purpose::Verify, at(5)).is_err());
    assert_eq!(house.verify("bea", at(5)).unwrap(), [[2; 132]]);
    house.vault.audit_verify().unwrap();

    // What was learned is kept: the next backup knows it without the old ledger.
    let next = back_up(&house.vault, at(6));
    let place = Place::fresh().unwrap();
    let old = Backups {
        data: before.data,
        ..next
    };
    let (vault, done) = restore(&place, &old, &[], at(7)).unwrap();
    assert_eq!(done.withdrawn, 2);
    drop(vault);
}

#[test]
fn a_consent_given_anew_is_not_ended_by_the_withdrawal_of_an_older_one() {
    let Some(house) = House::fresh() else { return };
    let (ana, _) = house.enrolled("ana", &[1; 132]);
    house.vault.withdraw(ana.subject(), None, at(1)).unwrap();
    let consent = house.consent(&ana);
    house
        .vault
        .enroll(&ana, &consent, &model(), &[3; 132], at(2))
        .unwrap();
    let (backups, ledger) = (back_up(&house.vault, at(3)), deletions(&house.vault, at(3)));
    let place = Place::fresh().unwrap();
    let (vault, done) = restore(&place, &backups, &[&ledger], at(4)).unwrap();
    assert_eq!(done.withdrawn, 0);
    let house = moved(house, place, vault);
    assert_eq!(house.verify("ana", at(5)).unwrap(), [[3; 132]]);
}

/// Between the withdrawal in the data and its entry in the ledger the process may die.
#[test]
fn a_withdrawal_that_was_cut_off_is_entered_when_it_is_done_again() {
    let faults = Arc::new(Faults::default());
    let handle = Arc::clone(&faults);
    let house = House::with(move |store| {
        let plain = Watched::new(store, Box::new(|_| {}), Box::new(|change| change));
        Arc::new(FaultStore::new(plain, Arc::clone(&handle)))
    });
    let Some(house) = house else { return };
    let (ana, _) = house.enrolled("ana", &[1; 132]);
    let before = back_up(&house.vault, at(1));
    faults.refused_write.store(1, Ordering::SeqCst);
    assert!(house.vault.withdraw(ana.subject(), None, at(2)).is_err());
    // Control: it is withdrawn, but the ledger does not know yet.
    assert!(house.verify("ana", at(2)).is_err());
    let place = Place::fresh().unwrap();
    let ledger = deletions(&house.vault, at(2));
    assert_eq!(
        restore(&place, &before, &[&ledger], at(3))
            .unwrap()
            .1
            .withdrawn,
        0
    );
    assert_eq!(house.vault.withdraw(ana.subject(), None, at(2)).unwrap(), 0);
    let place = Place::fresh().unwrap();
    let ledger = deletions(&house.vault, at(3));
    assert_eq!(
        restore(&place, &before, &[&ledger], at(3))
            .unwrap()
            .1
            .withdrawn,
        1
    );
}

#[test]
fn a_data_backup_holds_no_key() {
    let Some(house) = House::fresh() else { return };
    house.enrolled("ana", &[1; 132]);
    let keys = back_up(&house.vault, at(1));
    // Every frame of the data backup is of a tag the format allows there.
    let mut rest = &keys.data[40..];
    let mut tags = Vec::new();
    while rest.len() > 5 {
        let length = u32::from_le_bytes(rest[1..5].try_into().unwrap()) as usize;
        tags.push(rest[0]);
        rest = &rest[5 + length.min(rest.len() - 5)..];
        if tags.last() == Some(&255) {
            break;
        }
    }
    assert!(tags.contains(&8) && tags.contains(&9) && tags.last() == Some(&255));
    assert!(!tags.contains(&2) && !tags.contains(&4));
}

#[test]
fn damaged_foreign_and_old_backups_are_refused_and_leave_no_open_vault() {
    let Some(house) = House::fresh() else { return };
    house.enrolled("ana", &[1; 132]);
    let good = back_up(&house.vault, at(1));
    let with_data = |data: Vec<u8>| Backups {
        data,
        keyring: good.keyring.clone(),
        identity: good.identity.clone(),
    };

    let mut last = good.data.clone();
    let length = last.len();
    last[length - 1] ^= 1;
    let place = Place::fresh().unwrap();
    let refused = restore(&place, &with_data(last), &[], at(2)).unwrap_err();
    assert!(
        matches!(refused, VaultError::Backup(BackupError::Altered)),
        "{refused}"
    );
    assert!(matches!(
        open(place.store(), at(2)),
        Err(VaultError::Unfinished)
    ));

    for length in [0, 7, 39, 40, 44, 200, length / 2, length - 1] {
        let place = Place::fresh().unwrap();
        let cut = with_data(good.data[..length].to_vec());
        let refused = restore(&place, &cut, &[], at(2)).unwrap_err();
        assert!(
            matches!(refused, VaultError::Backup(BackupError::Format { .. })),
            "{refused}"
        );
        assert!(open(place.store(), at(2)).is_err());
    }

    let other_place = Place::fresh().unwrap();
    let other = create(other_place.store(), Settings::default()).unwrap();
    let mut foreign = Vec::new();
    other.backup_data(&mut foreign, at(1)).unwrap();
    let place = Place::fresh().unwrap();
    let refused = restore(&place, &with_data(foreign), &[], at(2)).unwrap_err();
    assert!(matches!(
        refused,
        VaultError::Backup(BackupError::Foreign { .. })
    ));

    // Set back by an hour and more, the clock would make an old backup young.
    let place = Place::fresh().unwrap();
    let early = Timestamp::from_unix(at(0).unix() - 3700);
    let refused = restore(&place, &good, &[], early).unwrap_err();
    assert!(matches!(
        refused,
        VaultError::Backup(BackupError::MadeLater { .. })
    ));

    let place = Place::fresh().unwrap();
    let refused = restore(&place, &good, &[], at(31 * DAY + 2)).unwrap_err();
    assert!(matches!(
        refused,
        VaultError::Backup(BackupError::TooOld { days: 31 })
    ));

    let stranger = age::x25519::Identity::generate().to_string();
    let wrong = Backups {
        data: good.data.clone(),
        keyring: good.keyring.clone(),
        identity: stranger.expose_secret().to_owned(),
    };
    let place = Place::fresh().unwrap();
    let refused = restore(&place, &wrong, &[], at(2)).unwrap_err();
    assert!(matches!(
        refused,
        VaultError::Backup(BackupError::Age { .. })
    ));

    let refused = Vault::restore(
        Place::fresh().unwrap().store(),
        root(2),
        Arc::new(SystemRandom),
        Settings::default(),
        (&mut &good.keyring[..], &good.identity),
        &mut &good.data[..],
        &mut [],
        at(2),
    )
    .unwrap_err();
    assert!(matches!(refused, VaultError::Key(KeyError::Wrong { .. })));

    let refused = restore(&house.place_in_use(), &good, &[], at(2));
    assert!(matches!(
        refused,
        Err(VaultError::Store(StoreError::Occupied))
    ));
}

#[test]
fn subjects_newer_than_the_keyring_backup_are_left_out_and_counted() {
    let Some(house) = House::fresh() else { return };
    house.enrolled("ana", &[1; 132]);
    let first = back_up(&house.vault, at(1));
    let (bea, consent) = house.enrolled("bea", &[2; 132]);
    house
        .vault
        .enroll(&bea, &consent, &model(), &[3; 132], at(1))
        .unwrap();
    let second = back_up(&house.vault, at(2));
    let mixed = Backups {
        data: second.data,
        ..first
    };
    let place = Place::fresh().unwrap();
    let (_, done) = restore(&place, &mixed, &[], at(3)).unwrap();
    assert_eq!(
        done,
        Restored {
            subjects: 1,
            erased: 0,
            without_key: 1,
            ..done
        }
    );
}

impl House {
    /// A place that already holds a vault, closed.
    fn place_in_use(self) -> Place {
        self.place
    }
}

#[test]
fn device_keys_come_back_with_a_backup_unless_the_consent_was_withdrawn_since() {
    let Some(house) = House::fresh() else { return };
    let mut people = Vec::new();
    for (number, who) in [(1, "ana"), (2, "bea")] {
        let subject = house.add(who);
        let grant = super::house::grant_for(Purpose::Payment, 100);
        let consent = house.vault.grant(&subject, &grant, at(0)).unwrap();
        let new = (&[number; 16], &[number; 30][..]);
        let person = (&subject, &consent);
        house
            .vault
            .add_device_key(person, new, &mut |_| true, at(1))
            .unwrap();
        people.push(subject);
    }
    let backups = back_up(&house.vault, at(2));
    house
        .vault
        .withdraw(people[1].subject(), None, at(3))
        .unwrap();
    let ledger = deletions(&house.vault, at(4));
    let Some(place) = Place::fresh() else { return };
    let (vault, _) = restore(&place, &backups, &[&ledger], at(5)).unwrap();
    let house = moved(house, place, vault);
    for (who, kept) in [("ana", 1), ("bea", 0)] {
        let target = house.vault.find(&house.collection, &id(who)).unwrap();
        let held = house.vault.device_keys(target.subject().unwrap()).unwrap();
        assert_eq!(held.len(), kept, "{who}");
    }
}
