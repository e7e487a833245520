//! The platform from outside: a real socket, real networks, real photos.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_api::{Access, Method, ROUTES, Scope};
use countenance_core::vault::{Checkpoint, EraseReceipt};
use countenance_server::Config;
use given::{House, Reply, base64, photo};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::time::Duration;

const ALL: &[Scope] = &[
    Scope::Admin,
    Scope::Audit,
    Scope::Compare,
    Scope::Detect,
    Scope::Enroll,
    Scope::Verify,
];

fn decoded(value: &Value) -> Vec<u8> {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    engine.decode(value.as_str().unwrap()).unwrap()
}

fn public_key(house: &House) -> [u8; 32] {
    use base64::Engine as _;
    let jwks = house.ask(None).get("/.well-known/jwks.json").json();
    let x = jwks["keys"][0]["x"].as_str().unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    engine.decode(x).unwrap().try_into().unwrap()
}

fn consent() -> Value {
    json!({"purpose": "verify", "text_version": "2026-01 en", "days": 300, "evidence_sha256": "e7".repeat(32)})
}

/// A subject who consented, with a template of a photo.
fn enrolled(house: &House, key: &str, id: &str, name: &str) {
    let ask = house.ask(Some(key));
    assert_eq!(ask.post("/v1/subjects", &json!({"id": id})).status, 201);
    let path = format!("/v1/subjects/{id}");
    assert_eq!(
        ask.post(&format!("{path}/consents"), &consent()).status,
        201
    );
    let faces = ask.form(&format!("{path}/faces"), &[("photo", &photo(name))]);
    assert_eq!(faces.status, 201, "{faces:?}");
}

fn verify(house: &House, key: &str, id: &str, bytes: &[u8]) -> Reply {
    let path = format!("/v1/subjects/{id}/verify");
    house.ask(Some(key)).form(&path, &[("probe", bytes)])
}

#[test]
fn a_person_agrees_is_enrolled_verified_and_erased() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", ALL);
    let ask = house.ask(Some(&key));
    let added = ask.post("/v1/subjects", &json!({"id": "ana"}));
    assert_eq!(
        (added.status, &added.json()["kind"]),
        (201, &json!("operator_key"))
    );
    let again = ask.post("/v1/subjects", &json!({"id": "ana"}));
    assert_eq!(again.problem(), "subject_exists");

    // Without consent nothing is enrolled.
    let photos = json!({"photos": [base64(&photo("obama.jpg"))]});
    let early = ask.post("/v1/subjects/ana/faces", &photos);
    assert_eq!(early.problem(), "consent_missing");
    let granted = ask.post("/v1/subjects/ana/consents", &consent());
    assert_eq!(granted.status, 201, "{granted:?}");
    assert_eq!(granted.json()["state"], "active");
    let stranger = json!({"photos": [base64(&photo("obama.jpg")), base64(&photo("biden.jpg"))]});
    let different = ask.post("/v1/subjects/ana/faces", &stranger);
    assert_eq!(
        (different.status, &different.json()["outcome"]),
        (200, &json!("different"))
    );
    let faces = ask.post("/v1/subjects/ana/faces", &photos);
    assert_eq!(
        (faces.status, &faces.json()["templates"]),
        (201, &json!(1)),
        "{faces:?}"
    );

    let same = verify(&house, &key, "ana", &photo("obama2.jpg"));
    assert_eq!(
        (same.status, same.json()),
        (200, json!({"decision": "accept"}))
    );
    let probe = json!({"probe": base64(&photo("biden.jpg"))});
    let other = ask.post("/v1/subjects/ana/verify", &probe);
    assert_eq!(
        (other.status, other.json()),
        (200, json!({"decision": "reject"}))
    );

    let shown = ask.get("/v1/subjects/ana").json();
    assert_eq!(shown["consents"][0]["purpose"], "verify");
    let export = ask.post("/v1/subjects/ana/export", &json!({})).json();
    assert_eq!(export["templates"].as_array().unwrap().len(), 1);
    let events: Vec<&str> = export["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        events,
        [
            "subject_added",
            "consent_granted",
            "enrolled",
            "decided",
            "decided",
            "exported"
        ]
    );

    let erased = ask.delete("/v1/subjects/ana");
    assert_eq!(erased.status, 200, "{erased:?}");
    let receipt = decoded(&erased.json()["receipt"]);
    let receipt = EraseReceipt::verify(&receipt, &public_key(&house)).unwrap();
    assert!(receipt.is_for("ana") && !receipt.is_for("bob"));
    assert_eq!(ask.get("/v1/subjects/ana").problem(), "subject_unknown");
    let gone = verify(&house, &key, "ana", &photo("obama2.jpg"));
    assert_eq!(gone.json(), json!({"decision": "reject"}));
}

