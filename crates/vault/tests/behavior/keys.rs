use super::house::{House, at, create, grant_for, id, model, name, open, root};
use super::watched::{Moment, Watched};
use countenance_vault::store::{Store, StoreError};
use countenance_vault::{KeyError, Purpose, Settings, SystemRandom, Vault, VaultError};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

#[test]
fn another_root_key_does_not_open_the_vault() {
    let Some(house) = House::fresh() else { return };
    let House { place, vault, .. } = house;
    drop(vault);
    let random = Arc::new(SystemRandom);
    let refused =
        Vault::open(place.store(), root(2), random, Settings::default(), at(1)).unwrap_err();
    assert!(
        matches!(refused, VaultError::Key(KeyError::Wrong { .. })),
        "{refused}"
    );
    assert!(open(place.store(), at(1)).is_ok());
}

#[test]
fn an_empty_place_holds_no_vault_and_a_full_one_takes_no_second() {
    let Some(place) = crate::backend::Place::fresh() else {
        return;
    };
    let missing = open(place.store(), at(1));
    assert!(matches!(
        missing,
        Err(VaultError::Store(StoreError::Missing))
    ));
    drop(create(place.store(), Settings::default()).unwrap());
    let second = create(place.store(), Settings::default());
    assert!(matches!(
        second,
        Err(VaultError::Store(StoreError::Occupied))
    ));
}

