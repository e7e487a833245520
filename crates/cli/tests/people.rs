//! The commands about stored people, and all that can be wrong with what they are given.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod fixture;

use countenance_core::vault::store::{Durability, SqliteStore};
use countenance_core::vault::{
    Collection, ExternalId, Name, Purpose, RootKey, Settings, SystemRandom, Timestamp, Vault,
};
use countenance_core::{ComparePolicy, Registry, WallClock};
use fixture::{assert_exit, json, sample, stderr};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's time of day.
struct Now;

impl WallClock for Now {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_unix(since.as_secs())
    }
}

/// A folder with a data folder `vault` in it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("form.pdf"), "signed").unwrap();
        Self { folder }
    }

    fn new() -> Self {
        let place = Self::empty();
        assert_exit(&place.run("keyring init --data vault"), 0);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countenance"));
        command.current_dir(&self.folder);
        for name in ["DATA", "ROOT", "DATABASE", "RETENTION_DAYS"] {
            command.env_remove(format!("COUNTENANCE_{name}"));
        }
        command.env_remove("CREDENTIALS_DIRECTORY");
        command
    }

    /// Runs a command line; a word that ends in `.jpg` is a sample photo.
    fn run(&self, line: &str) -> Output {
        let words = line.split(' ').map(|word| match word {
            photo if photo.ends_with(".jpg") => sample(photo),
            other => PathBuf::from(other),
        });
        self.command().args(words).output().unwrap()
    }

    /// The same with something on the standard input.
    fn run_with(&self, line: &str, input: &[u8]) -> Output {
        let mut child = self
            .command()
            .args(line.split(' '))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may have read enough before all is written.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    fn ok(&self, line: &str) -> Output {
        let output = self.run(line);
        assert_exit(&output, 0);
        output
    }

    /// The vault, opened as a library.
    fn vault(&self, now: Timestamp) -> Vault {
        let data = self.path("vault");
        let store = SqliteStore::open(&data, Durability::Full).unwrap();
        let root = RootKey::from_file(&self.path("vault.root"), &data).unwrap();
        let vault = Vault::open(
            Arc::new(store),
            Arc::new(root),
            Arc::new(SystemRandom),
            Settings::default(),
            now,
        );
        vault.unwrap()
    }

    /// The same with the use cases around it.
    fn registry(&self) -> (Registry, Collection) {
        let vault = self.vault(Now.now());
        let name = Name::new("default").unwrap();
        let collection = vault.collection(&name, &name).unwrap();
        let registry = Registry::open(
            Arc::new(vault),
            Arc::new(SystemRandom),
            Arc::new(Now),
            ComparePolicy::default(),
        );
        (registry.unwrap(), collection)
    }

    /// Counts five attempts an hour from now, so that the wait is not over however slow this machine is.
    fn try_five_times(&self, id: &str) {
        let later = Now.now().plus(3600);
        let vault = self.vault(later);
        let name = Name::new("default").unwrap();
        let collection = vault.collection(&name, &name).unwrap();
        let target = vault
            .find(&collection, &ExternalId::new(id).unwrap())
            .unwrap();
        for attempt in 0..5 {
            let counted = vault.count_attempt(&target, Purpose::Verify, later);
            // One was counted by the program already.
            assert_eq!(counted.is_ok(), attempt < 4);
        }
    }

    /// A subject who consented, with one template.
    fn enrolled(&self, id: &str, photo: &str) {
        self.ok(&format!("subject add {id} --data vault"));
        self.consent(id);
        self.ok(&format!("enroll {id} {photo} --data vault"));
    }

    fn consent(&self, id: &str) {
        self.ok(&format!(
            "consent grant {id} --purpose verify --text v1 --evidence form.pdf --data vault"
        ));
    }
}

/// One error line with some words and one hint line.
fn assert_refused(output: &Output, exit: i32, words: &str) {
    assert_exit(output, exit);
    let said = stderr(output);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(
        lines[0].starts_with("error: ") && lines[0].contains(words),
        "{said}"
    );
    assert!(lines[1].starts_with("hint: "), "{said}");
}

#[test]
fn an_enrolled_person_is_accepted_and_no_score_is_shown_unless_asked_for() {
    let place = Place::new();
    place.enrolled("ana", "obama.jpg");
    let line = "verify --subject ana obama2.jpg --data vault --json";
    let accepted = json(&place.ok(line));
    assert_eq!(accepted["decision"], "accept");
    assert!(accepted.get("score").is_none() && accepted.get("threshold").is_none());
    let scored = json(&place.ok(&format!("{line} --scores")));
    assert!(scored["score"].as_f64().unwrap() > scored["threshold"].as_f64().unwrap());
    let words = place.ok("verify --subject ana obama2.jpg --data vault");
    let words = String::from_utf8(words.stdout).unwrap();
    assert!(
        words.starts_with("accept") && !words.contains("score"),
        "{words}"
    );
    let other = place.run("verify --subject ana biden.jpg --data vault --json");
    assert_exit(&other, 1);
    assert_eq!(json(&other)["decision"], "reject");
    let poor = place.run("verify --subject ana obama_partial_face.jpg --data vault --json");
    assert_exit(&poor, 3);
    assert!(json(&poor)["cause"].is_string());
}

