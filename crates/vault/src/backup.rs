//! The backup container: rows one after another and a MAC (spec, section 10).

use crate::ident::Timestamp;
use crate::seal;
use crate::secret::Secret;
use crate::store::{Half, Row};
use aws_lc_rs::digest;
use std::io::{self, Read, Write};
use thiserror::Error;

/// Days after which a keyring backup is no longer taken.
pub const KEYRING_BACKUP_DAYS: u64 = 30;

const MARK: &[u8; 8] = b"CTNBKUP\x02";
const HEADER: usize = 40;
const END: u8 = 255;
const MAX_ROW: u32 = 8192;

/// A backup cannot be written, read or taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// It was altered, or not made by this vault.
    #[error("backup is altered or not of this vault")]
    Altered,
    /// The recipients or identity of the sealed keyring backup do not fit.
    #[error("keyring backup: {cause}")]
    Age {
        /// What is wrong.
        cause: String,
    },
    /// It is of another vault.
    #[error("backup is of vault {got}, expected {expected}")]
    Foreign {
        /// Id of the vault, in hexadecimal.
        expected: String,
        /// Id in the backup.
        got: String,
    },
    /// It is not a backup of this kind and version, or damaged.
    #[error("backup is damaged, or no {expected} backup of version 2")]
    Format {
        /// What kind was expected.
        expected: &'static str,
    },
    /// Reading or writing it failed.
    #[error("backup: {0}")]
    Io(#[from] io::Error),
    /// It was made later than the clock says it is now.
    #[error("keyring backup was made at {made}, and the clock says {now}")]
    MadeLater {
        /// When it was made, in seconds since 1970.
        made: u64,
        /// What the clock says, in seconds since 1970.
        now: u64,
    },
    /// A keyring backup is kept 30 days.
    #[error("keyring backup is {days} days old, expected at most 30")]
    TooOld {
        /// Its age.
        days: u64,
    },
}

fn code(half: Half) -> u8 {
    match half {
        Half::Data => 1,
        Half::Keyring => 2,
        Half::Deletions => 3,
    }
}

fn name(half: Half) -> &'static str {
    match half {
        Half::Data => "data",
        Half::Keyring => "keyring",
        Half::Deletions => "deletions",
    }
}

/// Whether a row may stand in a container of a kind.
fn belongs(half: Half, tag: u8) -> bool {
    match half {
        Half::Data => tag == 1 || (6..=15).contains(&tag),
        Half::Keyring => (1..=5).contains(&tag) || tag == 14,
        Half::Deletions => tag == 1 || tag == 14,
    }
}

pub(crate) struct Writer<W> {
    out: W,
    digest: digest::Context,
    rows: u64,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(
        out: W,
        half: Half,
        vault: &[u8; 16],
        made: Timestamp,
    ) -> Result<Self, BackupError> {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MARK);
        header[8] = code(half);
        header[16..32].copy_from_slice(vault);
        header[32..].copy_from_slice(&made.unix().to_le_bytes());
        let mut writer = Self {
            out,
            digest: digest::Context::new(&digest::SHA256),
            rows: 0,
        };
        writer.put(&header)?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.digest.update(bytes);
        Ok(self.out.write_all(bytes)?)
    }

    pub(crate) fn row(&mut self, row: &Row) -> Result<(), BackupError> {
        let bytes = row.encode();
        self.put(&[row.tag()])?;
        self.put(&(bytes.len() as u32).to_le_bytes())?;
        self.put(&bytes)?;
        self.rows += 1;
        Ok(())
    }

    pub(crate) fn finish(mut self, key: &Secret) -> Result<W, BackupError> {
        let rows = self.rows;
        self.put(&[END])?;
        self.put(&40u32.to_le_bytes())?;
        self.put(&rows.to_le_bytes())?;
        let mac = seal::mac(key, &[self.digest.finish().as_ref()]);
        self.out.write_all(&mac)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

pub(crate) struct Reader<R> {
    input: R,
    digest: digest::Context,
    half: Half,
    rows: u64,
    peeked: Option<Row>,
    end: Option<([u8; 32], [u8; 32])>,
    pub(crate) vault: [u8; 16],
    pub(crate) made: Timestamp,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(input: R, half: Half) -> Result<Self, BackupError> {
        let digest = digest::Context::new(&digest::SHA256);
        let (vault, made) = ([0; 16], Timestamp::default());
        let mut reader = Self {
            input,
            digest,
            half,
            rows: 0,
            peeked: None,
            end: None,
            vault,
            made,
        };
        let header: [u8; HEADER] = reader.take()?;
        if header[..8] != MARK[..] || header[8] != code(half) || header[9..16] != [0; 7] {
            return Err(reader.format());
        }
        reader.vault.copy_from_slice(&header[16..32]);
        let made = header
            .last_chunk()
            .map_or(0, |made| u64::from_le_bytes(*made));
        reader.made = Timestamp::from_unix(made);
        Ok(reader)
    }

    fn format(&self) -> BackupError {
        BackupError::Format {
            expected: name(self.half),
        }
    }

    fn read(&mut self, out: &mut [u8]) -> Result<(), BackupError> {
        match self.input.read_exact(out) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.format()),
            Err(error) => Err(error.into()),
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        let mut out = [0; N];
        self.read(&mut out)?;
        self.digest.update(&out);
        Ok(out)
    }

    /// The next row; `None` at the end.
    pub(crate) fn row(&mut self) -> Result<Option<Row>, BackupError> {
        if let Some(row) = self.peeked.take() {
            return Ok(Some(row));
        }
        if self.end.is_some() {
            return Ok(None);
        }
        let [tag] = self.take()?;
        let length = u32::from_le_bytes(self.take()?);
        if tag == END {
            let rows = u64::from_le_bytes(self.take()?);
            let mut mac = [0; 32];
            self.read(&mut mac)?;
            let mut digest = [0; 32];
            digest.copy_from_slice(self.digest.clone().finish().as_ref());
            let over = self.input.read(&mut [0])? != 0;
            if length != 40 || rows != self.rows || over {
                return Err(self.format());
            }
            self.end = Some((digest, mac));
            return Ok(None);
        }
        if length > MAX_ROW || !belongs(self.half, tag) {
            return Err(self.format());
        }
        let mut bytes = vec![0; length as usize];
        self.read(&mut bytes)?;
        self.digest.update(&bytes);
        self.rows += 1;
        Row::decode(tag, &bytes)
            .map(Some)
            .ok_or_else(|| self.format())
    }

    /// The rows of the deletion ledger, which stand first.
    pub(crate) fn deletions(&mut self, mut each: impl FnMut(Row)) -> Result<(), BackupError> {
        while let Some(row) = self.row()? {
            match row {
                Row::DeletionRow(_) | Row::WithdrawalRow(_) => each(row),
                other => {
                    self.peeked = Some(other);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Checks the MAC once the end was read.
    pub(crate) fn check(&self, key: &Secret) -> Result<(), BackupError> {
        let Some((digest, mac)) = &self.end else {
            return Err(self.format());
        };
        let same =
            aws_lc_rs::constant_time::verify_slices_are_equal(&seal::mac(key, &[digest]), mac);
        same.map_err(|_| BackupError::Altered)
    }
}
