//! Who asks: a key in a header, and the service it stands for.

use super::fault::Fault;
use crate::keys::Uuid;
use crate::observe::RequestId;
use crate::platform::Platform;
use crate::refusal::Refusal;
use axum::RequestExt as _;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, StatusCode};
use countenance_api::{CompatKey, CompatPurpose, CompatService, KeyEntry};
use countenance_core::Registry;
use countenance_core::vault::{Collection, Name, Purpose, VaultError};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The header of the key.
const KEY: &str = "x-api-key";
/// The header of what shows that a subject agreed.
const EVIDENCE: &str = "countenance-evidence";
/// Longest reference, in bytes.
pub(super) const MOST_EVIDENCE: usize = 200;

/// The service that a key stands for.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) tenant: Name,
    /// Id of the key.
    pub(super) id: String,
    pub(super) key: CompatKey,
}

/// A request whose key was checked.
pub(super) struct Ask {
    pub(super) platform: Platform,
    pub(super) service: Arc<Service>,
    pub(super) request: Request,
}

fn title(service: CompatService) -> &'static str {
    match service {
        CompatService::Detection => "Detection",
        CompatService::Recognition => "Recognition",
        CompatService::Verification => "Verification",
    }
}

impl Ask {
    /// The request, if its key is of this service.
    pub(super) async fn of(
        request: Request,
        platform: Platform,
        service: CompatService,
    ) -> Result<Self, Fault> {
        let presented = request.headers().get(KEY);
        let presented =
            presented.ok_or_else(|| Fault::bad(20, format!("Missing header: {KEY}")))?;
        let presented = presented.to_str().unwrap_or_default();
        let key: Uuid = presented
            .parse()
            .map_err(|_| Fault::invalid("Service API key should be UUID"))?;
        let found = admitted(&platform, key, service).await?;
        let found = found.ok_or_else(|| {
            let message = format!(
                "{} service with API Key {presented} not found",
                title(service)
            );
            Fault::of(StatusCode::NOT_FOUND, 10, message)
        })?;
        Ok(Self {
            platform,
            service: Arc::new(found),
            request,
        })
    }

    /// What stands in the path.
    pub(super) async fn path<T: DeserializeOwned + Send + 'static>(&mut self) -> Result<T, Fault> {
        let path = self.request.extract_parts::<Path<T>>().await;
        path.map(|Path(path)| path).map_err(|_| Fault::wrong())
    }

    /// The reference of what shows that a subject agreed, if the request has one in its header.
    pub(super) fn evidence(&self) -> Result<Option<String>, Fault> {
        evidence(self.request.headers())
    }

    /// What names this request: when it came and its id, which its answer has too.
    pub(super) fn reference(&self) -> String {
        let id = self.request.extensions().get::<RequestId>();
        let id = id.map_or("", |id| id.0.as_str());
        format!("{} {id}", self.platform.clock.now().unix())
    }
}

/// The service of a key, if it is this one.
pub(super) async fn admitted(
    platform: &Platform,
    key: Uuid,
    service: CompatService,
) -> Result<Option<Service>, Fault> {
    let fits = move |entry: &KeyEntry| {
        let compat = entry.compat.as_ref();
        compat.is_some_and(|compat| compat.service == service)
    };
    let found = if platform.keys.is_near() {
        platform.admit_compat(&key, fits)?
    } else {
        let platform = platform.clone();
        let span = tracing::Span::current();
        let asked = tokio::task::spawn_blocking(move || {
            span.in_scope(|| platform.admit_compat(&key, fits))
        });
        asked.await.map_err(|error| Refusal::internal(&error))??
    };
    let Some(entry) = found else { return Ok(None) };
    let (Ok(tenant), Some(key)) = (Name::new(&entry.tenant), entry.compat) else {
        return Ok(None);
    };
    tracing::Span::current().record("key", &entry.id);
    Ok(Some(Service {
        tenant,
        id: entry.id,
        key,
    }))
}

fn evidence(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let Some(value) = headers.get(EVIDENCE) else {
        return Ok(None);
    };
    let text = value.to_str().ok();
    let text = text.filter(|text| (1..=MOST_EVIDENCE).contains(&text.len()));
    let text = text.ok_or_else(|| {
        Fault::invalid(format!(
            "{EVIDENCE} has 1 to {MOST_EVIDENCE} printable characters"
        ))
    })?;
    Ok(Some(text.to_owned()))
}

impl Service {
    /// The collection of a recognition service.
    pub(super) fn collection(&self, registry: &Registry) -> Result<Collection, Fault> {
        let name = self.key.collection.as_deref().unwrap_or_default();
        let name = Name::new(name).map_err(VaultError::from)?;
        Ok(registry.vault().collection(&self.tenant, &name)?)
    }

    /// What subjects agree to.
    pub(super) fn purposes(&self) -> impl Iterator<Item = Purpose> {
        self.key.purposes.iter().map(|purpose| match purpose {
            CompatPurpose::Identify => Purpose::Identify,
            CompatPurpose::Verify => Purpose::Verify,
        })
    }

    /// Subjects have to have agreed to this.
    pub(super) fn needs(&self, purpose: CompatPurpose) -> Result<(), Fault> {
        if self.key.purposes.contains(&purpose) {
            return Ok(());
        }
        let name = match purpose {
            CompatPurpose::Identify => "identify",
            CompatPurpose::Verify => "verify",
        };
        let text = format!("This key was made without --purpose {name}");
        Err(Fault::of(StatusCode::FORBIDDEN, 26, text))
    }

    /// Embeddings go in and out only of a key that was made for it.
    pub(super) fn needs_embeddings(&self) -> Result<(), Fault> {
        if self.key.embeddings {
            return Ok(());
        }
        let text = "This key was made without --embeddings";
        Err(Fault::of(StatusCode::FORBIDDEN, 26, text))
    }
}
