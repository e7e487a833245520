//! The vectors of signed results: made here with a fixed key, read here and by `tests/vectors/result/read.py`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test that fails should say so where it fails"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_core::vault::{ResultKey, Timestamp};
use countenance_core::{
    Claims, DocumentClaim, Expected, KeySet, Kind, SessionOutcome, check_result, sign_result,
    thumbprint,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const NOW: u64 = 1_800_000_000;
const AUDIENCE: &str = "https://shop.example";
const NONCE: &str = "pb3N0x5qQmWq8o1vJz2r7g";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/result")
}

fn key(seed: u8) -> ResultKey {
    ResultKey::dangerous_from_seed(&[seed; 32]).unwrap()
}

fn jwk(key: &ResultKey, purpose: &str) -> Value {
    let x = key.public_key();
    json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(x), "kid": thumbprint(&x), "use": "sig", "purpose": purpose})
}

/// The set of the vectors: one key for results, one that is not for them, one under a name that is not its own, and one of
/// another kind.
fn jwks() -> Value {
    let mut misnamed = jwk(&key(3), "result");
    misnamed["kid"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    json!({"keys": [
        jwk(&key(2), "vault"),
        misnamed,
        {"kty": "oct", "k": "c2VjcmV0", "kid": "hmac", "purpose": "result"},
        jwk(&key(1), "result"),
    ]})
}

fn claims() -> Claims {
    Claims {
        v: 1,
        iss: format!("urn:countenance:vault:{}", "0123456789abcdef".repeat(2)),
        aud: AUDIENCE.to_owned(),
        iat: NOW - 10,
        exp: NOW + 50,
        jti: "q83vEjRWeJCrze8SNFZ4kA".to_owned(),
        sid: "a-q83vEjRWeJCrze8SNFZ4kA".to_owned(),
        nonce: NONCE.to_owned(),
        kind: Kind::Verify,
        outcome: SessionOutcome::Accept,
        judged: NOW - 30,
        sub: Some("ana".to_owned()),
        collection: Some("default".to_owned()),
        approved_sha256: Some("5e".repeat(32)),
        payment: None,
        transaction_sha256: None,
        document: None,
        consent_sha256: "c0".repeat(32),
        challenge: "light".to_owned(),
        capture: "unattested".to_owned(),
        factors: vec!["face".to_owned()],
        models: vec!["sface-2021dec-int8bq".to_owned()],
        policy: "session-1;fmr=0.0001".to_owned(),
    }
}

fn payment() -> Claims {
    Claims {
        kind: Kind::Payment,
        payment: Some("p-BwcHBwcHBwcHBwcHBwcHBw".to_owned()),
        transaction_sha256: Some("7a".repeat(32)),
        policy: "payment-1;fmr=0.0001;single-factor".to_owned(),
        ..claims()
    }
}

fn document() -> Claims {
    Claims {
        kind: Kind::Document,
        sub: None,
        collection: None,
        document: Some(DocumentClaim {
            zone: "clear".to_owned(),
            format: Some("TD3".to_owned()),
            check_digits: "passed".to_owned(),
            expired: Some(false),
            portrait: Some("page".to_owned()),
        }),
        ..claims()
    }
}

/// An identity check with another claim in place of one of its own.
fn documented(name: &str, value: Value) -> String {
    let mut claims = serde_json::to_value(document()).unwrap();
    claims[name] = value;
    compact(&header().to_string(), &claims.to_string(), &key(1))
}

/// A payment without one of its claims.
fn unpaid(name: &str) -> String {
    let mut claims = serde_json::to_value(payment()).unwrap();
    claims.as_object_mut().unwrap().remove(name).unwrap();
    compact(&header().to_string(), &claims.to_string(), &key(1))
}

/// A JWS of any header and claims.
fn compact(header: &str, claims: &str, by: &ResultKey) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(by.sign(signed.as_bytes()))
    )
}

fn header() -> Value {
    let kid = thumbprint(&key(1).public_key());
    json!({"alg": "EdDSA", "typ": "countenance-result+jwt", "kid": kid})
}

fn with(name: &str, value: Value) -> String {
    let mut claims = serde_json::to_value(claims()).unwrap();
    claims[name] = value;
    compact(&header().to_string(), &claims.to_string(), &key(1))
}

fn without(name: &str) -> String {
    let mut claims = serde_json::to_value(claims()).unwrap();
    claims.as_object_mut().unwrap().remove(name).unwrap();
    compact(&header().to_string(), &claims.to_string(), &key(1))
}

