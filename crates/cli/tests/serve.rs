//! The platform as a program: started, asked over its socket, stopped by a signal.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod fixture;
mod running;

use fixture::sample;
use running::{Running, add, program, run};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

fn picture(name: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(fs::read(sample(name)).unwrap())
}

fn verify(server: &Running, key: &str) -> Value {
    let probe = json!({ "probe": picture("obama2.jpg") });
    let path = "/v1/subjects/ana/verify";
    let (status, told) = server.ask(Some(key), "POST", path, Some(&probe));
    assert_eq!(status, 200, "{told}");
    told["decision"].clone()
}

#[test]
fn a_first_start_needs_no_configuration_and_serves_a_whole_life() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(folder.path(), &[]);
    // The administrator's key is in a private file beside the root key, and where is said.
    let path = folder.path().join("vault.admin-key");
    assert!(
        server.said.join("\n").contains("vault.admin-key"),
        "{:?}",
        server.said
    );
    #[cfg(unix)]
    for file in [&path, &folder.path().join("vault.root")] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    let admin = fs::read_to_string(&path).unwrap();
    let admin = admin.trim();
    assert!(
        !server.said.join("\n").contains(admin),
        "the key itself is printed"
    );

    let (status, made) = server.ask(
        Some(admin),
        "POST",
        "/v1/keys",
        Some(&json!({ "scopes": ["enroll", "verify"] })),
    );
    assert_eq!(status, 201, "{made}");
    let key = made["key"].as_str().unwrap();
    let steps = [
        ("/v1/subjects", json!({ "id": "ana" })),
        (
            "/v1/subjects/ana/consents",
            json!({ "purpose": "verify", "text_version": "1", "evidence_sha256": "e7".repeat(32) }),
        ),
        (
            "/v1/subjects/ana/faces",
            json!({ "photos": [picture("obama.jpg")] }),
        ),
    ];
    for (path, body) in &steps {
        let (status, told) = server.ask(Some(key), "POST", path, Some(body));
        assert_eq!(status, 201, "{path}: {told}");
    }
    assert_eq!(verify(&server, key), "accept");

    // The command line works on the keys of the running server, through it: the root key is not at hand.
    let (root, away) = (folder.path().join("vault.root"), folder.path().join("away"));
    fs::rename(&root, &away).unwrap();
    let listed = run(folder.path(), "key list --data vault --json");
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["keys"].as_array().unwrap().len(), 2);
    let other = run(
        folder.path(),
        "key create --data vault --scopes verify --json",
    );
    let other: Value = serde_json::from_slice(&other.stdout).unwrap();
    let other_key = other["key"].as_str().unwrap();
    assert_eq!(verify(&server, other_key), "accept");
    let id = other["id"].as_str().unwrap();
    let revoked = run(folder.path(), &format!("key revoke --data vault {id}"));
    fixture::assert_exit(&revoked, 0);
    let (status, told) = server.ask(Some(other_key), "GET", "/v1/subjects", None);
    assert_eq!((status, &told["code"]), (401, &json!("key_invalid")));
    let unknown = run(folder.path(), &format!("key revoke --data vault {id}"));
    fixture::assert_exit(&unknown, 2);
    let nobody = run(folder.path(), "key create --data vault --tenant nobody");
    assert!(
        fixture::stderr(&nobody).contains("unknown tenant"),
        "{nobody:?}"
    );
    fs::rename(&away, &root).unwrap();

    let log = server.stop();
    assert!(!folder.path().join("vault/server.sock").exists());
    // And without it, where the root key is needed: the audit log has what is made.
    let made = run(
        folder.path(),
        "key create --data vault --scopes compare --rate 5 --json",
    );
    fixture::assert_exit(&made, 0);
    assert_eq!(fixture::json(&made)["rate"], 5);
    let nobody = run(folder.path(), "key create --data vault --tenant nobody");
    fixture::assert_exit(&nobody, 2);
    assert!(log.contains("answered"), "{log}");
    assert!(!log.contains("ana") && !log.contains(key), "{log}");

    // The second start finds everything and makes nothing anew.
    let server = Running::start(folder.path(), &[]);
    assert_eq!(server.said.len(), 1, "{:?}", server.said);
    assert_eq!(verify(&server, key), "accept");
    let (status, receipt) = server.ask(Some(key), "DELETE", "/v1/subjects/ana", None);
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(verify(&server, key), "reject");
    server.stop();
}

