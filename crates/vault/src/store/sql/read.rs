//! Reading of both halves.

use super::schema::{
    CHECKPOINT, LAST_POSITION, LAST_SUBJECT, PUBLIC_KEY, REMOVED, TALLY, TREE_SIZE, VAULT,
};
use super::{Cells, Sql, Value, int, place, small};
use crate::store::{
    CollectionRow, ConsentRow, Contents, DataHead, DeletionRow, Dossier, EventRow, KeyRow,
    KeyringHead, ModelRow, PaymentPlace, PaymentRow, RecordRow, RootWrappedRow, StoreError,
    SubjectRow, TenantRow, TileRow,
};

pub(super) fn tile_place(level: u8, index: u64) -> Result<Value<'static>, StoreError> {
    if index < 1 << 48 {
        int(u64::from(level) << 48 | index)
    } else {
        Err(StoreError::Corrupt { what: "tile" })
    }
}

pub(in crate::store) fn keyring_head(sql: &mut dyn Sql) -> Result<KeyringHead, StoreError> {
    let mut meta = |slot| -> Result<Option<Vec<u8>>, StoreError> {
        sql.row("SELECT value FROM key_meta WHERE slot = $1", &[small(slot)])?
            .map(|mut row| row.bytes("keyring"))
            .transpose()
    };
    let fixed = |value: Option<Vec<u8>>| value.ok_or(StoreError::Corrupt { what: "keyring" });
    let broken = |_| StoreError::Corrupt { what: "keyring" };
    Ok(KeyringHead {
        vault: fixed(meta(VAULT)?)?.try_into().map_err(broken)?,
        public_key: fixed(meta(PUBLIC_KEY)?)?.try_into().map_err(broken)?,
        checkpoint: meta(CHECKPOINT)?,
        tally: meta(TALLY)?,
        root_wrapped: root_wrapped(sql)?,
        tenants: tenants(sql)?,
        origin: super::origin(sql, true)?,
        last_subject: key_counter(sql, LAST_SUBJECT)?,
        last_position: key_counter(sql, LAST_POSITION)?,
    })
}

fn root_wrapped(sql: &mut dyn Sql) -> Result<Vec<RootWrappedRow>, StoreError> {
    let what = "root-wrapped key";
    sql.rows(
        "SELECT kind, tenant, version, root_id, wrapped FROM root_wrapped \
         ORDER BY kind, tenant, version",
        &[],
    )?
    .into_iter()
    .map(|mut row| {
        Ok(RootWrappedRow {
            kind: row.int(what)?,
            tenant: row.int(what)?,
            version: row.int(what)?,
            root_id: row.array(what)?,
            wrapped: row.sized(60, what)?,
        })
    })
    .collect()
}

fn tenants(sql: &mut dyn Sql) -> Result<Vec<TenantRow>, StoreError> {
    let what = "tenant";
    sql.rows(
        "SELECT number, id, sealed_name, version FROM tenant ORDER BY number",
        &[],
    )?
    .into_iter()
    .map(|mut row| {
        Ok(TenantRow {
            number: row.int(what)?,
            id: row.array(what)?,
            sealed_name: row.sized(92, what)?,
            version: row.int(what)?,
        })
    })
    .collect()
}

pub(in crate::store) fn data_head(sql: &mut dyn Sql) -> Result<DataHead, StoreError> {
    let what = "vault id";
    let vault = sql
        .row("SELECT value FROM meta WHERE slot = $1", &[small(VAULT)])?
        .ok_or(StoreError::Corrupt { what })?
        .array(what)?;
    Ok(DataHead {
        vault,
        collections: collections(sql)?,
        models: models(sql)?,
        size: counter(sql, TREE_SIZE)?,
        origin: super::origin(sql, false)?,
        last_subject: last_subject(sql)?,
        last_position: counter(sql, REMOVED)?,
    })
}

pub(super) fn counter(sql: &mut dyn Sql, slot: i64) -> Result<u64, StoreError> {
    let what = "counter";
    sql.row("SELECT value FROM counter WHERE slot = $1", &[small(slot)])?
        .ok_or(StoreError::Corrupt { what })?
        .int(what)
}

pub(super) fn key_counter(sql: &mut dyn Sql, slot: i64) -> Result<u64, StoreError> {
    let what = "counter";
    sql.row(
        "SELECT value FROM key_counter WHERE slot = $1",
        &[small(slot)],
    )?
    .ok_or(StoreError::Corrupt { what })?
    .int(what)
}

fn last_subject(sql: &mut dyn Sql) -> Result<u64, StoreError> {
    let newest = "SELECT number FROM subject ORDER BY number DESC LIMIT 1";
    sql.row(newest, &[])?
        .map_or(Ok(0), |mut row| row.int("subject"))
}

pub(super) fn collections(sql: &mut dyn Sql) -> Result<Vec<CollectionRow>, StoreError> {
    let what = "collection";
    sql.rows(
        "SELECT number, tenant, id, sealed_name FROM collection ORDER BY number",
        &[],
    )?
    .into_iter()
    .map(|mut row| {
        Ok(CollectionRow {
            number: row.int(what)?,
            tenant: row.int(what)?,
            id: row.array(what)?,
            sealed_name: row.sized(92, what)?,
        })
    })
    .collect()
}

