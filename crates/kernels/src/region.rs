//! Memory for what a search and a large network read: huge pages where the system has them, out of core files, wiped.
//!
//! One [`Region`] is cut into [`Lot`]s of one size that lie one behind the other, so that
//! a scan over lots is one linear read.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::Arc;
use zeroize::Zeroize as _;

/// Lots begin at a multiple of this: a cache line.
const LINE: usize = 64;

/// No memory could be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionError {
    /// Bytes that were asked for.
    pub bytes: usize,
    /// The system's words.
    pub cause: String,
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no memory for {} bytes: {}", self.bytes, self.cause)
    }
}

impl std::error::Error for RegionError {}

/// Owns the pages of a region.
struct Pages {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: an owned piece of memory; whoever reads or writes it holds a lot of it.
unsafe impl Send for Pages {}
// SAFETY: as above.
unsafe impl Sync for Pages {}

#[cfg(target_os = "linux")]
impl Pages {
    fn new(bytes: usize) -> Result<Self, RegionError> {
        use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};
        let failed = |cause: rustix::io::Errno| RegionError {
            bytes,
            cause: cause.to_string(),
        };
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh private mapping wherever the system likes.
        let start =
            unsafe { mmap_anonymous(std::ptr::null_mut(), bytes, protection, MapFlags::PRIVATE) }
                .map_err(failed)?;
        let start = NonNull::new(start.cast::<u8>()).ok_or(RegionError {
            bytes,
            cause: "mapped at zero".to_owned(),
        })?;
        let pages = Self { start, bytes };
        // SAFETY: the whole of our own mapping; the advice changes no contents.
        unsafe { madvise(start.as_ptr().cast(), bytes, Advice::LinuxDontDump) }.map_err(failed)?;
        // A system without huge pages is slower and nothing else.
        // SAFETY: as above.
        let _ = unsafe { madvise(start.as_ptr().cast(), bytes, Advice::LinuxHugepage) };
        Ok(pages)
    }
}

#[cfg(target_os = "linux")]
impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: our own mapping, of which no lot is left: each holds these pages.
        let _ = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

#[cfg(not(target_os = "linux"))]
impl Pages {
    fn layout(bytes: usize) -> Option<std::alloc::Layout> {
        std::alloc::Layout::from_size_align(bytes, LINE).ok()
    }

    fn new(bytes: usize) -> Result<Self, RegionError> {
        let failed = || RegionError {
            bytes,
            cause: "refused".to_owned(),
        };
        let layout = Self::layout(bytes)
            .filter(|layout| layout.size() > 0)
            .ok_or_else(failed)?;
        // SAFETY: the size is not zero.
        let start = NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) }).ok_or_else(failed)?;
        Ok(Self { start, bytes })
    }
}

#[cfg(not(target_os = "linux"))]
impl Drop for Pages {
    fn drop(&mut self) {
        if let Some(layout) = Self::layout(self.bytes) {
            // SAFETY: allocated with this layout.
            unsafe { std::alloc::dealloc(self.start.as_ptr(), layout) };
        }
    }
}

/// Zeroed memory of the system's own, cut into lots.
pub struct Region {
    pages: Arc<Pages>,
    lot: usize,
    /// Bytes that were given out.
    given: usize,
}

impl Region {
    /// A region of `lots` lots of `lot` bytes each, rounded up to whole cache lines.
    ///
    /// # Errors
    /// [`RegionError`] when the system has no such memory or would show it in core files.
    pub fn new(lot: usize, lots: usize) -> Result<Self, RegionError> {
        let lot = lot.max(1).next_multiple_of(LINE);
        let bytes = lot.checked_mul(lots.max(1)).ok_or(RegionError {
            bytes: usize::MAX,
            cause: "more than there are addresses".to_owned(),
        })?;
        Ok(Self {
            pages: Arc::new(Pages::new(bytes)?),
            lot,
            given: 0,
        })
    }

    /// The next lot, all zeros; `None` when all are given out.
    pub fn lot(&mut self) -> Option<Lot> {
        self.piece(self.lot)
    }

    /// The next bytes, all zeros and rounded up to whole cache lines; `None` when there are not as many left.
    fn piece(&mut self, bytes: usize) -> Option<Lot> {
        let bytes = bytes.max(1).checked_next_multiple_of(LINE)?;
        let end = self.given.checked_add(bytes)?;
        if end > self.pages.bytes {
            return None;
        }
        // SAFETY: inside the pages, as just checked.
        let start = unsafe { self.pages.start.add(self.given) };
        self.given = end;
        Some(Lot {
            _pages: Arc::clone(&self.pages),
            start,
            bytes,
        })
    }
}

thread_local! {
    /// Where buffers that are made on this thread lie, while somebody wants them together.
    static TOGETHER: RefCell<Option<Region>> = const { RefCell::new(None) };
}

