//! From pinned weights to networks that can be planned, and what was measured of them.

use crate::{Calibrations, Clock, Engine, EngineParts, PlanNetwork};
use countenance_gallery::{
    Calibration, CalibrationError, CalibrationPoint, FalseMatchRate, FalseMatchRateError, ModelId,
    ModelIdError,
};
use countenance_models::{
    ActivationRanges, CalibrationTable, Extraction, Manifest, ManifestError, ModelSpec, Role,
    WeightFile, Weights, WeightsError,
};
use countenance_net::{
    ColorOrder, LayerRanges, LoadError, Model, Network, Options, PatchModel, PlanError, Precision,
    Ranges, Size, TextModel, TfjsFiles,
};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// The networks cannot be made of what was given.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The calibration file of a model makes no table of thresholds.
    #[error("calibration of model {model}")]
    Calibration {
        /// The model.
        model: String,
        /// What is wrong with it.
        source: CalibrationError,
    },
    /// The manifest wants colors in an order that is not known.
    #[error("model {model}: unknown color order {order:?}")]
    ColorOrder {
        /// The model.
        model: String,
        /// What the manifest says.
        order: String,
    },
    /// The manifest wants pixels in a range that is not known.
    #[error("model {model}: unknown range of its input {range:?}")]
    InputRange {
        /// The model.
        model: String,
        /// What the manifest says.
        range: String,
    },
    /// The weights of a model make no network.
    #[error("model {model}")]
    Load {
        /// The model.
        model: String,
        /// What is wrong with them.
        source: LoadError,
    },
    /// The manifest or a file it names is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The model's name is none.
    #[error(transparent)]
    ModelName(#[from] ModelIdError),
    /// The manifest has no model for this work.
    #[error("manifest has no {role:?} model")]
    NoModel {
        /// The work.
        role: Role,
    },
    /// There are no weights of a model.
    #[error("model {model}: there are no weights")]
    NoWeights {
        /// The model.
        model: String,
    },
    /// The weights are not the pinned ones.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A rate in the calibration file is none.
    #[error("calibration of model {model}")]
    Rate {
        /// The model.
        model: String,
        /// What is wrong with it.
        source: FalseMatchRateError,
    },
}

/// The networks of an engine, packed for this machine.
pub struct Networks {
    /// The model id of the embedding network.
    pub embedder_id: String,
    /// Finds faces; takes any size whose sides are multiples of 32.
    pub detector: Model,
    /// Makes embeddings of 112 x 112 pixels.
    pub embedder: Model,
    /// Lays a mesh over a face; read when it is first needed.
    pub mesh: MeshSource,
    /// Reads lines of text; read when it is first needed.
    pub text: TextSource,
    /// What was measured of the embedding network.
    pub calibrations: Calibrations,
    /// Networks that an operator added: [`Networks::add_passive_liveness`].
    pub(crate) passive: Vec<(f32, PatchModel)>,
    /// Threads that share one run.
    pub(crate) threads: usize,
}

impl Networks {
    /// Reads the networks of a manifest.
    ///
    /// # Errors
    /// [`OpenError`] when manifest, weights and calibration do not fit together.
    pub fn load(
        manifest: &Manifest,
        weights: &Weights,
        options: &Options,
    ) -> Result<Self, OpenError> {
        let embedder = spec_of(manifest, Role::Embedder)?;
        let model = read(embedder, weights, options)?;
        Ok(Self {
            embedder_id: embedder.id.clone(),
            detector: read(spec_of(manifest, Role::Detector)?, weights, options)?,
            mesh: MeshSource::new(spec_of(manifest, Role::Mesh)?, weights, options)?,
            text: TextSource::new(spec_of(manifest, Role::Text)?, weights, options)?,
            calibrations: calibrations(embedder, model.precision())?,
            embedder: model,
            passive: Vec::new(),
            threads: options.threads,
        })
    }

    /// A network planned for an input size.
    ///
    /// # Errors
    /// [`PlanError`] when the size does not suit the network.
    pub fn plan(&self, model: &Model, size: Size) -> Result<Network, PlanError> {
        Network::plan(model, size, self.threads)
    }

    /// The engine of these networks; `clock` measures its stages.
    ///
    /// # Errors
    /// [`OpenError::ModelName`] when the embedding network has no usable name.
    pub fn engine(self, clock: Arc<dyn Clock>) -> Result<Engine, OpenError> {
        let threads = self.threads;
        let planner = |model: Model| -> Arc<PlanNetwork> {
            Arc::new(move |size| Ok(Box::new(Network::plan(&model, size, threads)?)))
        };
        let mut parts = EngineParts::new(
            ModelId::new(&self.embedder_id)?,
            planner(self.detector),
            planner(self.embedder),
        );
        let mesh = self.mesh;
        parts.mesh = Some(Arc::new(move |size| {
            Ok(Box::new(Network::plan(&mesh.model()?, size, threads)?))
        }));
        let text = self.text;
        parts.text = Some(Arc::new(move || Ok(Box::new(text.model()?))));
        let passive = self.passive.into_iter();
        parts.passive = passive
            .map(|(scale, model)| {
                let plan: Arc<PlanNetwork> =
                    Arc::new(move |size| Ok(Box::new(model.of_size(size))));
                (scale, plan)
            })
            .collect();
        parts.calibrations = self.calibrations;
        parts.clock = clock;
        Ok(Engine::new(parts))
    }
}

/// The outputs of the mesh that are read.
const MESH_OUTPUTS: [&str; 2] = ["output_mesh", "output_faceflag"];

/// The face mesh's two files, and its network once somebody wanted it: comparing photos needs no mesh and does
/// not wait for one.
pub struct MeshSource {
    model: String,
    files: [WeightFile; 2],
    scale: f32,
    options: Options,
    read: Mutex<Option<Model>>,
}

