//! A root key read into memory: from a file or a systemd credential.

use super::{KeyError, KeySource, RootKind};
use crate::ident::hex;
use crate::random::Random;
use crate::seal;
use crate::secret::Secret;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// A root key in this process's memory, wiped when dropped.
#[derive(Debug)]
pub struct RootKey {
    key: Secret,
    kind: RootKind,
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> KeyError {
    let place = path.display().to_string();
    move |error| KeyError::Io {
        place: place.clone(),
        cause: error.to_string(),
    }
}

impl RootKey {
    /// Reads a key file: 64 hexadecimal digits or 32 bytes, readable by its owner only, outside
    /// the data folder.
    ///
    /// # Errors
    /// [`KeyError`] saying which of these does not hold.
    pub fn from_file(path: &Path, data_folder: &Path) -> Result<Self, KeyError> {
        refuse_inside(path, data_folder)?;
        let mut file = File::open(path).map_err(io(path))?;
        private(&file, path, OTHERS_AND_GROUP)?;
        refuse_linked(&file, path, data_folder)?;
        Ok(Self {
            key: read(&mut file, path)?,
            kind: RootKind::File,
        })
    }

    /// Reads the credential `name` from the directory that the service manager names in
    /// `CREDENTIALS_DIRECTORY`; the caller reads that variable.
    ///
    /// # Errors
    /// [`KeyError`] when it cannot be read or is not a key.
    pub fn from_credential(directory: &Path, name: &str) -> Result<Self, KeyError> {
        let path = directory.join(name);
        let mut file = File::open(&path).map_err(io(&path))?;
        // The service manager lets the service's user read by an access list, whose mask shows as
        // the bits of the group.
        private(&file, &path, OTHERS_AND_WRITING)?;
        Ok(Self {
            key: read(&mut file, &path)?,
            kind: RootKind::Credential,
        })
    }

    /// A root key from bytes at hand. An environment variable is such a place: other processes
    /// of the user can read it, so the caller should warn.
    #[must_use]
    pub fn dangerous_from_bytes(bytes: &[u8; 32]) -> Self {
        Self {
            key: Secret::new(bytes),
            kind: RootKind::DangerousBytes,
        }
    }

    /// Makes a new key file that only its owner can read. It must not exist yet, unless it is
    /// empty: then making it was cut off.
    ///
    /// # Errors
    /// [`KeyError`] when it exists, lies in the data folder or cannot be written.
    pub fn create_file(
        path: &Path,
        data_folder: &Path,
        random: &dyn Random,
    ) -> Result<Self, KeyError> {
        refuse_inside(path, data_folder)?;
        let key = Secret::filled(|bytes| random.fill(bytes)).map_err(|error| KeyError::Io {
            place: path.display().to_string(),
            cause: error.to_string(),
        })?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(io(path))?;
        private(&file, path, OTHERS_AND_GROUP)?;
        // Whoever else may be making it holds the lock until it is written.
        file.try_lock().map_err(|error| io(path)(error.into()))?;
        if file.metadata().map_err(io(path))?.len() > 0 {
            return Err(io(path)(std::io::ErrorKind::AlreadyExists.into()));
        }
        let text = Zeroizing::new(hex(key.expose()) + "\n");
        let written = file.write_all(text.as_bytes());
        written.and_then(|()| file.sync_all()).map_err(|error| {
            // Without room for it, it is left empty, to be made again.
            let _ = file.set_len(0);
            io(path)(error)
        })?;
        // The name itself must survive a power cut, or the vault made next could not be opened.
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(io(path))?;
        }
        Ok(Self {
            key,
            kind: RootKind::File,
        })
    }
}

