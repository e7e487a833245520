//! Asking for memory before it is needed.
//!
//! A dense layer reads megabytes of weights once and is bound by that, while the layers before
//! it multiply and leave the memory idle. So their register tiles ask, two lines at a time, for
//! what it will read: the lines are in a cache when it comes.

/// A stretch of memory that a later step reads.
///
/// It is only ever asked for, never read, so it may as well be gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    address: usize,
    bytes: usize,
}

impl Ahead {
    /// The memory behind a slice.
    #[must_use]
    pub fn of(memory: &[u8]) -> Self {
        Self {
            address: memory.as_ptr().addr(),
            bytes: memory.len(),
        }
    }

    /// Takes so many bytes from the front, or what there is.
    pub(crate) fn take(&mut self, bytes: usize) -> Self {
        let taken = Self {
            address: self.address,
            bytes: bytes.min(self.bytes),
        };
        self.address += taken.bytes;
        self.bytes -= taken.bytes;
        taken
    }

    /// Where it begins; null when there is nothing.
    pub(crate) fn start(self) -> *const u8 {
        if self.bytes == 0 {
            std::ptr::null()
        } else {
            std::ptr::without_provenance(self.address)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ahead;

    #[test]
    fn parts_are_taken_one_behind_the_other_until_nothing_is_left() {
        let memory = [0u8; 300];
        let mut ahead = Ahead::of(&memory);
        let taken = [128, 128, 128, 128].map(|bytes| ahead.take(bytes));
        assert_eq!(taken.map(|part| part.bytes), [128, 128, 44, 0]);
        assert_eq!(taken[1].start().addr(), memory.as_ptr().addr() + 128);
        assert!(taken[3].start().is_null());
    }
}
