use countenance_vault::{Consent, Reference, Timestamp, Unlocked, Vault, VaultError};

fn open(
    vault: &Vault,
    subject: &Unlocked,
    consent: &Consent,
    now: Timestamp,
) -> Result<Vec<Reference>, VaultError> {
    vault.references(subject, consent, now)
}

fn main() {}
