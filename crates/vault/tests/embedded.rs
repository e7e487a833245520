//! What only the embedded store can show: its files, its lock, damage done to it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::cloned_ref_to_slice_refs,
    reason = "a test that fails should say so where it fails"
)]

mod given;

use countenance_vault::store::{Durability, SqliteStore, Store, StoreError};
use countenance_vault::{
    Collection, HolderPart, Purpose, RootKey, Settings, SystemRandom, Timestamp, Vault, VaultError,
};
use given::{at, grant_for, id, model, name};
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn source() -> Arc<RootKey> {
    Arc::new(RootKey::dangerous_from_bytes(&[1; 32]))
}

fn open(folder: &Path, now: Timestamp) -> Result<Vault, VaultError> {
    let store = SqliteStore::open(folder, Durability::Full)?;
    let random = Arc::new(SystemRandom);
    Vault::open(Arc::new(store), source(), random, Settings::default(), now)
}

fn create(folder: &Path) -> (Vault, Collection) {
    let store = SqliteStore::open(folder, Durability::Full).unwrap();
    let random = Arc::new(SystemRandom);
    let vault = Vault::create(
        Arc::new(store),
        source(),
        random,
        Settings::default(),
        at(0),
    )
    .unwrap();
    vault.create_tenant(&name("acme"), at(0)).unwrap();
    let collection = vault
        .create_collection(&name("acme"), &name("staff"), at(0))
        .unwrap();
    (vault, collection)
}

fn enroll(vault: &Vault, collection: &Collection, who: &str, template: &[u8]) {
    let subject = vault
        .add_subject(collection, &id(who), None, at(0))
        .unwrap();
    let consent = vault
        .grant(&subject, &grant_for(Purpose::Verify, 300), at(0))
        .unwrap();
    vault
        .enroll(&subject, &consent, &model(), template, at(0))
        .unwrap();
}

fn verify(folder: &Path, who: &str) -> Result<Vec<Vec<u8>>, VaultError> {
    let vault = open(folder, at(5))?;
    let collection = vault.collection(&name("acme"), &name("staff"))?;
    let target = vault.find(&collection, &id(who))?;
    let attempt = vault.count_attempt(&target, Purpose::Verify, at(5))?;
    let Some(subject) = target.subject() else {
        vault.decline(attempt, false, at(5))?;
        return Err(VaultError::Unknown { what: "subject" });
    };
    let subject = vault.unlock(subject, None)?;
    let consent = vault.consent(&subject, Purpose::Verify, at(5))?;
    let references = vault.references(&subject, &consent, &attempt, at(5))?;
    vault.accept(attempt, &subject, &consent, at(5))?;
    Ok(references.iter().map(|one| one.template.to_vec()).collect())
}

fn two(folder: &Path) {
    let (vault, collection) = create(folder);
    enroll(&vault, &collection, "ana", &[0xa1; 132]);
    enroll(&vault, &collection, "bea", &[0xb2; 132]);
}

fn edit(folder: &Path, file: &str, statement: &str) {
    let connection = Connection::open(folder.join(file)).unwrap();
    connection.execute_batch(statement).unwrap();
}

#[test]
fn swapped_rows_and_fields_do_not_open() {
    let control = tempfile::tempdir().unwrap();
    two(control.path());
    edit(control.path(), "data.db", "UPDATE record SET bytes = bytes");
    assert_eq!(verify(control.path(), "ana").unwrap(), [[0xa1; 132]]);
    assert_eq!(verify(control.path(), "bea").unwrap(), [[0xb2; 132]]);

    let swaps = [
        ("data.db", "record", "place", "bytes"),
        ("data.db", "consent", "place", "ledger"),
        ("data.db", "consent", "place", "detail"),
        ("data.db", "subject", "number", "profile"),
        ("data.db", "subject", "number", "key_id"),
        ("keyring.db", "server_part", "number", "wrapped"),
    ];
    for (file, table, key, field) in swaps {
        let folder = tempfile::tempdir().unwrap();
        two(folder.path());
        edit(
            folder.path(),
            file,
            &format!(
                "CREATE TEMP TABLE old AS SELECT {key} AS k, {field} AS v FROM {table};
                 UPDATE {table} SET {field} = (SELECT v FROM old WHERE k <> {table}.{key});"
            ),
        );
        for who in ["ana", "bea"] {
            let refused = verify(folder.path(), who);
            assert!(
                matches!(
                    refused,
                    Err(VaultError::Corrupt { .. } | VaultError::Unknown { what: "subject" })
                ),
                "{table}.{field}: {refused:?}"
            );
        }
    }
}

