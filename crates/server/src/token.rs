//! Numbers of the whole vault, as they are shown to those who may not count with them.

use crate::refusal::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::Code;
use countenance_core::vault::{RandomError, Sealer, Vault};

/// The place in a list of subjects: it opens for the same tenant and collection only.
pub(crate) fn cursors(vault: &Vault, tenant: &str, collection: &str) -> Sealer {
    let values = [tenant.as_bytes(), collection.as_bytes()];
    vault.sealer("cursors").bound_to(&values)
}

/// A leaf of the audit tree, which is of all tenants: whoever has the scope `audit` opens it by asking for its proof.
pub(crate) fn leaves(vault: &Vault) -> Sealer {
    vault.sealer("leaves")
}

/// The number after which a page begins.
pub(crate) fn after(cursors: &Sealer, text: Option<&str>) -> Result<u64, Refusal> {
    match text {
        None => Ok(0),
        Some(text) => read(cursors, text)
            .ok_or_else(|| Refusal::of(Code::ParameterInvalid, "`after` is no `next` of a page")),
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
