//! Universally unique identifiers (RFC 9562), as other products name keys and pictures.

use countenance_core::vault::{Random, RandomError};
use std::fmt;
use std::str::FromStr;

/// The 16 bytes of one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Uuid(pub(crate) [u8; 16]);

/// A text is no UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoUuid;

impl Uuid {
    /// One of 122 random bits (version 4).
    pub(crate) fn random(random: &dyn Random) -> Result<Self, RandomError> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        Ok(Self::versioned(bytes, 4))
    }

    /// One of 122 bits that mean something to whoever made it (version 8): 61 in each half.
    pub(crate) fn of_halves([left, right]: [u64; 2]) -> Self {
        // 48 bits stand before the version, 12 behind it and one behind the variant; 61 in the rest.
        let (head, middle, last) = (left >> 13, left >> 1 & 0xfff, left & 1);
        let number = u128::from(head) << 80
            | u128::from(middle) << 64
            | u128::from(last) << 61
            | u128::from(right);
        let mut bytes = number.to_le_bytes();
        bytes.reverse();
        Self::versioned(bytes, 8)
    }

    /// The two halves, if it is of that version.
    pub(crate) fn halves(&self) -> Option<[u64; 2]> {
        if self.0[6] >> 4 != 8 || self.0[8] >> 6 != 2 {
            return None;
        }
        let mut bytes = self.0;
        bytes.reverse();
        let number = u128::from_le_bytes(bytes);
        let bits = |from: u32, count: u32| (number >> from) as u64 & (u64::MAX >> (64 - count));
        let left = bits(80, 48) << 13 | bits(64, 12) << 1 | bits(61, 1);
        Some([left, bits(0, 61)])
    }

    fn versioned(mut bytes: [u8; 16], version: u8) -> Self {
        bytes[6] = bytes[6] & 0x0f | version << 4;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = super::hex(&self.0);
        let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
        for (at, (from, to)) in parts.into_iter().enumerate() {
            if at > 0 {
                f.write_str("-")?;
            }
            f.write_str(digits.get(from..to).unwrap_or_default())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    /// It may be a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uuid(..)")
    }
}

impl FromStr for Uuid {
    type Err = NoUuid;

    /// 36 characters with hyphens, in capitals or not.
    fn from_str(text: &str) -> Result<Self, NoUuid> {
        let text = text.as_bytes();
        if text.len() != 36 {
            return Err(NoUuid);
        }
        let (mut bytes, mut digits) = ([0; 16], 0_usize);
        for (at, letter) in text.iter().enumerate() {
            if matches!(at, 8 | 13 | 18 | 23) {
                if *letter != b'-' {
                    return Err(NoUuid);
                }
                continue;
            }
            let digit = char::from(*letter).to_digit(16).ok_or(NoUuid)? as u8;
            bytes[digits / 2] = bytes[digits / 2] << 4 | digit;
            digits += 1;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::Uuid;
    use countenance_core::vault::SystemRandom;

    #[test]
    fn a_uuid_reads_back_and_nothing_else_is_one() {
        let made = Uuid::random(&SystemRandom).unwrap();
        let text = made.to_string();
        assert_eq!((text.len(), text.as_bytes()[14]), (36, b'4'));
        assert!("89ab".contains(text.chars().nth(19).unwrap()));
        assert_eq!(text.parse(), Ok(made));
        assert_eq!(text.to_uppercase().parse(), Ok(made));
        for wrong in ["", &text[1..], &text.replace('-', "0"), &format!("{text}0")] {
            assert!(wrong.parse::<Uuid>().is_err(), "{wrong}");
        }
        assert!(made.halves().is_none());
    }

    #[test]
    fn both_halves_come_back() {
        let most = u64::MAX >> 3;
        for halves in [
            [0, 0],
            [most, most],
            [most, 0],
            [0, most],
            [1, 2],
            [0x155_5555, 1 << 60],
        ] {
            let made = Uuid::of_halves(halves);
            assert_eq!(made.to_string().as_bytes()[14], b'8');
            assert_eq!(made.halves(), Some(halves));
        }
    }
}
