//! The false-match rate: what an operator chooses.

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The share of comparisons of two different people that pass as one person; above 0,
/// at most 1 (FMR, ISO/IEC 2382-37 37.09.09).
///
/// Written as a decimal or in powers of ten:
///
/// ```
/// use countenance_gallery::FalseMatchRate;
/// let rate: FalseMatchRate = "1e-4".parse()?;
/// assert_eq!(rate, "0.0001".parse()?);
/// assert_eq!(rate.to_string(), "1e-4");
/// assert!("0".parse::<FalseMatchRate>().is_err());
/// # Ok::<(), countenance_gallery::FalseMatchRateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct FalseMatchRate(f64);

/// A text or number is no false-match rate.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum FalseMatchRateError {
    /// The text is not a number.
    #[error("false-match rate {0:?} is not a number such as 1e-4")]
    NotANumber(String),
    /// The number is not above 0 and at most 1.
    #[error("false-match rate {0} is not above 0 and at most 1")]
    OutOfRange(f64),
}

impl FalseMatchRate {
    /// One in ten thousand: the default of one-to-one comparisons.
    pub const DEFAULT: Self = Self(1e-4);

    /// The rates every evaluation reports: 1e-2, 1e-3, 1e-4, 1e-5, 1e-6.
    pub const REPORTED: [Self; 5] = [Self(1e-2), Self(1e-3), Self(1e-4), Self(1e-5), Self(1e-6)];

    /// A rate from a number.
    ///
    /// # Errors
    /// [`FalseMatchRateError::OutOfRange`] unless `0 < rate <= 1`.
    pub fn new(rate: f64) -> Result<Self, FalseMatchRateError> {
        if rate > 0.0 && rate <= 1.0 {
            Ok(Self(rate))
        } else {
            Err(FalseMatchRateError::OutOfRange(rate))
        }
    }

    /// The rate as a number, above 0 and at most 1.
    #[must_use]
    pub fn rate(self) -> f64 {
        self.0
    }
}

impl Default for FalseMatchRate {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for FalseMatchRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:e}", self.0)
    }
}

impl FromStr for FalseMatchRate {
    type Err = FalseMatchRateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Bounded, so that a hostile text is not carried whole into an error message.
        let shown = || text.chars().take(40).collect::<String>();
        let rate: f64 = text
            .trim()
            .parse()
            .map_err(|_| FalseMatchRateError::NotANumber(shown()))?;
        Self::new(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::{FalseMatchRate, FalseMatchRateError};

    #[test]
    fn rates_outside_zero_to_one_are_refused() {
        for text in ["0", "-1e-4", "1.1", "NaN", "inf"] {
            assert!(
                matches!(
                    text.parse::<FalseMatchRate>(),
                    Err(FalseMatchRateError::OutOfRange(_))
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn words_are_refused_with_the_word() {
        let error = "strict".parse::<FalseMatchRate>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "false-match rate \"strict\" is not a number such as 1e-4"
        );
    }

    #[test]
    fn every_reported_rate_reads_back_from_its_text() {
        for rate in FalseMatchRate::REPORTED {
            assert_eq!(rate.to_string().parse(), Ok(rate));
        }
    }
}
