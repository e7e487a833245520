//! Which program and which models this is.

use countenance_models::Manifest;
use std::fmt::Write as _;

/// Hexadecimal digits of a digest that are shown where all 64 would be in the way.
const SHORT_DIGEST: usize = 12;

/// The answer to `--version`: the program, then each model with its digest.
pub(crate) fn text() -> String {
    let mut text = concat!("countenance ", env!("CARGO_PKG_VERSION")).to_owned();
    if let Ok(manifest) = Manifest::shipped() {
        for model in manifest.models() {
            let digest = model.sha256.to_string();
            let digest = digest.get(..SHORT_DIGEST).unwrap_or(&digest);
            // Writing into a string cannot fail.
            let _ = write!(text, "\n{} sha256:{digest} {}", model.id, model.license);
        }
    }
    text
}