#[test]
fn whoever_is_not_permitted_gets_one_answer_and_the_log_says_why() {
    let place = Place::new();
    place.enrolled("ana", "obama.jpg");
    place.ok("consent withdraw ana --data vault");
    place.ok("subject add ben --data vault");
    place.ok("subject add eve --holder-bound --holder eve.holder --data vault");
    place.enrolled("zoe", "biden.jpg");
    assert_exit(&place.run("verify --subject zoe obama.jpg --data vault"), 1);
    place.try_five_times("zoe");
    let mut answers = Vec::new();
    let cases = [
        ("ana", "consent_withdrawn"),
        ("ben", "consent_missing"),
        ("eve", "holder_missing"),
        ("nobody", "unknown_subject"),
        ("zoe", "attempts_wait"),
    ];
    for (id, _) in cases {
        let line = format!("verify --subject {id} obama2.jpg --data vault --log verify.log");
        let output = place.run(&line);
        assert_exit(&output, 5);
        assert_eq!(stderr(&output), "");
        let words = String::from_utf8(output.stdout).unwrap();
        // All but the time it took.
        let lines: Vec<_> = words
            .lines()
            .filter(|line| !line.contains("time"))
            .collect();
        answers.push(lines.join("\n"));
        let coded = place.run(&format!("{} --json", line.replace("verify.log", "-")));
        assert_exit(&coded, 5);
        let coded = json(&coded);
        assert_eq!(coded["decision"], "not_permitted");
        assert!(coded["cause"].is_null());
    }
    assert!(answers.iter().all(|one| *one == answers[0]), "{answers:?}");
    let log = fs::read_to_string(place.path("verify.log")).unwrap();
    let findings: Vec<_> = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["finding"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(findings, cases.map(|(_, finding)| finding));
    assert!(!log.contains("nobody"), "the id stands in the log: {log}");
}

#[test]
fn enrolling_needs_consent_and_photos_of_one_person() {
    let place = Place::new();
    place.ok("subject add ana --data vault");
    let refused = place.run("enroll ana obama.jpg --data vault");
    assert_refused(&refused, 5, "no consent for this purpose");
    place.consent("ana");
    let two = place.run("enroll ana obama.jpg biden.jpg --data vault --json");
    assert_exit(&two, 1);
    assert_eq!(json(&two)["outcome"], "different");
    assert_eq!(json(&two)["photo"], 2);
    let poor = place.run("enroll ana obama.jpg obama_partial_face.jpg --data vault --json");
    assert_exit(&poor, 3);
    assert_eq!(json(&poor)["outcome"], "recapture");
    let shown = json(&place.ok("subject show ana --data vault --json"));
    assert_eq!(shown["templates"].as_array().unwrap().len(), 0);
    place.ok("enroll ana obama.jpg obama2.jpg --data vault");
    let again = json(&place.ok("enroll ana obama.jpg --replace --data vault --json"));
    assert_eq!(again["replaced"], 2);
    let unknown = place.run("enroll ben obama.jpg --data vault");
    assert_refused(&unknown, 5, "unknown subject");
}

#[test]
fn a_holder_bound_subject_is_opened_by_its_part_alone() {
    let place = Place::new();
    let added = place.ok("subject add eve --holder-bound --holder eve.holder --data vault --json");
    assert_eq!(json(&added)["kind"], "holder-bound");
    assert_eq!(json(&added)["holder_made"], true);
    place.ok("subject add ben --holder-bound --holder ben.holder --data vault");
    let grant = "consent grant eve --purpose verify --text v1 --evidence form.pdf --data vault";
    assert_refused(&place.run(grant), 5, "holder part is missing");
    let wrong = place.run(&format!("{grant} --holder ben.holder"));
    assert_refused(&wrong, 5, "does not open this subject");
    place.ok(&format!("{grant} --holder eve.holder"));
    place.ok("enroll eve obama.jpg --holder eve.holder --data vault");
    place.ok("verify --subject eve obama2.jpg --holder eve.holder --data vault");
    let listed = json(&place.ok("subject list --data vault --json"));
    let subjects = listed["subjects"].as_array().unwrap();
    assert_eq!(subjects.len(), 2);
    assert!(subjects.iter().all(|one| one["id"].is_null()));
    fs::write(place.path("short"), "abc").unwrap();
    private(&place.path("short"));
    let short = place.run(&format!("{grant} --holder short"));
    assert_refused(&short, 4, "secret has 3 bytes, expected 32");
    place.ok("subject add ana --data vault");
    let unexpected = place.run("subject show ana --holder eve.holder --data vault");
    assert_refused(
        &unexpected,
        5,
        "holder part given for an operator-key subject",
    );
    let half = place.run("subject add x --holder-bound --data vault");
    assert_exit(&half, 2);
    // A part is not made for an id that is taken.
    let taken = place.run("subject add ana --holder-bound --holder new.holder --data vault");
    assert_refused(&taken, 4, "subject exists already");
    assert!(!place.path("new.holder").exists());
    let taken = place.run("subject add eve --holder-bound --holder none/x --data vault");
    assert_refused(&taken, 4, "subject exists already");
}

#[cfg(unix)]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(unix)]
#[test]
fn every_file_that_is_made_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    place.enrolled("ana", "obama.jpg");
    place.ok("subject add eve --holder-bound --holder eve.holder --data vault");
    place.ok("verify --subject ana obama2.jpg --data vault --log verify.log");
    place.ok("subject export ana --data vault --to ana.json");
    place.ok("subject erase ana --data vault --receipt ana.receipt");
    place.ok("audit verify --data vault --save checkpoint");
    place.ok("keyring identity restore.identity");
    place.ok("backup --data vault --to a.backup --deletions d.backup");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.path("vault")), 0o700);
    let mut seen = 0;
    for folder in [place.path("."), place.path("vault")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && !path.ends_with("form.pdf") {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= 11, "only {seen} files");
}

#[test]
fn ids_that_cannot_be_are_refused_and_not_repeated() {
    let place = Place::new();
    let add = |input: &[u8]| place.run_with("subject add - --data vault", input);
    assert_refused(&add(b"an\0a"), 2, "not allowed at byte 2");
    let long = add(&vec![b'x'; 10 << 20]);
    assert_refused(&long, 2, "4096 bytes or more, expected 1 to 200");
    assert!(!stderr(&long).contains("xxx"));
    assert_refused(&add(b""), 2, "0 bytes");
    assert_refused(&add(b"\xff\xfe"), 2, "not UTF-8");
    assert_exit(&add("Žofie Ω\n".as_bytes()), 0);
    let listed = json(&place.ok("subject list --data vault --json"));
    assert_eq!(listed["subjects"][0]["id"], "Žofie Ω");
    assert_refused(&add("Žofie Ω".as_bytes()), 4, "subject exists already");
}

#[test]
fn a_root_key_that_is_wrong_missing_inside_or_open_to_others_is_refused() {
    let place = Place::new();
    place.ok("keyring init --data other");
    let list = "subject list --data vault --root";
    assert_refused(&place.run(&format!("{list} other.root")), 4, "root key is");
    assert_refused(&place.run(&format!("{list} none.root")), 4, "none.root");
    fs::copy(place.path("vault.root"), place.path("vault/vault.root")).unwrap();
    let inside = place.run(&format!("{list} vault/vault.root"));
    assert_refused(&inside, 4, "lies in the data folder");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(place.path("vault.root"), open).unwrap();
        assert_refused(&place.run("subject list --data vault"), 4, "mode 644");
        private(&place.path("vault.root"));
    }
    fs::write(place.path("words.root"), "not a key").unwrap();
    private(&place.path("words.root"));
    assert_refused(&place.run(&format!("{list} words.root")), 4, "is not a key");
    let inside = place.run("keyring init --data new --root new/root");
    assert_refused(&inside, 4, "lies in the data folder");
    place.ok("subject list --data vault");
}

