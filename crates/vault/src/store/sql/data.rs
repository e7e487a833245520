//! A transaction of the data half.

use super::schema::{self, REMOVED, TREE_SIZE};
use super::{Sql, Value, int, place, small};
use crate::event::SealedEvent;
use crate::merkle::{self, Tiles};
use crate::store::{
    Change, Committed, Conflict, DEVICE_DAY, Edit, PaymentRow, Require, Row, StoreError,
};

/// One change; after an error the transaction, or what was done since a savepoint, must be given up.
pub(in crate::store) fn apply(sql: &mut dyn Sql, change: &Change) -> Result<Committed, StoreError> {
    let done = apply_all(sql, &[change])?.pop();
    done.ok_or(StoreError::Corrupt { what: "change" })?
}

/// Changes one after another, their events appended at once. What is refused has changed
/// nothing, and the others are made; after an error the transaction must be given up.
pub(in crate::store) fn apply_all(
    sql: &mut dyn Sql,
    changes: &[&Change],
) -> Result<Vec<Result<Committed, StoreError>>, StoreError> {
    // The counter row is taken first: with several writers it puts them in one order, so that
    // what is required cannot change before the commit.
    let all = changes
        .iter()
        .map(|change| change.events.len() as u64)
        .sum();
    let bare = |change: &&Change| change.requires.is_empty() && change.events.is_empty();
    let grown = if changes.iter().all(bare) {
        0
    } else {
        grow(sql, all)?
    };
    let mut pending = Pending {
        first: grown - all.min(grown),
        events: Vec::new(),
    };
    let mut results = Vec::with_capacity(changes.len());
    for change in changes {
        results.push(match apply_one(sql, change, &pending) {
            Ok(()) => {
                let first_leaf = pending.size();
                pending.events.extend(&change.events);
                Ok(Committed {
                    first_leaf,
                    size: pending.size(),
                })
            }
            Err(Refused::Clean(error)) => Err(error),
            Err(Refused::Halfway(error)) => return Err(error),
        });
    }
    if grown > pending.size() {
        set_size(sql, pending.size())?;
    }
    if !pending.events.is_empty() {
        append(sql, &pending)?;
    }
    Ok(results)
}

/// What the changes so far append, before it is.
struct Pending<'a> {
    first: u64,
    events: Vec<&'a SealedEvent>,
}

impl Pending<'_> {
    fn size(&self) -> u64 {
        self.first + self.events.len() as u64
    }
}

enum Refused {
    /// Nothing was changed.
    Clean(StoreError),
    /// Something may have been.
    Halfway(StoreError),
}

fn apply_one(sql: &mut dyn Sql, change: &Change, pending: &Pending<'_>) -> Result<(), Refused> {
    let refused = |clean: bool| {
        move |error: StoreError| match error {
            StoreError::Conflict(_) if clean => Refused::Clean(error),
            error => Refused::Halfway(error),
        }
    };
    for require in &change.requires {
        demand(sql, require, pending).map_err(refused(true))?;
    }
    for (place, edit) in change.edits.iter().enumerate() {
        alter(sql, edit).map_err(refused(place == 0))?;
    }
    Ok(())
}

fn set_size(sql: &mut dyn Sql, size: u64) -> Result<(), StoreError> {
    sql.run(
        "UPDATE counter SET value = $1 WHERE slot = $2",
        &[int(size)?, small(TREE_SIZE)],
    )
    .map(drop)
}

fn grow(sql: &mut dyn Sql, by: u64) -> Result<u64, StoreError> {
    sql.row(
        "UPDATE counter SET value = value + $1 WHERE slot = $2 RETURNING value",
        &[int(by)?, small(TREE_SIZE)],
    )?
    .ok_or(StoreError::Missing)?
    .int("tree size")
}

