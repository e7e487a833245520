//! What a collection allows to be decided about who somebody is.

use crate::{CompareError, Engine, FalseMatchRate, Registry, Threshold};
use countenance_gallery::{Score, ScoreError};
use countenance_vault::{Collection, VaultError};
use std::fmt;
use thiserror::Error;

/// Above this share of strangers, an answer is for a person to look at.
const MOST_ACCEPTED_FPIR: f64 = 1e-2;
/// Above this share nothing is worth looking at.
const MOST_FPIR: f64 = 0.5;
/// Widest margin.
const MOST_MARGIN: f32 = 0.5;
/// First byte of the settings.
const VERSION: u8 = 1;
/// Version, false-match rate, share of strangers, margin.
const BYTES: usize = 1 + 8 + 8 + 4;

/// What an operator chooses for identification (1:N) in a collection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IdentifySettings {
    fmr: FalseMatchRate,
    fpir: f64,
    margin: f32,
}

/// Settings are out of range.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum IdentifySettingsError {
    /// The share of strangers is not above 0 and at most one half.
    #[error("target FPIR {0} is not above 0 and at most 0.5")]
    Fpir(f64),
    /// The margin is not in 0..=0.5.
    #[error("margin {0} is not from 0 to 0.5")]
    Margin(f32),
}

impl Default for IdentifySettings {
    /// Thresholds at FMR 1e-6; of a thousand strangers who ask, one may be taken for a member (FPIR
    /// 1e-3); the next member must be 0.05 less alike.
    fn default() -> Self {
        Self {
            fmr: FalseMatchRate::REPORTED[4],
            fpir: 1e-3,
            margin: 0.05,
        }
    }
}

impl IdentifySettings {
    /// Settings: at which false-match rate a member is a candidate, which share of strangers may be taken for any
    /// member (FPIR, ISO/IEC 19795-1), and how much less alike (in score) the second member must be.
    ///
    /// # Errors
    /// [`IdentifySettingsError`] when one is out of range.
    pub fn new(fmr: FalseMatchRate, fpir: f64, margin: f32) -> Result<Self, IdentifySettingsError> {
        if !(fpir > 0.0 && fpir <= MOST_FPIR) {
            return Err(IdentifySettingsError::Fpir(fpir));
        }
        if !(0.0..=MOST_MARGIN).contains(&margin) {
            return Err(IdentifySettingsError::Margin(margin));
        }
        Ok(Self { fmr, fpir, margin })
    }

    /// The false-match rate of the threshold.
    #[must_use]
    pub fn fmr(&self) -> FalseMatchRate {
        self.fmr
    }

    /// The share of strangers who may be taken for a member.
    #[must_use]
    pub fn fpir(&self) -> f64 {
        self.fpir
    }

    /// The least distance in score to the second member.
    #[must_use]
    pub fn margin(&self) -> f32 {
        self.margin
    }

    /// Whether a found member may be accepted without a person looking.
    #[must_use]
    pub fn may_accept(&self) -> bool {
        self.fpir <= MOST_ACCEPTED_FPIR
    }

    fn to_bytes(self) -> [u8; BYTES] {
        let mut out = [VERSION; BYTES];
        out[1..9].copy_from_slice(&self.fmr.rate().to_le_bytes());
        out[9..17].copy_from_slice(&self.fpir.to_le_bytes());
        out[17..].copy_from_slice(&self.margin.to_le_bytes());
        out
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; BYTES] = bytes.try_into().ok()?;
        if bytes[0] != VERSION {
            return None;
        }
        let wide = |at: usize| Some(f64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let margin = f32::from_le_bytes(*bytes.get(17..)?.first_chunk()?);
        Self::new(FalseMatchRate::new(wide(1)?).ok()?, wide(9)?, margin).ok()
    }
}

/// The settings of a collection and what follows from them for a model.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentifyPolicy {
    settings: IdentifySettings,
    threshold: Threshold,
}

