//! Writes the tables of files that the crate carries: the calibrations beside the
//! manifest and, with feature `embed`, the weights from the store.

use serde::Deserialize;
use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

#[derive(Deserialize)]
struct Manifest {
    model: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
    sha256: String,
    data: Option<Data>,
    calibration: Option<String>,
    ranges: Option<String>,
}

#[derive(Deserialize)]
struct Data {
    sha256: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let crate_dir = env::var("CARGO_MANIFEST_DIR")?;
    let models = Path::new(&crate_dir).join("../../models").canonicalize()?;
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    let manifest_path = models.join("manifest.toml");
    println!("cargo::rerun-if-changed={}", manifest_path.display());
    println!(
        "cargo::rerun-if-changed={}",
        models.join("calibration").display()
    );
    let manifest: Manifest = toml::from_str(&fs::read_to_string(&manifest_path)?)?;

    let calibrations = manifest
        .model
        .iter()
        .map(|model| (&model.id, &model.calibration));
    fs::write(out.join("calibrations.rs"), texts(&models, calibrations)?)?;
    let ranges = manifest
        .model
        .iter()
        .map(|model| (&model.id, &model.ranges));
    fs::write(out.join("ranges.rs"), texts(&models, ranges)?)?;

    if env::var_os("CARGO_FEATURE_EMBED").is_some() {
        let mut weights = String::from("&[\n");
        let mut missing = Vec::new();
        for model in &manifest.model {
            let data = model.data.iter().map(|data| &data.sha256);
            for digest in std::iter::once(&model.sha256).chain(data) {
                let path = models.join("store").join(digest);
                println!("cargo::rerun-if-changed={}", path.display());
                if path.is_file() {
                    writeln!(weights, "    ({digest:?}, include_bytes!({path:?})),")?;
                } else {
                    missing.push(format!("models/store/{digest} ({})", model.id));
                }
            }
        }
        weights.push(']');
        fs::write(out.join("embedded.rs"), weights)?;
        if !missing.is_empty() {
            let missing = missing.join(", ");
            let message =
                format!("weights to embed are missing: {missing}; run `cargo xtask models` first");
            // Checks and debug builds go on, and say so again at run time; a program
            // that is meant to be shipped must not be built without its weights.
            let level = if env::var("PROFILE")? == "release" {
                "error"
            } else {
                "warning"
            };
            println!("cargo::{level}={message}");
        }
    }
    Ok(())
}

/// The table of those files that exist, with the model each belongs to.
fn texts<'a>(
    models: &Path,
    files: impl Iterator<Item = (&'a String, &'a Option<String>)>,
) -> Result<String, Box<dyn Error>> {
    let mut table = String::from("&[\n");
    for (id, path) in files {
        let Some(path) = path else {
            continue;
        };
        let path = models.join(path);
        println!("cargo::rerun-if-changed={}", path.display());
        if path.is_file() {
            writeln!(table, "    ({id:?}, include_str!({path:?})),")?;
        }
    }
    table.push(']');
    Ok(table)
}
