//! SHA-256 digests of files.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;
use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;
use thiserror::Error;

/// A SHA-256 digest (FIPS 180-4); shown and read as 64 lower-case hexadecimal digits.
///
/// ```
/// use countenance_models::Sha256;
/// let digest = Sha256::of(b"abc");
/// assert!(digest.to_string().starts_with("ba7816bf"));
/// assert_eq!(digest.to_string().parse(), Ok(digest));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

/// A text is no SHA-256 digest: it is not 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("digest is not 64 lower-case hexadecimal digits")]
pub struct ParseSha256Error;

impl Sha256 {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The digest of all that a reader gives, in constant memory.
    ///
    /// # Errors
    /// What the reader reports.
    pub fn of_reader(mut reader: impl Read) -> io::Result<Self> {
        let mut hasher = sha2::Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(Self(hasher.finalize().into())),
                Ok(n) => hasher.update(buffer.get(..n).unwrap_or(&buffer)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The 32 bytes of the digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = ParseSha256Error;

    fn from_str(text: &str) -> Result<Self, ParseSha256Error> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(ParseSha256Error),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(ParseSha256Error);
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = (digit(*high)? << 4) | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{ParseSha256Error, Sha256};

    #[test]
    fn digest_agrees_with_the_standard() {
        // FIPS 180-4 example vectors.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Sha256::of(b"abc").to_string(), abc);
        assert_eq!(Sha256::of_reader(&b"abc"[..]).unwrap().to_string(), abc);
    }

    #[test]
    fn bytes_read_in_pieces_have_the_same_digest() {
        let bytes: Vec<u8> = (0..200_001_u32).map(|i| i as u8).collect();
        assert_eq!(
            Sha256::of_reader(bytes.as_slice()).unwrap(),
            Sha256::of(&bytes)
        );
    }

    #[test]
    fn text_that_is_no_digest_is_refused() {
        let good = Sha256::of(b"").to_string();
        let cases = [
            String::new(),
            good[1..].to_owned(),
            format!("{good}0"),
            good.to_uppercase(),
            format!("{}g", &good[1..]),
            "é".repeat(32),
        ];
        for case in cases {
            assert_eq!(case.parse::<Sha256>(), Err(ParseSha256Error), "{case:?}");
        }
    }
}
