//! The frames between a command and the process that lends its store.

use super::super::{
    Change, Conflict, Contents, Half, KeyChange, Making, PaymentPlace, Row, SUBJECT_ROWS,
    StoreError,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

/// Longest frame: more than the largest transaction and the longest page of the log.
const MOST: u32 = 64 << 20;

/// What each end says first.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Greeting {
    pub(super) version: String,
    schema: u32,
    /// Of the store that is lent; nothing in the greeting of whoever asks.
    pub(super) destroys_at_once: bool,
}

impl Greeting {
    pub(super) fn mine(destroys_at_once: bool) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            schema: super::super::SCHEMA_VERSION,
            destroys_at_once,
        }
    }

    pub(super) fn is_of_this_build(&self) -> bool {
        let mine = Self::mine(self.destroys_at_once);
        (&self.version, self.schema) == (&mine.version, mine.schema)
    }
}

/// A call of the store.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Ask {
    Create(Making),
    Inspect(Option<Half>),
    Keyring,
    Data,
    CommitKeys(KeyChange),
    Commit(Change),
    Withdrawn([u8; 16]),
    Key(u64),
    Keys {
        after: u64,
        limit: u32,
    },
    Unpurged(u32),
    Subject {
        collection: u32,
        pseudonym: [u8; 32],
    },
    Subjects {
        collection: Option<u32>,
        after: u64,
        limit: u32,
    },
    Dossier {
        subject: u64,
        contents: Contents,
    },
    Events {
        subject: u64,
        from: u64,
        limit: u32,
    },
    NewestEvents {
        subject: u64,
        before: u64,
        limit: u32,
    },
    Log {
        first: u64,
        tiles: u32,
    },
    Attempt([u8; 32]),
    Payment([u8; 32]),
    Payments {
        subject: u64,
        from: PaymentPlace,
        limit: u32,
    },
    Tile {
        level: u8,
        index: u64,
    },
    Snapshot(Half),
}

/// A part of a snapshot.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Part {
    Rows(Vec<Row>),
    End(Result<(), Refused>),
}

/// An error of the store, as far as a caller goes by it.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Refused {
    Conflict(Conflict),
    Corrupt(String),
    Foreign(String),
    Full,
    Missing,
    NotDestroyed,
    Occupied,
    Tally,
    Denied(String),
    Other(String),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(conflict) => Self::Conflict(conflict),
            StoreError::Corrupt { what } => Self::Corrupt(what.to_owned()),
            StoreError::Foreign { object, .. } => Self::Foreign(object),
            StoreError::Full => Self::Full,
            StoreError::Missing => Self::Missing,
            StoreError::NotDestroyed => Self::NotDestroyed,
            StoreError::Occupied => Self::Occupied,
            StoreError::Tally => Self::Tally,
            StoreError::Denied { place } => Self::Denied(place),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<Refused> for StoreError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Conflict(conflict) => Self::Conflict(conflict),
            Refused::Corrupt(what) => Self::Corrupt {
                what: SUBJECT_ROWS
                    .into_iter()
                    .find(|row| *row == what)
                    .unwrap_or("row or page"),
            },
            Refused::Foreign(object) => Self::Foreign {
                file: "a database",
                object,
            },
            Refused::Full => Self::Full,
            Refused::Missing => Self::Missing,
            Refused::NotDestroyed => Self::NotDestroyed,
            Refused::Occupied => Self::Occupied,
            Refused::Tally => Self::Tally,
            Refused::Denied(place) => Self::Denied { place },
            Refused::Other(cause) => Self::Io {
                action: "the server's store",
                cause,
            },
        }
    }
}

/// Writes a frame.
pub(super) fn write(to: &mut impl Write, what: &impl Serialize) -> io::Result<()> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    // The key of the tally is among what is asked.
    let bytes = Zeroizing::new(postcard::to_allocvec(what).map_err(invalid)?);
    let long = u32::try_from(bytes.len()).ok().filter(|long| *long <= MOST);
    let long = long.ok_or(io::ErrorKind::FileTooLarge)?;
    to.write_all(&long.to_le_bytes())?;
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads a frame. Room is taken as the bytes arrive, not by what the length promises.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut long = [0; 4];
    from.read_exact(&mut long)?;
    let long = u32::from_le_bytes(long);
    if long > MOST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Zeroizing::new(Vec::new());
    let got = from.take(u64::from(long)).read_to_end(&mut bytes)?;
    if got < long as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let (value, rest) = postcard::take_from_bytes(&bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    if !rest.is_empty() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(value)
}
