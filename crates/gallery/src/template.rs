//! The template: what is kept of a face.

use crate::dot::dot;
use crate::score::Score;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;
use zeroize::Zeroizing;

/// Most values a template may have; a bound for readers of untrusted bytes.
const MAX_DIMENSIONS: usize = 4096;

/// Longest name of a model, in bytes.
const MAX_MODEL_NAME: usize = 64;

/// The name of the model that made a template, such as `sface-2021dec`.
///
/// Only templates of one model can be compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId(Arc<str>);

/// A text is no model name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelIdError {
    /// A character other than `a`-`z`, `0`-`9`, `-`, `_` and `.`.
    #[error("model name has the character {0:?}")]
    Character(char),
    /// Empty or longer than 64 bytes.
    #[error("model name has {0} bytes, expected 1 to 64")]
    Length(usize),
}

impl ModelId {
    /// A model name from its text: 1 to 64 of `a`-`z`, `0`-`9`, `-`, `_` and `.`.
    ///
    /// # Errors
    /// [`ModelIdError`] on another length or character.
    pub fn new(name: &str) -> Result<Self, ModelIdError> {
        if name.is_empty() || name.len() > MAX_MODEL_NAME {
            return Err(ModelIdError::Length(name.len()));
        }
        let known = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(*c);
        match name.chars().find(|c| !known(c)) {
            Some(unknown) => Err(ModelIdError::Character(unknown)),
            None => Ok(Self(name.into())),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelId({})", self.0)
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is kept of a face: a unit vector of f32 and the name of the model that made it.
///
/// It is opaque: its values are wiped when it is dropped, appear in no `Debug` text, and
/// leave only through [`Template::values`] for sealing.
///
/// ```
/// use countenance_gallery::{ModelId, Template};
/// let model = ModelId::new("sface-2021dec")?;
/// let reference = Template::from_embedding(model.clone(), &[3.0, 4.0])?;
/// let probe = Template::from_embedding(model, &[6.0, 8.0])?;
/// assert!(reference.compare(&probe)?.cosine() > 0.9999);
/// assert_eq!(format!("{probe:?}"), "Template { model: ModelId(sface-2021dec), .. }");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Template {
    model: ModelId,
    /// Length 1 within rounding.
    values: Zeroizing<Box<[f32]>>,
}

/// No template can be made of an embedding.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateError {
    /// The embedding has no values or more than 4096.
    #[error("embedding has {got} values, expected 1 to {max}")]
    Dimensions {
        /// Values that were given.
        got: usize,
        /// Most values a template may have.
        max: usize,
    },
    /// A value is infinite or not a number.
    #[error("embedding value {place} is not finite")]
    NotFinite {
        /// Index of the first such value.
        place: usize,
    },
    /// The embedding is too short a vector to have a direction.
    #[error("embedding has no direction")]
    Zero,
}

/// Two templates cannot be compared.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompareError {
    /// They claim one model but have different numbers of values.
    #[error("templates of model {model} have {reference} and {probe} values")]
    Dimensions {
        /// The model both name.
        model: ModelId,
        /// Values of the reference.
        reference: usize,
        /// Values of the probe.
        probe: usize,
    },
    /// They were made by two models.
    #[error("reference is of model {reference}, probe of model {probe}")]
    Models {
        /// The model of the reference.
        reference: ModelId,
        /// The model of the probe.
        probe: ModelId,
    },
}

impl Template {
    /// Makes a template of a raw embedding: f32 values of any length above zero, which are
    /// scaled to a unit vector. The caller keeps and wipes its own copy.
    ///
    /// # Errors
    /// [`TemplateError`] when a value is not finite, or the embedding is empty, over-long
    /// or zero.
    pub fn from_embedding(model: ModelId, embedding: &[f32]) -> Result<Self, TemplateError> {
        if embedding.is_empty() || embedding.len() > MAX_DIMENSIONS {
            return Err(TemplateError::Dimensions {
                got: embedding.len(),
                max: MAX_DIMENSIONS,
            });
        }
        if let Some(place) = embedding.iter().position(|value| !value.is_finite()) {
            return Err(TemplateError::NotFinite { place });
        }
        // In f64, where no f32 overflows or vanishes when squared.
        let norm = embedding
            .iter()
            .map(|v| f64::from(*v) * f64::from(*v))
            .sum::<f64>()
            .sqrt();
        if norm < f64::from(f32::MIN_POSITIVE) {
            return Err(TemplateError::Zero);
        }
        let mut values = Zeroizing::new(vec![0.0_f32; embedding.len()].into_boxed_slice());
        for (unit, value) in values.iter_mut().zip(embedding) {
            *unit = (f64::from(*value) / norm) as f32;
        }
        Ok(Self { model, values })
    }

