//! Making and restoring a vault, killed at every write: afterwards there is nothing, or all of it,
//! and doing it again succeeds.

use crate::child::{self, Running};
use crate::given::{at, grant_for, id, model, name};
use crate::place::{self, Place};
use crate::watched::{Moment, Watched};
use age::secrecy::ExposeSecret;
use countenance_vault::store::{Store, StoreError};
use countenance_vault::{Purpose, RootKey, Settings, SystemRandom, Timestamp, Vault, VaultError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const CHILD: &str = "making::making_child";

fn source() -> Arc<RootKey> {
    Arc::new(RootKey::dangerous_from_bytes(&[1; 32]))
}

fn make(store: Arc<dyn Store>, what: &str) -> Result<Vault, VaultError> {
    let (random, settings) = (Arc::new(SystemRandom), Settings::default());
    let Some(folder) = what.strip_prefix("restore ") else {
        let first = Some((&name("acme"), &name("staff")));
        return Vault::create_with(store, source(), random, settings, first, at(0));
    };
    let read = |file: &str| std::fs::read(Path::new(folder).join(file)).unwrap();
    let identity = String::from_utf8(read("identity")).unwrap();
    let restored = Vault::restore(
        store,
        source(),
        random,
        settings,
        (&mut &read("keyring")[..], &identity),
        &mut &read("data")[..],
        &mut [],
        at(2),
    );
    restored.map(|(vault, done)| {
        assert_eq!(done.subjects, 3);
        vault
    })
}

#[test]
#[ignore = "run by the crash tests as a process of its own"]
fn making_child() {
    let Some(task) = child::task() else { return };
    let (halt, passed) = (task[1].parse::<u32>().unwrap(), AtomicU32::new(0));
    let watch = move |_: Moment| {
        if passed.fetch_add(1, Ordering::SeqCst) == halt {
            child::say("halt");
            loop {
                std::thread::park();
            }
        }
    };
    let place = Place::parse(&task[0]);
    let store = Watched::new(place.store(), Box::new(watch), Box::new(|change| change));
    if let Err(error) = make(Arc::new(store), &task[2]) {
        child::say(&format!("error {error}"));
    }
    child::say("end");
}

/// Backups of a vault with three subjects, and the identity that opens them.
fn backups(place: &Place) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (vault, collection) = place.open();
    for who in ["ana", "bea", "cy"] {
        let subject = vault
            .add_subject(&collection, &id(who), None, at(0))
            .unwrap();
        let consent = vault.grant(&subject, &grant_for(Purpose::Verify, 9), at(0));
        let enrolled = vault.enroll(&subject, &consent.unwrap(), &model(), &[7; 132], at(0));
        enrolled.unwrap();
    }
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let (mut keyring, mut data) = (Vec::new(), Vec::new());
    let sealed = vault.backup_keyring(&mut keyring, &[&recipient], at(1));
    sealed.unwrap();
    vault.backup_data(&mut data, at(1)).unwrap();
    let secret = identity.to_string();
    let put = |file: &str, bytes: &[u8]| std::fs::write(folder.path().join(file), bytes).unwrap();
    put("keyring", &keyring);
    put("data", &data);
    put("identity", secret.expose_secret().as_bytes());
    folder
}

fn whole(place: &Place, subjects: usize, now: Timestamp) {
    let (vault, collection) = place::open_at(place.store(), now);
    vault.audit_verify().unwrap();
    let listed = vault.subjects(&collection, 0, 10).unwrap();
    assert_eq!(listed.len(), subjects);
}

/// Kills at the nth write for every n, each time in a place of its own.
fn every_write(fresh: &mut dyn FnMut() -> Place, what: &str, subjects: usize) {
    let (mut complete, mut cut_off) = (0, 0);
    for point in 0.. {
        let place = fresh();
        let mut child = Running::start(CHILD, &[&place.text(), &point.to_string(), what]);
        let heard = child.hear();
        drop(child.kill());
        if heard != "halt" {
            assert_eq!(heard, "end");
            break;
        }
        let opened = Vault::open(
            place.store(),
            source(),
            Arc::new(SystemRandom),
            Settings::default(),
            at(3),
        );
        match opened {
            Ok(vault) => {
                drop(vault);
                complete += 1;
                // All of it is there, and nobody's vault makes way.
                whole(&place, subjects, at(3));
                let again = make(place.store(), what);
                assert!(
                    matches!(again, Err(VaultError::Store(StoreError::Occupied))),
                    "write {point}"
                );
            }
            Err(VaultError::Unfinished | VaultError::Store(StoreError::Missing)) => {
                cut_off += 1;
                drop(make(place.store(), what).unwrap());
            }
            Err(error) => panic!("write {point}: {error}"),
        }
        whole(&place, subjects, at(3));
    }
    println!("{what}: {cut_off} kills left nothing, {complete} all of it");
    assert!(cut_off > 8 && complete > 0, "{cut_off} and {complete}");
}

fn folders() -> (tempfile::TempDir, impl FnMut() -> Place) {
    let folder = tempfile::tempdir().unwrap();
    let (base, mut number): (PathBuf, u32) = (folder.path().to_owned(), 0);
    let fresh = move || {
        number += 1;
        Place::Folder(base.join(number.to_string()))
    };
    (folder, fresh)
}

#[test]
fn making_a_vault_killed_at_any_write_leaves_nothing_or_all_of_it() {
    let (_folder, mut fresh) = folders();
    every_write(&mut fresh, "create", 0);
}

#[test]
fn a_restore_killed_at_any_write_leaves_nothing_or_all_of_it() {
    let (_made, place) = Place::folder();
    let backups = backups(&place);
    let (_folder, mut fresh) = folders();
    let what = format!("restore {}", backups.path().display());
    every_write(&mut fresh, &what, 3);
}

#[cfg(feature = "postgres")]
#[test]
fn making_and_restoring_killed_at_any_write_leave_nothing_or_all_of_it_on_postgres() {
    use crate::given::schema::Schema;
    let Some((_made, place)) = Place::schema() else {
        return;
    };
    let backups = backups(&place);
    let mut schemas = Vec::new();
    let mut fresh = || {
        let schema = Schema::fresh().unwrap();
        let place = Place::Postgres(schema.connection());
        schemas.push(schema);
        place
    };
    every_write(&mut fresh, "create", 0);
    let what = format!("restore {}", backups.path().display());
    every_write(&mut fresh, &what, 3);
}
