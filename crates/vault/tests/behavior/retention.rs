use super::house::{DAY, House, at, create, grant_for, id, model};
use countenance_vault::{ConsentState, Purpose, Settings, Timestamp, VaultError};

fn run(house: &House, now: Timestamp) -> (u64, usize) {
    let (mut after, mut expired, mut erased) = (0, 0, 0);
    loop {
        let done = house.vault.retain(after, 2, now).unwrap();
        expired += done.expired;
        erased += done.erased.len();
        match done.next {
            Some(next) => after = next,
            None => return (expired, erased),
        }
    }
}

#[test]
fn expired_consents_are_ended_and_records_go_with_the_last() {
    let Some(house) = House::fresh() else { return };
    let (subject, _) = house.enrolled("ana", &[1; 132]);
    house
        .vault
        .grant(&subject, &grant_for(Purpose::Payment, 200), at(0))
        .unwrap();
    assert_eq!(run(&house, at(99 * DAY)), (0, 0));
    assert_eq!(run(&house, at(100 * DAY)), (1, 0));
    assert_eq!(house.vault.records(&subject).unwrap().len(), 1);
    assert_eq!(run(&house, at(101 * DAY)), (0, 0));
    assert_eq!(run(&house, at(200 * DAY)), (1, 0));
    assert!(house.vault.records(&subject).unwrap().is_empty());
    let entries = house.vault.consents(subject.subject()).unwrap();
    assert!(
        entries
            .iter()
            .all(|entry| entry.state == ConsentState::Expired)
    );
}

#[test]
fn subjects_not_used_for_the_retention_time_are_erased() {
    let Some(house) = House::fresh() else { return };
    for who in ["ana", "bea", "cleo", "dana", "eve"] {
        let subject = house.add(who);
        let mut grant = grant_for(Purpose::Verify, 1000);
        grant.expires = at(1000 * DAY);
        let consent = house.vault.grant(&subject, &grant, at(0)).unwrap();
        house
            .vault
            .enroll(&subject, &consent, &model(), &[1; 132], at(0))
            .unwrap();
    }
    house.verify("bea", at(200 * DAY)).unwrap();
    assert_eq!(run(&house, at(364 * DAY)), (0, 0));
    assert_eq!(run(&house, at(365 * DAY)), (0, 4));
    assert!(
        house
            .vault
            .find(&house.collection, &id("ana"))
            .unwrap()
            .subject()
            .is_none()
    );
    assert!(house.verify("bea", at(366 * DAY)).is_ok());
    assert_eq!(run(&house, at(700 * DAY)), (0, 0));
    assert_eq!(run(&house, at(731 * DAY)), (0, 1));
}

#[test]
fn a_retention_above_1095_days_refuses_to_open() {
    let Some(house) = House::fresh() else { return };
    let House { place, vault, .. } = house;
    drop(vault);
    for (retention_days, consent_days) in [(1096, 1), (0, 1), (1, 1096), (u32::MAX, 1)] {
        let settings = Settings {
            retention_days,
            consent_days,
            ..Settings::default()
        };
        let refused = create(place.store(), settings);
        assert!(matches!(refused, Err(VaultError::Limit { max: 1095, .. })));
    }
    let settings = Settings {
        retention_days: 1095,
        ..Settings::default()
    };
    let opened = countenance_vault::Vault::open(
        place.store(),
        super::house::root(1),
        std::sync::Arc::new(countenance_vault::SystemRandom),
        settings,
        at(1),
    );
    assert!(opened.is_ok());
}