fn demand(sql: &mut dyn Sql, require: &Require, pending: &Pending<'_>) -> Result<(), StoreError> {
    match require {
        Require::NoCollection(id) => {
            let found = sql.row(
                "SELECT number FROM collection WHERE id = $1",
                &[Value::Bytes(id)],
            )?;
            refuse_if(found.is_some(), Conflict::Collection)
        }
        Require::NoRecord { subject, number } => {
            let found = sql.row(
                "SELECT place FROM record WHERE place = $1",
                &[place(*subject, *number)?],
            )?;
            refuse_if(found.is_some(), Conflict::Record)
        }
        Require::Records { subject, are } => {
            let found = sql.rows(
                "SELECT place FROM record WHERE place BETWEEN $1 AND $2",
                &[place(*subject, 0)?, place(*subject, 255)?],
            )?;
            let mut there = 0_u16;
            for mut row in found {
                let number = row.int::<u64>("record")? & 255;
                there |= 1_u16.checked_shl(number as u32).unwrap_or_default();
            }
            refuse_if(there != *are, Conflict::Record)
        }
        Require::NoSubject {
            collection,
            pseudonym,
        } => {
            let found = super::subject(sql, *collection, pseudonym)?;
            refuse_if(found.is_some(), Conflict::Subject)
        }
        Require::Subject(number) => {
            let found = sql.row(
                "SELECT number FROM subject WHERE number = $1 AND length(profile) > 0",
                &[int(*number)?],
            )?;
            refuse_if(found.is_none(), Conflict::Gone)
        }
        Require::NewestEvent { subject, is } => {
            let newest = sql
                .row(
                    "SELECT sequence FROM event WHERE subject = $1 ORDER BY sequence DESC LIMIT 1",
                    &[int(*subject)?],
                )?
                .map(|mut row| row.int::<u64>("event"))
                .transpose()?;
            let joined = pending.events.iter().any(|event| event.subject == *subject);
            refuse_if(newest != *is || joined, Conflict::Events)
        }
        Require::Attempt { slot, is } => {
            let found = super::attempt(sql, slot)?;
            refuse_if(found != *is, Conflict::Attempt)
        }
        Require::Generation { subject, is } => {
            let found = sql
                .row(
                    "SELECT generation FROM subject WHERE number = $1 AND length(profile) > 0",
                    &[int(*subject)?],
                )?
                .map(|mut row| row.int::<u64>("generation"))
                .transpose()?;
            refuse_if(found != Some(*is), Conflict::Generation)
        }
    }
}

fn refuse_if(found: bool, conflict: Conflict) -> Result<(), StoreError> {
    if found {
        Err(StoreError::Conflict(conflict))
    } else {
        Ok(())
    }
}