#[test]
fn commands_work_on_the_folder_of_a_running_server_and_it_heeds_at_once_what_they_did() {
    let folder = tempfile::tempdir().unwrap();
    let done = |command: &str| {
        let done = run(folder.path(), command);
        fixture::assert_exit(&done, 0);
        done
    };
    done("keyring init --data vault");
    done("subject add ben --data vault");
    fs::write(folder.path().join("form.pdf"), "signed").unwrap();
    for photo in ["obama.jpg", "obama2.jpg", "biden.jpg"] {
        fs::copy(sample(photo), folder.path().join(photo)).unwrap();
    }
    let server = Running::start(folder.path(), &[]);
    let admin = fs::read_to_string(folder.path().join("vault.admin-key")).unwrap();
    let admin = admin.trim();
    let (status, shown) = server.ask(Some(admin), "GET", "/v1/subjects/ben", None);
    assert_eq!((status, &shown["id"]), (200, &json!("ben")));

    // Whoever the command line adds and enrolls, the server verifies.
    done("subject add ana --data vault");
    done("consent grant ana --purpose verify --text 1 --evidence form.pdf --data vault");
    done("enroll ana obama.jpg --data vault");
    assert_eq!(verify(&server, admin), "accept");
    done("verify --subject ana obama2.jpg --data vault");
    let wrong = run(folder.path(), "verify --subject ana biden.jpg --data vault");
    fixture::assert_exit(&wrong, 1);
    // And the other way round.
    let (status, _) = server.ask(
        Some(admin),
        "POST",
        "/v1/subjects",
        Some(&json!({ "id": "cy" })),
    );
    assert_eq!(status, 201);
    let listed = fixture::json(&done("subject list --data vault --json"));
    assert_eq!(listed["subjects"].as_array().unwrap().len(), 3);

    // A withdrawal and an erasure by command hold in the very next request.
    done("consent withdraw ana --purpose verify --data vault");
    assert_eq!(verify(&server, admin), "reject");
    done("subject erase ben --data vault --receipt ben.receipt");
    let (status, _) = server.ask(Some(admin), "GET", "/v1/subjects/ben", None);
    assert_eq!(status, 404);

    // The log is one, its backup is whole, and a tenant that is made now has keys now.
    done("audit verify --data vault --receipt ben.receipt");
    done("backup --data vault --to data.backup");
    done("keyring init --data vault --tenant acme");
    let made = fixture::json(&done(
        "key create --data vault --tenant acme --scopes enroll --json",
    ));
    let (status, told) = server.ask(made["key"].as_str(), "GET", "/v1/subjects", None);
    assert_eq!(status, 200, "{told}");

    // What the server would not live through is refused, and says by whom.
    for command in [
        "keyring rotate --data vault",
        "keyring rotate --new-root other --data vault",
    ] {
        let refused = run(folder.path(), command);
        fixture::assert_exit(&refused, 4);
        let said = fixture::stderr(&refused);
        let id = server.child.id().to_string();
        assert!(said.contains(&id) && said.contains("stop it"), "{said}");
    }
    assert!(!folder.path().join("other").exists());
    let log = server.stop();
    assert!(!log.contains("ana") && !log.contains("ben"), "{log}");
    assert!(!folder.path().join("vault/server.store").exists());
    // With the server gone the command line has the folder itself, and finds all of it.
    done("audit verify --data vault --deep --receipt ben.receipt");
}

