//! `countenance doctor --plan`: what a network's plan is and where its time goes.

use crate::clock::MachineClock;
use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use countenance_core::{Clock as _, Precision, Size};
use countenance_net::{Isa, StepReport, peak_macs};
use countenance_vision::{CROP_SIDE, MeshFinder};
use serde::Serialize;
use std::io::{self, Write};

/// Runs whose median is shown.
const RUNS: usize = 51;

/// A network that can be described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Planned {
    /// The embedding network.
    Sface,
    /// The face detector, for 320 x 320 pixels.
    Yunet,
    /// The face mesh.
    Facemesh,
}

#[derive(Debug, Serialize)]
struct PlanJson {
    network: &'static str,
    width: usize,
    height: usize,
    isa: &'static str,
    precision: &'static str,
    threads: u16,
    /// What one core multiplies at best in this arithmetic, in 1e9 a second.
    peak_gmacs: f64,
    weight_bytes: usize,
    buffer_bytes: usize,
    steps: Vec<StepJson>,
    total_ms: f64,
}

#[derive(Debug, Serialize)]
struct StepJson {
    kernel: String,
    /// Channels, rows and columns of the result.
    shape: [usize; 3],
    macs: usize,
    bytes: usize,
    median_ms: f64,
    /// Share of the peak, in 0..=1.
    of_peak: f64,
}

/// Describes a plan.
pub(crate) fn run(planned: Planned, as_json: bool, engine: &EngineArgs) -> Outcome {
    let plan = measure(planned, engine)?;
    if as_json {
        json::print(&plan)?;
    } else {
        write(&mut anstream::stdout().lock(), &plan)?;
    }
    Ok(Exit::Success)
}

fn measure(planned: Planned, engine: &EngineArgs) -> Result<PlanJson, Failure> {
    let networks = engine.networks()?;
    let (network, model, side) = match planned {
        Planned::Sface => ("sface", networks.embedder.clone(), CROP_SIDE),
        Planned::Yunet => ("yunet", networks.detector.clone(), 320),
        Planned::Facemesh => ("facemesh", networks.mesh.model()?, MeshFinder::SIDE),
    };
    let model = &model;
    let mut planned = networks.plan(
        model,
        Size {
            width: side,
            height: side,
        },
    )?;
    // Any picture costs the same: no step looks at values.
    let pixels: Vec<u8> = (0..side * side * 3).map(|i| (i * 31 % 251) as u8).collect();
    let clock = MachineClock::start();
    let mut runs: Vec<Vec<StepReport>> = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let steps = planned
            .run_profiled(&pixels, &|| clock.elapsed())
            .map_err(anyhow::Error::new)?;
        runs.push(steps);
    }
    let peak = peak(model.isa(), model.precision(), &clock);
    let median = |step: usize| {
        let mut times: Vec<f64> = runs
            .iter()
            .map(|run| run[step].time.as_secs_f64() * 1e3)
            .collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let steps: Vec<StepJson> = planned
        .describe()
        .into_iter()
        .enumerate()
        .map(|(step, report)| {
            let median_ms = median(step);
            let of_peak = report.macs as f64 / 1e6 / (median_ms * peak).max(f64::MIN_POSITIVE);
            StepJson {
                kernel: report.kernel,
                shape: report.shape,
                macs: report.macs,
                bytes: report.bytes,
                median_ms,
                of_peak,
            }
        })
        .collect();
    Ok(PlanJson {
        network,
        width: side,
        height: side,
        isa: model.isa().name(),
        precision: model.precision().name(),
        threads: engine.threads,
        peak_gmacs: peak,
        weight_bytes: model.weight_bytes(),
        buffer_bytes: planned.buffer_bytes(),
        total_ms: steps.iter().map(|step| step.median_ms).sum(),
        steps,
    })
}

/// What this core multiplies at best, in 1e9 a second: the best of several short tries.
fn peak(isa: Isa, precision: Precision, clock: &MachineClock) -> f64 {
    let arithmetic = precision.arithmetic();
    let rate = || {
        let before = clock.elapsed();
        let macs = peak_macs(isa, arithmetic, 200_000).unwrap_or(0);
        macs as f64 / (clock.elapsed() - before).as_secs_f64() / 1e9
    };
    (0..8).map(|_| rate()).fold(0.0, f64::max)
}

fn write(out: &mut impl Write, plan: &PlanJson) -> io::Result<()> {
    writeln!(
        out,
        "{} for {}x{} pixels: {} on {}, {} thread{}",
        plan.network,
        plan.width,
        plan.height,
        plan.precision,
        plan.isa,
        plan.threads,
        if plan.threads == 1 { "" } else { "s" },
    )?;
    writeln!(
        out,
        "weights {:.1} MB, buffers {:.1} MB; a core multiplies {:.0} G/s at best in this arithmetic\n",
        plan.weight_bytes as f64 / 1e6,
        plan.buffer_bytes as f64 / 1e6,
        plan.peak_gmacs,
    )?;
    writeln!(
        out,
        "{:<34} {:>14} {:>8} {:>8} {:>8} {:>6}",
        "step", "result", "M MAC", "MB", "ms", "peak"
    )?;
    for step in &plan.steps {
        let [channels, height, width] = step.shape;
        writeln!(
            out,
            "{:<34} {:>14} {:>8.2} {:>8.2} {:>8.3} {:>5.0}%",
            step.kernel,
            format!("{channels}x{height}x{width}"),
            step.macs as f64 / 1e6,
            step.bytes as f64 / 1e6,
            step.median_ms,
            step.of_peak * 100.0,
        )?;
    }
    writeln!(
        out,
        "{:<34} {:>14} {:>8} {:>8} {:>8.3}",
        "all", "", "", "", plan.total_ms
    )
}
