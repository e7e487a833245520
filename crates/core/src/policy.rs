//! What a caller chooses.

use countenance_gallery::FalseMatchRate;
use countenance_vision::{DecodeLimits, QualityLimits, Search};

/// Which face of a picture is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaceChoice {
    /// The face nearest to the middle of the picture, in widths of that face. For data sets
    /// such as LFW, where the person named stands in the middle and others may stand around.
    Central,
    /// The one clear main face; a picture with several is to be taken again.
    #[default]
    Main,
}

/// How a picture becomes a template.
#[derive(Clone, Debug, PartialEq)]
pub struct CapturePolicy {
    /// What decoding a picture may cost.
    pub decode: DecodeLimits,
    /// Which face is meant.
    pub face: FaceChoice,
    /// Whether the mirrored face is embedded too and both directions are added: twice the
    /// time of the embed stage for a somewhat lower FNMR.
    pub flip_averaging: bool,
    /// The least quality a template is made of; `None` takes every face that is found, as
    /// an evaluation must, where leaving out poor pictures would flatter the result.
    pub quality: Option<QualityLimits>,
    /// How far the search for faces goes.
    pub search: Search,
}

impl Default for CapturePolicy {
    fn default() -> Self {
        Self {
            decode: DecodeLimits::default(),
            face: FaceChoice::default(),
            flip_averaging: false,
            quality: Some(QualityLimits::default()),
            search: Search::default(),
        }
    }
}

/// How two pictures are compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComparePolicy {
    /// How each picture becomes a template.
    pub capture: CapturePolicy,
    /// The false-match rate the threshold stands for.
    pub fmr: FalseMatchRate,
}
