//! CompreFace's protocol, row by row: what its clients send, and what they are answered.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_api::Scope;
use countenance_core::WallClock as _;
use countenance_core::vault::{ExternalId, Grant, Name, NewSubject, Purpose, TextVersion};
use countenance_server::{Compat, Config};
use given::{House, Reply, base64, photo};
use serde_json::{Value, json};

/// A server that speaks the protocol, and its administrator's key.
struct Door {
    house: House,
    admin: String,
}

/// One of its services.
struct Client<'a> {
    house: &'a House,
    key: String,
    collection: String,
}

impl Door {
    fn new() -> Option<Self> {
        Self::with(false)
    }

    fn with(images_by_url: bool) -> Option<Self> {
        let config = Config {
            workers: 1,
            compat: Some(Compat::Compreface { images_by_url }),
            ..Config::default()
        };
        let house = House::with(config)?;
        let admin = house.key("acme", &Scope::ALL);
        Some(Self { house, admin })
    }

    fn made(&self, more: &Value) -> Value {
        let mut compat = json!({"product": "compreface", "attestation": "signed form HR-7"});
        for (name, value) in more.as_object().unwrap() {
            compat[name] = value.clone();
        }
        let body = json!({"scopes": [], "compat": compat});
        self.house
            .ask(Some(&self.admin))
            .post("/v1/keys", &body)
            .json()
    }

    fn client(&self, more: &Value) -> Client<'_> {
        let made = self.made(more);
        let key = made["key"].as_str();
        let collection = made["compat"]["collection"].as_str();
        Client {
            house: &self.house,
            key: key.unwrap_or_else(|| panic!("{made}")).to_owned(),
            collection: collection.unwrap_or_default().to_owned(),
        }
    }

    fn recognition(&self) -> Client<'_> {
        self.client(&json!({"service": "recognition"}))
    }

    fn detection(&self) -> Client<'_> {
        self.client(&json!({"service": "detection"}))
    }

    fn verification(&self) -> Client<'_> {
        self.client(&json!({"service": "verification"}))
    }
}

const SUBJECTS: &str = "/api/v1/recognition/subjects";
const FACES: &str = "/api/v1/recognition/faces";
const RECOGNIZE: &str = "/api/v1/recognition/recognize";
const DETECT: &str = "/api/v1/detection/detect";
const VERIFY: &str = "/api/v1/verification/verify";

/// A part of a form: its name, the name of its file and what is in it.
type Part<'a> = (&'a str, &'a str, &'a [u8]);

impl Client<'_> {
    fn send(&self, method: &str, path: &str, body: Option<(&str, &[u8])>) -> Reply {
        let ask = self.house.ask(None).header("x-api-key", &self.key);
        ask.send(method, path, body)
    }

    fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None)
    }

    fn json(&self, method: &str, path: &str, body: &Value) -> Reply {
        let body = body.to_string();
        self.send(method, path, Some(("application/json", body.as_bytes())))
    }

    fn form(&self, path: &str, parts: &[Part<'_>]) -> Reply {
        let mut body = Vec::new();
        for (name, file, bytes) in parts {
            let head = format!(
                "--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n"
            );
            body.extend(head.bytes());
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--b--\r\n");
        let kind = "multipart/form-data; boundary=b";
        self.send("POST", path, Some((kind, &body)))
    }

    fn file(&self, path: &str, bytes: &[u8]) -> Reply {
        self.form(path, &[("file", "x.jpg", bytes)])
    }

    fn face(&self, subject: &str, name: &str) -> String {
        let added = self.file(&format!("{FACES}?subject={subject}"), &photo(name));
        assert_eq!(added.status, 201, "{added:?}");
        added.json()["image_id"].as_str().unwrap().to_owned()
    }

    fn subjects(&self) -> Value {
        self.get(SUBJECTS).json()["subjects"].clone()
    }
}

/// Status and body of an error.
#[track_caller]
fn fails(reply: &Reply, status: u16, code: u16, message: &str) {
    let body = json!({"message": message, "code": code});
    assert_eq!((reply.status, reply.json()), (status, body));
}

const WRONG: &str = "Something went wrong, please try again";

/// Two photos beside one another.
fn together(left: &str, right: &str) -> Vec<u8> {
    let decoded = [left, right].map(|name| {
        let mut decoder = zune_jpeg::JpegDecoder::new(std::io::Cursor::new(photo(name)));
        let pixels = decoder.decode().unwrap();
        let (width, height) = decoder.dimensions().unwrap();
        (width, height, pixels)
    });
    let width: usize = decoded.iter().map(|(width, ..)| width).sum();
    let height = decoded.iter().map(|(_, height, _)| *height).max().unwrap();
    let mut pixels = vec![127; 3 * width * height];
    let mut from = 0;
    for (columns, rows, picture) in &decoded {
        for row in 0..*rows {
            let at = 3 * (row * width + from);
            let line = &picture[3 * row * columns..][..3 * columns];
            pixels[at..][..3 * columns].copy_from_slice(line);
        }
        from += columns;
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    out
}

/// A picture with nobody in it.
fn nobody() -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, 64, 64);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[90; 3 * 64 * 64]).unwrap();
    writer.finish().unwrap();
    out
}

// 1.1 Surface and keys

#[test]
fn a_key_is_a_uuid_in_a_header_and_of_the_service_that_is_asked() {
    let Some(door) = Door::new() else { return };
    let (client, house) = (door.recognition(), &door.house);
    assert_eq!(client.get(SUBJECTS).status, 200);
    fails(
        &house.ask(None).get(SUBJECTS),
        400,
        20,
        "Missing header: x-api-key",
    );
    for wrong in ["1", &client.key[1..], &door.admin] {
        let reply = house.ask(None).header("x-api-key", wrong).get(SUBJECTS);
        fails(&reply, 400, 26, "Service API key should be UUID");
    }
    // No key is known from the start.
    for digit in 0..5 {
        let key = format!("00000000-0000-0000-0000-00000000000{digit}");
        let reply = house.ask(None).header("x-api-key", &key).get(SUBJECTS);
        let text = format!("Recognition service with API Key {key} not found");
        fails(&reply, 404, 10, &text);
    }
    let picture = photo("obama.jpg");
    let text = format!("Detection service with API Key {} not found", client.key);
    fails(&client.file(DETECT, &picture), 404, 10, &text);
    let text = format!("Verification service with API Key {} not found", client.key);
    fails(&client.file(VERIFY, &picture), 404, 10, &text);
    // Neither kind of key opens the other's door.
    let reply = house.ask(Some(&client.key)).get("/v1/subjects");
    assert_eq!(reply.problem(), "key_invalid");
}

