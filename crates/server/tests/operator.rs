//! The operator's socket, limits of keys, and numbers that are nobody's business.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_api::Scope;
use countenance_core::vault::Name;
use countenance_server::{KeyOrder, Operator, SOCKET};
use given::{House, photo};
use serde_json::{Value, json};

fn body(value: &Value) -> Option<Vec<u8>> {
    Some(value.to_string().into_bytes())
}

#[test]
fn whoever_may_open_the_socket_needs_no_key_and_nobody_else_may() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(mut house) = House::new() else {
        return;
    };
    let path = house.folder.path().join(SOCKET);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let mut acme = Operator::of(house.folder.path(), Some("acme"))
        .unwrap()
        .unwrap();
    let request = body(&json!({"scopes": ["enroll"], "rate": 3, "daily": 9}));
    let made = acme.ask("POST", "/v1/keys", &[], request).unwrap();
    assert_eq!(made.status, 201);
    let made: Value = serde_json::from_slice(&made.body).unwrap();
    assert_eq!(
        (&made["tenant"], &made["rate"], &made["daily"]),
        (&json!("acme"), &json!(3), &json!(9))
    );
    let key = made["key"].as_str().unwrap();
    assert_eq!(house.ask(Some(key)).get("/v1/subjects").status, 200);

    // Without a tenant all keys are seen, and any is revoked.
    house.key("other", &[Scope::Verify]);
    let mut all = Operator::of(house.folder.path(), None).unwrap().unwrap();
    let listed = all.ask("GET", "/v1/keys", &[], None).unwrap();
    let listed: Value = serde_json::from_slice(&listed.body).unwrap();
    assert_eq!(listed["keys"].as_array().unwrap().len(), 2);
    let listed = acme.ask("GET", "/v1/keys", &[], None).unwrap();
    let listed: Value = serde_json::from_slice(&listed.body).unwrap();
    assert_eq!(listed["keys"].as_array().unwrap().len(), 1);
    let id = made["id"].as_str().unwrap();
    let revoked = all
        .ask("DELETE", &format!("/v1/keys/{id}"), &[], None)
        .unwrap();
    assert_eq!(revoked.status, 204);
    assert_eq!(
        house.ask(Some(key)).get("/v1/subjects").problem(),
        "key_invalid"
    );

    // A tenant that is not there, or is the program's own, gets no key.
    for (tenant, status) in [("nobody", 404), ("countenance:decoy", 400)] {
        let mut operator = Operator::of(house.folder.path(), Some(tenant))
            .unwrap()
            .unwrap();
        let request = body(&json!({"scopes": ["verify"]}));
        let refused = operator.ask("POST", "/v1/keys", &[], request).unwrap();
        assert_eq!(refused.status, status, "{tenant}");
    }
    // What the socket knows by itself cannot be said over the network.
    let forged = house
        .ask(None)
        .header("Countenance-Tenant", "acme")
        .get("/v1/keys");
    assert_eq!(forged.problem(), "key_invalid");
    house.close();
    assert!(!path.exists(), "the socket goes with the server");
    assert!(Operator::of(house.folder.path(), None).unwrap().is_none());
}

#[test]
fn a_folder_with_a_long_path_has_a_socket_too() {
    let deep = tempfile::tempdir().unwrap();
    let folder = deep.path().join("x".repeat(120));
    std::fs::create_dir(&folder).unwrap();
    let Some(house) = House::within(&folder) else {
        return;
    };
    let mut operator = Operator::of(&folder, Some("acme")).unwrap().unwrap();
    assert_eq!(
        operator.ask("GET", "/v1/keys", &[], None).unwrap().status,
        200
    );
    drop(house);
}

