//! Test vectors: a small vault whose every byte is fixed, as `docs/spec/vault-v1.md` says.
//!
//! `read.py` beside the vectors opens them knowing the spec only. To write them anew after a
//! change of the format, set `COUNTENANCE_WRITE_VECTORS` and run this test.

use super::{Settings, Vault};
use crate::consent::{Grant, Purpose};
use crate::ident::{ExternalId, ModelName, Name, TextVersion, Timestamp};
use crate::random::{Random, RandomError};
use crate::root::RootKey;
use crate::seal;
use crate::secret::HolderPart;
use crate::store::{Durability, Half, SqliteStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// SHA-256 of a counter: good for vectors, no secret.
#[derive(Default)]
struct Counted(AtomicU64);

impl Random for Counted {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        for chunk in out.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::SeqCst);
            let bytes = seal::sha(&[b"countenance vectors", &number.to_le_bytes()]);
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/vault")
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + seconds)
}

fn template(of: u8, length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| (n as u8).wrapping_mul(7).wrapping_add(of))
        .collect()
}

/// What the vault says; `read.py` must find the same.
fn made() -> Vec<(&'static str, Vec<u8>)> {
    let place = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(place.path(), Durability::Full).unwrap();
    let root = Arc::new(RootKey::dangerous_from_bytes(&[0x11; 32]));
    let random = Arc::new(Counted::default());
    let vault = Vault::create(Arc::new(store), root, random, Settings::default(), at(0)).unwrap();
    let name = |text| Name::new(text).unwrap();
    vault.create_tenant(&name("acme"), at(1)).unwrap();
    let staff = vault
        .create_collection(&name("acme"), &name("staff"), at(2))
        .unwrap();
    let grant = |purpose| Grant {
        purpose,
        text_version: TextVersion::new("2026-01 en").unwrap(),
        granted: at(3),
        expires: at(3 + 90 * 86_400),
        evidence: [0xe7; 32],
    };
    let model = ModelName::new("sface-2021dec").unwrap();
    let id = |text: &str| ExternalId::new(text).unwrap();

    let ana = vault.add_subject(&staff, &id("ana"), None, at(3)).unwrap();
    let consent = vault.grant(&ana, &grant(Purpose::Verify), at(3)).unwrap();
    vault
        .enroll(&ana, &consent, &model, &template(1, 132), at(4))
        .unwrap();
    vault
        .enroll(&ana, &consent, &model, &template(2, 512), at(5))
        .unwrap();

    let holder = HolderPart::new(&[0x22; 32]).unwrap();
    let long = id("an id of more than fifty-four bytes: Žofie Ω, of the night shift");
    let bea = vault
        .add_subject(&staff, &long, Some(&holder), at(6))
        .unwrap();
    let consent = vault.grant(&bea, &grant(Purpose::Payment), at(6)).unwrap();
    vault
        .enroll(&bea, &consent, &model, &template(3, 132), at(7))
        .unwrap();
    vault.grant(&bea, &grant(Purpose::Verify), at(7)).unwrap();
    vault
        .withdraw(bea.subject(), Some(Purpose::Verify), at(8))
        .unwrap();

    let target = vault.find(&staff, &id("ana")).unwrap();
    for n in 0..3 {
        let attempt = vault
            .count_attempt(&target, Purpose::Verify, at(10 + n))
            .unwrap();
        vault.decline(attempt, false, at(10 + n)).unwrap();
    }
    let unknown = vault.find(&staff, &id("nobody")).unwrap();
    let attempt = vault
        .count_attempt(&unknown, Purpose::Verify, at(20))
        .unwrap();
    vault.decline(attempt, false, at(20)).unwrap();

    for n in 0..20 {
        vault
            .add_subject(&staff, &id(&format!("extra {n}")), None, at(21))
            .unwrap();
    }
    let gone = vault
        .add_subject(&staff, &id("gone"), None, at(30))
        .unwrap();
    let receipt = vault
        .erase(gone.subject(), Some(&id("gone")), at(31))
        .unwrap();
    for (payer, id) in [(&ana, [7; 16]), (&bea, [8; 16])] {
        vault
            .add_payment(&staff, payer.subject(), &id, b"made", at(32))
            .unwrap();
    }
    let held = vault.payment(&staff, &[8; 16]).unwrap().unwrap();
    let said = Some(super::PaymentNote::Canceled);
    vault
        .change_payment(&staff, &held, (b"canceled", false), said, at(33))
        .unwrap();
    vault.rotate_tenant(&name("acme"), at(40)).unwrap();
    vault.rewrap(0, 1).unwrap();
    vault.checkpoint(at(41)).unwrap();
    let data = vault.write_half(Vec::new(), Half::Data, at(50)).unwrap();
    let keyring = vault.write_half(Vec::new(), Half::Keyring, at(50)).unwrap();
    vec![
        ("data.bin", data),
        ("keyring.bin", keyring),
        ("receipt.bin", receipt.bytes().to_vec()),
        ("public_key.bin", vault.public_key().to_vec()),
    ]
}

#[test]
fn the_vectors_are_what_this_code_writes() {
    let write = std::env::var_os("COUNTENANCE_WRITE_VECTORS").is_some();
    for (name, bytes) in made() {
        let path = folder().join(name);
        if write {
            std::fs::write(&path, &bytes).unwrap();
        }
        let expected = std::fs::read(&path).unwrap();
        assert!(
            expected == bytes,
            "{name} differs from what this code writes"
        );
    }
}

/// The vectors also restore into a vault that opens, whatever wrote them.
#[test]
fn the_vectors_open() {
    let keyring = std::fs::read(folder().join("keyring.bin")).unwrap();
    let data = std::fs::read(folder().join("data.bin")).unwrap();
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public();
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            .unwrap();
    let mut sealed = Vec::new();
    let mut stream = encryptor.wrap_output(&mut sealed).unwrap();
    std::io::Write::write_all(&mut stream, &keyring).unwrap();
    stream.finish().unwrap();
    let place = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(place.path(), Durability::Full).unwrap());
    let identity = identity.to_string();
    let (vault, done) = Vault::restore(
        store,
        Arc::new(RootKey::dangerous_from_bytes(&[0x11; 32])),
        Arc::new(crate::SystemRandom),
        Settings::default(),
        (
            &mut &sealed[..],
            age::secrecy::ExposeSecret::expose_secret(&identity),
        ),
        &mut &data[..],
        &mut [],
        at(60),
    )
    .unwrap();
    assert_eq!(done.subjects, 22);
    let name = |text| Name::new(text).unwrap();
    let staff = vault.collection(&name("acme"), &name("staff")).unwrap();
    let target = vault
        .find(&staff, &ExternalId::new("ana").unwrap())
        .unwrap();
    let ana = vault.unlock(target.subject().unwrap(), None).unwrap();
    let export = vault.export(&ana, at(61)).unwrap();
    assert_eq!(*export.references[0].template, template(1, 132));
    assert_eq!(*export.references[1].template, template(2, 512));
    assert_eq!(export.attempts, 3);
    // What was open may have been approved since; what was closed is back.
    assert!(vault.payment(&staff, &[7; 16]).unwrap().is_none());
    let closed = vault.payment(&staff, &[8; 16]).unwrap().unwrap();
    assert_eq!((closed.note(), closed.is_open()), (&b"canceled"[..], false));
}