fn headed(name: &str, value: Value) -> String {
    let mut header = header();
    header[name] = value;
    let claims = serde_json::to_string(&claims()).unwrap();
    compact(&header.to_string(), &claims, &key(1))
}

fn case(name: &str, jws: &str, expect: &str) -> Value {
    json!({"name": name, "jws": jws, "audience": AUDIENCE, "now": NOW, "nonce": NONCE, "expect": expect})
}

fn set(mut case: Value, values: Value) -> Value {
    for (name, value) in values.as_object().unwrap() {
        case[name.as_str()] = value.clone();
    }
    case
}

fn good() -> Vec<Value> {
    let jws = sign_result(&claims(), &key(1)).unwrap();
    let presence = Claims {
        kind: Kind::Presence,
        sub: None,
        collection: None,
        approved_sha256: None,
        ..claims()
    };
    let rejected = Claims {
        outcome: SessionOutcome::Reject,
        ..claims()
    };
    let retaken = Claims {
        outcome: SessionOutcome::Recapture,
        ..claims()
    };
    let sign = |claims: &Claims| sign_result(claims, &key(1)).unwrap();
    let mut without_nonce = case(
        "a reader who remembers ids may leave the nonce out",
        &jws,
        "ok",
    );
    without_nonce.as_object_mut().unwrap().remove("nonce");
    vec![
        case("accepted", &jws, "ok"),
        case("rejected", &sign(&rejected), "ok"),
        case("to be taken again", &sign(&retaken), "ok"),
        case("presence", &sign(&presence), "ok"),
        set(
            case("a payment", &sign(&payment()), "ok"),
            json!({"approved_sha256": "5e".repeat(32), "kind": "payment"}),
        ),
        set(
            case(
                "a document",
                &sign_result(&document(), &key(1)).unwrap(),
                "ok",
            ),
            json!({"approved_sha256": "5e".repeat(32), "kind": "document"}),
        ),
        case(
            "a document without a zone",
            &documented(
                "document",
                json!({"zone": "absent", "check_digits": "absent"}),
            ),
            "ok",
        ),
        case(
            "a check of a document that nobody knows yet",
            &documented(
                "document",
                json!({"zone": "clear", "format": "TD3", "check_digits": "passed", "expired": false, "chip": "read"}),
            ),
            "ok",
        ),
        without_nonce,
        set(
            case("everything that can be asked for", &jws, "ok"),
            json!({"approved_sha256": "5e".repeat(32), "kind": "verify"}),
        ),
        case(
            "a claim that nobody knows yet",
            &with("later", json!({"x": [1]})),
            "ok",
        ),
        set(
            case("the last second", &jws, "ok"),
            json!({"now": NOW + 49}),
        ),
        set(
            case("a reader whose clock is five seconds behind", &jws, "ok"),
            json!({"now": NOW - 15}),
        ),
        case("sixty seconds", &with("exp", json!(NOW - 10 + 60)), "ok"),
        case(
            "decided two minutes before",
            &with("judged", json!(NOW - 10 - 120)),
            "ok",
        ),
    ]
}

