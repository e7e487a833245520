//! Faces in a picture of any size.

mod levels;
mod suppress;
mod view;
mod yunet;

use crate::picture::wipe;
use crate::{Picture, Point, Rect};
use countenance_net::{Net, RunError, Size};
use levels::levels;
use std::error::Error;
use std::fmt;
use suppress::suppress;
use thiserror::Error;
use view::{Painter, View};

/// Least score of a face that is reported.
const MIN_SCORE: f32 = 0.6;

/// A face at least this sure and this wide on the canvas ends the search for the main face.
const CLEAR_SCORE: f32 = 0.8;
/// See [`CLEAR_SCORE`].
const CLEAR_WIDTH_PX: f32 = 20.0;

/// Sizes whose plans are kept during a search.
const MAX_PLANS: usize = 8;

/// Canvas pixels of the plans that are kept from one search to the next, the last used first. A plan
/// takes some 160 bytes for each and 2 ms to make anew; the usual looks need a quarter of this.
const KEPT_PIXELS: usize = 200_000;

/// Canvas side of the closer look at one face, in pixels; a multiple of 32.
const CLOSE_SIDE: usize = 160;

/// The closer look shows this many times the face's longer side.
const CLOSE_FACTOR: f32 = 1.7;

/// Sightings that overlap the surest by at least this have a say in where the landmarks are.
const CONSENSUS_OVERLAP: f32 = 0.6;

/// A closer look confirms a face when the areas overlap by at least this.
const SAME_FACE_OVERLAP: f32 = 0.4;

/// A face found in a picture.
#[derive(Clone, Copy, PartialEq)]
pub struct Face {
    /// The face from chin to forehead, in pixels of the picture; may reach beyond it.
    pub area: Rect,
    /// Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner,
    /// in pixels of the picture. Image-left is the subject's right.
    pub landmarks: [Point; 5],
    /// How sure the detector is, in 0..=1. Not a comparison score.
    pub score: f32,
}

impl fmt::Debug for Face {
    /// Landmarks are biometric characteristics and are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Face")
            .field("area", &self.area)
            .field("score", &self.score)
            .finish_non_exhaustive()
    }
}

impl Face {
    /// No infinities and no NaN, as broken weights would give.
    fn is_finite(&self) -> bool {
        let Rect {
            x,
            y,
            width,
            height,
        } = self.area;
        [x, y, width, height].iter().all(|v| v.is_finite())
            && self
                .landmarks
                .iter()
                .all(|p| p.x.is_finite() && p.y.is_finite())
    }
}

/// How far a search goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Search {
    /// Every face of 20 pixels or more, at most 512.
    All,
    /// Stops at the coarsest scale that shows a clear face: enough to verify one subject.
    #[default]
    Main,
}

