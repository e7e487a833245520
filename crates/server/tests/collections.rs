//! Who of a collection is this, over HTTP: real networks, real photos, people who joined and left.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_api::Scope;
use countenance_core::vault::{Random, RandomError, SystemRandom};
use given::{Ask, House, Reply, base64, photo};
use serde_json::{Value, json};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

fn consent(purpose: &str) -> Value {
    json!({"purpose": purpose, "text_version": "1", "evidence_sha256": "e7".repeat(32)})
}

/// A member of a collection: it consented to `identify` and to nothing else.
fn join(ask: &Ask<'_>, collection: &str, id: &str, name: &str) {
    let query = format!("?collection={collection}");
    let added = ask.post(&format!("/v1/subjects{query}"), &json!({ "id": id }));
    assert_eq!(added.status, 201, "{added:?}");
    let path = format!("/v1/subjects/{id}");
    let granted = ask.post(&format!("{path}/consents{query}"), &consent("identify"));
    assert_eq!(granted.status, 201, "{granted:?}");
    let faces = ask.form(
        &format!("{path}/faces{query}"),
        &[("photo", &photo(name)[..])],
    );
    assert_eq!(faces.status, 201, "{faces:?}");
}

/// Asks until the collection is in memory.
fn identify(ask: &Ask<'_>, collection: &str, name: &str) -> Reply {
    let path = format!("/v1/collections/{collection}/identify");
    for _ in 0..200 {
        let reply = ask.form(&path, &[("probe", &photo(name)[..])]);
        if reply.status != 503 {
            return reply;
        }
        assert_eq!(reply.problem(), "collection_loading");
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the collection was never in memory");
}

/// A house with the collection `door`, in which a member is a candidate at 1e-5.
fn house() -> Option<(House, String)> {
    let house = House::new()?;
    let key = house.key("acme", &Scope::ALL);
    let made = house
        .ask(Some(&key))
        .put("/v1/collections/door", &json!({"fmr": 1e-5}));
    assert_eq!(made.status, 201, "{made:?}");
    Some((house, key))
}

#[test]
fn a_member_is_named_a_stranger_is_nobody_and_who_leaves_is_not_found_by_the_very_next_search() {
    let Some((house, key)) = house() else { return };
    let blind = house.key("acme", &[Scope::Identify]);
    let (ask, door) = (house.ask(Some(&key)), house.ask(Some(&blind)));
    join(&ask, "door", "ana", "obama.jpg");
    join(&ask, "door", "ben", "biden.jpg");
    let policy = "identify-1/sface-2021dec/fmr=1e-5/fpir=1e-3/margin=0.05";
    let named = identify(&door, "door", "obama2.jpg");
    let expected = json!({"decision": "accept", "subject": "ana", "policy": policy});
    assert_eq!((named.status, named.json()), (200, expected));
    // As JSON it is the same.
    let body = json!({"probe": base64(&photo("obama2.jpg"))});
    let as_json = door.post("/v1/collections/door/identify", &body);
    assert_eq!(as_json.body, named.body);
    // Nobody of another collection of the same tenant is searched.
    let elsewhere = identify(&door, "default", "obama2.jpg").json();
    assert_eq!(elsewhere["decision"], "reject", "{elsewhere}");
    // Leaving is withdrawing; being erased is leaving, too.
    let left = ask.delete("/v1/subjects/ana/consents?purpose=identify&collection=door");
    assert_eq!(left.json(), json!({"withdrawn": 1}));
    let gone = identify(&door, "door", "obama2.jpg");
    let nobody = json!({"decision": "reject", "policy": policy});
    assert_eq!(gone.json(), nobody);
    let ben = identify(&door, "door", "biden.jpg").json();
    assert_eq!(ben["subject"], "ben", "{ben}");
    assert_eq!(ask.delete("/v1/subjects/ben?collection=door").status, 200);
    assert_eq!(identify(&door, "door", "biden.jpg").json(), nobody);
}

#[test]
fn scores_and_leaves_of_a_search_are_only_for_keys_with_that_scope() {
    let Some((house, key)) = house() else { return };
    let ask = house.ask(Some(&key));
    join(&ask, "door", "ana", "obama.jpg");
    let seen = identify(&ask, "door", "obama2.jpg").json();
    let detail = &seen["detail"];
    assert!(
        detail["score"].as_f64() > detail["threshold"].as_f64(),
        "{seen}"
    );
    assert_eq!(detail["members"], 1);
    let leaf = detail["leaf"].as_str().unwrap();
    let proof = ask.get(&format!("/v1/audit/inclusion?leaf={leaf}"));
    assert_eq!(proof.status, 200, "{proof:?}");
    let blind = house.key("acme", &[Scope::Identify]);
    let blind = identify(&house.ask(Some(&blind)), "door", "obama2.jpg").json();
    assert_eq!(blind.get("detail"), None, "{blind}");
}

#[test]
fn two_members_too_much_alike_are_ambiguous_and_above_a_hundredth_a_person_decides() {
    let Some((house, key)) = house() else { return };
    let ask = house.ask(Some(&key));
    join(&ask, "door", "ana", "obama.jpg");
    let set = ask.put("/v1/collections/door", &json!({"fpir": 2e-2}));
    assert_eq!((set.status, &set.json()["answers"]), (200, &json!("refer")));
    let referred = identify(&ask, "door", "obama2.jpg").json();
    assert_eq!(
        (&referred["decision"], &referred["subject"]),
        (&json!("refer"), &json!("ana"))
    );
    // Nobody is locked out by being referred, however often.
    for _ in 0..6 {
        let again = identify(&ask, "door", "obama2.jpg").json();
        assert_eq!(again["decision"], "refer", "{again}");
    }
    join(&ask, "door", "twin", "obama.jpg");
    let twins = identify(&ask, "door", "obama2.jpg").json();
    assert_eq!(
        (&twins["decision"], twins.get("subject")),
        (&json!("ambiguous"), None)
    );
    // The log says what was answered, and the member sees it.
    let size = ask.get("/v1/audit/checkpoint").json()["size"].clone();
    let from = size.as_u64().unwrap() - 1;
    let log = ask.get(&format!("/v1/audit/entries?from={from}")).json();
    let newest = &log["entries"][0];
    assert_eq!(
        (&newest["kind"], &newest["outcome"], &newest["purpose"]),
        (&json!("decided"), &json!("ambiguous"), &json!("identify"))
    );
    let export = ask.post("/v1/subjects/ana/export?collection=door", &json!({}));
    let export = export.json();
    let events = export["events"].as_array().unwrap().iter();
    let referred = events.filter(|event| event["outcome"] == "refer").count();
    assert_eq!(referred, 7);
}

#[test]
fn the_log_lists_what_happened_and_not_to_whom() {
    let Some((house, key)) = house() else { return };
    let ask = house.ask(Some(&key));
    join(&ask, "door", "ana", "obama.jpg");
    let holder = "a5".repeat(32);
    let held = house.ask(Some(&key)).header("Countenance-Holder", &holder);
    assert_eq!(held.post("/v1/subjects", &json!({"id": "ben"})).status, 201);
    assert_eq!(
        held.post("/v1/subjects/ben/consents", &consent("verify"))
            .status,
        201
    );
    identify(&ask, "door", "obama2.jpg");
    identify(&ask, "door", "biden.jpg");
    let mut all = Vec::new();
    let mut path = "/v1/audit/entries?limit=3".to_owned();
    loop {
        let reply = ask.get(&path);
        assert_eq!(reply.status, 200, "{reply:?}");
        let page = reply.json();
        all.extend(page["entries"].as_array().unwrap().clone());
        match page["next"].as_u64() {
            Some(next) => path = format!("/v1/audit/entries?limit=3&from={next}"),
            None => {
                assert_eq!(page["size"].as_u64(), Some(all.len() as u64));
                break;
            }
        }
    }
    let kinds: Vec<_> = all.iter().filter_map(|one| one["kind"].as_str()).collect();
    for kind in [
        "vault_created",
        "tenant_created",
        "collection_created",
        "collection_set",
        "subject_added",
        "consent_granted",
        "enrolled",
        "opened_for_search",
        "decided",
    ] {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
    for entry in &all {
        let own = ["vault", "tenant", "collection", "opened", "key"]
            .iter()
            .any(|word| {
                entry["kind"]
                    .as_str()
                    .is_some_and(|kind| kind.starts_with(word))
            });
        assert_eq!(entry.get("time").is_some(), own, "{entry}");
    }
    let decided = all.iter().filter(|one| one["kind"] == "decided");
    let outcomes: Vec<_> = decided.map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["accept", "reject"]);
    // Only ben opens what was written with his part of the key.
    let sealed = || {
        let log = ask.get("/v1/audit/entries?limit=1000").json();
        let count = |content: &str| {
            let all = log["entries"].as_array().unwrap().iter();
            all.filter(|one| one["content"] == content).count()
        };
        (count("sealed"), count("shredded"))
    };
    let (before, shredded) = sealed();
    assert!(before > 0 && shredded == 0, "{before} {shredded}");
    assert_eq!(ask.delete("/v1/subjects/ben").status, 200);
    let (after, shredded) = sealed();
    assert!(after == 0 && shredded >= before, "{after} {shredded}");
    // Each entry proves itself against the tree.
    let entry = &all[5];
    let proof = ask.get("/v1/audit/inclusion?leaf=5").json();
    assert_eq!(proof["leaf_hash"], entry["leaf_hash"]);
    assert_eq!(
        ask.get("/v1/audit/entries?limit=1001").problem(),
        "parameter_invalid"
    );
}

#[test]
fn settings_are_kept_logged_and_bound_how_many_may_be_searched() {
    let Some((house, key)) = house() else { return };
    let ask = house.ask(Some(&key));
    let size = || ask.get("/v1/audit/checkpoint").json()["size"].as_u64();
    let before = size();
    let set = ask.put("/v1/collections/door", &json!({"margin": 0.1}));
    assert_eq!(set.status, 200, "{set:?}");
    assert_eq!(
        size(),
        before.map(|size| size + 1),
        "it is in the audit log"
    );
    let again = ask.put("/v1/collections/door", &json!({"margin": 0.1}));
    assert_eq!((again.status, &again.body), (200, &set.body));
    assert_eq!(size(), before.map(|size| size + 1), "nothing was changed");
    let shown = ask.get("/v1/collections/door");
    assert_eq!(shown.body, set.body);
    let shown = shown.json();
    // What was not named stayed as it was.
    assert_eq!(
        (&shown["fmr"], &shown["margin"]),
        (&json!(1e-5), &json!(0.1))
    );
    let most = shown["most_members"].as_u64().unwrap();
    assert!((50..100).contains(&most), "{most}");
    let listed = ask.get("/v1/collections").json();
    let names: Vec<_> = listed["collections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["default", "door"]);
    for (body, what) in [
        (json!({"fmr": 0}), "a rate of nothing"),
        (json!({"fmr": 1e-9}), "a rate that was not measured"),
        (json!({"fpir": 0.6}), "more than half of the strangers"),
        (
            json!({"margin": 0.6}),
            "a margin wider than scores are apart",
        ),
    ] {
        let refused = ask.put("/v1/collections/new", &body);
        assert_eq!(refused.problem(), "value_invalid", "{what}");
    }
    let unknown = ask.put("/v1/collections/new", &json!({"most_members": 9}));
    assert_eq!(unknown.problem(), "body_invalid");
    let reserved = ask.put("/v1/collections/countenance:decoy", &json!({}));
    assert_eq!(reserved.problem(), "value_invalid");
    // What was refused was not made.
    let new = ask.get("/v1/collections/new");
    assert_eq!(new.problem(), "collection_unknown");
    // A target that not even one member meets.
    join(&ask, "door", "ana", "obama.jpg");
    let set = ask.put("/v1/collections/door", &json!({"fpir": 1e-5}));
    assert_eq!(set.json()["most_members"], 0);
    let refused = identify(&ask, "door", "obama2.jpg");
    assert_eq!(refused.problem(), "collection_too_large");
}

#[test]
fn members_are_those_who_agreed_and_have_a_template() {
    let Some((house, key)) = house() else { return };
    let ask = house.ask(Some(&key));
    let with = ask.post("/v1/subjects?collection=door", &json!({"id": "with"}));
    assert_eq!(with.status, 201);
    join(&ask, "door", "ana", "obama.jpg");
    let list = ask.get("/v1/collections/door/members?limit=1").json();
    assert_eq!(list["members"], json!([]), "{list}");
    let next = list["next"].as_str().unwrap();
    let list = ask
        .get(&format!(
            "/v1/collections/door/members?limit=1&after={next}"
        ))
        .json();
    assert_eq!(
        (&list["members"][0]["id"], &list["members"][0]["templates"]),
        (&json!("ana"), &json!(1))
    );
    assert_eq!(list.get("next"), None);
    let cursor = format!("/v1/collections/default/members?after={next}");
    assert_eq!(ask.get(&cursor).problem(), "parameter_invalid");
}

#[test]
fn another_tenant_sees_neither_collection_nor_members() {
    let Some((house, key)) = house() else { return };
    let ask = house.ask(Some(&key));
    join(&ask, "door", "ana", "obama.jpg");
    let theirs = house.key("other", &Scope::ALL);
    let theirs = house.ask(Some(&theirs));
    let listed = theirs.get("/v1/collections").json();
    assert!(!listed.to_string().contains("door"), "{listed}");
    for path in ["/v1/collections/door", "/v1/collections/door/members"] {
        assert_eq!(theirs.get(path).problem(), "collection_unknown", "{path}");
    }
    let asked = identify(&theirs, "door", "obama2.jpg");
    assert_eq!(asked.problem(), "collection_unknown");
    // One of the same name is another one.
    assert_eq!(theirs.put("/v1/collections/door", &json!({})).status, 201);
    let nobody = identify(&theirs, "door", "obama2.jpg").json();
    assert_eq!(nobody["decision"], "reject");
    // The positive control.
    let own = identify(&ask, "door", "obama2.jpg").json();
    assert_eq!(own["subject"], "ana");
}

#[test]
fn five_strangers_lock_the_key_that_asks_and_it_is_told_how_long() {
    let Some((house, key)) = house() else { return };
    let ask = house.ask(Some(&key));
    join(&ask, "door", "ana", "obama.jpg");
    let (north, south) = (
        house.key("acme", &[Scope::Identify]),
        house.key("acme", &[Scope::Identify]),
    );
    let (north, south) = (house.ask(Some(&north)), house.ask(Some(&south)));
    for _ in 0..5 {
        let stranger = identify(&north, "door", "biden.jpg").json();
        assert_eq!(stranger["decision"], "reject");
    }
    let locked = identify(&north, "door", "obama.jpg");
    assert_eq!(locked.problem(), "attempts_used");
    let wait: u64 = locked.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let other = identify(&south, "door", "obama.jpg").json();
    assert_eq!(other["decision"], "accept");
    house.clock.forward(31);
    let later = identify(&north, "door", "obama.jpg").json();
    assert_eq!(later["decision"], "accept");
}

/// Randomness that the thread which opens collections does not get before the gate is opened.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Random for Gate {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        if std::thread::current().name() == Some("collections") {
            let open = self.open.lock().unwrap();
            drop(self.opened.wait_while(open, |open| !*open).unwrap());
        }
        SystemRandom.fill(bytes)
    }
}

