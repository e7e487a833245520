//! What is asked, in which order.

use super::dice::Dice;
use super::light::{Color, colors};
use super::messages::Gesture;

/// One step after the first hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// A gesture from the neutral face.
    Gesture(Gesture),
    /// A sequence of colors.
    Light(Vec<Color>),
}

/// Gestures of a calm challenge.
const CALM_GESTURES: usize = 4;

/// A random order: a turn to a random side, a smile and light; in a calm one four gestures, drawn one by one, with a smile and a turn
/// to a side among them: 160 different ones. Where the smile stands for a yes it comes last and once: 4 and 26 different ones.
pub(super) fn plan(dice: &mut Dice, calm: bool, smile_last: bool) -> Vec<Step> {
    let smile = Gesture::Smile;
    if calm {
        return calm_plan(dice, smile_last);
    }
    let turn = SIDES[dice.below(2) as usize];
    let mut steps = vec![Step::Gesture(turn), Step::Light(colors(dice))];
    if smile_last {
        dice.shuffle(&mut steps);
        steps.push(Step::Gesture(smile));
    } else {
        steps.push(Step::Gesture(smile));
        dice.shuffle(&mut steps);
    }
    steps
}

/// Only a turn to the side shows that the face is no plane.
const SIDES: [Gesture; 2] = [Gesture::TurnLeft, Gesture::TurnRight];

fn calm_plan(dice: &mut Dice, smile_last: bool) -> Vec<Step> {
    const ALL: [Gesture; 4] = [
        Gesture::TurnLeft,
        Gesture::TurnRight,
        Gesture::TurnUp,
        Gesture::Smile,
    ];
    loop {
        let mut drawn: [Gesture; CALM_GESTURES] =
            std::array::from_fn(|_| ALL[dice.below(ALL.len() as u32) as usize]);
        if smile_last {
            drawn[CALM_GESTURES - 1] = Gesture::Smile;
        }
        let smiles = drawn.iter().filter(|one| **one == Gesture::Smile).count();
        // Only a smile shows that it is no mask; a yes is said once.
        let smiles = if smile_last { smiles == 1 } else { smiles > 0 };
        if smiles && SIDES.iter().any(|side| drawn.contains(side)) {
            return drawn.map(Step::Gesture).into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(steps: &[Step]) -> String {
        let kinds = steps.iter().map(|step| match step {
            Step::Gesture(gesture) => gesture.name(),
            Step::Light(_) => "light",
        });
        kinds.collect::<Vec<_>>().join(" ")
    }

    fn all_orders(calm: bool, smile_last: bool) -> Vec<String> {
        let mut orders = Vec::new();
        for seed in 0..3000_u32 {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&seed.to_le_bytes());
            let steps = plan(&mut Dice::new(bytes), calm, smile_last);
            assert!(steps.contains(&Step::Gesture(Gesture::Smile)));
            assert_eq!(
                calm,
                steps.iter().all(|step| matches!(step, Step::Gesture(_)))
            );
            orders.push(shown(&steps));
        }
        orders.sort();
        orders.dedup();
        orders
    }

    #[test]
    fn every_order_comes_and_a_calm_one_has_no_light() {
        for (calm, count) in [(false, 12), (true, 160)] {
            let orders = all_orders(calm, false);
            assert_eq!(orders.len(), count, "{orders:?}");
        }
    }

    #[test]
    fn a_smile_that_stands_for_a_yes_comes_last_and_once() {
        let smile = Gesture::Smile.name();
        for (calm, count) in [(false, 4), (true, 26)] {
            let orders = all_orders(calm, true);
            assert_eq!(orders.len(), count, "{orders:?}");
            for order in orders {
                assert!(order.ends_with(smile), "{order}");
                assert_eq!(order.matches(smile).count(), 1, "{order}");
            }
        }
    }
}
