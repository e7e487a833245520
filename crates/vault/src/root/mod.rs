//! Where the root key comes from: the `KeySource` seam.

mod file;
#[cfg(feature = "pkcs11")]
mod pkcs11;

pub use file::RootKey;
pub(crate) use file::id_of;
#[cfg(feature = "pkcs11")]
pub use pkcs11::{Pkcs11Options, Pkcs11Root};

use crate::random::Random;
use crate::secret::Secret;
use thiserror::Error;

/// What kind of place holds the root key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootKind {
    /// A credential that the service manager passed.
    Credential,
    /// Bytes the caller had: an environment variable or a test. Not for production.
    DangerousBytes,
    /// A file.
    File,
    /// A token that never gives the key out.
    Pkcs11,
}

/// The root key cannot be had or does not fit.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The key file is not 32 bytes or 64 hexadecimal digits.
    #[error("root key file {place} is not a key")]
    Format {
        /// The file.
        place: String,
    },
    /// The key file lies inside the data folder.
    #[error("root key file {place} lies in the data folder")]
    Inside {
        /// The file.
        place: String,
    },
    /// The key file cannot be read or written.
    #[error("root key file {place}: {cause}")]
    Io {
        /// The file.
        place: String,
        /// The system's words.
        cause: String,
    },
    /// Others than its owner may read the key file.
    #[error("root key file {place} has mode {mode:03o}, expected no access for group and others")]
    Permissions {
        /// The file.
        place: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The token refused.
    #[error("token: {cause}")]
    Token {
        /// The token's words.
        cause: String,
    },
    /// The root key that is to take the place of another is that one.
    #[error("new root key is the old one")]
    Unchanged,
    /// The root key is all zeros: a file that was allocated and never written.
    #[error("root key file {place} is all zeros, which is no key")]
    Zero {
        /// The file.
        place: String,
    },
    /// A wrapped key does not open, though its root key is the right one.
    #[error("wrapped key is damaged")]
    Unopened,
    /// The vault belongs to another root key.
    #[error("root key is {got}, expected {expected}")]
    Wrong {
        /// Id of the root key of the vault, in hexadecimal.
        expected: String,
        /// Id of the root key that was given.
        got: String,
    },
}

/// A root key, wherever it is: it wraps the keys of the vault and tenants and nothing else.
///
/// It is asked when a vault is opened, when a tenant is made or gets a new key, and when the
/// root key is replaced; not while verifying.
pub trait KeySource: Send + Sync {
    /// The id of the root key; it tells nothing about the key.
    fn root_id(&self) -> [u8; 16];

    /// What kind of place holds it.
    fn kind(&self) -> RootKind;

    /// Seals a key: nonce, ciphertext and tag, 60 bytes. `context` is bound as associated data.
    ///
    /// # Errors
    /// [`KeyError`] when the place cannot be reached.
    fn wrap(&self, random: &dyn Random, context: &[u8], key: &Secret) -> Result<Vec<u8>, KeyError>;

    /// Opens a key sealed by [`KeySource::wrap`] with the same context.
    ///
    /// # Errors
    /// [`KeyError::Unopened`] when it does not open; others when the place cannot be reached.
    fn unwrap_key(&self, context: &[u8], wrapped: &[u8]) -> Result<Secret, KeyError>;
}
