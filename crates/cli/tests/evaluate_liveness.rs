//! `countenance evaluate-liveness`: what of a manifest makes no sense is named. What it says of people and attacks is measured by
//! `make liveness-rates`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod fixture;

use fixture::{assert_exit, countenance, stderr};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Plays sessions of the recordings in a folder.
fn evaluate(root: &Path, sessions: &Value, more: &[&str]) -> std::process::Output {
    let manifest = root.join("few.json");
    let text = json!({"version": 1, "seed": 5, "sessions": sessions});
    fs::write(&manifest, text.to_string()).unwrap();
    let words = ["evaluate-liveness", "--threads", "2"];
    countenance(
        words
            .iter()
            .chain(more)
            .map(Into::into)
            .chain([manifest.into_os_string()]),
    )
}

#[test]
fn a_manifest_or_a_folder_that_makes_no_sense_is_named() {
    let root = tempfile::tempdir().unwrap();
    let nobody = json!([{"species": "genuine", "clips": "nobody"}]);
    let output = evaluate(root.path(), &nobody, &[]);
    assert_exit(&output, 4);
    assert!(stderr(&output).contains("nobody"), "{}", stderr(&output));
    fs::create_dir_all(root.path().join("nobody/smile")).unwrap();
    let output = evaluate(root.path(), &nobody, &[]);
    assert!(stderr(&output).contains("`neutral`"), "{}", stderr(&output));
    let output = evaluate(
        root.path(),
        &json!([{"species": "genuine", "clips": "../nobody"}]),
        &[],
    );
    assert!(
        stderr(&output).contains("session 1") && stderr(&output).contains("inside"),
        "{}",
        stderr(&output)
    );
}
