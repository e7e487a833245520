//! The control of `memory_wiped.rs`: without the wiping allocator the same search finds what was used.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]
#![cfg(target_os = "linux")]

mod memory;

#[test]
#[ignore = "run by the memory test as a process of its own"]
fn memory_child() {
    memory::child();
}

#[test]
fn control_without_wiping_faces_and_ids_are_found_after_use() {
    let mut watched = memory::Watched::start();
    let looked = watched.hear() == "holding";
    watched.go_on();
    assert_eq!(watched.hear(), "ended");
    let left = watched.found();
    println!("left: {left:?}");
    assert!(!left.is_empty());
    if looked {
        assert!(left.iter().any(|(found, _)| *found == "pixels"));
    }
}
