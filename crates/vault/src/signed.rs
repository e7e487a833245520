//! What the vault signs: checkpoints of the audit tree and erase receipts (spec, 7 and 8).

use crate::ident::{KeyId, Timestamp};
use crate::merkle::Hash;
use crate::seal;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use thiserror::Error;

const CHECKPOINT: usize = 136;
const RECEIPT: usize = 224;
const INTENT: usize = 160;

/// A signed statement is not one of this vault.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignedError {
    /// The bytes are not of this kind and version.
    #[error("{what} has a wrong length, mark or version")]
    Format {
        /// What was expected.
        what: &'static str,
    },
    /// The signature is not of this key.
    #[error("{what} is not signed by this vault")]
    Signature {
        /// What was expected.
        what: &'static str,
    },
}

/// A signed statement of how the audit tree stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The vault it is of.
    pub vault: [u8; 16],
    /// Leaves of the tree.
    pub size: u64,
    /// Root hash of the tree.
    pub root: Hash,
    /// When it was signed.
    pub time: Timestamp,
    bytes: Box<[u8; CHECKPOINT]>,
}

/// The size in the bytes of a checkpoint, unchecked.
pub(crate) fn size_in(bytes: &[u8]) -> Option<u64> {
    let size = bytes.get(24..32)?.first_chunk()?;
    Some(u64::from_le_bytes(*size))
}

/// A signed statement that a subject's key is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EraseReceipt {
    /// The vault it is of.
    pub vault: [u8; 16],
    /// The key that was destroyed.
    pub key_id: KeyId,
    /// When.
    pub time: Timestamp,
    /// Place in the deletion ledger.
    pub position: u64,
    /// Leaf of the "erased" event in the audit tree.
    pub leaf: u64,
    /// Leaves of the tree after it.
    pub size: u64,
    /// Root hash of that tree.
    pub root: Hash,
    salt: [u8; 16],
    id_digest: [u8; 32],
    bytes: Box<[u8; RECEIPT]>,
}

/// A signed statement that a subject's erasure is about to begin: with it the receipt can be had
/// after a crash, when nothing else links the id to the destroyed key any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EraseIntent {
    /// The vault it is of.
    pub vault: [u8; 16],
    /// The key that will be destroyed.
    pub key_id: KeyId,
    /// When.
    pub time: Timestamp,
    pub(crate) salt: [u8; 16],
    pub(crate) id_digest: [u8; 32],
    bytes: Box<[u8; INTENT]>,
}

pub(crate) struct ReceiptFacts {
    pub(crate) vault: [u8; 16],
    pub(crate) key_id: KeyId,
    pub(crate) salt: [u8; 16],
    pub(crate) id_digest: [u8; 32],
    pub(crate) time: Timestamp,
    pub(crate) position: u64,
    pub(crate) leaf: u64,
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

fn sign(key: &Ed25519KeyPair, bytes: &mut [u8]) {
    let (body, signature) = bytes.split_at_mut(bytes.len() - 64);
    signature.copy_from_slice(key.sign(body).as_ref());
}

fn check(what: &'static str, public_key: &[u8], bytes: &[u8]) -> Result<(), SignedError> {
    let (body, signature) = bytes.split_at(bytes.len() - 64);
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(body, signature)
        .map_err(|_| SignedError::Signature { what })
}

fn number(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .copied()
        .unwrap_or([0; N])
}

impl Checkpoint {
    pub(crate) fn sign(
        key: &Ed25519KeyPair,
        vault: [u8; 16],
        size: u64,
        root: Hash,
        time: Timestamp,
    ) -> Self {
        let mut bytes = Box::new([0; CHECKPOINT]);
        bytes[..8].copy_from_slice(b"CTNCKPT\x01");
        bytes[8..24].copy_from_slice(&vault);
        bytes[24..32].copy_from_slice(&size.to_le_bytes());
        bytes[32..64].copy_from_slice(&root);
        bytes[64..72].copy_from_slice(&time.unix().to_le_bytes());
        sign(key, &mut bytes[..]);
        Self {
            vault,
            size,
            root,
            time,
            bytes,
        }
    }

    /// Reads a checkpoint and checks its signature.
    ///
    /// # Errors
    /// [`SignedError`] when it is not a checkpoint signed by `public_key`.
    pub fn verify(bytes: &[u8], public_key: &[u8; 32]) -> Result<Self, SignedError> {
        let bytes: Box<[u8; CHECKPOINT]> = read("checkpoint", b"CTNCKPT\x01", bytes, public_key)?;
        Ok(Self {
            vault: array(&bytes[..], 8),
            size: number(&bytes[..], 24),
            root: array(&bytes[..], 32),
            time: Timestamp::from_unix(number(&bytes[..], 64)),
            bytes,
        })
    }

