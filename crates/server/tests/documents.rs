//! Identity checks over real HTTP: what a picture of a document opens, what a session for it gets, what is refused.
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
use countenance_core::vault::{ExternalId, Name, Purpose};
use countenance_core::{Claims, Expected, KeySet, Kind, WallClock as _, check_result};
use countenance_server::Config;
use given::{Ask, House, Reply, base64, photo};
use image::{RgbImage, imageops};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const AUDIENCE: &str = "https://desk.example";
const NONCE: &str = "pb3N0x5qQmWq8o1vJz2r7g";

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 88)
        .encode_image(picture)
        .unwrap();
    bytes
}

/// A sample photo as a camera would send it.
fn frame(name: &str) -> Vec<u8> {
    let picture = image::load_from_memory(&photo(name)).unwrap();
    jpeg(&picture.thumbnail(640, 480).to_rgb8())
}

/// Where the head is in a sample: left, top, width and height in parts of the picture.
fn head_in(name: &str) -> [f64; 4] {
    match name {
        "biden.jpg" => [0.355, 0.09, 0.4, 0.225],
        _ => [0.265, 0.05, 0.47, 0.485],
    }
}

/// A pale card of 1280 by 720 with these heads on it, as large as each other, without a zone.
fn card(names: &[&str]) -> Vec<u8> {
    let mut card = RgbImage::from_pixel(1280, 720, image::Rgb([226, 230, 224]));
    for (name, x) in names.iter().zip([60_i64, 820]) {
        let photo = image::load_from_memory(&photo(name)).unwrap();
        let (width, height) = (f64::from(photo.width()), f64::from(photo.height()));
        let [left, top, wide, high] = head_in(name);
        let (left, top) = ((left * width) as u32, (top * height) as u32);
        let head = photo.crop_imm(left, top, (wide * width) as u32, (high * height) as u32);
        let head = head.resize_exact(390, 500, imageops::FilterType::Triangle);
        imageops::overlay(&mut card, &head.to_rgb8(), x, 80);
    }
    jpeg(&card)
}

fn request(picture: &[u8]) -> Value {
    json!({
        "picture": base64(picture),
        "case": "1138",
        "audience": AUDIENCE,
        "nonce": NONCE,
        "approve": "Open an account",
        "way_out": "https://desk.example/counter",
    })
}

/// Whoever checks identities.
struct Desk<'a> {
    house: &'a House,
    key: String,
}

impl<'a> Desk<'a> {
    fn new(house: &'a House) -> Self {
        Self {
            house,
            key: house.key("acme", &[Scope::Sessions]),
        }
    }

    fn ask(&self) -> Ask<'_> {
        self.house.ask(Some(&self.key))
    }

    fn look(&self, request: &Value) -> Reply {
        self.ask().post("/v1/documents", request)
    }

    fn opened(&self, request: &Value) -> Opened<'a> {
        let reply = self.look(request);
        assert_eq!(reply.status, 201, "{reply:?}");
        let session = reply.json()["session"].clone();
        let text = |name: &str| session[name].as_str().unwrap().to_owned();
        Opened {
            house: self.house,
            id: text("id"),
            token: text("token"),
        }
    }

    fn status(&self, opened: &Opened<'_>) -> Value {
        let path = format!("/v1/sessions/{}", opened.id);
        self.ask().get(&path).json()
    }

    fn checked(&self, result: &Value) -> Claims {
        let jwks = self.house.ask(None).get("/.well-known/jwks.json");
        let keys = KeySet::from_json(&jwks.body).unwrap();
        let expected = Expected {
            audience: AUDIENCE,
            now: self.house.clock.now(),
            nonce: Some(NONCE),
            approved_sha256: None,
            kind: Some(Kind::Document),
        };
        check_result(result.as_str().unwrap(), &keys, &expected).unwrap()
    }
}

/// The session of the person on the document.
struct Opened<'a> {
    house: &'a House,
    id: String,
    token: String,
}

