//! Challenges, answered by people and by those who are none. The people are made of numbers: what is shown here is that each
//! check refuses what it is for and lets live people pass, not how often real ones would.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails should say so where it fails"
)]

use countenance_core::{
    Calibration, CalibrationPoint, Check, Color, Cue, DecodeLimits, FaceView, FalseMatchRate,
    FrameCues, FrameError, FrameMark, Gesture, Guidance, Mesh, Message, ModelId, Next, Picture,
    Point, QualityCause, Rect, Run, Size, Template, Threshold, Verdict, align,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

const FRAME_MS: u64 = 66;

/// Where the point of a mesh with this number lies on a head, in units of the eyes' distance: a spiral over an egg with a nose.
fn place(number: usize) -> [f64; 3] {
    let turn = number as f64 * 2.399_963;
    let far = (number as f64 / 467.0).sqrt();
    let (x, y) = match number {
        // The middle of the forehead and below the nose: how high a face is.
        10 => (0.0, -0.9),
        2 => (0.0, 0.65),
        _ => (far * turn.cos(), 0.35 + 1.3 * far * turn.sin()),
    };
    let nose = 0.4 * (-(x * x + (y - 0.5) * (y - 0.5)) / 0.06).exp();
    [x, y, -0.8 * x * x - 0.25 * (y - 0.35) * (y - 0.35) + nose]
}

/// How somebody looks in one frame.
#[derive(Clone, Copy)]
struct Pose {
    yaw_deg: f64,
    /// Width of the mouth, times that of a calm one.
    mouth: f64,
    /// 1 for a head, 0 for a plane.
    depth: f64,
    /// Height of the face, times that of an upright one: less where a picture of it is tipped back.
    high: f64,
    /// Pixels to the right.
    shift: f64,
    person: usize,
    lit_by: Option<Color>,
    seen: Result<(), QualityCause>,
    /// A picture that was sent before.
    again: bool,
    /// What networks that an operator added say of it.
    looks_live: Option<f32>,
}

const CALM: Pose = Pose {
    yaw_deg: 0.0,
    mouth: 1.0,
    depth: 1.0,
    high: 1.0,
    shift: 0.0,
    person: 0,
    lit_by: None,
    seen: Ok(()),
    again: false,
    looks_live: None,
};

/// What was asked so far, and when.
type Asked<'a> = &'a [(u64, Gesture)];
type Actor<'a> = &'a dyn Fn(u64, Asked<'_>) -> Pose;

fn noise(seed: &mut u64, size: f64) -> f64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    ((*seed >> 40) as f64 / f64::from(1 << 24) - 0.5) * 2.0 * size
}

/// The same head in gray, with something on its skin, by yaw in tenths of a degree and depth in hundredths.
static VIEWS: LazyLock<Mutex<HashMap<[i64; 2], FaceView>>> = LazyLock::new(Mutex::default);

fn view(pose: &Pose) -> FaceView {
    let key = [pose.yaw_deg * 10.0, pose.depth * 100.0].map(|value| value.round() as i64);
    let mut views = VIEWS.lock().unwrap();
    views.entry(key).or_insert_with(|| draw(pose)).clone()
}

fn draw(pose: &Pose) -> FaceView {
    let (sin, cos) = pose.yaw_deg.to_radians().sin_cos();
    let seen = |[x, y]: [f64; 2]| {
        let nose = 0.4 * (-(x * x + (y - 0.5) * (y - 0.5)) / 0.06).exp();
        let z = pose.depth * (nose - 0.5 * x * x - 0.15 * (y - 0.5) * (y - 0.5));
        let (x, z) = (x * cos + z * sin, z * cos - x * sin);
        let scale = 400.0 / (10.0 - z);
        [100.0 + x * scale, 80.0 + y * scale]
    };
    let side = 200;
    let pixels = (0..side * side).flat_map(|at| {
        let pixel = [at % side, at / side].map(|value| value as f64);
        let mut place = [0.0; 2];
        for _ in 0..20 {
            let here = seen(place);
            for axis in 0..2 {
                place[axis] += 0.6 * (pixel[axis] - here[axis]) / 40.0;
            }
        }
        let [x, y] = place;
        let skin = (5.0 * x + 1.0).sin() * (6.0 * y).cos() + (11.0 * x - 7.0 * y).sin();
        [(128.0 + 30.0 * skin) as u8; 3]
    });
    let picture = Picture::from_rgb(side, side, pixels.collect()).unwrap();
    let places = [
        [-0.5, 0.0],
        [0.5, 0.0],
        [0.0, 0.57],
        [-0.41, 1.15],
        [0.42, 1.15],
    ];
    let landmarks = places.map(|place| {
        let [x, y] = seen(place);
        Point {
            x: x as f32,
            y: y as f32,
        }
    });
    FaceView::new(&align(&picture, &landmarks), &landmarks)
}

fn cues(pose: &Pose, seed: &mut u64) -> FrameCues {
    let (sin, cos) = pose.yaw_deg.to_radians().sin_cos();
    let laid = |number: usize, seed: &mut u64| {
        let [x, y, z] = place(number);
        let z = z * pose.depth;
        let (x, z) = (x * cos + z * sin, z * cos - x * sin);
        let scale = 900.0 / (10.0 - z);
        [
            (320.0 + pose.shift + x * scale + noise(seed, 0.4)) as f32,
            (240.0 + pose.high * y * scale + noise(seed, 0.4)) as f32,
            (z * scale) as f32,
        ]
    };
    let points = (0..468).map(|number| laid(number, seed)).collect();
    let light = pose.lit_by.map_or([128.0; 3], |color| color.map(f32::from));
    let skin = [170.0, 120.0, 95.0];
    FrameCues {
        area: Rect {
            x: 240.0 + pose.shift as f32,
            y: 140.0,
            width: 160.0,
            height: 200.0,
        },
        picture: Size {
            width: 640,
            height: 480,
        },
        yaw_deg: (pose.yaw_deg + noise(seed, 1.5)) as f32,
        nod_deg: (4.0 + noise(seed, 1.5)) as f32,
        pitch_deg: noise(seed, 2.0) as f32,
        mouth_width: (0.85 * pose.mouth + noise(seed, 0.01)) as f32,
        mesh: Mesh::new(points, 1.0).unwrap(),
        view: view(pose),
        detected: true,
        color: std::array::from_fn(|channel| {
            skin[channel] * (1.0 + 0.06 * (light[channel] / 255.0 - 0.5)) + noise(seed, 0.5) as f32
        }),
        cause: None,
    }
}

fn model() -> ModelId {
    ModelId::new("numbers").unwrap()
}

fn threshold() -> Threshold {
    let fmr = FalseMatchRate::default();
    let point = CalibrationPoint {
        fmr,
        threshold: 0.5,
        supported: true,
        upper_95: fmr.rate(),
    };
    Calibration::new(model(), vec![point])
        .unwrap()
        .threshold(fmr)
        .unwrap()
}

/// Templates of a person lie near an axis of their own.
fn template(person: usize, seed: &mut u64) -> Template {
    let values: [f32; 8] = std::array::from_fn(|at| {
        let along = if at == person { 1.0 } else { 0.0 };
        along + noise(seed, 0.2) as f32
    });
    Template::from_embedding(model(), &values).unwrap()
}

/// Plays a session to its end: the verdict, and how many milliseconds it took.
fn play(actor: Actor<'_>, seed: u8, calm: bool) -> (Verdict, u64) {
    let ms = Duration::from_millis;
    let mut run = Run::new([seed; 32], calm, ms(0));
    let (mut asked, mut chance) = (Vec::new(), u64::from(seed) + 1);
    for number in 0..2000_u32 {
        let now = u64::from(number) * FRAME_MS;
        for message in run.take_messages() {
            if let Message::Prompt { gesture, .. } = message {
                asked.push((now, gesture));
            }
        }
        let pose = actor(now, &asked);
        let digest = if pose.again { 0 } else { u64::from(number) };
        let mark = FrameMark {
            number,
            taken: ms(now + 5000),
            came: ms(now),
            digest,
        };
        let cues = cues(&pose, &mut chance);
        match run.frame(&mark, pose.seen.map(|()| &cues)).unwrap() {
            Next::Wait => {}
            Next::Lost(cause) => return (Verdict::Recapture(cause), now),
            Next::Compare => {
                let template = template(pose.person, &mut chance);
                if let Some(verdict) = run.compare_frame(&template, &threshold()) {
                    return (verdict, now);
                }
            }
            Next::Key => {
                let template = template(pose.person, &mut chance);
                if let Some(verdict) = run.key_frame(template, pose.looks_live, &threshold()) {
                    return (verdict, now);
                }
            }
        }
    }
    panic!("a session that does not end");
}

fn failed(actor: Actor<'_>, seed: u8, calm: bool) -> BTreeSet<Check> {
    match play(actor, seed, calm).0 {
        Verdict::Judged(judged) => judged.failed,
        Verdict::Recapture(cause) => panic!("to be taken again: {cause}"),
    }
}

/// Does what is asked, as people do: some 350 ms later, at the speed of a head.
fn live(now: u64, asked: Asked<'_>) -> Pose {
    live_after(350, now, asked)
}

fn live_after(reaction: u64, now: u64, asked: Asked<'_>) -> Pose {
    let &(since, gesture) = asked.last().unwrap();
    let moving = now.saturating_sub(since + reaction) as f64 / 1000.0;
    let before = asked
        .iter()
        .rev()
        .nth(1)
        .map_or(Gesture::Hold, |(_, gesture)| *gesture);
    let full = |gesture| match gesture {
        Gesture::TurnLeft => (25.0, 1.0),
        Gesture::TurnRight => (-25.0, 1.0),
        Gesture::Smile => (0.0, 1.25),
        _ => (0.0, 1.0),
    };
    let (from, to) = (full(before), full(gesture));
    let part = (moving * 4.0).min(1.0);
    Pose {
        yaw_deg: from.0 + (to.0 - from.0) * part,
        mouth: from.1 + (to.1 - from.1) * part,
        lit_by: light(now, asked),
        ..CALM
    }
}

/// The screen lights the face some 120 ms later.
fn light(now: u64, asked: Asked<'_>) -> Option<Color> {
    let shown = asked.iter().rev().find(|(since, _)| since + 120 <= now)?;
    match shown.1 {
        Gesture::Light(color) => Some(color),
        _ => None,
    }
}

#[test]
fn live_people_pass_within_six_seconds_and_with_slow_light_within_eight() {
    for (calm, longest) in [(false, 6000), (true, 8000)] {
        let mut times = Vec::new();
        for seed in 0..100 {
            let (verdict, ms) = play(&live, seed, calm);
            let Verdict::Judged(judged) = verdict else {
                panic!("seed {seed}: {verdict:?}")
            };
            assert!(
                judged.is_live(),
                "seed {seed}, calm {calm}: {:?}",
                judged.failed
            );
            times.push(ms);
        }
        times.sort_unstable();
        let (median, last) = (times[50], times[99]);
        println!("calm {calm}: median {median} ms, longest {last} ms");
        assert!(last < longest, "{times:?}");
    }
}

#[test]
fn faces_that_look_printed_fail_where_somebody_can_say_so_and_one_odd_frame_does_not() {
    let live_that_looks = |score: &dyn Fn(u64) -> f32| {
        let looks = |now, asked: Asked<'_>| Pose {
            looks_live: Some(score(now)),
            ..live(now, asked)
        };
        failed(&looks, 7, false)
    };
    assert_eq!(live_that_looks(&|_| 0.9), BTreeSet::new());
    assert_eq!(live_that_looks(&|_| 0.05), [Check::Passive].into());
    // The first key frame alone.
    let odd = |now| if now < 1000 { 0.01 } else { 0.95 };
    assert_eq!(live_that_looks(&odd), BTreeSet::new());
    assert_eq!(failed(&live, 7, false), BTreeSet::new());
}

