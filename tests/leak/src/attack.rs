//! A thief who has keys: opens all that opens and writes it down.

use crate::drive::{Noon, ROOT, store};
use crate::people::Person;
use anyhow::Result;
use countenance_core::WallClock as _;
use countenance_core::vault::{
    ExternalId, HolderPart, RootKey, Settings, SubjectExport, SystemRandom, Vault,
};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

fn root() -> Arc<RootKey> {
    Arc::new(RootKey::dangerous_from_bytes(&ROOT))
}

/// Opens a stolen vault with the root key.
///
/// # Errors
/// When it does not open.
pub fn open(place: &str) -> Result<Vault> {
    let random = Arc::new(SystemRandom);
    Ok(Vault::open(
        store(place)?,
        root(),
        random,
        Settings::default(),
        Noon.now(),
    )?)
}

/// Opens stolen backups with the root key and the key of the keyring backup: `data` out of one
/// folder, keyring and deletions out of another.
///
/// # Errors
/// When they do not open.
pub fn restore(place: &str, data: &Path, keyring: &Path, identity: &str) -> Result<Vault> {
    let (vault, _) = Vault::restore(
        store(place)?,
        root(),
        Arc::new(SystemRandom),
        Settings::default(),
        (&mut File::open(keyring.join("keyring.sealed"))?, identity),
        &mut File::open(data.join("data"))?,
        &mut [&mut File::open(keyring.join("deletions"))?],
        Noon.now(),
    )?;
    Ok(vault)
}

/// Writes down everything about everybody: names, lists, and what opens with the holder parts of
/// `known`, whose ids the thief knows too. Without `with_parts` everybody is tried without a part
/// and with those of others.
///
/// # Errors
/// When the store fails; what does not open is left out.
pub fn write_down(vault: &Vault, known: &[Person], with_parts: bool, out: &Path) -> Result<()> {
    std::fs::create_dir_all(out)?;
    let mut out = File::create(out.join("loot"))?;
    for tenant in vault.tenants() {
        writeln!(out, "{}", tenant.as_str())?;
        for (name, collection) in vault.collections(&tenant)? {
            writeln!(out, "{}", name.as_str())?;
            let mut ids: Vec<ExternalId> = Vec::new();
            for listed in vault.subjects(&collection, 0, u32::MAX)? {
                ids.extend(listed.external_id);
            }
            // Guessed ids lead to locked subjects; the thief does not write down a guess.
            for person in known {
                ids.push(ExternalId::new(&person.id)?);
            }
            for id in ids {
                let target = vault.find(&collection, &id)?;
                let Some(subject) = target.subject() else {
                    continue;
                };
                // These are sealed with what the operator has, whoever holds the rest.
                for payment in vault.payments(subject, 0)? {
                    out.write_all(payment.note())?;
                }
                for key in vault.device_keys(subject)? {
                    out.write_all(key.note())?;
                }
                let part = |one: &Person| HolderPart::new(&one.holder?).ok();
                let (own, others): (Vec<_>, Vec<_>) =
                    known.iter().partition(|one| one.id == id.as_str());
                let own: Vec<_> = own.into_iter().filter_map(part).collect();
                let others: Vec<_> = others.into_iter().filter_map(part).take(3).collect();
                let given = if with_parts { &own } else { &others };
                for part in std::iter::once(None).chain(given.iter().map(Some)) {
                    let stranger = !with_parts && part.is_some();
                    if let Ok(unlocked) = vault.unlock(subject, part) {
                        anyhow::ensure!(!stranger, "a stranger's part opened a subject");
                        note(&mut out, &vault.export(&unlocked, Noon.now())?)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn note(out: &mut File, export: &SubjectExport) -> Result<()> {
    writeln!(out, "{}", export.external_id.as_str())?;
    for reference in &export.references {
        out.write_all(&reference.template)?;
    }
    Ok(())
}