#[test]
fn a_record_moved_to_another_number_or_kept_from_before_an_upgrade_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    two(folder.path());
    edit(
        folder.path(),
        "data.db",
        "UPDATE record SET place = place + 1",
    );
    assert!(matches!(
        verify(folder.path(), "ana"),
        Err(VaultError::Corrupt { what: "record" })
    ));
    edit(
        folder.path(),
        "data.db",
        "UPDATE record SET place = place - 1",
    );
    assert_eq!(verify(folder.path(), "ana").unwrap(), [[0xa1; 132]]);
    edit(
        folder.path(),
        "data.db",
        "UPDATE subject SET kind = 1 - kind",
    );
    assert!(verify(folder.path(), "ana").is_err(), "the kind is bound");
}

#[test]
fn a_second_process_on_the_data_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (vault, _) = create(folder.path());
    let second = SqliteStore::open(folder.path(), Durability::Full);
    assert!(matches!(second, Err(StoreError::InUse { .. })));
    drop(vault);
    assert!(open(folder.path(), at(1)).is_ok());
}

#[test]
fn a_data_folder_of_a_newer_version_is_refused_and_left_alone() {
    for (file, table) in [("data.db", "meta"), ("keyring.db", "key_meta")] {
        let folder = tempfile::tempdir().unwrap();
        two(folder.path());
        edit(
            folder.path(),
            file,
            &format!("UPDATE {table} SET value = x'09000000' WHERE slot = 1"),
        );
        let refused = open(folder.path(), at(1)).unwrap_err();
        assert!(
            matches!(
                refused,
                VaultError::Store(StoreError::Newer { found: 9, known: 3 })
            ),
            "{refused}"
        );
        edit(
            folder.path(),
            file,
            &format!("UPDATE {table} SET value = x'03000000' WHERE slot = 1"),
        );
        assert!(open(folder.path(), at(1)).is_ok());
    }
}

#[test]
fn an_older_data_database_beside_a_newer_keyring_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (vault, collection) = create(folder.path());
    drop(vault);
    let old = folder.path().join("old.db");
    std::fs::copy(folder.path().join("data.db"), &old).unwrap();
    let vault = open(folder.path(), at(1)).unwrap();
    enroll(&vault, &collection, "ana", &[1; 132]);
    vault.checkpoint(at(1)).unwrap();
    drop(vault);
    std::fs::copy(&old, folder.path().join("data.db")).unwrap();
    let refused = open(folder.path(), at(2)).unwrap_err();
    assert!(
        matches!(refused, VaultError::OlderThanKeyring { .. }),
        "{refused}"
    );
}

#[test]
fn a_database_of_before_a_withdrawal_cannot_be_put_back() {
    let folder = tempfile::tempdir().unwrap();
    two(folder.path());
    let (old, keyring) = (folder.path().join("old.db"), folder.path().join("old.keys"));
    std::fs::copy(folder.path().join("data.db"), &old).unwrap();
    std::fs::copy(folder.path().join("keyring.db"), &keyring).unwrap();

    // Control: without a withdrawal the same copy opens and verifies.
    std::fs::copy(&old, folder.path().join("data.db")).unwrap();
    assert_eq!(verify(folder.path(), "ana").unwrap(), [[0xa1; 132]]);

    std::fs::copy(&old, folder.path().join("data.db")).unwrap();
    std::fs::copy(&keyring, folder.path().join("keyring.db")).unwrap();
    let vault = open(folder.path(), at(5)).unwrap();
    let collection = vault.collection(&name("acme"), &name("staff")).unwrap();
    let target = vault.find(&collection, &id("ana")).unwrap();
    let withdrawn = vault.withdraw(target.subject().unwrap(), None, at(5));
    assert_eq!(withdrawn.unwrap(), 1);
    drop(vault);
    std::fs::copy(&old, folder.path().join("data.db")).unwrap();
    let refused = verify(folder.path(), "ana").unwrap_err();
    assert!(
        matches!(refused, VaultError::OlderThanKeyring { .. }),
        "{refused}"
    );
}