#[test]
fn a_data_folder_that_is_missing_newer_damaged_or_in_use_is_refused_untouched() {
    let place = Place::new();
    let missing = place.run("subject list --data nowhere --root vault.root");
    assert_refused(&missing, 4, "no vault here");
    assert!(!place.path("nowhere").exists());
    assert_refused(&place.run("subject list"), 2, "no data folder");
    assert_refused(
        &place.run("subject list --data vault/data.db"),
        4,
        "data.db",
    );
    let too_long = place.run("subject list --data vault --retention-days 1096");
    assert_refused(&too_long, 2, "1096, expected 1 to 1095");

    let data = place.path("vault/data.db");
    let whole = fs::read(&data).unwrap();
    fs::write(&data, &whole[..whole.len() / 2]).unwrap();
    assert_exit(&place.run("audit verify --data vault"), 4);
    fs::write(&data, &whole).unwrap();
    place.ok("audit verify --data vault");

    let lock = fs::File::options()
        .write(true)
        .open(place.path("vault/lock"))
        .unwrap();
    lock.try_lock().unwrap();
    let second = place.run("subject list --data vault");
    assert_refused(&second, 4, "in use by another process");
    drop(lock);

    let keyring = rusqlite::Connection::open(place.path("vault/keyring.db")).unwrap();
    let changed = keyring
        .execute("UPDATE key_meta SET value = x'04000000' WHERE slot = 1", [])
        .unwrap();
    assert_eq!(changed, 1);
    drop(keyring);
    let newer = place.run("subject list --data vault");
    assert_refused(&newer, 4, "schema version 4, this build reads up to 3");
}

#[test]
fn backups_come_back_without_the_erased_and_foreign_ones_leave_nothing() {
    let place = Place::new();
    place.enrolled("ana", "obama.jpg");
    place.enrolled("ben", "biden.jpg");
    let identity = place.ok("keyring identity restore.identity");
    let recipient = String::from_utf8(identity.stdout).unwrap();
    let recipient = recipient.trim();
    place.ok(&format!(
        "backup --data vault --to a.backup --keyring k.backup --recipient {recipient}"
    ));
    let again = place.run("backup --data vault --to a.backup");
    assert_refused(&again, 4, "a.backup");
    place.ok("subject erase ana --data vault");
    place.ok("backup --data vault --deletions d.backup");
    let restore =
        "restore --root vault.root --from a.backup --keyring k.backup --identity restore.identity";
    let done = place.ok(&format!("{restore} --data new --deletions d.backup --json"));
    assert_eq!(json(&done)["subjects"], 1);
    assert_eq!(json(&done)["erased"], 1);
    assert!(!stderr(&done).contains("warning"), "{}", stderr(&done));
    place.ok("verify --subject ben biden.jpg --data new --root vault.root");
    let gone = place.run("verify --subject ana obama2.jpg --data new --root vault.root");
    assert_exit(&gone, 5);
    let occupied = place.run(&format!("{restore} --data new"));
    assert_refused(&occupied, 4, "there is a vault here already");

    place.ok("keyring init --data other");
    place.ok("backup --data other --to foreign.backup");
    let foreign =
        place.run(&format!("{restore} --data fresh").replace("a.backup", "foreign.backup"));
    assert_refused(&foreign, 4, "backup is of vault");
    assert!(!place.path("fresh").exists());
    let mut altered = fs::read(place.path("a.backup")).unwrap();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    fs::write(place.path("altered.backup"), altered).unwrap();
    let altered =
        place.run(&format!("{restore} --data fresh").replace("a.backup", "altered.backup"));
    assert_exit(&altered, 4);
    assert!(!place.path("fresh").exists());
    let words = place.run(&format!("{restore} --data fresh").replace("a.backup", "form.pdf"));
    assert_refused(&words, 4, "backup is damaged, or no data backup");
    fs::create_dir(place.path("full")).unwrap();
    fs::write(place.path("full/diary"), "mine").unwrap();
    let full = place.run(&format!("{restore} --data full"));
    assert_refused(&full, 4, "holds diary already");
    assert_eq!(fs::read_dir(place.path("full")).unwrap().count(), 1);
    place.ok("keyring identity other.identity");
    let other = format!("{restore} --data fresh").replace("restore.identity", "other.identity");
    assert_refused(&place.run(&other), 4, "keyring backup");
    let nothing = place.run("backup --data vault");
    assert_refused(&nothing, 2, "nothing to back up");
    let recipient = place.run("backup --data vault --keyring x --recipient somebody");
    assert_exit(&recipient, 4);
    assert!(!place.path("x").exists(), "a backup that failed was left");
}

#[test]
fn rotating_keys_changes_nothing_for_people() {
    let place = Place::new();
    place.enrolled("ana", "obama.jpg");
    let rotated = json(&place.ok("keyring rotate --data vault --json"));
    assert!(rotated["rewrapped"].as_u64().unwrap() >= 1);
    place.ok("verify --subject ana obama2.jpg --data vault");
    place.ok("keyring rotate --data vault --resume");
    place.ok("keyring rotate --data vault --new-root new.root");
    let old = place.run("verify --subject ana obama2.jpg --data vault");
    assert_refused(&old, 4, "root key is");
    place.ok("verify --subject ana obama2.jpg --data vault --root new.root");
    let status = json(&place.ok("keyring status --data vault --root new.root --json"));
    assert_eq!(status["tenants"].as_array().unwrap().len(), 1, "{status}");
    assert_eq!(status["tenants"][0]["key_version"], 2);
    assert_eq!(status["tenants"][0]["older_keys"], 0);
    assert_eq!(status["theft_survived"], false);
}

