//! `cargo xtask denylist`: no name in the project stands for what it refuses to do.

mod command_line;
mod onnx;
mod source;
mod tfjs;
mod words;

use anyhow::{Context as _, Result, bail};
use countenance_models::{Manifest, Store};
use std::fs;
use std::path::{Path, PathBuf};
use words::{DenyList, Finding};

/// The list, with its allowances.
const LIST: &str = include_str!("../../denylist.toml");

/// Checks the sources, the models and, when given, the built program.
///
/// # Errors
/// When a denied name is found, or something cannot be read.
pub(crate) fn check(root: &Path, program: Option<&Path>) -> Result<()> {
    let list = DenyList::parse(LIST)?;
    let (mut findings, files) = in_sources(root, &list)?;
    findings.extend(in_models(root, &list)?);
    if let Some(program) = program {
        findings.extend(command_line::findings(program, &list)?);
    }
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} denied names; see xtask/denylist.toml", findings.len());
    }
    let program = if program.is_some() {
        " and the command line"
    } else {
        ""
    };
    println!("denylist: nothing denied in {files} source files, the models{program}");
    Ok(())
}

/// Findings in every Rust file of the workspace, and how many files there are.
fn in_sources(root: &Path, list: &DenyList) -> Result<(Vec<Finding>, usize)> {
    let mut files = Vec::new();
    for folder in ["crates", "xtask", "fuzz", "tests"] {
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();
    let mut findings = Vec::new();
    for path in &files {
        let name = path
            .strip_prefix(root)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        findings.extend(source::findings(&name, &text, list)?);
    }
    Ok((findings, files.len()))
}

/// The Rust files below a folder, which may be missing; build outputs are left out.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?
    {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if entry.file_name() != "target" {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Findings in what the models put out, by the manifest and by the files themselves.
///
/// # Errors
/// When a file of the store has other outputs than the manifest says.
fn in_models(root: &Path, list: &DenyList) -> Result<Vec<Finding>> {
    let manifest = Manifest::shipped()?;
    let store = Store::new(root.join("models/store"));
    let mut findings = Vec::new();
    for model in manifest.models() {
        for output in &model.outputs {
            let place = format!("models/manifest.toml, model {}", model.id);
            findings.extend(list.find(&place, &output.name));
            findings.extend(
                output
                    .meaning
                    .split(' ')
                    .flat_map(|word| list.find(&place, word)),
            );
        }
        if store.find(model.file()).is_ok() {
            let bytes = store.read(model.file())?;
            let of_file = match model.data {
                None => onnx::output_names(&bytes),
                Some(_) => tfjs::output_names(&bytes),
            };
            let mut of_file =
                of_file.with_context(|| format!("{} names no outputs", model.file().name()))?;
            let mut of_manifest: Vec<_> = model
                .outputs
                .iter()
                .map(|output| output.name.clone())
                .collect();
            of_file.sort();
            of_manifest.sort();
            if of_file != of_manifest {
                bail!(
                    "{} has outputs {of_file:?}, the manifest {of_manifest:?}",
                    model.id
                );
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::{DenyList, LIST, in_models, in_sources};
    use crate::workspace_root;

    #[test]
    fn no_name_in_the_workspace_is_denied() {
        let list = DenyList::parse(LIST).unwrap();
        let (findings, files) = in_sources(&workspace_root().unwrap(), &list).unwrap();
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(findings, [""; 0]);
        assert!(files > 30, "only {files} files were read");
    }

    #[test]
    fn no_model_output_is_denied_and_the_manifest_names_them_all() {
        let list = DenyList::parse(LIST).unwrap();
        assert_eq!(
            in_models(&workspace_root().unwrap(), &list).unwrap().len(),
            0
        );
    }

    #[test]
    fn every_allowance_is_still_needed() {
        let root = workspace_root().unwrap();
        let list = DenyList::parse(LIST).unwrap();
        let (findings, _) = in_sources(&root, &list.without_allowances()).unwrap();
        for allowance in list.allowances() {
            assert!(
                findings.iter().any(|finding| allowance.covers(finding)),
                "nothing in {} is called {} any more",
                allowance.file,
                allowance.name
            );
        }
    }
}
