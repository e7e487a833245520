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

/// What an entry of a folder is; links are followed.
enum Kind {
    Folder,
    /// A file, or a link that leads nowhere.
    File,
    /// It has a name that is no text, or is a pipe or device, which might be read without end.
    Neither(&'static str),
}

/// The entries of a folder by name.
fn entries(dir: &Path) -> Result<Vec<(String, Kind)>, Failure> {
    let named = |error: std::io::Error| Failure::from(error).about(dir.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir).map_err(named)? {
        let entry = entry.map_err(named)?;
        // What is no link is told with the name; asking for each of many thousand takes its time.
        let kind = match entry.file_type().map_err(named)? {
            what if what.is_symlink() => fs::metadata(entry.path()).map(|what| what.file_type()),
            what => Ok(what),
        };
        let kind = match kind {
            Ok(what) if what.is_dir() => Kind::Folder,
            Ok(what) if !what.is_file() => Kind::Neither("neither a file nor a folder"),
            _ => Kind::File,
        };
        match entry.file_name().into_string() {
            Ok(name) if name.starts_with('.') => {}
            Ok(name) => entries.push((name, kind)),
            Err(name) => {
                let shown = name.to_string_lossy().into_owned();
                entries.push((shown, Kind::Neither("its name is not UTF-8")));
            }
        }
    }
    entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    Ok(entries)
}

/// The photos of a person; what is none is refused and listed.
fn photos(dir: &Path, id: &ExternalId, report: &mut Report) -> Result<Vec<String>, Failure> {
    let mut photos = Vec::new();
    for (photo, kind) in entries(dir)? {
        match kind {
            Kind::File => photos.push(photo),
            Kind::Folder => report.refuse(id, Some(&photo), "a folder, not a photo"),
            Kind::Neither(reason) => report.refuse(id, Some(&photo), reason),
        }
    }
    Ok(photos)
}

impl Folder {
    /// Everybody in it; what is nobody's folder is refused and listed.
    pub(super) fn open(dir: &Path) -> Result<(Self, Report), Failure> {
        let (mut people, mut report) = (Vec::new(), Report::default());
        for (name, kind) in entries(dir)? {
            let id = match (ExternalId::new(&name), kind) {
                (_, Kind::Neither(reason)) => Err(reason.to_owned()),
                (Ok(id), Kind::Folder) => Ok(id),
                (Ok(_), Kind::File) => Err("not in the folder of a person".to_owned()),
                (Err(error), _) => Err(error.to_string()),
            };
            let id = match id {
                Ok(id) => id,
                Err(reason) => {
                    report.stray(&name, &reason);
                    continue;
                }
            };
            match photos(&dir.join(&name), &id, &mut report) {
                Ok(photos) => people.push(Person { id, photos }),
                // One folder that cannot be read keeps nobody else out.
                Err(failure) => report.refuse(&id, None, &failure.message()),
            }
        }
        let dir = dir.to_owned();
        Ok((Self { dir, people }, report))
    }
}

impl People for Folder {
    fn list(&self, _: &mut Report) -> Result<Vec<Person>, Failure> {
        Ok(self.people.clone())
    }

    fn photo(&self, person: &Person, photo: &str) -> Result<Result<Vec<u8>, String>, Failure> {
        let path = self.dir.join(person.id.as_str()).join(photo);
        Ok(pictures::read(&path).map_err(|failure| failure.message()))
    }
}
