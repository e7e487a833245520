use super::house::{House, at, grant_for, id, model};
use countenance_vault::{Purpose, VaultError};

#[test]
fn keys_of_the_platform_that_are_made_and_revoked_are_in_the_log() {
    let Some(house) = House::fresh() else { return };
    let before = house.vault.audit_size().unwrap();
    let made = house.vault.record_key_made(0x0011_2233_4455_6677, at(1));
    assert_eq!(made.unwrap(), before);
    let revoked = house.vault.record_key_revoked(0x0011_2233_4455_6677, at(2));
    assert_eq!(revoked.unwrap(), before + 1);
    assert_eq!(house.vault.audit_size().unwrap(), before + 2);
    house.vault.audit_verify().unwrap();
}

#[test]
fn what_the_platform_seals_opens_only_for_the_same_use_and_the_same_values() {
    let Some(house) = House::fresh() else { return };
    let sealer = house.vault.sealer("cursor");
    let sealed = sealer.bound_to(&[b"acme", b"staff"]).seal(b"17").unwrap();
    // The positive control: the same values, said again, open it.
    let again = house.vault.sealer("cursor").bound_to(&[b"acme", b"staff"]);
    assert_eq!(again.open(&sealed).unwrap()[..], b"17"[..]);
    for other in [
        house.vault.sealer("answer").bound_to(&[b"acme", b"staff"]),
        sealer.bound_to(&[b"acmes", b"taff"]),
        sealer.bound_to(&[b"acme"]),
        house.vault.sealer("cursor"),
    ] {
        assert!(other.open(&sealed).is_none());
    }
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(again.open(&altered).is_none(), "byte {at}");
    }
    assert!(again.open(b"").is_none());
}

#[test]
fn what_is_sealed_under_a_subjects_key_goes_with_the_subject() {
    let Some(house) = House::fresh() else { return };
    let (ana, bob) = (house.add("ana"), house.add("bob"));
    let sealed = house
        .vault
        .sealer_of(&ana, "pictures")
        .seal(b"face")
        .unwrap();
    // The positive control: unlocked anew, it opens.
    let again = house.vault.unlock(ana.subject(), None).unwrap();
    let opened = house.vault.sealer_of(&again, "pictures").open(&sealed);
    assert_eq!(opened.unwrap()[..], b"face"[..]);
    for other in [
        house.vault.sealer_of(&bob, "pictures"),
        house.vault.sealer_of(&ana, "other"),
        house.vault.sealer("pictures"),
    ] {
        assert!(other.open(&sealed).is_none());
    }
    let name = ana.subject().key_name();
    assert_ne!(name, bob.subject().key_name());
    assert!(house.vault.has_key_named(&name).unwrap());
    house.vault.erase(ana.subject(), None, at(1)).unwrap();
    assert!(!house.vault.has_key_named(&name).unwrap());
    let gone = house
        .vault
        .find(&house.collection, ana.external_id())
        .unwrap();
    assert!(gone.subject().is_none(), "nothing unlocks it any more");
    let anew = house.add("ana");
    assert!(
        house
            .vault
            .sealer_of(&anew, "pictures")
            .open(&sealed)
            .is_none()
    );
    assert!(
        !house.vault.has_key_named(&name).unwrap()
            && house
                .vault
                .has_key_named(&anew.subject().key_name())
                .unwrap()
    );
}

#[test]
fn a_name_is_found_as_it_is_looked_up_and_shown_as_it_was_written() {
    let Some(house) = House::fresh() else { return };
    let names = (&id("ana"), &id("Ana"));
    let add = || {
        house
            .vault
            .add_subject_written(&house.collection, names, None, at(0))
    };
    assert_eq!(add().unwrap().external_id(), &id("Ana"));
    assert!(matches!(add(), Err(VaultError::Exists { .. })));
    let found = |name: &str| house.vault.find(&house.collection, &id(name)).unwrap();
    let subject = found("ana").subject().cloned().unwrap();
    assert!(found("Ana").subject().is_none());
    assert_eq!(
        house.vault.unlock(&subject, None).unwrap().external_id(),
        &id("Ana")
    );
    let listed = house.vault.subjects(&house.collection, 0, 10).unwrap();
    assert_eq!(listed[0].external_id, Some(id("Ana")));
}

#[test]
fn templates_are_carried_once_and_only_to_who_consented() {
    let Some(house) = House::fresh() else { return };
    let (old, consent) = house.enrolled("old", &[1; 132]);
    house
        .vault
        .enroll(&old, &consent, &model(), &[2; 132], at(0))
        .unwrap();
    let new = house.add("new");
    let refused = house.vault.carry(&old, &new, &consent, at(1));
    assert!(
        matches!(refused, Err(VaultError::Consent(_))),
        "{refused:?}"
    );
    assert!(house.vault.record_places(new.subject()).unwrap().is_empty());
    let consent = house.consent(&new);
    let moved = house
        .vault
        .carry(&old, &new, &consent, at(1))
        .unwrap()
        .unwrap();
    assert_eq!(moved, [(0, 0), (1, 1)]);
    // Cut off and done again, nothing is doubled.
    assert_eq!(
        house.vault.carry(&old, &new, &consent, at(1)).unwrap(),
        Some(Vec::new())
    );
    let mut templates = house.verify("new", at(1)).unwrap();
    templates.sort();
    assert_eq!(templates, [vec![1; 132], vec![2; 132]]);
    // A place that is taken again is another.
    let places = house.vault.record_places(new.subject()).unwrap();
    house.vault.remove_record(&new, 1, at(2)).unwrap();
    house
        .vault
        .enroll(&new, &consent, &model(), &[3; 132], at(2))
        .unwrap();
    let after = house.vault.record_places(new.subject()).unwrap();
    assert_eq!(after[0], places[0]);
    assert!(after[1].number == 1 && after[1].nonce != places[1].nonce);
}

#[test]
fn whoever_is_found_without_a_counter_still_has_to_consent() {
    let Some(house) = House::fresh() else { return };
    let ana = house.add("ana");
    let verify = house.consent(&ana);
    assert!(
        house.vault.name_found(&ana, &verify, at(1)).is_err(),
        "it is for another purpose"
    );
    let consent = house
        .vault
        .grant(&ana, &grant_for(Purpose::Identify, 100), at(0))
        .unwrap();
    let before = house.vault.audit_size().unwrap();
    assert_eq!(
        house.vault.name_found(&ana, &consent, at(1)).unwrap(),
        before
    );
    house
        .vault
        .withdraw(ana.subject(), Some(Purpose::Identify), at(2))
        .unwrap();
    assert!(matches!(
        house.vault.name_found(&ana, &consent, at(3)),
        Err(VaultError::Consent(_))
    ));
    house.vault.audit_verify().unwrap();
}

#[test]
fn what_is_given_out_is_in_the_log_before() {
    let Some(house) = House::fresh() else { return };
    let (ana, _) = house.enrolled("ana", &[5; 132]);
    let before = house.vault.audit_size().unwrap();
    let (consents, references) = house.vault.give_out(&ana, at(1)).unwrap();
    assert_eq!(house.vault.audit_size().unwrap(), before + 1);
    assert_eq!((consents.len(), references.len()), (1, 1));
    assert!(consents[0].grant.is_some());
    assert_eq!(references[0].template[..], [5; 132]);
    house.vault.erase(ana.subject(), None, at(2)).unwrap();
    assert!(house.vault.give_out(&ana, at(3)).is_err());
}