#[test]
fn a_receipt_is_for_one_id_and_a_checkpoint_of_another_vault_is_refused() {
    let place = Place::new();
    place.enrolled("ana", "obama.jpg");
    place.ok("subject erase ana --data vault --receipt ana.receipt");
    place.ok("audit verify --data vault --receipt ana.receipt --id ana");
    let other = place.run("audit verify --data vault --receipt ana.receipt --id ben --json");
    assert_exit(&other, 1);
    assert_eq!(json(&other)["receipt"]["is_for"], false);
    place.ok("keyring init --data other");
    place.ok("audit verify --data other --save other.checkpoint");
    let foreign = place.run("audit verify --data vault --against other.checkpoint");
    assert_exit(&foreign, 4);
    let receipt = place.run("audit verify --data vault --receipt form.pdf");
    assert_exit(&receipt, 4);
    assert_exit(&place.run("audit prove --data vault --leaf 100000"), 2);
    let proof = json(&place.ok("audit prove --data vault --since 3"));
    assert_eq!(proof["older"], 3);
}

#[test]
fn doctor_says_which_promise_holds() {
    let place = Place::new();
    let healthy = json(&place.ok("doctor --data vault --isa scalar --json"));
    assert_eq!(healthy["people"]["theft_survived"], false);
    assert_eq!(healthy["people"]["erased_at_once"], true);
    assert!(healthy["people"]["error"].is_null());
    let none = place.run("doctor --data nowhere --isa scalar --json");
    assert_exit(&none, 4);
    assert!(json(&none)["people"]["error"].is_string());
    assert!(!place.path("nowhere").exists());
    // A file system in memory is no disk the data could be stolen with.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        let folder = tempfile::tempdir_in(memory).unwrap();
        let root = folder.path().join("root");
        let init = format!("keyring init --data apart --root {} --json", root.display());
        let made = json(&place.ok(&init));
        assert_eq!(made["theft_survived"], true, "{made}");
    } else {
        eprintln!("SKIPPED: no second file system");
    }
}

#[test]
fn a_consent_needs_evidence_and_an_end() {
    let place = Place::new();
    place.ok("subject add ana --data vault");
    let grant = "consent grant ana --purpose verify --text v1 --data vault";
    assert_exit(&place.run(grant), 2);
    let missing = place.run(&format!("{grant} --evidence none.pdf"));
    assert_refused(&missing, 4, "none.pdf");
    fs::write(place.path("empty.pdf"), "").unwrap();
    let empty = place.run(&format!("{grant} --evidence empty.pdf"));
    assert_refused(&empty, 4, "is empty");
    // Holes take no room. A digest of a part would be the same for another file.
    let long = fs::File::create(place.path("long.pdf")).unwrap();
    long.set_len((1 << 30) + 1).unwrap();
    let long = place.run(&format!("{grant} --evidence long.pdf"));
    assert_refused(&long, 4, "longer than 1 GiB");
    for days in [0, 1096] {
        let refused = place.run(&format!("{grant} --evidence form.pdf --days {days}"));
        assert_refused(&refused, 2, "consent lasts");
    }
    let granted = json(&place.ok(&format!("{grant} --evidence form.pdf --json")));
    let digest = countenance_models::Sha256::of(b"signed").to_string();
    assert_eq!(granted["evidence_sha256"], digest);
}

#[test]
fn a_root_key_in_a_token_serves_the_whole_flow() {
    let module = Path::new("/usr/lib/softhsm/libsofthsm2.so");
    if !module.is_file() {
        eprintln!("SKIPPED: no SoftHSM (package softhsm2)");
        return;
    }
    let place = Place::empty();
    fs::create_dir(place.path("tokens")).unwrap();
    let settings = place.path("softhsm.conf");
    let tokens = place.path("tokens");
    fs::write(
        &settings,
        format!("directories.tokendir = {}\n", tokens.display()),
    )
    .unwrap();
    let made = Command::new("softhsm2-util")
        .args("--init-token --free --label office --pin 1234 --so-pin 5678".split(' '))
        .env("SOFTHSM2_CONF", &settings)
        .output()
        .unwrap();
    assert_exit(&made, 0);
    fs::write(place.path("pin"), "1234\n").unwrap();
    private(&place.path("pin"));
    let root = |token: &str| {
        let module = module.display();
        format!("pkcs11:token={token};object=k?module-path={module}&pin-source=pin")
    };
    let run = |line: &str, token: &str| {
        let words = line.split(' ').map(|word| match word {
            photo if photo.ends_with(".jpg") => sample(photo),
            other => PathBuf::from(other),
        });
        place
            .command()
            .args(words)
            .args(["--data", "vault", "--root", &root(token)])
            .env("SOFTHSM2_CONF", &settings)
            .output()
            .unwrap()
    };
    assert_refused(&run("keyring init", "none"), 4, "no token of this label");
    assert!(!place.path("vault").exists());
    let made = run("keyring init --json", "office");
    assert_exit(&made, 0);
    assert_eq!(json(&made)["theft_survived"], true);
    for line in [
        "subject add ana",
        "consent grant ana --purpose verify --text v1 --evidence form.pdf",
        "enroll ana obama.jpg",
        "verify --subject ana obama2.jpg",
        "keyring rotate",
        "verify --subject ana obama2.jpg",
    ] {
        assert_exit(&run(line, "office"), 0);
    }
}

#[test]
fn records_in_postgresql_serve_the_whole_flow() {
    let Ok(database) = std::env::var("COUNTENANCE_TEST_POSTGRES") else {
        eprintln!("SKIPPED: no COUNTENANCE_TEST_POSTGRES; run under tests/with-postgres.sh");
        return;
    };
    let place = Place::empty();
    for line in [
        "keyring init",
        "subject add ana",
        "consent grant ana --purpose verify --text v1 --evidence form.pdf",
        "enroll ana obama.jpg",
        "verify --subject ana obama2.jpg",
        "audit verify",
        "subject erase ana",
    ] {
        let words = line.split(' ').map(|word| match word {
            photo if photo.ends_with(".jpg") => sample(photo),
            other => PathBuf::from(other),
        });
        let output = place
            .command()
            .args(words)
            .args(["--data", "vault", "--database", &database])
            .output()
            .unwrap();
        assert_exit(&output, 0);
    }
}

#[test]
fn nobody_becomes_somebody_else_by_enrolling_once_more() {
    let place = Place::new();
    place.enrolled("ana", "obama.jpg");
    for more in ["", " --replace"] {
        let other = place.run(&format!("enroll ana biden.jpg --data vault --json{more}"));
        assert_exit(&other, 1);
        let document = json(&other);
        assert_eq!(document["outcome"], "not_the_subject");
        assert!(!document.to_string().contains("score"), "{document}");
    }
    let words = place.run("enroll ana biden.jpg --data vault");
    assert_exit(&words, 1);
    let words = String::from_utf8(words.stdout).unwrap();
    assert!(words.contains("subject erase"), "{words}");
    assert_exit(&place.run("verify --subject ana biden.jpg --data vault"), 1);
    place.ok("enroll ana obama2.jpg --data vault");
    place.ok("verify --subject ana obama2.jpg --data vault");
}

