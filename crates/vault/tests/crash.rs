//! kill -9 at random moments under load: what was answered is there, no attempt is refunded,
//! nothing erased comes back, and the log is whole.
//!
//! `COUNTENANCE_CRASH_ROUNDS` sets the number of rounds (default 8; the long test runs 200).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::cloned_ref_to_slice_refs,
    reason = "a test that fails should say so where it fails"
)]
#![cfg(unix)]

mod given;

use countenance_vault::store::{Durability, SqliteStore, Store};
use countenance_vault::{
    Collection, Lock, Purpose, RootKey, Settings, SystemRandom, Vault, VaultError,
};
use given::{at, grant_for, id, model, name};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const CHILD: &str = "COUNTENANCE_CRASH_CHILD";

fn open(folder: &Path) -> Vault {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder, Durability::Full).unwrap());
    let source = Arc::new(RootKey::dangerous_from_bytes(&[1; 32]));
    let random = Arc::new(SystemRandom);
    Vault::open(store, source, random, Settings::default(), at(0)).unwrap()
}

fn say(text: &str) {
    // One write per line: the parent never sees half of one that was answered.
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n@{text}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn enroll(vault: &Vault, collection: &Collection, who: &str, byte: u8) -> Result<(), VaultError> {
    let subject = vault.add_subject(collection, &id(who), None, at(0))?;
    let consent = vault.grant(&subject, &grant_for(Purpose::Verify, 300), at(0))?;
    vault.enroll(&subject, &consent, &model(), &[byte; 132], at(0))?;
    Ok(())
}

/// The process that is killed: several threads enroll, erase, count attempts, rotate.
#[test]
#[ignore = "run by the crash tests as a process of its own"]
fn crash_child() {
    let Ok(folder) = std::env::var(CHILD) else {
        return;
    };
    let (folder, round) = folder.rsplit_once('#').unwrap();
    let vault = open(Path::new(folder));
    let collection = vault.collection(&name("acme"), &name("staff")).unwrap();
    say("ready");
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (vault, collection) = (&vault, &collection);
            scope.spawn(move || {
                for n in 0.. {
                    let who = format!("{round}-{thread}-{n}");
                    enroll(vault, collection, &who, n as u8).unwrap();
                    say(&format!("enrolled {who} {}", n as u8));
                    if n % 3 == 2 {
                        let target = vault.find(collection, &id(&who)).unwrap();
                        say(&format!("erasing {who}"));
                        vault.erase(target.subject().unwrap(), None, at(0)).unwrap();
                        say(&format!("erased {who}"));
                    }
                }
            });
        }
        scope.spawn(|| {
            for n in 0.. {
                let who = id(&format!("victim {round} {}", n / 5));
                let target = vault.find(&collection, &who).unwrap();
                let attempt = vault
                    .count_attempt(&target, Purpose::Verify, at(0))
                    .unwrap();
                say(&format!("counted {round} {}", n / 5));
                // The face is compared here; the process may die before it decides.
                vault.decline(attempt, None, false, at(0)).unwrap();
            }
        });
        scope.spawn(|| {
            loop {
                vault.rotate_tenant(&name("acme"), at(0)).unwrap();
                let mut after = 0;
                while let Some(next) = vault.rewrap(after, 20).unwrap().next {
                    after = next;
                }
                say("rotated");
            }
        });
    });
}

#[derive(Default)]
struct Ledger {
    enrolled: BTreeMap<String, u8>,
    erasing: BTreeSet<String>,
    erased: BTreeSet<String>,
    counted: BTreeMap<String, u32>,
    rotated: u32,
}

