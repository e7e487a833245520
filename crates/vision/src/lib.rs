#![doc = include_str!("../README.md")]

mod align;
mod decode;
mod detect;
mod extract;
mod frame;
mod geometry;
mod picture;
mod quality;

pub use align::{CROP_SIDE, Crop, TEMPLATE_POINTS, align};
pub use countenance_net::{Isa, Net, Options, Precision, RunError, Size};
pub use decode::{DecodeError, DecodeLimits, Format, decode};
pub use detect::{DetectError, Detector, Face, Search};
pub use extract::{Embedding, ExtractError, Extractor};
pub use frame::{
    Before, FaceCues, FaceView, Mesh, MeshError, MeshFinder, Observation, ObserveError,
    PassiveJudge, observe, parallax, relief, widening,
};
pub use geometry::{Point, Rect};
pub use picture::{MAX_SIDE, Picture, PictureError};
pub use quality::{Quality, QualityCause, QualityLimits, assess, choose_face, measure};
