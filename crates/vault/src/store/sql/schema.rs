//! Tables of both halves.

use super::{Sql, Value, small};
use crate::store::{Making, Origin, SCHEMA_VERSION, StoreError};

const DATA: &str = "
CREATE TABLE meta (slot INTEGER PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE counter (slot INTEGER PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE collection (number INTEGER PRIMARY KEY, tenant INTEGER NOT NULL,
    id BLOB NOT NULL UNIQUE, sealed_name BLOB NOT NULL);
CREATE TABLE model (digest BLOB PRIMARY KEY, name BLOB NOT NULL);
CREATE TABLE subject (number INTEGER PRIMARY KEY, collection INTEGER NOT NULL,
    pseudonym BLOB NOT NULL, key_id BLOB NOT NULL, kind INTEGER NOT NULL,
    generation INTEGER NOT NULL, used_day INTEGER NOT NULL, profile BLOB NOT NULL);
CREATE INDEX subject_lookup ON subject (substr(pseudonym, 1, 8));
CREATE TABLE record (place INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE consent (place INTEGER PRIMARY KEY, ledger BLOB NOT NULL, detail BLOB NOT NULL);
CREATE TABLE attempt (slot BLOB PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE payment (slot BLOB PRIMARY KEY, subject INTEGER NOT NULL, day INTEGER NOT NULL,
    open INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE INDEX payment_subject ON payment (subject, day);
CREATE INDEX payment_day ON payment (day);
CREATE TABLE event (sequence INTEGER PRIMARY KEY, subject INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE INDEX event_subject ON event (subject);
CREATE TABLE tile (place INTEGER PRIMARY KEY, hashes BLOB NOT NULL);
";

/// Where several vaults may stand in one database, a half that was cut off is dropped by its tables.
#[cfg(feature = "postgres")]
pub(in crate::store) const DROP_DATA: &str = "DROP TABLE IF EXISTS meta, counter, collection, \
    model, subject, record, consent, attempt, payment, event, tile";
#[cfg(feature = "postgres")]
pub(in crate::store) const DROP_KEYRING: &str = "DROP TABLE IF EXISTS key_meta, key_counter, \
    root_wrapped, tenant, server_part, deletion, withdrawal";

const KEYRING: &str = "
CREATE TABLE key_meta (slot INTEGER PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE key_counter (slot INTEGER PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE root_wrapped (kind INTEGER NOT NULL, tenant INTEGER NOT NULL,
    version INTEGER NOT NULL, root_id BLOB NOT NULL, wrapped BLOB NOT NULL,
    PRIMARY KEY (kind, tenant, version));
CREATE TABLE tenant (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,
    sealed_name BLOB NOT NULL, version INTEGER NOT NULL);
CREATE TABLE server_part (number INTEGER PRIMARY KEY, tenant INTEGER NOT NULL,
    version INTEGER NOT NULL, key_id BLOB NOT NULL, wrapped BLOB NOT NULL);
CREATE TABLE deletion (position INTEGER PRIMARY KEY, key_id BLOB NOT NULL UNIQUE,
    day INTEGER NOT NULL, purged INTEGER NOT NULL);
CREATE TABLE withdrawal (mark BLOB PRIMARY KEY, day INTEGER NOT NULL);
";

/// Slots of `meta` and `key_meta`.
pub(super) const VERSION: i64 = 1;
pub(super) const VAULT: i64 = 2;
pub(super) const PUBLIC_KEY: i64 = 3;
const ORIGIN: i64 = 4;
pub(super) const CHECKPOINT: i64 = 5;
pub(super) const TALLY: i64 = 6;

/// Slots of `counter`: leaves of the audit tree, newest ledger position whose rows are removed.
pub(super) const TREE_SIZE: i64 = 1;
pub(super) const REMOVED: i64 = 2;
/// Slots of `key_counter`: last number of a subject, last ledger position.
pub(super) const LAST_SUBJECT: i64 = 1;
pub(super) const LAST_POSITION: i64 = 2;

pub(in crate::store) fn data_tables() -> &'static str {
    DATA
}

pub(in crate::store) fn keyring_tables() -> &'static str {
    KEYRING
}

/// Fills the fixed rows of a half that has just got its tables.
pub(in crate::store) fn create_half(
    sql: &mut dyn Sql,
    keyring: bool,
    making: &Making,
) -> Result<(), StoreError> {
    let (meta, counter) = if keyring {
        (
            "INSERT INTO key_meta (slot, value) VALUES ($1, $2)",
            "INSERT INTO key_counter (slot, value) VALUES ($1, 0)",
        )
    } else {
        (
            "INSERT INTO meta (slot, value) VALUES ($1, $2)",
            "INSERT INTO counter (slot, value) VALUES ($1, 0)",
        )
    };
    let version = SCHEMA_VERSION.to_le_bytes();
    let origin = [&[0], &making.token[..]].concat();
    for (slot, value) in [
        (VERSION, &version[..]),
        (VAULT, &making.vault),
        (PUBLIC_KEY, &making.public_key),
        (ORIGIN, &origin),
    ] {
        sql.run(meta, &[small(slot), Value::Bytes(value)])?;
    }
    for slot in [1, 2] {
        sql.run(counter, &[small(slot)])?;
    }
    Ok(())
}

/// How a half came to be.
pub(in crate::store) fn origin(sql: &mut dyn Sql, keyring: bool) -> Result<Origin, StoreError> {
    let query = if keyring {
        "SELECT value FROM key_meta WHERE slot = $1"
    } else {
        "SELECT value FROM meta WHERE slot = $1"
    };
    let what = "origin";
    let damaged = StoreError::Corrupt { what };
    let Some(mut row) = sql.row(query, &[small(ORIGIN)])? else {
        return Err(damaged);
    };
    let [finished, token @ ..]: [u8; 17] = row.array(what)?;
    match finished {
        0 | 1 => Ok(Origin {
            token,
            finished: finished == 1,
        }),
        _ => Err(damaged),
    }
}

/// Marks a half finished.
pub(super) fn finish(sql: &mut dyn Sql, keyring: bool) -> Result<(), StoreError> {
    let statement = if keyring {
        "UPDATE key_meta SET value = $1 WHERE slot = $2"
    } else {
        "UPDATE meta SET value = $1 WHERE slot = $2"
    };
    let value = [&[1], &origin(sql, keyring)?.token[..]].concat();
    sql.run(statement, &[Value::Bytes(&value), small(ORIGIN)])?;
    Ok(())
}

/// Refuses a half that a later version wrote. Nothing else of it is read before.
pub(in crate::store) fn check(sql: &mut dyn Sql, keyring: bool) -> Result<(), StoreError> {
    let query = if keyring {
        "SELECT value FROM key_meta WHERE slot = $1"
    } else {
        "SELECT value FROM meta WHERE slot = $1"
    };
    let what = "schema version";
    let Some(mut row) = sql.row(query, &[small(VERSION)])? else {
        return Err(StoreError::Corrupt { what });
    };
    let found = u32::from_le_bytes(row.array(what)?);
    if found == SCHEMA_VERSION {
        Ok(())
    } else if found > SCHEMA_VERSION {
        Err(StoreError::Newer {
            found,
            known: SCHEMA_VERSION,
        })
    } else {
        Err(StoreError::Older {
            found,
            known: SCHEMA_VERSION,
        })
    }
}
