//! A device key that signs what was shown.

use super::authenticator::{Account, DeviceFault, check_client};
use super::{PublicKey, RelyingParty};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// Bytes of a signature at most.
const MOST_SIGNATURE: usize = 512;

/// What a browser answers when a key signed.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// Id of the credential.
    pub credential: Vec<u8>,
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// An assertion with what it is held against: for whom, and in which session. What was shown in it comes from the payment.
#[derive(Clone, Debug)]
pub struct DeviceProof {
    /// For whom the key must have been made.
    pub party: Arc<RelyingParty>,
    /// Id of the session.
    pub session: String,
    /// Random, of this session alone.
    pub nonce: [u8; 32],
    /// The answer.
    pub assertion: Assertion,
}

/// What a device key signs to approve a payment: of one session alone, and of exactly what was shown in it. The page makes it of the
/// digest that it computed itself.
#[must_use]
pub fn device_challenge(session: &str, nonce: &[u8; 32], shown: &[u8; 32]) -> [u8; 32] {
    let nonce = URL_SAFE_NO_PAD.encode(nonce);
    let mut text = format!("countenance device key 1\nsession: {session}\nnonce: {nonce}\nshown: ");
    for byte in shown {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    Sha256::digest(text).into()
}

/// What a device key signs so that its owner is shown their own consents: for one answer to one link. The page makes it itself, of
/// other words than for a payment, so that neither can be had for the other.
#[must_use]
pub fn consents_challenge(link: &str, nonce: &[u8; 32]) -> [u8; 32] {
    let nonce = URL_SAFE_NO_PAD.encode(nonce);
    Sha256::digest(format!(
        "countenance consents 1\nlink: {link}\nnonce: {nonce}\n"
    ))
    .into()
}

impl DeviceProof {
    /// What the key must have signed where this was shown.
    pub(crate) fn challenge(&self, shown: &[u8; 32]) -> [u8; 32] {
        device_challenge(&self.session, &self.nonce, shown)
    }
}

impl Assertion {
    /// The counter of the authenticator, if this key signed the challenge. Whatever is wrong, a signature is checked, so that it costs the same.
    pub(crate) fn check(
        &self,
        (party, challenge): (&RelyingParty, &[u8; 32]),
        (key, synced): (&PublicKey, bool),
    ) -> Result<u32, DeviceFault> {
        let mut message = self.authenticator_data.clone();
        message.extend_from_slice(&Sha256::digest(&self.client_data));
        let signed =
            self.signature.len() <= MOST_SIGNATURE && key.signed(&message, &self.signature);
        check_client(&self.client_data, "webauthn.get", party, challenge)?;
        let account = Account::read(&self.authenticator_data, party)?;
        // A key does not come to be on other devices that could not before.
        if account.attested || account.synced != synced {
            return Err(DeviceFault::AuthenticatorData);
        }
        if signed {
            Ok(account.counter)
        } else {
            Err(DeviceFault::Signature)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Assertion, DeviceProof, consents_challenge};
    use crate::device::{DeviceFault, DeviceKey, DeviceKeyId, Registration, RelyingParty};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use countenance_vault::Timestamp;
    use serde_json::Value;
    use std::sync::Arc;

    fn bytes(value: &Value) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
    }

    fn digest(value: &Value) -> [u8; 32] {
        let text = value.as_str().unwrap();
        let byte = |at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        std::array::from_fn(byte)
    }

    #[test]
    fn what_a_browser_made_and_signed_is_read_and_holds_for_its_own_session_alone() {
        let text = include_str!("../../../../tests/vectors/device-key/chromium.json");
        let file: Value = serde_json::from_str(text).unwrap();
        let origin = file["origin"].as_str().unwrap();
        let id = file["relying_party"].as_str().unwrap();
        let party = Arc::new(RelyingParty::new(id, &[origin]).unwrap());
        let nonce = bytes(&file["nonce"]).try_into().unwrap();
        let session = file["session"].as_str().unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 3, "each algorithm that is offered");
        let mut keys: Vec<DeviceKey> = Vec::new();
        for case in cases {
            let made = Registration {
                client_data: bytes(&case["made"]["clientDataJSON"]),
                attestation: bytes(&case["made"]["attestationObject"]),
            };
            let new = (DeviceKeyId::new([1; 16]), "");
            let now = Timestamp::from_unix(1);
            let key = made.read((&party, &[0xc4; 32]), new, now).unwrap();
            assert!(!key.is_synced());
            let used = &case["used"];
            assert_eq!(key.credential(), bytes(&used["id"]));
            let proof = |session: &str| DeviceProof {
                party: Arc::clone(&party),
                session: session.to_owned(),
                nonce,
                assertion: Assertion {
                    credential: bytes(&used["id"]),
                    client_data: bytes(&used["clientDataJSON"]),
                    authenticator_data: bytes(&used["authenticatorData"]),
                    signature: bytes(&used["signature"]),
                },
            };
            let shown = digest(&case["shown"]);
            let of_key = (key.public(), false);
            let check = |proof: DeviceProof, shown: &[u8; 32], key| {
                let asked = (&*proof.party, &proof.challenge(shown));
                proof.assertion.check(asked, key)
            };
            let counter = check(proof(session), &shown, of_key);
            assert!(counter.is_ok_and(|counter| key.signed(counter, now).is_ok()));
            for (session, shown) in [("a-another", &shown), (session, &[7; 32])] {
                let other = check(proof(session), shown, of_key);
                assert_eq!(other, Err(DeviceFault::Challenge));
            }
            for other in &keys {
                let other = check(proof(session), &shown, (other.public(), false));
                assert_eq!(other, Err(DeviceFault::Signature));
            }
            // Nor does it open the list of consents, were the words of both alike in all else.
            let proof = proof(session);
            let consents = consents_challenge(session, &nonce);
            let other = proof.assertion.check((&proof.party, &consents), of_key);
            assert_eq!(other, Err(DeviceFault::Challenge));
            keys.push(key);
        }
    }
}
