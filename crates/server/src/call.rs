//! One request on its way through a route: who asks, about whom, with what.

use crate::platform::Platform;
use crate::refusal::Refusal;
use crate::wire;
use axum::RequestExt as _;
use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Path, Query, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countenance_api::{Code, DEFAULT_COLLECTION, HOLDER_HEADER, Scope};
use countenance_core::vault::{Collection, ExternalId, HolderPart, Name, VaultError};
use countenance_core::{Claim, Registry};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Parts of a form; more are refused.
const MOST_PARTS: usize = 32;
/// Longest detail that repeats what a parser says.
const MOST_DETAIL: usize = 200;

/// Whoever's key was presented.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) tenant: Name,
    /// Whether the operator asks and names no tenant.
    pub(crate) every_tenant: bool,
    /// Id of the key; empty for the operator.
    pub(crate) key: String,
    pub(crate) scopes: Vec<Scope>,
}

impl Caller {
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The tenant whose keys it may see and revoke; nothing for all.
    pub(crate) fn reach(&self) -> Option<&str> {
        (!self.every_tenant).then(|| self.tenant.as_str())
    }
}

/// A request whose key was checked.
pub(crate) struct Call {
    pub(crate) platform: Platform,
    pub(crate) caller: Arc<Caller>,
    request: Request,
}

/// The body of a request that may come in two ways.
pub(crate) enum Body {
    /// JSON text.
    Json(Bytes),
    /// The parts of a form, by name.
    Form(Vec<(String, Bytes)>),
}

/// Everything that says whom a request is about, but the id.
#[derive(Debug)]
pub(crate) struct Naming {
    tenant: Name,
    collection: Name,
    holder: Option<HolderPart>,
}

/// Whom a request is about.
#[derive(Debug)]
pub(crate) struct Named {
    naming: Naming,
    pub(crate) subject: ExternalId,
}

impl FromRequest<Platform> for Call {
    type Rejection = Refusal;

    async fn from_request(request: Request, platform: &Platform) -> Result<Self, Refusal> {
        let caller = request.extensions().get::<Caller>().cloned();
        // Without a caller only public routes get here, and those do not ask for a call.
        let caller = caller.ok_or(Code::KeyInvalid)?;
        Ok(Self {
            platform: platform.clone(),
            caller: Arc::new(caller),
            request,
        })
    }
}

impl Call {
    /// The query, where every parameter is known.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let query = Query::<T>::try_from_uri(self.request.uri());
        let Query(query) = query
            .map_err(|error| Refusal::of(Code::ParameterInvalid, shortened(&error.body_text())))?;
        Ok(query)
    }

    /// The one value in the path.
    pub(crate) async fn segment(&mut self) -> Result<String, Refusal> {
        let path = self.request.extract_parts::<Path<String>>().await;
        let Path(segment) = path.map_err(|_| {
            Refusal::of(
                Code::ParameterInvalid,
                "The path is not percent-encoded UTF-8.",
            )
        })?;
        Ok(segment)
    }

    /// The subject in the path, the collection of the query and the holder part of the header.
    pub(crate) async fn named(&mut self, collection: Option<&str>) -> Result<Named, Refusal> {
        let segment = self.segment().await?;
        self.naming(collection)?.of(&segment)
    }

    /// The same where an id of something of theirs follows in the path.
    pub(crate) async fn named_in(
        &mut self,
        collection: Option<&str>,
    ) -> Result<(Named, String), Refusal> {
        let path = self.request.extract_parts::<Path<(String, String)>>().await;
        let Path((subject, id)) = path.map_err(|_| {
            Refusal::of(
                Code::ParameterInvalid,
                "The path is not percent-encoded UTF-8.",
            )
        })?;
        Ok((self.naming(collection)?.of(&subject)?, id))
    }

    /// The same where the id comes with the body.
    pub(crate) fn naming(&self, collection: Option<&str>) -> Result<Naming, Refusal> {
        Ok(Naming {
            tenant: self.caller.tenant.clone(),
            collection: collection_name(collection)?,
            holder: holder(self.request.headers())?,
        })
    }

    /// The holder part of the header, if there is one.
    pub(crate) fn holder(&self) -> Result<Option<HolderPart>, Refusal> {
        holder(self.request.headers())
    }

    /// The collection alone.
    pub(crate) fn collection(&self, name: Option<&str>) -> Result<(Name, Name), Refusal> {
        Ok((self.caller.tenant.clone(), collection_name(name)?))
    }

    /// The tenant and the collection that the path names.
    pub(crate) async fn collection_in_path(&mut self) -> Result<(Name, Name), Refusal> {
        let segment = self.segment().await?;
        self.collection(Some(&segment))
    }

    /// A JSON body.
    pub(crate) async fn json<T: DeserializeOwned>(self) -> Result<T, Refusal> {
        match self.body().await? {
            Body::Json(bytes) => read_json(&bytes),
            Body::Form(_) => Err(Code::ContentTypeUnknown.into()),
        }
    }

    /// The body, within its bounds of size and time.
    pub(crate) async fn body(self) -> Result<Body, Refusal> {
        let kind = self.request.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
        let limit = self.platform.config.max_body_bytes;
        refuse_declared(self.request.headers(), limit)?;
        let read = async {
            if kind.eq_ignore_ascii_case("application/json") {
                let bytes = Bytes::from_request(self.request, &()).await;
                bytes.map(Body::Json).map_err(|rejection| {
                    broken(
                        rejection.into_response().status(),
                        limit,
                        "The body broke off.",
                    )
                })
            } else if kind.eq_ignore_ascii_case("multipart/form-data") {
                form(self.request, limit).await
            } else {
                Err(Code::ContentTypeUnknown.into())
            }
        };
        timeout(self.platform.config.body_timeout, read)
            .await
            .unwrap_or_else(|_| Err(Code::BodyTimeout.into()))
    }
}