impl IdentifyPolicy {
    /// What follows from settings, by the calibration of the engine.
    ///
    /// # Errors
    /// [`CompareError`] when no threshold stands for the rate.
    pub fn new(
        engine: &Engine,
        flip_averaging: bool,
        settings: IdentifySettings,
    ) -> Result<Self, CompareError> {
        let mut policy = crate::ComparePolicy {
            fmr: settings.fmr,
            ..crate::ComparePolicy::default()
        };
        policy.capture.flip_averaging = flip_averaging;
        let threshold = engine.threshold(&policy)?;
        Ok(Self {
            settings,
            threshold,
        })
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &IdentifySettings {
        &self.settings
    }

    /// The threshold.
    #[must_use]
    pub fn threshold(&self) -> &Threshold {
        &self.threshold
    }

    /// Most members of the collection: with N of them a stranger is taken for one with a probability of at most
    /// N times the false-match rate, of which the upper 95 % bound is taken.
    #[must_use]
    pub fn cap(&self) -> usize {
        (self.settings.fpir / self.threshold.fmr_upper_95()) as usize
    }

    /// The score from which on the search must know everybody: the threshold less the margin.
    pub(crate) fn searched(&self) -> Result<Score, ScoreError> {
        Score::new((self.threshold.cosine() - self.settings.margin).max(-1.0))
    }

    /// What stands in every answer: all that decides it.
    #[must_use]
    pub fn id(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for IdentifyPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "identify-1/{}/fmr={}/fpir={:e}/margin={}",
            self.threshold.model(),
            self.settings.fmr,
            self.settings.fpir,
            self.settings.margin
        )
    }
}

impl Registry {
    /// The settings for identification in a collection: the default ones if none were set.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or they do not read.
    pub fn identify_settings(
        &self,
        collection: &Collection,
    ) -> Result<IdentifySettings, VaultError> {
        let corrupt = VaultError::Corrupt {
            what: "collection settings",
        };
        match self.vault().settings_of(collection)? {
            None => Ok(IdentifySettings::default()),
            Some(bytes) => IdentifySettings::from_bytes(&bytes).ok_or(corrupt),
        }
    }

    /// Sets them. The audit log has an event with the share of strangers, in units of 10^-12.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn set_identify_settings(
        &self,
        collection: &Collection,
        settings: IdentifySettings,
    ) -> Result<u64, VaultError> {
        let detail = (settings.fpir * 1e12).round() as u64;
        self.vault()
            .set_settings(collection, &settings.to_bytes(), detail, self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES, IdentifySettings, IdentifySettingsError};
    use crate::FalseMatchRate;

    #[test]
    fn settings_read_back_and_other_bytes_are_refused() {
        let rate = FalseMatchRate::new(1e-5).unwrap();
        let settings = IdentifySettings::new(rate, 2e-2, 0.1).unwrap();
        let bytes = settings.to_bytes();
        assert_eq!(IdentifySettings::from_bytes(&bytes), Some(settings));
        assert!(!settings.may_accept() && IdentifySettings::default().may_accept());
        assert_eq!(IdentifySettings::from_bytes(&bytes[1..]), None);
        let mut later = bytes;
        later[0] = 2;
        assert_eq!(IdentifySettings::from_bytes(&later), None);
        // All ones is no number.
        let mut no_number = [0xff; BYTES];
        no_number[0] = bytes[0];
        assert_eq!(IdentifySettings::from_bytes(&no_number), None);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let new = |fpir, margin| IdentifySettings::new(FalseMatchRate::DEFAULT, fpir, margin);
        assert_eq!(new(0.0, 0.1), Err(IdentifySettingsError::Fpir(0.0)));
        assert_eq!(new(0.6, 0.1), Err(IdentifySettingsError::Fpir(0.6)));
        assert_eq!(new(1e-3, 0.6), Err(IdentifySettingsError::Margin(0.6)));
        assert!(new(f64::NAN, 0.1).is_err() && new(1e-3, f32::NAN).is_err());
        assert!(new(0.5, 0.0).is_ok());
    }
}
