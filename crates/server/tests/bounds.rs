//! Clients that do not read, send what nobody wants, or take every place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_api::Scope;
use countenance_server::Config;
use given::{House, Reply, base64, photo};
use serde_json::json;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// More than the buffers of both ends hold.
const MUCH: usize = 32 << 20;

fn house(change: impl FnOnce(&mut Config)) -> Option<House> {
    let mut config = Config {
        workers: 1,
        ..Config::default()
    };
    change(&mut config);
    House::with(config)
}

/// Asks for the document again and again and reads nothing for a while; then how much comes before the end, at most
/// [`MUCH`].
fn asks_and_reads_nothing(house: &House, wait: Duration) -> usize {
    let mut stream = TcpStream::connect(house.address).unwrap();
    stream.set_nonblocking(true).unwrap();
    let ask = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
    for _ in 0..400 {
        match stream.write_all(&ask) {
            Ok(()) => std::thread::sleep(Duration::from_millis(1)),
            // Nothing more fits in, or the server has let go already.
            Err(_) => break,
        }
    }
    std::thread::sleep(wait);
    stream.set_nonblocking(false).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let (mut room, mut got) = (vec![0; 1 << 16], 0);
    while got < MUCH {
        match stream.read(&mut room) {
            Ok(0) => break,
            Ok(read) => got += read,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("neither an answer nor an end: {error}"),
        }
    }
    got
}

#[test]
fn who_asks_and_does_not_read_is_let_go() {
    let wait = Duration::from_millis(1500);
    let Some(house) = house(|config| config.answer_timeout = Duration::from_millis(300)) else {
        return;
    };
    let got = asks_and_reads_nothing(&house, wait);
    assert!(got < MUCH, "it was still answered after {got} bytes");
    // Who does read is answered, however often it asks.
    let mut stream = TcpStream::connect(house.address).unwrap();
    let mut room = vec![0; 1 << 16];
    for _ in 0..8 {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        assert!(stream.read(&mut room).unwrap() > 0);
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn who_is_slow_to_read_but_in_time_gets_every_answer() {
    // The control of the test above: with more patience the same client is answered on and on.
    let Some(house) = house(|config| config.answer_timeout = Duration::from_secs(60)) else {
        return;
    };
    let got = asks_and_reads_nothing(&house, Duration::from_millis(1500));
    assert!(got >= MUCH, "only {got} bytes came");
}

/// Sends a megabyte in pieces to whoever refuses it after the headers. What is read then, if all could be sent.
fn sends_what_is_refused(house: &House) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect(house.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let head = format!(
        "POST /v1/detect HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer none\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        1 << 20
    );
    stream.write_all(head.as_bytes())?;
    for _ in 0..16 {
        std::thread::sleep(Duration::from_millis(20));
        stream.write_all(&[b'x'; 1 << 16])?;
    }
    let mut first = [0; 1];
    if stream.peek(&mut first)? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(Reply::read(stream))
}

#[test]
fn who_is_refused_before_a_large_body_is_read_gets_to_know_why() {
    let Some(house) = house(|_| {}) else { return };
    let told = sends_what_is_refused(&house).expect("the connection broke");
    assert_eq!(told.problem(), "key_invalid");
    // What is more than any body may be is not waited for.
    drop(house);
    let Some(house) = self::house(|config| config.max_body_bytes = 1 << 16) else {
        return;
    };
    let broken = sends_what_is_refused(&house);
    assert!(broken.is_err(), "{broken:?}");
}

#[test]
fn one_key_does_not_take_every_place() {
    let Some(house) = house(|config| (config.queue, config.key_places) = (3, 2)) else {
        return;
    };
    let greedy = house.key("acme", &[Scope::Detect, Scope::Enroll]);
    let other = house.key("acme", &[Scope::Detect]);
    let slow = |more: &str| {
        let mut stream = TcpStream::connect(house.address).unwrap();
        let head = format!(
            "POST /v1/detect HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {greedy}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n{more}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let held = [slow(""), slow("")];
    let picture = json!({ "picture": base64(&photo("obama.jpg")) });
    let refused = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(20));
        let reply = house.ask(Some(&greedy)).post("/v1/detect", &picture);
        (reply.status != 200).then_some(reply)
    });
    let refused = refused.expect("the key has every place it wants");
    assert_eq!(refused.problem(), "too_many_requests");
    assert!(refused.header("retry-after").is_some());
    // There is room for others, and for what needs no picture.
    let reply = house.ask(Some(&other)).post("/v1/detect", &picture);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(house.ask(Some(&greedy)).get("/v1/subjects").status, 200);
    drop(held);
    let freed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        house.ask(Some(&greedy)).post("/v1/detect", &picture).status == 200
    });
    assert!(freed, "places are not given back");
}
