//! What enrolling answers when something stands in the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_api::Scope;
use countenance_server::Config;
use given::{House, photo};
use serde_json::json;

const SCOPES: &[Scope] = &[Scope::Admin, Scope::Enroll, Scope::Verify];

/// A subject who consented, with no template yet.
fn consented(house: &House, key: &str, id: &str) -> String {
    let ask = house.ask(Some(key));
    assert_eq!(ask.post("/v1/subjects", &json!({"id": id})).status, 201);
    let path = format!("/v1/subjects/{id}");
    let consent =
        json!({"purpose": "verify", "text_version": "1", "evidence_sha256": "e7".repeat(32)});
    let granted = ask.post(&format!("{path}/consents"), &consent);
    assert_eq!(granted.status, 201, "{granted:?}");
    format!("{path}/faces")
}

#[test]
fn photos_of_somebody_else_are_told_as_such_and_too_many_have_to_wait() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", SCOPES);
    let path = consented(&house, &key, "ana");
    let ask = house.ask(Some(&key));
    let first = ask.form(&path, &[("photo", &photo("obama.jpg"))]);
    assert_eq!(first.status, 201, "{first:?}");
    for _ in 0..5 {
        let other = ask.form(&path, &[("photo", &photo("biden.jpg"))]);
        // Nothing but the outcome: which photo, and how far off, would help to get closer.
        let expected = json!({"outcome": "not_the_subject", "templates": 0, "replaced": 0});
        assert_eq!((other.status, other.json()), (200, expected));
    }
    let locked = ask.form(&path, &[("photo", &photo("obama2.jpg"))]);
    assert_eq!(locked.problem(), "attempts_used");
    let wait: u64 = locked.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    // The positive control: after the wait the subject's own photo is taken.
    house.clock.forward(wait);
    let own = ask.form(&path, &[("photo", &photo("obama2.jpg"))]);
    assert_eq!(own.status, 201, "{own:?}");
}

#[test]
fn two_who_enroll_one_subject_at_once_are_both_answered_and_only_what_is_acknowledged_is_kept() {
    let config = Config {
        workers: 2,
        ..Config::default()
    };
    let Some(house) = House::with(config) else {
        return;
    };
    let key = house.key("acme", SCOPES);
    for round in 0..4 {
        let id = format!("ana-{round}");
        let path = consented(&house, &key, &id);
        let ask = house.ask(Some(&key));
        let photos = [photo("obama.jpg"), photo("biden.jpg")];
        let replies: Vec<_> = std::thread::scope(|scope| {
            let threads = photos.each_ref().map(|photo| {
                let (ask, path) = (&ask, &path);
                scope.spawn(move || ask.form(path, &[("photo", photo)]))
            });
            threads
                .map(|thread| thread.join().unwrap())
                .into_iter()
                .collect()
        });
        let sealed = replies.iter().filter(|reply| reply.status == 201).count();
        for reply in replies.iter().filter(|reply| reply.status != 201) {
            match reply.status {
                200 => assert_eq!(reply.json()["outcome"], "not_the_subject"),
                _ => assert_eq!(reply.problem(), "enrolled_meanwhile"),
            }
        }
        // Two people never share a subject, and nothing that was refused is left.
        assert!(sealed <= 1, "{replies:?}");
        let export = ask.post(&format!("/v1/subjects/{id}/export"), &json!({}));
        let export = export.json();
        assert_eq!(export["templates"].as_array().unwrap().len(), sealed);
    }
}
