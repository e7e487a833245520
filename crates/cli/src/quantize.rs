//! `countenance quantize`: the activation ranges that 8-bit layers are built on.

use crate::calibrate::today;
use crate::engine::EngineArgs;
use crate::evaluate::acquire::acquire;
use crate::evaluate::pictures::Pictures;
use crate::evaluate::{command_line, data_set_policy, write_file};
use crate::exit::Exit;
use crate::failure::Outcome;
use anyhow::Context as _;
use countenance_core::{Engine, EngineParts, ModelId, Options, Precision, Size};
use countenance_core::{Networks, color_order, spec_of};
use countenance_models::{ActivationRanges, Manifest, Role, TensorRange};
use countenance_net::{Net, Network, RangeRecorder, Ranges, RunError};
use countenance_vision::CROP_SIDE;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Measure the activation ranges of the embedding network for 8-bit arithmetic.
///
/// Runs the network in f32 over aligned faces of development pictures, records how far the
/// activations of every channel reach, and writes the steps that cover them into a file that
/// the next build carries. A quantile below 1 lets rare extremes be clamped so that all other
/// values get finer steps. What 8 bits then cost is measured with `countenance evaluate
/// --precision int8`, on other pictures.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Example:
  countenance quantize --images lfw-dev/images --data-set 'LFW View 1 (development)' \\
      --out models/calibration/sface-2021dec.ranges.toml")]
pub(crate) struct Args {
    /// Folder with one folder of pictures per person
    #[arg(long, value_name = "DIR")]
    images: PathBuf,

    /// Name of the data set, for the record
    #[arg(long, value_name = "TEXT")]
    data_set: String,

    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// How many pictures to use, spread evenly over the folder
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pictures: u32,

    /// Share of the pictures' extremes that the ranges cover, 0.5 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.99, value_parser = share)]
    quantile: f64,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text
        .parse()
        .map_err(|_| format!("{text:?} is not a number"))?;
    if (0.5..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("it is not between 0.5 and 1".to_owned())
    }
}

/// A recorder that stands where the embedding network would.
struct Shared(Arc<Mutex<RangeRecorder>>, Option<Vec<f32>>);

impl Net for Shared {
    fn input_size(&self) -> Size {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .input_size()
    }

    fn run(&mut self, pixels: &[u8]) -> Result<(), RunError> {
        let mut recorder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recorder.run(pixels)?;
        self.1 = recorder.output("fc1").map(<[f32]>::to_vec);
        Ok(())
    }

    fn output(&self, name: &str) -> Option<&[f32]> {
        (name == "fc1").then_some(self.1.as_deref()).flatten()
    }
}

/// Measures the ranges.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    let manifest = Manifest::shipped()?;
    let spec = spec_of(&manifest, Role::Embedder)?;
    let weights = engine.weights()?;
    let options = Options {
        precision: Precision::F32,
        threads: 1,
        ..engine.options()?
    };
    let file = weights.get(&spec.id).context("there are no weights")?;
    let size = Size {
        width: CROP_SIDE,
        height: CROP_SIDE,
    };
    let recorder = RangeRecorder::new(file.bytes()?, color_order(spec)?, options.isa, size)?;
    let recorder = Arc::new(Mutex::new(recorder));
    let detector = Networks::load(&manifest, &weights, &options)?.detector;
    let embedder = Arc::clone(&recorder);
    let parts = EngineParts::new(
        ModelId::new(&spec.id)?,
        Arc::new(move |size| Ok(Box::new(Network::plan(&detector, size, 1)?))),
        Arc::new(move |_| Ok(Box::new(Shared(Arc::clone(&embedder), None)))),
    );
    let pictures = Pictures::of_folder(&args.images)?.spread(args.pictures as usize);
    let policy = data_set_policy(false);
    acquire(&Engine::new(parts), &args.images, &pictures, &policy, 1)?;
    let recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
    let ranges = recorder.ranges(args.quantile);
    let file = described(args, &spec.id, recorder.pictures(), ranges);
    write_file(&args.out, &file.to_toml()?)?;
    say!(
        "{}: ranges of {} tensors from {} pictures, in {}",
        spec.id,
        file.layers.len(),
        file.pictures,
        args.out.display()
    );
    Ok(Exit::Success)
}

/// The ranges with their provenance. Scales keep four digits: what is measured is no more
/// exact, and the file stays readable.
fn described(args: &Args, model: &str, pictures: usize, ranges: Ranges) -> ActivationRanges {
    let layers = ranges.layers.into_iter().map(|layer| TensorRange {
        tensor: layer.tensor,
        scale: layer.scale.into_iter().map(four_digits).collect(),
        zero: layer.zero.into_iter().map(|zero| zero as u8).collect(),
    });
    ActivationRanges {
        model: model.to_owned(),
        data_set: args.data_set.clone(),
        pictures,
        quantile: args.quantile,
        command: command_line(),
        date: today(),
        layers: layers.collect(),
    }
}

fn four_digits(value: f32) -> f32 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_keep_four_digits() {
        assert_eq!(four_digits(0.012_345_678).to_string(), "0.01235");
    }

    #[test]
    fn a_share_outside_its_range_is_refused() {
        assert!(share("0.99").is_ok());
        assert!(share("0.4").is_err());
        assert!(share("1.01").is_err());
        assert!(share("most").is_err());
    }
}
