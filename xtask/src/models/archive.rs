//! Named members of a package archive, read into memory.

use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The members of an archive with one of the given paths, by path.
///
/// Nothing is unpacked to disk, so no path in the archive can lead anywhere. A member of
/// more than `largest` bytes is an error.
pub(super) fn read(
    archive: &Path,
    paths: &[&str],
    largest: u64,
) -> Result<BTreeMap<String, Vec<u8>>> {
    let file = File::open(archive)?;
    let name = archive
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if name.ends_with(".whl") {
        read_zip(file, paths, largest)
    } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
        read_tar_gz(file, paths, largest)
    } else {
        bail!("neither a wheel nor a .tar.gz nor a .tgz");
    }
}

fn read_zip(file: File, paths: &[&str], largest: u64) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut zip = zip::ZipArchive::new(file)?;
    let mut members = BTreeMap::new();
    for path in paths {
        match zip.by_name(path) {
            Ok(member) => members.insert((*path).to_owned(), bounded(member, path, largest)?),
            Err(zip::result::ZipError::FileNotFound) => continue,
            Err(error) => return Err(error.into()),
        };
    }
    Ok(members)
}

fn read_tar_gz(file: File, paths: &[&str], largest: u64) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut members = BTreeMap::new();
    for entry in tar.entries()? {
        let entry = entry?;
        let path = entry.path()?;
        let Some(path) = path.to_str().filter(|path| paths.contains(path)) else {
            continue;
        };
        let path = path.to_owned();
        let bytes = bounded(entry, &path, largest)?;
        members.insert(path, bytes);
    }
    Ok(members)
}

fn bounded(mut reader: impl Read, path: &str, largest: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut reader)
        .take(largest.saturating_add(1))
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {path}"))?;
    if bytes.len() as u64 > largest {
        bail!("{path} has more than {largest} bytes");
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::read;
    use std::fs::File;
    use std::io::Write as _;
    use std::path::{Path, PathBuf};

    fn wheel(folder: &Path) -> PathBuf {
        let path = folder.join("p-1-py3-none-any.whl");
        let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        for (name, bytes) in [("p/a", &b"alpha"[..]), ("p/b", b"beta")] {
            zip.start_file(name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    fn source_package(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        let gzip = flate2::write::GzEncoder::new(
            File::create(&path).unwrap(),
            flate2::Compression::fast(),
        );
        let mut tar = tar::Builder::new(gzip);
        for (name, bytes) in [("p/a", &b"alpha"[..]), ("p/b", b"beta")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, bytes).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
        path
    }

    fn archives(folder: &Path) -> [PathBuf; 3] {
        [
            wheel(folder),
            source_package(folder, "p-1.tar.gz"),
            source_package(folder, "p-1.tgz"),
        ]
    }

    #[test]
    fn named_members_are_read_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for archive in archives(folder.path()) {
            let members = read(&archive, &["p/b", "p/c"], 5).unwrap();
            assert_eq!(members.len(), 1);
            assert_eq!(members["p/b"], b"beta");
        }
    }

    #[test]
    fn a_member_longer_than_pinned_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for archive in archives(folder.path()) {
            assert!(read(&archive, &["p/a"], 5).is_ok());
            let error = read(&archive, &["p/a"], 4).unwrap_err();
            assert!(error.to_string().contains("more than 4 bytes"), "{error:?}");
        }
    }

    #[test]
    fn an_archive_of_another_kind_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p-1.rar");
        File::create(&path).unwrap();
        assert!(read(&path, &["p/a"], 5).is_err());
    }
}