#[test]
fn a_key_has_the_rate_and_the_day_it_was_made_with() {
    let Some(house) = House::new() else { return };
    let order = |rate, daily| {
        house.order(&KeyOrder {
            rate,
            daily,
            ..KeyOrder::new(Name::new("acme").unwrap(), &[Scope::Admin])
        })
    };
    let slow = order(Some(2), None);
    let replies: Vec<_> = (0..20)
        .map(|_| house.ask(Some(&slow)).get("/v1/keys"))
        .collect();
    let refused = replies
        .iter()
        .find(|reply| reply.status == 429)
        .expect("one waits");
    assert_eq!(refused.problem(), "too_many_requests");
    let few = order(None, Some(3));
    for _ in 0..3 {
        assert_eq!(house.ask(Some(&few)).get("/v1/keys").status, 200);
    }
    let used = house.ask(Some(&few)).get("/v1/keys");
    assert_eq!(used.problem(), "quota_used");
    let wait: u64 = used.header("retry-after").unwrap().parse().unwrap();
    house.clock.forward(wait);
    assert_eq!(
        house.ask(Some(&few)).get("/v1/keys").status,
        200,
        "a new day"
    );
}

#[test]
fn cursors_and_leaves_tell_no_numbers_and_hold_only_where_they_were_given() {
    let Some(house) = House::new() else { return };
    let scopes = [
        Scope::Enroll,
        Scope::Verify,
        Scope::Scores,
        Scope::Admin,
        Scope::Audit,
    ];
    let (ours, theirs) = (house.key("acme", &scopes), house.key("other", &scopes));
    for (key, ids) in [(&ours, ["a", "b"]), (&theirs, ["c", "d"])] {
        for id in ids {
            let added = house
                .ask(Some(key))
                .post("/v1/subjects", &json!({"id": id}));
            assert_eq!(added.status, 201);
        }
    }
    let page = |key: &str, after: &str| {
        house
            .ask(Some(key))
            .get(&format!("/v1/subjects?limit=1{after}"))
    };
    let cursor = |key: &str| page(key, "").json()["next"].as_str().unwrap().to_owned();
    let first = cursor(&ours);
    assert_ne!(
        first,
        cursor(&ours),
        "the same place is not told twice the same way"
    );
    let after = format!("&after={first}");
    assert_eq!(page(&ours, &after).json()["subjects"][0]["id"], "b");
    assert_eq!(page(&theirs, &after).problem(), "parameter_invalid");
    assert_eq!(
        page(&ours, "&after=AQAAAAAAAAA").problem(),
        "parameter_invalid"
    );

    let probe = photo("obama2.jpg");
    let verified = house
        .ask(Some(&ours))
        .form("/v1/subjects/a/verify", &[("probe", &probe)]);
    let leaf = verified.json()["detail"]["leaf"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(leaf.parse::<u64>().is_err(), "{leaf}");
    let proof = house
        .ask(Some(&ours))
        .get(&format!("/v1/audit/inclusion?leaf={leaf}"));
    assert_eq!(proof.status, 200, "{proof:?}");
    let number = proof.json()["leaf"].as_u64().unwrap();
    let size = house.ask(Some(&ours)).get("/v1/audit/checkpoint").json()["size"].as_u64();
    assert_eq!(Some(number + 1), size, "it is the newest");
    let altered = format!("{}A", &leaf[..leaf.len() - 1]);
    let refused = house
        .ask(Some(&ours))
        .get(&format!("/v1/audit/inclusion?leaf={altered}x"));
    assert_eq!(refused.problem(), "parameter_invalid");
}

#[test]
fn keys_that_are_made_and_revoked_are_in_the_audit_log() {
    let Some(house) = House::new() else { return };
    let admin = house.key("acme", &[Scope::Admin, Scope::Audit]);
    let ask = house.ask(Some(&admin));
    let size = || {
        ask.get("/v1/audit/checkpoint").json()["size"]
            .as_u64()
            .unwrap()
    };
    let before = size();
    let made = ask.post("/v1/keys", &json!({"scopes": ["audit"]})).json();
    assert_eq!(size(), before + 1);
    let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(ask.delete(&path).status, 204);
    assert_eq!(size(), before + 2);
    // The control: what changes nothing is not there.
    assert_eq!(ask.delete(&path).problem(), "key_unknown");
    assert_eq!(size(), before + 2);
}
