//! Recordings: a folder for each thing that somebody does, with its frames in order.

use anyhow::{Context as _, ensure};
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// More frames of one recording are not read, and no larger ones.
const MAX_FRAMES: usize = 3000;
const MAX_FRAME_BYTES: u64 = 4 << 20;
/// The recording that there must be.
pub(super) const NEUTRAL: &str = "neutral";

/// Folders that are kept at a time; sessions with the same ones mostly stand together.
const MOST_KEPT: usize = 48;

/// The bytes of a frame.
pub(super) type Frame = Arc<[u8]>;

/// The folders that were read last.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    kept: Mutex<VecDeque<(PathBuf, Arc<Clips>)>>,
}

impl Shelf {
    /// A folder's recordings, read or read again if it must be.
    pub(super) fn clips(&self, folder: &Path) -> anyhow::Result<Arc<Clips>> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, clips)) = kept().iter().find(|(path, _)| path == folder) {
            return Ok(Arc::clone(clips));
        }
        let clips = Arc::new(Clips::read(folder)?);
        let mut kept = kept();
        if kept.len() >= MOST_KEPT {
            kept.pop_front();
        }
        kept.push_back((folder.to_owned(), Arc::clone(&clips)));
        Ok(clips)
    }
}

/// What was recorded of one person or one attack, by what is done in it.
#[derive(Debug)]
pub(super) struct Clips {
    by_name: BTreeMap<String, Vec<Frame>>,
}

impl Clips {
    /// Reads a folder of folders: `neutral`, and what else there is of `turn_left`, `turn_right`, `smile` and
    /// `light_RRGGBB`. Frames are the JPEG, PNG and WebP files in each, by their names.
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let shown = |path: &Path| path.display().to_string();
        let mut by_name = BTreeMap::new();
        for entry in fs::read_dir(folder).with_context(|| shown(folder))? {
            let path = entry.with_context(|| shown(folder))?.path();
            if path.is_dir()
                && let Some(name) = path.file_name().and_then(|name| name.to_str())
            {
                by_name.insert(name.to_owned(), frames(&path)?);
            }
        }
        let clips = Self { by_name };
        ensure!(
            clips.of(NEUTRAL).is_some(),
            "{}: there is no folder `{NEUTRAL}` with frames in it",
            shown(folder)
        );
        Ok(clips)
    }

    /// The frames of one recording; `None` where it is missing or empty.
    pub(super) fn of(&self, name: &str) -> Option<&[Frame]> {
        let frames = self.by_name.get(name)?;
        (!frames.is_empty()).then_some(frames)
    }
}

fn frames(folder: &Path) -> anyhow::Result<Vec<Frame>> {
    let shown = || folder.display().to_string();
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(shown)? {
        let path = entry.with_context(shown)?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let ending = ending.map(str::to_ascii_lowercase);
        if matches!(ending.as_deref(), Some("jpg" | "jpeg" | "png" | "webp")) {
            paths.push(path);
        }
    }
    ensure!(
        paths.len() <= MAX_FRAMES,
        "{}: more than {MAX_FRAMES} frames",
        shown()
    );
    paths.sort();
    let mut frames = Vec::with_capacity(paths.len());
    for path in paths {
        let named = || path.display().to_string();
        let length = path.metadata().with_context(named)?.len();
        ensure!(
            length <= MAX_FRAME_BYTES,
            "{}: more than {MAX_FRAME_BYTES} bytes",
            named()
        );
        frames.push(fs::read(&path).with_context(named)?.into());
    }
    Ok(frames)
}

#[cfg(test)]
impl Clips {
    /// Recordings of so many frames; each frame is its recording's name and number.
    pub(super) fn named(names: &[(&str, u8)]) -> Self {
        let frames = |name: &str, count: u8| -> Vec<Frame> {
            (0..count)
                .map(|number| format!("{name} {number}").into_bytes().into())
                .collect()
        };
        Self {
            by_name: names
                .iter()
                .map(|(name, count)| ((*name).to_owned(), frames(name, *count)))
                .collect(),
        }
    }
}
