//! Writes that are asked again with the same Idempotency-Key, and reads that have not changed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_api::Scope;
use given::{House, photo};
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

const SCOPES: &[Scope] = &[Scope::Admin, Scope::Audit, Scope::Enroll, Scope::Verify];

fn consent() -> serde_json::Value {
    json!({"purpose": "verify", "text_version": "1", "evidence_sha256": "e7".repeat(32)})
}

#[test]
fn a_write_that_is_asked_again_is_done_once_and_answered_the_same() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", SCOPES);
    let once = |name: &str| house.ask(Some(&key)).header("Idempotency-Key", name);
    let size = || {
        let tree = house.ask(Some(&key)).get("/v1/audit/checkpoint").json();
        tree["size"].as_u64().unwrap()
    };
    let body = json!({"id": "ana"});
    let first = once("a").post("/v1/subjects", &body);
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(first.header("idempotency-replayed"), None);
    let events = size();
    let again = once("a").post("/v1/subjects", &body);
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(size(), events, "nothing was done again");
    // The control: with another key it is another request.
    let other = once("b").post("/v1/subjects", &body);
    assert_eq!(other.problem(), "subject_exists");
    // What was refused may be asked anew.
    assert_eq!(
        once("b").post("/v1/subjects", &json!({"id": "ben"})).status,
        201
    );

    let granted = once("c").post("/v1/subjects/ana/consents", &consent());
    let again = once("c").post("/v1/subjects/ana/consents", &consent());
    assert_eq!((granted.status, &granted.body), (201, &again.body));
    let path = "/v1/subjects/ana/faces";
    for _ in 0..2 {
        let faces = once("d").form(path, &[("photo", &photo("obama.jpg"))]);
        assert_eq!(
            (faces.status, faces.json()["templates"].clone()),
            (201, json!(1))
        );
    }
    let export = house
        .ask(Some(&key))
        .post("/v1/subjects/ana/export", &json!({}));
    assert_eq!(export.json()["templates"].as_array().unwrap().len(), 1);

    // A verification is one attempt for as long as its answer means something.
    let events = size();
    for _ in 0..3 {
        let path = "/v1/subjects/ana/verify";
        let told = once("e").form(path, &[("probe", &photo("obama2.jpg"))]);
        assert_eq!(told.json()["decision"], "accept");
    }
    assert_eq!(size(), events + 1);
    house.ask(Some(&key)).delete("/v1/subjects/ana/consents");
    house.clock.forward(61);
    let told = once("e").form(
        "/v1/subjects/ana/verify",
        &[("probe", &photo("obama2.jpg"))],
    );
    assert_eq!(
        told.json()["decision"],
        "reject",
        "an old answer outlives no consent"
    );

    let erased = once("f").delete("/v1/subjects/ana");
    let again = once("f").delete("/v1/subjects/ana");
    assert_eq!((erased.status, &erased.body), (200, &again.body));
    // After a day it is a request like any other.
    house.clock.forward(86_400);
    assert_eq!(
        once("f").delete("/v1/subjects/ana").problem(),
        "subject_unknown"
    );
}

#[test]
fn an_idempotency_key_stands_for_one_request_of_one_key() {
    let Some(house) = House::new() else { return };
    let (one, other) = (house.key("acme", SCOPES), house.key("acme", SCOPES));
    let ask = |key: &str, name: &str| house.ask(Some(key)).header("Idempotency-Key", name);
    let first = ask(&one, "a").post("/v1/subjects", &json!({"id": "ana"}));
    assert_eq!(first.status, 201);
    let mismatch = ask(&one, "a").post("/v1/subjects", &json!({"id": "ben"}));
    assert_eq!(mismatch.problem(), "idempotency_mismatch");
    let mismatch = ask(&one, "a").post("/v1/subjects?collection=x", &json!({"id": "ana"}));
    assert_eq!(mismatch.problem(), "idempotency_mismatch");
    let holder = "a5".repeat(32);
    let mismatch = ask(&one, "a").header("Countenance-Holder", &holder);
    let mismatch = mismatch.post("/v1/subjects", &json!({"id": "ana"}));
    assert_eq!(mismatch.problem(), "idempotency_mismatch");
    // Another key's is another's: nothing of the answer is seen.
    let foreign = ask(&other, "a").post("/v1/subjects", &json!({"id": "ana"}));
    assert_eq!(foreign.problem(), "subject_exists");
    for name in ["", &"x".repeat(256)] {
        let refused = ask(&one, name).post("/v1/subjects", &json!({"id": "eva"}));
        assert_eq!(refused.problem(), "parameter_invalid");
    }
    let twice = ask(&one, "b").header("Idempotency-Key", "c");
    assert_eq!(
        twice.post("/v1/subjects", &json!({"id": "eva"})).problem(),
        "parameter_invalid"
    );
}

#[test]
fn the_secret_of_a_key_is_shown_once_even_when_it_is_asked_again() {
    let Some(house) = House::new() else { return };
    let admin = house.key("acme", SCOPES);
    let ask = || house.ask(Some(&admin)).header("Idempotency-Key", "k");
    let made = ask().post("/v1/keys", &json!({"scopes": ["verify"]}));
    assert_eq!(made.status, 201, "{made:?}");
    let again = ask().post("/v1/keys", &json!({"scopes": ["verify"]}));
    assert_eq!(again.problem(), "answer_not_kept");
    let (id, text) = (
        made.json()["id"].clone(),
        String::from_utf8(again.body).unwrap(),
    );
    assert!(text.contains(id.as_str().unwrap()), "{text}");
    let listed = house.ask(Some(&admin)).get("/v1/keys").json();
    assert_eq!(listed["keys"].as_array().unwrap().len(), 2, "one was made");
}