impl Opened<'_> {
    fn ask(&self) -> Ask<'_> {
        self.house.ask(Some(&self.token))
    }

    fn shown(&self) -> Value {
        self.ask().get(&format!("/v1/capture/{}", self.id)).json()
    }

    fn agree(&self) -> Reply {
        let sha256 = self.shown()["consent"]["sha256"].clone();
        let path = format!("/v1/capture/{}/consent", self.id);
        self.ask()
            .post(&path, &json!({"sha256": sha256, "calm": true}))
    }

    fn frames(&self, frames: &Value) -> Reply {
        let path = format!("/v1/capture/{}/frames", self.id);
        self.ask().post(&path, &json!({ "frames": frames }))
    }

    /// Shows the camera a still photo to the end.
    fn still(&self, picture: &[u8]) {
        let picture = base64(picture);
        let begun = Instant::now();
        for number in 0..2000_u32 {
            let time = u32::try_from(begun.elapsed().as_millis()).unwrap() + 1000;
            let frame = json!([{"frame": number, "time_ms": time, "picture": picture}]);
            let said = self.frames(&frame).json();
            let done = |message: &Value| message["type"] == "done";
            if said["messages"].as_array().unwrap().iter().any(done) {
                return;
            }
            std::thread::sleep(Duration::from_millis(60));
        }
        panic!("it never ended");
    }
}

fn none_checked() -> Value {
    json!({"zone": "absent", "check_digits": "absent"})
}

#[test]
fn a_document_opens_a_session_in_json_and_as_a_form_and_says_which_checks_ran() {
    let Some(house) = House::new() else { return };
    let desk = Desk::new(&house);
    let picture = card(&["obama.jpg"]);
    let reply = desk.look(&request(&picture));
    assert_eq!(reply.status, 201, "{reply:?}");
    let answer = reply.json();
    assert_eq!(answer["checks"], none_checked());
    assert_eq!(answer["session"]["state"], "created");
    assert_eq!(answer["session"]["token"].as_str().unwrap().len(), 43);
    assert!(answer["cause"].is_null());
    // Asked again it is another one: nothing is remembered by which it could be the same.
    let again = desk
        .ask()
        .header("Idempotency-Key", "a")
        .post("/v1/documents", &request(&picture));
    assert_ne!(again.json()["session"]["id"], answer["session"]["id"]);
    let parts: [(&str, &[u8]); 7] = [
        ("picture", &picture),
        ("case", b"1138"),
        ("audience", AUDIENCE.as_bytes()),
        ("nonce", NONCE.as_bytes()),
        ("way_out", b"https://desk.example/counter"),
        ("lasts_s", b"60"),
        ("strict", b"false"),
    ];
    let form = desk.ask().form("/v1/documents", &parts);
    assert_eq!(form.status, 201, "{form:?}");
    let expires = house.clock.now().unix() + 60;
    assert_eq!(form.json()["session"]["expires"], expires);
    for (name, bytes) in [("lasts_s", &b"soon"[..]), ("other", b"1"), ("case", &[255])] {
        let mut wrong = parts;
        wrong[5] = (name, bytes);
        if name == "case" {
            wrong[1] = ("case", bytes);
            wrong[5] = ("lasts_s", b"60");
        }
        let refused = desk.ask().form("/v1/documents", &wrong);
        assert_eq!(refused.problem(), "body_invalid", "{name}");
    }
    // A zone that is not there is none to be trusted.
    let mut strict = request(&picture);
    strict["strict"] = json!(true);
    let reply = desk.look(&strict);
    assert_eq!(reply.status, 200, "{reply:?}");
    let expected = json!({"cause": "zone_not_trusted", "checks": none_checked()});
    assert_eq!(reply.json(), expected);
}

