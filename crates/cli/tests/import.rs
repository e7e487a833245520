//! Many people at once: each with a consent, whole or not at all, and never twice.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod fixture;
mod running;

use fixture::sample;
use running::{Running, program, run};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// A folder with a vault and these photos under `people`.
fn house(photos: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), "keyring init --data vault");
    assert!(made.status.success(), "{made:?}");
    for (person, photo, of) in photos {
        let dir = folder.path().join("people").join(person);
        fs::create_dir_all(&dir).unwrap();
        fs::copy(sample(of), dir.join(photo)).unwrap();
    }
    folder
}

fn consents(folder: &Path, rows: &[String]) {
    let text = format!("id,purpose,date,evidence\n{}\n", rows.join("\n"));
    fs::write(folder.join("consents.csv"), text).unwrap();
}

const IMPORT: &str = "import folder people --consents consents.csv --data vault --json";

fn report(folder: &Path, line: &str) -> Value {
    let done = run(folder, line);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    serde_json::from_slice(&done.stdout).unwrap()
}

fn counts(report: &Value) -> [u64; 4] {
    ["people", "imported", "already_there", "templates"].map(|name| report[name].as_u64().unwrap())
}

fn templates(folder: &Path, person: &str) -> usize {
    let shown = report(folder, &format!("subject export {person} --data vault"));
    shown["templates"].as_array().unwrap().len()
}

