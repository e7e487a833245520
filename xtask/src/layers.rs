//! `cargo xtask layers`: each crate uses only what its layer may use.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::process::Command;

/// A crate of the workspace and what it may use.
struct Rule {
    name: &'static str,
    /// What the crate itself and its build script may use.
    uses: &'static [&'static str],
    /// What its tests may use on top.
    tests_use: &'static [&'static str],
}

const fn rule(
    name: &'static str,
    uses: &'static [&'static str],
    tests_use: &'static [&'static str],
) -> Rule {
    Rule {
        name,
        uses,
        tests_use,
    }
}

/// The arrows of the house; the table in `ARCHITECTURE.md` shows the same.
///
/// The three rooms (vision, gallery, vault) do not know one another, not even in tests.
/// Tests of the parts above the weights may read the pinned weights.
const RULES: &[Rule] = &[
    // ground
    rule("countenance-kernels", &[], &[]),
    // parts
    rule("countenance-models", &[], &[]),
    rule(
        "countenance-net",
        &["countenance-kernels"],
        &["countenance-models"],
    ),
    // rooms
    rule(
        "countenance-vision",
        &["countenance-net"],
        &["countenance-models"],
    ),
    rule("countenance-document", &["countenance-net"], &[]),
    rule("countenance-gallery", &["countenance-kernels"], &[]),
    rule("countenance-vault", &[], &[]),
    // use cases
    rule(
        "countenance-core",
        &[
            "countenance-vision",
            "countenance-document",
            "countenance-gallery",
            "countenance-vault",
            // To build the engine from weights.
            "countenance-models",
            "countenance-net",
        ],
        &[],
    ),
    // beside the house
    rule("countenance-api", &[], &[]),
    // doors
    rule(
        "countenance-server",
        &["countenance-api", "countenance-core"],
        // To run on the pinned weights and photos.
        &["countenance-models"],
    ),
    rule(
        "countenance-cli",
        &[
            "countenance-core",
            // For `serve` and `key`.
            "countenance-api",
            "countenance-server",
            "countenance-models",
            // To measure single stages, to look inside for `doctor`, to draw what was found.
            "countenance-gallery",
            "countenance-net",
            "countenance-vision",
        ],
        &[],
    ),
    // beside the house
    rule(
        "countenance-leak-drill",
        // The server, for what its keys keep.
        &[
            "countenance-api",
            "countenance-core",
            "countenance-models",
            "countenance-server",
        ],
        &[],
    ),
    rule(
        "countenance-liveness-renders",
        &["countenance-core", "countenance-models"],
        &[],
    ),
    rule("xtask", &["countenance-models"], &[]),
];

/// What `cargo metadata` tells, as far as it matters here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// Absent for an ordinary dependency, else `dev` or `build`.
    kind: Option<String>,
    /// Present for a dependency inside the workspace.
    path: Option<String>,
}

/// Something the rules do not allow.
#[derive(Debug, PartialEq, Eq)]
enum Violation {
    Arrow {
        from: String,
        to: String,
        only_tests: bool,
    },
    UnknownCrate(String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arrow {
                from,
                to,
                only_tests,
            } => {
                let tests = if *only_tests { "the tests of " } else { "" };
                write!(f, "{tests}{from} may not use {to}")
            }
            Self::UnknownCrate(name) => write!(f, "{name} has no layer"),
        }
    }
}

/// Checks the arrows between the crates of the workspace.
///
/// # Errors
/// When a crate uses one it may not use, or has no layer.
pub(crate) fn check(root: &Path) -> Result<()> {
    let packages = metadata(root)?.packages;
    let violations = violations(&packages);
    for violation in &violations {
        eprintln!("{violation}");
    }
    if !violations.is_empty() {
        bail!(
            "{} arrows break the layers; see ARCHITECTURE.md",
            violations.len()
        );
    }
    println!("layers: {} crates keep to their layers", packages.len());
    Ok(())
}

