//! `countenance verify` on real photos.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod fixture;

use fixture::{assert_exit, countenance, json, keys, sample, stderr};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn verify(reference: &Path, probe: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["verify".as_ref(), reference.as_os_str(), probe.as_os_str()];
    arguments.extend(more.iter().map(std::ffi::OsStr::new));
    countenance(arguments)
}

fn assert_shape_of_face(face: &Value, expected_face: bool) {
    assert_eq!(keys(face), ["box", "landmarks", "quality"]);
    let measures = [
        "brightness",
        "causes",
        "contrast",
        "face_width_px",
        "pitch_deg",
        "roll_deg",
        "sharpness",
        "visible_fraction",
        "yaw_deg",
    ];
    let mut found = keys(&face["quality"]);
    found.sort_unstable();
    assert_eq!(found, measures);
    if expected_face {
        let mut sides = keys(&face["box"]);
        sides.sort_unstable();
        assert_eq!(sides, ["height", "width", "x", "y"]);
        assert_eq!(face["landmarks"].as_array().unwrap().len(), 5);
        assert!(face["quality"]["face_width_px"].as_f64().unwrap() > 20.0);
    } else {
        assert!(face["box"].is_null() && face["landmarks"].is_null());
        assert!(face["quality"]["face_width_px"].is_null());
    }
}

fn assert_shape(answer: &Value) {
    let mut found = keys(answer);
    found.sort_unstable();
    let expected = [
        "cause",
        "decision",
        "fmr",
        "model",
        "probe",
        "reference",
        "score",
        "threshold",
        "timing_ms",
    ];
    assert_eq!(found, expected);
    let mut stages = keys(&answer["timing_ms"]);
    stages.sort_unstable();
    assert_eq!(
        stages,
        ["align", "decode", "detect", "embed", "match", "total"]
    );
    let stages = answer["timing_ms"].as_object().unwrap();
    assert!(stages.values().all(|time| time.as_f64().unwrap() >= 0.0));
    assert!(stages["total"].as_f64().unwrap() >= stages["decode"].as_f64().unwrap());
}

#[test]
fn two_photos_of_one_person_are_accepted() {
    let output = verify(&sample("obama.jpg"), &sample("obama2.jpg"), &["--json"]);
    assert_exit(&output, 0);
    let answer = json(&output);
    assert_shape(&answer);
    assert_shape_of_face(&answer["reference"], true);
    assert_shape_of_face(&answer["probe"], true);
    assert_eq!(answer["decision"], "accept");
    assert!(answer["cause"].is_null());
    assert_eq!(answer["model"], "sface-2021dec");
    assert!((answer["fmr"].as_f64().unwrap() - 1e-4).abs() < 1e-12);
    assert!(answer["score"].as_f64() >= answer["threshold"].as_f64());
    assert!(output.stderr.is_empty());
}

#[test]
fn photos_of_two_people_are_rejected_with_exit_code_1() {
    let output = verify(&sample("obama.jpg"), &sample("biden.jpg"), &["--json"]);
    assert_exit(&output, 1);
    let answer = json(&output);
    assert_shape(&answer);
    assert_eq!(answer["decision"], "reject");
    assert!(answer["score"].as_f64() < answer["threshold"].as_f64());
}

#[test]
fn a_stricter_rate_has_a_higher_threshold() {
    let threshold = |fmr| {
        let more = ["--json", "--fmr", fmr];
        let output = verify(&sample("obama.jpg"), &sample("obama2.jpg"), &more);
        json(&output)["threshold"].as_f64().unwrap()
    };
    assert!(threshold("1e-3") > threshold("1e-2"));
}

#[test]
fn a_rate_that_was_never_measured_is_bad_usage_and_the_hint_says_which_were() {
    let more = ["--fmr", "1e-12"];
    let output = verify(&sample("obama.jpg"), &sample("obama2.jpg"), &more);
    assert_exit(&output, 2);
    let said = stderr(&output);
    assert!(said.contains("hint: choose --fmr between"), "{said}");
}