#[test]
fn a_picture_that_shows_no_one_portrait_opens_nothing_and_one_that_is_none_is_refused() {
    let Some(house) = House::new() else { return };
    let desk = Desk::new(&house);
    for (names, cause) in [
        (&[][..], "no_face"),
        (&["obama.jpg", "biden.jpg"], "several_faces"),
    ] {
        let reply = desk.look(&request(&card(names)));
        assert_eq!(reply.status, 200, "{reply:?}");
        let expected = json!({"cause": cause, "checks": none_checked()});
        assert_eq!(reply.json(), expected);
    }
    // A header that says 65535 by 65535, of which nothing follows.
    let mut huge = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    huge.extend([0, 0, 255, 255, 0, 0, 255, 255, 8, 2, 0, 0, 0]);
    huge.extend([0; 4]);
    for (picture, what) in [
        (&b"no picture"[..], "text"),
        (&huge, "a huge one"),
        (&card(&["obama.jpg"])[..2000], "a cut one"),
        (b"", "none"),
    ] {
        let reply = desk.look(&request(picture));
        assert_eq!(reply.problem(), "picture_invalid", "{what}");
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with("`picture`"), "{what}: {detail}");
    }
    for (field, value) in [
        ("case", json!("")),
        ("case", json!("x".repeat(129))),
        ("case", json!("a\nb")),
        ("audience", json!("a b")),
        ("nonce", json!("short")),
        ("approve", json!("")),
        ("way_out", json!("javascript:alert(1)")),
        ("lasts_s", json!(601)),
        ("webhook", json!("https://desk.example/hook")),
    ] {
        let mut request = request(&card(&["obama.jpg"]));
        request[field] = value.clone();
        let reply = desk.look(&request);
        assert_eq!(reply.problem(), "value_invalid", "{field} {value}");
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(field), "{field}: {detail}");
        let says_what_to_do = detail.contains("give each applicant a name of 1 to 128 bytes");
        assert_eq!(says_what_to_do, field == "case", "{detail}");
    }
    let mut unknown = request(&card(&["obama.jpg"]));
    unknown["lines"] = json!(true);
    assert_eq!(desk.look(&unknown).problem(), "body_invalid");
    let elsewhere = desk
        .ask()
        .post("/v1/documents?collection=none", &request(&card(&[])));
    assert_eq!(elsewhere.problem(), "collection_unknown");
}

#[test]
fn a_picture_is_bounded_before_it_is_read() {
    let config = Config {
        workers: 1,
        max_body_bytes: 100_000,
        ..Config::default()
    };
    let Some(house) = House::with(config) else {
        return;
    };
    let desk = Desk::new(&house);
    let large = vec![0; 100_001];
    assert_eq!(desk.look(&request(&large)).problem(), "body_too_large");
    let form = desk.ask().form("/v1/documents", &[("picture", &large)]);
    assert_eq!(form.problem(), "body_too_large");
}

