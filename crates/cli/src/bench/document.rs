//! A check of a document: how long it takes with its zone and without.

use super::gallery::Report;
use super::stopwatch::{Measured, measure};
use super::{Row, faceless};
use crate::clock::MachineClock;
use crate::engine::EngineArgs;
use crate::failure::Failure;
use crate::pictures;
use crate::terminal;
use crate::verify::named;
use countenance_core::{ComparePolicy, Decision, DocumentCheck, Zone};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Measures whole checks of one document and the photo of one person, and what of each its zone took.
pub(super) fn check(
    document: &Path,
    selfie: &Path,
    engine: &EngineArgs,
    time: Duration,
) -> Result<Report, Failure> {
    let photo = pictures::read(document)?;
    let face = pictures::read(selfie)?;
    let policy = ComparePolicy::default();
    let networks = engine.networks()?;
    let precision = networks.embedder.precision().name();
    let mut worker = networks
        .engine(Arc::new(MachineClock::start()))?
        .worker()
        .map_err(anyhow::Error::from_boxed)?;
    let mut run = || {
        let checked = worker.check_document(&photo, &face, &policy);
        checked.map_err(|error| named(error, document, selfie))
    };
    measurable(&run()?)?;
    let (mut zones, mut others) = (Vec::new(), Vec::new());
    let whole = measure(time, 1, || -> Result<(), Failure> {
        let read = run()?.document;
        zones.push(read.zone_time);
        others.push(read.timings.total.saturating_sub(read.zone_time));
        Ok(())
    })?;
    let row = |stage, precision, measured| Row {
        stage,
        precision,
        measured,
    };
    Ok(Report {
        rows: vec![
            row("check_faces", precision, Measured::of(others)),
            row("check_zone", "f32", Measured::of(zones)),
            row("check_document", precision, whole),
        ],
        description: format!(
            "{} and {}",
            terminal::plain(document.display()),
            terminal::plain(selfie.display())
        ),
    })
}

/// Only a check that goes all the way is worth a time.
fn measurable(checked: &DocumentCheck) -> Result<(), Failure> {
    match (checked.decision, &checked.document.zone) {
        (Decision::Recapture(again), _) => Err(faceless(again.cause.code())),
        (_, Zone::Read(_)) => Ok(()),
        _ => Err(faceless("no zone could be read")),
    }
}
