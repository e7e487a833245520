//! What the C library does with memory that was freed.

/// Has blocks of `bytes` and more given back to the system when they are freed, for good. Left alone, the C library of
/// GNU systems keeps ever larger ones for itself after the first of them was freed: a server that has once
/// decoded the largest pictures would hold their memory until it ends. A no-op elsewhere.
///
/// An eighth of it may stay free at the end of each of the library's heaps. Once the one is set the library leaves the other at
/// 128 KB, and the body of every request would be given back and asked for again, page after page: 0.2 ms of a request with a photo.
pub fn give_back_large_blocks(bytes: u32) {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let number = |bytes| libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
        // SAFETY: each sets a number of the allocator under the allocator's own lock.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, number(bytes));
            libc::mallopt(libc::M_TRIM_THRESHOLD, number(bytes / 8));
        }
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    let _ = bytes;
}
