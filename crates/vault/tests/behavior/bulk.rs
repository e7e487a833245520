use super::faults::faulty;
use super::house::{DAY, House, at, grant_for, holder, id, model};
use countenance_vault::{
    ConsentError, EventKind, ModelName, NewSubject, Purpose, SubjectKind, Vault, VaultError,
};
use std::sync::atomic::Ordering;

/// Somebody who agreed to be verified and to be identified, with these templates.
fn new(who: &str, templates: &[u8]) -> NewSubject {
    let agreed = [Purpose::Verify, Purpose::Identify];
    NewSubject {
        id: id(&who.to_lowercase()),
        written: id(who),
        holder: None,
        grants: agreed.map(|purpose| grant_for(purpose, 9)).to_vec(),
        templates: templates
            .iter()
            .map(|&byte| (model(), vec![byte; 132].into()))
            .collect(),
    }
}

fn is_there(vault: &Vault, house: &House, who: &str) -> bool {
    let target = vault.find(&house.collection, &id(who)).unwrap();
    target.subject().is_some()
}

#[test]
fn many_come_in_at_once_each_with_every_consent_and_template_as_if_one_after_another() {
    let Some(house) = House::fresh() else { return };
    let mut bea = new("bea", &[3]);
    bea.holder = Some(holder(7));
    let other = ModelName::new("another-model").unwrap();
    bea.templates.push((other, vec![4; 132].into()));
    let all = [new("Ana", &[1, 2]), bea, new("cyd", &[])];
    house
        .vault
        .enroll_many(&house.collection, &all, at(1))
        .unwrap();
    let house = house.reopened(at(2));
    let vault = &house.vault;
    for (who, shown, part, bytes) in [
        ("ana", "Ana", None, &[1, 2][..]),
        ("bea", "bea", Some(holder(7)), &[3, 4]),
        ("cyd", "cyd", None, &[]),
    ] {
        let target = vault.find(&house.collection, &id(who)).unwrap();
        let subject = vault
            .unlock(target.subject().unwrap(), part.as_ref())
            .unwrap();
        assert_eq!(subject.external_id(), &id(shown));
        let bound = subject.subject().kind() == SubjectKind::HolderBound;
        assert_eq!(bound, part.is_some());
        for purpose in [Purpose::Verify, Purpose::Identify] {
            let consent = vault.consent(&subject, purpose, at(3)).unwrap();
            vault.recheck(&subject, &consent, at(3)).unwrap();
        }
        let all = vault.export(&subject, at(4)).unwrap();
        let numbers: Vec<u16> = all.consents.iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, [0, 1]);
        let found: Vec<u8> = all.references.iter().map(|one| one.template[0]).collect();
        assert_eq!(found, bytes, "{who}");
        let said = |kind| all.events.iter().filter(move |one| one.event.kind == kind);
        assert_eq!(said(EventKind::SubjectAdded).count(), 1);
        assert_eq!(said(EventKind::ConsentGranted).count(), 2);
        assert_eq!(said(EventKind::Enrolled).count(), bytes.len());
        // They live on as any others do.
        vault.withdraw(subject.subject(), None, at(5)).unwrap();
        let gone = vault.consent(&subject, Purpose::Identify, at(5));
        assert!(matches!(
            gone,
            Err(VaultError::Consent(ConsentError::Withdrawn))
        ));
        assert!(vault.records(&subject).unwrap().is_empty());
    }
    vault.audit_verify().unwrap();
    assert!(vault.unpaired().unwrap().is_empty());
}

