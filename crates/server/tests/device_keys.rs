//! Device keys over real HTTP: registered, asked for, refused alike.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::big_endian_bytes,
    reason = "a test that fails should say so where it fails; authenticators count from the large end"
)]

#[path = "../../core/tests/given/authenticator.rs"]
mod authenticator;
mod given;

use authenticator::{Authenticator, Manner, PARTY, PRESENT};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::Scope;
use countenance_server::Config;
use given::{Ask, House, Reply, base64, photo};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::time::Instant;

const KEYS: &str = "/v1/subjects/ana/device-keys";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Somebody who agreed to payments, and a key that may do all of it.
fn owner(house: &House) -> String {
    let key = house.key("acme", &Scope::ALL);
    let ask = house.ask(Some(&key));
    assert_eq!(ask.post("/v1/subjects", &json!({"id": "ana"})).status, 201);
    let consent =
        json!({"purpose": "payment", "text_version": "1", "evidence_sha256": "e7".repeat(32)});
    let granted = ask.post("/v1/subjects/ana/consents", &consent);
    assert_eq!(granted.status, 201);
    key
}

/// As a browser would answer `navigator.credentials.create`.
fn made(key: &Authenticator, options: &Value, manner: &Manner) -> Value {
    let challenge = options["challenge"].as_str().unwrap();
    let (client_data, object) = key.make(challenge, manner);
    json!({"credential": {
        "id": URL_SAFE_NO_PAD.encode(&key.credential), "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
            "transports": ["internal"],
        }
    }})
}

fn register(ask: &Ask<'_>, key: &Authenticator) -> Value {
    let opened = ask.post(KEYS, &json!({"label": "phone"}));
    assert_eq!(opened.status, 201, "{opened:?}");
    let opened = opened.json();
    let answer = made(key, &opened["public_key"], &Manner::default());
    let path = format!("{KEYS}/{}", opened["id"].as_str().unwrap());
    let done = ask.post(&path, &answer);
    assert_eq!(done.status, 201, "{done:?}");
    done.json()
}

fn payment(payer: &str, policy: &str) -> Value {
    json!({"subject": payer, "amount": 1250, "currency": "EUR", "payee": "Café Ana", "order": "2026-1138", "policy": policy})
}

#[test]
fn a_device_key_is_registered_once_shown_and_removed() {
    let Some(house) = House::new() else { return };
    let key = owner(&house);
    let ask = house.ask(Some(&key));
    let opened = ask.post(KEYS, &json!({"label": "Ana's phone"})).json();
    let options = &opened["public_key"];
    assert_eq!(options["rp"]["id"], PARTY);
    assert_eq!(options["user"]["name"], "ana");
    assert_eq!(options["attestation"], "none");
    assert_eq!(
        options["authenticatorSelection"]["userVerification"],
        "required"
    );
    assert_eq!(
        options["pubKeyCredParams"][1],
        json!({"type": "public-key", "alg": -7})
    );
    assert_eq!(options["excludeCredentials"], json!([]));
    assert!(!options["user"]["id"].to_string().contains("ana"));
    let phone = Authenticator::new(1);
    let answer = made(&phone, options, &Manner::default());
    let path = format!("{KEYS}/{}", opened["id"].as_str().unwrap());
    // Another subject's, and nobody's: the registration stays open.
    let elsewhere = path.replace("/ana/", "/bob/");
    assert_eq!(
        ask.post(&elsewhere, &answer).problem(),
        "device_key_unknown"
    );
    let done = ask.post(&path, &answer);
    assert_eq!(done.status, 201, "{done:?}");
    let entry = done.json();
    assert_eq!(entry["label"], "Ana's phone");
    assert_eq!(entry["synced"], false);
    assert_eq!(
        ask.post(&path, &answer).problem(),
        "device_key_unknown",
        "it takes one answer"
    );
    let listed = ask.get(KEYS).json();
    assert_eq!(listed, json!({ "device_keys": [entry] }));
    let export = ask.post("/v1/subjects/ana/export", &json!({})).json();
    assert_eq!(export["device_keys"], listed["device_keys"]);
    // The browser is told not to make it again, and if it does, it is not kept twice.
    let opened = ask.post(KEYS, &json!({})).json();
    let known = &opened["public_key"]["excludeCredentials"][0]["id"];
    assert_eq!(*known, json!(URL_SAFE_NO_PAD.encode(&phone.credential)));
    let path = format!("{KEYS}/{}", opened["id"].as_str().unwrap());
    let again = made(&phone, &opened["public_key"], &Manner::default());
    assert_eq!(ask.post(&path, &again).problem(), "device_key_exists");
    let path = format!("{KEYS}/{}", entry["id"].as_str().unwrap());
    assert_eq!(ask.delete(&path).status, 204);
    assert_eq!(ask.delete(&path).problem(), "device_key_unknown");
    assert_eq!(ask.get(KEYS).json(), json!({ "device_keys": [] }));
}