#[test]
fn before_a_collection_is_loaded_a_search_is_told_to_come_again_and_everything_else_is_answered() {
    let gate = Arc::new(Gate::default());
    let Some(house) = House::with_random(Arc::clone(&gate) as _) else {
        return;
    };
    let key = house.key("acme", &Scope::ALL);
    let ask = house.ask(Some(&key));
    join(&ask, "default", "ana", "obama.jpg");
    ask.put("/v1/collections/default", &json!({"fmr": 1e-5}));
    let path = "/v1/collections/default/identify";
    for _ in 0..3 {
        let early = ask.form(path, &[("probe", &photo("obama2.jpg")[..])]);
        assert_eq!(early.problem(), "collection_loading");
        assert_eq!(early.header("retry-after"), Some("1"));
    }
    let waiting = |text: &str| {
        let metrics = String::from_utf8(ask.get("/metrics").body).unwrap();
        metrics.contains(&format!("countenance_collections_to_load {text}\n"))
    };
    assert!(waiting("2"), "one of each tenant");
    assert_eq!(ask.get("/readyz").status, 200);
    assert_eq!(ask.get("/v1/collections/default/members").status, 200);
    *gate.open.lock().unwrap() = true;
    gate.opened.notify_all();
    let named = identify(&ask, "default", "obama2.jpg").json();
    assert_eq!(named["subject"], "ana");
    // The other one, which nobody asked for, is loaded as well.
    let all = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        waiting("0")
    });
    assert!(all, "something is never loaded");
}