impl Naming {
    /// With the id.
    pub(crate) fn of(self, id: &str) -> Result<Named, Refusal> {
        Ok(Named {
            naming: self,
            subject: ExternalId::new(id).map_err(VaultError::from)?,
        })
    }
}

impl Named {
    /// Whom the server itself names.
    pub(crate) fn new(
        (tenant, collection): (Name, Name),
        subject: ExternalId,
        holder: Option<HolderPart>,
    ) -> Self {
        Self {
            naming: Naming {
                tenant,
                collection,
                holder,
            },
            subject,
        }
    }

    /// The claim this makes, in the collection it names.
    pub(crate) fn with<T>(
        &self,
        registry: &Registry,
        work: impl FnOnce(&Claim<'_>) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let collection = self.collection(registry)?;
        work(&self.claim(&collection))
    }

    /// Tenant and collection by their names.
    pub(crate) fn place(&self) -> (&Name, &Name) {
        (&self.naming.tenant, &self.naming.collection)
    }

    /// The collection it names, of the tenant whose key was presented and no other.
    pub(crate) fn collection(&self, registry: &Registry) -> Result<Collection, VaultError> {
        let naming = &self.naming;
        registry
            .vault()
            .collection(&naming.tenant, &naming.collection)
    }

    pub(crate) fn claim<'a>(&'a self, collection: &'a Collection) -> Claim<'a> {
        Claim {
            collection,
            subject: &self.subject,
            holder: self.naming.holder.as_ref(),
        }
    }
}

impl Body {
    /// The one part of a form, or one of several, by name.
    pub(crate) fn part(parts: &mut Vec<(String, Bytes)>, name: &str) -> Result<Bytes, Refusal> {
        let at = parts.iter().position(|(given, _)| given == name);
        let at =
            at.ok_or_else(|| Refusal::of(Code::BodyInvalid, format!("`{name}` is missing")))?;
        Ok(parts.swap_remove(at).1)
    }

    /// Nothing may be left over.
    pub(crate) fn done(parts: &[(String, Bytes)]) -> Result<(), Refusal> {
        match parts.first() {
            None => Ok(()),
            Some((name, _)) => Err(Refusal::of(
                Code::BodyInvalid,
                shortened(&format!("`{name}` is one too many or not known")),
            )),
        }
    }
}

/// Reads a JSON object. Where a struct is wanted the reader would take an array for one, too.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|first| *first != b'{') {
        return Err(Refusal::of(
            Code::BodyInvalid,
            "The body is no JSON object.",
        ));
    }
    serde_json::from_slice(bytes)
        .map_err(|error| Refusal::of(Code::BodyInvalid, shortened(&error.to_string())))
}

/// Reads a picture in base64.
pub(crate) fn read_picture(name: &str, text: &str) -> Result<Vec<u8>, Refusal> {
    STANDARD.decode(text).map_err(|_| {
        Refusal::of(
            Code::BodyInvalid,
            format!("`{name}` is not base64 (RFC 4648, with padding)"),
        )
    })
}

async fn form(request: Request, limit: usize) -> Result<Body, Refusal> {
    let failed = |error: MultipartError| broken(error.status(), limit, "The form does not read.");
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| Refusal::of(Code::BodyInvalid, "The form has no boundary."))?;
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(failed)? {
        if parts.len() == MOST_PARTS {
            let detail = format!("The form has more than {MOST_PARTS} parts.");
            return Err(Refusal::of(Code::BodyInvalid, detail));
        }
        let name = field.name().unwrap_or_default().to_owned();
        parts.push((name, field.bytes().await.map_err(failed)?));
    }
    Ok(Body::Form(parts))
}

/// Refuses a body that says itself that it is too large, before any of it is waited for.
pub(crate) fn refuse_declared(headers: &HeaderMap, limit: usize) -> Result<(), Refusal> {
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > limit as u64 => {
            Err(broken(StatusCode::PAYLOAD_TOO_LARGE, limit, ""))
        }
        _ => Ok(()),
    }
}

fn broken(status: StatusCode, limit: usize, detail: &str) -> Refusal {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = format!("The body has more than {limit} bytes.");
        Refusal::of(Code::BodyTooLarge, detail)
    } else {
        Refusal::of(Code::BodyInvalid, detail)
    }
}

fn collection_name(name: Option<&str>) -> Result<Name, Refusal> {
    Ok(Name::new(name.unwrap_or(DEFAULT_COLLECTION)).map_err(VaultError::from)?)
}

fn holder(headers: &HeaderMap) -> Result<Option<HolderPart>, Refusal> {
    let Some(value) = headers.get(HOLDER_HEADER) else {
        return Ok(None);
    };
    let refused = || {
        Refusal::of(
            Code::ParameterInvalid,
            "Countenance-Holder is not 64 hexadecimal digits.",
        )
    };
    let digits = value.to_str().map_err(|_| refused())?;
    let part = Zeroizing::new(wire::bytes_32(digits).ok_or_else(refused)?);
    Ok(Some(HolderPart::new(&part[..]).map_err(VaultError::from)?))
}

fn shortened(text: &str) -> String {
    text.chars().take(MOST_DETAIL).collect()
}
