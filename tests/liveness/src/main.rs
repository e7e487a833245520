//! Renders people and attacks for `countenance evaluate-liveness`:
//! `cargo run -p countenance-liveness-renders -- judging IMAGES OUT [PEOPLE [FROM [ROUNDS]]]`
//!
//! IMAGES is a folder with one folder of photos for each person, as LFW is laid out; `samples` takes the two people of the pinned
//! sample photos.

use anyhow::{Context as _, bail};
use countenance_liveness_renders::{Renderer, people, record, samples, worker};
use std::path::Path;

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [renderer, images, out, numbers @ ..] = &words[..] else {
        bail!("say: tuning|judging IMAGES OUT [PEOPLE [FROM [ROUNDS]]]");
    };
    let renderer = match renderer.as_str() {
        "tuning" => Renderer::Tuning,
        "judging" => Renderer::Judging,
        other => bail!("{other} is no renderer: tuning or judging"),
    };
    let number = |at: usize, usual: usize| {
        numbers
            .get(at)
            .map_or(Ok(usual), |text| text.parse().context("no number"))
    };
    let mut worker = worker()?;
    let people = match images.as_str() {
        "samples" => samples(&mut worker)?,
        images => people(
            &mut worker,
            Path::new(images),
            number(1, 0)?,
            number(0, 20)?,
        )?,
    };
    record(&people, renderer, number(2, 1)?, Path::new(out))
}
