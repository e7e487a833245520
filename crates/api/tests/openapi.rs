//! The document that is checked in is the one the types make, and says what the route table says.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails should say so where it fails"
)]

use countenance_api::{Access, ROUTES, document};
use serde_json::Value;
use std::path::Path;

fn generated() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap();
    text.push('\n');
    text
}

#[test]
fn the_document_that_is_checked_in_is_the_one_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/openapi.json");
    let text = generated();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == text,
        "docs/spec/openapi.json is not what the types make: UPDATE_OPENAPI=1 cargo test -p countenance-api"
    );
}

#[test]
fn document_and_route_table_name_the_same_routes_and_scopes() {
    let document: Value = serde_json::from_str(&generated()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut described = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security = &operation["security"][0];
            let token = ["capture", "consents"]
                .into_iter()
                .find(|one| security[one].is_array());
            let scope = security["key"][0].as_str().or(token);
            let scope = scope.unwrap_or("public").to_owned();
            assert!(security.is_object(), "{method} {path} says nothing of keys");
            described.push((path.clone(), method.to_uppercase(), scope));
        }
    }
    let mut routed: Vec<_> = ROUTES
        .iter()
        .map(|route| {
            let scope = match route.access {
                Access::Capture => "capture",
                Access::ConsentLink => "consents",
                Access::Public => "public",
                Access::Scope(scope) => scope.name(),
            };
            let method = route.method.name().to_owned();
            (route.path.to_owned(), method, scope.to_owned())
        })
        .collect();
    described.sort();
    routed.sort();
    assert_eq!(described, routed);
}

#[test]
fn every_operation_has_a_summary_and_answers_errors_as_problems() {
    let document: Value = serde_json::from_str(&generated()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            let error = &operation["responses"]["default"]["content"];
            assert!(
                error["application/problem+json"].is_object(),
                "{method} {path}"
            );
        }
    }
}
