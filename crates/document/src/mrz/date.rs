//! Dates of two-digit years, against a day that is passed in.

/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Day {
    year: i32,
    month: u8,
    day: u8,
}

impl Day {
    /// A day, if there is one.
    #[must_use]
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let valid = (1..=9999).contains(&year) && (1..=month_length(year, month)).contains(&day);
        valid.then_some(Self { year, month, day })
    }

    /// The day, in UTC, of a second since 1970-01-01; times beyond the year 9999 are its last day.
    #[must_use]
    pub fn of_unix(seconds: i64) -> Self {
        // From days to a civil date; after Howard Hinnant, "chrono-compatible low-level date algorithms".
        let days = seconds.div_euclid(DAY_S).clamp(-719_162, 2_932_896) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year + era * 400 + i64::from(month <= 2);
        Self {
            year: i32::try_from(year).unwrap_or(9999),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day).unwrap_or(1),
        }
    }

    /// Its year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.year
    }

    /// Its month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u8 {
        self.month
    }

    /// Its day in the month, from 1.
    #[must_use]
    pub fn day(self) -> u8 {
        self.day
    }
}

fn month_length(year: i32, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    }
}

/// A date as it is written: the year in two digits, and parts of it perhaps unknown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WrittenDate {
    year: Option<u8>,
    month: Option<u8>,
    day: Option<u8>,
}

impl WrittenDate {
    /// Reads `YYMMDD`, where fillers stand for what is not known; `None` when it is no date in any century.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let &[y1, y2, m1, m2, d1, d2] = text else {
            return None;
        };
        let written = Self {
            year: part(y1, y2)?,
            month: part(m1, m2)?,
            day: part(d1, d2)?,
        };
        let month = written.month.unwrap_or(1);
        let day = written.day.unwrap_or(1);
        // 2000 was a leap year: the longest that a February can be.
        let year = 2000 + i32::from(written.year.unwrap_or(0));
        Day::new(year, month, day)
            .or_else(|| Day::new(2000, month, day).filter(|_| written.year.is_none()))
            // 29 February of 00: 2000 had one and 1900 had none, other years are leap years in both centuries.
            .map(|_| written)
    }

    /// The day of birth: the latest that is not after `today`. `None` when a part of it is not known.
    #[must_use]
    pub fn as_birth(self, today: Day) -> Option<Day> {
        let (yy, month, day) = (self.year?, self.month?, self.day?);
        let century = today.year - today.year.rem_euclid(100);
        let in_century = |century: i32| Day::new(century + i32::from(yy), month, day);
        [century, century - 100]
            .into_iter()
            .filter_map(in_century)
            .find(|birth| *birth <= today)
    }

    /// The last day on which the document is valid: the year is the one within the 50 years before and the 49 years
    /// after `today`. Where the day or the month is not known, the last of it.
    #[must_use]
    pub fn as_expiry(self, today: Day) -> Option<Day> {
        let yy = i32::from(self.year?);
        let first = today.year - 50;
        let year = first + (yy - first).rem_euclid(100);
        let month = self.month.unwrap_or(12);
        let last = month_length(year, month);
        let day = if self.month.is_some() {
            self.day.unwrap_or(last)
        } else {
            last
        };
        // The 29th of a February that has none in this century: the 28th.
        Day::new(year, month, day.min(last))
    }
}

/// Two digits, two fillers (not known), or nothing that belongs there.
fn part(a: u8, b: u8) -> Option<Option<u8>> {
    match (a, b) {
        (b'<', b'<') => Some(None),
        (b'0'..=b'9', b'0'..=b'9') => Some(Some((a - b'0') * 10 + (b - b'0'))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u8, day: u8) -> Day {
        Day::new(year, month, day).unwrap()
    }

    #[test]
    fn seconds_become_days() {
        assert_eq!(Day::of_unix(0), day(1970, 1, 1));
        assert_eq!(Day::of_unix(-1), day(1969, 12, 31));
        assert_eq!(Day::of_unix(951_782_400), day(2000, 2, 29));
        assert_eq!(Day::of_unix(1_795_651_200), day(2026, 11, 26));
        assert_eq!(Day::of_unix(i64::MAX), day(9999, 12, 31));
        assert_eq!(Day::of_unix(i64::MIN), day(1, 1, 1));
    }

    #[test]
    fn a_birth_is_never_in_the_future_and_an_expiry_is_near() {
        let today = day(2026, 11, 26);
        let written = |text: &str| WrittenDate::parse(text.as_bytes());
        let birth = |text: &str| written(text).unwrap().as_birth(today);
        let expiry = |text: &str| written(text).unwrap().as_expiry(today);
        assert_eq!(birth("261126"), Some(today));
        assert_eq!(birth("261127"), Some(day(1926, 11, 27)));
        assert_eq!(birth("740812"), Some(day(1974, 8, 12)));
        assert_eq!(birth("000229"), Some(day(2000, 2, 29)));
        assert_eq!(birth("74<<<<"), None);
        assert_eq!(expiry("120415"), Some(day(2012, 4, 15)));
        assert_eq!(expiry("751231"), Some(day(2075, 12, 31)));
        assert_eq!(expiry("761231"), Some(day(1976, 12, 31)));
        assert_eq!(expiry("3002<<"), Some(day(2030, 2, 28)));
        assert_eq!(expiry("30<<<<"), Some(day(2030, 12, 31)));
        assert_eq!(expiry("<<<<<<"), None);
        for wrong in ["741301", "740132", "7408", "74A812", "7<0812", "750229"] {
            assert_eq!(written(wrong), None, "{wrong}");
        }
    }
}
