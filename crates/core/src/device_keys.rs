//! Use case: a person has a passkey that payments can ask for beside their face.

use crate::device::{
    Assertion, Backwards, DeviceFault, DeviceKey, DeviceKeyId, PublicKey, Registration,
    RelyingParty,
};
use crate::{Claim, Fault, Registry};
use countenance_vault::store::{Conflict, StoreError};
use countenance_vault::{HeldDeviceKey, MAX_DEVICE_KEYS, Purpose, Subject, Target, VaultError};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// How often the use of a key is entered anew because it was used elsewhere at the same moment.
const TRIES: u32 = 8;
/// Characters of what somebody calls a key.
const MOST_LABEL: usize = 32;

/// A device key cannot be registered or found.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeviceKeyError {
    /// What the browser answered is not taken.
    #[error(transparent)]
    Answer(#[from] DeviceFault),
    /// What it is to be called cannot be shown.
    #[error("label is not up to 32 characters without control characters")]
    Label,
    /// There is none of this id.
    #[error("unknown device key")]
    Unknown,
    /// The vault failed, or the subject did not agree to payments.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl DeviceKeyError {
    /// Who can do something about it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Answer(_) | Self::Label | Self::Unknown => Fault::Caller,
            Self::Vault(error) => error.fault().into(),
        }
    }
}

/// What a browser needs to know to make a device key.
#[derive(Clone, Debug)]
pub struct DeviceKeyOffer {
    /// What stands for the person on their authenticator; tells nobody who it is.
    pub user: [u8; 32],
    /// Credentials that are registered already.
    pub known: Vec<Vec<u8>>,
}

fn read(held: &HeldDeviceKey) -> Result<DeviceKey, VaultError> {
    let damaged = VaultError::Corrupt { what: "device key" };
    DeviceKey::from_bytes(held.note()).ok_or(damaged)
}

fn is_shown(label: &str) -> bool {
    label.chars().count() <= MOST_LABEL
        && label.len() <= 2 * MOST_LABEL
        && !label.contains(char::is_control)
}

impl Registry {
    fn held_device_keys(
        &self,
        subject: &Subject,
    ) -> Result<Vec<(HeldDeviceKey, DeviceKey)>, VaultError> {
        let all = self.vault().device_keys(subject)?;
        let both = |held: HeldDeviceKey| {
            let key = read(&held)?;
            Ok((held, key))
        };
        all.into_iter().map(both).collect()
    }

    /// The device keys of a subject, the oldest first. Needs no holder part.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when there is no such subject; others when the store fails.
    pub fn device_keys(&self, claim: &Claim<'_>) -> Result<Vec<DeviceKey>, VaultError> {
        let subject = self.subject(claim.collection, claim.subject)?;
        let all = self.held_device_keys(&subject)?.into_iter();
        let mut all: Vec<DeviceKey> = all.map(|(_, key)| key).collect();
        all.sort_by_key(|key| (key.added(), *key.id().bytes()));
        Ok(all)
    }

    /// What a browser needs to make one for a subject who agreed to payments.
    ///
    /// # Errors
    /// [`VaultError::Consent`] when they did not; [`VaultError::Limit`] when there are as many as may be; others as of
    /// [`Registry::unlock`].
    pub fn offer_device_key(
        &self,
        claim: &Claim<'_>,
        label: &str,
    ) -> Result<DeviceKeyOffer, DeviceKeyError> {
        if !is_shown(label) {
            return Err(DeviceKeyError::Label);
        }
        let (subject, _) = self.consented(claim, Purpose::Payment)?;
        let all = self.held_device_keys(subject.subject())?;
        if all.len() >= MAX_DEVICE_KEYS {
            return Err(DeviceKeyError::Vault(VaultError::Limit {
                what: "device keys of a subject",
                got: all.len() as u64 + 1,
                max: MAX_DEVICE_KEYS as u64,
            }));
        }
        let stands_for = subject.subject().pseudonym();
        let user = Sha256::new()
            .chain_update(b"countenance device user 1")
            .chain_update(stands_for.bytes());
        Ok(DeviceKeyOffer {
            user: user.finalize().into(),
            known: all
                .iter()
                .map(|(_, key)| key.credential().to_vec())
                .collect(),
        })
    }

