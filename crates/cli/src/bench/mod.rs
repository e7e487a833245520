//! `countenance bench`: how fast is this machine?

mod document;
mod frame;
mod gallery;
mod npy;
mod people;
mod scene;
mod stages;
mod stopwatch;

use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json::{self, milliseconds};
use crate::terminal::{self, FAINT};
use gallery::{Files, Report};
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
///
/// With --document and --selfie: check_document (a whole check of a document against a photo of its holder), and of each
/// check check_zone (the machine-readable zone) and check_faces (all the rest).
///
/// With --frame: frame_first and frame_next (a frame of a session, 640x480: decode, find the face, lay the mesh, all cues; the next
/// looks where the face was).
///
/// With --gallery or --gallery-file: identify (one probe among all), identify_batch (the time per probe of 16
/// that share one pass) and insert (one template into the index). Every search is exact.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance bench
      One thread, the best kernels of this machine.
  countenance bench --isa avx2 --precision f32 --threads 2
      How another machine or setting would do.
  countenance bench --json --seconds 5 > bench.json
      Longer, for a record.
  countenance bench --document passport.jpg --selfie today.jpg
      What a check of this document takes.
  countenance bench --frame today.jpg
      What a frame of a live session takes.
  countenance bench --gallery 1000000
      One probe among a million synthetic templates, at the threshold for FMR 1e-5.
  countenance bench --gallery-file g.npy --probes p.npy --answers a.npy --threshold 0.47
      Rows of float32 in, for each probe the best row at or above the threshold out (int64, -1 for
      none): check them with any other engine.

JSON: stages, each with stage, median_ms, p95_ms, p99_ms, isa, precision and threads. The last three are
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

    /// Measure the check of this picture of a document instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["image", "gallery", "gallery_file"], requires = "selfie")]
    document: Option<PathBuf>,

    /// The photo of its holder
    #[arg(long, value_name = "FILE", requires = "document")]
    selfie: Option<PathBuf>,

    /// Measure a frame of a session with this photo of a person instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["image", "document", "gallery", "gallery_file"])]
    frame: Option<PathBuf>,

    /// Measure identification among so many synthetic templates instead
    #[arg(long, value_name = "N", conflicts_with_all = ["image", "gallery_file"], value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    gallery: Option<u32>,

    /// Measure identification among the rows of this array file (float32, .npy) instead
    #[arg(long, value_name = "FILE", conflicts_with = "image", requires_all = ["probes", "answers", "threshold"])]
    gallery_file: Option<PathBuf>,

    /// Search for each row of this array file
    #[arg(long, value_name = "FILE", requires = "gallery_file")]
    probes: Option<PathBuf>,

    /// Write the answers into this array file
    #[arg(long, value_name = "FILE", requires = "gallery_file")]
    answers: Option<PathBuf>,

    /// The smallest score that counts as found
    #[arg(long, value_name = "SCORE", requires = "gallery_file", value_parser = score, allow_negative_numbers = true)]
    threshold: Option<f32>,
}

/// A comparison score.
fn score(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(score) if (-1.0..=1.0).contains(&score) => Ok(score),
        _ => Err("not a score from -1 to 1".to_owned()),
    }
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
    p99_ms: f64,
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
    let time = Duration::from_secs_f64(args.seconds);
    let Report { rows, description } = if let Some(count) = args.gallery {
        gallery::synthetic(count as usize, engine, time)?
    } else if let Some(files) = Files::of(args)? {
        gallery::files(&files, engine)?
    } else if let (Some(document), Some(selfie)) = (&args.document, &args.selfie) {
        document::check(document, selfie, engine, time)?
    } else if let Some(photo) = &args.frame {
        frame::see(photo, engine, time)?
    } else {
        let scene = match &args.image {
            Some(path) => Scene::of_file(path)?,
            None => Scene::drawn()?,
        };
        let rows = stages::measure(&scene, engine, time)?;
        let description = scene.description;
        Report { rows, description }
    };
    if args.json {
        let stages = rows.iter().map(|row| StageJson {
            stage: row.stage,
            median_ms: precise(row.measured.median),
            p95_ms: precise(row.measured.p95),
            p99_ms: precise(row.measured.p99),
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
        "{:<14}{:>12}{:>12}{:>12}  precision",
        "stage", "median ms", "p95 ms", "p99 ms"
    )?;
    for row in &rows {
        writeln!(
            out,
            "{:<14}{:>12}{:>12}{:>12}  {}",
            row.stage,
            milliseconds_text(row.measured.median),
            milliseconds_text(row.measured.p95),
            milliseconds_text(row.measured.p99),
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
        options.isa, description
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
        .with_hint("name a picture that can be measured on, or leave it out")
}