fn bad_form() -> Vec<Value> {
    let jws = sign_result(&claims(), &key(1)).unwrap();
    let text = serde_json::to_string(&claims()).unwrap();
    let parts: Vec<&str> = jws.split('.').collect();
    let kid = thumbprint(&key(1).public_key());
    let mut cases = vec![
        case("nothing", "", "malformed"),
        case(
            "two parts",
            &format!("{}.{}", parts[0], parts[1]),
            "malformed",
        ),
        case("four parts", &format!("{jws}."), "malformed"),
        case("padding", &format!("{jws}=="), "malformed"),
        case("a line end", &format!("{jws}\n"), "malformed"),
        case(
            "standard base64",
            &format!("{}.{}.{}+/", parts[0], parts[1], &parts[2][..84]),
            "malformed",
        ),
        case(
            "unused bits are set",
            &format!("{}.{}.{}", parts[0], parts[1], set_unused_bit(parts[2])),
            "malformed",
        ),
        case(
            "too long",
            &format!("{}.{}.{}", parts[0], "A".repeat(8200), parts[2]),
            "malformed",
        ),
        case(
            "JSON form",
            &json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]}).to_string(),
            "malformed",
        ),
        case(
            "header is a list",
            &compact(
                &json!(["EdDSA", "countenance-result+jwt", kid]).to_string(),
                &text,
                &key(1),
            ),
            "header",
        ),
        case("header is no JSON", &compact("{", &text, &key(1)), "header"),
        case(
            "header has a tail",
            &compact(&format!("{}x", header()), &text, &key(1)),
            "header",
        ),
        case(
            "a repeated member",
            &compact(
                &format!(
                    r#"{{"alg":"none","alg":"EdDSA","typ":"countenance-result+jwt","kid":"{kid}"}}"#
                ),
                &text,
                &key(1),
            ),
            "header",
        ),
        case(
            "alg none without signature",
            &format!(
                "{}.{}.",
                URL_SAFE_NO_PAD
                    .encode(r#"{"alg":"none","typ":"countenance-result+jwt","kid":"x"}"#),
                parts[1]
            ),
            "header",
        ),
        case("another type", &headed("typ", json!("JWT")), "header"),
        case("kid is a number", &headed("kid", json!(1)), "header"),
    ];
    for alg in [
        "none", "None", "eddsa", "Ed25519", "HS256", "ES256", "RS256", "",
    ] {
        cases.push(case(
            &format!("alg {alg}"),
            &headed("alg", json!(alg)),
            "header",
        ));
    }
    for (name, value) in [
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/chain.pem")),
        ("jwk", jwk(&key(9), "result")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
    ] {
        cases.push(case(
            &format!("header says {name}"),
            &headed(name, value),
            "header",
        ));
    }
    for name in ["alg", "typ", "kid"] {
        let mut header = header();
        header.as_object_mut().unwrap().remove(name);
        cases.push(case(
            &format!("header without {name}"),
            &compact(&header.to_string(), &text, &key(1)),
            "header",
        ));
    }
    cases
}

/// The last character of 86 carries two bits and four that must be zero.
fn set_unused_bit(part: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (head, last) = part.split_at(part.len() - 1);
    let at = ALPHABET
        .iter()
        .position(|letter| *letter == last.as_bytes()[0])
        .unwrap();
    format!("{head}{}", char::from(ALPHABET[at | 1]))
}

fn bad_key() -> Vec<Value> {
    let jws = sign_result(&claims(), &key(1)).unwrap();
    let text = serde_json::to_string(&claims()).unwrap();
    let parts: Vec<&str> = jws.split('.').collect();
    let foreign = sign_result(&claims(), &key(9)).unwrap();
    let vaults = sign_result(&claims(), &key(2)).unwrap();
    let misnamed = sign_result(&claims(), &key(3)).unwrap();
    let by_another = compact(&header().to_string(), &text, &key(9));
    let mut signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    // s + L, with L the order of the group: the same signature to a reader who does not reduce.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    let malleable = format!(
        "{}.{}.{}",
        parts[0],
        parts[1],
        URL_SAFE_NO_PAD.encode(signature)
    );
    let zero = URL_SAFE_NO_PAD.encode([0; 64]);
    let mut cases = vec![
        case("a key that is not in the set", &foreign, "key"),
        case("the vault's other key", &vaults, "key"),
        case("a key under a name that is not its own", &misnamed, "key"),
        case(
            "its name but not its key",
            &headed("kid", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
            "key",
        ),
        case(
            "signed by another key under this name",
            &by_another,
            "signature",
        ),
        case(
            "no signature",
            &format!("{}.{}.", parts[0], parts[1]),
            "signature",
        ),
        case(
            "zeros",
            &format!("{}.{}.{zero}", parts[0], parts[1]),
            "signature",
        ),
        case("s is not reduced", &malleable, "signature"),
        case(
            "a signature that is cut",
            &format!(
                "{}.{}.{}",
                parts[0],
                parts[1],
                URL_SAFE_NO_PAD.encode([1; 63])
            ),
            "signature",
        ),
    ];
    // Each claim of each kind, and each member of those that have some, changed after signing.
    for (of, claims) in [
        ("", claims()),
        ("of a payment, ", payment()),
        ("of a document, ", document()),
    ] {
        let jws = sign_result(&claims, &key(1)).unwrap();
        let parts: Vec<&str> = jws.split('.').collect();
        let whole = serde_json::to_value(claims).unwrap();
        for (name, changed) in changed(&whole) {
            let jws = format!(
                "{}.{}.{}",
                parts[0],
                URL_SAFE_NO_PAD.encode(changed.to_string()),
                parts[2]
            );
            cases.push(case(&format!("{of}{name} is changed"), &jws, "signature"));
        }
    }
    cases
}

