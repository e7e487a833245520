//! A device key that is being made.

use super::authenticator::{Account, DeviceFault, check_client};
use super::cbor::{Cbor, Item};
use super::{DeviceKey, DeviceKeyId, PublicKey, RelyingParty};
use countenance_vault::Timestamp;

/// Bytes of an attestation object at most; those without an attestation have a few hundred.
const MOST_ATTESTATION: usize = 16 << 10;
/// Bytes of a credential's id.
const CREDENTIAL: std::ops::RangeInclusive<usize> = 16..=512;

/// What a browser answers when a key was made.
#[derive(Clone, Debug)]
pub struct Registration {
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `attestationObject`. What attests the authenticator in it is not looked at: none is asked for.
    pub attestation: Vec<u8>,
}

impl Registration {
    /// The key that was made, if the answer is to this challenge.
    ///
    /// # Errors
    /// [`DeviceFault`] saying what is wrong.
    pub fn read(
        &self,
        (party, challenge): (&RelyingParty, &[u8; 32]),
        (id, label): (DeviceKeyId, &str),
        now: Timestamp,
    ) -> Result<DeviceKey, DeviceFault> {
        check_client(&self.client_data, "webauthn.create", party, challenge)?;
        let account = authenticator_data(&self.attestation).ok_or(DeviceFault::Attestation)?;
        let account = Account::read(account, party)?;
        let damaged = DeviceFault::AuthenticatorData;
        if !account.attested {
            return Err(damaged);
        }
        // The model of the authenticator tells about the person, and nobody asks for it.
        let (_, rest) = account.rest.split_first_chunk::<16>().ok_or(damaged)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(damaged)?;
        let length = usize::from(length[0]) << 8 | usize::from(length[1]);
        let (credential, rest) = rest.split_at_checked(length).ok_or(damaged)?;
        if !CREDENTIAL.contains(&length) {
            return Err(DeviceFault::Credential);
        }
        let mut cbor = Cbor::new(rest);
        let key = PublicKey::read_cose(&mut cbor).ok_or(DeviceFault::Key)?;
        if account.extended {
            cbor.skip().ok_or(damaged)?;
        }
        if !cbor.rest().is_empty() {
            return Err(damaged);
        }
        Ok(DeviceKey {
            id,
            credential: credential.to_vec(),
            key,
            counter: account.counter,
            synced: account.synced,
            added: now,
            used: None,
            label: label.to_owned(),
        })
    }
}

/// The data of the authenticator in an attestation object.
fn authenticator_data(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.len() > MOST_ATTESTATION {
        return None;
    }
    let mut cbor = Cbor::new(bytes);
    let mut found = None;
    for _ in 0..cbor.map()? {
        match cbor.item()? {
            Item::Text("authData") => match cbor.item()? {
                Item::Bytes(data) if found.is_none() => found = Some(data),
                _ => return None,
            },
            Item::Text(_) => cbor.skip()?,
            _ => return None,
        }
    }
    found.filter(|_| cbor.rest().is_empty())
}
