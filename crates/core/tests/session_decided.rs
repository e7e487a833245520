//! Sessions on real photos and a real vault: what is decided, what it costs, what the log has.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_core::vault::{ExternalId, HolderPart, Lock, LogContent, Outcome, Purpose};
use countenance_core::{
    Answered, AttemptAt, CapturePolicy, Case, Check, Claim, ComparePolicy, DecodeLimits, Finding,
    FrameMark, Judged, Presented, QualityCause, Question, Run, SessionOutcome, Verdict, Worker,
};
use given::{DAY, House, id, photo, worker};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A verdict on the face of a sample photo.
fn verdict(worker: &mut Worker, name: &str, failed: &[Check]) -> Verdict {
    let done = worker.extract(&photo(name), &CapturePolicy::default());
    let failed: BTreeSet<Check> = failed.iter().copied().collect();
    let probe = done.unwrap().template.unwrap();
    let measured = Vec::new();
    Verdict::Judged(Judged {
        failed,
        measured,
        probe,
    })
}

#[test]
fn a_still_photo_is_refused_by_a_session_whatever_it_asks() {
    let Some(mut worker) = worker() else { return };
    let policy = ComparePolicy::default();
    for seed in 0..2 {
        let ms = Duration::from_millis;
        let mut run = Run::new([seed; 32], seed == 1, ms(0));
        let bytes = photo("obama.jpg");
        let verdict = (0..400_u32).find_map(|number| {
            let came = ms(u64::from(number) * 150);
            let mark = FrameMark {
                number,
                taken: came + ms(1),
                came,
                digest: number.into(),
            };
            let limits = DecodeLimits::default();
            worker
                .look_at_frame(&mut run, &mark, &bytes, &policy, limits)
                .unwrap()
        });
        let Some(Verdict::Judged(judged)) = verdict else {
            panic!("{verdict:?}")
        };
        assert!(judged.failed.contains(&Check::Missed), "{judged:?}");
        // It is one face all the time, and it is seen.
        assert!(
            !judged.failed.contains(&Check::Identity) && !judged.failed.contains(&Check::Neutral)
        );
    }
}

#[test]
fn who_is_live_and_the_subject_is_accepted_and_all_others_cost_the_same() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let (ana, ben, bound) = (id("ana"), id("ben"), id("bound"));
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let holder = HolderPart::new(&[5; 32]).unwrap();
    let (subject, consent) = house.consented(&bound, Some(&holder));
    house.enroll(&mut worker, &subject, &consent, &["obama.jpg"]);
    let decide = |worker: &mut Worker, who: &ExternalId, holder, verdict| {
        let claim = Claim {
            holder,
            ..house.claim(who)
        };
        house.counts.take();
        let done = house
            .registry
            .decide_session(worker, Question::Verify(&claim), verdict);
        let done = done.unwrap();
        (done.outcome, done.finding.unwrap(), house.counts.take())
    };
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let (outcome, finding, _) = decide(&mut worker, &ana, None, right);
    assert_eq!(
        (outcome, finding),
        (SessionOutcome::Accept, Finding::Matched)
    );
    let wrong = verdict(&mut worker, "biden.jpg", &[]);
    let (outcome, finding, cost) = decide(&mut worker, &ana, None, wrong);
    assert_eq!(
        (outcome, finding),
        (SessionOutcome::Reject, Finding::NotMatched)
    );
    let still = verdict(&mut worker, "obama2.jpg", &[Check::Missed]);
    let stranger = verdict(&mut worker, "obama2.jpg", &[]);
    let other_part = HolderPart::new(&[6; 32]).unwrap();
    for (who, holder, verdict, expected) in [
        (&ana, None, still, Finding::NotLive),
        (&ben, None, stranger.clone(), Finding::Unknown),
    ] {
        let (outcome, finding, same) = decide(&mut worker, who, holder, verdict);
        assert_eq!((outcome, finding), (SessionOutcome::Reject, expected));
        assert_eq!(
            same, cost,
            "reads and writes of {expected:?} and of a wrong face"
        );
    }
    // A wrong holder part is a rejection like any other; the right one is none.
    let (outcome, _, same) = decide(&mut worker, &bound, Some(&other_part), stranger.clone());
    assert_eq!((outcome, same), (SessionOutcome::Reject, cost));
    let (outcome, _, _) = decide(&mut worker, &bound, Some(&holder), stranger);
    assert_eq!(outcome, SessionOutcome::Accept);
}