/// An object with one of its members changed, for each of them, by their names.
fn changed(whole: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (name, value) in whole.as_object().unwrap() {
        let others = match value {
            Value::String(text) => vec![(name.clone(), json!(format!("{text}x")))],
            Value::Number(number) => vec![(name.clone(), json!(number.as_u64().unwrap() + 1))],
            Value::Bool(is) => vec![(name.clone(), json!(!is))],
            Value::Object(_) => {
                let inner = changed(value).into_iter();
                inner
                    .map(|(member, other)| (format!("{name}.{member}"), other))
                    .collect()
            }
            _ => vec![(name.clone(), json!(["other"]))],
        };
        for (told, other) in others {
            let mut changed = whole.clone();
            changed[name.as_str()] = other;
            all.push((told, changed));
        }
    }
    all
}

fn bad_claims() -> Vec<Value> {
    let jws = sign_result(&claims(), &key(1)).unwrap();
    let text = serde_json::to_string(&claims()).unwrap();
    let repeated = format!("{},\"outcome\":\"accept\"}}", &text[..text.len() - 1]);
    let head = header().to_string();
    let mut cases = vec![
        case("another version", &with("v", json!(2)), "claims"),
        case(
            "claims are a list",
            &compact(&head, "[1]", &key(1)),
            "claims",
        ),
        case(
            "claims are no JSON",
            &compact(&head, "accept", &key(1)),
            "claims",
        ),
        case(
            "a repeated claim",
            &compact(&head, &repeated, &key(1)),
            "claims",
        ),
        case("an unknown kind", &with("kind", json!("guess")), "claims"),
        case(
            "an unknown outcome",
            &with("outcome", json!("Accept")),
            "claims",
        ),
        case("aud is a list", &with("aud", json!([AUDIENCE])), "claims"),
        case("exp is text", &with("exp", json!("1800000050")), "claims"),
        case(
            "exp is a fraction",
            &with("exp", json!(1_800_000_050.5)),
            "claims",
        ),
        case("iat is negative", &with("iat", json!(-1)), "claims"),
        case("a payment without its id", &unpaid("payment"), "claims"),
        case(
            "a payment without its transaction",
            &unpaid("transaction_sha256"),
            "claims",
        ),
        case(
            "a payment without what was shown",
            &unpaid("approved_sha256"),
            "claims",
        ),
        case("a payment of nobody", &unpaid("sub"), "claims"),
        case(
            "a verification with a payment",
            &with("payment", json!("p-BwcHBwcHBwcHBwcHBwcHBw")),
            "claims",
        ),
        case(
            "a document of which no check is told",
            &sign_result(
                &Claims {
                    document: None,
                    ..document()
                },
                &key(1),
            )
            .unwrap(),
            "claims",
        ),
        case(
            "a document that is nothing",
            &documented("document", Value::Null),
            "claims",
        ),
        case(
            "a document that is text",
            &documented("document", json!("clear")),
            "claims",
        ),
        case(
            "a document whose zone is not told",
            &documented("document", json!({"check_digits": "passed"})),
            "claims",
        ),
        case(
            "a document whose check digits are not told",
            &documented("document", json!({"zone": "clear"})),
            "claims",
        ),
        case(
            "a document that expired, in words",
            &documented(
                "document",
                json!({"zone": "clear", "check_digits": "passed", "expired": "no"}),
            ),
            "claims",
        ),
        case(
            "a document whose portrait is where a number says",
            &documented(
                "document",
                json!({"zone": "clear", "check_digits": "passed", "portrait": 1}),
            ),
            "claims",
        ),
        case(
            "a document of a subject",
            &documented("sub", json!("ana")),
            "claims",
        ),
        case(
            "a document with a payment",
            &documented("payment", json!("p-BwcHBwcHBwcHBwcHBwcHBw")),
            "claims",
        ),
        case(
            "a verification with a document",
            &with(
                "document",
                json!({"zone": "clear", "check_digits": "passed"}),
            ),
            "claims",
        ),
        set(
            case(
                "presence where a document was asked for",
                &sign_result(
                    &Claims {
                        kind: Kind::Presence,
                        document: None,
                        ..document()
                    },
                    &key(1),
                )
                .unwrap(),
                "binding",
            ),
            json!({"kind": "document"}),
        ),
        case(
            "presence of somebody",
            &with("kind", json!("presence")),
            "claims",
        ),
        case(
            "for somebody else",
            &with("aud", json!("https://shop.example.evil.example")),
            "audience",
        ),
        case("for nobody", &with("aud", json!("")), "audience"),
        case(
            "longer than a minute",
            &with("exp", json!(NOW - 10 + 61)),
            "time",
        ),
        case(
            "expires before it was signed",
            &with("exp", json!(NOW - 11)),
            "time",
        ),
        case("signed in the future", &with("iat", json!(NOW + 6)), "time"),
        case(
            "decided too long ago",
            &with("judged", json!(NOW - 10 - 121)),
            "time",
        ),
        case(
            "decided after it was signed",
            &with("judged", json!(NOW - 9)),
            "time",
        ),
        set(case("expired", &jws, "time"), json!({"now": NOW + 50})),
        set(case("not yet", &jws, "time"), json!({"now": NOW - 16})),
        set(
            case("another question", &jws, "nonce"),
            json!({"nonce": "pb3N0x5qQmWq8o1vJz2r7h"}),
        ),
        set(
            case("another text", &jws, "binding"),
            json!({"approved_sha256": "5f".repeat(32)}),
        ),
        set(
            case("another kind", &jws, "binding"),
            json!({"kind": "presence"}),
        ),
        set(
            case(
                "no text was approved",
                &without("approved_sha256"),
                "binding",
            ),
            json!({"approved_sha256": "5e".repeat(32)}),
        ),
    ];
    for name in [
        "v",
        "iss",
        "aud",
        "iat",
        "exp",
        "jti",
        "sid",
        "nonce",
        "kind",
        "outcome",
        "judged",
        "sub",
        "collection",
        "consent_sha256",
        "challenge",
        "capture",
        "factors",
        "models",
        "policy",
    ] {
        cases.push(case(&format!("without {name}"), &without(name), "claims"));
    }
    cases
}