#[test]
fn withdrawn_consent_blocks_verify() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", ALL);
    enrolled(&house, &key, "ana", "obama.jpg");
    let accepted = verify(&house, &key, "ana", &photo("obama2.jpg"));
    assert_eq!(accepted.json()["decision"], "accept");
    let withdrawn = house
        .ask(Some(&key))
        .delete("/v1/subjects/ana/consents?purpose=verify");
    assert_eq!(withdrawn.json(), json!({"withdrawn": 1}));
    let refused = verify(&house, &key, "ana", &photo("obama2.jpg"));
    assert_eq!(refused.json(), json!({"decision": "reject"}));
}

#[test]
fn a_holder_bound_subject_needs_its_holder_part() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", ALL);
    let (right, wrong) = ("a5".repeat(32), "a6".repeat(32));
    let holder = |part: &str| house.ask(Some(&key)).header("Countenance-Holder", part);
    let added = holder(&right).post("/v1/subjects", &json!({"id": "ana"}));
    assert_eq!(added.json()["kind"], "holder_bound");
    let without = house
        .ask(Some(&key))
        .post("/v1/subjects/ana/consents", &consent());
    assert_eq!(without.problem(), "holder_invalid");
    assert_eq!(
        holder(&right)
            .post("/v1/subjects/ana/consents", &consent())
            .status,
        201
    );
    let faces = holder(&right).form("/v1/subjects/ana/faces", &[("photo", &photo("obama.jpg"))]);
    assert_eq!(faces.status, 201, "{faces:?}");
    let path = "/v1/subjects/ana/verify";
    let probe = photo("obama2.jpg");
    let accepted = holder(&right).form(path, &[("probe", &probe)]);
    assert_eq!(accepted.json()["decision"], "accept");
    let refused = holder(&wrong).form(path, &[("probe", &probe)]);
    assert_eq!(refused.json(), json!({"decision": "reject"}));
    let malformed = holder("zz").form(path, &[("probe", &probe)]);
    assert_eq!(malformed.problem(), "parameter_invalid");
    // A list has no id of one whose id only the holder opens.
    let list = house.ask(Some(&key)).get("/v1/subjects").json();
    assert_eq!(list["subjects"][0].get("id"), None);
}

#[test]
fn pictures_are_compared_and_detected_in_both_ways() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &[Scope::Compare, Scope::Detect]);
    let ask = house.ask(Some(&key));
    let (reference, probe) = (photo("obama.jpg"), photo("obama2.jpg"));
    let as_json = json!({"reference": base64(&reference), "probe": base64(&probe)});
    let as_json = ask.post("/v1/compare", &as_json);
    let as_form = ask.form(
        "/v1/compare",
        &[("reference", &reference), ("probe", &probe)],
    );
    assert_eq!(as_json.body, as_form.body);
    let answer = as_json.json();
    assert_eq!(
        (&answer["decision"], answer.get("score")),
        (&json!("accept"), None)
    );
    let other = ask.form(
        "/v1/compare",
        &[("reference", &reference), ("probe", &photo("biden.jpg"))],
    );
    assert_eq!(other.json()["decision"], "reject");
    let found = ask.form("/v1/detect", &[("picture", &reference)]).json();
    assert_eq!(found["faces"].as_array().unwrap().len(), 1, "{found}");
    let found = ask
        .post("/v1/detect", &json!({"picture": base64(&reference)}))
        .json();
    assert_eq!(found["faces"][0]["landmarks"].as_array().unwrap().len(), 5);
}

