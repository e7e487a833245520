//! Somebody who sees what the page shows, and answers it with recordings.

use super::clips::{Clips, Frame, NEUTRAL};
use super::manifest::{Answer, Part};
use countenance_core::{Color, Gesture};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use std::sync::Arc;
use std::time::Duration;

/// From when a prompt is sent until the page shows it.
const ON_ITS_WAY: Duration = Duration::from_millis(40);

/// How an answer is timed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    pub(super) reaction_ms: [u32; 2],
    pub(super) screen_ms: [u32; 2],
}

/// Answers prompts frame by frame. A recording of a gesture goes from the neutral face to the full gesture: it is played
/// forwards when the gesture is asked for, stays at its end, and is played backwards when it no longer is.
pub(super) struct Player<'a> {
    clips: &'a Clips,
    /// Who takes over from the second gesture on.
    then: Option<&'a Clips>,
    /// Who does one thing alone.
    stand_in: Option<(&'a Clips, Part)>,
    answer: Answer,
    timing: Timing,
    screen: Duration,
    dice: ChaCha20Rng,
    /// When each prompt comes to be answered, and is to be seen on the face.
    prompts: Vec<Prompt>,
    gestures: usize,
    /// What is being done, and how far.
    doing: Option<(&'static str, usize)>,
    rest: usize,
}

struct Prompt {
    answered: Duration,
    lit: Duration,
    gesture: Gesture,
}

impl<'a> Player<'a> {
    pub(super) fn new(clips: &'a Clips, answer: Answer, timing: Timing, seed: [u8; 32]) -> Self {
        let mut dice = ChaCha20Rng::from_seed(seed);
        let screen = between(&mut dice, timing.screen_ms);
        Self {
            clips,
            then: None,
            stand_in: None,
            answer,
            timing,
            screen,
            dice,
            prompts: Vec::new(),
            gestures: 0,
            doing: None,
            rest: 0,
        }
    }

    /// Somebody else takes over after the first gesture.
    pub(super) fn then(mut self, clips: &'a Clips) -> Self {
        self.then = Some(clips);
        self
    }

    /// Somebody else does one thing in their place, each time.
    pub(super) fn stand_in(mut self, clips: &'a Clips, part: Part) -> Self {
        self.stand_in = Some((clips, part));
        self
    }

    /// Whose recordings do this.
    fn who(&self, does: Part) -> &'a Clips {
        match self.stand_in {
            Some((clips, part)) if part == does => clips,
            _ => self.clips,
        }
    }

    /// The recording of a gesture.
    fn recording(&self, name: &str) -> Option<&'a [Frame]> {
        let smiles = name == Gesture::Smile.name();
        let part = if smiles { Part::Smile } else { Part::Turn };
        self.who(part).of(name)
    }

    /// The page shows a prompt.
    pub(super) fn asked(&mut self, gesture: Gesture, now: Duration) {
        let shown = now + ON_ITS_WAY;
        let reaction = match self.answer {
            Answer::Ready => Duration::ZERO,
            _ => between(&mut self.dice, self.timing.reaction_ms),
        };
        self.prompts.push(Prompt {
            answered: shown + reaction,
            lit: shown + self.screen,
            gesture,
        });
    }

    /// What the camera sees now.
    pub(super) fn frame(&mut self, now: Duration) -> Option<Frame> {
        let current = |at: fn(&Prompt) -> Duration, prompts: &[Prompt]| {
            let come = prompts.iter().rev().find(|prompt| at(prompt) <= now);
            come.map_or(Gesture::Hold, |prompt| prompt.gesture)
        };
        let wanted = current(|prompt| prompt.answered, &self.prompts);
        let lit = match current(|prompt| prompt.lit, &self.prompts) {
            Gesture::Light(color) => Some(color),
            _ => None,
        };
        self.act(wanted);
        if let Some((name, at)) = self.doing
            && let Some(frame) = self.recording(name).and_then(|frames| frames.get(at))
        {
            return Some(Arc::clone(frame));
        }
        self.resting(lit)
    }

    fn act(&mut self, wanted: Gesture) {
        let name = wanted.name();
        let asks = !matches!(wanted, Gesture::Hold | Gesture::Light(_));
        let ready = self.answer == Answer::Ready;
        match self.doing {
            None if asks => {
                self.gestures += 1;
                if let Some(clips) = self.then
                    && self.gestures > 1
                {
                    (self.clips, self.then) = (clips, None);
                }
                if let Some(frames) = self.recording(name) {
                    self.doing = Some((name, if ready { frames.len() - 1 } else { 0 }));
                }
            }
            None => {}
            Some((doing, at)) if asks && doing == name => {
                let last = self.recording(name).map_or(0, |frames| frames.len() - 1);
                // Nobody stands quite still at the end.
                let back = at == last && self.dice.next_u32().is_multiple_of(2);
                let next = if back { at.saturating_sub(1) } else { at + 1 };
                self.doing = Some((doing, next.min(last)));
            }
            Some((_, at)) if at == 0 || ready => self.doing = None,
            Some((doing, at)) => self.doing = Some((doing, at - 1)),
        }
    }

    fn resting(&mut self, lit: Option<Color>) -> Option<Frame> {
        let chance = self.dice.next_u32() as usize;
        if let Some([red, green, blue]) = lit
            && let Some(frames) = self
                .who(Part::Light)
                .of(&format!("light_{red:02x}{green:02x}{blue:02x}"))
        {
            return frames.get(chance % frames.len()).cloned();
        }
        let frames = self.clips.of(NEUTRAL).unwrap_or_default();
        // To and fro, so that nothing jumps where the recording ends.
        let all = frames.len();
        self.rest = match chance % 4 {
            0 => self.rest.saturating_sub(1),
            1 => self.rest,
            _ => self.rest + 1,
        } % (2 * all).max(1);
        let at = if self.rest < all {
            self.rest
        } else {
            2 * all - 1 - self.rest
        };
        frames.get(at).cloned()
    }
}