#[test]
fn a_still_photo_misses_every_gesture_and_all_light() {
    for seed in 0..50 {
        let failed = failed(&|_, _| CALM, seed, false);
        assert!(failed.contains(&Check::Missed) && failed.contains(&Check::Light));
    }
}

#[test]
fn a_photo_that_is_tilted_as_asked_is_a_plane() {
    for seed in 0..50 {
        let flat = |now, asked: Asked<'_>| Pose {
            depth: 0.0,
            ..live(now, asked)
        };
        assert_eq!(
            failed(&flat, seed, false),
            [Check::Flat].into(),
            "seed {seed}"
        );
    }
}

#[test]
fn a_photo_that_smiles_throughout_does_not_smile_when_asked() {
    let smiling = |now, asked: Asked<'_>| Pose {
        mouth: 1.25,
        ..live(now, asked)
    };
    for seed in 0..50 {
        assert_eq!(
            failed(&smiling, seed, false),
            [Check::Missed].into(),
            "seed {seed}"
        );
    }
}

#[test]
fn a_mouth_that_is_wide_since_the_whole_face_is_tipped_does_not_smile() {
    let tipped_by = |most: f64| {
        move |now: u64, asked: Asked<'_>| {
            let pose = live(now, asked);
            Pose {
                high: 1.0 - most * (pose.mouth - 1.0) / 0.25,
                ..pose
            }
        }
    };
    for seed in 0..20 {
        assert_eq!(failed(&tipped_by(0.03), seed, false), BTreeSet::new());
        assert!(failed(&tipped_by(0.3), seed, false).contains(&Check::Missed));
    }
}

