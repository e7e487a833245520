//! A template as the vault keeps it: `docs/spec/template-v1.md`, byte for byte.

use countenance_gallery::{ModelId, Template, TemplateError};
use thiserror::Error;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const FLIP_AVERAGED: u8 = 1;
const HEADER: usize = 4;
/// The value of the largest component; -128 is never written.
const FULL: i8 = 127;

/// Bytes from a record are no template of version 1.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateFormatError {
    /// The values are not scaled as the format says.
    #[error("stored template is not scaled to 127")]
    Scale,
    /// The length is not the one its own header gives.
    #[error("stored template has {got} bytes, expected {expected}")]
    Length {
        /// Bytes the header asks for.
        expected: usize,
        /// Bytes that are there.
        got: usize,
    },
    /// It makes no template.
    #[error("stored template: {0}")]
    Template(#[from] TemplateError),
    /// It is of another version or has flags that are not known.
    #[error("stored template is of version {version} with flags {flags:#04x}, this build reads 1")]
    Version {
        /// The version found.
        version: u8,
        /// The flags found.
        flags: u8,
    },
}

/// A template that was read, and how it was made.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) template: Template,
    pub(crate) flip_averaged: bool,
}

/// The bytes of a template: 4 and one per value.
pub(crate) fn write(template: &Template, flip_averaged: bool) -> Zeroizing<Vec<u8>> {
    let values = template.values();
    let largest = values.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    // A template is a unit vector of at most 4096 values: the largest is never below 1/64.
    let scale = f32::from(FULL) / largest;
    let mut out = Zeroizing::new(Vec::with_capacity(HEADER + values.len()));
    out.extend([VERSION, u8::from(flip_averaged) * FLIP_AVERAGED]);
    out.extend((values.len() as u16).to_le_bytes());
    out.extend(
        values
            .iter()
            .map(|value| (value * scale).round() as i8 as u8),
    );
    out
}

/// Reads the bytes of a template that `model` made.
pub(crate) fn read(bytes: &[u8], model: ModelId) -> Result<Stored, TemplateFormatError> {
    let Some(([version, flags, low, high], values)) = bytes.split_first_chunk::<HEADER>() else {
        return Err(TemplateFormatError::Length {
            expected: HEADER,
            got: bytes.len(),
        });
    };
    let (version, flags) = (*version, *flags);
    if version != VERSION || flags & !FLIP_AVERAGED != 0 {
        return Err(TemplateFormatError::Version { version, flags });
    }
    let dimensions = usize::from(u16::from_le_bytes([*low, *high]));
    if values.len() != dimensions {
        return Err(TemplateFormatError::Length {
            expected: HEADER + dimensions,
            got: bytes.len(),
        });
    }
    // -128 would count 128 here, so that it is refused too.
    let magnitude = |value: &u8| (*value as i8).unsigned_abs();
    if values.iter().map(magnitude).max().unwrap_or(0) != FULL.unsigned_abs() {
        return Err(TemplateFormatError::Scale);
    }
    let mut embedding = Zeroizing::new(Vec::with_capacity(dimensions));
    embedding.extend(values.iter().map(|value| f32::from(*value as i8)));
    Ok(Stored {
        template: Template::from_embedding(model, &embedding)?,
        flip_averaged: flags & FLIP_AVERAGED != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::{TemplateFormatError, read, write};
    use countenance_gallery::{ModelId, Template};
    use proptest::prelude::*;

    fn model() -> ModelId {
        ModelId::new("m").unwrap()
    }

    fn template(values: &[f32]) -> Template {
        Template::from_embedding(model(), values).unwrap()
    }

    #[test]
    fn the_example_of_the_specification_is_written_and_read() {
        let bytes = write(&template(&[3.0, -4.0, 0.0, 0.02]), true);
        assert_eq!(bytes[..], [1, 1, 4, 0, 95, 129, 0, 1]);
        let stored = read(&bytes, model()).unwrap();
        assert!(stored.flip_averaged);
        assert_eq!(stored.template.values().len(), 4);
    }

    #[test]
    fn other_bytes_are_refused() {
        let good = write(&template(&[3.0, -4.0]), false);
        assert!(read(&good, model()).is_ok());
        let with = |at: usize, value: u8| {
            let mut bytes = good.to_vec();
            bytes[at] = value;
            read(&bytes, model()).map(|_| ())
        };
        assert!(matches!(
            with(0, 2),
            Err(TemplateFormatError::Version { version: 2, .. })
        ));
        assert!(matches!(
            with(1, 2),
            Err(TemplateFormatError::Version { flags: 2, .. })
        ));
        assert!(matches!(
            with(2, 3),
            Err(TemplateFormatError::Length {
                expected: 7,
                got: 6
            })
        ));
        assert_eq!(with(5, 0x80), Err(TemplateFormatError::Scale));
        assert_eq!(with(5, 0), Err(TemplateFormatError::Scale));
        for length in 0..good.len() {
            assert!(read(&good[..length], model()).is_err(), "{length} bytes");
        }
        assert!(read(&[1, 0, 0, 0], model()).is_err(), "no values");
    }

    fn embedding() -> impl Strategy<Value = Vec<f32>> {
        proptest::collection::vec(-10.0_f32..10.0, 128)
            .prop_filter("has a direction", |v| v.iter().any(|x| x.abs() > 1e-3))
    }

    proptest! {
        #[test]
        fn eight_bits_change_no_score_by_more_than_the_bound(a in embedding(), b in embedding()) {
            let (reference, probe) = (template(&a), template(&b));
            let bytes = write(&reference, false);
            prop_assert_eq!(bytes.len(), 132);
            let stored = read(&bytes, model()).unwrap().template;
            let exact = reference.compare(&probe).unwrap().cosine();
            let kept = stored.compare(&probe).unwrap().cosine();
            // Each value moves by at most half a step of max/127: at most sqrt(128)/254 of a unit vector whose
            // largest value is 1, far less for the flat vectors that embeddings are.
            prop_assert!((exact - kept).abs() < 0.02, "{} {}", exact, kept);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(stored) = read(&bytes, model()) {
                prop_assert_eq!(&write(&stored.template, stored.flip_averaged)[..], &bytes[..]);
            }
        }
    }
}
