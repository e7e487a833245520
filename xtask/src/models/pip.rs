//! Fetching a package with pip, without running any code that the package brings.

use anyhow::{Context as _, Result, bail};
use countenance_models::PackageSpec;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A stand-in for the build backend `setuptools.build_meta:__legacy__`.
///
/// Even to download a source package, pip asks its build backend for metadata, and the usual
/// backend runs the package's `setup.py`. This one answers with the metadata file that
/// every source package already carries.
const METADATA_ONLY_BACKEND: &str = r#"
import os, shutil

class _MetadataOnly:
    def get_requires_for_build_wheel(self, config_settings=None):
        return []

    def prepare_metadata_for_build_wheel(self, metadata_directory, config_settings=None):
        name = os.environ["COUNTENANCE_DIST_INFO"]
        os.mkdir(os.path.join(metadata_directory, name))
        shutil.copy("PKG-INFO", os.path.join(metadata_directory, name, "METADATA"))
        return name

    def build_wheel(self, *arguments, **named):
        raise RuntimeError("nothing is built here")

__legacy__ = _MetadataOnly()
"#;

/// Downloads a package's archive into a folder and returns its path.
///
/// pip itself checks the archive's pinned digest before it opens it.
pub(super) fn download(package: &PackageSpec, folder: &Path) -> Result<PathBuf> {
    let write = |path: &Path, text: &str| {
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    let requirements = folder.join("requirements.txt");
    let PackageSpec {
        name,
        version,
        sha256,
        ..
    } = package;
    write(
        &requirements,
        &format!("{name}=={version} --hash=sha256:{sha256}\n"),
    )?;
    let downloads = folder.join("downloads");

    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    pip.args(["--no-deps", "--require-hashes", "--dest"])
        .arg(&downloads);
    pip.arg("--requirement").arg(&requirements);
    if package.archive.ends_with(".whl") {
        pip.args(["--only-binary", ":all:"]);
    } else {
        let backend = folder.join("backend");
        fs::create_dir_all(backend.join("setuptools"))?;
        write(&backend.join("setuptools/__init__.py"), "")?;
        write(
            &backend.join("setuptools/build_meta.py"),
            METADATA_ONLY_BACKEND,
        )?;
        pip.args(["--no-binary", ":all:", "--no-build-isolation"]);
        pip.env("PYTHONPATH", backend);
        // As a variable and not an option: the newest pip has only this way and no option.
        pip.env("PIP_USE_PEP517", "1");
        pip.env(
            "COUNTENANCE_DIST_INFO",
            format!("{name}-{version}.dist-info"),
        );
    }
    let status = pip
        .status()
        .context("cannot start python3; install Python 3 with pip")?;
    if !status.success() {
        bail!(
            "`python3 -m pip download {name}=={version}` failed ({status}); \
             it needs pip (Debian, Ubuntu: apt-get install python3-pip) and the package registry"
        );
    }
    let archive = downloads.join(&package.archive);
    if !archive.is_file() {
        bail!("pip fetched {name} {version} without {}", package.archive);
    }
    Ok(archive)
}
