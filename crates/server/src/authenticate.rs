//! Who asks, and whether they may: before anything of the body is read.

use crate::call::Caller;
use crate::platform::Platform;
use crate::refusal::Refusal;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use countenance_api::{Access, Code, ROUTES, Scope};
use countenance_core::vault::Name;

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
    if let Access::Scope(scope) = access {
        match admit(&platform, request.headers(), scope) {
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

fn admit(platform: &Platform, headers: &HeaderMap, scope: Scope) -> Result<Caller, Refusal> {
    let key = bearer(headers).ok_or(Code::KeyInvalid)?;
    // One row by its primary key: microseconds, and a key that was revoked is refused at once.
    let found = platform.keys.find(key, platform.clock.now());
    let entry = found
        .map_err(|error| Refusal::internal(&error))?
        .ok_or(Code::KeyInvalid)?;
    platform.count(&entry.id)?;
    if !entry.scopes.contains(&scope) {
        let detail = format!("The key lacks the scope `{scope}`.");
        return Err(Refusal::of(Code::ScopeMissing, detail));
    }
    let tenant = Name::new(&entry.tenant).map_err(|error| Refusal::internal(&error))?;
    Ok(Caller {
        tenant,
        scopes: entry.scopes,
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (scheme, key) = values.next()?.to_str().ok()?.split_once(' ')?;
    let alone = values.next().is_none();
    (alone && scheme.eq_ignore_ascii_case("bearer")).then_some(key.trim())
}
