//! The machine's clocks, for the libraries that read none, and dates as people write them.

use countenance_core::vault::Timestamp;
use countenance_core::{Clock, WallClock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since the program started, and the time of day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MachineClock {
    origin: Instant,
}

impl MachineClock {
    /// A clock that starts now.
    pub(crate) fn start() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Clock for MachineClock {
    fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }
}

impl WallClock for MachineClock {
    /// A clock before 1970 gives 1970-01-01.
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Timestamp::from_unix(since.map_or(0, |time| time.as_secs()))
    }
}

/// `2026-01-01T12:00:00Z`.
pub(crate) fn time_of(time: Timestamp) -> String {
    let seconds = time.unix() % 86_400;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!(
        "{}T{hour:02}:{minute:02}:{second:02}Z",
        date_of(time.unix() / 86_400)
    )
}

/// The date so many days after 1970-01-01 (Hinnant, "chrono-compatible low-level date
/// algorithms", `civil_from_days`).
pub(crate) fn date_of(days: u64) -> String {
    // Counted from 0000-03-01, so that the leap day is the last of its year.
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year_of_era + later)
}

#[cfg(test)]
mod tests {
    use super::{date_of, time_of};
    use countenance_core::vault::Timestamp;

    #[test]
    fn days_become_dates_across_leap_years() {
        for (days, date) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (789, "1972-02-29"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_454, "2026-01-01"),
        ] {
            assert_eq!(date_of(days), date);
        }
        let time = Timestamp::from_unix(20_454 * 86_400 + 3661);
        assert_eq!(time_of(time), "2026-01-01T01:01:01Z");
    }
}
