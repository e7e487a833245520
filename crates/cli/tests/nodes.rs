//! Two servers on one PostgreSQL: each knows what the other did, and the end of one, or of the database, loses nothing.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails"
)]

#[path = "../../vault/tests/given/cluster.rs"]
#[allow(dead_code, reason = "the tests of the vault use the rest")]
mod cluster;
mod fixture;
mod running;

use cluster::Cluster;
use running::Running;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

fn start(folder: &Path, name: &str, database: &str) -> Running {
    let more = [
        "--database",
        database,
        "--keyring-in-database",
        "--root",
        "shared.root",
        "--key-rate",
        "100000",
    ];
    Running::node(folder, name, &more)
}

fn status(node: &Running, key: &str, method: &str, path: &str, body: Option<&Value>) -> u16 {
    node.ask(Some(key), method, path, body).0
}

#[test]
fn two_nodes_share_people_keys_and_answers_and_outlive_one_of_them_and_the_database() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let database = cluster.connection();
    let mut one = start(folder.path(), "one", &database);
    let two = start(folder.path(), "two", &database);
    let admin = fs::read_to_string(folder.path().join("one.admin-key")).unwrap();
    let admin = admin.trim();
    assert!(
        !folder.path().join("two.admin-key").exists(),
        "there is one first key"
    );

    // A key of one node holds at the other, and so does its end.
    let order = json!({ "scopes": ["enroll"], "daily": 50 });
    let (made, key) = one.ask(Some(admin), "POST", "/v1/keys", Some(&order));
    assert_eq!(made, 201, "{key}");
    let (id, key) = (key["id"].as_str().unwrap(), key["key"].as_str().unwrap());
    let ana = json!({ "id": "ana" });
    assert_eq!(status(&one, key, "POST", "/v1/subjects", Some(&ana)), 201);
    assert_eq!(status(&two, key, "GET", "/v1/subjects/ana", None), 200);
    assert_eq!(status(&two, key, "POST", "/v1/subjects", Some(&ana)), 409);
    // The day's requests are counted together.
    let asked = (0..100).filter(|at| {
        let node = if at % 2 == 0 { &one } else { &two };
        status(node, key, "GET", "/v1/subjects/ana", None) == 200
    });
    assert_eq!(asked.count(), 50 - 3);
    let path = format!("/v1/keys/{id}");
    assert_eq!(status(&two, admin, "DELETE", &path, None), 204);
    assert_eq!(status(&one, key, "GET", "/v1/subjects/ana", None), 401);
    // Each folder has its operator's socket, and the keys behind both are the same.
    for node in ["one", "two"] {
        let listed = running::run(folder.path(), &format!("key list --data {node} --json"));
        fixture::assert_exit(&listed, 0);
        let listed = fixture::json(&listed);
        assert_eq!(listed["keys"].as_array().unwrap().len(), 1, "{node}");
    }

    // What one answered, the other answers again.
    let ben = json!({ "id": "ben" });
    let once = |node: &Running| {
        let more = [("Idempotency-Key", "b")];
        node.ask_with(Some(admin), "POST", "/v1/subjects", &more, Some(&ben))
    };
    let (first, again) = (once(&one), once(&two));
    assert_eq!((first.0, &first), (201, &again));

    // One is killed while both are written to: everything it acknowledged is there.
    let writers: Vec<_> = [one.address, two.address]
        .into_iter()
        .enumerate()
        .map(|(node, address)| {
            let key = admin.to_owned();
            std::thread::spawn(move || {
                let mut acknowledged = Vec::new();
                for number in 0..200 {
                    let id = format!("{node}-{number}");
                    match running::add(address, &key, &id) {
                        Some(201) => acknowledged.push(id),
                        _ => break,
                    }
                }
                acknowledged
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    one.child.kill().unwrap();
    one.child.wait().unwrap();
    let mut known = Vec::new();
    for writer in writers {
        known.extend(writer.join().unwrap());
    }
    assert!(known.iter().filter(|id| id.starts_with("1-")).count() == 200);
    for id in &known {
        let path = format!("/v1/subjects/{id}");
        assert_eq!(status(&two, admin, "GET", &path, None), 200, "{id}");
    }

    // The database is killed and comes back: the node says so, stays, and goes on.
    cluster.kill();
    let away = status(&two, admin, "GET", "/v1/subjects/ana", None);
    assert!((500..=503).contains(&away), "{away}");
    assert!(status(&two, admin, "GET", "/readyz", None) >= 500);
    cluster.serve();
    for path in ["/readyz", "/v1/subjects/ana"] {
        let back = (0..50).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            status(&two, admin, "GET", path, None) == 200
        });
        assert!(back, "{path} never came back");
    }
    let eva = json!({ "id": "eva" });
    assert_eq!(status(&two, admin, "POST", "/v1/subjects", Some(&eva)), 201);
    // The node that was killed starts again.
    let one = start(folder.path(), "one", &database);
    assert_eq!(status(&one, admin, "GET", "/v1/subjects/eva", None), 200);
    one.stop();
    two.stop();
}

/// Who is it, at a node that has the collection in memory.
fn identify(node: &Running, key: &str, name: &str) -> Value {
    let photo = base64(&fs::read(fixture::sample(name)).unwrap());
    let probe = json!({ "probe": photo });
    for _ in 0..200 {
        let path = "/v1/collections/door/identify";
        let (status, told) = node.ask(Some(key), "POST", path, Some(&probe));
        if status == 200 {
            return told;
        }
        assert_eq!(told["code"], "collection_loading", "{told}");
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the collection was never in memory");
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A member of the collection `door`.
fn join(node: &Running, key: &str, id: &str, name: &str) {
    let photo = base64(&fs::read(fixture::sample(name)).unwrap());
    let consent = json!({
        "purpose": "identify", "text_version": "1", "evidence_sha256": "e7".repeat(32)
    });
    for (path, body) in [
        ("/v1/subjects".to_owned(), json!({ "id": id })),
        (format!("/v1/subjects/{id}/consents"), consent),
        (
            format!("/v1/subjects/{id}/faces"),
            json!({ "photos": [photo] }),
        ),
    ] {
        let path = format!("{path}?collection=door");
        assert_eq!(status(node, key, "POST", &path, Some(&body)), 201, "{path}");
    }
}

#[test]
fn whoever_joins_leaves_or_is_erased_at_one_node_does_so_in_the_very_next_search_at_the_other() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let database = cluster.connection();
    let one = start(folder.path(), "one", &database);
    let two = start(folder.path(), "two", &database);
    let admin = fs::read_to_string(folder.path().join("one.admin-key")).unwrap();
    let admin = admin.trim();
    let settings = json!({ "fmr": 1e-5 });
    let door = "/v1/collections/door";
    assert_eq!(status(&one, admin, "PUT", door, Some(&settings)), 201);
    join(&one, admin, "ana", "obama.jpg");
    // Both have it in memory from here on.
    for node in [&two, &one] {
        assert_eq!(identify(node, admin, "obama2.jpg")["subject"], "ana");
    }
    join(&two, admin, "ben", "biden.jpg");
    assert_eq!(identify(&one, admin, "biden.jpg")["subject"], "ben");
    // Left at one, searched at the other, at once.
    let leave = "/v1/subjects/ana/consents?collection=door&purpose=identify";
    assert_eq!(status(&one, admin, "DELETE", leave, None), 200);
    assert_eq!(identify(&two, admin, "obama2.jpg")["decision"], "reject");
    assert_eq!(identify(&two, admin, "biden.jpg")["subject"], "ben");
    let erase = "/v1/subjects/ben?collection=door";
    assert_eq!(status(&two, admin, "DELETE", erase, None), 200);
    assert_eq!(identify(&one, admin, "biden.jpg")["decision"], "reject");
    // Settings, too, count from the next search on.
    join(&two, admin, "eva", "obama.jpg");
    let settings = json!({ "fpir": 0.02 });
    assert_eq!(status(&one, admin, "PUT", door, Some(&settings)), 200);
    let referred = identify(&two, admin, "obama2.jpg");
    assert_eq!(referred["decision"], "refer");
    assert_eq!(referred["subject"], "eva");
    // A database that is away answers nothing from memory.
    cluster.kill();
    let photo = base64(&fs::read(fixture::sample("obama2.jpg")).unwrap());
    let path = format!("{door}/identify");
    let away = status(&two, admin, "POST", &path, Some(&json!({ "probe": photo })));
    assert!((500..=503).contains(&away), "{away}");
    cluster.serve();
    one.stop();
    two.stop();
}

/// Keys of another product's protocol and what they keep are rows of the database, like everything else.
#[test]
fn keys_for_clients_of_compreface_and_the_pictures_they_keep_hold_on_every_node() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let database = cluster.connection();
    let node = |name: &str| {
        let more = [
            "--database",
            &database,
            "--keyring-in-database",
            "--root",
            "shared.root",
            "--compat",
            "compreface",
        ];
        Running::node(folder.path(), name, &more)
    };
    let (one, two) = (node("one"), node("two"));
    let made = |service: &str, more: &str| {
        let line = format!(
            "key create --data one --compat compreface --service {service} --attest form --json{more}"
        );
        let made = running::run(folder.path(), &line);
        fixture::assert_exit(&made, 0);
        let made = fixture::json(&made);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&made["id"]), text(&made["key"]))
    };
    let (id, key) = made("recognition", " --keep-pictures");
    let (_, detection) = made("detection", "");
    let ask = |node: &Running, key: &str, method: &str, path: &str, photo: Option<&str>| {
        let body = photo
            .map(|photo| json!({ "file": base64(&fs::read(fixture::sample(photo)).unwrap()) }));
        let path = format!("/api/v1/{path}");
        node.ask_with(None, method, &path, &[("x-api-key", key)], body.as_ref())
    };
    // Made and used at one, used at the other.
    let (status, face) = ask(
        &one,
        &key,
        "POST",
        "recognition/faces?subject=Ana",
        Some("obama.jpg"),
    );
    assert_eq!((status, &face["subject"]), (201, &json!("Ana")), "{face}");
    let (status, known) = ask(
        &two,
        &key,
        "POST",
        "recognition/recognize",
        Some("obama2.jpg"),
    );
    assert_eq!(status, 200, "{known}");
    assert_eq!(known["result"][0]["subjects"][0]["subject"], "Ana");
    let (status, found) = ask(
        &two,
        &detection,
        "POST",
        "detection/detect",
        Some("obama.jpg"),
    );
    assert_eq!(
        (status, found["result"].as_array().unwrap().len()),
        (200, 1)
    );
    // Each key is for its own service.
    let foreign = ask(&two, &detection, "GET", "recognition/subjects", None);
    assert_eq!(
        (foreign.0, &foreign.1["code"]),
        (404, &json!(10)),
        "{foreign:?}"
    );
    // The picture is kept in the database, sealed, and both give it out.
    let path = format!(
        "recognition/faces/{}/img",
        face["image_id"].as_str().unwrap()
    );
    let photo = fs::read(fixture::sample("obama.jpg")).unwrap();
    let picture = |node: &Running| {
        let header = format!("x-api-key: {key}\r\n");
        node.bytes(&format!("/api/v1/{path}"), &header)
    };
    assert!(picture(&one) == photo && picture(&two) == photo);
    let dump = String::from_utf8_lossy(&cluster.dump()).into_owned();
    let needle: String = photo[4000..4032]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(!dump.contains(&needle), "it lies open in the database");
    assert!(
        dump.len() > 2 * photo.len(),
        "control: it is in the dump, in hexadecimal"
    );
    // Erased at one, gone at the other; revoked at one, nobody's at the other.
    let gone = ask(&one, &key, "DELETE", "recognition/subjects/Ana", None);
    assert_eq!(gone.0, 200, "{gone:?}");
    assert!(picture(&two).is_empty());
    let (_, known) = ask(
        &two,
        &key,
        "POST",
        "recognition/recognize",
        Some("obama2.jpg"),
    );
    assert_eq!(known["result"][0]["subjects"], json!([]), "{known}");
    let revoked = running::run(folder.path(), &format!("key revoke {id} --data two"));
    fixture::assert_exit(&revoked, 0);
    let after = ask(&one, &key, "GET", "recognition/subjects", None);
    assert_eq!((after.0, &after.1["code"]), (404, &json!(10)), "{after:?}");
    one.stop();
    two.stop();
}
