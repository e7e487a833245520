//! Random operations against a plain model in memory, consent included.

use super::house::{DAY, House, at, grant_for, holder, id, model};
use super::watched::Watched;
use countenance_vault::store::{Change, Edit, FaultStore, Faults, Row, StoreError};
use countenance_vault::{Consent, ConsentError, Lock, Purpose, Unlocked, VaultError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

type Standing = Result<(), ConsentError>;

const WHO: [&str; 4] = ["ana", "bea", "cleo", "nobody"];

#[derive(Clone, Debug)]
enum Step {
    Add {
        who: usize,
        bound: bool,
    },
    Grant {
        who: usize,
        payment: bool,
        days: u64,
    },
    Withdraw {
        who: usize,
        payment: bool,
    },
    Enroll {
        who: usize,
        template: u8,
    },
    Verify {
        who: usize,
        wrong_face: bool,
    },
    Erase {
        who: usize,
    },
    Rotate,
    Reopen,
    Pass {
        days: u64,
    },
    Retain,
    /// A change whose nth write fails, or happens and is not answered; then the vault is opened
    /// again, as after a crash.
    Crash {
        change: Box<Self>,
        nth: i64,
        happens: bool,
    },
}

#[derive(Clone, Debug)]
struct Person {
    bound: bool,
    consents: Vec<(Purpose, u64, bool)>,
    templates: Vec<u8>,
    attempts: Vec<u64>,
    used_day: u64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..3usize;
    let change = prop_oneof![
        (who.clone(), any::<bool>()).prop_map(|(who, bound)| Step::Add { who, bound }),
        (who.clone(), any::<bool>(), 1..40u64).prop_map(|(who, payment, days)| Step::Grant {
            who,
            payment,
            days
        }),
        (who.clone(), any::<bool>()).prop_map(|(who, payment)| Step::Withdraw { who, payment }),
        (who.clone(), any::<u8>()).prop_map(|(who, template)| Step::Enroll { who, template }),
        who.clone().prop_map(|who| Step::Erase { who }),
    ];
    let step = prop_oneof![
        3 => (change, 0..3i64, any::<bool>()).prop_map(|(change, nth, happens)| Step::Crash {
            change: Box::new(change),
            nth,
            happens,
        }),
        3 => (who.clone(), any::<bool>()).prop_map(|(who, bound)| Step::Add { who, bound }),
        4 => (who.clone(), any::<bool>(), 1..40u64)
            .prop_map(|(who, payment, days)| Step::Grant { who, payment, days }),
        1 => (who.clone(), any::<bool>())
            .prop_map(|(who, payment)| Step::Withdraw { who, payment }),
        4 => (who.clone(), any::<u8>()).prop_map(|(who, template)| Step::Enroll { who, template }),
        8 => (0..4usize, any::<bool>())
            .prop_map(|(who, wrong_face)| Step::Verify { who, wrong_face }),
        1 => who.prop_map(|who| Step::Erase { who }),
        1 => Just(Step::Rotate),
        1 => Just(Step::Reopen),
        2 => (1..20u64).prop_map(|days| Step::Pass { days }),
        1 => Just(Step::Retain),
    ];
    proptest::collection::vec(step, 1..60)
}

struct World {
    house: Option<House>,
    faults: Arc<Faults>,
    people: BTreeMap<usize, Person>,
    /// Attempts on the id that is never added.
    nobody: Vec<u64>,
    now: u64,
}

/// The policy in plain words: attempts of the newest 31 days since the last success.
fn allowed(attempts: &[u64], now: u64) -> Result<(), Lock> {
    let day = |seconds: u64| (super::house::START + seconds) / DAY;
    let counted: Vec<u64> = attempts
        .iter()
        .copied()
        .filter(|&then| day(now) - day(then) < 31)
        .collect();
    match counted.last() {
        _ if counted.len() >= 50 => Err(Lock::Exhausted),
        Some(last) if counted.len() >= 5 && now < last + 30 => Err(Lock::Wait {
            seconds: last + 30 - now,
        }),
        _ => Ok(()),
    }
}

impl Person {
    fn standing(&self, purpose: Purpose, now: u64) -> Result<(), ConsentError> {
        let mut refusal = ConsentError::Missing;
        for (of, expires, withdrawn) in &self.consents {
            if *of != purpose {
                continue;
            }
            if *withdrawn {
                refusal = ConsentError::Withdrawn;
            } else if now >= *expires {
                refusal = ConsentError::Expired;
            } else {
                return Ok(());
            }
        }
        Err(refusal)
    }

    fn drop_records_without_consent(&mut self, now: u64) {
        if !self
            .consents
            .iter()
            .any(|(_, expires, withdrawn)| !withdrawn && now < *expires)
        {
            self.templates.clear();
        }
    }
}

impl World {
    fn house(&self) -> &House {
        self.house.as_ref().unwrap()
    }

    fn unlocked(&self, who: usize) -> Unlocked {
        let house = self.house();
        let target = house.vault.find(&house.collection, &id(WHO[who])).unwrap();
        let part = holder(who as u8);
        let part = self.people[&who].bound.then_some(&part);
        house.vault.unlock(target.subject().unwrap(), part).unwrap()
    }

    fn run(&mut self, step: &Step) {
        self.now += 1;
        let now = self.now;
        match *step {
            Step::Add { who, bound } => {
                let part = holder(who as u8);
                let house = self.house();
                let added = house.vault.add_subject(
                    &house.collection,
                    &id(WHO[who]),
                    bound.then_some(&part),
                    at(now),
                );
                assert_eq!(added.is_ok(), !self.people.contains_key(&who));
                self.people.entry(who).or_insert(Person {
                    bound,
                    consents: Vec::new(),
                    templates: Vec::new(),
                    attempts: Vec::new(),
                    used_day: (super::house::START + now) / DAY,
                });
            }
            Step::Grant { who, payment, days } => {
                if !self.people.contains_key(&who) {
                    return;
                }
                let purpose = if payment {
                    Purpose::Payment
                } else {
                    Purpose::Verify
                };
                let mut grant = grant_for(purpose, 1);
                grant.granted = at(now);
                grant.expires = at(now + days * DAY);
                self.house()
                    .vault
                    .grant(&self.unlocked(who), &grant, at(now))
                    .unwrap();
                let person = self.people.get_mut(&who).unwrap();
                // Templates belong to a line of consents without a gap.
                person.drop_records_without_consent(now);
                person.consents.push((purpose, now + days * DAY, false));
                person.used_day = (super::house::START + now) / DAY;
            }
            Step::Withdraw { who, payment } => self.withdraw(who, payment),
            Step::Enroll { who, template } => self.enroll(who, template),
            Step::Verify { who, wrong_face } => self.verify(who, wrong_face),
            Step::Erase { who } => {
                if self.people.remove(&who).is_some() {
                    let house = self.house();
                    let target = house.vault.find(&house.collection, &id(WHO[who])).unwrap();
                    house
                        .vault
                        .erase(target.subject().unwrap(), None, at(now))
                        .unwrap();
                }
            }
            Step::Rotate => {
                let house = self.house();
                house
                    .vault
                    .rotate_tenant(&super::house::name("acme"), at(now))
                    .unwrap();
                house.vault.rewrap(0, 2).unwrap();
            }
            Step::Reopen => {
                let house = self.house.take().unwrap();
                self.house = Some(house.reopened(at(now)));
            }
            Step::Pass { days } => self.now += days * DAY,
            Step::Retain => self.retain(),
            Step::Crash {
                ref change,
                nth,
                happens,
            } => self.crash(change, nth, happens),
        }
    }

    /// The people after a change, by the plain model alone.
    fn imagined(&self, change: &Step) -> BTreeMap<usize, Person> {
        let (now, mut people) = (self.now, self.people.clone());
        let used_day = (super::house::START + now) / DAY;
        let purpose = |payment| match payment {
            true => Purpose::Payment,
            false => Purpose::Verify,
        };
        match *change {
            Step::Add { who, bound } => {
                people.entry(who).or_insert(Person {
                    bound,
                    consents: Vec::new(),
                    templates: Vec::new(),
                    attempts: Vec::new(),
                    used_day,
                });
            }
            Step::Grant { who, payment, days } => {
                if let Some(person) = people.get_mut(&who) {
                    let until = now + days * DAY;
                    person.drop_records_without_consent(now);
                    person.consents.push((purpose(payment), until, false));
                    person.used_day = used_day;
                }
            }
            Step::Withdraw { who, payment } => {
                if let Some(person) = people.get_mut(&who) {
                    let mut ended = false;
                    for (of, expires, withdrawn) in &mut person.consents {
                        if *of == purpose(payment) && !*withdrawn && now < *expires {
                            *withdrawn = true;
                            ended = true;
                        }
                    }
                    if ended {
                        person.drop_records_without_consent(now);
                        person.used_day = used_day;
                    }
                }
            }
            Step::Enroll { who, template } => {
                if let Some(person) = people.get_mut(&who) {
                    let stands = person.standing(Purpose::Verify, now).is_ok();
                    if stands && person.templates.len() < 16 {
                        person.templates.push(template);
                        person.used_day = used_day;
                    }
                }
            }
            Step::Erase { who } => drop(people.remove(&who)),
            _ => unreachable!("no change of one person"),
        }
        people
    }

    /// Asks the vault for a change and takes whatever comes back.
    fn ask(&self, change: &Step) -> Result<(), VaultError> {
        let (
            House {
                vault, collection, ..
            },
            now,
        ) = (self.house(), at(self.now));
        let grant = |payment, days: u64| {
            let purpose = match payment {
                true => Purpose::Payment,
                false => Purpose::Verify,
            };
            let mut grant = grant_for(purpose, 1);
            grant.granted = now;
            grant.expires = at(self.now + days * DAY);
            grant
        };
        let there = |who: usize| self.people.contains_key(&who);
        match *change {
            Step::Add { who, bound } => {
                let part = holder(who as u8);
                vault.add_subject(collection, &id(WHO[who]), bound.then_some(&part), now)?;
            }
            Step::Grant { who, payment, days } if there(who) => {
                vault.grant(&self.unlocked(who), &grant(payment, days), now)?;
            }
            Step::Withdraw { who, payment } if there(who) => {
                let purpose = grant(payment, 1).purpose;
                vault.withdraw(self.unlocked(who).subject(), Some(purpose), now)?;
            }
            Step::Enroll { who, template } if there(who) => {
                let subject = self.unlocked(who);
                let consent = vault.consent(&subject, Purpose::Verify, now)?;
                vault.enroll(&subject, &consent, &model(), &[template; 132], now)?;
            }
            Step::Erase { who } if there(who) => {
                let target = vault.find(collection, &id(WHO[who]))?;
                let unknown = VaultError::Unknown { what: "subject" };
                vault.erase(target.subject().ok_or(unknown)?, None, now)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// What the vault holds of a person: templates and where its consents stand.
    fn observed(&self, who: usize, bound: bool) -> Option<(Vec<u8>, Standing, Standing)> {
        let (
            House {
                vault, collection, ..
            },
            now,
        ) = (self.house(), at(self.now));
        let target = vault.find(collection, &id(WHO[who])).unwrap();
        let part = holder(who as u8);
        let subject = vault
            .unlock(target.subject()?, bound.then_some(&part))
            .unwrap();
        let export = vault.export(&subject, now).unwrap();
        let templates = export.references.iter().map(|one| one.template[0]);
        let standing = |purpose| match vault.consent(&subject, purpose, now) {
            Ok(_) => Ok(()),
            Err(VaultError::Consent(refusal)) => Err(refusal),
            Err(error) => panic!("{error}"),
        };
        Some((
            templates.collect(),
            standing(Purpose::Verify),
            standing(Purpose::Payment),
        ))
    }

    /// Whichever half of a change was written: the person is as before it or as after it.
    fn crash(&mut self, change: &Step, nth: i64, happens: bool) {
        let (Step::Add { who, .. }
        | Step::Grant { who, .. }
        | Step::Withdraw { who, .. }
        | Step::Enroll { who, .. }
        | Step::Erase { who }) = *change
        else {
            unreachable!("no change of one person")
        };
        let after = self.imagined(change);
        let counter = if happens {
            &self.faults.lost_answer
        } else {
            &self.faults.refused_write
        };
        counter.store(nth, Ordering::SeqCst);
        let failed = matches!(
            self.ask(change),
            Err(VaultError::Store(StoreError::Io { .. }))
        );
        counter.store(-1, Ordering::SeqCst);
        let house = self.house.take().unwrap();
        self.house = Some(house.reopened(at(self.now)));
        let view = |people: &BTreeMap<usize, Person>| {
            people.get(&who).map(|person| {
                (
                    person.templates.clone(),
                    person.standing(Purpose::Verify, self.now),
                    person.standing(Purpose::Payment, self.now),
                )
            })
        };
        let bound = |people: &BTreeMap<usize, Person>| people.get(&who).is_some_and(|p| p.bound);
        let seen = self.observed(who, bound(&self.people) || bound(&after));
        // A second consent for a purpose that has one shows nowhere yet: then the fault says
        // whether it happened.
        let shows = view(&self.people) != view(&after);
        if seen == view(&after) && (shows || happens || !failed) {
            self.people = after;
        } else {
            assert!(failed, "{change:?} was answered and did not happen");
            assert_eq!(seen, view(&self.people), "{change:?} happened by half");
        }
    }

    fn withdraw(&mut self, who: usize, payment: bool) {
        let now = self.now;
        let purpose = if payment {
            Purpose::Payment
        } else {
            Purpose::Verify
        };
        let Some(person) = self.people.get_mut(&who) else {
            return;
        };
        let mut ended = 0;
        for (of, expires, withdrawn) in &mut person.consents {
            if *of == purpose && !*withdrawn && now < *expires {
                *withdrawn = true;
                ended += 1;
            }
        }
        if ended > 0 {
            person.drop_records_without_consent(now);
            person.used_day = (super::house::START + now) / DAY;
        }
        let unlocked = self.unlocked(who);
        let got = self
            .house()
            .vault
            .withdraw(unlocked.subject(), Some(purpose), at(now))
            .unwrap();
        assert_eq!(got, ended);
    }

    fn consent(&self, who: usize, unlocked: &Unlocked) -> Option<Consent> {
        let now = self.now;
        let got = self
            .house()
            .vault
            .consent(unlocked, Purpose::Verify, at(now));
        match (got, self.people[&who].standing(Purpose::Verify, now)) {
            (Ok(consent), Ok(())) => Some(consent),
            (Err(VaultError::Consent(got)), Err(expected)) => {
                assert_eq!(got, expected);
                None
            }
            (got, expected) => panic!("{got:?}, expected {expected:?}"),
        }
    }

    fn enroll(&mut self, who: usize, template: u8) {
        if !self.people.contains_key(&who) {
            return;
        }
        let unlocked = self.unlocked(who);
        let Some(consent) = self.consent(who, &unlocked) else {
            return;
        };
        let template_bytes = [template; 132];
        let vault = &self.house().vault;
        let got = vault.enroll(&unlocked, &consent, &model(), &template_bytes, at(self.now));
        let today = (super::house::START + self.now) / DAY;
        let person = self.people.get_mut(&who).unwrap();
        if person.templates.len() < 16 {
            assert_eq!(usize::from(got.unwrap()), person.templates.len());
            person.templates.push(template);
            person.used_day = today;
        } else {
            assert!(matches!(got, Err(VaultError::Limit { .. })));
        }
    }

    fn verify(&mut self, who: usize, wrong_face: bool) {
        let now = self.now;
        let house = self.house.as_ref().unwrap();
        let target = house.vault.find(&house.collection, &id(WHO[who])).unwrap();
        assert_eq!(target.subject().is_some(), self.people.contains_key(&who));
        let attempts = match self.people.get(&who) {
            Some(person) => person.attempts.clone(),
            // An unknown id may share a bucket with nobody else here but itself.
            None if WHO[who] == "nobody" => self.nobody.clone(),
            None => return,
        };
        let attempt = house.vault.count_attempt(&target, Purpose::Verify, at(now));
        let attempt = match (attempt, allowed(&attempts, now)) {
            (Ok(attempt), Ok(())) => attempt,
            (Err(VaultError::Attempts(got)), Err(expected)) => {
                assert_eq!(got, expected);
                return;
            }
            (got, expected) => panic!("{got:?}, expected {expected:?}"),
        };
        let Some(person) = self.people.get_mut(&who) else {
            self.nobody.push(now);
            house.vault.decline(attempt, false, at(now)).unwrap();
            return;
        };
        person.attempts.push(now);
        let unlocked = self.unlocked(who);
        let consent = self.consent(who, &unlocked);
        let house = self.house.as_ref().unwrap();
        let Some(consent) = consent else {
            house.vault.decline(attempt, false, at(now)).unwrap();
            return;
        };
        let references = house
            .vault
            .references(&unlocked, &consent, &attempt, at(now))
            .unwrap();
        let got: Vec<u8> = references.iter().map(|one| one.template[0]).collect();
        assert_eq!(got, self.people[&who].templates);
        if wrong_face {
            house.vault.decline(attempt, false, at(now)).unwrap();
        } else {
            house
                .vault
                .accept(attempt, &unlocked, &consent, at(now))
                .unwrap();
            let person = self.people.get_mut(&who).unwrap();
            person.attempts.clear();
            person.used_day = (super::house::START + now) / DAY;
        }
    }

    fn retain(&mut self) {
        let now = self.now;
        self.house().vault.retain(0, 100, at(now)).unwrap();
        let today = (super::house::START + now) / DAY;
        self.people
            .retain(|_, person| person.used_day + 365 > today);
        for person in self.people.values_mut() {
            let over = person
                .consents
                .iter()
                .any(|(_, expires, withdrawn)| !withdrawn && *expires <= now);
            if over {
                person.drop_records_without_consent(now);
            }
        }
    }
}

#[test]
fn random_lives_end_as_in_a_plain_model() {
    let cases = std::env::var("COUNTENANCE_MODEL_CASES").map_or(24, |text| text.parse().unwrap());
    match lives(cases, 100, TestRunner::new, |change| change) {
        None | Some(Ok(())) => {}
        Some(Err(error)) => panic!("{error}"),
    }
}

/// Runs random lives on a store whose changes are altered; `None` where there is no store.
fn lives(
    cases: u32,
    shrinks: u32,
    runner: fn(Config) -> TestRunner,
    alter: fn(Change) -> Change,
) -> Option<Result<(), TestError<Vec<Step>>>> {
    crate::backend::Place::fresh()?;
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: shrinks,
        ..Config::default()
    };
    let run = runner(config).run(&steps(), |steps| {
        let faults = Arc::new(Faults::default());
        let handle = Arc::clone(&faults);
        let house = House::with(move |store| {
            let altered = Watched::new(store, Box::new(|_| {}), Box::new(alter));
            Arc::new(FaultStore::new(altered, Arc::clone(&handle)))
        });
        let mut world = World {
            house,
            faults,
            people: BTreeMap::new(),
            nobody: Vec::new(),
            now: 0,
        };
        for step in &steps {
            world.run(step);
        }
        world.house().vault.audit_verify().unwrap();
        Ok(())
    });
    Some(run)
}

/// The model can fail: it notices a store that refunds attempts, one that forgets withdrawals, and
/// one that keeps templates of the erased.
#[test]
fn control_the_model_notices_a_store_that_forgets() {
    let forgetful: [fn(Change) -> Change; 3] = [
        |mut change| {
            change
                .edits
                .retain(|edit| !matches!(edit, Edit::SwapAttempt { from: Some(_), .. }));
            change
        },
        |mut change| {
            let records = |edit: &Edit| matches!(edit, Edit::RemoveRecords(_));
            change.edits.retain(|edit| !records(edit));
            change
        },
        |mut change| {
            let entries = |edit: &Edit| matches!(edit, Edit::Put(Row::ConsentRow(_)));
            change.edits.retain(|edit| !entries(edit));
            change
        },
    ];
    for (number, alter) in forgetful.into_iter().enumerate() {
        // The same lives every time: whether they meet the fault must not be luck.
        let same = |config: Config| {
            let random = TestRng::deterministic_rng(config.rng_algorithm);
            TestRunner::new_with_rng(config, random)
        };
        if let Some(run) = lives(2000, 0, same, alter) {
            assert!(matches!(run, Err(TestError::Fail(..))), "{number}: {run:?}");
        }
    }
}
