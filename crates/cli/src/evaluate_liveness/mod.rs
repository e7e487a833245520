//! `countenance evaluate-liveness`: who passes that is not there, and who is refused that is?

mod clips;
mod judge;
mod manifest;
mod player;
mod rates;

use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::Outcome;
use anyhow::{Context as _, anyhow};
use clips::Shelf;
use countenance_core::{ComparePolicy, Engine, FalseMatchRate};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use judge::Played;
use manifest::Manifest;
use rates::Rates;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Measure how often sessions are wrong about who is there.
///
/// Plays recordings of people and of attacks in answer to challenges, as if they stood before the camera, to the judge
/// that the server has, and counts: APCER for each species of attack with its exact interval, the worst of them as the headline; BPCER for
/// genuine people; failures to acquire apart; and what the whole system, liveness and comparison, lets through and turns away.
/// A species with fewer than 30 sessions supports no claim.
///
/// A challenge is drawn when it is asked, so a film of an earlier session is of no use to a real person: what is
/// recorded is what somebody can do (turn, smile, be lit), and it is played when it is asked for.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
A manifest is a JSON file; paths in it are relative to its folder:

  { \"version\": 1, \"seed\": 7, \"sessions\": [
    { \"species\": \"genuine\", \"clips\": \"people/ana\", \"reference\": \"enrolled/ana.jpg\" },
    { \"species\": \"impostor\", \"clips\": \"people/ben\", \"reference\": \"enrolled/ana.jpg\" },
    { \"species\": \"static photo\", \"clips\": \"prints/ana\", \"calm\": true },
    { \"species\": \"replayed session\", \"clips\": \"people/ana\", \"answer\": \"replay\" } ] }

`clips` is a folder of folders of frames (JPEG, PNG or WebP, in the order of their names): neutral, and what there is of turn_left,
turn_right and smile, each from the neutral face to the full gesture, and light_RRGGBB. What is not there is not done.
docs/liveness-manifest.md has all of it, and how to record.

Examples:
  countenance evaluate-liveness manifest.json
      The rates, as a table.
  countenance evaluate-liveness manifest.json --json --threads 4 > liveness.json
      For a program: counts, intervals, failed checks and measured cues of each species.")]
pub(crate) struct Args {
    /// What is played, and as what
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,

    /// Print the rates as JSON
    #[arg(long)]
    json: bool,

    /// Judge with the networks of passive liveness in this folder as well
    ///
    /// As `countenance serve --passive-liveness` takes them: the files that the model card `minifasnet` names.
    #[arg(long, value_name = "DIR")]
    passive_liveness: Option<PathBuf>,

    /// The false-match rate that faces are compared at
    #[arg(long, value_name = "RATE", default_value_t = FalseMatchRate::default())]
    fmr: FalseMatchRate,
}

/// Evaluates.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    let manifest = Manifest::read(&args.manifest)?;
    let root = args.manifest.parent().unwrap_or(Path::new(""));
    let policy = ComparePolicy {
        fmr: args.fmr,
        ..ComparePolicy::default()
    };
    // Threads take whole sessions: better than sharing one picture.
    let threads = usize::from(engine.threads);
    let built = EngineArgs {
        threads: 1,
        ..engine.clone()
    }
    .engine_with(args.passive_liveness.as_deref())?;
    let played = play_all(&built, &policy, root, &manifest, threads)?;
    let rates = Rates::of(&manifest, &played);
    if args.json {
        let mut stdout = std::io::stdout().lock();
        serde_json::to_writer_pretty(&mut stdout, &rates).context("cannot write the rates")?;
        writeln!(stdout).context("cannot write the rates")?;
    } else {
        rates.print()?;
    }
    Ok(Exit::Success)
}

fn play_all(
    engine: &Engine,
    policy: &ComparePolicy,
    root: &Path,
    manifest: &Manifest,
    threads: usize,
) -> anyhow::Result<Vec<Played>> {
    let all = manifest.sessions.len();
    let bar = progress(all);
    let next = AtomicUsize::new(0);
    let shelf = Shelf::default();
    let work = || -> anyhow::Result<Vec<Played>> {
        let mut worker = engine.worker().map_err(|error| anyhow!(error))?;
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= all {
                return Ok(done);
            }
            let played = judge::play(&mut worker, policy, (root, &shelf), manifest, number);
            if played.is_err() {
                // The others stop at their next session.
                next.store(all, Ordering::Relaxed);
            }
            done.push(played.with_context(|| format!("session {}", number + 1))?);
            bar.inc(1);
        }
    };
    let done = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.clamp(1, all))
            .map(|_| scope.spawn(work))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                let done = thread.join();
                done.unwrap_or_else(|_| Err(anyhow!("a worker broke down")))
            })
            .collect::<anyhow::Result<Vec<_>>>()
    });
    bar.finish_and_clear();
    let mut played: Vec<Played> = done?.into_iter().flatten().collect();
    played.sort_by_key(|played| played.entry);
    Ok(played)
}

fn progress(sessions: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(
        u64::try_from(sessions).ok(),
        ProgressDrawTarget::stderr_with_hz(4),
    );
    let style = ProgressStyle::with_template("{pos} of {len} sessions {wide_bar} {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
