//! A face as its clients know it. What was not asked for, or is not done here, is left out.

use super::access::Service;
use super::query::Query;
use super::similarity::rounded;
use countenance_core::{Engine, Faces, FoundFace, StageTimings};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The detector, as versions name it.
const DETECTOR: &str = "yunet-2023mar";

#[derive(Debug, Default, Serialize)]
pub(super) struct Face {
    #[serde(skip_serializing_if = "Option::is_none")]
    pose: Option<Pose>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<Vec<f32>>,
    #[serde(rename = "box")]
    area: Area,
    #[serde(skip_serializing_if = "Option::is_none")]
    landmarks: Option<[[i64; 2]; 5]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subjects: Option<Vec<Similar>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) similarity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_time: Option<BTreeMap<&'static str, f64>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Similar {
    pub(super) subject: String,
    pub(super) similarity: f64,
}

#[derive(Debug, Serialize)]
struct Pose {
    pitch: f64,
    roll: f64,
    yaw: f64,
}

#[derive(Debug, Default, Serialize)]
struct Area {
    probability: f64,
    x_max: i64,
    y_max: i64,
    x_min: i64,
    y_min: i64,
}

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub(super) result: Vec<Face>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) plugins_versions: Option<BTreeMap<&'static str, String>>,
}

fn whole(value: f32) -> i64 {
    value.round() as i64
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Face {
    /// A face of a picture.
    pub(super) fn of(found: &FoundFace, service: &Service, query: &Query, round: bool) -> Self {
        let (face, quality) = (&found.found.face, &found.found.quality);
        let sure = f64::from(face.score);
        let pose = query.pose.then(|| Pose {
            pitch: f64::from(quality.pitch_deg),
            roll: f64::from(quality.roll_deg),
            yaw: f64::from(quality.yaw_deg),
        });
        let template = found.template.as_ref();
        let template = template.filter(|_| query.calculator && service.key.embeddings);
        Self {
            pose,
            embedding: template.map(|template| template.values().to_vec()),
            area: Area {
                probability: if round { rounded(sure) } else { sure },
                x_max: whole(face.area.x + face.area.width),
                y_max: whole(face.area.y + face.area.height),
                x_min: whole(face.area.x),
                y_min: whole(face.area.y),
            },
            landmarks: query
                .landmarks
                .then(|| face.landmarks.map(|point| [whole(point.x), whole(point.y)])),
            ..Self::default()
        }
    }

    /// The same with how long its parts took.
    pub(super) fn timed(mut self, query: &Query, timings: &StageTimings, faces: usize) -> Self {
        if query.status {
            let each = timings.embed / u32::try_from(faces.max(1)).unwrap_or(u32::MAX);
            let mut times = BTreeMap::from([("detector", milliseconds(timings.detect))]);
            if !each.is_zero() {
                times.insert("calculator", milliseconds(each));
            }
            self.execution_time = Some(times);
        }
        self
    }
}

/// All faces of a picture.
pub(super) fn all(faces: &Faces, service: &Service, query: &Query, round: bool) -> Vec<Face> {
    let of = |found| {
        Face::of(found, service, query, round).timed(query, &faces.timings, faces.faces.len())
    };
    faces.faces.iter().map(of).collect()
}

/// Which parts of which version answered, if that was asked.
pub(super) fn versions(
    query: &Query,
    engine: &Engine,
    templates: bool,
) -> Option<BTreeMap<&'static str, String>> {
    query.status.then(|| {
        let mut versions = BTreeMap::from([("detector", DETECTOR.to_owned())]);
        if templates {
            versions.insert("calculator", engine.model().as_str().to_owned());
        }
        if query.landmarks {
            versions.insert("landmarks", DETECTOR.to_owned());
        }
        if query.pose {
            versions.insert("pose", DETECTOR.to_owned());
        }
        versions
    })
}
