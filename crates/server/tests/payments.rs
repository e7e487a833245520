//! Payments over real HTTP: what is asked of whom, what the payer is shown and agrees to, what is refused alike.
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
use countenance_core::vault::Name;
use countenance_core::{Expected, KeySet, Payment, PaymentId, WallClock as _, check_result};
use given::{Ask, House, Reply, base64, photo};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::time::Instant;

const AUDIENCE: &str = "https://shop.example";
const NONCE: &str = "pb3N0x5qQmWq8o1vJz2r7g";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn request(payer: &str) -> Value {
    json!({"subject": payer, "amount": 1250, "currency": "EUR", "payee": "Café Ana", "order": "2026-1138"})
}

fn session(payer: &str) -> Value {
    json!({"subject": payer, "audience": AUDIENCE, "nonce": NONCE, "way_out": "https://shop.example/other-way"})
}

struct Shop<'a> {
    house: &'a House,
    key: String,
}

impl<'a> Shop<'a> {
    fn new(house: &'a House) -> Self {
        let scopes = [Scope::Pay, Scope::Refund, Scope::Sessions];
        Self {
            house,
            key: house.key("acme", &scopes),
        }
    }

    fn ask(&self) -> Ask<'_> {
        self.house.ask(Some(&self.key))
    }

    fn make(&self, payer: &str) -> Value {
        let made = self.ask().post("/v1/payments", &request(payer));
        assert_eq!(made.status, 201, "{made:?}");
        made.json()
    }

    fn show(&self, payment: &Value) -> Value {
        let path = format!("/v1/payments/{}", payment["id"].as_str().unwrap());
        self.ask().get(&path).json()
    }

    fn open(&self, payment: &Value, payer: &str) -> Reply {
        let path = format!("/v1/payments/{}/sessions", payment["id"].as_str().unwrap());
        self.ask().post(&path, &session(payer))
    }

    fn till(&self, payment: &Value, payer: &str) -> Till<'a> {
        let opened = self.open(payment, payer);
        assert_eq!(opened.status, 201, "{opened:?}");
        let opened = opened.json();
        let text = |name: &str| opened[name].as_str().unwrap().to_owned();
        Till {
            house: self.house,
            id: text("id"),
            token: text("token"),
        }
    }
}

/// A terminal at which a person stands.
struct Till<'a> {
    house: &'a House,
    id: String,
    token: String,
}

impl Till<'_> {
    fn ask(&self) -> Ask<'_> {
        self.house.ask(Some(&self.token))
    }

    fn shown(&self) -> Value {
        self.ask().get(&format!("/v1/capture/{}", self.id)).json()
    }

    /// What it is asked to agree to by a page in this language.
    fn consent(&self, lang: &str) -> Value {
        let path = format!("/v1/capture/{}?lang={lang}", self.id);
        self.ask().get(&path).json()["consent"].clone()
    }

    /// Agrees, after this was shown.
    fn agree(&self, shown: &Value) -> Reply {
        self.agree_in("en", shown)
    }

    fn agree_in(&self, lang: &str, shown: &Value) -> Reply {
        let sha256 = self.consent(lang)["sha256"].clone();
        let path = format!("/v1/capture/{}/consent", self.id);
        let body = json!({"sha256": sha256, "calm": true, "shown_sha256": digest(shown)});
        self.ask().post(&path, &body)
    }

    /// Shows the camera a still photo to the end, and says which that was.
    fn still(&self, picture: &[u8]) -> String {
        self.until(picture, |_| {})
    }

    /// The same; `then` is told how many frames were looked at.
    fn until(&self, picture: &[u8], mut then: impl FnMut(u32)) -> String {
        let path = format!("/v1/capture/{}/frames", self.id);
        let picture = base64(picture);
        let begun = Instant::now();
        for number in 0..2000_u32 {
            let time = u32::try_from(begun.elapsed().as_millis()).unwrap() + 1000;
            let frames =
                json!({"frames": [{"frame": number, "time_ms": time, "picture": picture}]});
            let said = self.ask().post(&path, &frames).json();
            let mut said = said["messages"].as_array().unwrap().iter();
            if let Some(done) = said.find(|message| message["type"] == "done") {
                return done["state"].as_str().unwrap().to_owned();
            }
            then(number + 1);
            std::thread::sleep(std::time::Duration::from_millis(60));
        }
        panic!("it never ended");
    }
}

