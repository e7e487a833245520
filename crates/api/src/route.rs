//! Every route, and who may take it.

use crate::Scope;

/// A method of HTTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// Remove.
    Delete,
    /// Read.
    Get,
    /// Do or make.
    Post,
    /// Make or set.
    Put,
}

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// Who may take a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Whoever has the capture token of the session in the path.
    Capture,
    /// Whoever has the token of the consent link in the path.
    ConsentLink,
    /// Anybody.
    Public,
    /// Whoever has a key with the scope.
    Scope(Scope),
}

/// A route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{name}` where a segment is a value.
    pub path: &'static str,
    /// Who may take it.
    pub access: Access,
}

const fn route(method: Method, path: &'static str, scope: Scope) -> Route {
    Route {
        method,
        path,
        access: Access::Scope(scope),
    }
}

const fn public(path: &'static str) -> Route {
    Route {
        method: Method::Get,
        path,
        access: Access::Public,
    }
}

const fn capture(method: Method, path: &'static str) -> Route {
    Route {
        method,
        path,
        access: Access::Capture,
    }
}

const fn link(method: Method, path: &'static str) -> Route {
    Route {
        method,
        path,
        access: Access::ConsentLink,
    }
}

/// Every route. The server refuses what does not stand here, and the OpenAPI document says the same.
pub const ROUTES: &[Route] = &[
    public("/.well-known/jwks.json"),
    public("/docs"),
    public("/healthz"),
    route(Method::Get, "/metrics", Scope::Audit),
    public("/openapi.json"),
    public("/policy"),
    public("/readyz"),
    route(Method::Get, "/v1/audit/checkpoint", Scope::Audit),
    route(Method::Get, "/v1/audit/consistency", Scope::Audit),
    route(Method::Get, "/v1/audit/entries", Scope::Audit),
    route(Method::Get, "/v1/audit/inclusion", Scope::Audit),
    capture(Method::Delete, "/v1/capture/{session}"),
    capture(Method::Get, "/v1/capture/{session}"),
    capture(Method::Post, "/v1/capture/{session}/consent"),
    capture(Method::Get, "/v1/capture/{session}/frames"),
    capture(Method::Post, "/v1/capture/{session}/frames"),
    route(Method::Get, "/v1/collections", Scope::Enroll),
    route(Method::Get, "/v1/collections/{collection}", Scope::Enroll),
    route(Method::Put, "/v1/collections/{collection}", Scope::Admin),
    route(
        Method::Post,
        "/v1/collections/{collection}/identify",
        Scope::Identify,
    ),
    route(
        Method::Get,
        "/v1/collections/{collection}/members",
        Scope::Enroll,
    ),
    route(Method::Post, "/v1/compare", Scope::Compare),
    link(Method::Get, "/v1/consent-links/{link}"),
    link(Method::Post, "/v1/consent-links/{link}/consents"),
    link(Method::Post, "/v1/consent-links/{link}/withdrawals"),
    route(Method::Post, "/v1/detect", Scope::Detect),
    route(Method::Post, "/v1/documents", Scope::Sessions),
    route(Method::Get, "/v1/keys", Scope::Admin),
    route(Method::Post, "/v1/keys", Scope::Admin),
    route(Method::Delete, "/v1/keys/{key}", Scope::Admin),
    route(Method::Post, "/v1/payments", Scope::Pay),
    route(Method::Get, "/v1/payments/{payment}", Scope::Pay),
    route(Method::Post, "/v1/payments/{payment}/cancel", Scope::Pay),
    route(
        Method::Post,
        "/v1/payments/{payment}/refunds",
        Scope::Refund,
    ),
    route(Method::Post, "/v1/payments/{payment}/sessions", Scope::Pay),
    route(Method::Post, "/v1/sessions", Scope::Sessions),
    route(Method::Delete, "/v1/sessions/{session}", Scope::Sessions),
    route(Method::Get, "/v1/sessions/{session}", Scope::Sessions),
    route(Method::Get, "/v1/subjects", Scope::Enroll),
    route(Method::Post, "/v1/subjects", Scope::Enroll),
    route(Method::Delete, "/v1/subjects/{subject}", Scope::Enroll),
    route(Method::Get, "/v1/subjects/{subject}", Scope::Enroll),
    route(
        Method::Post,
        "/v1/subjects/{subject}/consent-links",
        Scope::Enroll,
    ),
    route(
        Method::Delete,
        "/v1/subjects/{subject}/consents",
        Scope::Enroll,
    ),
    route(
        Method::Get,
        "/v1/subjects/{subject}/consents",
        Scope::Enroll,
    ),
    route(
        Method::Post,
        "/v1/subjects/{subject}/consents",
        Scope::Enroll,
    ),
    route(
        Method::Get,
        "/v1/subjects/{subject}/device-keys",
        Scope::Enroll,
    ),
    route(
        Method::Post,
        "/v1/subjects/{subject}/device-keys",
        Scope::Enroll,
    ),
    route(
        Method::Delete,
        "/v1/subjects/{subject}/device-keys/{device_key}",
        Scope::Enroll,
    ),
    route(
        Method::Post,
        "/v1/subjects/{subject}/device-keys/{device_key}",
        Scope::Enroll,
    ),
    route(Method::Post, "/v1/subjects/{subject}/export", Scope::Admin),
    route(Method::Post, "/v1/subjects/{subject}/faces", Scope::Enroll),
    route(
        Method::Get,
        "/v1/subjects/{subject}/payments",
        Scope::Enroll,
    ),
    route(Method::Post, "/v1/subjects/{subject}/verify", Scope::Verify),
];

/// Paths whose answers have a tag (`ETag`) and are asked for again on a condition (`If-None-Match`).
pub const TAGGED: &[&str] = &[
    "/.well-known/jwks.json",
    "/capture",
    "/capture/{*file}",
    "/consents",
    "/docs",
    "/openapi.json",
    "/policy",
    "/v1/collections",
    "/v1/collections/{collection}",
    "/v1/keys",
    "/v1/subjects/{subject}",
    "/v1/subjects/{subject}/consents",
];
