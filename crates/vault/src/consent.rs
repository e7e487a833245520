//! Consent as a type: only the ledger makes one (spec, section 5).

use crate::error::ConsentError;
use crate::event::codes;
use crate::ident::{KeyId, TextVersion, Timestamp};
use crate::seal;
use crate::secret::Secret;
use crate::store::ConsentRow;

pub(crate) const LEDGER_BYTES: usize = 16;
/// Names an unbroken line of consents; records are bound to it.
pub(crate) type Run = [u8; 6];
pub(crate) const DETAIL_BYTES: usize = 72;

codes! {
    /// What a subject agreed to.
    Purpose {
        /// One person against one claimed subject.
        Verify = 1,
        /// A search inside one collection.
        Identify = 2,
        /// A live person against a document portrait.
        IdentityCheck = 3,
        /// Approving a named payment.
        Payment = 4,
        /// Unlocking a device.
        DeviceUnlock = 5,
    }
}

codes! {
    /// Whether a consent entry still stands.
    ConsentState {
        /// It stands until it expires.
        Active = 1,
        /// The subject withdrew it.
        Withdrawn = 2,
        /// It expired.
        Expired = 3,
    }
}

/// What a subject agrees to; the ledger makes a [`Consent`] of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// For what.
    pub purpose: Purpose,
    /// Which version of the text was shown.
    pub text_version: TextVersion,
    /// When it was given; not later than now.
    pub granted: Timestamp,
    /// From when on it no longer holds.
    pub expires: Timestamp,
    /// SHA-256 of what shows that it was given: a signed form, a recorded action.
    pub evidence: [u8; 32],
}

/// Proof that the ledger holds an unexpired consent that was not withdrawn.
///
/// It has no public constructor: only [`Vault::grant`](crate::Vault::grant) and
/// [`Vault::consent`](crate::Vault::consent) give one. It is a proof of the moment it was
/// read; every write that needs it checks again inside its transaction, so that a withdrawal in
/// between wins.
///
/// With a consent enrolling compiles:
///
/// ```
/// # use countenance_vault::{Consent, Grant, ModelName, Timestamp, Unlocked, Vault, VaultError};
/// fn enroll(vault: &Vault, subject: &Unlocked, consent: &Consent, model: &ModelName, now: Timestamp)
///     -> Result<u16, VaultError>
/// {
///     vault.enroll(subject, consent, model, &[1, 2, 3], now)
/// }
/// ```
///
/// With a mere wish for one it does not:
///
/// ```compile_fail,E0308
/// # use countenance_vault::{Consent, Grant, ModelName, Timestamp, Unlocked, Vault, VaultError};
/// fn enroll(vault: &Vault, subject: &Unlocked, consent: &Grant, model: &ModelName, now: Timestamp)
///     -> Result<u16, VaultError>
/// {
///     vault.enroll(subject, consent, model, &[1, 2, 3], now)
/// }
/// ```
///
/// And nobody else can make one:
///
/// ```compile_fail,E0451
/// # use countenance_vault::{Consent, Grant};
/// fn make(consent: Consent, grant: Grant) -> Consent {
///     Consent { grant, ..consent }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Consent {
    pub(crate) subject: u64,
    pub(crate) key_id: KeyId,
    pub(crate) generation: u64,
    pub(crate) number: u16,
    pub(crate) run: Run,
    pub(crate) grant: Grant,
}

/// An entry of the consent ledger, as lists and exports show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentEntry {
    /// Number of the entry within its subject.
    pub number: u16,
    /// For what.
    pub purpose: Purpose,
    /// Whether it stands.
    pub state: ConsentState,
    /// From when on it no longer holds.
    pub expires: Timestamp,
    /// The rest, where the holder part (if any is needed) was given.
    pub grant: Option<Grant>,
}

