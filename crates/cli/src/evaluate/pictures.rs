//! The pictures of an evaluation and whose they are.

use super::pairs::Pair;
use anyhow::{Context as _, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Pictures, each once, in the order in which they were first named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pictures {
    entries: Vec<Entry>,
    places: BTreeMap<PathBuf, usize>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// Inside the picture folder.
    path: PathBuf,
    /// The subject, where the list or the folder names one.
    name: Option<String>,
}

/// Whose pictures they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subjects {
    /// Per picture, the subject as an index from 0.
    pub(crate) of: Vec<u32>,
    /// How many subjects there are.
    pub(crate) count: u32,
    /// Whether every picture names its subject. If not, pictures that pairs declare to show
    /// one person are one subject, and two pictures of one person may go unnoticed.
    pub(crate) named: bool,
}

impl Pictures {
    /// The place of a picture, which is added if it is new.
    pub(super) fn place(&mut self, path: &Path, name: Option<&str>) -> usize {
        if let Some(place) = self.places.get(path) {
            return *place;
        }
        let place = self.entries.len();
        self.entries.push(Entry {
            path: path.to_owned(),
            name: name.map(str::to_owned),
        });
        self.places.insert(path.to_owned(), place);
        place
    }

    /// Every picture of a folder `SUBJECT/picture`, by name.
    pub(crate) fn of_folder(root: &Path) -> anyhow::Result<Self> {
        let mut pictures = Self::default();
        for subject in sorted_entries(root)? {
            let (Some(name), true) = (subject.file_name(), subject.is_dir()) else {
                continue;
            };
            for file in sorted_entries(&subject)? {
                let known = file
                    .extension()
                    .and_then(|extension| extension.to_str())
                    .map(str::to_ascii_lowercase)
                    .is_some_and(|it| ["jpg", "jpeg", "png", "webp"].contains(&it.as_str()));
                let (Some(picture), true) = (file.file_name(), known) else {
                    continue;
                };
                let named = name
                    .to_str()
                    .with_context(|| format!("{}: name is not UTF-8", subject.display()))?;
                pictures.place(&Path::new(name).join(picture), Some(named));
            }
        }
        if pictures.entries.is_empty() {
            bail!("{}: no pictures SUBJECT/picture.jpg", root.display());
        }
        Ok(pictures)
    }

    /// Corrects whose some pictures are, by lines `PICTURE,SUBJECT`: the picture shows that subject. Without
    /// a subject the picture is left out. Lines that begin with `#` say why. Returns how many were corrected.
    pub(crate) fn correct(&mut self, lines: &str) -> anyhow::Result<usize> {
        let mut corrected = 0;
        let mut left_out = BTreeSet::new();
        for (number, line) in lines.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let at = || format!("line {}", number + 1);
            let (picture, subject) = line
                .rsplit_once(',')
                .with_context(|| format!("{}: expected PICTURE,SUBJECT", at()))?;
            let place = *self
                .places
                .get(Path::new(picture.trim()))
                .with_context(|| format!("{}: no picture {picture}", at()))?;
            match subject.trim() {
                "" => {
                    left_out.insert(place);
                }
                subject => self.entries[place].name = Some(subject.to_owned()),
            }
            corrected += 1;
        }
        if !left_out.is_empty() {
            self.places.clear();
            let entries = std::mem::take(&mut self.entries);
            for (place, entry) in entries.iter().enumerate() {
                if !left_out.contains(&place) {
                    self.place(&entry.path, entry.name.as_deref());
                }
            }
        }
        Ok(corrected)
    }

    /// At most `count` of the pictures, spread evenly over all.
    pub(crate) fn spread(&self, count: usize) -> Self {
        let mut chosen = Self::default();
        let count = count.min(self.entries.len());
        for i in 0..count {
            let entry = &self.entries[i * self.entries.len() / count];
            chosen.place(&entry.path, entry.name.as_deref());
        }
        chosen
    }

    /// The paths inside the picture folder.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.entries.iter().map(|entry| entry.path.as_path())
    }

    /// The path of a picture.
    pub(crate) fn path(&self, picture: usize) -> &Path {
        self.entries
            .get(picture)
            .map_or(Path::new(""), |entry| &entry.path)
    }

    /// How many pictures there are.
    pub(crate) fn count(&self) -> usize {
        self.entries.len()
    }

    /// Finds out whose pictures they are: by name where every picture has one and no pair
    /// contradicts the names, else by joining the pictures of each genuine pair.
    pub(super) fn subjects(&self, pairs: &[Pair]) -> Subjects {
        self.by_name(pairs).unwrap_or_else(|| self.by_pairs(pairs))
    }

    /// Whose pictures they are by the folder they lie in.
    pub(crate) fn subjects_by_name(&self) -> Option<Subjects> {
        self.by_name(&[])
    }

    fn by_name(&self, pairs: &[Pair]) -> Option<Subjects> {
        let mut numbers = BTreeMap::new();
        let mut of = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let next = numbers.len() as u32;
            of.push(*numbers.entry(entry.name.as_deref()?).or_insert(next));
        }
        let agrees = |pair: &Pair| {
            let [a, b] = pair.pictures.map(|picture| of.get(picture));
            (a == b) == pair.genuine
        };
        let count = numbers.len() as u32;
        pairs.iter().all(agrees).then_some(Subjects {
            of,
            count,
            named: true,
        })
    }

    fn by_pairs(&self, pairs: &[Pair]) -> Subjects {
        // Union-find: each picture points to one that stands for its subject.
        let mut parent: Vec<usize> = (0..self.entries.len()).collect();
        let root = |parent: &mut Vec<usize>, mut picture: usize| {
            while parent[picture] != picture {
                parent[picture] = parent[parent[picture]];
                picture = parent[picture];
            }
            picture
        };
        for pair in pairs.iter().filter(|pair| pair.genuine) {
            let [a, b] = pair.pictures.map(|picture| root(&mut parent, picture));
            parent[a] = b;
        }
        let mut numbers = BTreeMap::new();
        let mut of = Vec::with_capacity(parent.len());
        for picture in 0..parent.len() {
            let next = numbers.len() as u32;
            of.push(*numbers.entry(root(&mut parent, picture)).or_insert(next));
        }
        Subjects {
            of,
            count: numbers.len() as u32,
            named: false,
        }
    }
}

