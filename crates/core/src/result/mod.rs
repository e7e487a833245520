//! Signed results of sessions: issued here, checked by anybody (docs/spec/result-v1.md).

mod check;
mod claims;
mod key_set;

pub use check::{Expected, ResultError, check_result};
pub use claims::{Claims, DocumentClaim, Kind, LONGEST_S, SessionOutcome};
pub use key_set::{KeySet, KeySetError, PURPOSE, thumbprint};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_vault::ResultKey;
use serde::{Deserialize, Serialize};

/// The only algorithm there is.
const ALGORITHM: &str = "EdDSA";
/// What a result says it is, so that nothing else that is signed can pass as one.
const TYPE: &str = "countenance-result+jwt";

/// Exactly these members. Whatever else a header could say (where to get a key, what must be understood) is refused.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// Signs what came of a session: a JWS in compact form.
///
/// # Errors
/// [`serde_json::Error`] when the claims cannot be written, which strings and numbers always can.
pub fn sign_result(claims: &Claims, key: &ResultKey) -> Result<String, serde_json::Error> {
    let header = Header {
        alg: ALGORITHM.to_owned(),
        typ: TYPE.to_owned(),
        kid: thumbprint(&key.public_key()),
    };
    let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header)?);
    let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
    let mut signed = format!("{header}.{claims}");
    let signature = key.sign(signed.as_bytes());
    signed.push('.');
    signed.push_str(&URL_SAFE_NO_PAD.encode(signature));
    Ok(signed)
}
