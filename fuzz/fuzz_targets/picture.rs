//! A picture file of any bytes: a picture within the limits or an error, never a panic.
#![no_main]

use countenance_vision::{DecodeLimits, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = DecodeLimits {
        max_pixels: 1 << 18,
        ..DecodeLimits::default()
    };
    if let Ok(picture) = decode(bytes, &limits) {
        assert!(picture.width() * picture.height() <= limits.max_pixels);
        assert_eq!(
            picture.pixels().len(),
            picture.width() * picture.height() * 3
        );
    }
});