#[test]
fn an_earlier_session_played_again_fails() {
    for (seed, calm) in (0..100).flat_map(|seed| [(seed, false), (seed, true)]) {
        // What a live person did in another session, frame by frame.
        let mut recorded = Vec::new();
        let record = std::cell::RefCell::new(&mut recorded);
        let seen = |now, asked: Asked<'_>| {
            let pose = live(now, asked);
            record.borrow_mut().push(pose);
            pose
        };
        play(&seen, seed + 100, calm);
        let replay = |now: u64, _: Asked<'_>| {
            let at = (now / FRAME_MS) as usize;
            *recorded.get(at).unwrap_or(&CALM)
        };
        let failed = failed(&replay, seed, calm);
        assert!(!failed.is_empty(), "seed {seed}, calm {calm} passed");
    }
}

#[test]
fn a_gesture_sooner_than_people_react_is_refused_and_one_after_that_is_not() {
    let hasty = |now, asked: Asked<'_>| {
        let mut pose = live_after(0, now, asked);
        if let Some((since, gesture @ (Gesture::TurnLeft | Gesture::TurnRight))) = asked.last()
            && now - since < 200
        {
            pose.yaw_deg = if *gesture == Gesture::TurnLeft {
                25.0
            } else {
                -25.0
            };
        }
        pose
    };
    for seed in 0..50 {
        let early = failed(&hasty, seed, true);
        assert!(early.contains(&Check::Early), "seed {seed}: {early:?}");
        let quick = |now, asked: Asked<'_>| live_after(200, now, asked);
        assert_eq!(failed(&quick, seed, true), BTreeSet::new());
    }
}

