//! What somebody does who can write every file of the data folder and has no key. Each attack has
//! its control: the same done where it does no harm, or shown to have teeth.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_vault::store::{Durability, SqliteStore, StoreError};
use countenance_vault::{
    AttemptPolicy, Collection, ConsentError, ConsentState, Lock, Purpose, RootKey, Settings,
    SystemRandom, Timestamp, Unlocked, Vault, VaultError,
};
use given::{DAY, at, grant_for, id, model, name, tamper};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A vault in a folder, and copies of its databases as they once were.
struct Place {
    folder: tempfile::TempDir,
    vault: Option<Vault>,
    collection: Collection,
}

fn store(folder: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(&folder.join("data"), Durability::Full).unwrap())
}

fn open_with(folder: &Path, settings: Settings, now: Timestamp) -> Result<Vault, VaultError> {
    let source = Arc::new(RootKey::dangerous_from_bytes(&[1; 32]));
    let random = Arc::new(SystemRandom);
    Vault::open(store(folder), source, random, settings, now)
}

impl Place {
    fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Arc::new(RootKey::dangerous_from_bytes(&[1; 32]));
        let random = Arc::new(SystemRandom);
        let made = Vault::create_with(
            store(folder.path()),
            source,
            random,
            Settings::default(),
            Some((&name("acme"), &name("staff"))),
            at(0),
        );
        let vault = made.unwrap();
        let collection = vault.collection(&name("acme"), &name("staff")).unwrap();
        Self {
            folder,
            vault: Some(vault),
            collection,
        }
    }

    /// With ana and bea, who agreed and are enrolled.
    fn two() -> Self {
        let place = Self::fresh();
        place.enrolled("ana", 0xa1);
        place.enrolled("bea", 0xb2);
        place
    }

    fn vault(&self) -> &Vault {
        self.vault.as_ref().unwrap()
    }

    fn enrolled(&self, who: &str, template: u8) -> Unlocked {
        let subject = self
            .vault()
            .add_subject(&self.collection, &id(who), None, at(0))
            .unwrap();
        self.agree(&subject, template, at(0));
        subject
    }

    fn agree(&self, subject: &Unlocked, template: u8, now: Timestamp) {
        let mut grant = grant_for(Purpose::Verify, 300);
        grant.granted = now;
        let consent = self.vault().grant(subject, &grant, now).unwrap();
        let template = [template; 132];
        let vault = self.vault();
        vault
            .enroll(subject, &consent, &model(), &template, now)
            .unwrap();
    }

    fn file(&self, file: &str) -> PathBuf {
        self.folder.path().join("data").join(file)
    }

    /// Keeps copies of both databases, and closes the vault meanwhile.
    fn remember(&mut self, now: Timestamp) {
        drop(self.vault.take());
        for file in ["data.db", "keyring.db"] {
            std::fs::copy(self.file(file), self.folder.path().join(file)).unwrap();
        }
        self.open(now).unwrap();
    }

    /// Closes the vault, does something to a database, and opens the vault again.
    fn attack(&mut self, file: &str, statements: &str, now: Timestamp) -> Result<(), VaultError> {
        drop(self.vault.take());
        let old = self.folder.path().join(file);
        let old = old.display();
        let attached = format!("ATTACH '{old}' AS old; {statements}; DETACH old");
        tamper(&self.file(file), &attached);
        self.open(now)
    }

    fn open(&mut self, now: Timestamp) -> Result<(), VaultError> {
        self.vault = Some(open_with(self.folder.path(), Settings::default(), now)?);
        Ok(())
    }

    fn find(&self, who: &str) -> countenance_vault::Target {
        self.vault().find(&self.collection, &id(who)).unwrap()
    }

    fn verify(&self, who: &str, now: Timestamp) -> Result<u8, VaultError> {
        let (vault, target) = (self.vault(), self.find(who));
        let attempt = vault.count_attempt(&target, Purpose::Verify, now)?;
        let Some(subject) = target.subject() else {
            vault.decline(attempt, false, now)?;
            return Err(VaultError::Unknown { what: "subject" });
        };
        let subject = vault.unlock(subject, None)?;
        let consent = vault.consent(&subject, Purpose::Verify, now)?;
        let references = vault.references(&subject, &consent, &attempt, now)?;
        vault.accept(attempt, &subject, &consent, now)?;
        Ok(references.first().unwrap().template[0])
    }

    fn fail(&self, who: &str, now: Timestamp) -> Result<(), VaultError> {
        let target = self.find(who);
        let attempt = self.vault().count_attempt(&target, Purpose::Verify, now)?;
        self.vault().decline(attempt, false, now).map(drop)
    }
}

