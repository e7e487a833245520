//! Answers that may be asked for again: what was begun, and how it ended.

use super::sql::{self, Cell, Value};
use super::{KeyStore, KeyStoreError};
use countenance_core::vault::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};

/// How long an answer may be asked for again.
pub(crate) const KEPT_S: u64 = 86_400;
/// Newest answers of one key that are kept.
const MOST: i64 = 100_000;
/// After so many requests what is too old or too many is forgotten.
const SWEEP: u64 = 256;

/// What is kept of requests that may be asked again. Slots, owners and requests are keyed digests; answers are sealed.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    begun: AtomicU64,
}

/// What stands in a slot when a request comes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// Nothing: it is this request's now.
    Now,
    /// The request, since when, and its sealed answer if it has ended.
    Before {
        request: Vec<u8>,
        since: u64,
        sealed: Option<Vec<u8>>,
    },
}

impl Answers {
    /// Notes on the disk that a request is begun, unless one was already.
    pub(crate) fn begin(
        &self,
        keys: &KeyStore,
        [slot, owner, request]: [&[u8; 32]; 3],
        now: Timestamp,
    ) -> Result<Begun, KeyStoreError> {
        let (now, expires) = (now.unix(), now.plus(KEPT_S).unix());
        if self
            .begun
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(SWEEP)
        {
            let values = [Value::Int(now.cast_signed())];
            keys.sql.run(sql::FORGET_EXPIRED, &values)?;
            let values = [Value::Bytes(owner), Value::Int(MOST)];
            keys.sql.run(sql::FORGET_MANY, &values)?;
        }
        let values = [
            Value::Bytes(slot),
            Value::Bytes(owner),
            Value::Bytes(request),
            Value::Int(now.cast_signed()),
            Value::Int(expires.cast_signed()),
        ];
        if keys.sql.run(sql::BEGIN, &values)? > 0 {
            return Ok(Begun::Now);
        }
        let found = keys.sql.rows(sql::FIND_ANSWER, &[Value::Bytes(slot)])?;
        let cells = found.into_iter().next().ok_or(KeyStoreError::Damaged)?;
        let cells: [Cell; 3] = cells.try_into().map_err(|_| KeyStoreError::Damaged)?;
        let [request, since, sealed] = cells;
        Ok(Begun::Before {
            request: request.bytes()?,
            since: since.int()?.cast_unsigned(),
            sealed: sealed.some().map(Cell::bytes).transpose()?,
        })
    }

    /// Notes that nobody works any more on what was begun: the server that had the folder has ended, however it did.
    pub(crate) fn abandon(keys: &KeyStore) -> Result<(), KeyStoreError> {
        keys.sql.run(sql::ABANDON, &[])?;
        Ok(())
    }

    /// Keeps the answer until then.
    pub(crate) fn finish(
        keys: &KeyStore,
        slot: &[u8; 32],
        sealed: &[u8],
        expires: Timestamp,
    ) -> Result<(), KeyStoreError> {
        let values = [
            Value::Bytes(slot),
            Value::Bytes(sealed),
            Value::Int(expires.unix().cast_signed()),
        ];
        keys.sql.run(sql::FINISH, &values)?;
        Ok(())
    }

    /// Nothing came of it: it may be asked anew.
    pub(crate) fn forget(keys: &KeyStore, slot: &[u8; 32]) -> Result<(), KeyStoreError> {
        keys.sql.run(sql::FORGET, &[Value::Bytes(slot)])?;
        Ok(())
    }
}