#[test]
fn a_revoked_key_is_refused_at_once() {
    let Some(door) = Door::new() else { return };
    let made = door.made(&json!({"service": "recognition"}));
    let (key, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    let ask = door.house.ask(None).header("x-api-key", key);
    assert_eq!(ask.get(SUBJECTS).status, 200);
    let listed = door.house.ask(Some(&door.admin)).get("/v1/keys").json();
    let entry = listed["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["id"] == *id);
    let compat = &entry.unwrap()["compat"];
    assert_eq!(compat["attestation"], "signed form HR-7");
    assert_eq!(compat["purposes"], json!(["verify", "identify"]));
    assert!(!listed.to_string().contains(key));
    let gone = door
        .house
        .ask(Some(&door.admin))
        .delete(&format!("/v1/keys/{id}"));
    assert_eq!(gone.status, 204);
    let text = format!("Recognition service with API Key {key} not found");
    fails(&ask.get(SUBJECTS), 404, 10, &text);
}

#[test]
fn a_key_of_this_kind_says_how_subjects_agree_and_stays_within_its_bounds() {
    let Some(door) = Door::new() else { return };
    for wrong in [
        json!({"service": "recognition", "attestation": " "}),
        json!({"service": "recognition", "attestation": "x".repeat(501)}),
        json!({"service": "recognition", "purposes": []}),
        json!({"service": "recognition", "retention_days": 0}),
        json!({"service": "recognition", "retention_days": 1096}),
        json!({"service": "recognition", "fpir": 0.02}),
        json!({"service": "recognition", "fpir": 0.0}),
        json!({"service": "detection", "fpir": 0.001}),
        json!({"service": "detection", "keep_pictures": true}),
        json!({"service": "recognition", "collection": "countenance:x"}),
    ] {
        assert_eq!(door.made(&wrong)["code"], "value_invalid", "{wrong}");
    }
    let body = json!({"scopes": ["verify"], "compat": {"product": "compreface", "service": "detection", "attestation": "x"}});
    let reply = door.house.ask(Some(&door.admin)).post("/v1/keys", &body);
    assert_eq!(reply.problem(), "value_invalid");
    // Nobody hands on what they have not got.
    let lesser = door.house.key("acme", &[Scope::Admin, Scope::Detect]);
    let of = |service: &str| {
        let compat = json!({"product": "compreface", "service": service, "attestation": "x"});
        let body = json!({"scopes": [], "compat": compat});
        door.house.ask(Some(&lesser)).post("/v1/keys", &body).status
    };
    assert_eq!(
        (of("detection"), of("recognition"), of("verification")),
        (201, 403, 403)
    );
}

#[test]
fn without_the_setting_nothing_of_it_is_there() {
    let Some(house) = House::new() else { return };
    assert_eq!(
        house.ask(None).get("/api/v1/config").problem(),
        "route_unknown"
    );
    assert_eq!(house.ask(None).get(SUBJECTS).problem(), "route_unknown");
}

#[test]
fn pages_of_any_origin_may_ask() {
    let Some(door) = Door::new() else { return };
    let reply = door.house.ask(None).send("OPTIONS", SUBJECTS, None);
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    let headers = reply.header("access-control-allow-headers").unwrap();
    assert!(headers.contains("x-api-key"), "{headers}");
    let reply = door.recognition().get(SUBJECTS);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
}

#[test]
fn a_wrong_method_and_an_unknown_path_are_404_with_code_0() {
    let Some(door) = Door::new() else { return };
    let client = door.recognition();
    let reply = client.send("PUT", SUBJECTS, None);
    fails(&reply, 404, 0, "Request method 'PUT' not supported");
    fails(
        &client.get(RECOGNIZE),
        404,
        0,
        "Request method 'GET' not supported",
    );
    let path = "/api/v1/recognition/nothing";
    fails(
        &client.get(path),
        404,
        0,
        &format!("No handler found for GET {path}"),
    );
    // It would rebuild what is here from pictures, for anybody who reaches the port.
    let path = "/api/v1/migrate";
    let reply = client.send("POST", path, None);
    fails(&reply, 404, 0, &format!("No handler found for POST {path}"));
}

// 1.2 Query parameters

#[test]
fn query_parameters_are_checked_and_unknown_ones_passed_over() {
    let Some(door) = Door::new() else { return };
    let (client, picture) = (door.detection(), photo("obama.jpg"));
    let ask = |query: &str| client.file(&format!("{DETECT}?{query}"), &picture);
    assert_eq!(
        ask("&threshold=&face_plugins=&limit=&whatever=1").status,
        200
    );
    let text = "Limit should be equal or greater than 0; ";
    fails(&ask("limit=-1"), 400, 26, text);
    let recognition = door.recognition();
    let reply = recognition.file(&format!("{RECOGNIZE}?prediction_count=0"), &picture);
    let text = "prediction_count should be equal or greater than 1; ";
    fails(&reply, 400, 26, text);
    fails(&ask("limit=many"), 400, 0, WRONG);
    let text = "det_prob_threshold should be between 0 and 1; ";
    fails(&ask("det_prob_threshold=2"), 400, 26, text);
    // As sure as that the detector is of nothing.
    let text = "No face is found in the given image";
    fails(&ask("det_prob_threshold=1"), 400, 28, text);
    // What is not done here is accepted and absent; what is done comes when it is asked for.
    let plain = ask("").json()["result"][0].clone();
    assert_eq!(
        plain.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["box"]
    );
    let full = ask("face_plugins=landmarks,mask,pose,calculator,foo&status=true").json();
    let face = full["result"][0].as_object().unwrap();
    let names: Vec<_> = face.keys().map(String::as_str).collect();
    assert_eq!(names, ["box", "execution_time", "landmarks", "pose"]);
    assert_eq!(face["landmarks"].as_array().unwrap().len(), 5);
    assert!(face["execution_time"]["detector"].is_f64());
    assert!(full["plugins_versions"]["detector"].is_string(), "{full}");
    assert!(ask("").json().get("plugins_versions").is_none());
}

#[test]
fn the_biggest_faces_come_first_and_no_more_than_the_limit() {
    let Some(door) = Door::new() else { return };
    let (client, two) = (door.detection(), together("obama.jpg", "biden.jpg"));
    let found = |query: &str| {
        let reply = client.form(&format!("{DETECT}?{query}"), &[("file", "two.png", &two)]);
        let faces = reply.json()["result"].as_array().unwrap().clone();
        let side = |face: &Value, axis: &str| {
            let at = |end: &str| face["box"][format!("{axis}_{end}")].as_i64().unwrap();
            at("max") - at("min")
        };
        faces
            .iter()
            .map(|face| side(face, "x") * side(face, "y"))
            .collect::<Vec<_>>()
    };
    let all = found("");
    assert_eq!(all.len(), 2);
    assert!(all[0] >= all[1], "{all:?}");
    assert_eq!(found("limit=1"), all[..1]);
    assert_eq!(found("limit=0").len(), 2);
}

// 1.3 Pictures

#[test]
fn pictures_come_as_parts_or_as_base64() {
    let Some(door) = Door::new() else { return };
    let (client, picture) = (door.detection(), photo("obama.jpg"));
    let named = |file: &str| client.form(DETECT, &[("file", file, &picture)]);
    // The name counts, whatever is in it: PNG, JPEG and WebP are found by their bytes.
    for file in [
        "a.jpg", "a.JPEG", "b.x.png", "a.webp", "a.tiff", "a.bmp", "a.gif", "a.ico",
    ] {
        assert_eq!(named(file).status, 200, "{file}");
    }
    for file in ["a.txt", "jpg", ""] {
        let text = format!("File [{file}] has an unavailable extension");
        fails(&named(file), 400, 21, &text);
    }
    let sent = |text: &str| client.json("POST", DETECT, &json!({ "file": text }));
    assert_eq!(sent(&base64(&picture)).json(), named("a.jpg").json());
    let prefixed = format!("data:image/jpeg;base64,{}", base64(&picture));
    fails(&sent(&prefixed), 400, 21, "Provided value is not Base64");
    let reply = client.form(DETECT, &[("other", "a.jpg", &picture)]);
    fails(&reply, 400, 34, "Required part file is missing");
    let reply = client.json("POST", DETECT, &json!({"other": 1}));
    fails(&reply, 400, 5, "Field file cannot be empty");
    for (kind, body) in [("text/plain", &b"x"[..]), ("application/json", b"{")] {
        let reply = client.send("POST", DETECT, Some((kind, body)));
        assert_eq!((reply.status, &reply.json()["code"]), (400, &json!(0)));
        let text = reply.json()["message"].as_str().unwrap().to_owned();
        assert!(text.starts_with(WRONG), "{text}");
    }
    // Bytes that are no picture, and a picture without a face.
    let reply = client.file(DETECT, b"no picture");
    let text = format!("{WRONG}: bytes are no JPEG, PNG or WebP picture");
    fails(&reply, 400, 0, &text);
    let text = "No face is found in the given image";
    fails(&client.file(DETECT, &nobody()), 400, 28, text);
}

// 1.4 Subjects

#[test]
fn subjects_are_added_listed_renamed_and_deleted() {
    let Some(door) = Door::new() else { return };
    let client = door.recognition();
    let add = |name: &str| client.json("POST", SUBJECTS, &json!({ "subject": name }));
    assert_eq!(client.subjects(), json!([]));
    let added = add("Ana");
    assert_eq!(
        (added.status, added.json()),
        (201, json!({"subject": "Ana"}))
    );
    // Looked up without regard to capitals, kept as first written.
    fails(&add("ANA"), 400, 43, "Subject already exists");
    assert_eq!(add("Bob Ö").status, 201);
    assert_eq!(client.subjects(), json!(["Ana", "Bob Ö"]));
    assert_eq!(
        client.get(&format!("{SUBJECTS}/")).json(),
        client.get(SUBJECTS).json()
    );
    for (name, code) in [("", 26), ("  ", 26), ("a;b", 36), ("a/b", 36), ("a\\b", 36)] {
        let reply = add(name);
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (400, &json!(code)),
            "{name}"
        );
    }
    assert_eq!(add(&"x".repeat(51)).json()["code"], 26);
    assert_eq!(client.json("POST", SUBJECTS, &json!({})).json()["code"], 26);

    let rename = |old: &str, new: &str| {
        // A client sends a key that nobody knows.
        let body = json!({"subject": new, "api_endpoint": "x"});
        client.json("PUT", &format!("{SUBJECTS}/{old}"), &body)
    };
    assert_eq!(rename("ana", "Eva").json(), json!({"updated": true}));
    assert_eq!(rename("Eva", "Eva").json(), json!({"updated": false}));
    fails(&rename("nobody", "x"), 404, 42, "Subject nobody not found");
    assert_eq!(client.subjects(), json!(["Bob Ö", "Eva"]));

    let gone = client.delete(&format!("{SUBJECTS}/EVA"));
    assert_eq!((gone.status, gone.json()), (200, json!({"subject": "Eva"})));
    let gone = client.delete(&format!("{SUBJECTS}/Eva"));
    fails(&gone, 404, 42, "Subject Eva not found");
    assert_eq!(
        client.delete(&format!("{SUBJECTS}/bob%20%C3%B6")).status,
        200
    );
    assert_eq!((add("a").status, add("b").status), (201, 201));
    assert_eq!(client.delete(SUBJECTS).json(), json!({"deleted": 2}));
    assert_eq!(client.subjects(), json!([]));
}

#[test]
fn whoever_came_in_by_another_door_is_found_by_the_name_that_is_listed() {
    let Some(door) = Door::new() else { return };
    let client = door.recognition();
    let vault = door.house.registry.vault();
    let name = |text: &str| Name::new(text).unwrap();
    let collection = vault
        .collection(&name("acme"), &name(&client.collection))
        .unwrap();
    for id in ["Zoë Q", "Kim"] {
        let id = ExternalId::new(id).unwrap();
        vault
            .add_subject(&collection, &id, None, door.house.clock.now())
            .unwrap();
    }
    let add = |name: &str| client.json("POST", SUBJECTS, &json!({ "subject": name }));
    fails(&add("Kim"), 400, 43, "Subject already exists");
    client.face("Kim", "obama.jpg");
    assert_eq!(client.subjects(), json!(["Zoë Q", "Kim"]));
    let faces = client.get(&format!("{FACES}?subject=Kim")).json();
    assert_eq!(faces["total_elements"], 1, "{faces}");
    let zoe = format!("{SUBJECTS}/Zo%C3%AB%20Q");
    let renamed = client.json("PUT", &zoe, &json!({"subject": "Zoe"}));
    assert_eq!(renamed.json(), json!({"updated": true}));
    assert_eq!(client.delete(&format!("{SUBJECTS}/Kim")).status, 200);
    assert_eq!(client.subjects(), json!(["Zoe"]));
}

#[test]
fn two_services_do_not_see_one_another() {
    let Some(door) = Door::new() else { return };
    let (one, other) = (door.recognition(), door.recognition());
    let id = one.face("Ana", "obama.jpg");
    assert_eq!(other.subjects(), json!([]));
    let picture = photo("obama2.jpg");
    assert_eq!(
        one.file(RECOGNIZE, &picture).json()["result"][0]["subjects"][0]["subject"],
        "Ana"
    );
    let found = other.file(RECOGNIZE, &picture).json();
    assert_eq!(found["result"][0]["subjects"], json!([]));
    let text = format!("Image {id} not found");
    fails(&other.delete(&format!("{FACES}/{id}")), 404, 44, &text);
}

// 1.4 Faces

#[test]
fn faces_are_added_listed_and_deleted() {
    let Some(door) = Door::new() else { return };
    let client = door.recognition();
    let picture = photo("obama.jpg");
    let added = client.file(
        &format!("{FACES}?subject=Ana&det_prob_threshold=0.5"),
        &picture,
    );
    assert_eq!(
        (added.status, &added.json()["subject"]),
        (201, &json!("Ana"))
    );
    let first = added.json()["image_id"].as_str().unwrap().to_owned();
    assert_eq!(first.len(), 36);
    let body = json!({"file": base64(&photo("obama2.jpg"))});
    let second = client.json("POST", &format!("{FACES}?subject=ana"), &body);
    assert_eq!(
        (second.status, &second.json()["subject"]),
        (201, &json!("Ana"))
    );
    let third = client.face("Bob", "biden.jpg");

    let listed = client.get(FACES).json();
    assert_eq!(listed["faces"].as_array().unwrap().len(), 3);
    assert_eq!(
        listed["faces"][0],
        json!({"image_id": first, "subject": "Ana"})
    );
    let counts = ["page_number", "page_size", "total_pages", "total_elements"];
    assert_eq!(
        counts.map(|name| listed[name].as_u64().unwrap()),
        [0, 20, 1, 3]
    );
    let page = client.get(&format!("{FACES}?page=1&size=2")).json();
    assert_eq!(
        page["faces"],
        json!([{"image_id": third, "subject": "Bob"}])
    );
    assert_eq!(
        counts.map(|name| page[name].as_u64().unwrap()),
        [1, 2, 2, 3]
    );
    let of = |subject: &str| client.get(&format!("{FACES}?subject={subject}")).json();
    assert_eq!(of("ANA")["total_elements"], 2);
    assert_eq!(of("nobody")["faces"], json!([]));

    let reply = client.file(FACES, &picture);
    fails(&reply, 400, 33, "Required parameter subject is missing");
    let reply = client.file(&format!("{FACES}?subject=Ana"), &nobody());
    fails(&reply, 400, 28, "No face is found in the given image");
    let two = together("obama.jpg", "biden.jpg");
    let reply = client.form(
        &format!("{FACES}?subject=New"),
        &[("file", "two.png", &two)],
    );
    fails(&reply, 400, 31, "More than one face in the source image");
    // Nobody becomes somebody else, and a refused picture leaves no subject behind.
    let reply = client.file(&format!("{FACES}?subject=Bob"), &picture);
    fails(
        &reply,
        400,
        26,
        "The face is not that of the subject's other pictures",
    );
    assert_eq!(client.subjects(), json!(["Ana", "Bob"]));

    let gone = client.delete(&format!("{FACES}/{third}"));
    assert_eq!(gone.json(), json!({"image_id": third, "subject": "Bob"}));
    let text = format!("Image {third} not found");
    fails(&client.delete(&format!("{FACES}/{third}")), 404, 44, &text);
    fails(&client.delete(&format!("{FACES}/no-uuid")), 400, 0, WRONG);
    // The subject stays; a new face in the same place has another id.
    assert_eq!(client.subjects(), json!(["Ana", "Bob"]));
    assert_ne!(client.face("Bob", "biden.jpg"), third);

    let unknown = "11111111-2222-8333-8444-555555555555";
    let gone = client.json("POST", &format!("{FACES}/delete"), &json!([first, unknown]));
    assert_eq!(gone.json(), json!([{"image_id": first, "subject": "Ana"}]));
    let bad = client.json("POST", &format!("{FACES}/delete"), &json!(["x"]));
    fails(&bad, 400, 0, WRONG);
    let gone = client.delete(&format!("{FACES}?subject=nobody"));
    assert_eq!(gone.json(), json!({"deleted": 0}));
    let gone = client.delete(&format!("{FACES}?subject=Ana"));
    assert_eq!(gone.json(), json!({"deleted": 1}));
    assert_eq!(client.subjects(), json!(["Bob"]));
    assert_eq!(client.delete(FACES).json(), json!({"deleted": 1}));
    assert_eq!(client.get(FACES).json()["total_elements"], 0);
}

#[test]
fn a_rename_takes_the_faces_along_and_merges_with_who_is_there() {
    let Some(door) = Door::new() else { return };
    let client = door.client(&json!({"service": "recognition", "keep_pictures": true}));
    client.face("Ana", "obama.jpg");
    let rename = |old: &str, new: &str| {
        let path = format!("{SUBJECTS}/{old}");
        client.json("PUT", &path, &json!({"subject": new})).json()
    };
    let named = || {
        let found = client.file(RECOGNIZE, &photo("obama2.jpg")).json();
        found["result"][0]["subjects"][0]["subject"].clone()
    };
    assert_eq!(rename("Ana", "Eva"), json!({"updated": true}));
    assert_eq!(named(), "Eva");
    client.face("Other", "obama3.jpg");
    assert_eq!(rename("Other", "eva"), json!({"updated": true}));
    assert_eq!(client.subjects(), json!(["Eva"]));
    let faces = client.get(FACES).json()["faces"].clone();
    assert_eq!(faces.as_array().unwrap().len(), 2);
    // Each with its picture.
    let pictures: Vec<Vec<u8>> = faces
        .as_array()
        .unwrap()
        .iter()
        .map(|face| {
            client
                .get(&format!(
                    "{FACES}/{}/img",
                    face["image_id"].as_str().unwrap()
                ))
                .body
        })
        .collect();
    assert_eq!(pictures, [photo("obama.jpg"), photo("obama3.jpg")]);
    // And with the consents it gave.
    let path = format!("/v1/subjects/eva?collection={}", client.collection);
    let shown = door.house.ask(Some(&door.admin)).get(&path).json();
    assert_eq!(shown["id"], "eva");
    assert_eq!(shown["consents"].as_array().unwrap().len(), 2);
}

#[test]
fn pictures_are_kept_only_where_the_key_says_so_and_go_with_their_subject() {
    let Some(door) = Door::with(true) else { return };
    let forgetful = door.recognition();
    let id = forgetful.face("Ana", "obama.jpg");
    let reply = forgetful.get(&format!("{FACES}/{id}/img"));
    assert_eq!((reply.status, reply.body.len()), (200, 0));

    let client = door.client(&json!({"service": "recognition", "keep_pictures": true}));
    let id = client.face("Ana", "obama.jpg");
    let reply = client.get(&format!("{FACES}/{id}/img"));
    assert_eq!((reply.status, &reply.body), (200, &photo("obama.jpg")));
    assert_eq!(
        reply.header("content-type"),
        Some("application/octet-stream")
    );
    let by_url = format!("/api/v1/static/{}/images/{id}", client.key);
    assert_eq!(door.house.ask(None).get(&by_url).body, photo("obama.jpg"));
    let other = format!("/api/v1/static/{}/images/{id}", forgetful.key);
    assert!(door.house.ask(None).get(&other).body.is_empty());
    let unknown = "00000000-0000-0000-0000-000000000000";
    let by_url = format!("/api/v1/static/{unknown}/images/{id}");
    assert_eq!(door.house.ask(None).get(&by_url).json()["code"], 10);

    // Nothing of it lies open on the disk, whole or in part.
    let (all, needle) = (photo("obama.jpg"), &photo("obama.jpg")[4000..4032]);
    assert!(
        all.windows(32).any(|window| window == needle),
        "the search finds what is there"
    );
    let on_disk = || {
        let mut bytes = Vec::new();
        for file in std::fs::read_dir(door.house.folder.path()).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                bytes.extend(std::fs::read(path).unwrap());
            }
        }
        bytes
    };
    let before = on_disk();
    assert!(before.len() > all.len(), "the picture is there, sealed");
    assert!(!before.windows(32).any(|window| window == needle));

    // Whoever erases the subject, and by whichever door, erases the picture.
    let path = format!("/v1/subjects/ana?collection={}", client.collection);
    assert_eq!(door.house.ask(Some(&door.admin)).delete(&path).status, 200);
    assert!(client.get(&format!("{FACES}/{id}/img")).body.is_empty());
    let id = client.face("Ana", "obama.jpg");
    assert_eq!(client.delete(&format!("{FACES}/{id}")).status, 200);
    assert!(client.get(&format!("{FACES}/{id}/img")).body.is_empty());
    let kept = rusqlite::Connection::open(door.house.folder.path().join("keys.db")).unwrap();
    let count: i64 = kept
        .query_row("SELECT count(*) FROM kept", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 0);
}