#[test]
fn scores_are_only_for_keys_with_that_scope() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", ALL);
    enrolled(&house, &key, "ana", "obama.jpg");
    let seeing = house.key("acme", &[Scope::Scores, Scope::Verify, Scope::Compare]);
    let same = verify(&house, &seeing, "ana", &photo("obama2.jpg")).json();
    assert!(
        same["detail"]["score"].as_f64() > same["detail"]["threshold"].as_f64(),
        "{same}"
    );
    let unknown = verify(&house, &seeing, "nobody", &photo("obama2.jpg")).json();
    assert_eq!(unknown["detail"]["finding"], "unknown_subject");
    let blind = verify(&house, &key, "ana", &photo("obama2.jpg")).json();
    assert_eq!(blind, json!({"decision": "accept"}));
    let parts = [
        ("reference", &photo("obama.jpg")[..]),
        ("probe", &photo("biden.jpg")[..]),
    ];
    let compared = house.ask(Some(&seeing)).form("/v1/compare", &parts).json();
    assert!(
        compared["score"].as_f64() < compared["threshold"].as_f64(),
        "{compared}"
    );
}

/// Everything of an answer that a client can see, but the id of the request and the time of day.
fn visible(reply: &Reply) -> String {
    let changes = |line: &&str| !line.starts_with("x-request-id") && !line.starts_with("date");
    let head: Vec<&str> = reply.head.lines().filter(changes).collect();
    format!(
        "{}\n{}",
        head.join("\n"),
        String::from_utf8_lossy(&reply.body)
    )
}

#[test]
fn an_unknown_subject_a_wrong_face_no_consent_and_a_lock_answer_byte_for_byte_alike() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", ALL);
    enrolled(&house, &key, "ana", "obama.jpg");
    let ask = house.ask(Some(&key));
    assert_eq!(ask.post("/v1/subjects", &json!({"id": "bob"})).status, 201);
    let stranger = photo("biden.jpg");
    let wrong_face = verify(&house, &key, "ana", &stranger);
    assert_eq!(wrong_face.json()["decision"], "reject");
    let unknown = verify(&house, &key, "nobody", &stranger);
    let no_consent = verify(&house, &key, "bob", &stranger);
    let holder = "a5".repeat(32);
    let unexpected_holder = house
        .ask(Some(&key))
        .header("Countenance-Holder", &holder)
        .form("/v1/subjects/ana/verify", &[("probe", &stranger)]);
    for _ in 0..5 {
        verify(&house, &key, "ana", &stranger);
    }
    // Even the right face is rejected now: the lock holds, and looks no different.
    let locked = verify(&house, &key, "ana", &photo("obama2.jpg"));
    for (what, reply) in [
        ("unknown subject", unknown),
        ("no consent", no_consent),
        ("unexpected holder part", unexpected_holder),
        ("locked", locked),
    ] {
        assert_eq!(visible(&reply), visible(&wrong_face), "{what}");
    }
    // The positive control: after the wait the right face is accepted, and looks different.
    house.clock.forward(31);
    let accepted = verify(&house, &key, "ana", &photo("obama2.jpg"));
    assert_eq!(accepted.json()["decision"], "accept");
    assert_ne!(visible(&accepted), visible(&wrong_face));
}

#[test]
fn a_picture_that_does_not_decode_says_nothing_of_the_subject() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", ALL);
    enrolled(&house, &key, "ana", "obama.jpg");
    let known = verify(&house, &key, "ana", b"not a picture");
    assert_eq!(known.problem(), "picture_invalid");
    let unknown = verify(&house, &key, "nobody", b"not a picture");
    assert_eq!(visible(&known), visible(&unknown));
}

