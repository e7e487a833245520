//! Sessions over real HTTP and WebSockets, with real photos: what a still picture gets, who may ask what, what ends how.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::Scope;
use countenance_core::{Expected, KeySet, WallClock as _, check_result};
use countenance_server::{Config, WebhookConfig};
use given::{House, Reply, base64, photo};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const AUDIENCE: &str = "https://shop.example";
const NONCE: &str = "pb3N0x5qQmWq8o1vJz2r7g";

/// A sample photo as a camera would send it.
fn frame(name: &str) -> Vec<u8> {
    static FRAMES: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let frames = FRAMES.get_or_init(|| {
        ["obama.jpg", "biden.jpg"].map(|name| {
            let picture = image::load_from_memory(&photo(name)).unwrap();
            let small = picture.thumbnail(640, 480).to_rgb8();
            let mut bytes = Vec::new();
            let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 85);
            encoder.encode_image(&small).unwrap();
            bytes
        })
    });
    frames[usize::from(name == "biden.jpg")].clone()
}

fn request(kind: &str) -> Value {
    let mut request = json!({
        "kind": kind,
        "audience": AUDIENCE,
        "nonce": NONCE,
        "approve": "Open the door of laboratory 3",
        "way_out": "https://shop.example/other-way",
    });
    if kind == "verify" {
        request["subject"] = json!("ana");
    }
    request
}

/// A session, from both sides.
struct Opened<'a> {
    house: &'a House,
    key: String,
    id: String,
    token: String,
}

impl<'a> Opened<'a> {
    fn new(house: &'a House, request: &Value) -> Self {
        let key = house.key("acme", &[Scope::Sessions]);
        let reply = house.ask(Some(&key)).post("/v1/sessions", request);
        assert_eq!(reply.status, 201, "{reply:?}");
        let opened = reply.json();
        let text = |name: &str| opened[name].as_str().unwrap().to_owned();
        Self {
            house,
            key,
            id: text("id"),
            token: text("token"),
        }
    }

