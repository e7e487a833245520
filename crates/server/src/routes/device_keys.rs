//! Device keys: registered, listed, removed.

use super::{answer, ok};
use crate::call::Call;
use crate::ceremonies::{Ceremony, LASTS};
use crate::platform::Platform;
use crate::refusal::{Answer, Refusal};
use crate::wire;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::{
    AuthenticatorSelection, Code, CollectionQuery, CreationOptions, CredentialKind,
    CredentialParty, CredentialRef, CredentialUser, DeviceKeyAnswer, DeviceKeyList,
    DeviceKeyOpened, DeviceKeyRequest,
};
use countenance_core::{
    ALGORITHMS, DeviceKeyError, DeviceKeyId, DeviceKeyOffer, Registration, RelyingParty,
};
use std::sync::Arc;

const PUBLIC_KEY: &str = "public-key";
const REQUIRED: &str = "required";
/// Characters that a device shows of an account.
const MOST_NAME: usize = 64;
/// Characters of an answer's longest part, in base64url.
const MOST_TEXT: usize = 22_000;

/// The relying party, if the server has one.
pub(super) fn party(platform: &Platform) -> Result<Arc<RelyingParty>, Refusal> {
    let party = platform.config.device_keys.as_ref();
    party.map(Arc::clone).ok_or(Code::DeviceKeysOff.into())
}

/// Bytes of an answer of a browser.
pub(super) fn bytes(name: &str, text: &str) -> Result<Vec<u8>, Refusal> {
    let fits = text.len() <= MOST_TEXT;
    let bytes = fits.then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten();
    bytes.ok_or_else(|| Refusal::of(Code::ValueInvalid, format!("`{name}` is not base64url")))
}

pub(crate) async fn list(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let named = call.named(query.collection.as_deref()).await?;
    let all = call.platform.keep(move |shared| {
        let registry = &shared.registry;
        let all = named.with(registry, |claim| registry.device_keys(claim))?;
        Ok(all.iter().map(wire::device_key).collect())
    });
    ok(DeviceKeyList {
        device_keys: all.await?,
    })
}

pub(crate) async fn open(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let named = call.named(query.collection.as_deref()).await?;
    let (platform, caller) = (call.platform.clone(), Arc::clone(&call.caller));
    let party = party(&platform)?;
    let request: DeviceKeyRequest = call.json().await?;
    let name = request.name.unwrap_or_else(|| {
        let name = named.subject.as_str().chars().take(MOST_NAME);
        name.collect()
    });
    let shown = (1..=MOST_NAME).contains(&name.chars().count());
    if !shown || name.contains(char::is_control) {
        let detail = "`name` is not 1 to 64 characters without control characters";
        return Err(Refusal::of(Code::ValueInvalid, detail));
    }
    let mut challenge = [0; 32];
    let filled = platform.random.fill(&mut challenge);
    filled.map_err(|error| Refusal::internal(&error))?;
    let label = request.label;
    let (tenant, collection) = {
        let (tenant, collection) = named.place();
        (tenant.clone(), collection.clone())
    };
    let ceremony = Ceremony {
        tenant,
        collection,
        subject: named.subject.clone(),
        key: caller.key.clone(),
        label: label.clone(),
        challenge,
    };
    let offer = platform.keep(move |shared| {
        let registry = &shared.registry;
        let collection = named.collection(registry)?;
        Ok(registry.offer_device_key(&named.claim(&collection), &label)?)
    });
    let offer = offer.await?;
    let by = (platform.config.sessions.node.as_str(), &*platform.random);
    let id = platform
        .ceremonies
        .begin(by, ceremony, platform.sessions.now())?;
    answer(
        StatusCode::CREATED,
        DeviceKeyOpened {
            id,
            expires: platform.clock.now().unix() + LASTS.as_secs(),
            public_key: options(&party, (&challenge, name), &offer),
        },
    )
}

fn options(
    party: &RelyingParty,
    (challenge, name): (&[u8; 32], String),
    offer: &DeviceKeyOffer,
) -> CreationOptions {
    let credential = |id: &Vec<u8>| CredentialRef {
        kind: PUBLIC_KEY.to_owned(),
        id: URL_SAFE_NO_PAD.encode(id),
    };
    CreationOptions {
        rp: CredentialParty {
            id: party.id().to_owned(),
            name: party.id().to_owned(),
        },
        user: CredentialUser {
            id: URL_SAFE_NO_PAD.encode(offer.user),
            display_name: name.clone(),
            name,
        },
        challenge: URL_SAFE_NO_PAD.encode(challenge),
        pub_key_cred_params: ALGORITHMS
            .iter()
            .map(|alg| CredentialKind {
                kind: PUBLIC_KEY.to_owned(),
                alg: *alg,
            })
            .collect(),
        timeout: LASTS.as_millis() as u64,
        exclude_credentials: offer.known.iter().map(credential).collect(),
        authenticator_selection: AuthenticatorSelection {
            resident_key: REQUIRED.to_owned(),
            require_resident_key: true,
            user_verification: REQUIRED.to_owned(),
        },
        attestation: "none".to_owned(),
    }
}

pub(crate) async fn finish(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let (named, id) = call.named_in(query.collection.as_deref()).await?;
    let platform = call.platform.clone();
    let party = party(&platform)?;
    let given: DeviceKeyAnswer = call.json().await?;
    let response = &given.credential.response;
    let registration = Registration {
        client_data: bytes("credential.response.clientDataJSON", &response.client_data)?,
        attestation: bytes(
            "credential.response.attestationObject",
            &response.attestation_object,
        )?,
    };
    let mut new = [0; 16];
    let filled = platform.random.fill(&mut new);
    filled.map_err(|error| Refusal::internal(&error))?;
    let (tenant, collection) = named.place();
    let whom = (tenant, collection, &named.subject);
    let begun = platform.ceremonies.take(&id, whom, platform.sessions.now());
    let begun = begun.ok_or(Code::DeviceKeyUnknown)?;
    let added = platform.keep(move |shared| {
        let registry = &shared.registry;
        let collection = named.collection(registry)?;
        let added = registry.add_device_key(
            &named.claim(&collection),
            (&party, &begun.challenge),
            (DeviceKeyId::new(new), &begun.label),
            &registration,
        );
        Ok(wire::device_key(&added?))
    });
    answer(StatusCode::CREATED, added.await?)
}

pub(crate) async fn remove(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let (named, id) = call.named_in(query.collection.as_deref()).await?;
    let removed = call.platform.keep(move |shared| {
        let registry = &shared.registry;
        let collection = named.collection(registry)?;
        let claim = named.claim(&collection);
        // Who asks about nobody is told so first, whatever the id.
        registry.subject(&collection, &named.subject)?;
        let id = id.parse().map_err(|()| DeviceKeyError::Unknown)?;
        Ok(registry.remove_device_key(&claim, id)?)
    });
    removed.await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl From<DeviceKeyError> for Refusal {
    fn from(error: DeviceKeyError) -> Self {
        match error {
            DeviceKeyError::Answer(fault) => {
                Self::of(Code::ValueInvalid, format!("`credential`: {fault}"))
            }
            DeviceKeyError::Label => Self::of(Code::ValueInvalid, error.to_string()),
            DeviceKeyError::Unknown => Code::DeviceKeyUnknown.into(),
            DeviceKeyError::Vault(error) => error.into(),
            _ => Self::internal(&error),
        }
    }
}
