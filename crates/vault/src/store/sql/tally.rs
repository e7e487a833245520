//! The tally of the keyring, made anew in each of its transactions.

use super::read::key_counter;
use super::schema::{self, CHECKPOINT, LAST_POSITION, LAST_SUBJECT, TALLY};
use super::{Sql, Value, small};
use crate::store::{Row, StoreError};
use crate::tally::{Beside, Tally, TallyKey};

const GET: &str = "SELECT value FROM key_meta WHERE slot = $1";
const PUT: &str = "INSERT INTO key_meta (slot, value) VALUES ($1, $2) \
                   ON CONFLICT (slot) DO UPDATE SET value = excluded.value";

fn meta(sql: &mut dyn Sql, slot: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sql.row(GET, &[small(slot)])?;
    row.map(|mut row| row.bytes("keyring")).transpose()
}

/// What stands beside the tally now.
struct Numbers {
    last_subject: u64,
    last_position: u64,
    checkpoint: Option<Vec<u8>>,
}

impl Numbers {
    fn read(sql: &mut dyn Sql) -> Result<Self, StoreError> {
        Ok(Self {
            last_subject: key_counter(sql, LAST_SUBJECT)?,
            last_position: key_counter(sql, LAST_POSITION)?,
            checkpoint: meta(sql, CHECKPOINT)?,
        })
    }

    fn beside(&self) -> Beside<'_> {
        Beside {
            last_subject: self.last_subject,
            last_position: self.last_position,
            checkpoint: self.checkpoint.as_deref(),
        }
    }
}

/// The tally before a change. That of an unfinished keyring is made of its rows.
pub(super) fn before(sql: &mut dyn Sql, key: &TallyKey) -> Result<Tally, StoreError> {
    if !schema::origin(sql, true)?.finished {
        let mut tally = Tally::default();
        super::snapshot::deletions(sql, &mut |row| {
            match row {
                Row::DeletionRow(row) => tally.delete(key, &row),
                Row::WithdrawalRow(row) => tally.withdraw(key, &row),
                _ => {}
            }
            Ok(())
        })?;
        return Ok(tally);
    }
    let altered = StoreError::Tally;
    let numbers = Numbers::read(sql)?;
    let bytes = meta(sql, TALLY)?.ok_or_else(|| altered.clone())?;
    Tally::from_bytes(&bytes, key, numbers.beside()).ok_or(altered)
}

/// Keeps the tally after a change.
pub(super) fn after(sql: &mut dyn Sql, key: &TallyKey, tally: &Tally) -> Result<(), StoreError> {
    let bytes = tally.to_bytes(key, Numbers::read(sql)?.beside());
    sql.run(PUT, &[small(TALLY), Value::Bytes(&bytes)])
        .map(drop)
}
