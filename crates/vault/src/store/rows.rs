//! The rows a store keeps, and their bytes in a backup (spec, section 10).

use serde::{Deserialize, Serialize};

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident = $tag:literal { $($(#[$each:meta])* $field:ident: $kind:tt,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
            pub struct $name { $($(#[$each])* pub $field: rows!(@type $kind),)* }
        )*

        /// Any row, as backups carry it.
        #[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
        #[non_exhaustive]
        pub enum Row { $($(#[$doc])* $name($name),)* }

        impl Row {
            /// The row's tag in a backup.
            #[must_use]
            pub fn tag(&self) -> u8 {
                match self { $(Self::$name(_) => $tag,)* }
            }

            /// The row's bytes in a backup.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                let mut out = Vec::new();
                match self { $(Self::$name(row) => { $(rows!(@put $kind, out, row.$field);)* })* }
                out
            }

            /// A row from its tag and bytes; `None` when they are not one.
            #[must_use]
            pub fn decode(tag: u8, bytes: &[u8]) -> Option<Self> {
                let mut rest = bytes;
                let row = match tag {
                    $($tag => Self::$name($name { $($field: rows!(@take $kind, rest),)* }),)*
                    _ => return None,
                };
                if rest.is_empty() { Some(row) } else { None }
            }
        }

        $(impl From<$name> for Row { fn from(row: $name) -> Self { Self::$name(row) } })*
    };
    (@type u8) => { u8 };
    (@type u16) => { u16 };
    (@type u32) => { u32 };
    (@type u64) => { u64 };
    (@type rest) => { Vec<u8> };
    (@type [$n:literal]) => { [u8; $n] };
    (@type ($n:literal)) => { Vec<u8> };
    (@put rest, $out:ident, $value:expr) => { $out.extend_from_slice(&$value) };
    (@put [$n:literal], $out:ident, $value:expr) => { $out.extend_from_slice(&$value) };
    (@put ($n:literal), $out:ident, $value:expr) => { $out.extend_from_slice(&$value) };
    (@put $int:tt, $out:ident, $value:expr) => { $out.extend_from_slice(&$value.to_le_bytes()) };
    (@take rest, $rest:ident) => { std::mem::take(&mut $rest).to_vec() };
    (@take [$n:literal], $rest:ident) => { take::<$n>(&mut $rest)? };
    (@take ($n:literal), $rest:ident) => { take::<$n>(&mut $rest)?.to_vec() };
    (@take $int:tt, $rest:ident) => { <$int>::from_le_bytes(take(&mut $rest)?) };
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

rows! {
    /// An entry of the deletion ledger.
    DeletionRow = 1 {
        /// Place in the ledger, from 1.
        position: u64,
        /// The key that was destroyed.
        key_id: [16],
        /// Day it was destroyed.
        day: u32,
    }
    /// A key wrapped by the root key.
    RootWrappedRow = 2 {
        /// 1 vault secret, 2 tenant secret, 3 tenant key.
        kind: u8,
        /// Number of the tenant, 0 for the vault.
        tenant: u32,
        /// Version of a tenant key, else 0.
        version: u32,
        /// Which root key wrapped it.
        root_id: [16],
        /// The wrapped key.
        wrapped: (60),
    }
    /// A tenant.
    TenantRow = 3 {
        /// Number of the tenant, from 1.
        number: u32,
        /// Keyed hash of its name.
        id: [16],
        /// Its name, sealed.
        sealed_name: (92),
        /// Version of its key that wraps new server parts.
        version: u32,
    }
    /// The wrapped server part of a subject's key.
    KeyRow = 4 {
        /// Number of the subject, from 1, never used again.
        number: u64,
        /// Number of the tenant.
        tenant: u32,
        /// Version of the tenant key that wraps it.
        version: u32,
        /// Random name of the key.
        key_id: [16],
        /// The wrapped server part.
        wrapped: (60),
    }
    /// The newest signed checkpoint.
    CheckpointRow = 5 {
        /// Its 136 bytes.
        bytes: (136),
    }
    /// A collection.
    CollectionRow = 6 {
        /// Number of the collection, from 1.
        number: u32,
        /// Number of its tenant.
        tenant: u32,
        /// Keyed hash of its name.
        id: [16],
        /// Its name, sealed.
        sealed_name: (92),
    }
    /// The name of a model by its digest.
    ModelRow = 7 {
        /// Digest of the name.
        digest: [16],
        /// The name.
        name: rest,
    }
    /// A subject.
    SubjectRow = 8 {
        /// Number of the subject.
        number: u64,
        /// Number of its collection.
        collection: u32,
        /// Keyed hash of its external id.
        pseudonym: [32],
        /// Name of its key.
        key_id: [16],
        /// 0 operator-key, 1 holder-bound.
        kind: u8,
        /// Counts changes of its consents.
        generation: u64,
        /// Day of last use.
        used_day: u32,
        /// External id and creation time, sealed.
        profile: rest,
    }
    /// A sealed template.
    RecordRow = 9 {
        /// Number of the subject.
        subject: u64,
        /// Number of the record within the subject, 0 to 15.
        number: u16,
        /// The record.
        bytes: rest,
    }
    /// A consent entry.
    ConsentRow = 10 {
        /// Number of the subject.
        subject: u64,
        /// Number of the entry within the subject, 0 to 255.
        number: u16,
        /// Purpose, state, expiry, sealed with the ledger key.
        ledger: (44),
        /// Granted, text version, evidence, sealed with the body key.
        detail: (100),
    }
    /// An attempt counter.
    AttemptRow = 11 {
        /// Which counter.
        slot: [32],
        /// Its state, sealed.
        sealed: (76),
    }
    /// A sealed audit event.
    EventRow = 12 {
        /// Leaf index in the tree.
        sequence: u64,
        /// Number of the subject it is about, 0 for none.
        subject: u64,
        /// The event, sealed: 52 bytes; of an erased subject's a tombstone of 32.
        sealed: rest,
    }
    /// A consent that was withdrawn, in the deletion ledger.
    WithdrawalRow = 14 {
        /// What stands for the entry; only who has its subject's key can say whose it is.
        mark: [16],
        /// Day it was withdrawn.
        day: u32,
    }
    /// A payment that somebody is asked to approve, or was.
    PaymentRow = 15 {
        /// Keyed hash of its id.
        slot: [32],
        /// Number of the subject whose key it is sealed with.
        subject: u64,
        /// Day it was made.
        day: u32,
        /// 1 while it may still be approved, else 0.
        open: u8,
        /// What is kept of it, sealed.
        sealed: (1052),
    }
    /// Up to 32 hashes of the audit tree.
    TileRow = 13 {
        /// Level; a hash stands for `32^level` leaves.
        level: u8,
        /// Index of the tile in its level.
        index: u64,
        /// The hashes one after another.
        hashes: rest,
    }
}

impl SubjectRow {
    /// Whether the row did not read and only its number is known. No key has this id.
    pub(crate) fn is_damaged(&self) -> bool {
        self.key_id == [0; 16]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_and_longer_or_shorter_bytes_are_refused() {
        let rows: [Row; 3] = [
            DeletionRow {
                position: 7,
                key_id: [3; 16],
                day: 20_000,
            }
            .into(),
            ModelRow {
                digest: [1; 16],
                name: b"sface".to_vec(),
            }
            .into(),
            EventRow {
                sequence: 9,
                subject: 0,
                sealed: vec![5; 52],
            }
            .into(),
        ];
        for row in rows {
            let bytes = row.encode();
            assert_eq!(Row::decode(row.tag(), &bytes), Some(row.clone()));
            if !matches!(row, Row::ModelRow(_) | Row::EventRow(_)) {
                assert_eq!(Row::decode(row.tag(), &bytes[1..]), None);
                let longer = [&bytes[..], &[0]].concat();
                assert_eq!(Row::decode(row.tag(), &longer), None);
            }
        }
        assert_eq!(Row::decode(99, &[]), None);
    }
}
