//! Consent links over real HTTP: opened, answered once by whose they are, refused alike, withdrawn by.
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

use authenticator::{Authenticator, Manner, PARTY};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::Scope;
use given::{Ask, House, Reply, base64, photo};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const SALT: &str = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM";
const INVALID: &str = "consent_link_invalid";

fn consents(ask: &Ask<'_>, who: &str, purposes: &[&str]) {
    for purpose in purposes {
        let consent =
            json!({"purpose": purpose, "text_version": "1", "evidence_sha256": "e7".repeat(32)});
        let path = format!("/v1/subjects/{who}/consents");
        assert_eq!(ask.post(&path, &consent).status, 201);
    }
}

/// Somebody who agreed to being verified and to payments, with a device key.
fn owner(ask: &Ask<'_>, who: &str, key: &Authenticator) {
    assert_eq!(ask.post("/v1/subjects", &json!({"id": who})).status, 201);
    consents(ask, who, &["verify", "payment"]);
    let path = format!("/v1/subjects/{who}/device-keys");
    let opened = ask.post(&path, &json!({})).json();
    let challenge = opened["public_key"]["challenge"].as_str().unwrap();
    let (client_data, object) = key.make(challenge, &Manner::default());
    let answer = json!({"credential": {"response": {
        "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
        "attestationObject": URL_SAFE_NO_PAD.encode(object),
    }}});
    let path = format!("{path}/{}", opened["id"].as_str().unwrap());
    assert_eq!(ask.post(&path, &answer).status, 201);
}

fn asked() -> Value {
    json!({"audience": "https://shop.example", "way_out": "https://shop.example/privacy"})
}

fn open(ask: &Ask<'_>, who: &str, more: &Value) -> Reply {
    let mut body = asked();
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    ask.post(&format!("/v1/subjects/{who}/consent-links"), &body)
}

/// A link as whoever has its token uses it.
struct Link<'a> {
    house: &'a House,
    id: String,
    token: String,
}

impl<'a> Link<'a> {
    fn open(house: &'a House, ask: &Ask<'_>, who: &str, more: &Value) -> Self {
        let opened = open(ask, who, more);
        assert_eq!(opened.status, 201, "{opened:?}");
        let opened = opened.json();
        assert_eq!(opened["expires"], 1_800_000_600_u64);
        let text = |name: &str| opened[name].as_str().unwrap().to_owned();
        Self {
            house,
            id: text("id"),
            token: text("token"),
        }
    }

    fn ask(&self) -> Ask<'a> {
        self.house.ask(Some(&self.token))
    }

    fn path(&self, what: &str) -> String {
        format!("/v1/consent-links/{}{what}", self.id)
    }

    fn show(&self) -> Reply {
        self.ask().get(&self.path(""))
    }

    /// What a page makes the passkey sign, as docs/spec/consent-link-v1.md says.
    fn challenge(&self) -> String {
        let shown = self.show().json();
        let nonce = shown["device_key"]["nonce"].as_str().unwrap();
        challenge(&self.id, nonce)
    }

    fn answer(&self, device_key: &Value) -> Reply {
        self.ask().post(
            &self.path("/consents"),
            &json!({ "device_key": device_key }),
        )
    }

    /// Answers as the page does, with this passkey.
    fn sign(&self, key: &Authenticator) -> Reply {
        self.answer(&signed(key, &self.challenge()))
    }

    fn hold(&self, part: &str) -> Reply {
        self.ask()
            .header("Countenance-Holder", part)
            .post(&self.path("/consents"), &json!({}))
    }

    fn withdraw(&self, permit: &str, purpose: &str) -> Reply {
        let body = json!({"purpose": purpose, "permit": permit});
        self.ask().post(&self.path("/withdrawals"), &body)
    }
}

