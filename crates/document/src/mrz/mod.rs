//! The lines of a machine-readable zone.

mod check;
mod date;
mod layout;
mod name;

pub use check::{Check, CheckOutcome, Checks, check_digit};
pub use date::{Day, WrittenDate};
pub(crate) use layout::Run;
pub use layout::{Field, Format};
pub use name::Names;

use std::fmt;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The zone of a document: its lines, which have the form of one format. `Debug` shows that format alone; the
/// characters are overwritten when it is dropped.
///
/// ```
/// use countenance_document::{CheckOutcome, Day, Mrz};
/// let mrz = Mrz::parse(&[
///     "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
///     "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
/// ])?;
/// assert_eq!(mrz.checks().together(), CheckOutcome::Passed);
/// assert_eq!(mrz.number().as_str(), "L898902C3");
/// let today = Day::new(2026, 11, 26).ok_or("no such day")?;
/// assert_eq!(mrz.is_expired(today), Some(true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Mrz {
    format: Format,
    /// All lines, one after the other.
    text: Box<[u8]>,
}

/// Lines that are no machine-readable zone.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
#[non_exhaustive]
pub enum MrzError {
    /// A character that its field cannot have.
    #[error("line {line} has a character in column {column} that cannot stand there")]
    Character {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Lines of no format: 3 of 30, 2 of 36 or 2 of 44 characters.
    #[error("no format has {lines} lines of {columns} characters")]
    Form {
        /// Lines.
        lines: usize,
        /// Characters of the first.
        columns: usize,
    },
    /// One line is longer than the other.
    #[error("line {line} has {got} characters, expected {expected}")]
    Uneven {
        /// The line, from 1.
        line: usize,
        /// Its characters.
        got: usize,
        /// Those of the first line.
        expected: usize,
    },
}

impl Mrz {
    /// Takes the lines of a zone, from top to bottom. Wrong check digits are no error: ask [`Mrz::checks`].
    ///
    /// # Errors
    /// [`MrzError`] when they have the form of no format, or a character stands where it cannot.
    pub fn parse(lines: &[&str]) -> Result<Self, MrzError> {
        let columns = lines.first().map_or(0, |line| line.len());
        let first = lines.first().and_then(|line| line.bytes().next());
        let format =
            Format::of(lines.len(), columns, first.unwrap_or(b'<')).ok_or(MrzError::Form {
                lines: lines.len(),
                columns,
            })?;
        let mut text = Zeroizing::new(Vec::with_capacity(format.lines() * columns));
        for (i, line) in lines.iter().enumerate() {
            if line.len() != columns {
                return Err(MrzError::Uneven {
                    line: i + 1,
                    got: line.len(),
                    expected: columns,
                });
            }
            text.extend_from_slice(line.as_bytes());
        }
        Self::of(format, &text)
    }

    /// Takes the characters of a format, all lines one after the other.
    pub(crate) fn of(format: Format, text: &[u8]) -> Result<Self, MrzError> {
        let columns = format.columns();
        let place = |at: usize| MrzError::Character {
            line: at / columns + 1,
            column: at % columns + 1,
        };
        for (at, character) in text.iter().enumerate() {
            if !format.allowed(at).has(*character) {
                return Err(place(at));
            }
        }
        Ok(Self {
            format,
            text: text.into(),
        })
    }

    /// Its format.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Its lines, from top to bottom.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.chunks(self.format.columns());
        // Only ASCII gets in.
        lines.map(|line| std::str::from_utf8(line).unwrap_or_default())
    }

    fn run(&self, run: Run) -> &[u8] {
        let start = run.line * self.format.columns();
        self.text
            .get(start + run.from..start + run.to)
            .unwrap_or_default()
    }

    /// The characters of a field, fillers and all; none where the format does not have it.
    fn raw(&self, field: Field) -> &[u8] {
        self.format.run(field).map_or(&[][..], |run| self.run(run))
    }

    /// A field without the fillers at its end, those within as spaces; empty where the format does not have it.
    #[must_use]
    pub fn field(&self, field: Field) -> Zeroizing<String> {
        spaced(self.raw(field))
    }

