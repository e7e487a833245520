//! The server that runs on a data folder: it says so in a file, and a command that finds the folder in use repeats it.

use super::private::owner_only;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The file in the data folder.
const FILE: &str = "server.json";

/// A server that runs.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
struct Note {
    pid: u32,
    url: String,
}

/// Says where this process serves, for as long as it is held.
pub(crate) struct Announced(PathBuf);

/// The file whose lock says that a server has the folder: a store in a database locks none.
const LOCK: &str = "server.lock";

/// Takes the folder for this server, for as long as it is held; made if it is not there.
pub(crate) fn hold(folder: &Path) -> Result<File, Failure> {
    let named = |error: std::io::Error| Failure::from(error).about(folder.display());
    std::fs::create_dir_all(folder).map_err(named)?;
    let mut options = owner_only();
    let options = options.write(true).create(true).truncate(false);
    let lock = options.open(folder.join(LOCK));
    let lock = lock.map_err(named)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::Error(error)) => Err(named(error)),
        Err(TryLockError::WouldBlock) => {
            let failure = Failure::from(anyhow::anyhow!("another server has this folder"));
            let failure = failure.about(folder.display());
            Err(match advice(folder) {
                Some(advice) => failure.with_hint(advice),
                None => failure,
            })
        }
    }
}

/// Notes that this process serves the folder at `url`. Whoever calls holds the folder, so an older note is stale.
pub(crate) fn announce(folder: &Path, url: String) -> Result<Announced, Failure> {
    let path = folder.join(FILE);
    // It is not there in most cases.
    let _ = std::fs::remove_file(&path);
    let note = Note {
        pid: std::process::id(),
        url,
    };
    // The program's own file: those that an operator names are refused in a data folder.
    let written = owner_only()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| file.write_all(serde_json::json!(note).to_string().as_bytes()));
    written.map_err(|error| Failure::from(error).about(path.display()))?;
    Ok(Announced(path))
}

impl Drop for Announced {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Where the server on a folder says that it listens.
pub(crate) fn url(folder: &Path) -> Option<String> {
    let note: Note = serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()?;
    Some(note.url)
}

/// What to do where the folder is in use, if a server says that it uses it.
pub(crate) fn advice(folder: &Path) -> Option<String> {
    let note: Note = serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()?;
    // A server that was killed leaves its note behind.
    let lives = !cfg!(target_os = "linux") || Path::new(&format!("/proc/{}", note.pid)).exists();
    lives.then(|| {
        format!(
            "the server with process id {} has it, {}: stop it first",
            note.pid, note.url
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{advice, announce};

    #[test]
    fn a_server_is_named_for_as_long_as_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(advice(folder.path()), None);
        let held = announce(folder.path(), "http://127.0.0.1:1".to_owned()).unwrap();
        let said = advice(folder.path()).unwrap();
        assert!(said.contains("http://127.0.0.1:1: stop"), "{said}");
        drop(held);
        assert_eq!(advice(folder.path()), None);
        let stale = r#"{"pid": 4294967295, "url": "http://127.0.0.1:1"}"#;
        std::fs::write(folder.path().join("server.json"), stale).unwrap();
        assert_eq!(advice(folder.path()).is_none(), cfg!(target_os = "linux"));
    }
}
