//! What a running challenge tells the client.

use super::light::Color;
use countenance_vision::QualityCause;
use std::time::Duration;

/// What the person is asked to do.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Gesture {
    /// Look straight, with a calm face.
    Hold,
    /// Look straight while the screen shows a color.
    Light(Color),
    /// Smile.
    Smile,
    /// Turn the head to the person's own left.
    TurnLeft,
    /// Turn the head to the person's own right.
    TurnRight,
}

/// How to be seen better.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Guidance {
    /// Into the middle of the picture.
    Center,
    /// Nearer.
    Closer,
    /// Farther away.
    Farther,
    /// Without moving.
    HoldStill,
    /// Less light.
    LessLight,
    /// Straight into the camera, calmly.
    LookStraight,
    /// More light.
    MoreLight,
    /// Into the picture.
    NoFace,
    /// Nothing is wrong.
    Ok,
    /// Alone.
    OneFace,
}

/// What goes to the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Message {
    /// Do this now.
    Prompt {
        /// One more than the one before.
        id: u32,
        /// What.
        gesture: Gesture,
        /// How long it is waited for.
        window: Duration,
    },
    /// How to be seen better.
    Guidance(Guidance),
    /// How far it is.
    Progress {
        /// Steps that are over.
        done: usize,
        /// All steps.
        of: usize,
    },
}

impl Gesture {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Light(_) => "light",
            Self::Smile => "smile",
            Self::TurnLeft => "turn_left",
            Self::TurnRight => "turn_right",
        }
    }
}

impl Guidance {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Center => "center",
            Self::Closer => "closer",
            Self::Farther => "farther",
            Self::HoldStill => "hold_still",
            Self::LessLight => "less_light",
            Self::LookStraight => "look_straight",
            Self::MoreLight => "more_light",
            Self::NoFace => "no_face",
            Self::Ok => "ok",
            Self::OneFace => "one_face",
        }
    }
}

impl From<QualityCause> for Guidance {
    fn from(cause: QualityCause) -> Self {
        match cause {
            QualityCause::SeveralFaces => Self::OneFace,
            QualityCause::TooSmall => Self::Closer,
            QualityCause::TooBlurred => Self::HoldStill,
            QualityCause::TooDark => Self::MoreLight,
            QualityCause::TooBright => Self::LessLight,
            QualityCause::TurnedTooFar => Self::LookStraight,
            QualityCause::CutOffByEdge => Self::Center,
            _ => Self::NoFace,
        }
    }
}