#[test]
fn an_erasure_that_was_cut_off_gives_its_receipt_when_it_is_repeated() {
    let place = Place::new();
    place.enrolled("ana", "obama.jpg");
    let erase = "subject erase ana --data vault --receipt ana.receipt";
    // A crash after the key was destroyed and before the receipt was written: the erasure without a
    // receipt, and the intent that a whole one wrote first.
    let (registry, collection) = place.registry();
    let id = ExternalId::new("ana").unwrap();
    let subject = registry.subject(&collection, &id).unwrap();
    let intent = registry.erase_intent(&subject, &id).unwrap();
    fs::write(place.path("ana.receipt.begun"), intent.bytes()).unwrap();
    fs::write(place.path(".ana.receipt.part"), "").unwrap();
    fs::write(place.path("ana.receipt"), "").unwrap();
    registry.erase(&subject, None).unwrap();
    drop(registry);

    // Of somebody else nothing is given for it.
    let other = place.run("subject erase ben --data vault --receipt ana.receipt");
    assert_refused(&other, 5, "unknown subject");
    let repeated = json(&place.ok(&format!("{erase} --json")));
    let check = "audit verify --data vault --receipt ana.receipt --id ana --json";
    let checked = json(&place.ok(check));
    assert_eq!(checked["receipt"]["is_for"], true);
    assert_eq!(checked["receipt"]["key_id"], repeated["key_id"]);
    assert!(!place.path("ana.receipt.begun").exists());
    assert!(!place.path(".ana.receipt.part").exists());
    // And once more: it is there already.
    let again = json(&place.ok(&format!("{erase} --json")));
    assert_eq!(again, repeated);
    // Without an intent nothing links the id to a key.
    let none = place.run("subject erase ana --data vault --receipt other.receipt");
    assert_refused(&none, 5, "unknown subject");
}