#[test]
fn people_with_a_consent_are_imported_and_everything_else_is_listed_with_its_reason() {
    let folder = house(&[
        ("ana", "1.jpg", "obama.jpg"),
        ("ana", "2.jpg", "obama2.jpg"),
        ("ana", "wrong.jpg", "biden.jpg"),
        ("bob", "1.jpg", "biden.jpg"),
        ("eve", "1.jpg", "obama3.jpg"),
        ("late", "1.jpg", "biden.jpg"),
        ("none", "1.jpg", "biden.jpg"),
    ]);
    let at = folder.path();
    fs::write(at.join("people/bob/notes.txt"), "hello").unwrap();
    fs::write(at.join("people/none/1.jpg"), "no picture").unwrap();
    fs::write(at.join("people/stray.jpg"), "x").unwrap();
    let row = |person: &str, date: &str| format!("{person},verify,{date},form of {person}");
    let mut rows: Vec<String> = ["ana", "bob", "none"]
        .iter()
        .map(|one| row(one, "2026-01-31"))
        .collect();
    rows.push(row("late", "2020-01-01"));
    consents(at, &rows);
    let refused = json!([
        {"person": "", "photo": "stray.jpg", "reason": "not in the folder of a person"},
        {"person": "ana", "photo": "wrong.jpg", "reason": "does not show the person of the other photos"},
        {"person": "bob", "photo": "notes.txt", "reason": "bytes are no JPEG, PNG or WebP picture"},
        {"person": "eve", "photo": null, "reason": "no row in the file of consents"},
        {"person": "late", "photo": null, "reason": "the consent is over"},
        {"person": "none", "photo": null, "reason": "no photo that a template can be made of"},
        {"person": "none", "photo": "1.jpg", "reason": "bytes are no JPEG, PNG or WebP picture"},
    ]);
    let dry = report(at, &format!("{IMPORT} --dry-run"));
    assert_eq!((counts(&dry), &dry["refused"]), ([5, 2, 0, 3], &refused));
    let listed = report(at, "subject list --data vault --json");
    assert_eq!(listed["subjects"], json!([]), "a dry run keeps nothing");
    let done = report(at, IMPORT);
    assert_eq!((counts(&done), &done["refused"]), ([5, 2, 0, 3], &refused));
    let again = report(at, IMPORT);
    assert_eq!(counts(&again), [5, 0, 2, 0]);
    let verified = program(at)
        .args(["verify", "--subject", "ana", "--data", "vault", "--json"])
        .arg(sample("obama3.jpg"))
        .output()
        .unwrap();
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

/// Names of every kind, and what lies about in folders that nobody looks after.
#[test]
fn what_is_no_photo_is_listed_and_neither_stops_the_import_nor_holds_it_up() {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;
    let folder = house(&[
        ("Ana", "1.jpg", "obama.jpg"),
        ("ana", "1.jpg", "biden.jpg"),
        ("Zoë  名前, Jr", "photo one.JPG", "biden.jpg"),
    ]);
    let at = folder.path();
    let ana = at.join("people/Ana");
    let photo = fs::read(sample("obama.jpg")).unwrap();
    fs::write(ana.join("cut.jpg"), &photo[..photo.len() / 8]).unwrap();
    fs::write(ana.join("empty.jpg"), "").unwrap();
    fs::write(ana.join("huge.png"), HUGE).unwrap();
    fs::create_dir(ana.join("more")).unwrap();
    symlink("nowhere.jpg", ana.join("gone.jpg")).unwrap();
    symlink("loop.jpg", ana.join("loop.jpg")).unwrap();
    symlink(sample("obama2.jpg"), ana.join("link.jpg")).unwrap();
    fs::write(ana.join(std::ffi::OsStr::from_bytes(b"\xff.jpg")), &photo).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(ana.join("pipe.jpg"))
        .status()
        .unwrap();
    assert!(made.success());
    symlink("Ana", at.join("people/link")).unwrap();
    symlink("/dev/zero", at.join("people/zero")).unwrap();
    fs::create_dir(at.join("people/none")).unwrap();
    let row = |id: &str| format!("\"{id}\",verify,2026-01-31,form");
    consents(at, &["Ana", "ana", "Zoë  名前, Jr", "none"].map(row));
    let done = report(at, IMPORT);
    assert_eq!(counts(&done), [5, 3, 0, 4], "{done}");
    let refused: Vec<[&str; 3]> = done["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| ["person", "photo", "reason"].map(|name| one[name].as_str().unwrap_or_default()))
        .collect();
    let because = |person: &str, photo: &str| {
        let found = refused.iter().find(|one| one[..2] == [person, photo]);
        found.map_or("", |one| one[2])
    };
    assert_eq!(because("", "zero"), "neither a file nor a folder");
    assert_eq!(because("link", ""), "no row in the file of consents");
    assert_eq!(
        because("none", ""),
        "no photo that a template can be made of"
    );
    assert_eq!(because("Ana", "more"), "a folder, not a photo");
    assert_eq!(because("Ana", "pipe.jpg"), "neither a file nor a folder");
    assert_eq!(because("Ana", "\u{fffd}.jpg"), "its name is not UTF-8");
    for photo in ["cut.jpg", "empty.jpg", "huge.png", "gone.jpg", "loop.jpg"] {
        assert!(!because("Ana", photo).is_empty(), "{photo}: {refused:?}");
    }
    // Whoever is only another name of Ana's folder has no row; what lies about there is listed with both.
    assert_eq!(refused.len(), 14, "{refused:?}");
    for (person, found) in [("Ana", 2), ("ana", 1)] {
        assert_eq!(templates(at, person), found);
    }
}

/// The beginning of a PNG that claims to be 60,000 pixels wide and high.
const HUGE: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0\x0f\xb0\xe2\x15";

#[test]
fn no_more_people_are_imported_than_the_collection_may_have() {
    let folder = house(&[("a", "1.jpg", "obama.jpg"), ("b", "1.jpg", "biden.jpg")]);
    let at = folder.path();
    let rows = ["a", "b"].map(|one| format!("{one},identify,2026-01-31,form"));
    consents(at, &rows);
    let set = run(at, "collection set --fmr 1e-5 --fpir 2e-5 --data vault");
    assert!(set.status.success(), "{set:?}");
    let done = report(at, &format!("{IMPORT} --workers 1"));
    assert_eq!(counts(&done), [2, 1, 0, 1]);
    let reason = done["refused"][0]["reason"].as_str().unwrap();
    assert_eq!(reason, "the collection takes at most 1 at its target FPIR");
}

#[test]
fn a_withdrawn_consent_does_not_come_back_by_importing() {
    let folder = house(&[("ana", "1.jpg", "obama.jpg")]);
    let at = folder.path();
    consents(at, &["ana,verify,2026-01-31,form".to_owned()]);
    assert_eq!(counts(&report(at, IMPORT)), [1, 1, 0, 1]);
    let gone = run(at, "consent withdraw ana --purpose verify --data vault");
    assert!(gone.status.success(), "{gone:?}");
    let done = report(at, IMPORT);
    assert_eq!(counts(&done), [1, 0, 0, 0]);
    assert_eq!(
        done["refused"][0]["reason"],
        "the person has withdrawn the consent"
    );
}

/// Whoever has a subject already, without templates, goes in beside those who are new, with the consents that are missing.
#[test]
fn whoever_was_added_before_is_gone_on_from_and_a_dry_run_says_the_same() {
    let folder = house(&[
        ("ana", "1.jpg", "obama.jpg"),
        ("bob", "1.jpg", "biden.jpg"),
        ("cyd", "1.jpg", "biden.jpg"),
        ("eve", "1.jpg", "biden.jpg"),
    ]);
    let at = folder.path();
    let rows: Vec<String> = ["ana", "bob", "cyd", "eve"]
        .iter()
        .flat_map(|id| {
            ["verify", "identify"].map(|purpose| format!("{id},{purpose},2026-01-31,form"))
        })
        .collect();
    consents(at, &rows);
    fs::write(at.join("form"), "signed").unwrap();
    for line in [
        "subject add bob --data vault",
        "consent grant bob --purpose verify --text v1 --evidence form --data vault",
        "subject add cyd --data vault",
        "consent grant cyd --purpose verify --text v1 --evidence form --data vault",
        "consent withdraw cyd --purpose verify --data vault",
        "collection set --fmr 1e-5 --data vault",
    ] {
        let done = run(at, line);
        assert!(done.status.success(), "{line}: {done:?}");
    }
    let cyd =
        json!([{"person": "cyd", "photo": null, "reason": "the person has withdrawn the consent"}]);
    for line in [&format!("{IMPORT} --dry-run"), IMPORT] {
        let done = report(at, line);
        assert_eq!(
            (counts(&done), &done["refused"]),
            ([4, 3, 0, 3], &cyd),
            "{line}"
        );
    }
    for id in ["ana", "bob", "eve"] {
        let held = report(at, &format!("consent list {id} --data vault --json"));
        assert_eq!(held["consents"].as_array().unwrap().len(), 2, "{id}");
        assert_eq!(templates(at, id), 1, "{id}");
    }
}

/// Killed at many points and begun again: whoever is there is there once and whole.
#[test]
fn an_importer_that_is_killed_loses_and_doubles_nothing() {
    const PEOPLE: usize = 12;
    let names: Vec<String> = (0..PEOPLE).map(|at| format!("p{at}")).collect();
    let photos: Vec<(&str, &str, &str)> = names
        .iter()
        .flat_map(|name| {
            [
                (name.as_str(), "1.jpg", "obama.jpg"),
                (name.as_str(), "2.jpg", "obama2.jpg"),
            ]
        })
        .collect();
    let folder = house(&photos);
    let at = folder.path();
    let rows: Vec<String> = names
        .iter()
        .flat_map(|name| {
            ["verify", "identify"].map(|purpose| format!("{name},{purpose},2026-01-31,form"))
        })
        .collect();
    consents(at, &rows);
    let set = run(at, "collection set --fmr 1e-5 --data vault");
    assert!(set.status.success(), "{set:?}");
    let (mut killed, mut delay, mut ended) = (0, 40, false);
    while !ended && killed < 60 {
        let mut child = program(at)
            .args(IMPORT.split(' '))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Later and later, so that it ends; never at the same point twice.
        std::thread::sleep(Duration::from_millis(delay));
        delay += 37 + delay / 8;
        match child.try_wait().unwrap() {
            Some(status) => ended = status.success(),
            None => {
                child.kill().unwrap();
                child.wait().unwrap();
                killed += 1;
            }
        }
    }
    assert!(killed >= 3, "it was killed {killed} times");
    let done = report(at, IMPORT);
    assert_eq!(
        (counts(&done), &done["refused"]),
        (
            [
                12,
                counts(&done)[1],
                12 - counts(&done)[1],
                2 * counts(&done)[1]
            ],
            &json!([])
        )
    );
    let listed = report(at, "subject list --data vault --json");
    assert_eq!(listed["subjects"].as_array().unwrap().len(), PEOPLE);
    for name in &names {
        assert_eq!(templates(at, name), 2, "{name}");
        let consents = report(at, &format!("consent list {name} --data vault --json"));
        assert_eq!(consents["consents"].as_array().unwrap().len(), 2, "{name}");
    }
    let log = run(at, "audit verify --data vault");
    assert!(log.status.success(), "{log:?}");
}

#[test]
fn subjects_of_a_running_service_come_over_its_own_protocol_with_their_pictures() {
    // Ours speaks the protocol: it stands for the one that is left behind.
    let folder = house(&[]);
    let at = folder.path();
    let other = tempfile::tempdir().unwrap();
    let server = Running::start(other.path(), &["--compat", "compreface"]);
    let key = |more: &str| {
        let line = format!(
            "key create --data vault --compat compreface --service recognition --attest form --json{more}"
        );
        let made = run(other.path(), &line);
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        made["key"].as_str().unwrap().to_owned()
    };
    let add = |key: &str, subject: &str, photo: &str| {
        use base64::Engine as _;
        let bytes = fs::read(sample(photo)).unwrap();
        let body = json!({"file": base64::engine::general_purpose::STANDARD.encode(bytes)});
        let path = format!("/api/v1/recognition/faces?subject={subject}");
        let (status, told) =
            server.ask_with(None, "POST", &path, &[("x-api-key", key)], Some(&body));
        assert_eq!(status, 201, "{told}");
    };
    let (keeps, forgets) = (key(" --keep-pictures"), key(""));
    add(&keeps, "Ana", "obama.jpg");
    add(&keeps, "Ana", "obama2.jpg");
    add(&keeps, "Bob", "biden.jpg");
    add(&forgets, "Ana", "obama.jpg");
    consents(at, &["Ana,verify,2026-01-31,form 1".to_owned()]);
    let line = |key: &str| {
        let url = format!("http://{}", server.address);
        format!(
            "import compreface --url {url} --key {key} --consents consents.csv --data vault --json"
        )
    };
    let none = report(at, &line(&forgets));
    assert_eq!(counts(&none), [1, 0, 0, 0]);
    assert!(
        none.to_string()
            .contains("CompreFace has not kept the picture"),
        "{none}"
    );
    let done = report(at, &line(&keeps));
    assert_eq!(counts(&done), [2, 1, 0, 2]);
    assert_eq!(
        done["refused"],
        json!([{"person": "Bob", "photo": null, "reason": "no row in the file of consents"}])
    );
    assert_eq!(templates(at, "Ana"), 2);
    let wrong = run(at, &line("00000000-0000-0000-0000-000000000002"));
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
    server.stop();

    // The same behind TLS, with a certificate that it signed itself.
    let (own, foreign) = (
        certify(other.path(), "own"),
        certify(other.path(), "foreign"),
    );
    let tls = [
        "--compat",
        "compreface",
        "--tls-cert",
        "own.pem",
        "--tls-key",
        "own.key",
    ];
    let server = Running::start(other.path(), &tls);
    let port = server.address.port();
    let vault = |name: &str| {
        assert!(
            run(at, &format!("keyring init --data {name}"))
                .status
                .success()
        );
    };
    let line = |scheme: &str, host: &str, ca: &Path, data: &str| {
        let ca = ca.display();
        format!(
            "import compreface --url {scheme}://{host}:{port} --ca {ca} --key {keeps} --consents consents.csv --data {data} --json"
        )
    };
    vault("over-tls");
    let done = report(at, &line("https", "localhost", &own, "over-tls"));
    assert_eq!(counts(&done), [2, 1, 0, 2]);
    // Nobody vouches for it, it is another's name, it is no certificate, nothing is asked in the clear.
    vault("refused");
    for (scheme, host, ca) in [
        ("https", "localhost", &foreign),
        ("https", "127.0.0.1", &own),
        ("https", "localhost", &other.path().join("own.key")),
        ("http", "localhost", &own),
    ] {
        let refused = run(at, &line(scheme, host, ca, "refused"));
        assert_eq!(refused.status.code(), Some(4), "{refused:?}");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains("it must answer at this address"), "{said}");
    }
    let listed = report(at, "subject list --data refused --json");
    assert_eq!(listed["subjects"], json!([]));
    server.stop();
}

/// Answers each request on a port of its own as `answer` says of its path, until nobody asks any more.
fn pretend(answer: impl Fn(&str) -> (u16, Vec<u8>) + Send + 'static) -> std::net::SocketAddr {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let Some(Ok(first)) = lines.next() else {
                continue;
            };
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let (status, body) = answer(first.split(' ').nth(1).unwrap());
            let head = format!(
                "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let mut stream = stream;
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    address
}

#[test]
fn a_service_that_fails_halfway_leaves_nobody_with_a_part_of_their_photos() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = house(&[]);
    let at = folder.path();
    consents(at, &["Ana,verify,2026-01-31,form".to_owned()]);
    let fails = Arc::new(AtomicBool::new(true));
    let told = Arc::clone(&fails);
    let address = pretend(move |path| {
        let photo = |name| (200, fs::read(sample(name)).unwrap());
        if path.starts_with("/api/v1/recognition/faces?") {
            let face = |id: &str, subject: &str| json!({"image_id": id, "subject": subject});
            let long = "x".repeat(300);
            let faces = [face("a1", "Ana"), face("a2", "Ana"), face("b1", &long)];
            let page = json!({"faces": faces, "total_pages": 1});
            return (200, page.to_string().into_bytes());
        }
        match path {
            "/api/v1/recognition/faces/a1/img" => photo("obama.jpg"),
            _ if told.load(Ordering::SeqCst) => (503, b"busy".to_vec()),
            _ => photo("obama2.jpg"),
        }
    });
    let line = format!(
        "import compreface --url http://{address} --key k --consents consents.csv --data vault --json"
    );
    let failed = run(at, &line);
    assert_eq!(failed.status.code(), Some(4), "{failed:?}");
    let said = String::from_utf8_lossy(&failed.stderr);
    assert!(said.contains("CompreFace answers 503: busy"), "{said}");
    let listed = report(at, "subject list --data vault --json");
    assert_eq!(listed["subjects"], json!([]));
    fails.store(false, Ordering::SeqCst);
    let done = report(at, &line);
    assert_eq!(counts(&done), [1, 1, 0, 2], "{done}");
    // A name that no subject can have keeps nobody else out.
    let reason = done["refused"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("external id"), "{done}");
}

