//! The capture page comes out of the program as it stands in its folder, under a strict policy, and nothing else does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use given::House;
use std::path::Path;

/// What a browser gets: everything in the folder that is of one of its kinds.
fn files(folder: &Path, within: &str, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder.join(within)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{within}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            if !matches!(name.as_str(), "test" | "node_modules") {
                files(folder, &format!("{name}/"), found);
            }
        } else if [".js", ".css", ".html", ".svg"]
            .iter()
            .any(|kind| name.ends_with(kind))
        {
            found.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
}

#[test]
fn every_file_of_the_page_is_given_out_as_it_stands_and_under_its_policy() {
    let Some(house) = House::new() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console/capture");
    let mut found = Vec::new();
    files(&folder, "", &mut found);
    assert!(found.len() >= 15, "{found:?}");
    for (name, bytes) in found {
        let path = match name.as_str() {
            "index.html" => "/capture".to_owned(),
            "consents.html" => "/consents".to_owned(),
            name => format!("/capture/{name}"),
        };
        let reply = house.ask(None).get(&path);
        assert_eq!(reply.status, 200, "{path}: a file that `FILES` lacks?");
        assert!(reply.body == bytes, "{path} is another than in the folder");
        let policy = reply.header("content-security-policy").unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(reply.header("cache-control"), Some("no-cache"), "{path}");
        let machine = reply.header("permissions-policy").unwrap();
        let camera = if path == "/consents" {
            "camera=()"
        } else {
            "camera=(self)"
        };
        assert!(machine.contains(camera), "{path}: {machine}");
        let kind = reply.header("content-type").unwrap();
        let wanted = match name.rsplit('.').next().unwrap() {
            "js" => "text/javascript",
            "css" => "text/css",
            "svg" => "image/svg+xml",
            _ => "text/html",
        };
        assert!(kind.starts_with(wanted), "{path}: {kind}");
        let tag = reply.header("etag").expect(&path);
        assert!(!tag.is_empty());
        let same = house.ask(None).header("If-None-Match", "*").get(&path);
        assert_eq!((same.status, same.body.len()), (304, 0), "{path}");
    }
}

#[test]
fn nothing_but_the_page_is_given_out() {
    let Some(house) = House::new() else { return };
    for path in [
        "/capture/",
        "/capture/README.md",
        "/capture/package.json",
        "/capture/test/server.js",
        "/capture/../../Cargo.toml",
        "/capture/%2e%2e/%2e%2e/Cargo.toml",
        "/capture/messages/",
        "/capture/messages/..%2fcheck.js",
        "/capture/check.js/",
        "/capture/consents.html",
        "/consents/",
        "/consents/consents.js",
    ] {
        let reply = house.ask(None).get(path);
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.problem(), "route_unknown", "{path}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        for page in ["/capture", "/consents"] {
            let reply = house.ask(None).send(method, page, None);
            assert_eq!(
                (reply.status, reply.problem().as_str()),
                (404, "route_unknown")
            );
        }
    }
}