    /// The 136 bytes with the signature.
    #[must_use]
    pub fn bytes(&self) -> &[u8; CHECKPOINT] {
        &self.bytes
    }
}

/// The bytes of one kind of statement, if they begin as it does, are as long and are signed.
fn read<const N: usize>(
    what: &'static str,
    magic: &[u8; 8],
    bytes: &[u8],
    public_key: &[u8; 32],
) -> Result<Box<[u8; N]>, SignedError> {
    let bytes: Box<[u8; N]> = bytes
        .to_vec()
        .try_into()
        .map_err(|_| SignedError::Format { what })?;
    if !bytes.starts_with(magic) {
        return Err(SignedError::Format { what });
    }
    check(what, public_key, &bytes[..])?;
    Ok(bytes)
}

/// What a receipt has in place of the id; zeros without one.
pub(crate) fn id_digest(salt: &[u8; 16], external_id: Option<&str>) -> [u8; 32] {
    external_id.map_or([0; 32], |id| seal::sha(&[salt, id.as_bytes()]))
}

impl EraseIntent {
    pub(crate) fn sign(
        key: &Ed25519KeyPair,
        vault: [u8; 16],
        key_id: KeyId,
        (salt, external_id): ([u8; 16], &str),
        time: Timestamp,
    ) -> Self {
        let mut bytes = Box::new([0; INTENT]);
        bytes[..8].copy_from_slice(b"CTNERAI\x01");
        bytes[8..24].copy_from_slice(&vault);
        bytes[24..40].copy_from_slice(&key_id.0);
        bytes[40..56].copy_from_slice(&salt);
        bytes[56..88].copy_from_slice(&id_digest(&salt, Some(external_id)));
        bytes[88..96].copy_from_slice(&time.unix().to_le_bytes());
        sign(key, &mut bytes[..]);
        Self::parse(bytes)
    }

    fn parse(bytes: Box<[u8; INTENT]>) -> Self {
        let all = &bytes[..];
        Self {
            vault: array(all, 8),
            key_id: KeyId(array(all, 24)),
            salt: array(all, 40),
            id_digest: array(all, 56),
            time: Timestamp::from_unix(number(all, 88)),
            bytes,
        }
    }

    /// Reads an intent and checks its signature.
    ///
    /// # Errors
    /// [`SignedError`] when it is not an intent signed by `public_key`.
    pub fn verify(bytes: &[u8], public_key: &[u8; 32]) -> Result<Self, SignedError> {
        let bytes: Box<[u8; INTENT]> = read("erase intent", b"CTNERAI\x01", bytes, public_key)?;
        Ok(Self::parse(bytes))
    }

    /// Whether it was given for this external id.
    #[must_use]
    pub fn is_for(&self, external_id: &str) -> bool {
        self.id_digest == id_digest(&self.salt, Some(external_id))
    }

    /// The 160 bytes with the signature.
    #[must_use]
    pub fn bytes(&self) -> &[u8; INTENT] {
        &self.bytes
    }
}

impl EraseReceipt {
    pub(crate) fn sign(key: &Ed25519KeyPair, facts: &ReceiptFacts) -> Self {
        let mut bytes = Box::new([0; RECEIPT]);
        bytes[..8].copy_from_slice(b"CTNERAS\x01");
        bytes[8..24].copy_from_slice(&facts.vault);
        bytes[24..40].copy_from_slice(&facts.key_id.0);
        bytes[40..56].copy_from_slice(&facts.salt);
        bytes[56..88].copy_from_slice(&facts.id_digest);
        for (at, value) in [
            (88, facts.time.unix()),
            (96, facts.position),
            (104, facts.leaf),
            (112, facts.size),
        ] {
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        bytes[120..152].copy_from_slice(&facts.root);
        sign(key, &mut bytes[..]);
        Self::parse(bytes)
    }

    fn parse(bytes: Box<[u8; RECEIPT]>) -> Self {
        let all = &bytes[..];
        Self {
            vault: array(all, 8),
            key_id: KeyId(array(all, 24)),
            salt: array(all, 40),
            id_digest: array(all, 56),
            time: Timestamp::from_unix(number(all, 88)),
            position: number(all, 96),
            leaf: number(all, 104),
            size: number(all, 112),
            root: array(all, 120),
            bytes,
        }
    }

    /// Reads a receipt and checks its signature.
    ///
    /// # Errors
    /// [`SignedError`] when it is not a receipt signed by `public_key`.
    pub fn verify(bytes: &[u8], public_key: &[u8; 32]) -> Result<Self, SignedError> {
        let bytes: Box<[u8; RECEIPT]> = read("erase receipt", b"CTNERAS\x01", bytes, public_key)?;
        Ok(Self::parse(bytes))
    }

    /// Whether the receipt was given for this external id.
    #[must_use]
    pub fn is_for(&self, external_id: &str) -> bool {
        self.id_digest == id_digest(&self.salt, Some(external_id))
    }

    /// The 224 bytes with the signature.
    #[must_use]
    pub fn bytes(&self) -> &[u8; RECEIPT] {
        &self.bytes
    }
}
