//! Which characters of which format mean what (ICAO Doc 9303, parts 4 to 7).

use super::check::Check;
use Allowed::{Any, Digit, DigitOrFiller, Letter, LetterOfTwo};

/// The formats of machine-readable zones.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// Visa, 120 x 80 mm: two lines of 44.
    MrvA,
    /// Visa, 105 x 74 mm: two lines of 36.
    MrvB,
    /// Card, 85.6 x 54 mm: three lines of 30.
    Td1,
    /// Card, 105 x 74 mm: two lines of 36.
    Td2,
    /// Passport: two lines of 44.
    Td3,
}

/// What stands in a place.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Field {
    /// Date of birth.
    Birth,
    /// A check digit.
    CheckDigit(Check),
    /// What kind of document: P, I, A, C, V and a second letter.
    Code,
    /// Date of expiry.
    Expiry,
    /// The state or organization that issued it.
    Issuer,
    /// Primary and secondary names.
    Names,
    /// Number of the document.
    Number,
    /// Optional data of the issuer; in a passport the personal number.
    Optional,
    /// A second part of optional data.
    Optional2,
    /// Characters that are looked at, since they stand among the others, and that nothing is made of: Countenance has no
    /// name for what they say.
    Silent,
}

/// The characters that a field may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Allowed {
    Any,
    Digit,
    DigitOrFiller,
    /// Letters and fillers.
    Letter,
    /// M, F or a filler.
    LetterOfTwo,
}

impl Allowed {
    /// Whether a character may stand there.
    pub(crate) fn has(self, character: u8) -> bool {
        let filler = character == b'<';
        match self {
            Any => filler || character.is_ascii_uppercase() || character.is_ascii_digit(),
            Digit => character.is_ascii_digit(),
            DigitOrFiller => filler || character.is_ascii_digit(),
            Letter => filler || character.is_ascii_uppercase(),
            LetterOfTwo => matches!(character, b'M' | b'F' | b'<'),
        }
    }
}

/// A run of characters of one line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Run {
    pub(crate) line: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// A field and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) field: Field,
    pub(crate) run: Run,
    pub(crate) allowed: Allowed,
}

/// What a check digit is computed of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) check: Check,
    pub(crate) covers: &'static [Run],
}

const fn run(line: usize, from: usize, to: usize) -> Run {
    Run { line, from, to }
}

const fn slot(field: Field, line: usize, from: usize, to: usize, allowed: Allowed) -> Slot {
    Slot {
        field,
        run: run(line, from, to),
        allowed,
    }
}

const fn digit(check: Check, line: usize, at: usize, allowed: Allowed) -> Slot {
    slot(Field::CheckDigit(check), line, at, at + 1, allowed)
}

const TD1: &[Slot] = &[
    slot(Field::Code, 0, 0, 2, Letter),
    slot(Field::Issuer, 0, 2, 5, Letter),
    slot(Field::Number, 0, 5, 14, Any),
    // A filler where the number goes on in the optional data.
    digit(Check::Number, 0, 14, DigitOrFiller),
    slot(Field::Optional, 0, 15, 30, Any),
    slot(Field::Birth, 1, 0, 6, DigitOrFiller),
    digit(Check::Birth, 1, 6, Digit),
    slot(Field::Silent, 1, 7, 8, LetterOfTwo),
    slot(Field::Expiry, 1, 8, 14, DigitOrFiller),
    digit(Check::Expiry, 1, 14, Digit),
    slot(Field::Silent, 1, 15, 18, Letter),
    slot(Field::Optional2, 1, 18, 29, Any),
    digit(Check::Composite, 1, 29, Digit),
    slot(Field::Names, 2, 0, 30, Letter),
];

// The formats with two lines begin alike.
const CODE: Slot = slot(Field::Code, 0, 0, 2, Letter);
const ISSUER: Slot = slot(Field::Issuer, 0, 2, 5, Letter);
const NUMBER: Slot = slot(Field::Number, 1, 0, 9, Any);
const SILENT: Slot = slot(Field::Silent, 1, 10, 13, Letter);
const BIRTH: Slot = slot(Field::Birth, 1, 13, 19, DigitOrFiller);
const BIRTH_CHECK: Slot = digit(Check::Birth, 1, 19, Digit);
const SILENT_LETTER: Slot = slot(Field::Silent, 1, 20, 21, LetterOfTwo);
const EXPIRY: Slot = slot(Field::Expiry, 1, 21, 27, DigitOrFiller);
const EXPIRY_CHECK: Slot = digit(Check::Expiry, 1, 27, Digit);

const TD2: &[Slot] = &[
    CODE,
    ISSUER,
    slot(Field::Names, 0, 5, 36, Letter),
    NUMBER,
    digit(Check::Number, 1, 9, DigitOrFiller),
    SILENT,
    BIRTH,
    BIRTH_CHECK,
    SILENT_LETTER,
    EXPIRY,
    EXPIRY_CHECK,
    slot(Field::Optional, 1, 28, 35, Any),
    digit(Check::Composite, 1, 35, Digit),
];
const TD3: &[Slot] = &[
    CODE,
    ISSUER,
    slot(Field::Names, 0, 5, 44, Letter),
    NUMBER,
    digit(Check::Number, 1, 9, Digit),
    SILENT,
    BIRTH,
    BIRTH_CHECK,
    SILENT_LETTER,
    EXPIRY,
    EXPIRY_CHECK,
    slot(Field::Optional, 1, 28, 42, Any),
    // A filler or a zero where there is no personal number.
    digit(Check::Personal, 1, 42, DigitOrFiller),
    digit(Check::Composite, 1, 43, Digit),
];
const MRV_A: &[Slot] = &[
    CODE,
    ISSUER,
    slot(Field::Names, 0, 5, 44, Letter),
    NUMBER,
    digit(Check::Number, 1, 9, Digit),
    SILENT,
    BIRTH,
    BIRTH_CHECK,
    SILENT_LETTER,
    EXPIRY,
    EXPIRY_CHECK,
    slot(Field::Optional, 1, 28, 44, Any),
];
const MRV_B: &[Slot] = &[
    CODE,
    ISSUER,
    slot(Field::Names, 0, 5, 36, Letter),
    NUMBER,
    digit(Check::Number, 1, 9, Digit),
    SILENT,
    BIRTH,
    BIRTH_CHECK,
    SILENT_LETTER,
    EXPIRY,
    EXPIRY_CHECK,
    slot(Field::Optional, 1, 28, 36, Any),
];