#[test]
fn the_address_with_the_key_in_it_is_there_only_when_asked_for() {
    let Some(door) = Door::new() else { return };
    let client = door.client(&json!({"service": "recognition", "keep_pictures": true}));
    let id = client.face("Ana", "obama.jpg");
    let path = format!("/api/v1/static/{}/images/{id}", client.key);
    assert_eq!(door.house.ask(None).get(&path).status, 404);
}

// Consent

#[test]
fn every_subject_has_consents_of_its_own_with_evidence_under_the_attestation() {
    let Some(door) = Door::new() else { return };
    let client = door.client(&json!({"service": "recognition", "retention_days": 30}));
    let digest = |text: &str| {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(text.as_bytes());
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let ask = door.house.ask(None).header("x-api-key", &client.key);
    let ask = ask.header("Countenance-Evidence", "form 17");
    assert_eq!(
        ask.post(SUBJECTS, &json!({"subject": "Header"})).status,
        201
    );
    let body = json!({"subject": "Body", "evidence": "form 18"});
    assert_eq!(client.json("POST", SUBJECTS, &body).status, 201);
    let picture = photo("obama.jpg");
    let parts: &[Part<'_>] = &[("file", "x.jpg", &picture), ("evidence", "", b"form 19")];
    assert_eq!(
        client.form(&format!("{FACES}?subject=Part"), parts).status,
        201
    );
    let plain = client.json("POST", SUBJECTS, &json!({"subject": "Plain"}));
    let id = plain
        .header("x-request-id")
        .unwrap_or_else(|| panic!("{plain:?}"));
    let collection = &client.collection;
    let shown = |name: &str| {
        let path = format!("/v1/subjects/{name}/export?collection={collection}");
        let ask = door.house.ask(Some(&door.admin));
        ask.post(&path, &json!({})).json()["consents"].clone()
    };
    for (name, reference) in [
        ("header", "form 17".to_owned()),
        ("body", "form 18".to_owned()),
        ("part", "form 19".to_owned()),
        ("plain", format!("1800000000 {id}")),
    ] {
        let consents = shown(name);
        let purposes: Vec<_> = consents
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["purpose"].clone())
            .collect();
        assert_eq!(purposes, ["verify", "identify"]);
        for consent in consents.as_array().unwrap() {
            assert_eq!(consent["evidence_sha256"], digest(&reference), "{name}");
            let text = format!("attest:{}", &digest("signed form HR-7")[..24]);
            assert_eq!(consent["text_version"], text);
            assert_eq!(consent["expires"], 1_800_000_000 + 30 * 86_400);
        }
    }
    let long = door.house.ask(None).header("x-api-key", &client.key);
    let long = long.header("Countenance-Evidence", &"x".repeat(201));
    assert_eq!(
        long.post(SUBJECTS, &json!({"subject": "x"})).json()["code"],
        26
    );
}

#[test]
fn a_withdrawn_consent_holds_at_once_and_comes_back_only_with_new_evidence() {
    let Some(door) = Door::new() else { return };
    let client = door.recognition();
    client.face("Ana", "obama.jpg");
    let found =
        || client.file(RECOGNIZE, &photo("obama2.jpg")).json()["result"][0]["subjects"].clone();
    assert_eq!(found()[0]["subject"], "Ana");
    let collection = &client.collection;
    let path = format!("/v1/subjects/ana/consents?collection={collection}&purpose=identify");
    let gone = door.house.ask(Some(&door.admin)).delete(&path);
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(found(), json!([]));
    client.face("Ana", "obama3.jpg");
    assert_eq!(
        found(),
        json!([]),
        "adding a face is no consent to be searched"
    );
    let path = format!("/v1/subjects/ana/consents?collection={collection}&purpose=verify");
    assert_eq!(door.house.ask(Some(&door.admin)).delete(&path).status, 200);
    let add = format!("{FACES}?subject=ana");
    let refused = client.file(&add, &photo("obama.jpg"));
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (400, &json!(26)),
        "{refused:?}"
    );
    let picture = photo("obama.jpg");
    let parts: &[Part<'_>] = &[("file", "x.jpg", &picture), ("evidence", "", b"new form")];
    assert_eq!(client.form(&add, parts).status, 201);
    assert_eq!(found()[0]["subject"], "Ana");
}

#[test]
fn a_key_without_a_purpose_does_not_serve_it() {
    let Some(door) = Door::new() else { return };
    let picture = photo("obama2.jpg");
    let client = door.client(&json!({"service": "recognition", "purposes": ["verify"]}));
    let id = client.face("Ana", "obama.jpg");
    let reply = client.file(RECOGNIZE, &picture);
    fails(
        &reply,
        403,
        26,
        "This key was made without --purpose identify",
    );
    assert_eq!(
        client
            .file(&format!("{FACES}/{id}/verify"), &picture)
            .status,
        200
    );
    let client = door.client(&json!({"service": "recognition", "purposes": ["identify"]}));
    let id = client.face("Ana", "obama.jpg");
    assert_eq!(client.file(RECOGNIZE, &picture).status, 200);
    let reply = client.file(&format!("{FACES}/{id}/verify"), &picture);
    fails(
        &reply,
        403,
        26,
        "This key was made without --purpose verify",
    );
}

#[test]
fn no_more_subjects_join_than_the_share_of_strangers_allows() {
    let Some(door) = Door::new() else { return };
    // At FMR 1e-5, measured at most 1.4e-5, that is one subject.
    let client = door.client(&json!({"service": "recognition", "fpir": 2e-5}));
    client.face("Ana", "obama.jpg");
    let reply = client.file(&format!("{FACES}?subject=Bob"), &photo("biden.jpg"));
    let text = "The collection has 1 subjects with faces and its target FPIR allows 1: make a key with a larger --fpir, or another collection";
    fails(&reply, 400, 26, text);
    assert_eq!(client.subjects(), json!(["Ana"]));
    client.face("ana", "obama2.jpg");
    assert_eq!(client.delete(&format!("{SUBJECTS}/Ana")).status, 200);
    client.face("Bob", "biden.jpg");
}

// 1.5 and 1.6

#[test]
fn recognize_names_who_is_there_and_nobody_else() {
    let Some(door) = Door::new() else { return };
    let client = door.recognition();
    let text = "No face is found in the given image";
    fails(&client.file(RECOGNIZE, &nobody()), 400, 28, text);
    let empty = client.file(RECOGNIZE, &photo("obama.jpg")).json();
    assert_eq!(empty["result"][0]["subjects"], json!([]));
    client.face("Ana", "obama.jpg");
    let found = client.file(RECOGNIZE, &photo("obama2.jpg")).json();
    let face = &found["result"][0];
    let names: Vec<_> = face
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, ["box", "subjects"]);
    assert_eq!(face["subjects"][0]["subject"], "Ana");
    let similarity = face["subjects"][0]["similarity"].as_f64().unwrap();
    assert!((0.5..=1.0).contains(&similarity), "{similarity}");
    for rounded in [similarity, face["box"]["probability"].as_f64().unwrap()] {
        assert!(
            ((rounded * 1e5).round() - rounded * 1e5).abs() < 1e-6,
            "{rounded}"
        );
    }
    let stranger = client.file(RECOGNIZE, &photo("biden.jpg")).json();
    assert_eq!(stranger["result"][0]["subjects"], json!([]));
    // Each face of a picture for itself.
    let two = together("obama2.jpg", "biden.jpg");
    let query = "?limit=0&prediction_count=2&status=true&face_plugins=landmarks";
    let both = client
        .form(&format!("{RECOGNIZE}{query}"), &[("file", "two.png", &two)])
        .json();
    let mut known: Vec<usize> = both["result"]
        .as_array()
        .unwrap()
        .iter()
        .map(|face| face["subjects"].as_array().unwrap().len())
        .collect();
    known.sort_unstable();
    assert_eq!(known, [0, 1], "{both}");
    assert!(both["plugins_versions"]["calculator"].is_string());
    assert!(
        both["result"][0]["execution_time"]["calculator"].is_f64()
            || both["result"][0]["execution_time"]["detector"].is_f64()
    );
    let one = client
        .form(
            &format!("{RECOGNIZE}?detect_faces=false"),
            &[("file", "two.png", &two)],
        )
        .json();
    assert_eq!(one["result"].as_array().unwrap().len(), 1);
    // Strangers do not lock the door.
    for _ in 0..8 {
        assert_eq!(client.file(RECOGNIZE, &photo("biden.jpg")).status, 200);
    }
    assert_eq!(
        client.file(RECOGNIZE, &photo("obama2.jpg")).json()["result"][0]["subjects"][0]["subject"],
        "Ana"
    );
}

