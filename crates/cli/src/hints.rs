//! Advice: what to do about an error. Libraries state facts; remedies stand here.

use crate::evaluate::pairs::PairsError;
use crate::exit::Exit;
use crate::registry::root;
use countenance_core::vault::store::StoreError;
use countenance_core::vault::{
    BackupError, ConsentError, HolderError, IdentError, Lock, VaultError,
};
use countenance_core::{
    CompareError, DecodeError, EnrollError, Fault, PayError, ThresholdError, VerifyError,
};
use countenance_models::{FileError, WeightsError};
use std::io;

/// For what should not happen on a sound machine.
const ANYTHING_ELSE: &str = "`countenance doctor` checks this machine and this build";

/// For what is damaged, of one person or of the store.
const DAMAGED: &str = "the data folder was damaged or altered: `countenance audit verify --deep` says whether it is one person's, who can then be erased by number and enrolled anew; else restore a backup with `countenance restore`";

/// For a payment that is not found.
const NO_PAYMENT: &str = "`payment list SUBJECT` prints the ids of somebody's payments; where they are of another collection, say --collection, and of somebody who was erased none is kept";

/// The advice and the exit code for an error, found anywhere in its chain of causes.
pub(crate) fn advice(error: &anyhow::Error) -> (Option<String>, Exit) {
    let vault = error.chain().find_map(of_the_vault);
    let hint = vault.map(about_vault).or_else(|| {
        let loose = error.chain();
        loose
            .filter_map(|cause| {
                cause
                    .downcast_ref()
                    .map(about_stores)
                    .or_else(|| cause.downcast_ref().map(root::advice))
            })
            .next()
    });
    let hint = hint.or_else(|| {
        error.chain().find_map(|cause| {
            None.or_else(|| is_unknown_payment(cause).then(|| NO_PAYMENT.to_owned()))
                .or_else(|| cause.downcast_ref().map(about_pictures))
                .or_else(|| cause.downcast_ref().map(about_thresholds))
                .or_else(|| cause.downcast_ref().and_then(about_comparisons))
                .or_else(|| cause.downcast_ref().map(about_weights))
                .or_else(|| cause.downcast_ref().map(about_weight_files))
                .or_else(|| cause.downcast_ref().map(about_pairs))
                .or_else(|| cause.downcast_ref().map(about_names))
                .or_else(|| cause.downcast_ref().and_then(about_files))
        })
    });
    let hint = hint.or_else(|| Some(ANYTHING_ELSE.to_owned()));
    let usage = error
        .chain()
        .any(|cause| cause.is::<ThresholdError>() || cause.is::<IdentError>());
    let exit = match vault {
        Some(error) => exit_of(error),
        None if error.chain().any(is_unknown_payment) => Exit::NotPermitted,
        None if usage => Exit::Usage,
        None => Exit::Failed,
    };
    (hint, exit)
}

/// The vault's own error: families above it show it as if it were theirs.
fn of_the_vault<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a VaultError> {
    if let Some(EnrollError::Vault(error)) = cause.downcast_ref() {
        return Some(error);
    }
    if let Some(VerifyError::Vault(error)) = cause.downcast_ref() {
        return Some(error);
    }
    cause.downcast_ref()
}

