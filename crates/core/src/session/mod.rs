//! Sessions: one question to one live person, once (docs/spec/session-v1.md).
//!
//! Everything here is pure: time, chance and cues come in as values. [`Session`] is the life of the question, [`Run`] one
//! challenge within it, and [`Registry::decide_session`](crate::Registry::decide_session) the answer.

mod consent;
mod cues;
mod dice;
mod gesture;
mod light;
mod look;
mod messages;
mod pace;
mod plan;
mod rules;
mod run;
mod state;
mod verdict;

pub use consent::{CONSENT_VERSION, consent_text, text_sha256};
pub use cues::FrameCues;
pub use light::Color;
pub use look::LookError;
pub(crate) use look::Seen;
pub use messages::{Gesture, Guidance, Message};
pub use pace::{FrameError, FrameMark};
pub use run::{Next, Run};
pub use state::{Session, SessionError, Status};
pub use verdict::{Check, Cue, Judged, Verdict};