#[test]
fn whoever_moves_all_the_time_has_no_neutral_face_of_just_before() {
    // A loop of turns and smiles that will meet whatever is asked.
    let restless = |now: u64, asked: Asked<'_>| {
        if asked.len() == 1 {
            return CALM;
        }
        let phase = (now % 3000) as f64 / 3000.0 * std::f64::consts::TAU;
        Pose {
            yaw_deg: 28.0 * phase.sin(),
            mouth: 1.3,
            lit_by: light(now, asked),
            ..CALM
        }
    };
    for seed in 0..50 {
        let failed = failed(&restless, seed, true);
        assert!(failed.contains(&Check::Neutral), "seed {seed}: {failed:?}");
    }
}

#[test]
fn the_other_way_is_not_the_way() {
    let mirrored = |now, asked: Asked<'_>| {
        let pose = live(now, asked);
        Pose {
            yaw_deg: -pose.yaw_deg,
            ..pose
        }
    };
    for seed in 0..50 {
        let failed = failed(&mirrored, seed, false);
        assert!(failed.contains(&Check::Wrong) && failed.contains(&Check::Missed));
    }
}

#[test]
fn a_face_that_becomes_another_is_two_people() {
    for seed in 0..50 {
        let swapped = |now, asked: Asked<'_>| Pose {
            person: usize::from(asked.len() > 2),
            ..live(now, asked)
        };
        assert_eq!(
            failed(&swapped, seed, false),
            [Check::Identity].into(),
            "seed {seed}"
        );
        let last = |now, asked: Asked<'_>| Pose {
            person: usize::from(asked.len() > 7),
            ..live(now, asked)
        };
        let (_, ms) = play(&live, seed, true);
        assert!(ms > 0);
        assert_eq!(
            failed(&last, seed, true),
            [Check::Identity].into(),
            "seed {seed}"
        );
    }
}

