//! `countenance doctor`: is this machine ready?

mod known_answers;
mod machine;
mod people;
mod plan;
mod self_test;

use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::RegistryArgs;
use crate::terminal::{FAINT, GREEN, RED, YELLOW, plain};
use countenance_core::Isa;
use countenance_models::{Manifest, Role};
use machine::MachineJson;
use self_test::CheckJson;
use serde::Serialize;
use std::io::{self, Write};

/// Is this machine ready?
///
/// Shows what the processor can do and which kernels that chooses, checks the digest of the weights, and runs
/// every network on a drawn face with every instruction set of this machine: the results must be the known ones,
/// which another implementation gave for the same weights and pictures.
///
/// With --data it also opens the data folder and says what the theft of its disk would give away.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance doctor
      A page to read.
  countenance doctor --json
      The same for a program or a report of a fault.
  countenance doctor --models folder
      Check the weights in a folder.
  countenance doctor --data vault
      Does the data folder open, and would a thief of the disk learn anything?
  countenance doctor --plan sface --precision int8
      The steps of a network on this machine, and where its time goes.

Exit codes:
  0  everything is in order
  2  the command line makes no sense
  4  weights are missing or altered, a network gives other results than it should, or the data
     folder does not open or is open to others

JSON: version, machine (processor, features, isa, isas), models (each id, role, license, bytes,
sha256, source), calibrated_fmr, checks (each network, isa, precision, deviation, tolerance,
passed), people with --data (folder, root_key, theft_survived, promise, folder_private,
erased_at_once, error), healthy.")]
pub(crate) struct Args {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,

    /// Describe how a network runs here, step by step, instead
    #[arg(long, value_name = "NETWORK")]
    plan: Option<plan::Planned>,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// The document that `--json` prints.
#[derive(Debug, Serialize)]
struct DoctorJson {
    version: &'static str,
    machine: MachineJson,
    models: Vec<ModelJson>,
    /// The false-match rates that verify can be asked for, the loosest first.
    calibrated_fmr: Vec<f64>,
    checks: Vec<CheckJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<people::PeopleJson>,
    healthy: bool,
}

#[derive(Debug, Serialize)]
struct ModelJson {
    id: String,
    role: &'static str,
    license: String,
    bytes: u64,
    sha256: String,
    source: String,
}

/// Looks at everything and says what it found.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    if let Some(planned) = args.plan {
        return plan::run(planned, args.json, engine);
    }
    let findings = examine(engine, people::examine(&args.registry)?)?;
    if args.json {
        json::print(&findings)?;
    } else {
        write(&mut anstream::stdout().lock(), &findings)?;
    }
    Ok(if findings.healthy {
        Exit::Success
    } else {
        Exit::Failed
    })
}

fn examine(engine: &EngineArgs, people: Option<people::PeopleJson>) -> Result<DoctorJson, Failure> {
    let options = engine.options()?;
    let manifest = Manifest::shipped()?;
    // A digest that is not the pinned one ends here, with the file and both digests.
    let weights = engine.weights()?;
    weights.check()?;
    let source = engine.models.as_ref().map_or_else(
        || "built in".to_owned(),
        |folder| folder.display().to_string(),
    );
    let models = manifest.models().iter().map(|model| ModelJson {
        id: model.id.clone(),
        role: match model.role {
            Role::Detector => "detector",
            Role::Embedder => "embedder",
            Role::Mesh => "mesh",
            Role::Text => "text",
            _ => "other",
        },
        license: model.license.clone(),
        bytes: model.bytes,
        sha256: model.sha256.to_string(),
        source: source.clone(),
    });
    let models = models.collect();
    let isas: Vec<Isa> = match engine.isa {
        Some(isa) => vec![isa],
        None => Isa::available().collect(),
    };
    let checks = self_test::run(&manifest, &weights, &options, &isas)?;
    let calibrated = engine.networks()?.calibrations.plain;
    Ok(DoctorJson {
        version: env!("CARGO_PKG_VERSION"),
        machine: machine::look(options.isa),
        models,
        calibrated_fmr: calibrated.map_or_else(Vec::new, |calibration| {
            let points = calibration.points().iter();
            points.map(|point| point.fmr.rate()).collect()
        }),
        healthy: checks.iter().all(|check| check.passed)
            && people.as_ref().is_none_or(people::PeopleJson::is_in_order),
        checks,
        people,
    })
}

fn write(out: &mut impl Write, findings: &DoctorJson) -> io::Result<()> {
    let machine = &findings.machine;
    writeln!(out, "countenance {}", findings.version)?;
    writeln!(out)?;
    writeln!(out, "machine")?;
    writeln!(out, "  processor  {}", machine.processor)?;
    writeln!(out, "  features   {}", machine.features.join(" "))?;
    writeln!(
        out,
        "  kernels    {} {FAINT}(of {}){FAINT:#}",
        machine.isa,
        machine.isas.join(", ")
    )?;
    writeln!(out, "models")?;
    for model in &findings.models {
        writeln!(
            out,
            "  {:<15}{GREEN}digest ok{GREEN:#}  {}, {}, {} bytes, {}",
            model.id,
            model.role,
            model.license,
            model.bytes,
            plain(&model.source)
        )?;
        writeln!(out, "  {:<15}{FAINT}{}{FAINT:#}", "", model.sha256)?;
    }
    if findings.calibrated_fmr.is_empty() {
        writeln!(
            out,
            "  {YELLOW}not calibrated{YELLOW:#}: verify has no thresholds; run `countenance calibrate`"
        )?;
    } else {
        let rates: Vec<String> = findings
            .calibrated_fmr
            .iter()
            .map(|rate| format!("{rate:e}"))
            .collect();
        writeln!(
            out,
            "  thresholds for false-match rates {}",
            rates.join(", ")
        )?;
    }
    writeln!(
        out,
        "self-test {FAINT}(a drawn face, known answers){FAINT:#}"
    )?;
    for check in &findings.checks {
        let (style, verdict) = if check.passed {
            (GREEN, "ok")
        } else {
            (RED, "wrong")
        };
        writeln!(
            out,
            "  {:<15}{style}{verdict:<7}{style:#}{:<11} {:<5} {FAINT}off by {:.0e}, at most {:e}{FAINT:#}",
            check.network, check.isa, check.precision, check.deviation, check.tolerance
        )?;
    }
    if let Some(found) = &findings.people {
        people::write(out, found)?;
    }
    writeln!(out)?;
    if findings.healthy {
        writeln!(out, "{GREEN}Everything is in order.{GREEN:#}")
    } else if findings.checks.iter().all(|check| check.passed) {
        writeln!(out, "{RED}See to the data folder first.{RED:#}")
    } else {
        writeln!(
            out,
            "{RED}Do not use this machine or build:{RED:#} a network gives other results than it should."
        )
    }
}