#[test]
fn what_is_kept_of_answers_tells_nothing() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", SCOPES);
    let (id, name) = ("canary-7391", "retry-canary-5521");
    let ask = house.ask(Some(&key)).header("Idempotency-Key", name);
    assert_eq!(ask.post("/v1/subjects", &json!({"id": id})).status, 201);
    let (mut seen, mut found) = (0, false);
    for file in std::fs::read_dir(house.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if !path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("keys.db")
        {
            continue;
        }
        let bytes = std::fs::read(path).unwrap();
        let holds = |text: &str| {
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        assert!(!holds(id) && !holds(name), "it is on the disk in clear");
        seen += 1;
        found |= holds("acme");
    }
    // The positive control: the search finds what is there.
    assert!(seen > 0 && found);
}

#[test]
fn a_client_that_goes_can_ask_again_for_what_was_done_meanwhile() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", SCOPES);
    let ask = || house.ask(Some(&key)).header("Idempotency-Key", "gone");
    for id in ["ana", "ben"] {
        let added = house
            .ask(Some(&key))
            .post("/v1/subjects", &json!({"id": id}));
        assert_eq!(added.status, 201);
    }
    let text = consent().to_string();
    let mut stream = TcpStream::connect(house.address).unwrap();
    write!(
        stream,
        "POST /v1/subjects/ana/consents HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: gone\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    )
    .unwrap();
    drop(stream);
    let path = "/v1/subjects/ana/consents";
    let again = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(20));
        let again = ask().post(path, &consent());
        (again.status == 201).then_some(again)
    });
    assert!(again.is_some(), "it is answered in the end");
    let listed = house.ask(Some(&key)).get(path).json();
    assert_eq!(listed["consents"].as_array().unwrap().len(), 1, "once");
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", SCOPES);
    let ask = house.ask(Some(&key));
    assert_eq!(ask.post("/v1/subjects", &json!({"id": "ana"})).status, 201);
    let public = [
        "/policy",
        "/openapi.json",
        "/docs",
        "/.well-known/jwks.json",
    ];
    for path in public.into_iter().chain([
        "/v1/subjects/ana",
        "/v1/keys",
        "/v1/collections",
        "/v1/collections/default",
    ]) {
        let whole = ask.get(path);
        let tag = whole.header("etag").expect(path).to_owned();
        // Names of headers are lowered in the reply; a tag is compared as it is.
        let tag = exact(&house, &key, path).unwrap_or(tag);
        for asked in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let same = house
                .ask(Some(&key))
                .header("If-None-Match", &asked)
                .get(path);
            assert_eq!((same.status, same.body.len()), (304, 0), "{path} {asked}");
        }
        let other = house
            .ask(Some(&key))
            .header("If-None-Match", "\"x\"")
            .get(path);
        assert_eq!((other.status, &other.body), (200, &whole.body), "{path}");
        let kept = whole.header("cache-control").unwrap();
        assert_eq!(
            kept == "no-store",
            path.starts_with("/v1/"),
            "{path} {kept}"
        );
    }
    let before = exact(&house, &key, "/v1/subjects/ana").unwrap();
    ask.post("/v1/subjects/ana/consents", &consent());
    let changed = house.ask(Some(&key)).header("If-None-Match", &before);
    assert_eq!(changed.get("/v1/subjects/ana").status, 200);
}

/// The tag of an answer, letter by letter.
fn exact(house: &House, key: &str, path: &str) -> Option<String> {
    use std::io::Read as _;
    let mut stream = TcpStream::connect(house.address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\r\n"
    )
    .unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().find(|line| line.starts_with("etag: "))?;
    Some(line["etag: ".len()..].to_owned())
}

#[test]
fn a_write_on_a_condition_is_refused_and_changes_nothing() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &[Scope::Enroll]);
    let ask = || house.ask(Some(&key));
    assert_eq!(
        ask().post("/v1/subjects", &json!({"id": "ana"})).status,
        201
    );
    for (header, value) in [
        ("If-Match", "\"stale\""),
        ("If-None-Match", "*"),
        ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ] {
        let refused = ask().header(header, value).delete("/v1/subjects/ana");
        assert_eq!(refused.problem(), "parameter_invalid", "{header}");
    }
    assert_eq!(ask().get("/v1/subjects/ana").status, 200);
    // Control: without one it is done.
    assert_eq!(ask().delete("/v1/subjects/ana").status, 200);
}

#[test]
fn what_a_server_before_had_begun_is_not_waited_for() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &[Scope::Enroll]);
    let ask = |house: &House| {
        let ask = house.ask(Some(&key)).header("Idempotency-Key", "one");
        ask.post("/v1/subjects", &json!({"id": "ana"}))
    };
    assert_eq!(ask(&house).status, 201);
    // As if it had been killed before it could keep its answer.
    let keys = rusqlite::Connection::open(house.folder.path().join("keys.db")).unwrap();
    keys.execute("UPDATE answer SET sealed = NULL", []).unwrap();
    drop(keys);
    // Control: by this server it might still be worked on.
    assert_eq!(ask(&house).problem(), "in_progress");
    let next = house.beside("b").unwrap();
    assert_eq!(ask(&next).problem(), "outcome_unknown");
}
