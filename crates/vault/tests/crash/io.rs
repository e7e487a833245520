//! The system refuses a write in the middle: not a store that pretends, but a file that may not
//! grow, at another place each time. The error is clear, and what was answered is there.

use crate::child::{self, Running};
use crate::load::{self, Ledger};
use crate::place::Place;
use countenance_vault::VaultError;
use countenance_vault::store::StoreError;

const CHILD: &str = "io::writing_child";

#[test]
#[ignore = "run by the test below as a process of its own"]
fn writing_child() {
    let Some(task) = child::task() else { return };
    let (vault, collection) = Place::parse(&task[0]).open();
    let round = task[1].parse().unwrap();
    let errors = load::run(&vault, &collection, round, &child::say);
    for error in errors {
        let clear = matches!(
            error,
            VaultError::Store(StoreError::Io { .. } | StoreError::Full | StoreError::NotDestroyed)
        );
        child::say(&format!("refused {clear} {error}"));
    }
    child::say("end");
    loop {
        std::thread::park();
    }
}

#[test]
fn an_io_error_at_any_write_is_clear_and_loses_nothing() {
    let mut answers = 0;
    for round in 0..14 {
        let (_folder, place) = Place::folder();
        let task = [&place.text()[..], &round.to_string()];
        // Blocks of 512 or 1024 bytes, as the shell has it: from the first pages of the log on.
        let mut child = Running::start_limited(CHILD, &task, 400 + round * 90);
        let mut ledger = Ledger::default();
        let mut refusals = 0;
        loop {
            let heard = child.hear();
            match heard.strip_prefix("refused ") {
                Some(refusal) => {
                    assert!(refusal.starts_with("true"), "round {round}: {refusal}");
                    refusals += 1;
                }
                None if heard == "end" => break,
                None => ledger.note(&heard),
            }
        }
        child.kill();
        assert_eq!(refusals, 5, "every thread met the error");
        let (vault, collection) = place.open();
        let missing = ledger.missing(&vault, &collection);
        assert!(missing.is_empty(), "round {round}: {missing:?}");
        answers += ledger.enrolled.len();
    }
    assert!(
        answers > 14,
        "writes happened before they failed: {answers}"
    );
}
