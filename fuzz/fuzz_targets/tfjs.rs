//! A TensorFlow.js graph model of any bytes, the graph up to the first zero byte and the weights behind it:
//! read or refused, never a panic; and what was read can be planned and run or is refused.
#![no_main]

use countenance_net::{Model, Net as _, Network, Options, Precision, Size, TfjsFiles};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    let (topology, weights) = bytes.split_at(end);
    let files = TfjsFiles {
        topology,
        weights: weights.get(1..).unwrap_or_default(),
        outputs: &["points", "sure"],
        scale: 1.0 / 255.0,
    };
    let options = Options {
        precision: Precision::F32,
        ..Options::default()
    };
    if let Ok(model) = Model::from_tfjs(&files, &options) {
        let size = Size {
            width: 8,
            height: 8,
        };
        if let Ok(mut network) = Network::plan(&model, size, 1) {
            let _ = network.run(&[77; 8 * 8 * 3]);
        }
    }
});
