//! The tally of the keyring: what its ledger and numbers add up to, under a key of the vault (spec,
//! section 8). Who has no key can neither take an entry out of the ledger nor set a number back.

use crate::seal;
use crate::secret::Secret;
use crate::store::{DeletionRow, WithdrawalRow};

/// Bytes of a tally as it is kept.
pub(crate) const TALLY_BYTES: usize = 80;

/// The key of the tally. The store makes it anew in each transaction of the keyring.
#[derive(Clone, Debug)]
pub struct TallyKey {
    row: Secret,
    whole: Secret,
}

/// What a ledger adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    deletions: u64,
    withdrawals: u64,
    /// Sum of the MACs of all entries, modulo 2^256.
    sum: [u8; 32],
}

/// What else of the keyring stands or falls with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside<'a> {
    pub(crate) last_subject: u64,
    pub(crate) last_position: u64,
    pub(crate) checkpoint: Option<&'a [u8]>,
}

impl TallyKey {
    pub(crate) fn of(secret: &Secret) -> Self {
        let key = seal::labelled(secret, "tally");
        Self {
            row: seal::expand(&key, &[b"row"]),
            whole: seal::expand(&key, &[b"whole"]),
        }
    }

    fn mac(&self, counted: &[u8], beside: Beside<'_>) -> [u8; 32] {
        let checkpoint = beside.checkpoint.unwrap_or_default();
        let parts = [
            counted,
            &beside.last_subject.to_le_bytes(),
            &beside.last_position.to_le_bytes(),
            checkpoint,
        ];
        seal::mac(&self.whole, &parts)
    }
}

/// How the key goes to the process that has the store (`store::LentStore`): it makes the tally there.
pub(crate) mod lent {
    use super::{Secret, TallyKey};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use zeroize::Zeroizing;

    type Bytes = Option<([u8; 32], [u8; 32])>;

    pub(crate) fn serialize<S: Serializer>(
        key: &Option<TallyKey>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let bytes = key.as_ref();
        let bytes = bytes.map(|key| (*key.row.expose(), *key.whole.expose()));
        Zeroizing::new(bytes).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<TallyKey>, D::Error> {
        let bytes = Zeroizing::new(Bytes::deserialize(from)?);
        Ok(bytes.as_ref().map(|(row, whole)| TallyKey {
            row: Secret::new(row),
            whole: Secret::new(whole),
        }))
    }
}

impl Tally {
    pub(crate) fn delete(&mut self, key: &TallyKey, row: &DeletionRow) {
        self.deletions += 1;
        let position = row.position.to_le_bytes();
        let parts = [&[1][..], &position, &row.key_id, &row.day.to_le_bytes()];
        self.add(seal::mac(&key.row, &parts));
    }

    pub(crate) fn withdraw(&mut self, key: &TallyKey, row: &WithdrawalRow) {
        self.withdrawals += 1;
        let parts = [&[2][..], &row.mark, &row.day.to_le_bytes()];
        self.add(seal::mac(&key.row, &parts));
    }

    fn add(&mut self, mac: [u8; 32]) {
        let mut carry = 0;
        for (sum, byte) in self.sum.iter_mut().zip(mac) {
            let total = u16::from(*sum) + u16::from(byte) + carry;
            *sum = (total & 0xff) as u8;
            carry = total >> 8;
        }
    }

    fn counted(&self) -> [u8; 48] {
        let mut out = [0; 48];
        out[..8].copy_from_slice(&self.deletions.to_le_bytes());
        out[8..16].copy_from_slice(&self.withdrawals.to_le_bytes());
        out[16..].copy_from_slice(&self.sum);
        out
    }

    pub(crate) fn to_bytes(&self, key: &TallyKey, beside: Beside<'_>) -> [u8; TALLY_BYTES] {
        let counted = self.counted();
        let mut out = [0; TALLY_BYTES];
        out[..48].copy_from_slice(&counted);
        out[48..].copy_from_slice(&key.mac(&counted, beside));
        out
    }

    /// The tally in these bytes, if they were made with the key beside the same numbers.
    pub(crate) fn from_bytes(bytes: &[u8], key: &TallyKey, beside: Beside<'_>) -> Option<Self> {
        let bytes: &[u8; TALLY_BYTES] = bytes.try_into().ok()?;
        let counted = bytes.first_chunk::<48>()?;
        if key.mac(counted, beside) != bytes[48..] {
            return None;
        }
        Some(Self {
            deletions: u64::from_le_bytes(bytes[..8].try_into().ok()?),
            withdrawals: u64::from_le_bytes(bytes[8..16].try_into().ok()?),
            sum: bytes[16..48].try_into().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(position: u64) -> DeletionRow {
        DeletionRow {
            position,
            key_id: [position as u8; 16],
            day: 20_000,
        }
    }

    fn beside(last_position: u64) -> Beside<'static> {
        Beside {
            last_subject: 9,
            last_position,
            checkpoint: Some(&[7; 136]),
        }
    }

    #[test]
    fn the_order_of_entries_is_nothing_and_each_of_them_counts() {
        let key = TallyKey::of(&Secret::new(&[3; 32]));
        let (mut one, mut other) = (Tally::default(), Tally::default());
        for n in 1..100 {
            one.delete(&key, &row(n));
            other.delete(&key, &row(100 - n));
        }
        assert_eq!(one, other);
        let whole = one.clone();
        one.delete(&key, &row(100));
        assert_ne!(one, whole);
    }

    #[test]
    fn a_tally_reads_back_beside_its_own_numbers_only() {
        let key = TallyKey::of(&Secret::new(&[3; 32]));
        let mut tally = Tally::default();
        tally.delete(&key, &row(1));
        let bytes = tally.to_bytes(&key, beside(1));
        let read = |bytes: &[u8], last| Tally::from_bytes(bytes, &key, beside(last));
        assert_eq!(read(&bytes, 1), Some(tally));
        assert_eq!(read(&bytes, 0), None);
        for at in 0..TALLY_BYTES {
            let mut altered = bytes;
            altered[at] ^= 1;
            assert_eq!(read(&altered, 1), None, "byte {at}");
        }
        let other = TallyKey::of(&Secret::new(&[4; 32]));
        assert_eq!(Tally::from_bytes(&bytes, &other, beside(1)), None);
    }
}