#[test]
fn recognize_decides_as_the_native_door_does() {
    let Some(door) = Door::new() else { return };
    let client = door.recognition();
    client.face("Ana", "obama.jpg");
    client.face("Bob", "biden.jpg");
    let collection = &client.collection;
    let mut decided = Vec::new();
    for name in [
        "obama.jpg",
        "obama2.jpg",
        "obama3.jpg",
        "biden.jpg",
        "obama_partial_face.jpg",
        "obama_partial_face2.jpg",
        "32bit.png",
    ] {
        let bytes = photo(name);
        let native = door.house.ask(Some(&door.admin));
        let native = native.form(
            &format!("/v1/collections/{collection}/identify"),
            &[("probe", &bytes)],
        );
        let native = native.json();
        let accepted = (native["decision"] == "accept").then(|| native["subject"].clone());
        let here = client.form(RECOGNIZE, &[("file", name, &bytes)]);
        let named = here.json()["result"][0]["subjects"][0]["subject"].clone();
        let named = (!named.is_null()).then_some(named);
        assert_eq!(named, accepted, "{name}: {native} {here:?}");
        decided.push(accepted.is_some());
    }
    assert!(
        decided.contains(&true) && decided.contains(&false),
        "{decided:?}"
    );
}

#[test]
fn a_face_is_compared_with_one_picture() {
    let Some(door) = Door::new() else { return };
    let client = door.recognition();
    let id = client.face("Ana", "obama.jpg");
    let ask =
        |id: &str, name: &str| client.file(&format!("{FACES}/{id}/verify?limit=1"), &photo(name));
    let same = ask(&id, "obama2.jpg").json();
    assert_eq!(same["result"][0]["subject"], "Ana");
    assert!(same["result"][0]["similarity"].as_f64().unwrap() >= 0.5);
    let other = ask(&id, "biden.jpg").json();
    assert!(other["result"][0]["similarity"].as_f64().unwrap() < 0.5);
    let unknown = ask("11111111-2222-8333-8444-555555555555", "obama2.jpg").json();
    assert_eq!(unknown["result"][0]["subject"], "");
    assert_eq!(unknown["result"][0]["similarity"], 0.0);
    fails(&ask("no-uuid", "obama2.jpg"), 400, 0, WRONG);
    let text = "No face is found in the given image";
    fails(
        &client.file(&format!("{FACES}/{id}/verify"), &nobody()),
        400,
        28,
        text,
    );
    // Whoever climbs from score to score is stopped.
    let stopped = (0..8)
        .map(|_| ask(&id, "biden.jpg"))
        .find(|reply| reply.status != 200);
    let stopped = stopped.expect("attempts on one subject are limited");
    assert_eq!((stopped.status, &stopped.json()["code"]), (429, &json!(0)));
    assert!(stopped.header("retry-after").is_some());
}

