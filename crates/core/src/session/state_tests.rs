//! The life of a session under every order of calls.

use super::*;
use proptest::prelude::*;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn signed(decided: &u32) -> Result<String, ()> {
    Ok(format!("signed {decided}"))
}

fn judged_at(now: u64) -> Session<u8, u32> {
    let mut session = Session::new(s(0), s(180));
    session.agree(7, s(now)).expect("it is created");
    session.begin_run(s(now)).expect("agreed");
    assert_eq!(session.begin_judging(s(now)), Ok(&7));
    assert!(session.judged(1, s(now)));
    session
}

#[test]
fn a_result_is_the_same_for_a_minute_and_then_gone() {
    let mut session = judged_at(10);
    assert_eq!(session.status(s(10)), Status::Judged);
    assert_eq!(session.take(s(20), signed), Ok(Some(("signed 1", &1))));
    let never = |_: &u32| -> Result<String, ()> { panic!("signed twice") };
    assert_eq!(session.take(s(79), never), Ok(Some(("signed 1", &1))));
    assert_eq!(session.take(s(80), never), Ok(None));
    assert_eq!(session.status(s(80)), Status::Fetched);
    assert!(!session.is_forgotten(s(619)));
    assert!(session.is_forgotten(s(620)));
}

#[test]
fn a_result_that_nobody_takes_in_time_is_gone() {
    let mut session = judged_at(170);
    assert_eq!(session.status(s(289)), Status::Judged);
    assert_eq!(session.status(s(290)), Status::Expired);
    assert_eq!(session.take(s(290), signed), Ok(None));
}

#[test]
fn a_failed_signature_takes_nothing() {
    let mut session = judged_at(1);
    assert_eq!(session.take(s(2), |_| Err(())), Err(()));
    assert_eq!(session.status(s(2)), Status::Judged);
    assert_eq!(session.take(s(3), signed), Ok(Some(("signed 1", &1))));
}

#[test]
fn a_challenge_is_begun_five_times_at_most_and_one_at_a_time() {
    let mut session: Session<u8, u32> = Session::new(s(0), s(180));
    assert_eq!(session.begin_run(s(0)), Err(SessionError::NotAgreed));
    session.agree(7, s(0)).expect("it is created");
    for number in 1..=5 {
        assert_eq!(session.status(s(1)), Status::Capturing);
        assert_eq!(session.begin_run(s(1)), Ok(number));
        assert_eq!(session.begin_run(s(1)), Err(SessionError::Busy));
        session.end_run(number, s(1));
    }
    assert_eq!(session.begin_run(s(1)), Err(SessionError::Over));
    // Nobody waits for a session that nothing can come of.
    assert_eq!(session.status(s(1)), Status::Expired);
}

#[test]
fn the_end_of_a_challenge_is_not_the_end_of_the_next() {
    let mut session: Session<u8, u32> = Session::new(s(0), s(180));
    session.agree(7, s(0)).expect("it is created");
    let first = session.begin_run(s(1)).expect("agreed");
    session.end_run(first, s(1));
    session.begin_run(s(2)).expect("the second");
    session.end_run(first, s(2));
    assert_eq!(session.begin_run(s(2)), Err(SessionError::Busy));
}

#[test]
fn a_decision_on_a_session_that_was_canceled_meanwhile_counts_for_nothing() {
    let mut session: Session<u8, u32> = Session::new(s(0), s(180));
    session.agree(7, s(0)).expect("it is created");
    session.begin_run(s(1)).expect("agreed");
    session.begin_judging(s(2)).expect("running");
    session.cancel(true, s(2));
    assert!(!session.judged(1, s(3)));
    assert_eq!(session.status(s(3)), Status::Canceled { declined: true });
    assert_eq!(session.take(s(3), signed), Ok(None));
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Agree,
    BeginRun,
    EndRun(u32),
    BeginJudging,
    Judged,
    JudgingFailed,
    Take,
    Cancel(bool),
    Wait(u16),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        1 => Just(Call::Agree),
        3 => Just(Call::BeginRun),
        2 => (1_u32..6).prop_map(Call::EndRun),
        3 => Just(Call::BeginJudging),
        3 => Just(Call::Judged),
        1 => Just(Call::JudgingFailed),
        3 => Just(Call::Take),
        1 => any::<bool>().prop_map(Call::Cancel),
        3 => (0_u16..90).prop_map(Call::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Two tasks may call in any order: whatever comes of it, a person agreed before anything was judged, one decision
    /// counts, one result is signed and only within its time, and an end is an end.
    #[test]
    fn one_answer_at_most_whatever_the_order(calls in proptest::collection::vec(call(), 0..40)) {
        let mut session: Session<u8, u32> = Session::new(s(0), s(180));
        let (mut now, mut agreed, mut judging, mut counted, mut signatures) = (0, 0, 0, 0, 0_u32);
        // The how manieth challenge was begun last, and which has not ended.
        let (mut runs, mut running) = (0, None);
        let (mut judged_at, mut ended, mut last_result) = (None, None, None);
        for (number, call) in calls.into_iter().enumerate() {
            match call {
                Call::Agree => agreed += u32::from(session.agree(7, s(now)).is_ok()),
                Call::BeginRun => {
                    if let Ok(begun) = session.begin_run(s(now)) {
                        prop_assert!(agreed == 1 && judging == 0);
                        prop_assert!(running.is_none() && begun == runs + 1 && begun <= 5);
                        (runs, running) = (begun, Some(begun));
                    }
                }
                Call::EndRun(number) => {
                    session.end_run(number, s(now));
                    running = running.filter(|running| *running != number);
                }
                Call::BeginJudging => {
                    if session.begin_judging(s(now)).is_ok() {
                        judging += 1;
                        prop_assert!(now < 180 && judging == 1);
                    }
                }
                Call::Judged => {
                    if session.judged(number as u32, s(now)) {
                        counted += 1;
                        judged_at = Some(now);
                        prop_assert!(judging == 1 && ended.is_none());
                    }
                }
                Call::JudgingFailed => session.judging_failed(s(now)),
                Call::Take => {
                    let taken = session.take(s(now), |decided| { signatures += 1; signed(decided) });
                    if let Some((result, _)) = taken.expect("signing does not fail") {
                        let since = judged_at.expect("taken, so judged");
                        prop_assert!(now < since + 120 + 60);
                        if let Some(last) = &last_result {
                            prop_assert_eq!(last, result);
                        }
                        last_result = Some(result.to_owned());
                    }
                }
                Call::Cancel(declined) => session.cancel(declined, s(now)),
                Call::Wait(seconds) => now += u64::from(seconds),
            }
            let status = session.status(s(now));
            if let Some(before) = ended {
                prop_assert_eq!(before, status);
            }
            if status.is_end() {
                ended = Some(status);
            }
            prop_assert!(agreed <= 1 && counted <= 1 && signatures <= 1);
        }
    }
}
