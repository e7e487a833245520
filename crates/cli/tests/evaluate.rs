//! `countenance evaluate` and `countenance calibrate` on the sample photos.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod fixture;

use fixture::{assert_exit, countenance, keys, sample, stderr};
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Output;

/// A folder `obama/1.jpg` to `obama/3.jpg` and `biden/1.jpg`, as data sets are laid out.
fn data_set() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, photo) in [
        ("obama/1.jpg", "obama.jpg"),
        ("obama/2.jpg", "obama2.jpg"),
        ("obama/3.jpg", "obama3.jpg"),
        ("biden/1.jpg", "biden.jpg"),
    ] {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(sample(photo), path).unwrap();
    }
    root
}

const PAIRS: &str = "\
a,b,same
obama/1.jpg,obama/2.jpg,1
obama/1.jpg,obama/3.jpg,1
obama/1.jpg,biden/1.jpg,0
obama/2.jpg,biden/1.jpg,0
";

fn evaluate(root: &Path, pairs: &str, more: &[&str]) -> Output {
    let list = root.join("pairs.csv");
    fs::write(&list, pairs).unwrap();
    let mut arguments: Vec<OsString> = ["evaluate", "--pairs"].map(OsString::from).to_vec();
    arguments.push(list.into());
    arguments.push("--images".into());
    arguments.push(root.into());
    arguments.extend(more.iter().map(OsString::from));
    countenance(arguments)
}

#[test]
fn an_evaluation_has_every_key_and_the_rates_of_the_photos() {
    let root = data_set();
    let list = root.path().join("pairs.csv");
    let list = list.to_str().unwrap().to_owned();
    let output = evaluate(
        root.path(),
        PAIRS,
        &["--json", "-", "--threshold-from", &list],
    );
    assert_exit(&output, 0);
    let found: Value = fixture::json(&output);
    for key in [
        "pairs",
        "genuine",
        "impostor",
        "failed_to_acquire",
        "accuracy",
        "accuracy_sd",
        "auc",
        "eer",
        "fnmr_at_fmr",
        "seconds",
    ] {
        assert!(keys(&found).contains(&key), "{key} is missing: {found}");
    }
    assert_eq!(
        [&found["pairs"], &found["genuine"], &found["impostor"]],
        [4, 2, 2]
    );
    assert_eq!(found["failed_to_acquire"], 0);
    assert_eq!(found["subjects"], 2);
    assert_eq!(found["accuracy"], 1.0);
    assert_eq!(found["auc"], 1.0);
    assert_eq!(found["eer"], 0.0);
    let points = &found["fnmr_at_fmr"];
    assert_eq!(keys(points), ["1e-2", "1e-3", "1e-4", "1e-5", "1e-6"]);
    for (rate, point) in points.as_object().unwrap() {
        for key in ["fnmr", "low", "high", "threshold", "supported"] {
            assert!(keys(point).contains(&key), "{rate}: {key} is missing");
        }
        // Two impostor comparisons say nothing about one in a hundred.
        assert_eq!(point["supported"], false, "{rate}");
    }
}

#[test]
fn all_pairs_compare_every_stranger_named_by_the_list() {
    let root = data_set();
    let output = evaluate(root.path(), PAIRS, &["--json", "-", "--all-pairs"]);
    assert_exit(&output, 0);
    let found = fixture::json(&output);
    assert_eq!([&found["genuine"], &found["impostor"]], [2, 3]);
    assert_eq!(found["listed_pairs"], 4);
    // A single list without --threshold-from has no accuracy.
    assert_eq!(found["accuracy"], Value::Null);
}

#[test]
fn the_score_of_every_listed_pair_is_written() {
    let root = data_set();
    let file = root.path().join("scores.csv");
    let output = evaluate(root.path(), PAIRS, &["--scores", file.to_str().unwrap()]);
    assert_exit(&output, 0);
    let text = fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (5, "a,b,same,score"));
    let score = |line: &str| line.rsplit(',').next().unwrap().parse::<f32>().unwrap();
    assert!(lines[1].starts_with("obama/1.jpg,obama/2.jpg,1,"), "{text}");
    assert!(score(lines[1]) > score(lines[3]), "{text}");
}

#[test]
fn all_pairs_of_nameless_pictures_are_a_usage_error() {
    let root = data_set();
    fs::copy(sample("biden.jpg"), root.path().join("loose.jpg")).unwrap();
    let pairs = format!("{PAIRS}obama/1.jpg,loose.jpg,0\n");
    let output = evaluate(root.path(), &pairs, &["--all-pairs"]);
    assert_exit(&output, 2);
    assert!(stderr(&output).contains("one folder per subject"));
}

