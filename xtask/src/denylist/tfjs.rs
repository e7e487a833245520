//! The outputs that a TensorFlow.js graph model declares.

use anyhow::Result;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct File {
    signature: Signature,
}

#[derive(Deserialize)]
struct Signature {
    outputs: BTreeMap<String, IgnoredAny>,
}

/// The names of a graph's outputs, sorted.
///
/// # Errors
/// When the bytes are no JSON or have no signature.
pub(super) fn output_names(model: &[u8]) -> Result<Vec<String>> {
    let file: File = serde_json::from_slice(model)?;
    Ok(file.signature.outputs.into_keys().collect())
}

#[cfg(test)]
mod tests {
    use super::output_names;

    #[test]
    fn outputs_are_those_of_the_signature() {
        let file = br#"{"format":"graph-model","signature":{"inputs":{"x":{}},"outputs":{"b":{"name":"B:0"},"a":{}}}}"#;
        assert_eq!(output_names(file).unwrap(), ["a", "b"]);
        assert!(output_names(b"{}").is_err());
    }
}
