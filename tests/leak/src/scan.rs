//! The search through everything that was collected.

use crate::canary::{Canaries, Finding};
use crate::carve;
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// How deep packed pieces inside packed pieces are opened.
const DEPTH: u32 = 3;

/// What a search came to.
#[derive(Debug, Default)]
pub struct Report {
    /// What was found.
    pub findings: BTreeSet<Finding>,
    /// Files that were searched.
    pub files: usize,
    /// Bytes that were searched, unpacked ones included.
    pub bytes: u64,
}

/// Searches every file below a folder; names of files are searched too.
///
/// # Errors
/// When a file cannot be read.
pub fn folder(canaries: &Canaries, place: &Path) -> Result<Report> {
    let mut report = Report::default();
    walk(canaries, place, &mut report)?;
    Ok(report)
}

fn walk(canaries: &Canaries, place: &Path, report: &mut Report) -> Result<()> {
    for entry in fs::read_dir(place).with_context(|| place.display().to_string())? {
        let path = entry?.path();
        let name = path.as_os_str().as_encoded_bytes();
        report.findings.extend(canaries.in_bytes(name));
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_dir() {
            walk(canaries, &path, report)?;
        } else if kind.is_file() {
            let content = fs::read(&path).with_context(|| path.display().to_string())?;
            report.files += 1;
            bytes(canaries, &content, DEPTH, report);
        }
    }
    Ok(())
}

/// Searches bytes, and what is packed in them.
pub fn bytes(canaries: &Canaries, content: &[u8], depth: u32, report: &mut Report) {
    report.bytes += content.len() as u64;
    report.findings.extend(canaries.in_bytes(content));
    for picture in carve::pictures(content) {
        report.findings.extend(canaries.in_picture(&picture));
    }
    if depth > 0 {
        for (form, piece) in carve::unpacked(content) {
            let mut inside = Report::default();
            bytes(canaries, &piece, depth - 1, &mut inside);
            report.bytes += inside.bytes;
            let packed = inside.findings.into_iter();
            report
                .findings
                .extend(packed.map(|finding| Finding { form, ..finding }));
        }
    }
}
