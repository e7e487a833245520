//! The platform as a program: started, asked over its socket, stopped by a signal.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod fixture;

use fixture::sample;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A program without the settings of whoever runs the test.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countenance"));
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COUNTENANCE_") {
            command.env_remove(name);
        }
    }
    command
}

fn run(folder: &Path, line: &str) -> Output {
    program(folder).args(line.split(' ')).output().unwrap()
}

/// A server that listens on a port of its own.
struct Running {
    child: Child,
    address: SocketAddr,
    said: Vec<String>,
    log: PathBuf,
}

impl Running {
    fn start(folder: &Path, more: &[&str]) -> Self {
        let mut command = program(folder);
        command.args(["serve", "--data", "vault", "--listen", "127.0.0.1:0"]);
        // A pipe that nobody empties would stop the server when it is full.
        let log = folder.join("log");
        let mut child = command
            .args(more)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut said = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            said.push(line.clone());
            if let Some((_, address)) = line.split_once("http://") {
                let address = address.parse().unwrap();
                return Self {
                    child,
                    address,
                    said,
                    log,
                };
            }
        }
        let error = fs::read_to_string(&log).unwrap();
        child.wait().unwrap();
        panic!("it does not listen: {said:?} {error}");
    }

    /// Status and body of a request.
    fn ask(
        &self,
        key: Option<&str>,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let body = body.map(Value::to_string).unwrap_or_default();
        let key = key.map(|key| format!("Authorization: Bearer {key}\r\n"));
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            key.unwrap_or_default(),
            body.len()
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head[9..12].parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Ends it as a service manager does. Returns what it logged.
    fn stop(mut self) -> String {
        self.signal("TERM");
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(status.success(), "{status}");
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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

    // The command line works on the keys of the running server, and both ways hold at once.
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

    let log = server.stop();
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
fn a_vault_of_the_command_line_is_served_and_a_second_process_is_told_why_it_may_not() {
    let folder = tempfile::tempdir().unwrap();
    fixture::assert_exit(&run(folder.path(), "keyring init --data vault"), 0);
    fixture::assert_exit(&run(folder.path(), "subject add ben --data vault"), 0);
    let server = Running::start(folder.path(), &[]);
    let admin = fs::read_to_string(folder.path().join("vault.admin-key")).unwrap();
    let (status, shown) = server.ask(Some(admin.trim()), "GET", "/v1/subjects/ben", None);
    assert_eq!((status, &shown["id"]), (200, &json!("ben")));
    let refused = run(folder.path(), "subject list --data vault");
    fixture::assert_exit(&refused, 4);
    let said = fixture::stderr(&refused);
    let id = server.child.id().to_string();
    assert!(said.contains(&id) && said.contains("/v1/"), "{said}");
    server.stop();
    // With the server gone the command line has the folder again.
    fixture::assert_exit(&run(folder.path(), "subject list --data vault"), 0);
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

/// The status of an answer, if there was one.
fn add(address: SocketAddr, key: &str, id: &str) -> Option<u16> {
    let body = json!({ "id": id }).to_string();
    let mut stream = TcpStream::connect(address).ok()?;
    write!(
        stream,
        "POST /v1/subjects HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    text.get(9..12)?.parse().ok()
}
