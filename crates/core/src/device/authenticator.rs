//! What both ceremonies of WebAuthn (Level 3, sections 7.1 and 7.2) have in common: the browser's account of the page, and the
//! authenticator's of itself.

use super::RelyingParty;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use thiserror::Error;

/// Bytes of the browser's account at most.
const MOST_CLIENT_DATA: usize = 4096;
/// Bytes of the authenticator's at most.
pub(super) const MOST_DATA: usize = 4096;

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENDED: u8 = 1 << 7;

/// Why an answer of an authenticator is not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceFault {
    /// The attestation object does not read.
    #[error("attestation object does not read")]
    Attestation,
    /// The data of the authenticator do not read.
    #[error("authenticator data do not read")]
    AuthenticatorData,
    /// The challenge is another.
    #[error("challenge is another: each registration and each session has its own, for one answer")]
    Challenge,
    /// The browser's account does not read.
    #[error("client data do not read")]
    ClientData,
    /// The credential's id is too long or too short.
    #[error("id of the credential has not 16 to 512 bytes")]
    Credential,
    /// The page was framed by one of another origin.
    #[error("page was framed by one of another origin")]
    Framed,
    /// The key is none, or of an algorithm that is not offered.
    #[error("public key is none of the algorithms that are offered")]
    Key,
    /// The answer is to another question.
    #[error("client data are of another ceremony")]
    Kind,
    /// The page is none that may ask.
    #[error("page is of an origin that may not ask for device keys: setting device-key-origins")]
    Origin,
    /// Nobody touched the authenticator.
    #[error("nobody was present")]
    Present,
    /// The key was made for another relying party.
    #[error("key is one of another relying party: setting relying-party")]
    RelyingParty,
    /// The key did not sign this.
    #[error("signature is not of this key over this")]
    Signature,
    /// The authenticator did not check who it was.
    #[error("authenticator did not verify the person")]
    Verified,
}

/// The browser's account; what else it says is passed over, as the standard asks.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    framed: bool,
    #[serde(rename = "topOrigin")]
    top: Option<IgnoredAny>,
}

/// Checks the browser's account of the page.
pub(super) fn check_client(
    bytes: &[u8],
    kind: &str,
    party: &RelyingParty,
    challenge: &[u8; 32],
) -> Result<(), DeviceFault> {
    if bytes.len() > MOST_CLIENT_DATA {
        return Err(DeviceFault::ClientData);
    }
    let said: ClientData = serde_json::from_slice(bytes).map_err(|_| DeviceFault::ClientData)?;
    if said.kind != kind {
        return Err(DeviceFault::Kind);
    }
    if said.challenge != URL_SAFE_NO_PAD.encode(challenge) {
        return Err(DeviceFault::Challenge);
    }
    if !party.allows(&said.origin) {
        return Err(DeviceFault::Origin);
    }
    if said.framed || said.top.is_some() {
        return Err(DeviceFault::Framed);
    }
    Ok(())
}

/// The authenticator's account of itself, with what comes after it.
pub(super) struct Account<'a> {
    /// Whether the key may be on other devices, too.
    pub(super) synced: bool,
    pub(super) counter: u32,
    /// Whether a new key comes along.
    pub(super) attested: bool,
    /// Whether extensions come along.
    pub(super) extended: bool,
    pub(super) rest: &'a [u8],
}

impl<'a> Account<'a> {
    /// Reads it, and checks for whom it is and that the person was there and was verified.
    pub(super) fn read(bytes: &'a [u8], party: &RelyingParty) -> Result<Self, DeviceFault> {
        if bytes.len() > MOST_DATA {
            return Err(DeviceFault::AuthenticatorData);
        }
        let damaged = DeviceFault::AuthenticatorData;
        let (of, rest) = bytes.split_first_chunk::<32>().ok_or(damaged)?;
        let (flags, rest) = rest.split_first().ok_or(damaged)?;
        let (counter, rest) = rest.split_first_chunk::<4>().ok_or(damaged)?;
        if *of != party.digest() {
            return Err(DeviceFault::RelyingParty);
        }
        let has = |flag: u8| flags & flag != 0;
        if !has(PRESENT) {
            return Err(DeviceFault::Present);
        }
        if !has(VERIFIED) {
            return Err(DeviceFault::Verified);
        }
        let counter = counter
            .iter()
            .fold(0, |value, byte| value << 8 | u32::from(*byte));
        let read = Self {
            synced: has(ELIGIBLE),
            counter,
            attested: has(ATTESTED),
            extended: has(EXTENDED),
            rest,
        };
        // What cannot be on other devices is not on them, and nothing comes that was not announced.
        let plain = !read.attested && !read.extended;
        if (has(BACKED_UP) && !read.synced) || (plain && !rest.is_empty()) {
            return Err(damaged);
        }
        Ok(read)
    }
}