impl Ledger {
    fn note(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["enrolled", who, byte] => {
                self.enrolled.insert(who.to_owned(), byte.parse().unwrap());
            }
            ["erasing", who] => drop(self.erasing.insert(who.to_owned())),
            ["erased", who] => drop(self.erased.insert(who.to_owned())),
            ["counted", round, n] => {
                *self
                    .counted
                    .entry(format!("victim {round} {n}"))
                    .or_default() += 1;
            }
            ["rotated"] => self.rotated += 1,
            _ => {}
        }
    }

    fn check(&self, vault: &Vault, collection: &Collection) {
        vault.audit_verify().unwrap();
        for (who, byte) in &self.enrolled {
            let target = vault.find(collection, &id(who)).unwrap();
            if self.erased.contains(who) {
                assert!(target.subject().is_none(), "{who} was erased and is back");
                continue;
            }
            match target.subject() {
                Some(subject) => {
                    let subject = vault.unlock(subject, None).unwrap();
                    vault.consent(&subject, Purpose::Verify, at(0)).unwrap();
                    let export = vault.export(&subject, at(0)).unwrap();
                    assert_eq!(*export.references[0].template, [*byte; 132]);
                }
                None => assert!(self.erasing.contains(who), "{who} was enrolled and is lost"),
            }
        }
        for (who, counted) in &self.counted {
            let target = vault.find(collection, &id(who)).unwrap();
            // Attempts left without a wait; every answered one is missing from them.
            let mut left = 0;
            while vault.count_attempt(&target, Purpose::Verify, at(0)).is_ok() {
                left += 1;
                assert!(left <= 5);
            }
            assert!(
                counted + left <= 5,
                "{who}: {counted} counted and {left} left"
            );
            let locked = vault.count_attempt(&target, Purpose::Verify, at(0));
            assert!(matches!(
                locked,
                Err(VaultError::Attempts(Lock::Wait { .. }))
            ));
        }
    }
}

fn rounds(count: u32) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    {
        let store = Arc::new(SqliteStore::open(&data, Durability::Full).unwrap());
        let source = Arc::new(RootKey::dangerous_from_bytes(&[1; 32]));
        let random = Arc::new(SystemRandom);
        let vault = Vault::create(store, source, random, Settings::default(), at(0)).unwrap();
        vault.create_tenant(&name("acme"), at(0)).unwrap();
        vault
            .create_collection(&name("acme"), &name("staff"), at(0))
            .unwrap();
    }
    let mut totals = (0, 0, 0, 0);
    for round in 0..count {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["crash_child", "--exact", "--ignored", "--nocapture"])
            .env(CHILD, format!("{}#{round}", data.display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut ledger = Ledger::default();
        let mut line = String::new();
        while !line.ends_with("@ready\n") {
            line.clear();
            if out.read_line(&mut line).unwrap() == 0 {
                let output = child.wait_with_output().unwrap();
                panic!("round {round}: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
        // After some answers, and then at a moment that differs from round to round.
        for _ in 0..3 + round * 7 % 61 {
            line.clear();
            assert!(
                out.read_line(&mut line).unwrap() > 0,
                "round {round}: the child ended"
            );
            ledger.note(line.trim_end().trim_start_matches('@'));
        }
        std::thread::sleep(Duration::from_micros(u64::from(round) * 7_919 % 20_000));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in out.lines() {
            if let Some(said) = line.unwrap().strip_prefix('@') {
                ledger.note(said);
            }
        }
        let vault = open(&data);
        let collection = vault.collection(&name("acme"), &name("staff")).unwrap();
        ledger.check(&vault, &collection);
        totals.0 += ledger.enrolled.len();
        totals.1 += ledger.erased.len();
        totals.2 += ledger.counted.values().sum::<u32>();
        totals.3 += ledger.rotated;
    }
    println!(
        "{count} rounds: {} enrolled, {} erased, {} attempts, {} rotations",
        totals.0, totals.1, totals.2, totals.3
    );
    assert!(
        totals.0 > count as usize && totals.2 > count,
        "the load was real"
    );
}

#[test]
fn nothing_answered_is_lost_when_the_process_is_killed() {
    let count = std::env::var("COUNTENANCE_CRASH_ROUNDS");
    rounds(count.map_or(8, |text| text.parse().unwrap()));
}
