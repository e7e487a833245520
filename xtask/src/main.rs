//! Chores of the Countenance workspace, run as `cargo xtask <chore>`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore speaks to the person who started it"
)]

mod demo;
mod denylist;
mod fuzz;
mod layers;
mod models;

use anyhow::{Context as _, Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <chore>

  models [--samples DIR]   fetch the pinned weights and sample pictures, check their digests,
                           lay them under models/store; copy the samples to DIR by name
  layers                   check that each crate uses only what its layer may use
  denylist [--program P]   check that no name stands for what the project refuses to do, in
                           the sources, the models and the help of the built program P
  demo PROGRAM DIR         verify sample photos with a built program, draw them into DIR;
                           fails when a verdict is wrong
  fuzz SECONDS [TARGET...] build the fuzz targets and run each for some seconds
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = workspace_root()?;
    match arguments.as_slice() {
        ["models"] => models::fetch(&root, None),
        ["models", "--samples", folder] => models::fetch(&root, Some(Path::new(folder))),
        ["layers"] => layers::check(&root),
        ["denylist"] => denylist::check(&root, None),
        ["denylist", "--program", program] => denylist::check(&root, Some(Path::new(program))),
        ["demo", program, folder] => demo::run(&root, Path::new(program), Path::new(folder)),
        ["fuzz", seconds, targets @ ..] => {
            let seconds = seconds.parse().context("SECONDS is no whole number")?;
            fuzz::run(&root, seconds, targets)
        }
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        other => bail!("no such chore: {}\n\n{USAGE}", other.join(" ")),
    }
}

/// The folder of the workspace: the one above this crate's.
fn workspace_root() -> Result<PathBuf> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = crate_folder.parent().context("xtask stands in no folder")?;
    Ok(root.to_owned())
}
