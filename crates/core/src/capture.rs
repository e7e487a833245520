//! From image bytes to one aligned face with its quality: the part that every use case shares.

use crate::session::{FrameCues, Seen};
use crate::timing::timed;
use crate::{CaptureError, CapturePolicy, FaceChoice, StageTimings, Worker};
use countenance_gallery::{ModelId, Template};
use countenance_vision::{
    Before, Crop, Face, Observation, Picture, Quality, QualityCause, Rect, Size, align, assess,
    choose_face, decode, measure, observe,
};

/// What was found in one picture.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Columns and rows of the upright picture.
    pub size: Size,
    /// The face that was chosen, in pixels of the upright picture.
    pub face: Option<Face>,
    /// Measured on the chosen face.
    pub quality: Option<Quality>,
    /// Everything that speaks against the picture, in the order of [`QualityCause::ALL`];
    /// empty when a template can be made of it.
    pub causes: Vec<QualityCause>,
}

impl Capture {
    fn without_face(size: Size, cause: QualityCause) -> Self {
        Self {
            size,
            face: None,
            quality: None,
            causes: vec![cause],
        }
    }
}

impl Worker {
    /// Decodes a picture, finds and aligns its face and measures the quality.
    ///
    /// In place of the crop stands the first of [`Capture::causes`] where there is one.
    pub(crate) fn capture(
        &mut self,
        bytes: &[u8],
        policy: &CapturePolicy,
        timings: &mut StageTimings,
    ) -> Result<(Capture, Result<Crop, QualityCause>), CaptureError> {
        let picture = timed(self.engine.clock(), &mut timings.decode, || {
            decode(bytes, &policy.decode)
        })?;
        self.capture_picture(&picture, policy, timings)
    }

    /// As [`capture`](Self::capture), of a picture that is decoded.
    pub(crate) fn capture_picture(
        &mut self,
        picture: &Picture,
        policy: &CapturePolicy,
        timings: &mut StageTimings,
    ) -> Result<(Capture, Result<Crop, QualityCause>), CaptureError> {
        let Self {
            detector, engine, ..
        } = self;
        let clock = engine.clock();
        let faces = timed(clock, &mut timings.detect, || {
            detector.detect(picture, policy.search)
        })?;
        let face = choose(&faces, picture, policy.face).copied();
        Ok(self.capture_face(picture, face, policy, timings))
    }

    /// As [`capture_picture`](Self::capture_picture), of the face that was chosen, or of none and why.
    pub(crate) fn capture_face(
        &self,
        picture: &Picture,
        face: Result<Face, QualityCause>,
        policy: &CapturePolicy,
        timings: &mut StageTimings,
    ) -> (Capture, Result<Crop, QualityCause>) {
        let face = match face {
            Ok(face) => face,
            Err(cause) => return (Capture::without_face(picture.size(), cause), Err(cause)),
        };
        let (crop, quality) = timed(self.engine.clock(), &mut timings.align, || {
            let crop = align(picture, &face.landmarks);
            let quality = measure(picture, &face, &crop);
            (crop, quality)
        });
        let causes = policy
            .quality
            .as_ref()
            .map(|limits| assess(&quality, limits));
        let capture = Capture {
            size: picture.size(),
            face: Some(face),
            quality: Some(quality),
            causes: causes.unwrap_or_default(),
        };
        let crop = capture.causes.first().map_or(Ok(crop), |cause| Err(*cause));
        (capture, crop)
    }

    /// What a frame of a session shows: the cues that judging goes by, and the crop.
    ///
    /// Unlike a picture that is to be compared at once, one that is poor has cues all the same; only without one
    /// clear face it has none.
    pub(crate) fn see(
        &mut self,
        bytes: &[u8],
        before: Option<Before<'_>>,
        policy: &CapturePolicy,
        timings: &mut StageTimings,
    ) -> Result<Result<Seen, QualityCause>, CaptureError> {
        let engine = self.engine.clone();
        let clock = engine.clock();
        let picture = timed(clock, &mut timings.decode, || decode(bytes, &policy.decode))?;
        let seen = timed(clock, &mut timings.detect, || {
            let meshes = match &mut self.meshes {
                Some(meshes) => meshes,
                none => none.insert(engine.meshes().map_err(CaptureError::MeshPlan)?),
            };
            Ok::<_, CaptureError>(observe(&picture, &mut self.detector, meshes, before)?)
        })?;
        let Observation { cues, crop } = match seen {
            Ok(seen) => seen,
            Err(cause) => return Ok(Err(cause)),
        };
        let causes = policy
            .quality
            .as_ref()
            .map(|limits| assess(&cues.quality, limits));
        let cause = causes.and_then(|causes| causes.first().copied());
        Ok(Ok((FrameCues::of(cues, cause), crop)))
    }

    /// How live the face of a frame looks, in 0..=1; nothing where no operator added networks that say so.
    pub(crate) fn looks_live(
        &mut self,
        bytes: &[u8],
        area: Rect,
        policy: &CapturePolicy,
    ) -> Result<Option<f32>, CaptureError> {
        if !self.engine.has_passive_liveness() {
            return Ok(None);
        }
        let picture = decode(bytes, &policy.decode)?;
        let judge = match &mut self.passive {
            Some(judge) => judge,
            none => none.insert(self.engine.passive().map_err(CaptureError::PassivePlan)?),
        };
        let score = judge.score(&picture, area);
        Ok(Some(score.map_err(CaptureError::LooksLive)?))
    }

    /// Makes a template of an aligned face.
    pub(crate) fn embed(
        &mut self,
        crop: &Crop,
        policy: &CapturePolicy,
        timings: &mut StageTimings,
    ) -> Result<Template, CaptureError> {
        let Self {
            extractor, engine, ..
        } = self;
        timed(engine.clock(), &mut timings.embed, || {
            let embedding = extractor.extract(crop, policy.flip_averaging)?;
            let model = ModelId::new(embedding.model_id())?;
            Ok(Template::from_embedding(model, embedding.values())?)
        })
    }
}

/// The face that is meant.
fn choose<'a>(
    faces: &'a [Face],
    picture: &Picture,
    choice: FaceChoice,
) -> Result<&'a Face, QualityCause> {
    match choice {
        FaceChoice::Main => choose_face(faces, picture.size()),
        FaceChoice::Central => faces
            .iter()
            .min_by(|a, b| widths_off_center(a, picture).total_cmp(&widths_off_center(b, picture)))
            .ok_or(QualityCause::NoFace),
    }
}

/// How far a face lies from the middle of its picture, in widths of the face.
fn widths_off_center(face: &Face, picture: &Picture) -> f32 {
    let center = face.area.center();
    let (x, y) = (picture.width() as f32 / 2.0, picture.height() as f32 / 2.0);
    (center.x - x).hypot(center.y - y) / face.area.width.max(1.0)
}
