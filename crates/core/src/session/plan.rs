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

/// A random order: a turn to a random side, a smile and light; in a calm one three turns and a smile. The smile comes last where
/// it stands for a yes.
pub(super) fn plan(dice: &mut Dice, calm: bool, smile_last: bool) -> Vec<Step> {
    let turns = [Gesture::TurnLeft, Gesture::TurnRight];
    let mut any = || Step::Gesture(turns[dice.below(2) as usize]);
    let mut steps = vec![any()];
    if calm {
        steps.extend([any(), any()]);
    } else {
        steps.push(Step::Light(colors(dice)));
    }
    let smile = Step::Gesture(Gesture::Smile);
    if smile_last {
        dice.shuffle(&mut steps);
        steps.push(smile);
    } else {
        steps.push(smile);
        dice.shuffle(&mut steps);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_comes_and_a_calm_one_has_no_light() {
        let mut orders = Vec::new();
        for seed in 0..100 {
            let steps = plan(&mut Dice::new([seed; 32]), false, false);
            assert!(steps.contains(&Step::Gesture(Gesture::Smile)));
            let kinds: Vec<&str> = steps
                .iter()
                .map(|step| match step {
                    Step::Gesture(gesture) => gesture.name(),
                    Step::Light(_) => "light",
                })
                .collect();
            orders.push(kinds.join(" "));
            let calm = plan(&mut Dice::new([seed; 32]), true, false);
            assert_eq!(calm.len(), 4);
            assert!(calm.iter().all(|step| matches!(step, Step::Gesture(_))));
        }
        for seed in 0..100 {
            for calm in [false, true] {
                let steps = plan(&mut Dice::new([seed; 32]), calm, true);
                assert_eq!(steps.last(), Some(&Step::Gesture(Gesture::Smile)));
                let smiles = steps
                    .iter()
                    .filter(|step| **step == Step::Gesture(Gesture::Smile));
                assert_eq!(smiles.count(), 1, "a yes is said once");
            }
        }
        orders.sort();
        orders.dedup();
        assert_eq!(orders.len(), 12, "{orders:?}");
    }
}