/// The digest of what a page shows, as docs/spec/payment-v1.md says: made of the fields, not of the server's word.
fn digest(shown: &Value) -> String {
    let text = |name: &str| match &shown[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let terms = format!(
        "countenance payment 1\nid: {}\namount: {}\ncurrency: {}\npayee: {}\norder: {}\nexpires: {}\n",
        text("id"),
        text("amount"),
        text("currency"),
        text("payee"),
        text("order"),
        text("expires")
    );
    hex(&Sha256::digest(terms))
}

fn frame(name: &str) -> Vec<u8> {
    let picture = image::load_from_memory(&photo(name)).unwrap();
    let small = picture.thumbnail(640, 480).to_rgb8();
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 85)
        .encode_image(&small)
        .unwrap();
    bytes
}

#[test]
fn a_payment_is_made_shown_and_canceled_and_tells_not_whether_its_payer_is_there() {
    let Some(house) = House::new() else { return };
    let shop = Shop::new(&house);
    let owner = house.key("acme", &[Scope::Enroll]);
    let added = house
        .ask(Some(&owner))
        .post("/v1/subjects", &json!({"id": "ana"}));
    assert_eq!(added.status, 201);
    let mut seen = Vec::new();
    for payer in ["ana", "bob"] {
        let made = shop.make(payer);
        assert_eq!(made["state"], "created");
        assert_eq!(made["policy"], "single-factor");
        assert_eq!(made["shown_sha256"], digest(&made));
        let shown = shop.show(&made);
        assert_eq!(shown, made);
        assert!(
            !shown.to_string().contains(payer),
            "it does not say whose it is"
        );
        let path = format!("/v1/payments/{}/cancel", made["id"].as_str().unwrap());
        let canceled = shop.ask().post(&path, &json!({})).json();
        assert_eq!(canceled["state"], "canceled");
        assert_eq!(shop.ask().post(&path, &json!({})).json(), canceled);
        assert_eq!(shop.open(&made, payer).problem(), "payment_over");
        let plain = |value: &Value| {
            let id = made["id"].as_str().unwrap();
            let digest = made["shown_sha256"].as_str().unwrap();
            value
                .to_string()
                .replace(id, "ID")
                .replace(digest, "DIGEST")
        };
        seen.push((plain(&made), plain(&canceled)));
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn what_nobody_may_be_asked_for_is_refused_and_says_why() {
    let Some(house) = House::new() else { return };
    let shop = Shop::new(&house);
    for (field, value, word) in [
        ("amount", json!(0), "amount"),
        ("amount", json!(5001), "payment-limits"),
        ("currency", json!("USD"), "payment-limits"),
        ("currency", json!("EURO"), "currency"),
        ("payee", json!(""), "payee"),
        ("payee", json!("A\u{202e}na"), "payee"),
        ("order", json!("two words"), "order"),
        ("lasts_s", json!(29), "30 to 3600"),
    ] {
        let mut request = request("ana");
        request[field] = value.clone();
        let refused = shop.ask().post("/v1/payments", &request);
        assert_eq!(refused.problem(), "value_invalid", "{field} {value}");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(word), "{field} {value}: {detail}");
    }
    for wrong in [
        json!({"amount": 12.5}),
        json!({"amount": -1}),
        json!({"amount": "1"}),
    ] {
        let mut request = request("ana");
        request["amount"] = wrong["amount"].clone();
        let refused = shop.ask().post("/v1/payments", &request);
        assert_eq!(refused.problem(), "body_invalid", "{wrong}");
    }
    let by_session = json!({"kind": "payment", "subject": "ana", "audience": AUDIENCE, "nonce": NONCE,
        "way_out": "https://shop.example/"});
    let refused = shop.ask().post("/v1/sessions", &by_session);
    assert_eq!(refused.problem(), "value_invalid");
}

#[test]
fn a_payment_and_a_refund_that_are_asked_again_are_done_once() {
    let Some(house) = House::new() else { return };
    let shop = Shop::new(&house);
    let once = |order: &str, key: &str| {
        let mut request = request("ana");
        request["order"] = json!(order);
        shop.ask()
            .header("Idempotency-Key", key)
            .post("/v1/payments", &request)
    };
    let (first, again) = (once("1", "a"), once("1", "a"));
    assert_eq!(first.json(), again.json());
    assert_ne!(first.json()["id"], once("1", "b").json()["id"]);
    assert_eq!(once("2", "a").problem(), "idempotency_mismatch");
    let path = format!(
        "/v1/payments/{}/refunds",
        first.json()["id"].as_str().unwrap()
    );
    let refund = shop.ask().post(&path, &json!({"amount": 1}));
    assert_eq!(refund.problem(), "payment_over", "nothing was approved");
}

#[test]
fn the_payer_is_shown_exactly_this_and_nothing_else_is_agreed_to() {
    let Some(house) = House::new() else { return };
    let shop = Shop::new(&house);
    let made = shop.make("ana");
    assert_eq!(
        shop.open(&made, "bob").problem(),
        "payment_unknown",
        "it is not his"
    );
    let till = shop.till(&made, "ana");
    let shown = till.shown();
    assert_eq!(shown["kind"], "payment");
    assert_eq!(
        shown["payment"],
        json!({"id": made["id"], "amount": 1250, "currency": "EUR", "digits": 2, "payee": "Café Ana",
            "order": "2026-1138", "expires": made["expires"]})
    );
    assert_eq!(shown["way_out"], "https://shop.example/other-way");
    let text = shown["consent"]["text"].as_str().unwrap();
    assert!(
        text.contains("\nEUR\u{a0}12.50 to Café Ana (order 2026-1138)\n"),
        "{text}"
    );
    assert!(shown["approve"].is_null());
    // Somebody changed what the page shows: whichever field it is, nothing is agreed to.
    for (field, value) in [
        ("amount", json!(1251)),
        ("currency", json!("USD")),
        ("payee", json!("Café Eva")),
        ("order", json!("2026-1139")),
        ("expires", json!(1)),
        ("id", json!("p-AAAAAAAAAAAAAAAAAAAAAA")),
    ] {
        let mut altered = shown["payment"].clone();
        altered[field] = value;
        assert_eq!(till.agree(&altered).problem(), "value_invalid", "{field}");
    }
    let path = format!("/v1/capture/{}/consent", till.id);
    let without = json!({"sha256": shown["consent"]["sha256"], "calm": true});
    assert_eq!(till.ask().post(&path, &without).problem(), "value_invalid");
    assert_eq!(shop.show(&made)["state"], "created", "nobody was shown it");
    assert_eq!(till.agree(&shown["payment"]).status, 200);
    assert_eq!(
        till.agree(&shown["payment"]).status,
        200,
        "again is the same"
    );
    assert_eq!(shop.show(&made)["state"], "shown");
}

#[test]
fn what_is_agreed_to_is_the_text_in_the_language_of_the_page() {
    let Some(house) = House::new() else { return };
    let shop = Shop::new(&house);
    let made = shop.make("ana");
    let till = shop.till(&made, "ana");
    let (english, german) = (till.consent("en"), till.consent("de-AT"));
    assert_eq!(
        (&english["lang"], &german["lang"]),
        (&json!("en"), &json!("de"))
    );
    let text = german["text"].as_str().unwrap();
    let paid = "\nMit einem Lächeln, um das Sie am Ende gebeten werden, bezahlen Sie:\n12,50\u{a0}EUR an Café Ana (Bestellung 2026-1138)\n";
    assert!(text.contains(paid), "{text}");
    for consent in [&english, &german] {
        let digest = hex(&Sha256::digest(consent["text"].as_str().unwrap()));
        assert_eq!(consent["sha256"], digest);
    }
    assert_eq!(till.consent("fr"), english, "there is none in French");
    assert_eq!(
        till.shown()["consent"],
        english,
        "nor where nothing is said"
    );
    let path = format!("/v1/capture/{}", till.id);
    for wrong in ["lang=", "lang=de%20", "lang=de&lang=en", "language=de"] {
        let refused = till.ask().get(&format!("{path}?{wrong}"));
        assert_eq!(refused.problem(), "parameter_invalid", "{wrong}");
    }
    let shown = till.shown()["payment"].clone();
    let other = json!({"sha256": hex(&Sha256::digest(text.replace("12,50", "1,25"))), "calm": true,
        "shown_sha256": digest(&shown)});
    let refused = till.ask().post(&format!("{path}/consent"), &other);
    assert_eq!(refused.problem(), "value_invalid");
    assert_eq!(till.agree_in("de", &shown).status, 200);
    assert_eq!(till.agree_in("de", &shown).status, 200, "again is the same");
    assert_eq!(
        till.agree_in("en", &shown).problem(),
        "session_over",
        "and another is not"
    );
}

/// What every route says of a payment with this id.
fn told(ask: &Ask<'_>, id: &str, query: &str) -> Vec<(u16, Vec<u8>)> {
    let path = |what: &str| format!("/v1/payments/{id}{what}{query}");
    let all = [
        ask.get(&path("")),
        ask.post(&path("/cancel"), &json!({})),
        ask.post(&path("/refunds"), &json!({"amount": 1})),
        ask.post(&path("/sessions"), &session("ana")),
    ];
    all.map(|reply| (reply.status, reply.body)).to_vec()
}

#[test]
fn a_payment_is_there_in_its_own_collection_and_for_keys_of_its_own_tenant_alone() {
    let Some(house) = House::new() else { return };
    let shop = Shop::new(&house);
    let (acme, club) = (Name::new("acme").unwrap(), Name::new("club").unwrap());
    let vault = house.registry.vault();
    vault
        .create_collection(&acme, &club, house.clock.now())
        .unwrap();
    let other = house.key("other", &[Scope::Pay, Scope::Refund, Scope::Sessions]);
    let other = house.ask(Some(&other));
    let owners = ["acme", "other"].map(|tenant| house.key(tenant, &[Scope::Enroll]));
    let [ours, theirs] = owners.each_ref().map(|key| house.ask(Some(key)));
    // Of somebody who is there and of somebody who is not.
    assert_eq!(ours.post("/v1/subjects", &json!({"id": "ana"})).status, 201);
    let unknown = told(&shop.ask(), "p-AAAAAAAAAAAAAAAAAAAAAA", "");
    assert!(unknown.iter().all(|(status, _)| *status == 404));
    for payer in ["ana", "bob"] {
        let made = shop.make(payer);
        let id = made["id"].as_str().unwrap();
        assert_eq!(told(&other, id, ""), unknown, "{payer}: another tenant");
        assert_eq!(
            told(&shop.ask(), id, "?collection=club"),
            unknown,
            "{payer}: another collection"
        );
        assert_eq!(shop.show(&made), made, "{payer}: nothing came of it");
    }
    let path = "/v1/subjects/ana/payments";
    assert_eq!(theirs.get(path).problem(), "subject_unknown");
    let listed = ours.get(path).json();
    assert_eq!(listed["payments"].as_array().unwrap().len(), 1, "control");
    // The same id in the other collection is somebody else, with payments of their own.
    let path = "/v1/subjects?collection=club";
    assert_eq!(ours.post(path, &json!({"id": "ana"})).status, 201);
    let listed = ours.get("/v1/subjects/ana/payments?collection=club").json();
    assert_eq!(listed, json!({ "payments": [] }));
}

#[test]
fn after_its_payer_was_erased_a_payment_is_as_if_it_had_never_been() {
    let Some(house) = House::new() else { return };
    let shop = Shop::new(&house);
    let owner = house.key("acme", &[Scope::Enroll]);
    let owner = house.ask(Some(&owner));
    assert_eq!(
        owner.post("/v1/subjects", &json!({"id": "ana"})).status,
        201
    );
    let made = shop.make("ana");
    let id = made["id"].as_str().unwrap();
    let till = shop.till(&made, "ana");
    let shown = till.shown()["payment"].clone();
    assert_eq!(shop.show(&made), made, "control");
    assert_eq!(owner.delete("/v1/subjects/ana").status, 200);
    let unknown = told(&shop.ask(), "p-AAAAAAAAAAAAAAAAAAAAAA", "");
    assert_eq!(told(&shop.ask(), id, ""), unknown);
    assert_eq!(till.agree(&shown).problem(), "session_over");
    // Whoever comes after under the same name has none of it.
    assert_eq!(
        owner.post("/v1/subjects", &json!({"id": "ana"})).status,
        201
    );
    assert_eq!(told(&shop.ask(), id, ""), unknown);
    let listed = owner.get("/v1/subjects/ana/payments").json();
    assert_eq!(listed, json!({ "payments": [] }));
}

#[test]
fn payments_are_listed_page_after_page() {
    let Some(house) = House::new() else { return };
    let shop = Shop::new(&house);
    let owner = house.key("acme", &[Scope::Enroll]);
    let owner = house.ask(Some(&owner));
    for who in ["ana", "bob"] {
        assert_eq!(owner.post("/v1/subjects", &json!({"id": who})).status, 201);
    }
    let mut made: Vec<String> = (0..5).map(|_| shop.make("ana")["id"].to_string()).collect();
    let path = "/v1/subjects/ana/payments";
    let (mut seen, mut next, mut sizes) = (Vec::new(), None::<String>, Vec::new());
    loop {
        let after = next.map_or(String::new(), |next| format!("&after={next}"));
        let page = owner.get(&format!("{path}?limit=2{after}")).json();
        let payments = page["payments"].as_array().unwrap();
        sizes.push(payments.len());
        seen.extend(payments.iter().map(|one| one["id"].to_string()));
        next = page["next"].as_str().map(str::to_owned);
        let Some(next) = &next else { break };
        // What opens for one subject opens for no other.
        let foreign = owner.get(&format!("/v1/subjects/bob/payments?after={next}"));
        assert_eq!(foreign.problem(), "parameter_invalid");
    }
    assert_eq!(sizes, [2, 2, 1]);
    made.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, made);
    let whole = owner.get(path).json();
    assert_eq!(whole["payments"].as_array().unwrap().len(), 5);
    assert!(whole["next"].is_null());
    for wrong in ["limit=0", "limit=1001", "after=p-AAAA", "after=", "from=1"] {
        let refused = owner.get(&format!("{path}?{wrong}"));
        assert_eq!(refused.problem(), "parameter_invalid", "{wrong}");
    }
}

