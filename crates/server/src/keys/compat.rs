//! Keys of other products' protocols: what they may do, and the collection of each.

use super::{KeyError, KeyOrder, KeyStoreError, Uuid};
use countenance_api::{CompatKey, CompatService, Scope};
use countenance_core::vault::{Name, Random, Timestamp, VaultError};
use countenance_core::{FalseMatchRate, IdentifySettings, Registry};
use zeroize::Zeroizing;

/// Longest attestation, in characters.
const MOST_ATTESTATION: usize = 500;
/// Of strangers who ask, so many may be taken for somebody where nothing is said.
const FPIR: f64 = 1e-3;
/// Above this share a person has to look at each answer, and the protocol has no word for that.
const MOST_FPIR: f64 = 1e-2;
/// The strictest rate whose threshold the measured faces support.
const FMR: f64 = 1e-5;
/// Most days a consent may last.
const MOST_DAYS: u32 = 1095;

/// What a service needs.
pub(super) fn scopes(service: CompatService) -> &'static [Scope] {
    match service {
        CompatService::Detection => &[Scope::Detect],
        CompatService::Recognition => {
            &[Scope::Enroll, Scope::Identify, Scope::Scores, Scope::Verify]
        }
        CompatService::Verification => &[Scope::Compare, Scope::Scores],
    }
}

/// A key as the protocol wants it: a UUID, 122 random bits.
pub(super) fn new_key(random: &dyn Random) -> Result<Zeroizing<String>, KeyStoreError> {
    Ok(Zeroizing::new(Uuid::random(random)?.to_string()))
}

/// What is wrong with an order, if anything is.
fn fault(key: &CompatKey, consent_days: u32) -> Option<String> {
    let days = MOST_DAYS.min(consent_days);
    let characters = key.attestation.trim().chars().count();
    if !(1..=MOST_ATTESTATION).contains(&characters) {
        let text = "the attestation names in 1 to 500 characters how subjects agree";
        return Some(text.to_owned());
    }
    if key.purposes.is_empty() {
        return Some("there is no purpose that subjects agree to".to_owned());
    }
    if key
        .retention_days
        .is_some_and(|asked| !(1..=days).contains(&asked))
    {
        return Some(format!("a consent lasts 1 to {days} days here"));
    }
    if key
        .fpir
        .is_some_and(|fpir| !(fpir > 0.0 && fpir <= MOST_FPIR))
    {
        return Some(
            "the target FPIR is above 0 and at most 0.01: above that a person has to look at each answer, which this protocol cannot say"
                .to_owned(),
        );
    }
    let of_recognition = key.fpir.is_some() || key.collection.is_some() || key.keep_pictures;
    if key.service != CompatService::Recognition && of_recognition {
        return Some(
            "only a recognition service has a collection, its FPIR and pictures".to_owned(),
        );
    }
    None
}

/// Checks an order and makes the collection of its service, if it has one.
pub(super) fn prepare(
    registry: &Registry,
    id: u64,
    order: &mut KeyOrder,
    now: Timestamp,
) -> Result<(), KeyError> {
    let tenant = order.tenant.clone();
    let Some(key) = &mut order.compat else {
        return Ok(());
    };
    let vault = registry.vault();
    if let Some(fault) = fault(key, vault.settings().consent_days) {
        return Err(KeyError::Compat(fault));
    }
    key.purposes.dedup();
    if key.service != CompatService::Recognition {
        return Ok(());
    }
    let name = key.collection.clone();
    let name = name.unwrap_or_else(|| format!("compreface-{id:016x}"));
    let name = Name::new(&name).map_err(VaultError::from)?;
    if Registry::is_reserved(&name) {
        return Err(KeyError::Compat(
            "this name of a collection is the program's own".to_owned(),
        ));
    }
    key.collection = Some(name.as_str().to_owned());
    let made = match vault.create_collection(&tenant, &name, now) {
        Ok(_) => true,
        Err(VaultError::Exists { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    let collection = vault.collection(&tenant, &name)?;
    let settings = registry.identify_settings(&collection)?;
    // A collection that is there keeps its settings but for what was asked for.
    if made || key.fpir.is_some() {
        let fpir = key.fpir.unwrap_or(FPIR);
        let fmr = if made {
            FalseMatchRate::new(FMR).unwrap_or(settings.fmr())
        } else {
            settings.fmr()
        };
        let settings = IdentifySettings::new(fmr, fpir, settings.margin())
            .map_err(|error| KeyError::Compat(error.to_string()))?;
        registry.set_identify_settings(&collection, settings)?;
        key.fpir = Some(fpir);
    } else {
        key.fpir = Some(settings.fpir());
    }
    Ok(())
}