fn put_back(tables: &[&str]) -> String {
    let put = |table: &&str| format!("INSERT OR REPLACE INTO {table} SELECT * FROM old.{table}");
    tables.iter().map(put).collect::<Vec<_>>().join(";")
}

/// All of the data that is of a person, as it was.
const PERSON: [&str; 3] = ["subject", "record", "consent"];

#[test]
fn a_trigger_a_view_or_any_other_object_in_a_database_is_refused_by_name() {
    let objects = [
        (
            "keyring.db",
            "CREATE TRIGGER keep BEFORE DELETE ON server_part BEGIN SELECT RAISE(IGNORE); END",
            "trigger \"keep\"",
        ),
        (
            "data.db",
            "CREATE TRIGGER refund AFTER UPDATE ON attempt BEGIN DELETE FROM attempt; END",
            "trigger \"refund\"",
        ),
        ("data.db", "CREATE TABLE more (n)", "table \"more\""),
        (
            "keyring.db",
            "CREATE INDEX more ON server_part (key_id)",
            "index \"more\"",
        ),
        (
            "data.db",
            "CREATE VIEW \"a\nb\" AS SELECT 1",
            "view \"a\\nb\"",
        ),
        (
            "keyring.db",
            "ALTER TABLE withdrawal RENAME TO gone;
             CREATE VIEW withdrawal AS SELECT * FROM gone WHERE 0",
            "table \"gone\"",
        ),
        (
            "data.db",
            "DROP INDEX event_subject",
            "no index \"event_subject\"",
        ),
        (
            "data.db",
            "ALTER TABLE record ADD COLUMN more",
            "table \"record\"",
        ),
    ];
    for (file, statement, named) in objects {
        let mut place = Place::two();
        place.remember(at(1));
        // Control: what changes nothing is no reason to refuse.
        place.attack(file, "SELECT 1", at(1)).unwrap();
        assert_eq!(place.verify("ana", at(1)).unwrap(), 0xa1);
        match place.attack(file, statement, at(2)) {
            Err(VaultError::Store(StoreError::Foreign { object, .. })) => {
                assert_eq!(object, named)
            }
            other => panic!("{statement}: {other:?}"),
        }
    }
}

#[test]
fn a_trigger_that_is_planted_while_the_vault_is_open_does_not_run() {
    let place = Place::two();
    let plant = "CREATE TRIGGER keep BEFORE DELETE ON server_part BEGIN SELECT RAISE(IGNORE); END;
         CREATE TRIGGER back AFTER INSERT ON deletion BEGIN DELETE FROM deletion; END";
    tamper(&place.file("keyring.db"), plant);
    let keys = || {
        let other = Connection::open(place.file("keyring.db")).unwrap();
        let count = |table: &str| {
            let query = format!("SELECT count(*) FROM {table}");
            let count: i64 = other.query_row(&query, [], |row| row.get(0)).unwrap();
            count
        };
        (count("server_part"), count("deletion"))
    };
    // Control: it would.
    tamper(&place.file("keyring.db"), "DELETE FROM server_part");
    assert_eq!(keys(), (2, 0));
    let ana = place.find("ana");
    let vault = place.vault();
    vault.erase(ana.subject().unwrap(), None, at(1)).unwrap();
    assert_eq!(keys(), (1, 1));
}

#[test]
fn an_erased_person_whose_rows_and_key_are_put_back_stays_erased_and_is_reported() {
    let mut place = Place::two();
    place.remember(at(1));
    // Control: put back where nobody was erased, they do no harm.
    place.attack("data.db", &put_back(&PERSON), at(1)).unwrap();
    assert_eq!(place.verify("ana", at(1)).unwrap(), 0xa1);
    let subject = place.find("ana").subject().unwrap().clone();
    let intent = place.vault().erase_intent(&subject, &id("ana"), at(2));
    place.vault().erase(&subject, None, at(2)).unwrap();
    assert!(place.vault().unpaired().unwrap().is_empty());

    place.attack("data.db", &put_back(&PERSON), at(3)).unwrap();
    place
        .attack("keyring.db", &put_back(&["server_part"]), at(3))
        .unwrap();
    assert!(place.find("ana").subject().is_none());
    assert!(matches!(
        place.verify("ana", at(3)),
        Err(VaultError::Unknown { what: "subject" })
    ));
    let found = place.vault().unpaired().unwrap();
    assert_eq!(found.put_back, [1]);
    let again = place.vault().receipt_again(&intent.unwrap(), at(3));
    assert!(
        matches!(again, Err(VaultError::Store(StoreError::NotDestroyed))),
        "{again:?}"
    );
    // They can be erased again, rows and all.
    let doomed = place.vault().doomed_numbered(1).unwrap().unwrap();
    place.vault().erase(doomed, None, at(4)).unwrap();
    assert!(place.vault().unpaired().unwrap().is_empty());
    assert_eq!(place.verify("bea", at(4)).unwrap(), 0xb2);
}

