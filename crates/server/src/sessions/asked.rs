//! What a relying party asks, read and bounded.

use super::webhook::{Target, Targets};
use crate::refusal::Refusal;
use axum::http::uri::Authority;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::{
    Code, DocumentRequest, PaymentSessionRequest, SessionKind, SessionPasskey, SessionRequest,
};
use countenance_core::vault::{ExternalId, Name, Timestamp, VaultError};
use countenance_core::{
    Case, DocumentClaim, Kind, Language, RelyingParty, Template, Terms, consent_text,
    reads_as_it_is, text_sha256,
};
use std::sync::Arc;
use std::time::Duration;

const MOST_AUDIENCE: usize = 255;
const NONCE: std::ops::RangeInclusive<usize> = 16..=128;
const MOST_TEXT: usize = 1000;
const LASTS_S: std::ops::RangeInclusive<u32> = 30..=600;
const USUAL_S: u32 = 180;
const MOST_CREDENTIALS: usize = 16;
const MOST_CREDENTIAL: usize = 344;

/// The payment that a session is about.
pub(crate) struct Paying {
    pub(crate) terms: Terms,
    pub(crate) transaction_sha256: [u8; 32],
    /// Random, of this session alone.
    pub(crate) ticket: [u8; 16],
    /// The device key that must sign it, where the payment asks for one.
    pub(crate) device: Option<DeviceAsked>,
}

/// That a device key must sign what is shown.
pub(crate) struct DeviceAsked {
    /// For whom it was made.
    pub(crate) party: Arc<RelyingParty>,
    /// Random, of this session alone.
    pub(crate) nonce: [u8; 32],
}

/// The document that a session is about: no word of it.
pub(crate) struct Documented {
    pub(crate) case: Case,
    pub(crate) claim: DocumentClaim,
}

/// What a session asks of whom.
pub(crate) struct Asked {
    pub(crate) kind: Kind,
    pub(crate) subject: Option<ExternalId>,
    pub(crate) collection: Name,
    pub(crate) audience: String,
    pub(crate) nonce: String,
    pub(crate) approve: Option<String>,
    pub(crate) payment: Option<Paying>,
    pub(crate) document: Option<Documented>,
    /// Of the document; the session takes it when it is opened, so that it ends before the session is forgotten.
    pub(crate) portrait: Option<Template>,
    pub(crate) way_out: String,
    pub(crate) webhook: Option<Target>,
    pub(crate) passkey: Option<SessionPasskey>,
    pub(crate) lasts: Duration,
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
            SessionKind::Document => {
                return Err(refused("`kind` `document` is opened at /v1/documents"));
            }
            SessionKind::Payment => {
                let detail = "`kind` `payment` is opened at /v1/payments/{payment}/sessions";
                return Err(refused(detail));
            }
        };
        let subject = match (kind, &request.subject) {
            (Kind::Verify, Some(subject)) => {
                Some(ExternalId::new(subject).map_err(VaultError::from)?)
            }
            (Kind::Verify, None) => return Err(refused("`subject` is missing")),
            (_, Some(_)) => return Err(refused("`subject` is for kind `verify` only")),
            (_, None) => None,
        };
        let base = Base {
            audience: request.audience,
            nonce: request.nonce,
            way_out: request.way_out,
            webhook: request.webhook,
            passkey: request.passkey,
            lasts_s: request.lasts_s,
        };
        check_approve(request.approve.as_deref())?;
        let mut asked = base.read((kind, subject, collection), targets)?;
        asked.approve = request.approve;
        Ok(asked)
    }

    /// Reads what is asked of the person on a document, which is still to be looked at.
    pub(crate) fn read_document(
        request: DocumentRequest,
        collection: Name,
        targets: &Targets,
    ) -> Result<(Self, Case), Refusal> {
        let case = Case::new(&request.case).map_err(|error| {
            let what = "give each applicant a name of 1 to 128 bytes, the same for each of their tries, without controls and without blanks at its ends";
            refused(&format!("`case`: {error}; {what}"))
        })?;
        check_approve(request.approve.as_deref())?;
        let base = Base {
            audience: request.audience,
            nonce: request.nonce,
            way_out: request.way_out,
            webhook: request.webhook,
            passkey: None,
            lasts_s: request.lasts_s,
        };
        let mut asked = base.read((Kind::Document, None, collection), targets)?;
        asked.approve = request.approve;
        Ok((asked, case))
    }

    /// Reads what is asked of the payer of a payment, whose id was found to be right.
    pub(crate) fn read_payment(
        request: PaymentSessionRequest,
        (collection, subject): (Name, ExternalId),
        payment: Paying,
        (now, targets): (Timestamp, &Targets),
    ) -> Result<Self, Refusal> {
        let base = Base {
            audience: request.audience,
            nonce: request.nonce,
            way_out: request.way_out,
            webhook: request.webhook,
            passkey: request.passkey,
            lasts_s: request.lasts_s,
        };
        let whom = (Kind::Payment, Some(subject), collection);
        let mut asked = base.read(whom, targets)?;
        let left = payment.terms.expires().unix().saturating_sub(now.unix());
        asked.lasts = asked.lasts.min(Duration::from_secs(left));
        asked.approve = Some(payment.terms.text());
        asked.payment = Some(payment);
        Ok(asked)
    }

    /// The text that is agreed to, in a language.
    pub(crate) fn consent(&self, language: Language) -> String {
        let payment = self.payment.as_ref();
        let sentence = payment.map(|paying| paying.terms.sentence(language));
        let approve = sentence.as_deref().or(self.approve.as_deref());
        consent_text(language, self.kind, &self.audience, approve)
    }

    /// The language of the text that has this digest.
    pub(crate) fn language_of(&self, sha256: &str) -> Option<Language> {
        let mut all = Language::ALL.into_iter();
        all.find(|language| text_sha256(&self.consent(*language)) == sha256)
    }

    /// As it travels.
    pub(crate) fn wire_kind(&self) -> SessionKind {
        match self.kind {
            Kind::Document => SessionKind::Document,
            Kind::Payment => SessionKind::Payment,
            Kind::Verify => SessionKind::Verify,
            _ => SessionKind::Presence,
        }
    }
}