#[test]
fn a_picture_without_a_face_is_a_failure_to_acquire_and_counts_as_wrong() {
    let root = data_set();
    fs::write(root.path().join("biden/2.jpg"), b"no picture at all").unwrap();
    let pairs = format!("{PAIRS}biden/1.jpg,biden/2.jpg,1\n");
    let list = root.path().join("pairs.csv");
    let list = list.to_str().unwrap().to_owned();
    let output = evaluate(
        root.path(),
        &pairs,
        &["--json", "-", "--threshold-from", &list],
    );
    assert_exit(&output, 0);
    let found = fixture::json(&output);
    assert_eq!(found["failed_to_acquire"], 1);
    assert_eq!(found["failed_pairs"], 1);
    assert_eq!(found["failures"][0]["image"], "biden/2.jpg");
    assert_eq!(found["accuracy"], 0.8);
    assert_eq!(found["genuine"], 2);
}

#[test]
fn a_bad_line_and_a_missing_picture_are_named() {
    let root = data_set();
    let output = evaluate(
        root.path(),
        "obama/1.jpg,obama/2.jpg,1\nobama/1.jpg,biden/1.jpg\n",
        &[],
    );
    assert_exit(&output, 4);
    assert!(
        stderr(&output).contains("pairs.csv: line 2: 2 fields, expected 3"),
        "{}",
        stderr(&output)
    );
    let output = evaluate(root.path(), "obama/1.jpg,obama/9.jpg,1\n", &[]);
    assert_exit(&output, 4);
    assert!(stderr(&output).contains("9.jpg"), "{}", stderr(&output));
}

#[test]
fn the_report_is_one_page_that_fetches_nothing() {
    let root = data_set();
    let folder = root.path().join("report");
    let output = evaluate(root.path(), PAIRS, &["--report", folder.to_str().unwrap()]);
    assert_exit(&output, 0);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().collect();
    assert_eq!(files.len(), 1);
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("data:image/jpeg;base64,"));
    for outside in [
        "http://", "https://", "src=\"/", "<script", "@import", "url(",
    ] {
        assert!(!page.contains(outside), "{outside} in the report");
    }
    assert!(
        !page.contains(root.path().to_str().unwrap()),
        "a folder of this machine is named"
    );
}

#[test]
fn a_calibration_is_written_with_its_provenance_and_kept_beside_others() {
    let root = data_set();
    let file = root.path().join("calibration.toml");
    let calibrate = |more: &[&str]| {
        let mut arguments: Vec<OsString> = vec!["calibrate".into(), "--images".into()];
        arguments.push(root.path().into());
        arguments.extend(["--data-set", "three photos and one", "--out"].map(OsString::from));
        arguments.push(file.clone().into());
        arguments.extend(more.iter().map(OsString::from));
        countenance(arguments)
    };
    assert_exit(&calibrate(&["--precision", "f32"]), 0);
    assert_exit(&calibrate(&["--precision", "f32", "--flip-averaging"]), 0);
    assert_exit(&calibrate(&["--precision", "f32"]), 0);
    let text = fs::read_to_string(&file).unwrap();
    let calibration = countenance_models::Calibration::parse(&text).unwrap();
    assert_eq!(calibration.tables().len(), 2);
    for table in calibration.tables() {
        assert_eq!((table.subjects, table.images), (2, 4));
        assert_eq!((table.genuine, table.impostor), (3, 3));
        assert_eq!(table.data_set, "three photos and one");
        assert_eq!(table.date.len(), "2026-01-01".len());
        assert_eq!(table.rows.len(), 5);
        assert!(table.rows.iter().all(|row| !row.supported));
    }
}

#[test]
fn a_calibration_of_another_model_is_left_alone() {
    let root = data_set();
    let file = root.path().join("other.toml");
    fs::write(&file, "model = \"another\"\n").unwrap();
    let output = countenance([
        "calibrate".as_ref(),
        "--images".as_ref(),
        root.path().as_os_str(),
        "--data-set".as_ref(),
        "x".as_ref(),
        "--out".as_ref(),
        file.as_os_str(),
    ]);
    assert_exit(&output, 4);
    assert!(
        stderr(&output).contains("of model another"),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "model = \"another\"\n");
}
