//! An allocator that ends every buffer at a page that may not be touched.
//!
//! Buffers of the kernels are whole cache lines (alignment 64), pictures are bytes
//! (alignment 1). Both are laid at the end of their own pages with an inaccessible page
//! behind them, so that a kernel that reads or writes one element too far does not pass by
//! luck: the process dies there. All other allocations go to the system.

#![allow(
    unsafe_code,
    reason = "an allocator is unsafe by nature; this one is for tests"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;

/// Bytes of a page; a multiple of every page size that Linux has on x86-64, and of the
/// smallest on arm64.
const PAGE: usize = 4096;

struct Guarded;

#[global_allocator]
static ALLOCATOR: Guarded = Guarded;

fn is_guarded(layout: Layout) -> bool {
    matches!(layout.align(), 1 | 64)
}

/// Bytes of the pages that hold an allocation, without the guard.
fn pages(layout: Layout) -> usize {
    layout.size().next_multiple_of(PAGE)
}

// SAFETY: guarded allocations are their own mappings, at least as large as asked and aligned
// because their size is a multiple of the alignment of a whole array; others are the
// system's.
unsafe impl GlobalAlloc for Guarded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: a fresh private mapping; its last page is taken away again before anybody
        // sees it.
        unsafe {
            if !is_guarded(layout) {
                return System.alloc(layout);
            }
            let bytes = pages(layout);
            let protection = libc::PROT_READ | libc::PROT_WRITE;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let start = libc::mmap(null_mut(), bytes + PAGE, protection, flags, -1, 0);
            if start == libc::MAP_FAILED
                || libc::mprotect(start.add(bytes), PAGE, libc::PROT_NONE) != 0
            {
                return null_mut();
            }
            start.add(bytes - layout.size()).cast()
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: `at` came from `alloc` with this layout.
        unsafe {
            if is_guarded(layout) {
                let start = at.add(layout.size()).sub(pages(layout));
                libc::munmap(start.cast(), pages(layout) + PAGE);
            } else {
                System.dealloc(at, layout);
            }
        }
    }
}

/// The guard works: whoever reads one byte behind a buffer dies of it.
#[test]
fn one_byte_behind_a_buffer_is_out_of_reach() {
    const CHILD: &str = "COUNTENANCE_READ_ONE_TOO_FAR";
    let buffer = countenance_kernels::Buffer::<u8>::zeroed(128);
    if std::env::var_os(CHILD).is_some() {
        // SAFETY: none; that this read is not survived is what is shown.
        let beyond = unsafe { buffer.as_ptr().add(128).read_volatile() };
        println!("survived with {beyond}");
        return;
    }
    let program = std::env::current_exe().expect("a test has a program");
    let output = std::process::Command::new(program)
        .args(["--exact", "guard::one_byte_behind_a_buffer_is_out_of_reach"])
        .env(CHILD, "1")
        .output()
        .expect("the program starts again");
    assert!(!output.status.success(), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("survived"));
}
