//! One run through a challenge: cues go in, messages come out, and at the end a verdict.

use super::cues::FrameCues;
use super::dice::Dice;
use super::gesture::{Neutral, Watch};
use super::light::{Color, response};
use super::messages::{Gesture, Guidance, Message};
use super::pace::{FrameError, FrameMark, Pace};
use super::plan::{Step, plan};
use super::rules::{
    BLINK, DETECT_EVERY, FIRST_HOLD, HOLD_FRAMES, HOLD_MS, LIGHT_RESPONSE, LOST, LightPace, NEAR,
    OVERLAP, PASSIVE, PAUSE, QUICK_LIGHT, REST_MS, SLOW_LIGHT, TOO_NEAR, WINDOW,
};
use super::verdict::{Check, Cue, Judged, Verdict};
use countenance_gallery::{Template, Threshold};
use countenance_vision::{Before, Mesh, QualityCause, Rect, Size};
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// A running challenge. It is pure: time comes with the frames, chance from a seed.
pub struct Run {
    dice: Dice,
    calm: bool,
    steps: std::vec::IntoIter<Step>,
    all_steps: usize,
    phase: Phase,
    neutral: Neutral,
    prompts: u32,
    guidance: Guidance,
    pace: Pace,
    last_face: Option<(Duration, Rect)>,
    /// Where the face of the last frame lay, and how many frames the detector has rested.
    last_mesh: Option<(Size, Mesh, usize)>,
    lost_since: Option<Duration>,
    last_cause: Option<QualityCause>,
    failed: BTreeSet<Check>,
    measured: Vec<(Cue, f32)>,
    /// How live the key frames look, where somebody can say so.
    looks_live: Vec<f32>,
    /// Of the first key frame; the others only have to be like it.
    first_key: Option<Template>,
    messages: Vec<Message>,
}

/// What is waited for.
enum Phase {
    /// The person's own neutral face.
    First {
        since: Option<Duration>,
        need: Duration,
        asked: Duration,
    },
    /// A neutral face again, for a random while; `last` when nothing follows.
    Rest {
        since: Option<Duration>,
        need: Duration,
        asked: Duration,
        last: bool,
    },
    /// A gesture.
    Gesture(Watch),
    /// The last of some colors. When so many were shown, the frame at the end of that one is compared with the first.
    Light {
        compared: usize,
        left: std::vec::IntoIter<Color>,
        shown: Vec<(Duration, Color)>,
        seen: Vec<(Duration, [f32; 3])>,
    },
    /// Nothing more.
    Over,
}

/// What to do after a frame.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// Make a template of this frame and give it to [`Run::key_frame`].
    Key,
    /// Make a template of this frame, in which the head is turned or the light is colored, and give it to [`Run::compare_frame`].
    Compare,
    /// It is over, for this reason.
    Lost(QualityCause),
    /// Wait for the next frame.
    Wait,
}

impl Run {
    /// A challenge that is drawn with this seed and asked from `now` on. The seed must be as hard to guess as a key.
    #[must_use]
    pub fn new(seed: [u8; 32], calm: bool, now: Duration) -> Self {
        Self::drawn(seed, calm, false, now)
    }

    /// The same with the smile at the end, where it is the person's yes to what they were shown.
    #[must_use]
    pub fn with_smile_last(seed: [u8; 32], calm: bool, now: Duration) -> Self {
        Self::drawn(seed, calm, true, now)
    }

    fn drawn(seed: [u8; 32], calm: bool, smile_last: bool, now: Duration) -> Self {
        let mut dice = Dice::new(seed);
        let steps = plan(&mut dice, smile_last);
        let phase = Phase::First {
            since: None,
            need: dice.duration(HOLD_MS),
            asked: now,
        };
        let mut run = Self {
            dice,
            calm,
            // The first hold is a step, too.
            all_steps: steps.len() + 1,
            steps: steps.into_iter(),
            phase,
            neutral: Neutral::default(),
            prompts: 0,
            guidance: Guidance::Ok,
            pace: Pace::default(),
            last_face: None,
            last_mesh: None,
            lost_since: None,
            last_cause: None,
            failed: BTreeSet::new(),
            measured: Vec::new(),
            looks_live: Vec::new(),
            first_key: None,
            messages: Vec::new(),
        };
        run.prompt(Gesture::Hold, FIRST_HOLD);
        run
    }