    /// The kind of document, `P` for a passport.
    #[must_use]
    pub fn code(&self) -> Zeroizing<String> {
        self.field(Field::Code)
    }

    /// The number of the document, also a long one that goes on in the optional data of a card.
    #[must_use]
    pub fn number(&self) -> Zeroizing<String> {
        match self.long_number() {
            Some((rest, _)) => {
                let mut number = Zeroizing::new(self.raw(Field::Number).to_vec());
                number.extend_from_slice(rest);
                spaced(&number)
            }
            None => self.field(Field::Number),
        }
    }

    /// The holder's names.
    #[must_use]
    pub fn names(&self) -> Names {
        Names::parse(self.raw(Field::Names))
    }

    /// The date of birth; `None` when what is written is no date.
    #[must_use]
    pub fn birth(&self) -> Option<WrittenDate> {
        WrittenDate::parse(self.raw(Field::Birth))
    }

    /// The date of expiry; `None` when what is written is no date.
    #[must_use]
    pub fn expiry(&self) -> Option<WrittenDate> {
        WrittenDate::parse(self.raw(Field::Expiry))
    }

    /// Whether its last valid day is before `today`; `None` when it states none.
    #[must_use]
    pub fn is_expired(&self, today: Day) -> Option<bool> {
        Some(self.expiry()?.as_expiry(today)? < today)
    }

    /// What came of each check digit.
    #[must_use]
    pub fn checks(&self) -> Checks {
        let of = |check| self.check(check);
        Checks {
            birth: of(Check::Birth),
            composite: of(Check::Composite),
            expiry: of(Check::Expiry),
            number: of(Check::Number),
            personal: of(Check::Personal),
        }
    }

    fn check(&self, check: Check) -> CheckOutcome {
        let mut rules = self.format.rules().iter();
        let Some(rule) = rules.find(|rule| rule.check == check) else {
            return CheckOutcome::Absent;
        };
        let written = self.raw(Field::CheckDigit(check));
        let holds = |digit: Option<u8>, written: &[u8]| {
            CheckOutcome::passed_if(digit.is_some_and(|digit| written == [digit]))
        };
        if check == Check::Number
            && let Some((rest, digit)) = self.long_number()
        {
            let covered = self.raw(Field::Number).iter().chain(rest).copied();
            return holds(check_digit(covered), &[digit]);
        }
        let covered = rule.covers.iter().flat_map(|run| self.run(*run)).copied();
        if check == Check::Personal && written == b"<" {
            let empty = self.raw(Field::Optional).iter().all(|c| *c == b'<');
            return if empty {
                CheckOutcome::Absent
            } else {
                CheckOutcome::Failed
            };
        }
        holds(check_digit(covered), written)
    }

    /// The rest of a number of more than nine characters, and its check digit: a filler stands in the digit's place, and the optional data
    /// begin with the rest (Doc 9303 part 5, note j).
    fn long_number(&self) -> Option<(&[u8], u8)> {
        if !matches!(self.format, Format::Td1 | Format::Td2)
            || self.raw(Field::CheckDigit(Check::Number)) != b"<"
        {
            return None;
        }
        let optional = self.raw(Field::Optional);
        let length = optional.iter().position(|c| *c == b'<');
        let (digit, rest) = optional
            .get(..length.unwrap_or(optional.len()))?
            .split_last()?;
        digit.is_ascii_digit().then_some((rest, *digit))
    }
}

/// Without the fillers at the end, those within as spaces.
fn spaced(raw: &[u8]) -> Zeroizing<String> {
    let end = raw
        .iter()
        .rposition(|c| *c != b'<')
        .map_or(0, |last| last + 1);
    let characters = raw.iter().take(end);
    Zeroizing::new(
        characters
            .map(|&c| if c == b'<' { ' ' } else { char::from(c) })
            .collect(),
    )
}

