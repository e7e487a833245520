//! Who asks, and whether they may: before anything of the body is read.

use crate::call::Caller;
use crate::consent_links::ConsentLink;
use crate::platform::Platform;
use crate::refusal::Refusal;
use crate::sessions::{Held, token_of};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use countenance_api::{Access, Code, ROUTES, Scope, TENANT_HEADER};
use countenance_core::Registry;
use countenance_core::vault::Name;
use std::sync::Arc;
use zeroize::Zeroizing;

/// That a request came over the socket in the data folder, which only the operator can open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FromOperator;

/// Lets through what stands in the table of routes and whose key has the scope; everything else ends here.
pub(crate) async fn authenticate(
    State(platform): State<Platform>,
    mut request: Request,
    next: Next,
) -> Response {
    let access = match access_of(&request) {
        Ok(access) => access,
        Err(code) => return Refusal::from(code).into_response(),
    };
    if access == Access::Capture {
        let Some(held) = held(&platform, &request) else {
            return Refusal::from(Code::CaptureTokenInvalid).into_response();
        };
        request.extensions_mut().insert(nobody(&held.tenant));
        request.extensions_mut().insert(held);
    }
    if access == Access::ConsentLink {
        let Some(link) = link(&platform, &request) else {
            return Refusal::from(Code::ConsentLinkInvalid).into_response();
        };
        let caller = nobody(&link.asked.tenant);
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(link);
    }
    if let Access::Scope(scope) = access {
        let caller = if request.extensions().get::<FromOperator>().is_some() {
            operator(request.headers())
        } else {
            admit(&platform, request.headers(), scope).await
        };
        match caller {
            Ok(caller) => request.extensions_mut().insert(caller),
            Err(refusal) => return refusal.into_response(),
        };
    }
    next.run(request).await
}

fn access_of(request: &Request) -> Result<Access, Code> {
    let path = request.extensions().get::<MatchedPath>();
    let path = path.ok_or(Code::RouteUnknown)?.as_str();
    let method = match request.method() {
        &Method::HEAD => Method::GET.as_str(),
        method => method.as_str(),
    };
    ROUTES
        .iter()
        .find(|route| route.path == path && route.method.name() == method)
        .map(|route| route.access)
        .ok_or(Code::MethodUnknown)
}

/// Whoever runs the platform may do everything, for the tenant that is named.
fn operator(headers: &HeaderMap) -> Result<Caller, Refusal> {
    let named = headers.get(TENANT_HEADER);
    let refused = || {
        Refusal::of(
            Code::ParameterInvalid,
            "Countenance-Tenant is no name of a tenant.",
        )
    };
    let name = match named {
        Some(name) => name.to_str().map_err(|_| refused())?,
        None => countenance_api::DEFAULT_TENANT,
    };
    let tenant = Name::new(name).map_err(|_| refused())?;
    if Registry::is_reserved(&tenant) {
        return Err(refused());
    }
    Ok(Caller {
        tenant,
        every_tenant: named.is_none(),
        key: String::new(),
        scopes: Scope::ALL.to_vec(),
    })
}

async fn admit(platform: &Platform, headers: &HeaderMap, scope: Scope) -> Result<Caller, Refusal> {
    let key = bearer(headers).ok_or(Code::KeyInvalid)?;
    // One row by its primary key, and no copy is kept: a key that was revoked is refused at once, whichever
    // node it was revoked at.
    let entry = if platform.keys.is_near() {
        platform.admit(key)?
    } else {
        let (platform, key) = (platform.clone(), Zeroizing::new(key.to_owned()));
        let span = tracing::Span::current();
        let asked = tokio::task::spawn_blocking(move || span.in_scope(|| platform.admit(&key)));
        asked.await.map_err(|error| Refusal::internal(&error))??
    };
    if !entry.scopes.contains(&scope) {
        let detail = format!("The key lacks the scope `{scope}`.");
        return Err(Refusal::of(Code::ScopeMissing, detail));
    }
    let tenant = Name::new(&entry.tenant).map_err(|error| Refusal::internal(&error))?;
    tracing::Span::current().record("key", &entry.id);
    Ok(Caller {
        tenant,
        every_tenant: false,
        key: entry.id,
        scopes: entry.scopes,
    })
}

/// The session in the path, if the request has its token.
fn held(platform: &Platform, request: &Request) -> Option<Arc<Held>> {
    let path = request.uri().path().strip_prefix("/v1/capture/")?;
    let id = path.split('/').next()?;
    let headers = request.headers();
    let token = bearer(headers).or_else(|| token_of(headers))?;
    platform.sessions.of_token(id, token)
}

/// The link in the path, if the request has its token.
fn link(platform: &Platform, request: &Request) -> Option<Arc<ConsentLink>> {
    let path = request.uri().path().strip_prefix("/v1/consent-links/")?;
    let id = path.split('/').next()?;
    let token = bearer(request.headers())?;
    let now = platform.sessions.now();
    platform.consent_links.of_token(id, token, now)
}

/// Whoever may do what a token opens, and nothing that takes a scope.
fn nobody(tenant: &Name) -> Caller {
    Caller {
        tenant: tenant.clone(),
        every_tenant: false,
        key: String::new(),
        scopes: Vec::new(),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (scheme, key) = values.next()?.to_str().ok()?.split_once(' ')?;
    let alone = values.next().is_none();
    (alone && scheme.eq_ignore_ascii_case("bearer")).then_some(key.trim())
}
