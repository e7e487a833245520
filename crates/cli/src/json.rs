//! What programs read. The key names are part of the interface.

use countenance_core::{Capture, DetectedFace, Face, Quality, QualityCause, StageTimings};
use serde::Serialize;
use std::io::{self, Write as _};
use std::time::Duration;

/// An area in pixels of the upright picture.
#[derive(Debug, Serialize)]
pub(crate) struct BoxJson {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// Measured on the aligned face, and what speaks against the picture. Measures are null without a face.
#[derive(Debug, Serialize)]
pub(crate) struct QualityJson {
    causes: Vec<&'static str>,
    face_width_px: Option<f64>,
    sharpness: Option<f64>,
    brightness: Option<f64>,
    contrast: Option<f64>,
    yaw_deg: Option<f64>,
    pitch_deg: Option<f64>,
    roll_deg: Option<f64>,
    visible_fraction: Option<f64>,
}

/// A face: where it is and how well it is seen.
#[derive(Debug, Serialize)]
pub(crate) struct FaceJson {
    #[serde(rename = "box")]
    area: Option<BoxJson>,
    /// Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner; x and y each.
    landmarks: Option<[[f64; 2]; 5]>,
    quality: QualityJson,
}

/// How long each stage took, in milliseconds, summed over the pictures.
#[derive(Debug, Serialize)]
pub(crate) struct TimingJson {
    decode: f64,
    detect: f64,
    align: f64,
    embed: f64,
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    compare: Option<f64>,
    total: f64,
}

impl TimingJson {
    /// Without the time of comparing: that there was none tells that attempts are used up.
    pub(crate) fn of_subject(timings: &StageTimings) -> Self {
        Self {
            compare: None,
            ..Self::from(timings)
        }
    }
}

impl From<&Capture> for FaceJson {
    fn from(capture: &Capture) -> Self {
        Self::new(
            capture.face.as_ref(),
            capture.quality.as_ref(),
            &capture.causes,
        )
    }
}

impl From<&DetectedFace> for FaceJson {
    fn from(face: &DetectedFace) -> Self {
        Self::new(Some(&face.face), Some(&face.quality), &face.causes)
    }
}

impl FaceJson {
    fn new(face: Option<&Face>, quality: Option<&Quality>, causes: &[QualityCause]) -> Self {
        let measure = |value: fn(&Quality) -> f32, digits| {
            quality.map(|quality| rounded(value(quality).into(), digits))
        };
        Self {
            area: face.map(|face| BoxJson {
                x: pixels(face.area.x),
                y: pixels(face.area.y),
                width: pixels(face.area.width),
                height: pixels(face.area.height),
            }),
            landmarks: face.map(|face| {
                face.landmarks
                    .map(|point| [pixels(point.x), pixels(point.y)])
            }),
            quality: QualityJson {
                causes: causes.iter().map(|cause| cause.code()).collect(),
                face_width_px: measure(|quality| quality.face_width_px, 1),
                sharpness: measure(|quality| quality.sharpness, 3),
                brightness: measure(|quality| quality.brightness, 1),
                contrast: measure(|quality| quality.contrast, 1),
                yaw_deg: measure(|quality| quality.yaw_deg, 1),
                pitch_deg: measure(|quality| quality.pitch_deg, 1),
                roll_deg: measure(|quality| quality.roll_deg, 1),
                visible_fraction: measure(|quality| quality.visible_fraction, 3),
            },
        }
    }
}

impl From<&StageTimings> for TimingJson {
    fn from(timings: &StageTimings) -> Self {
        Self {
            decode: milliseconds(timings.decode),
            detect: milliseconds(timings.detect),
            align: milliseconds(timings.align),
            embed: milliseconds(timings.embed),
            compare: Some(milliseconds(timings.compare)),
            total: milliseconds(timings.total),
        }
    }
}

/// Milliseconds to the microsecond.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1e3, 3)
}

/// Pixels to the hundredth.
fn pixels(value: f32) -> f64 {
    rounded(value.into(), 2)
}

/// A comparison score or threshold: six digits tell any two apart that a decision could hang on.
pub(crate) fn score(cosine: f32) -> f64 {
    rounded(cosine.into(), 6)
}

/// A value to so many decimals, so that no false digits are printed.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    // Adding zero makes a zero of a negative zero.
    (value * scale).round() / scale + 0.0
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Prints a document to the standard output.
pub(crate) fn print(document: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    io::stdout().write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{rounded, score};

    #[test]
    fn single_precision_leaves_no_false_digits() {
        assert_eq!(score(0.415_f32).to_string(), "0.415");
        assert_eq!(rounded(-0.000_01, 2).to_string(), "0");
    }
}
