//! `bench`, `doctor`, `completions` and `man`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod fixture;

use fixture::{assert_exit, countenance, json, keys, stderr};
use std::io::Read as _;
use std::process::{Command, Stdio};

#[test]
fn bench_measures_every_stage_under_its_own_name() {
    let output = countenance(["bench", "--json", "--seconds", "0.01", "--isa", "scalar"]);
    assert_exit(&output, 0);
    let measured = json(&output);
    assert_eq!(keys(&measured), ["stages"]);
    let stages = measured["stages"].as_array().unwrap();
    let names: Vec<&str> = stages
        .iter()
        .map(|row| row["stage"].as_str().unwrap())
        .collect();
    let expected = [
        "decode_720p",
        "detect_160",
        "detect_320",
        "align",
        "embed",
        "match",
        "verify_720p",
    ];
    assert_eq!(names, expected);
    for row in stages {
        let mut found = keys(row);
        found.sort_unstable();
        assert_eq!(
            found,
            [
                "isa",
                "median_ms",
                "p95_ms",
                "precision",
                "stage",
                "threads"
            ]
        );
        let (median, p95) = (
            row["median_ms"].as_f64().unwrap(),
            row["p95_ms"].as_f64().unwrap(),
        );
        assert!(median > 0.0 && p95 >= median, "{row}");
        assert_eq!(row["isa"], "scalar");
        assert_eq!(row["threads"], 1);
    }
    let time = |name: &str| {
        let row = stages.iter().find(|row| row["stage"] == name).unwrap();
        row["median_ms"].as_f64().unwrap()
    };
    assert!(time("verify_720p") > time("match"));
}

#[test]
fn doctor_finds_this_machine_in_order_on_every_instruction_set_and_precision() {
    for precision in ["auto", "f32", "bf16"] {
        let output = countenance(["doctor", "--json", "--precision", precision]);
        assert_exit(&output, 0);
        let findings = json(&output);
        assert_eq!(findings["healthy"], true);
        let checks = findings["checks"].as_array().unwrap();
        let isas = countenance_core::Isa::available().count();
        assert_eq!(checks.len(), 2 * isas, "two networks on each of {isas}");
        assert!(
            checks.iter().all(|check| check["passed"] == true),
            "{findings}"
        );
    }
}

#[test]
fn doctor_shows_the_pinned_digests() {
    let output = countenance(["doctor", "--isa", "scalar"]);
    assert_exit(&output, 0);
    let said = String::from_utf8(output.stdout).unwrap();
    for model in countenance_models::Manifest::shipped().unwrap().models() {
        assert!(said.contains(&model.sha256.to_string()), "{said}");
    }
}

#[test]
fn doctor_refuses_weights_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let output = countenance([
        "doctor".as_ref(),
        "--models".as_ref(),
        folder.path().as_os_str(),
    ]);
    assert_exit(&output, 4);
    assert!(
        stderr(&output).contains("hint: fetch the weights"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn every_shell_has_completions_that_know_the_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = countenance(["completions", shell]);
        assert_exit(&output, 0);
        let script = String::from_utf8(output.stdout).unwrap();
        for command in ["verify", "detect", "evaluate", "bench", "doctor"] {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
}

#[test]
fn the_manual_page_has_a_section_for_every_command() {
    let output = countenance(["man"]);
    assert_exit(&output, 0);
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains(".TH countenance 1"), "{page}");
    for section in [
        "VERIFY",
        "DETECT",
        "EVALUATE",
        "BENCH",
        "DOCTOR",
        "COMPLETIONS",
        "MAN",
    ] {
        assert!(
            page.contains(&format!(".SH \"{section}\"")),
            "no section {section}"
        );
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_countenance"))
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    child.wait().unwrap();
    assert_eq!(said, "");
}