#[test]
fn a_rotated_tenant_key_moves_every_subject_in_batches() {
    let Some(house) = House::fresh() else { return };
    for n in 0..25 {
        house.enrolled(&format!("subject {n}"), &[n; 132]);
    }
    assert_eq!(house.vault.rotate_tenant(&name("acme"), at(1)).unwrap(), 2);
    house.enrolled("new", &[99; 132]);
    assert_eq!(house.vault.key_status().unwrap(), [(name("acme"), 2, 25)]);
    let first = house.vault.rewrap(0, 10).unwrap();
    assert_eq!((first.examined, first.rewrapped), (10, 10));
    // Cut off here, opened again and started from the beginning.
    let house = house.reopened(at(2));
    assert_eq!(house.vault.key_status().unwrap(), [(name("acme"), 2, 15)]);
    let (mut after, mut rewrapped) = (0, 0);
    loop {
        let done = house.vault.rewrap(after, 7).unwrap();
        rewrapped += done.rewrapped;
        match done.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(rewrapped, 15);
    assert_eq!(house.vault.key_status().unwrap(), [(name("acme"), 2, 0)]);
    let house = house.reopened(at(3));
    for n in 0..25 {
        assert_eq!(
            house.verify(&format!("subject {n}"), at(4)).unwrap(),
            [[n; 132]]
        );
    }
    assert_eq!(house.verify("new", at(4)).unwrap(), [[99; 132]]);
}

#[test]
fn a_replaced_root_key_is_the_only_one_that_opens() {
    let Some(house) = House::fresh() else { return };
    house.enrolled("ana", &[1; 132]);
    let House {
        place,
        vault,
        collection,
        ..
    } = house;
    let vault = vault.replace_root(root(2), at(1)).unwrap();
    assert!(
        vault
            .find(&collection, &id("ana"))
            .unwrap()
            .subject()
            .is_some()
    );
    drop(vault);
    let old = open(place.store(), at(2));
    assert!(matches!(old, Err(VaultError::Key(KeyError::Wrong { .. }))));
    let random = Arc::new(SystemRandom);
    let vault = Vault::open(place.store(), root(2), random, Settings::default(), at(2)).unwrap();
    let collection = vault.collection(&name("acme"), &name("staff")).unwrap();
    assert!(
        vault
            .find(&collection, &id("ana"))
            .unwrap()
            .subject()
            .is_some()
    );
}

#[test]
fn tenants_and_collections_are_found_by_name_again() {
    let Some(house) = House::fresh() else { return };
    house.vault.create_tenant(&name("blue"), at(1)).unwrap();
    house
        .vault
        .create_collection(&name("blue"), &name("staff"), at(1))
        .unwrap();
    let house = house.reopened(at(2));
    assert_eq!(house.vault.tenants(), [name("acme"), name("blue")]);
    let of_blue = house.vault.collections(&name("blue")).unwrap();
    assert_eq!(of_blue.len(), 1);
    assert_eq!(of_blue[0].0, name("staff"));
    assert_ne!(of_blue[0].1, house.collection);
    let unknown = house.vault.collection(&name("green"), &name("staff"));
    assert!(matches!(
        unknown,
        Err(VaultError::Unknown { what: "tenant" })
    ));
    let unknown = house.vault.collection(&name("blue"), &name("guests"));
    assert!(matches!(
        unknown,
        Err(VaultError::Unknown { what: "collection" })
    ));
}

type Act = Box<dyn FnOnce() + Send>;

/// Another process adds and enrolls somebody just before the nth write of a rotation, for every n.
#[test]
fn whoever_is_enrolled_at_any_moment_of_a_rotation_opens_afterwards() {
    let mut writes = 0;
    loop {
        let (countdown, act) = (
            Arc::new(AtomicI64::new(-1)),
            Arc::new(Mutex::new(None::<Act>)),
        );
        let below: Arc<Mutex<Option<Arc<dyn Store>>>> = Arc::default();
        let (count, due, kept) = (Arc::clone(&countdown), Arc::clone(&act), Arc::clone(&below));
        let house = House::with(move |store| {
            *kept.lock().unwrap() = Some(Arc::clone(&store));
            let (count, due) = (Arc::clone(&count), Arc::clone(&due));
            let watch = move |moment| {
                let now = moment == Moment::Before && count.fetch_sub(1, Ordering::SeqCst) == 0;
                let act = if now {
                    due.lock().unwrap().take()
                } else {
                    None
                };
                if let Some(act) = act {
                    act();
                }
            };
            Arc::new(Watched::new(
                store,
                Box::new(watch),
                Box::new(|change| change),
            ))
        });
        let Some(house) = house else { return };
        house.enrolled("ana", &[1; 132]);
        house.enrolled("bea", &[2; 132]);
        // It knows the key that is about to go.
        let beside = below.lock().unwrap().take().unwrap();
        let other = open(beside, at(1)).unwrap();
        let staff = other.collection(&name("acme"), &name("staff")).unwrap();
        *act.lock().unwrap() = Some(Box::new(move || {
            let cleo = other.add_subject(&staff, &id("cleo"), None, at(2)).unwrap();
            let consent = other
                .grant(&cleo, &grant_for(Purpose::Verify, 9), at(2))
                .unwrap();
            other
                .enroll(&cleo, &consent, &model(), &[3; 132], at(2))
                .unwrap();
        }));
        countdown.store(writes, Ordering::SeqCst);
        house.vault.rotate_tenant(&name("acme"), at(2)).unwrap();
        let mut after = Some(0);
        while let Some(from) = after {
            after = house.vault.rewrap(from, 1).unwrap().next;
        }
        countdown.store(-1, Ordering::SeqCst);
        if act.lock().unwrap().is_some() {
            break;
        }
        let mut house = house;
        for _ in 0..2 {
            house = house.reopened(at(3));
            below.lock().unwrap().take();
            for (who, template) in [("ana", 1), ("bea", 2), ("cleo", 3)] {
                let opened = house.verify(who, at(4));
                assert_eq!(opened.unwrap(), [[template; 132]], "{who}, write {writes}");
            }
            // And so it is when the rotation is done once more, for whom it missed.
            let mut after = Some(0);
            while let Some(from) = after {
                after = house.vault.rewrap(from, 1).unwrap().next;
            }
            assert_eq!(house.vault.key_status().unwrap()[0].2, 0, "write {writes}");
        }
        writes += 1;
    }
    assert!(writes > 3, "every write of a rotation was met: {writes}");
}