#[test]
fn a_withdrawn_consent_that_is_put_back_with_its_records_stays_withdrawn() {
    let mut place = Place::two();
    place.remember(at(1));
    let ana = place.find("ana").subject().unwrap().clone();
    place.vault().withdraw(&ana, None, at(2)).unwrap();
    place.attack("data.db", &put_back(&PERSON), at(3)).unwrap();
    assert!(matches!(
        place.verify("ana", at(3)),
        Err(VaultError::Consent(ConsentError::Withdrawn))
    ));
    let listed = place.vault().consents(&ana).unwrap();
    assert_eq!(listed[0].state, ConsentState::Withdrawn);
    // Control: bea, whose rows were put back as well and who did not withdraw.
    assert_eq!(place.verify("bea", at(3)).unwrap(), 0xb2);
}

#[test]
fn a_record_of_before_a_withdrawal_does_not_open_under_a_consent_given_anew() {
    let mut place = Place::two();
    place.remember(at(1));
    let ana = place.find("ana").subject().unwrap().clone();
    place.vault().withdraw(&ana, None, at(2)).unwrap();
    let unlocked = place.vault().unlock(&ana, None).unwrap();
    let mut grant = grant_for(Purpose::Verify, 300);
    grant.granted = at(3);
    place.vault().grant(&unlocked, &grant, at(3)).unwrap();
    for entries in [
        "SELECT 1",
        // The entry of the withdrawal removed, so that its number would be given again.
        "DELETE FROM consent WHERE place = 256",
    ] {
        place.attack("data.db", entries, at(4)).unwrap();
        let attack = put_back(&["record"]);
        place.attack("data.db", &attack, at(4)).unwrap();
        let refused = place.verify("ana", at(4));
        assert!(
            matches!(refused, Err(VaultError::Corrupt { what: "record" })),
            "{refused:?}"
        );
    }
    // Control: what is enrolled under the new consent opens.
    place
        .attack("data.db", "DELETE FROM record WHERE place = 256", at(5))
        .unwrap();
    let ana = place.find("ana").subject().unwrap().clone();
    let unlocked = place.vault().unlock(&ana, None).unwrap();
    let consent = place.vault().consent(&unlocked, Purpose::Verify, at(5));
    let vault = place.vault();
    vault
        .enroll(&unlocked, &consent.unwrap(), &model(), &[0xa2; 132], at(5))
        .unwrap();
    assert_eq!(place.verify("ana", at(5)).unwrap(), 0xa2);
}

#[test]
fn a_second_consent_keeps_the_records_of_the_first_and_a_gap_does_not() {
    let place = Place::fresh();
    let ana = place.enrolled("ana", 0xa1);
    let mut payment = grant_for(Purpose::Payment, 400);
    payment.granted = at(1);
    place.vault().grant(&ana, &payment, at(1)).unwrap();
    place
        .vault()
        .withdraw(ana.subject(), Some(Purpose::Verify), at(2))
        .unwrap();
    let mut verify = grant_for(Purpose::Verify, 350);
    verify.granted = at(3);
    place.vault().grant(&ana, &verify, at(3)).unwrap();
    assert_eq!(place.verify("ana", at(4)).unwrap(), 0xa1);
    // Every consent has run out, and no job has come by.
    let later = at(401 * DAY);
    let mut renewed = grant_for(Purpose::Verify, 500);
    renewed.granted = later;
    place.vault().grant(&ana, &renewed, later).unwrap();
    assert!(place.vault().records(&ana).unwrap().is_empty());
}

#[test]
fn an_attempt_counter_that_is_removed_or_put_back_is_refused() {
    let attacks = ["DELETE FROM attempt".to_owned(), put_back(&["attempt"])];
    for attack in attacks {
        let mut place = Place::two();
        for n in 0..3 {
            place.fail("ana", at(n)).unwrap();
        }
        place.remember(at(3));
        for n in 3..5 {
            place.fail("ana", at(n)).unwrap();
        }
        // Control: untouched, it says how long to wait.
        let locked = place.fail("ana", at(5));
        assert!(
            matches!(
                locked,
                Err(VaultError::Attempts(Lock::Wait { seconds: 29 }))
            ),
            "{locked:?}"
        );
        place.attack("data.db", &attack, at(6)).unwrap();
        for refused in [
            place.fail("ana", at(6)),
            place.verify("ana", at(6)).map(drop),
            place.fail("ana", at(40 * DAY)),
        ] {
            assert!(
                matches!(refused, Err(VaultError::AttemptsTakenBack)),
                "{attack}: {refused:?}"
            );
        }
        // Not even a refusal that takes no attempt may write that all is well.
        let target = place.find("ana");
        let refused = place
            .vault()
            .refuse(&target, Purpose::Verify, true, at(40 * DAY));
        assert!(matches!(refused, Err(VaultError::AttemptsTakenBack)));
        // Control: who was not tried is not accused, and nobody's success is.
        assert_eq!(place.verify("bea", at(40 * DAY)).unwrap(), 0xb2);
        assert_eq!(place.verify("bea", at(40 * DAY)).unwrap(), 0xb2);
    }
}