fn challenge(link: &str, nonce: &str) -> String {
    let text = format!("countenance consents 1\nlink: {link}\nnonce: {nonce}\n");
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

fn signed(key: &Authenticator, challenge: &str) -> Value {
    let signed = key.sign(challenge, &Manner::default());
    json!({
        "id": URL_SAFE_NO_PAD.encode(&key.credential), "type": "public-key",
        "response": {
            "clientDataJSON": URL_SAFE_NO_PAD.encode(signed.client_data),
            "authenticatorData": URL_SAFE_NO_PAD.encode(signed.authenticator_data),
            "signature": URL_SAFE_NO_PAD.encode(signed.signature),
            "userHandle": null,
        }
    })
}

/// Everything a client sees, but the id of the request and the time of day.
fn seen(reply: &Reply) -> (u16, String, String) {
    let own = |line: &&str| !line.starts_with("x-request-id") && !line.starts_with("date");
    let head: Vec<&str> = reply.head.lines().filter(own).collect();
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    (reply.status, head.join("\n"), body)
}

fn permit(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["permit"].as_str().unwrap().to_owned()
}

fn verify(ask: &Ask<'_>, who: &str) -> Value {
    let path = format!("/v1/subjects/{who}/verify");
    let probe = json!({"probe": base64(&photo("obama2.jpg"))});
    ask.post(&path, &probe).json()["decision"].clone()
}

#[test]
fn a_subject_sees_their_consents_with_a_device_key_withdraws_and_is_not_verified_any_more() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &Scope::ALL);
    let (ask, phone) = (house.ask(Some(&key)), Authenticator::new(1));
    owner(&ask, "ana", &phone);
    let photos = json!({"photos": [base64(&photo("obama.jpg"))]});
    assert_eq!(ask.post("/v1/subjects/ana/faces", &photos).status, 201);
    assert_eq!(verify(&ask, "ana"), "accept", "the control");
    let link = Link::open(&house, &ask, "ana", &json!({}));
    let shown = link.show().json();
    assert_eq!(shown["audience"], "https://shop.example");
    assert_eq!(shown["device_key"]["relying_party"], PARTY);
    assert!(shown.get("passkey").is_none());
    // The token alone says nothing of her, nor which passkeys she has.
    for word in ["ana", "verify", &URL_SAFE_NO_PAD.encode(&phone.credential)] {
        assert!(!shown.to_string().contains(word), "{word}");
    }
    let own = link.sign(&phone);
    let permit = permit(&own);
    let list = own.json()["consents"].clone();
    let export = ask.post("/v1/subjects/ana/export", &json!({})).json();
    assert_eq!(list, export["consents"]);
    assert_eq!(list[0]["evidence_sha256"], "e7".repeat(32));
    let done = link.withdraw(&permit, "verify");
    assert_eq!(done.status, 200, "{done:?}");
    let done = done.json();
    assert_eq!(done["withdrawn"], 1);
    assert_eq!(done["consents"][0]["state"], "withdrawn");
    assert_eq!(done["consents"][1]["state"], "active");
    assert_eq!(verify(&ask, "ana"), "reject");
    assert_eq!(link.withdraw(&permit, "verify").json()["withdrawn"], 0);
    assert_eq!(
        link.withdraw(&permit, "everything").problem(),
        "value_invalid"
    );
    // The last takes her passkeys along; the visit itself goes on.
    assert_eq!(link.withdraw(&permit, "payment").json()["withdrawn"], 1);
    let keys = ask.get("/v1/subjects/ana/device-keys").json();
    assert_eq!(keys, json!({ "device_keys": [] }));
    assert_eq!(
        open(&ask, "ana", &json!({})).problem(),
        "passkey_missing",
        "no further link"
    );
    // Both logs say that it was she.
    let export = ask.post("/v1/subjects/ana/export", &json!({})).json();
    let events = export["events"].as_array().unwrap();
    let hers: Vec<(&Value, &Value)> = events
        .iter()
        .filter(|event| event["by"] == "subject")
        .map(|event| (&event["kind"], &event["purpose"]))
        .collect();
    assert_eq!(
        hers,
        [
            (&json!("exported"), &Value::Null),
            (&json!("consent_withdrawn"), &json!("verify")),
            (&json!("consent_withdrawn"), &json!("payment")),
        ]
    );
    let log = ask.get("/v1/audit/entries?limit=1000").json();
    let by = |entry: &&Value| entry["by"] == "subject";
    let count = log["entries"].as_array().unwrap().iter().filter(by).count();
    assert_eq!(count, 3);
}