fn metadata(root: &Path) -> Result<Metadata> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root)
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata has an unknown form")
}

fn violations(packages: &[Package]) -> Vec<Violation> {
    let members: BTreeSet<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut violations = Vec::new();
    for package in packages {
        let Some(rule) = RULES.iter().find(|rule| rule.name == package.name) else {
            violations.push(Violation::UnknownCrate(package.name.clone()));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let inside = dependency.path.is_some() || members.contains(name);
            let only_tests = dependency.kind.as_deref() == Some("dev");
            let allowed =
                rule.uses.contains(&name) || (only_tests && rule.tests_use.contains(&name));
            if inside && !allowed {
                violations.push(Violation::Arrow {
                    from: package.name.clone(),
                    to: name.to_owned(),
                    only_tests,
                });
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::{Metadata, RULES, Violation, metadata, violations};
    use crate::workspace_root;

    fn found(dependencies: &str) -> Vec<Violation> {
        let json = format!(
            r#"{{"packages": [
                {{"name": "countenance-vision", "dependencies": [{dependencies}]}},
                {{"name": "countenance-gallery", "dependencies": []}}
            ]}}"#
        );
        let metadata: Metadata = serde_json::from_str(&json).unwrap();
        violations(&metadata.packages)
    }

    fn arrow(to: &str, only_tests: bool) -> Vec<Violation> {
        let from = "countenance-vision".to_owned();
        vec![Violation::Arrow {
            from,
            to: to.to_owned(),
            only_tests,
        }]
    }

    #[test]
    fn the_workspace_keeps_to_its_layers() {
        let packages = metadata(&workspace_root().unwrap()).unwrap().packages;
        assert!(packages.len() >= RULES.len(), "{} crates", packages.len());
        assert_eq!(violations(&packages), []);
    }

    #[test]
    fn an_allowed_arrow_and_a_published_crate_pass() {
        assert_eq!(
            found(r#"{"name": "countenance-net", "kind": null, "path": "/x"}"#),
            []
        );
        assert_eq!(found(r#"{"name": "thiserror", "kind": null}"#), []);
    }

    #[test]
    fn an_arrow_between_rooms_is_found() {
        let dependency = r#"{"name": "countenance-gallery", "kind": null, "path": "/x"}"#;
        assert_eq!(found(dependency), arrow("countenance-gallery", false));
        let dependency = r#"{"name": "countenance-gallery", "kind": "dev", "path": "/x"}"#;
        assert_eq!(found(dependency), arrow("countenance-gallery", true));
    }

    #[test]
    fn an_upward_arrow_is_found() {
        let dependency = r#"{"name": "countenance-core", "kind": "build", "path": "/x"}"#;
        assert_eq!(found(dependency), arrow("countenance-core", false));
    }

    #[test]
    fn what_only_tests_may_use_is_refused_elsewhere() {
        assert_eq!(
            found(r#"{"name": "countenance-models", "kind": "dev", "path": "/x"}"#),
            []
        );
        let dependency = r#"{"name": "countenance-models", "kind": null, "path": "/x"}"#;
        assert_eq!(found(dependency), arrow("countenance-models", false));
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        let json = r#"{"packages": [{"name": "countenance-utils", "dependencies": []}]}"#;
        let metadata: Metadata = serde_json::from_str(json).unwrap();
        let expected = [Violation::UnknownCrate("countenance-utils".to_owned())];
        assert_eq!(violations(&metadata.packages), expected);
    }

    #[test]
    fn rules_point_only_downward() {
        for (i, rule) in RULES.iter().enumerate() {
            for used in rule.uses.iter().chain(rule.tests_use) {
                let below = RULES.iter().position(|other| other.name == *used);
                assert!(
                    below.is_some_and(|below| below < i),
                    "{} -> {used}",
                    rule.name
                );
            }
        }
    }
}