#[test]
fn what_is_written_of_somebodys_own_consents_hides_no_counter_that_was_removed() {
    let mut place = Place::two();
    for n in 0..3 {
        place.fail("ana", at(n)).unwrap();
    }
    let target = place.find("ana");
    let subject = target.subject().unwrap();
    for n in 3..20 {
        place.vault().record_shown_consents(subject, at(n)).unwrap();
        place.vault().refuse_consents(&target, at(n)).unwrap();
    }
    // The control: none of it counted, or gave anything back.
    place.fail("ana", at(20)).unwrap();
    place
        .attack("data.db", "DELETE FROM attempt", at(21))
        .unwrap();
    let target = place.find("ana");
    let refused = [
        place.fail("ana", at(21)),
        place.vault().refuse_consents(&target, at(21)).map(drop),
    ];
    for refused in refused {
        assert!(
            matches!(refused, Err(VaultError::AttemptsTakenBack)),
            "{refused:?}"
        );
    }
}

#[test]
fn a_keyring_without_a_checkpoint_is_refused() {
    let mut place = Place::two();
    place.remember(at(1));
    let refused = place.attack("keyring.db", "DELETE FROM key_meta WHERE slot = 5", at(1));
    assert!(
        matches!(refused, Err(VaultError::NoCheckpoint)),
        "{refused:?}"
    );
    // Control: with it, the same keyring opens.
    let back = "INSERT INTO key_meta SELECT * FROM old.key_meta WHERE slot = 5";
    place.attack("keyring.db", back, at(1)).unwrap();
    assert_eq!(place.verify("ana", at(1)).unwrap(), 0xa1);
}

fn retain(vault: &Vault, now: Timestamp) -> (usize, Vec<u64>) {
    let (mut after, mut erased, mut unreadable) = (0, 0, Vec::new());
    loop {
        let step = vault.retain(after, 1, now).unwrap();
        erased += step.erased.len();
        unreadable.extend(step.unreadable);
        let Some(next) = step.next else {
            return (erased, unreadable);
        };
        after = next;
    }
}

#[test]
fn a_shorter_retention_holds_for_everybody_from_the_next_run_on() {
    let mut place = Place::two();
    assert_eq!(retain(place.vault(), at(20 * DAY)), (0, vec![]));
    drop(place.vault.take());
    let settings = Settings {
        retention_days: 10,
        ..Settings::default()
    };
    let vault = open_with(place.folder.path(), settings, at(20 * DAY)).unwrap();
    assert_eq!(retain(&vault, at(20 * DAY)), (2, vec![]));
}

#[test]
fn a_day_of_last_use_that_is_set_into_the_future_ends_with_today() {
    let mut place = Place::two();
    place.remember(at(1));
    let forever = "UPDATE subject SET used_day = 4000000000";
    place.attack("data.db", forever, at(2)).unwrap();
    assert_eq!(retain(place.vault(), at(3)), (0, vec![]));
    assert_eq!(retain(place.vault(), at(364 * DAY)), (0, vec![]));
    assert_eq!(retain(place.vault(), at(366 * DAY)), (2, vec![]));
}

#[test]
fn a_damaged_key_stands_in_nobody_elses_way_and_can_be_erased() {
    let mut place = Place::two();
    let cleo = place.enrolled("cleo", 0xc3);
    let identify = grant_for(Purpose::Identify, 300);
    place.vault().grant(&cleo, &identify, at(0)).unwrap();
    place.remember(at(1));
    let damage = "UPDATE server_part SET wrapped = zeroblob(60) WHERE number = 1";
    place.attack("keyring.db", damage, at(2)).unwrap();
    let vault = place.vault();

    let listed = vault.subjects(&place.collection, 0, 10).unwrap();
    let damaged: Vec<bool> = listed.iter().map(|one| one.damaged).collect();
    assert_eq!(damaged, [true, false, false]);
    assert_eq!(retain(vault, at(3)), (0, vec![1]));
    let members = vault.members_for_search(&place.collection, at(3), &|_, _| false, &|| true);
    let members = members.unwrap();
    assert_eq!((members.members.len(), members.unreadable), (1, vec![1]));
    vault.rotate_tenant(&name("acme"), at(3)).unwrap();
    let rewrapped = vault.rewrap(0, 10).unwrap();
    assert_eq!((rewrapped.rewrapped, rewrapped.unreadable), (2, vec![1]));
    assert_eq!(place.verify("bea", at(3)).unwrap(), 0xb2);
    // Erasing needs nothing to be read.
    assert!(vault.find(&place.collection, &id("ana")).is_err());
    let doomed = vault.doomed(&place.collection, &id("ana")).unwrap();
    vault
        .erase(doomed.unwrap(), Some(&id("ana")), at(4))
        .unwrap();
    assert!(place.find("ana").subject().is_none());
    assert!(vault.unpaired().unwrap().is_empty());
    assert_eq!(retain(vault, at(5)), (0, vec![]));
    // Without her, nothing uses the old wrapping key any more.
    while vault.rewrap(0, 10).unwrap().rewrapped > 0 {}
    vault.rewrap(3, 10).unwrap();
    assert_eq!(vault.key_status().unwrap()[0].2, 0);
}

