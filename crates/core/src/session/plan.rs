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

/// A random order: a turn to a random side, a smile and light: 12 different ones. Where the smile stands for a yes it comes last: 4 different
/// ones.
pub(super) fn plan(dice: &mut Dice, smile_last: bool) -> Vec<Step> {
    let smile = Gesture::Smile;
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

    fn all_orders(smile_last: bool) -> Vec<String> {
        let mut orders = Vec::new();
        for seed in 0..3000_u32 {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&seed.to_le_bytes());
            let steps = plan(&mut Dice::new(bytes), smile_last);
            assert!(steps.contains(&Step::Gesture(Gesture::Smile)));
            assert!(steps.iter().any(|step| matches!(step, Step::Light(_))));
            orders.push(shown(&steps));
        }
        orders.sort();
        orders.dedup();
        orders
    }

    #[test]
    fn every_order_comes() {
        let orders = all_orders(false);
        assert_eq!(orders.len(), 12, "{orders:?}");
    }

    #[test]
    fn a_smile_that_stands_for_a_yes_comes_last_and_once() {
        let smile = Gesture::Smile.name();
        let orders = all_orders(true);
        assert_eq!(orders.len(), 4, "{orders:?}");
        for order in orders {
            assert!(order.ends_with(smile), "{order}");
            assert_eq!(order.matches(smile).count(), 1, "{order}");
        }
    }
}
