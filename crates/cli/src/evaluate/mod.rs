//! `countenance evaluate`: how often is it wrong, and how sure is that?

pub(crate) mod acquire;
pub(crate) mod measure;
mod outcome;
pub(crate) mod pairs;
pub(crate) mod pictures;
mod report;

use crate::clock::MachineClock;
use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use acquire::Acquired;
use anyhow::{Context as _, bail};
use countenance_core::{CapturePolicy, FaceChoice, Precision, Search};
use measure::{Against, Compared};
use outcome::Evaluation;
pub(crate) use outcome::grouped;
use pairs::PairList;
use pictures::{Pictures, Subjects};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Measure the error rates on pairs of pictures.
///
/// Reads one or more lists of pairs, makes a template of every picture named, compares the
/// pairs, and reports accuracy, the DET curve and the false non-match rate at false-match
/// rates from 1e-2 to 1e-6, each with an interval from drawing subjects anew. A rate that
/// the data cannot support is marked: the upper 95 % bound of its false-match rate is more
/// than twice the rate. Nothing is left out for poor quality; of several faces the one
/// nearest the middle of the picture is taken.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
A list of pairs is in the format of LFW (pairs.txt with folds, or pairsDevTest.txt) or CSV with
lines `a,b,same`: two paths inside the picture folder and 1 or 0.

The accuracy of a list with folds takes each fold's threshold from the other folds. That of a
single list takes the threshold that is best on the pairs of --threshold-from; without it, none
is reported. A pair with a picture that gave no template counts as wrong there, and is left out
of the error rates; `failed_to_acquire` counts such pictures.

Examples:
  countenance evaluate --pairs pairs.txt --images lfw --threads 8
      LFW View 2: accuracy over ten folds.
  countenance evaluate --pairs pairsDevTest.txt --threshold-from pairsDevTrain.txt --images lfw \\
      --json result.json --report report
      A single list, its threshold from another; and report/index.html to look at.
  countenance evaluate --pairs pairsDevTest.txt --pairs pairsDevTrain.txt --all-pairs --images lfw
      The genuine pairs of both lists against every impostor pair of their pictures.")]
pub(crate) struct Args {
    /// List of pairs; may be given several times
    #[arg(long, value_name = "FILE", required = true)]
    pairs: Vec<PathBuf>,

    /// Folder the pictures of the lists are in
    #[arg(long, value_name = "DIR")]
    images: PathBuf,

    /// Take the threshold for the accuracy from the pairs of this list
    #[arg(long, value_name = "PAIRS")]
    threshold_from: Option<PathBuf>,

    /// Compare every picture with every picture of another subject, not only the listed pairs
    ///
    /// The genuine comparisons stay the listed ones, and so do the pairs of the accuracy.
    #[arg(long)]
    all_pairs: bool,

    /// Average in the mirrored face: twice the work per picture
    #[arg(long)]
    flip_averaging: bool,

    /// Write the results to this file as JSON; `-` is the standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write the score of every listed pair to this file as CSV: a,b,same,score
    ///
    /// The score is empty where a picture gave no template.
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,

    /// Write a report to index.html in this folder; it shows pictures of the worst pairs
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

/// How pictures of a data set become templates: nothing is left out for poor quality, and
/// the person meant is the one in the middle.
pub(crate) fn data_set_policy(flip_averaging: bool) -> CapturePolicy {
    CapturePolicy {
        face: FaceChoice::Central,
        flip_averaging,
        quality: None,
        search: Search::Main,
        ..CapturePolicy::default()
    }
}

/// Everything that was read and made before anything is measured.
struct Material {
    lists: Vec<PairList>,
    training: Option<PairList>,
    pictures: Pictures,
    /// Of the pictures of `lists`, which come before those of `training` alone.
    subjects: Subjects,
}

/// Evaluates.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    let material = read_lists(args)?;
    if args.all_pairs && !material.subjects.named {
        return Err(Failure::usage(
            "--all-pairs needs to know whose every picture is",
            "put the pictures into one folder per subject, or use the LFW format",
        ));
    }
    let policy = data_set_policy(args.flip_averaging);
    // Threads take whole pictures: better than sharing one.
    let networks = EngineArgs {
        threads: 1,
        ..engine.clone()
    }
    .networks()?;
    let precision = networks.embedder.precision();
    let built = networks.engine(Arc::new(MachineClock::start()))?;
    let threads = usize::from(engine.threads);
    let acquired = acquire::acquire(&built, &args.images, &material.pictures, &policy, threads)?;
    let made_by = (built.model().as_str(), precision);
    let evaluation = evaluate(args, &material, acquired, made_by)?;
    if args.json.as_deref() != Some(Path::new("-")) {
        evaluation.print()?;
    }
    if let Some(path) = &args.json {
        evaluation.write_json(path)?;
    }
    if let Some(folder) = &args.report {
        let page = report::write(&evaluation, &material.pictures, &args.images, folder)?;
        eprintln!("report: {}", page.display());
    }
    Ok(Exit::Success)
}