#[test]
fn a_truncated_or_overwritten_database_is_refused() {
    for file in ["data.db", "keyring.db"] {
        for keep in [0, 100, 8192, 16384] {
            let folder = tempfile::tempdir().unwrap();
            two(folder.path());
            let path = folder.path().join(file);
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(&path, &bytes[..keep]).unwrap();
            assert!(
                verify(folder.path(), "ana").is_err(),
                "{file} cut to {keep}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        two(folder.path());
        let path = folder.path().join(file);
        let length = std::fs::metadata(&path).unwrap().len() as usize;
        std::fs::write(&path, vec![0x5a; length]).unwrap();
        assert!(verify(folder.path(), "ana").is_err(), "{file} overwritten");
    }
}

/// Every page of the data database overwritten in turn: an error, or the right template, or none.
/// A row whose page is lost may look as if it had never been written, which is a rejection;
/// another template than the one that was sealed never comes back.
#[test]
fn a_damaged_page_never_gives_a_wrong_answer() {
    let folder = tempfile::tempdir().unwrap();
    two(folder.path());
    let path = folder.path().join("data.db");
    let good = std::fs::read(&path).unwrap();
    let (mut right, mut refused) = (0, 0);
    for page in 0..good.len() / 8192 {
        for file in ["data.db-wal", "data.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(file));
        }
        let mut bad = good.clone();
        bad[page * 8192 + 50..(page + 1) * 8192].fill(0x5a);
        std::fs::write(&path, &bad).unwrap();
        match verify(folder.path(), "ana") {
            Ok(templates) => {
                let sealed = templates.iter().all(|template| *template == [0xa1; 132]);
                assert!(sealed && templates.len() <= 1, "page {page}");
                right += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(
        refused > 3,
        "damage is noticed: {right} right, {refused} refused"
    );
}

#[test]
fn a_damaged_page_of_the_keyring_never_gives_a_wrong_answer() {
    let folder = tempfile::tempdir().unwrap();
    two(folder.path());
    let path = folder.path().join("keyring.db");
    let good = std::fs::read(&path).unwrap();
    let data = std::fs::read(folder.path().join("data.db")).unwrap();
    let (mut right, mut refused) = (0, 0);
    for page in 0..good.len() / 8192 {
        for file in [
            "keyring.db-wal",
            "keyring.db-shm",
            "data.db-wal",
            "data.db-shm",
        ] {
            let _ = std::fs::remove_file(folder.path().join(file));
        }
        let mut bad = good.clone();
        bad[page * 8192 + 50..(page + 1) * 8192].fill(0x5a);
        std::fs::write(&path, &bad).unwrap();
        std::fs::write(folder.path().join("data.db"), &data).unwrap();
        match verify(folder.path(), "ana") {
            Ok(templates) => {
                assert_eq!(templates, [[0xa1; 132]], "page {page}");
                right += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(
        refused > 3,
        "damage is noticed: {right} right, {refused} refused"
    );
    std::fs::write(&path, &good).unwrap();
    std::fs::write(folder.path().join("data.db"), &data).unwrap();
    assert_eq!(
        verify(folder.path(), "ana").unwrap(),
        [[0xa1; 132]],
        "control"
    );
}

#[test]
fn an_older_keyring_beside_newer_data_is_refused() {
    type Since = fn(&Vault, &Collection);
    let changes: [(&str, Since); 2] = [
        ("subjects", |vault, collection| {
            enroll(vault, collection, "cleo", &[3; 132])
        }),
        ("erasures", |vault, collection| {
            let target = vault.find(collection, &id("ana")).unwrap();
            vault.erase(target.subject().unwrap(), None, at(2)).unwrap();
        }),
    ];
    for (expected, since) in changes {
        let folder = tempfile::tempdir().unwrap();
        two(folder.path());
        let (keyring, old) = (
            folder.path().join("keyring.db"),
            folder.path().join("old.db"),
        );
        std::fs::copy(&keyring, &old).unwrap();
        // Control: put back while nothing has changed, it opens.
        std::fs::copy(&old, &keyring).unwrap();
        let vault = open(folder.path(), at(1)).unwrap();
        let collection = vault.collection(&name("acme"), &name("staff")).unwrap();
        since(&vault, &collection);
        drop(vault);
        assert_eq!(verify(folder.path(), "bea").unwrap(), [[0xb2; 132]]);
        std::fs::copy(&old, &keyring).unwrap();
        match open(folder.path(), at(6)) {
            Err(VaultError::KeyringOlder { what, .. }) => assert_eq!(what, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

/// Making a vault on a disk with too little room is refused at whatever point it runs out, and leaves
/// what makes way when there is room. Needs root; skips loudly without.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_while_a_vault_is_made_refuses_and_it_is_made_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(arguments[0]);
        let command = command.args(&arguments[1..]).arg(folder.path());
        command.output().is_ok_and(|output| output.status.success())
    };
    let make = |data: &Path| {
        let store = SqliteStore::open(data, Durability::Full)?;
        let first = (name("acme"), name("staff"));
        Vault::create_with(
            Arc::new(store),
            source(),
            Arc::new(SystemRandom),
            Settings::default(),
            Some((&first.0, &first.1)),
            at(0),
        )
    };
    let (mut full, mut made) = (0, 0);
    for kilobytes in (8..600).step_by(36) {
        let size = format!("size={kilobytes}k");
        if !run(&["mount", "-t", "tmpfs", "-o", &size, "tmpfs"]) {
            eprintln!("SKIPPED: a tmpfs cannot be mounted here");
            return;
        }
        let data = folder.path().join("data");
        let first = make(&data).map(drop);
        let grown = run(&["mount", "-o", "remount,size=64m"]);
        let again = match &first {
            Ok(()) => open(&data, at(1)).map(drop),
            Err(_) => make(&data).map(drop),
        };
        let opened = open(&data, at(1)).map(drop);
        assert!(run(&["umount"]) && grown);
        again
            .and(opened)
            .unwrap_or_else(|error| panic!("{kilobytes} KB: {error}"));
        match first {
            Ok(()) => made += 1,
            Err(VaultError::Store(StoreError::Full)) => full += 1,
            Err(error) => panic!("{kilobytes} KB: {error}"),
        }
    }
    assert!(full > 2 && made > 2, "{full} refused, {made} made");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

fn holds(folder: &Path, needle: &[u8]) -> bool {
    files(folder).iter().any(|path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[test]
fn an_erased_key_is_gone_from_the_files_when_the_receipt_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (vault, collection) = create(folder.path());
    for n in 0..60 {
        enroll(&vault, &collection, &format!("subject {n}"), &[3; 132]);
    }
    let keyring = folder.path().join("keyring.db");
    let mut wraps = Vec::new();
    {
        let connection = Connection::open(&keyring).unwrap();
        let mut statement = connection
            .prepare("SELECT number, wrapped FROM server_part")
            .unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        wraps.extend(rows.map(Result::<(i64, Vec<u8>), _>::unwrap));
    }
    assert_eq!(wraps.len(), 60);
    for (_, wrapped) in &wraps {
        assert!(
            holds(folder.path(), wrapped),
            "control: a living key is found"
        );
    }
    for n in (0..60).step_by(3) {
        let target = vault
            .find(&collection, &id(&format!("subject {n}")))
            .unwrap();
        vault.erase(target.subject().unwrap(), None, at(1)).unwrap();
        let (_, wrapped) = &wraps[n];
        assert!(
            !holds(folder.path(), wrapped),
            "subject {n}'s key is still in a file"
        );
    }
    let (_, wrapped) = &wraps[1];
    assert!(holds(folder.path(), wrapped), "the others are still there");
}

#[test]
fn control_without_secure_delete_erased_keys_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("control.db")).unwrap();
    connection
        .execute_batch("PRAGMA secure_delete = OFF; CREATE TABLE k (n INTEGER PRIMARY KEY, w BLOB)")
        .unwrap();
    let key = |n: u8| [n; 60];
    for n in 0..200 {
        connection
            .execute("INSERT INTO k VALUES (?1, ?2)", params![n, key(n)])
            .unwrap();
    }
    connection.execute_batch("DELETE FROM k").unwrap();
    drop(connection);
    let found = (1..200).filter(|&n| holds(folder.path(), &key(n))).count();
    assert!(
        found > 100,
        "the scan finds what is not overwritten: {found}"
    );
}

/// Names, ids and templates as they are, in hexadecimal and in UTF-16.
#[test]
fn no_canary_stands_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let (vault, collection) = create(folder.path());
    vault.create_tenant(&name("CANARY-TENANT"), at(0)).unwrap();
    vault
        .create_collection(&name("CANARY-TENANT"), &name("CANARY-GROUP"), at(0))
        .unwrap();
    let holder = HolderPart::new(b"CANARY-HOLDER-PART-CANARY-HOLDER").unwrap();
    let template = b"CANARY-TEMPLATE".repeat(8);
    for n in 0..50 {
        enroll(&vault, &collection, &format!("CANARY-ID-{n}"), &template);
        let who = id(&format!("CANARY-BOUND-{n}"));
        let subject = vault
            .add_subject(&collection, &who, Some(&holder), at(0))
            .unwrap();
        let consent = vault
            .grant(&subject, &grant_for(Purpose::Verify, 300), at(0))
            .unwrap();
        vault
            .enroll(&subject, &consent, &model(), &template, at(0))
            .unwrap();
    }
    let mut backup = Vec::new();
    vault.backup_data(&mut backup, at(1)).unwrap();
    std::fs::write(folder.path().join("backup"), backup).unwrap();
    let hex: String = b"CANARY".iter().map(|byte| format!("{byte:02x}")).collect();
    let wide: Vec<u8> = b"CANARY".iter().flat_map(|&byte| [byte, 0]).collect();
    let needles: [&[u8]; 4] = [b"CANARY", hex.as_bytes(), &wide, b"Q0FOQVJZ"];
    for needle in needles {
        assert!(
            !holds(folder.path(), needle),
            "{}",
            String::from_utf8_lossy(needle)
        );
    }
    // Control: the scan sees what is there, such as the name of the model.
    assert!(holds(folder.path(), b"sface-2021dec"));
    std::fs::write(folder.path().join("control"), wide.clone()).unwrap();
    assert!(holds(folder.path(), &wide));
}

/// A file system of eight megabytes: writes are refused with a clear error, and what was answered
/// before is there afterwards. Needs root; skips loudly without.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mount = |arguments: &[&str]| {
        std::process::Command::new(arguments[0])
            .args(&arguments[1..])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs"]) {
        eprintln!("SKIPPED: a tmpfs cannot be mounted here");
        return;
    }
    let data = folder.path().join("data");
    let (vault, collection) = create(&data);
    let mut answered = Vec::new();
    let refusal = loop {
        let who = format!("subject {}", answered.len());
        let result = vault
            .add_subject(&collection, &id(&who), None, at(0))
            .and_then(|subject| {
                let consent = vault.grant(&subject, &grant_for(Purpose::Verify, 300), at(0))?;
                vault.enroll(&subject, &consent, &model(), &[7; 132], at(0))
            });
        match result {
            Ok(_) => answered.push(who),
            Err(error) => break error,
        }
    };
    assert!(
        matches!(refusal, VaultError::Store(StoreError::Full)),
        "{refusal}"
    );
    drop(vault);
    let store = SqliteStore::open(&data, Durability::Full).unwrap();
    for who in &answered {
        // Reading needs no space.
        let known = store.keyring();
        assert!(known.is_ok(), "{who}: {known:?}");
    }
    drop(store);
    let grown = mount(&["mount", "-o", "remount,size=64m"]);
    let found: Result<usize, VaultError> = open(&data, at(1)).and_then(|vault| {
        vault.audit_verify()?;
        answered.iter().try_fold(0, |count, who| {
            let found = vault.find(&collection, &id(who))?;
            Ok(count + usize::from(found.subject().is_some()))
        })
    });
    // A child that another test is just starting has the open files until it runs its program.
    let unmounted = (0..100).any(|_| {
        let free = mount(&["umount"]);
        if !free {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        free
    });
    assert!(grown && unmounted);
    assert_eq!(found.unwrap(), answered.len());
    assert!(answered.len() > 10, "{}", answered.len());
}
