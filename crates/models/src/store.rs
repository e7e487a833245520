//! Pinned files on disk, found by digest or by name, and checked.

use crate::digest::Sha256;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A file that the manifest pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinnedFile<'a> {
    /// The id of the package that holds it.
    pub package: &'a str,
    /// The path inside the package.
    pub path: &'a str,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Sha256,
}

/// A folder of pinned files, each under its digest or under its original file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
}

/// A pinned file cannot be had from a folder.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file has other bytes than the pinned ones.
    #[error("{} has sha256 {got}, expected {expected}", path.display())]
    Digest {
        /// The file.
        path: PathBuf,
        /// The digest in the manifest.
        expected: Sha256,
        /// The digest of the file's bytes.
        got: Sha256,
    },
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder has the file under neither of its names.
    #[error("{} has no file {digest} or {name}", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The digest, the first name looked for.
        digest: Sha256,
        /// The original file name, the second.
        name: String,
    },
}

impl PinnedFile<'_> {
    /// The last part of the path inside the package.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// Checks some bytes against the pin; `path` is where they came from.
    ///
    /// # Errors
    /// [`FileError::Digest`] when they are others.
    pub fn check(&self, bytes: &[u8], path: &Path) -> Result<(), FileError> {
        let got = Sha256::of(bytes);
        if got == self.sha256 {
            Ok(())
        } else {
            Err(FileError::Digest {
                path: path.to_owned(),
                expected: self.sha256,
                got,
            })
        }
    }
}

impl Store {
    /// A store in a folder; the folder is not looked at yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a file with this digest belongs: `<folder>/<sha256>`.
    #[must_use]
    pub fn path(&self, sha256: Sha256) -> PathBuf {
        self.folder.join(sha256.to_string())
    }

    /// Where a pinned file is: under its digest, or else under its original name.
    ///
    /// # Errors
    /// [`FileError::Missing`] when it is under neither.
    pub fn find(&self, file: PinnedFile<'_>) -> Result<PathBuf, FileError> {
        let names = [self.path(file.sha256), self.folder.join(file.name())];
        let found = names.into_iter().find(|path| path.is_file());
        found.ok_or_else(|| FileError::Missing {
            folder: self.folder.clone(),
            digest: file.sha256,
            name: file.name().to_owned(),
        })
    }

    /// The checked bytes of a pinned file.
    ///
    /// Takes no more memory than the pinned length, whatever is on disk.
    ///
    /// # Errors
    /// [`FileError`] when the file is missing, unreadable, or has another digest.
    pub fn read(&self, file: PinnedFile<'_>) -> Result<Vec<u8>, FileError> {
        let path = self.find(file)?;
        let failed = |source| FileError::Io {
            path: path.clone(),
            source,
        };
        let mut opened = File::open(&path).map_err(failed)?;
        let mut bytes = Vec::new();
        if opened.metadata().map_err(failed)?.len() == file.bytes {
            bytes.reserve_exact(usize::try_from(file.bytes).unwrap_or(0));
            (&mut opened)
                .take(file.bytes)
                .read_to_end(&mut bytes)
                .map_err(failed)?;
            file.check(&bytes, &path)?;
            return Ok(bytes);
        }
        // Of another length, so certainly other bytes: only its digest is of interest.
        let got = Sha256::of_reader(opened).map_err(failed)?;
        Err(FileError::Digest {
            path,
            expected: file.sha256,
            got,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{FileError, PinnedFile, Store};
    use crate::Sha256;
    use std::fs;

    const BYTES: &[u8] = b"weights";

    fn pinned() -> PinnedFile<'static> {
        PinnedFile {
            package: "p",
            path: "folder/net.onnx",
            bytes: BYTES.len() as u64,
            sha256: Sha256::of(BYTES),
        }
    }

    #[test]
    fn a_file_is_found_by_digest_and_by_name() {
        for name in [Sha256::of(BYTES).to_string(), "net.onnx".to_owned()] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), BYTES).unwrap();
            assert_eq!(Store::new(folder.path()).read(pinned()).unwrap(), BYTES);
        }
    }

    #[test]
    fn one_changed_byte_is_refused_with_file_and_both_digests() {
        for changed in [&b"weightz"[..], b"weight", b"weights!", b""] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("net.onnx");
            fs::write(&path, changed).unwrap();
            let error = Store::new(folder.path()).read(pinned()).unwrap_err();
            let message = error.to_string();
            assert!(message.contains(&path.display().to_string()), "{message}");
            assert!(
                message.contains(&Sha256::of(BYTES).to_string()),
                "{message}"
            );
            assert!(
                message.contains(&Sha256::of(changed).to_string()),
                "{message}"
            );
        }
    }

    #[test]
    fn a_missing_file_is_named_by_digest_and_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("net.onnx")).unwrap();
        let error = Store::new(folder.path()).read(pinned()).unwrap_err();
        assert!(matches!(error, FileError::Missing { .. }), "{error}");
        assert!(error.to_string().contains("net.onnx"), "{error}");
    }
}