    /// Registers the device key that a browser made, for a subject who agreed to payments. It goes with that consent.
    ///
    /// # Errors
    /// [`DeviceKeyError::Answer`] when the answer is not to this challenge or not of this relying party;
    /// [`VaultError::Exists`] when the key is registered already; others as of [`Registry::offer_device_key`].
    pub fn add_device_key(
        &self,
        claim: &Claim<'_>,
        asked: (&RelyingParty, &[u8; 32]),
        (id, label): (DeviceKeyId, &str),
        answer: &Registration,
    ) -> Result<DeviceKey, DeviceKeyError> {
        if !is_shown(label) {
            return Err(DeviceKeyError::Label);
        }
        let (subject, consent) = self.consented(claim, Purpose::Payment)?;
        let now = self.now();
        let key = answer.read(asked, (id, label), now)?;
        let note = key.to_bytes();
        let mut fits = |held: &[HeldDeviceKey]| {
            let same = |held: &HeldDeviceKey| {
                read(held).is_ok_and(|other| other.credential() == key.credential())
            };
            !held.iter().any(same)
        };
        let new = (id.bytes(), &note[..]);
        self.vault()
            .add_device_key((&subject, &consent), new, &mut fits, now)?;
        Ok(key)
    }

    /// Removes a device key. Needs no holder part.
    ///
    /// # Errors
    /// [`DeviceKeyError::Unknown`]; [`DeviceKeyError::Vault`].
    pub fn remove_device_key(
        &self,
        claim: &Claim<'_>,
        id: DeviceKeyId,
    ) -> Result<(), DeviceKeyError> {
        let subject = self.subject(claim.collection, claim.subject)?;
        // One that is just being used changes; it is removed all the same.
        let all = self.held_device_keys(&subject)?;
        let found = all.iter().find(|(_, key)| key.id() == id);
        let (held, _) = found.ok_or(DeviceKeyError::Unknown)?;
        match self.vault().remove_device_key(held, self.now()) {
            Err(VaultError::Unknown { what: "device key" }) => Err(DeviceKeyError::Unknown),
            done => Ok(done?),
        }
    }

    /// Whether a device key of the target signed the challenge, and what the audit log calls it then. Of somebody who is not there one is looked
    /// for, and a signature checked, all the same.
    pub(crate) fn prove_device(
        &self,
        target: &Target,
        (party, challenge): (&RelyingParty, &[u8; 32]),
        assertion: &Assertion,
    ) -> Result<Option<u64>, VaultError> {
        for _ in 0..TRIES {
            let decoy = self.decoy();
            let subject = target.subject().unwrap_or_else(|| decoy.subject());
            let all = self.held_device_keys(subject)?;
            let asked = &assertion.credential;
            let found = all.iter().find(|(_, key)| key.credential() == asked);
            let key = found.map_or((&PublicKey::NOBODYS, false), |(_, key)| {
                (key.public(), key.is_synced())
            });
            let checked = assertion.check((party, challenge), key);
            let (Some((held, key)), Ok(counter)) = (found, checked) else {
                return Ok(None);
            };
            let (vault, now) = (self.vault(), self.now());
            let done = match key.signed(counter, now) {
                Ok(used) => vault
                    .change_device_key(held, &used.to_bytes(), now)
                    .map(|()| Some(held.mark())),
                Err(Backwards) => vault.refuse_device_key(held, now).map(|()| None),
            };
            match done {
                // It was used, or removed, at the same moment.
                Err(VaultError::Store(StoreError::Conflict(Conflict::Payment))) => {}
                // Erased in between.
                Err(VaultError::Unknown { what: "subject" }) => return Ok(None),
                done => return done,
            }
        }
        Ok(None)
    }
}
