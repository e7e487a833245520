//! What the engine alone makes of a folder of photos: `extract MODELS FOLDER THREADS` prints photos in a second.
//!
//! All files are in memory before the clock runs. Each thread has networks of its own and takes the next photo; templates are made as
//! enrolling makes them, and thrown away. `bench/import_folder.py` holds `countenance import folder` against it.
#![allow(clippy::print_stdout, reason = "it is what it is for")]

use countenance_core::{ComparePolicy, Engine, Isa, Options, Precision, StoppedClock};
use countenance_models::{Manifest, Weights};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

type Failed = Box<dyn Error + Send + Sync>;

fn read(folder: &Path, photos: &mut Vec<Vec<u8>>) -> Result<(), Failed> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, photos)?;
        } else {
            photos.push(std::fs::read(path)?);
        }
    }
    Ok(())
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [models, folder, threads] = &arguments[..] else {
        return Err("MODELS FOLDER THREADS".into());
    };
    let threads: usize = threads.parse()?;
    let mut photos = Vec::new();
    read(Path::new(folder), &mut photos)?;
    let options = Options {
        isa: Isa::detect(),
        precision: Precision::Auto,
        threads: 1,
    };
    let weights = Weights::from_dir(Path::new(models))?;
    let manifest = Manifest::shipped()?;
    let engine = Engine::open(&manifest, &weights, &options, Arc::new(StoppedClock))?;
    let policy = ComparePolicy::default().capture;
    let workers: Result<Vec<_>, _> = (0..threads).map(|_| engine.worker()).collect();
    let (next, made) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for mut worker in workers? {
            let (next, made, photos, policy) = (&next, &made, &photos, &policy);
            scope.spawn(move || {
                while let Some(photo) = photos.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let template = worker.extract(photo, policy).map(|done| done.template);
                    let is_made = matches!(template, Ok(Some(_)));
                    made.fetch_add(usize::from(is_made), Ordering::Relaxed);
                }
            });
        }
        Ok::<_, Failed>(())
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{{\"photos\": {}, \"templates\": {}, \"seconds\": {seconds:.3}}}",
        photos.len(),
        made.load(Ordering::Relaxed)
    );
    Ok(())
}
