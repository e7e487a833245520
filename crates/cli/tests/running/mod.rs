//! The program as a server that runs.
#![allow(dead_code, reason = "each test file uses some of it")]

use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A program without the settings of whoever runs the test.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countenance"));
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COUNTENANCE_") {
            command.env_remove(name);
        }
    }
    command
}

pub(crate) fn run(folder: &Path, line: &str) -> Output {
    program(folder).args(line.split(' ')).output().unwrap()
}

/// A server that listens on a port of its own.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) said: Vec<String>,
    log: PathBuf,
}

impl Running {
    pub(crate) fn start(folder: &Path, more: &[&str]) -> Self {
        let log = fs::File::create(folder.join("log")).unwrap();
        Self::start_with(folder, more, log.into())
    }

    pub(crate) fn start_with(folder: &Path, more: &[&str], log: Stdio) -> Self {
        let log = (log, folder.join("log"));
        Self::spawn(folder, &[&["--data", "vault"], more].concat(), log)
    }

    /// A node of its own name; its log is `NAME.log`.
    pub(crate) fn node(folder: &Path, name: &str, more: &[&str]) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = fs::File::create(&log).unwrap();
        Self::spawn(
            folder,
            &[&["--data", name], more].concat(),
            (file.into(), log),
        )
    }

    fn spawn(folder: &Path, more: &[&str], (errors, log): (Stdio, PathBuf)) -> Self {
        let mut command = program(folder);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command
            .args(more)
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let mut said = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            said.push(line.clone());
            let address = line.split_once("http://");
            if let Some((_, address)) = address.or_else(|| line.split_once("https://")) {
                let address = address.parse().unwrap();
                return Self {
                    child,
                    address,
                    said,
                    log,
                };
            }
        }
        let error = fs::read_to_string(&log).unwrap_or_default();
        child.wait().unwrap();
        panic!("it does not listen: {said:?} {error}");
    }

    /// The body of an answer, as text.
    pub(crate) fn text(&self, key: Option<&str>, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let key = key.map(|key| format!("Authorization: Bearer {key}\r\n"));
        let key = key.unwrap_or_default();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{key}\r\n"
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// The bytes of an answer's body; each line of `headers` ends with `\r\n`.
    pub(crate) fn bytes(&self, path: &str, headers: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
        )
        .unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        bytes.split_off(end.unwrap() + 4)
    }

    /// Status and body of a request.
    pub(crate) fn ask(
        &self,
        key: Option<&str>,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        self.ask_with(key, method, path, &[], body)
    }

    /// The same with more headers.
    pub(crate) fn ask_with(
        &self,
        key: Option<&str>,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut key = key.map(|key| format!("Authorization: Bearer {key}\r\n"));
        for (name, value) in headers {
            key.get_or_insert_default()
                .push_str(&format!("{name}: {value}\r\n"));
        }
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

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Ends it as a service manager does. Returns what it logged.
    pub(crate) fn stop(mut self) -> String {
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

/// Adds a subject. The status of the answer, if there was one.
pub(crate) fn add(address: SocketAddr, key: &str, id: &str) -> Option<u16> {
    let body = serde_json::json!({ "id": id }).to_string();
    post(address, key, "/v1/subjects", &body)
}

/// The status of an answer, if there was one.
pub(crate) fn post(address: SocketAddr, key: &str, path: &str, body: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    text.get(9..12)?.parse().ok()
}