#[test]
fn the_person_sees_what_is_compared_and_that_nothing_is_kept_and_may_go() {
    let Some(house) = House::new() else { return };
    let desk = Desk::new(&house);
    let opened = desk.opened(&request(&card(&["obama.jpg"])));
    let shown = opened.shown();
    assert_eq!(shown["kind"], "document");
    assert_eq!(shown["approve"], "Open an account");
    assert_eq!(shown["way_out"], "https://desk.example/counter");
    let text = shown["consent"]["text"].as_str().unwrap();
    for words in [
        "https://desk.example asks whether you are the person on the document",
        "the portrait on the document",
        "Nothing of the document is kept",
        "there is another way",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(opened.frames(&json!([])).problem(), "consent_needed");
    let path = format!("/v1/capture/{}", opened.id);
    assert_eq!(opened.ask().delete(&path).status, 204);
    let status = desk.status(&opened);
    assert_eq!(
        (&status["state"], &status["declined"], &status["kind"]),
        (&json!("canceled"), &json!(true), &json!("document"))
    );
    assert_eq!(opened.agree().problem(), "session_over");
}

#[test]
fn a_still_photo_is_refused_alike_whoever_it_shows_and_the_session_answers_once() {
    let Some(house) = House::new() else { return };
    let desk = Desk::new(&house);
    let owner = house.key("acme", &[Scope::Sessions, Scope::Scores]);
    let request = request(&card(&["obama.jpg"]));
    let mut shapes = Vec::new();
    // The right face that is none, another face that is none, and the right one when its attempts are used up.
    for (name, locked) in [
        ("obama.jpg", false),
        ("biden.jpg", false),
        ("obama.jpg", true),
    ] {
        if locked {
            spend_attempts(&house);
        }
        let opened = desk.opened(&request);
        assert_eq!(opened.agree().status, 200);
        opened.still(&frame(name));
        let first = desk.status(&opened);
        assert_eq!(
            (&first["state"], &first["outcome"]),
            (&json!("judged"), &json!("reject"))
        );
        assert!(first["detail"].is_null(), "{first}");
        let claims = desk.checked(&first["result"]);
        assert_eq!(claims.outcome.name(), "reject");
        assert_eq!((claims.sub, claims.collection), (None, None));
        let document = claims.document.unwrap();
        assert_eq!(
            (document.zone.as_str(), document.check_digits.as_str()),
            ("absent", "absent")
        );
        // Neither the case nor anything else that names somebody stands in it.
        let body = first["result"].as_str().unwrap().split('.').nth(1).unwrap();
        let body: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
        assert!(!body.to_string().contains("1138"), "{body}");
        let shape: Vec<(String, usize)> = body
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.to_string().len()))
            .collect();
        shapes.push((shape, first["result"].as_str().unwrap().len()));
        // The operator alone sees why.
        let path = format!("/v1/sessions/{}", opened.id);
        let seen = house.ask(Some(&owner)).get(&path).json();
        let finding = if locked { "attempts_wait" } else { "not_live" };
        assert_eq!(seen["detail"]["finding"], finding, "{seen}");
        assert_eq!(seen["detail"]["score"].is_null(), locked, "{seen}");
        // Played again, it is over: no agreement, no frame, no other result.
        assert_eq!(opened.agree().problem(), "session_over");
        assert_eq!(opened.frames(&json!([])).problem(), "session_over");
        assert_eq!(desk.status(&opened)["result"], first["result"]);
    }
    assert!(shapes.windows(2).all(|two| two[0] == two[1]), "{shapes:?}");
}

/// Five failed attempts on the case, as far as it takes more than the first two.
fn spend_attempts(house: &House) {
    let vault = house.registry.vault();
    let (tenant, collection) = (Name::new("acme").unwrap(), Name::new("default").unwrap());
    let collection = vault.collection(&tenant, &collection).unwrap();
    let case = ExternalId::new("countenance:case:1138").unwrap();
    let target = vault.find(&collection, &case).unwrap();
    let now = house.clock.now();
    let mut counted = 0;
    while let Ok(attempt) = vault.count_attempt(&target, Purpose::IdentityCheck, now) {
        counted += 1;
        vault.decline(attempt, false, now).unwrap();
    }
    assert_eq!(counted, 3, "two were counted by the sessions before");
}

#[test]
fn a_document_is_held_by_the_node_that_looked_at_it_and_refused_cleanly_by_others() {
    let Some(house) = House::new() else { return };
    let desk = Desk::new(&house);
    let opened = desk.opened(&request(&card(&["obama.jpg"])));
    let Some(other) = house.beside("b") else {
        return;
    };
    // The same key opens its own session there: it is one platform.
    let there = Desk {
        house: &other,
        key: desk.key.clone(),
    };
    let own = there.opened(&request(&card(&["obama.jpg"])));
    assert!(opened.id.starts_with("a-") && own.id.starts_with("b-"));
    let paths = [
        ("GET", format!("/v1/capture/{}", opened.id), None),
        (
            "POST",
            format!("/v1/capture/{}/consent", opened.id),
            Some((
                "application/json",
                &br#"{"sha256": "00", "calm": true}"#[..],
            )),
        ),
        (
            "POST",
            format!("/v1/capture/{}/frames", opened.id),
            Some(("application/json", &br#"{"frames": []}"#[..])),
        ),
    ];
    for (method, path, body) in paths {
        let refused = other.ask(Some(&opened.token)).send(method, &path, body);
        assert_eq!(refused.problem(), "capture_token_invalid", "{path}");
    }
    let path = format!("/v1/sessions/{}", opened.id);
    assert_eq!(there.ask().get(&path).problem(), "session_unknown");
    // Where it was opened nothing has happened to it.
    assert_eq!(desk.status(&opened)["state"], "created");
    assert_eq!(opened.agree().status, 200);
}