#[test]
fn failed_liveness_counts_attempts_and_a_face_lost_before_anything_was_asked_does_not() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let claim = house.claim(&ana);
    let decide = |worker: &mut Worker, verdict| {
        let done = house
            .registry
            .decide_session(worker, Question::Verify(&claim), verdict)
            .unwrap();
        (done.outcome, done.finding.unwrap())
    };
    for _ in 0..20 {
        let (outcome, _) = decide(&mut worker, lost());
        assert_eq!(outcome, SessionOutcome::Recapture);
    }
    for _ in 0..5 {
        let still = verdict(&mut worker, "obama2.jpg", &[Check::Flat]);
        assert_eq!(decide(&mut worker, still).1, Finding::NotLive);
    }
    // Now even the right and live face has to wait.
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let (outcome, finding) = decide(&mut worker, right);
    assert_eq!(outcome, SessionOutcome::Reject);
    assert!(matches!(finding, Finding::Locked(_)), "{finding:?}");
}

/// A challenge in which the face was lost.
fn lost() -> Verdict {
    Verdict::Recapture(QualityCause::NoFace)
}

#[test]
fn an_attempt_is_taken_before_anything_is_asked_and_stays_however_the_challenge_ends() {
    let Some(mut worker) = worker() else { return };
    for name in ["ana", "nobody"] {
        let house = House::new();
        house.enrolled(&mut worker, &id("ana"), &["obama.jpg"]);
        let name = id(name);
        let claim = house.claim(&name);
        let (question, at) = (Question::Verify(&claim), AttemptAt::Subject(&claim));
        let registry = &house.registry;
        for number in 0..5 {
            let before = registry.vault().audit_size().unwrap();
            let taken = registry.take_attempt(at).unwrap();
            let ends = before + 1;
            match number {
                // Left.
                0 | 1 => registry.leave(taken).unwrap(),
                // Hidden from.
                2 | 3 => {
                    let answered = Answered {
                        verdict: lost(),
                        taken: Some(taken),
                    };
                    let done = registry.decide_session(&worker, question, answered);
                    let done = done.unwrap();
                    assert_eq!(done.outcome, SessionOutcome::Recapture);
                    assert_eq!(done.leaf, Some(before));
                }
                // Never ended at all: whatever was asked in it is known.
                _ => {
                    drop(taken);
                    continue;
                }
            }
            assert_eq!(registry.vault().audit_size().unwrap(), ends);
        }
        let right = verdict(&mut worker, "obama2.jpg", &[]);
        let done = registry
            .decide_session(&worker, question, right.clone())
            .unwrap();
        assert_eq!(done.outcome, SessionOutcome::Reject);
        let locked = matches!(done.finding, Some(Finding::Locked(_)));
        assert!(locked, "{name:?} {:?}", done.finding);
        // A challenge that begins while one has to wait is lost, even if it ends later.
        let taken = registry.take_attempt(at).unwrap();
        house.clock.forward(31);
        let late = Answered {
            verdict: right.clone(),
            taken: Some(taken),
        };
        let done = registry.decide_session(&worker, question, late).unwrap();
        assert!(matches!(done.finding, Some(Finding::Locked(_))));
        // Control: one that begins afterwards is not.
        let taken = registry.take_attempt(at).unwrap();
        let next = Answered {
            verdict: right,
            taken: Some(taken),
        };
        let done = registry.decide_session(&worker, question, next).unwrap();
        let outcome = match name.as_str() {
            "ana" => SessionOutcome::Accept,
            _ => SessionOutcome::Reject,
        };
        assert_eq!(done.outcome, outcome);
        registry.audit().unwrap();
    }
}

#[test]
fn of_many_challenges_at_once_no_more_count_than_there_are_attempts() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let claim = house.claim(&ana);
    let question = Question::Verify(&claim);
    let take = || {
        let at = AttemptAt::Subject(&claim);
        house.registry.take_attempt(at).unwrap()
    };
    let mut all: Vec<_> = (0..20).map(|_| take()).collect();
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let last = Answered {
        verdict: right.clone(),
        taken: all.pop(),
    };
    let done = house.registry.decide_session(&worker, question, last);
    let done = done.unwrap();
    assert!(matches!(done.finding, Some(Finding::Locked(_))));
    let first = Answered {
        verdict: right,
        taken: Some(all.remove(0)),
    };
    let done = house.registry.decide_session(&worker, question, first);
    assert_eq!(done.unwrap().outcome, SessionOutcome::Accept);
}

