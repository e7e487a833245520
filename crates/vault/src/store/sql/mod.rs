//! The store's logic, written once in SQL that SQLite and PostgreSQL both take.
//!
//! Placeholders are `$1`, `$2`, ... in order of first use; integers are 64 bits, bytes are blobs.

mod data;
mod keys;
mod log;
mod read;
mod schema;
mod snapshot;
mod tally;

pub(super) use data::apply;
#[cfg(feature = "postgres")]
pub(super) use data::apply_all;
pub(super) use keys::apply_keys;
pub(super) use log::{events, log, newest_events};
pub(super) use read::{
    attempt, data_head, dossier, key, keyring_head, keys, payment, payments, subject, subjects,
    tile, unpurged, withdrawn,
};
#[cfg(feature = "postgres")]
pub(super) use schema::{DROP_DATA, DROP_KEYRING};
pub(super) use schema::{check, create_half, data_tables, keyring_tables, origin};
pub(super) use snapshot::snapshot;

use super::StoreError;
use crate::event::SealedEvent;

/// A value bound to a placeholder.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Int(i64),
    Bytes(&'a [u8]),
}

/// A value of a row that was read.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Int(i64),
    Bytes(Vec<u8>),
    /// Something that no column of ours holds.
    Foreign,
}

/// One row that was read.
pub(super) struct Cells(pub(super) std::vec::IntoIter<Cell>);

impl Cells {
    fn int<T: TryFrom<i64>>(&mut self, what: &'static str) -> Result<T, StoreError> {
        match self.0.next() {
            Some(Cell::Int(value)) => T::try_from(value).map_err(|_| StoreError::Corrupt { what }),
            _ => Err(StoreError::Corrupt { what }),
        }
    }

    pub(super) fn bytes(&mut self, what: &'static str) -> Result<Vec<u8>, StoreError> {
        match self.0.next() {
            Some(Cell::Bytes(value)) => Ok(value),
            _ => Err(StoreError::Corrupt { what }),
        }
    }

    fn sized(&mut self, size: usize, what: &'static str) -> Result<Vec<u8>, StoreError> {
        let bytes = self.bytes(what)?;
        if bytes.len() == size {
            Ok(bytes)
        } else {
            Err(StoreError::Corrupt { what })
        }
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], StoreError> {
        self.bytes(what)?
            .try_into()
            .map_err(|_| StoreError::Corrupt { what })
    }
}

/// A connection inside a transaction.
pub(super) trait Sql {
    /// Runs a statement and returns how many rows it changed.
    fn run(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError>;
    /// Runs a query.
    fn rows(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Cells>, StoreError>;
    /// Runs statements of the schema.
    fn script(&mut self, sql: &str) -> Result<(), StoreError>;

    /// Inserts events with the sequences from `first` on.
    fn append_events(&mut self, first: u64, events: &[&SealedEvent]) -> Result<(), StoreError> {
        for (sequence, event) in (first..).zip(events) {
            self.run(
                "INSERT INTO event (sequence, subject, sealed) VALUES ($1, $2, $3)",
                &[
                    int(sequence)?,
                    int(event.subject)?,
                    Value::Bytes(&event.sealed),
                ],
            )?;
        }
        Ok(())
    }

    /// The only or first row of a query.
    fn row(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<Cells>, StoreError> {
        Ok(self.rows(sql, values)?.into_iter().next())
    }
}

/// A number that fits the database's signed integers.
fn int(value: u64) -> Result<Value<'static>, StoreError> {
    match i64::try_from(value) {
        Ok(value) => Ok(Value::Int(value)),
        Err(_) => Err(StoreError::Corrupt { what: "number" }),
    }
}

fn small(value: impl Into<i64>) -> Value<'static> {
    Value::Int(value.into())
}

/// Place of a record or consent entry: subject and number in one integer.
fn place(subject: u64, number: u16) -> Result<Value<'static>, StoreError> {
    subject
        .checked_shl(8)
        .filter(|_| subject < 1 << 48 && number < 256)
        .ok_or(StoreError::Corrupt { what: "number" })
        .and_then(|high| int(high | u64::from(number)))
}