#[test]
fn a_subject_that_is_hidden_from_erasure_is_named_and_can_be_erased_by_its_number() {
    let mut place = Place::two();
    place.remember(at(1));
    assert!(place.vault().unpaired().unwrap().is_empty());
    let hide = "DELETE FROM subject WHERE number = 1";
    place.attack("data.db", hide, at(2)).unwrap();
    let found = place.vault().unpaired().unwrap();
    assert_eq!((found.keys, found.subjects), (vec![1], vec![]));
    let vault = place.vault();
    let doomed = vault.doomed_numbered(1).unwrap().unwrap();
    let receipt = vault.erase(doomed, None, at(3)).unwrap();
    assert_eq!(receipt.position, 1);
    assert!(vault.unpaired().unwrap().is_empty());
    assert!(vault.doomed_numbered(1).unwrap().is_none());
    // The rest of her comes back to nothing.
    place.attack("data.db", &put_back(&PERSON), at(4)).unwrap();
    assert!(place.find("ana").subject().is_none());
    let found = place.vault().unpaired().unwrap();
    assert_eq!((found.keys, found.subjects), (vec![], vec![1]));
    place.vault().audit_verify().unwrap();

    // The other way round: a key that was taken away.
    let lost = "DELETE FROM server_part WHERE number = 2";
    place.attack("keyring.db", lost, at(5)).unwrap();
    assert_eq!(place.vault().unpaired().unwrap().subjects, [1, 2]);
    for number in [1, 2] {
        let doomed = place.vault().doomed_numbered(number).unwrap().unwrap();
        place.vault().erase(doomed, None, at(6)).unwrap();
    }
    assert!(place.vault().unpaired().unwrap().is_empty());
}

#[test]
fn attempts_are_counted_as_before_where_nobody_interferes() {
    let place = Place::two();
    let policy = AttemptPolicy::default();
    for n in 0..u64::from(policy.free) {
        place.fail("ana", at(n)).unwrap();
    }
    // One that is counted and not decided stands beside one that succeeds.
    let target = place.find("ana");
    let vault = place.vault();
    let now = at(100);
    let open = vault.count_attempt(&target, Purpose::Verify, now).unwrap();
    assert_eq!(place.verify("ana", at(130)).unwrap(), 0xa1);
    vault.decline(open, false, at(131)).unwrap();
    assert_eq!(place.verify("ana", at(132)).unwrap(), 0xa1);
}

#[test]
fn a_holder_part_that_is_no_secret_of_the_holder_is_refused() {
    let place = Place::fresh();
    let add = |who: &str, bytes: [u8; 32]| {
        let part = countenance_vault::HolderPart::new(&bytes).unwrap();
        let vault = place.vault();
        vault.add_subject(&place.collection, &id(who), Some(&part), at(0))
    };
    for unfit in [[0; 32], [1; 32]] {
        assert!(matches!(
            add("ana", unfit),
            Err(VaultError::Holder(countenance_vault::HolderError::Unfit))
        ));
    }
    add("ana", [2; 32]).unwrap();
}

