//! Identification among many: how long one search takes, and whether its answers are right.

use super::npy::{self, Rows};
use super::people::{DIMENSIONS, People, SEED};
use super::stopwatch::{Measured, measure};
use super::{Args, Row};
use crate::engine::EngineArgs;
use crate::failure::Failure;
use crate::progress;
use anyhow::anyhow;
use countenance_gallery::{
    Candidate, CollectionIndex, Entry, FalseMatchRate, ModelId, Score, Searcher, Template,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// The rate whose threshold synthetic galleries are searched at: searching is for strict rates.
const SEARCHED_RATE: f64 = 1e-5;
/// Probes that share one pass.
const BATCH: usize = 16;
/// Templates that are put in for the stage `insert`, each time.
const INSERTED: u32 = 4096;

/// What was measured, and what was searched.
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
    pub(super) description: String,
}

fn row(stage: &'static str, measured: Measured) -> Row {
    Row {
        stage,
        precision: "int8",
        measured,
    }
}

/// Measures on `count` templates that are drawn so that strangers are as alike as the shipped model's.
pub(super) fn synthetic(
    count: usize,
    engine: &EngineArgs,
    time: Duration,
) -> Result<Report, Failure> {
    let options = engine.options()?;
    let networks = engine.networks()?;
    let calibration = networks
        .calibrations
        .of(false)
        .ok_or_else(|| anyhow!("the shipped model has no calibration"))?;
    let threshold = calibration.threshold(FalseMatchRate::new(SEARCHED_RATE)?)?;
    let threshold = Score::new(threshold.cosine())?;
    let people = People::like(calibration)?;

    // A search is measured; nothing of a person is here that a key would protect.
    let mut random = ChaCha20Rng::seed_from_u64(SEED);
    let model = calibration.model().clone();
    let index = CollectionIndex::new(&model, DIMENSIONS, options.isa, &mut random)?;
    let bar = progress::counting("making", "templates");
    for member in 0..count as u64 {
        let entry = Entry { member, number: 0 };
        index.insert(entry, &people.template(&model, member)?)?;
        if member % 4096 == 0 {
            bar.set_position(member);
        }
    }
    bar.finish_and_clear();

    let probes = people.probes(&model, count as u64)?;
    let mut searcher = Searcher::new(options.threads);
    let mut next = 0;
    let identify = measure(time, 1, || -> Result<(), Failure> {
        let probe = probes.get(next % probes.len()).ok_or_else(empty)?;
        let found = index.search(&mut searcher, &probe.template, threshold)?;
        probe.check(&found)?;
        next += 1;
        Ok(())
    })?;
    let templates: Vec<Template> = probes.iter().map(|probe| probe.template.clone()).collect();
    let batch = measure(time, 1, || -> Result<(), Failure> {
        let first = next * BATCH % (templates.len() - BATCH);
        let asked = templates.get(first..first + BATCH).ok_or_else(empty)?;
        std::hint::black_box(index.search_many(&mut searcher, asked, threshold)?);
        next += 1;
        Ok(())
    })?;
    // Before more are put in, for which there is room then.
    let bytes = index.bytes() as f64 / count.max(1) as f64;
    let insert = inserting(&index, &templates, count as u64, time)?;
    let description = format!(
        "{count} synthetic templates of {DIMENSIONS} values at the threshold for FMR {SEARCHED_RATE:e}, \
         {bytes:.0} bytes each; identify_batch is the time per probe of {BATCH} together, insert per template"
    );
    Ok(Report {
        rows: vec![
            row("identify", identify),
            row("identify_batch", per(batch, BATCH as u32)),
            row("insert", insert),
        ],
        description,
    })
}

fn empty() -> Failure {
    Failure::from(anyhow!("no probes"))
}

fn per(measured: Measured, count: u32) -> Measured {
    Measured {
        median: measured.median / count,
        p95: measured.p95 / count,
        p99: measured.p99 / count,
    }
}

/// The time to put one template in.
fn inserting(
    index: &CollectionIndex,
    templates: &[Template],
    first: u64,
    time: Duration,
) -> Result<Measured, Failure> {
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < 5 || start.elapsed() < time {
        let begin = Instant::now();
        for (place, template) in (0..INSERTED).zip(templates.iter().cycle()) {
            let member = first + u64::from(place);
            index.insert(Entry { member, number: 0 }, template)?;
        }
        times.push(begin.elapsed() / INSERTED);
        for place in 0..INSERTED {
            index.remove(first + u64::from(place));
        }
    }
    Ok(Measured::of(times))
}

/// The files of a run that others can check.
pub(super) struct Files<'a> {
    pub(super) gallery: &'a Path,
    pub(super) probes: &'a Path,
    pub(super) answers: &'a Path,
    pub(super) threshold: f32,
}

