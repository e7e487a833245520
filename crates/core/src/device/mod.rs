//! Device keys: passkeys that a payment can ask for beside a face (docs/spec/payment-v1.md, "Device keys"; ADR 41).
//!
//! Everything here is pure: challenges and times come in as values, nothing is read or written. [`RelyingParty`] says for
//! whom keys are made and on which pages, [`Registration`] is what a browser answers when one is made, [`Assertion`] what
//! it answers when one signs; `Registry` keeps the keys in the vault.

mod assertion;
mod authenticator;
mod cbor;
mod party;
mod public_key;
mod record;
mod registration;

pub use assertion::{Assertion, DeviceProof, consents_challenge, device_challenge};
pub use authenticator::DeviceFault;
pub use party::{RelyingParty, RelyingPartyError};
pub use public_key::ALGORITHMS;
pub(crate) use public_key::PublicKey;
pub(crate) use record::Backwards;
pub use record::{DeviceKey, DeviceKeyId};
pub use registration::Registration;
