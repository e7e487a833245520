//! `countenance calibrate`: from false-match rates to thresholds, by measuring.

use crate::clock::date_of;
use crate::engine::EngineArgs;
use crate::evaluate::acquire::{Acquired, acquire};
use crate::evaluate::measure::{self, Against, Compared, Rates};
use crate::evaluate::pictures::{Pictures, Subjects};
use crate::evaluate::{command_line, data_set_policy, grouped, write_file};
use crate::exit::Exit;
use crate::failure::Outcome;
use anyhow::Context as _;
use countenance_core::{FalseMatchRate, Precision};
use countenance_gallery::statistics::OperatingPoint;
use countenance_models::{Calibration, CalibrationRow, CalibrationTable, Extraction};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Measure which threshold stands for which false-match rate.
///
/// Makes a template of every picture in a folder of one folder per person, compares every
/// picture with every picture of all other people, and writes the threshold at each
/// false-match rate into the calibration file of the model, with the data set, the counts and
/// the date. For each rate it says whether the data support it: the upper 95 % bound of the
/// false-match rate, by bootstrap over people, is at most twice the rate.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
The table is kept per way of making templates (--precision, --flip-averaging); the other tables
of the file stay. A program built after that decides by the new table. Thresholds decide who
passes: a change of them is a breaking change.

Example:
  countenance calibrate --images lfw-dev/images --data-set 'LFW View 1 (development)' \\
      --out models/calibration/sface-2021dec.toml --precision f32 --threads 8")]
pub(crate) struct Args {
    /// Folder with one folder of pictures per person
    #[arg(long, value_name = "DIR")]
    images: PathBuf,

    /// Corrections of the data set: lines `PICTURE,SUBJECT`, where a folder's name is wrong
    ///
    /// The picture counts as one of that subject; without a subject it is left out. Lines that begin
    /// with # are remarks. Without this, each error of the data set counts as an error of the model.
    #[arg(long, value_name = "FILE")]
    corrections: Option<PathBuf>,

    /// Name of the data set, for the record
    #[arg(long, value_name = "TEXT")]
    data_set: String,

    /// Calibration file of the model; it is made if there is none
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Average in the mirrored face: thresholds for templates made that way
    #[arg(long)]
    flip_averaging: bool,
}

/// Calibrates.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    let mut pictures = Pictures::of_folder(&args.images)?;
    if let Some(path) = &args.corrections {
        let named = || path.display().to_string();
        let lines = fs::read_to_string(path).with_context(named)?;
        let corrected = pictures.correct(&lines).with_context(named)?;
        eprintln!("{corrected} pictures of the data set are corrected");
    }
    let subjects = pictures
        .subjects_by_name()
        .context("pictures have no subjects")?;
    let networks = EngineArgs {
        threads: 1,
        ..engine.clone()
    }
    .networks()?;
    // What `auto` came to on this machine: the table is of that.
    let precision = networks.embedder.precision();
    let built = networks.engine(std::sync::Arc::new(crate::clock::MachineClock::start()))?;
    let model = built.model().as_str();
    // Before the long work, whether its result can be kept.
    let mut calibration = read(&args.out, model)?;
    let policy = data_set_policy(args.flip_averaging);
    let threads = usize::from(engine.threads);
    let acquired = acquire(&built, &args.images, &pictures, &policy, threads)?;
    let genuine = measure::all_genuine(&acquired.templates, &subjects)?;
    let rates = measure::rates(&genuine, Against::All, &acquired.templates, &subjects)?;
    let table = table(args, precision, &subjects, &acquired, &rates);
    print(model, &table);
    print_worst(&rates.worst_impostor, &pictures);
    calibration.replace(table)?;
    write_file(&args.out, &calibration.to_toml()?)?;
    Ok(Exit::Success)
}

/// The calibration so far.
fn read(path: &Path, model: &str) -> anyhow::Result<Calibration> {
    let named = || path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => {
            let calibration = Calibration::parse(&text).with_context(named)?;
            anyhow::ensure!(
                calibration.model() == model,
                "{} is of model {}, not {model}",
                named(),
                calibration.model()
            );
            Ok(calibration)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Calibration::new(model)),
        Err(error) => Err(error).with_context(named),
    }
}

fn table(
    args: &Args,
    precision: Precision,
    subjects: &Subjects,
    acquired: &Acquired,
    rates: &Rates,
) -> CalibrationTable {
    let row = |point: &OperatingPoint| {
        CalibrationRow::new(
            point.target.rate(),
            point.threshold,
            point.fmr_high,
            point.fnmr,
        )
    };
    CalibrationTable {
        extraction: Extraction {
            precision: precision.name().to_owned(),
            flip_averaged: args.flip_averaging,
        },
        data_set: args.data_set.clone(),
        command: command_line(),
        date: today(),
        subjects: u64::from(subjects.count),
        images: (acquired.templates.len() - acquired.failures.len()) as u64,
        failed_to_acquire: acquired.failures.len() as u64,
        genuine: rates.genuine.count() as u64,
        impostor: rates.impostor.count() as u64,
        rows: rates.points.iter().map(row).collect(),
    }
}

fn print(model: &str, table: &CalibrationTable) {
    say!(
        "{model} on {}: {} pictures of {} people, {} impostor comparisons\n",
        table.data_set,
        grouped(table.images as usize),
        grouped(table.subjects as usize),
        grouped(table.impostor as usize),
    );
    say!(
        "{:>6}  {:>9}  {:>8}  {:>14}",
        "FMR",
        "threshold",
        "FNMR",
        "FMR at most"
    );
    for row in &table.rows {
        let rate = FalseMatchRate::new(row.fmr).map_or(String::new(), |rate| rate.to_string());
        say!(
            "{rate:>6}  {:>9.4}  {:>6.2} %  {:>14.2e}{}",
            row.threshold,
            row.fnmr * 100.0,
            row.fmr_upper_95,
            if row.supported {
                ""
            } else {
                "  not supported by the data"
            },
        );
    }
}

/// The comparisons that decide the strictest rates: errors of the data set are found here.
fn print_worst(worst: &[Compared], pictures: &Pictures) {
    say!("\nThe most alike pictures of two people:");
    for compared in worst {
        let [a, b] = compared
            .pictures
            .map(|picture| pictures.path(picture).display());
        say!("  {:.4}  {a}  {b}", compared.score);
    }
}

/// The day by the machine's clock in UTC, `YYYY-MM-DD`; a clock before 1970 gives 1970-01-01.
pub(crate) fn today() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    date_of(seconds / 86_400)
}
