//! `bench`, `doctor`, `completions` and `man`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod fixture;

use fixture::{assert_exit, countenance, json, keys, sample, stderr};
use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What was measured, in order.
fn names(stages: &[serde_json::Value]) -> Vec<&str> {
    let names = stages.iter().map(|row| row["stage"].as_str().unwrap());
    names.collect()
}

#[test]
fn bench_measures_every_stage_under_its_own_name() {
    let output = countenance(["bench", "--json", "--seconds", "0.01", "--isa", "scalar"]);
    assert_exit(&output, 0);
    let measured = json(&output);
    assert_eq!(keys(&measured), ["stages"]);
    let stages = measured["stages"].as_array().unwrap();
    let expected = [
        "decode_720p",
        "detect_160",
        "detect_320",
        "align",
        "embed",
        "match",
        "verify_720p",
    ];
    assert_eq!(names(stages), expected);
    for row in stages {
        let mut found = keys(row);
        found.sort_unstable();
        assert_eq!(
            found,
            [
                "isa",
                "median_ms",
                "p95_ms",
                "p99_ms",
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
fn bench_measures_frames_of_a_session_and_refuses_one_without_a_face() {
    let line = ["bench", "--json", "--seconds", "0.01", "--frame"];
    let of = |photo: &Path| {
        let words = line.map(OsString::from).into_iter();
        countenance(words.chain([photo.into()]))
    };
    let output = of(&sample("obama2.jpg"));
    assert_exit(&output, 0);
    let measured = json(&output);
    let stages = measured["stages"].as_array().unwrap();
    assert_eq!(names(stages), ["frame_first", "frame_next"]);
    let folder = tempfile::tempdir().unwrap();
    let gray = folder.path().join("gray.jpg");
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, 80)
        .encode(&[90; 64 * 64 * 3], 64, 64, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    fs::write(&gray, file).unwrap();
    let output = of(&gray);
    assert_ne!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("no_face"), "{}", stderr(&output));
}

#[test]
fn bench_searches_a_synthetic_gallery_under_the_same_keys() {
    let line = ["bench", "--json", "--seconds", "0.01", "--gallery", "3000"];
    let output = countenance(line);
    assert_exit(&output, 0);
    let measured = json(&output);
    let stages = measured["stages"].as_array().unwrap();
    assert_eq!(names(stages), ["identify", "identify_batch", "insert"]);
    for row in stages {
        assert_eq!(row["precision"], "int8");
        assert!(row["p99_ms"].as_f64().unwrap() >= row["median_ms"].as_f64().unwrap());
    }
}

/// Rows of f32 as NumPy writes them.
fn array(rows: &[Vec<f32>]) -> Vec<u8> {
    let shape = format!("({}, {})", rows.len(), rows[0].len());
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|v| v.to_le_bytes()));
    bytes
}

/// The answers of brute force in f64; rows so near to the threshold or to one another that f32 may
/// decide otherwise are not among them.
#[test]
fn bench_answers_for_a_gallery_file_what_brute_force_answers() {
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut rows = |count: usize| -> Vec<Vec<f32>> {
        (0..count)
            .map(|_| (0..48).map(|_| next() + 0.1).collect())
            .collect()
    };
    let (gallery, mut probes) = (rows(3000), rows(40));
    probes.extend(
        gallery[..5]
            .iter()
            .map(|row| row.iter().map(|v| v * 3.0).collect()),
    );
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("g.npy"), array(&gallery)).unwrap();
    fs::write(path("p.npy"), array(&probes)).unwrap();
    let text = |name: &str| path(name).to_str().unwrap().to_owned();
    let line = |threshold: &str| {
        countenance([
            "bench".to_owned(),
            "--json".to_owned(),
            "--gallery-file".to_owned(),
            text("g.npy"),
            "--probes".to_owned(),
            text("p.npy"),
            "--answers".to_owned(),
            text("a.npy"),
            "--threshold".to_owned(),
            threshold.to_owned(),
        ])
    };
    let unit = |row: &[f32]| -> Vec<f64> {
        let norm = row
            .iter()
            .map(|v| f64::from(*v).powi(2))
            .sum::<f64>()
            .sqrt();
        row.iter().map(|v| f64::from(*v) / norm).collect()
    };
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let units: Vec<Vec<f64>> = gallery.iter().map(|row| unit(row)).collect();
    let mut found_some = 0;
    for threshold in [0.3, 0.45, 0.6] {
        assert_exit(&line(&threshold.to_string()), 0);
        let bytes = fs::read(path("a.npy")).unwrap();
        let answers = bytes[bytes.len() - probes.len() * 8..].as_chunks::<8>().0;
        for (probe, answer) in probes.iter().zip(answers) {
            let probe = unit(probe);
            let scores: Vec<f64> = units.iter().map(|row| product(row, &probe)).collect();
            let (best, score) = scores
                .iter()
                .enumerate()
                .max_by(|a, b| a.1.total_cmp(b.1))
                .unwrap();
            let mut sorted = scores.clone();
            sorted.sort_by(f64::total_cmp);
            assert!(sorted[2999] - sorted[2998] > 1e-6 && (score - threshold).abs() > 1e-6);
            let wanted = if *score >= threshold { best as i64 } else { -1 };
            found_some += usize::from(wanted >= 0);
            assert_eq!(i64::from_le_bytes(*answer), wanted, "{threshold}: {score}");
        }
    }
    assert!((10..125).contains(&found_some), "{found_some} of 135");
    // Without the other files it is no command line.
    let alone = countenance(["bench", "--gallery-file", "g.npy"]);
    assert_exit(&alone, 2);
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
        assert_eq!(checks.len(), 3 * isas, "three networks on each of {isas}");
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