    /// The model that made it.
    #[must_use]
    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// The unit vector, for sealing. Whoever copies it wipes the copy.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The comparison score of this reference and a probe.
    ///
    /// # Errors
    /// [`CompareError`] when the two were not made by one model.
    pub fn compare(&self, probe: &Self) -> Result<Score, CompareError> {
        if self.model != probe.model {
            return Err(CompareError::Models {
                reference: self.model.clone(),
                probe: probe.model.clone(),
            });
        }
        if self.values.len() != probe.values.len() {
            return Err(CompareError::Dimensions {
                model: self.model.clone(),
                reference: self.values.len(),
                probe: probe.values.len(),
            });
        }
        Ok(Score::from_unit_product(dot(&self.values, &probe.values)))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{CompareError, ModelId, ModelIdError, Template, TemplateError};
    use proptest::prelude::*;

    fn model(name: &str) -> ModelId {
        ModelId::new(name).unwrap()
    }

    fn template(values: &[f32]) -> Template {
        Template::from_embedding(model("m"), values).unwrap()
    }

    #[test]
    fn debug_text_names_the_model_and_no_value() {
        let template = template(&[0.25, -0.5, 0.75]);
        assert_eq!(
            format!("{template:?}"),
            "Template { model: ModelId(m), .. }"
        );
        assert_eq!(
            format!("{template:#?}"),
            "Template {\n    model: ModelId(m),\n    ..\n}"
        );
    }

    #[test]
    fn templates_of_two_models_do_not_compare() {
        let probe = Template::from_embedding(model("other"), &[1.0, 0.0]).unwrap();
        assert_eq!(
            template(&[1.0, 0.0]).compare(&probe),
            Err(CompareError::Models {
                reference: model("m"),
                probe: model("other")
            })
        );
    }

    #[test]
    fn templates_of_two_lengths_do_not_compare() {
        let error = template(&[1.0, 0.0])
            .compare(&template(&[1.0]))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "templates of model m have 2 and 1 values"
        );
    }

    #[test]
    fn embeddings_without_a_direction_are_refused() {
        let make = |values: &[f32]| Template::from_embedding(model("m"), values).map(|_| ());
        assert_eq!(make(&[0.0; 4]), Err(TemplateError::Zero));
        assert_eq!(
            make(&[1.0, f32::NAN]),
            Err(TemplateError::NotFinite { place: 1 })
        );
        assert_eq!(
            make(&[f32::INFINITY]),
            Err(TemplateError::NotFinite { place: 0 })
        );
        assert_eq!(
            make(&[]),
            Err(TemplateError::Dimensions { got: 0, max: 4096 })
        );
        assert_eq!(
            make(&[1.0; 4097]),
            Err(TemplateError::Dimensions {
                got: 4097,
                max: 4096
            })
        );
        // Positive control: huge and tiny values have a direction.
        assert_eq!(make(&[f32::MAX; 4]), Ok(()));
        assert_eq!(make(&[1e-30; 4]), Ok(()));
    }

    #[test]
    fn model_names_are_plain() {
        assert_eq!(ModelId::new(""), Err(ModelIdError::Length(0)));
        assert_eq!(ModelId::new(&"a".repeat(65)), Err(ModelIdError::Length(65)));
        assert_eq!(ModelId::new("a b"), Err(ModelIdError::Character(' ')));
        assert!(ModelId::new("sface-2021dec").is_ok());
    }

    #[test]
    fn known_angles_give_their_cosine() {
        let cosine = |a: &[f32], b: &[f32]| template(a).compare(&template(b)).unwrap().cosine();
        assert!((cosine(&[1.0, 0.0], &[1.0, 1.0]) - 0.5_f32.sqrt()).abs() < 1e-6);
        assert!((cosine(&[1.0, 0.0], &[0.0, 7.0])).abs() < 1e-6);
        assert!((cosine(&[2.0, 1.0], &[-2.0, -1.0]) + 1.0).abs() < 1e-6);
    }

    fn embedding() -> impl Strategy<Value = Vec<f32>> {
        proptest::collection::vec(-10.0_f32..10.0, 128)
            .prop_filter("has a direction", |v| v.iter().any(|x| x.abs() > 1e-3))
    }

    proptest! {
        #[test]
        fn comparing_is_symmetric_and_matches_the_plain_cosine(a in embedding(), b in embedding()) {
            let (one, other) = (template(&a), template(&b));
            let score = one.compare(&other).unwrap();
            prop_assert_eq!(score, other.compare(&one).unwrap());
            let product = |x: &[f32], y: &[f32]| {
                x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>()
            };
            let cosine = product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt();
            // 1e-6: bound of the f32 sum (see dot.rs) with room; largest seen is 2e-7.
            prop_assert!((f64::from(score.cosine()) - cosine).abs() < 1e-6);
        }

        #[test]
        fn a_template_is_a_unit_vector_and_scores_one_against_itself(a in embedding(), scale in 1e-3_f32..1e3) {
            let one = template(&a);
            prop_assert!((one.values().iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-5);
            let scaled: Vec<f32> = a.iter().map(|v| v * scale).collect();
            prop_assert!(one.compare(&template(&scaled)).unwrap().cosine() > 0.99999);
        }
    }
}
