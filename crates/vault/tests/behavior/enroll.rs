use super::house::{House, at, grant_for, holder, id, model, name};
use countenance_vault::{ConsentError, HolderError, Purpose, SubjectKind, VaultError};

#[test]
fn an_enrolled_template_comes_back_as_it_was_given() {
    let Some(house) = House::fresh() else { return };
    let template: Vec<u8> = (0..=140).collect();
    house.enrolled("ana", &template);
    assert_eq!(house.verify("ana", at(10)).unwrap(), [template.clone()]);
    let house = house.reopened(at(20));
    assert_eq!(house.verify("ana", at(30)).unwrap(), [template]);
}

#[test]
fn several_templates_of_a_subject_all_come_back() {
    let Some(house) = House::fresh() else { return };
    let (subject, consent) = house.enrolled("ana", &[0; 132]);
    for n in 1..16 {
        let number = house
            .vault
            .enroll(&subject, &consent, &model(), &[n; 132], at(1))
            .unwrap();
        assert_eq!(number, u16::from(n));
    }
    let refused = house
        .vault
        .enroll(&subject, &consent, &model(), &[99; 132], at(1));
    assert!(matches!(
        refused,
        Err(VaultError::Limit {
            what: "records",
            ..
        })
    ));
    assert_eq!(house.verify("ana", at(2)).unwrap().len(), 16);
    house.vault.remove_record(&subject, 3, at(3)).unwrap();
    assert_eq!(
        house
            .vault
            .enroll(&subject, &consent, &model(), &[50; 132], at(4))
            .unwrap(),
        3
    );
    let refused = house.vault.remove_record(&subject, 15 + 1, at(5));
    assert!(matches!(
        refused,
        Err(VaultError::Unknown { what: "record" })
    ));
}

#[test]
fn a_holder_bound_subject_opens_with_its_holder_part_only() {
    let Some(house) = House::fresh() else { return };
    let subject = house.add_bound("bea", 7);
    let consent = house.consent(&subject);
    house
        .vault
        .enroll(&subject, &consent, &model(), &[5; 132], at(0))
        .unwrap();
    assert_eq!(
        house.verify_with("bea", Some(&holder(7)), at(1)).unwrap(),
        [[5; 132]]
    );
    let wrong = house.verify_with("bea", Some(&holder(8)), at(2));
    assert!(matches!(wrong, Err(VaultError::Holder(HolderError::Wrong))));
    let missing = house.verify_with("bea", None, at(3));
    assert!(matches!(
        missing,
        Err(VaultError::Holder(HolderError::Missing))
    ));
    house.enrolled("ana", &[1; 132]);
    let unexpected = house.verify_with("ana", Some(&holder(7)), at(4));
    assert!(matches!(
        unexpected,
        Err(VaultError::Holder(HolderError::Unexpected))
    ));
}

#[test]
fn a_list_names_operator_key_subjects_and_shows_only_pseudonyms_of_holder_bound_ones() {
    let Some(house) = House::fresh() else { return };
    house.add("ana");
    house.add_bound("bea", 7);
    let listed = house.vault.subjects(&house.collection, 0, 10).unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].external_id, Some(id("ana")));
    assert_eq!(listed[0].kind, SubjectKind::OperatorKey);
    assert_eq!(listed[1].external_id, None);
    assert_eq!(listed[1].kind, SubjectKind::HolderBound);
    let next = house
        .vault
        .subjects(&house.collection, listed[0].number, 10)
        .unwrap();
    assert_eq!(next, listed[1..]);
}

#[test]
fn an_id_can_be_added_once_per_collection() {
    let Some(house) = House::fresh() else { return };
    house.add("ana");
    let again = house
        .vault
        .add_subject(&house.collection, &id("ana"), None, at(1));
    assert!(matches!(again, Err(VaultError::Exists { what: "subject" })));
    let other = house
        .vault
        .create_collection(&name("acme"), &name("visitors"), at(1))
        .unwrap();
    let elsewhere = house
        .vault
        .add_subject(&other, &id("ana"), None, at(1))
        .unwrap();
    let here = house.vault.find(&house.collection, &id("ana")).unwrap();
    assert_ne!(here.pseudonym(), elsewhere.subject().pseudonym());
    assert!(matches!(
        house
            .vault
            .create_collection(&name("acme"), &name("visitors"), at(2)),
        Err(VaultError::Exists { what: "collection" })
    ));
    assert!(matches!(
        house.vault.create_tenant(&name("acme"), at(2)),
        Err(VaultError::Exists { what: "tenant" })
    ));
}

#[test]
fn an_id_of_two_hundred_bytes_is_kept_whole() {
    let Some(house) = House::fresh() else { return };
    let long = "ž".repeat(100);
    house.add(&long);
    let house = house.reopened(at(1));
    let target = house.vault.find(&house.collection, &id(&long)).unwrap();
    let unlocked = house.vault.unlock(target.subject().unwrap(), None).unwrap();
    assert_eq!(unlocked.external_id().as_str(), long);
    assert_eq!(unlocked.created(), at(0));
}

#[test]
fn a_search_opens_only_members_who_consented_to_it() {
    let Some(house) = House::fresh() else { return };
    house.enrolled("verify-only", &[1; 132]);
    let member = house.add("member");
    let consent = house
        .vault
        .grant(&member, &grant_for(Purpose::Identify, 9), at(0))
        .unwrap();
    house
        .vault
        .enroll(&member, &consent, &model(), &[2; 132], at(0))
        .unwrap();
    let bound = house.add_bound("bound", 7);
    let consent = house
        .vault
        .grant(&bound, &grant_for(Purpose::Identify, 9), at(0))
        .unwrap();
    house
        .vault
        .enroll(&bound, &consent, &model(), &[3; 132], at(0))
        .unwrap();
    let found = house
        .vault
        .members_for_search(&house.collection, at(1), &|_, _| false, &|| true)
        .unwrap()
        .members;
    let mut seen = Vec::new();
    for one in &found {
        let member = house.vault.member(&house.collection, one.number).unwrap();
        let references = one.references.as_ref().unwrap();
        seen.push((
            member.external_id().as_str().to_owned(),
            references[0].template.to_vec(),
        ));
    }
    assert_eq!(
        (found.len(), seen),
        (1, vec![("member".to_owned(), vec![2; 132])])
    );
}

#[test]
fn a_consent_of_another_subject_or_purpose_is_refused() {
    let Some(house) = House::fresh() else { return };
    let (ana, _) = house.enrolled("ana", &[1; 132]);
    let (_, of_bea) = house.enrolled("bea", &[2; 132]);
    let refused = house
        .vault
        .enroll(&ana, &of_bea, &model(), &[3; 132], at(1));
    assert!(matches!(
        refused,
        Err(VaultError::Consent(ConsentError::Other))
    ));
    let target = house.vault.find(&house.collection, &id("ana")).unwrap();
    let attempt = house
        .vault
        .count_attempt(&target, Purpose::Payment, at(1))
        .unwrap();
    let consent = house.vault.consent(&ana, Purpose::Verify, at(1)).unwrap();
    let refused = house.vault.references(&ana, &consent, &attempt, at(1));
    assert!(matches!(
        refused,
        Err(VaultError::Consent(ConsentError::Other))
    ));
    let target = house.vault.find(&house.collection, &id("bea")).unwrap();
    let attempt = house
        .vault
        .count_attempt(&target, Purpose::Verify, at(1))
        .unwrap();
    let refused = house.vault.references(&ana, &consent, &attempt, at(1));
    assert!(matches!(
        refused,
        Err(VaultError::Unknown { what: "attempt" })
    ));
}