fn read_lists(args: &Args) -> anyhow::Result<Material> {
    let mut pictures = Pictures::default();
    let mut lists = Vec::new();
    for path in &args.pairs {
        lists.push(read_list(path, &mut pictures)?);
    }
    let listed: Vec<_> = lists
        .iter()
        .flat_map(|list| list.pairs.iter().copied())
        .collect();
    // Before the training list adds its pictures: those lend a threshold and nothing else.
    let subjects = pictures.subjects(&listed);
    let training = match &args.threshold_from {
        Some(path) => Some(read_list(path, &mut pictures)?),
        None => None,
    };
    Ok(Material {
        lists,
        training,
        pictures,
        subjects,
    })
}

fn read_list(path: &Path, pictures: &mut Pictures) -> anyhow::Result<PairList> {
    pairs::parse(&read_bounded(path)?, pictures).with_context(|| path.display().to_string())
}

fn read_bounded(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = || path.display().to_string();
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(shown)?;
    file.take(pairs::MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(shown)?;
    if bytes.len() as u64 > pairs::MAX_BYTES {
        bail!("{}: more than {} bytes", shown(), pairs::MAX_BYTES);
    }
    Ok(bytes)
}

fn evaluate(
    args: &Args,
    material: &Material,
    acquired: Acquired,
    (model, precision): (&str, Precision),
) -> anyhow::Result<Evaluation> {
    let Material {
        lists,
        training,
        pictures,
        subjects,
    } = material;
    let Acquired {
        mut templates,
        faces,
        failures,
        time,
    } = acquired;
    let listed: Vec<_> = lists
        .iter()
        .flat_map(|list| list.pairs.iter().copied())
        .collect();
    let scored = measure::compare(&listed, &templates)?;
    if let Some(path) = &args.scores {
        outcome::write_scores(path, &listed, &scored, pictures)?;
    }
    let threshold = match training {
        Some(training) => Some(measure::train(&training.pairs, &templates)?),
        None => None,
    };
    let accuracy = measure::accuracy(lists, &scored, threshold)?;
    let of_class = |genuine: bool| -> Vec<Compared> {
        let pairs = scored.iter().zip(&listed);
        pairs
            .filter(|(_, pair)| pair.genuine == genuine)
            .filter_map(|(it, _)| *it)
            .collect()
    };
    templates.truncate(subjects.of.len());
    let listed_impostors = of_class(false);
    let against = if args.all_pairs {
        Against::All
    } else {
        Against::Listed(&listed_impostors)
    };
    let rates = measure::rates(&of_class(true), against, &templates, subjects)?;
    Ok(Evaluation {
        command: command_line(),
        data_set: args.pairs.iter().map(|path| file_name(path)).collect(),
        threshold_from: args.threshold_from.as_deref().map(file_name),
        model: model.to_owned(),
        precision,
        flip_averaging: args.flip_averaging,
        all_pairs: args.all_pairs,
        listed_pairs: listed.len(),
        failed_pairs: scored.iter().filter(|it| it.is_none()).count(),
        pictures: subjects.of.len(),
        acquired: pictures.count(),
        subjects: subjects.count,
        subjects_are_named: subjects.named,
        failures: failures
            .into_iter()
            .map(|failed| (pictures.path(failed.picture).to_owned(), failed.reason))
            .collect(),
        accuracy,
        rates,
        faces,
        time,
    })
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// The command as it was typed, with folders cut off: what matters is which lists, not where
/// this machine keeps them.
pub(crate) fn command_line() -> String {
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| shown_word(&word.to_string_lossy()));
    std::iter::once("countenance".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

fn shown_word(word: &str) -> String {
    let word = if word.contains('/') && !word.contains(' ') {
        file_name(Path::new(word))
    } else {
        word.to_owned()
    };
    if word.contains(' ') {
        format!("'{word}'")
    } else {
        word
    }
}

/// Writes a file and names it in the error.
pub(crate) fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::shown_word;

    #[test]
    fn a_shown_command_names_no_folder_of_this_machine() {
        for (word, shown) in [
            ("evaluate", "evaluate"),
            ("--pairs", "--pairs"),
            ("/home/ada/lfw/pairs.txt", "pairs.txt"),
            ("lfw/images/", "images"),
            ("LFW View 1", "'LFW View 1'"),
        ] {
            assert_eq!(shown_word(word), shown);
        }
    }
}
