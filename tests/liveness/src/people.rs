//! Whose photos are rendered.

use crate::head::Portrait;
use crate::image::Image;
use anyhow::{Context as _, anyhow};
use countenance_core::{
    CapturePolicy, DecodeLimits, Engine, Face, Options, Point, StoppedClock, Worker, decode,
};
use countenance_models::{Manifest, Store, Weights};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Degrees, by the detector's five points, within which a photo's face must look into the camera to be turned from there.
const STRAIGHT_DEG: f32 = 9.0;
/// Width of the mouth over the distance of the eyes up to which a face does not smile already.
const CALM: f32 = 0.88;

/// A person's photo with what is known of the face, and another photo of the same person.
pub struct Person {
    /// The photo's name.
    pub name: String,
    /// Another photo of them, where there is one.
    pub other: Option<PathBuf>,
    photo: Image,
    points: [Point; 5],
}

impl Person {
    /// The photo laid into a frame.
    ///
    /// # Errors
    /// Never for a person that was made by [`people`].
    pub fn portrait(&self) -> anyhow::Result<Portrait> {
        Portrait::of(&self.photo, &self.points).context("no face to lay into a frame")
    }

    fn of(worker: &mut Worker, folder: &Path) -> anyhow::Result<Option<Self>> {
        let mut photos = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        photos.sort();
        match photos.first() {
            Some(first) => Self::of_photo(worker, first, photos.get(1).cloned(), true),
            None => Ok(None),
        }
    }

    /// A person of a photo, and of another photo to enroll them with; nobody where the photo does not show one face or, if that is
    /// asked for, none that is calm and looks into the camera.
    ///
    /// # Errors
    /// When the photo cannot be read.
    pub fn of_photo(
        worker: &mut Worker,
        path: &Path,
        other: Option<PathBuf>,
        calm: bool,
    ) -> anyhow::Result<Option<Self>> {
        let bytes = fs::read(path)?;
        let found = worker.detect(&bytes, &CapturePolicy::default())?;
        // The one in the middle is meant; a second face would turn into the picture.
        let [one] = &found.faces[..] else {
            return Ok(None);
        };
        let straight = [
            one.quality.yaw_deg,
            one.quality.pitch_deg,
            one.quality.roll_deg,
        ];
        if calm
            && (straight.iter().any(|angle| angle.abs() > STRAIGHT_DEG) || mouth(&one.face) > CALM)
        {
            return Ok(None);
        }
        let photo = Image::of(&decode(&bytes, &DecodeLimits::default())?);
        let points = one.face.landmarks;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Portrait::of(&photo, &points).map(|_| Self {
            name: name.into_owned(),
            other,
            photo,
            points,
        }))
    }
}

fn mouth(face: &Face) -> f32 {
    let [left, right, _, left_corner, right_corner] = face.landmarks;
    let distance = |a: Point, b: Point| (a.x - b.x).hypot(a.y - b.y);
    distance(left_corner, right_corner) / distance(left, right).max(1.0)
}

/// The product's own engine, on the pinned weights.
///
/// # Errors
/// When the weights are not there: run `cargo xtask models` first.
pub fn worker() -> anyhow::Result<Worker> {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store");
    let weights = Weights::from_dir(&store)?;
    let engine = Engine::open(
        &Manifest::shipped()?,
        &weights,
        &Options::default(),
        Arc::new(StoppedClock),
    )?;
    engine.worker().map_err(|error| anyhow!(error))
}

/// The two people of the pinned sample photos.
///
/// # Errors
/// When the photos are not there: run `cargo xtask models` first.
pub fn samples(worker: &mut Worker) -> anyhow::Result<Vec<Person>> {
    let store = Store::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store"));
    let manifest = Manifest::shipped()?;
    let path = |name: &str| -> anyhow::Result<PathBuf> {
        let sample = manifest.sample(name).context("no such sample")?;
        Ok(store.path(sample.sha256))
    };
    let mut people = Vec::new();
    for (photo, other) in [("obama.jpg", Some("obama2.jpg")), ("biden.jpg", None)] {
        let other = other.map(path).transpose()?;
        let person = Person::of_photo(worker, &path(photo)?, other, false)?;
        people.push(person.with_context(|| format!("{photo} shows no face that can be turned"))?);
    }
    Ok(people)
}

/// At most `count` people of a folder with one folder for each (as LFW is laid out) who look into the camera and do not smile, from the
/// `from`th folder on; those of whom there is a second photo come first.
///
/// # Errors
/// When a picture cannot be read.
pub fn people(
    worker: &mut Worker,
    images: &Path,
    from: usize,
    count: usize,
) -> anyhow::Result<Vec<Person>> {
    let shown = || images.display().to_string();
    let mut folders = fs::read_dir(images)
        .with_context(shown)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    folders.sort();
    let several = |folder: &PathBuf| fs::read_dir(folder).is_ok_and(|photos| photos.count() > 1);
    let (mut all, alone): (Vec<_>, Vec<_>) = folders.into_iter().partition(several);
    all.extend(alone);
    let mut people = Vec::new();
    for folder in all.iter().skip(from) {
        if people.len() == count {
            break;
        }
        people.extend(Person::of(worker, folder)?);
    }
    Ok(people)
}