#[test]
fn two_pictures_are_compared() {
    let Some(door) = Door::new() else { return };
    let client = door.verification();
    let (one, same, other) = (photo("obama.jpg"), photo("obama2.jpg"), photo("biden.jpg"));
    let ask = |source: &[u8], target: &[u8]| {
        client.form(
            VERIFY,
            &[
                ("source_image", "a.jpg", source),
                ("target_image", "b.png", target),
            ],
        )
    };
    let answer = ask(&one, &same).json();
    assert_eq!(answer["result"].as_array().unwrap().len(), 1);
    let result = answer["result"][0].as_object().unwrap();
    let names: Vec<_> = result.keys().map(String::as_str).collect();
    assert_eq!(names, ["face_matches", "source_image_face"]);
    assert!(result["source_image_face"]["box"]["x_min"].is_i64());
    let similarity = |answer: &Value, at: usize| {
        answer["result"][0]["face_matches"][at]["similarity"]
            .as_f64()
            .unwrap()
    };
    assert!(similarity(&answer, 0) >= 0.5);
    assert!(similarity(&ask(&one, &other).json(), 0) < 0.5);
    let two = together("obama2.jpg", "biden.jpg");
    let both = ask(&one, &two).json();
    let above = [similarity(&both, 0), similarity(&both, 1)].map(|one| one >= 0.5);
    assert!(above.contains(&true) && above.contains(&false));
    fails(
        &ask(&two, &one),
        400,
        31,
        "More than one face in the source image",
    );
    let text = "No face is found in the given image";
    fails(&ask(&nobody(), &one), 400, 28, text);
    fails(&ask(&one, &nobody()), 400, 28, text);
    let reply = client.form(VERIFY, &[("source_image", "a.jpg", &one)]);
    fails(&reply, 400, 34, "Required part target_image is missing");
    let body = json!({"source_image": base64(&one), "target_image": base64(&same)});
    let by_json = client
        .json("POST", &format!("{VERIFY}?status=true"), &body)
        .json();
    assert!((similarity(&by_json, 0) - similarity(&answer, 0)).abs() < 1e-9);
    assert!(by_json["result"][0]["plugins_versions"]["calculator"].is_string());
}

