//! Constants of a network: tensors whose values are known when it is read.

use crate::error::LoadError;
use crate::onnx::{NodeProto, TensorProto};
use prost::bytes::Bytes;
use std::borrow::Cow;

/// Values of all constants together that a file may hold: 64 Mi. The pinned networks
/// hold 8 Mi.
pub(crate) const MAX_ELEMENTS: usize = 64 << 20;

/// Values of a row that share a scale where weights are kept as they came.
const BLOCK: usize = 64;

/// ONNX element types that the pinned networks use.
mod element {
    pub(super) const FLOAT: i32 = 1;
    pub(super) const UINT8: i32 = 2;
    pub(super) const INT8: i32 = 3;
    pub(super) const INT32: i32 = 6;
    pub(super) const INT64: i32 = 7;
    pub(super) const BOOL: i32 = 9;
}

/// A constant tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Constant {
    pub(crate) dims: Vec<usize>,
    data: Data,
}

/// What a constant's values are kept as: the large ones as the bytes they came as, because
/// a network of megabytes would be many times as large in f32.
#[derive(Clone, Debug, PartialEq)]
enum Data {
    /// Also integers: zero points and shapes, all exact below 2^24.
    Float(Vec<f32>),
    /// Signed bytes.
    Bytes(Bytes),
    Blocks(Blocks),
}

/// A matrix in 64-wide blocks along its rows: `value = (q - zero) * scale`, all finite.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Blocks {
    /// Signed bytes, `[row][column]`.
    pub(crate) q: Bytes,
    columns: usize,
    /// `[row][block]`.
    pub(crate) scales: Vec<f32>,
    /// `[row][block]`.
    pub(crate) zeros: Vec<f32>,
}

