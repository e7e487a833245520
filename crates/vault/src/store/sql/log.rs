//! Reading of the audit log.

use super::read::{counter, event_row, tile_place, tile_row};
use super::schema::TREE_SIZE;
use super::{Sql, int, small};
use crate::merkle::TILE;
use crate::store::{EventRow, LogPage, StoreError};

pub(in crate::store) fn events(
    sql: &mut dyn Sql,
    subject: u64,
    from: u64,
    limit: u32,
) -> Result<Vec<EventRow>, StoreError> {
    sql.rows(
        "SELECT sequence, subject, sealed FROM event WHERE subject = $1 AND sequence >= $2 \
         ORDER BY sequence LIMIT $3",
        &[int(subject)?, int(from)?, small(limit)],
    )?
    .into_iter()
    .map(event_row)
    .collect()
}

pub(in crate::store) fn newest_events(
    sql: &mut dyn Sql,
    subject: u64,
    before: u64,
    limit: u32,
) -> Result<Vec<EventRow>, StoreError> {
    let before = before.min(i64::MAX as u64);
    sql.rows(
        "SELECT sequence, subject, sealed FROM event WHERE subject = $1 AND sequence < $2 \
         ORDER BY sequence DESC LIMIT $3",
        &[int(subject)?, int(before)?, small(limit)],
    )?
    .into_iter()
    .map(event_row)
    .collect()
}

pub(in crate::store) fn log(
    sql: &mut dyn Sql,
    first: u64,
    tiles: u32,
) -> Result<LogPage, StoreError> {
    let end = first.saturating_add(u64::from(tiles));
    let mut page = LogPage {
        size: counter(sql, TREE_SIZE)?,
        tiles: vec![Vec::new(); tiles as usize],
        events: Vec::new(),
    };
    let within = [tile_place(0, first)?, tile_place(0, end)?];
    let found = sql.rows(
        "SELECT place, hashes FROM tile WHERE place >= $1 AND place < $2 ORDER BY place",
        &within,
    )?;
    for row in found {
        let tile = tile_row(row)?;
        if let Some(slot) = page.tiles.get_mut((tile.index - first) as usize) {
            *slot = tile.hashes;
        }
    }
    let within = [int(first * TILE)?, int(end * TILE)?];
    page.events = sql
        .rows(
            "SELECT sequence, subject, sealed FROM event WHERE sequence >= $1 AND sequence < $2 \
             ORDER BY sequence",
            &within,
        )?
        .into_iter()
        .map(event_row)
        .collect::<Result<_, _>>()?;
    Ok(page)
}
