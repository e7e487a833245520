//! TensorFlow.js graph models: a JSON file of nodes and a file of weights.
//!
//! The JSON is TensorFlow's `GraphDef` in its protobuf-JSON form, where texts stand in base64 and
//! 64-bit numbers in quotes; the weights lie one behind the other in the order of the JSON's
//! `weightsManifest`, here in f16 or f32. What no pinned network needs is not read.

mod lower;
mod node;

use crate::constant::{Constant, MAX_ELEMENTS};
use crate::error::LoadError;
use crate::graph::Graph;
use node::Node;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// Bytes of a JSON file that are read at most; the pinned one has 96 kB.
const MAX_JSON: usize = 4 << 20;

/// Bytes of a weight file that are read at most: every value takes two.
const MAX_WEIGHTS: usize = 2 * MAX_ELEMENTS;

/// A network in the two files of a TensorFlow.js graph model.
#[derive(Clone, Copy)]
pub struct TfjsFiles<'a> {
    /// The nodes: a JSON text of the format `graph-model`.
    pub topology: &'a [u8],
    /// The weights of all constants, one behind the other.
    pub weights: &'a [u8],
    /// Which of the outputs in the file's signature are wanted. Layers that only others need are
    /// left out.
    pub outputs: &'a [&'a str],
    /// What the network sees of a byte is `byte * scale`; the file does not say it.
    pub scale: f32,
}

impl TfjsFiles<'_> {
    pub(crate) fn graph(&self) -> Result<Graph, LoadError> {
        for (bytes, limit) in [(self.topology, MAX_JSON), (self.weights, MAX_WEIGHTS)] {
            if bytes.len() > limit {
                return Err(LoadError::TooLarge {
                    bytes: bytes.len(),
                    limit,
                });
            }
        }
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return Err(LoadError::Graph {
                reason: "the scale of its input is not a positive number",
            });
        }
        let file: File =
            serde_json::from_slice(self.topology).map_err(|error| LoadError::NotTfjs {
                reason: error.to_string(),
            })?;
        if file.format != "graph-model" {
            return Err(LoadError::NotTfjs {
                reason: "its format is not graph-model".to_owned(),
            });
        }
        let constants = constants(&file.weights_manifest, self.weights)?;
        lower::lower(&file, &constants, self.outputs, self.scale)
    }
}

#[derive(Deserialize)]
struct File {
    format: String,
    signature: Signature,
    #[serde(rename = "modelTopology")]
    topology: Topology,
    #[serde(rename = "weightsManifest")]
    weights_manifest: Vec<WeightGroup>,
}

#[derive(Deserialize)]
struct Signature {
    outputs: BTreeMap<String, SignatureOutput>,
}

#[derive(Deserialize)]
struct SignatureOutput {
    name: String,
}

#[derive(Deserialize)]
struct Topology {
    node: Vec<Node>,
}

#[derive(Deserialize)]
struct WeightGroup {
    weights: Vec<Weight>,
}

#[derive(Deserialize)]
struct Weight {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    #[serde(default)]
    quantization: Option<Quantized>,
}

#[derive(Deserialize)]
struct Quantized {
    dtype: String,
}

/// All constants by name.
fn constants<'a>(
    groups: &'a [WeightGroup],
    mut bytes: &[u8],
) -> Result<HashMap<&'a str, Constant>, LoadError> {
    let mut constants = HashMap::new();
    for weight in groups.iter().flat_map(|group| &group.weights) {
        let corrupt = |reason| LoadError::Tensor {
            name: weight.name.clone(),
            reason,
        };
        let count = weight
            .shape
            .iter()
            .try_fold(1usize, |count, dim| count.checked_mul(*dim))
            .filter(|count| *count <= MAX_ELEMENTS)
            .ok_or_else(|| corrupt("it is larger than any network here"))?;
        let stored = weight
            .quantization
            .as_ref()
            .map_or(&weight.dtype, |q| &q.dtype);
        let wide = match (weight.dtype.as_str(), stored.as_str()) {
            ("float32", "float16") => 2,
            ("float32", "float32") | ("int32", "int32") => 4,
            _ => {
                return Err(corrupt(
                    "its element type is not one that networks here use",
                ));
            }
        };
        // The product is small: count is bounded.
        let Some((own, rest)) = bytes.split_at_checked(count * wide) else {
            return Err(corrupt("its data is not as long as its dimensions say"));
        };
        bytes = rest;
        let values: Vec<f32> = match (wide, stored.as_str()) {
            (2, _) => words(own)
                .map(|b| f16_to_f32(u16::from_le_bytes(b)))
                .collect(),
            (_, "int32") => words(own).map(|b| i32::from_le_bytes(b) as f32).collect(),
            _ => words(own).map(f32::from_le_bytes).collect(),
        };
        let constant = Constant::of(weight.shape.clone(), values)
            .ok_or_else(|| corrupt("a value is not finite"))?;
        if constants.insert(weight.name.as_str(), constant).is_some() {
            return Err(corrupt("it stands twice"));
        }
    }
    if !bytes.is_empty() {
        return Err(LoadError::Graph {
            reason: "there are more weights than its constants take",
        });
    }
    Ok(constants)
}

fn words<const N: usize>(raw: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    raw.as_chunks::<N>().0.iter().copied()
}

/// The f32 that an IEEE half stands for; exact.
fn f16_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10 & 0x1f);
    let fraction = u32::from(bits & 0x3ff);
    match (exponent, fraction) {
        // A subnormal is its fraction in steps of 2^-24.
        (0, fraction) => f32::from_bits(sign | (fraction as f32 * f32::powi(2.0, -24)).to_bits()),
        (31, fraction) => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests {
    use super::f16_to_f32;

    #[test]
    fn halves_are_what_the_standard_says() {
        // IEEE 754-2019, binary16: by the definition (-1)^s * 2^(e - 15) * (1 + f / 1024).
        for bits in 0..=u16::MAX {
            let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
            let exponent = i32::from(bits >> 10 & 0x1f);
            let fraction = f64::from(bits & 0x3ff) / 1024.0;
            let got = f64::from(f16_to_f32(bits));
            let expected = match exponent {
                0 => sign * fraction * 2f64.powi(-14),
                31 if fraction > 0.0 => {
                    assert!(got.is_nan());
                    continue;
                }
                31 => sign * f64::INFINITY,
                _ => sign * (1.0 + fraction) * 2f64.powi(exponent - 15),
            };
            assert_eq!(got.to_bits(), expected.to_bits(), "{bits:04x}");
        }
    }
}
