//! Whether a database has the tables of a vault, and nothing else.
//!
//! A trigger or a view in the file would be run by us: one that deletes nothing when a key is to be
//! destroyed, or puts back what was withdrawn. So every object must be one of ours, word for word.

use super::connection::{Connected, failure};
use crate::store::StoreError;
use crate::store::sql;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Type, name, table and the words that make it.
type Objects = BTreeSet<[String; 4]>;

fn objects(connection: &Connection) -> rusqlite::Result<Vec<[String; 4]>> {
    let columns = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema";
    let mut statement = connection.prepare(columns)?;
    let rows = statement.query_map([], |row| {
        let words: String = row.get(3)?;
        // How the words are broken into lines says nothing.
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, words])
    })?;
    rows.collect()
}

/// What a half that we have just made has in it.
fn ours(keyring: bool) -> Result<&'static Objects, StoreError> {
    static OURS: [OnceLock<Objects>; 2] = [OnceLock::new(), OnceLock::new()];
    let [data, keys] = &OURS;
    let (known, tables) = if keyring {
        (keys, sql::keyring_tables())
    } else {
        (data, sql::data_tables())
    };
    if let Some(known) = known.get() {
        return Ok(known);
    }
    let made = Connection::open_in_memory()
        .and_then(|fresh| {
            fresh.execute_batch(tables)?;
            objects(&fresh)
        })
        .map_err(failure("making tables"))?;
    Ok(known.get_or_init(|| made.into_iter().collect()))
}

/// The names come from whoever wrote the file: none may break a line, or be endless.
fn named(kind: &str, name: &str) -> String {
    let short: String = name.chars().take(64).collect();
    format!("{} {short:?}", kind.escape_debug())
}

/// Refuses a database with an object that is not ours, or without one that is.
pub(super) fn inspect(connected: &Connected, keyring: bool) -> Result<(), StoreError> {
    let file = if keyring { "keyring.db" } else { "data.db" };
    let foreign = |object: String| StoreError::Foreign { file, object };
    let ours = ours(keyring)?;
    let found = connected.inspect(objects)?;
    for object in &found {
        if !ours.contains(object) {
            return Err(foreign(named(&object[0], &object[1])));
        }
    }
    let count = found.len();
    let found: Objects = found.into_iter().collect();
    if let Some([kind, name, ..]) = ours.difference(&found).next() {
        return Err(foreign(format!("no {}", named(kind, name))));
    }
    if count != ours.len() {
        return Err(foreign("an object twice".to_owned()));
    }
    Ok(())
}
