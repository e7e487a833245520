//! Files that only their owner can read.

use crate::failure::Failure;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Read as _, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Makes every file that this process makes from now on its owner's alone: databases, logs, backups.
pub(crate) fn keep_private() {
    #[cfg(unix)]
    let _ = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// How a file is opened that only its owner may read, should it have to be made.
pub(super) fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Refuses a file in a data folder: what is written there would damage it, and a secret there would be
/// stolen with it.
pub(crate) fn refuse_in_data(path: &Path) -> Result<(), Failure> {
    let real = std::fs::canonicalize(path).or_else(|_| {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::fs::canonicalize(folder.unwrap_or(Path::new(".")))?;
        Ok::<_, std::io::Error>(folder.join(path.file_name().unwrap_or_default()))
    });
    // A folder that is not there is no data folder.
    let Ok(real) = real else { return Ok(()) };
    let is_data =
        |folder: &&Path| folder.join("keyring.db").is_file() && folder.join("lock").is_file();
    match real.ancestors().skip(1).find(is_data) {
        Some(_) => Err(Failure::from(anyhow::anyhow!("lies in a data folder"))
            .about(path.display())
            .with_hint("keep it elsewhere: nothing but the program's own files belongs there")),
        None => Ok(()),
    }
}

/// A new file of mode 0600. It is written under another name, `.NAME.part`, and has its own only when
/// it is whole and on the disk; what a crash leaves is swept away by the next try.
pub(crate) struct NewFile {
    path: PathBuf,
    part: PathBuf,
    out: Option<BufWriter<File>>,
}

impl NewFile {
    /// Makes the file; none with anything in it must exist yet.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let (Some(name), false) = (path.file_name(), path == Path::new("-")) else {
            return Err(Failure::usage(
                format!("{} cannot be the name of a new file", path.display()),
                "name a file that does not exist yet",
            ));
        };
        refuse_in_data(path)?;
        match std::fs::symlink_metadata(path) {
            Ok(there) if !is_empty_file(&there) => {
                let error = std::io::Error::from(ErrorKind::AlreadyExists);
                return Err(refused(error, path));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::from(error).about(path.display())),
        }
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(".part");
        let part = path.with_file_name(hidden);
        let file = open_part(&part).map_err(|error| refused(error, path))?;
        Ok(Self {
            path: path.to_owned(),
            part,
            out: Some(BufWriter::new(file)),
        })
    }

    /// Puts everything on the disk and gives the file its name. Returns its bytes.
    pub(crate) fn finish(mut self) -> Result<u64, Failure> {
        let Some(mut out) = self.out.take() else {
            return Ok(0);
        };
        let done = out.flush().and_then(|()| out.get_ref().sync_all());
        let done = done.and_then(|()| {
            self.name()?;
            Ok(out.get_ref().metadata()?.len())
        });
        let _ = std::fs::remove_file(&self.part);
        done.map_err(|error| refused(error, &self.path))
    }

    /// The name appears at once or not at all, and takes the place of an empty file only.
    fn name(&self) -> std::io::Result<()> {
        if std::fs::symlink_metadata(&self.path).is_ok_and(|there| is_empty_file(&there)) {
            std::fs::remove_file(&self.path)?;
        }
        std::fs::hard_link(&self.part, &self.path)?;
        sync_folder(&self.path)
    }
}

/// What is left of a file that was made but never written.
fn is_empty_file(there: &std::fs::Metadata) -> bool {
    there.is_file() && there.len() == 0
}

fn refused(error: std::io::Error, path: &Path) -> Failure {
    if error.kind() == ErrorKind::AlreadyExists {
        let failure = Failure::from(anyhow::anyhow!("exists already")).about(path.display());
        failure.with_hint("name a file that does not exist yet; nothing is overwritten")
    } else {
        Failure::from(error).about(path.display())
    }
}

/// Opens a file that nobody else is writing, in place of one that a crash left.
fn open_part(part: &Path) -> std::io::Result<File> {
    let mut options = owner_only();
    options.write(true).create_new(true);
    let file = match options.open(part) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let left = std::fs::symlink_metadata(part)?;
            if !left.is_file() || File::open(part)?.try_lock().is_err() {
                return Err(error);
            }
            std::fs::remove_file(part)?;
            options.open(part)?
        }
        opened => opened?,
    };
    file.try_lock()?;
    Ok(file)
}

/// A new name must survive a power cut.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
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
            let _ = std::fs::remove_file(&self.part);
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
    refuse_in_data(path)?;
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

/// Opens a file of mode 0600 to append to, made if it is not there.
pub(crate) fn append_to(path: &Path) -> Result<File, Failure> {
    refuse_in_data(path)?;
    owner_only()
        .append(true)
        .create(true)
        .open(path)
        .map_err(|error| Failure::from(error).about(path.display()))
}
