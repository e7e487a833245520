//! From a picture to the characters of a zone.

mod alphabet;
mod chain;
mod closer;
mod decide;
mod ink;
mod lines;
mod page;
mod plane;
mod runs;
mod strip;

pub use page::Page;
pub use plane::{Plane, PlaneError};

use crate::mrz::{Format, Mrz};
use countenance_net::{LineNet, RunError};
use lines::Band;
use std::fmt;

/// Bands that are read before it is said that there is no zone.
const MOST_READ: usize = 2;
/// Characters that may be missing at the ends of all lines, or be too many.
const SLACK: usize = 3;

/// What was found of a zone in a picture.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Zone {
    /// There is none.
    Absent,
    /// It was read.
    Read(Reading),
    /// There are lines like those of a zone, and too little of them can be read.
    Unreadable,
}

/// A zone as it was read. What is doubtful of it is said here.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The characters.
    pub mrz: Mrz,
    /// Characters of which two readings were near, and the less likely one was taken since only with it all check digits
    /// hold.
    pub corrected: usize,
    /// Characters that are not clear, and that no check digit speaks for.
    pub unsure: usize,
    /// Where the page lies that it is printed on.
    pub page: Page,
}

impl Reading {
    /// Whether nothing speaks against it: each character clear or confirmed by a check digit, and all check digits hold.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        let checks = self.mrz.checks().together();
        self.corrected == 0 && self.unsure == 0 && checks == crate::CheckOutcome::Passed
    }
}

/// Finds and reads zones.
pub struct ZoneReader {
    net: Box<dyn LineNet>,
}

impl ZoneReader {
    /// Takes the network `ppocr-v4-rec`.
    #[must_use]
    pub fn new(net: Box<dyn LineNet>) -> Self {
        Self { net }
    }

    /// Finds the zone of a picture that is upright, give or take fifteen degrees, and reads it.
    ///
    /// # Errors
    /// [`RunError`] when the network does not run. A picture without a zone is an outcome.
    pub fn read(&mut self, plane: &Plane) -> Result<Zone, RunError> {
        let chains = chain::chains(ink::marks(plane, &ink::HEIGHTS));
        let mut likely: Vec<(Band, usize)> = lines::bands(&chains)
            .into_iter()
            .filter_map(|band| Some((columns(&band)?, band)))
            .map(|(columns, band)| (band, columns))
            .collect();
        // Three lines before any two of them; bands come with the fullest first.
        likely.sort_by_key(|(band, columns)| {
            (band.courses.len() != 3, columns.abs_diff(band.span()))
        });
        let mut zone = Zone::Absent;
        for (band, columns) in likely.iter().take(MOST_READ) {
            match self.read_band(plane, band, *columns)? {
                Some(read) => return Ok(Zone::Read(read)),
                None => zone = Zone::Unreadable,
            }
        }
        Ok(zone)
    }

    fn read_band(
        &mut self,
        plane: &Plane,
        band: &Band,
        columns: usize,
    ) -> Result<Option<Reading>, RunError> {
        let slack = i32::try_from(columns.abs_diff(band.span())).unwrap_or(0);
        let missing = if band.span() < columns { slack } else { 0 };
        let places = band.first - missing..=band.last + missing;
        let mut lines = Vec::with_capacity(band.courses.len());
        for course in &band.courses {
            lines.push(strip::cells(plane, course, &places, &mut *self.net)?);
        }
        let Some(decided) = decide::decide(&lines, columns) else {
            return Ok(None);
        };
        let first = places.start() + i32::try_from(decided.offset).unwrap_or(0);
        let page = Page::of(plane, &band.courses, first, decided.mrz.format());
        Ok(page.map(|page| Reading {
            mrz: decided.mrz,
            corrected: decided.corrected,
            unsure: decided.unsure,
            page,
        }))
    }
}

/// The columns of the format that a band may be of.
fn columns(band: &Band) -> Option<usize> {
    let mut formats = Format::ALL.into_iter();
    let near = |format: &Format| {
        format.lines() == band.courses.len() && format.columns().abs_diff(band.span()) <= SLACK
    };
    formats.find(near).map(Format::columns)
}

impl fmt::Debug for ZoneReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZoneReader").finish_non_exhaustive()
    }
}
