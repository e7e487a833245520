//! The bytes of every pinned model, checked.

use crate::manifest::{Manifest, ManifestError};
use crate::store::{FileError, Store};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use thiserror::Error;

/// Model id and bytes of each embedded model.
#[cfg(feature = "embed")]
const EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The weights of every model of a manifest, each with the pinned digest.
///
/// ```no_run
/// use countenance_models::Weights;
/// let weights = Weights::from_dir("models/store".as_ref())?;
/// let onnx = weights.get("sface-2021dec").ok_or("no such model")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Weights {
    models: BTreeMap<String, Cow<'static, [u8]>>,
}

/// The weights cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The weights of a model are missing, unreadable, or not the pinned ones.
    #[error("weights of model {model}: {source}")]
    File {
        /// The model.
        model: String,
        /// Why.
        source: FileError,
    },
    /// The manifest is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The program was built without the weights of a model.
    #[error("weights of model {model} were not in models/store when the program was built")]
    NotEmbedded {
        /// The model.
        model: String,
    },
}

impl Weights {
    /// The weights that are part of the program, checked against the shipped manifest.
    ///
    /// The check reads 11 MB: about 10 ms of one core where the processor has SHA instructions.
    ///
    /// # Errors
    /// [`WeightsError::File`] when the program's copy was altered,
    /// [`WeightsError::NotEmbedded`] when it was built (in debug) without weights.
    #[cfg(feature = "embed")]
    pub fn embedded() -> Result<Self, WeightsError> {
        let manifest = Manifest::shipped()?;
        let mut models = BTreeMap::new();
        for model in manifest.models() {
            let Some((_, bytes)) = EMBEDDED.iter().find(|(id, _)| *id == model.id) else {
                return Err(WeightsError::NotEmbedded {
                    model: model.id.clone(),
                });
            };
            let place = format!("<embedded>/{}", model.file().name());
            let checked = model.file().check(bytes, Path::new(&place));
            checked.map_err(|source| WeightsError::File {
                model: model.id.clone(),
                source,
            })?;
            models.insert(model.id.clone(), Cow::Borrowed(*bytes));
        }
        Ok(Self { models })
    }

    /// The weights in a folder, checked against the shipped manifest.
    ///
    /// A file stands there under its digest, as `cargo xtask models` lays them, or under
    /// the name it has in its package.
    ///
    /// # Errors
    /// [`WeightsError::File`] when a model is missing, unreadable or has another digest.
    pub fn from_dir(folder: &Path) -> Result<Self, WeightsError> {
        Self::from_store(&Manifest::shipped()?, &Store::new(folder))
    }

    /// The weights of a manifest's models in a store.
    ///
    /// # Errors
    /// As [`Weights::from_dir`].
    pub fn from_store(manifest: &Manifest, store: &Store) -> Result<Self, WeightsError> {
        let mut models = BTreeMap::new();
        for model in manifest.models() {
            let bytes = store
                .read(model.file())
                .map_err(|source| WeightsError::File {
                    model: model.id.clone(),
                    source,
                })?;
            models.insert(model.id.clone(), Cow::Owned(bytes));
        }
        Ok(Self { models })
    }

    /// The bytes of a model's file, or `None` when the manifest has no such model.
    #[must_use]
    pub fn get(&self, model: &str) -> Option<&[u8]> {
        self.models.get(model).map(AsRef::as_ref)
    }
}

impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = self.models.iter().map(|(id, bytes)| (id, bytes.len()));
        f.debug_map().entries(lengths).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Weights, WeightsError};
    use crate::{FileError, Manifest, Store};
    use std::fs;
    use std::path::{Path, PathBuf};

    fn store() -> Option<PathBuf> {
        let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store");
        if store.is_dir() {
            return Some(store);
        }
        eprintln!("SKIPPED: no models/store; run `cargo xtask models`");
        None
    }

    #[test]
    fn an_empty_folder_has_no_weights() {
        let folder = tempfile::tempdir().unwrap();
        let error = Weights::from_dir(folder.path()).unwrap_err();
        assert!(
            matches!(
                error,
                WeightsError::File {
                    source: FileError::Missing { .. },
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn the_store_holds_the_pinned_weights() {
        let Some(store) = store() else { return };
        let weights = Weights::from_dir(&store).unwrap();
        for model in Manifest::shipped().unwrap().models() {
            assert_eq!(weights.get(&model.id).unwrap().len() as u64, model.bytes);
        }
        assert!(weights.get("another").is_none());
    }

    #[test]
    fn weights_under_their_package_names_are_the_same_and_an_altered_bit_is_refused() {
        let Some(store) = store() else { return };
        let folder = tempfile::tempdir().unwrap();
        let manifest = Manifest::shipped().unwrap();
        for model in manifest.models() {
            let from = Store::new(&store).path(model.sha256);
            fs::copy(from, folder.path().join(model.file().name())).unwrap();
        }
        let weights = Weights::from_dir(folder.path()).unwrap();
        assert_eq!(weights, Weights::from_dir(&store).unwrap());

        for model in manifest.models() {
            let path = folder.path().join(model.file().name());
            let good = fs::read(&path).unwrap();
            let mut bad = good.clone();
            let middle = bad.len() / 2;
            bad[middle] ^= 1;
            fs::write(&path, bad).unwrap();
            let message = Weights::from_dir(folder.path()).unwrap_err().to_string();
            assert!(message.contains(&model.sha256.to_string()), "{message}");
            assert!(message.contains(&path.display().to_string()), "{message}");
            fs::write(&path, good).unwrap();
        }
    }

    #[cfg(feature = "embed")]
    #[test]
    fn embedded_weights_are_the_pinned_ones() {
        let Some(store) = store() else { return };
        assert_eq!(
            Weights::embedded().unwrap(),
            Weights::from_dir(&store).unwrap()
        );
    }

    #[test]
    fn debug_shows_lengths_and_no_bytes() {
        let Some(store) = store() else { return };
        let shown = format!("{:?}", Weights::from_dir(&store).unwrap());
        assert_eq!(
            shown,
            r#"{"sface-2021dec": 10667852, "yunet-2023mar": 122489}"#
        );
    }
}
