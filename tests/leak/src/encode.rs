//! The forms in which a word or a template could lie in a file.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use half::{bf16, f16};

/// A form and its bytes.
pub type Form = (&'static str, Vec<u8>);

/// A word as UTF-8, UTF-16, hexadecimal, base64 at three alignments and URL-encoded.
#[must_use]
pub fn word(bytes: &[u8]) -> Vec<Form> {
    let mut forms = vec![("as it is", bytes.to_vec())];
    if let Ok(text) = std::str::from_utf8(bytes) {
        let units: Vec<u16> = text.encode_utf16().collect();
        let wide = |order: fn(u16) -> [u8; 2]| units.iter().copied().flat_map(order).collect();
        forms.push(("UTF-16, little-endian", wide(u16::to_le_bytes)));
        forms.push(("UTF-16, big-endian", wide(big_endian)));
    }
    let lower: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    forms.push(("hexadecimal", lower.to_uppercase().into_bytes()));
    forms.push(("hexadecimal", lower.into_bytes()));
    for (name, alphabet) in [("base64", &STANDARD), ("base64url", &URL_SAFE)] {
        for before in 0..3 {
            forms.push((name, base64(bytes, before, alphabet)));
        }
    }
    for (upper, all) in [(true, true), (false, true), (true, false), (false, false)] {
        let url: String = bytes
            .iter()
            .map(|&byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' if !all => {
                    char::from(byte).to_string()
                }
                _ if upper => format!("%{byte:02X}"),
                _ => format!("%{byte:02x}"),
            })
            .collect();
        forms.push(("URL-encoded", url.into_bytes()));
    }
    forms.sort();
    forms.dedup();
    forms
}

#[allow(
    clippy::big_endian_bytes,
    reason = "a thief does not mind the byte order"
)]
fn big_endian(unit: u16) -> [u8; 2] {
    unit.to_be_bytes()
}

/// The characters that depend on `bytes` alone, when `before` bytes stand before them.
fn base64(bytes: &[u8], before: usize, alphabet: &Alphabet) -> Vec<u8> {
    let padded = [&vec![0; before], bytes].concat();
    let text = GeneralPurpose::new(alphabet, NO_PAD).encode(&padded);
    let (first, last) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    text.as_bytes()[first..last].to_vec()
}

/// Values of a window of a template that are searched for together.
const WINDOW: usize = 16;

/// The first, middle and last values of a template as f32, f16, bf16 and i8, in both byte orders.
#[must_use]
pub fn template(values: &[f32]) -> Vec<Form> {
    let mut forms = Vec::new();
    let largest = values.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let middle = (values.len() - WINDOW) / 2;
    for start in [0, middle, values.len() - WINDOW] {
        let window = &values[start..start + WINDOW];
        let mut numbers = |name, bytes: &dyn Fn(f32) -> Vec<u8>| {
            let little: Vec<Vec<u8>> = window.iter().map(|&value| bytes(value)).collect();
            let reversed = |number: &Vec<u8>| number.iter().rev().copied().collect::<Vec<u8>>();
            forms.push((name, little.concat()));
            forms.push((
                name,
                little.iter().map(reversed).collect::<Vec<_>>().concat(),
            ));
        };
        numbers("f32", &|value| value.to_le_bytes().to_vec());
        numbers("f16", &|value| f16::from_f32(value).to_le_bytes().to_vec());
        numbers("bf16", &|value| {
            bf16::from_f32(value).to_le_bytes().to_vec()
        });
        for (name, scale) in [("i8", 127.0 / largest), ("i8 of the unit", 127.0)] {
            numbers(name, &|value| vec![(value * scale).round() as i8 as u8]);
        }
    }
    forms.sort();
    forms.dedup();
    forms
}