fn alter(sql: &mut dyn Sql, edit: &Edit) -> Result<(), StoreError> {
    match edit {
        Edit::Put(row) => return put(sql, row),
        Edit::CloseSubject(subject) => {
            sql.run(
                "UPDATE subject SET profile = $1 WHERE number = $2",
                &[Value::Bytes(&[]), int(*subject)?],
            )?;
        }
        Edit::RemoveSubject { subject, position } => {
            sql.run(
                "UPDATE counter SET value = $1 WHERE slot = $2 AND value < $1",
                &[int(*position)?, small(REMOVED)],
            )?;
            let number = int(*subject)?;
            let (first, last) = (place(*subject, 0)?, place(*subject, 255)?);
            let pseudonym = sql
                .row("SELECT pseudonym FROM subject WHERE number = $1", &[number])?
                .map(|mut row| row.bytes("pseudonym"))
                .transpose()?;
            if let Some(pseudonym) = pseudonym {
                sql.run(
                    "DELETE FROM attempt WHERE slot = $1",
                    &[Value::Bytes(&pseudonym)],
                )?;
            }
            sql.run(
                "DELETE FROM record WHERE place BETWEEN $1 AND $2",
                &[first, last],
            )?;
            sql.run(
                "DELETE FROM consent WHERE place BETWEEN $1 AND $2",
                &[first, last],
            )?;
            sql.run("DELETE FROM payment WHERE subject = $1", &[number])?;
            sql.run("DELETE FROM subject WHERE number = $1", &[number])?;
        }
        Edit::Bury {
            sequence,
            tombstone,
        } => {
            sql.run(
                "UPDATE event SET subject = 0, sealed = $1 WHERE sequence = $2",
                &[Value::Bytes(tombstone), int(*sequence)?],
            )?;
        }
        Edit::RemoveRecord { subject, number } => {
            sql.run(
                "DELETE FROM record WHERE place = $1",
                &[place(*subject, *number)?],
            )?;
        }
        Edit::RemoveRecords(subject) => {
            let (first, last) = (place(*subject, 0)?, place(*subject, 255)?);
            sql.run(
                "DELETE FROM record WHERE place BETWEEN $1 AND $2",
                &[first, last],
            )?;
        }
        Edit::Touch {
            subject,
            generation,
            used_day,
        } => {
            sql.run(
                "UPDATE subject SET generation = $1, used_day = $2 WHERE number = $3",
                &[int(*generation)?, small(*used_day), int(*subject)?],
            )?;
        }
        Edit::SwapAttempt { slot, from, to } => return swap_attempt(sql, slot, from, to),
        Edit::RemoveAttempt(slot) => {
            sql.run("DELETE FROM attempt WHERE slot = $1", &[Value::Bytes(slot)])?;
        }
        Edit::SwapPayment { from, to } => return swap_payment(sql, from.as_deref(), to),
        Edit::RemovePayments(day) => {
            sql.run("DELETE FROM payment WHERE day < $1", &[small(*day)])?;
        }
        Edit::RemoveDeviceKey(slot) => {
            let removed = sql.run(
                "DELETE FROM payment WHERE slot = $1 AND day = $2",
                &[Value::Bytes(slot), small(DEVICE_DAY)],
            )?;
            return refuse_if(removed == 0, Conflict::Payment);
        }
        Edit::RemoveDeviceKeys(subject) => {
            sql.run(
                "DELETE FROM payment WHERE subject = $1 AND day = $2",
                &[int(*subject)?, small(DEVICE_DAY)],
            )?;
        }
        Edit::Finish => schema::finish(sql, false)?,
        Edit::TreeSize(size) => set_size(sql, *size)?,
    }
    Ok(())
}

fn swap_attempt(
    sql: &mut dyn Sql,
    slot: &[u8; 32],
    from: &Option<Vec<u8>>,
    to: &Option<Vec<u8>>,
) -> Result<(), StoreError> {
    let slot = Value::Bytes(slot);
    let changed = match (from, to) {
        (None, None) => return Ok(()),
        (None, Some(to)) => sql.run(
            "INSERT INTO attempt (slot, sealed) VALUES ($1, $2) ON CONFLICT (slot) DO NOTHING",
            &[slot, Value::Bytes(to)],
        )?,
        (Some(from), Some(to)) => sql.run(
            "UPDATE attempt SET sealed = $1 WHERE slot = $2 AND sealed = $3",
            &[Value::Bytes(to), slot, Value::Bytes(from)],
        )?,
        (Some(from), None) => sql.run(
            "DELETE FROM attempt WHERE slot = $1 AND sealed = $2",
            &[slot, Value::Bytes(from)],
        )?,
    };
    refuse_if(changed == 0, Conflict::Attempt)
}

fn swap_payment(sql: &mut dyn Sql, from: Option<&[u8]>, to: &PaymentRow) -> Result<(), StoreError> {
    let (slot, sealed) = (Value::Bytes(&to.slot), Value::Bytes(&to.sealed));
    let changed = match from {
        None => sql.run(
            "INSERT INTO payment (slot, subject, day, open, sealed) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (slot) DO NOTHING",
            &[
                slot,
                int(to.subject)?,
                small(to.day),
                small(to.open),
                sealed,
            ],
        )?,
        Some(from) => sql.run(
            "UPDATE payment SET open = $1, sealed = $2 WHERE slot = $3 AND sealed = $4",
            &[small(to.open), sealed, slot, Value::Bytes(from)],
        )?,
    };
    refuse_if(changed == 0, Conflict::Payment)
}

