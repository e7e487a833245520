//! What the theft of a disk would give away: it depends on where the root key is.

use super::root::RootPlace;
use std::collections::BTreeSet;
use std::path::Path;

/// Whether the data survives the theft of the disk it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Promise {
    /// `Some(true)` it does, `Some(false)` it does not, `None` it hangs on what cannot be seen from here.
    pub(crate) theft_survived: Option<bool>,
    /// In words.
    pub(crate) text: &'static str,
}

/// The promise of a root key for a data folder; `None` when the records are elsewhere.
pub(super) fn of(place: &RootPlace, data: Option<&Path>) -> Promise {
    let (theft_survived, text) = match place {
        RootPlace::Pkcs11 { .. } => (
            Some(true),
            "the root key never leaves its token: a stolen disk or backup tells nothing",
        ),
        RootPlace::Credential(_) => (
            None,
            "a stolen disk tells nothing if the credential is sealed to this machine's TPM; \
             in a plain file on the same disk it would be stolen with the data",
        ),
        RootPlace::File(path) => match data.map(|data| share_a_disk(path, data)) {
            Some(true) => (
                Some(false),
                "root key and data are on one disk: whoever steals it can open everything but \
                 holder-bound subjects; move the root key to another disk, a token or a sealed credential",
            ),
            Some(false) => (
                Some(true),
                "the root key is on another disk than the data: the theft of one of them tells nothing",
            ),
            None => (
                None,
                "the records are in a database: what its theft tells hangs on whether its disk \
                 also holds the root key",
            ),
        },
    };
    Promise {
        theft_survived,
        text,
    }
}

/// When a destroyed key is gone, in words.
pub(crate) fn erasing(at_once: bool) -> &'static str {
    if at_once {
        "a destroyed key is gone from the file when `subject erase` answers"
    } else {
        "a destroyed key is gone after the database's vacuum and log recycling"
    }
}

/// Whether two places are on one disk; when that cannot be told, on one file system; when that
/// cannot be told either, they are taken to be.
#[cfg(unix)]
fn share_a_disk(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &Path| std::fs::metadata(path).map(|metadata| metadata.dev());
    let (Ok(one), Ok(other)) = (device(one), device(other)) else {
        return true;
    };
    match (disks(one), disks(other)) {
        (Some(one_disks), Some(other_disks)) => {
            one == other || !one_disks.is_disjoint(&other_disks)
        }
        _ => true,
    }
}

#[cfg(not(unix))]
fn share_a_disk(_: &Path, _: &Path) -> bool {
    true
}

/// The disks under a file system, by the names of the kernel; `None` when something under it cannot be seen.
#[cfg(unix)]
fn disks(device: u64) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    gather_under(device, 8, &mut found).then_some(found)
}

/// A file system in memory or on a network is on no disk.
#[cfg(unix)]
fn gather_under(device: u64, depth: u32, found: &mut BTreeSet<String>) -> bool {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    match std::fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")) {
        Ok(block) => gather(&block, depth, found),
        Err(_) => true,
    }
}

/// A partition stands in the folder of its disk; a mapped device names what it is made of; a loop device is a file on a
/// disk. Says whether all of it could be seen.
#[cfg(unix)]
fn gather(block: &Path, depth: u32, found: &mut BTreeSet<String>) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    if let Ok(file) = std::fs::read_to_string(block.join("loop/backing_file")) {
        return depth > 0
            && std::fs::metadata(file.trim_end_matches('\n'))
                .is_ok_and(|metadata| gather_under(metadata.dev(), depth - 1, found));
    }
    let slaves = std::fs::read_dir(block.join("slaves"));
    let below: Vec<_> = slaves.into_iter().flatten().flatten().collect();
    if block.join("partition").exists()
        && let Some(disk) = block.parent()
    {
        gather(disk, depth, found)
    } else if below.is_empty() || depth == 0 {
        found.extend(
            block
                .file_name()
                .map(|name| name.to_string_lossy().into_owned()),
        );
        true
    } else {
        below.iter().all(|slave| {
            let path = slave.path().canonicalize();
            path.is_ok_and(|path| gather(&path, depth - 1, found))
        })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::{BTreeSet, gather};
    use std::fs;

    #[test]
    fn a_file_that_is_mounted_lies_on_the_disk_of_the_file_and_one_that_is_gone_cannot_be_seen() {
        // As the kernel shows a loop device.
        let shown = tempfile::tempdir().unwrap();
        let backing = shown.path().join("loop");
        fs::create_dir(&backing).unwrap();
        let image = tempfile::NamedTempFile::new().unwrap();
        let found_of = |file: &std::path::Path| {
            fs::write(
                backing.join("backing_file"),
                format!("{}\n", file.display()),
            )
            .unwrap();
            let mut found = BTreeSet::new();
            gather(shown.path(), 8, &mut found).then_some(found)
        };
        let of_the_image = super::disks(std::os::unix::fs::MetadataExt::dev(
            &image.path().metadata().unwrap(),
        ));
        assert_eq!(found_of(image.path()), of_the_image);
        assert_eq!(found_of(&shown.path().join("gone")), None);
        // Control: a disk is itself.
        fs::remove_dir_all(&backing).unwrap();
        let mut found = BTreeSet::new();
        assert!(gather(shown.path(), 8, &mut found));
        assert_eq!(found.len(), 1);
    }
}
