//! The few cryptographic steps everything else is made of: seal, open, derive, commit.
//!
//! The formulas are those of `docs/spec/vault-v1.md`, sections 1 and 2.

use crate::random::{self, Random, RandomError};
use crate::secret::Secret;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hkdf, hmac};
use thiserror::Error;
use zeroize::Zeroizing;

/// What sealing adds to a plaintext: nonce and tag.
pub(crate) const OVERHEAD: usize = NONCE_LEN + 16;

/// A sealed value did not open: wrong key, wrong place, or altered bytes.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("sealed value does not open")]
pub(crate) struct Unopened;

fn cipher(key: &Secret) -> Result<LessSafeKey, Unopened> {
    UnboundKey::new(&AES_256_GCM, key.expose())
        .map(LessSafeKey::new)
        .map_err(|_| Unopened)
}

/// nonce, ciphertext and tag of `plain`.
pub(crate) fn seal(
    key: &Secret,
    random: &dyn Random,
    aad: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, RandomError> {
    let nonce = random::bytes::<NONCE_LEN>(random)?;
    // Sealing in place keeps the plaintext from being left in a second buffer.
    let mut out = Vec::with_capacity(plain.len() + OVERHEAD);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    if cfg!(countenance_unsealed) {
        // The control of the leak drill: everything stands there to be found.
        out.extend_from_slice(&[0; OVERHEAD - NONCE_LEN]);
        return Ok(out);
    }
    let (_, body) = out.split_at_mut(NONCE_LEN);
    let tag = cipher(key)
        .map_err(|_| RandomError)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), body)
        .map_err(|_| RandomError)?;
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

/// The plaintext of a sealed value.
pub(crate) fn open(
    key: &Secret,
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unopened> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unopened)?;
    let mut plain = Zeroizing::new(body.to_vec());
    if cfg!(countenance_unsealed) {
        let length = body
            .len()
            .checked_sub(OVERHEAD - NONCE_LEN)
            .ok_or(Unopened)?;
        plain.truncate(length);
        return Ok(plain);
    }
    let length = cipher(key)?
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(aad),
            &mut plain,
        )
        .map_err(|_| Unopened)?
        .len();
    plain.truncate(length);
    Ok(plain)
}

/// `Expand(Extract(salt, ikm), info)`.
pub(crate) fn derive(salt: &[u8], ikm: &[u8], info: &[&[u8]]) -> Secret {
    fill(&hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(ikm), info)
}

/// `Expand(prk, info)`.
pub(crate) fn expand(prk: &Secret, info: &[&[u8]]) -> Secret {
    fill(
        &hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, prk.expose()),
        info,
    )
}

fn fill(prk: &hkdf::Prk, info: &[&[u8]]) -> Secret {
    let mut out = Zeroizing::new([0; 32]);
    // Expanding to one hash length cannot fail: RFC 5869 allows 255 of them.
    let filled = prk
        .expand(info, hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut out[..]));
    debug_assert!(filled.is_ok());
    Secret::new(&out)
}

/// A key of the vault or of a tenant, by its label.
pub(crate) fn labelled(secret: &Secret, label: &str) -> Secret {
    derive(
        b"countenance vault v1",
        secret.expose(),
        &[label.as_bytes()],
    )
}

/// HMAC-SHA256 over the parts one after another.
pub(crate) fn mac(key: &Secret, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// SHA-256 over the parts one after another.
pub(crate) fn sha(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// The first bytes of a digest.
pub(crate) fn prefix<const N: usize>(digest: &[u8; 32]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&digest[..N]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn a_sealed_value_opens_only_with_its_key_and_associated_data() {
        let key = Secret::new(&[7; 32]);
        let sealed = seal(&key, &SystemRandom, b"place", b"template").unwrap();
        assert_eq!(sealed.len(), 8 + OVERHEAD);
        assert_eq!(
            open(&key, b"place", &sealed).unwrap().as_slice(),
            b"template"
        );
        assert!(open(&Secret::new(&[8; 32]), b"place", &sealed).is_err());
        assert!(open(&key, b"other", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(open(&key, b"place", &altered).is_err(), "byte {at}");
        }
        for shorter in 0..sealed.len() {
            assert!(open(&key, b"place", &sealed[..shorter]).is_err());
        }
    }

    /// RFC 5869, appendix A.1 with its first 32 bytes of output.
    #[test]
    fn derivation_agrees_with_rfc_5869() {
        let ikm = [0x0b; 22];
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
        let got = derive(&salt, &ikm, &[&info]);
        assert_eq!(crate::ident::hex(got.expose()), expected);
    }
}