#[test]
fn one_who_is_refused_keeps_all_of_them_out_and_leaves_no_key() {
    let Some(house) = House::fresh() else { return };
    house.enrolled("ana", &[1; 132]);
    let with = |change: fn(&mut NewSubject)| {
        let mut one = new("eve", &[5]);
        change(&mut one);
        one
    };
    let size = house.vault.audit_size().unwrap();
    for (case, bad) in [
        ("there already", new("ana", &[5])),
        ("twice", new("BOB", &[5])),
        ("agreed to nothing", with(|one| one.grants.clear())),
        ("over", with(|one| one.grants[1].expires = at(0))),
        (
            "of a day to come",
            with(|one| one.grants[1].granted = at(DAY)),
        ),
        (
            "too many",
            with(|one| one.templates = new("e", &[5; 17]).templates),
        ),
        ("empty", with(|one| one.templates[0].1.clear())),
        ("long", with(|one| one.templates[0].1.resize(4159, 1))),
    ] {
        let all = [new("bob", &[4]), bad];
        let refused = house.vault.enroll_many(&house.collection, &all, at(1));
        assert!(
            matches!(
                refused,
                Err(VaultError::Exists { .. } | VaultError::Consent(_) | VaultError::Limit { .. })
            ),
            "{case}: {refused:?}"
        );
        for who in ["bob", "eve"] {
            assert!(!is_there(&house.vault, &house, who), "{case}");
        }
        assert_eq!(house.vault.audit_size().unwrap(), size, "{case}");
        assert!(house.vault.doomed_numbered(2).unwrap().is_none(), "{case}");
    }
    house
        .vault
        .enroll_many(&house.collection, &[], at(1))
        .unwrap();
}

/// The first write is the keys, the second everybody.
#[test]
fn cut_off_at_any_write_there_are_all_of_them_or_none_and_they_can_come_again() {
    for (nth, lost, expected) in [
        (0, false, false),
        (1, false, false),
        (0, true, false),
        (1, true, true),
    ] {
        let Some((house, faults)) = faulty() else {
            return;
        };
        let all = ["ana", "bob", "cyd"].map(|who| new(who, &[1, 2]));
        let fault = if lost {
            &faults.lost_answer
        } else {
            &faults.refused_write
        };
        fault.store(nth, Ordering::SeqCst);
        let cut = house.vault.enroll_many(&house.collection, &all, at(1));
        fault.store(-1, Ordering::SeqCst);
        assert!(matches!(cut, Err(VaultError::Store(_))), "{nth}: {cut:?}");
        let house = house.reopened(at(2));
        for who in ["ana", "bob", "cyd"] {
            assert_eq!(
                is_there(&house.vault, &house, who),
                expected,
                "{nth} {lost}"
            );
        }
        let again = house.vault.enroll_many(&house.collection, &all, at(3));
        if expected {
            assert!(matches!(again, Err(VaultError::Exists { .. })), "{again:?}");
        } else {
            again.unwrap();
        }
        for who in ["ana", "bob", "cyd"] {
            assert_eq!(house.verify(who, at(4)).unwrap(), [[1; 132], [2; 132]]);
        }
        house.vault.audit_verify().unwrap();
        assert!(house.vault.unpaired().unwrap().is_empty());
    }
}

#[test]
fn of_two_who_bring_the_same_many_at_once_one_brings_them_and_the_other_is_told() {
    let Some(house) = House::fresh() else { return };
    for round in 0..8 {
        let all: Vec<NewSubject> = (0..20)
            .map(|n| new(&format!("p{round}-{n}"), &[n]))
            .collect();
        let done = std::thread::scope(|scope| {
            let bring = || house.vault.enroll_many(&house.collection, &all, at(1));
            [scope.spawn(bring), scope.spawn(bring)].map(|one| one.join().unwrap())
        });
        assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1, "{done:?}");
        let told = |one: &Result<(), VaultError>| matches!(one, Err(VaultError::Exists { .. }));
        assert_eq!(done.iter().filter(|one| told(one)).count(), 1, "{done:?}");
        for (n, one) in (0..).zip(&all) {
            assert_eq!(house.verify(one.id.as_str(), at(2)).unwrap(), [[n; 132]]);
        }
    }
    house.vault.audit_verify().unwrap();
    assert!(house.vault.unpaired().unwrap().is_empty());
}