    /// Whether its colors are slow.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.calm
    }

    /// Whether a gesture or a light is asked for. Before that is sent the attempt has to be taken, see
    /// [`Registry::take_attempt`](crate::Registry::take_attempt): from here on the challenge is known.
    #[must_use]
    pub fn has_asked(&self) -> bool {
        !matches!(self.phase, Phase::First { .. })
    }

    /// Where the next frame's face may be looked for; nothing when it was lost. The detector looks in each frame of the first hold, and in one
    /// of [`DETECT_EVERY`] after it.
    pub(super) fn before(&self) -> Option<Before<'_>> {
        let (size, mesh, rested) = self.last_mesh.as_ref()?;
        Some(Before {
            size: *size,
            mesh,
            detector_rests: self.has_asked() && rested + 1 < DETECT_EVERY,
        })
    }

    /// What is to be sent now.
    pub fn take_messages(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages)
    }

    /// Takes in a frame: its cues, or why there are none.
    ///
    /// # Errors
    /// [`FrameError`] when the client does not keep to the protocol.
    pub fn frame(
        &mut self,
        mark: &FrameMark,
        seen: Result<&FrameCues, QualityCause>,
    ) -> Result<Next, FrameError> {
        let now = mark.came;
        let pause = self.pace.frame(mark)?;
        let begun = self.has_asked();
        if begun && pause > PAUSE {
            return Ok(Next::Lost(QualityCause::NoFace));
        }
        let cues = match seen {
            Ok(cues) => cues,
            Err(cause) => {
                self.last_mesh = None;
                return Ok(self.away(cause, begun, now));
            }
        };
        let rested = match &self.last_mesh {
            Some((_, _, rested)) if !cues.detected => rested + 1,
            _ => 0,
        };
        self.last_mesh = Some((cues.picture, cues.mesh.clone(), rested));
        self.lost_since = None;
        self.follow(cues.area, begun, now);
        self.last_cause = cues.cause;
        let mut guidance = cues.cause.map_or(Guidance::Ok, Guidance::from);
        if cues.area.width > TOO_NEAR * cues.picture.width as f32 {
            guidance = Guidance::Farther;
        }
        let usable = guidance == Guidance::Ok;
        let next = self.step(cues, usable, now);
        if usable && self.wants_straight() && !self.neutral.is(cues) {
            guidance = Guidance::LookStraight;
        }
        self.guide(guidance);
        Ok(next)
    }

    /// Takes in the template of the frame before, and how live its face looks (0..=1) where somebody can say so; says how it ended
    /// when that was the last.
    pub fn key_frame(
        &mut self,
        template: Template,
        looks_live: Option<f32>,
        threshold: &Threshold,
    ) -> Option<Verdict> {
        self.looks_live.extend(looks_live);
        self.hold_against_first(&template, threshold);
        self.first_key.get_or_insert(template);
        self.verdict()
    }

    /// Takes in the template of the frame before, which only has to be of the person of the first key frame: nobody else turns the head
    /// or is lit in their place. Says how it ended when that was the last.
    pub fn compare_frame(&mut self, template: &Template, threshold: &Threshold) -> Option<Verdict> {
        self.hold_against_first(template, threshold);
        self.verdict()
    }

    fn hold_against_first(&mut self, template: &Template, threshold: &Threshold) {
        if let Some(first) = &self.first_key {
            let same = first.compare(template);
            if !same.is_ok_and(|score| threshold.accepts(score)) {
                self.failed.insert(Check::Identity);
            }
        }
    }

    /// How it ended, once.
    fn verdict(&mut self) -> Option<Verdict> {
        if !matches!(self.phase, Phase::Over) {
            return None;
        }
        let probe = self.first_key.take()?;
        if !self.looks_live.is_empty() {
            let mean = self.looks_live.iter().sum::<f32>() / self.looks_live.len() as f32;
            self.measured.push((Cue::Passive, mean));
            if mean < PASSIVE {
                self.failed.insert(Check::Passive);
            }
        }
        if !self.pace.kept_time() {
            self.failed.insert(Check::Pace);
        }
        if !self.pace.is_fresh() {
            self.failed.insert(Check::Repeats);
        }
        Some(Verdict::Judged(Judged {
            failed: std::mem::take(&mut self.failed),
            measured: std::mem::take(&mut self.measured),
            probe,
        }))
    }

    /// No face, or several.
    fn away(&mut self, cause: QualityCause, begun: bool, now: Duration) -> Next {
        self.last_cause = Some(cause);
        self.guide(cause.into());
        let since_lost = *self.lost_since.get_or_insert(now);
        let lost = now.saturating_sub(since_lost) > LOST;
        if let Phase::First { since, asked, .. } = &mut self.phase {
            if lost {
                *since = None;
                self.neutral = Neutral::default();
            }
            if now.saturating_sub(*asked) > FIRST_HOLD {
                return Next::Lost(cause);
            }
        }
        if let Phase::Gesture(watch) = &mut self.phase
            && now.saturating_sub(since_lost) > BLINK
        {
            watch.lose();
        }
        if begun && lost {
            return Next::Lost(cause);
        }
        Next::Wait
    }

    /// The face is where it was, give or take a movement.
    fn follow(&mut self, area: Rect, begun: bool, now: Duration) {
        if let Some((at, before)) = self.last_face
            && begun
            && now.saturating_sub(at) < NEAR
            && area.overlap(before) < OVERLAP
        {
            self.failed.insert(Check::Continuity);
        }
        self.last_face = Some((now, area));
    }

    fn wants_straight(&self) -> bool {
        matches!(self.phase, Phase::First { .. } | Phase::Rest { .. })
    }

    fn step(&mut self, cues: &FrameCues, usable: bool, now: Duration) -> Next {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::First { since, need, asked } => {
                self.first(cues, usable, since, need, asked, now)
            }
            Phase::Rest {
                since,
                need,
                asked,
                last,
            } => {
                let is_neutral = usable && self.neutral.is(cues);
                let since = is_neutral.then(|| since.unwrap_or(now));
                let rested = since.is_some_and(|since| now.saturating_sub(since) >= need);
                let late = now.saturating_sub(asked) > WINDOW;
                if late && !rested {
                    self.failed.insert(Check::Neutral);
                }
                if !rested && !late {
                    self.phase = Phase::Rest {
                        since,
                        need,
                        asked,
                        last,
                    };
                    return Next::Wait;
                }
                if !last {
                    self.ask(now);
                }
                Next::Key
            }
            Phase::Gesture(mut watch) => {
                let over = watch.see(cues, usable, &self.neutral, now);
                if !over {
                    self.phase = Phase::Gesture(watch);
                    return Next::Wait;
                }
                // Its own frame says whose gesture it was, so nobody has to come back from one that nothing follows.
                let is_last = self.steps.len() == 0;
                let next = match watch.is_smile() {
                    true if usable => Next::Key,
                    // The frame in which the turn was seen for good: what is turned there is whom it is compared with.
                    false if watch.was_seen() => Next::Compare,
                    _ if is_last => Next::Compare,
                    _ => Next::Wait,
                };
                self.measured.extend(watch.measured());
                self.failed.extend(watch.failed());
                if is_last {
                    self.progress();
                } else {
                    self.rest(now);
                }
                next
            }
            Phase::Light {
                compared,
                mut left,
                mut shown,
                mut seen,
            } => {
                seen.push((now, cues.color));
                let pace = self.light();
                let since = shown.last().map_or(now, |(at, _)| *at);
                let shown_for = now.saturating_sub(since);
                let before = shown.len();
                let mut is_done = false;
                if left.len() > 0
                    && shown_for >= pace.shown
                    && let Some(color) = left.next()
                {
                    self.prompt(Gesture::Light(color), pace.shown);
                    shown.push((now, color));
                    is_done = true;
                }
                if left.len() == 0 && shown_for >= pace.shown + pace.tail {
                    let response = response(&shown, &seen, &pace);
                    self.measured.push((Cue::Light, response));
                    if response < LIGHT_RESPONSE {
                        self.failed.insert(Check::Light);
                    }
                    self.rest(now);
                    is_done = true;
                } else {
                    self.phase = Phase::Light {
                        compared,
                        left,
                        shown,
                        seen,
                    };
                }
                if is_done && before == compared {
                    Next::Compare
                } else {
                    Next::Wait
                }
            }
            Phase::Over => Next::Wait,
        }
    }

    fn first(
        &mut self,
        cues: &FrameCues,
        usable: bool,
        since: Option<Duration>,
        need: Duration,
        asked: Duration,
        now: Duration,
    ) -> Next {
        let good = usable && self.neutral.take(cues);
        let since = good.then(|| since.unwrap_or(now));
        let held = since.is_some_and(|since| now.saturating_sub(since) >= need);
        if held && self.neutral.frames() >= HOLD_FRAMES {
            self.ask(now);
            return Next::Key;
        }
        if now.saturating_sub(asked) > FIRST_HOLD {
            return Next::Lost(self.last_cause.unwrap_or(QualityCause::TurnedTooFar));
        }
        self.phase = Phase::First { since, need, asked };
        Next::Wait
    }

    /// The next step is asked.
    fn ask(&mut self, now: Duration) {
        self.progress();
        self.phase = match self.steps.next() {
            Some(Step::Gesture(gesture)) => {
                self.prompt(gesture, WINDOW);
                Phase::Gesture(Watch::new(gesture, now))
            }
            Some(Step::Light(colors)) => {
                let count = u32::try_from(colors.len()).unwrap_or(1);
                let compared = 1 + self.dice.below(count) as usize;
                let mut left = colors.into_iter();
                let mut shown = Vec::new();
                if let Some(color) = left.next() {
                    self.prompt(Gesture::Light(color), self.light().shown);
                    shown.push((now, color));
                }
                Phase::Light {
                    compared,
                    left,
                    shown,
                    seen: Vec::new(),
                }
            }
            None => Phase::Over,
        };
    }

    fn light(&self) -> LightPace {
        if self.calm { SLOW_LIGHT } else { QUICK_LIGHT }
    }

    /// Back to the neutral face: for a while before the next step, or once more after colors that come last.
    fn rest(&mut self, now: Duration) {
        let last = self.steps.len() == 0;
        let need = if last {
            Duration::ZERO
        } else {
            self.dice.duration(REST_MS)
        };
        if last {
            self.progress();
        }
        self.prompt(Gesture::Hold, WINDOW);
        self.phase = Phase::Rest {
            since: None,
            need,
            asked: now,
            last,
        };
    }

    fn prompt(&mut self, gesture: Gesture, window: Duration) {
        self.prompts += 1;
        self.messages.push(Message::Prompt {
            id: self.prompts,
            gesture,
            window,
        });
    }

    fn progress(&mut self) {
        let done = self.all_steps - self.steps.len();
        self.messages.push(Message::Progress {
            done,
            of: self.all_steps,
        });
    }

    fn guide(&mut self, guidance: Guidance) {
        if self.guidance != guidance {
            self.guidance = guidance;
            self.messages.push(Message::Guidance(guidance));
        }
    }
}

impl fmt::Debug for Run {
    /// What will be asked is nobody's to see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("calm", &self.calm)
            .finish_non_exhaustive()
    }
}