#[test]
fn every_route_is_refused_without_the_key_it_asks_for() {
    let Some(house) = House::new() else { return };
    let document = house.ask(None).get("/openapi.json").json();
    let (mut seen, mut failures) = (0, Vec::new());
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let needs = operation["security"][0]["key"][0].as_str();
            let path = path
                .replace("{subject}", "ana")
                .replace("{key}", "0011223344556677")
                .replace("{collection}", "none")
                .replace("{session}", "a-AAAAAAAAAAAAAAAAAAAAAA")
                .replace("{link}", "a-AAAAAAAAAAAAAAAAAAAAAA");
            let method = method.to_uppercase();
            let mut check = |who: &str, key: Option<&str>, expected: Option<&str>| {
                let reply = house
                    .ask(key)
                    .send(&method, &path, Some(("application/json", b"{}")));
                let refused = matches!(reply.status, 401 | 403).then(|| reply.problem());
                // Beyond the door anything may happen but this.
                let refused = refused.filter(|code| code != "consent_missing");
                seen += 1;
                if refused.as_deref() != expected || reply.status >= 500 {
                    failures.push(format!(
                        "{method} {path} {who}: {} {refused:?}",
                        reply.status
                    ));
                }
            };
            let by_token = [
                ("capture", "capture_token_invalid"),
                ("consents", "consent_link_invalid"),
            ];
            let token = by_token
                .iter()
                .find(|(name, _)| operation["security"][0][name].is_array());
            if let Some((_, needed)) = token {
                let needed = Some(*needed);
                check("without a token", None, needed);
                check("with a wrong token", Some("AAAA"), needed);
                for scope in Scope::ALL {
                    check(scope.name(), Some(&house.key("acme", &[scope])), needed);
                }
                continue;
            }
            let Some(needs) = needs else {
                check("without a key", None, None);
                continue;
            };
            check("without a key", None, Some("key_invalid"));
            check(
                "with a wrong key",
                Some("countenance_00_11"),
                Some("key_invalid"),
            );
            for scope in Scope::ALL {
                let key = house.key("acme", &[scope]);
                let expected = (scope.name() != needs).then_some("scope_missing");
                check(scope.name(), Some(&key), expected);
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {seen} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
    let protected = ROUTES
        .iter()
        .filter(|route| route.access != Access::Public)
        .count();
    assert_eq!(
        seen,
        ROUTES.len() - protected + protected * (2 + Scope::ALL.len())
    );
}

#[test]
fn a_key_stops_working_when_it_expires_or_is_revoked() {
    let Some(house) = House::new() else { return };
    let admin = house.key("acme", &[Scope::Admin, Scope::Enroll]);
    let ask = house.ask(Some(&admin));
    let made = ask.post("/v1/keys", &json!({"scopes": ["enroll"], "days": 1}));
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let key = made["key"].as_str().unwrap();
    assert_eq!(house.ask(Some(key)).get("/v1/subjects").status, 200);
    // Nobody hands on what they have not got.
    let more = ask.post("/v1/keys", &json!({"scopes": ["scores"]}));
    assert_eq!(more.problem(), "scope_missing");
    let listed = ask.get("/v1/keys").json();
    assert_eq!(listed["keys"].as_array().unwrap().len(), 2);
    assert_eq!(listed["keys"][1].get("key"), None);
    house.clock.forward(86_400);
    assert_eq!(
        house.ask(Some(key)).get("/v1/subjects").problem(),
        "key_invalid"
    );
    let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(ask.delete(&path).status, 204);
    assert_eq!(ask.delete(&path).problem(), "key_unknown");
    // A key that is revoked on the disk by another process is refused at once.
    let id = admin.split('_').nth(1).unwrap();
    assert!(house.keys.revoke(None, id).unwrap());
    assert_eq!(ask.get("/v1/keys").problem(), "key_invalid");
}

#[test]
fn a_tenant_sees_nothing_of_another() {
    let Some(house) = House::new() else { return };
    let (ours, theirs) = (house.key("acme", ALL), house.key("other", ALL));
    enrolled(&house, &ours, "ana", "obama.jpg");
    let ask = house.ask(Some(&theirs));
    assert_eq!(ask.get("/v1/subjects").json()["subjects"], json!([]));
    let elsewhere: [(&str, &str); 4] = [
        ("GET", "/v1/subjects/ana"),
        ("DELETE", "/v1/subjects/ana"),
        ("GET", "/v1/subjects/ana/consents"),
        ("POST", "/v1/subjects/ana/export"),
    ];
    for (method, path) in elsewhere {
        assert_eq!(
            ask.send(method, path, None).problem(),
            "subject_unknown",
            "{method} {path}"
        );
    }
    let reply = verify(&house, &theirs, "ana", &photo("obama2.jpg"));
    assert_eq!(reply.json(), json!({"decision": "reject"}));
    let id = ours.split('_').nth(1).unwrap();
    assert_eq!(
        ask.delete(&format!("/v1/keys/{id}")).problem(),
        "key_unknown"
    );
    assert_eq!(
        ask.get("/v1/keys").json()["keys"].as_array().unwrap().len(),
        1
    );
    // One id in two tenants is two people.
    assert_eq!(ask.post("/v1/subjects", &json!({"id": "ana"})).status, 201);
    // The positive control: it is all there for its own tenant.
    let accepted = verify(&house, &ours, "ana", &photo("obama2.jpg"));
    assert_eq!(accepted.json()["decision"], "accept");
}

#[test]
fn bodies_that_are_wrong_are_refused_as_the_table_says() {
    let config = Config {
        workers: 1,
        max_body_bytes: 300_000,
        ..Config::default()
    };
    let Some(house) = House::with(config) else {
        return;
    };
    let key = house.key("acme", ALL);
    let ask = house.ask(Some(&key));
    let large = vec![b'x'; 1_000_000];
    let form = "multipart/form-data; boundary=b";
    let cases: [(&str, &str, &[u8], &str); 12] = [
        ("/v1/detect", "application/json", b"{", "body_invalid"),
        ("/v1/detect", "application/json", b"{}", "body_invalid"),
        (
            "/v1/detect",
            "application/json",
            br#"{"picture":"!"}"#,
            "body_invalid",
        ),
        (
            "/v1/detect",
            "application/json",
            br#"{"picture":"AAAA"}"#,
            "picture_invalid",
        ),
        (
            "/v1/detect",
            "application/json",
            br#"{"picture":"AAAA","x":1}"#,
            "body_invalid",
        ),
        ("/v1/detect", "application/json", &large, "body_too_large"),
        ("/v1/detect", "image/jpeg", b"x", "content_type_unknown"),
        ("/v1/detect", form, b"--b\r\n", "body_invalid"),
        (
            "/v1/detect",
            "multipart/form-data",
            b"--b\r\n",
            "body_invalid",
        ),
        ("/v1/subjects", form, b"--b--\r\n", "content_type_unknown"),
        (
            "/v1/subjects",
            "application/json",
            br#"{"id":""}"#,
            "value_invalid",
        ),
        (
            "/v1/keys",
            "application/json",
            br#"{"scopes":["root"]}"#,
            "body_invalid",
        ),
    ];
    for (path, kind, body, expected) in cases {
        let reply = ask.send("POST", path, Some((kind, body)));
        assert_eq!(reply.problem(), expected, "{path} {kind} {reply:?}");
    }
    let twice = ask.form("/v1/detect", &[("picture", b"a"), ("picture", b"b")]);
    assert_eq!(twice.problem(), "body_invalid");
    assert_eq!(
        ask.form("/v1/detect", &[("picture", &large)]).problem(),
        "body_too_large"
    );
    assert_eq!(
        ask.get("/v1/subjects?limit=0").problem(),
        "parameter_invalid"
    );
    assert_eq!(
        ask.get("/v1/subjects?nothing=1").problem(),
        "parameter_invalid"
    );
    assert_eq!(
        ask.get("/v1/subjects?collection=none").problem(),
        "collection_unknown"
    );
    assert_eq!(ask.get("/v1/subjects/%ff").problem(), "parameter_invalid");
    assert_eq!(ask.get("/nothing").problem(), "route_unknown");
    assert_eq!(
        ask.send("PUT", "/v1/subjects", None).problem(),
        "method_unknown"
    );
}

#[test]
fn a_list_comes_page_by_page() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &[Scope::Enroll]);
    let ask = house.ask(Some(&key));
    for id in ["a", "b", "c"] {
        assert_eq!(ask.post("/v1/subjects", &json!({"id": id})).status, 201);
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/subjects?limit=2".to_owned());
    for pages in 1.. {
        let page = ask.get(&path).json();
        for subject in page["subjects"].as_array().unwrap() {
            seen.push(subject["id"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/subjects?limit=2&after={next}"),
            None => {
                assert_eq!(pages, 2);
                break;
            }
        }
    }
    assert_eq!(seen, ["a", "b", "c"]);
}

#[test]
fn the_audit_log_proves_itself() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", ALL);
    let ask = house.ask(Some(&key));
    let before = ask.get("/v1/audit/checkpoint").json();
    assert_eq!(ask.post("/v1/subjects", &json!({"id": "ana"})).status, 201);
    let after = ask.get("/v1/audit/checkpoint").json();
    let signed = Checkpoint::verify(&decoded(&after["signed"]), &public_key(&house)).unwrap();
    assert_eq!(after["size"], json!(signed.size));
    let older = before["size"].as_u64().unwrap();
    assert_eq!(signed.size, older + 1);
    let proof = ask
        .get(&format!("/v1/audit/consistency?older={older}"))
        .json();
    assert_eq!(
        (&proof["older_root"], &proof["newer_root"]),
        (&before["root"], &after["root"])
    );
    let path: Vec<[u8; 32]> = proof["path"].as_array().unwrap().iter().map(hash).collect();
    let (old, new) = (hash(&before["root"]), hash(&after["root"]));
    countenance_core::vault::verify_consistency(older, &old, signed.size, &new, &path).unwrap();
    let proof = ask.get("/v1/audit/inclusion?leaf=0").json();
    let path: Vec<[u8; 32]> = proof["path"].as_array().unwrap().iter().map(hash).collect();
    let leaf = hash(&proof["leaf_hash"]);
    countenance_core::vault::verify_inclusion(&leaf, 0, signed.size, &new, &path).unwrap();
    assert_eq!(
        ask.get("/v1/audit/inclusion?leaf=99999").problem(),
        "value_invalid"
    );
}

fn hash(value: &Value) -> [u8; 32] {
    let text = value.as_str().unwrap();
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

#[test]
fn a_key_that_asks_too_often_is_told_to_wait() {
    let config = Config {
        workers: 1,
        requests_per_second: NonZeroU32::MIN.saturating_add(2),
        ..Config::default()
    };
    let Some(house) = House::with(config) else {
        return;
    };
    let key = house.key("acme", &[Scope::Admin]);
    let replies: Vec<Reply> = (0..30)
        .map(|_| house.ask(Some(&key)).get("/v1/keys"))
        .collect();
    assert_eq!(replies[0].status, 200);
    let refused = replies
        .iter()
        .find(|reply| reply.status == 429)
        .expect("one is refused");
    assert_eq!(refused.problem(), "too_many_requests");
    assert!(refused.header("retry-after").is_some());
    // Another key is not slowed down by it.
    let other = house.key("acme", &[Scope::Admin]);
    assert_eq!(house.ask(Some(&other)).get("/v1/keys").status, 200);
}

/// A request that announces a body of 9 bytes and sends only these of it.
fn begun(house: &House, key: &str, connection: &str, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(house.address).unwrap();
    let text = format!(
        "POST /v1/detect HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{sent}"
    );
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

#[test]
fn a_full_queue_sheds_and_begins_nothing() {
    let config = Config {
        workers: 1,
        queue: 0,
        ..Config::default()
    };
    let Some(house) = House::with(config) else {
        return;
    };
    let key = house.key("acme", ALL);
    // One request takes the only place: its body is announced and does not come.
    let slow = begun(&house, &key, "keep-alive", "");
    let ask = house.ask(Some(&key));
    let refused = (0..50).find_map(|_| {
        let reply = ask.post("/v1/detect", &json!({"picture": "AAAA"}));
        std::thread::sleep(Duration::from_millis(20));
        (reply.status == 503).then_some(reply)
    });
    let refused = refused.expect("the queue was never full");
    assert_eq!(refused.problem(), "busy");
    assert!(refused.header("retry-after").is_some());
    // What needs no worker is answered all the same.
    assert_eq!(ask.get("/readyz").status, 200);
    drop(slow);
    let freed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        ask.post("/v1/detect", &json!({"picture": "AAAA"})).status == 422
    });
    assert!(freed, "a client that is gone gives its place back");
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let config = Config {
        workers: 1,
        body_timeout: Duration::from_millis(200),
        ..Config::default()
    };
    let Some(house) = House::with(config) else {
        return;
    };
    let key = house.key("acme", ALL);
    let slow = begun(&house, &key, "close", "{");
    assert_eq!(Reply::read(slow).problem(), "body_timeout");
}

#[test]
fn a_server_that_stops_finishes_what_it_accepted() {
    let Some(mut house) = House::new() else {
        return;
    };
    let key = house.key("acme", ALL);
    let body =
        json!({"reference": base64(&photo("obama.jpg")), "probe": base64(&photo("obama2.jpg"))})
            .to_string();
    let mut stream = TcpStream::connect(house.address).unwrap();
    let head = format!(
        "POST /v1/compare HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
        .write_all(&body.as_bytes()[..body.len() - 1])
        .unwrap();
    // It is being read now: the place it holds shows it.
    let audit = house.key("acme", &[Scope::Audit]);
    let reading = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let metrics = house.ask(Some(&audit)).get("/metrics");
        String::from_utf8(metrics.body)
            .unwrap()
            .contains("countenance_free_places 64\n")
    });
    assert!(reading, "the request never took a place");
    let rest = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        stream.write_all(b"}").unwrap();
        Reply::read(stream)
    });
    house.close();
    let reply = rest.join().unwrap();
    assert_eq!(reply.json()["decision"], "accept");
    assert!(
        TcpStream::connect(house.address).is_err(),
        "nobody listens any more"
    );
}

