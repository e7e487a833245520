//! What is searched for, and whose it is.

use crate::encode;
use crate::people::{self, Person};
use aho_corasick::AhoCorasick;
use anyhow::Result;
use image::RgbImage;
use image::imageops::thumbnail;

/// What was found: whose it is, what it is, and in which form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Number of the person, if it is about one.
    pub person: Option<usize>,
    /// What it is.
    pub kind: Kind,
    /// The form it was found in.
    pub form: &'static str,
}

/// The kinds of canaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Bytes of the holder part.
    Holder,
    /// External id.
    Id,
    /// Name of a tenant or collection.
    Name,
    /// Payee or order of a payment.
    Payment,
    /// A photo, as a file, as pixels, or decoded.
    Picture,
    /// Bytes of the root key.
    Root,
    /// A template.
    Template,
}

/// A small picture that tells one photo from others of the same face: its marked corner.
struct Mark {
    person: usize,
    pixels: Vec<u8>,
}

/// Everything that is searched for.
pub struct Canaries {
    needles: AhoCorasick,
    meanings: Vec<Finding>,
    marks: Vec<Mark>,
}

/// A canary before its forms are made.
pub struct Wanted {
    /// Words: whose, what, bytes.
    pub words: Vec<(Option<usize>, Kind, Vec<u8>)>,
    /// Templates: whose, values.
    pub templates: Vec<(usize, Vec<f32>)>,
    /// Photos: whose, picture, file.
    pub photos: Vec<(usize, RgbImage, Vec<u8>)>,
}

impl Wanted {
    /// Names, ids and holder parts of people.
    #[must_use]
    pub fn of(people: &[Person]) -> Self {
        let mut words: Vec<(Option<usize>, Kind, Vec<u8>)> = people::TENANTS
            .into_iter()
            .chain(people::COLLECTIONS)
            .map(|name| (None, Kind::Name, name.as_bytes().to_vec()))
            .collect();
        for person in people {
            let who = Some(person.number);
            words.push((who, Kind::Id, person.id.as_bytes().to_vec()));
            for word in [person.payee(), person.order()] {
                words.push((who, Kind::Payment, word.into_bytes()));
            }
            if let Some(holder) = person.holder {
                words.push((who, Kind::Holder, holder.to_vec()));
            }
        }
        Self {
            words,
            templates: Vec::new(),
            photos: Vec::new(),
        }
    }
}

fn mark(picture: &RgbImage) -> Vec<u8> {
    let corner = image::imageops::crop_imm(picture, 0, 0, 48, 48).to_image();
    thumbnail(&corner, 6, 6).into_raw()
}

impl Canaries {
    /// Makes all forms of what is wanted.
    ///
    /// # Errors
    /// When there are too many to search for at once.
    pub fn new(wanted: &Wanted) -> Result<Self> {
        let mut bytes = Vec::new();
        let mut meanings = Vec::new();
        let mut add = |person, kind, forms: Vec<encode::Form>| {
            for (form, needle) in forms {
                meanings.push(Finding { person, kind, form });
                bytes.push(needle);
            }
        };
        for (person, kind, word) in &wanted.words {
            add(*person, *kind, encode::word(word));
        }
        for (person, values) in &wanted.templates {
            add(Some(*person), Kind::Template, encode::template(values));
        }
        let mut marks = Vec::new();
        for (person, picture, file) in &wanted.photos {
            // A database cuts a file into pages or chunks: one of these stands whole in one of them.
            let parts = [1, 2, 3].map(|quarter| file.len() / 4 * quarter);
            let parts = parts.map(|at| ("the file", file[at..at + 64].to_vec()));
            let raw = picture.as_raw();
            let row = picture.width() as usize * 3 * 44;
            add(
                Some(*person),
                Kind::Picture,
                [&parts[..], &[("pixels", raw[row..row + 96].to_vec())]].concat(),
            );
            let pixels = mark(picture);
            let person = *person;
            marks.push(Mark { person, pixels });
        }
        let needles = AhoCorasick::builder()
            .kind(Some(aho_corasick::AhoCorasickKind::ContiguousNFA))
            .build(bytes)?;
        Ok(Self {
            needles,
            meanings,
            marks,
        })
    }

    /// What stands in these bytes as they are.
    pub fn in_bytes<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Finding> + 'a {
        self.needles
            .find_overlapping_iter(bytes)
            .map(|hit| self.meanings[hit.pattern().as_usize()].clone())
    }

    /// Whose photo a decoded picture is.
    #[must_use]
    pub fn in_picture(&self, picture: &RgbImage) -> Option<Finding> {
        if picture.width() < 48 || picture.height() < 48 {
            return None;
        }
        let seen = mark(picture);
        let apart = |one: &Mark| {
            let differences = one.pixels.iter().zip(&seen);
            let sum: u32 = differences.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            sum / one.pixels.len() as u32
        };
        let nearest = self.marks.iter().min_by_key(|one| apart(one))?;
        (apart(nearest) < 20).then_some(Finding {
            person: Some(nearest.person),
            kind: Kind::Picture,
            form: "decoded",
        })
    }
}
