//! Who of a collection is this? On the real networks, real photos and SQLite.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_core::vault::{ExternalId, LogContent, Outcome, Purpose, SystemRandom, VaultError};
use countenance_core::{
    Agreement, FalseMatchRate, Identification, IdentifyAnswer, IdentifyError, IdentifyRequest,
    IdentifySettings, Isa, OpenCollection, Searcher, Worker,
};
use given::{House, agreement, id, photo, worker};
use std::cell::Cell;

fn for_search() -> Agreement {
    Agreement {
        purpose: Purpose::Identify,
        ..agreement(300)
    }
}

/// A member who consented to `identify`, with templates of these photos.
fn join(house: &House, worker: &mut Worker, who: &ExternalId, photos: &[&str]) {
    let claim = house.claim(who);
    house.registry.add_subject(&claim).unwrap();
    let (subject, consent) = house.registry.grant_consent(&claim, &for_search()).unwrap();
    house.enroll(worker, &subject, &consent, photos);
}

fn set(house: &House, fmr: f64, fpir: f64) {
    let settings = IdentifySettings::new(FalseMatchRate::new(fmr).unwrap(), fpir, 0.05).unwrap();
    house
        .registry
        .set_identify_settings(&house.collection, settings)
        .unwrap();
}

fn open(house: &House, worker: &Worker) -> OpenCollection {
    open_while(house, worker, &|| true).unwrap()
}

fn open_while(
    house: &House,
    worker: &Worker,
    go_on: &dyn Fn() -> bool,
) -> Result<OpenCollection, IdentifyError> {
    let (engine, isa) = (worker.engine(), Isa::detect());
    house
        .registry
        .open_collection(engine, &house.collection, isa, &SystemRandom, go_on)
}

fn ask(
    house: &House,
    worker: &mut Worker,
    open: &OpenCollection,
    client: &str,
    name: &str,
) -> Result<Identification, IdentifyError> {
    let probe = photo(name);
    let request = IdentifyRequest {
        client,
        probe: &probe,
    };
    house
        .registry
        .identify(worker, &mut Searcher::new(1), open, &request)
}

fn answer(house: &House, worker: &mut Worker, open: &OpenCollection, name: &str) -> IdentifyAnswer {
    ask(house, worker, open, "door", name).unwrap().answer
}

#[test]
fn a_member_is_named_and_a_stranger_is_nobody() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    set(&house, 1e-5, 1e-3);
    join(&house, &mut worker, &ana, &["obama.jpg"]);
    let open = open(&house, &worker);
    let named = ask(&house, &mut worker, &open, "door", "obama2.jpg").unwrap();
    assert_eq!(named.answer, IdentifyAnswer::Accept(ana), "{named:?}");
    assert_eq!(named.members, 1);
    assert_eq!(
        named.policy.id(),
        "identify-1/sface-2021dec/fmr=1e-5/fpir=1e-3/margin=0.05"
    );
    let nobody = ask(&house, &mut worker, &open, "door", "biden.jpg").unwrap();
    assert_eq!(nobody.answer, IdentifyAnswer::Reject);
    assert_eq!(nobody.leaf, named.leaf + 1, "every answer is in the log");
}

#[test]
fn two_members_too_much_alike_are_ambiguous_and_two_templates_of_one_are_not() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    set(&house, 1e-5, 1e-3);
    join(
        &house,
        &mut worker,
        &id("ana"),
        &["obama.jpg", "obama2.jpg"],
    );
    let open = open(&house, &worker);
    let one = answer(&house, &mut worker, &open, "obama2.jpg");
    assert_eq!(one, IdentifyAnswer::Accept(id("ana")));
    join(&house, &mut worker, &id("twin"), &["obama2.jpg"]);
    let two = answer(&house, &mut worker, &open, "obama2.jpg");
    assert_eq!(two, IdentifyAnswer::Ambiguous);
    let size = house.registry.vault().audit_size().unwrap();
    let newest = house.registry.log_entries(size - 1, 1).unwrap();
    assert!(
        matches!(newest.entries[0].content, LogContent::Event(event) if event.outcome == Some(Outcome::Ambiguous)),
        "{newest:?}"
    );
}