/// Has the buffers that `work` makes on this thread lie side by side in a region of `bytes`, as far as they fit; the others, and all where
/// the system has no such memory, lie where memory usually is. Pages that nothing touches take no memory.
///
/// In huge pages how fast a network runs does not depend on which pages the system happened to have: of those of 4 KB some fall on the same places of a
/// cache.
pub fn together<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    /// Puts back what was before, also when `work` panics.
    struct Before(Option<Region>);
    impl Drop for Before {
        fn drop(&mut self) {
            TOGETHER.replace(self.0.take());
        }
    }
    let _before = Before(TOGETHER.replace(Region::new(bytes, 1).ok()));
    work()
}

/// Bytes from where this thread's buffers lie together, if they do.
pub(crate) fn beside_others(bytes: usize) -> Option<Lot> {
    TOGETHER.with_borrow_mut(|region| region.as_mut()?.piece(bytes))
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("lot", &self.lot)
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

/// A piece of a [`Region`] that one owner has for itself; wiped when dropped.
pub struct Lot {
    _pages: Arc<Pages>,
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: no other lot has these bytes, so a lot is like a boxed slice.
unsafe impl Send for Lot {}
// SAFETY: as above; shared, it is only read.
unsafe impl Sync for Lot {}

impl Deref for Lot {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: initialised (pages begin as zeros), inside the pages, which live as long, and
        // written only through `&mut self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.bytes) }
    }
}

impl DerefMut for Lot {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above; `&mut self` makes it the only one.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.bytes) }
    }
}

impl Drop for Lot {
    fn drop(&mut self) {
        // Whole words: a region is large, and wiping goes element by element.
        match bytemuck::try_cast_slice_mut::<u8, u64>(self) {
            Ok(words) => words.zeroize(),
            Err(_) => self.deref_mut().zeroize(),
        }
    }
}

impl fmt::Debug for Lot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lot")
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Region;

    #[test]
    fn lots_are_zeros_lie_one_behind_the_other_and_are_each_owners_own() {
        let mut region = Region::new(100, 3).unwrap();
        let mut lots: Vec<_> = std::iter::from_fn(|| region.lot()).collect();
        assert_eq!(lots.len(), 3);
        assert!(lots.iter().all(|lot| lot.len() == 128));
        assert!(lots.iter().all(|lot| lot.iter().all(|byte| *byte == 0)));
        assert_eq!(lots[0].as_ptr().wrapping_add(128), lots[1].as_ptr());
        lots[1].fill(7);
        assert!(lots[0].iter().chain(lots[2].iter()).all(|byte| *byte == 0));
        drop(region);
        assert!(lots[1].iter().all(|byte| *byte == 7));
    }

    #[test]
    fn buffers_lie_together_while_somebody_wants_it_and_as_far_as_they_fit() {
        let make = || [10, 40, 1000].map(crate::Buffer::<f32>::zeroed);
        let lines = |buffers: &[crate::Buffer<f32>; 3]| {
            let place = |i: usize| buffers[i].as_ptr() as usize / 64;
            [
                place(1).wrapping_sub(place(0)),
                place(2).wrapping_sub(place(1)),
            ]
        };
        let mut together = super::together(8192, make);
        assert_eq!(lines(&together), [1, 3]);
        // The third does not fit, and nobody lies in a region afterwards.
        let [first, second, third] = super::together(512, make);
        assert_eq!(second.as_ptr() as usize - first.as_ptr() as usize, 64);
        assert!(third.iter().all(|value| value.to_bits() == 0));
        assert!(super::beside_others(64).is_none());
        together[2].fill(1.0);
        let copy = together[2].clone();
        drop(together);
        assert!(
            copy.iter()
                .all(|value| value.to_bits() == 1.0_f32.to_bits())
        );
    }

    #[test]
    fn a_dropped_lot_is_wiped() {
        let mut region = Region::new(64, 2).unwrap();
        let mut lot = region.lot().unwrap();
        lot.fill(0xa5);
        let at = lot.as_ptr();
        // SAFETY: the region holds the pages.
        let now = || unsafe { at.read_volatile() };
        // Positive control: it is there before.
        assert_eq!(now(), 0xa5);
        drop(lot);
        assert_eq!(now(), 0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_region_is_left_out_of_core_files() {
        let mut region = Region::new(4096, 4).unwrap();
        let lot = region.lot().unwrap();
        let flags_of = |address: usize| {
            let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let mut inside = false;
            for line in maps.lines() {
                let range = line.split(' ').next().and_then(|word| word.split_once('-'));
                let range = range.and_then(|(from, to)| {
                    let from = usize::from_str_radix(from, 16).ok()?;
                    Some(from..usize::from_str_radix(to, 16).ok()?)
                });
                if let Some(range) = range {
                    inside = range.contains(&address);
                } else if inside && line.starts_with("VmFlags:") {
                    return line.to_owned();
                }
            }
            panic!("address {address:x} is in no mapping");
        };
        assert!(flags_of(lot.as_ptr() as usize).contains(" dd"));
        // Positive control: ordinary memory is in core files.
        let ordinary = [0u8; 16];
        assert!(!flags_of(ordinary.as_ptr() as usize).contains(" dd"));
    }
}