#[test]
fn what_anybody_may_know_is_public() {
    let Some(house) = House::new() else { return };
    let ask = house.ask(None);
    let policy = ask.get("/policy").json();
    assert_eq!(policy["retention_days"], 365);
    assert_eq!(
        policy["attempts"],
        json!({"free": 5, "wait_s": 30, "limit": 50})
    );
    assert_eq!(ask.get("/healthz").json()["status"], "ok");
    assert_eq!(ask.get("/readyz").status, 200);
    let served = ask.get("/openapi.json").json();
    assert_eq!(
        served,
        serde_json::to_value(countenance_api::document()).unwrap()
    );
    let public: Vec<&str> = ROUTES
        .iter()
        .filter(|route| route.access == Access::Public && route.method == Method::Get)
        .map(|route| route.path)
        .collect();
    for path in public {
        let (first, second) = (ask.get(path), ask.get(path));
        assert_eq!(first.status, 200, "{path}");
        assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    }
}

#[test]
fn ids_of_requests_do_not_tell_how_many_there_were() {
    let Some(house) = House::new() else { return };
    let ids: Vec<u64> = (0..20)
        .map(|_| {
            let reply = house.ask(None).get("/healthz");
            u64::from_str_radix(reply.header("x-request-id").unwrap(), 16).unwrap()
        })
        .collect();
    let near = |pair: &[u64]| pair[0].abs_diff(pair[1]) < 1 << 32;
    assert!(!ids.windows(2).any(near), "{ids:x?}");
    assert!(!ids.is_sorted(), "{ids:x?}");
}

#[test]
fn an_array_is_no_object_and_nothing_is_made_of_it() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", ALL);
    let ask = house.ask(Some(&key));
    for (path, body) in [
        ("/v1/subjects", json!(["ana"])),
        ("/v1/keys", json!([["detect"], null, null, null, null])),
        ("/v1/compare", json!(["AAAA", "AAAA"])),
    ] {
        assert_eq!(ask.post(path, &body).problem(), "body_invalid", "{path}");
    }
    assert_eq!(ask.get("/v1/subjects/ana").status, 404);
}

#[test]
fn a_body_that_says_it_is_too_large_is_refused_before_any_of_it_comes() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", ALL);
    for more in ["", "Expect: 100-continue\r\n", "Idempotency-Key: one\r\n"] {
        let head = format!(
            "POST /v1/subjects HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: 99999999999\r\n{more}\r\n"
        );
        let mut stream = TcpStream::connect(house.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let reply = Reply::read(stream);
        assert_eq!(reply.problem(), "body_too_large", "{more}{reply:?}");
    }
}
