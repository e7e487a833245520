//! Files that only their owner can read.

use crate::failure::Failure;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Makes every file that this process makes from now on its owner's alone: databases, logs, backups.
pub(crate) fn keep_private() {
    #[cfg(unix)]
    let _ = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// A new file of mode 0600 that is removed again unless it is finished.
pub(crate) struct NewFile {
    path: PathBuf,
    out: Option<BufWriter<File>>,
}

impl NewFile {
    /// Makes the file; it must not exist yet.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| {
            let exists = error.kind() == std::io::ErrorKind::AlreadyExists;
            let failure = Failure::from(error).about(path.display());
            if exists {
                failure.with_hint("name a file that does not exist yet; nothing is overwritten")
            } else {
                failure
            }
        })?;
        Ok(Self {
            path: path.to_owned(),
            out: Some(BufWriter::new(file)),
        })
    }

    /// Puts everything on the disk and keeps the file. Returns its bytes.
    pub(crate) fn finish(mut self) -> Result<u64, Failure> {
        let named = |error: std::io::Error| Failure::from(error).about(self.path.display());
        let Some(mut out) = self.out.take() else {
            return Ok(0);
        };
        let done = out.flush().and_then(|()| out.get_ref().sync_all());
        let length = done.and_then(|()| Ok(out.get_ref().metadata()?.len()));
        length.map_err(|error| {
            let _ = std::fs::remove_file(&self.path);
            named(error)
        })
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.out.as_mut().map_or(Ok(0), |out| out.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.out.is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Writes a new file of mode 0600.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = NewFile::create(path)?;
    file.write_all(bytes)
        .map_err(|error| Failure::from(error).about(path.display()))?;
    file.finish().map(|_| ())
}

/// Reads a small file with a secret; others than its owner must not be able to read it.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    const MOST: u64 = 4096;
    let named = |error: std::io::Error| Failure::from(error).about(path.display());
    let file = File::open(path).map_err(named)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(named)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Failure::from(anyhow::anyhow!(
                "has mode {mode:03o}, expected no access for group and others"
            ))
            .about(path.display())
            .with_hint(format!("chmod 600 {}", path.display())));
        }
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST as usize));
    file.take(MOST).read_to_end(&mut bytes).map_err(named)?;
    Ok(bytes)
}

/// Appends to a file of mode 0600, made if it is not there.
pub(crate) fn append(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| Failure::from(error).about(path.display()))
}
