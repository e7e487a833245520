//! `countenance keyring status`.

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::{RegistryArgs, promise, registry};
use crate::terminal::{FAINT, GREEN, YELLOW, plain};
use countenance_core::{FalseMatchRate, Registry};
use serde::Serialize;
use std::io::Write as _;

/// Show tenants, collections and key versions
///
/// It reads the data folder and changes nothing.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance keyring status --data vault
  countenance keyring status --data vault --json

JSON: vault, public_key, root_key, theft_survived, promise, erased_at_once, tenants (each name,
key_version, older_keys, collections).")]
pub(super) struct Args {
    #[command(flatten)]
    registry: RegistryArgs,

    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct StatusJson {
    vault: String,
    public_key: String,
    root_key: String,
    theft_survived: Option<bool>,
    promise: &'static str,
    /// Whether a destroyed key is gone from the medium when `erase` answers.
    erased_at_once: bool,
    tenants: Vec<TenantJson>,
}

#[derive(Debug, Serialize)]
struct TenantJson {
    name: String,
    key_version: u32,
    /// Subjects' keys that a rotation has not reached yet.
    older_keys: u64,
    collections: Vec<String>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let options = &args.registry;
    let place = options.root_place()?;
    let registry = registry(options.vault()?, FalseMatchRate::DEFAULT)?;
    let promise = options.promise(&place);
    let vault = registry.vault();
    let document = StatusJson {
        vault: json::hex(&vault.id()),
        public_key: json::hex(&vault.public_key()),
        root_key: place.to_string(),
        theft_survived: promise.theft_survived,
        promise: promise.text,
        erased_at_once: vault.destroys_at_once(),
        tenants: tenants(&registry)?,
    };
    if args.json {
        json::print(&document)?;
    } else {
        print(&document)?;
    }
    Ok(Exit::Success)
}

fn tenants(registry: &Registry) -> Result<Vec<TenantJson>, Failure> {
    let people = registry.tenants();
    let mut listed = Vec::new();
    for (name, key_version, older_keys) in registry.vault().key_status()? {
        if !people.contains(&name) {
            continue;
        }
        let collections = registry.vault().collections(&name)?;
        let names = collections.iter().map(|(name, _)| name.as_str().to_owned());
        listed.push(TenantJson {
            collections: names.collect(),
            name: name.as_str().to_owned(),
            key_version,
            older_keys,
        });
    }
    Ok(listed)
}

fn print(document: &StatusJson) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "vault        {}", document.vault)?;
    writeln!(out, "public key   {}", document.public_key)?;
    writeln!(out, "root key     {}", plain(&document.root_key))?;
    let style = match document.theft_survived {
        Some(true) => GREEN,
        _ => YELLOW,
    };
    writeln!(out, "theft        {style}{}{style:#}", document.promise)?;
    let erasing = promise::erasing(document.erased_at_once);
    writeln!(out, "erasing      {erasing}")?;
    for tenant in &document.tenants {
        writeln!(
            out,
            "tenant       {}  key version {}{FAINT}, collections: {}{FAINT:#}",
            plain(&tenant.name),
            tenant.key_version,
            plain(tenant.collections.join(", "))
        )?;
        if tenant.older_keys > 0 {
            writeln!(
                out,
                "             {YELLOW}{} keys are of older versions: `countenance keyring rotate --resume`{YELLOW:#}",
                tenant.older_keys
            )?;
        }
    }
    Ok(())
}
