//! From pinned weights to networks that can be planned, and what was measured of them.

use crate::clock::MachineClock;
use crate::failure::Failure;
use anyhow::{Context as _, anyhow};
use countenance_core::{
    Calibration, CalibrationPoint, Calibrations, Engine, EngineParts, FalseMatchRate, ModelId,
    Options, PlanNetwork, Precision, Size,
};
use countenance_models::{
    ActivationRanges, CalibrationTable, Extraction, Manifest, ModelSpec, Role, Weights,
};
use countenance_net::{ColorOrder, LayerRanges, Model, Network, Ranges};
use std::sync::Arc;

/// The two networks of the engine, packed for this machine.
pub(crate) struct Networks {
    /// The model id of the embedding network.
    pub(crate) embedder_id: String,
    /// Finds faces; takes any size whose sides are multiples of 32.
    pub(crate) detector: Model,
    /// Makes embeddings of 112 x 112 pixels.
    pub(crate) embedder: Model,
    /// What was measured of the embedding network.
    pub(crate) calibrations: Calibrations,
    /// Threads that share one run.
    threads: usize,
}

impl Networks {
    /// Reads both networks of a manifest.
    pub(crate) fn load(
        manifest: &Manifest,
        weights: &Weights,
        options: &Options,
    ) -> Result<Self, Failure> {
        let embedder = spec_of(manifest, Role::Embedder)?;
        let model = read(embedder, weights, options)?;
        Ok(Self {
            embedder_id: embedder.id.clone(),
            detector: read(spec_of(manifest, Role::Detector)?, weights, options)?,
            calibrations: calibrations(embedder, model.precision())?,
            embedder: model,
            threads: options.threads,
        })
    }

    /// A network planned for an input size.
    pub(crate) fn plan(&self, model: &Model, size: Size) -> Result<Network, Failure> {
        Ok(Network::plan(model, size, self.threads)?)
    }

    /// The engine of these networks, which measures its stages by the machine's clock.
    pub(crate) fn engine(self) -> Result<Engine, Failure> {
        let threads = self.threads;
        let planner = |model: Model| -> Arc<PlanNetwork> {
            Arc::new(move |size| Ok(Box::new(Network::plan(&model, size, threads)?)))
        };
        let mut parts = EngineParts::new(
            ModelId::new(&self.embedder_id)?,
            planner(self.detector),
            planner(self.embedder),
        );
        parts.calibrations = self.calibrations;
        parts.clock = Arc::new(MachineClock::start());
        Ok(Engine::new(parts))
    }
}

/// The model of a manifest that has a role.
pub(crate) fn spec_of(manifest: &Manifest, role: Role) -> Result<&ModelSpec, Failure> {
    let mut models = manifest.models().iter();
    let found = models.find(|model| model.role == role);
    Ok(found.ok_or_else(|| anyhow!("manifest has no {role:?} model"))?)
}

/// Reads a network and packs its weights.
fn read(spec: &ModelSpec, weights: &Weights, options: &Options) -> Result<Model, Failure> {
    let named = || format!("model {}", spec.id);
    let bytes = weights
        .get(&spec.id)
        .ok_or_else(|| anyhow!("there are no weights"))
        .with_context(named)?;
    let order = color_order(spec)?;
    let ranges = match options.precision {
        Precision::Auto | Precision::Int8 => spec.shipped_ranges()?.map(ranges),
        _ => None,
    };
    Ok(Model::from_onnx(bytes, order, options, ranges.as_ref()).with_context(named)?)
}

/// The order in which a model wants colors.
pub(crate) fn color_order(spec: &ModelSpec) -> Result<ColorOrder, Failure> {
    match spec.input.color.as_str() {
        "BGR" => Ok(ColorOrder::Bgr),
        "RGB" => Ok(ColorOrder::Rgb),
        other => Err(anyhow!("model {}: unknown color order {other:?}", spec.id).into()),
    }
}

/// Activation ranges as the network wants them.
fn ranges(shipped: ActivationRanges) -> Ranges {
    let layers = shipped.layers.into_iter().map(|layer| LayerRanges {
        tensor: layer.tensor,
        scale: layer.scale,
        zero: layer.zero.into_iter().map(f32::from).collect(),
    });
    Ranges {
        layers: layers.collect(),
    }
}

/// The thresholds of a model, as its calibration file has them.
fn calibrations(spec: &ModelSpec, precision: Precision) -> Result<Calibrations, Failure> {
    let Some(measured) = spec.shipped_calibration()? else {
        return Ok(Calibrations::default());
    };
    // Scores of the precisions differ by less than their tolerance (docs/performance.md), so the table of the
    // reference precision stands in where a precision has none of its own.
    let table = |flip_averaged| {
        [precision, Precision::F32]
            .into_iter()
            .find_map(|precision| {
                measured.table(&Extraction {
                    precision: precision.name().to_owned(),
                    flip_averaged,
                })
            })
    };
    let read = |table: Option<&CalibrationTable>| {
        table
            .map(|table| calibration(&spec.id, table))
            .transpose()
            .with_context(|| format!("calibration of model {}", spec.id))
    };
    Ok(Calibrations {
        plain: read(table(false))?,
        flip_averaged: read(table(true))?,
    })
}

fn calibration(model: &str, table: &CalibrationTable) -> anyhow::Result<Calibration> {
    let points = table.rows.iter().map(|row| {
        Ok(CalibrationPoint {
            fmr: FalseMatchRate::new(row.fmr)?,
            threshold: row.threshold,
            supported: row.supported,
        })
    });
    let points = points.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Calibration::new(ModelId::new(model)?, points)?)
}