    fn person(&self) -> given::Ask<'_> {
        self.house.ask(Some(&self.token))
    }

    fn shown(&self) -> Value {
        self.person()
            .get(&format!("/v1/capture/{}", self.id))
            .json()
    }

    fn agree(&self, calm: bool) -> Reply {
        let sha256 = self.shown()["consent"]["sha256"].clone();
        let path = format!("/v1/capture/{}/consent", self.id);
        self.person()
            .post(&path, &json!({"sha256": sha256, "calm": calm}))
    }

    fn status(&self) -> Value {
        self.house
            .ask(Some(&self.key))
            .get(&format!("/v1/sessions/{}", self.id))
            .json()
    }

    fn wait_for(&self, state: &str) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.status()["state"] != state {
            assert!(Instant::now() < deadline, "{}", self.status());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A socket, as soon as the one before is forgotten.
    fn next_socket(&self) -> Socket {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            match self.socket() {
                Ok(socket) => return socket,
                Err(reply) => assert_eq!(reply.problem(), "capture_busy"),
            }
            assert!(Instant::now() < deadline, "busy for ever");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn socket(&self) -> Result<Socket, Reply> {
        Socket::open(self.house, &self.id, &self.token)
    }

    fn frames(&self, frames: &Value) -> Reply {
        let path = format!("/v1/capture/{}/frames", self.id);
        self.person().post(&path, &json!({ "frames": frames }))
    }
}

/// A WebSocket (RFC 6455) as far as these tests need one.
struct Socket {
    stream: TcpStream,
    number: u32,
    begun: Instant,
}

impl Socket {
    fn open(house: &House, id: &str, token: &str) -> Result<Self, Reply> {
        let mut stream = TcpStream::connect(house.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let head = format!(
            "GET /v1/capture/{id}/frames HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: countenance.capture.v1, token.{token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let text = String::from_utf8(answer).unwrap().to_lowercase();
        if !text.starts_with("http/1.1 101") {
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.unwrap().parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            let status = text[9..12].parse().unwrap();
            return Err(Reply {
                status,
                head: text,
                body,
            });
        }
        assert!(
            text.contains("sec-websocket-protocol: countenance.capture.v1\r\n"),
            "{text}"
        );
        // The accept key of the example in the standard.
        assert!(text.contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{text}");
        Ok(Self {
            stream,
            number: 0,
            begun: Instant::now(),
        })
    }

    fn write(&mut self, opcode: u8, bytes: &[u8]) {
        let mut frame = vec![0x80 | opcode, 0x80 | 127];
        let length = bytes.len() as u64;
        frame.extend(length.to_le_bytes().iter().rev());
        // Masked with zeros, which changes nothing.
        frame.extend([0; 4]);
        frame.extend(bytes);
        self.stream.write_all(&frame).unwrap();
    }

    fn send(&mut self, picture: &[u8]) {
        let time = u32::try_from(self.begun.elapsed().as_millis()).unwrap() + 1000;
        let mut message = self.number.to_le_bytes().to_vec();
        message.extend(time.to_le_bytes());
        message.extend(picture);
        self.number += 1;
        self.write(2, &message);
    }

    /// All messages that still come, and with what the server closed.
    fn read_all(&mut self) -> (Vec<Value>, u16) {
        let mut said = Vec::new();
        loop {
            match self.read() {
                Ok(message) => said.push(message),
                Err(closed) => return (said, closed),
            }
        }
    }

    /// The next frame of the protocol: its opcode and what is in it. Nothing when the server has gone.
    fn raw(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).ok()?;
        let mut length = usize::from(head[1]);
        if length == 126 {
            let mut two = [0; 2];
            self.stream.read_exact(&mut two).ok()?;
            length = usize::from(two[0]) << 8 | usize::from(two[1]);
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        Some((head[0] & 0x0f, body))
    }

    /// The next message, or with what the server closed.
    fn read(&mut self) -> Result<Value, u16> {
        let (opcode, body) = self.raw().ok_or(0_u16)?;
        match opcode {
            1 => Ok(serde_json::from_slice(&body).unwrap()),
            8 => Err(u16::from(body[0]) << 8 | u16::from(body[1])),
            other => panic!("opcode {other}"),
        }
    }

    /// Sends this picture until a gesture or a light is asked for.
    fn show_until_asked(&mut self, picture: &[u8]) {
        let mut prompts = 0;
        let mut first = true;
        while prompts < 2 {
            let message = self.read().unwrap();
            prompts += usize::from(message["type"] == "prompt");
            if message["type"] == "ack" || first {
                first = false;
                std::thread::sleep(Duration::from_millis(70));
                self.send(picture);
            }
        }
    }

    /// Sends this picture until the server has had enough: what it said, and with what it closed.
    fn show(&mut self, picture: &[u8]) -> (Vec<Value>, u16) {
        let mut said = Vec::new();
        loop {
            let message = match self.read() {
                Ok(message) => message,
                Err(code) => return (said, code),
            };
            let next = message["type"] == "ack" || said.is_empty();
            said.push(message);
            if next {
                std::thread::sleep(Duration::from_millis(70));
                self.send(picture);
            }
        }
    }
}

fn checked(house: &House, result: &Value) -> countenance_core::Claims {
    let jwks = house.ask(None).get("/.well-known/jwks.json");
    let keys = KeySet::from_json(&jwks.body).unwrap();
    let expected = Expected {
        audience: AUDIENCE,
        now: house.clock.now(),
        nonce: Some(NONCE),
        approved_sha256: None,
        kind: None,
    };
    check_result(result.as_str().unwrap(), &keys, &expected).unwrap()
}

fn kinds(said: &[Value], kind: &str) -> Vec<String> {
    let of = said
        .iter()
        .filter(|message| message["type"] == "prompt" || kind != "kind");
    of.filter_map(|message| message[kind].as_str())
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_still_photo_is_refused_alike_whoever_it_shows_and_whoever_is_asked_about() {
    let Some(house) = House::new() else { return };
    let owner = house.key("acme", &Scope::ALL);
    let ask = house.ask(Some(&owner));
    ana_in(&house);
    let mut shapes = Vec::new();
    // The right face that is none, another face that is none, and nobody of that name.
    for (subject, name) in [
        ("ana", "obama.jpg"),
        ("ana", "biden.jpg"),
        ("bob", "obama.jpg"),
    ] {
        let mut request = request("verify");
        request["subject"] = json!(subject);
        let opened = Opened::new(&house, &request);
        assert_eq!(opened.agree(false).status, 200);
        let (said, code) = opened.socket().unwrap().show(&frame(name));
        assert_eq!(code, 1000, "{said:?}");
        assert_eq!(said[0]["type"], "hello");
        assert_eq!(
            said.last().unwrap(),
            &json!({"type": "done", "state": "judged"})
        );
        let prompts = kinds(&said, "kind");
        assert_eq!(prompts[0], "hold");
        assert_eq!(prompts.iter().filter(|kind| *kind == "light").count(), 5);
        assert!(prompts.contains(&"smile".to_owned()));
        assert!(
            kinds(&said, "color")
                .iter()
                .all(|color| color.len() == 7 && color.starts_with('#'))
        );
        let first = opened.status();
        assert_eq!(first["state"], "judged");
        assert_eq!(first["outcome"], "reject");
        assert!(first["detail"].is_null(), "{first}");
        let claims = checked(&house, &first["result"]);
        assert_eq!(claims.outcome.name(), "reject");
        assert_eq!(claims.sub.as_deref(), Some(subject));
        assert_eq!(claims.challenge, "light");
        assert_eq!(claims.sid, opened.id);
        assert_eq!(claims.consent_sha256, opened.shown()["consent"]["sha256"]);
        assert_eq!(claims.exp - claims.iat, 60);
        // Taken once: the same for a minute, and a new signature never.
        let again = opened.status();
        assert_eq!(
            (&again["state"], &again["result"]),
            (&json!("fetched"), &first["result"])
        );
        assert_eq!(opened.socket().err().unwrap().problem(), "session_over");
        let body = first["result"].as_str().unwrap().split('.').nth(1).unwrap();
        let body: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
        let shape: Vec<(String, usize)> = body
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.to_string().len()))
            .collect();
        shapes.push((shape, first["result"].as_str().unwrap().len()));
        // The operator alone sees why.
        let seen = ask.get(&format!("/v1/sessions/{}", opened.id)).json();
        let finding = if subject == "ana" {
            "not_live"
        } else {
            "unknown_subject"
        };
        let finding = if name == "biden.jpg" {
            "not_live"
        } else {
            finding
        };
        assert_eq!(seen["detail"]["finding"], finding, "{seen}");
        assert!(
            seen["detail"]["checks"]
                .as_array()
                .unwrap()
                .contains(&json!("missed"))
        );
    }
    assert!(shapes.windows(2).all(|two| two[0] == two[1]), "{shapes:?}");
}

/// Whether ana is told by her own face, by a photo.
fn is_accepted(house: &House) -> bool {
    let owner = house.key("acme", &Scope::ALL);
    let path = "/v1/subjects/ana/verify";
    let probe = [("probe", &*photo("obama2.jpg"))];
    let reply = house.ask(Some(&owner)).form(path, &probe);
    assert_eq!(reply.status, 200);
    reply.json()["decision"] == "accept"
}

fn ana_in(house: &House) {
    let owner = house.key("acme", &Scope::ALL);
    let ask = house.ask(Some(&owner));
    let consent =
        json!({"purpose": "verify", "text_version": "1", "evidence_sha256": "e7".repeat(32)});
    assert_eq!(ask.post("/v1/subjects", &json!({"id": "ana"})).status, 201);
    assert_eq!(ask.post("/v1/subjects/ana/consents", &consent).status, 201);
    let photos = json!({"photos": [base64(&photo("obama.jpg"))]});
    assert_eq!(ask.post("/v1/subjects/ana/faces", &photos).status, 201);
}

#[test]
fn a_challenge_that_is_left_after_something_was_asked_is_an_attempt_and_the_fifth_ends_the_session()
{
    let Some(house) = House::new() else { return };
    ana_in(&house);
    let mut request = request("verify");
    request["subject"] = json!("ana");
    let picture = frame("biden.jpg");
    // Left before anything was asked: nobody knows more than before.
    let opened = Opened::new(&house, &request);
    opened.agree(false);
    for _ in 0..5 {
        let mut socket = opened.next_socket();
        let _ = socket.read();
        socket.send(&picture);
        let _ = socket.read();
    }
    opened.wait_for("expired");
    assert!(is_accepted(&house));
    let opened = Opened::new(&house, &request);
    opened.agree(false);
    for _ in 0..5 {
        opened.next_socket().show_until_asked(&picture);
    }
    opened.wait_for("expired");
    assert_eq!(opened.socket().err().unwrap().problem(), "session_over");
    assert!(
        !is_accepted(&house),
        "five challenges were looked at for nothing"
    );
}

/// Begins to send frames, and never ends: what is answered at once, if anything is.
fn half_sent(opened: &Opened<'_>) -> (TcpStream, Option<u16>) {
    let mut stream = TcpStream::connect(opened.house.address).unwrap();
    let head = format!(
        "POST /v1/capture/{}/frames HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{{",
        opened.id, opened.token
    );
    stream.write_all(head.as_bytes()).unwrap();
    let wait = Some(Duration::from_millis(300));
    stream.set_read_timeout(wait).unwrap();
    let mut status = [0; 12];
    let read = stream.read_exact(&mut status);
    let text = String::from_utf8_lossy(&status[9..]).into_owned();
    (stream, read.ok().and_then(|()| text.parse().ok()))
}

#[test]
fn a_token_of_one_session_takes_no_places_of_its_relying_party() {
    let Some(house) = House::new() else { return };
    ana_in(&house);
    let opened = Opened::new(&house, &request("presence"));
    // Nobody agreed yet: nothing is waited for.
    assert_eq!(half_sent(&opened).1, Some(409));
    opened.agree(false);
    let (first, answer) = half_sent(&opened);
    assert_eq!(answer, None, "it waits for the rest");
    let others: Vec<_> = (0..40).map(|_| half_sent(&opened)).collect();
    assert!(others.iter().all(|(_, answer)| *answer == Some(409)));
    // `is_accepted` asserts that the relying party is answered.
    assert!(is_accepted(&house));
    drop((first, others));
    let path = format!("/v1/capture/{}", opened.id);
    assert_eq!(opened.person().delete(&path).status, 204);
    assert_eq!(half_sent(&opened).1, Some(409));
}

#[test]
fn whoever_declines_cancels_or_stops_sending_in_the_middle_has_had_an_attempt() {
    let Some(house) = House::new() else { return };
    ana_in(&house);
    let mut request = request("verify");
    request["subject"] = json!("ana");
    let picture = frame("biden.jpg");
    for number in 0..5 {
        let opened = Opened::new(&house, &request);
        opened.agree(false);
        let path = format!("/v1/capture/{}", opened.id);
        if number == 4 {
            // Without a socket.
            let begun = Instant::now();
            let mut asked = false;
            for frame in 0.. {
                std::thread::sleep(Duration::from_millis(70));
                let time = begun.elapsed().as_millis() as u64;
                let one = json!([{"frame": frame, "time_ms": time, "picture": base64(&picture)}]);
                let said = opened.frames(&one).json();
                let messages = said["messages"].as_array().unwrap();
                let kinds = kinds(messages, "kind");
                asked |= kinds.iter().any(|kind| kind != "hold");
                if asked {
                    break;
                }
            }
            assert_eq!(opened.person().delete(&path).status, 204);
            let said = opened.frames(&json!([])).json();
            assert_eq!(said["messages"][0]["state"], "canceled", "{said}");
            continue;
        }
        let mut socket = opened.socket().unwrap();
        socket.show_until_asked(&picture);
        if number % 2 == 0 {
            assert_eq!(opened.person().delete(&path).status, 204);
        } else {
            let ask = house.ask(Some(&opened.key));
            let path = format!("/v1/sessions/{}", opened.id);
            assert_eq!(ask.delete(&path).status, 204);
        }
        let (said, code) = socket.read_all();
        assert_eq!(
            (said.last().unwrap()["state"].as_str(), code),
            (Some("canceled"), 1000)
        );
    }
    assert!(!is_accepted(&house));
}

#[test]
fn the_person_sees_what_is_asked_agrees_to_that_text_and_may_go() {
    let Some(house) = House::new() else { return };
    let opened = Opened::new(&house, &request("presence"));
    let shown = opened.shown();
    assert_eq!(shown["state"], "created");
    assert_eq!(shown["approve"], "Open the door of laboratory 3");
    assert!(
        shown["consent"]["text"]
            .as_str()
            .unwrap()
            .contains("Open the door of laboratory 3")
    );
    assert_eq!(opened.socket().err().unwrap().problem(), "consent_needed");
    let path = format!("/v1/capture/{}/consent", opened.id);
    let other = opened
        .person()
        .post(&path, &json!({"sha256": "00".repeat(32)}));
    assert_eq!(other.problem(), "value_invalid");
    let unasked = json!({"sha256": shown["consent"]["sha256"], "holder": "05".repeat(32)});
    assert_eq!(
        opened.person().post(&path, &unasked).problem(),
        "value_invalid"
    );
    assert_eq!(opened.agree(true).status, 200);
    assert_eq!(opened.agree(true).json(), json!({"state": "capturing"}));
    assert_eq!(opened.agree(false).problem(), "session_over");
    let mut socket = opened.socket().unwrap();
    assert_eq!(socket.read().unwrap()["type"], "hello");
    assert_eq!(socket.read().unwrap()["kind"], "hold");
    assert_eq!(opened.socket().err().unwrap().problem(), "capture_busy");
    assert_eq!(opened.frames(&json!([])).problem(), "capture_busy");
    // The way out, while the camera runs.
    assert_eq!(
        opened
            .person()
            .delete(&format!("/v1/capture/{}", opened.id))
            .status,
        204
    );
    assert_eq!(
        socket.read().unwrap(),
        json!({"type": "done", "state": "canceled"})
    );
    assert_eq!(socket.read(), Err(1000));
    let status = opened.status();
    assert_eq!(
        (&status["state"], &status["declined"]),
        (&json!("canceled"), &json!(true))
    );
    assert!(status["result"].is_null());
    assert_eq!(opened.agree(true).problem(), "session_over");
}

#[test]
fn a_token_opens_its_own_session_and_nothing_else() {
    let Some(house) = House::new() else { return };
    let (one, other) = (
        Opened::new(&house, &request("presence")),
        Opened::new(&house, &request("presence")),
    );
    let get = |token: &str, id: &str| house.ask(Some(token)).get(&format!("/v1/capture/{id}"));
    assert_eq!(get(&one.token, &one.id).status, 200);
    let wrong = get(&other.token, &one.id);
    assert_eq!(wrong.problem(), "capture_token_invalid");
    // Nor does it show whether there is such a session; nor is a key a token, or a token a key.
    assert_eq!(get(&one.token, "a-AAAAAAAAAAAAAAAAAAAAAA").body, wrong.body);
    assert_eq!(get(&one.key, &one.id).body, wrong.body);
    assert_eq!(
        house.ask(None).get(&format!("/v1/capture/{}", one.id)).body,
        wrong.body
    );
    let as_key = house
        .ask(Some(&one.token))
        .get(&format!("/v1/sessions/{}", one.id));
    assert_eq!(as_key.problem(), "key_invalid");
    // Another tenant's session is none.
    let stranger = house.key("other", &[Scope::Sessions]);
    let theirs = house
        .ask(Some(&stranger))
        .get(&format!("/v1/sessions/{}", one.id));
    assert_eq!(theirs.problem(), "session_unknown");
    let ended = house
        .ask(Some(&stranger))
        .delete(&format!("/v1/sessions/{}", one.id));
    assert_eq!(ended.problem(), "session_unknown");
    assert_eq!(one.status()["state"], "created");
    let mine = house
        .ask(Some(&one.key))
        .delete(&format!("/v1/sessions/{}", one.id));
    assert_eq!(mine.status, 204);
    assert_eq!(one.status()["state"], "canceled");
}

#[test]
fn what_cannot_be_asked_is_refused_by_name() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &[Scope::Sessions]);
    let ask = house.ask(Some(&key));
    let long = "x".repeat(1001);
    for (field, value) in [
        ("audience", json!("")),
        ("audience", json!("a b")),
        ("nonce", json!("short")),
        ("nonce", json!("with spaces in it all over")),
        ("approve", json!("")),
        ("approve", json!("bell\u{7}")),
        ("approve", json!("\n\n")),
        ("approve", json!(" \u{301}\n")),
        ("approve", json!("pay 5\n\n\n\nand 500")),
        ("approve", json!(long)),
        ("way_out", json!("javascript:alert(1)")),
        ("way_out", json!("http://shop.example/")),
        ("webhook", json!("https://shop.example/hook")),
        ("lasts_s", json!(29)),
        ("lasts_s", json!(601)),
        ("subject", json!("ana")),
        ("passkey", json!({"salt": "AA", "credentials": []})),
    ] {
        let mut request = request("presence");
        request[field] = value.clone();
        let reply = ask.post("/v1/sessions", &request);
        assert_eq!(reply.problem(), "value_invalid", "{field} {value}");
        assert!(
            reply.json()["detail"].as_str().unwrap().contains(field),
            "{reply:?}"
        );
    }
    // A session for a payment is opened with the payment, one for a document with its picture.
    for (kind, problem) in [
        ("document", "value_invalid"),
        ("guess", "body_invalid"),
        ("payment", "value_invalid"),
    ] {
        let reply = ask.post("/v1/sessions", &request(kind));
        assert_eq!(reply.problem(), problem, "{kind}");
    }
    let elsewhere = ask.post("/v1/sessions?collection=none", &request("presence"));
    assert_eq!(elsewhere.problem(), "collection_unknown");
}

#[test]
fn a_client_that_does_not_keep_to_the_protocol_is_told_and_may_begin_anew() {
    let Some(house) = House::new() else { return };
    let opened = Opened::new(&house, &request("presence"));
    opened.agree(false);
    type Wrong = fn(&mut Socket);
    let wrongs: [(Wrong, u16, &str); 4] = [
        (|socket| socket.write(1, b"hello"), 4400, "text"),
        (|socket| socket.write(2, b"short"), 4400, "8 bytes"),
        (|socket| socket.send(b"no picture"), 4400, ""),
        (
            |socket| {
                socket.number = 7;
                socket.send(&frame("obama.jpg"));
            },
            4400,
            "number 7",
        ),
    ];
    for (wrong, code, detail) in wrongs {
        let mut socket = opened.socket().unwrap();
        wrong(&mut socket);
        let (said, closed) = socket.read_all();
        let last = said.last().unwrap();
        assert_eq!(
            (closed, &last["code"]),
            (code, &json!("frame_invalid")),
            "{said:?}"
        );
        assert!(last["detail"].as_str().unwrap().contains(detail), "{last}");
    }
    // Four of five times were used: one is left, and then no more.
    drop(opened.socket().unwrap());
    opened.wait_for("expired");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match opened.socket() {
            Err(reply) if reply.problem() == "session_over" => break,
            _ => assert!(Instant::now() < deadline, "begun anew for ever"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_flood_of_pings_is_cut_off_and_a_few_are_answered() {
    let Some(house) = House::new() else { return };
    let opened = Opened::new(&house, &request("presence"));
    opened.agree(false);
    let mut socket = opened.socket().unwrap();
    let mut ping = vec![0x89, 0x80 | 125];
    ping.extend([0; 4 + 125]);
    let mut pongs = 0;
    let closed = loop {
        // Whether the server still takes it shows when the answer is read.
        let _ = socket.stream.write_all(&ping);
        match socket.raw() {
            Some((10, _)) => pongs += 1,
            Some((8, body)) => break u16::from(body[0]) << 8 | u16::from(body[1]),
            Some(_) => {}
            None => panic!("gone after {pongs} pongs"),
        }
    };
    assert_eq!(closed, 4429);
    assert!((60..70).contains(&pongs), "{pongs} pongs");
}

#[test]
fn pings_keep_no_socket_open_on_which_no_frame_comes() {
    let Some(house) = House::new() else { return };
    let opened = Opened::new(&house, &request("presence"));
    opened.agree(false);
    let mut socket = opened.socket().unwrap();
    let begun = Instant::now();
    let mut pinging = socket.stream.try_clone().unwrap();
    let pings = std::thread::spawn(move || {
        while pinging.write_all(&[0x89, 0x80, 0, 0, 0, 0]).is_ok() {
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    let closed = loop {
        match socket.raw() {
            Some((8, body)) => break u16::from(body[0]) << 8 | u16::from(body[1]),
            Some(_) => {}
            None => panic!("gone"),
        }
    };
    assert_eq!(closed, 4408);
    assert!(begun.elapsed() < Duration::from_secs(20));
    drop(socket);
    pings.join().unwrap();
}

#[test]
fn a_flood_of_frames_is_cut_off() {
    let Some(house) = House::new() else { return };
    let opened = Opened::new(&house, &request("presence"));
    opened.agree(false);
    let mut socket = opened.socket().unwrap();
    // Frames in which nobody is are quick to look at.
    let mut empty = Vec::new();
    let picture = image::RgbImage::new(64, 64);
    image::codecs::jpeg::JpegEncoder::new(&mut empty)
        .encode_image(&picture)
        .unwrap();
    for _ in 0..200 {
        std::thread::sleep(Duration::from_millis(2));
        let mut message = socket.number.to_le_bytes().to_vec();
        message.extend((1000 + socket.number).to_le_bytes());
        message.extend(&empty);
        socket.number += 1;
        let mut frame = vec![0x82, 0x80 | 127];
        frame.extend((message.len() as u64).to_le_bytes().iter().rev());
        frame.extend([0; 4]);
        frame.extend(&message);
        if socket.stream.write_all(&frame).is_err() {
            break;
        }
    }
    let mut last = Value::Null;
    while let Ok(message) = socket.read() {
        last = message;
    }
    assert_eq!(last["code"], "frames_too_fast", "{last}");
}

#[test]
fn a_picture_that_is_too_large_is_refused_with_how_large_it_may_be() {
    let Some(house) = House::new() else { return };
    let opened = Opened::new(&house, &request("presence"));
    opened.agree(false);
    let mut socket = opened.socket().unwrap();
    socket.send(&vec![0xff; 131_073]);
    let (said, closed) = socket.read_all();
    let last = said.last().unwrap();
    assert_eq!((closed, &last["code"]), (4400, &json!("frame_invalid")));
    let detail = last["detail"].as_str().unwrap();
    assert!(detail.contains("1 to 131072 bytes"), "{detail}");
}

#[test]
fn without_a_socket_frames_come_in_batches_and_colors_are_slow() {
    let Some(house) = House::new() else { return };
    let opened = Opened::new(&house, &request("presence"));
    assert_eq!(opened.frames(&json!([])).problem(), "consent_needed");
    opened.agree(false);
    let first = opened.frames(&json!([])).json();
    assert_eq!(first["messages"][0]["type"], "hello");
    assert_eq!(first["messages"][1]["kind"], "hold");
    let many: Vec<Value> = (0..9)
        .map(|n| json!({"frame": n, "time_ms": n, "picture": "AA=="}))
        .collect();
    assert_eq!(opened.frames(&json!(many)).problem(), "value_invalid");
    let picture = base64(&frame("obama.jpg"));
    let begun = Instant::now();
    let (mut number, mut prompts, mut state) = (0, Vec::new(), Value::Null);
    while state.is_null() && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(240));
        let frames: Vec<Value> = (0..3)
            .map(|_| {
                number += 1;
                let time = begun.elapsed().as_millis() as u64 * 3 / 3 + number;
                json!({"frame": number - 1, "time_ms": time, "picture": picture})
            })
            .collect();
        let said = opened.frames(&json!(frames)).json();
        for message in said["messages"].as_array().unwrap() {
            assert_ne!(message["type"], "error", "{message}");
            if let Some(kind) = message["kind"].as_str() {
                prompts.push(kind.to_owned());
                let shown = message["window_ms"].as_u64().unwrap();
                assert!(kind != "light" || shown >= 700, "{message}");
            }
            if message["type"] == "done" {
                state = message["state"].clone();
            }
        }
    }
    assert_eq!(state, "judged", "{prompts:?}");
    assert!(prompts.contains(&"light".to_owned()), "{prompts:?}");
    let status = opened.status();
    assert_eq!(status["outcome"], "reject");
    assert_eq!(checked(&house, &status["result"]).challenge, "calm");
    assert_eq!(opened.frames(&json!(many)).problem(), "session_over");
}

#[test]
fn a_key_and_a_node_have_so_many_sessions_and_no_more() {
    let mut config = Config {
        workers: 1,
        ..Config::default()
    };
    config.sessions.of_key = 2;
    config.sessions.of_node = 3;
    config.sessions.node = "n7".to_owned();
    let Some(house) = House::with(config) else {
        return;
    };
    let keys = [(); 2].map(|()| house.key("acme", &[Scope::Sessions]));
    let open = |key: &str| {
        house
            .ask(Some(key))
            .post("/v1/sessions", &request("presence"))
    };
    let first = open(&keys[0]);
    assert!(first.json()["id"].as_str().unwrap().starts_with("n7-"));
    assert_eq!(open(&keys[0]).status, 201);
    assert_eq!(open(&keys[0]).problem(), "too_many_sessions");
    assert_eq!(open(&keys[1]).status, 201);
    let full = open(&keys[1]);
    assert_eq!(full.problem(), "too_many_sessions");
    assert!(full.header("retry-after").is_some());
    let id = first.json()["id"].as_str().unwrap().to_owned();
    house
        .ask(Some(&keys[0]))
        .delete(&format!("/v1/sessions/{id}"));
    assert_eq!(open(&keys[1]).status, 201);
}

#[test]
fn a_result_is_sent_to_where_it_may_be_sent_until_it_is_received_and_no_redirect_is_followed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let (port, other) = (
        listener.local_addr().unwrap().port(),
        elsewhere.local_addr().unwrap().port(),
    );
    let config = Config {
        workers: 1,
        webhooks: WebhookConfig {
            targets: vec![format!("http://127.0.0.1:{port}/hooks/")],
            private: true,
            roots: None,
        },
        ..Config::default()
    };
    let Some(house) = House::with(config) else {
        return;
    };
    let mut request = request("presence");
    request["webhook"] = json!(format!("http://127.0.0.1:{port}/hooks/../admin"));
    let key = house.key("acme", &[Scope::Sessions]);
    assert_eq!(
        house
            .ask(Some(&key))
            .post("/v1/sessions", &request)
            .problem(),
        "value_invalid"
    );
    request["webhook"] = json!(format!("http://127.0.0.1:{port}/hooks/one"));
    let opened = Opened::new(&house, &request);
    opened.agree(false);
    let receiver = std::thread::spawn(move || {
        let mut bodies = Vec::new();
        for answer in [
            format!(
                "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:{other}/\r\nContent-Length: 0\r\n\r\n"
            ),
            "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "HTTP/1.1 204 Yes\r\n\r\n".to_owned(),
        ] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = Vec::new();
            let mut part = [0; 4096];
            while !bytes.ends_with(b"}") {
                let count = stream.read(&mut part).unwrap();
                assert!(count > 0, "{}", String::from_utf8_lossy(&bytes));
                bytes.extend(&part[..count]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.starts_with("POST /hooks/one HTTP/1.1\r\n"), "{text}");
            bodies.push(text.split_once("\r\n\r\n").unwrap().1.to_owned());
        }
        bodies
    });
    let (_, code) = opened.socket().unwrap().show(&frame("obama.jpg"));
    assert_eq!(code, 1000);
    let bodies = receiver.join().unwrap();
    assert!(bodies.windows(2).all(|two| two[0] == two[1]));
    let body: Value = serde_json::from_str(&bodies[0]).unwrap();
    assert_eq!(
        (&body["type"], &body["session"]),
        (&json!("session.judged"), &json!(opened.id))
    );
    assert_eq!(checked(&house, &body["result"]).outcome.name(), "reject");
    assert!(elsewhere.accept().is_err(), "a redirect was followed");
}
