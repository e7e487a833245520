//! What was measured of a model: false-match rates and their thresholds.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How the embeddings of a measurement were made; thresholds hold for no other way.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Extraction {
    /// The arithmetic of the network: `f32`, `bf16` or `int8`.
    pub precision: String,
    /// Whether the embedding is the mean of the aligned crop's and its mirror image's.
    pub flip_averaged: bool,
}

/// The measurements of one model, one table per way of extraction.
///
/// It is a file of its own beside the manifest, so that a command can rewrite it whole:
/// read it, [`Calibration::replace`] one table, write [`Calibration::to_toml`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    model: String,
    #[serde(rename = "table", default)]
    tables: Vec<CalibrationTable>,
}

/// One measurement: on which data, how many comparisons, what came out.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationTable {
    /// How the embeddings were made.
    pub extraction: Extraction,
    /// The name of the data set and the part of it.
    pub data_set: String,
    /// The command that made the table.
    pub command: String,
    /// The day of the measurement, `YYYY-MM-DD`.
    pub date: String,
    /// People.
    pub subjects: u64,
    /// Pictures with an embedding.
    pub images: u64,
    /// Pictures without a usable face.
    pub failed_to_acquire: u64,
    /// Comparisons of two pictures of one person.
    pub genuine: u64,
    /// Comparisons of pictures of two people.
    pub impostor: u64,
    /// The rates and their thresholds, the loosest first.
    pub rows: Vec<CalibrationRow>,
}

/// A false-match rate and its threshold.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationRow {
    /// The target false-match rate, above 0 and at most 1.
    pub fmr: f64,
    /// The smallest comparison score that passes, a cosine in −1..=1.
    pub threshold: f32,
    /// The upper 95 % bound of the false-match rate at this threshold, by bootstrap over
    /// subjects.
    pub fmr_upper_95: f64,
    /// The false non-match rate on the genuine comparisons of the data set.
    pub fnmr: f64,
    /// Whether the data support the rate: `fmr_upper_95` is at most twice `fmr`.
    pub supported: bool,
}

/// A text is no calibration, or a table contradicts itself.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// Two tables are of one way of extraction.
    #[error("two tables for {precision} with flip_averaged {flip_averaged}")]
    Duplicate {
        /// The arithmetic of the network.
        precision: String,
        /// Whether mirror images are averaged in.
        flip_averaged: bool,
    },
    /// The calibration is of another model.
    #[error("calibration is of model {got}, expected {expected}")]
    OtherModel {
        /// The model it should be of.
        expected: String,
        /// The model it is of.
        got: String,
    },
    /// A value is outside its range.
    #[error("{field} is {value} in the row of false-match rate {fmr}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// Its value.
        value: f64,
        /// The row.
        fmr: f64,
    },
    /// The rows are not in order: the rates must fall and the thresholds must not.
    #[error("row of false-match rate {fmr} is out of order")]
    Order {
        /// The later of the two rows.
        fmr: f64,
    },
    /// A row says it is supported and its bound says it is not, or the other way round.
    #[error("row of false-match rate {fmr} has bound {fmr_upper_95} and supported {supported}")]
    Support {
        /// The row.
        fmr: f64,
        /// Its bound.
        fmr_upper_95: f64,
        /// What it says.
        supported: bool,
    },
    /// It is not the expected TOML.
    #[error("calibration cannot be read")]
    Syntax(#[from] toml::de::Error),
    /// It cannot be written as TOML.
    #[error("calibration cannot be written")]
    Write(#[from] toml::ser::Error),
}

impl CalibrationRow {
    /// A row; whether it is supported follows from the bound.
    #[must_use]
    pub fn new(fmr: f64, threshold: f32, fmr_upper_95: f64, fnmr: f64) -> Self {
        let supported = is_supported(fmr, fmr_upper_95);
        Self {
            fmr,
            threshold,
            fmr_upper_95,
            fnmr,
            supported,
        }
    }

    fn check(&self) -> Result<(), CalibrationError> {
        let fmr = self.fmr;
        let within = |field, value: f64, range: std::ops::RangeInclusive<f64>| {
            if range.contains(&value) {
                Ok(())
            } else {
                Err(CalibrationError::OutOfRange { field, value, fmr })
            }
        };
        within("fmr", fmr, f64::MIN_POSITIVE..=1.0)?;
        within("threshold", f64::from(self.threshold), -1.0..=1.0)?;
        within("fmr_upper_95", self.fmr_upper_95, 0.0..=1.0)?;
        within("fnmr", self.fnmr, 0.0..=1.0)?;
        if self.supported == is_supported(fmr, self.fmr_upper_95) {
            Ok(())
        } else {
            Err(CalibrationError::Support {
                fmr,
                fmr_upper_95: self.fmr_upper_95,
                supported: self.supported,
            })
        }
    }
}

fn is_supported(fmr: f64, fmr_upper_95: f64) -> bool {
    fmr_upper_95 <= 2.0 * fmr
}

impl CalibrationTable {
    fn check(&self) -> Result<(), CalibrationError> {
        self.rows.iter().try_for_each(CalibrationRow::check)?;
        for pair in self.rows.windows(2) {
            let [looser, stricter] = pair else { continue };
            if stricter.fmr >= looser.fmr || stricter.threshold < looser.threshold {
                return Err(CalibrationError::Order { fmr: stricter.fmr });
            }
        }
        Ok(())
    }
}

impl Calibration {
    /// A calibration without tables.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            tables: Vec::new(),
        }
    }

    /// Reads and checks a calibration file.
    ///
    /// # Errors
    /// [`CalibrationError`] when it is no TOML of this shape, or a table contradicts itself.
    pub fn parse(text: &str) -> Result<Self, CalibrationError> {
        let calibration: Self = toml::from_str(text)?;
        for (i, table) in calibration.tables.iter().enumerate() {
            table.check()?;
            let earlier = calibration.tables.get(..i).unwrap_or_default();
            if earlier
                .iter()
                .any(|other| other.extraction == table.extraction)
            {
                return Err(CalibrationError::Duplicate {
                    precision: table.extraction.precision.clone(),
                    flip_averaged: table.extraction.flip_averaged,
                });
            }
        }
        Ok(calibration)
    }

    /// The model that was measured.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self) -> &[CalibrationTable] {
        &self.tables
    }

    /// The table of a way of extraction.
    #[must_use]
    pub fn table(&self, extraction: &Extraction) -> Option<&CalibrationTable> {
        self.tables
            .iter()
            .find(|table| table.extraction == *extraction)
    }

    /// Puts a table in, in place of the one of the same way of extraction.
    ///
    /// # Errors
    /// [`CalibrationError`] when the table contradicts itself; then nothing is changed.
    pub fn replace(&mut self, table: CalibrationTable) -> Result<(), CalibrationError> {
        table.check()?;
        let same = self
            .tables
            .iter_mut()
            .find(|old| old.extraction == table.extraction);
        match same {
            Some(old) => *old = table,
            None => self.tables.push(table),
        }
        Ok(())
    }

    /// The file's text.
    ///
    /// # Errors
    /// [`CalibrationError::Write`] when a value has no TOML form.
    pub fn to_toml(&self) -> Result<String, CalibrationError> {
        let head = "# Written by `countenance calibrate`; do not edit.\n";
        Ok(format!("{head}{}", toml::to_string(self)?))
    }
}

