//! Numbers of the whole vault, as they are shown to those who may not count with them.

use crate::refusal::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::Code;
use countenance_core::vault::store::PaymentPlace;
use countenance_core::vault::{ExternalId, Name, RandomError, Sealer, Vault};

const NO_NEXT: &str = "`after` is no `next` of a page";

/// The place in a list of subjects: it opens for the same tenant and collection only.
pub(crate) fn cursors(vault: &Vault, tenant: &str, collection: &str) -> Sealer {
    let values = [tenant.as_bytes(), collection.as_bytes()];
    vault.sealer("cursors").bound_to(&values)
}

/// The place in a list of payments: it opens for the same subject only.
pub(crate) fn payments(vault: &Vault, tenant: &Name, collection: &Name, of: &ExternalId) -> Sealer {
    let values = [
        tenant.as_str().as_bytes(),
        collection.as_str().as_bytes(),
        of.as_str().as_bytes(),
    ];
    vault.sealer("payments").bound_to(&values)
}

/// The place after which a page of payments begins.
pub(crate) fn after_payment(cursors: &Sealer, text: Option<&str>) -> Result<PaymentPlace, Refusal> {
    let Some(text) = text else {
        return Ok(PaymentPlace::day(0));
    };
    let read = || {
        let plain = cursors.open(&URL_SAFE_NO_PAD.decode(text).ok()?)?;
        let (day, slot) = plain.split_first_chunk()?;
        Some(PaymentPlace {
            day: u32::from_le_bytes(*day),
            slot: Some(slot.try_into().ok()?),
        })
    };
    read().ok_or_else(|| Refusal::of(Code::ParameterInvalid, NO_NEXT))
}

/// A place in a list of payments that only the sealer's holder reads.
pub(crate) fn write_payment(sealer: &Sealer, place: PaymentPlace) -> Result<String, RandomError> {
    let slot = place.slot.unwrap_or_default();
    let sealed = sealer.seal(&[&place.day.to_le_bytes()[..], &slot].concat())?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// A leaf of the audit tree, which is of all tenants: whoever has the scope `audit` opens it by asking for its proof.
pub(crate) fn leaves(vault: &Vault) -> Sealer {
    vault.sealer("leaves")
}

/// The number after which a page begins.
pub(crate) fn after(cursors: &Sealer, text: Option<&str>) -> Result<u64, Refusal> {
    match text {
        None => Ok(0),
        Some(text) => {
            read(cursors, text).ok_or_else(|| Refusal::of(Code::ParameterInvalid, NO_NEXT))
        }
    }
}

/// A number that only the sealer's holder reads.
pub(crate) fn write(sealer: &Sealer, number: u64) -> Result<String, RandomError> {
    let sealed = sealer.seal(&number.to_le_bytes())?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// The number, if it was written by the same.
pub(crate) fn read(sealer: &Sealer, text: &str) -> Option<u64> {
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let plain = sealer.open(&sealed)?;
    Some(u64::from_le_bytes(plain[..].try_into().ok()?))
}