#[test]
fn somebody_else_who_turns_or_is_lit_in_their_place_and_goes_again_is_two_people() {
    let takes_over = |gesture: fn(Gesture) -> bool| {
        move |now: u64, asked: Asked<'_>| {
            let away = asked.last().is_some_and(|(_, asked)| gesture(*asked));
            Pose {
                person: usize::from(away),
                ..live(now, asked)
            }
        }
    };
    let turns = takes_over(|asked| matches!(asked, Gesture::TurnLeft | Gesture::TurnRight));
    let is_lit = takes_over(|asked| matches!(asked, Gesture::Light(_)));
    for seed in 0..50 {
        for calm in [false, true] {
            assert_eq!(failed(&turns, seed, calm), [Check::Identity].into());
            assert_eq!(failed(&is_lit, seed, calm), [Check::Identity].into());
            assert_eq!(failed(&live, seed, calm), BTreeSet::new());
        }
    }
}

/// Which color is compared is drawn: who is away for one of five is seen in some sessions.
#[test]
fn somebody_else_who_is_lit_for_one_color_is_seen_now_and_then() {
    let one = |now: u64, asked: Asked<'_>| {
        let colors = asked
            .iter()
            .filter(|(_, asked)| matches!(asked, Gesture::Light(_)));
        let is_lit = matches!(asked.last(), Some((_, Gesture::Light(_))));
        Pose {
            person: usize::from(is_lit && colors.count() == 2),
            ..live(now, asked)
        }
    };
    let seen = (0..100).filter(|seed| failed(&one, *seed, false).contains(&Check::Identity));
    let seen = seen.count();
    assert!((5..60).contains(&seen), "{seen} of 100");
}

#[test]
fn a_face_that_the_screen_does_not_light_is_not_before_it() {
    let unlit = |now, asked: Asked<'_>| Pose {
        lit_by: None,
        ..live(now, asked)
    };
    for seed in 0..50 {
        for calm in [false, true] {
            assert_eq!(failed(&unlit, seed, calm), [Check::Light].into());
            // The control.
            assert_eq!(failed(&live, seed, calm), BTreeSet::new());
        }
    }
}

#[test]
fn a_face_that_jumps_is_not_one_face() {
    let jumping = |now, asked: Asked<'_>| Pose {
        shift: if asked.len() > 2 { 200.0 } else { 0.0 },
        ..live(now, asked)
    };
    assert_eq!(failed(&jumping, 1, false), [Check::Continuity].into());
}

#[test]
fn pictures_that_come_again_are_noticed() {
    let again = |now: u64, asked: Asked<'_>| Pose {
        again: (now / FRAME_MS).is_multiple_of(4),
        ..live(now, asked)
    };
    assert_eq!(failed(&again, 1, false), [Check::Repeats].into());
}

#[test]
fn a_face_that_is_lost_or_not_alone_is_to_be_taken_again() {
    for cause in [QualityCause::NoFace, QualityCause::SeveralFaces] {
        let lost = |now, asked: Asked<'_>| Pose {
            seen: if asked.len() > 1 { Err(cause) } else { Ok(()) },
            ..live(now, asked)
        };
        let (verdict, _) = play(&lost, 1, false);
        assert!(matches!(verdict, Verdict::Recapture(why) if why == cause));
        // A blink of the detector is not a loss.
        let blinking = |now: u64, asked: Asked<'_>| Pose {
            seen: if (now / FRAME_MS).is_multiple_of(5) {
                Err(cause)
            } else {
                Ok(())
            },
            ..live(now, asked)
        };
        let (verdict, _) = play(&blinking, 1, true);
        assert!(
            matches!(&verdict, Verdict::Judged(judged) if judged.is_live()),
            "{verdict:?}"
        );
    }
}

#[test]
fn a_gesture_that_was_made_out_of_sight_was_not_made() {
    let turns = |gesture| {
        matches!(
            gesture,
            Gesture::TurnLeft | Gesture::TurnRight | Gesture::Smile
        )
    };
    let away_for = |away_ms: u64| {
        move |now: u64, asked: Asked<'_>| {
            let &(since, gesture) = asked.last().unwrap();
            let away = (since + 300..since + 300 + away_ms).contains(&now) && turns(gesture);
            Pose {
                seen: if away {
                    Err(QualityCause::NoFace)
                } else {
                    Ok(())
                },
                ..live_after(300, now, asked)
            }
        }
    };
    for seed in 0..20 {
        assert_eq!(failed(&away_for(100), seed, false), BTreeSet::new());
        assert_eq!(failed(&away_for(400), seed, false), [Check::Missed].into());
    }
}