/// Faces could not be looked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DetectError {
    /// The network has not the outputs of a face detector with five landmarks.
    #[error("detector output {name} is missing or has a wrong length")]
    BadOutput {
        /// The output's name.
        name: &'static str,
    },
    /// The network could not be planned for a size.
    #[error("detector cannot be planned for {} x {} pixels", size.width, size.height)]
    Plan {
        /// The size asked for.
        size: Size,
        /// What the planner said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The network did not run.
    #[error(transparent)]
    Run(#[from] RunError),
}

type Plan = dyn Fn(Size) -> Result<Box<dyn Net>, Box<dyn Error + Send + Sync>> + Send;

/// Finds faces with a YuNet network, planned lazily per size.
///
/// A search looks at the picture from coarse to fine and then once more at each face, at a scale
/// where its longer side has some 94 pixels: the accuracy of the landmarks decides the accuracy of the
/// comparison.
pub struct Detector {
    plan: Box<Plan>,
    /// Planned networks, the last used at the end.
    nets: Vec<Box<dyn Net>>,
    painter: Painter,
    canvas: Vec<u8>,
}

impl Detector {
    /// Takes the function that plans the detector network for a size (multiples of 32).
    pub fn new<E>(plan: impl Fn(Size) -> Result<Box<dyn Net>, E> + Send + 'static) -> Self
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self {
            plan: Box::new(move |size| plan(size).map_err(Into::into)),
            nets: Vec::new(),
            painter: Painter::default(),
            canvas: Vec::new(),
        }
    }

    /// Finds faces, the surest first.
    ///
    /// # Errors
    /// [`DetectError`] when the network cannot be planned or run; no face is an empty list.
    pub fn detect(&mut self, picture: &Picture, search: Search) -> Result<Vec<Face>, DetectError> {
        let found = self.search(picture, search);
        wipe(&mut self.canvas);
        self.painter.forget(3 * KEPT_PIXELS);
        self.forget_large_plans();
        found
    }

    /// One large picture must not leave its memory with every worker of a server for good.
    fn forget_large_plans(&mut self) {
        let mut left = KEPT_PIXELS;
        let mut kept = Vec::with_capacity(self.nets.len());
        for net in self.nets.drain(..).rev() {
            let Size { width, height } = net.input_size();
            if let Some(rest) = left.checked_sub(width * height) {
                left = rest;
                kept.push(net);
            }
        }
        kept.reverse();
        self.nets = kept;
        if self.canvas.capacity() > 3 * KEPT_PIXELS {
            self.canvas = Vec::new();
        }
    }

    fn search(&mut self, picture: &Picture, search: Search) -> Result<Vec<Face>, DetectError> {
        let mut faces = Vec::new();
        for level in levels(picture.size()) {
            let mut clear = false;
            for view in &level.views {
                self.look(picture, view, |face| {
                    if is_cut_by_tile(&face, view, picture.size()) {
                        return;
                    }
                    clear |=
                        face.score >= CLEAR_SCORE && face.area.width * view.scale >= CLEAR_WIDTH_PX;
                    faces.push(face);
                })?;
            }
            if clear && search == Search::Main {
                break;
            }
        }
        suppress(&mut faces);
        for face in &mut faces {
            *face = self.look_closer(picture, face)?;
        }
        suppress(&mut faces);
        Ok(faces)
    }

    /// Runs the network on a view and reports what it shows, in pixels of the picture.
    fn look(
        &mut self,
        picture: &Picture,
        view: &View,
        mut found: impl FnMut(Face),
    ) -> Result<(), DetectError> {
        self.plan_for(view.canvas)?;
        view.paint(picture, &mut self.painter, &mut self.canvas);
        if let Some(net) = self.nets.last_mut() {
            net.run(&self.canvas)?;
            yunet::read(net.as_ref(), MIN_SCORE, |face| {
                found(Face {
                    area: view.area(face.area),
                    landmarks: face.landmarks.map(|point| view.point(point)),
                    score: face.score,
                });
            })?;
        }
        Ok(())
    }

    /// Looks at one face from near by and gives its better area and landmarks, or the face
    /// itself where the closer look does not show it.
    fn look_closer(&mut self, picture: &Picture, face: &Face) -> Result<Face, DetectError> {
        let side = CLOSE_FACTOR * face.area.width.max(face.area.height);
        if side <= 0.0 {
            return Ok(*face);
        }
        let center = face.area.center();
        let view = View {
            left: center.x - side / 2.0,
            top: center.y - side / 2.0,
            scale: CLOSE_SIDE as f32 / side,
            canvas: Size {
                width: CLOSE_SIDE,
                height: CLOSE_SIDE,
            },
        };
        let mut sightings = Vec::new();
        self.look(picture, &view, |sighting| {
            if sighting.area.overlap(face.area) >= SAME_FACE_OVERLAP {
                sightings.push(sighting);
            }
        })?;
        Ok(consensus(&sightings).unwrap_or(*face))
    }

    /// Puts the plan for a size at the end of the list, making it where it is missing.
    fn plan_for(&mut self, size: Size) -> Result<(), DetectError> {
        if let Some(index) = self.nets.iter().position(|net| net.input_size() == size) {
            let net = self.nets.remove(index);
            self.nets.push(net);
            return Ok(());
        }
        let net = (self.plan)(size).map_err(|source| DetectError::Plan { size, source })?;
        if self.nets.len() == MAX_PLANS {
            self.nets.remove(0);
        }
        self.nets.push(net);
        Ok(())
    }
}

impl fmt::Debug for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let planned: Vec<Size> = self.nets.iter().map(|net| net.input_size()).collect();
        f.debug_struct("Detector")
            .field("planned", &planned)
            .finish_non_exhaustive()
    }
}

/// The surest of several sightings of one face, its landmarks the mean of all that agree with it,
/// weighted by the squares of their scores.
///
/// Each cell of the network guesses on its own, and the guesses scatter by several hundredths of
/// the face's width; on the development pictures the mean lowers the FNMR at FMR 1e-4 from 1.72
/// to 1.50 %.
fn consensus(sightings: &[Face]) -> Option<Face> {
    let surest = sightings
        .iter()
        .max_by(|a, b| a.score.total_cmp(&b.score))?;
    let mut sum = [Point::default(); 5];
    let mut weights = 0.0;
    for face in sightings {
        if face.area.overlap(surest.area) >= CONSENSUS_OVERLAP {
            let weight = face.score * face.score;
            weights += weight;
            for (sum, point) in sum.iter_mut().zip(face.landmarks) {
                sum.x += weight * point.x;
                sum.y += weight * point.y;
            }
        }
    }
    if weights <= 0.0 {
        return Some(*surest);
    }
    let landmarks = sum.map(|p| Point {
        x: p.x / weights,
        y: p.y / weights,
    });
    Some(Face {
        landmarks,
        ..*surest
    })
}

/// Does a face reach beyond a side of its view where the picture goes on? Then the neighbouring
/// tile, or the coarser level, shows it whole.
fn is_cut_by_tile(face: &Face, view: &View, picture: Size) -> bool {
    let shown = view.shown();
    let area = face.area;
    let right = shown.x + shown.width;
    let bottom = shown.y + shown.height;
    (area.x < shown.x && shown.x > 0.0)
        || (area.y < shown.y && shown.y > 0.0)
        || (area.x + area.width > right && right < picture.width as f32)
        || (area.y + area.height > bottom && bottom < picture.height as f32)
}