#[test]
fn a_picture_without_a_face_is_to_be_taken_again_with_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    let wall = folder.path().join("wall.jpg");
    let encoder = jpeg_encoder::Encoder::new_file(&wall, 85).unwrap();
    let pixels = vec![150; 320 * 240 * 3];
    encoder
        .encode(&pixels, 320, 240, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    let drawing = folder.path().join("answer.png");
    let more = ["--json", "--draw", drawing.to_str().unwrap()];
    let output = verify(&sample("obama.jpg"), &wall, &more);
    assert_exit(&output, 3);
    let answer = json(&output);
    assert_shape(&answer);
    assert_shape_of_face(&answer["probe"], false);
    assert_eq!(answer["decision"], "recapture");
    assert_eq!(answer["cause"], "no_face");
    assert_eq!(answer["probe"]["quality"]["causes"][0], "no_face");
    assert!(answer["score"].is_null());
    assert!(drawing.is_file());

    let output = verify(&sample("obama.jpg"), &wall, &[]);
    assert_exit(&output, 3);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("no_face"), "{said}");
    assert!(said.contains("Take the probe picture again"), "{said}");
}

#[test]
fn the_answer_for_people_is_short_and_names_what_counts() {
    let output = verify(&sample("obama.jpg"), &sample("obama2.jpg"), &[]);
    assert_exit(&output, 0);
    let said = String::from_utf8(output.stdout).unwrap();
    for expected in ["accept", "Same person", "threshold", "1 in 10,000", "ms"] {
        assert!(said.contains(expected), "{expected} is missing in {said}");
    }
    assert!(said.lines().count() <= 8, "{said}");
    assert!(
        !said.contains('\u{1b}'),
        "colour without a terminal: {said}"
    );
}

#[test]
fn a_drawing_is_a_png_of_the_size_of_a_slide() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer.png");
    let more = ["--draw", path.to_str().unwrap()];
    let output = verify(&sample("obama.jpg"), &sample("biden.jpg"), &more);
    assert_exit(&output, 1);
    let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
    let reader = png::Decoder::new(file).read_info().unwrap();
    assert_eq!(reader.info().width, 2400);
    assert!(reader.info().height > 1200);
}

#[test]
fn a_drawing_that_cannot_be_written_is_an_error_that_names_the_file() {
    let more = ["--draw", "no/such/folder/answer.png"];
    let output = verify(&sample("obama.jpg"), &sample("obama2.jpg"), &more);
    assert_exit(&output, 4);
    let said = stderr(&output);
    assert!(
        said.starts_with("error: no/such/folder/answer.png: "),
        "{said}"
    );
}

#[test]
fn every_instruction_set_of_this_machine_gives_the_same_decision() {
    for isa in countenance_core::Isa::available() {
        let more = ["--isa", isa.name(), "--precision", "f32", "--json"];
        let output = verify(&sample("obama.jpg"), &sample("obama2.jpg"), &more);
        assert_exit(&output, 0);
        let output = verify(&sample("obama.jpg"), &sample("biden.jpg"), &more);
        assert_exit(&output, 1);
    }
}

fn document(arguments: &[&std::ffi::OsStr]) -> Output {
    let mut all: Vec<&std::ffi::OsStr> = vec!["document".as_ref(), "check".as_ref()];
    all.extend(arguments);
    countenance(all)
}

#[test]
fn a_portrait_without_a_zone_is_compared_and_the_zone_is_told_absent() {
    let [portrait, selfie, stranger] = ["obama.jpg", "obama3.jpg", "biden.jpg"].map(sample);
    let json_flag: &std::ffi::OsStr = "--json".as_ref();
    let same = document(&[portrait.as_os_str(), selfie.as_os_str(), json_flag]);
    assert_exit(&same, 0);
    let answer = json(&same);
    assert_eq!(answer["decision"], "accept");
    assert_eq!(answer["zone"]["reading"], "absent");
    assert_eq!(answer["zone"]["check_digits"], "absent");
    assert!(answer["zone"]["format"].is_null() && answer["zone"]["expired"].is_null());
    assert!(answer["zone"].get("lines").is_none());
    assert_shape_of_face(&answer["portrait"], true);
    assert_shape_of_face(&answer["selfie"], true);
    assert!(answer["timing_ms"]["zone"].as_f64().unwrap() >= 0.0);

    let other = document(&[portrait.as_os_str(), stranger.as_os_str()]);
    assert_exit(&other, 1);
    let words = String::from_utf8_lossy(&other.stdout).into_owned();
    assert!(words.contains("Not the person on the document"), "{words}");
    assert!(words.contains("genuine    not checked"), "{words}");

    // Strictly, a document without a zone that can be read is no document.
    let strict = document(&[
        portrait.as_os_str(),
        selfie.as_os_str(),
        "--strict".as_ref(),
    ]);
    assert_exit(&strict, 3);
}
