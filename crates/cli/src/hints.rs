//! Advice: what to do about an error. Libraries state facts; remedies stand here.

use crate::evaluate::pairs::PairsError;
use crate::exit::Exit;
use countenance_core::{CompareError, DecodeError, ThresholdError};
use countenance_models::{FileError, WeightsError};
use std::io;

/// For what should not happen on a sound machine.
const ANYTHING_ELSE: &str = "`countenance doctor` checks this machine and this build";

/// The advice and the exit code for an error, found anywhere in its chain of causes.
pub(crate) fn advice(error: &anyhow::Error) -> (Option<String>, Exit) {
    let hint = error.chain().find_map(|cause| {
        None.or_else(|| cause.downcast_ref().map(about_pictures))
            .or_else(|| cause.downcast_ref().map(about_thresholds))
            .or_else(|| cause.downcast_ref().and_then(about_comparisons))
            .or_else(|| cause.downcast_ref().map(about_weights))
            .or_else(|| cause.downcast_ref().map(about_weight_files))
            .or_else(|| cause.downcast_ref().map(about_pairs))
            .or_else(|| cause.downcast_ref().and_then(about_files))
    });
    let hint = hint.or_else(|| Some(ANYTHING_ELSE.to_owned()));
    let usage = error.chain().any(|cause| cause.is::<ThresholdError>());
    (hint, if usage { Exit::Usage } else { Exit::Failed })
}

fn about_pictures(error: &DecodeError) -> String {
    match error {
        DecodeError::Animated { .. } => "save one frame as a still picture",
        DecodeError::Empty => "the file is empty; copy or save it again",
        DecodeError::Corrupt { .. } => "the file is damaged; copy it again from where it came",
        DecodeError::MetadataTooLarge { .. } => {
            "strip the metadata, for example by saving the picture anew"
        }
        DecodeError::TooManyBytes { .. } | DecodeError::TooManyPixels { .. } => {
            "scale the picture down; a face needs no more than a few hundred pixels"
        }
        DecodeError::TooManyScans { .. } | DecodeError::Unsupported { .. } => {
            "save the picture anew as plain JPEG or PNG"
        }
        DecodeError::Truncated { .. } => "the file is cut short; copy it again from where it came",
        DecodeError::UnknownFormat => {
            "give a JPEG, PNG or WebP picture; the content counts, not the file's name"
        }
        _ => "give a JPEG, PNG or WebP picture",
    }
    .to_owned()
}

fn about_thresholds(error: &ThresholdError) -> String {
    match error {
        ThresholdError::OutsideTable {
            strictest, loosest, ..
        } => format!("choose --fmr between {strictest} and {loosest}"),
        _ => "choose another --fmr".to_owned(),
    }
}

fn about_comparisons(error: &CompareError) -> Option<String> {
    match error {
        CompareError::NotCalibrated { .. } => {
            Some("measure the thresholds with `countenance calibrate` and build again".to_owned())
        }
        _ => None,
    }
}

fn about_weights(error: &WeightsError) -> String {
    match error {
        WeightsError::NotEmbedded { .. } => {
            "run `cargo xtask models` and build again, or name a folder with --models".to_owned()
        }
        WeightsError::File { source, .. } => about_weight_files(source),
        _ => "build the program anew from a clean checkout".to_owned(),
    }
}

fn about_weight_files(error: &FileError) -> String {
    match error {
        FileError::Digest { .. } => {
            "the weights are not the pinned ones and are refused; fetch them again with `cargo xtask models`"
        }
        FileError::Missing { .. } => {
            "fetch the weights with `cargo xtask models`, or leave out --models to use the built-in ones"
        }
        _ => "check that --models names a readable folder with the pinned weights",
    }
    .to_owned()
}

fn about_pairs(_: &PairsError) -> String {
    "correct that line; `countenance evaluate --help` shows both formats".to_owned()
}

fn about_files(error: &io::Error) -> Option<String> {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "check the spelling; a path starts at the current folder",
        io::ErrorKind::PermissionDenied => "check that you may read or write the file",
        io::ErrorKind::IsADirectory => "name a file, not a folder",
        io::ErrorKind::StorageFull => "make room on the disk",
        _ => return None,
    };
    Some(hint.to_owned())
}
