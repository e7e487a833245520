//! A transaction of the keyring half.

use super::schema::{self, CHECKPOINT, LAST_POSITION, LAST_SUBJECT};
use super::{Sql, Value, int, small, tally};
use crate::signed;
use crate::store::{
    CheckpointRow, Conflict, DeletionRow, KeyChange, KeyRow, KeysCommitted, Row, StoreError,
    TenantRow,
};
use crate::tally::{Tally, TallyKey};
use crate::vault::TENANT_KEY;
use std::collections::BTreeSet;

pub(in crate::store) fn apply_keys(
    sql: &mut dyn Sql,
    change: &KeyChange,
) -> Result<KeysCommitted, StoreError> {
    let mut done = KeysCommitted::default();
    // Whoever changes the keyring takes this row first: the tally is one for all.
    take(sql, LAST_POSITION, 0)?;
    let mut tally = match &change.tally {
        Some(key) => Some((key, tally::before(sql, key)?)),
        None if schema::origin(sql, true)?.finished => return Err(StoreError::Tally),
        None => None,
    };
    if let Some(tenant) = &change.new_tenant {
        add_tenant(sql, tenant)?;
    }
    for row in &change.put {
        if put(sql, row)? {
            count(&mut tally, row);
        }
    }
    // Whoever wraps with a tenant key and whoever destroys one takes the counter's row first, so
    // that no server part is left wrapped with a key that is gone.
    let wraps = change
        .add
        .iter()
        .chain(change.rewrap.iter().map(|(_, to)| to));
    let used: BTreeSet<(u32, u32)> = wraps.map(|row| (row.tenant, row.version)).collect();
    let mut last = 0;
    if !used.is_empty() || !change.drop_root.is_empty() {
        last = take(sql, LAST_SUBJECT, change.add.len() as u64)?;
    }
    for (tenant, version) in used {
        let key = sql.row(
            "SELECT version FROM root_wrapped WHERE kind = $1 AND tenant = $2 AND version = $3",
            &[small(TENANT_KEY), small(tenant), small(version)],
        )?;
        if key.is_none() {
            return Err(StoreError::Conflict(Conflict::Key));
        }
    }
    if !change.add.is_empty() {
        let first = last + 1 - change.add.len() as u64;
        for (number, row) in (first..).zip(&change.add) {
            insert_key(sql, number, row)?;
            done.numbers.push(number);
        }
    }
    for (from, to) in &change.rewrap {
        let changed = sql.run(
            "UPDATE server_part SET version = $1, wrapped = $2 WHERE number = $3 AND wrapped = $4",
            &[
                small(to.version),
                Value::Bytes(&to.wrapped),
                int(from.number)?,
                Value::Bytes(&from.wrapped),
            ],
        )?;
        if changed == 0 {
            return Err(StoreError::Conflict(Conflict::Key));
        }
    }
    for (number, key_id, day) in &change.destroy {
        let (position, fresh) = destroy(sql, *number, &key_id.0, *day)?;
        done.positions.push(position);
        if fresh {
            let (key_id, day) = (key_id.0, *day);
            let row = DeletionRow {
                position,
                key_id,
                day,
            };
            count(&mut tally, &row.into());
        }
    }
    for position in &change.purged {
        sql.run(
            "UPDATE deletion SET purged = 1 WHERE position = $1",
            &[int(*position)?],
        )?;
    }
    for &(kind, tenant, version) in &change.drop_root {
        let used = "SELECT number FROM server_part WHERE tenant = $1 AND version = $2 LIMIT 1";
        if kind == TENANT_KEY && sql.row(used, &[small(tenant), small(version)])?.is_some() {
            continue;
        }
        sql.run(
            "DELETE FROM root_wrapped WHERE kind = $1 AND tenant = $2 AND version = $3",
            &[small(kind), small(tenant), small(version)],
        )?;
    }
    if change.finish {
        schema::finish(sql, true)?;
    }
    if let Some((key, tally)) = &tally {
        tally::after(sql, key, tally)?;
    }
    Ok(done)
}

/// Adds an entry of the ledger to the tally.
fn count(tally: &mut Option<(&TallyKey, Tally)>, row: &Row) {
    match (tally, row) {
        (Some((key, tally)), Row::DeletionRow(row)) => tally.delete(key, row),
        (Some((key, tally)), Row::WithdrawalRow(row)) => tally.withdraw(key, row),
        _ => {}
    }
}

fn take(sql: &mut dyn Sql, slot: i64, count: u64) -> Result<u64, StoreError> {
    sql.row(
        "UPDATE key_counter SET value = value + $1 WHERE slot = $2 RETURNING value",
        &[int(count)?, small(slot)],
    )?
    .ok_or(StoreError::Missing)?
    .int("counter")
}

fn raise(sql: &mut dyn Sql, slot: i64, to: u64) -> Result<(), StoreError> {
    sql.run(
        "UPDATE key_counter SET value = $1 WHERE slot = $2 AND value < $1",
        &[int(to)?, small(slot)],
    )
    .map(|_| ())
}

