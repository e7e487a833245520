//! What a challenge came to.

use super::rules::{LIGHT_RESPONSE, PARALLAX, PASSIVE, RELIEF, SMILE, TURN_DEG};
use countenance_gallery::Template;
use countenance_vision::QualityCause;
use std::collections::BTreeSet;
use std::fmt;

/// Something that a live person in front of a camera would have passed. For the operator only.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Check {
    /// The face was somewhere else from one frame to the next.
    Continuity,
    /// A gesture came sooner than a person can react.
    Early,
    /// Over a turn the face moved as a plane.
    Flat,
    /// The face of another frame is another person's.
    Identity,
    /// The face did not answer the light.
    Light,
    /// A gesture did not come in its window.
    Missed,
    /// The face did not come back to its own neutral before a gesture.
    Neutral,
    /// Frames did not keep time.
    Pace,
    /// The face looks like one of a print or a screen.
    Passive,
    /// Pictures came again.
    Repeats,
    /// Another gesture came than was asked for.
    Wrong,
}

/// Something that is measured of a face and held against a threshold.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Cue {
    /// How well the face's color follows that of the screen, as a correlation.
    Light,
    /// How far the nose of a turned face stands out of its plane, in distances of the eyes.
    Parallax,
    /// How live the neutral faces look, in 0..=1, where an operator added networks that say so.
    Passive,
    /// How much of a turn no plane can explain, as a share of the face's height.
    Relief,
    /// Widest mouth while a smile was asked for, times the person's own neutral.
    Smile,
    /// Farthest turn to the side that was asked for, in degrees from the person's own neutral.
    Turn,
}

impl Cue {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Light,
        Self::Parallax,
        Self::Passive,
        Self::Relief,
        Self::Smile,
        Self::Turn,
    ];

    /// The stable name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Parallax => "parallax",
            Self::Passive => "passive",
            Self::Relief => "relief",
            Self::Smile => "smile",
            Self::Turn => "turn",
        }
    }

    /// Less than this does not do.
    #[must_use]
    pub fn threshold(self) -> f32 {
        match self {
            Self::Light => LIGHT_RESPONSE,
            Self::Parallax => PARALLAX,
            Self::Passive => PASSIVE,
            Self::Relief => RELIEF,
            Self::Smile => SMILE,
            Self::Turn => TURN_DEG,
        }
    }
}

/// How a challenge ended.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// To the end. It was a live person if nothing failed.
    Judged(Judged),
    /// The pictures were too poor to judge, or the face was lost.
    Recapture(QualityCause),
}

/// A challenge that went to its end.
#[derive(Clone)]
pub struct Judged {
    /// What failed; empty for a live person.
    pub failed: BTreeSet<Check>,
    /// What was measured on the way, for whoever evaluates the thresholds.
    pub measured: Vec<(Cue, f32)>,
    /// Of the first neutral face: what a subject's templates are compared with.
    pub probe: Template,
}

impl Judged {
    /// Whether it was a live person.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.failed.is_empty()
    }
}

impl fmt::Debug for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judged")
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Check {
    /// The stable name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Continuity => "continuity",
            Self::Early => "early",
            Self::Flat => "flat",
            Self::Identity => "identity",
            Self::Light => "light",
            Self::Missed => "missed",
            Self::Neutral => "neutral",
            Self::Pace => "pace",
            Self::Passive => "passive",
            Self::Repeats => "repeats",
            Self::Wrong => "wrong",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