#[test]
fn embeddings_go_in_and_out_only_of_a_key_that_was_made_for_it() {
    let Some(door) = Door::new() else { return };
    let (one, same, other) = (photo("obama.jpg"), photo("obama2.jpg"), photo("biden.jpg"));
    let path = format!("{DETECT}?face_plugins=calculator");
    let plain = door.detection().file(&path, &one).json();
    assert!(plain["result"][0].get("embedding").is_none());
    let detection = door.client(&json!({"service": "detection", "embeddings": true}));
    let embedding =
        |bytes: &[u8]| detection.file(&path, bytes).json()["result"][0]["embedding"].clone();
    let [one_values, same_values, other_values] =
        [&one, &same, &other].map(|bytes| embedding(bytes));
    assert_eq!(one_values.as_array().unwrap().len(), 128);

    let verify = "/api/v1/verification/embeddings/verify";
    let body = json!({"source": one_values, "targets": [other_values, same_values]});
    let refused = door.verification().json("POST", verify, &body);
    fails(&refused, 403, 26, "This key was made without --embeddings");
    let verification = door.client(&json!({"service": "verification", "embeddings": true}));
    let answer = verification.json("POST", verify, &body).json();
    let similar = |at: usize| answer["result"][at]["similarity"].as_f64().unwrap();
    assert!(
        similar(0) >= 0.5 && similar(1) < 0.5,
        "the most alike comes first"
    );
    assert_eq!(
        answer["result"][1]["embedding"].as_array().unwrap().len(),
        128
    );

    let recognize = "/api/v1/recognition/embeddings/recognize";
    let body = json!({"embeddings": [same_values, other_values]});
    let refused = door.recognition().json("POST", recognize, &body);
    fails(&refused, 403, 26, "This key was made without --embeddings");
    let client = door.client(&json!({"service": "recognition", "embeddings": true}));
    let id = client.face("Ana", "obama.jpg");
    let answer = client
        .json("POST", &format!("{recognize}?prediction_count=2"), &body)
        .json();
    assert_eq!(answer["result"][0]["similarities"][0]["subject"], "Ana");
    assert_eq!(answer["result"][1]["similarities"], json!([]));
    let answer = client
        .json(
            "POST",
            &format!("/api/v1/recognition/embeddings/faces/{id}/verify"),
            &body,
        )
        .json();
    assert!(answer["result"][0]["similarity"].as_f64().unwrap() >= 0.5);
    let many = json!({"embeddings": vec![json!([1.0]); 65]});
    let text = "64 embeddings were expected, but 65 were provided";
    fails(&client.json("POST", recognize, &many), 400, 37, text);
    let short = json!({"embeddings": [[1.0, 0.0]]});
    assert_eq!(client.json("POST", recognize, &short).json()["code"], 26);
}

