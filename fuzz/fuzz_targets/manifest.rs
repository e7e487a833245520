//! A manifest or a calibration of any bytes: read or refused, never a panic.
#![no_main]

use countenance_models::{Calibration, Manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(manifest) = Manifest::parse(text) {
        for file in manifest.files() {
            assert!(
                !file
                    .path
                    .split('/')
                    .any(|part| part == ".." || part.is_empty())
            );
        }
    }
    if let Ok(calibration) = Calibration::parse(text) {
        let written = calibration.to_toml().expect("what was read can be written");
        assert_eq!(
            Calibration::parse(&written).expect("what was written can be read"),
            calibration
        );
    }
});
