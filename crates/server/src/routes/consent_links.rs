//! Consent links: opened for a subject, who then sees and withdraws their own consents (docs/spec/consent-link-v1.md).

use super::capture::assertion;
use super::{answer, ok};
use crate::call::{Call, Named};
use crate::consent_links::{AskedProof, ConsentLink, LASTS, LinkAsked};
use crate::platform::Platform;
use crate::refusal::{Answer, Refusal};
use crate::sessions::check_shown;
use crate::wire;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::{
    CaptureDeviceKey, Code, CollectionQuery, ConsentLinkAnswer, ConsentLinkOpened,
    ConsentLinkRequest, CredentialUsed, OwnConsents, OwnConsentsRequest, OwnWithdrawal,
    OwnWithdrawalRequest,
};
use countenance_core::ConsentsProof;
use countenance_core::vault::{HolderPart, SubjectKind};
use std::sync::Arc;
use std::time::Duration;

type Link = Extension<Arc<ConsentLink>>;

pub(crate) async fn open(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let named = call.named(query.collection.as_deref()).await?;
    let (platform, caller) = (call.platform.clone(), Arc::clone(&call.caller));
    let request: ConsentLinkRequest = call.json().await?;
    check_shown(
        &request.audience,
        &request.way_out,
        request.passkey.as_ref(),
    )?;
    let (tenant, collection) = {
        let (tenant, collection) = named.place();
        (tenant.clone(), collection.clone())
    };
    let subject = named.subject.clone();
    let (passkey, party) = (request.passkey, platform.config.device_keys.clone());
    // Whoever has the scope sees the subjects anyway, and is told what stands in the way.
    let proof = platform.keep(move |shared| {
        let registry = &shared.registry;
        let collection = named.collection(registry)?;
        let subject = registry.subject(&collection, &named.subject)?;
        match passkey {
            Some(passkey) if subject.kind() == SubjectKind::HolderBound => {
                Ok(AskedProof::Holder(passkey))
            }
            Some(_) => {
                let detail = "`passkey` is for holder-bound subjects only, and this one is none";
                Err(Refusal::of(Code::ValueInvalid, detail))
            }
            None if registry.device_keys(&named.claim(&collection))?.is_empty() => {
                Err(Code::PasskeyMissing.into())
            }
            None => Ok(AskedProof::Device(party.ok_or(Code::DeviceKeysOff)?)),
        }
    });
    let asked = LinkAsked {
        proof: proof.await?,
        tenant,
        collection,
        subject,
        key: caller.key.clone(),
        audience: request.audience,
        way_out: request.way_out,
    };
    let by = (platform.config.sessions.node.as_str(), &*platform.random);
    let now = platform.sessions.now();
    let (id, token) = platform.consent_links.open(by, asked, now)?;
    answer(
        StatusCode::CREATED,
        ConsentLinkOpened {
            id,
            token: token.to_string(),
            expires: platform.clock.now().unix() + LASTS.as_secs(),
        },
    )
}

fn millis(left: Duration) -> u64 {
    u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) async fn show(State(platform): State<Platform>, Extension(link): Link) -> Answer {
    let now = platform.sessions.now();
    let (nonce, left) = link.challenge(&*platform.random, now)?;
    let asked = &link.asked;
    let (passkey, device_key) = match &asked.proof {
        AskedProof::Holder(passkey) => (Some(passkey.clone()), None),
        AskedProof::Device(party) => {
            let device = CaptureDeviceKey {
                relying_party: party.id().to_owned(),
                nonce: URL_SAFE_NO_PAD.encode(nonce),
            };
            (None, Some(device))
        }
    };
    ok(ConsentLinkAnswer {
        link: link.id.clone(),
        ends_in_ms: millis(left),
        audience: asked.audience.clone(),
        way_out: asked.way_out.clone(),
        passkey,
        device_key,
    })
}

/// Whom a link is about, with what they proved themselves with.
fn named(link: &ConsentLink, holder: Option<HolderPart>) -> Named {
    let asked = &link.asked;
    let place = (asked.tenant.clone(), asked.collection.clone());
    Named::new(place, asked.subject.clone(), holder)
}

/// What came, if it is of the kind that was asked for.
fn proof(
    link: &ConsentLink,
    device: Option<&CredentialUsed>,
    holder: Option<&HolderPart>,
) -> Result<Option<ConsentsProof>, Refusal> {
    let refused = |detail| Err(Refusal::of(Code::ValueInvalid, detail));
    match (&link.asked.proof, device, holder) {
        (AskedProof::Holder(_), None, Some(_)) => Ok(None),
        (AskedProof::Holder(_), _, _) => {
            refused("this link asks for the header Countenance-Holder, and for no `device_key`")
        }
        (AskedProof::Device(party), Some(given), None) => Ok(Some(ConsentsProof {
            party: Arc::clone(party),
            link: link.id.clone(),
            nonce: [0; 32],
            assertion: assertion(given)?,
        })),
        (AskedProof::Device(_), _, _) => {
            refused("this link asks for `device_key`, and for no holder part")
        }
    }
}

pub(crate) async fn consents(Extension(link): Link, call: Call) -> Answer {
    let platform = call.platform.clone();
    let holder = call.holder()?;
    let given: OwnConsentsRequest = call.json().await?;
    // What does not read is told, and is no answer.
    let mut proof = proof(&link, given.device_key.as_ref(), holder.as_ref())?;
    let answering = link.begin_answer(&*platform.random, platform.sessions.now())?;
    if let Some(proof) = &mut proof {
        proof.nonce = answering.nonce;
    }
    let named = named(&link, holder);
    let shown = platform.keep(move |shared| {
        let registry = &shared.registry;
        let shown = named.with(registry, |claim| {
            registry.show_own_consents(claim, proof.as_ref())
        });
        shown?.ok_or_else(|| Code::ConsentLinkInvalid.into())
    });
    let shown = shown.await?;
    let now = platform.sessions.now();
    let permit = answering.show(&*platform.random, shown.key, now)?;
    ok(OwnConsents {
        permit: permit.to_string(),
        ends_in_ms: millis(LASTS),
        consents: wire::own_consents(&shown.consents, platform.clock.now()),
    })
}

pub(crate) async fn withdraw(Extension(link): Link, call: Call) -> Answer {
    let platform = call.platform.clone();
    let given: OwnWithdrawalRequest = call.json().await?;
    let purpose = wire::purpose_of(&given.purpose)?;
    let key = link.permitted(&given.permit, platform.sessions.now())?;
    let named = named(&link, None);
    let done = platform.keep(move |shared| {
        let registry = &shared.registry;
        let done = named.with(registry, |claim| registry.withdraw_own(claim, key, purpose));
        done?.ok_or_else(|| Code::ConsentLinkInvalid.into())
    });
    let (withdrawn, consents) = done.await?;
    ok(OwnWithdrawal {
        withdrawn,
        consents: wire::own_consents(&consents, platform.clock.now()),
    })
}
