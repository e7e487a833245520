//! The bytes of every pinned model; nobody gets them unchecked.

use crate::Sha256;
use crate::manifest::{Manifest, ManifestError, ModelSpec};
use crate::store::{FileError, PinnedFile, Store};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use thiserror::Error;

/// Digest and bytes of each embedded file.
#[cfg(feature = "embed")]
const EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The weights of every model of a manifest.
///
/// ```no_run
/// use countenance_models::Weights;
/// let weights = Weights::from_dir("models/store".as_ref())?;
/// let onnx = weights.get("sface-2021dec").ok_or("no such model")?.bytes()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Weights {
    models: BTreeMap<String, WeightFile>,
    /// Second files, of the models that have one.
    data: BTreeMap<String, WeightFile>,
}

/// One file of a model's weights.
#[derive(Clone, PartialEq, Eq)]
pub struct WeightFile {
    model: String,
    /// Of the file in its package.
    name: String,
    sha256: Sha256,
    bytes: Cow<'static, [u8]>,
}

impl WeightFile {
    /// Its bytes, which are those that the manifest pins. What is part of the program is checked now, each time: some 10 ms
    /// for 10 MB where the processor has SHA instructions, which only those pay who want this model. What came from a folder
    /// was checked when it was read.
    ///
    /// # Errors
    /// [`WeightsError::File`] when the program's copy was altered.
    pub fn bytes(&self) -> Result<&Cow<'static, [u8]>, WeightsError> {
        if let Cow::Borrowed(bytes) = self.bytes {
            let pin = PinnedFile {
                package: "",
                path: &self.name,
                bytes: bytes.len() as u64,
                sha256: self.sha256,
            };
            let place = format!("<embedded>/{}", self.name);
            let checked = pin.check(bytes, Path::new(&place));
            checked.map_err(|source| WeightsError::File {
                model: self.model.clone(),
                source,
            })?;
        }
        Ok(&self.bytes)
    }
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
    /// The weights that are part of the program. Each is checked when its bytes are asked for.
    ///
    /// # Errors
    /// [`WeightsError::NotEmbedded`] when the program was built (in debug) without weights.
    #[cfg(feature = "embed")]
    pub fn embedded() -> Result<Self, WeightsError> {
        Self::collect(&Manifest::shipped()?, |model, file| {
            let digest = file.sha256.to_string();
            let Some((_, bytes)) = EMBEDDED.iter().find(|(known, _)| *known == digest) else {
                return Err(WeightsError::NotEmbedded {
                    model: model.id.clone(),
                });
            };
            Ok(Cow::Borrowed(*bytes))
        })
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
        Self::collect(manifest, |model, file| {
            let bytes = store.read(file).map_err(|source| WeightsError::File {
                model: model.id.clone(),
                source,
            })?;
            Ok(Cow::Owned(bytes))
        })
    }

    /// The files of all models, each as `read` gives it.
    fn collect(
        manifest: &Manifest,
        read: impl Fn(&ModelSpec, PinnedFile<'_>) -> Result<Cow<'static, [u8]>, WeightsError>,
    ) -> Result<Self, WeightsError> {
        let (mut models, mut data) = (BTreeMap::new(), BTreeMap::new());
        let read = |model: &ModelSpec, file: PinnedFile<'_>| {
            Ok::<_, WeightsError>(WeightFile {
                model: model.id.clone(),
                name: file.name().to_owned(),
                sha256: file.sha256,
                bytes: read(model, file)?,
            })
        };
        for model in manifest.models() {
            models.insert(model.id.clone(), read(model, model.file())?);
            if let Some(file) = model.data_file() {
                data.insert(model.id.clone(), read(model, file)?);
            }
        }
        Ok(Self { models, data })
    }

    /// Checks every file that is part of the program now, for whoever would rather not start than find out later.
    ///
    /// # Errors
    /// [`WeightsError::File`] when the program's copy of one was altered.
    pub fn check(&self) -> Result<(), WeightsError> {
        let mut files = self.models.values().chain(self.data.values());
        files.try_for_each(|file| file.bytes().map(drop))
    }

    /// A model's file, or `None` when the manifest has no such model.
    #[must_use]
    pub fn get(&self, model: &str) -> Option<&WeightFile> {
        self.models.get(model)
    }

    /// The graph and the weights of a model that keeps them in two files.
    #[must_use]
    pub fn both(&self, model: &str) -> Option<[&WeightFile; 2]> {
        Some([self.models.get(model)?, self.data.get(model)?])
    }
}

impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = self.models.iter().map(|(id, file)| {
            let data = self.data.get(id).map_or(0, |data| data.bytes.len());
            (id, file.bytes.len() + data)
        });
        f.debug_map().entries(lengths).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{WeightFile, Weights, WeightsError};
    use crate::{FileError, Manifest, ModelSpec, Sha256, Store};
    use std::borrow::Cow;
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
            let length = |file: &WeightFile| file.bytes().unwrap().len() as u64;
            assert_eq!(length(weights.get(&model.id).unwrap()), model.bytes);
            let both = weights.both(&model.id).map(|both| both.map(length));
            let pinned = model.data.as_ref().map(|data| [model.bytes, data.bytes]);
            assert_eq!(both, pinned, "{}", model.id);
        }
        assert!(weights.get("another").is_none());
    }

    #[test]
    fn weights_under_their_package_names_are_the_same_and_an_altered_bit_is_refused() {
        let Some(store) = store() else { return };
        let folder = tempfile::tempdir().unwrap();
        let manifest = Manifest::shipped().unwrap();
        let pinned: Vec<_> = manifest
            .models()
            .iter()
            .flat_map(ModelSpec::files)
            .collect();
        for file in &pinned {
            let from = Store::new(&store).path(file.sha256);
            fs::copy(from, folder.path().join(file.name())).unwrap();
        }
        let weights = Weights::from_dir(folder.path()).unwrap();
        assert_eq!(weights, Weights::from_dir(&store).unwrap());

        for file in pinned {
            let path = folder.path().join(file.name());
            let good = fs::read(&path).unwrap();
            let mut bad = good.clone();
            let middle = bad.len() / 2;
            bad[middle] ^= 1;
            fs::write(&path, bad).unwrap();
            let message = Weights::from_dir(folder.path()).unwrap_err().to_string();
            assert!(message.contains(&file.sha256.to_string()), "{message}");
            assert!(message.contains(&path.display().to_string()), "{message}");
            fs::write(&path, good).unwrap();
        }
    }

    #[cfg(feature = "embed")]
    #[test]
    fn embedded_weights_are_the_pinned_ones() {
        let Some(store) = store() else { return };
        let embedded = Weights::embedded().unwrap();
        assert_eq!(embedded, Weights::from_dir(&store).unwrap());
        embedded.check().unwrap();
    }

    #[test]
    fn an_altered_file_of_the_program_is_refused_when_its_bytes_are_asked_for() {
        let file = |bytes: &'static [u8]| WeightFile {
            model: "m".to_owned(),
            name: "m.onnx".to_owned(),
            sha256: Sha256::of(b"weights"),
            bytes: Cow::Borrowed(bytes),
        };
        assert_eq!(file(b"weights").bytes().unwrap().as_ref(), b"weights");
        let altered = file(b"weighty");
        let message = altered.bytes().unwrap_err().to_string();
        assert!(message.contains("<embedded>/m.onnx"), "{message}");
        let models = [("m".to_owned(), altered)].into();
        let weights = Weights {
            models,
            data: [].into(),
        };
        weights.check().unwrap_err();
    }

    #[test]
    fn debug_shows_lengths_and_no_bytes() {
        let Some(store) = store() else { return };
        let shown = format!("{:?}", Weights::from_dir(&store).unwrap());
        assert_eq!(
            shown,
            r#"{"facemesh-192": 1573803, "ppocr-v4-rec": 10857958, "sface-2021dec": 10667852, "yunet-2023mar": 122489}"#
        );
    }
}
