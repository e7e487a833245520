//! A device key, and as bytes, to be sealed (docs/spec/payment-v1.md, "Device keys").

use super::PublicKey;
use crate::random_id::random_id;
use countenance_vault::Timestamp;
use std::fmt;

const VERSION: u8 = 1;

random_id! {
    /// Id of a device key.
    DeviceKeyId, "d"
}

/// A passkey that was registered for a subject.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceKey {
    pub(super) id: DeviceKeyId,
    pub(super) credential: Vec<u8>,
    pub(super) key: PublicKey,
    pub(super) counter: u32,
    pub(super) synced: bool,
    pub(super) added: Timestamp,
    pub(super) used: Option<Timestamp>,
    pub(super) label: String,
}

/// That the counter of an authenticator went backwards, or stood still: there may be a copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backwards;

impl fmt::Debug for DeviceKey {
    /// Who has which device is nobody's to see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceKey").finish_non_exhaustive()
    }
}

/// Reads a text or bytes with their length before them.
fn part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (part, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    *rest = after;
    Some(part)
}

fn number<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*number)
}

impl DeviceKey {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> DeviceKeyId {
        self.id
    }

    /// What the authenticator calls it.
    #[must_use]
    pub fn credential(&self) -> &[u8] {
        &self.credential
    }

    /// Whether it may be on other devices of the person, too, by their account with whoever keeps their passkeys.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// When it was registered.
    #[must_use]
    pub fn added(&self) -> Timestamp {
        self.added
    }

    /// When it signed last.
    #[must_use]
    pub fn used(&self) -> Option<Timestamp> {
        self.used
    }

    /// What whoever registered it calls it; may be empty.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.key
    }

    /// The same after it signed with this counter. Authenticators that do not count say 0 always.
    pub(crate) fn signed(&self, counter: u32, now: Timestamp) -> Result<Self, Backwards> {
        let counts = counter != 0 || self.counter != 0;
        if counts && counter <= self.counter {
            return Err(Backwards);
        }
        Ok(Self {
            counter,
            used: Some(now),
            ..self.clone()
        })
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (algorithm, key) = self.key.parts();
        let mut out = vec![VERSION, algorithm, u8::from(self.synced), 0];
        out.extend_from_slice(self.id.bytes());
        out.extend_from_slice(&self.added.unix().to_le_bytes());
        let used = self.used.map_or(0, Timestamp::unix);
        out.extend_from_slice(&used.to_le_bytes());
        out.extend_from_slice(&self.counter.to_le_bytes());
        for part in [&self.credential[..], key, self.label.as_bytes()] {
            let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(part);
        }
        out
    }

    /// A device key from its bytes; `None` when they are not one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let [version, algorithm, synced, zero] = number(&mut rest)?;
        if version != VERSION || synced > 1 || zero != 0 {
            return None;
        }
        let id = DeviceKeyId(number(&mut rest)?);
        let added = Timestamp::from_unix(u64::from_le_bytes(number(&mut rest)?));
        let used = u64::from_le_bytes(number(&mut rest)?);
        let counter = u32::from_le_bytes(number(&mut rest)?);
        let credential = part(&mut rest)?.to_vec();
        let key = PublicKey::from_parts(algorithm, part(&mut rest)?)?;
        let label = String::from_utf8(part(&mut rest)?.to_vec()).ok()?;
        rest.is_empty().then_some(Self {
            id,
            credential,
            key,
            counter,
            synced: synced == 1,
            added,
            used: (used != 0).then(|| Timestamp::from_unix(used)),
            label,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Backwards, DeviceKey, DeviceKeyId, PublicKey, Timestamp};
    use countenance_vault::MAX_DEVICE_KEY;

    fn key(counter: u32) -> DeviceKey {
        DeviceKey {
            id: DeviceKeyId::new([7; 16]),
            credential: vec![3; 512],
            key: PublicKey::Rs256(Box::new([0x81; 256])),
            counter,
            synced: true,
            added: Timestamp::from_unix(5),
            used: None,
            label: "ü".repeat(32),
        }
    }

    #[test]
    fn the_largest_key_fits_into_its_note_and_reads_back() {
        let bytes = key(9).to_bytes();
        assert!(bytes.len() <= MAX_DEVICE_KEY, "{}", bytes.len());
        assert_eq!(DeviceKey::from_bytes(&bytes), Some(key(9)));
        for cut in [1, 20, 48, bytes.len() - 1] {
            assert_eq!(DeviceKey::from_bytes(&bytes[..cut]), None);
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(DeviceKey::from_bytes(&longer), None);
    }

    #[test]
    fn a_counter_rises_or_is_never_used() {
        let now = Timestamp::from_unix(9);
        assert_eq!(key(0).signed(0, now).unwrap().counter, 0);
        assert_eq!(key(0).signed(1, now).unwrap().counter, 1);
        assert_eq!(key(4).signed(9, now).unwrap().used, Some(now));
        for counter in [0, 3, 4] {
            assert_eq!(key(4).signed(counter, now), Err(Backwards), "{counter}");
        }
    }

    #[test]
    fn an_id_reads_back_and_nothing_else_does() {
        let id = DeviceKeyId::new([250; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "",
            "d-",
            "p-BwcHBwcHBwcHBwcHBwcHBw",
            "d-BwcH",
            "d-BwcHBwcHBwcHBwcHBwcHBx",
        ] {
            assert_eq!(text.parse::<DeviceKeyId>(), Err(()), "{text}");
        }
    }
}