impl MeshSource {
    fn new(spec: &ModelSpec, weights: &Weights, options: &Options) -> Result<Self, OpenError> {
        let files = weights.both(&spec.id).ok_or_else(|| OpenError::NoWeights {
            model: spec.id.clone(),
        })?;
        let scale = match spec.input.range.as_str() {
            "0..=1" => 1.0 / 255.0,
            "0..=255" => 1.0,
            other => {
                return Err(OpenError::InputRange {
                    model: spec.id.clone(),
                    range: other.to_owned(),
                });
            }
        };
        Ok(Self {
            model: spec.id.clone(),
            files: files.map(Clone::clone),
            scale,
            // Points are read to a tenth of a pixel, and the whole network is 35 million products: f32 on every
            // machine, and so the same points on every machine.
            options: Options {
                precision: Precision::F32,
                ..*options
            },
            read: Mutex::new(None),
        })
    }

    /// The network's model id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.model
    }

    /// The network, read now if it was not.
    ///
    /// # Errors
    /// [`OpenError::Weights`] when its files are not the pinned ones, [`OpenError::Load`] when they make no network.
    pub fn model(&self) -> Result<Model, OpenError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*read {
            return Ok(model.clone());
        }
        let [topology, weights] = &self.files;
        let (topology, weights) = (topology.bytes()?, weights.bytes()?);
        let files = TfjsFiles {
            topology,
            weights,
            outputs: &MESH_OUTPUTS,
            scale: self.scale,
        };
        let model = Model::from_tfjs(&files, &self.options).map_err(|source| OpenError::Load {
            model: self.model.clone(),
            source,
        })?;
        Ok(read.insert(model).clone())
    }
}

/// The file of the text network, and the network once somebody wanted it: no face waits for it.
pub struct TextSource {
    model: String,
    file: WeightFile,
    threads: usize,
    read: Mutex<Option<TextModel>>,
}

impl TextSource {
    fn new(spec: &ModelSpec, weights: &Weights, options: &Options) -> Result<Self, OpenError> {
        let file = weights.get(&spec.id).ok_or_else(|| OpenError::NoWeights {
            model: spec.id.clone(),
        })?;
        Ok(Self {
            model: spec.id.clone(),
            file: file.clone(),
            threads: options.threads,
            read: Mutex::new(None),
        })
    }

    /// The network's model id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.model
    }

    /// The network, read now if it was not.
    ///
    /// # Errors
    /// [`OpenError::Weights`] when its file is not the pinned one, [`OpenError::Load`] when it makes no network.
    pub fn model(&self) -> Result<TextModel, OpenError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*read {
            return Ok(model.clone());
        }
        let model = TextModel::from_onnx(self.file.bytes()?.clone(), self.threads);
        let model = model.map_err(|source| OpenError::Load {
            model: self.model.clone(),
            source,
        })?;
        Ok(read.insert(model).clone())
    }
}

/// The model of a manifest that does a kind of work.
///
/// # Errors
/// [`OpenError::NoModel`] when there is none.
pub fn spec_of(manifest: &Manifest, role: Role) -> Result<&ModelSpec, OpenError> {
    let mut models = manifest.models().iter();
    models
        .find(|model| model.role == role)
        .ok_or(OpenError::NoModel { role })
}

/// The order in which a model wants colors.
///
/// # Errors
/// [`OpenError::ColorOrder`] when the manifest names another than BGR or RGB.
pub fn color_order(spec: &ModelSpec) -> Result<ColorOrder, OpenError> {
    match spec.input.color.as_str() {
        "BGR" => Ok(ColorOrder::Bgr),
        "RGB" => Ok(ColorOrder::Rgb),
        other => Err(OpenError::ColorOrder {
            model: spec.id.clone(),
            order: other.to_owned(),
        }),
    }
}

/// Reads a network and packs its weights.
fn read(spec: &ModelSpec, weights: &Weights, options: &Options) -> Result<Model, OpenError> {
    let model = || spec.id.clone();
    let file = weights
        .get(&spec.id)
        .ok_or_else(|| OpenError::NoWeights { model: model() })?;
    let order = color_order(spec)?;
    let ranges = match options.precision {
        Precision::Auto | Precision::Int8 => spec.shipped_ranges()?.map(ranges),
        _ => None,
    };
    let read = match file.bytes()? {
        Cow::Borrowed(bytes) => Model::from_static_onnx(bytes, order, options, ranges.as_ref()),
        Cow::Owned(bytes) => Model::from_onnx(bytes, order, options, ranges.as_ref()),
    };
    read.map_err(|source| OpenError::Load {
        model: model(),
        source,
    })
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
fn calibrations(spec: &ModelSpec, precision: Precision) -> Result<Calibrations, OpenError> {
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
        table.map(|table| calibration(&spec.id, table)).transpose()
    };
    Ok(Calibrations {
        plain: read(table(false))?,
        flip_averaged: read(table(true))?,
    })
}

fn calibration(model: &str, table: &CalibrationTable) -> Result<Calibration, OpenError> {
    let points = table.rows.iter().map(|row| {
        let fmr = FalseMatchRate::new(row.fmr).map_err(|source| OpenError::Rate {
            model: model.to_owned(),
            source,
        })?;
        Ok(CalibrationPoint {
            fmr,
            threshold: row.threshold,
            supported: row.supported,
            upper_95: row.fmr_upper_95,
        })
    });
    let points = points.collect::<Result<Vec<_>, OpenError>>()?;
    Calibration::new(ModelId::new(model)?, points).map_err(|source| OpenError::Calibration {
        model: model.to_owned(),
        source,
    })
}