#[test]
fn an_entry_that_is_taken_out_of_the_deletion_ledger_is_noticed() {
    let attacks = [
        // A key comes back, and the ledger says nothing of it.
        "DELETE FROM deletion; INSERT INTO server_part SELECT * FROM old.server_part WHERE number = 1",
        "UPDATE deletion SET key_id = zeroblob(16)",
        "DELETE FROM withdrawal",
        "UPDATE withdrawal SET mark = zeroblob(16)",
        "INSERT INTO withdrawal VALUES (zeroblob(16), 1)",
        "UPDATE key_counter SET value = value - 1 WHERE slot = 2",
        "UPDATE key_counter SET value = value + 1 WHERE slot = 1",
        "UPDATE key_meta SET value = (SELECT value FROM old.key_meta WHERE slot = 5) WHERE slot = 5",
        "DELETE FROM key_meta WHERE slot = 6",
        "UPDATE key_meta SET value = (SELECT value FROM old.key_meta WHERE slot = 6) WHERE slot = 6",
    ];
    for attack in attacks {
        let mut place = Place::two();
        place.remember(at(1));
        let (ana, bea) = (place.find("ana"), place.find("bea"));
        let vault = place.vault();
        vault.erase(ana.subject().unwrap(), None, at(2)).unwrap();
        vault.withdraw(bea.subject().unwrap(), None, at(3)).unwrap();
        // Control: as it was left, it opens.
        place.attack("keyring.db", "SELECT 1", at(4)).unwrap();
        place.vault().audit_verify().unwrap();
        let refused = place.attack("keyring.db", attack, at(4));
        // A number that is set back may be too old for the data first.
        let noticed = matches!(
            refused,
            Err(VaultError::Store(StoreError::Tally) | VaultError::KeyringOlder { .. })
        );
        assert!(noticed, "{attack}: {refused:?}");
    }
}

#[test]
fn a_ledger_that_is_altered_while_the_vault_is_open_is_neither_added_to_nor_believed() {
    let place = Place::two();
    let ana = place.find("ana");
    let vault = place.vault();
    vault.withdraw(ana.subject().unwrap(), None, at(1)).unwrap();
    tamper(
        &place.file("keyring.db"),
        "UPDATE key_counter SET value = 7",
    );
    let refused = vault.erase(ana.subject().unwrap(), None, at(2));
    assert!(
        matches!(refused, Err(VaultError::Store(StoreError::Tally))),
        "{refused:?}"
    );
    assert!(vault.audit_verify().is_err());
}

/// The whole keyring of before an erasure, with the data's own counter set back as well.
#[test]
fn a_keyring_of_before_an_erasure_is_refused_by_what_the_log_says_of_it() {
    let mut place = Place::two();
    place.remember(at(1));
    let ana = place.find("ana");
    let vault = place.vault();
    vault.erase(ana.subject().unwrap(), None, at(2)).unwrap();
    drop(place.vault.take());
    let old = place.folder.path().join("keyring.db");
    std::fs::copy(old, place.file("keyring.db")).unwrap();
    let back = put_back(&PERSON);
    let attack = format!("UPDATE counter SET value = 0 WHERE slot = 2; {back}");
    let refused = place.attack("data.db", &attack, at(3));
    assert!(
        matches!(
            refused,
            Err(VaultError::KeyringOlder {
                what: "erasures",
                ..
            })
        ),
        "{refused:?}"
    );
}

/// The same of a withdrawal: the log says that there was one.
#[test]
fn a_keyring_of_before_a_withdrawal_learns_of_it_from_the_log() {
    let mut place = Place::two();
    place.remember(at(1));
    let ana = place.find("ana").subject().unwrap().clone();
    place.vault().withdraw(&ana, None, at(2)).unwrap();
    drop(place.vault.take());
    let old = place.folder.path().join("keyring.db");
    std::fs::copy(old, place.file("keyring.db")).unwrap();
    place.attack("data.db", &put_back(&PERSON), at(3)).unwrap();
    assert!(matches!(
        place.verify("ana", at(3)),
        Err(VaultError::Consent(ConsentError::Withdrawn))
    ));
    assert_eq!(place.verify("bea", at(3)).unwrap(), 0xb2);
}

/// The newest events cut off, tiles and all, as if they had never been.
#[test]
fn an_end_that_is_cut_off_the_log_is_noticed_when_the_vault_was_closed_or_wrote_much() {
    let mut place = Place::two();
    place.remember(at(1));
    // Control: nothing was written since, and the same rows put back change nothing.
    let whole = "DELETE FROM tile; DELETE FROM event; DELETE FROM counter; DELETE FROM attempt";
    let tables = ["tile", "event", "counter", "attempt"];
    let cut = format!("{whole}; {}", put_back(&tables));
    place.attack("data.db", &cut, at(1)).unwrap();
    place.fail("ana", at(2)).unwrap();
    let refused = place.attack("data.db", &cut, at(3));
    assert!(
        matches!(refused, Err(VaultError::OlderThanKeyring { .. })),
        "closed: {refused:?}"
    );

    let mut place = Place::two();
    place.remember(at(1));
    let target = place.find("ana");
    for _ in 0..300 {
        let vault = place.vault();
        vault.refuse(&target, Purpose::Verify, true, at(2)).unwrap();
    }
    // It does not come to its end, as when it is killed.
    std::mem::forget(place.vault.take());
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("data")).unwrap();
    for file in ["data.db", "keyring.db", "data.db-wal", "keyring.db-wal"] {
        let _ = std::fs::copy(place.file(file), copy.path().join("data").join(file));
    }
    let old = place.folder.path().join("data.db");
    let attached = format!("ATTACH '{}' AS old; {cut}; DETACH old", old.display());
    // Control: uncut, it opens.
    drop(open_with(copy.path(), Settings::default(), at(3)).unwrap());
    tamper(&copy.path().join("data/data.db"), &attached);
    let refused = open_with(copy.path(), Settings::default(), at(3));
    assert!(
        matches!(refused, Err(VaultError::OlderThanKeyring { .. })),
        "killed: {refused:?}"
    );
}

