//! A root key in a software token. It runs where `COUNTENANCE_TEST_PKCS11` names the library of
//! SoftHSM 2 and `softhsm2-util` is on the path.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::cloned_ref_to_slice_refs,
    reason = "a test that fails should say so where it fails"
)]
#![cfg(feature = "pkcs11")]

use countenance_vault::store::{Durability, SqliteStore};
use countenance_vault::{
    KeyError, KeySource, Name, Pkcs11Options, Pkcs11Root, RootKind, Secret, Settings, SystemRandom,
    Timestamp, Vault, VaultError,
};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

/// One test only: the library is one per process.
#[test]
fn a_vault_whose_root_key_is_in_a_token_opens_with_that_key_only() {
    let Ok(module) = std::env::var("COUNTENANCE_TEST_PKCS11") else {
        eprintln!("SKIPPED: COUNTENANCE_TEST_PKCS11 is not set");
        return;
    };
    let module = PathBuf::from(module);
    let folder = tempfile::tempdir().unwrap();
    // SoftHSM reads its configuration from the environment, so a child runs the test.
    if std::env::var_os("SOFTHSM2_CONF").is_none() {
        let configuration = folder.path().join("softhsm2.conf");
        let tokens = folder.path().join("tokens");
        std::fs::create_dir(&tokens).unwrap();
        let text = format!("directories.tokendir = {}\n", tokens.display());
        std::fs::write(&configuration, text).unwrap();
        let made = Command::new("softhsm2-util")
            .args([
                "--init-token",
                "--free",
                "--label",
                "vault",
                "--pin",
                "1234",
                "--so-pin",
            ])
            .arg("5678")
            .env("SOFTHSM2_CONF", &configuration)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("a_vault_whose_root_key_is_in_a_token_opens_with_that_key_only")
            .env("SOFTHSM2_CONF", &configuration)
            .output()
            .unwrap();
        assert!(
            child.status.success(),
            "{}",
            String::from_utf8_lossy(&child.stderr)
        );
        return;
    }
    let options = |key| Pkcs11Options {
        module: &module,
        token: "vault",
        key,
    };
    let pin = || "1234";
    let missing = Pkcs11Root::open(&options("root"), pin());
    assert!(matches!(missing, Err(KeyError::Token { .. })));
    drop(Pkcs11Root::generate(&options("root"), pin(), &SystemRandom).unwrap());
    let root = Arc::new(Pkcs11Root::open(&options("root"), pin()).unwrap());
    assert_eq!(root.kind(), RootKind::Pkcs11);

    let secret = Secret::new(&[7; 32]);
    let wrapped = root.wrap(&SystemRandom, b"here", &secret).unwrap();
    assert_eq!(wrapped.len(), 60);
    assert_eq!(
        root.unwrap_key(b"here", &wrapped).unwrap().expose(),
        &[7; 32]
    );
    assert_eq!(
        root.unwrap_key(b"there", &wrapped).unwrap_err(),
        KeyError::Unopened
    );

    let now = Timestamp::from_unix(1_800_000_000);
    let store =
        || Arc::new(SqliteStore::open(&folder.path().join("data"), Durability::Full).unwrap());
    let random = || Arc::new(SystemRandom);
    let settings = Settings::default();
    let vault = Vault::create(store(), root.clone(), random(), settings, now).unwrap();
    vault
        .create_tenant(&Name::new("acme").unwrap(), now)
        .unwrap();
    drop(vault);
    let vault = Vault::open(store(), root.clone(), random(), settings, now).unwrap();
    assert_eq!(vault.tenants().len(), 1);
    drop(vault);
    let other = Arc::new(countenance_vault::RootKey::dangerous_from_bytes(&[1; 32]));
    let refused = Vault::open(store(), other.clone(), random(), settings, now).unwrap_err();
    assert!(matches!(refused, VaultError::Key(KeyError::Wrong { .. })));
    // Out of the token and back into it.
    let vault = Vault::open(store(), root.clone(), random(), settings, now).unwrap();
    drop(vault.replace_root(other.clone(), now).unwrap());
    let vault = Vault::open(store(), other, random(), settings, now).unwrap();
    drop(vault.replace_root(root.clone(), now).unwrap());
    let vault = Vault::open(store(), root.clone(), random(), settings, now).unwrap();
    // And to another key of the same token, while the first is still in use.
    let next = Arc::new(Pkcs11Root::generate(&options("next"), pin(), &SystemRandom).unwrap());
    drop(vault.replace_root(next.clone(), now).unwrap());
    let refused = Vault::open(store(), root, random(), settings, now).unwrap_err();
    assert!(matches!(refused, VaultError::Key(KeyError::Wrong { .. })));
    assert!(Vault::open(store(), next, random(), settings, now).is_ok());
}
