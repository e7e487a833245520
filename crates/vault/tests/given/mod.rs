//! What every test of the vault starts from: a day, names, a subject's id, a grant.

#[cfg(feature = "postgres")]
#[allow(
    dead_code,
    reason = "each suite takes what it needs of the same beginnings"
)]
pub(crate) mod schema;

use countenance_vault::{ExternalId, Grant, ModelName, Name, Purpose, TextVersion, Timestamp};

pub(crate) const START: u64 = 1_800_000_000;
pub(crate) const DAY: u64 = 86_400;

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(START + seconds)
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn id(text: &str) -> ExternalId {
    ExternalId::new(text).unwrap()
}

pub(crate) fn model() -> ModelName {
    ModelName::new("sface-2021dec").unwrap()
}

/// Runs statements in a database of the embedded store, behind the program's back.
#[allow(dead_code, reason = "not every suite does")]
pub(crate) fn tamper(database: &std::path::Path, statements: &str) {
    let connection = rusqlite::Connection::open(database).unwrap();
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .unwrap();
    connection.execute_batch(statements).unwrap();
}

pub(crate) fn grant_for(purpose: Purpose, days: u64) -> Grant {
    Grant {
        purpose,
        text_version: TextVersion::new("2026-01 en").unwrap(),
        granted: at(0),
        expires: at(days * DAY),
        evidence: [0xe7; 32],
    }
}