#[test]
fn a_payment_is_made_within_the_servers_limits_and_shown_canceled_and_listed_with_and_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let done = |command: &str| {
        let done = run(folder.path(), command);
        fixture::assert_exit(&done, 0);
        fixture::json(&done)
    };
    let init = run(folder.path(), "keyring init --data vault");
    fixture::assert_exit(&init, 0);
    fixture::assert_exit(&run(folder.path(), "subject add ana --data vault"), 0);
    let server = Running::start(folder.path(), &["--payment-limits", "EUR=5000/20000"]);
    let admin = fs::read_to_string(folder.path().join("vault.admin-key")).unwrap();
    let make = "payment create ana --amount 1250 --currency EUR --payee Shop --order 1 --data vault --json";
    let made = done(make);
    assert_eq!(
        (&made["state"], &made["amount"]),
        (&json!("created"), &json!(1250))
    );
    let more = run(folder.path(), &make.replace("1250", "5001"));
    fixture::assert_exit(&more, 4);
    assert!(
        fixture::stderr(&more).contains("payment-limits"),
        "{more:?}"
    );

    let id = made["id"].as_str().unwrap();
    assert_eq!(
        done(&format!("payment show {id} --data vault --json")),
        made
    );
    let canceled = done(&format!("payment cancel {id} --data vault --json"));
    assert_eq!(canceled["state"], "canceled");
    let path = format!("/v1/payments/{id}");
    let (status, told) = server.ask(Some(admin.trim()), "GET", &path, None);
    assert_eq!((status, &told), (200, &canceled));
    let back = run(folder.path(), &format!("payment refund {id} --data vault"));
    fixture::assert_exit(&back, 4);
    let no_id = run(folder.path(), "payment show p-1 --data vault");
    fixture::assert_exit(&no_id, 2);
    server.stop();

    assert_eq!(
        done(&format!("payment show {id} --data vault --json")),
        canceled
    );
    let listed = done("payment list ana --data vault --json");
    assert_eq!(listed["payments"], json!([canceled]));
}

#[test]
fn a_payment_that_is_asked_for_again_with_its_key_is_made_once_with_and_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |command: &str, exit: i32| {
        let done = run(folder.path(), command);
        fixture::assert_exit(&done, exit);
        fixture::stderr(&done)
    };
    let done = |command: &str| {
        let done = run(folder.path(), command);
        fixture::assert_exit(&done, 0);
        fixture::json(&done)
    };
    fixture::assert_exit(&run(folder.path(), "keyring init --data vault"), 0);
    fixture::assert_exit(&run(folder.path(), "subject add ana --data vault"), 0);
    let make = |key: &str, order: u32| {
        format!(
            "payment create ana --amount 1250 --currency EUR --payee Shop --order {order} --data vault --json{key}"
        )
    };
    let once = |served: &str| {
        let key = format!(" --idempotency-key {served}");
        let first = done(&make(&key, 1));
        assert_eq!(done(&make(&key, 1)), first, "{served}");
        let other = done(&make(&format!("{key}-other"), 1));
        assert_ne!(other["id"], first["id"], "another key, another payment");
        assert_ne!(done(&make("", 1))["id"], first["id"], "nor without one");
        first
    };
    once("alone");
    let told = fails(&make(" --idempotency-key alone", 2), 2);
    assert!(
        told.contains("another payment was made with this"),
        "{told}"
    );
    for wrong in ["\u{e4}", "", &"x".repeat(256)] {
        fails(&make(&format!(" --idempotency-key={wrong}"), 1), 2);
    }

    let server = Running::start(folder.path(), &["--payment-limits", "EUR=5000/20000"]);
    once("served");
    let told = fails(&make(" --idempotency-key served", 2), 4);
    assert!(told.contains("Idempotency-Key"), "{told}");
    server.stop();

    // In the order they were made, and each says for what.
    let listed = done("payment list ana --data vault --json");
    let made: Vec<u64> = listed["payments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["created"].as_u64().unwrap())
        .collect();
    assert_eq!(made.len(), 6);
    assert!(made.is_sorted(), "{made:?}");
    let shown = run(folder.path(), "payment list ana --data vault");
    fixture::assert_exit(&shown, 0);
    let shown = String::from_utf8(shown.stdout).unwrap();
    for line in shown.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [when, id, "created", "12.50", "EUR", "1", "Shop"] = words[..] else {
            panic!("{line}");
        };
        assert!(when.ends_with('Z') && id.starts_with("p-"), "{line}");
    }
    assert_eq!(shown.lines().count(), 6);
}