impl Blocks {
    /// Values of a row.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Writes the values of a row.
    pub(crate) fn read_row(&self, row: usize, to: &mut [f32]) {
        let per_row = self.columns.div_ceil(BLOCK);
        let q = &self.q[row * self.columns..(row + 1) * self.columns];
        let scales = &self.scales[row * per_row..(row + 1) * per_row];
        let zeros = &self.zeros[row * per_row..(row + 1) * per_row];
        let blocks = to.chunks_mut(BLOCK).zip(q.chunks(BLOCK));
        for ((to, run), (scale, zero)) in blocks.zip(scales.iter().zip(zeros)) {
            for (to, byte) in to.iter_mut().zip(run) {
                *to = (f32::from(byte.cast_signed()) - zero) * scale;
            }
        }
    }
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
        let small = || {
            tensor
                .int32_data
                .iter()
                .map(|value| *value as f32)
                .collect()
        };
        let data = match tensor.data_type {
            element::FLOAT if raw.is_empty() => Data::Float(tensor.float_data.clone()),
            element::FLOAT => Data::Float(words(raw).map(f32::from_le_bytes).collect()),
            element::INT8 | element::UINT8 | element::BOOL | element::INT32 if raw.is_empty() => {
                Data::Float(small())
            }
            element::INT8 => Data::Bytes(raw.clone()),
            element::UINT8 | element::BOOL => {
                Data::Float(raw.iter().map(|byte| f32::from(*byte)).collect())
            }
            element::INT32 => Data::Float(
                words(raw)
                    .map(|bytes| i32::from_le_bytes(bytes) as f32)
                    .collect(),
            ),
            element::INT64 if raw.is_empty() => Data::Float(
                tensor
                    .int64_data
                    .iter()
                    .map(|value| *value as f32)
                    .collect(),
            ),
            element::INT64 => Data::Float(
                words(raw)
                    .map(|bytes| i64::from_le_bytes(bytes) as f32)
                    .collect(),
            ),
            _ => {
                return Err(corrupt(
                    "its element type is not one that networks here use",
                ));
            }
        };
        let constant = Self { dims, data };
        if constant.len() != count {
            return Err(corrupt("its data is not as long as its dimensions say"));
        }
        if let Data::Float(values) = &constant.data
            && values.iter().any(|value| !value.is_finite())
        {
            return Err(corrupt("a value is not finite"));
        }
        Ok(constant)
    }

    /// Values that were read elsewhere; `None` when one is not finite. There are as many as the
    /// dimensions say.
    pub(crate) fn of(dims: Vec<usize>, values: Vec<f32>) -> Option<Self> {
        debug_assert_eq!(dims.iter().product::<usize>(), values.len());
        let data = Data::Float(values);
        let constant = Self { dims, data };
        constant
            .values()
            .iter()
            .all(|value| value.is_finite())
            .then_some(constant)
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        match &self.data {
            Data::Float(values) => values.len(),
            Data::Bytes(bytes) => bytes.len(),
            Data::Blocks(blocks) => blocks.q.len(),
        }
    }

    /// The values in f32, made where they are kept as bytes.
    pub(crate) fn values(&self) -> Cow<'_, [f32]> {
        match &self.data {
            Data::Float(values) => values.into(),
            Data::Bytes(bytes) => bytes
                .iter()
                .map(|byte| f32::from(byte.cast_signed()))
                .collect(),
            Data::Blocks(blocks) => {
                let mut values = vec![0.0; blocks.q.len()];
                for (row, to) in values.chunks_exact_mut(blocks.columns).enumerate() {
                    blocks.read_row(row, to);
                }
                values.into()
            }
        }
    }

    /// What the values are made of, where that is what is kept.
    pub(crate) fn blocks(&self) -> Option<&Blocks> {
        match &self.data {
            Data::Blocks(blocks) => Some(blocks),
            _ => None,
        }
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
        if zero.is_some_and(|zero| zero.len() != scale.len()) {
            return Err(unfit());
        }
        let length = self.dims.get(axis).copied().unwrap_or(1);
        let inner: usize = self.dims.iter().skip(axis + 1).product();
        // A scalar scale serves all; without a block size there is one scale per index of
        // the axis; else one per block of it.
        let (outer_blocks, per) = if scale.len() == 1 {
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
        if scale.len() != expected {
            return Err(unfit());
        }
        let scales = scale.values();
        let zeros = zero.map(Self::values);
        let finite = |block: usize| {
            let largest = 128.0 + zeros.as_ref().map_or(0.0, |zeros| zeros[block].abs());
            (largest * scales[block]).is_finite()
        };
        if let Data::Bytes(q) = &self.data
            && inner == 1
            && per == BLOCK
            && length > 0
            && (0..expected).all(finite)
        {
            // All large weights are these.
            let zeros = zeros.map_or_else(|| vec![0.0; expected], Cow::into_owned);
            return Ok(Self {
                dims: self.dims.clone(),
                data: Data::Blocks(Blocks {
                    q: q.clone(),
                    columns: length,
                    scales: scales.into_owned(),
                    zeros,
                }),
            });
        }
        let shift = |at: usize| zeros.as_ref().map_or(0.0, |zeros| zeros[at]);
        let quantised = self.values();
        let dequantized = quantised.iter().enumerate().map(|(index, q)| {
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
            (q - shift(at)) * scales[at]
        });
        let values: Vec<f32> = dequantized.collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(unfit());
        }
        Ok(Self {
            dims: self.dims.clone(),
            data: Data::Float(values),
        })
    }

    /// `Reshape` by a constant shape with at most one -1.
    pub(crate) fn reshape(&self, shape: &Self) -> Option<Self> {
        let shape = shape.values();
        let known: usize = shape
            .iter()
            .filter(|d| **d > 0.0)
            .map(|d| *d as usize)
            .try_fold(1usize, |product, d| product.checked_mul(d))?;
        let mut dims = Vec::with_capacity(shape.len());
        for dim in shape.iter() {
            if *dim > 0.0 {
                dims.push(*dim as usize);
            } else if *dim < 0.0 && known > 0 {
                dims.push(self.len() / known);
            } else {
                return None;
            }
        }
        let count = dims
            .iter()
            .try_fold(1usize, |product, d| product.checked_mul(*d))?;
        (count == self.len()).then(|| Self {
            dims,
            data: self.data.clone(),
        })
    }
}

fn words<const N: usize>(raw: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    raw.as_chunks::<N>().0.iter().copied()
}