fn sorted_entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let read = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let entries: Result<Vec<_>, _> = read.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut entries = entries.with_context(|| folder.display().to_string())?;
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::{Pictures, Subjects};
    use crate::evaluate::pairs::parse;
    use std::fs;

    fn subjects(list: &str) -> Subjects {
        let mut pictures = Pictures::default();
        let list = parse(list.as_bytes(), &mut pictures).unwrap();
        pictures.subjects(&list.pairs)
    }

    #[test]
    fn folders_name_the_subjects() {
        let got = subjects("ada/1.jpg,ada/2.jpg,1\nada/1.jpg,bob/1.jpg,0\nada/3.jpg,bob/1.jpg,0");
        assert_eq!(
            got,
            Subjects {
                of: vec![0, 0, 1, 0],
                count: 2,
                named: true
            }
        );
    }

    fn of_three() -> Pictures {
        let mut pictures = Pictures::default();
        for (path, name) in [
            ("ada/1.jpg", "ada"),
            ("bob/1.jpg", "bob"),
            ("cy/1.jpg", "cy"),
        ] {
            pictures.place(path.as_ref(), Some(name));
        }
        pictures
    }

    #[test]
    fn a_corrected_picture_is_of_whom_the_correction_says_or_left_out() {
        let mut pictures = of_three();
        let lines = "# bob's shows ada, nobody knows whom cy's shows\nbob/1.jpg,ada\n\ncy/1.jpg,\n";
        assert_eq!(pictures.correct(lines).unwrap(), 2);
        assert_eq!(pictures.subjects_by_name().unwrap().of, [0, 0]);
        assert_eq!(pictures.count(), 2);
        assert_eq!(pictures.place("bob/1.jpg".as_ref(), None), 1);
    }

    #[test]
    fn a_correction_of_a_picture_that_is_not_there_is_refused_by_its_line() {
        for (lines, says) in [
            (
                "bob/1.jpg,ada\nbob/2.jpg,ada",
                "line 2: no picture bob/2.jpg",
            ),
            ("bob/1.jpg", "line 1: expected PICTURE,SUBJECT"),
        ] {
            assert_eq!(of_three().correct(lines).unwrap_err().to_string(), says);
        }
    }

    #[test]
    fn without_names_genuine_pairs_join_their_pictures() {
        let got = subjects("1.jpg,2.jpg,1\n3.jpg,4.jpg,1\n2.jpg,4.jpg,1\n1.jpg,5.jpg,0");
        assert_eq!(
            got,
            Subjects {
                of: vec![0, 0, 0, 0, 1],
                count: 2,
                named: false
            }
        );
    }

    #[test]
    fn folders_that_contradict_the_pairs_name_no_subjects() {
        let got = subjects("left/1.jpg,right/1.jpg,1\nleft/1.jpg,left/2.jpg,0");
        assert_eq!(
            got,
            Subjects {
                of: vec![0, 0, 1],
                count: 2,
                named: false
            }
        );
    }

    #[test]
    fn a_folder_of_folders_is_read_in_order_and_other_files_are_left_out() {
        let root = tempfile::tempdir().unwrap();
        for (folder, file) in [
            ("bob", "1.jpg"),
            ("ada", "2.PNG"),
            ("ada", "1.jpeg"),
            ("ada", "notes.txt"),
        ] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join(file), b"").unwrap();
        }
        fs::write(root.path().join("loose.jpg"), b"").unwrap();
        let pictures = Pictures::of_folder(root.path()).unwrap();
        let paths: Vec<_> = pictures
            .paths()
            .map(|path| path.to_str().unwrap())
            .collect();
        assert_eq!(paths, ["ada/1.jpeg", "ada/2.PNG", "bob/1.jpg"]);
        assert_eq!(pictures.subjects_by_name().unwrap().of, [0, 0, 1]);
    }

    #[test]
    fn a_folder_without_pictures_is_refused() {
        let root = tempfile::tempdir().unwrap();
        assert!(Pictures::of_folder(root.path()).is_err());
    }
}