#[test]
fn whoever_consented_to_be_verified_only_is_not_searched() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    set(&house, 1e-5, 1e-3);
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let open = open(&house, &worker);
    let before = ask(&house, &mut worker, &open, "door", "obama.jpg").unwrap();
    assert_eq!((before.answer, before.members), (IdentifyAnswer::Reject, 0));
    // Positive control: with the consent the same template is found by the same open collection.
    let claim = house.claim(&ana);
    house.registry.grant_consent(&claim, &for_search()).unwrap();
    let after = answer(&house, &mut worker, &open, "obama.jpg");
    assert_eq!(after, IdentifyAnswer::Accept(ana));
}

#[test]
fn withdrawal_and_erasure_hold_in_the_very_next_search_of_every_open_collection() {
    let Some(mut worker) = worker() else { return };
    let (house, ana, ben) = (House::new(), id("ana"), id("ben"));
    set(&house, 1e-5, 1e-3);
    join(&house, &mut worker, &ana, &["obama.jpg"]);
    join(&house, &mut worker, &ben, &["biden.jpg"]);
    // As two nodes on one store.
    let nodes = [open(&house, &worker), open(&house, &worker)];
    for node in &nodes {
        let found = answer(&house, &mut worker, node, "obama.jpg");
        assert_eq!(found, IdentifyAnswer::Accept(ana.clone()));
    }
    let subject = house.registry.subject(&house.collection, &ana).unwrap();
    house
        .registry
        .withdraw(&subject, Some(Purpose::Identify))
        .unwrap();
    let subject = house.registry.subject(&house.collection, &ben).unwrap();
    house.registry.erase(&subject, None).unwrap();
    for node in &nodes {
        for name in ["obama.jpg", "biden.jpg"] {
            let gone = ask(&house, &mut worker, node, "door", name).unwrap();
            assert_eq!((gone.answer, gone.members), (IdentifyAnswer::Reject, 0));
        }
    }
}

#[test]
fn whoever_ends_waits_for_one_member_and_not_for_the_whole_collection() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    for (who, photo) in [("ana", "obama.jpg"), ("ben", "biden.jpg")] {
        join(&house, &mut worker, &id(who), &[photo]);
    }
    // Asked for each member, first when it is read and then when it is put into memory.
    let whole = 4;
    for allowed in 0..=whole {
        let asked = Cell::new(0);
        let go_on = || {
            asked.set(asked.get() + 1);
            asked.get() <= allowed
        };
        match open_while(&house, &worker, &go_on) {
            Err(IdentifyError::Vault(VaultError::Ended)) => {
                assert!(allowed < whole);
                assert_eq!(asked.get(), allowed + 1, "it ends at once");
            }
            Ok(open) => assert_eq!((allowed, open.members()), (whole, 2)),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_consent_that_ends_by_itself_is_not_searched_though_nothing_was_written() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    set(&house, 1e-5, 1e-3);
    join(&house, &mut worker, &ana, &["obama.jpg"]);
    let open = open(&house, &worker);
    let found = ask(&house, &mut worker, &open, "door", "obama.jpg").unwrap();
    assert_eq!(
        (found.answer, found.members),
        (IdentifyAnswer::Accept(ana), 1)
    );
    house.clock.forward(300 * 86_400);
    let ended = ask(&house, &mut worker, &open, "door", "obama.jpg").unwrap();
    assert_eq!((ended.answer, ended.members), (IdentifyAnswer::Reject, 0));
}

#[test]
fn the_list_of_members_is_of_those_who_are_searched() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    set(&house, 1e-5, 1e-3);
    house.enrolled(&mut worker, &id("verified only"), &["biden.jpg"]);
    join(
        &house,
        &mut worker,
        &id("ana"),
        &["obama.jpg", "obama2.jpg"],
    );
    let claimed = id("without a template");
    let claim = house.claim(&claimed);
    house.registry.add_subject(&claim).unwrap();
    house.registry.grant_consent(&claim, &for_search()).unwrap();
    let members = |after, limit| {
        let page = house.registry.members(&house.collection, after, limit);
        let page = page.unwrap();
        let ids: Vec<_> = page
            .members
            .iter()
            .map(|member| (member.external_id.as_str().to_owned(), member.templates))
            .collect();
        (ids, page.next)
    };
    assert_eq!(members(0, 10), (vec![("ana".to_owned(), 2)], None));
    // Page by page over the subjects: one of them has nobody.
    let (first, next) = members(0, 1);
    assert_eq!(first, []);
    let (second, next) = members(next.unwrap(), 1);
    assert_eq!(second.len(), 1);
    assert_eq!(members(next.unwrap(), 1), (vec![], None));
    assert_eq!(open(&house, &worker).members(), 1);
}

