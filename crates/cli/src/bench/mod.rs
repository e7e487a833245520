//! `countenance bench`: how fast is this machine?

mod scene;
mod stages;
mod stopwatch;

use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json::{self, milliseconds};
use crate::terminal::{self, FAINT};
use scene::Scene;
use serde::Serialize;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use stopwatch::Measured;

/// How fast is this machine?
///
/// Measures every stage on its own, warm, and then a whole verification: a 1280x720 JPEG against a template. The
/// picture is drawn by the program, the same everywhere, so that numbers of two machines can be compared; with
/// --image it is yours. Nothing else should run on the machine meanwhile.
///
/// The stages: decode_720p (JPEG to pixels), detect_160 and detect_320 (one run of the detector network on 160x160 and
/// 320x320 pixels), align (face to crop, with its quality), embed (crop to template), match (two templates to a score),
/// verify_720p (all of it: decode, search at the scales the picture needs, align, embed, match).
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance bench
      One thread, the best kernels of this machine.
  countenance bench --isa avx2 --precision f32 --threads 2
      How another machine or setting would do.
  countenance bench --json --seconds 5 > bench.json
      Longer, for a record.

JSON: stages, each with stage, median_ms, p95_ms, isa, precision and threads. The last three are
the settings of the run; decode_720p, align and match do not depend on them.")]
pub(crate) struct Args {
    /// Print the measurements as JSON
    #[arg(long)]
    json: bool,

    /// Measure each stage for so many seconds
    #[arg(long, value_name = "S", default_value_t = 1.0, value_parser = seconds)]
    seconds: f64,

    /// Measure on this picture, fitted into 1280x720, instead of the drawn one
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
}

/// A time per stage that ends.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.01..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("not a number of seconds from 0.01 to 3600".to_owned()),
    }
}

/// The document that `--json` prints.
#[derive(Debug, Serialize)]
struct BenchJson {
    stages: Vec<StageJson>,
}

#[derive(Debug, Serialize)]
struct StageJson {
    stage: &'static str,
    median_ms: f64,
    p95_ms: f64,
    isa: &'static str,
    precision: &'static str,
    threads: usize,
}

/// A measured stage and the arithmetic it ran in.
struct Row {
    stage: &'static str,
    precision: &'static str,
    measured: Measured,
}

/// Measures every stage.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    let options = engine.options()?;
    let scene = match &args.image {
        Some(path) => Scene::of_file(path)?,
        None => Scene::drawn()?,
    };
    let time = Duration::from_secs_f64(args.seconds);
    let rows = stages::measure(&scene, engine, time)?;
    if args.json {
        let stages = rows.iter().map(|row| StageJson {
            stage: row.stage,
            median_ms: precise(row.measured.median),
            p95_ms: precise(row.measured.p95),
            isa: options.isa.name(),
            precision: row.precision,
            threads: options.threads,
        });
        json::print(&BenchJson {
            stages: stages.collect(),
        })?;
        return Ok(Exit::Success);
    }
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "{:<14}{:>12}{:>12}  precision",
        "stage", "median ms", "p95 ms"
    )?;
    for row in &rows {
        writeln!(
            out,
            "{:<14}{:>12}{:>12}  {}",
            row.stage,
            milliseconds_text(row.measured.median),
            milliseconds_text(row.measured.p95),
            row.precision
        )?;
    }
    let threads = match options.threads {
        1 => "1 thread".to_owned(),
        several => format!("{several} threads"),
    };
    writeln!(
        out,
        "\n{FAINT}{}, {threads}; {}{FAINT:#}",
        options.isa, scene.description
    )?;
    Ok(Exit::Success)
}

/// A comparison takes nanoseconds: more digits than for a whole stage.
fn precise(time: Duration) -> f64 {
    if time < Duration::from_micros(10) {
        json::rounded(time.as_secs_f64() * 1e3, 6)
    } else {
        milliseconds(time)
    }
}

fn milliseconds_text(time: Duration) -> String {
    if time < Duration::from_micros(10) {
        format!("{:.6}", time.as_secs_f64() * 1e3)
    } else {
        terminal::milliseconds(time)
    }
}

/// A picture that shows no face to measure on.
fn faceless(cause: &str) -> Failure {
    Failure::from(anyhow::anyhow!("picture cannot be measured on: {cause}"))
        .with_hint("name a picture with one clear face, or leave out --image")
}