fn add_tenant(sql: &mut dyn Sql, row: &TenantRow) -> Result<(), StoreError> {
    let taken = sql.row(
        "SELECT number FROM tenant WHERE id = $1 OR number = $2",
        &[Value::Bytes(&row.id), small(row.number)],
    )?;
    if taken.is_some() {
        return Err(StoreError::Conflict(Conflict::Tenant));
    }
    put_tenant(sql, row)
}

fn put_tenant(sql: &mut dyn Sql, row: &TenantRow) -> Result<(), StoreError> {
    sql.run(
        "INSERT INTO tenant (number, id, sealed_name, version) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (number) DO UPDATE SET version = excluded.version",
        &[
            small(row.number),
            Value::Bytes(&row.id),
            Value::Bytes(&row.sealed_name),
            small(row.version),
        ],
    )
    .map(|_| ())
}

fn insert_key(sql: &mut dyn Sql, number: u64, row: &KeyRow) -> Result<(), StoreError> {
    sql.run(
        "INSERT INTO server_part (number, tenant, version, key_id, wrapped) \
         VALUES ($1, $2, $3, $4, $5)",
        &[
            int(number)?,
            small(row.tenant),
            small(row.version),
            Value::Bytes(&row.key_id),
            Value::Bytes(&row.wrapped),
        ],
    )
    .map(|_| ())
}

/// The place in the ledger, and whether it is a new one.
fn destroy(
    sql: &mut dyn Sql,
    number: u64,
    key_id: &[u8; 16],
    day: u32,
) -> Result<(u64, bool), StoreError> {
    let key_id = Value::Bytes(key_id);
    let known = sql.row("SELECT position FROM deletion WHERE key_id = $1", &[key_id])?;
    // Wherever it lies: under its number with another id, under another number, and its bytes under both.
    // Bytes are looked for in the whole table, which is the price of an erasure and of nothing else.
    let named = [int(number)?, key_id];
    sql.run(
        "DELETE FROM server_part WHERE number = $1 OR key_id = $2 OR wrapped IN \
         (SELECT wrapped FROM server_part WHERE number = $1 OR key_id = $2)",
        &named,
    )?;
    // Read back, lest anything in the database has kept it.
    let left = "SELECT number FROM server_part WHERE number = $1 OR key_id = $2";
    if sql.row(left, &named)?.is_some() {
        return Err(StoreError::NotDestroyed);
    }
    if let Some(mut known) = known {
        return Ok((known.int("position")?, false));
    }
    let position = take(sql, LAST_POSITION, 1)?;
    sql.run(
        "INSERT INTO deletion (position, key_id, day, purged) VALUES ($1, $2, $3, 0)",
        &[int(position)?, key_id, small(day)],
    )?;
    Ok((position, true))
}

/// Whether it is new to the ledger, if it is of the ledger.
fn put(sql: &mut dyn Sql, row: &Row) -> Result<bool, StoreError> {
    let mut fresh = false;
    match row {
        Row::DeletionRow(row) => {
            raise(sql, LAST_POSITION, row.position)?;
            let put = sql.run(
                "INSERT INTO deletion (position, key_id, day, purged) VALUES ($1, $2, $3, 1) \
                 ON CONFLICT DO NOTHING",
                &[
                    int(row.position)?,
                    Value::Bytes(&row.key_id),
                    small(row.day),
                ],
            )?;
            fresh = put > 0;
        }
        Row::WithdrawalRow(row) => {
            let put = sql.run(
                "INSERT INTO withdrawal (mark, day) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                &[Value::Bytes(&row.mark), small(row.day)],
            )?;
            fresh = put > 0;
        }
        Row::RootWrappedRow(row) => {
            sql.run(
                "INSERT INTO root_wrapped (kind, tenant, version, root_id, wrapped) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (kind, tenant, version) \
                 DO UPDATE SET root_id = excluded.root_id, wrapped = excluded.wrapped",
                &[
                    small(row.kind),
                    small(row.tenant),
                    small(row.version),
                    Value::Bytes(&row.root_id),
                    Value::Bytes(&row.wrapped),
                ],
            )?;
        }
        Row::TenantRow(row) => put_tenant(sql, row)?,
        Row::KeyRow(row) => {
            raise(sql, LAST_SUBJECT, row.number)?;
            insert_key(sql, row.number, row)?;
        }
        // An older one than is there comes from another node that was slower.
        Row::CheckpointRow(row) if !is_newer(sql, row)? => {}
        Row::CheckpointRow(row) => {
            sql.run(
                "INSERT INTO key_meta (slot, value) VALUES ($1, $2) \
                 ON CONFLICT (slot) DO UPDATE SET value = excluded.value",
                &[small(CHECKPOINT), Value::Bytes(&row.bytes)],
            )?;
        }
        _ => {
            return Err(StoreError::Corrupt {
                what: "row of the other half",
            });
        }
    }
    Ok(fresh)
}

fn is_newer(sql: &mut dyn Sql, row: &CheckpointRow) -> Result<bool, StoreError> {
    let kept = sql.row(
        "SELECT value FROM key_meta WHERE slot = $1",
        &[small(CHECKPOINT)],
    )?;
    let kept = kept.map(|mut row| row.bytes("checkpoint")).transpose()?;
    Ok(kept.is_none_or(|kept| signed::size_in(&kept) <= signed::size_in(&row.bytes)))
}