const fn rule(check: Check, covers: &'static [Run]) -> Rule {
    Rule { check, covers }
}

const TD1_RULES: &[Rule] = &[
    rule(Check::Number, &[run(0, 5, 14)]),
    rule(Check::Birth, &[run(1, 0, 6)]),
    rule(Check::Expiry, &[run(1, 8, 14)]),
    rule(
        Check::Composite,
        &[run(0, 5, 30), run(1, 0, 7), run(1, 8, 15), run(1, 18, 29)],
    ),
];
const VISA_RULES: &[Rule] = &[
    rule(Check::Number, &[run(1, 0, 9)]),
    rule(Check::Birth, &[run(1, 13, 19)]),
    rule(Check::Expiry, &[run(1, 21, 27)]),
];
const TD2_RULES: &[Rule] = &[
    rule(Check::Number, &[run(1, 0, 9)]),
    rule(Check::Birth, &[run(1, 13, 19)]),
    rule(Check::Expiry, &[run(1, 21, 27)]),
    rule(
        Check::Composite,
        &[run(1, 0, 10), run(1, 13, 20), run(1, 21, 35)],
    ),
];
const TD3_RULES: &[Rule] = &[
    rule(Check::Number, &[run(1, 0, 9)]),
    rule(Check::Birth, &[run(1, 13, 19)]),
    rule(Check::Expiry, &[run(1, 21, 27)]),
    rule(Check::Personal, &[run(1, 28, 42)]),
    rule(
        Check::Composite,
        &[run(1, 0, 10), run(1, 13, 20), run(1, 21, 43)],
    ),
];

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Td1, Self::Td2, Self::Td3, Self::MrvA, Self::MrvB];

    /// How many lines it has.
    #[must_use]
    pub fn lines(self) -> usize {
        if self == Self::Td1 { 3 } else { 2 }
    }

    /// How many characters a line has.
    #[must_use]
    pub fn columns(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 | Self::MrvB => 36,
            Self::Td3 | Self::MrvA => 44,
        }
    }

    /// The stable name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MrvA => "MRV-A",
            Self::MrvB => "MRV-B",
            Self::Td1 => "TD1",
            Self::Td2 => "TD2",
            Self::Td3 => "TD3",
        }
    }

    /// The format of so many lines of so many characters; visas begin with a V.
    pub(crate) fn of(lines: usize, columns: usize, first: u8) -> Option<Self> {
        match (lines, columns, first) {
            (3, 30, _) => Some(Self::Td1),
            (2, 36, b'V') => Some(Self::MrvB),
            (2, 36, _) => Some(Self::Td2),
            (2, 44, b'V') => Some(Self::MrvA),
            (2, 44, _) => Some(Self::Td3),
            _ => None,
        }
    }

    pub(crate) fn slots(self) -> &'static [Slot] {
        match self {
            Self::MrvA => MRV_A,
            Self::MrvB => MRV_B,
            Self::Td1 => TD1,
            Self::Td2 => TD2,
            Self::Td3 => TD3,
        }
    }

    pub(crate) fn rules(self) -> &'static [Rule] {
        match self {
            Self::MrvA | Self::MrvB => VISA_RULES,
            Self::Td1 => TD1_RULES,
            Self::Td2 => TD2_RULES,
            Self::Td3 => TD3_RULES,
        }
    }

    /// Where a field stands.
    pub(crate) fn run(self, field: Field) -> Option<Run> {
        let mut slots = self.slots().iter();
        slots.find(|slot| slot.field == field).map(|slot| slot.run)
    }

    /// What may stand in a place, counted through all lines.
    pub(crate) fn allowed(self, at: usize) -> Allowed {
        let (line, column) = (at / self.columns(), at % self.columns());
        let within = |run: Run| run.line == line && (run.from..run.to).contains(&column);
        let mut slots = self.slots().iter();
        slots
            .find(|slot| within(slot.run))
            .map_or(Any, |slot| slot.allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_every_format_has_one_field() {
        for format in Format::ALL {
            let mut fields = vec![0; format.lines() * format.columns()];
            for slot in format.slots() {
                for column in slot.run.from..slot.run.to {
                    fields[slot.run.line * format.columns() + column] += 1;
                }
            }
            assert!(
                fields.iter().all(|&count| count == 1),
                "{format:?} {fields:?}"
            );
        }
    }

    #[test]
    fn every_rule_has_its_digit() {
        for format in Format::ALL {
            for rule in format.rules() {
                let digit = format.run(Field::CheckDigit(rule.check)).unwrap();
                assert_eq!(digit.to, digit.from + 1);
                assert!(rule.covers.iter().all(|run| run.to <= format.columns()));
            }
        }
    }
}
