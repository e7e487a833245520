//! Networks that no registry carries: an operator adds their files, and the manifest says which files these are.

use crate::digest::Sha256;
use crate::manifest::{ModelInput, ModelOutput};
use crate::store::{PinnedFile, Store};
use crate::weights::WeightsError;
use serde::Deserialize;

/// A network that an operator may add.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct AddedSpec {
    /// The model id.
    pub id: String,
    /// What the model is for.
    pub role: AddedRole,
    /// The file's name.
    pub file: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its digest: another file is refused.
    pub sha256: Sha256,
    /// Where it comes from, in words.
    pub origin: String,
    /// The license of the weights, as an SPDX expression.
    pub license: String,
    /// The path of the model card, relative to the manifest.
    pub card: String,
    /// The file format, in words.
    pub format: String,
    /// Width and height of what it looks at, times those of the face.
    pub scale: f32,
    /// What the network reads.
    pub input: ModelInput,
    /// What the network writes.
    #[serde(rename = "output")]
    pub outputs: Vec<ModelOutput>,
}

/// What an added model is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AddedRole {
    /// Says of one picture whether its face looks live.
    PassiveLiveness,
}

impl AddedSpec {
    /// Reads the file, which stands in the store under its digest or its name.
    ///
    /// # Errors
    /// [`WeightsError::File`] when it is missing, unreadable or another.
    pub fn read(&self, store: &Store) -> Result<Vec<u8>, WeightsError> {
        let pin = PinnedFile {
            package: "",
            path: &self.file,
            bytes: self.bytes,
            sha256: self.sha256,
        };
        store.read(pin).map_err(|source| WeightsError::File {
            model: self.id.clone(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Manifest, Store, WeightsError};
    use std::path::Path;

    #[test]
    fn every_added_model_has_its_card_and_looks_beyond_the_face() {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let manifest = Manifest::shipped().unwrap();
        assert_eq!(manifest.added().len(), 2);
        for added in manifest.added() {
            let card = std::fs::read_to_string(models.join(&added.card)).unwrap();
            for fact in [&added.file, &added.license, &added.sha256.to_string()] {
                assert!(card.contains(fact), "{}: {fact}", added.id);
            }
            assert!(added.scale > 1.0);
        }
    }

    #[test]
    fn another_file_under_the_right_name_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = Manifest::shipped().unwrap();
        let added = &manifest.added()[0];
        std::fs::write(
            folder.path().join(&added.file),
            vec![0; added.bytes as usize],
        )
        .unwrap();
        let read = added.read(&Store::new(folder.path()));
        assert!(matches!(read, Err(WeightsError::File { .. })));
    }
}
