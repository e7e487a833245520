//! Keys that sign the results of sessions: derived for each period, stored nowhere (ADR 38).

use super::Vault;
use crate::error::VaultError;
use crate::ident::Timestamp;
use crate::seal;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use std::fmt;

/// Days of a period.
const PERIOD_DAYS: u64 = 30;
/// Seconds of a day.
const DAY: u64 = 86_400;

/// An Ed25519 key that signs results and nothing else.
pub struct ResultKey {
    pair: Ed25519KeyPair,
}

impl ResultKey {
    /// A key of these 32 bytes, for tests and vectors.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when they make no key.
    pub fn dangerous_from_seed(seed: &[u8; 32]) -> Result<Self, VaultError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        let pair = pair.map_err(|_| VaultError::Corrupt { what: "result key" })?;
        Ok(Self { pair })
    }

    /// What its signatures are checked with.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        let key = self.pair.public_key().as_ref();
        key.first_chunk().copied().unwrap_or([0; 32])
    }

    /// The signature of a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.pair.sign(message);
        let bytes = signature.as_ref().first_chunk();
        bytes.copied().unwrap_or([0; 64])
    }
}

impl fmt::Debug for ResultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResultKey(..)")
    }
}

/// Whether a message has this Ed25519 signature of this key.
#[must_use]
pub fn is_signed(public_key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, public_key);
    key.verify(message, signature).is_ok()
}

impl Vault {
    /// The key that signs results now. All nodes of a vault have the same.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when the vault's secret makes no key.
    pub fn result_key(&self, now: Timestamp) -> Result<ResultKey, VaultError> {
        self.result_key_of(period(now))
    }

    /// The public keys of the period before this one, of this one and of the next one.
    ///
    /// # Errors
    /// As [`result_key`](Self::result_key).
    pub fn result_public_keys(&self, now: Timestamp) -> Result<[[u8; 32]; 3], VaultError> {
        let at = period(now);
        let key = |period| Ok::<_, VaultError>(self.result_key_of(period)?.public_key());
        Ok([key(at.saturating_sub(1))?, key(at)?, key(at + 1)?])
    }

    fn result_key_of(&self, period: u64) -> Result<ResultKey, VaultError> {
        let seed = seal::expand(
            &self.keys.platform,
            &[b"result key v1", &period.to_le_bytes()],
        );
        ResultKey::dangerous_from_seed(seed.expose())
    }
}

fn period(now: Timestamp) -> u64 {
    now.unix() / DAY / PERIOD_DAYS
}

#[cfg(test)]
mod tests {
    use super::{DAY, PERIOD_DAYS, ResultKey, is_signed, period};
    use crate::ident::Timestamp;

    #[test]
    fn a_signature_holds_for_its_message_and_key_alone() {
        let key = ResultKey::dangerous_from_seed(&[1; 32]).expect("a key");
        let other = ResultKey::dangerous_from_seed(&[2; 32]).expect("a key");
        let signature = key.sign(b"yes");
        assert!(is_signed(&key.public_key(), b"yes", &signature));
        assert!(!is_signed(&key.public_key(), b"no", &signature));
        assert!(!is_signed(&other.public_key(), b"yes", &signature));
        assert!(!is_signed(&key.public_key(), b"yes", &signature[..63]));
        assert_eq!(format!("{key:?}"), "ResultKey(..)");
    }

    #[test]
    fn a_period_lasts_thirty_days() {
        let at = |unix| period(Timestamp::from_unix(unix));
        let length = PERIOD_DAYS * DAY;
        assert_eq!(at(0), 0);
        assert_eq!(at(length - 1), 0);
        assert_eq!(at(length), 1);
    }
}
