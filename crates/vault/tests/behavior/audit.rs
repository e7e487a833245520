use super::house::{House, at, id};
use countenance_vault::{
    Checkpoint, EventKind, Outcome, Purpose, VaultError, leaf_hash, verify_consistency,
    verify_inclusion,
};

#[test]
fn every_change_is_in_the_log_before_it_is_answered() {
    let Some(house) = House::fresh() else { return };
    let before = house.vault.audit_size().unwrap();
    house.enrolled("ana", &[1; 132]);
    assert_eq!(house.vault.audit_size().unwrap(), before + 3);
    house.verify("ana", at(1)).unwrap();
    assert_eq!(house.vault.audit_size().unwrap(), before + 4);
    let _ = house.verify("nobody", at(2));
    assert_eq!(
        house.vault.audit_size().unwrap(),
        before + 5,
        "unknown ids leave a leaf too"
    );
}

#[test]
fn an_exported_event_is_proved_to_be_in_the_log() {
    let Some(house) = House::fresh() else { return };
    let (subject, _) = house.enrolled("ana", &[1; 132]);
    house.verify("ana", at(1)).unwrap();
    let export = house.vault.export(&subject, at(2)).unwrap();
    let kinds: Vec<_> = export.events.iter().map(|entry| entry.event.kind).collect();
    assert_eq!(
        kinds,
        [
            EventKind::SubjectAdded,
            EventKind::ConsentGranted,
            EventKind::Enrolled,
            EventKind::Decided,
            EventKind::Exported
        ]
    );
    let decided = &export.events[3];
    assert_eq!(decided.event.outcome, Some(Outcome::Accept));
    assert_eq!(decided.event.purpose, Some(Purpose::Verify));
    let checkpoint = house.vault.checkpoint(at(3)).unwrap();
    let checked = Checkpoint::verify(checkpoint.bytes(), &house.vault.public_key()).unwrap();
    for entry in &export.events {
        let proof = house
            .vault
            .prove_inclusion(entry.leaf, checked.size)
            .unwrap();
        let hash = leaf_hash(&entry.leaf_bytes);
        assert_eq!(hash, proof.leaf_hash);
        verify_inclusion(&hash, proof.leaf, checked.size, &checked.root, &proof.path).unwrap();
    }
}

#[test]
fn an_older_checkpoint_is_the_beginning_of_a_newer_one() {
    let Some(house) = House::fresh() else { return };
    let older = house.vault.checkpoint(at(0)).unwrap();
    for n in 0..40 {
        house.add(&format!("subject {n}"));
    }
    let newer = house.vault.checkpoint(at(1)).unwrap();
    let proof = house
        .vault
        .prove_consistency(older.size, newer.size)
        .unwrap();
    verify_consistency(older.size, &older.root, newer.size, &newer.root, &proof).unwrap();
    let mut altered = older.root;
    altered[0] ^= 1;
    assert!(verify_consistency(older.size, &altered, newer.size, &newer.root, &proof).is_err());
    assert_eq!(house.vault.audit_verify().unwrap(), newer.size);
    let beyond = house.vault.prove_consistency(1, newer.size + 1);
    assert!(matches!(beyond, Err(VaultError::Limit { .. })));
    let beyond = house.vault.prove_inclusion(newer.size, newer.size);
    assert!(matches!(beyond, Err(VaultError::NoLeaf { .. })));
}

#[test]
fn an_altered_checkpoint_is_refused() {
    let Some(house) = House::fresh() else { return };
    let checkpoint = house.vault.checkpoint(at(0)).unwrap();
    let key = house.vault.public_key();
    assert!(Checkpoint::verify(checkpoint.bytes(), &key).is_ok());
    for at in 0..136 {
        let mut altered = *checkpoint.bytes();
        altered[at] ^= 1;
        assert!(Checkpoint::verify(&altered, &key).is_err(), "byte {at}");
    }
}

#[test]
fn an_export_holds_everything_about_its_subject_and_nothing_of_others() {
    let Some(house) = House::fresh() else { return };
    let (ana, _) = house.enrolled("ana", &[1; 132]);
    house.enrolled("bea", &[2; 132]);
    let target = house.vault.find(&house.collection, &id("ana")).unwrap();
    let _open = house
        .vault
        .count_attempt(&target, Purpose::Verify, at(1))
        .unwrap();
    let export = house.vault.export(&ana, at(2)).unwrap();
    assert_eq!(export.external_id.as_str(), "ana");
    assert_eq!(export.references.len(), 1);
    assert_eq!(*export.references[0].template, [1; 132]);
    assert_eq!(export.consents.len(), 1);
    assert_eq!(
        export.consents[0].grant.as_ref().unwrap().evidence,
        [0xe7; 32]
    );
    assert_eq!(export.attempts, 1);
    assert_eq!(export.created, at(0));
    assert!(
        !format!("{export:?}").contains("ana"),
        "its debug text names nobody"
    );
}