// 1.7

#[test]
fn what_the_server_says_of_itself_needs_no_key() {
    let Some(door) = Door::new() else { return };
    let config = door.house.ask(None).get("/api/v1/config").json();
    assert_eq!(
        config,
        json!({"clientMaxFileSize": 16 << 20, "clientMaxBodySize": 16 << 20})
    );
    let status = door
        .house
        .ask(None)
        .get("/api/v1/consistence/status")
        .json();
    assert_eq!(status["status"], "OK");
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let config = Config {
        workers: 1,
        max_body_bytes: 10_000,
        compat: Some(Compat::Compreface {
            images_by_url: false,
        }),
        ..Config::default()
    };
    let Some(house) = House::with(config) else {
        return;
    };
    let admin = house.key("acme", &Scope::ALL);
    let door = Door { house, admin };
    let reply = door.detection().file(DETECT, &photo("obama.jpg"));
    fails(&reply, 413, 0, "The body has more than 10000 bytes");
}

/// So many members of the collection of a key whose templates nobody's face made.
fn fill(house: &House, collection: &str, count: u32) {
    let vault = house.registry.vault();
    let name = |text: &str| Name::new(text).unwrap();
    let collection = vault.collection(&name("acme"), &name(collection)).unwrap();
    let ana = ExternalId::new("ana").unwrap();
    let target = vault.find(&collection, &ana).unwrap();
    let subject = vault.unlock(target.subject().unwrap(), None).unwrap();
    let now = house.clock.now();
    let like = vault.export(&subject, now).unwrap().references.remove(0);
    let (head, values) = like.template.split_at(4);
    let mut state = 1_u64;
    let mut value = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as i8 / 2
    };
    let made = |number: u32, value: &mut dyn FnMut() -> i8| {
        let mut template = head.to_vec();
        template.extend((0..values.len()).map(|_| value() as u8));
        // The largest value of a template is always this one.
        template[4] = 127;
        let id = ExternalId::new(&format!("stranger {number}")).unwrap();
        NewSubject {
            written: id.clone(),
            id,
            holder: None,
            grants: vec![Grant {
                purpose: Purpose::Identify,
                text_version: TextVersion::new("measured").unwrap(),
                granted: now,
                expires: now.plus(86_400),
                evidence: [7; 32],
            }],
            templates: vec![(like.model.clone(), template.into())],
        }
    };
    for first in (0..count).step_by(1000) {
        let some: Vec<_> = (first..count.min(first + 1000))
            .map(|number| made(number, &mut value))
            .collect();
        vault.enroll_many(&collection, &some, now).unwrap();
    }
}

