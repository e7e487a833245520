//! Every row of a half, for backups.

use super::read::{
    collections, consent_row, deletion_row, event_row, key_row, keyring_head, models, payment_row,
    record_row, subject_row, tile_place, tile_row,
};
use super::{Cells, Sql, Value, int, place};
use crate::store::{AttemptRow, CheckpointRow, Half, Row, StoreError, WithdrawalRow};

/// Rows read at once.
const PAGE: i64 = 1000;

/// Reads a table page by page by its integer key and passes every row on.
fn pages<T: Into<Row>>(
    sql: &mut dyn Sql,
    query: &'static str,
    read: fn(Cells) -> Result<T, StoreError>,
    key: fn(&T) -> Result<Value<'static>, StoreError>,
    sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after = Value::Int(-1);
    loop {
        let rows = sql.rows(query, &[after, Value::Int(PAGE)])?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            let row = read(row)?;
            after = key(&row)?;
            sink(row.into())?;
        }
    }
}

pub(in crate::store) fn snapshot(
    sql: &mut dyn Sql,
    half: Half,
    sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    match half {
        Half::Deletions => deletions(sql, sink),
        Half::Keyring => {
            deletions(sql, sink)?;
            let head = keyring_head(sql)?;
            for row in head.root_wrapped {
                sink(row.into())?;
            }
            for row in head.tenants {
                sink(row.into())?;
            }
            pages(
                sql,
                "SELECT number, tenant, version, key_id, wrapped FROM server_part \
                 WHERE number > $1 ORDER BY number LIMIT $2",
                key_row,
                |row| int(row.number),
                sink,
            )?;
            head.checkpoint
                .map_or(Ok(()), |bytes| sink(CheckpointRow { bytes }.into()))
        }
        Half::Data => data(sql, sink),
    }
}

pub(super) fn deletions(
    sql: &mut dyn Sql,
    sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let query = "SELECT position, key_id, day FROM deletion WHERE position > $1 \
                 ORDER BY position LIMIT $2";
    pages(sql, query, deletion_row, |row| int(row.position), sink)?;
    let mut after = Vec::new();
    loop {
        let rows = sql.rows(
            "SELECT mark, day FROM withdrawal WHERE mark > $1 ORDER BY mark LIMIT $2",
            &[Value::Bytes(&after), Value::Int(PAGE)],
        )?;
        if rows.is_empty() {
            return Ok(());
        }
        for mut row in rows {
            let row = WithdrawalRow {
                mark: row.array("withdrawal")?,
                day: row.int("withdrawal")?,
            };
            after = row.mark.to_vec();
            sink(row.into())?;
        }
    }
}

fn data(
    sql: &mut dyn Sql,
    sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for row in collections(sql)? {
        sink(row.into())?;
    }
    for row in models(sql)? {
        sink(row.into())?;
    }
    pages(
        sql,
        "SELECT number, collection, pseudonym, key_id, kind, generation, used_day, profile \
         FROM subject WHERE number > $1 ORDER BY number LIMIT $2",
        subject_row,
        |row| int(row.number),
        sink,
    )?;
    pages(
        sql,
        "SELECT place, bytes FROM record WHERE place > $1 ORDER BY place LIMIT $2",
        record_row,
        |row| place(row.subject, row.number),
        sink,
    )?;
    pages(
        sql,
        "SELECT place, ledger, detail FROM consent WHERE place > $1 ORDER BY place LIMIT $2",
        consent_row,
        |row| place(row.subject, row.number),
        sink,
    )?;
    for mut row in sql.rows("SELECT slot, sealed FROM attempt ORDER BY slot", &[])? {
        let row = AttemptRow {
            slot: row.array("attempt")?,
            sealed: row.sized(76, "attempt")?,
        };
        sink(row.into())?;
    }
    let mut after = Vec::new();
    loop {
        let rows = sql.rows(
            "SELECT slot, subject, day, open, sealed FROM payment WHERE slot > $1 \
             ORDER BY slot LIMIT $2",
            &[Value::Bytes(&after), Value::Int(PAGE)],
        )?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let row = payment_row(row)?;
            after = row.slot.to_vec();
            sink(row.into())?;
        }
    }
    pages(
        sql,
        "SELECT sequence, subject, sealed FROM event WHERE sequence > $1 \
         ORDER BY sequence LIMIT $2",
        event_row,
        |row| int(row.sequence),
        sink,
    )?;
    pages(
        sql,
        "SELECT place, hashes FROM tile WHERE place > $1 ORDER BY place LIMIT $2",
        tile_row,
        |row| tile_place(row.level, row.index),
        sink,
    )
}
