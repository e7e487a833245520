//! Pictures to templates, on several threads.

use super::pictures::Pictures;
use crate::clock::MachineClock;
use anyhow::{Context as _, anyhow};
use countenance_core::{CapturePolicy, Clock as _, Engine, Fault, Rect, Template};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// The templates of all pictures.
#[derive(Debug)]
pub(crate) struct Acquired {
    /// Per picture; `None` where none could be made.
    pub(crate) templates: Vec<Option<Template>>,
    /// Per picture, where its face is, in pixels; `None` where none was found.
    pub(crate) faces: Vec<Option<Rect>>,
    /// Why not, for the pictures without, in their order.
    pub(crate) failures: Vec<Failed>,
    /// From the first picture to the last.
    pub(crate) time: Duration,
}

/// A failure to acquire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// The picture.
    pub(crate) picture: usize,
    /// One line.
    pub(crate) reason: String,
}

/// One picture, done.
struct Done {
    picture: usize,
    face: Option<Rect>,
    result: Result<Template, String>,
}

/// Makes a template of every picture below `root`.
///
/// A picture that does not decode or shows no face is a failure to acquire; one that cannot
/// be read at all ends the run, before any work where it is missing.
pub(crate) fn acquire(
    engine: &Engine,
    root: &Path,
    pictures: &Pictures,
    policy: &CapturePolicy,
    threads: usize,
) -> anyhow::Result<Acquired> {
    let paths: Vec<PathBuf> = pictures.paths().map(|path| root.join(path)).collect();
    for path in &paths {
        path.metadata()
            .with_context(|| path.display().to_string())?;
    }
    let clock = MachineClock::start();
    let bar = progress(paths.len());
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let work = || -> anyhow::Result<Vec<Done>> {
        let mut worker = engine.worker().map_err(|error| anyhow!(error))?;
        let mut done = Vec::new();
        while !stopped.load(Ordering::Relaxed) {
            let picture = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(picture) else {
                break;
            };
            let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
            let (face, result) = match worker.extract(&bytes, policy) {
                Ok(extraction) => {
                    let causes = extraction.capture.causes.iter().map(|cause| cause.code());
                    let causes = causes.collect::<Vec<_>>().join(", ");
                    let face = extraction.capture.face.map(|face| face.area);
                    (face, extraction.template.ok_or(causes))
                }
                Err(error) if error.fault() == Fault::Caller => {
                    (None, Err(format!("{:#}", anyhow!(error))))
                }
                Err(error) => return Err(error).with_context(|| path.display().to_string()),
            };
            done.push(Done {
                picture,
                face,
                result,
            });
            bar.inc(1);
        }
        Ok(done)
    };
    let guarded = || {
        let result = work();
        if result.is_err() {
            stopped.store(true, Ordering::Relaxed);
        }
        result
    };
    let results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(guarded)).collect();
        workers.into_iter().map(|worker| worker.join()).collect()
    });
    bar.finish_and_clear();
    let mut templates = vec![None; paths.len()];
    let mut faces = vec![None; paths.len()];
    let mut failures = Vec::new();
    for result in results {
        let done = result.map_err(|_| anyhow!("a worker thread ended early"))??;
        for Done {
            picture,
            face,
            result,
        } in done
        {
            faces[picture] = face;
            match result {
                Ok(template) => templates[picture] = Some(template),
                Err(reason) => failures.push(Failed { picture, reason }),
            }
        }
    }
    failures.sort_by_key(|failed| failed.picture);
    Ok(Acquired {
        templates,
        faces,
        failures,
        time: clock.elapsed(),
    })
}

/// `[=====>    ] 1234/4992  61/s  1m left`, on the error stream and only on a terminal.
fn progress(count: usize) -> ProgressBar {
    let bar =
        ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::stderr_with_hz(8));
    let template = "{prefix} [{bar:32}] {human_pos}/{human_len}  {per_sec}  {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix("pictures");
    bar
}
