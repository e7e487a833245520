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

impl DeviceProof {
    /// The counter of the authenticator, if this key signed what was shown in this session. Whatever is wrong, a signature is checked, so that it costs the same.
    pub(crate) fn check(
        &self,
        shown: &[u8; 32],
        (key, synced): (&PublicKey, bool),
    ) -> Result<u32, DeviceFault> {
        let of = &self.assertion;
        let mut message = of.authenticator_data.clone();
        message.extend_from_slice(&Sha256::digest(&of.client_data));
        let signed = of.signature.len() <= MOST_SIGNATURE && key.signed(&message, &of.signature);
        let challenge = device_challenge(&self.session, &self.nonce, shown);
        check_client(&of.client_data, "webauthn.get", &self.party, &challenge)?;
        let account = Account::read(&of.authenticator_data, &self.party)?;
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
    use super::{Assertion, DeviceProof};
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
            let counter = proof(session).check(&shown, of_key);
            assert!(counter.is_ok_and(|counter| key.signed(counter, now).is_ok()));
            for (session, shown) in [("a-another", &shown), (session, &[7; 32])] {
                let other = proof(session).check(shown, of_key);
                assert_eq!(other, Err(DeviceFault::Challenge));
            }
            for other in &keys {
                let other = proof(session).check(&shown, (other.public(), false));
                assert_eq!(other, Err(DeviceFault::Signature));
            }
            keys.push(key);
        }
    }
}