#[test]
fn an_attempt_that_was_taken_of_somebody_who_was_erased_says_nothing_of_who_has_the_name_now() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = id("ana");
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let claim = house.claim(&ana);
    let taken = house
        .registry
        .take_attempt(AttemptAt::Subject(&claim))
        .unwrap();
    let subject = house.registry.subject(&house.collection, &ana).unwrap();
    house.registry.erase(&subject, None).unwrap();
    house.enrolled(&mut worker, &ana, &["obama.jpg"]);
    let answered = Answered {
        verdict: verdict(&mut worker, "obama2.jpg", &[]),
        taken: Some(taken),
    };
    let done = house
        .registry
        .decide_session(&worker, Question::Verify(&claim), answered);
    assert_eq!(done.unwrap().outcome, SessionOutcome::Accept);
    house.registry.audit().unwrap();
}

#[test]
fn the_attempt_of_a_document_is_taken_of_its_case() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = portrait(&mut worker, "obama.jpg");
    let case = Case::new("1138").unwrap();
    let presented = Presented {
        collection: &house.collection,
        case: &case,
        portrait: &ana,
    };
    let question = Question::Document(&presented);
    let take = || {
        let at = AttemptAt::Case(&house.collection, &case);
        house.registry.take_attempt(at).unwrap()
    };
    for number in 0..5 {
        if number % 2 == 0 {
            house.registry.leave(take()).unwrap();
        } else {
            let answered = Answered {
                verdict: lost(),
                taken: Some(take()),
            };
            let done = house.registry.decide_session(&worker, question, answered);
            assert_eq!(done.unwrap().outcome, SessionOutcome::Recapture);
        }
    }
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let done = house.registry.decide_session(&worker, question, right);
    let finding = done.unwrap().finding;
    assert!(matches!(finding, Some(Finding::Locked(_))), "{finding:?}");
}

#[test]
fn presence_looks_at_nobodys_templates_and_is_in_the_log() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    // The registry itself looked at its decoy's when it was opened.
    house.counts.records.store(0, Ordering::SeqCst);
    for (verdict, outcome) in [
        (
            verdict(&mut worker, "obama.jpg", &[]),
            SessionOutcome::Accept,
        ),
        (
            verdict(&mut worker, "obama.jpg", &[Check::Light]),
            SessionOutcome::Reject,
        ),
        (lost(), SessionOutcome::Recapture),
    ] {
        let before = house.registry.vault().audit_size().unwrap();
        let question = Question::Presence(&house.collection);
        let done = house
            .registry
            .decide_session(&worker, question, verdict)
            .unwrap();
        assert_eq!(done.outcome, outcome);
        assert_eq!(done.leaf, Some(before));
        assert_eq!(house.registry.vault().audit_size().unwrap(), before + 1);
    }
    assert_eq!(house.counts.records.load(Ordering::SeqCst), 0);
    house.registry.audit().unwrap();
}

/// The template of the portrait that a sample photo is taken for, as `POST /v1/documents` makes it.
fn portrait(worker: &mut Worker, name: &str) -> countenance_core::Template {
    let read = worker.portrait_of_document(&photo(name), &ComparePolicy::default());
    read.unwrap().1.unwrap()
}

#[test]
fn who_is_live_and_on_the_document_is_accepted_and_all_others_cost_the_same() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = portrait(&mut worker, "obama.jpg");
    house.counts.records.store(0, Ordering::SeqCst);
    let decide = |worker: &mut Worker, case: &str, verdict| {
        let presented = Presented {
            collection: &house.collection,
            case: &Case::new(case).unwrap(),
            portrait: &ana,
        };
        house.counts.take();
        let question = Question::Document(&presented);
        let done = house
            .registry
            .decide_session(worker, question, verdict)
            .unwrap();
        let cost = house.counts.take();
        assert!(done.leaf.is_some() && done.threshold.is_some());
        (done.outcome, done.finding.unwrap(), cost)
    };
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let (outcome, finding, _) = decide(&mut worker, "1", right);
    assert_eq!(
        (outcome, finding),
        (SessionOutcome::Accept, Finding::Matched)
    );
    let wrong = verdict(&mut worker, "biden.jpg", &[]);
    let (outcome, finding, cost) = decide(&mut worker, "2", wrong);
    assert_eq!(
        (outcome, finding),
        (SessionOutcome::Reject, Finding::NotMatched)
    );
    let still = verdict(&mut worker, "obama2.jpg", &[Check::Missed]);
    let (outcome, finding, same) = decide(&mut worker, "3", still);
    assert_eq!(
        (outcome, finding),
        (SessionOutcome::Reject, Finding::NotLive)
    );
    assert_eq!(same, cost, "reads and writes");
    // No stored template was opened, and the log has each check, and nothing else of it.
    assert_eq!(house.counts.records.load(Ordering::SeqCst), 0);
    let vault = house.registry.vault();
    let entries = vault.log_entries(0, 100).unwrap().entries;
    let checks = entries.iter().filter_map(|entry| match &entry.content {
        LogContent::Event(event) if event.purpose == Some(Purpose::IdentityCheck) => Some(event),
        _ => None,
    });
    let checks: Vec<_> = checks
        .map(|event| {
            assert_eq!((event.number, event.detail), (0, 0));
            event.outcome.unwrap()
        })
        .collect();
    assert_eq!(checks, [Outcome::Accept, Outcome::Reject, Outcome::Reject]);
    house.registry.audit().unwrap();
}

