//! Pages of memory that hold keys, kept out of swap for as long as they do.

use region::LockGuard;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many pages hold keys now, and how many of them could be locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyPages {
    /// Pages that hold at least one key.
    pub pages: usize,
    /// Those the system keeps out of swap. Fewer than `pages` where the limit of locked memory
    /// (`RLIMIT_MEMLOCK`) is too small.
    pub locked: usize,
}

struct Page {
    keys: usize,
    guard: Option<LockGuard>,
}

/// A page may hold several keys: it is unlocked with the last of them.
static PAGES: Mutex<BTreeMap<usize, Page>> = Mutex::new(BTreeMap::new());

/// Says that a page holds a key, until it is dropped.
pub(crate) struct Held {
    page: usize,
}

impl Held {
    /// Locks the page of `place`, which must not cross into the next one. Where the system
    /// refuses, the key is used all the same: [`key_pages`] tells.
    pub(crate) fn new<T>(place: &T) -> Self {
        let address = std::ptr::from_ref(place);
        let page = address.addr() / region::page::size();
        let mut pages = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = pages.entry(page).or_insert_with(|| Page {
            keys: 0,
            guard: region::lock(address, size_of::<T>()).ok(),
        });
        entry.keys += 1;
        Self { page }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut pages = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = pages.get_mut(&self.page) {
            page.keys -= 1;
            if page.keys == 0 {
                pages.remove(&self.page);
            }
        }
    }
}

/// Pages of this process that hold keys of vaults, holders and roots.
#[must_use]
pub fn key_pages() -> KeyPages {
    let pages = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
    KeyPages {
        pages: pages.len(),
        locked: pages.values().filter(|page| page.guard.is_some()).count(),
    }
}
