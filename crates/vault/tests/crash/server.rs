//! The PostgreSQL server itself killed under load: what it answered is there when it serves again.

use crate::cluster::Cluster;
use crate::load::{self, Ledger};
use crate::place::Place;
use countenance_vault::VaultError;
use countenance_vault::store::StoreError;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

#[test]
fn nothing_answered_is_lost_when_the_server_is_killed() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let place = Place::Postgres(cluster.connection());
    place.create();
    let mut answers = 0;
    for round in 0..6 {
        let said = Mutex::new(Vec::new());
        let note = |line: &str| {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            said.push(line.to_owned());
        };
        let (vault, collection) = place.open();
        let errors = std::thread::scope(|scope| {
            let running = scope.spawn(|| load::run(&vault, &collection, round, &note));
            std::thread::sleep(Duration::from_millis(400 + u64::from(round) * 173));
            cluster.kill();
            running.join().unwrap()
        });
        for error in errors {
            let clear = matches!(error, VaultError::Store(StoreError::Io { .. }));
            assert!(clear, "round {round}: {error}");
        }
        cluster.serve();
        let mut ledger = Ledger::default();
        for line in said.into_inner().unwrap() {
            ledger.note(&line);
        }
        // The vault that was open goes on with new connections; so does one opened afresh.
        assert!(vault.audit_verify().is_ok());
        let (fresh, collection) = place.open();
        let missing = ledger.missing(&fresh, &collection);
        assert!(missing.is_empty(), "round {round}: {missing:?}");
        answers += ledger.enrolled.len() + ledger.erased.len() + ledger.counted.len();
    }
    println!("{answers} answers before six kills");
    assert!(answers > 60, "the load was real: {answers}");
}
