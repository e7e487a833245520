//! What happens at the door for another product's clients: people come in by it, and a key that says so keeps their pictures.

use crate::drive::Noon;
use crate::people::{self, Person, Photos};
use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countenance_api::Scope;
use countenance_core::vault::{Name, SystemRandom};
use countenance_core::{Engine, Isa, Registry, WallClock as _};
use countenance_server::{
    Compat, Config, Elsewhere, KeyOrder, KeyStore, Listen, Operator, Parts, Server, Told,
};
use image::ImageFormat;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// The tenant of the door; its name is no secret, for the keys of the platform name it.
const TENANT: &str = "door";

/// The keys of the platform, where the vault is.
fn keys(place: &str) -> Result<KeyStore> {
    Ok(if place.contains("host=") {
        KeyStore::connect(place)?
    } else {
        KeyStore::open(Path::new(place))?
    })
}

fn said(told: &Told, status: u16) -> Result<Value> {
    let text = String::from_utf8_lossy(&told.body);
    ensure!(told.status == status, "{}: {text}", told.status);
    Ok(serde_json::from_slice(&told.body)?)
}

/// A path with a value of any letters in it.
fn with(path: &str, value: &str) -> String {
    let escaped = value.bytes().map(|byte| format!("%{byte:02x}"));
    format!("{path}{}", escaped.collect::<String>())
}

/// Serves the vault until the process ends, takes in the guests with a key that keeps pictures, and sees that each picture is
/// there: what follows searches for something that is kept.
///
/// # Errors
/// When somebody is not taken in, or a picture is not kept.
pub fn take_in(
    (place, engine): (&str, Engine),
    registry: Arc<Registry>,
    photos: &Photos,
) -> Result<()> {
    let tenant = Name::new(TENANT)?;
    registry.vault().create_tenant(&tenant, Noon.now())?;
    let store = keys(place)?;
    let order = KeyOrder::new(tenant, &Scope::ALL);
    let admin = store.create(
        &SystemRandom,
        KeyOrder::id(&SystemRandom)?,
        &order,
        Noon.now(),
    )?;
    let parts = Parts {
        engine,
        isa: Isa::detect(),
        registry,
        keys: store,
        clock: Arc::new(Noon),
        random: Arc::new(SystemRandom),
        dropped_log_lines: Box::new(|| 0),
    };
    let config = Config {
        workers: 1,
        compat: Some(Compat::Compreface {
            images_by_url: false,
        }),
        ..Config::default()
    };
    let listen = Listen::on(([127, 0, 0, 1], 0).into());
    let server = Server::bind(listen, parts, config)?;
    let address = server.address();
    let mut client = Operator::elsewhere(&Elsewhere {
        host: address.ip().to_string(),
        port: address.port(),
        roots: None,
    })?;
    std::thread::spawn(move || server.run());

    let wanted = json!({"scopes": [], "compat": {
        "product": "compreface", "service": "recognition", "attestation": "signed form", "keep_pictures": true,
    }});
    let bearer = format!("Bearer {}", admin.key.as_str());
    let headers = [("authorization", bearer.as_str())];
    let made = client.ask(
        "POST",
        "/v1/keys",
        &headers,
        Some(wanted.to_string().into()),
    )?;
    let made = said(&made, 201)?;
    let key = made["key"].as_str().context("a key")?;
    let headers = [("x-api-key", key)];
    for guest in Person::guests() {
        let file = people::file(&guest.photo(photos)?, ImageFormat::Jpeg)?;
        let path = with("/api/v1/recognition/faces?subject=", &guest.id);
        let body = json!({"file": STANDARD.encode(&file)}).to_string();
        let added = client.ask("POST", &path, &headers, Some(body.into()))?;
        let added = said(&added, 201)?;
        let image = added["image_id"].as_str().context("an id")?;
        let path = format!("/api/v1/recognition/faces/{image}/img");
        let kept = client.ask("GET", &path, &headers, None)?;
        ensure!(kept.body == file, "the picture of a guest was not kept");
        eprintln!("TRACE kept: {}", guest.number);
    }
    Ok(())
}