/// What every session says, as it came.
struct Base {
    audience: String,
    nonce: String,
    way_out: String,
    webhook: Option<String>,
    passkey: Option<SessionPasskey>,
    lasts_s: Option<u32>,
}

impl Base {
    fn read(
        self,
        (kind, subject, collection): (Kind, Option<ExternalId>, Name),
        targets: &Targets,
    ) -> Result<Asked, Refusal> {
        check_audience(&self.audience)?;
        let of_nonce = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !NONCE.contains(&self.nonce.len()) || !self.nonce.bytes().all(of_nonce) {
            return Err(refused(
                "`nonce` is not 16 to 128 of A-Z, a-z, 0-9, - and _",
            ));
        }
        check_way_out(&self.way_out)?;
        let lasts_s = self.lasts_s.unwrap_or(USUAL_S);
        if !LASTS_S.contains(&lasts_s) {
            return Err(refused("`lasts_s` is not 30 to 600"));
        }
        if let Some(passkey) = &self.passkey {
            check_passkey(kind, passkey)?;
        }
        let webhook = self.webhook.map(|url| targets.find(&url));
        let webhook = webhook
            .transpose()
            .map_err(|error| refused(&format!("`webhook` {error}")))?;
        Ok(Asked {
            kind,
            subject,
            collection,
            audience: self.audience,
            nonce: self.nonce,
            approve: None,
            payment: None,
            document: None,
            portrait: None,
            way_out: self.way_out,
            webhook,
            passkey: self.passkey,
            lasts: Duration::from_secs(lasts_s.into()),
        })
    }
}

fn refused(detail: &str) -> Refusal {
    Refusal::of(Code::ValueInvalid, detail)
}

fn check_audience(audience: &str) -> Result<(), Refusal> {
    if is_visible(audience, MOST_AUDIENCE) {
        Ok(())
    } else {
        let detail = "`audience` is not 1 to 255 visible ASCII characters";
        Err(refused(detail))
    }
}

fn check_way_out(way_out: &str) -> Result<(), Refusal> {
    if is_address(way_out) {
        Ok(())
    } else {
        let detail =
            "`way_out` is not an address of at most 1000 characters beginning with https://";
        Err(refused(detail))
    }
}

/// What a page shows and asks beside a session, held to the rules of one.
pub(crate) fn check_shown(
    audience: &str,
    way_out: &str,
    passkey: Option<&SessionPasskey>,
) -> Result<(), Refusal> {
    check_audience(audience)?;
    check_way_out(way_out)?;
    passkey.map_or(Ok(()), |passkey| check_passkey(Kind::Verify, passkey))
}

fn check_approve(approve: Option<&str>) -> Result<(), Refusal> {
    let fits = |text: &str| (1..=MOST_TEXT).contains(&text.chars().count()) && reads_as_it_is(text);
    if approve.is_none_or(fits) {
        Ok(())
    } else {
        let detail = "`approve` is not 1 to 1000 characters without controls, marks of direction, private use and what nobody sees, with at most four marks on a letter and one empty line in a row, of which at least one is more than a blank or a mark on a letter";
        Err(refused(detail))
    }
}

fn is_visible(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Something that a browser may be sent to: never script or a file, and no name or password before the host, which would be read as one.
fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Ok(host) = host.parse::<Authority>() else {
        return false;
    };
    let is_plain = !host.as_str().contains('@') && !host.host().is_empty();
    // A port that is none leaves something behind the host, and no port.
    let port_fits = host.host() == host.as_str() || host.port().is_some();
    let is_here = matches!(host.host(), "localhost" | "127.0.0.1");
    let begins = scheme == "https" || (scheme == "http" && is_here);
    begins && is_plain && port_fits && !text.contains('\\') && is_visible(text, MOST_TEXT)
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
