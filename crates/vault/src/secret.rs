//! Keys in memory: wiped when dropped, never printed.

use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// A key of 32 bytes. It is wiped when dropped and its `Debug` text shows nothing of it.
#[derive(Clone)]
pub struct Secret(Box<Zeroizing<[u8; 32]>>);

/// The part of a holder-bound subject's key that the holder keeps: 32 bytes, such as the
/// output of a passkey's PRF or a secret in a device keystore.
///
/// It comes with each request and is never stored.
#[derive(Clone)]
pub struct HolderPart(Secret);

/// A holder part or root key has the wrong number of bytes.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("secret has {got} bytes, expected 32")]
pub struct SecretLength {
    /// Bytes that were given.
    pub got: usize,
}

impl Secret {
    /// A key of these 32 bytes; the caller wipes its own copy.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(Box::new(Zeroizing::new(*bytes)))
    }

    /// The key's bytes, for the cipher that uses them.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key from the start of a longer or shorter slice.
    ///
    /// # Errors
    /// [`SecretLength`] unless there are exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, SecretLength> {
        match <&[u8; 32]>::try_from(bytes) {
            Ok(bytes) => Ok(Self::new(bytes)),
            Err(_) => Err(SecretLength { got: bytes.len() }),
        }
    }

    pub(crate) fn filled(
        fill: impl FnOnce(&mut [u8; 32]) -> Result<(), crate::RandomError>,
    ) -> Result<Self, crate::RandomError> {
        let mut secret = Self(Box::new(Zeroizing::new([0; 32])));
        fill(&mut secret.0)?;
        Ok(secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl HolderPart {
    /// A holder part from its 32 bytes.
    ///
    /// # Errors
    /// [`SecretLength`] on another length.
    pub fn new(bytes: &[u8]) -> Result<Self, SecretLength> {
        Secret::from_slice(bytes).map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.expose()
    }
}

impl fmt::Debug for HolderPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HolderPart(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_text_of_a_secret_shows_no_byte_of_it() {
        let secret = Secret::new(&[0x5a; 32]);
        let holder = HolderPart::new(&[0x5a; 32]).unwrap();
        let text = format!("{secret:?} {holder:?}");
        assert_eq!(text, "Secret(..) HolderPart(..)");
        assert_eq!(secret.expose(), &[0x5a; 32], "the secret itself is there");
    }

    #[test]
    fn a_holder_part_of_another_length_is_refused() {
        for got in [0, 31, 33, 64] {
            assert_eq!(
                HolderPart::new(&vec![1; got]).unwrap_err(),
                SecretLength { got }
            );
        }
    }
}