/// `cargo nextest run --workspace -E 'test(what_recognize_costs)' --run-ignored only --no-capture`; docs/performance.md has what it
/// said. More members than may be told apart are a figure of speed: at FPIR 0.2 nobody is named, by either door.
#[test]
#[ignore = "a measurement"]
fn what_recognize_costs_beside_identify() {
    for count in [0, 10_000] {
        let Some(door) = Door::new() else { return };
        let client = door.recognition();
        client.face("Ana", "obama.jpg");
        let path = format!("/v1/collections/{}", client.collection);
        let admin = door.house.ask(Some(&door.admin));
        if count > 0 {
            let set = admin.put(&path, &json!({"fmr": 1e-5, "fpir": 0.2}));
            assert_eq!(set.status, 200, "{set:?}");
        }
        fill(&door.house, &client.collection, count);
        let picture = photo("obama2.jpg");
        let path = format!("{path}/identify");
        let native = || admin.form(&path, &[("probe", &picture)]);
        while native().status == 503 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let (mut times, mut ratios) = ([Vec::new(), Vec::new()], Vec::new());
        for turn in 0..300 {
            let mut took = [0.0; 2];
            // Whoever comes second may find more in the caches: each does every other time.
            for at in [turn % 2, 1 - turn % 2] {
                let begun = std::time::Instant::now();
                let reply = match at {
                    0 => native(),
                    _ => client.file(RECOGNIZE, &picture),
                };
                took[at] = begun.elapsed().as_secs_f64() * 1e3;
                assert_eq!(reply.status, 200, "{reply:?}");
                if turn == 0 {
                    let said = reply.json();
                    eprintln!(
                        "{count}: {} {}",
                        said["decision"], said["result"][0]["subjects"]
                    );
                }
            }
            times[0].push(took[0]);
            times[1].push(took[1]);
            ratios.push(took[1] / took[0]);
        }
        let median = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let [native, other] = &mut times;
        eprintln!(
            "{count} strangers: identify {:.2} ms, recognize {:.2} ms, median of the ratios {:.3}",
            median(native),
            median(other),
            median(&mut ratios)
        );
    }
}
