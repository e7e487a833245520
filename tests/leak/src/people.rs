//! The synthetic subjects of the drill. All of it follows from a number, so that the driver, the
//! attacker and the search speak of the same people without telling one another.

use anyhow::{Context as _, Result};
use countenance_models::{Manifest, Store};
use image::{ImageFormat, RgbImage};
use std::io::Cursor;
use std::path::Path;

/// One subject.
#[derive(Clone, Debug)]
pub struct Person {
    /// Its number, 0 and up.
    pub number: usize,
    /// Its external id, with letters that encodings change.
    pub id: String,
    /// The holder part of a holder-bound subject.
    pub holder: Option<[u8; 32]>,
    /// Whether it is erased in the end.
    pub erased: bool,
}

/// How many come to have their identity checked.
pub const VISITORS: usize = 6;

/// How many come in by the door for another product's clients.
pub const GUESTS: usize = 4;

/// Names of the two tenants.
pub const TENANTS: [&str; 2] = ["KANARIE/tenant+Ünö", "KANARIE/tenant+Döß"];
/// Names of their collections.
pub const COLLECTIONS: [&str; 2] = ["KANARIE/staff+Ünö", "KANARIE/staff+Döß"];

fn mixed(number: usize, salt: u64) -> u64 {
    // splitmix64
    let mut z = (number as u64)
        .wrapping_add(salt)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Person {
    /// The person of a number.
    #[must_use]
    pub fn new(number: usize) -> Self {
        let mut holder = [0; 32];
        for (at, chunk) in holder.chunks_mut(8).enumerate() {
            chunk.copy_from_slice(&mixed(number, at as u64 + 1).to_le_bytes());
        }
        Self {
            number,
            id: format!("KANARIE/{:08x}+{number} é", mixed(number, 99) as u32),
            holder: (number % 4 >= 2).then_some(holder),
            erased: number % 10 == 7,
        }
    }

    /// Somebody who is in no vault and has their identity checked; the id is what the desk calls the case.
    #[must_use]
    pub fn visitor(number: usize) -> Self {
        Self {
            holder: None,
            erased: false,
            ..Self::new(1_000_000 + number)
        }
    }

    /// Those who come in by the door for another product's clients, where names are kept in small letters and have no slash.
    #[must_use]
    pub fn guests() -> Vec<Self> {
        let guest = |number| {
            let person = Self::new(2_000_000 + number);
            Self {
                id: person.id.to_lowercase().replace('/', "-"),
                holder: None,
                erased: false,
                ..person
            }
        };
        (0..GUESTS).map(guest).collect()
    }

    /// Whom it is asked to pay.
    #[must_use]
    pub fn payee(&self) -> String {
        format!("KANARIE-Kiosk {:08x} é", mixed(self.number, 77) as u32)
    }

    /// For what.
    #[must_use]
    pub fn order(&self) -> String {
        format!("KANARIE-order-{:08x}+/", mixed(self.number, 78) as u32)
    }

    /// Index of its tenant and collection.
    #[must_use]
    pub fn tenant(&self) -> usize {
        self.number % 2
    }

    /// Its photo: one of two faces, marked so that it is like no other picture.
    ///
    /// # Errors
    /// When the sample photos are not there.
    pub fn photo(&self, photos: &Photos) -> Result<RgbImage> {
        let mut photo = photos.0[self.number % photos.0.len()].clone();
        // A patch of noise in the corner, and a little all over, so that the template differs too.
        for (x, y, pixel) in photo.enumerate_pixels_mut() {
            if x < 48 && y < 48 {
                let noise = mixed(self.number, u64::from(y / 8 * 64 + x / 8) + 500);
                pixel.0 = [noise as u8, (noise >> 8) as u8, (noise >> 16) as u8];
            } else {
                let noise = mixed(self.number, u64::from(y / 4 * 1024 + x / 4) + 9000) % 13;
                pixel.0 = pixel.0.map(|value| value.saturating_add(noise as u8));
            }
        }
        Ok(photo)
    }
}

/// Photos of two people.
#[derive(Debug)]
pub struct Photos(Vec<RgbImage>);

impl Photos {
    /// Reads the sample photos of a model store; `None` when there are none.
    ///
    /// # Errors
    /// When a file is damaged.
    pub fn read(store: &Path) -> Result<Option<Self>> {
        if !store.is_dir() {
            return Ok(None);
        }
        let manifest = Manifest::shipped()?;
        let store = Store::new(store.to_owned());
        let mut photos = Vec::new();
        for name in ["obama.jpg", "biden.jpg", "obama2.jpg"] {
            let sample = manifest.sample(name).context("a sample photo")?;
            let photo = image::load_from_memory(&store.read(sample.file())?)?.to_rgb8();
            let (width, height) = photo.dimensions();
            let scale = 640.0 / f64::from(width.max(height));
            let size = |side: u32| (f64::from(side) * scale) as u32;
            let (width, height) = (size(width), size(height));
            photos.push(image::imageops::thumbnail(&photo, width, height));
        }
        Ok(Some(Self(photos)))
    }

    /// The same face as a person's, in another light; or the other face.
    #[must_use]
    pub fn plain(&self, index: usize) -> &RgbImage {
        &self.0[index % self.0.len()]
    }
}

/// A picture as a JPEG or PNG file.
///
/// # Errors
/// When it cannot be encoded.
pub fn file(picture: &RgbImage, format: ImageFormat) -> Result<Vec<u8>> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format)?;
    Ok(out.into_inner())
}