/// A certificate of localhost that signs itself, as `NAME.pem` with its key.
fn certify(folder: &Path, name: &str) -> PathBuf {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_pem();
    fs::write(folder.join(format!("{name}.key")), key).unwrap();
    let path = folder.join(format!("{name}.pem"));
    fs::write(&path, made.cert.pem()).unwrap();
    path
}

#[test]
fn everything_of_a_collection_goes_out_sealed_and_comes_back() {
    let folder = house(&[("Ana", "1.jpg", "obama.jpg"), ("bob", "1.jpg", "biden.jpg")]);
    let at = folder.path();
    let rows = [
        "Ana,verify,2026-01-31,form 1",
        "Ana,identify,2026-02-28,form 2",
        "bob,verify,2026-01-31,form 3",
    ];
    consents(at, &rows.map(str::to_owned));
    assert_eq!(counts(&report(at, IMPORT)), [2, 2, 0, 2]);
    let made = run(at, "keyring identity moving.identity");
    let recipient = String::from_utf8(made.stdout).unwrap();
    let recipient = recipient
        .split_whitespace()
        .find(|word| word.len() == 62)
        .unwrap();
    let out = report(
        at,
        &format!("export --to all.export --recipient {recipient} --data vault --json"),
    );
    assert_eq!(
        out,
        json!({"subjects": 2, "templates": 2, "holder_bound": 0})
    );
    let sealed = fs::read(at.join("all.export")).unwrap();
    assert!(sealed.starts_with(b"age-encryption.org/v1"));
    assert!(
        !sealed.windows(4).any(|window| window == b"\"id\""),
        "what is in it lies open"
    );

    assert!(run(at, "keyring init --data second").status.success());
    let line = "import sealed all.export --identity moving.identity --data second --json";
    assert_eq!(
        counts(&report(at, &format!("{line} --dry-run"))),
        [2, 2, 0, 2]
    );
    assert_eq!(
        report(at, "subject list --data second --json")["subjects"],
        json!([])
    );
    assert_eq!(counts(&report(at, line)), [2, 2, 0, 2]);
    assert_eq!(counts(&report(at, line)), [2, 0, 2, 0]);
    // The same consents and templates, to the byte.
    for person in ["Ana", "bob"] {
        let [one, other] = ["vault", "second"].map(|data| {
            let shown = report(at, &format!("subject export {person} --data {data}"));
            (shown["templates"].clone(), shown["consents"].clone())
        });
        assert_eq!(one, other, "{person}");
    }
    // Cut off or altered it does not open.
    fs::write(at.join("cut.export"), &sealed[..sealed.len() - 20]).unwrap();
    let cut = run(at, &line.replace("all.export", "cut.export"));
    assert!(!cut.status.success(), "{cut:?}");
    assert!(run(at, "keyring identity other.identity").status.success());
    let wrong = run(at, &line.replace("moving.identity", "other.identity"));
    assert!(!wrong.status.success(), "{wrong:?}");
}