impl fmt::Debug for Mrz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mrz")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Drop for Mrz {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl ZeroizeOnDrop for Mrz {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of Doc 9303, parts 4 to 7.
    pub(crate) const EXAMPLES: [(&[&str], Format); 5] = [
        (
            &[
                "I<UTOD231458907<<<<<<<<<<<<<<<",
                "7408122F1204159UTO<<<<<<<<<<<6",
                "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
            ],
            Format::Td1,
        ),
        (
            &[
                "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
                "D231458907UTO7408122F1204159<<<<<<<6",
            ],
            Format::Td2,
        ),
        (
            &[
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
                "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
            ],
            Format::Td3,
        ),
        (
            &[
                "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
                "L8988901C4XXX4009078F96121096ZE184226B<<<<<<",
            ],
            Format::MrvA,
        ),
        (
            &[
                "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
                "L8988901C4XXX4009078F9612109<<<<<<<<",
            ],
            Format::MrvB,
        ),
    ];

    #[test]
    fn the_examples_of_the_standard_hold() {
        for (lines, format) in EXAMPLES {
            let mrz = Mrz::parse(lines).unwrap();
            assert_eq!(mrz.format(), format);
            assert!(mrz.lines().eq(lines.iter().copied()));
            let checks = mrz.checks();
            assert_eq!(checks.together(), CheckOutcome::Passed, "{checks:?}");
            let absent = Check::ALL.map(|check| checks.of(check) == CheckOutcome::Absent);
            let visa = matches!(format, Format::MrvA | Format::MrvB);
            assert_eq!(absent, [false, visa, false, false, format != Format::Td3]);
            let names = mrz.names();
            assert_eq!(names.primary(), "ERIKSSON");
            assert_eq!(names.secondary(), "ANNA MARIA");
        }
    }

    #[test]
    fn a_long_number_goes_on_in_the_optional_data() {
        // Doc 9303 part 5, 4.2.2.2.
        let lines = [
            "I<UTOD23145890<7349<<<<<<<<<<<",
            "3407127M9507122UTO<<<<<<<<<<<2",
            "STEVENSON<<PETER<JOHN<<<<<<<<<",
        ];
        let mrz = Mrz::parse(&lines).unwrap();
        assert_eq!(mrz.number().as_str(), "D23145890734");
        assert_eq!(mrz.checks().together(), CheckOutcome::Passed);
        let wrong = lines[0].replace("7349", "7359");
        let mrz = Mrz::parse(&[&wrong, lines[1], lines[2]]).unwrap();
        assert_eq!(mrz.checks().number, CheckOutcome::Failed);
    }

    #[test]
    fn a_passport_without_personal_number_may_leave_its_digit_out() {
        let with = |end: &str| {
            let second = format!("L898902C36UTO7408122F1204159<<<<<<<<<<<<<<{end}");
            let mrz = Mrz::parse(&[EXAMPLES[2].0[0], &second]).unwrap();
            (mrz.checks().personal, mrz.checks().composite)
        };
        assert_eq!(with("08"), (CheckOutcome::Passed, CheckOutcome::Passed));
        assert_eq!(with("<8"), (CheckOutcome::Absent, CheckOutcome::Passed));
        assert_eq!(with("18").0, CheckOutcome::Failed);
    }

    #[test]
    fn lines_of_no_format_are_refused() {
        let line = EXAMPLES[2].0[0];
        let form = |lines: &[&str]| Mrz::parse(lines).unwrap_err();
        assert!(matches!(form(&[]), MrzError::Form { lines: 0, .. }));
        assert!(matches!(form(&[line]), MrzError::Form { lines: 1, .. }));
        assert!(matches!(form(&[line; 3]), MrzError::Form { .. }));
        let short = form(&[line, "L898902C36UTO"]);
        assert!(matches!(
            short,
            MrzError::Uneven {
                line: 2,
                got: 13,
                ..
            }
        ));
        let second = EXAMPLES[2].0[1].replace("740812", "7408I2");
        let place = form(&[line, &second]);
        assert_eq!(
            place,
            MrzError::Character {
                line: 2,
                column: 18
            }
        );
        assert!(!place.to_string().contains("7408"), "{place}");
        assert!(Mrz::parse(&["é".repeat(22).as_str(), line]).is_err());
    }

    #[test]
    fn debug_tells_the_format_alone() {
        let mrz = Mrz::parse(EXAMPLES[2].0).unwrap();
        assert_eq!(format!("{mrz:?}"), "Mrz { format: Td3, .. }");
        assert_eq!(format!("{:?}", mrz.names()), "Names { .. }");
    }
}
