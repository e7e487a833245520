//! A passkey in software: as much of an authenticator and a browser as a ceremony needs, and each part of it can be made wrong.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use sha2::{Digest as _, Sha256};

/// The host that pages are of.
pub(crate) const PARTY: &str = "pay.example";
/// Its page.
pub(crate) const ORIGIN: &str = "https://pay.example";
/// Somebody was present.
pub(crate) const PRESENT: u8 = 1;
/// It was verified who.
pub(crate) const VERIFIED: u8 = 4;
const ATTESTED: u8 = 0x40;

pub(crate) struct Authenticator {
    pair: EcdsaKeyPair,
    pub(crate) credential: Vec<u8>,
}

/// How a ceremony is held; the default is as it should be.
#[derive(Clone)]
pub(crate) struct Manner {
    pub(crate) kind: Option<&'static str>,
    pub(crate) origin: &'static str,
    pub(crate) framed: bool,
    pub(crate) party: &'static str,
    pub(crate) flags: u8,
    pub(crate) counter: u32,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            kind: None,
            origin: ORIGIN,
            framed: false,
            party: PARTY,
            flags: PRESENT | VERIFIED,
            counter: 0,
        }
    }
}

/// What a key signed.
pub(crate) struct Signed {
    pub(crate) client_data: Vec<u8>,
    pub(crate) authenticator_data: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl Authenticator {
    pub(crate) fn new(name: u8) -> Self {
        Self {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            credential: vec![name; 20],
        }
    }

    /// Client data and attestation object of a new key; `challenge` is base64url, as it travels.
    pub(crate) fn make(&self, challenge: &str, manner: &Manner) -> (Vec<u8>, Vec<u8>) {
        let mut data = account(manner, ATTESTED);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&u16::try_from(self.credential.len()).unwrap().to_be_bytes());
        data.extend_from_slice(&self.credential);
        let point = self.pair.public_key().as_ref();
        data.extend_from_slice(&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend_from_slice(&point[1..33]);
        data.extend_from_slice(&[0x22, 0x58, 32]);
        data.extend_from_slice(&point[33..]);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend_from_slice(&data);
        (client_data("webauthn.create", challenge, manner), object)
    }

    pub(crate) fn sign(&self, challenge: &str, manner: &Manner) -> Signed {
        let client_data = client_data("webauthn.get", challenge, manner);
        let authenticator_data = account(manner, 0);
        let message = [&authenticator_data[..], &Sha256::digest(&client_data)].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &message).unwrap();
        Signed {
            client_data,
            authenticator_data,
            signature: signature.as_ref().to_vec(),
        }
    }
}

fn client_data(kind: &str, challenge: &str, manner: &Manner) -> Vec<u8> {
    serde_json::json!({
        "type": manner.kind.unwrap_or(kind),
        "challenge": challenge,
        "origin": manner.origin,
        "crossOrigin": manner.framed,
        "other_keys_can_be_added_here": "a browser says so",
    })
    .to_string()
    .into_bytes()
}

fn account(manner: &Manner, also: u8) -> Vec<u8> {
    let mut data = Sha256::digest(manner.party).to_vec();
    data.push(manner.flags | also);
    data.extend_from_slice(&manner.counter.to_be_bytes());
    data
}