fn is_unknown_payment(cause: &(dyn std::error::Error + 'static)) -> bool {
    matches!(cause.downcast_ref(), Some(PayError::Unknown))
}

fn exit_of(error: &VaultError) -> Exit {
    match error {
        VaultError::Holder(_) => Exit::NotPermitted,
        VaultError::Unknown { what: "subject" } => Exit::NotPermitted,
        VaultError::Consent(ConsentError::Lifetime { .. })
        | VaultError::Ident(_)
        | VaultError::Limit { .. }
        | VaultError::NoLeaf { .. } => Exit::Usage,
        VaultError::Unknown { .. } => Exit::Failed,
        error if Fault::from(error.fault()) == Fault::Subject => Exit::NotPermitted,
        _ => Exit::Failed,
    }
}

fn about_vault(error: &VaultError) -> String {
    match error {
        VaultError::Attempts(Lock::Wait { .. }) => "wait, and then take a good picture",
        VaultError::Attempts(_) => "use another way in; attempts grow free again after 30 days",
        VaultError::AttemptsTakenBack => {
            "somebody changed the attempts of this subject behind the program's back: keep the data folder as evidence, erase the subject and enroll it anew"
        }
        VaultError::Backup(error) => about_backups(error),
        VaultError::ClockBackwards { .. } => {
            "set the clock of this machine right; if it stood ahead before, say --accept-earlier-clock once"
        }
        VaultError::Consent(error) => about_consents(*error),
        VaultError::Corrupt { .. } => DAMAGED,
        VaultError::Ended => "ask again",
        VaultError::Exists { what: "subject" } => {
            "choose another id, or go on with `consent grant` and `enroll`"
        }
        VaultError::Exists { .. } => "it is there already; go on with it",
        VaultError::Holder(error) => about_holders(*error),
        VaultError::Ident(error) => return about_names(error),
        VaultError::Key(error) => return root::advice(error),
        VaultError::KeyringOlder { .. } => {
            "an old copy of the keyring was put back; use the newest, or `countenance restore` into a new folder"
        }
        VaultError::Limit { what: "retention days", .. } => {
            "keep people 1 to 1095 days after their last use; there is no longer"
        }
        VaultError::Limit { what: "records", .. } => "a subject has at most 16 templates",
        VaultError::Limit { what: "place in the audit tree", .. } => {
            "`countenance audit verify` says how many leaves the tree has"
        }
        VaultError::Limit { .. } => "keep within the limit",
        VaultError::NoLeaf { .. } => {
            "`countenance audit verify` says how many leaves the tree has"
        }
        VaultError::Log(_) => {
            "somebody changed the log behind the program's back: keep the data folder as evidence and restore a backup"
        }
        VaultError::NoCheckpoint => {
            "somebody changed the keyring behind the program's back: restore it with `countenance restore`"
        }
        VaultError::Receipt(_) => {
            "this log does not have the erasure: the folder is another, or was restored from a backup of before. If that was done with the newest deletion ledger the person is out all the same, see `countenance subject show ID`; if not, erase them again"
        }
        VaultError::OlderThanKeyring { .. } => {
            "an old copy of the data was put back; use the newest, or `countenance restore` into a new folder"
        }
        VaultError::Unfinished => {
            "run the same `countenance keyring init` or `restore` again: it begins anew"
        }
        VaultError::Secret(_) => "a secret is 32 bytes or 64 hexadecimal digits",
        VaultError::Store(error) => return about_stores(error),
        VaultError::Unknown { what: "subject" } => {
            "check the id; `countenance subject list` shows those that can be shown"
        }
        VaultError::Unknown { what: "tenant" | "collection" } => {
            "`countenance keyring status` lists tenants and collections; `keyring init --tenant --collection` adds one"
        }
        _ => "`countenance audit verify` checks the data folder",
    }
    .to_owned()
}

fn about_backups(error: &BackupError) -> &'static str {
    match error {
        BackupError::Age { .. } => {
            "check recipient or identity: `countenance keyring identity` makes a pair"
        }
        BackupError::Altered | BackupError::Format { .. } => {
            "the backup is damaged or another file: take another copy of it"
        }
        BackupError::Foreign { .. } => "take data, keyring and deletions of one and the same vault",
        BackupError::MadeLater { .. } => {
            "set the clock right: how old a keyring backup is cannot be told by this one"
        }
        BackupError::TooOld { .. } => {
            "keyring backups are taken for 30 days, so that an erasure stays one; take a newer one"
        }
        _ => "check that the file can be read or written and the disk has room",
    }
}

fn about_consents(error: ConsentError) -> &'static str {
    match error {
        ConsentError::Lifetime { .. } => "choose --days between 1 and 1095",
        _ => {
            "ask the person; `countenance consent grant ID --purpose verify` records that they agreed"
        }
    }
}

fn about_holders(error: HolderError) -> &'static str {
    match error {
        HolderError::Missing => "name the holder's part with --holder FILE",
        HolderError::Unfit => {
            "the holder's part is 32 random bytes that only the holder has; `subject add` makes one"
        }
        HolderError::Unexpected => "leave --holder out: this subject is not holder-bound",
        _ => {
            "name the part that the subject was added with; a lost one means erasing and enrolling again"
        }
    }
}

fn about_stores(error: &StoreError) -> String {
    match error {
        StoreError::Conflict(_) => "somebody else changed it at the same moment: try again",
        StoreError::Corrupt { .. } => DAMAGED,
        StoreError::Denied { .. } => {
            "name a folder that this user may write, or give it to them: the program locks it even to read"
        }
        StoreError::Engine { .. } => "build with the SQLite that the program brings along",
        StoreError::Foreign { .. } => {
            "somebody wrote to the database behind the program's back: keep it as evidence, and restore a backup with `countenance restore`"
        }
        StoreError::Full => "make room on the disk",
        StoreError::InUse { .. } => {
            "one process at a time: wait for the other, or ask it over its own interface; nodes that share a database share its keyring too (--keyring-in-database)"
        }
        StoreError::Missing => "`countenance keyring init --data DIR` makes a data folder",
        StoreError::Newer { .. } => "use the newer program that wrote it; nothing was touched",
        StoreError::NotDestroyed => {
            "erase again; until it succeeds the key may still be in the file"
        }
        StoreError::Older { .. } => {
            "it is of a development version from before the first release: make a new one with `countenance keyring init`"
        }
        StoreError::Tally => {
            "somebody changed the keyring behind the program's back: keep it as evidence, and restore a backup with `countenance restore`"
        }
        StoreError::Occupied => {
            "there is a vault already: name a folder that is empty or does not exist"
        }
        _ => "check that the disk is there, has room and can be written",
    }
    .to_owned()
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

fn about_names(_: &IdentError) -> String {
    "an id has 1 to 200 bytes, a name 1 to 62; neither has control characters, or blanks at its ends".to_owned()
}

fn about_files(error: &io::Error) -> Option<String> {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return Some(
            "a symbolic link leads back to itself; name the file it should mean".to_owned(),
        );
    }
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "check the spelling; a path starts at the current folder",
        io::ErrorKind::PermissionDenied => "check that you may read or write the file",
        io::ErrorKind::IsADirectory => "name a file, not a folder",
        io::ErrorKind::StorageFull => "make room on the disk",
        _ => return None,
    };
    Some(hint.to_owned())
}
