//! What its clients ask about the server itself; needs no key.

use super::Reply;
use crate::platform::Platform;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde_json::json;

/// Bytes of a picture and of a request: here there is one bound for both.
pub(super) async fn config(State(platform): State<Platform>) -> Reply {
    let bytes = platform.config.max_body_bytes;
    Ok(Json(json!({"clientMaxFileSize": bytes, "clientMaxBodySize": bytes})).into_response())
}

/// There is no second copy that could differ. Whether pictures are kept, each key says for itself.
pub(super) async fn status() -> Reply {
    let status = json!({
        "demoFaceCollectionIsInconsistent": false,
        "dbIsInconsistent": false,
        "saveImagesToDB": false,
        "status": "OK",
    });
    Ok(Json(status).into_response())
}
