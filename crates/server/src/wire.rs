//! From the values of the core to those that travel.

use crate::keys::hex;
use crate::refusal::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countenance_api::{self as api, Code};
use countenance_core::vault::{
    Consent, ConsentEntry, ConsentState, Event, EventKind, HeldDeviceKey, HeldPayment, LogContent,
    LogEntry, Outcome, Purpose, RandomError, SubjectExport, SubjectKind, Timestamp,
};
use countenance_core::{Decision, DetectedFace, DeviceKey, Payment, PaymentState, Side, Terms};

/// What a subject can consent to.
pub(crate) const PURPOSES: [Purpose; 5] = [
    Purpose::Verify,
    Purpose::Identify,
    Purpose::IdentityCheck,
    Purpose::Payment,
    Purpose::DeviceUnlock,
];

/// What is never done here: no type, field or route for any of it exists.
pub(crate) const NEVER: [&str; 4] = [
    "watching cameras",
    "searching for people who did not agree",
    "following where people go",
    "guessing what people are like or feel",
];

/// A purpose on the wire.
pub(crate) fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Verify => "verify",
        Purpose::Identify => "identify",
        Purpose::IdentityCheck => "identity_check",
        Purpose::Payment => "payment",
        Purpose::DeviceUnlock => "device_unlock",
        _ => "other",
    }
}

/// The purpose of a name on the wire.
pub(crate) fn purpose_of(name: &str) -> Result<Purpose, Refusal> {
    let known = PURPOSES.into_iter().find(|one| purpose(*one) == name);
    known.ok_or_else(|| Refusal::of(Code::ValueInvalid, "`purpose` is none that is known"))
}

pub(crate) fn decision(decision: Decision) -> api::Decision {
    match decision {
        Decision::Accept => api::Decision::Accept,
        Decision::Recapture(_) => api::Decision::Recapture,
        Decision::Reject => api::Decision::Reject,
    }
}

pub(crate) fn side(side: Side) -> api::Side {
    match side {
        Side::Probe => api::Side::Probe,
        Side::Reference => api::Side::Reference,
    }
}

pub(crate) fn kind(kind: SubjectKind) -> api::SubjectKind {
    match kind {
        SubjectKind::HolderBound => api::SubjectKind::HolderBound,
        _ => api::SubjectKind::OperatorKey,
    }
}

pub(crate) fn consent(entry: &ConsentEntry) -> api::Consent {
    let grant = entry.grant.as_ref();
    api::Consent {
        number: entry.number,
        purpose: purpose(entry.purpose).to_owned(),
        state: match entry.state {
            ConsentState::Active => "active",
            ConsentState::Withdrawn => "withdrawn",
            _ => "expired",
        }
        .to_owned(),
        expires: entry.expires.unix(),
        text_version: grant.map(|grant| grant.text_version.as_str().to_owned()),
        granted: grant.map(|grant| grant.granted.unix()),
        evidence_sha256: grant.map(|grant| hex(&grant.evidence)),
    }
}

/// The entries as their subject is shown them: one that has run out is expired, whether or not the job came by.
pub(crate) fn own_consents(entries: &[ConsentEntry], now: Timestamp) -> Vec<api::Consent> {
    let at_now = |entry: &ConsentEntry| {
        let mut read = consent(entry);
        if entry.state == ConsentState::Active && entry.expires <= now {
            "expired".clone_into(&mut read.state);
        }
        read
    };
    entries.iter().map(at_now).collect()
}

/// A consent that was just entered.
pub(crate) fn granted(consent: &Consent) -> api::Consent {
    api::Consent {
        number: consent.number(),
        purpose: purpose(consent.purpose()).to_owned(),
        state: "active".to_owned(),
        expires: consent.expires().unix(),
        text_version: Some(consent.text_version().as_str().to_owned()),
        granted: Some(consent.granted().unix()),
        evidence_sha256: Some(hex(consent.evidence())),
    }
}

