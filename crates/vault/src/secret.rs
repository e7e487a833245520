//! Keys in memory: locked there, wiped when dropped, never printed.

use crate::pages::Held;
use std::fmt;
use thiserror::Error;
use zeroize::Zeroize;

/// A key of 32 bytes. Its page is kept out of swap where the system allows it
/// ([`key_pages`](crate::key_pages)), it is wiped when dropped, and its `Debug` text shows nothing.
pub struct Secret {
    bytes: Box<Bytes>,
    /// Declared after the bytes, and so dropped after they are wiped.
    _page: Held,
}

/// Aligned to its size, so that it never lies in two pages.
#[derive(Zeroize)]
#[zeroize(drop)]
#[repr(align(32))]
struct Bytes([u8; 32]);

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
    /// Whether every byte is zero, which no key of ours is.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.expose().iter().fold(0, |all, byte| all | byte) == 0
    }

    /// A key of these 32 bytes; the caller wipes its own copy.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        let mut secret = Self::empty();
        secret.bytes.0.copy_from_slice(bytes);
        secret
    }

    /// A place for a key: locked before the key is in it.
    fn empty() -> Self {
        let bytes = Box::new(Bytes([0; 32]));
        let _page = Held::new(&*bytes);
        Self { bytes, _page }
    }

    /// The key's bytes, for the cipher that uses them.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.bytes.0
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
        let mut secret = Self::empty();
        fill(&mut secret.bytes.0)?;
        Ok(secret)
    }
}

impl Clone for Secret {
    fn clone(&self) -> Self {
        Self::new(self.expose())
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

    pub(crate) fn secret(&self) -> &Secret {
        &self.0
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

    /// What the system says of the page, not what we asked for.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_page_of_a_key_is_locked_while_the_key_lives() {
        let locked = |address: usize| {
            let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let mut inside = false;
            for line in maps.lines() {
                let range = line.split(' ').next().and_then(|one| one.split_once('-'));
                let bounds = range.and_then(|(a, b)| Some((hex(a)?, hex(b)?)));
                if let Some((from, to)) = bounds {
                    inside = (from..to).contains(&address);
                } else if inside && line.starts_with("VmFlags:") {
                    return line.split(' ').any(|flag| flag == "lo");
                }
            }
            panic!("no such page");
        };
        fn hex(text: &str) -> Option<usize> {
            usize::from_str_radix(text, 16).ok()
        }
        let plain = Box::new([1u8; 1 << 20]);
        assert!(!locked(plain.as_ptr().addr()), "control");
        let secret = Secret::new(&[0x5a; 32]);
        let copy = secret.clone();
        let pages = crate::key_pages();
        if pages.locked == 0 {
            // A machine that lets nobody lock memory.
            assert!(pages.pages > 0);
            return;
        }
        assert!(locked(secret.expose().as_ptr().addr()));
        drop(secret);
        assert!(
            locked(copy.expose().as_ptr().addr()),
            "a neighbor's end unlocks nothing"
        );
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
