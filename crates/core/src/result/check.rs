//! Whether a result is what it says, for whoever it was made.

use super::{ALGORITHM, Claims, Header, KeySet, Kind, LONGEST_S, TYPE};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_vault::{Timestamp, is_signed};
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;
use thiserror::Error;

/// Bytes of a result at most.
const MOST: usize = 8192;
/// Seconds by which a reader's clock may be behind.
const SKEW_S: u64 = 5;
/// Seconds a decision may be older than its result.
const OLDEST_S: u64 = 120;

/// What a reader knows and holds a result against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who the reader is.
    pub audience: &'a str,
    /// What time it is.
    pub now: Timestamp,
    /// What was sent with the session. Whoever does not check it must remember each `jti`.
    pub nonce: Option<&'a str>,
    /// SHA-256 of what was to be approved, in hexadecimal.
    pub approved_sha256: Option<&'a str>,
    /// What was asked.
    pub kind: Option<Kind>,
}

/// Why a result is not to be believed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResultError {
    /// It is for somebody else.
    #[error("result is for another audience")]
    Audience,
    /// It is about another text or kind.
    #[error("result is about something else")]
    Binding,
    /// The claims are not those of a result.
    #[error("claims are not those of a result")]
    Claims,
    /// The header is not the one of a result.
    #[error("header is not the one of a result")]
    Header,
    /// No key of that name is in the set.
    #[error("key is not in the set")]
    Key,
    /// It is no JWS in compact form.
    #[error("not a signed result in compact form")]
    Malformed,
    /// It answers another question.
    #[error("nonce is another one")]
    Nonce,
    /// The signature is not of this key.
    #[error("signature does not hold")]
    Signature,
    /// It is expired, not valid yet, or was to hold too long.
    #[error("result does not hold at this time")]
    Time,
}

impl ResultError {
    /// The stable name for machines, as in the specification and the vectors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Audience => "audience",
            Self::Binding => "binding",
            Self::Claims => "claims",
            Self::Header => "header",
            Self::Key => "key",
            Self::Malformed => "malformed",
            Self::Nonce => "nonce",
            Self::Signature => "signature",
            Self::Time => "time",
        }
    }
}

/// Checks a result (JWS in compact form). What comes back is true; look at its outcome then.
///
/// # Errors
/// [`ResultError`]: the first thing that is wrong, in the order of the specification.
pub fn check_result(
    jws: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<Claims, ResultError> {
    let (signed, header, claims, signature) = parts(jws).ok_or(ResultError::Malformed)?;
    if !is_object_without_repeats(&header) {
        return Err(ResultError::Header);
    }
    let header: Header = serde_json::from_slice(&header).map_err(|_| ResultError::Header)?;
    if header.alg != ALGORITHM || header.typ != TYPE {
        return Err(ResultError::Header);
    }
    let key = keys.find(&header.kid).ok_or(ResultError::Key)?;
    if !is_signed(key, signed.as_bytes(), &signature) {
        return Err(ResultError::Signature);
    }
    if !is_object_without_repeats(&claims) {
        return Err(ResultError::Claims);
    }
    let claims: Claims = serde_json::from_slice(&claims).map_err(|_| ResultError::Claims)?;
    if !claims.is_whole() {
        return Err(ResultError::Claims);
    }
    holds(&claims, expected)?;
    Ok(claims)
}

fn holds(claims: &Claims, expected: &Expected<'_>) -> Result<(), ResultError> {
    if claims.aud != expected.audience {
        return Err(ResultError::Audience);
    }
    let now = expected.now.unix();
    let lasts = claims.exp.checked_sub(claims.iat);
    let waited = claims.iat.checked_sub(claims.judged);
    let in_time = lasts.is_some_and(|lasts| lasts <= LONGEST_S)
        && waited.is_some_and(|waited| waited <= OLDEST_S)
        && claims.iat <= now.saturating_add(SKEW_S)
        && now < claims.exp;
    if !in_time {
        return Err(ResultError::Time);
    }
    if expected.nonce.is_some_and(|nonce| nonce != claims.nonce) {
        return Err(ResultError::Nonce);
    }
    let approved = expected.approved_sha256;
    let same_text = approved.is_none() || approved == claims.approved_sha256.as_deref();
    let same_kind = expected.kind.is_none_or(|kind| kind == claims.kind);
    if same_text && same_kind {
        Ok(())
    } else {
        Err(ResultError::Binding)
    }
}

/// What was signed, and the three parts decoded.
type Parts<'a> = (&'a str, Vec<u8>, Vec<u8>, Vec<u8>);

fn parts(jws: &str) -> Option<Parts<'_>> {
    if jws.len() > MOST {
        return None;
    }
    let (signed, signature) = jws.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    // A fourth part would leave a dot in one of these, which base64url has not.
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    Some((signed, decode(header)?, decode(claims)?, decode(signature)?))
}

/// Two readers may take a different one of two members of the same name: there must be one.
fn is_object_without_repeats(json: &[u8]) -> bool {
    let mut reader = serde_json::Deserializer::from_slice(json);
    reader.deserialize_any(Members).is_ok() && reader.end().is_ok()
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            map.next_value::<IgnoredAny>()?;
            if !seen.insert(name) {
                return Err(serde::de::Error::custom("a member is repeated"));
            }
        }
        Ok(())
    }
}