pub(super) fn models(sql: &mut dyn Sql) -> Result<Vec<ModelRow>, StoreError> {
    sql.rows("SELECT digest, name FROM model ORDER BY digest", &[])?
        .into_iter()
        .map(|mut row| {
            Ok(ModelRow {
                digest: row.array("model")?,
                name: row.bytes("model")?,
            })
        })
        .collect()
}

/// A key. One that is damaged keeps its number and opens nothing, so that it is named and can be erased, and stands in
/// nobody else's way.
pub(super) fn key_row(mut row: Cells) -> Result<KeyRow, StoreError> {
    let what = "wrapped server part";
    let number = row.int(what)?;
    let (tenant, version) = (row.int(what), row.int(what));
    let (key_id, wrapped) = (row.array(what), row.sized(60, what));
    Ok(KeyRow {
        number,
        tenant: tenant.unwrap_or_default(),
        version: version.unwrap_or_default(),
        key_id: key_id.unwrap_or_default(),
        wrapped: wrapped.unwrap_or_else(|_| vec![0; 60]),
    })
}

pub(in crate::store) fn key(sql: &mut dyn Sql, number: u64) -> Result<Option<KeyRow>, StoreError> {
    sql.row(
        "SELECT number, tenant, version, key_id, wrapped FROM server_part WHERE number = $1 \
         AND NOT EXISTS (SELECT 1 FROM deletion WHERE deletion.key_id = server_part.key_id)",
        &[int(number)?],
    )?
    .map(key_row)
    .transpose()
}

pub(in crate::store) fn withdrawn(sql: &mut dyn Sql, mark: &[u8; 16]) -> Result<bool, StoreError> {
    let query = "SELECT day FROM withdrawal WHERE mark = $1";
    Ok(sql.row(query, &[Value::Bytes(mark)])?.is_some())
}

pub(in crate::store) fn keys(
    sql: &mut dyn Sql,
    after: u64,
    limit: u32,
) -> Result<Vec<KeyRow>, StoreError> {
    sql.rows(
        "SELECT number, tenant, version, key_id, wrapped FROM server_part \
         WHERE number > $1 ORDER BY number LIMIT $2",
        &[int(after)?, small(limit)],
    )?
    .into_iter()
    .map(key_row)
    .collect()
}

pub(super) fn deletion_row(mut row: Cells) -> Result<DeletionRow, StoreError> {
    let what = "deletion";
    Ok(DeletionRow {
        position: row.int(what)?,
        key_id: row.array(what)?,
        day: row.int(what)?,
    })
}

pub(in crate::store) fn unpurged(
    sql: &mut dyn Sql,
    limit: u32,
) -> Result<Vec<DeletionRow>, StoreError> {
    sql.rows(
        "SELECT position, key_id, day FROM deletion WHERE purged = 0 ORDER BY position LIMIT $1",
        &[small(limit)],
    )?
    .into_iter()
    .map(deletion_row)
    .collect()
}

/// A subject. One that is damaged keeps its number and has no key ([`SubjectRow::is_damaged`]), so that it is named and can
/// be erased, and stands in nobody else's way. A day of last use that is none is later than every day: it is set anew.
pub(super) fn subject_row(mut row: Cells) -> Result<SubjectRow, StoreError> {
    let what = "subject";
    let number = row.int(what)?;
    let collection = row.int(what);
    let (pseudonym, key_id) = (row.array(what), row.array(what));
    let (kind, generation) = (row.int(what), row.int(what));
    let (used_day, profile) = (row.int(what), row.bytes(what));
    let whole = pseudonym.is_ok() && kind.is_ok() && generation.is_ok() && profile.is_ok();
    Ok(SubjectRow {
        number,
        collection: collection.unwrap_or(u32::MAX),
        pseudonym: pseudonym.unwrap_or([0; 32]),
        key_id: key_id.ok().filter(|_| whole).unwrap_or_default(),
        kind: kind.unwrap_or_default(),
        generation: generation.unwrap_or_default(),
        used_day: used_day.unwrap_or(u32::MAX),
        profile: profile.unwrap_or_default(),
    })
}

pub(in crate::store) fn subject(
    sql: &mut dyn Sql,
    collection: u32,
    pseudonym: &[u8; 32],
) -> Result<Option<SubjectRow>, StoreError> {
    sql.row(
        "SELECT number, collection, pseudonym, key_id, kind, generation, used_day, profile \
         FROM subject WHERE substr(pseudonym, 1, 8) = $1 AND pseudonym = $2 AND collection = $3",
        &[
            Value::Bytes(&pseudonym[..8]),
            Value::Bytes(pseudonym),
            small(collection),
        ],
    )?
    .map(subject_row)
    .transpose()
}

