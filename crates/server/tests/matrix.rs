//! Every route, by every scope, for every tenant: made from the table of routes, so that none is left out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_api::{Access, ROUTES, Route, Scope};
use given::{House, Reply, base64, photo};
use serde_json::{Value, json};

/// As many characters as one that is there.
const NO_SESSION: &str = "a-AAAAAAAAAAAAAAAAAAAAAA";
/// The same of a payment.
const NO_PAYMENT: &str = "p-AAAAAAAAAAAAAAAAAAAAAA";
/// The same of a consent link.
const NO_LINK: &str = "a-AAAAAAAAAAAAAAAAAAAAAA";
/// The same of a device key, whose id leads nowhere without its subject.
const NO_DEVICE_KEY: &str = "d-AAAAAAAAAAAAAAAAAAAAAA";

fn session() -> Value {
    json!({"kind": "presence", "audience": "https://shop.example", "nonce": "pb3N0x5qQmWq8o1vJz2r7g",
        "way_out": "https://shop.example/"})
}

fn payment(payer: &str) -> Value {
    json!({"subject": payer, "amount": 1250, "currency": "EUR", "payee": "Café Ana", "order": "2026-1138"})
}

/// A request that would be done if it were allowed. A route that is not known here fails the test.
fn body(route: &Route, picture: &str) -> Option<Value> {
    let text = (route.method.name(), route.path);
    match text {
        ("GET" | "DELETE", _) => None,
        ("POST", "/v1/compare") => Some(json!({"reference": picture, "probe": picture})),
        ("POST", "/v1/detect") => Some(json!({ "picture": picture })),
        ("POST", "/v1/documents") => Some(
            json!({"picture": picture, "case": "1138", "audience": "https://shop.example",
            "nonce": "pb3N0x5qQmWq8o1vJz2r7g", "way_out": "https://shop.example/"}),
        ),
        ("POST", "/v1/keys") => Some(json!({"scopes": ["admin"]})),
        ("POST", "/v1/subjects") => Some(json!({"id": "new"})),
        ("POST", "/v1/consent-links/{link}/consents") => Some(json!({})),
        ("POST", "/v1/consent-links/{link}/withdrawals") => {
            Some(json!({"purpose": "verify", "permit": "none"}))
        }
        ("POST", "/v1/subjects/{subject}/consent-links") => {
            Some(json!({"audience": "https://shop.example", "way_out": "https://shop.example/"}))
        }
        ("POST", "/v1/subjects/{subject}/consents") => Some(
            json!({"purpose": "verify", "text_version": "1", "evidence_sha256": "e7".repeat(32)}),
        ),
        ("POST", "/v1/subjects/{subject}/device-keys") => Some(json!({"label": "phone"})),
        ("POST", "/v1/subjects/{subject}/device-keys/{device_key}") => Some(
            json!({"credential": {"response": {"clientDataJSON": "AA", "attestationObject": "AA"}}}),
        ),
        ("POST", "/v1/subjects/{subject}/export") => Some(json!({})),
        ("POST", "/v1/subjects/{subject}/faces") => Some(json!({ "photos": [picture] })),
        ("POST", "/v1/capture/{session}/consent") => Some(json!({"sha256": "00"})),
        ("POST", "/v1/capture/{session}/frames") => Some(json!({"frames": []})),
        ("POST", "/v1/payments") => Some(payment("nobody")),
        ("POST", "/v1/payments/{payment}/cancel") => Some(json!({})),
        ("POST", "/v1/payments/{payment}/refunds") => Some(json!({"amount": 1})),
        ("POST", "/v1/payments/{payment}/sessions") => Some(
            json!({"subject": "ana", "audience": "https://shop.example", "nonce": "pb3N0x5qQmWq8o1vJz2r7g",
                "way_out": "https://shop.example/"}),
        ),
        ("POST", "/v1/sessions") => Some(session()),
        ("POST", "/v1/subjects/{subject}/verify") => Some(json!({ "probe": picture })),
        ("POST", "/v1/collections/{collection}/identify") => Some(json!({ "probe": picture })),
        ("PUT", "/v1/collections/{collection}") => Some(json!({"margin": 0.1})),
        _ => panic!("{text:?} is a route that this test does not know"),
    }
}

fn ask(house: &House, key: Option<&str>, route: &Route, names: [&str; 5], picture: &str) -> Reply {
    let path = route
        .path
        .replace("{subject}", names[0])
        .replace("{key}", names[1])
        .replace("{collection}", names[2])
        .replace("{session}", names[3])
        .replace("{payment}", names[4])
        .replace("{link}", NO_LINK)
        .replace("{device_key}", NO_DEVICE_KEY);
    // What else the query needs to make sense.
    let path = match route.path {
        "/v1/audit/consistency" => format!("{path}?older=1"),
        "/v1/audit/inclusion" => format!("{path}?leaf=0"),
        _ => path,
    };
    let text = body(route, picture).map(|body| body.to_string());
    let body = text
        .as_ref()
        .map(|text| ("application/json", text.as_bytes()));
    house.ask(key).send(route.method.name(), &path, body)
}

/// What is said without the token, where one opens the route and no key does.
fn by_token(route: &Route) -> Option<&'static str> {
    match route.access {
        Access::Capture => Some("capture_token_invalid"),
        Access::ConsentLink => Some("consent_link_invalid"),
        Access::Public | Access::Scope(_) => None,
    }
}

/// Everything a client sees, but the id of the request and the time of day.
fn seen(reply: &Reply) -> (String, String) {
    let own = |line: &&str| !line.starts_with("x-request-id") && !line.starts_with("date");
    let head: Vec<&str> = reply.head.lines().filter(own).collect();
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    (head.join("\n"), body)
}

