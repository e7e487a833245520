//! `collection` and `identify`, from an empty folder to a withdrawal.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod fixture;

use fixture::{assert_exit, json, sample, stderr};
use std::path::PathBuf;
use std::process::{Command, Output};

struct Place(tempfile::TempDir);

impl Place {
    /// A data folder with the collection `door` and its member ana.
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::write(place.0.path().join("form.pdf"), "signed").unwrap();
        for line in [
            "keyring init --data vault",
            "collection create door --data vault",
            "collection set --collection door --fmr 1e-5 --data vault",
            "subject add ana --collection door --data vault",
            "consent grant ana --purpose identify --text v1 --evidence form.pdf --collection door --data vault",
            "enroll ana obama.jpg --purpose identify --collection door --data vault",
        ] {
            place.answers(line, 0);
        }
        place
    }

    /// Runs a command line; a word that ends in `.jpg` is a sample photo.
    fn run(&self, line: &str) -> Output {
        let words = line.split(' ').map(|word| match word {
            photo if photo.ends_with(".jpg") => sample(photo),
            other => PathBuf::from(other),
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_countenance"));
        command.current_dir(&self.0).args(words);
        for name in ["DATA", "ROOT", "DATABASE", "RETENTION_DAYS"] {
            command.env_remove(format!("COUNTENANCE_{name}"));
        }
        command.env_remove("CREDENTIALS_DIRECTORY");
        command.output().unwrap()
    }

    fn answers(&self, line: &str, exit: i32) -> Output {
        let output = self.run(line);
        assert_exit(&output, exit);
        output
    }
}

#[test]
fn a_member_is_named_until_the_consent_is_withdrawn() {
    let place = Place::new();
    let ask = "identify obama2.jpg --collection door --data vault --json";
    let named = json(&place.answers(ask, 0));
    assert_eq!(
        (&named["decision"], &named["id"]),
        (&"accept".into(), &"ana".into())
    );
    assert_eq!(named["members"], 1);
    assert_eq!(
        named["policy"],
        "identify-1/sface-2021dec/fmr=1e-5/fpir=1e-3/margin=0.05"
    );
    assert!(
        named.get("score").is_none(),
        "scores are shown when asked for"
    );
    let list = "collection members --collection door --data vault --json";
    let listed = json(&place.answers(list, 0));
    assert_eq!(
        (
            &listed["members"][0]["id"],
            &listed["members"][0]["templates"]
        ),
        (&"ana".into(), &1.into())
    );
    let nobody = json(&place.answers(&ask.replace("obama2", "biden"), 1));
    assert_eq!(
        (&nobody["decision"], &nobody["id"]),
        (&"reject".into(), &serde_json::Value::Null)
    );
    place.answers(
        "consent withdraw ana --purpose identify --collection door --data vault",
        0,
    );
    let gone = json(&place.answers(ask, 1));
    assert_eq!(
        (&gone["decision"], &gone["members"]),
        (&"reject".into(), &0.into())
    );
    let listed = json(&place.answers(list, 0));
    assert_eq!(listed["members"].as_array().map(Vec::len), Some(0));
}

#[test]
fn above_a_hundredth_a_person_decides_and_the_number_of_members_is_computed() {
    let place = Place::new();
    let show = json(&place.answers("collection show --collection door --data vault --json", 0));
    let (fpir, upper) = (
        show["fpir"].as_f64().unwrap(),
        show["fmr_upper_95"].as_f64().unwrap(),
    );
    assert_eq!(show["most_members"], (fpir / upper) as u64);
    place.answers(
        "collection set --collection door --fpir 2e-2 --data vault",
        0,
    );
    let ask = "identify obama2.jpg --collection door --data vault --json";
    assert_eq!(json(&place.answers(ask, 1))["decision"], "refer");
    place.answers(
        "collection set --collection door --fpir 1e-5 --data vault",
        0,
    );
    let many = place.answers(ask, 4);
    assert!(stderr(&many).contains("target FPIR allows 0"), "{many:?}");
    place.answers("collection set --collection door --data vault", 2);
    place.answers("collection set --collection door --fpir 2 --data vault", 2);
    let list = json(&place.answers("collection list --data vault --json", 0));
    assert_eq!(list["collections"], serde_json::json!(["default", "door"]));
}
