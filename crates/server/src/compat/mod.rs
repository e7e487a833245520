//! CompreFace's REST protocol (1.2.0) in front of what is here: its paths, bodies, texts and codes, as its clients
//! know them. What it asks for and is not done here is absent from the answers, never made up.

mod access;
mod books;
mod consent;
mod detect;
mod embeddings;
mod face;
mod faces;
mod fault;
mod form;
mod image_id;
mod kept;
mod machine;
mod query;
mod recognize;
mod similarity;
mod subjects;
mod verify;
mod verify_face;

use crate::config::Compat;
use crate::platform::Platform;
use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    CACHE_CONTROL,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any, delete, get, post, put};
use fault::Fault;

/// What a handler says.
type Reply = Result<Response, Fault>;

/// The paths, as logs and metrics name them.
pub(crate) const PATHS: &[&str] = &[
    "/api/v1/config",
    "/api/v1/consistence/status",
    "/api/v1/detection/detect",
    "/api/v1/recognition/embeddings/faces/{image}/verify",
    "/api/v1/recognition/embeddings/recognize",
    "/api/v1/recognition/faces",
    "/api/v1/recognition/faces/delete",
    "/api/v1/recognition/faces/{image}",
    "/api/v1/recognition/faces/{image}/img",
    "/api/v1/recognition/faces/{image}/verify",
    "/api/v1/recognition/recognize",
    "/api/v1/recognition/subjects",
    "/api/v1/recognition/subjects/{subject}",
    "/api/v1/static/{key}/images/{image}",
    "/api/v1/verification/embeddings/verify",
    "/api/v1/verification/verify",
];

/// The routes. Each path is known with a slash at its end too, as its own server knows it.
pub(crate) fn routes(product: Compat) -> Router<Platform> {
    let Compat::Compreface { images_by_url } = product;
    let mut routes: Vec<(&str, MethodRouter<Platform>)> = vec![
        ("/api/v1/config", get(machine::config)),
        ("/api/v1/consistence/status", get(machine::status)),
        ("/api/v1/detection/detect", post(detect::detect)),
        (
            "/api/v1/recognition/embeddings/faces/{image}/verify",
            post(embeddings::verify_face),
        ),
        (
            "/api/v1/recognition/embeddings/recognize",
            post(embeddings::recognize),
        ),
        (
            "/api/v1/recognition/faces",
            get(faces::list).post(faces::add).delete(faces::clear),
        ),
        ("/api/v1/recognition/faces/delete", post(faces::remove_many)),
        ("/api/v1/recognition/faces/{image}", delete(faces::remove)),
        ("/api/v1/recognition/faces/{image}/img", get(kept::show)),
        (
            "/api/v1/recognition/faces/{image}/verify",
            post(verify_face::verify),
        ),
        ("/api/v1/recognition/recognize", post(recognize::recognize)),
        (
            "/api/v1/recognition/subjects",
            get(subjects::list)
                .post(subjects::add)
                .delete(subjects::clear),
        ),
        (
            "/api/v1/recognition/subjects/{subject}",
            put(subjects::rename).delete(subjects::remove),
        ),
        (
            "/api/v1/verification/embeddings/verify",
            post(embeddings::verify),
        ),
        ("/api/v1/verification/verify", post(verify::verify)),
    ];
    if images_by_url {
        let by_url = get(kept::show_by_url);
        routes.push(("/api/v1/static/{key}/images/{image}", by_url));
    }
    let mut router = Router::new();
    for (path, methods) in routes {
        let methods = methods.fallback(wrong_method);
        router = router
            .route(path, methods.clone())
            .route(&format!("{path}/"), methods);
    }
    router
        .route("/api/v1/{*rest}", any(unknown))
        .layer(from_fn(open_to_browsers))
}

async fn wrong_method(request: Request) -> Fault {
    let method = request.method();
    Fault::of(
        StatusCode::NOT_FOUND,
        0,
        format!("Request method '{method}' not supported"),
    )
}

async fn unknown(request: Request) -> Fault {
    let (method, path) = (request.method(), request.uri().path());
    let text = format!("No handler found for {method} {path}");
    Fault::of(StatusCode::NOT_FOUND, 0, text)
}

/// Pages of any origin may ask with a key of theirs, as they may its own server. There are no cookies here.
async fn open_to_browsers(request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let any = HeaderValue::from_static("*");
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, any);
    let allowed = HeaderValue::from_static("x-api-key, content-type, countenance-evidence");
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    let methods = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
