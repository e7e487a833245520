//! The answer as a picture.

use super::answer::{file_name, meaning, summary, verdict};
use super::picture_failure;
use crate::draw::{self, Canvas, ComparisonSlide, Panel};
use crate::failure::Failure;
use crate::terminal::milliseconds;
use countenance_core::{
    Capture, CaptureError, Comparison, Decision, DecodeLimits, Picture, Recapture,
};
use std::path::{Path, PathBuf};

/// Paints both pictures. They are decoded anew: the engine keeps no pixels.
pub(super) fn draw(
    [reference_file, probe_file]: [&PathBuf; 2],
    comparison: &Comparison,
    [reference, probe]: [&[u8]; 2],
) -> Result<Canvas, Failure> {
    let reference_picture = decode(reference)?;
    let probe_picture = decode(probe)?;
    let panel = |title, path: &Path, picture, capture| Panel {
        title,
        name: file_name(path),
        picture,
        capture,
        summary: summary(capture),
    };
    let of_reference: &Capture = comparison.reference.as_ref().unwrap_or(&comparison.probe);
    let explanation = match comparison.decision {
        Decision::Recapture(Recapture { cause, .. }) => cause.hint().to_owned(),
        Decision::Accept | Decision::Reject => {
            format!("At a false-match rate of {}", meaning(comparison))
        }
    };
    let slide = ComparisonSlide {
        decision: comparison.decision,
        headline: verdict(comparison.decision),
        explanation,
        score: comparison.score.map(|score| score.cosine()),
        threshold: comparison.threshold.cosine(),
        panels: [
            panel(
                "Reference",
                reference_file,
                &reference_picture,
                of_reference,
            ),
            panel("Probe", probe_file, &probe_picture, &comparison.probe),
        ],
        footer: format!(
            "countenance {}  ·  {}  ·  {} ms",
            env!("CARGO_PKG_VERSION"),
            comparison.threshold.model(),
            milliseconds(comparison.timings.total)
        ),
    };
    Ok(draw::comparison(&slide)?)
}

fn decode(bytes: &[u8]) -> Result<Picture, Failure> {
    countenance_vision::decode(bytes, &DecodeLimits::default())
        .map_err(|error| picture_failure(CaptureError::from(error)))
}