#[test]
fn a_link_to_somebodys_own_consents_is_opened_beside_a_server_and_works_with_their_holder_part() {
    let folder = tempfile::tempdir().unwrap();
    let ok = |command: &str| {
        let done = run(folder.path(), command);
        fixture::assert_exit(&done, 0);
        done
    };
    ok("keyring init --data vault");
    ok("subject add eve --holder-bound --holder eve.holder --data vault");
    ok("subject add ben --data vault");
    fs::write(folder.path().join("form.txt"), "signed").unwrap();
    ok(
        "consent grant eve --purpose verify --text v1 --evidence form.txt --holder eve.holder --data vault",
    );
    let open = "subject consent-link eve --audience https://shop.example --way-out https://shop.example/privacy --data vault";
    let alone = run(folder.path(), open);
    fixture::assert_exit(&alone, 2);
    assert!(fixture::stderr(&alone).contains("countenance serve"));

    let server = Running::start(folder.path(), &[]);
    for without in [open.to_owned(), open.replace("eve", "ben")] {
        let refused = run(folder.path(), &without);
        fixture::assert_exit(&refused, 4);
        assert!(fixture::stderr(&refused).contains("passkey"), "{refused:?}");
    }
    let salt = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM";
    let open = format!("{open} --passkey-salt {salt} --url https://faces.example/");
    let said = String::from_utf8(ok(&open).stdout).unwrap();
    assert!(
        said.starts_with("https://faces.example/consents#a-"),
        "{said}"
    );
    let opened = fixture::json(&ok(&format!("{open} --json")));
    let text = |name: &str| opened[name].as_str().unwrap();
    let link = format!(
        "https://faces.example/consents#{}.{}",
        text("id"),
        text("token")
    );
    assert_eq!(text("link"), link);
    let part = fs::read_to_string(folder.path().join("eve.holder")).unwrap();
    let path = format!("/v1/consent-links/{}", text("id"));
    let token = Some(text("token"));
    let holder = [("Countenance-Holder", part.trim())];
    let (status, own) = server.ask_with(
        token,
        "POST",
        &format!("{path}/consents"),
        &holder,
        Some(&json!({})),
    );
    assert_eq!(status, 200, "{own}");
    let body = json!({"purpose": "verify", "permit": own["permit"]});
    let (status, done) = server.ask(token, "POST", &format!("{path}/withdrawals"), Some(&body));
    assert_eq!((status, &done["withdrawn"]), (200, &json!(1)));
    let log = server.stop();
    assert!(!log.contains(text("token")) && !log.contains(part.trim()));
    let listed = fixture::json(&ok("consent list eve --data vault --json"));
    assert_eq!(listed["consents"][0]["state"], "withdrawn");
    let export = ok("subject export eve --holder eve.holder --data vault");
    let export = fixture::json(&export);
    let of = |kind: &str| {
        let events = export["events"].as_array().unwrap().iter();
        let found = events.filter(|event| event["kind"] == kind);
        found.map(|event| event["by"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("consent_withdrawn"), [json!("subject")]);
    assert_eq!(of("exported"), [json!("subject"), json!(null)]);
}

#[test]
fn a_server_that_was_killed_leaves_no_socket_that_stands_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Running::start(folder.path(), &[]);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert!(folder.path().join("vault/server.store").exists());
    fixture::assert_exit(&run(folder.path(), "subject add ana --data vault"), 0);
    fixture::assert_exit(&run(folder.path(), "keyring rotate --data vault"), 0);
    Running::start(folder.path(), &[]).stop();
}

#[test]
fn settings_come_from_a_file_the_environment_and_flags_and_each_says_where_from() {
    let folder = tempfile::tempdir().unwrap();
    let file =
        "data = \"people\"\nqueue = 7\nlog = \"warn\"\ndatabase = \"postgres://me:hunter2@h/x\"\n";
    fs::write(folder.path().join("c.toml"), file).unwrap();
    let print = |more: &[&str]| {
        let mut command = program(folder.path());
        command.args(["serve", "--config", "c.toml", "--print-config"]);
        command.args(more).env("COUNTENANCE_LOG", "debug");
        command.output().unwrap()
    };
    let printed = print(&["--workers=3"]);
    fixture::assert_exit(&printed, 0);
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(!text.contains("hunter2"), "a secret is printed");
    let printed = fixture::json(&printed);
    for (name, value, from) in [
        ("data", json!("people"), "c.toml"),
        ("queue", json!(7), "c.toml"),
        ("log", json!("debug"), "COUNTENANCE_LOG"),
        ("workers", json!(3), "--workers"),
        ("listen", json!("127.0.0.1:7300"), "default"),
        ("database", json!("(not shown)"), "c.toml"),
    ] {
        assert_eq!(
            printed[name],
            json!({ "value": value, "from": from }),
            "{name}"
        );
    }
    for (more, said) in [
        (&["--fmr", "2"][..], "--fmr 2"),
        (&["--listen", "nowhere"], "--listen nowhere"),
        (&["--listen", "0.0.0.0:1"], "in the clear"),
        (&["--tls-cert", "x"], "--tls-key"),
    ] {
        let refused = print(more);
        fixture::assert_exit(&refused, 2);
        let error = fixture::stderr(&refused);
        assert!(error.contains(said), "{more:?}: {error}");
    }
    fixture::assert_exit(&print(&["--listen", "0.0.0.0:1", "--insecure"]), 0);
    fs::write(folder.path().join("c.toml"), "qeue = 7").unwrap();
    let refused = print(&["--data", "x"]);
    fixture::assert_exit(&refused, 2);
    assert!(fixture::stderr(&refused).contains("`queue`"), "{refused:?}");
    // Nothing was made by any of it.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_log_that_nobody_reads_stops_nobody_and_says_how_much_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    // A pipe that is never emptied holds some hundred lines.
    let server = Running::start_with(folder.path(), &["--key-rate", "100000"], Stdio::piped());
    let mut stream = BufReader::new(TcpStream::connect(server.address).unwrap());
    let wait = Some(Duration::from_secs(20));
    stream.get_ref().set_read_timeout(wait).unwrap();
    for _ in 0..8000 {
        let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.get_mut().write_all(request).unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).unwrap();
        }
        let mut body = [0; 33];
        stream.read_exact(&mut body).unwrap();
    }
    let admin = fs::read_to_string(folder.path().join("vault.admin-key")).unwrap();
    let metrics = server.text(Some(admin.trim()), "/metrics");
    let dropped = metrics
        .lines()
        .find_map(|line| line.strip_prefix("countenance_dropped_log_lines "));
    let dropped: u64 = dropped.expect("it is counted").parse().unwrap();
    assert!(dropped > 0, "nothing was lost: the test shows nothing");
}

