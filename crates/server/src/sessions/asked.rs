//! What a relying party asks, read and bounded.

use super::webhook::{Target, Targets};
use crate::refusal::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::{Code, SessionKind, SessionPasskey, SessionRequest};
use countenance_core::vault::{ExternalId, Name, VaultError};
use countenance_core::{Kind, consent_text, text_sha256};
use std::time::Duration;

const MOST_AUDIENCE: usize = 255;
const NONCE: std::ops::RangeInclusive<usize> = 16..=128;
const MOST_TEXT: usize = 1000;
const LASTS_S: std::ops::RangeInclusive<u32> = 30..=600;
const USUAL_S: u32 = 180;
const MOST_CREDENTIALS: usize = 16;
const MOST_CREDENTIAL: usize = 344;

/// What a session asks of whom.
pub(crate) struct Asked {
    pub(crate) kind: Kind,
    pub(crate) subject: Option<ExternalId>,
    pub(crate) collection: Name,
    pub(crate) audience: String,
    pub(crate) nonce: String,
    pub(crate) approve: Option<String>,
    pub(crate) way_out: String,
    pub(crate) webhook: Option<Target>,
    pub(crate) passkey: Option<SessionPasskey>,
    pub(crate) lasts: Duration,
    pub(crate) consent: String,
    pub(crate) consent_sha256: String,
}

impl Asked {
    /// Reads a request; each refusal names the field and what it may be.
    pub(crate) fn read(
        request: SessionRequest,
        collection: Name,
        targets: &Targets,
    ) -> Result<Self, Refusal> {
        let kind = match request.kind {
            SessionKind::Presence => Kind::Presence,
            SessionKind::Verify => Kind::Verify,
        };
        let subject = match (kind, &request.subject) {
            (Kind::Verify, Some(subject)) => {
                Some(ExternalId::new(subject).map_err(VaultError::from)?)
            }
            (Kind::Verify, None) => return Err(refused("`subject` is missing")),
            (_, Some(_)) => return Err(refused("`subject` is for kind `verify` only")),
            (_, None) => None,
        };
        let audience = request.audience;
        if !is_visible(&audience, MOST_AUDIENCE) {
            return Err(refused(
                "`audience` is not 1 to 255 visible ASCII characters",
            ));
        }
        let of_nonce = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !NONCE.contains(&request.nonce.len()) || !request.nonce.bytes().all(of_nonce) {
            return Err(refused(
                "`nonce` is not 16 to 128 of A-Z, a-z, 0-9, - and _",
            ));
        }
        if let Some(approve) = &request.approve {
            let shown = |c: char| c == '\n' || !c.is_control();
            let count = approve.chars().count();
            if !(1..=MOST_TEXT).contains(&count) || !approve.chars().all(shown) {
                let detail = "`approve` is not 1 to 1000 characters without control characters";
                return Err(refused(detail));
            }
        }
        if !is_address(&request.way_out) {
            let detail =
                "`way_out` is not an address of at most 1000 characters beginning with https://";
            return Err(refused(detail));
        }
        let lasts_s = request.lasts_s.unwrap_or(USUAL_S);
        if !LASTS_S.contains(&lasts_s) {
            return Err(refused("`lasts_s` is not 30 to 600"));
        }
        if let Some(passkey) = &request.passkey {
            check_passkey(kind, passkey)?;
        }
        let webhook = request.webhook.map(|url| targets.find(&url));
        let webhook = webhook
            .transpose()
            .map_err(|error| refused(&format!("`webhook` {error}")))?;
        let consent = consent_text(kind, &audience, request.approve.as_deref());
        Ok(Self {
            kind,
            subject,
            collection,
            audience,
            nonce: request.nonce,
            approve: request.approve,
            way_out: request.way_out,
            webhook,
            passkey: request.passkey,
            lasts: Duration::from_secs(lasts_s.into()),
            consent_sha256: text_sha256(&consent),
            consent,
        })
    }

    /// As it travels.
    pub(crate) fn wire_kind(&self) -> SessionKind {
        match self.kind {
            Kind::Verify => SessionKind::Verify,
            _ => SessionKind::Presence,
        }
    }
}

fn refused(detail: &str) -> Refusal {
    Refusal::of(Code::ValueInvalid, detail)
}

fn is_visible(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Something that a browser may be sent to: never script or a file.
fn is_address(text: &str) -> bool {
    let local = [
        "http://localhost/",
        "http://localhost:",
        "http://127.0.0.1:",
    ];
    let begins = text.starts_with("https://") || local.iter().any(|one| text.starts_with(one));
    begins && is_visible(text, MOST_TEXT)
}

fn check_passkey(kind: Kind, passkey: &SessionPasskey) -> Result<(), Refusal> {
    if kind == Kind::Presence {
        return Err(refused("`passkey` is for kind `verify` only"));
    }
    let salt = URL_SAFE_NO_PAD.decode(&passkey.salt);
    if !salt.is_ok_and(|salt| salt.len() == 32) {
        return Err(refused("`passkey.salt` is not 32 bytes in base64url"));
    }
    let fits = |id: &String| {
        !id.is_empty() && id.len() <= MOST_CREDENTIAL && URL_SAFE_NO_PAD.decode(id).is_ok()
    };
    if passkey.credentials.len() > MOST_CREDENTIALS || !passkey.credentials.iter().all(fits) {
        let detail = "`passkey.credentials` is not up to 16 ids in base64url";
        return Err(refused(detail));
    }
    Ok(())
}
