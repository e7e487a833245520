//! Writing backups: the data without keys, the keyring sealed, the deletion ledger.

use super::Vault;
use crate::backup::{BackupError, Writer};
use crate::error::VaultError;
use crate::ident::Timestamp;
use crate::store::{Half, StoreError};
use std::io::Write;

fn parsed(recipients: &[&str]) -> Result<Vec<age::x25519::Recipient>, BackupError> {
    let parse = |recipient: &&str| {
        let parsed: Result<age::x25519::Recipient, &str> = recipient.parse();
        parsed.map_err(|cause| BackupError::Age {
            cause: cause.to_owned(),
        })
    };
    recipients.iter().map(parse).collect()
}

impl Vault {
    /// Whether these are recipients of keyring backups, to be asked before other files are written.
    ///
    /// # Errors
    /// [`BackupError::Age`] for one that is not one.
    pub fn check_recipients(recipients: &[&str]) -> Result<(), VaultError> {
        Ok(parsed(recipients).map(drop)?)
    }

    pub(super) fn write_half<W: Write>(
        &self,
        out: W,
        half: Half,
        now: Timestamp,
    ) -> Result<W, VaultError> {
        self.tick(now)?;
        let mut writer = Writer::new(out, half, &self.keys.vault, now)?;
        let mut failed = None;
        let mut put = |row| {
            writer.row(&row).map_err(|error| {
                let cause = error.to_string();
                failed = Some(error);
                StoreError::Io {
                    action: "writing a backup",
                    cause,
                }
            })
        };
        let mut read = Ok(());
        if half == Half::Data {
            read = self.store.snapshot(Half::Deletions, &mut put);
        }
        let read = read.and_then(|()| self.store.snapshot(half, &mut put));
        match (failed, read) {
            (Some(error), _) => Err(error.into()),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(())) => Ok(writer.finish(&self.keys.backup)?),
        }
    }

    /// Writes a backup of the data as of one moment. It holds no key: without the keyring it
    /// tells nothing, and an erased subject stays erased in it.
    ///
    /// # Errors
    /// [`VaultError`] when reading or writing fails.
    pub fn backup_data(&self, out: &mut dyn Write, now: Timestamp) -> Result<(), VaultError> {
        self.write_half(out, Half::Data, now).map(|_| ())
    }

    /// Writes the deletion ledger. Keep the newest apart from other backups: with it, restoring
    /// older ones brings nobody back.
    ///
    /// # Errors
    /// [`VaultError`] when reading or writing fails.
    pub fn backup_deletions(&self, out: &mut dyn Write, now: Timestamp) -> Result<(), VaultError> {
        self.write_half(out, Half::Deletions, now).map(|_| ())
    }

    /// Writes a backup of the keyring, encrypted to age recipients (`age1...`). It is taken back
    /// for 30 days only: delete it after that.
    ///
    /// # Errors
    /// [`VaultError`] without recipients, for one that is not one, or when reading or writing
    /// fails.
    pub fn backup_keyring(
        &self,
        out: &mut dyn Write,
        recipients: &[&str],
        now: Timestamp,
    ) -> Result<(), VaultError> {
        let age = |cause: String| BackupError::Age { cause };
        let parsed = parsed(recipients)?;
        let borrowed = parsed.iter().map(|one| one as &dyn age::Recipient);
        let encryptor =
            age::Encryptor::with_recipients(borrowed).map_err(|error| age(error.to_string()))?;
        let sealed = encryptor.wrap_output(out).map_err(BackupError::from)?;
        let sealed = self.write_half(sealed, Half::Keyring, now)?;
        sealed.finish().map_err(BackupError::from)?;
        Ok(())
    }
}