#[test]
fn every_acknowledged_enrollment_is_there_after_a_kill_and_none_is_half_there() {
    let folder = tempfile::tempdir().unwrap();
    let photos = json!({ "photos": [picture("obama.jpg"), picture("obama2.jpg")] });
    let photos = photos.to_string();
    let consent =
        json!({ "purpose": "verify", "text_version": "1", "evidence_sha256": "e7".repeat(32) });
    let consent = consent.to_string();
    let mut asked = Vec::new();
    for round in 0..3 {
        let mut server = Running::start(folder.path(), &["--workers", "2"]);
        let admin = fs::read_to_string(folder.path().join("vault.admin-key")).unwrap();
        let (address, key) = (server.address, admin.trim().to_owned());
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let (key, photos, consent) = (key.clone(), photos.clone(), consent.clone());
                std::thread::spawn(move || {
                    let mut asked = Vec::new();
                    for number in 0.. {
                        let id = format!("{round}-{writer}-{number}");
                        let path = format!("/v1/subjects/{id}");
                        if add(address, &key, &id) != Some(201) {
                            break;
                        }
                        let granted = format!("{path}/consents");
                        if running::post(address, &key, &granted, &consent) != Some(201) {
                            break;
                        }
                        let done = running::post(address, &key, &format!("{path}/faces"), &photos);
                        asked.push((id, done == Some(201)));
                        if done.is_none() {
                            break;
                        }
                    }
                    asked
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(1900 + 170 * round));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        for writer in writers {
            asked.extend(writer.join().unwrap());
        }
    }
    let acknowledged = asked.iter().filter(|(_, done)| *done).count();
    assert!(acknowledged > 3, "{acknowledged} are too few to tell");
    let server = Running::start(folder.path(), &[]);
    let admin = fs::read_to_string(folder.path().join("vault.admin-key")).unwrap();
    for (id, done) in &asked {
        let path = format!("/v1/subjects/{id}/export");
        let (status, export) = server.ask(Some(admin.trim()), "POST", &path, Some(&json!({})));
        assert_eq!(status, 200, "{export}");
        match export["templates"].as_array().unwrap().len() {
            2 => {}
            0 => assert!(!done, "{id} was acknowledged and is lost"),
            _ => panic!("{id} is half there"),
        }
    }
}

#[test]
fn every_acknowledged_subject_is_there_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut known = Vec::new();
    for round in 0..3 {
        let mut server = Running::start(folder.path(), &["--key-rate", "100000"]);
        let admin = fs::read_to_string(folder.path().join("vault.admin-key")).unwrap();
        let (address, key) = (server.address, admin.trim().to_owned());
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let key = key.clone();
                std::thread::spawn(move || {
                    let mut acknowledged = Vec::new();
                    for number in 0.. {
                        let id = format!("{round}-{writer}-{number}");
                        match add(address, &key, &id) {
                            Some(201) => acknowledged.push(id),
                            Some(status) => panic!("{status}"),
                            None => return acknowledged,
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(700));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        for writer in writers {
            known.extend(writer.join().unwrap());
        }
    }
    assert!(
        known.len() > 10,
        "{} writes are too few to tell",
        known.len()
    );
    let server = Running::start(folder.path(), &["--key-rate", "100000"]);
    let admin = fs::read_to_string(folder.path().join("vault.admin-key")).unwrap();
    for id in &known {
        let path = format!("/v1/subjects/{id}");
        let (status, shown) = server.ask(Some(admin.trim()), "GET", &path, None);
        assert_eq!(status, 200, "{id} was acknowledged and is lost: {shown}");
    }
}

#[test]
fn a_picture_with_more_pixels_than_are_taken_is_refused_before_it_is_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let ask = |more: &[&str]| {
        let server = Running::start(folder.path(), more);
        let admin = fs::read_to_string(folder.path().join("vault.admin-key")).unwrap();
        let body = json!({ "picture": picture("obama.jpg") });
        let told = server.ask(Some(admin.trim()), "POST", "/v1/detect", Some(&body));
        server.stop();
        told
    };
    let (status, told) = ask(&["--max-pixels", "100000"]);
    assert_eq!((status, &told["code"]), (422, &json!("picture_invalid")));
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains("pixels"), "{detail}");
    // The positive control.
    assert_eq!(ask(&[]).0, 200);
}