#[test]
fn while_it_is_answered_no_further_session_is_opened_for_a_payment() {
    let Some(house) = House::new() else { return };
    let shop = Shop::new(&house);
    let made = shop.make("ana");
    assert_eq!(shop.open(&made, "ana").status, 201, "control");
    // Another terminal has come to the end of its challenge.
    let id: PaymentId = made["id"].as_str().unwrap().parse().unwrap();
    let (acme, default) = (Name::new("acme").unwrap(), Name::new("default").unwrap());
    let vault = house.registry.vault();
    let collection = vault.collection(&acme, &default).unwrap();
    let held = vault.payment(&collection, id.bytes()).unwrap().unwrap();
    let mut payment = Payment::from_bytes(held.note()).unwrap();
    let (shown, now) = (payment.terms().sha256(), house.clock.now());
    payment.show(&shown, now).unwrap();
    payment.begin([1; 16], &shown, now).unwrap();
    let note = payment.to_bytes();
    vault
        .change_payment(&collection, &held, (&note, true), None, now)
        .unwrap();
    assert_eq!(shop.show(&made)["state"], "answering");
    assert_eq!(shop.open(&made, "ana").problem(), "payment_answering");
    assert_eq!(shop.open(&made, "bob").problem(), "payment_unknown");
    house.clock.forward(60);
    assert_eq!(shop.open(&made, "ana").problem(), "payment_over");
    assert_eq!(shop.show(&made)["state"], "refused");
}

