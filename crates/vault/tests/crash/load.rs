//! The load under which a process or server is killed, and the ledger of what was answered.

use crate::given::{at, grant_for, id, model, name};
use countenance_vault::{Collection, Lock, NewSubject, Purpose, Vault, VaultError};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

type Say<'a> = &'a (dyn Fn(&str) + Sync);

/// Somebody with somebody beside them, both at once.
fn enroll_two(
    vault: &Vault,
    collection: &Collection,
    both: [&str; 2],
    byte: u8,
) -> Result<(), VaultError> {
    let new = both.map(|who| NewSubject {
        id: id(who),
        written: id(who),
        holder: None,
        grants: vec![grant_for(Purpose::Verify, 300)],
        templates: vec![(model(), vec![byte; 132].into()); 2],
    });
    vault.enroll_many(collection, &new, at(0))
}

fn enroll(vault: &Vault, collection: &Collection, who: &str, byte: u8) -> Result<(), VaultError> {
    let subject = vault.add_subject(collection, &id(who), None, at(0))?;
    let consent = vault.grant(&subject, &grant_for(Purpose::Verify, 300), at(0))?;
    vault.enroll(&subject, &consent, &model(), &[byte; 132], at(0))?;
    Ok(())
}

fn come_and_go(
    (vault, collection): (&Vault, &Collection),
    name: &str,
    say: Say<'_>,
) -> Result<Infallible, VaultError> {
    for n in 0.. {
        let who = format!("{name}-{n}");
        if n % 2 == 0 {
            enroll(vault, collection, &who, n as u8)?;
        } else {
            let beside = format!("{who}-beside");
            enroll_two(vault, collection, [&who, &beside], n as u8)?;
            say(&format!("enrolled {beside} {}", n as u8));
        }
        say(&format!("enrolled {who} {}", n as u8));
        if n % 3 == 2 {
            let target = vault.find(collection, &id(&who))?;
            let unknown = VaultError::Unknown { what: "subject" };
            say(&format!("erasing {who}"));
            vault.erase(target.subject().ok_or(unknown)?, None, at(0))?;
            say(&format!("erased {who}"));
        }
    }
    unreachable!("the numbers end")
}

fn try_faces(
    (vault, collection): (&Vault, &Collection),
    name: &str,
    say: Say<'_>,
) -> Result<Infallible, VaultError> {
    for n in 0.. {
        let who = format!("victim-{name}-{}", n / 5);
        let target = vault.find(collection, &id(&who))?;
        let attempt = match vault.count_attempt(&target, Purpose::Verify, at(0)) {
            Ok(attempt) => attempt,
            // Nobody of that name is known, so it counts in a bucket that another name may share.
            Err(VaultError::Attempts(_)) => continue,
            Err(error) => return Err(error),
        };
        say(&format!("counted {who}"));
        // The face is compared here; the process may die before it decides.
        vault.decline(attempt, false, at(0))?;
    }
    unreachable!("the numbers end")
}

fn rotate(vault: &Vault, say: Say<'_>) -> Result<Infallible, VaultError> {
    loop {
        vault.rotate_tenant(&name("acme"), at(0))?;
        let mut after = 0;
        while let Some(next) = vault.rewrap(after, 20)?.next {
            after = next;
        }
        say("rotated");
    }
}

/// Enrolls, erases, counts attempts and rotates in several threads, and says what was answered,
/// until each thread has met an error. Returns the errors.
pub(crate) fn run(
    vault: &Vault,
    collection: &Collection,
    round: u32,
    say: Say<'_>,
) -> Vec<VaultError> {
    let both = (vault, collection);
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for thread in 0..3 {
            let name = format!("{round}-{thread}");
            threads.push(scope.spawn(move || come_and_go(both, &name, say)));
        }
        threads.push(scope.spawn(move || try_faces(both, &round.to_string(), say)));
        threads.push(scope.spawn(move || rotate(vault, say)));
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .map(|ended| ended.map(|never| match never {}).unwrap_err())
            .collect()
    })
}

/// What was answered before the kill.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) enrolled: BTreeMap<String, u8>,
    erasing: BTreeSet<String>,
    pub(crate) erased: BTreeSet<String>,
    pub(crate) counted: BTreeMap<String, u32>,
    pub(crate) rotated: u32,
}

impl Ledger {
    pub(crate) fn note(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["enrolled", who, byte] => {
                self.enrolled.insert(who.to_owned(), byte.parse().unwrap());
            }
            ["erasing", who] => drop(self.erasing.insert(who.to_owned())),
            ["erased", who] => drop(self.erased.insert(who.to_owned())),
            ["counted", who] => *self.counted.entry(who.to_owned()).or_default() += 1,
            ["rotated"] => self.rotated += 1,
            _ => {}
        }
    }

    /// Everything that was answered holds, or a list of what does not.
    pub(crate) fn missing(&self, vault: &Vault, collection: &Collection) -> Vec<String> {
        let mut missing = Vec::new();
        if let Err(error) = vault.audit_verify() {
            missing.push(format!("audit: {error}"));
        }
        for (who, byte) in &self.enrolled {
            let target = vault.find(collection, &id(who)).unwrap();
            match target.subject() {
                Some(_) if self.erased.contains(who) => {
                    missing.push(format!("{who} was erased and is back"));
                }
                Some(subject) => {
                    let subject = vault.unlock(subject, None).unwrap();
                    vault.consent(&subject, Purpose::Verify, at(0)).unwrap();
                    let export = vault.export(&subject, at(0)).unwrap();
                    let first = export.references.first();
                    if first.is_none_or(|one| *one.template != [*byte; 132]) {
                        missing.push(format!("{who} has another template or none"));
                    }
                }
                None if self.erasing.contains(who) => {}
                None => missing.push(format!("{who} was enrolled and is lost")),
            }
        }
        // Whoever came with somebody is not there without them, answered or not, unless it is one of those who go again, in this round
        // or one before.
        for one in vault.subjects(collection, 0, u32::MAX).unwrap() {
            let shown = one.external_id.unwrap();
            let Some(who) = shown.as_str().strip_suffix("-beside") else {
                continue;
            };
            let target = vault.find(collection, &id(who)).unwrap();
            let number = who.rsplit('-').next().unwrap();
            let goes = number.parse::<u32>().unwrap() % 3 == 2;
            if target.subject().is_none() && !goes {
                missing.push(format!("{who} is not there and who came with them is"));
            }
        }
        for (who, counted) in &self.counted {
            let target = vault.find(collection, &id(who)).unwrap();
            // Attempts left without a wait; every answered one is missing from them.
            let mut left = 0;
            while left <= 5 && vault.count_attempt(&target, Purpose::Verify, at(0)).is_ok() {
                left += 1;
            }
            if counted + left > 5 {
                missing.push(format!("{who}: {counted} counted and {left} left"));
            }
            let locked = vault.count_attempt(&target, Purpose::Verify, at(0));
            assert!(matches!(
                locked,
                Err(VaultError::Attempts(Lock::Wait { .. }))
            ));
        }
        missing
    }
}