fn refuse_inside(path: &Path, data_folder: &Path) -> Result<(), KeyError> {
    let real = |path: &Path| std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    let inside = match path.parent() {
        Some(parent) => {
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            // The file itself may be a link into the folder, or may not exist yet.
            let data = real(data_folder).map_err(io(path))?;
            real(parent).map_err(io(path))?.starts_with(&data)
                || real(path).map_err(io(path))?.starts_with(&data)
        }
        None => false,
    };
    if inside {
        Err(KeyError::Inside {
            place: path.display().to_string(),
        })
    } else {
        Ok(())
    }
}

/// A second name of the file inside the data folder is in it as well: whoever takes the folder has
/// the key.
#[cfg(unix)]
fn refuse_linked(file: &File, path: &Path, data_folder: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt;
    let key = file.metadata().map_err(io(path))?;
    if key.nlink() < 2 || data_folder.as_os_str().is_empty() {
        return Ok(());
    }
    let mut folders = vec![data_folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(there) = entry.metadata() else {
                continue;
            };
            if there.is_dir() {
                folders.push(entry.path());
            } else if (there.dev(), there.ino()) == (key.dev(), key.ino()) {
                return Err(KeyError::Inside {
                    place: entry.path().display().to_string(),
                });
            }
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_linked(_: &File, _: &Path, _: &Path) -> Result<(), KeyError> {
    Ok(())
}

const OTHERS_AND_GROUP: u32 = 0o077;
const OTHERS_AND_WRITING: u32 = 0o027;

#[cfg(unix)]
fn private(file: &File, path: &Path, forbidden: u32) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().map_err(io(path))?;
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_file() {
        return Err(KeyError::Format {
            place: path.display().to_string(),
        });
    }
    if mode & forbidden != 0 {
        return Err(KeyError::Permissions {
            place: path.display().to_string(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn private(_file: &File, _path: &Path, _forbidden: u32) -> Result<(), KeyError> {
    Ok(())
}

fn read(file: &mut File, path: &Path) -> Result<Secret, KeyError> {
    let key = read_any(file, path)?;
    if key.is_zero() {
        return Err(KeyError::Zero {
            place: path.display().to_string(),
        });
    }
    Ok(key)
}

fn read_any(file: &mut File, path: &Path) -> Result<Secret, KeyError> {
    let mut text = Zeroizing::new([0; 80]);
    let mut length = 0;
    loop {
        match file.read(&mut text[length..]).map_err(io(path))? {
            0 => break,
            more => length += more,
        }
    }
    let text = &text[..length];
    let format = || KeyError::Format {
        place: path.display().to_string(),
    };
    if let Ok(secret) = Secret::from_slice(text) {
        return Ok(secret);
    }
    let digits = text.strip_suffix(b"\n").unwrap_or(text);
    if digits.len() != 64 {
        return Err(format());
    }
    let mut key = Zeroizing::new([0; 32]);
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16).ok_or_else(format);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Ok(Secret::new(&key))
}

/// The id that a key would have as a root key.
pub(crate) fn id_of(key: &Secret) -> [u8; 16] {
    let id = seal::derive(b"countenance root v1", key.expose(), &[b"id"]);
    seal::prefix(id.expose())
}

impl KeySource for RootKey {
    fn root_id(&self) -> [u8; 16] {
        id_of(&self.key)
    }

    fn kind(&self) -> RootKind {
        self.kind
    }

    fn wrap(&self, random: &dyn Random, context: &[u8], key: &Secret) -> Result<Vec<u8>, KeyError> {
        seal::seal(&self.key, random, context, key.expose()).map_err(|error| KeyError::Token {
            cause: error.to_string(),
        })
    }

    fn unwrap_key(&self, context: &[u8], wrapped: &[u8]) -> Result<Secret, KeyError> {
        let key = seal::open(&self.key, context, wrapped).map_err(|_| KeyError::Unopened)?;
        Secret::from_slice(&key).map_err(|_| KeyError::Unopened)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::SystemRandom;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_file_reads_back_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let data = folder.path().join("data");
        let made = RootKey::create_file(&path, &data, &SystemRandom).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let read = RootKey::from_file(&path, &data).unwrap();
        assert_eq!(read.root_id(), made.root_id());
        assert!(
            RootKey::create_file(&path, &data, &SystemRandom).is_err(),
            "not overwritten"
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = RootKey::from_file(&path, &data).unwrap_err();
        assert!(matches!(refused, KeyError::Permissions { mode: 0o640, .. }));
    }

    #[test]
    fn an_empty_key_file_is_what_was_cut_off_and_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, data) = (folder.path().join("root.key"), folder.path().join("data"));
        std::fs::write(&path, []).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let made = RootKey::create_file(&path, &data, &SystemRandom).unwrap();
        let read = RootKey::from_file(&path, &data).unwrap();
        assert_eq!(read.root_id(), made.root_id());
        let other = folder.path().join("other.key");
        std::fs::write(&other, "notes").unwrap();
        std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(RootKey::create_file(&other, &data, &SystemRandom).is_err());
        assert_eq!(std::fs::read(&other).unwrap(), b"notes");
    }

    #[test]
    fn a_key_file_in_the_data_folder_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("root.key");
        let refused = RootKey::create_file(&path, data.path(), &SystemRandom).unwrap_err();
        assert!(matches!(refused, KeyError::Inside { .. }));
        assert!(!path.exists());
        let outside = tempfile::tempdir().unwrap();
        let link = outside.path().join("root.key");
        std::fs::write(&path, [1; 32]).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let refused = RootKey::from_file(&link, data.path()).unwrap_err();
        assert!(matches!(refused, KeyError::Inside { .. }));
    }

    #[test]
    fn a_key_file_with_a_second_name_in_the_data_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, data) = (folder.path().join("root.key"), folder.path().join("data"));
        RootKey::create_file(&path, &data, &SystemRandom).unwrap();
        std::fs::create_dir_all(data.join("deep")).unwrap();
        // Positive control: a second name elsewhere, as a backup by hard links makes it.
        std::fs::hard_link(&path, folder.path().join("backup")).unwrap();
        RootKey::from_file(&path, &data).unwrap();
        std::fs::hard_link(&path, data.join("deep/other")).unwrap();
        let refused = RootKey::from_file(&path, &data).unwrap_err();
        assert!(matches!(refused, KeyError::Inside { .. }), "{refused}");
    }

    #[test]
    fn a_credential_may_be_read_by_an_access_list_but_not_by_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root");
        std::fs::write(&path, [7; 32]).unwrap();
        let open = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            RootKey::from_credential(folder.path(), "root")
        };
        open(0o400).unwrap();
        open(0o440).unwrap();
        for mode in [0o444, 0o460] {
            let refused = open(mode).unwrap_err();
            assert!(matches!(refused, KeyError::Permissions { .. }), "{refused}");
        }
    }

    #[test]
    fn a_key_of_zeros_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root");
        let read = |bytes: &[u8]| {
            let _ = std::fs::remove_file(&path);
            std::fs::write(&path, bytes).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            RootKey::from_credential(folder.path(), "root")
        };
        for zeros in [&[0; 32][..], &[b'0'; 64]] {
            let refused = read(zeros).unwrap_err();
            assert!(matches!(refused, KeyError::Zero { .. }), "{refused}");
        }
        let mut almost = [0; 32];
        almost[31] = 1;
        read(&almost).unwrap();
    }

    #[test]
    fn a_file_that_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (n, bytes) in [&b""[..], b"abc", &[b'g'; 64], &[1; 31], &[b'a'; 70]]
            .iter()
            .enumerate()
        {
            let path = folder.path().join(n.to_string());
            std::fs::write(&path, bytes).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            let refused = RootKey::from_credential(folder.path(), &n.to_string()).unwrap_err();
            assert!(matches!(refused, KeyError::Format { .. }), "{n}: {refused}");
        }
    }
}
