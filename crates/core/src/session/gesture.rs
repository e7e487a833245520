//! Gestures, from the person's own neutral face.

use super::cues::FrameCues;
use super::messages::Gesture;
use super::relief::relief;
use super::rules::{
    CALM_MOUTH, FRONTAL_DEG, GESTURE_FRAMES, REACTION, RELIEF, SMILE, STRAIGHT_DEG, TURN_DEG,
    WINDOW,
};
use super::verdict::Check;
use countenance_vision::Point;
use std::collections::BTreeSet;
use std::time::Duration;

/// The person's own neutral face, from the frames of the first hold.
#[derive(Default)]
pub(super) struct Neutral {
    frames: usize,
    yaw: f32,
    mouth: f32,
    points: [Point; 5],
}

impl Neutral {
    /// Takes in a frame of the first hold; one that is not straight, or no longer like the ones before, begins anew.
    pub(super) fn take(&mut self, cues: &FrameCues) -> bool {
        let frontal = cues.yaw_deg.abs() <= FRONTAL_DEG && cues.pitch_deg.abs() <= FRONTAL_DEG;
        if !frontal || (self.frames > 0 && !self.is(cues)) {
            *self = Self::default();
            if !frontal {
                return false;
            }
        }
        self.frames += 1;
        let weight = 1.0 / self.frames as f32;
        self.yaw += (cues.yaw_deg - self.yaw) * weight;
        self.mouth += (cues.mouth_width - self.mouth) * weight;
        // Points move with the head; relief compares views, so one view is kept whole.
        self.points = cues.points;
        true
    }

    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    /// Whether a face is neutral.
    pub(super) fn is(&self, cues: &FrameCues) -> bool {
        self.frames > 0
            && self.turned(cues).abs() <= STRAIGHT_DEG
            && self.mouth_of(cues) <= CALM_MOUTH
    }

    /// Degrees from neutral, positive to the person's own left.
    fn turned(&self, cues: &FrameCues) -> f32 {
        cues.yaw_deg - self.yaw
    }

    fn mouth_of(&self, cues: &FrameCues) -> f32 {
        cues.mouth_width / self.mouth.max(f32::MIN_POSITIVE)
    }
}

/// Waits for one gesture.
pub(super) struct Watch {
    gesture: Gesture,
    asked: Duration,
    frames: usize,
    reliefs: Vec<f32>,
    failed: BTreeSet<Check>,
}

impl Watch {
    pub(super) fn new(gesture: Gesture, asked: Duration) -> Self {
        Self {
            gesture,
            asked,
            frames: 0,
            reliefs: Vec::new(),
            failed: BTreeSet::new(),
        }
    }

    pub(super) fn is_smile(&self) -> bool {
        self.gesture == Gesture::Smile
    }

    /// Looks at a frame, and says whether the step is over: the gesture was seen or did not come.
    pub(super) fn see(
        &mut self,
        cues: &FrameCues,
        usable: bool,
        neutral: &Neutral,
        now: Duration,
    ) -> bool {
        let waited = now.saturating_sub(self.asked);
        let turned = neutral.turned(cues);
        let (left, right) = (turned >= TURN_DEG, turned <= -TURN_DEG);
        // The corners of the mouth of a turned head say nothing of a smile.
        let smiles = usable && turned.abs() <= TURN_DEG / 2.0 && neutral.mouth_of(cues) >= SMILE;
        let (asked, other) = match self.gesture {
            Gesture::TurnLeft => (left, right),
            Gesture::TurnRight => (right, left),
            Gesture::Smile => (smiles, left || right),
            _ => (false, false),
        };
        if other {
            self.failed.insert(Check::Wrong);
        }
        if asked {
            if waited < REACTION {
                self.failed.insert(Check::Early);
            }
            self.frames += 1;
            if left || right {
                self.reliefs.extend(relief(&neutral.points, &cues.points));
            }
        } else {
            self.frames = 0;
        }
        let done = self.frames >= GESTURE_FRAMES;
        if done && (left || right) && !self.stands_out() {
            self.failed.insert(Check::Flat);
        }
        let late = waited > WINDOW;
        if late && !done {
            self.failed.insert(Check::Missed);
        }
        done || late
    }

    pub(super) fn failed(self) -> BTreeSet<Check> {
        self.failed
    }

    /// Whether the turn was one of a head: in the middle of what its frames say.
    fn stands_out(&self) -> bool {
        let mut reliefs = self.reliefs.clone();
        reliefs.sort_by(f32::total_cmp);
        reliefs
            .get(reliefs.len() / 2)
            .is_some_and(|middle| *middle >= RELIEF)
    }
}