#[test]
fn a_registration_says_what_was_wrong_and_is_over_then() {
    let Some(house) = House::new() else { return };
    let key = owner(&house);
    let ask = house.ask(Some(&key));
    let refused = |manner: Manner, word: &str| {
        let opened = ask.post(KEYS, &json!({})).json();
        let path = format!("{KEYS}/{}", opened["id"].as_str().unwrap());
        let phone = Authenticator::new(1);
        let reply = ask.post(&path, &made(&phone, &opened["public_key"], &manner));
        assert_eq!(reply.problem(), "value_invalid");
        let detail = reply.json()["detail"].to_string();
        assert!(detail.contains(word), "{detail}");
        let good = made(&phone, &opened["public_key"], &Manner::default());
        assert_eq!(
            ask.post(&path, &good).problem(),
            "device_key_unknown",
            "one answer"
        );
    };
    refused(
        Manner {
            origin: "https://shop.example",
            ..Manner::default()
        },
        "device-key-origins",
    );
    refused(
        Manner {
            party: "shop.example",
            ..Manner::default()
        },
        "relying-party",
    );
    refused(
        Manner {
            flags: PRESENT,
            ..Manner::default()
        },
        "verify",
    );
    for body in [
        json!({"label": "x".repeat(33)}),
        json!({"label": "a\nb"}),
        json!({"name": ""}),
    ] {
        assert_eq!(ask.post(KEYS, &body).problem(), "value_invalid", "{body}");
    }
    let nobody = ask.post("/v1/subjects/bob/device-keys", &json!({}));
    assert_eq!(nobody.problem(), "subject_unknown");
    assert_eq!(ask.post("/v1/subjects", &json!({"id": "bob"})).status, 201);
    let without = ask.post("/v1/subjects/bob/device-keys", &json!({}));
    assert_eq!(without.problem(), "consent_missing");
}

#[test]
fn without_a_relying_party_there_are_no_device_keys_and_the_setting_is_named() {
    let Some(house) = House::with(Config {
        workers: 1,
        ..Config::default()
    }) else {
        return;
    };
    let key = owner(&house);
    let ask = house.ask(Some(&key));
    let off = ask.post(KEYS, &json!({}));
    assert_eq!(off.problem(), "device_keys_off");
    assert!(
        off.json()["detail"]
            .as_str()
            .unwrap()
            .contains("relying-party")
    );
    assert_eq!(ask.get(KEYS).json(), json!({ "device_keys": [] }));
}

#[test]
fn whether_a_payer_has_a_device_key_is_told_to_those_alone_who_see_the_subjects() {
    let Some(house) = House::new() else { return };
    let key = owner(&house);
    let (ask, till) = (house.ask(Some(&key)), house.key("acme", &[Scope::Pay]));
    let till = house.ask(Some(&till));
    let post = |ask: &Ask<'_>, payer| ask.post("/v1/payments", &payment(payer, "device-key"));
    for payer in ["ana", "nobody"] {
        assert_eq!(post(&ask, payer).problem(), "device_key_missing");
        let made = post(&till, payer);
        assert_eq!(made.status, 201, "{made:?}");
        assert_eq!(made.json()["policy"], "device-key");
    }
    register(&ask, &Authenticator::new(1));
    assert_eq!(post(&ask, "ana").status, 201);
    let single = till.post("/v1/payments", &payment("ana", "single-factor"));
    assert_eq!(single.json()["policy"], "single-factor");
    let other = till.post("/v1/payments", &payment("ana", "none"));
    assert_eq!(other.problem(), "body_invalid");
}

