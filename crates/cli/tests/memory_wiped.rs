//! Nothing of a person is left in memory when the program is done with them; and the program
//! refuses core files and debuggers.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]
#![cfg(target_os = "linux")]

// The program's own file: its allocator serves this test too.
#[path = "../src/hardening.rs"]
mod hardening;
mod memory;

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, Stdio};

#[test]
#[ignore = "run by the memory test as a process of its own"]
fn memory_child() {
    memory::child();
}

#[test]
fn nothing_of_a_subject_is_left_in_memory_after_use() {
    let mut watched = memory::Watched::start();
    let said = watched.hear();
    if said != "holding" {
        eprintln!("SKIPPED: {said} (no models/store; run `cargo xtask models`)");
    }
    // Control: what is still held is found.
    let held = watched.found();
    for name in ["id", "holder part", "template", "root key", "pixels"] {
        assert!(
            held.iter().any(|(found, _)| *found == name),
            "{name}: {held:?}"
        );
    }
    watched.go_on();
    assert_eq!(watched.hear(), "ended");
    let left = watched.found();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
#[ignore = "run by the core-file test as a process of its own"]
fn aborting_child() {
    if std::env::var_os("COUNTENANCE_ABORTING_CHILD").is_some() {
        assert_eq!(
            hardening::begin().is_some(),
            std::env::var_os(hardening::OVERRIDE).is_some()
        );
        std::process::abort();
    }
}

/// Aborts in a folder of its own; whether the system wrote a core file.
fn dumps_core(allow_debugger: bool) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new("sh");
    // The soft limit is usually 0 already: raise it, so that only the program can refuse.
    child
        .args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""])
        .arg(program)
        .args(["aborting_child", "--exact", "--ignored", "--nocapture"])
        .env("COUNTENANCE_ABORTING_CHILD", "1")
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    if allow_debugger {
        child.env(hardening::OVERRIDE, "1");
    } else {
        child.env_remove(hardening::OVERRIDE);
    }
    let ended = child.status().unwrap();
    assert_eq!(ended.signal(), Some(6), "{ended}");
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert!(ended.core_dumped() || files == 0);
    ended.core_dumped()
}

#[test]
fn no_core_file_is_written() {
    if dumps_core(true) {
        assert!(!dumps_core(false));
    } else {
        eprintln!("SKIPPED: this system writes no core files, so nothing would be shown");
    }
}

#[test]
fn the_program_closes_its_memory_to_others_of_the_same_user() {
    let program = env!("CARGO_BIN_EXE_countenance");
    let owner = |allow: bool| {
        let mut command = Command::new(program);
        // It waits for a line that says which picture to look at.
        command.args(["detect", "/dev/stdin"]).stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.env_remove(hardening::OVERRIDE);
        if allow {
            command.env(hardening::OVERRIDE, "1");
        }
        let mut child = command.spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let line = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        line.unwrap()
            .split_whitespace()
            .rev()
            .nth(1)
            .unwrap()
            .to_owned()
    };
    assert_eq!(owner(false), "0", "hard limit");
    // Where the limit stands at 0 for everybody the override cannot raise it.
    println!("with the override: {}", owner(true));
}
