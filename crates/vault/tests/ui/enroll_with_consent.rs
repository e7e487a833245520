use countenance_vault::{Consent, ModelName, Timestamp, Unlocked, Vault, VaultError};

#[allow(dead_code)]
fn enroll(
    vault: &Vault,
    subject: &Unlocked,
    consent: &Consent,
    model: &ModelName,
    now: Timestamp,
) -> Result<u16, VaultError> {
    vault.enroll(subject, consent, model, &[1, 2, 3], now)
}

fn main() {}