impl<'a> Files<'a> {
    /// The files of the command line, if it names any.
    pub(super) fn of(args: &'a Args) -> Result<Option<Self>, Failure> {
        let named = (
            args.gallery_file.as_deref(),
            args.probes.as_deref(),
            args.answers.as_deref(),
            args.threshold,
        );
        match named {
            (Some(gallery), Some(probes), Some(answers), Some(threshold)) => Ok(Some(Self {
                gallery,
                probes,
                answers,
                threshold,
            })),
            (None, ..) => Ok(None),
            _ => Err(Failure::usage(
                "--gallery-file is there without --probes, --answers or --threshold",
                "'countenance bench --help' has an example with all four",
            )),
        }
    }
}

/// Searches for each row of a file among those of another, and writes which row is the best at or above the
/// threshold, or −1. Rows are compared as they stand in the files, scaled to length 1.
pub(super) fn files(files: &Files<'_>, engine: &EngineArgs) -> Result<Report, Failure> {
    let options = engine.options()?;
    let gallery = Rows::read(files.gallery)?;
    let probes = Rows::read(files.probes)?;
    if gallery.columns != probes.columns {
        return Err(Failure::usage(
            format!(
                "rows of {} values in the gallery, of {} in the probes",
                gallery.columns, probes.columns
            ),
            "both files must come from one model",
        ));
    }
    let threshold = Score::new(files.threshold)?;
    let model = ModelId::new("file")?;
    let template = |rows: &Rows, number: usize, path: &Path| {
        Template::from_embedding(model.clone(), rows.row(number))
            .map_err(|error| Failure::from(error).about(format!("{} row {number}", path.display())))
    };
    // The index keeps 8 bits of a value, as records do. It is asked for everybody who could reach the threshold
    // before that rounding, and those are compared with the rows as they are.
    let mut random = ChaCha20Rng::seed_from_u64(SEED);
    let index = CollectionIndex::new(&model, gallery.columns, options.isa, &mut random)?;
    let mut lost = 0.0_f64;
    let bar = progress::counting("reading", "rows");
    for number in 0..gallery.len() {
        let one = template(&gallery, number, files.gallery)?;
        lost = lost.max(rounding(&one));
        let member = number as u64;
        index.insert(Entry { member, number: 0 }, &one)?;
        if number % 4096 == 0 {
            bar.set_position(member);
        }
    }
    bar.finish_and_clear();
    let asked = Score::new((f64::from(files.threshold) - lost - 1e-5).max(-1.0) as f32)?;
    let best = |probe: &Template, found: &[Candidate]| -> Result<i64, Failure> {
        let mut best: Option<(Score, u64)> = None;
        for one in found {
            let row = template(&gallery, one.entry.member as usize, files.gallery)?;
            let score = row.compare(probe)?;
            let better = best.is_none_or(|(known, number)| {
                score > known || (score == known && one.entry.member < number)
            });
            if score >= threshold && better {
                best = Some((score, one.entry.member));
            }
        }
        Ok(best.map_or(-1, |(_, member)| member as i64))
    };
    let mut searcher = Searcher::new(options.threads);
    let (mut answers, mut times, mut templates) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..probes.len() {
        let probe = template(&probes, number, files.probes)?;
        let begin = Instant::now();
        let found = index.search(&mut searcher, &probe, asked)?;
        answers.push(best(&probe, &found)?);
        times.push(begin.elapsed());
        templates.push(probe);
    }
    let mut batches = Vec::new();
    let mut together = Vec::new();
    for batch in templates.chunks(BATCH) {
        let begin = Instant::now();
        let found = index.search_many(&mut searcher, batch, asked)?;
        for (probe, found) in batch.iter().zip(&found) {
            together.push(best(probe, found)?);
        }
        batches.push(begin.elapsed() / batch.len() as u32);
    }
    if together != answers {
        return Err(Failure::from(anyhow!(
            "probes together are answered otherwise than one by one"
        )));
    }
    npy::write(files.answers, &answers)?;
    let known = answers.iter().filter(|answer| **answer >= 0).count();
    let description = format!(
        "{} rows of {} values, {} probes, {known} with a row at or above {}",
        gallery.len(),
        gallery.columns,
        probes.len(),
        files.threshold
    );
    Ok(Report {
        rows: vec![
            row("identify", Measured::of(times)),
            row("identify_batch", Measured::of(batches)),
        ],
        description,
    })
}

/// How far the 8-bit values of a template are from it, as a vector: no score of it with a unit vector changes
/// by more.
fn rounding(template: &Template) -> f64 {
    let values = template.values();
    let peak = values.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let whole: Vec<f64> = values
        .iter()
        .map(|v| f64::from((v * (127.0 / peak)).round()))
        .collect();
    let norm = whole.iter().map(|v| v * v).sum::<f64>().sqrt();
    let off = values.iter().zip(&whole);
    off.map(|(v, whole)| (f64::from(*v) - whole / norm).powi(2))
        .sum::<f64>()
        .sqrt()
}
