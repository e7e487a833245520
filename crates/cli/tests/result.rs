//! `result verify`, on the vectors.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails should say so where it fails"
)]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn vectors(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/result");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn verify(file: &Value, case: &Value, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let (jwks, jws) = (
        folder.path().join("jwks.json"),
        folder.path().join("result.jws"),
    );
    std::fs::write(&jwks, file["jwks"].to_string()).unwrap();
    // With the line end that an editor adds.
    std::fs::write(&jws, format!("{}\n", case["jws"].as_str().unwrap())).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_countenance"));
    command
        .args(["result", "verify"])
        .arg(&jws)
        .arg("--jwks")
        .arg(&jwks);
    command.args(["--audience", case["audience"].as_str().unwrap()]);
    command.args(["--at", &case["now"].to_string()]);
    for (name, flag) in [
        ("nonce", "--nonce"),
        ("approved_sha256", "--approved-sha256"),
        ("kind", "--kind"),
    ] {
        if let Some(value) = case[name].as_str() {
            command.args([flag, value]);
        }
    }
    command.args(more).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn every_good_vector_is_true_and_the_exit_code_is_its_outcome() {
    let file = vectors("good");
    for case in file["cases"].as_array().unwrap() {
        let done = verify(&file, case, &["--json"]);
        let said: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(said["valid"], true, "{}", case["name"]);
        let code = match said["claims"]["outcome"].as_str().unwrap() {
            "accept" => 0,
            "reject" => 1,
            _ => 3,
        };
        assert_eq!(done.status.code(), Some(code), "{}", case["name"]);
    }
}

#[test]
fn of_each_file_some_bad_vectors_are_refused_by_name() {
    for name in ["form", "key", "claims"] {
        let file = vectors(name);
        let cases = file["cases"].as_array().unwrap();
        // Starting a process for each would take long; core reads them all.
        let bad = cases.iter().filter(|case| {
            // The line end that is added here belongs to no result, and so is no fault of one.
            case["name"] != "a line end"
        });
        for case in bad.step_by(4) {
            let done = verify(&file, case, &["--json"]);
            let said: Value = serde_json::from_slice(&done.stdout).unwrap();
            assert_eq!(said["error"], case["expect"], "{}", case["name"]);
            assert_eq!(done.status.code(), Some(4), "{}", case["name"]);
        }
    }
}

#[test]
fn people_read_what_it_says_and_why_not_to_believe_it() {
    let file = vectors("good");
    let done = verify(&file, &file["cases"][0], &[]);
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(
        said.starts_with("accept  verify of ana\njudged 2027-01-15T07:59:30Z"),
        "{said}"
    );
    let file = vectors("claims");
    let expired = file["cases"]
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["name"] == "expired");
    let done = verify(&file, expired.unwrap(), &[]);
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("result does not hold at this time"), "{said}");
    assert!(said.contains("hint: do not act on it"), "{said}");
}