#[test]
fn a_clock_before_the_newest_event_is_refused_though_no_checkpoint_says_so() {
    let mut place = Place::two();
    place.remember(at(1));
    place.fail("ana", at(50_000)).unwrap();
    // Killed: the keyring knows nothing of it.
    std::mem::forget(place.vault.take());
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("data")).unwrap();
    for file in ["data.db", "keyring.db", "data.db-wal", "keyring.db-wal"] {
        let _ = std::fs::copy(place.file(file), copy.path().join("data").join(file));
    }
    let refused = open_with(copy.path(), Settings::default(), at(10_000));
    assert!(
        matches!(refused, Err(VaultError::ClockBackwards { .. })),
        "{refused:?}"
    );
    open_with(copy.path(), Settings::default(), at(50_000)).unwrap();
}

#[test]
fn a_receipt_is_confirmed_only_where_the_erasure_holds() {
    let mut place = Place::two();
    place.remember(at(1));
    let subject = place.find("ana").subject().unwrap().clone();
    let receipt = place.vault().erase(&subject, None, at(2)).unwrap();
    place.vault().check_receipt(&receipt).unwrap();
    place.fail("bea", at(3)).unwrap();
    place.vault().check_receipt(&receipt).unwrap();
    // Back from copies of before: the whole folder, keyring and all.
    drop(place.vault.take());
    for file in ["data.db", "keyring.db"] {
        std::fs::copy(place.folder.path().join(file), place.file(file)).unwrap();
    }
    place.open(at(4)).unwrap();
    let refused = place.vault().check_receipt(&receipt);
    assert!(
        matches!(
            refused,
            Err(VaultError::Receipt(countenance_vault::ReceiptFault::Key {
                number: 1
            }))
        ),
        "{refused:?}"
    );
    // Without her, but with a log that has not been there.
    let subject = place.find("bea").subject().unwrap().clone();
    place.vault().erase(&subject, None, at(5)).unwrap();
    let subject = place.find("ana").subject().unwrap().clone();
    let newer = place.vault().erase(&subject, None, at(6)).unwrap();
    place.vault().check_receipt(&newer).unwrap();
    let refused = place.vault().check_receipt(&receipt);
    assert!(
        matches!(
            refused,
            Err(VaultError::Receipt(
                countenance_vault::ReceiptFault::Tree { .. }
            ))
        ),
        "{refused:?}"
    );
}

#[test]
fn opening_every_row_names_what_does_not_open_and_what_was_put_back() {
    let mut place = Place::two();
    let cleo = place.enrolled("cleo", 0xc3);
    let found = |place: &Place| place.vault().examine(0, 10).unwrap().faults;
    assert_eq!(found(&place), []);
    place.fail("cleo", at(1)).unwrap();
    place.remember(at(1));
    assert_eq!(found(&place), []);
    place.vault().withdraw(cleo.subject(), None, at(2)).unwrap();
    assert_eq!(found(&place), []);
    let attack = format!(
        "UPDATE record SET bytes = zeroblob(224) WHERE place = 256;
         UPDATE subject SET profile = zeroblob(92) WHERE number = 2; {}",
        put_back(&["consent"])
    );
    place.attack("data.db", &attack, at(3)).unwrap();
    assert_eq!(
        found(&place),
        [(1, "record"), (2, "profile"), (3, "withdrawn consent")]
    );
    let attack = "DELETE FROM attempt; UPDATE consent SET ledger = zeroblob(44)";
    place.attack("data.db", attack, at(4)).unwrap();
    assert_eq!(found(&place)[0], (1, "consent"));
}