#[test]
fn a_holder_part_shows_its_holder_everything_and_withdraws_without_being_sent_again() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &Scope::ALL);
    let part = "1f".repeat(32);
    let held = house.ask(Some(&key)).header("Countenance-Holder", &part);
    assert_eq!(held.post("/v1/subjects", &json!({"id": "ana"})).status, 201);
    consents(&held, "ana", &["verify"]);
    let ask = house.ask(Some(&key));
    assert_eq!(open(&ask, "ana", &json!({})).problem(), "passkey_missing");
    let passkey = json!({"passkey": {"salt": SALT, "credentials": ["c2FtcGxl"]}});
    let link = Link::open(&house, &ask, "ana", &passkey);
    let shown = link.show().json();
    assert_eq!(shown["passkey"], passkey["passkey"]);
    assert!(shown.get("device_key").is_none());
    assert_eq!(link.hold(&"2e".repeat(32)).problem(), INVALID);
    let own = link.hold(&part);
    let permit = permit(&own);
    let own = own.json();
    assert_eq!(own["consents"][0]["text_version"], "1");
    let done = link.withdraw(&permit, "verify").json();
    assert_eq!(done["consents"][0]["state"], "withdrawn");
    assert!(done["consents"][0].get("text_version").is_none());
}

#[test]
fn wrong_passkeys_replays_and_links_that_are_over_are_one_answer_to_the_last_byte() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &Scope::ALL);
    let ask = house.ask(Some(&key));
    let (phone, theirs, tablet) = (
        Authenticator::new(1),
        Authenticator::new(2),
        Authenticator::new(3),
    );
    owner(&ask, "ana", &phone);
    owner(&ask, "eva", &theirs);
    let hers = || Link::open(&house, &ask, "ana", &json!({}));
    let mut refused = Vec::new();
    // Another person's passkey, and one of nobody's; then the right one, in time.
    let link = hers();
    refused.push(("another person's", link.sign(&theirs)));
    refused.push(("nobody's", link.sign(&tablet)));
    let used = signed(&phone, &link.challenge());
    let right = link.answer(&used);
    let permit = permit(&right);
    // The same answer again, the link again, and another link with the same answer.
    refused.push(("a replay", link.answer(&used)));
    refused.push(("the link again", link.show()));
    let again = signed(&phone, &challenge(&link.id, "x"));
    refused.push(("the link again with her passkey", link.answer(&again)));
    refused.push(("a permit that is none", link.withdraw("AAAA", "verify")));
    let cut = &permit[..permit.len() - 1];
    refused.push(("a permit cut short", link.withdraw(cut, "verify")));
    assert_eq!(link.withdraw(&permit, "device_unlock").status, 200);
    let second = hers();
    refused.push(("the one before a newer", link.withdraw(&permit, "verify")));
    refused.push(("a replay on another link", second.answer(&used)));
    // Three answers are all there are.
    refused.push(("wrong", second.sign(&tablet)));
    refused.push(("wrong again", second.sign(&tablet)));
    refused.push(("right, too late", {
        let (link, nonce) = (&second.id, URL_SAFE_NO_PAD.encode([0; 32]));
        second.answer(&signed(&phone, &challenge(link, &nonce)))
    }));
    refused.push(("used up", second.show()));
    // An answer to a question that was not asked.
    let third = hers();
    let guessed = signed(
        &phone,
        &challenge(&third.id, &URL_SAFE_NO_PAD.encode([0; 32])),
    );
    refused.push(("a question not asked", third.answer(&guessed)));
    refused.push(("a permit before", third.withdraw("", "verify")));
    // A key that was removed, and a subject that is gone.
    let keys = ask.get("/v1/subjects/ana/device-keys").json();
    let path = format!(
        "/v1/subjects/ana/device-keys/{}",
        keys["device_keys"][0]["id"].as_str().unwrap()
    );
    assert_eq!(ask.delete(&path).status, 204);
    refused.push(("a key that was removed", third.sign(&phone)));
    let eva = Link::open(&house, &ask, "eva", &json!({}));
    assert_eq!(ask.delete("/v1/subjects/eva").status, 200);
    refused.push(("erased", eva.sign(&theirs)));
    // Tokens of nothing.
    let none = house.ask(Some("AAAA"));
    refused.push(("another token", none.get(&eva.path(""))));
    refused.push((
        "no such link",
        none.get("/v1/consent-links/a-AAAAAAAAAAAAAAAAAAAAAA"),
    ));
    let first = seen(&refused[0].1);
    assert_eq!(refused[0].1.problem(), INVALID);
    for (what, reply) in &refused {
        assert_eq!(seen(reply), first, "{what}");
    }
    assert!(refused.len() > 18);
    // The controls: the answer that is right looks otherwise, and each try is in the log.
    assert_ne!(seen(&right), first);
    let export = ask.post("/v1/subjects/ana/export", &json!({})).json();
    let tries = export["events"].as_array().unwrap().iter();
    let tries = tries.filter(|event| event["kind"] == "decided" && event["outcome"] == "reject");
    assert_eq!(tries.count(), 7);
}

