//! One folder for each person.

use super::people::{People, Person};
use super::report::Report;
use crate::failure::Failure;
use crate::pictures;
use countenance_core::vault::ExternalId;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder of folders.
pub(super) struct Folder {
    dir: PathBuf,
    people: Vec<Person>,
}

/// The entries of a folder by name, and whether each is a folder; links are followed no further.
fn entries(dir: &Path) -> Result<Vec<(String, bool)>, Failure> {
    let named = |error: std::io::Error| Failure::from(error).about(dir.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir).map_err(named)? {
        let entry = entry.map_err(named)?;
        let is_dir = fs::metadata(entry.path()).is_ok_and(|what| what.is_dir());
        match entry.file_name().into_string() {
            Ok(name) if name.starts_with('.') => {}
            Ok(name) => entries.push((name, is_dir)),
            Err(name) => entries.push((name.to_string_lossy().into_owned(), false)),
        }
    }
    entries.sort_unstable();
    Ok(entries)
}

impl Folder {
    /// Everybody in it; what is nobody's folder is refused and listed.
    pub(super) fn open(dir: &Path) -> Result<(Self, Report), Failure> {
        let (mut people, mut report) = (Vec::new(), Report::default());
        for (name, is_dir) in entries(dir)? {
            match ExternalId::new(&name) {
                Ok(id) if is_dir => {
                    let mut photos = Vec::new();
                    for (photo, is_dir) in entries(&dir.join(&name))? {
                        if is_dir {
                            report.refuse(&id, Some(&photo), "a folder, not a photo");
                        } else {
                            photos.push(photo);
                        }
                    }
                    people.push(Person { id, photos });
                }
                Ok(_) => report.stray(&name, "not in the folder of a person"),
                Err(error) => report.stray(&name, &error.to_string()),
            }
        }
        let dir = dir.to_owned();
        Ok((Self { dir, people }, report))
    }
}

impl People for Folder {
    fn list(&self) -> Result<Vec<Person>, Failure> {
        Ok(self.people.clone())
    }

    fn photo(&self, person: &Person, photo: &str) -> Result<Vec<u8>, String> {
        let path = self.dir.join(person.id.as_str()).join(photo);
        pictures::read(&path).map_err(|failure| failure.message())
    }
}