/// What this reader says of a case.
fn read(case: &Value, keys: &KeySet) -> &'static str {
    let kind = match case["kind"].as_str() {
        Some("document") => Some(Kind::Document),
        Some("presence") => Some(Kind::Presence),
        Some("verify") => Some(Kind::Verify),
        _ => None,
    };
    let expected = Expected {
        audience: case["audience"].as_str().unwrap(),
        now: Timestamp::from_unix(case["now"].as_u64().unwrap()),
        nonce: case["nonce"].as_str(),
        approved_sha256: case["approved_sha256"].as_str(),
        kind,
    };
    match check_result(case["jws"].as_str().unwrap(), keys, &expected) {
        Ok(_) => "ok",
        Err(error) => error.name(),
    }
}

fn files() -> [(&'static str, Vec<Value>); 4] {
    [
        ("good", good()),
        ("form", bad_form()),
        ("key", bad_key()),
        ("claims", bad_claims()),
    ]
}

#[test]
fn the_vectors_that_are_checked_in_are_these() {
    for (name, cases) in files() {
        let file = json!({"jwks": jwks(), "cases": cases});
        let mut text = serde_json::to_string_pretty(&file).unwrap();
        text.push('\n');
        let path = folder().join(format!("{name}.json"));
        if std::env::var_os("UPDATE_VECTORS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            checked_in == text,
            "tests/vectors/result/{name}.json: UPDATE_VECTORS=1 cargo test -p countenance-core --test result_vectors"
        );
    }
}

#[test]
fn every_vector_is_read_as_it_says() {
    let keys = KeySet::from_json(jwks().to_string().as_bytes()).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (file, cases) in files() {
        for case in cases {
            count += 1;
            let got = read(&case, &keys);
            if case["expect"] != got {
                wrong.push(format!(
                    "{file}: {}: expected {}, got {got}",
                    case["name"], case["expect"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}: {wrong:#?}", wrong.len());
}

#[test]
fn a_set_without_a_key_for_results_is_none() {
    assert!(KeySet::from_json(b"{\"keys\":[]}").is_err());
    assert!(
        KeySet::from_json(
            json!({"keys": [jwk(&key(2), "vault")]})
                .to_string()
                .as_bytes()
        )
        .is_err()
    );
    assert!(KeySet::from_json(&vec![b' '; 65 << 10]).is_err());
}

#[test]
fn a_second_reader_reads_the_vectors_alike() {
    let script = folder().join("read.py");
    let done = Command::new("python3").arg(&script).output();
    let Ok(done) = done else {
        panic!("python3 is needed to read {}", script.display())
    };
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    if said.starts_with("SKIPPED") {
        assert!(std::env::var_os("CI").is_none(), "{said}");
        return;
    }
    assert!(
        done.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
}
