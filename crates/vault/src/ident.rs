//! Names that come in and the ids that stand for them.

use crate::seal;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A name is not one the vault takes. The text itself is never part of the error.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentError {
    /// A character that is not allowed, such as NUL.
    #[error("{what} has a character that is not allowed at byte {at}")]
    Character {
        /// What kind of name.
        what: &'static str,
        /// Byte offset of the character.
        at: usize,
    },
    /// Empty or too long.
    #[error("{what} has {got} bytes, expected 1 to {max}")]
    Length {
        /// What kind of name.
        what: &'static str,
        /// Bytes that were given.
        got: usize,
        /// Most bytes allowed.
        max: usize,
    },
}

fn checked(
    what: &'static str,
    max: usize,
    text: &str,
    allowed: impl Fn(char) -> bool,
) -> Result<Box<str>, IdentError> {
    // Length first, so that ten megabytes are refused without being read.
    if text.is_empty() || text.len() > max {
        return Err(IdentError::Length {
            what,
            got: text.len(),
            max,
        });
    }
    match text.char_indices().find(|&(_, c)| !allowed(c)) {
        Some((at, _)) => Err(IdentError::Character { what, at }),
        None => Ok(text.into()),
    }
}

/// A text that a person can say again: no control characters, and no blanks at its ends.
fn speakable(what: &'static str, max: usize, text: &str) -> Result<Box<str>, IdentError> {
    let text = checked(what, max, text, |c| !c.is_control())?;
    let inner = text.trim();
    if inner.len() < text.len() {
        let at = if text.starts_with(char::is_whitespace) {
            0
        } else {
            inner.len()
        };
        return Err(IdentError::Character { what, at });
    }
    Ok(text)
}

/// What the caller calls a subject: 1 to 200 bytes of UTF-8 without control characters, and without
/// blanks at its ends.
///
/// It is stored only sealed; its `Debug` text does not show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalId(Box<str>);

impl ExternalId {
    /// Most bytes an external id may have.
    pub const MAX: usize = 200;

    /// An external id from its text.
    ///
    /// # Errors
    /// [`IdentError`] when it is empty, longer than 200 bytes or has such a character.
    pub fn new(text: &str) -> Result<Self, IdentError> {
        speakable("external id", Self::MAX, text).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExternalId(..)")
    }
}

/// The name of a tenant or collection: 1 to 62 bytes of UTF-8 without control characters and outer blanks;
/// stored only sealed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

impl Name {
    /// Most bytes a name may have.
    pub const MAX: usize = 62;

    /// A name from its text.
    ///
    /// # Errors
    /// [`IdentError`] when it is empty, longer than 62 bytes or has such a character.
    pub fn new(text: &str) -> Result<Self, IdentError> {
        speakable("name", Self::MAX, text).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Section 9: 64 bytes that are sealed.
    pub(crate) fn padded(&self) -> [u8; 64] {
        let mut out = [0; 64];
        out[0] = self.0.len() as u8;
        out[2..2 + self.0.len()].copy_from_slice(self.0.as_bytes());
        out
    }

    pub(crate) fn from_padded(bytes: &[u8]) -> Option<Self> {
        let length = usize::from(u16::from_le_bytes(*bytes.first_chunk()?));
        let text = std::str::from_utf8(bytes.get(2..2 + length)?).ok()?;
        Self::new(text).ok()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(..)")
    }
}

/// The name of the model that made a template: 1 to 64 of `a`-`z`, `0`-`9`, `-`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelName(Box<str>);

impl ModelName {
    /// A model name from its text.
    ///
    /// # Errors
    /// [`IdentError`] on another length or character.
    pub fn new(text: &str) -> Result<Self, IdentError> {
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        checked("model name", 64, text, known).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn digest(&self) -> [u8; 16] {
        seal::prefix(&seal::sha(&[b"countenance model v1", self.0.as_bytes()]))
    }
}

/// The version of the consent text a subject agreed to: 1 to 31 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextVersion(Box<str>);

impl TextVersion {
    /// A text version from its text.
    ///
    /// # Errors
    /// [`IdentError`] on another length or character.
    pub fn new(text: &str) -> Result<Self, IdentError> {
        checked("text version", 31, text, |c| {
            c.is_ascii_graphic() || c == ' '
        })
        .map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stands for a subject in the store: a keyed hash of its external id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub(crate) [u8; 32]);

impl Pseudonym {
    /// The 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pseudonym({self})")
    }
}

/// The random name of one subject's key. It is never used again after the key is destroyed.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct KeyId(pub(crate) [u8; 16]);

impl KeyId {
    /// The 16 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Seconds since 1970-01-01 UTC, read from a clock by the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// A time from whole seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Whole seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn unix(self) -> u64 {
        self.0
    }

    /// This time and some seconds more.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Whole days since 1970-01-01 UTC.
    #[must_use]
    pub fn day(self) -> u32 {
        u32::try_from(self.0 / 86_400).unwrap_or(u32::MAX)
    }
}

/// `u32` length and the bytes.
pub(crate) fn mac_with_field(key: &Secret, parts: &[&[u8]], field: &[u8]) -> [u8; 32] {
    let length = (field.len() as u32).to_le_bytes();
    let mut all = parts.to_vec();
    all.extend([&length[..], field]);
    seal::mac(key, &all)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_ten_megabytes_is_refused() {
        let text = "x".repeat(10 << 20);
        let error = ExternalId::new(&text).unwrap_err();
        assert_eq!(
            error,
            IdentError::Length {
                what: "external id",
                got: 10 << 20,
                max: 200
            }
        );
        assert!(!error.to_string().contains("xx"));
    }

    #[test]
    fn an_id_with_nul_is_refused_and_one_with_accents_is_taken() {
        let error = ExternalId::new("ana\0").unwrap_err();
        assert_eq!(
            error,
            IdentError::Character {
                what: "external id",
                at: 3
            }
        );
        assert_eq!(ExternalId::new("Žofie Ω").unwrap().as_str(), "Žofie Ω");
        assert!(ExternalId::new("").is_err());
    }

    #[test]
    fn a_padded_name_reads_back() {
        for text in ["a", "Ω", &"n".repeat(62)] {
            let name = Name::new(text).unwrap();
            assert_eq!(Name::from_padded(&name.padded()), Some(name));
        }
    }
}
