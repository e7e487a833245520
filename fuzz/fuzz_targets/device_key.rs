//! What a browser sends as a new device key, of any bytes: read or refused, never a panic; and a key that was read is written and
//! read alike. The same bytes as they are kept.
#![no_main]

use device::{DeviceKey, DeviceKeyId, Registration, RelyingParty};
use libfuzzer_sys::fuzz_target;

// The very files of `core`, without the rest of the house: they need no network and no database, and each target is built anew
// with instruments. All that they ask of the vault is its time.
#[path = "../../crates/core/src/device/mod.rs"]
#[allow(dead_code, unused_imports, reason = "a registration is some of it")]
mod device;
#[path = "../../crates/core/src/random_id.rs"]
mod random_id;
extern crate self as countenance_vault;

/// Seconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Of so many seconds.
    pub fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    /// As seconds.
    pub fn unix(self) -> u64 {
        self.0
    }
}

/// The browser's account of the page, as it is in the seeds: what is fuzzed is the authenticator's.
const CLIENT_DATA: &str = r#"{"type":"webauthn.create","challenge":"xMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMQ","origin":"http://localhost:44379","crossOrigin":false}"#;

fuzz_target!(|bytes: &[u8]| {
    let party = RelyingParty::new("localhost", &["http://localhost:44379"]);
    let party = party.expect("a host and a page of it");
    let registration = Registration {
        client_data: CLIENT_DATA.as_bytes().to_vec(),
        attestation: bytes.to_vec(),
    };
    let new = (DeviceKeyId::new([1; 16]), "phone");
    let now = Timestamp::from_unix(1_800_000_000);
    if let Ok(key) = registration.read((&party, &[0xc4; 32]), new, now) {
        assert!((16..=512).contains(&key.credential().len()));
        assert_eq!(DeviceKey::from_bytes(&key.to_bytes()), Some(key));
    }
    if let Some(key) = DeviceKey::from_bytes(bytes) {
        assert_eq!(key.to_bytes(), bytes, "it is written in one way only");
    }
});
