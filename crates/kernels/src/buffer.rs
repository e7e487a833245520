//! Memory that the vector units like: aligned to a cache line, allocated once.

use crate::region::{Lot, beside_others};
use bytemuck::Pod;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// One cache line; the widest vector register of any supported machine.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// Where a buffer lies.
enum Memory {
    Lines(Vec<Line>),
    /// Beside others: see [`together`](crate::together).
    Lot(Lot),
}

impl Memory {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Lines(lines) => bytemuck::cast_slice(lines),
            Self::Lot(lot) => lot,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Lines(lines) => bytemuck::cast_slice_mut(lines),
            Self::Lot(lot) => lot,
        }
    }
}

/// A fixed-length, zero-initialised array whose first element lies on a 64-byte boundary.
pub struct Buffer<T> {
    memory: Memory,
    len: usize,
    element: PhantomData<T>,
}

impl<T: Pod> Buffer<T> {
    /// A buffer of `len` zeros.
    #[must_use]
    pub fn zeroed(len: usize) -> Self {
        let bytes = len * size_of::<T>();
        let beside = (bytes > 0).then(|| beside_others(bytes)).flatten();
        let memory = match beside {
            Some(lot) => Memory::Lot(lot),
            None => Memory::Lines(vec![Line([0; 64]); bytes.div_ceil(64)]),
        };
        Self {
            memory,
            len,
            element: PhantomData,
        }
    }

    /// Bytes that the buffer occupies, padding included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.memory.bytes().len()
    }
}

impl<T: Pod> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::zeroed(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &bytemuck::cast_slice(self.memory.bytes())[..self.len]
    }
}

impl<T: Pod> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut bytemuck::cast_slice_mut(self.memory.bytes_mut())[..self.len]
    }
}

/// Shows the length only: buffers hold faces and what was made of them.
impl<T> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_zeroed_aligned_and_as_long_as_asked() {
        for len in [0, 1, 15, 16, 17, 63, 64, 65, 1000] {
            let buffer = Buffer::<f32>::zeroed(len);
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.as_ptr().align_offset(64), 0);
            assert!(buffer.iter().all(|value| value.to_bits() == 0));
        }
    }

    #[test]
    fn debug_shows_no_values() {
        let mut buffer = Buffer::<f32>::zeroed(3);
        buffer[1] = 12345.5;
        assert_eq!(format!("{buffer:?}"), "Buffer { len: 3, .. }");
    }
}
