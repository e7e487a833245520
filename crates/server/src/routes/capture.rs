//! Sessions, for the person: what is asked, agreeing, frames.

use super::device_keys::bytes;
use super::ok;
use crate::call::{Call, read_picture};
use crate::platform::Platform;
use crate::refusal::{Answer, Refusal};
use crate::sessions::{
    Agreed, Converse, DeviceAsked, Frame, Held, MOST_UNSENT, PROTOCOL, RULES, answered, serve,
    state,
};
use crate::wire;
use axum::Extension;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::{
    CaptureAnswer, CaptureConsent, CaptureDeviceKey, CaptureQuery, CaptureState, Code,
    ConsentGiven, CredentialUsed, FrameBatch, FrameEntry, FrameMessages,
};
use countenance_core::vault::{HolderPart, VaultError};
use countenance_core::{
    Assertion, CONSENT_VERSION, DeviceProof, Language, PayError, Status, text_sha256,
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

type Session = Extension<Arc<Held>>;

/// Bytes of the longest language tag.
const MOST_TAG: usize = 35;

/// The language of the page.
fn language(tag: Option<&str>) -> Result<Language, Refusal> {
    let of_tag = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    match tag {
        None => Ok(Language::default()),
        Some(tag) if (1..=MOST_TAG).contains(&tag.len()) && tag.bytes().all(of_tag) => {
            Ok(Language::serving(tag))
        }
        Some(_) => {
            let detail = "`lang` is no tag of a language, such as en or de-AT";
            Err(Refusal::of(Code::ParameterInvalid, detail))
        }
    }
}

pub(crate) async fn show(Extension(held): Session, call: Call) -> Answer {
    let query: CaptureQuery = call.query()?;
    let language = language(query.lang.as_deref())?;
    let now = call.platform.sessions.now();
    let asked = &held.asked;
    let text = asked.consent(language);
    let status = state(&held, now);
    let left = match status {
        Status::Created | Status::Capturing => held.lock().session.left(now).as_millis(),
        _ => 0,
    };
    ok(CaptureAnswer {
        session: held.id.clone(),
        kind: asked.wire_kind(),
        state: status.name().to_owned(),
        ends_in_ms: u64::try_from(left).unwrap_or(u64::MAX),
        audience: asked.audience.clone(),
        approve: asked.approve.clone().filter(|_| asked.payment.is_none()),
        payment: asked
            .payment
            .as_ref()
            .map(|paying| wire::shown(&paying.terms)),
        way_out: asked.way_out.clone(),
        consent: CaptureConsent {
            version: CONSENT_VERSION.to_owned(),
            lang: language.tag().to_owned(),
            sha256: text_sha256(&text),
            text,
        },
        passkey: asked.passkey.clone(),
        device_key: device_asked(&held).map(|device| CaptureDeviceKey {
            relying_party: device.party.id().to_owned(),
            nonce: URL_SAFE_NO_PAD.encode(device.nonce),
        }),
        frames: RULES,
    })
}

pub(crate) async fn agree(Extension(held): Session, call: Call) -> Answer {
    let platform = call.platform.clone();
    let given: ConsentGiven = call.json().await?;
    let language = held.asked.language_of(&given.sha256).ok_or_else(|| {
        let detail = "`sha256` is not the digest of the text that is asked";
        Refusal::of(Code::ValueInvalid, detail)
    })?;
    let shown = shown(&held, given.shown_sha256.as_deref())?;
    let digits = given.holder.map(Zeroizing::new);
    let device = device(&held, given.device_key.as_ref())?;
    let mut digest = Sha256::new()
        .chain_update(&given.sha256)
        .chain_update([u8::from(given.calm), u8::from(digits.is_some())])
        .chain_update(digits.as_ref().map_or("", |digits| digits.as_str()));
    if let Some(device) = &device {
        let of = &device.assertion;
        for part in [
            &of.credential,
            &of.client_data,
            &of.authenticator_data,
            &of.signature,
        ] {
            digest.update(Sha256::digest(part));
        }
    }
    let agreed = Agreed {
        language,
        calm: given.calm,
        holder: holder(held.asked.passkey.is_some(), digits)?,
        device,
        digest: digest.finalize().into(),
    };
    if let Some(shown) = shown {
        show_payment(&platform, &held, shown).await?;
    }
    let now = platform.sessions.now();
    let mut inner = held.lock();
    let capturing = inner.session.status(now) == Status::Capturing;
    let before = inner.session.agreed();
    // The same again is the same; another agreement is not.
    let again = before.is_some_and(|before| bool::from(before.digest.ct_eq(&agreed.digest)));
    if !(again && capturing) {
        let done = inner.session.agree(agreed, now);
        done.map_err(|_| Refusal::from(Code::SessionOver))?;
    }
    drop(inner);
    ok(CaptureState {
        state: Status::Capturing.name().to_owned(),
    })
}

/// The digest of the payment that was shown, which must be the one that is asked about.
fn shown(held: &Held, given: Option<&str>) -> Result<Option<[u8; 32]>, Refusal> {
    let refused = |detail| Err(Refusal::of(Code::ValueInvalid, detail));
    match (&held.asked.payment, given) {
        (None, None) => Ok(None),
        (None, Some(_)) => refused("`shown_sha256` is for payments only"),
        (Some(_), None) => refused("`shown_sha256` is missing"),
        (Some(paying), Some(given)) => {
            let digest = paying.terms.sha256();
            if wire::bytes_32(given) == Some(digest) {
                Ok(Some(digest))
            } else {
                refused("`shown_sha256` is not the digest of the payment that is asked about")
            }
        }
    }
}

fn device_asked(held: &Held) -> Option<&DeviceAsked> {
    held.asked.payment.as_ref()?.device.as_ref()
}

/// What a device key signed, where one is asked for. Whether it is the payer's is found out when the payment is decided.
fn device(held: &Held, given: Option<&CredentialUsed>) -> Result<Option<DeviceProof>, Refusal> {
    let refused = |detail| Err(Refusal::of(Code::ValueInvalid, detail));
    let (asked, given) = match (device_asked(held), given) {
        (Some(asked), Some(given)) => (asked, given),
        (Some(_), None) => return refused("`device_key` is missing"),
        (None, Some(_)) => return refused("`device_key` is not asked for"),
        (None, None) => return Ok(None),
    };
    Ok(Some(DeviceProof {
        party: Arc::clone(&asked.party),
        session: held.id.clone(),
        nonce: asked.nonce,
        assertion: assertion(given)?,
    }))
}

/// What a device key signed, as a browser says it in the field `device_key`.
pub(super) fn assertion(given: &CredentialUsed) -> Result<Assertion, Refusal> {
    let response = &given.response;
    Ok(Assertion {
        credential: bytes("device_key.id", &given.id)?,
        client_data: bytes("device_key.response.clientDataJSON", &response.client_data)?,
        authenticator_data: bytes(
            "device_key.response.authenticatorData",
            &response.authenticator_data,
        )?,
        signature: bytes("device_key.response.signature", &response.signature)?,
    })
}

/// Enters that the payer was shown the payment. One that cannot be approved any more ends its session.
async fn show_payment(
    platform: &Platform,
    held: &Arc<Held>,
    shown: [u8; 32],
) -> Result<(), Refusal> {
    let of = Arc::clone(held);
    let done = platform.keep(move |shared| {
        let vault = shared.registry.vault();
        let collection = vault.collection(&of.tenant, &of.asked.collection)?;
        let Some(paying) = &of.asked.payment else {
            return Ok(true);
        };
        let id = paying.terms.id();
        match shared.registry.show_payment(&collection, id, &shown) {
            Ok(_) => Ok(true),
            Err(PayError::Payment(_) | PayError::Unknown) => Ok(false),
            Err(error) => Err(error.into()),
        }
    });
    if done.await? {
        return Ok(());
    }
    held.lock().session.cancel(false, platform.sessions.now());
    Err(Code::SessionOver.into())
}

fn holder(
    is_asked_for: bool,
    digits: Option<Zeroizing<String>>,
) -> Result<Option<HolderPart>, Refusal> {
    let Some(digits) = digits else {
        return Ok(None);
    };
    let refused = |detail| Refusal::of(Code::ValueInvalid, detail);
    if !is_asked_for {
        return Err(refused("`holder` is not asked for"));
    }
    let part = wire::bytes_32(&digits).map(Zeroizing::new);
    let part = part.ok_or_else(|| refused("`holder` is not 64 hexadecimal digits"))?;
    Ok(Some(HolderPart::new(&part[..]).map_err(VaultError::from)?))
}

pub(crate) async fn decline(State(platform): State<Platform>, Extension(held): Session) -> Answer {
    held.cancel(true, platform.sessions.now());
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) async fn socket(
    State(platform): State<Platform>,
    Extension(held): Session,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Answer {
    let upgrade = upgrade.map_err(|_| {
        let detail = "This route is a WebSocket (RFC 6455); without one, POST frames.";
        Refusal::of(Code::ParameterInvalid, detail)
    })?;
    let begun = Converse::begin(&platform, &held, true).await?;
    // What is somewhat too large is read, so that the client can be told; what is far too large is cut off.
    let most = 2 * (RULES.max_bytes as usize + 8);
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(most)
        .max_frame_size(most)
        .read_buffer_size(32 << 10)
        .write_buffer_size(4 << 10)
        .max_write_buffer_size(MOST_UNSENT);
    Ok(upgrade.on_upgrade(move |socket| serve(platform, held, socket, begun)))
}

pub(crate) async fn frames(Extension(held): Session, call: Call) -> Answer {
    let platform = call.platform.clone();
    // Whoever has a token of a session can send a body slowly, and many of them: they have places of their own.
    let posting = held.post(platform.sessions.now())?;
    let place = platform.frame_bodies.take(&held.key)?;
    let batch: FrameBatch = call.json().await?;
    drop(place);
    if batch.frames.len() > RULES.batch as usize {
        let detail = format!("`frames` has more than {} entries", RULES.batch);
        return Err(Refusal::of(Code::ValueInvalid, detail));
    }
    let frames = batch.frames.iter().map(frame);
    let frames = frames.collect::<Result<Vec<_>, Refusal>>()?;
    // A client that goes away must not take the challenge along.
    let done = tokio::spawn(async move {
        let done = answered(platform, held, frames).await;
        drop(posting);
        done
    });
    let done = done.await.map_err(|error| Refusal::internal(&error))?;
    ok(FrameMessages { messages: done? })
}

fn frame(entry: &FrameEntry) -> Result<Frame, Refusal> {
    let picture = Zeroizing::new(read_picture("picture", &entry.picture)?);
    if !(1..=RULES.max_bytes as usize).contains(&picture.len()) {
        let detail = format!("`picture` has not 1 to {} bytes", RULES.max_bytes);
        return Err(Refusal::of(Code::ValueInvalid, detail));
    }
    Ok(Frame {
        number: entry.frame,
        time_ms: entry.time_ms,
        picture,
    })
}
