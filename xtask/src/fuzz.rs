//! `cargo xtask fuzz`: every fuzz target for a short while, on the stable compiler.

use anyhow::{Context as _, Result, bail};
use countenance_models::{Manifest, Sha256, Store};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What libFuzzer needs of the compiler: a count per basic block and sight of comparisons.
/// The same as cargo-fuzz without a sanitizer; these are codegen options of stable rustc.
const INSTRUMENT: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cdebug-assertions",
    "-Ccodegen-units=1",
];

/// Builds the targets and runs each for some seconds, starting from its seeds.
///
/// # Errors
/// When a target does not build, or an input makes one panic, hang or take too much memory;
/// the input is then left under `fuzz/artifacts`.
pub(crate) fn run(root: &Path, seconds: u32, chosen: &[&str]) -> Result<()> {
    let targets = targets(root)?;
    if let Some(unknown) = chosen
        .iter()
        .find(|name| !targets.iter().any(|known| known == *name))
    {
        bail!("no fuzz target {unknown}; there are {}", targets.join(", "));
    }
    let programs = build(root)?;
    for target in &targets {
        if chosen.is_empty() || chosen.contains(&target.as_str()) {
            run_one(root, &programs, target, seconds)?;
        }
    }
    Ok(())
}

/// The names of the files in `fuzz/fuzz_targets`, sorted.
fn targets(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in
        fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(stem) = path.file_stem()
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Builds all targets; returns the folder of the programs.
fn build(root: &Path) -> Result<PathBuf> {
    let host = host()?;
    let target_dir = env::var_os("CARGO_TARGET_DIR").map_or_else(
        || root.join("fuzz/target"),
        |folder| Path::new(&folder).join("fuzz"),
    );
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--bins", "--manifest-path"])
        .arg(root.join("fuzz/Cargo.toml"))
        // With a target named, build scripts and macros are built without instruments.
        .args(["--target", &host, "--target-dir"])
        .arg(&target_dir)
        .env("RUSTFLAGS", INSTRUMENT.join(" "))
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("the fuzz targets do not build (libFuzzer needs a C++ compiler)");
    }
    Ok(target_dir.join(host).join("release"))
}

fn host() -> Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("cannot start rustc")?;
    let text = String::from_utf8(output.stdout).context("rustc -vV is no UTF-8")?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}

fn run_one(root: &Path, programs: &Path, target: &str, seconds: u32) -> Result<()> {
    println!("fuzzing {target} for {seconds} s");
    let corpus = root.join("fuzz/corpus").join(target);
    let artifacts = root.join("fuzz/artifacts").join(target);
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    for seed in seeds(root, target)? {
        fs::write(corpus.join(Sha256::of(&seed).to_string()), &seed)?;
    }
    let mut command = Command::new(programs.join(target));
    command.arg(&corpus);
    let committed = root.join("fuzz/seeds").join(target);
    if committed.is_dir() {
        command.arg(committed);
    }
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    command.arg(format!("-max_total_time={seconds}"));
    // A minute for one input and 2 GiB are far above every limit that the readers promise.
    command.args([
        "-timeout=60",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
        "-verbosity=0",
        "-print_funcs=0",
    ]);
    let status = command
        .status()
        .with_context(|| format!("cannot start {target}"))?;
    if !status.success() {
        bail!(
            "fuzz target {target} failed; the input is in {}",
            artifacts.display()
        );
    }
    Ok(())
}

/// Inputs to start from that are not committed: the pinned files, where they are at hand.
fn seeds(root: &Path, target: &str) -> Result<Vec<Vec<u8>>> {
    let manifest = Manifest::shipped()?;
    let store = Store::new(root.join("models/store"));
    let files: Vec<_> = match target {
        "manifest" => return Ok(vec![fs::read(root.join("models/manifest.toml"))?]),
        // The smallest: a mutation of a long file hits weights, not structure.
        "onnx" => manifest
            .models()
            .iter()
            .filter(|model| model.data.is_none())
            .map(|model| model.file())
            .min_by_key(|f| f.bytes)
            .into_iter()
            .collect(),
        _ => return Ok(Vec::new()),
    };
    let found = files.into_iter().filter(|file| store.find(*file).is_ok());
    found.map(|file| Ok(store.read(file)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::targets;
    use crate::workspace_root;
    use std::fs;

    #[test]
    fn every_target_file_is_a_program_of_the_fuzz_workspace() {
        let root = workspace_root().unwrap();
        let cargo: toml::Table =
            toml::from_str(&fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap()).unwrap();
        let bins = cargo["bin"].as_array().unwrap();
        let mut names: Vec<_> = bins
            .iter()
            .map(|bin| bin["name"].as_str().unwrap())
            .collect();
        names.sort_unstable();
        assert_eq!(names, targets(&root).unwrap());
    }
}