struct Till<'a> {
    house: &'a House,
    id: String,
    token: String,
    shown: Value,
}

impl<'a> Till<'a> {
    fn open(house: &'a House, key: &str, payer: &str, policy: &str) -> (Value, Self) {
        let ask = house.ask(Some(key));
        let made = ask.post("/v1/payments", &payment(payer, policy)).json();
        let path = format!("/v1/payments/{}/sessions", made["id"].as_str().unwrap());
        let session = json!({"subject": payer, "audience": "https://shop.example",
            "nonce": "pb3N0x5qQmWq8o1vJz2r7g", "way_out": "https://shop.example/"});
        let opened = ask.post(&path, &session);
        assert_eq!(opened.status, 201, "{opened:?}");
        let opened = opened.json();
        let text = |name: &str| opened[name].as_str().unwrap().to_owned();
        let (id, token) = (text("id"), text("token"));
        let path = format!("/v1/capture/{id}");
        let shown = house.ask(Some(&token)).get(&path).json();
        (
            made,
            Self {
                house,
                id,
                token,
                shown,
            },
        )
    }

    /// What the page computes, as docs/spec/payment-v1.md says.
    fn shown_sha256(&self) -> String {
        let payment = &self.shown["payment"];
        let text = |name: &str| match &payment[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let terms = ["id", "amount", "currency", "payee", "order", "expires"]
            .map(|name| format!("{name}: {}\n", text(name)));
        hex(&Sha256::digest(format!(
            "countenance payment 1\n{}",
            terms.concat()
        )))
    }

    fn challenge(&self) -> String {
        let text = format!(
            "countenance device key 1\nsession: {}\nnonce: {}\nshown: {}\n",
            self.id,
            self.shown["device_key"]["nonce"].as_str().unwrap(),
            self.shown_sha256()
        );
        URL_SAFE_NO_PAD.encode(Sha256::digest(text))
    }

    fn agree(&self, device: Option<Value>) -> Reply {
        let mut body = json!({"sha256": self.shown["consent"]["sha256"], "calm": true,
            "shown_sha256": self.shown_sha256()});
        if let Some(device) = device {
            body["device_key"] = device;
        }
        let path = format!("/v1/capture/{}/consent", self.id);
        self.house.ask(Some(&self.token)).post(&path, &body)
    }

    /// Shows the camera a still photo to the end.
    fn still(&self, picture: &str) {
        let path = format!("/v1/capture/{}/frames", self.id);
        let begun = Instant::now();
        for number in 0..2000_u32 {
            let time = u32::try_from(begun.elapsed().as_millis()).unwrap() + 1000;
            let frames =
                json!({"frames": [{"frame": number, "time_ms": time, "picture": picture}]});
            let said = self
                .house
                .ask(Some(&self.token))
                .post(&path, &frames)
                .json();
            let done = |message: &Value| message["type"] == "done";
            if said["messages"].as_array().unwrap().iter().any(done) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(60));
        }
        panic!("it never ended");
    }
}

fn signed(key: &Authenticator, challenge: &str) -> Value {
    let signed = key.sign(challenge, &Manner::default());
    json!({
        "id": URL_SAFE_NO_PAD.encode(&key.credential), "rawId": URL_SAFE_NO_PAD.encode(&key.credential),
        "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": URL_SAFE_NO_PAD.encode(signed.client_data),
            "authenticatorData": URL_SAFE_NO_PAD.encode(signed.authenticator_data),
            "signature": URL_SAFE_NO_PAD.encode(signed.signature),
            "userHandle": null,
        }
    })
}

