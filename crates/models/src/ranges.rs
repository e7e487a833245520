//! The activation ranges that a model's 8-bit layers are built on, with their provenance.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Tensors and channels that a file may hold; the pinned networks stay far below.
const MOST_LAYERS: usize = 1024;
const MOST_CHANNELS: usize = 1 << 16;

/// A file of ranges is not one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RangesError {
    /// The file is not TOML of the expected shape.
    #[error("activation ranges: {0}")]
    Syntax(#[from] toml::de::Error),
    /// The ranges cannot be written as TOML.
    #[error("activation ranges cannot be written: {0}")]
    Write(#[from] toml::ser::Error),
    /// The file is another model's.
    #[error("activation ranges of model {got}, expected {expected}")]
    OtherModel {
        /// The model that was asked for.
        expected: String,
        /// The model the file names.
        got: String,
    },
    /// A layer's numbers cannot be a quantization.
    #[error("activation ranges of tensor {tensor}: {reason}")]
    Layer {
        /// The tensor's number.
        tensor: usize,
        /// What is wrong.
        reason: &'static str,
    },
}

/// The quantization of one activation tensor, per channel.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TensorRange {
    /// The tensor's number within its network.
    pub tensor: usize,
    /// Value of one of 256 steps, > 0.
    pub scale: Vec<f32>,
    /// The step that stands for 0.0; 0..=255.
    pub zero: Vec<u8>,
}

/// The activation ranges of a model.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ActivationRanges {
    /// The model id.
    pub model: String,
    /// The pictures they were measured on.
    pub data_set: String,
    /// How many pictures.
    pub pictures: usize,
    /// The share of the pictures' extremes that the ranges cover, 0..=1.
    pub quantile: f64,
    /// The command that measured them.
    pub command: String,
    /// The day they were measured, `YYYY-MM-DD`.
    pub date: String,
    /// One entry per tensor that feeds an 8-bit layer.
    #[serde(rename = "layer")]
    pub layers: Vec<TensorRange>,
}

impl ActivationRanges {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`RangesError`] when it is no TOML of this shape or a number is out of range.
    pub fn parse(text: &str) -> Result<Self, RangesError> {
        let ranges: Self = toml::from_str(text)?;
        if ranges.layers.len() > MOST_LAYERS {
            return Err(RangesError::Layer {
                tensor: 0,
                reason: "there are too many",
            });
        }
        for layer in &ranges.layers {
            let wrong = |reason| RangesError::Layer {
                tensor: layer.tensor,
                reason,
            };
            if layer.scale.len() != layer.zero.len() || layer.scale.len() > MOST_CHANNELS {
                return Err(wrong("it has not one scale and one zero per channel"));
            }
            if layer
                .scale
                .iter()
                .any(|scale| !scale.is_normal() || *scale <= 0.0)
            {
                return Err(wrong("a scale is not a positive number"));
            }
        }
        Ok(ranges)
    }

    /// The file's text.
    ///
    /// # Errors
    /// [`RangesError::Write`] when a number cannot be written.
    pub fn to_toml(&self) -> Result<String, RangesError> {
        Ok(toml::to_string(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges() -> ActivationRanges {
        ActivationRanges {
            model: "net".into(),
            data_set: "none".into(),
            pictures: 3,
            quantile: 0.99,
            command: "countenance quantize".into(),
            date: "2026-01-02".into(),
            layers: vec![TensorRange {
                tensor: 4,
                scale: vec![0.5, 0.25],
                zero: vec![0, 255],
            }],
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = ranges().to_toml().unwrap();
        assert_eq!(ActivationRanges::parse(&text).unwrap(), ranges());
    }

    #[test]
    fn scales_that_are_not_positive_numbers_are_refused() {
        for scale in [0.0, -1.0, f32::INFINITY, f32::NAN] {
            let mut wrong = ranges();
            wrong.layers[0].scale[1] = scale;
            let text = wrong.to_toml().unwrap();
            assert!(matches!(
                ActivationRanges::parse(&text),
                Err(RangesError::Layer { tensor: 4, .. })
            ));
        }
        let mut short = ranges();
        short.layers[0].zero.pop();
        assert!(ActivationRanges::parse(&short.to_toml().unwrap()).is_err());
    }
}