#[cfg(test)]
mod tests {
    use super::{Calibration, CalibrationError, CalibrationRow, CalibrationTable, Extraction};

    fn extraction(precision: &str) -> Extraction {
        Extraction {
            precision: precision.to_owned(),
            flip_averaged: true,
        }
    }

    fn table(precision: &str) -> CalibrationTable {
        CalibrationTable {
            extraction: extraction(precision),
            data_set: "made up".to_owned(),
            command: "countenance calibrate".to_owned(),
            date: "2026-01-02".to_owned(),
            subjects: 100,
            images: 200,
            failed_to_acquire: 1,
            genuine: 100,
            impostor: 19_800,
            rows: vec![
                CalibrationRow::new(1e-2, 0.25, 1.5e-2, 0.01),
                CalibrationRow::new(1e-3, 0.35, 1.9e-3, 0.02),
                CalibrationRow::new(1e-4, 0.41, 4.2e-4, 0.03),
            ],
        }
    }

    fn refused(change: impl Fn(&mut CalibrationTable)) -> CalibrationError {
        let mut table = table("f32");
        change(&mut table);
        let mut calibration = Calibration::new("m");
        let error = calibration.replace(table).unwrap_err();
        assert!(calibration.tables().is_empty());
        error
    }

    #[test]
    fn a_calibration_reads_back_as_it_was_written() {
        let mut calibration = Calibration::new("m");
        calibration.replace(table("f32")).unwrap();
        calibration.replace(table("int8")).unwrap();
        let text = calibration.to_toml().unwrap();
        assert_eq!(Calibration::parse(&text).unwrap(), calibration, "{text}");
    }

    #[test]
    fn a_new_table_replaces_only_the_one_of_its_extraction() {
        let mut calibration = Calibration::new("m");
        calibration.replace(table("f32")).unwrap();
        calibration.replace(table("int8")).unwrap();
        let mut newer = table("f32");
        newer.impostor = 7;
        calibration.replace(newer).unwrap();
        assert_eq!(calibration.tables().len(), 2);
        assert_eq!(calibration.table(&extraction("f32")).unwrap().impostor, 7);
        assert_eq!(
            calibration.table(&extraction("int8")).unwrap().impostor,
            19_800
        );
        assert!(calibration.table(&extraction("bf16")).is_none());
    }

    #[test]
    fn support_follows_from_the_bound() {
        let supported: Vec<bool> = table("f32").rows.iter().map(|row| row.supported).collect();
        assert_eq!(supported, [true, true, false]);
        let error = refused(|table| table.rows[2].supported = true);
        assert!(matches!(error, CalibrationError::Support { .. }), "{error}");
    }

    #[test]
    fn rows_out_of_order_or_range_are_refused() {
        let error = refused(|table| table.rows.swap(0, 1));
        assert!(matches!(error, CalibrationError::Order { .. }), "{error}");
        let error = refused(|table| table.rows[1].threshold = 0.2);
        assert!(matches!(error, CalibrationError::Order { .. }), "{error}");
        let error = refused(|table| table.rows[0].threshold = f32::NAN);
        assert!(matches!(
            error,
            CalibrationError::OutOfRange {
                field: "threshold",
                ..
            }
        ));
        let error = refused(|table| table.rows[0].fmr = 0.0);
        assert!(matches!(
            error,
            CalibrationError::OutOfRange { field: "fmr", .. }
        ));
        let error = refused(|table| table.rows[0].fnmr = 1.5);
        assert!(matches!(
            error,
            CalibrationError::OutOfRange { field: "fnmr", .. }
        ));
    }

    #[test]
    fn two_tables_of_one_extraction_are_refused() {
        let mut calibration = Calibration::new("m");
        calibration.replace(table("f32")).unwrap();
        calibration.replace(table("int8")).unwrap();
        let text = calibration.to_toml().unwrap().replace("int8", "f32");
        let error = Calibration::parse(&text).unwrap_err();
        assert!(
            matches!(error, CalibrationError::Duplicate { .. }),
            "{error}"
        );
    }
}