#[test]
fn what_was_canceled_or_is_too_old_is_not_agreed_to_and_ends_its_session() {
    let Some(house) = House::new() else { return };
    let shop = Shop::new(&house);
    let state = |till: &Till<'_>| {
        let path = format!("/v1/sessions/{}", till.id);
        shop.ask().get(&path).json()["state"].clone()
    };
    let made = shop.make("ana");
    let till = shop.till(&made, "ana");
    let shown = till.shown()["payment"].clone();
    let path = format!("/v1/payments/{}/cancel", made["id"].as_str().unwrap());
    assert_eq!(shop.ask().post(&path, &json!({})).status, 200);
    assert_eq!(till.agree(&shown).problem(), "session_over");
    assert_eq!(state(&till), "canceled");

    let made = shop.make("ana");
    let till = shop.till(&made, "ana");
    let shown = till.shown()["payment"].clone();
    house.clock.forward(600);
    assert_eq!(till.agree(&shown).problem(), "session_over");
    assert_eq!(shop.show(&made)["state"], "expired");
    assert_eq!(shop.open(&made, "ana").problem(), "payment_over");
}

#[test]
fn a_payment_that_is_over_is_not_captured_for_any_more_whoever_ended_it_and_where() {
    let Some(house) = House::new() else { return };
    let Some(other) = house.beside("b") else {
        return;
    };
    let shop = Shop::new(&house);
    let owner = house.key("acme", &Scope::ALL);
    let owner = house.ask(Some(&owner));
    let picture = frame("obama.jpg");
    let cancel = |on: &House, made: &Value| {
        let path = format!("/v1/payments/{}/cancel", made["id"].as_str().unwrap());
        let done = on.ask(Some(&shop.key)).post(&path, &json!({}));
        assert_eq!(done.json()["state"], "canceled");
    };
    type End<'a> = &'a dyn Fn(&Value);
    let ends: [(&str, u32, End<'_>); 4] = [
        ("canceled here", 3, &|made| cancel(&house, made)),
        ("canceled on another node", 40, &|made| cancel(&other, made)),
        ("expired", 40, &|_| house.clock.forward(601)),
        ("gone with its payer", 40, &|_| {
            assert_eq!(owner.delete("/v1/subjects/ana").status, 200);
        }),
    ];
    for (name, most, end) in ends {
        let id = json!({"id": "ana"});
        let _ = owner.post("/v1/subjects", &id);
        let made = shop.make("ana");
        let till = shop.till(&made, "ana");
        assert_eq!(till.agree(&till.shown()["payment"]).status, 200);
        let mut last = 0;
        let state = till.until(&picture, |number| {
            if number == 5 {
                end(&made);
            }
            last = number;
        });
        assert_eq!(state, "canceled", "{name}");
        assert!(last <= 5 + most, "{name}: {last} frames");
        let told = shop.ask().get(&format!("/v1/sessions/{}", till.id)).json();
        assert_eq!(
            (&told["state"], &told["result"]),
            (&json!("canceled"), &Value::Null),
            "{name}"
        );
    }
}

#[test]
fn a_still_photo_pays_nothing_whoever_it_shows_and_the_result_is_bound_to_the_whole() {
    let Some(house) = House::new() else { return };
    let owner = house.key("acme", &Scope::ALL);
    let ask = house.ask(Some(&owner));
    assert_eq!(ask.post("/v1/subjects", &json!({"id": "ana"})).status, 201);
    for purpose in ["verify", "payment"] {
        let consent =
            json!({"purpose": purpose, "text_version": "1", "evidence_sha256": "e7".repeat(32)});
        assert_eq!(ask.post("/v1/subjects/ana/consents", &consent).status, 201);
    }
    let photos = json!({"photos": [base64(&photo("obama.jpg"))]});
    assert_eq!(ask.post("/v1/subjects/ana/faces", &photos).status, 201);
    let shop = Shop::new(&house);
    let mut shapes = Vec::new();
    for (payer, name, lang) in [("ana", "obama.jpg", "en"), ("bob", "obama.jpg", "de")] {
        let made = shop.make(payer);
        // Two terminals have the same payment before them.
        let (one, two) = (shop.till(&made, payer), shop.till(&made, payer));
        for till in [&one, &two] {
            let agreed = till.agree_in(lang, &till.shown()["payment"]);
            assert_eq!(agreed.status, 200);
        }
        one.still(&frame(name));
        assert_eq!(two.still(&frame(name)), "canceled", "it is over");
        assert_eq!(shop.show(&made)["state"], "refused");
        let status = shop.ask().get(&format!("/v1/sessions/{}", two.id)).json();
        assert_eq!(status["state"], "canceled");
        let read = one.consent(lang)["sha256"].clone();
        let status = shop.ask().get(&format!("/v1/sessions/{}", one.id)).json();
        assert_eq!(status["outcome"], "reject");
        let result = status["result"].as_str().unwrap();
        let jwks = house.ask(None).get("/.well-known/jwks.json");
        let keys = KeySet::from_json(&jwks.body).unwrap();
        let shown = made["shown_sha256"].as_str().unwrap();
        let expected = Expected {
            audience: AUDIENCE,
            now: house.clock.now(),
            nonce: Some(NONCE),
            approved_sha256: Some(shown),
            kind: Some(countenance_core::Kind::Payment),
        };
        let claims = check_result(result, &keys, &expected).unwrap();
        assert_eq!(claims.payment.as_deref(), made["id"].as_str());
        assert_eq!(claims.consent_sha256, read, "the text that was read");
        assert_eq!(claims.factors, ["face"]);
        assert!(
            claims.policy.ends_with(";single-factor"),
            "{}",
            claims.policy
        );
        let whole = format!(
            "countenance payment 1\nid: {}\namount: 1250\ncurrency: EUR\npayee: Café Ana\norder: 2026-1138\n\
             expires: {}\ncollection: default\npayer: {payer}\n",
            made["id"].as_str().unwrap(),
            made["expires"]
        );
        let whole = hex(&Sha256::digest(whole));
        assert_eq!(claims.transaction_sha256.as_deref(), Some(whole.as_str()));
        let body = result.split('.').nth(1).unwrap();
        let body: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
        let shape: Vec<(String, usize)> = body
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.to_string().len()))
            .collect();
        shapes.push(shape);
    }
    assert!(shapes.windows(2).all(|two| two[0] == two[1]), "{shapes:?}");
    // Who sees the subjects sees what they were asked to pay.
    let listed = ask.get("/v1/subjects/ana/payments").json();
    assert_eq!(listed["payments"].as_array().unwrap().len(), 1);
    assert_eq!(
        ask.get("/v1/subjects/bob/payments").problem(),
        "subject_unknown"
    );
    let export = ask.post("/v1/subjects/ana/export", &json!({})).json();
    assert_eq!(export["payments"], listed["payments"]);
}
