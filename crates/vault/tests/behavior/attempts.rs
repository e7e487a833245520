use super::house::{DAY, House, at, id};
use countenance_vault::{Lock, Purpose, Timestamp, VaultError};

fn fail(house: &House, who: &str, now: Timestamp) -> Result<(), VaultError> {
    let target = house.vault.find(&house.collection, &id(who))?;
    let attempt = house.vault.count_attempt(&target, Purpose::Verify, now)?;
    house.vault.decline(attempt, false, now)?;
    Ok(())
}

fn locked(result: Result<(), VaultError>, lock: Lock) -> bool {
    matches!(result, Err(VaultError::Attempts(got)) if got == lock)
}

#[test]
fn five_failures_are_free_then_each_waits_and_a_success_resets() {
    let Some(house) = House::fresh() else { return };
    house.enrolled("ana", &[1; 132]);
    for _ in 0..5 {
        fail(&house, "ana", at(0)).unwrap();
    }
    assert!(locked(
        fail(&house, "ana", at(29)),
        Lock::Wait { seconds: 1 }
    ));
    house.verify("ana", at(30)).unwrap();
    for _ in 0..5 {
        fail(&house, "ana", at(31)).unwrap();
    }
    assert!(locked(
        fail(&house, "ana", at(31)),
        Lock::Wait { seconds: 30 }
    ));
}

#[test]
fn an_attempt_that_was_never_decided_stays_counted_after_a_restart() {
    let Some(mut house) = House::fresh() else {
        return;
    };
    house.enrolled("ana", &[1; 132]);
    for n in 0..5 {
        let target = house.vault.find(&house.collection, &id("ana")).unwrap();
        let _undecided = house
            .vault
            .count_attempt(&target, Purpose::Verify, at(n))
            .unwrap();
        house = house.reopened(at(n));
    }
    assert!(locked(
        fail(&house, "ana", at(5)),
        Lock::Wait { seconds: 29 }
    ));
}

#[test]
fn unknown_ids_are_counted_in_buckets_like_known_ones() {
    let Some(house) = House::fresh() else { return };
    for _ in 0..5 {
        fail(&house, "nobody", at(0)).unwrap();
    }
    assert!(locked(
        fail(&house, "nobody", at(1)),
        Lock::Wait { seconds: 29 }
    ));
    fail(&house, "somebody else", at(1)).unwrap();
}

#[test]
fn fifty_in_a_row_need_another_factor_for_thirty_days() {
    let Some(house) = House::fresh() else { return };
    house.enrolled("ana", &[1; 132]);
    for n in 0..50 {
        fail(&house, "ana", at(30 * n)).unwrap();
    }
    assert!(locked(fail(&house, "ana", at(3600)), Lock::Exhausted));
    assert!(locked(fail(&house, "ana", at(29 * DAY)), Lock::Exhausted));
    house.verify("ana", at(32 * DAY)).unwrap();
}

#[test]
fn attempts_of_many_threads_are_each_counted() {
    let Some(house) = House::fresh() else { return };
    house.enrolled("ana", &[1; 132]);
    let allowed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| usize::from(fail(&house, "ana", at(0)).is_ok())))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(allowed, 5);
}

#[test]
fn a_clock_that_stands_before_what_was_seen_is_refused() {
    let Some(house) = House::fresh() else { return };
    house.enrolled("ana", &[1; 132]);
    house.verify("ana", at(10_000)).unwrap();
    let back = house.verify("ana", at(9_000));
    assert!(matches!(back, Err(VaultError::ClockBackwards { .. })));
    house.verify("ana", at(9_800)).unwrap();
    house.vault.checkpoint(at(10_000)).unwrap();
    let House { place, vault, .. } = house;
    drop(vault);
    let reopened = super::house::open(place.store(), at(0));
    assert!(matches!(reopened, Err(VaultError::ClockBackwards { .. })));
}

#[test]
fn an_identity_check_of_nobody_ends_in_the_log_and_resets_its_own_counter_only() {
    let Some(house) = House::fresh() else { return };
    house.enrolled("ana", &[1; 132]);
    let check = |who: &str, purpose, accept: bool| {
        let target = house.vault.find(&house.collection, &id(who))?;
        let attempt = house.vault.count_attempt(&target, purpose, at(0))?;
        if accept {
            house.vault.accept_of_nobody(attempt, at(0))
        } else {
            house.vault.decline(attempt, false, at(0))
        }
    };
    for case in ["case 1", "case 2"] {
        for _ in 0..4 {
            check(case, Purpose::IdentityCheck, false).unwrap();
        }
    }
    let before = house.vault.audit_size().unwrap();
    let leaf = check("case 1", Purpose::IdentityCheck, true).unwrap();
    assert_eq!(leaf, before);
    for _ in 0..5 {
        check("case 1", Purpose::IdentityCheck, false).unwrap();
    }
    check("case 2", Purpose::IdentityCheck, false).unwrap();
    let locked = check("case 2", Purpose::IdentityCheck, true);
    assert!(matches!(locked, Err(VaultError::Attempts(_))), "{locked:?}");
    // Nobody else is accepted this way: no subject, and for no other purpose.
    for (who, purpose) in [
        ("ana", Purpose::IdentityCheck),
        ("nobody", Purpose::Verify),
        ("nobody", Purpose::Payment),
        ("nobody", Purpose::Identify),
    ] {
        let refused = check(who, purpose, true);
        let unknown = matches!(refused, Err(VaultError::Unknown { what: "attempt" }));
        assert!(unknown, "{who} {purpose:?} {refused:?}");
    }
    house.vault.audit_verify().unwrap();
}
