//! The keys a reader holds (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// What a key in a set says it is for, if it signs results.
pub const PURPOSE: &str = "result";

/// Bytes of a set at most.
const MOST: usize = 64 << 10;

/// A key set does not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// It is no JSON Web Key Set.
    #[error("no key set")]
    Format(#[from] serde_json::Error),
    /// It has more bytes than a set should.
    #[error("key set has {got} bytes, expected at most {max}")]
    Length {
        /// Bytes that were given.
        got: usize,
        /// Most bytes.
        max: usize,
    },
    /// None of its keys signs results.
    #[error("key set has no key for results")]
    NoKey,
}

/// Public keys that sign results, by name.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<(String, [u8; 32])>,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    kid: String,
    #[serde(default)]
    purpose: String,
}

/// The name of an Ed25519 key (RFC 7638): the required members in the order of their names.
#[must_use]
pub fn thumbprint(public_key: &[u8; 32]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public_key);
    let digest = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
    URL_SAFE_NO_PAD.encode(digest)
}

impl KeySet {
    /// The result keys of a JSON Web Key Set. Keys of another kind or purpose are passed over, and so is one whose name
    /// is not its own.
    ///
    /// # Errors
    /// [`KeySetError`] when it does not read or has no such key.
    pub fn from_json(json: &[u8]) -> Result<Self, KeySetError> {
        if json.len() > MOST {
            return Err(KeySetError::Length {
                got: json.len(),
                max: MOST,
            });
        }
        let set: Set = serde_json::from_slice(json)?;
        let keys: Vec<_> = set.keys.into_iter().filter_map(Entry::key).collect();
        if keys.is_empty() {
            return Err(KeySetError::NoKey);
        }
        Ok(Self { keys })
    }

    pub(super) fn find(&self, kid: &str) -> Option<&[u8; 32]> {
        let found = self.keys.iter().find(|(name, _)| name == kid);
        found.map(|(_, key)| key)
    }
}

impl Entry {
    fn key(self) -> Option<(String, [u8; 32])> {
        let is_ours = self.kty == "OKP" && self.crv == "Ed25519" && self.purpose == PURPOSE;
        let key: [u8; 32] = URL_SAFE_NO_PAD.decode(&self.x).ok()?.try_into().ok()?;
        (is_ours && self.kid == thumbprint(&key)).then_some((self.kid, key))
    }
}
