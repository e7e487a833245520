//! Who stands in for subjects that are not there, cut off while it is made.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_core::vault::store::{Durability, FaultStore, Faults, SqliteStore};
use countenance_core::vault::{Name, Purpose, RootKey, Settings, SystemRandom, Vault};
use countenance_core::{ComparePolicy, Registry, WallClock as _};
use given::{HandClock, id};
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[test]
fn a_decoy_that_was_cut_off_while_it_was_made_is_finished_at_the_next_opening() {
    let mut cut = 0;
    for nth in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let faults = Arc::new(Faults::default());
        let store = SqliteStore::open(folder.path(), Durability::Full).unwrap();
        let store = Arc::new(FaultStore::new(store, Arc::clone(&faults)));
        let (clock, random) = (Arc::new(HandClock::default()), Arc::new(SystemRandom));
        let root = Arc::new(RootKey::dangerous_from_bytes(&[7; 32]));
        let settings = Settings::default();
        let vault = Vault::create(store, root, Arc::clone(&random) as _, settings, clock.now());
        let vault = Arc::new(vault.unwrap());
        let open = || {
            let (random, clock) = (Arc::clone(&random) as _, Arc::clone(&clock) as _);
            Registry::open(Arc::clone(&vault), random, clock, ComparePolicy::default())
        };
        faults.refused_write.store(nth, Ordering::SeqCst);
        let first = open().map(drop);
        faults.refused_write.store(-1, Ordering::SeqCst);
        open().unwrap();
        let decoy = Name::new("countenance:decoy").unwrap();
        let collection = vault.collection(&decoy, &decoy).unwrap();
        let target = vault.find(&collection, &id("decoy")).unwrap();
        let subject = vault.unlock(target.subject().unwrap(), None).unwrap();
        vault
            .consent(&subject, Purpose::Verify, clock.now())
            .unwrap();
        assert_eq!(vault.records(&subject).unwrap().len(), 1, "write {nth}");
        if first.is_ok() {
            break;
        }
        cut += 1;
    }
    assert!(
        cut >= 5,
        "tenant, collection, key, subject, consent, template: {cut}"
    );
}