fn put(sql: &mut dyn Sql, row: &Row) -> Result<(), StoreError> {
    match row {
        Row::CollectionRow(row) => sql.run(
            "INSERT INTO collection (number, tenant, id, sealed_name) VALUES ($1, $2, $3, $4)",
            &[
                small(row.number),
                small(row.tenant),
                Value::Bytes(&row.id),
                Value::Bytes(&row.sealed_name),
            ],
        ),
        Row::ModelRow(row) => sql.run(
            "INSERT INTO model (digest, name) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
            &[Value::Bytes(&row.digest), Value::Bytes(&row.name)],
        ),
        Row::SubjectRow(row) => sql.run(
            "INSERT INTO subject (number, collection, pseudonym, key_id, kind, generation, \
             used_day, profile) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                int(row.number)?,
                small(row.collection),
                Value::Bytes(&row.pseudonym),
                Value::Bytes(&row.key_id),
                small(row.kind),
                int(row.generation)?,
                small(row.used_day),
                Value::Bytes(&row.profile),
            ],
        ),
        Row::RecordRow(row) => sql.run(
            "INSERT INTO record (place, bytes) VALUES ($1, $2) \
             ON CONFLICT (place) DO UPDATE SET bytes = excluded.bytes",
            &[place(row.subject, row.number)?, Value::Bytes(&row.bytes)],
        ),
        Row::ConsentRow(row) => sql.run(
            "INSERT INTO consent (place, ledger, detail) VALUES ($1, $2, $3) ON CONFLICT (place) \
             DO UPDATE SET ledger = excluded.ledger, detail = excluded.detail",
            &[
                place(row.subject, row.number)?,
                Value::Bytes(&row.ledger),
                Value::Bytes(&row.detail),
            ],
        ),
        Row::AttemptRow(row) => sql.run(
            "INSERT INTO attempt (slot, sealed) VALUES ($1, $2) \
             ON CONFLICT (slot) DO UPDATE SET sealed = excluded.sealed",
            &[Value::Bytes(&row.slot), Value::Bytes(&row.sealed)],
        ),
        Row::PaymentRow(row) => return swap_payment(sql, None, row),
        Row::EventRow(row) => sql.run(
            "INSERT INTO event (sequence, subject, sealed) VALUES ($1, $2, $3)",
            &[
                int(row.sequence)?,
                int(row.subject)?,
                Value::Bytes(&row.sealed),
            ],
        ),
        Row::TileRow(row) => put_tile(sql, row.level, row.index, &row.hashes),
        _ => {
            return Err(StoreError::Corrupt {
                what: "row of the other half",
            });
        }
    }
    .map(|_| ())
}

fn put_tile(sql: &mut dyn Sql, level: u8, index: u64, hashes: &[u8]) -> Result<u64, StoreError> {
    sql.run(
        "INSERT INTO tile (place, hashes) VALUES ($1, $2) \
         ON CONFLICT (place) DO UPDATE SET hashes = excluded.hashes",
        &[super::read::tile_place(level, index)?, Value::Bytes(hashes)],
    )
}

struct Stored<'a>(&'a mut dyn Sql);

impl Tiles for Stored<'_> {
    type Error = StoreError;

    fn tile(&mut self, level: u8, index: u64) -> Result<Vec<u8>, StoreError> {
        super::tile(self.0, level, index)
    }
}

fn append(sql: &mut dyn Sql, pending: &Pending<'_>) -> Result<(), StoreError> {
    let leaves = pending.events.iter().map(|event| event.leaf_hash);
    let touched = merkle::append(&mut Stored(sql), pending.first, leaves)?;
    for ((level, index), hashes) in touched {
        put_tile(sql, level, index, &hashes)?;
    }
    sql.append_events(pending.first, &pending.events)
}