#[test]
fn an_erasure_killed_at_any_moment_is_finished_with_a_receipt() {
    let place = Place::new();
    for round in 0..12 {
        let id = format!("p{round}");
        place.ok(&format!("subject add {id} --data vault"));
        let line = format!("subject erase {id} --data vault --receipt {id}.receipt");
        killed_after(&place, &line, 3000 * round);
        place.ok(&line);
        place.ok(&format!(
            "audit verify --data vault --receipt {id}.receipt --id {id}"
        ));
    }
    let left = fs::read_dir(place.path(".")).unwrap();
    let left = left.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        let name = name.to_string_lossy();
        name.ends_with(".part") || name.ends_with(".begun")
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn an_erasure_begun_is_not_forgotten_for_another_and_a_full_file_is_not_overwritten() {
    let place = Place::new();
    place.ok("subject add ana --data vault");
    fs::write(place.path("full"), "words").unwrap();
    let full = place.run("subject erase ana --data vault --receipt full");
    assert_refused(&full, 4, "full");
    assert_eq!(fs::read(place.path("full")).unwrap(), b"words");
    let nowhere = place.run("subject erase ana --data vault --receipt none/ana.receipt");
    assert_refused(&nowhere, 4, "none/ana.receipt");
    assert_refused(
        &place.run("subject erase ana --data vault --receipt -"),
        2,
        "cannot be the name",
    );
    // Nothing was erased by any of these.
    place.ok("subject show ana --data vault");
    place.ok("subject erase ana --data vault --receipt ana.receipt");
}

#[test]
fn an_export_to_a_dash_goes_to_the_standard_output() {
    let place = Place::new();
    place.ok("subject add ana --data vault");
    let export = json(&place.ok("subject export ana --data vault --to -"));
    assert_eq!(export["id"], "ana");
    assert!(!place.path("-").exists());
}

#[test]
fn a_refused_init_leaves_everything_as_it_was() {
    let place = Place::empty();
    let names = || {
        let mut names: Vec<_> = fs::read_dir(place.path("."))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let before = names();
    for (line, exit, words) in [
        ("--data new --root new/root", 4, "lies in the data folder"),
        (
            "--data a/b/new --retention-days 1096",
            2,
            "expected 1 to 1095",
        ),
        ("--data new --root none/root", 4, "none/root"),
        ("--data new --root form.pdf", 4, "form.pdf"),
        ("--data form.pdf/new", 4, "form.pdf"),
        ("--data new --tenant countenance:decoy", 2, "program's own"),
    ] {
        assert_refused(&place.run(&format!("keyring init {line}")), exit, words);
        assert_eq!(names(), before, "{line}");
    }
    // A vault whose root key is lost gets no new one, which would open nothing.
    place.ok("keyring init --data vault");
    fs::rename(place.path("vault.root"), place.path("away")).unwrap();
    assert_refused(&place.run("keyring init --data vault"), 4, "vault.root");
    assert!(!place.path("vault.root").exists());
    fs::rename(place.path("away"), place.path("vault.root")).unwrap();
    place.ok("keyring init --data vault --tenant acme");
}

#[test]
fn a_database_that_is_empty_foreign_or_gone_is_called_damaged_and_not_a_full_disk() {
    let place = Place::new();
    place.ok("keyring init --data other");
    let other = rusqlite::Connection::open(place.path("words.db")).unwrap();
    other.execute("CREATE TABLE words (word)", []).unwrap();
    drop(other);
    let foreign = fs::read(place.path("words.db")).unwrap();
    let another = fs::read(place.path("other/data.db")).unwrap();
    for name in ["data.db", "keyring.db"] {
        let path = place.path("vault").join(name);
        let whole = fs::read(&path).unwrap();
        for bytes in [&b""[..], b"words", &foreign] {
            fs::write(&path, bytes).unwrap();
            let refused = place.run("subject list --data vault");
            assert_refused(&refused, 4, "stored database file is damaged");
            assert!(stderr(&refused).contains("restore"), "{refused:?}");
        }
        fs::write(&path, &whole).unwrap();
    }
    let path = place.path("vault/data.db");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, another).unwrap();
    assert_refused(&place.run("subject list --data vault"), 4, "vault id");
    fs::remove_file(&path).unwrap();
    let gone = place.run("subject list --data vault");
    assert_refused(&gone, 4, "no vault here");
    assert!(stderr(&gone).contains("put data.db back"), "{gone:?}");
    fs::write(&path, whole).unwrap();
    place.ok("subject list --data vault");
}

#[test]
fn what_is_not_there_is_named_with_the_right_advice_before_anything_is_decided() {
    let place = Place::new();
    let list = "subject list --data vault";
    for (option, words) in [
        ("tenant", "unknown tenant"),
        ("collection", "unknown collection"),
    ] {
        let unknown = place.run(&format!("{list} --{option} nope"));
        assert_refused(&unknown, 4, words);
        assert!(stderr(&unknown).contains("keyring status"), "{unknown:?}");
        let own = place.run(&format!("{list} --{option} countenance:decoy"));
        assert_refused(&own, 2, "program's own");
        let empty = place
            .command()
            .args(list.split(' '))
            .args([&format!("--{option}"), ""])
            .output();
        let empty = empty.unwrap();
        assert_refused(&empty, 2, "name has 0 bytes");
        assert!(stderr(&empty).contains("1 to 62"), "{empty:?}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("loop.png", place.path("loop.png")).unwrap();
        let looped = place.run("verify --subject ana loop.png --data vault");
        assert_refused(&looped, 4, "loop.png");
        assert!(
            stderr(&looped).contains("leads back to itself"),
            "{looped:?}"
        );
    }
    place.enrolled("ana", "obama.jpg");
    let size = || json(&place.ok("audit verify --data vault --json"))["leaves"].clone();
    let before = size();
    let log = place.run("verify --subject ana obama2.jpg --data vault --log none/verify.log");
    assert_refused(&log, 4, "none/verify.log");
    assert_eq!(size(), before, "something was decided");
}

#[cfg(unix)]
#[test]
fn a_root_key_with_a_second_name_in_the_data_folder_is_refused_and_doctor_says_so() {
    let place = Place::new();
    fs::hard_link(place.path("vault.root"), place.path("vault/innocent")).unwrap();
    let refused = place.run("subject list --data vault");
    assert_refused(&refused, 4, "lies in the data folder");
    assert!(stderr(&refused).contains("vault/innocent"), "{refused:?}");
    let doctor = place.run("doctor --data vault --isa scalar --json");
    assert_exit(&doctor, 4);
    let people = &json(&doctor)["people"];
    assert_eq!(people["theft_survived"], false);
    assert!(
        people["error"]
            .as_str()
            .unwrap()
            .contains("lies in the data folder")
    );
    fs::remove_file(place.path("vault/innocent")).unwrap();
    place.ok("subject list --data vault");
}

#[cfg(unix)]
#[test]
fn a_credential_of_the_service_manager_serves_as_root_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::empty();
    fs::create_dir(place.path("credentials")).unwrap();
    let credential = place.path("credentials/countenance");
    fs::write(&credential, [42; 32]).unwrap();
    let mode = |mode| {
        fs::set_permissions(&credential, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o400);
    let run = |line: &str| {
        let words = line.split(' ');
        place
            .command()
            .args(words)
            .args(["--data", "vault", "--root", "credential:countenance"])
            .env("CREDENTIALS_DIRECTORY", place.path("credentials"))
            .output()
            .unwrap()
    };
    let made = run("keyring init --json");
    assert_exit(&made, 0);
    assert!(json(&made)["theft_survived"].is_null());
    assert!(!place.path("vault.root").exists());
    assert_exit(&run("subject add ana"), 0);
    // What an access list for the service's user looks like.
    mode(0o440);
    assert_exit(&run("subject show ana"), 0);
    mode(0o444);
    assert_refused(&run("subject show ana"), 4, "mode 444");
    fs::remove_file(&credential).unwrap();
    assert_refused(&run("subject show ana"), 4, "credentials/countenance");
    let outside = place.run("subject list --data vault --root credential:countenance");
    assert_refused(&outside, 2, "CREDENTIALS_DIRECTORY is not set");
}

#[cfg(unix)]
#[test]
fn a_unit_of_the_service_manager_passes_the_root_key() {
    let place = Place::empty();
    fs::write(place.path("key"), [42; 32]).unwrap();
    let key = format!("LoadCredential=countenance:{}", place.path("key").display());
    let unit = |arguments: &[&str]| {
        let mut command = Command::new("systemd-run");
        command
            .args(["--wait", "--pipe", "--quiet", "-p"])
            .args(arguments);
        command.output().ok().filter(|done| done.status.success())
    };
    if unit(&[&key, "/bin/true"]).is_none() {
        eprintln!("SKIPPED: no service manager");
        return;
    }
    let data = place.path("vault");
    let made = unit(&[
        &key,
        env!("CARGO_BIN_EXE_countenance"),
        "keyring",
        "init",
        "--root",
        "credential:countenance",
        "--data",
        data.to_str().unwrap(),
    ]);
    assert!(made.is_some());
}

#[test]
fn nothing_else_is_written_into_a_data_folder_or_kept_there() {
    let place = Place::new();
    place.enrolled("ana", "obama.jpg");
    let untouched = fs::read(place.path("vault/data.db")).unwrap().len();
    for line in [
        "verify --subject ana obama2.jpg --log vault/data.db",
        "verify --subject ana obama2.jpg --log vault/new.log",
        "subject add ben --holder-bound --holder vault/ben.holder",
        "subject export ana --to vault/ana.json",
        "subject erase ana --receipt vault/ana.receipt",
        "audit verify --save vault/checkpoint",
        "backup --to vault/a.backup",
    ] {
        let refused = place.run(&format!("{line} --data vault"));
        assert_refused(&refused, 4, "lies in a data folder");
    }
    let drawn = place.run("verify obama.jpg obama2.jpg --draw vault/answer.png");
    assert_refused(&drawn, 4, "lies in a data folder");
    assert!(!place.path("vault/answer.png").exists());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("vault/data.db", place.path("a.log")).unwrap();
        let linked = place.run("verify --subject ana obama2.jpg --data vault --log a.log");
        assert_refused(&linked, 4, "lies in a data folder");
    }
    assert_eq!(
        fs::read(place.path("vault/data.db")).unwrap().len(),
        untouched
    );
    place.ok("verify --subject ana obama2.jpg --data vault --log verify.log");
}

#[test]
fn a_root_key_is_not_replaced_by_itself_or_a_copy() {
    let place = Place::new();
    fs::copy(place.path("vault.root"), place.path("copy.root")).unwrap();
    for new_root in ["vault.root", "copy.root"] {
        let same = place.run(&format!(
            "keyring rotate --data vault --new-root {new_root}"
        ));
        assert_refused(&same, 4, "new root key is the old one");
    }
    place.ok("keyring rotate --data vault --new-root new.root");
    place.ok("subject list --data vault --root new.root");
}

#[test]
fn an_init_killed_at_any_moment_is_finished_by_the_next() {
    for round in 0..20 {
        let place = Place::empty();
        killed_after(&place, "keyring init --data vault", 3000 * round);
        place.ok("keyring init --data vault");
        place.ok("subject add ana --data vault");
    }
}

/// Runs a command line until so many microseconds have passed, and kills it then. Whether it had not ended well.
fn killed_after(place: &Place, line: &str, micros: u64) -> bool {
    let mut child = place
        .command()
        .args(line.split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_micros(micros));
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

#[test]
fn init_and_restore_killed_at_any_moment_succeed_when_they_are_run_again() {
    let source = Place::new();
    source.ok("subject add ana --data vault");
    source.ok("keyring identity restore.identity");
    let printed = source.ok("keyring identity other.identity");
    let text = String::from_utf8(printed.stdout).unwrap();
    let recipient = text.trim();
    source.ok(&format!(
        "backup --data vault --to data.backup --keyring keyring.backup --recipient {recipient}"
    ));
    let restore = "restore --data new --root vault.root --from data.backup \
                   --keyring keyring.backup --identity other.identity";
    let mut killed = [0, 0];
    for round in 0..60_u64 {
        let micros = 1000 + round * 997 % 30_000;
        let place = Place::empty();
        killed[0] += u32::from(killed_after(&place, "keyring init --data vault", micros));
        place.ok("keyring init --data vault");
        place.ok("subject add ana --data vault");
        place.ok("audit verify --data vault");

        killed[1] += u32::from(killed_after(&source, restore, micros));
        let again = source.run(restore);
        // Killed after its end and before its answer, all of it is there.
        assert!(
            again.status.success() || stderr(&again).contains("already"),
            "{}",
            stderr(&again)
        );
        source.ok("subject show ana --data new --root vault.root");
        fs::remove_dir_all(source.path("new")).unwrap();
    }
    assert!(killed.iter().all(|&count| count > 5), "{killed:?}");
}

#[test]
fn a_withdrawn_consent_does_not_come_back_with_a_backup_unless_restore_is_not_told_and_says_so() {
    let place = Place::new();
    place.enrolled("ana", "obama.jpg");
    let identity = place.ok("keyring identity restore.identity");
    let recipient = String::from_utf8(identity.stdout).unwrap();
    let recipient = recipient.trim();
    place.ok(&format!(
        "backup --data vault --to a.backup --keyring k.backup --recipient {recipient}"
    ));
    place.ok("consent withdraw ana --purpose verify --data vault");
    place.ok("backup --data vault --deletions d.backup");
    let restore =
        "restore --root vault.root --from a.backup --keyring k.backup --identity restore.identity";
    let told = place.ok(&format!("{restore} --data told --deletions d.backup"));
    assert!(!stderr(&told).contains("warning"), "{}", stderr(&told));
    let said = String::from_utf8(told.stdout).unwrap();
    assert!(said.contains("ended     1 consent "), "{said}");
    let verify = "verify --subject ana obama2.jpg --root vault.root --data";
    assert_exit(&place.run(&format!("{verify} told")), 5);
    let enroll = "enroll ana obama2.jpg --root vault.root --data";
    assert_exit(&place.run(&format!("{enroll} told")), 5);

    // Control: who does not name the ledger has the consent back, and is told loudly.
    let untold = place.ok(&format!("{restore} --data untold --json"));
    let warning = stderr(&untold);
    let known = json(&untold)["known_until"].as_str().unwrap().to_owned();
    assert!(
        warning.contains("warning: no --deletions") && warning.contains(&known),
        "{warning}"
    );
    assert_eq!(json(&untold)["withdrawn"], 0);
    place.ok(&format!("{verify} untold"));
}

#[test]
fn a_data_folder_is_made_where_nothing_else_is_and_is_closed_to_others() {
    let place = Place::empty();
    fs::create_dir(place.path("documents")).unwrap();
    fs::write(place.path("documents/letter.txt"), "dear").unwrap();
    let refused = place.run("keyring init --data documents");
    assert_refused(&refused, 4, "holds letter.txt already");
    let names = |folder: &str| {
        let entries = fs::read_dir(place.path(folder)).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("documents"), ["letter.txt"], "it was left alone");
    assert!(!place.path("documents.root").exists());

    // What a kill leaves makes way: no file of anybody else's.
    fs::create_dir(place.path("vault")).unwrap();
    fs::write(place.path("vault/lock"), "").unwrap();
    fs::write(place.path("vault/data.db"), "").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(place.path("vault"), open).unwrap();
        place.ok("keyring init --data vault");
        let mode = fs::metadata(place.path("vault"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    place.ok("keyring init --data vault");
}

/// A file system that is mounted read-only. Needs root; skips loudly without.
#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_cannot_be_written_is_named_and_says_what_to_do() {
    let place = Place::empty();
    fs::create_dir(place.path("disk")).unwrap();
    let disk = place.path("disk");
    let run = |words: &[&str]| {
        let mut command = Command::new(words[0]);
        let done = command.args(&words[1..]).arg(&disk).output();
        done.is_ok_and(|output| output.status.success())
    };
    if !run(&["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs"]) {
        eprintln!("SKIPPED: a tmpfs cannot be mounted here");
        return;
    }
    let made = place.run("keyring init --data disk/vault --root vault.root");
    let read_only = run(&["mount", "-o", "remount,ro"]);
    let listed = place.run("subject list --data disk/vault --root vault.root");
    let another = place.run("keyring init --data disk/other --root other.root");
    let left = place.path("other.root").exists();
    assert!(run(&["umount"]) && read_only);
    assert_exit(&made, 0);
    for refused in [&listed, &another] {
        assert_refused(refused, 4, "cannot be written");
        assert!(stderr(refused).contains("hint: "), "{}", stderr(refused));
    }
    assert!(!left, "a root key without a vault was left");
}

/// Does to a database what somebody does who can write the folder.
fn tamper(place: &Place, file: &str, statements: &str) {
    let other = rusqlite::Connection::open(place.path("vault").join(file)).unwrap();
    other.execute_batch(statements).unwrap();
}

#[test]
fn what_somebody_did_to_the_data_folder_is_named_and_can_be_mended() {
    let place = Place::new();
    for id in ["ana", "bea", "cleo"] {
        place.ok(&format!("subject add {id} --data vault"));
        place.consent(id);
    }
    place.ok("audit verify --deep --data vault");
    // The decoy has the first number.
    let damage = "UPDATE server_part SET wrapped = zeroblob(60) WHERE number = 2";
    tamper(&place, "keyring.db", damage);
    for command in [
        "subject list",
        "retain",
        "keyring rotate",
        "audit verify --deep",
    ] {
        let named = place.run(&format!("{command} --data vault"));
        assert_exit(&named, 4);
        assert!(
            stderr(&named).contains("subject 2"),
            "{command}: {}",
            stderr(&named)
        );
    }
    assert_exit(&place.run("subject show bea --data vault"), 0);
    assert_exit(&place.run("subject show ana --data vault"), 4);
    place.ok("subject erase ana --data vault --receipt ana.receipt");
    place.ok("audit verify --data vault --receipt ana.receipt --id ana");
    place.ok("subject list --data vault");

    tamper(&place, "data.db", "DELETE FROM subject WHERE number = 3");
    let hidden = place.run("audit verify --data vault");
    assert_exit(&hidden, 4);
    assert!(stderr(&hidden).contains("subject erase --number 3"));
    place.ok("subject erase --number 3 --data vault");
    place.ok("audit verify --deep --data vault");
    assert_refused(
        &place.run("subject erase --number 3 --data vault"),
        5,
        "unknown subject",
    );

    let trigger =
        "CREATE TRIGGER keep BEFORE DELETE ON server_part BEGIN SELECT RAISE(IGNORE); END";
    tamper(&place, "keyring.db", trigger);
    let refused = place.run("subject erase cleo --data vault");
    assert_refused(&refused, 4, "trigger \"keep\"");
    tamper(&place, "keyring.db", "DROP TRIGGER keep");
    place.ok("subject erase cleo --data vault");
}

#[test]
fn a_damaged_consent_is_one_persons_and_a_damaged_decoy_nobodys() {
    let place = Place::new();
    for id in ["ana", "bea"] {
        place.ok(&format!("subject add {id} --data vault"));
        place.consent(id);
    }
    let damage = |number: u32| {
        let cut = "UPDATE consent SET ledger = substr(ledger, 1, 10) WHERE place >> 8 =";
        tamper(&place, "data.db", &format!("{cut} {number}"));
    };
    damage(2);
    let refused = place.run("backup --data vault --to a.backup");
    assert_refused(&refused, 4, "stored consent is damaged");
    let named = place.run("audit verify --deep --data vault");
    assert_exit(&named, 4);
    assert!(stderr(&named).contains("subject 2"), "{}", stderr(&named));
    place.ok("consent list bea --data vault");
    place.ok("subject erase --number 2 --data vault");
    place.ok("backup --data vault --to a.backup");
    // The decoy has the first number; the next opening makes another.
    damage(1);
    place.ok("subject list --data vault");
    tamper(
        &place,
        "keyring.db",
        "UPDATE server_part SET wrapped = zeroblob(60) WHERE number = (SELECT max(number) FROM server_part)",
    );
    place.ok("consent list bea --data vault");
    place.ok("audit verify --deep --data vault");
    place.ok("backup --data vault --to b.backup");
}

#[test]
fn a_receipt_of_before_a_folder_was_put_back_is_not_confirmed() {
    let place = Place::new();
    place.ok("subject add ana --data vault");
    let copies = ["data.db", "keyring.db"].map(|file| {
        let path = place.path("vault").join(file);
        (path.clone(), fs::read(path).unwrap())
    });
    place.ok("subject erase ana --data vault --receipt ana.receipt");
    place.ok("audit verify --data vault --receipt ana.receipt");
    for (path, bytes) in copies {
        fs::write(path, bytes).unwrap();
    }
    place.ok("audit verify --data vault");
    let refused = place.run("audit verify --data vault --receipt ana.receipt");
    assert_refused(&refused, 4, "is in the keyring");
}

#[test]
fn small_mistakes_are_met_with_what_was_meant() {
    let place = Place::new();
    // An empty setting is none.
    let mut command = place.command();
    command
        .env("COUNTENANCE_ROOT", "")
        .env("COUNTENANCE_RETENTION_DAYS", "");
    let output = command
        .args(["retain", "--data", "vault"])
        .output()
        .unwrap();
    assert_exit(&output, 0);
    assert_exit(&place.run("retain --data vault --tenant nobody"), 2);
    // What looks like a key is not repeated.
    let key = "0f".repeat(32);
    for line in [
        format!("subject list --data vault --root {key}"),
        format!("subject list --data {key}"),
        format!("subject list --data vault --{key}"),
    ] {
        let refused = place.run(&line);
        assert!(!refused.status.success());
        assert!(!stderr(&refused).contains(&key), "{}", stderr(&refused));
    }
    // A wrong recipient leaves no file behind.
    let refused = place.run("backup --data vault --to d --keyring k --recipient nobody");
    assert_exit(&refused, 4);
    assert!(!place.path("d").exists());
    let beyond = place.run("audit prove --data vault --leaf 99999");
    assert_refused(&beyond, 2, "is not in a tree of");
    for id in ["a\u{1b}b", " ana", "ana\t"] {
        let output = place
            .command()
            .args(["subject", "add", id, "--data", "vault"])
            .output();
        assert_exit(&output.unwrap(), 2);
    }
    place.ok("subject add a\u{202e}b --data vault");
    let listed = place.ok("subject list --data vault");
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("a\\u{202e}b"), "{listed}");
    let (keyring, aside) = (place.path("vault/keyring.db"), place.path("keyring.db"));
    fs::rename(&keyring, aside).unwrap();
    let lost = place.run("subject list --data vault");
    assert_refused(&lost, 4, "no vault here");
    assert!(
        stderr(&lost).contains("put keyring.db back"),
        "{}",
        stderr(&lost)
    );
    assert_exit(&place.run("doctor --data nowhere"), 4);
}