fn populated(house: &House, key: &str, picture: &str) {
    let ask = house.ask(Some(key));
    assert_eq!(ask.post("/v1/subjects", &json!({"id": "ana"})).status, 201);
    let consent =
        json!({"purpose": "verify", "text_version": "1", "evidence_sha256": "e7".repeat(32)});
    let granted = ask.post("/v1/subjects/ana/consents", &consent);
    assert_eq!(granted.status, 201);
    let faces = ask.post("/v1/subjects/ana/faces", &json!({ "photos": [picture] }));
    assert_eq!(faces.status, 201, "{faces:?}");
    let made = ask.send(
        "PUT",
        "/v1/collections/door",
        Some(("application/json", b"{}")),
    );
    assert_eq!(made.status, 201, "{made:?}");
}

#[test]
fn each_scope_opens_its_own_routes_and_no_other() {
    let Some(house) = House::new() else { return };
    let picture = base64(&photo("obama.jpg"));
    let owner = house.key("acme", &Scope::ALL);
    populated(&house, &owner, &picture);
    let (mut opened, mut refused) = (0, 0);
    for route in ROUTES {
        for scope in Scope::ALL {
            let key = house.key("acme", &[scope]);
            // Nobody of these names: what is allowed must not change what the next one finds.
            let names = [
                "nobody",
                "0011223344556677",
                "nowhere",
                NO_SESSION,
                NO_PAYMENT,
            ];
            let reply = ask(&house, Some(&key), route, names, &picture);
            let allowed = match route.access {
                Access::Capture | Access::ConsentLink => false,
                Access::Public => true,
                Access::Scope(needed) => needed == scope,
            };
            if let Some(code) = by_token(route) {
                // No key opens what a token opens.
                assert_eq!(reply.problem(), code, "{scope} {route:?}");
                refused += 1;
                continue;
            }
            let denied = reply.status == 403 && reply.problem() == "scope_missing";
            assert_eq!(denied, !allowed, "{scope} {route:?} {reply:?}");
            assert!(reply.status < 500, "{scope} {route:?} {reply:?}");
            if allowed {
                opened += 1;
            } else {
                refused += 1;
            }
        }
        let names = ["nobody", "0", "nowhere", NO_SESSION, NO_PAYMENT];
        let without = ask(&house, None, route, names, &picture);
        let refusal = by_token(route).unwrap_or("key_invalid");
        let denied = without.status == 401 && without.problem() == refusal;
        assert_eq!(denied, route.access != Access::Public, "{route:?}");
    }
    // The positive control: both kinds were seen, for each route.
    assert!(
        opened + 8 >= ROUTES.len() && refused >= 7 * 17,
        "{opened} {refused}"
    );
}

#[test]
fn another_tenants_people_and_keys_look_like_nobodys_on_every_route() {
    let Some(house) = House::new() else { return };
    let picture = base64(&photo("obama.jpg"));
    let ours = house.key("acme", &Scope::ALL);
    populated(&house, &ours, &picture);
    let key = ours.split('_').nth(1).unwrap();
    let (mut compared, mut unlike) = (0, 0);
    let opened = house.ask(Some(&ours)).post("/v1/sessions", &session());
    let opened = opened.json()["id"].as_str().unwrap().to_owned();
    let made = house.ask(Some(&ours)).post("/v1/payments", &payment("ana"));
    let made = made.json()["id"].as_str().unwrap().to_owned();
    // The person's side knows no tenants: a token opens one session (tests/sessions.rs), or one link (tests/consent_links.rs).
    let named = |route: &&Route| route.path.contains('{') && by_token(route).is_none();
    for route in ROUTES.iter().filter(named) {
        // What stands in the path may stand in the answer.
        let plain = |reply: &Reply, names: [&str; 5]| {
            let (head, body) = seen(reply);
            (
                head,
                body.replace(names[0], "NAME").replace(names[2], "GROUP"),
            )
        };
        // Of one length, so that no header tells them apart.
        let there = ["ana", key, "door", &opened, &made];
        let none = ["nob", "0011223344556677", "none", NO_SESSION, NO_PAYMENT];
        // Reads of one's own people have a score and a leaf: another tenant has the scopes to see them, too.
        let theirs = house.key("other", &[scope(route)]);
        let theirs = Some(theirs.as_str());
        let known = ask(&house, theirs, route, there, &picture);
        let unknown = ask(&house, theirs, route, none, &picture);
        assert_eq!(plain(&known, there), plain(&unknown, none), "{route:?}");
        compared += 1;
        // The positive control: its own tenant sees another answer. Destroying comes last.
        if route.method.name() != "DELETE" {
            let own = house.key("acme", &[scope(route)]);
            let own = ask(&house, Some(&own), route, there, &picture);
            unlike += usize::from(plain(&own, there) != plain(&unknown, none));
        }
    }
    assert!(compared >= 13 && unlike >= 8, "{compared} {unlike}");
    // Nothing of it has happened to them.
    let ask = house.ask(Some(&ours));
    assert_eq!(ask.get("/v1/subjects/ana").status, 200);
    let session = ask.get(&format!("/v1/sessions/{opened}"));
    assert_eq!(session.json()["state"], "created");
    // Its own tenant has canceled it, as the control, and nobody else could.
    let shown = ask.get(&format!("/v1/payments/{made}"));
    assert_eq!(shown.json()["state"], "canceled");
    let listed = house
        .ask(Some(&house.key("other", &Scope::ALL)))
        .get("/v1/subjects");
    assert!(!String::from_utf8_lossy(&listed.body).contains("ana"));
}

fn scope(route: &Route) -> Scope {
    match route.access {
        Access::Scope(scope) => scope,
        Access::Capture | Access::ConsentLink | Access::Public => {
            panic!("{route:?} names somebody and takes no key")
        }
    }
}