#[test]
fn a_page_is_asked_for_a_device_key_and_nothing_is_agreed_to_without_one() {
    let Some(house) = House::new() else { return };
    let key = owner(&house);
    let phone = Authenticator::new(1);
    register(&house.ask(Some(&key)), &phone);
    let (made, till) = Till::open(&house, &key, "ana", "device-key");
    assert_eq!(till.shown["device_key"]["relying_party"], PARTY);
    let nonce = till.shown["device_key"]["nonce"].as_str().unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(nonce).unwrap().len(), 32);
    assert!(
        !till
            .shown
            .to_string()
            .contains(&URL_SAFE_NO_PAD.encode(&phone.credential))
    );
    assert_eq!(till.agree(None).problem(), "value_invalid");
    let mut broken = signed(&phone, &till.challenge());
    broken["response"]["signature"] = json!("not base64url!");
    assert_eq!(till.agree(Some(broken)).problem(), "value_invalid");
    let path = format!("/v1/payments/{}", made["id"].as_str().unwrap());
    let state = || house.ask(Some(&key)).get(&path).json()["state"].clone();
    assert_eq!(state(), "created", "nobody was asked yet");
    let device = signed(&phone, &till.challenge());
    assert_eq!(till.agree(Some(device.clone())).status, 200);
    assert_eq!(till.agree(Some(device)).status, 200, "again is the same");
    let other = signed(&phone, &till.challenge());
    assert_eq!(till.agree(Some(other)).problem(), "session_over");
    assert_eq!(state(), "shown");
    // Each session asks with a nonce of its own, and one without the policy asks for none.
    let (_, second) = Till::open(&house, &key, "ana", "device-key");
    assert_ne!(
        second.shown["device_key"]["nonce"],
        till.shown["device_key"]["nonce"]
    );
    let (_, plain) = Till::open(&house, &key, "ana", "single-factor");
    assert!(plain.shown["device_key"].is_null());
    let device = signed(&phone, &second.challenge());
    assert_eq!(plain.agree(Some(device)).problem(), "value_invalid");
}

#[test]
fn a_wrong_device_key_a_wrong_face_and_nobody_are_refused_in_one_shape_that_names_both_factors() {
    let Some(house) = House::new() else { return };
    let owner = owner(&house);
    let ask = house.ask(Some(&owner));
    let consent =
        json!({"purpose": "verify", "text_version": "1", "evidence_sha256": "e7".repeat(32)});
    assert_eq!(ask.post("/v1/subjects/ana/consents", &consent).status, 201);
    let photos = json!({"photos": [base64(&photo("obama.jpg"))]});
    assert_eq!(ask.post("/v1/subjects/ana/faces", &photos).status, 201);
    let (phone, tablet) = (Authenticator::new(1), Authenticator::new(2));
    register(&ask, &phone);
    let key = house.key("acme", &[Scope::Pay, Scope::Sessions]);
    let picture = image::load_from_memory(&photo("obama.jpg")).unwrap();
    let mut frame = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut frame, 85)
        .encode_image(&picture.thumbnail(640, 480).to_rgb8())
        .unwrap();
    let frame = base64(&frame);
    let mut shapes = Vec::new();
    for (payer, by) in [("ana", &phone), ("ana", &tablet), ("bob", &phone)] {
        let (made, till) = Till::open(&house, &key, payer, "device-key");
        let device = signed(by, &till.challenge());
        assert_eq!(till.agree(Some(device)).status, 200);
        till.still(&frame);
        let path = format!("/v1/payments/{}", made["id"].as_str().unwrap());
        assert_eq!(house.ask(Some(&key)).get(&path).json()["state"], "refused");
        let path = format!("/v1/sessions/{}", till.id);
        let status = house.ask(Some(&key)).get(&path).json();
        assert_eq!(status["outcome"], "reject");
        let result = status["result"].as_str().unwrap();
        let body = URL_SAFE_NO_PAD.decode(result.split('.').nth(1).unwrap());
        let claims: Value = serde_json::from_slice(&body.unwrap()).unwrap();
        assert_eq!(claims["factors"], json!(["face", "device-key"]));
        assert!(claims["policy"].as_str().unwrap().ends_with(";device-key"));
        let claims = claims.as_object().unwrap().iter();
        let shape: Vec<(String, usize)> = claims
            .map(|(name, value)| (name.clone(), value.to_string().len()))
            .collect();
        shapes.push(shape);
    }
    assert!(shapes.windows(2).all(|two| two[0] == two[1]), "{shapes:?}");
}
