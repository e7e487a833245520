//! Pictures come as parts of a form, or as base64 in JSON.

use super::access::{Ask, MOST_EVIDENCE};
use super::fault::Fault;
use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

/// Parts of a form; more are refused.
const MOST_PARTS: usize = 32;
/// What the name of a file may end in. Which format it is, its bytes say.
const EXTENSIONS: [&str; 9] = [
    "tif", "tiff", "jpg", "jpeg", "png", "bmp", "ico", "gif", "webp",
];

/// Pictures, in the order they were asked for, and the reference of a consent if the body has one.
pub(super) struct Form<const N: usize> {
    pub(super) pictures: [Vec<u8>; N],
    pub(super) evidence: Option<String>,
}

/// Reads the pictures of a request.
pub(super) async fn read<const N: usize>(
    ask: Ask,
    names: [&'static str; N],
) -> Result<Form<N>, Fault> {
    let limit = ask.platform.config.max_body_bytes;
    let patience = ask.platform.config.body_timeout;
    let kind = content_type(&ask.request);
    let reading = async {
        match kind.as_str() {
            "multipart/form-data" => of_parts(ask.request, names, limit).await,
            "application/json" => of_json(ask.request, names, limit).await,
            _ => Err(Fault::wrong_with(
                "the body is neither multipart/form-data nor application/json",
            )),
        }
    };
    timeout(patience, reading)
        .await
        .unwrap_or_else(|_| Err(late()))
}

/// Reads a body that is JSON.
pub(super) async fn json<T: DeserializeOwned>(ask: Ask) -> Result<T, Fault> {
    let limit = ask.platform.config.max_body_bytes;
    let patience = ask.platform.config.body_timeout;
    let reading = bytes(ask.request, limit);
    let bytes = timeout(patience, reading).await.map_err(|_| late())??;
    serde_json::from_slice(&bytes)
        .map_err(|_| Fault::wrong_with("the body is not the JSON of this call"))
}

fn late() -> Fault {
    Fault::of(
        StatusCode::REQUEST_TIMEOUT,
        0,
        "The body took too long to arrive",
    )
}

fn content_type(request: &Request) -> String {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

async fn bytes(request: Request, limit: usize) -> Result<Bytes, Fault> {
    Bytes::from_request(request, &())
        .await
        .map_err(|rejection| broken(rejection.into_response().status(), limit))
}

fn broken(status: StatusCode, limit: usize) -> Fault {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        let text = format!("The body has more than {limit} bytes");
        Fault::of(status, 0, text)
    } else {
        Fault::wrong_with("the body broke off")
    }
}

async fn of_parts<const N: usize>(
    request: Request,
    names: [&'static str; N],
    limit: usize,
) -> Result<Form<N>, Fault> {
    let failed = |error: MultipartError| broken(error.status(), limit);
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| Fault::wrong_with("the form has no boundary"))?;
    let mut pictures: [Option<Vec<u8>>; N] = [const { None }; N];
    let (mut evidence, mut parts) = (None, 0);
    while let Some(field) = form.next_field().await.map_err(failed)? {
        parts += 1;
        if parts > MOST_PARTS {
            return Err(Fault::wrong_with("the form has too many parts"));
        }
        let name = field.name().unwrap_or_default().to_owned();
        if let Some(at) = names.iter().position(|wanted| *wanted == name) {
            check_extension(field.file_name().unwrap_or_default())?;
            let bytes = field.bytes().await.map_err(failed)?;
            if let Some(slot) = pictures.get_mut(at) {
                *slot = Some(bytes.into());
            }
        } else if name == "evidence" {
            evidence = Some(checked_evidence(&field.text().await.map_err(failed)?)?);
        }
    }
    let missing = |name: &str| Fault::bad(34, format!("Required part {name} is missing"));
    complete(pictures, names, evidence, missing)
}

async fn of_json<const N: usize>(
    request: Request,
    names: [&'static str; N],
    limit: usize,
) -> Result<Form<N>, Fault> {
    let bytes = bytes(request, limit).await?;
    let body: Value = serde_json::from_slice(&bytes)
        .map_err(|_| Fault::wrong_with("the body is not the JSON of this call"))?;
    let mut pictures: [Option<Vec<u8>>; N] = [const { None }; N];
    for (slot, name) in pictures.iter_mut().zip(names) {
        if let Some(text) = body.get(name).and_then(Value::as_str)
            && !text.is_empty()
        {
            let decoded = STANDARD.decode(text);
            let decoded = decoded.map_err(|_| Fault::bad(21, "Provided value is not Base64"))?;
            *slot = Some(decoded);
        }
    }
    let evidence = body.get("evidence").and_then(Value::as_str);
    let evidence = evidence.map(checked_evidence).transpose()?;
    let missing = |name: &str| Fault::bad(5, format!("Field {name} cannot be empty"));
    complete(pictures, names, evidence, missing)
}

fn complete<const N: usize>(
    pictures: [Option<Vec<u8>>; N],
    names: [&'static str; N],
    evidence: Option<String>,
    missing: impl Fn(&str) -> Fault,
) -> Result<Form<N>, Fault> {
    for (picture, name) in pictures.iter().zip(names) {
        if picture.is_none() {
            return Err(missing(name));
        }
    }
    Ok(Form {
        pictures: pictures.map(Option::unwrap_or_default),
        evidence,
    })
}

/// A reference in a body.
pub(super) fn checked_evidence(text: &str) -> Result<String, Fault> {
    if (1..=MOST_EVIDENCE).contains(&text.len()) && !text.contains(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(Fault::invalid(format!(
        "evidence has 1 to {MOST_EVIDENCE} printable characters"
    )))
}

fn check_extension(file_name: &str) -> Result<(), Fault> {
    let extension = file_name.rsplit_once('.').map(|(_, extension)| extension);
    let extension = extension.unwrap_or_default().to_lowercase();
    if EXTENSIONS.contains(&extension.as_str()) {
        return Ok(());
    }
    let shown: String = file_name.chars().take(100).collect();
    let text = format!("File [{shown}] has an unavailable extension");
    Err(Fault::bad(21, text))
}