pub(crate) fn export(
    export: &SubjectExport,
    leaf: impl Fn(u64) -> Result<String, RandomError>,
) -> Result<api::ExportAnswer, RandomError> {
    let templates = export
        .references
        .iter()
        .map(|reference| api::ExportTemplate {
            number: reference.number,
            model: reference.model.as_str().to_owned(),
            template: STANDARD.encode(&reference.template[..]),
        });
    let now = export
        .events
        .last()
        .map_or(export.created, |entry| entry.event.time);
    let notes = export.payments.iter().map(HeldPayment::note);
    let payments = notes
        .filter_map(Payment::from_bytes)
        .map(|read| payment(&read, now));
    let device_keys = export.device_keys.iter().map(HeldDeviceKey::note);
    let device_keys = device_keys
        .filter_map(DeviceKey::from_bytes)
        .map(|key| device_key(&key));
    let events = export.events.iter().map(|entry| {
        Ok(api::ExportEvent {
            kind: event(entry.event.kind).to_owned(),
            time: entry.event.time.unix(),
            outcome: entry.event.outcome.map(|outcome| ended(outcome).to_owned()),
            purpose: entry.event.purpose.map(|one| purpose(one).to_owned()),
            by: by(&entry.event),
            leaf: leaf(entry.leaf)?,
            leaf_bytes: hex(&entry.leaf_bytes),
        })
    });
    Ok(api::ExportAnswer {
        id: export.external_id.as_str().to_owned(),
        kind: kind(export.kind),
        created: export.created.unix(),
        used_day: export.used_day,
        attempts: export.attempts,
        consents: export.consents.iter().map(consent).collect(),
        templates: templates.collect(),
        payments: payments.collect(),
        device_keys: device_keys.collect(),
        events: events.collect::<Result<_, _>>()?,
    })
}

/// An entry of the log. Of what is about a person the day is enough: that somebody was there at a second of it would
/// tell who to whoever saw them.
pub(crate) fn log_entry(entry: &LogEntry) -> api::LogEntry {
    let (content, event) = match &entry.content {
        LogContent::Event(event) => (api::LogContent::Open, Some(event)),
        LogContent::Sealed => (api::LogContent::Sealed, None),
        LogContent::Shredded => (api::LogContent::Shredded, None),
    };
    let time = event.filter(|event| is_of_nobody(event.kind));
    api::LogEntry {
        leaf: entry.leaf,
        leaf_hash: hex(&entry.leaf_hash),
        content,
        kind: event.map(|event| self::event(event.kind).to_owned()),
        day: event.map(|event| event.time.unix() / 86_400),
        time: time.map(|event| event.time.unix()),
        outcome: event
            .and_then(|event| event.outcome)
            .map(|outcome| ended(outcome).to_owned()),
        purpose: event
            .and_then(|event| event.purpose)
            .map(|purpose| self::purpose(purpose).to_owned()),
        by: event.and_then(by),
    }
}

/// Who caused an event, where it is not whoever has a key.
fn by(event: &Event) -> Option<String> {
    event.is_their_own().then(|| "subject".to_owned())
}

/// Whether an event is about the vault, a tenant, a collection or a key, and no person.
fn is_of_nobody(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::VaultCreated
            | EventKind::TenantCreated
            | EventKind::CollectionCreated
            | EventKind::TenantKeyRotated
            | EventKind::RootReplaced
            | EventKind::Restored
            | EventKind::OpenedForSearch
            | EventKind::CollectionSet
            | EventKind::KeyMade
            | EventKind::KeyRevoked
    )
}

fn event(kind: EventKind) -> &'static str {
    match kind {
        EventKind::VaultCreated => "vault_created",
        EventKind::TenantCreated => "tenant_created",
        EventKind::CollectionCreated => "collection_created",
        EventKind::TenantKeyRotated => "tenant_key_rotated",
        EventKind::RootReplaced => "root_replaced",
        EventKind::Restored => "restored",
        EventKind::OpenedForSearch => "opened_for_search",
        EventKind::CollectionSet => "collection_set",
        EventKind::KeyMade => "key_made",
        EventKind::KeyRevoked => "key_revoked",
        EventKind::PresenceJudged => "presence_judged",
        EventKind::PaymentChanged => "payment_changed",
        EventKind::DeviceKeyChanged => "device_key_changed",
        EventKind::SubjectAdded => "subject_added",
        EventKind::ConsentGranted => "consent_granted",
        EventKind::ConsentWithdrawn => "consent_withdrawn",
        EventKind::ConsentExpired => "consent_expired",
        EventKind::Enrolled => "enrolled",
        EventKind::RecordRemoved => "record_removed",
        EventKind::Decided => "decided",
        EventKind::Exported => "exported",
        EventKind::Erased => "erased",
        _ => "other",
    }
}

fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accept => "accept",
        Outcome::Ambiguous => "ambiguous",
        Outcome::Recapture => "recapture",
        Outcome::Refer => "refer",
        _ => "reject",
    }
}

pub(crate) fn face(found: &DetectedFace) -> api::Face {
    let (area, quality) = (&found.face.area, &found.quality);
    api::Face {
        area: api::Area {
            x: rounded(area.x, 2),
            y: rounded(area.y, 2),
            width: rounded(area.width, 2),
            height: rounded(area.height, 2),
        },
        landmarks: found
            .face
            .landmarks
            .map(|point| [rounded(point.x, 2), rounded(point.y, 2)]),
        quality: api::Quality {
            face_width_px: rounded(quality.face_width_px, 1),
            sharpness: rounded(quality.sharpness, 3),
            brightness: rounded(quality.brightness, 1),
            contrast: rounded(quality.contrast, 1),
            yaw_deg: rounded(quality.yaw_deg, 1),
            pitch_deg: rounded(quality.pitch_deg, 1),
            roll_deg: rounded(quality.roll_deg, 1),
            visible_fraction: rounded(quality.visible_fraction, 3),
        },
        causes: found
            .causes
            .iter()
            .map(|cause| cause.code().to_owned())
            .collect(),
    }
}

/// A comparison score or threshold, to four digits: finer ones help only whoever climbs.
pub(crate) fn score(cosine: f32) -> f64 {
    rounded(cosine, 4)
}

/// A value to so many decimals; adding zero makes a zero of a negative zero.
fn rounded(value: f32, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (f64::from(value) * scale).round() / scale + 0.0
}

/// 64 hexadecimal digits as 32 bytes.
pub(crate) fn bytes_32(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Some(bytes)
}

/// A device key as those see it who see its subject.
#[must_use]
pub fn device_key(key: &DeviceKey) -> api::DeviceKeyEntry {
    api::DeviceKeyEntry {
        id: key.id().to_string(),
        label: key.label().to_owned(),
        added: key.added().unix(),
        used: key.used().map(Timestamp::unix),
        synced: key.is_synced(),
    }
}

/// A payment as its payer is shown it.
pub(crate) fn shown(terms: &Terms) -> api::CapturePayment {
    api::CapturePayment {
        id: terms.id().to_string(),
        amount: terms.amount(),
        currency: terms.currency().code().to_owned(),
        digits: terms.currency().digits(),
        payee: terms.payee().to_owned(),
        order: terms.order().to_owned(),
        expires: terms.expires().unix(),
    }
}

/// A payment as whoever made it sees it.
#[must_use]
pub fn payment(payment: &Payment, now: Timestamp) -> api::PaymentAnswer {
    let terms = payment.terms();
    let state = payment.state(now);
    let (authorized, factors) = match state {
        PaymentState::Authorized { at, device } => {
            let mut factors = vec!["face".to_owned()];
            factors.extend(device.then(|| "device-key".to_owned()));
            (Some(at.unix()), Some(factors))
        }
        _ => (None, None),
    };
    let policy = if payment.needs_device() {
        "device-key"
    } else {
        "single-factor"
    };
    let refunds = payment.refunds().iter().map(|refund| api::RefundEntry {
        amount: refund.amount,
        at: refund.at.unix(),
    });
    api::PaymentAnswer {
        id: terms.id().to_string(),
        state: state.name().to_owned(),
        amount: terms.amount(),
        currency: terms.currency().code().to_owned(),
        payee: terms.payee().to_owned(),
        order: terms.order().to_owned(),
        created: payment.created().unix(),
        expires: terms.expires().unix(),
        shown_sha256: hex(&terms.sha256()),
        policy: policy.to_owned(),
        authorized,
        factors,
        refunded: payment.refunded(),
        refunds: refunds.collect(),
    }
}