#[test]
fn whoever_is_not_seen_well_is_told_how_and_in_the_end_to_come_again() {
    let ms = Duration::from_millis;
    let mut run = Run::new([1; 32], false, ms(0));
    assert!(matches!(
        run.take_messages()[..],
        [Message::Prompt {
            id: 1,
            gesture: Gesture::Hold,
            ..
        }]
    ));
    let mut seed = 1;
    let mut told = Vec::new();
    for number in 0..600_u32 {
        let now = ms(u64::from(number) * FRAME_MS);
        let mark = FrameMark {
            number,
            taken: now + ms(1),
            came: now,
            digest: number.into(),
        };
        let mut cues = cues(&CALM, &mut seed);
        cues.cause = Some(if number < 100 {
            QualityCause::TooDark
        } else {
            QualityCause::TooSmall
        });
        let next = run.frame(&mark, Ok(&cues)).unwrap();
        told.extend(run.take_messages());
        if let Next::Lost(cause) = next {
            assert_eq!(cause, QualityCause::TooSmall);
            assert!(now >= ms(30_000));
            let both = [Guidance::MoreLight, Guidance::Closer].map(Message::Guidance);
            assert_eq!(told, both);
            return;
        }
    }
    panic!("waits for ever");
}

#[test]
fn a_client_that_skips_numbers_is_told() {
    let mut run = Run::new([1; 32], false, Duration::ZERO);
    let mark = FrameMark {
        number: 1,
        taken: Duration::ZERO,
        came: Duration::ZERO,
        digest: 0,
    };
    let told = run.frame(&mark, Err(QualityCause::NoFace));
    assert_eq!(
        told,
        Err(FrameError::Number {
            expected: 0,
            got: 1
        })
    );
}

#[test]
fn what_fails_does_not_show_in_what_is_asked() {
    // Messages of a live session and of one that fails a check are the same but for their times.
    let messages = |actor: Actor<'_>| {
        let mut asked_in_the_end = Vec::new();
        let seen = std::cell::RefCell::new(&mut asked_in_the_end);
        let watching = |now, asked: Asked<'_>| {
            **seen.borrow_mut() = asked
                .iter()
                .map(|(_, gesture)| *gesture)
                .collect::<Vec<_>>();
            actor(now, asked)
        };
        play(&watching, 7, false);
        asked_in_the_end
    };
    let good = messages(&live);
    assert_eq!(messages(&|_, _| CALM), good);
    assert_eq!(
        messages(&|now, asked: Asked<'_>| Pose {
            depth: 0.0,
            ..live(now, asked)
        }),
        good
    );
}

/// The files that an operator adds, where this machine has them.
#[test]
fn added_networks_look_at_faces_and_another_file_is_no_network() {
    use countenance_core::{Networks, Options};
    use countenance_models::{Manifest, Store, Weights};

    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let added = root.join("../shared/models/minifasnet");
    if !added.is_dir() {
        println!("SKIPPED: there is no {}", added.display());
        return;
    }
    let manifest = Manifest::shipped().unwrap();
    let weights = Weights::from_dir(&root.join("models/store")).unwrap();
    let mut networks = Networks::load(&manifest, &weights, &Options::default()).unwrap();
    let store = Store::new(added);
    for spec in manifest.added() {
        assert!(networks.add_passive_liveness(spec, vec![7; 1000]).is_err());
        let bytes = spec.read(&store).unwrap();
        networks.add_passive_liveness(spec, bytes).unwrap();
    }
    let clock = std::sync::Arc::new(countenance_core::StoppedClock);
    let mut worker = networks.engine(clock).unwrap().worker().unwrap();
    let photo = manifest.sample("obama.jpg").unwrap();
    let photo = Store::new(root.join("models/store"))
        .read(photo.file())
        .unwrap();
    let policy = countenance_core::ComparePolicy::default();
    let mut run = Run::new([7; 32], false, Duration::ZERO);
    let verdict = (0..1000).find_map(|number| {
        let came = Duration::from_millis(FRAME_MS) * number;
        let mark = FrameMark {
            number,
            taken: came + Duration::from_millis(1),
            came,
            digest: number.into(),
        };
        worker
            .look_at_frame(&mut run, &mark, &photo, &policy, DecodeLimits::default())
            .unwrap()
    });
    let Some(Verdict::Judged(judged)) = verdict else {
        panic!("{verdict:?}");
    };
    assert!(judged.failed.contains(&Check::Missed));
    let passive = judged.measured.iter().find(|(cue, _)| *cue == Cue::Passive);
    let score = passive.unwrap().1;
    println!("a photo straight from a camera: {score}");
    assert!((0.0..=1.0).contains(&score));
}
