//! What is logged and counted names nobody. Alone in its file: a log has one reader per process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_api::Scope;
use given::{House, photo};
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn logs_and_metrics_name_nobody_even_when_everything_is_logged() {
    let lines = Lines::default();
    let writer = lines.clone();
    tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let Some(mut house) = House::new() else {
        return;
    };
    let scopes = [
        Scope::Enroll,
        Scope::Identify,
        Scope::Verify,
        Scope::Admin,
        Scope::Audit,
        Scope::Scores,
    ];
    let key = house.key("acme", &scopes);
    let (id, holder) = ("canary-7391", "c7".repeat(32));
    let ask = house.ask(Some(&key)).header("Countenance-Holder", &holder);
    let path = format!("/v1/subjects/{id}");
    assert_eq!(ask.post("/v1/subjects", &json!({"id": id})).status, 201);
    let evidence = "ca".repeat(32);
    let consent =
        json!({"purpose": "verify", "text_version": "canary text", "evidence_sha256": evidence});
    assert_eq!(ask.post(&format!("{path}/consents"), &consent).status, 201);
    let faces = ask.form(&format!("{path}/faces"), &[("photo", &photo("obama.jpg"))]);
    assert_eq!(faces.status, 201, "{faces:?}");
    let accepted = ask.form(
        &format!("{path}/verify"),
        &[("probe", &photo("obama2.jpg"))],
    );
    assert_eq!(accepted.json()["decision"], "accept");
    ask.put("/v1/collections/canary-door", &json!({}));
    ask.form(
        "/v1/collections/canary-door/identify",
        &[("probe", &photo("obama2.jpg"))],
    );
    ask.form(&format!("{path}/verify"), &[("probe", b"no picture")]);
    ask.post(&path, &json!({"id": id}));
    ask.get(&format!("/{id}?{id}={id}"));
    assert_eq!(ask.delete(&path).status, 200);
    let metrics = String::from_utf8(ask.get("/metrics").body).unwrap();
    house.close();
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let secret = key.rsplit('_').next().unwrap();
    for canary in [
        id,
        &holder,
        &evidence,
        "canary text",
        secret,
        "acme",
        "canary-door",
    ] {
        assert!(!log.contains(canary), "the log has {canary}");
        assert!(!metrics.contains(canary), "the metrics have {canary}");
    }
    // The positive control: log and metrics speak of the very requests.
    let route = "/v1/subjects/{subject}/verify";
    assert!(log.contains(route) && log.contains("answered"), "{log}");
    assert!(
        metrics.contains(r#"outcomes_total{use_case="verify",outcome="accept"} 1"#),
        "{metrics}"
    );
}
