use countenance_vault::{Attempt, Consent, Timestamp, Unlocked, Vault, VaultError};

fn decide(
    vault: &Vault,
    attempt: Attempt,
    subject: &Unlocked,
    consent: &Consent,
    now: Timestamp,
) -> Result<u64, VaultError> {
    vault.accept(attempt, subject, consent, now)?;
    vault.accept(attempt, subject, consent, now)
}

fn main() {}
