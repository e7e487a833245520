//! The options that every command shares, and the engine they make.

use crate::clock::MachineClock;
use crate::failure::Failure;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use countenance_core::{Engine, Isa, Networks, Options, Precision};
use countenance_models::{AddedRole, Manifest, Store, Weights};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// More threads than this share no network usefully.
const MOST_THREADS: u16 = 256;

/// Options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct EngineArgs {
    /// Take the weights from this folder instead of the built-in ones
    ///
    /// A file stands there under its SHA-256 or under the name it has in its package. Its digest is checked
    /// all the same: weights other than the pinned ones are refused.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) models: Option<PathBuf>,

    /// Run the kernels of this instruction set instead of the best this machine has
    ///
    /// `countenance doctor` lists those that this machine can run.
    #[arg(
        long,
        value_name = "NAME",
        global = true,
        value_parser = isa_names(),
    )]
    pub(crate) isa: Option<Isa>,

    /// The arithmetic of the heavy layers
    ///
    /// `auto` is the fastest that keeps the accuracy on this machine; `f32` is the reference.
    #[arg(
        long,
        value_name = "NAME",
        global = true,
        default_value = Precision::Auto.name(),
        value_parser = precision_names(),
    )]
    pub(crate) precision: Precision,

    /// Threads that share the work on one picture
    #[arg(
        long,
        value_name = "N",
        global = true,
        default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_THREADS)),
    )]
    pub(crate) threads: u16,
}

fn isa_names() -> impl TypedValueParser<Value = Isa> {
    PossibleValuesParser::new(Isa::ALL.map(Isa::name)).try_map(|name| name.parse::<Isa>())
}

fn precision_names() -> impl TypedValueParser<Value = Precision> {
    PossibleValuesParser::new(Precision::ALL.map(Precision::name))
        .try_map(|name| name.parse::<Precision>())
}

impl EngineArgs {
    /// How networks are to be run.
    pub(crate) fn options(&self) -> Result<Options, Failure> {
        let isa = self.isa.unwrap_or_else(Isa::detect);
        if !isa.is_available() {
            let available: Vec<&str> = Isa::available().map(Isa::name).collect();
            return Err(Failure::usage(
                format!("this machine cannot run the instruction set {isa}"),
                format!("choose --isa from: {}", available.join(", ")),
            ));
        }
        Ok(Options {
            isa,
            precision: self.precision,
            threads: usize::from(self.threads),
        })
    }

    /// The weights; those of the program are checked when they are used.
    pub(crate) fn weights(&self) -> Result<Weights, Failure> {
        match &self.models {
            Some(folder) => Ok(Weights::from_dir(folder)?),
            None => built_in(),
        }
    }

    /// The networks, ready to be planned.
    pub(crate) fn networks(&self) -> Result<Networks, Failure> {
        let options = self.options()?;
        let manifest = Manifest::shipped()?;
        Ok(Networks::load(&manifest, &self.weights()?, &options)?)
    }

    /// The engine of those networks.
    pub(crate) fn engine(&self) -> Result<Engine, Failure> {
        self.engine_with(None)
    }

    /// The same with the networks of passive liveness that stand in a folder, if one is named.
    pub(crate) fn engine_with(&self, passive: Option<&Path>) -> Result<Engine, Failure> {
        let mut networks = self.networks()?;
        if let Some(folder) = passive {
            let (manifest, store) = (Manifest::shipped()?, Store::new(folder));
            let added = manifest.added().iter();
            for spec in added.filter(|spec| spec.role == AddedRole::PassiveLiveness) {
                networks.add_passive_liveness(spec, spec.read(&store)?)?;
            }
        }
        Ok(networks.engine(Arc::new(MachineClock::start()))?)
    }
}

#[cfg(feature = "embed")]
fn built_in() -> Result<Weights, Failure> {
    Ok(Weights::embedded()?)
}

#[cfg(not(feature = "embed"))]
fn built_in() -> Result<Weights, Failure> {
    Err(Failure::usage(
        "this program was built without weights",
        "name a folder with the pinned weights: --models DIR",
    ))
}
