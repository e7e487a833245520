//! Use case: every face of a picture, each with its template.

use crate::timing::timed;
use crate::{CaptureError, CapturePolicy, DetectedFace, StageTimings, Worker};
use countenance_gallery::Template;
use countenance_vision::{Size, align, assess, decode, measure};

/// Most faces of one picture that are looked at, the largest first.
pub const MAX_FACES: usize = 64;

/// Which faces of a picture are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FacesWanted {
    /// The least that the detector is to be sure, in 0..=1; 0 for as sure as it has to be in any case.
    pub least_sure: f32,
    /// Most faces, the largest first; 0 for [`MAX_FACES`].
    pub most: usize,
    /// Whether templates are made of those that are good enough.
    pub templates: bool,
}

/// The faces of a picture.
#[derive(Clone, Debug)]
pub struct Faces {
    /// Columns and rows of the upright picture.
    pub size: Size,
    /// How many the detector is sure enough of, those beyond the most that were asked for included.
    pub there: usize,
    /// The faces, the largest first.
    pub faces: Vec<FoundFace>,
    /// How long it took.
    pub timings: StageTimings,
}

/// One face of a picture.
#[derive(Clone, Debug)]
pub struct FoundFace {
    /// Where it is and how good.
    pub found: DetectedFace,
    /// Its template, if one was asked for and nothing speaks against it.
    pub template: Option<Template>,
}

impl Worker {
    /// Finds the faces of a picture (JPEG, PNG or WebP bytes), and makes templates of them. The quality that the
    /// policy asks for holds for each of them; which one is meant is the caller's affair.
    ///
    /// # Errors
    /// [`CaptureError`] when the bytes do not decode or a network fails; a picture without a face is an empty list.
    pub fn faces(
        &mut self,
        bytes: &[u8],
        policy: &CapturePolicy,
        wanted: FacesWanted,
    ) -> Result<Faces, CaptureError> {
        let start = self.engine.clock().elapsed();
        let mut timings = StageTimings::default();
        let Self {
            detector, engine, ..
        } = self;
        let clock = engine.clock();
        let picture = timed(clock, &mut timings.decode, || decode(bytes, &policy.decode))?;
        let mut found = timed(clock, &mut timings.detect, || {
            detector.detect(&picture, policy.search)
        })?;
        found.retain(|face| face.score >= wanted.least_sure);
        found.sort_by(|a, b| b.area.pixels().total_cmp(&a.area.pixels()));
        let there = found.len();
        let most = match wanted.most {
            0 => MAX_FACES,
            most => most.min(MAX_FACES),
        };
        found.truncate(most);
        let mut faces = Vec::with_capacity(found.len());
        for face in found {
            let (crop, quality) = timed(self.engine.clock(), &mut timings.align, || {
                let crop = align(&picture, &face.landmarks);
                let quality = measure(&picture, &face, &crop);
                (crop, quality)
            });
            let limits = policy.quality.as_ref();
            let causes = limits.map(|limits| assess(&quality, limits));
            let causes = causes.unwrap_or_default();
            let template = if wanted.templates && causes.is_empty() {
                Some(self.embed(&crop, policy, &mut timings)?)
            } else {
                None
            };
            faces.push(FoundFace {
                found: DetectedFace {
                    face,
                    quality,
                    causes,
                },
                template,
            });
        }
        timings.total = self.engine.clock().elapsed().saturating_sub(start);
        Ok(Faces {
            size: picture.size(),
            there,
            faces,
            timings,
        })
    }
}