pub(in crate::store) fn subjects(
    sql: &mut dyn Sql,
    collection: Option<u32>,
    after: u64,
    limit: u32,
) -> Result<Vec<SubjectRow>, StoreError> {
    let (query, last) = match collection {
        Some(number) => (
            "SELECT number, collection, pseudonym, key_id, kind, generation, used_day, \
             profile FROM subject WHERE number > $1 AND collection = $2 ORDER BY number LIMIT $3",
            [small(number), small(limit)].to_vec(),
        ),
        None => (
            "SELECT number, collection, pseudonym, key_id, kind, generation, used_day, \
             profile FROM subject WHERE number > $1 ORDER BY number LIMIT $2",
            [small(limit)].to_vec(),
        ),
    };
    let values = [&[int(after)?][..], &last].concat();
    sql.rows(query, &values)?
        .into_iter()
        .map(subject_row)
        .collect()
}

pub(super) fn record_row(mut row: Cells) -> Result<RecordRow, StoreError> {
    let place: u64 = row.int("record")?;
    let (subject, number) = (place >> 8, (place & 255) as u16);
    Ok(RecordRow {
        subject,
        number,
        bytes: row.bytes("record")?,
    })
}

pub(super) fn consent_row(mut row: Cells) -> Result<ConsentRow, StoreError> {
    let what = "consent";
    let place: u64 = row.int(what)?;
    Ok(ConsentRow {
        subject: place >> 8,
        number: (place & 255) as u16,
        ledger: row.sized(44, what)?,
        detail: row.sized(100, what)?,
    })
}

pub(super) fn event_row(mut row: Cells) -> Result<EventRow, StoreError> {
    let what = "event";
    Ok(EventRow {
        sequence: row.int(what)?,
        subject: row.int(what)?,
        sealed: row.bytes(what)?,
    })
}

pub(super) fn tile_row(mut row: Cells) -> Result<TileRow, StoreError> {
    let place: u64 = row.int("tile")?;
    let index = place & ((1 << 48) - 1);
    Ok(TileRow {
        level: (place >> 48) as u8,
        index,
        hashes: row.bytes("tile")?,
    })
}

pub(in crate::store) fn dossier(
    sql: &mut dyn Sql,
    subject: u64,
    contents: Contents,
) -> Result<Dossier, StoreError> {
    let places = [place(subject, 0)?, place(subject, 255)?];
    let mut dossier = Dossier::default();
    if contents != Contents::Records {
        dossier.consents = sql
            .rows(
                "SELECT place, ledger, detail FROM consent WHERE place BETWEEN $1 AND $2 \
                 ORDER BY place",
                &places,
            )?
            .into_iter()
            .map(consent_row)
            .collect::<Result<_, _>>()?;
    }
    if contents != Contents::Consents {
        dossier.records = sql
            .rows(
                "SELECT place, bytes FROM record WHERE place BETWEEN $1 AND $2 ORDER BY place",
                &places,
            )?
            .into_iter()
            .map(record_row)
            .collect::<Result<_, _>>()?;
    }
    Ok(dossier)
}

pub(in crate::store) fn attempt(
    sql: &mut dyn Sql,
    slot: &[u8; 32],
) -> Result<Option<Vec<u8>>, StoreError> {
    sql.row(
        "SELECT sealed FROM attempt WHERE slot = $1",
        &[Value::Bytes(slot)],
    )?
    .map(|mut row| row.bytes("attempt"))
    .transpose()
}

pub(super) fn payment_row(mut row: Cells) -> Result<PaymentRow, StoreError> {
    let what = "payment";
    Ok(PaymentRow {
        slot: row.array(what)?,
        subject: row.int(what)?,
        day: row.int(what)?,
        open: row.int(what)?,
        sealed: row.sized(1052, what)?,
    })
}

pub(in crate::store) fn payment(
    sql: &mut dyn Sql,
    slot: &[u8; 32],
) -> Result<Option<PaymentRow>, StoreError> {
    sql.row(
        "SELECT slot, subject, day, open, sealed FROM payment WHERE slot = $1",
        &[Value::Bytes(slot)],
    )?
    .map(payment_row)
    .transpose()
}

pub(in crate::store) fn payments(
    sql: &mut dyn Sql,
    subject: u64,
    from: PaymentPlace,
    limit: u32,
) -> Result<Vec<PaymentRow>, StoreError> {
    // Every slot comes after none at all.
    let slot = from.slot.as_ref().map_or(&[][..], |slot| &slot[..]);
    sql.rows(
        "SELECT slot, subject, day, open, sealed FROM payment WHERE subject = $1 AND day >= $2 \
         AND (day > $2 OR slot > $3) ORDER BY day, slot LIMIT $4",
        &[
            int(subject)?,
            small(from.day),
            Value::Bytes(slot),
            small(limit),
        ],
    )?
    .into_iter()
    .map(payment_row)
    .collect()
}

pub(in crate::store) fn tile(
    sql: &mut dyn Sql,
    level: u8,
    index: u64,
) -> Result<Vec<u8>, StoreError> {
    let row = sql.row(
        "SELECT hashes FROM tile WHERE place = $1",
        &[tile_place(level, index)?],
    )?;
    row.map_or(Ok(Vec::new()), |mut row| row.bytes("tile"))
}
