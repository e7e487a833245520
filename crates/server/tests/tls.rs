//! TLS: with the operator's certificate, and the next one when it changes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_api::Scope;
use countenance_server::TlsFiles;
use given::House;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Writes a new certificate and its key. Returns the certificate.
fn certify(files: &TlsFiles) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    std::fs::write(&files.certificates, made.cert.pem()).unwrap();
    CertificateDer::from_pem_file(&files.certificates).unwrap()
}

fn files(folder: &Path) -> TlsFiles {
    TlsFiles {
        certificates: folder.join("chain.pem"),
        key: folder.join("key.pem"),
    }
}

/// What a client says that knows this certificate and no other.
fn asked(
    address: SocketAddr,
    known: &CertificateDer<'static>,
    key: &str,
) -> std::io::Result<String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(known.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut stream = rustls::Stream::new(&mut connection, &mut stream);
    write!(
        stream,
        "GET /v1/keys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\r\n"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn a_certificate_is_served_and_the_next_one_after_a_hangup_without_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let files = files(place.path());
    let first = certify(&files);
    let Some(house) = House::with_tls(files.clone()) else {
        return;
    };
    let key = house.key("acme", &[Scope::Admin]);
    let told = asked(house.address, &first, &key).unwrap();
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");

    let second = certify(&files);
    // The control: nobody accepts a certificate it does not know.
    assert!(asked(house.address, &second, &key).is_err());
    hangup();
    let renewed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        asked(house.address, &second, &key).is_ok()
    });
    assert!(renewed, "the new certificate is never served");
    assert!(asked(house.address, &first, &key).is_err());

    // A file that does not read leaves the one before.
    std::fs::write(&files.certificates, "nothing").unwrap();
    hangup();
    std::thread::sleep(Duration::from_millis(300));
    assert!(asked(house.address, &second, &key).is_ok());

    // Whoever speaks no TLS, or nothing at all, is not waited for.
    let mut plain = TcpStream::connect(house.address).unwrap();
    plain
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let mut told = Vec::new();
    let _ = plain.read_to_end(&mut told);
    assert!(!told.starts_with(b"HTTP"), "{told:?}");
    let mut silent = TcpStream::connect(house.address).unwrap();
    silent
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    assert_eq!(silent.read(&mut [0; 8]).unwrap_or(0), 0, "it is closed");
}

fn hangup() {
    let id = std::process::id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-s", "HUP", &id])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_key_of_another_certificate_and_files_with_nothing_in_them_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let files = files(place.path());
    certify(&files);
    let other = TlsFiles {
        certificates: files.certificates.clone(),
        key: place.path().join("other.pem"),
    };
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::write(&other.key, key.serialize_pem()).unwrap();
    let empty = TlsFiles {
        certificates: place.path().join("empty.pem"),
        key: files.key.clone(),
    };
    std::fs::write(&empty.certificates, "").unwrap();
    let missing = TlsFiles {
        certificates: place.path().join("none.pem"),
        key: files.key,
    };
    for (files, said) in [
        (other, "cannot be used"),
        (empty, "no certificate"),
        (missing, "is not read"),
    ] {
        let Some(refused) = given::refused(files) else {
            return;
        };
        assert!(refused.contains(said), "{refused}");
    }
}