impl Consent {
    /// For what the subject consented.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.grant.purpose
    }

    /// Which text the subject agreed to.
    #[must_use]
    pub fn text_version(&self) -> &TextVersion {
        &self.grant.text_version
    }

    /// When it was given.
    #[must_use]
    pub fn granted(&self) -> Timestamp {
        self.grant.granted
    }

    /// From when on it no longer holds.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.grant.expires
    }

    /// Digest of what shows that it was given.
    #[must_use]
    pub fn evidence(&self) -> &[u8; 32] {
        &self.grant.evidence
    }

    /// Number of the entry within its subject.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    pub(crate) fn check_time(&self, now: Timestamp) -> Result<(), ConsentError> {
        if now >= self.grant.expires {
            Err(ConsentError::Expired)
        } else if now < self.grant.granted {
            Err(ConsentError::NotYet)
        } else {
            Ok(())
        }
    }
}

/// The part that needs no holder part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LedgerPart {
    pub(crate) purpose: Purpose,
    pub(crate) state: ConsentState,
    /// The same for all consents that stood together, one after another: what was sealed under an
    /// earlier line does not open under a later one.
    pub(crate) run: Run,
    pub(crate) expires: Timestamp,
}

impl LedgerPart {
    pub(crate) fn to_bytes(self) -> [u8; LEDGER_BYTES] {
        let mut out = [0; LEDGER_BYTES];
        out[0] = self.purpose.code();
        out[1] = self.state.code();
        out[2..8].copy_from_slice(&self.run);
        out[8..].copy_from_slice(&self.expires.unix().to_le_bytes());
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; LEDGER_BYTES] = bytes.try_into().ok()?;
        Some(Self {
            purpose: Purpose::from_code(bytes[0])?,
            state: ConsentState::from_code(bytes[1])?,
            run: bytes[2..8].try_into().ok()?,
            expires: Timestamp::from_unix(u64::from_le_bytes(bytes[8..].try_into().ok()?)),
        })
    }

    /// Whether it stands at `now`.
    pub(crate) fn stands(&self, now: Timestamp) -> bool {
        self.state == ConsentState::Active && now < self.expires
    }
}

impl Grant {
    pub(crate) fn detail_bytes(&self) -> [u8; DETAIL_BYTES] {
        let mut out = [0; DETAIL_BYTES];
        let text = self.text_version.as_str().as_bytes();
        out[..8].copy_from_slice(&self.granted.unix().to_le_bytes());
        out[8] = text.len() as u8;
        out[9..9 + text.len()].copy_from_slice(text);
        out[40..].copy_from_slice(&self.evidence);
        out
    }

    pub(crate) fn from_parts(ledger: &LedgerPart, detail: &[u8]) -> Option<Self> {
        let detail: &[u8; DETAIL_BYTES] = detail.try_into().ok()?;
        let text = detail[9..40].get(..usize::from(detail[8]))?;
        Some(Self {
            purpose: ledger.purpose,
            text_version: TextVersion::new(std::str::from_utf8(text).ok()?).ok()?,
            granted: Timestamp::from_unix(u64::from_le_bytes(detail[..8].try_into().ok()?)),
            expires: ledger.expires,
            evidence: detail[40..].try_into().ok()?,
        })
    }
}

pub(crate) fn ledger_aad(key_id: &KeyId, number: u16) -> Vec<u8> {
    [
        b"countenance consent v1",
        &key_id.0[..],
        &number.to_le_bytes(),
    ]
    .concat()
}

/// What stands for a consent entry in the deletion ledger: of its nonce, which no other entry has,
/// under a key that goes with the subject (spec, section 8).
pub(crate) fn withdrawal_mark(ledger: &Secret, row: &ConsentRow) -> [u8; 16] {
    let key = seal::expand(ledger, &[b"withdrawn"]);
    let nonce = row.detail.get(..12).unwrap_or_default();
    seal::prefix(&seal::mac(&key, &[&row.number.to_le_bytes(), nonce]))
}

pub(crate) fn detail_aad(key_id: &KeyId, number: u16) -> Vec<u8> {
    [
        b"countenance consent detail v1",
        &key_id.0[..],
        &number.to_le_bytes(),
    ]
    .concat()
}
