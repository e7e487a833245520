//! Every number that judging goes by, in one place; `docs/accuracy.md` says what each was measured on.

use std::time::Duration;

/// How colors follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct LightPace {
    /// How long each is shown.
    pub(super) shown: Duration,
    /// How long after a change the screen still fades and a camera still adapts.
    pub(super) settle: Duration,
    /// Longest way of a color to the face and back: network, screen, camera.
    pub(super) lag: Duration,
    /// How long the last color is looked at beyond its time.
    pub(super) tail: Duration,
}

/// Longest wait for the person's own neutral face at the beginning.
pub(super) const FIRST_HOLD: Duration = Duration::from_secs(30);
/// Longest wait for a gesture, and for a neutral face before the next.
pub(super) const WINDOW: Duration = Duration::from_secs(4);
/// A gesture that is seen sooner after its prompt was made ready, not asked for: people take 200 ms to react at
/// the least, and a head needs time to turn.
pub(super) const REACTION: Duration = Duration::from_millis(150);
/// How long the first hold takes, and by how much more at random, in milliseconds.
pub(super) const HOLD_MS: (u32, u32) = (270, 150);
/// How long a neutral face is seen before a gesture is asked, and by how much more at random, in milliseconds.
pub(super) const REST_MS: (u32, u32) = (0, 120);
/// Frames of a neutral face that the first hold needs.
pub(super) const HOLD_FRAMES: usize = 5;
/// Frames in which a gesture must be seen.
pub(super) const GESTURE_FRAMES: usize = 2;
/// Degrees of yaw from the person's own neutral at which a head is turned.
pub(super) const TURN_DEG: f32 = 10.5;
/// Degrees of yaw from the person's own neutral up to which the corners of the mouth say something of a smile.
pub(super) const FACING_DEG: f32 = 6.0;
/// By how much wider for its height than the person's own neutral a face may be for its mouth to say something of a smile: in a picture
/// that is tipped back everything is wide.
pub(super) const WIDER: f32 = 0.08;
/// Degrees of yaw from the person's own neutral within which a head is straight.
pub(super) const STRAIGHT_DEG: f32 = 8.0;
/// Degrees of yaw and pitch within which the first neutral face must be.
pub(super) const FRONTAL_DEG: f32 = 15.0;
/// Degrees of nod from the person's own neutral within which a head is level.
pub(super) const LEVEL_DEG: f32 = 8.0;
/// One frame in so many is looked at by the detector; in those between, the mesh follows the face.
pub(super) const DETECT_EVERY: usize = 5;
/// Width of the mouth, times the person's own neutral, from which it smiles.
pub(super) const SMILE: f32 = 1.07;
/// Width of the mouth, times the person's own neutral, up to which it does not.
pub(super) const CALM_MOUTH: f32 = 1.05;
/// Least relief over a turn, see [`countenance_vision::relief`]: a plane has none.
pub(super) const RELIEF: f32 = 0.03;
/// Least distance of a turned face's nose from where a plane's would be, in distances of the eyes, see [`countenance_vision::parallax`].
pub(super) const PARALLAX: f32 = 0.02;
/// Colors of a light challenge.
pub(super) const COLORS: usize = 5;
/// No more than 3 changes a second: one and a half flashes, where WCAG 2.3.1 allows three.
pub(super) const QUICK_LIGHT: LightPace = LightPace {
    shown: Duration::from_millis(340),
    settle: Duration::from_millis(80),
    lag: Duration::from_millis(320),
    tail: Duration::from_millis(160),
};
/// For people who do not bear flashing: less than three changes in two seconds, and the page fades from each to the next for 300 ms.
pub(super) const SLOW_LIGHT: LightPace = LightPace {
    shown: Duration::from_millis(700),
    settle: Duration::from_millis(360),
    lag: Duration::from_millis(480),
    tail: Duration::from_millis(240),
};
/// Least correlation between the colors shown and those of the face.
pub(super) const LIGHT_RESPONSE: f32 = 0.85;
/// Least mean of how live the neutral faces look, where an operator added networks that say so: so low that it refuses only
/// what they are sure of. At a half they take every seventh rendered person for a print.
pub(super) const PASSIVE: f32 = 0.1;
/// How long a face may be away before it is lost.
pub(super) const LOST: Duration = Duration::from_millis(700);
/// How long a face may be away in the middle of a gesture. Beyond that it has to be straight once more before the gesture counts: what
/// comes can be another picture of it.
pub(super) const BLINK: Duration = Duration::from_millis(130);
/// Longest pause between two frames once it has begun.
pub(super) const PAUSE: Duration = Duration::from_millis(1500);
/// Faces of two frames nearer in time than this must overlap.
pub(super) const NEAR: Duration = Duration::from_millis(400);
/// By how much, as intersection over union.
pub(super) const OVERLAP: f32 = 0.2;
/// By how much the client's clock may go apart from ours.
pub(super) const DRIFT: Duration = Duration::from_secs(2);
/// Pictures that may come twice, and one more for so many frames.
pub(super) const REPEATS: u32 = 2;
/// See [`REPEATS`].
pub(super) const REPEATS_PER: u32 = 10;
/// Share of the picture's width from which a face is too near.
pub(super) const TOO_NEAR: f32 = 0.75;
