//! Every network, on every instruction set, against known answers.

use super::known_answers::{
    DETECTOR_CELL, DETECTOR_OUTPUTS, DETECTOR_PICTURE, EMBEDDER_PICTURE, EMBEDDING, MESH_PICTURE,
    MESH_POINTS, MESH_PRESENCE,
};
use crate::draw;
use crate::failure::Failure;
use anyhow::anyhow;
use countenance_core::{Isa, Options, Precision, Size};
use countenance_core::{Networks, spec_of};
use countenance_models::{Manifest, Role, Weights};
use countenance_net::{Model, Net as _};
use serde::Serialize;

/// The embedding network's output.
const EMBEDDING_OUTPUT: &str = "fc1";

/// One network on one instruction set.
#[derive(Debug, Serialize)]
pub(super) struct CheckJson {
    pub(super) network: String,
    pub(super) isa: &'static str,
    pub(super) precision: &'static str,
    /// Detector: largest difference of any output at the face's cell, in cells of 8 pixels. Embedder: 1 less the cosine.
    /// Mesh: largest difference of a point, in pixels, or of its presence, whichever is larger.
    pub(super) deviation: f32,
    pub(super) tolerance: f32,
    pub(super) passed: bool,
}

/// What a deviation may be. The arithmetic decides: f32 differs by the order of sums, bf16 keeps 8 bits of each
/// factor, int8 fewer.
struct Tolerance {
    detector: f32,
    embedder: f32,
    mesh: f32,
}

impl Tolerance {
    fn of(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self {
                detector: 1e-3,
                embedder: 1e-5,
                mesh: 1e-2,
            },
            Precision::Bf16 => Self {
                detector: 0.05,
                embedder: 5e-4,
                mesh: 1.0,
            },
            _ => Self {
                detector: 0.25,
                embedder: 0.02,
                mesh: 3.0,
            },
        }
    }
}

/// Runs the networks on each instruction set, in the precision of the options (the mesh in its own).
pub(super) fn run(
    manifest: &Manifest,
    weights: &Weights,
    options: &Options,
    isas: &[Isa],
) -> Result<Vec<CheckJson>, Failure> {
    let mut checks = Vec::new();
    for &isa in isas {
        let options = Options { isa, ..*options };
        let networks = Networks::load(manifest, weights, &options)?;
        let detector = &spec_of(manifest, Role::Detector)?.id;
        let tolerance = Tolerance::of(networks.detector.precision()).detector;
        let deviation = detector_deviation(&networks)?;
        checks.push(check(detector, &networks.detector, deviation, tolerance));
        let tolerance = Tolerance::of(networks.embedder.precision()).embedder;
        let deviation = embedder_deviation(&networks)?;
        checks.push(check(
            &networks.embedder_id,
            &networks.embedder,
            deviation,
            tolerance,
        ));
        let mesh = networks.mesh.model()?;
        let tolerance = Tolerance::of(mesh.precision()).mesh;
        let deviation = mesh_deviation(&networks, &mesh)?;
        checks.push(check(networks.mesh.id(), &mesh, deviation, tolerance));
    }
    Ok(checks)
}

fn check(network: &str, model: &Model, deviation: f32, tolerance: f32) -> CheckJson {
    CheckJson {
        network: network.to_owned(),
        isa: model.isa().name(),
        precision: model.precision().name(),
        deviation,
        tolerance,
        // A deviation that is no number is not within any tolerance.
        passed: deviation <= tolerance,
    }
}

fn detector_deviation(networks: &Networks) -> Result<f32, Failure> {
    let mut deviation = 0.0_f32;
    let outputs = run_on_portrait(networks, &networks.detector, DETECTOR_PICTURE)?;
    for (name, expected) in DETECTOR_OUTPUTS {
        let values = outputs(name).unwrap_or_default();
        let cell = values
            .chunks_exact(expected.len())
            .nth(DETECTOR_CELL)
            .ok_or_else(|| anyhow!("detector has no output {name} for the known cell"))?;
        for (got, expected) in cell.iter().zip(expected) {
            deviation = worse(deviation, (got - expected).abs());
        }
    }
    Ok(deviation)
}

fn embedder_deviation(networks: &Networks) -> Result<f32, Failure> {
    let outputs = run_on_portrait(networks, &networks.embedder, EMBEDDER_PICTURE)?;
    let values = outputs(EMBEDDING_OUTPUT).unwrap_or_default();
    if values.len() != EMBEDDING.len() {
        return Err(anyhow!("embedder has no output of {} values", EMBEDDING.len()).into());
    }
    Ok(1.0 - cosine(&values, &EMBEDDING))
}

fn mesh_deviation(networks: &Networks, mesh: &Model) -> Result<f32, Failure> {
    let outputs = run_on_portrait(networks, mesh, MESH_PICTURE)?;
    let presence = outputs("output_faceflag").unwrap_or_default();
    let points = outputs("output_mesh").unwrap_or_default();
    let [presence] = presence[..] else {
        return Err(anyhow!("face mesh has no output that says whether there is a face").into());
    };
    let mut deviation = (presence - MESH_PRESENCE).abs();
    for (number, expected) in MESH_POINTS {
        let point = points
            .chunks_exact(expected.len())
            .nth(number)
            .ok_or_else(|| anyhow!("face mesh has no point {number}"))?;
        for (got, expected) in point.iter().zip(expected) {
            deviation = worse(deviation, (got - expected).abs());
        }
    }
    Ok(deviation)
}

/// Runs a network on a drawn face and gives its outputs by name.
fn run_on_portrait(
    networks: &Networks,
    model: &Model,
    (side, head): (usize, f32),
) -> Result<impl Fn(&str) -> Option<Vec<f32>> + use<>, Failure> {
    let size = Size {
        width: side,
        height: side,
    };
    let mut network = networks.plan(model, size)?;
    let picture = draw::portrait(side, side, head)?;
    network.run(picture.pixels())?;
    Ok(move |name: &str| network.output(name).map(<[f32]>::to_vec))
}

/// The larger of two deviations; one that is no number is the largest.
fn worse(a: f32, b: f32) -> f32 {
    if a.is_nan() || b.is_nan() {
        f32::NAN
    } else {
        a.max(b)
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
        products.sum()
    };
    (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()) as f32
}

#[cfg(test)]
mod tests {
    use super::{cosine, worse};

    #[test]
    fn what_is_no_number_is_the_worst() {
        assert!(worse(0.5, f32::NAN).is_nan());
        assert!(worse(f32::NAN, 0.5).is_nan());
        assert!(cosine(&[0.0], &[1.0]).is_nan());
    }

    #[test]
    fn vectors_of_one_direction_have_cosine_one() {
        assert!((cosine(&[1.0, 2.0], &[2.0, 4.0]) - 1.0).abs() < 1e-6);
        assert!(cosine(&[1.0, 0.0], &[0.0, 1.0]).abs() < 1e-6);
    }
}
