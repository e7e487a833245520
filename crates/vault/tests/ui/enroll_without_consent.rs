use countenance_vault::{Grant, ModelName, Timestamp, Unlocked, Vault, VaultError};

fn enroll(
    vault: &Vault,
    subject: &Unlocked,
    grant: &Grant,
    model: &ModelName,
    now: Timestamp,
) -> Result<u16, VaultError> {
    vault.enroll(subject, grant, model, &[1, 2, 3], now)
}

fn main() {}