#[test]
fn a_receipt_is_given_only_when_the_key_is_gone_from_the_file_wherever_it_lay() {
    let holds = |place: &Place, wrapped: &[u8]| {
        let bytes = ["keyring.db", "keyring.db-wal"]
            .map(|file| std::fs::read(place.file(file)).unwrap_or_default())
            .concat();
        bytes.windows(wrapped.len()).any(|part| part == wrapped)
    };
    for statement in [
        "SELECT 1",
        "UPDATE server_part SET key_id = x'00112233445566778899aabbccddeeff' WHERE number = 1",
        "UPDATE server_part SET number = 77 WHERE number = 1",
        "INSERT INTO server_part SELECT 77, tenant, version, x'00112233445566778899aabbccddeeff', wrapped
         FROM server_part WHERE number = 1",
        "INSERT INTO server_part SELECT -1, tenant, version, key_id, wrapped FROM server_part WHERE number = 1",
    ] {
        let mut place = Place::two();
        let other = Connection::open(place.file("keyring.db")).unwrap();
        let query = "SELECT wrapped FROM server_part WHERE number = 1";
        let wrapped: Vec<u8> = other.query_row(query, [], |row| row.get(0)).unwrap();
        drop(other);
        place.remember(at(1));
        place.attack("keyring.db", statement, at(1)).unwrap();
        // Control: it is there, and would be found.
        assert!(holds(&place, &wrapped), "{statement}");
        let doomed = place.vault().doomed(&place.collection, &id("ana"));
        let doomed = doomed.unwrap().unwrap();
        place.vault().erase(doomed, None, at(2)).unwrap();
        drop(place.vault.take());
        assert!(!holds(&place, &wrapped), "{statement}");
        place.open(at(3)).unwrap();
        assert_eq!(place.verify("bea", at(3)).unwrap(), 0xb2, "{statement}");
    }
}

#[test]
fn a_key_under_a_number_that_was_never_given_is_named() {
    let mut place = Place::two();
    place.remember(at(1));
    assert!(place.vault().unpaired().unwrap().is_empty());
    let planted = "INSERT INTO server_part SELECT 77, tenant, version, x'00112233445566778899aabbccddeeff', wrapped
         FROM server_part WHERE number = 1";
    place.attack("keyring.db", planted, at(1)).unwrap();
    assert_eq!(place.vault().unpaired().unwrap().keys, [77]);
    let doomed = place.vault().doomed_numbered(77).unwrap().unwrap();
    place.vault().erase(doomed, None, at(2)).unwrap();
}

#[test]
fn a_row_that_does_not_read_is_named_erased_by_number_and_in_nobody_elses_way() {
    for (file, statement) in [
        (
            "data.db",
            "UPDATE subject SET used_day = -5 WHERE number = 1",
        ),
        (
            "data.db",
            "UPDATE subject SET used_day = 99999999999 WHERE number = 1",
        ),
        (
            "data.db",
            "UPDATE subject SET generation = -1 WHERE number = 1",
        ),
        (
            "data.db",
            "UPDATE subject SET pseudonym = x'00' WHERE number = 1",
        ),
        (
            "data.db",
            "UPDATE subject SET key_id = x'00' WHERE number = 1",
        ),
        ("data.db", "UPDATE subject SET kind = 'x' WHERE number = 1"),
        (
            "data.db",
            "UPDATE subject SET collection = 77 WHERE number = 1",
        ),
        (
            "data.db",
            "UPDATE consent SET ledger = x'' WHERE place = 256",
        ),
        (
            "data.db",
            "UPDATE record SET bytes = 'abc' WHERE place = 256",
        ),
        (
            "keyring.db",
            "UPDATE server_part SET wrapped = x'' WHERE number = 1",
        ),
        (
            "keyring.db",
            "UPDATE server_part SET version = -1 WHERE number = 1",
        ),
        (
            "keyring.db",
            "UPDATE server_part SET key_id = x'00' WHERE number = 1",
        ),
    ] {
        let mut place = Place::two();
        place.remember(at(1));
        place.attack(file, statement, at(1)).unwrap();
        let vault = place.vault();
        let unpaired = vault.unpaired().unwrap();
        let examined = vault.examine(0, 10).unwrap();
        assert_eq!(examined.subjects, 2, "{statement}");
        let named = unpaired.subjects.contains(&1)
            || examined.faults.iter().any(|(number, _)| *number == 1);
        // A day of last use is nobody's secret and no promise: it is set anew.
        assert!(named || statement.contains("used_day"), "{statement}");
        vault.retain(0, 10, at(2)).unwrap();
        vault.subjects(&place.collection, 0, 10).unwrap();
        vault.rewrap(0, 10).unwrap();
        vault.backup_data(&mut Vec::new(), at(2)).ok();
        assert_eq!(place.verify("bea", at(2)).unwrap(), 0xb2, "{statement}");
        let doomed = place.vault().doomed_numbered(1).unwrap().unwrap();
        place.vault().erase(doomed, None, at(3)).unwrap();
        assert!(place.vault().unpaired().unwrap().is_empty(), "{statement}");
        assert_eq!(place.verify("bea", at(4)).unwrap(), 0xb2, "{statement}");
    }
}
