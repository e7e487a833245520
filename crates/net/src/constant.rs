//! Constants of a network: tensors whose values are known when it is read.

use crate::error::LoadError;
use crate::onnx::{NodeProto, TensorProto};

/// Values of all constants together that a file may hold: 64 Mi. The pinned networks
/// hold 8 Mi.
pub(crate) const MAX_ELEMENTS: usize = 64 << 20;

/// ONNX element types that the pinned networks use.
mod element {
    pub(super) const FLOAT: i32 = 1;
    pub(super) const UINT8: i32 = 2;
    pub(super) const INT8: i32 = 3;
    pub(super) const INT32: i32 = 6;
    pub(super) const INT64: i32 = 7;
    pub(super) const BOOL: i32 = 9;
}

/// A constant tensor, row-major. Integers are kept as f32: the networks' integers are
/// quantised weights, zero points and shapes, all exact below 2^24.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Constant {
    pub(crate) dims: Vec<usize>,
    pub(crate) values: Vec<f32>,
    /// What the values were unpacked from, where that is worth keeping.
    pub(crate) blocks: Option<Blocks>,
}

/// A matrix in 64-wide blocks along its rows: `value = q * scale`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Blocks {
    pub(crate) q: Vec<i8>,
    /// `[row][block]`.
    pub(crate) scales: Vec<f32>,
}

impl Constant {
    /// Reads a tensor; its values must be finite and as many as its dims say.
    pub(crate) fn read(tensor: &TensorProto) -> Result<Self, LoadError> {
        let corrupt = |reason| LoadError::Tensor {
            name: tensor.name.clone(),
            reason,
        };
        let mut count = 1usize;
        let mut dims = Vec::with_capacity(tensor.dims.len().min(8));
        for dim in &tensor.dims {
            let dim = usize::try_from(*dim).map_err(|_| corrupt("a dimension is negative"))?;
            count = count
                .checked_mul(dim)
                .filter(|count| *count <= MAX_ELEMENTS)
                .ok_or_else(|| corrupt("it is larger than any network here"))?;
            dims.push(dim);
        }
        let raw = &tensor.raw_data;
        let values: Vec<f32> = match tensor.data_type {
            element::FLOAT if raw.is_empty() => tensor.float_data.clone(),
            element::FLOAT => words(raw).map(f32::from_le_bytes).collect(),
            element::INT8 if raw.is_empty() => tensor
                .int32_data
                .iter()
                .map(|value| *value as f32)
                .collect(),
            element::INT8 => raw
                .iter()
                .map(|byte| f32::from(byte.cast_signed()))
                .collect(),
            element::UINT8 | element::BOOL if raw.is_empty() => tensor
                .int32_data
                .iter()
                .map(|value| *value as f32)
                .collect(),
            element::UINT8 | element::BOOL => raw.iter().map(|byte| f32::from(*byte)).collect(),
            element::INT32 if raw.is_empty() => tensor
                .int32_data
                .iter()
                .map(|value| *value as f32)
                .collect(),
            element::INT32 => words(raw)
                .map(|bytes| i32::from_le_bytes(bytes) as f32)
                .collect(),
            element::INT64 if raw.is_empty() => tensor
                .int64_data
                .iter()
                .map(|value| *value as f32)
                .collect(),
            element::INT64 => words(raw)
                .map(|bytes| i64::from_le_bytes(bytes) as f32)
                .collect(),
            _ => {
                return Err(corrupt(
                    "its element type is not one that networks here use",
                ));
            }
        };
        if values.len() != count {
            return Err(corrupt("its data is not as long as its dimensions say"));
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(corrupt("a value is not finite"));
        }
        Ok(Self {
            dims,
            values,
            blocks: None,
        })
    }

