//! A network file of any bytes: read or refused, never a panic; and what was read can be
//! planned or is refused.
#![no_main]

use countenance_net::{ColorOrder, Model, Network, Options, Precision, Size};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = Options {
        precision: Precision::F32,
        ..Options::default()
    };
    if let Ok(model) = Model::from_onnx(bytes, ColorOrder::Bgr, &options, None) {
        let _ = Network::plan(
            &model,
            Size {
                width: 32,
                height: 32,
            },
            1,
        );
    }
});
