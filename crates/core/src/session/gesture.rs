//! Gestures, from the person's own neutral face.

use super::cues::FrameCues;
use super::messages::Gesture;
use super::rules::{
    CALM_MOUTH, FACING_DEG, FRONTAL_DEG, GESTURE_FRAMES, LEVEL_DEG, PARALLAX, REACTION, RELIEF,
    SMILE, STRAIGHT_DEG, TURN_DEG, WIDER, WINDOW,
};
use super::verdict::{Check, Cue};
use countenance_vision::{FaceView, Mesh, parallax, relief, widening};
use std::collections::BTreeSet;
use std::time::Duration;

/// The person's own neutral face, from the frames of the first hold.
#[derive(Default)]
pub(super) struct Neutral {
    frames: usize,
    yaw: f32,
    nod: f32,
    mouth: f32,
    view: Option<(Mesh, FaceView)>,
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
        self.nod += (cues.nod_deg - self.nod) * weight;
        self.mouth += (cues.mouth_width - self.mouth) * weight;
        // Points move with the head; turns are held against one view, so one is kept whole.
        self.view = Some((cues.mesh.clone(), cues.view.clone()));
        true
    }

    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    /// Whether a face is neutral.
    pub(super) fn is(&self, cues: &FrameCues) -> bool {
        self.frames > 0
            && self.turned(cues).abs() <= STRAIGHT_DEG
            && self.raised(cues).abs() <= LEVEL_DEG
            && self.mouth_of(cues) <= CALM_MOUTH
    }

    /// Degrees from neutral, positive to the person's own left.
    fn turned(&self, cues: &FrameCues) -> f32 {
        cues.yaw_deg - self.yaw
    }

    /// Degrees from neutral, positive upwards.
    fn raised(&self, cues: &FrameCues) -> f32 {
        self.nod - cues.nod_deg
    }

    /// How much wider for its height than neutral.
    fn widened(&self, cues: &FrameCues) -> Option<f32> {
        let (mesh, _) = self.view.as_ref()?;
        widening(mesh, &cues.mesh)
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
    peak: f32,
    reliefs: Vec<f32>,
    /// Towards where was turned.
    parallaxes: Vec<f32>,
    /// Whether it was always there since it was last straight.
    followed: bool,
    failed: BTreeSet<Check>,
}

impl Watch {
    pub(super) fn new(gesture: Gesture, asked: Duration) -> Self {
        Self {
            gesture,
            asked,
            frames: 0,
            peak: f32::MIN,
            reliefs: Vec::new(),
            parallaxes: Vec::new(),
            followed: true,
            failed: BTreeSet::new(),
        }
    }

    pub(super) fn is_smile(&self) -> bool {
        self.gesture == Gesture::Smile
    }

    /// Whether the gesture is seen in the last frame and was in those before, as many as it takes.
    pub(super) fn was_seen(&self) -> bool {
        self.frames >= GESTURE_FRAMES
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
        // The corners of the mouth of a turned head say nothing of a smile, nor do those of a tipped picture.
        let smiles = usable
            && turned.abs() <= FACING_DEG
            && neutral.mouth_of(cues) >= SMILE
            && neutral.widened(cues).is_some_and(|wider| wider <= WIDER);
        let (asked, other) = match self.gesture {
            Gesture::TurnLeft => (left, right),
            Gesture::TurnRight => (right, left),
            Gesture::Smile => (smiles, left || right),
            _ => (false, false),
        };
        self.peak = self.peak.max(match self.gesture {
            Gesture::TurnLeft => turned,
            Gesture::TurnRight => -turned,
            _ => neutral.mouth_of(cues),
        });
        if other {
            self.failed.insert(Check::Wrong);
        }
        self.followed |= neutral.is(cues);
        if asked && waited < REACTION {
            self.failed.insert(Check::Early);
        }
        if !asked || !self.followed {
            self.frames = 0;
        } else if !(left || right) || self.turned_as(cues, neutral, turned) {
            self.frames += 1;
        }
        let done = self.was_seen();
        if done && (left || right) && !self.stands_out() {
            self.failed.insert(Check::Flat);
        }
        let late = waited > WINDOW;
        if late && !done {
            self.failed.insert(Check::Missed);
        }
        done || late
    }

    /// There was no face, or more than one: what comes next can be another picture of it, and has to be straight before it counts.
    pub(super) fn lose(&mut self) {
        self.followed = false;
        self.frames = 0;
    }

    /// Holds a turned face against the straight one; says whether that says anything.
    fn turned_as(&mut self, cues: &FrameCues, neutral: &Neutral, turned: f32) -> bool {
        let Some((mesh, view)) = &neutral.view else {
            return false;
        };
        let Some(parallax) = parallax(view, &cues.view) else {
            return false;
        };
        self.parallaxes.push(parallax * turned.signum());
        self.reliefs.extend(relief(mesh, &cues.mesh));
        true
    }

    pub(super) fn failed(self) -> BTreeSet<Check> {
        self.failed
    }

    /// What was measured.
    pub(super) fn measured(&self) -> Vec<(Cue, f32)> {
        let cue = match self.gesture {
            Gesture::TurnLeft | Gesture::TurnRight => Cue::Turn,
            _ => Cue::Smile,
        };
        let relief = self.relief().map(|relief| (Cue::Relief, relief));
        let parallax = self.parallax().map(|parallax| (Cue::Parallax, parallax));
        let turn = std::iter::once((cue, self.peak));
        turn.chain(relief).chain(parallax).collect()
    }

    /// Whether the turn was one of a head.
    fn stands_out(&self) -> bool {
        let relief = self.relief().is_some_and(|relief| relief >= RELIEF);
        relief && self.parallax().is_some_and(|parallax| parallax >= PARALLAX)
    }

    /// The least that a frame of the turn says.
    fn parallax(&self) -> Option<f32> {
        self.parallaxes.iter().copied().reduce(f32::min)
    }

    /// The middle of what the frames of the turn say.
    fn relief(&self) -> Option<f32> {
        let mut reliefs = self.reliefs.clone();
        reliefs.sort_by(f32::total_cmp);
        reliefs.get(reliefs.len() / 2).copied()
    }
}