#[test]
fn of_many_answers_at_one_moment_one_is_looked_at_and_the_log_has_it_once() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &Scope::ALL);
    let part = "1f".repeat(32);
    let held = house.ask(Some(&key)).header("Countenance-Holder", &part);
    assert_eq!(held.post("/v1/subjects", &json!({"id": "ana"})).status, 201);
    consents(&held, "ana", &["verify"]);
    let passkey = json!({"passkey": {"salt": SALT, "credentials": []}});
    let link = Link::open(&house, &house.ask(Some(&key)), "ana", &passkey);
    let shown = std::thread::scope(|scope| {
        let all: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| link.hold(&part).status))
            .collect();
        all.into_iter()
            .map(|one| one.join().unwrap())
            .collect::<Vec<_>>()
    });
    let count = |status| shown.iter().filter(|one| **one == status).count();
    assert_eq!((count(200), count(401)), (1, 15), "{shown:?}");
    let export = held.post("/v1/subjects/ana/export", &json!({})).json();
    let events = export["events"].as_array().unwrap().iter();
    assert_eq!(events.filter(|event| event["by"] == "subject").count(), 1);
}

#[test]
fn a_link_ends_by_itself_and_so_does_the_visit() {
    // The server's own clock of steady time decides; what can be seen from outside is how long it says it lasts.
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &[Scope::Enroll]);
    let (ask, phone) = (house.ask(Some(&key)), Authenticator::new(1));
    owner(&ask, "ana", &phone);
    let link = Link::open(&house, &ask, "ana", &json!({}));
    let left = link.show().json()["ends_in_ms"].as_u64().unwrap();
    assert!((590_000..=600_000).contains(&left), "{left}");
    let own = link.sign(&phone).json();
    assert_eq!(own["ends_in_ms"], 600_000);
}

