//! A frame of a session: how long it takes to see what it shows.

use super::gallery::Report;
use super::scene::Scene;
use super::stopwatch::measure;
use super::{Row, faceless};
use crate::engine::EngineArgs;
use crate::failure::Failure;
use countenance_core::{DecodeLimits, Size};
use countenance_vision::{Before, Detector, MeshFinder, Net, Observation, decode, observe};
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

/// Measures frames with the photo of a person: the first of a session, and one that follows another.
pub(super) fn see(photo: &Path, engine: &EngineArgs, time: Duration) -> Result<Report, Failure> {
    let scene = Scene::frame_of_file(photo)?;
    let networks = engine.networks()?;
    let side = MeshFinder::SIDE;
    let size = Size {
        width: side,
        height: side,
    };
    let mesh = networks.mesh.model()?;
    let mut meshes = MeshFinder::new(Box::new(networks.plan(&mesh, size)?));
    let mut detector = Detector::new(move |size| {
        let network = networks.plan(&networks.detector, size)?;
        Ok::<Box<dyn Net>, Box<dyn Error + Send + Sync>>(Box::new(network))
    });
    let mut look = |before: Option<Before<'_>>| -> Result<Observation, Failure> {
        let picture = decode(black_box(&scene.jpeg), &DecodeLimits::default())?;
        let seen = observe(&picture, &mut detector, &mut meshes, before)
            .map_err(|error| Failure::from(anyhow::Error::from(error)))?;
        seen.map_err(|cause| faceless(cause.code()))
    };
    let first = measure(time, 1, || {
        look(None).map(|seen| {
            black_box(seen);
        })
    })?;
    let before = look(None)?.cues;
    let next = measure(time, 1, || {
        let before = Before {
            size: before.picture,
            mesh: &before.mesh,
            detector_rests: true,
        };
        look(Some(before)).map(|seen| {
            black_box(seen);
        })
    })?;
    let row = |stage, measured| Row {
        stage,
        precision: mesh.precision().name(),
        measured,
    };
    Ok(Report {
        rows: vec![row("frame_first", first), row("frame_next", next)],
        description: scene.description,
    })
}
