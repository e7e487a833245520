//! The vectors of the texts of consent: made here, and built anew by `tests/vectors/consent/read.py` from the page of the
//! specification alone.
#![allow(
    clippy::unwrap_used,
    reason = "a test that fails should say so where it fails"
)]

use countenance_core::vault::Timestamp;
use countenance_core::{
    CONSENT_VERSION, Kind, Language, PaymentId, Terms, consent_text, text_sha256,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/consent")
}

fn terms(amount: u64, code: &str, payee: &str, order: &str) -> Terms {
    let money = (amount, code.parse().unwrap());
    let now = Timestamp::from_unix(1_800_000_000);
    let id = PaymentId::new([7; 16]);
    Terms::new(id, money, (payee, order), (now, 600)).unwrap()
}

fn case(
    name: &str,
    language: Language,
    kind: Kind,
    audience: &str,
    approve: Option<&str>,
) -> Value {
    let text = consent_text(language, kind, audience, approve);
    let mut case = json!({
        "name": name, "lang": language.tag(), "kind": kind, "audience": audience,
        "sha256": text_sha256(&text), "text": text,
    });
    if let Some(approve) = approve.filter(|_| kind != Kind::Payment) {
        case["approve"] = json!(approve);
    }
    case
}

fn made() -> Value {
    let shop = "https://shop.example";
    let odd = "urn:{approve}";
    let mut cases = Vec::new();
    for language in Language::ALL {
        for kind in [Kind::Presence, Kind::Verify, Kind::Document] {
            cases.push(case("nothing to approve", language, kind, shop, None));
            let door = Some("Open the {audience} [door]\nof laboratory 3");
            cases.push(case("a text to approve", language, kind, odd, door));
        }
        for (amount, code, payee, order) in [
            (1250, "EUR", "Café Ana", "2026-1138"),
            (5, "EUR", "Café Ana", "2026-1138"),
            (123_456_789, "EUR", "Müller & Söhne", "{order}"),
            (1_250_000, "JPY", "Kiosk", "7"),
            (1250, "KWD", "Kiosk", "7"),
        ] {
            let terms = terms(amount, code, payee, order);
            let sentence = terms.sentence(language);
            let name = format!("{amount} {code}");
            let mut one = case(&name, language, Kind::Payment, shop, Some(&sentence));
            one["payment"] = json!({
                "amount": amount, "currency": code, "digits": terms.currency().digits(),
                "payee": payee, "order": order,
            });
            cases.push(one);
        }
    }
    json!({
        "about": "Texts that people agree to, and their digests (docs/spec/consent-v2.md).",
        "version": CONSENT_VERSION,
        "cases": cases,
    })
}

#[test]
fn the_texts_are_those_of_the_vectors() {
    let path = folder().join("texts.json");
    let made = made();
    if std::env::var_os("COUNTENANCE_WRITE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(&made).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(kept, made);
}

#[test]
fn a_reader_who_knows_the_specification_alone_builds_the_same_texts() {
    let script = folder().join("read.py");
    let done = Command::new("python3").arg(script).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
}