fn between(dice: &mut ChaCha20Rng, [least, most]: [u32; 2]) -> Duration {
    Duration::from_millis(u64::from(least + dice.next_u32() % (most - least + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing {
        reaction_ms: [300, 300],
        screen_ms: [100, 100],
    };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn clips() -> Clips {
        Clips::named(&[("neutral", 3), ("smile", 4), ("light_ff2020", 2)])
    }

    /// What is seen, frame by frame, up to the number.
    fn seen(player: &mut Player<'_>, from: u64, to: u64) -> Vec<String> {
        (from / 50..to / 50)
            .map(|number| {
                String::from_utf8(player.frame(ms(number * 50)).unwrap().to_vec()).unwrap()
            })
            .collect()
    }

    #[test]
    fn a_gesture_comes_after_its_reaction_and_goes_back_the_way_it_came() {
        let clips = clips();
        let mut player = Player::new(&clips, Answer::Prompted, TIMING, [1; 32]);
        player.asked(Gesture::Smile, ms(0));
        let before = seen(&mut player, 0, 340);
        assert!(before.iter().all(|frame| frame.starts_with("neutral")));
        let rising = seen(&mut player, 350, 550);
        assert_eq!(rising, ["smile 0", "smile 1", "smile 2", "smile 3"]);
        player.asked(Gesture::Hold, ms(550));
        let back = seen(&mut player, 900, 1150);
        assert!(back.last().unwrap().starts_with("neutral"), "{back:?}");
    }

    #[test]
    fn whoever_was_made_ready_needs_no_time() {
        let clips = clips();
        let mut player = Player::new(&clips, Answer::Ready, TIMING, [1; 32]);
        player.asked(Gesture::Smile, ms(0));
        assert_eq!(seen(&mut player, 50, 100), ["smile 3"]);
    }

    #[test]
    fn light_shows_after_its_way_and_what_was_not_recorded_is_not_done() {
        let clips = clips();
        let mut player = Player::new(&clips, Answer::Prompted, TIMING, [1; 32]);
        player.asked(Gesture::Light([255, 32, 32]), ms(0));
        assert!(seen(&mut player, 100, 150)[0].starts_with("neutral"));
        assert!(seen(&mut player, 150, 200)[0].starts_with("light_ff2020"));
        player.asked(Gesture::TurnLeft, ms(200));
        let never = seen(&mut player, 600, 900);
        assert!(never.iter().all(|frame| frame.starts_with("neutral")));
    }

    #[test]
    fn somebody_else_does_one_thing_and_goes_again() {
        let (ana, ben) = (
            Clips::named(&[("neutral", 3), ("smile", 4), ("turn_left", 4)]),
            Clips::named(&[("neutral", 3), ("smile", 4), ("turn_left", 9)]),
        );
        let mut player = Player::new(&ana, Answer::Prompted, TIMING, [1; 32]);
        player = player.stand_in(&ben, Part::Turn);
        player.asked(Gesture::TurnLeft, ms(0));
        let turning = seen(&mut player, 0, 900);
        assert!(turning.contains(&"turn_left 8".to_owned()), "{turning:?}");
        player.asked(Gesture::Hold, ms(900));
        let _ = seen(&mut player, 900, 2000);
        player.asked(Gesture::Smile, ms(2000));
        let smiling = seen(&mut player, 2000, 2900);
        assert!(smiling.contains(&"smile 3".to_owned()), "{smiling:?}");
    }

    #[test]
    fn somebody_else_takes_over_in_the_middle() {
        let (ana, ben) = (clips(), Clips::named(&[("neutral", 1), ("smile", 9)]));
        let mut player = Player::new(&ana, Answer::Prompted, TIMING, [1; 32]).then(&ben);
        for at in [0, 2000, 4000] {
            player.asked(Gesture::Smile, ms(at));
            player.asked(Gesture::Hold, ms(at + 1000));
            let _ = seen(&mut player, at, at + 2000);
        }
        player.asked(Gesture::Smile, ms(6000));
        let last = seen(&mut player, 6000, 6900);
        assert!(last.contains(&"smile 8".to_owned()), "{last:?}");
    }
}
