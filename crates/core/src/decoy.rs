//! Who stands in for a subject that is not there, so that asking for one costs the same.
//!
//! A verification of a known subject reads, in this order: its row and key; its row and consents,
//! each of these against the ledger of withdrawals; its attempt counter and newest events; its records;
//! its row. For an unknown, refused or locked subject the reads
//! that are missing are made on the decoy, which is a subject like any other under a tenant of
//! its own, with a random template. ADR 12 says why.

use crate::template_v1::{self, Stored};
use countenance_gallery::{ModelId, Template};
use countenance_vault::{
    Collection, Consent, ExternalId, Grant, KeyId, ModelName, Name, Purpose, Random, Subject,
    TextVersion, Timestamp, Unlocked, Vault, VaultError,
};
use std::hint::black_box;
use zeroize::Zeroizing;

const TENANT: &str = "countenance:decoy";
const ID: &str = "decoy";
/// As many values as the embedding network gives.
const DIMENSIONS: usize = 128;

/// A subject that nobody is.
pub(crate) struct Decoy {
    subject: Subject,
    template: Zeroizing<Vec<u8>>,
}

impl Decoy {
    /// Whether a tenant is the decoy's.
    pub(crate) fn is_tenant(name: &Name) -> bool {
        name.as_str() == TENANT
    }

    /// Whether a vault has one.
    pub(crate) fn is_in(vault: &Vault) -> Result<bool, VaultError> {
        let name = Name::new(TENANT)?;
        match vault.collection(&name, &name) {
            Ok(collection) => {
                let found = vault.find(&collection, &ExternalId::new(ID)?)?;
                Ok(found.subject().is_some())
            }
            Err(VaultError::Unknown { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The subject itself: what is kept of those who are not there is kept under its key.
    pub(crate) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The name of its key.
    pub(crate) fn key_id(&self) -> KeyId {
        self.subject.key_id()
    }

    /// The decoy of a vault, made if it is not there, and anew if something of it does not open: it is nobody, and a damage
    /// to it must not keep the vault from everybody.
    pub(crate) fn open(
        vault: &Vault,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        let template = template(random)?;
        let (collection, id) = (collection(vault, now)?, ExternalId::new(ID)?);
        if let Err(error) = make(vault, &collection, &id, &template, now) {
            let doomed = match error.of_one_subject() {
                Some(_) => vault.doomed(&collection, &id)?,
                None => None,
            };
            vault.erase(doomed.ok_or(error)?, Some(&id), now)?;
            make(vault, &collection, &id, &template, now)?;
        }
        let found = vault.find(&collection, &id)?;
        let subject = found.subject().cloned();
        let subject = subject.ok_or(VaultError::Unknown { what: "decoy" })?;
        Ok(Self { subject, template })
    }

    /// In place of the key of a subject that is not there: one read and one seal opened.
    pub(crate) fn find(&self, vault: &Vault) {
        // What comes of it is of no interest, here and below, and a store that fails will say so
        // where it counts.
        let _ = black_box(vault.has_key(&self.subject));
        let _ = black_box(vault.unlock(&self.subject, None));
    }

    /// In place of unlocking a subject.
    pub(crate) fn unlock(&self, vault: &Vault) {
        let _ = black_box(vault.unlock(&self.subject, None));
    }

    /// In place of reading a subject's consent.
    pub(crate) fn consent(&self, vault: &Vault, now: Timestamp) {
        let _ = black_box(self.agreed(vault, now));
    }

    fn agreed(&self, vault: &Vault, now: Timestamp) -> Result<(Unlocked, Consent), VaultError> {
        let unlocked = vault.unlock(&self.subject, None)?;
        let consent = vault.consent(&unlocked, Purpose::Verify, now)?;
        Ok((unlocked, consent))
    }

    /// In place of opening the records of a subject and comparing with them.
    pub(crate) fn compare(&self, vault: &Vault, probe: &Template) {
        if let Ok(unlocked) = vault.unlock(&self.subject, None) {
            let _ = black_box(vault.records(&unlocked));
        }
        if let Ok(Stored { template, .. }) =
            template_v1::read(&self.template, probe.model().clone())
        {
            let _ = black_box(template.compare(probe));
        }
    }

    /// In place of asking whether the consent still holds.
    pub(crate) fn recheck(&self, vault: &Vault) {
        let _ = black_box(vault.is_current(&self.subject));
    }
}

/// A template that no face has, as the vault keeps templates.
fn template(random: &dyn Random) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let mut bytes = Zeroizing::new([0; DIMENSIONS]);
    random.fill(&mut *bytes)?;
    let mut values = Zeroizing::new([0.0; DIMENSIONS]);
    for (value, byte) in values.iter_mut().zip(bytes.iter()) {
        *value = f32::from(byte.cast_signed());
    }
    // All zeros have no direction.
    values[0] = f32::from(i8::MAX);
    let model = ModelId::new(ID).map_err(none)?;
    let template = Template::from_embedding(model, &*values).map_err(none)?;
    Ok(template_v1::write(&template, false))
}

fn none<E>(_: E) -> VaultError {
    VaultError::Unknown { what: "decoy" }
}

fn collection(vault: &Vault, now: Timestamp) -> Result<Collection, VaultError> {
    let name = Name::new(TENANT)?;
    if let Ok(found) = vault.collection(&name, &name) {
        return Ok(found);
    }
    // Another process may be first at either step.
    match vault.create_tenant(&name, now) {
        Ok(()) | Err(VaultError::Exists { .. }) => {}
        Err(error) => return Err(error),
    }
    match vault.create_collection(&name, &name, now) {
        Err(VaultError::Exists { .. }) => vault.collection(&name, &name),
        made => made,
    }
}

/// Makes what is not there: the subject, its consent, its template. Each step is durable by itself, so
/// whatever cut off an earlier one, the next opening goes on from there.
fn make(
    vault: &Vault,
    collection: &Collection,
    id: &ExternalId,
    template: &[u8],
    now: Timestamp,
) -> Result<(), VaultError> {
    let found = vault.find(collection, id)?.subject().cloned();
    let subject = match found {
        Some(subject) => vault.unlock(&subject, None)?,
        None => match vault.add_subject(collection, id, None, now) {
            // Another process is making it.
            Err(VaultError::Exists { .. }) => return Ok(()),
            added => added?,
        },
    };
    let consent = match vault.consent(&subject, Purpose::Verify, now) {
        Err(VaultError::Consent(_)) => {
            let lasts_s = u64::from(vault.settings().consent_days) * 86_400;
            let grant = Grant {
                purpose: Purpose::Verify,
                text_version: TextVersion::new("decoy")?,
                granted: now,
                expires: now.plus(lasts_s),
                evidence: [0; 32],
            };
            vault.grant(&subject, &grant, now)?
        }
        found => found?,
    };
    if vault.records(&subject)?.is_empty() {
        let model = ModelName::new("decoy")?;
        vault.enroll(&subject, &consent, &model, template, now)?;
    }
    Ok(())
}