#[test]
fn what_does_not_read_is_told_and_is_no_answer() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &[Scope::Enroll]);
    let (ask, phone) = (house.ask(Some(&key)), Authenticator::new(1));
    owner(&ask, "ana", &phone);
    let link = Link::open(&house, &ask, "ana", &json!({}));
    let mut broken = signed(&phone, &link.challenge());
    broken["response"]["signature"] = json!("not base64url!");
    for _ in 0..5 {
        assert_eq!(link.answer(&broken).problem(), "value_invalid");
        assert_eq!(link.hold(&"1f".repeat(32)).problem(), "value_invalid");
        assert_eq!(link.hold("1f").problem(), "parameter_invalid");
        let empty = link.ask().post(&link.path("/consents"), &json!({}));
        assert_eq!(empty.problem(), "value_invalid");
        let more = json!({"device_key": broken, "subject": "eva"});
        let more = link.ask().post(&link.path("/consents"), &more);
        assert_eq!(more.problem(), "body_invalid");
    }
    assert_eq!(link.sign(&phone).status, 200);
}

#[test]
fn whoever_opens_a_link_is_told_what_stands_in_the_way() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &[Scope::Enroll]);
    let (ask, phone) = (house.ask(Some(&key)), Authenticator::new(1));
    owner(&ask, "ana", &phone);
    assert_eq!(ask.post("/v1/subjects", &json!({"id": "bob"})).status, 201);
    let none = json!({});
    assert_eq!(open(&ask, "nobody", &none).problem(), "subject_unknown");
    assert_eq!(open(&ask, "bob", &none).problem(), "passkey_missing");
    for more in [
        json!({"passkey": {"salt": SALT, "credentials": []}}),
        json!({"passkey": {"salt": "AAAA", "credentials": []}}),
        json!({"audience": ""}),
        json!({"way_out": "javascript:alert(1)"}),
        json!({"way_out": "http://shop.example/"}),
        json!({"way_out": "https://"}),
        json!({"way_out": "https:///way-out"}),
        json!({"way_out": "https://:443/"}),
        json!({"way_out": "https://shop.example:70000/"}),
        json!({"way_out": "https://shop.example:x@evil.example/"}),
        json!({"way_out": "http://localhost:80@evil.example/"}),
        json!({"way_out": "https://evil.example\\@shop.example/"}),
    ] {
        let refused = open(&ask, "ana", &more);
        assert_eq!(refused.status, 422, "{more}");
        assert_eq!(refused.problem(), "value_invalid", "{more}");
    }
    // Another tenant's is nobody's.
    let other = house.key("other", &[Scope::Enroll]);
    let other = house.ask(Some(&other));
    assert_eq!(open(&other, "ana", &none).problem(), "subject_unknown");
    // And a link that another tenant opened for somebody of the same id takes no passkey of ours.
    let theirs = Authenticator::new(2);
    owner(&other, "ana", &theirs);
    let link = Link::open(&house, &other, "ana", &none);
    assert_eq!(link.sign(&phone).problem(), INVALID);
    assert_eq!(link.sign(&theirs).status, 200);
    // Nor does it end ours, and a token of one opens no other.
    let ours = Link::open(&house, &ask, "ana", &none);
    let again = Link::open(&house, &other, "ana", &none);
    assert_eq!(ours.show().status, 200);
    let crossed = house.ask(Some(&again.token)).get(&ours.path(""));
    assert_eq!(crossed.problem(), INVALID);
    // A key of the platform is no token.
    let by_key = house.ask(Some(&key)).get(&ours.path(""));
    assert_eq!(by_key.problem(), INVALID);
}

#[test]
fn without_a_relying_party_the_setting_is_named() {
    let Some(house) = House::new() else { return };
    let key = house.key("acme", &[Scope::Enroll]);
    owner(&house.ask(Some(&key)), "ana", &Authenticator::new(1));
    // Another node of the same vault, whose operator forgot it.
    let node = house.beside("b").unwrap();
    let off = open(&node.ask(Some(&key)), "ana", &json!({}));
    assert_eq!(off.problem(), "device_keys_off");
    assert!(off.json()["detail"].to_string().contains("relying-party"));
}