#[test]
fn above_a_hundredth_a_person_decides_and_the_policy_says_so() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    set(&house, 1e-5, 2e-2);
    join(&house, &mut worker, &ana, &["obama.jpg"]);
    let open = open(&house, &worker);
    let found = ask(&house, &mut worker, &open, "door", "obama2.jpg").unwrap();
    assert_eq!(found.answer, IdentifyAnswer::Refer(ana.clone()));
    // Whoever is referred is no stranger: the next six are, too, and the log of the member says what was told.
    for _ in 0..6 {
        let again = answer(&house, &mut worker, &open, "obama2.jpg");
        assert_eq!(again, IdentifyAnswer::Refer(ana.clone()));
    }
    let export = house.registry.export(&house.claim(&ana)).unwrap();
    let outcomes = export.events.iter().filter_map(|entry| entry.event.outcome);
    assert_eq!(outcomes.filter(|one| *one == Outcome::Refer).count(), 7);
    assert!(found.policy.id().contains("fpir=2e-2"));
}

#[test]
fn more_members_than_the_target_allows_are_not_searched() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    join(&house, &mut worker, &ana, &["obama.jpg"]);
    let open = open(&house, &worker);
    // The upper bound of the rate is above 1e-5, so that not even one member is allowed.
    set(&house, 1e-5, 1e-5);
    let refused = ask(&house, &mut worker, &open, "door", "obama.jpg").unwrap_err();
    assert!(
        matches!(refused, IdentifyError::TooMany { members: 1, cap: 0 }),
        "{refused:?}"
    );
    // The setting counts from the next search on.
    set(&house, 1e-5, 1e-3);
    let found = ask(&house, &mut worker, &open, "door", "obama.jpg").unwrap();
    assert_eq!(found.answer, IdentifyAnswer::Accept(ana));
    let cap = found.policy.cap();
    let exact = 1e-3 / found.policy.threshold().fmr_upper_95();
    assert_eq!(cap, exact as usize);
    assert!((50..100).contains(&cap), "{cap}: 1e-3 / 1.30e-5 is 77");
}

#[test]
fn five_strangers_lock_the_client_who_asks_and_no_other() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    set(&house, 1e-5, 1e-3);
    join(&house, &mut worker, &ana, &["obama.jpg"]);
    let open = open(&house, &worker);
    for _ in 0..5 {
        let answer = answer(&house, &mut worker, &open, "biden.jpg");
        assert_eq!(answer, IdentifyAnswer::Reject);
    }
    let locked = answer(&house, &mut worker, &open, "obama.jpg");
    assert!(
        matches!(locked, IdentifyAnswer::NotPermitted(_)),
        "{locked:?}"
    );
    let other = ask(&house, &mut worker, &open, "gate", "obama.jpg").unwrap();
    assert_eq!(other.answer, IdentifyAnswer::Accept(ana.clone()));
    // Later it may, and a success resets the counter.
    house.clock.forward(31);
    let later = answer(&house, &mut worker, &open, "obama.jpg");
    assert_eq!(later, IdentifyAnswer::Accept(ana));
    for _ in 0..5 {
        let answer = answer(&house, &mut worker, &open, "biden.jpg");
        assert_eq!(answer, IdentifyAnswer::Reject);
    }
}

#[test]
fn a_search_that_nothing_happened_before_reads_no_records() {
    let Some(mut worker) = worker() else { return };
    let (house, ana) = (House::new(), id("ana"));
    set(&house, 1e-5, 1e-3);
    join(&house, &mut worker, &ana, &["obama.jpg"]);
    let open = open(&house, &worker);
    let records = || {
        house
            .counts
            .records
            .swap(0, std::sync::atomic::Ordering::SeqCst)
    };
    assert!(records() > 0, "opening reads them");
    answer(&house, &mut worker, &open, "biden.jpg");
    answer(&house, &mut worker, &open, "biden.jpg");
    assert_eq!(records(), 0);
}
