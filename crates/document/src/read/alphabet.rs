//! The characters of a zone among the classes of the text network.

/// Classes of the network: a blank, 6623 characters, a space.
pub(super) const CLASSES: usize = 6625;

/// The characters of a zone.
pub(super) const SYMBOLS: &[u8; 37] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<";

/// For each symbol the classes of `ppocr-v4-rec` that stand for it where nothing else can stand: itself, its wide form, its small letter, and
/// signs of other scripts that look the same. Numbers as in the file's list of characters, which its digest pins.
pub(super) const COLUMNS: [&[u16]; 37] = [
    &[26, 5742],
    &[93, 5739],
    &[25, 5878],
    &[94, 5740, 5966],
    &[632, 6118],
    &[631, 6117],
    &[933, 5879],
    &[29, 5743],
    &[27, 5825, 6456],
    &[1109, 5741],
    &[1221, 4544, 5694, 5898],
    &[3463, 3588, 5725, 5976, 6334],
    &[4244, 4902, 5833, 5894],
    &[1220, 5171, 5831, 5935],
    &[3332, 4381, 5827, 6241, 6261, 6308],
    &[1219, 4389, 5835, 6332],
    &[4548, 5128, 5692, 6337],
    &[425, 3539, 5826, 5992],
    &[401, 3538, 3587, 4714, 5693, 5893],
    &[2697, 5493, 6339],
    &[4849, 5193, 5822, 6336],
    &[2710, 3506, 5724, 6346],
    &[3639, 5233, 5834, 6335],
    &[3589, 4547, 5696, 5934],
    &[4227, 4245, 4741, 5823, 5896, 6240],
    &[1310, 4545, 5828, 6307],
    &[2156, 4731],
    &[1958, 5127, 5824, 5897],
    &[1033, 1217, 5832, 6333],
    &[1381, 3333, 5829, 5895],
    &[1034, 4497, 6116, 6338],
    &[4922, 5405, 5877],
    &[3537, 5033, 5830],
    &[2993, 5086, 5200],
    &[1218, 4546, 6309],
    &[3316, 4136, 6115, 6514],
    &[2566, 3490, 5209, 6294],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_class_stands_for_two_symbols() {
        let mut all: Vec<u16> = COLUMNS
            .iter()
            .flat_map(|columns| columns.iter().copied())
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|class| usize::from(*class) < CLASSES));
    }
}