    /// `DequantizeLinear` over blocks along one axis: `(q - zero) * scale`.
    pub(crate) fn dequantize(
        &self,
        scale: &Self,
        zero: Option<&Self>,
        node: &NodeProto,
    ) -> Result<Self, LoadError> {
        let unfit = || LoadError::Node {
            op: node.op_type.clone(),
            output: node.output.first().cloned().unwrap_or_default(),
            reason: "scales and zero points do not fit the quantised tensor",
        };
        let rank = self.dims.len();
        let axis = node.int("axis", 1);
        let axis = usize::try_from(if axis < 0 { axis + rank as i64 } else { axis })
            .ok()
            .filter(|axis| *axis < rank.max(1))
            .ok_or_else(unfit)?;
        let block = usize::try_from(node.int("block_size", 0)).map_err(|_| unfit())?;
        if zero.is_some_and(|zero| zero.values.len() != scale.values.len()) {
            return Err(unfit());
        }
        let length = self.dims.get(axis).copied().unwrap_or(1);
        let inner: usize = self.dims.iter().skip(axis + 1).product();
        // A scalar scale serves all; without a block size there is one scale per index of
        // the axis; else one per block of it.
        let (outer_blocks, per) = if scale.values.len() == 1 {
            (0, usize::MAX)
        } else if block == 0 {
            (0, 1)
        } else {
            (length.div_ceil(block), block)
        };
        let outer: usize = self.dims.iter().take(axis).product();
        let expected = match (outer_blocks, per) {
            (0, usize::MAX) => 1,
            (0, _) => length,
            (blocks, _) => outer * blocks * inner,
        };
        if scale.values.len() != expected {
            return Err(unfit());
        }
        let mut values = Vec::with_capacity(self.values.len());
        let zeros = zero.map(|zero| zero.values.as_slice());
        let shift = |at: usize| zeros.map_or(0.0, |zeros| zeros[at]);
        if inner == 1 && outer_blocks > 0 {
            // Blocks along the last axis are runs in memory; all large weights are these.
            for (o, row) in self.values.chunks_exact(length.max(1)).enumerate() {
                for (b, run) in row.chunks(per).enumerate() {
                    let at = o * outer_blocks + b;
                    let (zero, scale) = (shift(at), scale.values[at]);
                    values.extend(run.iter().map(|q| (q - zero) * scale));
                }
            }
        } else {
            for (index, q) in self.values.iter().enumerate() {
                let (o, a, i) = (
                    index / inner / length,
                    index / inner % length,
                    index % inner,
                );
                let at = match (outer_blocks, per) {
                    (0, usize::MAX) => 0,
                    (0, _) => a,
                    (blocks, _) => (o * blocks + a / per) * inner + i,
                };
                values.push((q - shift(at)) * scale.values[at]);
            }
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(unfit());
        }
        let signed = |q: &f32| (-128.0..=127.0).contains(q);
        let symmetric = zeros.is_none_or(|zeros| zeros.iter().all(|zero| zero.abs() < 0.5));
        let plain = symmetric && block == 64 && rank == 2 && axis == 1;
        let blocks = (plain && self.values.iter().all(signed)).then(|| Blocks {
            q: self.values.iter().map(|q| *q as i8).collect(),
            scales: scale.values.clone(),
        });
        Ok(Self {
            dims: self.dims.clone(),
            values,
            blocks,
        })
    }

    /// `Reshape` by a constant shape with at most one -1.
    pub(crate) fn reshape(&self, shape: &Self) -> Option<Self> {
        let known: usize = shape
            .values
            .iter()
            .filter(|d| **d > 0.0)
            .map(|d| *d as usize)
            .try_fold(1usize, |product, d| product.checked_mul(d))?;
        let mut dims = Vec::with_capacity(shape.values.len());
        for dim in &shape.values {
            if *dim > 0.0 {
                dims.push(*dim as usize);
            } else if *dim < 0.0 && known > 0 {
                dims.push(self.values.len() / known);
            } else {
                return None;
            }
        }
        let count = dims
            .iter()
            .try_fold(1usize, |product, d| product.checked_mul(*d))?;
        (count == self.values.len()).then(|| Self {
            dims,
            values: self.values.clone(),
            blocks: None,
        })
    }
}

fn words<const N: usize>(raw: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    raw.as_chunks::<N>().0.iter().copied()
}