#[test]
fn whoever_climbs_against_a_document_has_the_attempts_of_its_case_and_no_more() {
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    let ana = portrait(&mut worker, "obama.jpg");
    let decide = |worker: &mut Worker, case: &str, verdict| {
        let presented = Presented {
            collection: &house.collection,
            case: &Case::new(case).unwrap(),
            portrait: &ana,
        };
        let question = Question::Document(&presented);
        let done = house.registry.decide_session(worker, question, verdict);
        let done = done.unwrap();
        (done.outcome, done.finding.unwrap(), done.score)
    };
    for _ in 0..20 {
        let (outcome, ..) = decide(&mut worker, "1138", lost());
        assert_eq!(outcome, SessionOutcome::Recapture, "it costs no attempt");
    }
    for _ in 0..5 {
        let wrong = verdict(&mut worker, "biden.jpg", &[]);
        let (_, finding, score) = decide(&mut worker, "1138", wrong);
        assert_eq!(finding, Finding::NotMatched);
        assert!(score.is_some());
    }
    // Now even the right and live face has to wait, and nothing is learned of it.
    let right = verdict(&mut worker, "obama2.jpg", &[]);
    let (outcome, finding, score) = decide(&mut worker, "1138", right.clone());
    assert_eq!((outcome, score), (SessionOutcome::Reject, None));
    assert!(matches!(finding, Finding::Locked(_)), "{finding:?}");
    // Another case does not wait, whether a subject of such a name is there or not.
    let (outcome, ..) = decide(&mut worker, "1139", right.clone());
    assert_eq!(outcome, SessionOutcome::Accept);
    house.clock.forward(30);
    let (outcome, ..) = decide(&mut worker, "1138", right.clone());
    assert_eq!(outcome, SessionOutcome::Accept);
    // Whoever was accepted begins anew.
    for _ in 0..5 {
        let wrong = verdict(&mut worker, "biden.jpg", &[]);
        assert_eq!(decide(&mut worker, "1138", wrong).1, Finding::NotMatched);
    }
    // Forty-five more, one each half minute, and then none for thirty days.
    for _ in 0..45 {
        house.clock.forward(30);
        let wrong = verdict(&mut worker, "biden.jpg", &[]);
        assert_eq!(decide(&mut worker, "1138", wrong).1, Finding::NotMatched);
    }
    house.clock.forward(DAY);
    let (_, finding, _) = decide(&mut worker, "1138", right);
    assert_eq!(finding, Finding::Locked(Lock::Exhausted));
}

#[test]
fn the_name_of_a_case_is_bounded_and_meets_no_subject() {
    for wrong in ["", " a", "a\n", &"x".repeat(129)] {
        assert!(Case::new(wrong).is_err(), "{wrong:?}");
    }
    assert!(Case::new(&"x".repeat(128)).is_ok());
    let Some(mut worker) = worker() else { return };
    let house = House::new();
    // Whoever enrolled under the name that a case is counted by is neither compared nor locked out by it.
    let trap = id("countenance:case:1138");
    house.enrolled(&mut worker, &trap, &["biden.jpg"]);
    let ana = portrait(&mut worker, "obama.jpg");
    for _ in 0..6 {
        let presented = Presented {
            collection: &house.collection,
            case: &Case::new("1138").unwrap(),
            portrait: &ana,
        };
        let wrong = verdict(&mut worker, "biden.jpg", &[]);
        let question = Question::Document(&presented);
        let done = house.registry.decide_session(&worker, question, wrong);
        assert_eq!(done.unwrap().outcome, SessionOutcome::Reject);
    }
    let claim = house.claim(&trap);
    let right = verdict(&mut worker, "biden.jpg", &[]);
    let done = house
        .registry
        .decide_session(&worker, Question::Verify(&claim), right);
    assert_eq!(done.unwrap().outcome, SessionOutcome::Accept);
}
