//! The leak drill of `docs/privacy.md`. `COUNTENANCE_DRILL=full` makes it 200 people, a thousand
//! calls, both stores, and builds the control without encryption.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]
#![cfg(target_os = "linux")]

#[path = "../../../crates/vault/tests/given/cluster.rs"]
#[allow(dead_code, reason = "the crash tests use the rest of it")]
mod cluster;

use age::secrecy::ExposeSecret as _;
use cluster::Cluster;
use countenance_core::CapturePolicy;
use countenance_leak_drill::canary::{Canaries, Kind, Wanted};
use countenance_leak_drill::people::{self, Person, Photos};
use countenance_leak_drill::scan::{self, Report};
use countenance_leak_drill::{attack, drive};
use image::ImageFormat;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const SEALED: &str = env!("CARGO_BIN_EXE_leak-drill");

fn full() -> bool {
    std::env::var("COUNTENANCE_DRILL").is_ok_and(|text| text == "full")
}

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store")
}

fn people() -> Vec<Person> {
    let count = if full() { 200 } else { 12 };
    (0..count).map(Person::new).collect()
}

/// People who are in no vault, and whose identity is checked.
fn visitors() -> Vec<Person> {
    (0..people::VISITORS).map(Person::visitor).collect()
}

/// The numbers of those who came in by the door for another product's clients.
fn guests() -> BTreeSet<usize> {
    Person::guests().iter().map(|one| one.number).collect()
}

/// What is searched for, of those in the vault, of visitors and of guests; `None` without models.
fn canaries(people: &[Person]) -> Option<Canaries> {
    let Some(photos) = Photos::read(&models()).unwrap() else {
        eprintln!("SKIPPED: no models/store; run `cargo xtask models`");
        return None;
    };
    let mut worker = drive::worker(&models()).unwrap();
    let people = &[people, &visitors(), &Person::guests()].concat()[..];
    let mut wanted = Wanted::of(people);
    wanted.words.push((None, Kind::Root, drive::ROOT.to_vec()));
    for person in people {
        let picture = person.photo(&photos).unwrap();
        let file = people::file(&picture, ImageFormat::Jpeg).unwrap();
        let extracted = worker.extract(&file, &CapturePolicy::default()).unwrap();
        let template = extracted.template.expect("a good photo");
        wanted
            .templates
            .push((person.number, template.values().to_vec()));
        wanted.photos.push((person.number, picture, file));
    }
    Some(Canaries::new(&wanted).unwrap())
}

/// Everything a drill left behind.
struct Spoils {
    folder: TempDir,
    identity: String,
    cluster: Option<Cluster>,
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(done.unwrap().success());
}

impl Spoils {
    /// Runs the drill and collects: the database while it is open and after the process has
    /// aborted, logs, temporary files, core files, backups; of PostgreSQL the whole cluster with
    /// its write-ahead log, the server's log with every statement, and a dump.
    fn collect(program: &Path, cluster: Option<Cluster>, open_to_debuggers: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let identity = age::x25519::Identity::generate();
        let stolen = folder.path().join("stolen");
        for name in ["temporary", "here"] {
            fs::create_dir_all(stolen.join(name)).unwrap();
        }
        let spoils = Self {
            folder,
            identity: identity.to_string().expose_secret().to_owned(),
            cluster,
        };
        let (count, calls) = (people().len(), if full() { 1000 } else { 72 });
        let mut command = Command::new("sh");
        if open_to_debuggers {
            command.env("COUNTENANCE_ALLOW_DEBUGGER", "1");
        }
        let mut child = command
            .args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""])
            .arg(program)
            .arg(spoils.place())
            .arg(models())
            .arg(&stolen)
            .args([count.to_string(), calls.to_string()])
            .arg(identity.to_public().to_string())
            .env("TMPDIR", stolen.join("temporary"))
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .current_dir(stolen.join("here"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(stolen.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut said).unwrap();
        let log = fs::read_to_string(stolen.join("log")).unwrap_or_default();
        let accepted = said.strip_prefix("open ").unwrap_or_else(|| {
            panic!("{}", log.lines().last().unwrap_or_default());
        });
        let accepted: usize = accepted.trim().parse().unwrap();
        assert!(accepted > calls / 12, "people were accepted: {accepted}");
        assert!(log.matches("Reject").count() > calls / 12, "and rejected");
        assert!(log.contains("in the middle of"), "the panic was logged");
        let checks = log.matches("TRACE identified").count();
        assert_eq!(checks, people::VISITORS, "identities were checked");
        let kept = log.matches("TRACE kept").count();
        assert_eq!(kept, people::GUESTS, "pictures were kept");
        spoils.take("open");
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
        child.wait().unwrap();
        spoils.take("aborted");
        spoils
    }

    fn place(&self) -> String {
        match &self.cluster {
            Some(cluster) => cluster.connection(),
            None => self.folder.path().join("live").display().to_string(),
        }
    }

    fn stolen(&self) -> PathBuf {
        self.folder.path().join("stolen")
    }

    /// Copies what lies on the disk at this moment.
    fn take(&self, moment: &str) {
        let to = self.stolen().join(format!("disk {moment}"));
        match &self.cluster {
            None => copy(&self.folder.path().join("live"), &to),
            Some(cluster) => {
                copy(&cluster.data(), &to);
                copy(&cluster.log(), &self.stolen());
                fs::write(self.stolen().join("dump"), cluster.dump()).unwrap();
            }
        }
    }

    /// What a thief with the root key writes down of the vault itself.
    fn loot(&self, name: &str, people: &[Person], with_parts: bool) -> PathBuf {
        let out = self.folder.path().join(name);
        let place = match &self.cluster {
            Some(cluster) => cluster.connection(),
            None => {
                let copied = self.folder.path().join(format!("{name} copy"));
                copy(&self.stolen().join("disk aborted"), &copied);
                copied.display().to_string()
            }
        };
        let vault = attack::open(&place).unwrap();
        attack::write_down(&vault, people, with_parts, &out).unwrap();
        out
    }

    /// What a thief makes of the older data backup with the keyring of `keyring`.
    fn restored(&self, people: &[Person], keyring: &str) -> PathBuf {
        let name = format!("loot of the old backup with the keyring {keyring}");
        let out = self.folder.path().join(&name);
        let place = self.folder.path().join(format!("{name} restored"));
        let vault = attack::restore(
            &place.display().to_string(),
            &self.stolen().join("backup before"),
            &self.stolen().join(format!("backup {keyring}")),
            &self.identity,
        );
        attack::write_down(&vault.unwrap(), people, true, &out).unwrap();
        out
    }
}

fn who(report: &Report, kind: Kind) -> BTreeSet<usize> {
    let of_kind = report.findings.iter().filter(|one| one.kind == kind);
    of_kind.filter_map(|one| one.person).collect()
}

fn numbers(people: &[Person], which: impl Fn(&Person) -> bool) -> BTreeSet<usize> {
    let chosen = people.iter().filter(|one| which(one));
    chosen.map(|one| one.number).collect()
}

fn search(canaries: &Canaries, place: &Path) -> Report {
    let report = scan::folder(canaries, place).unwrap();
    println!(
        "{}: {} files, {} MB, {} findings",
        place.file_name().unwrap().display(),
        report.files,
        report.bytes >> 20,
        report.findings.len()
    );
    report
}

fn drill(cluster: Option<Cluster>) {
    let people = people();
    let Some(canaries) = canaries(&people) else {
        return;
    };
    let spoils = Spoils::collect(Path::new(SEALED), cluster, false);

    // 1. Without the root key nothing of anybody.
    let report = search(&canaries, &spoils.stolen());
    assert!(report.files > 8 && report.bytes > 100_000, "{report:?}");
    assert!(report.findings.is_empty(), "{:?}", report.findings);

    // Of whoever was only held against a document nothing is found in what follows, either: each set below is of those in the
    // vault alone.
    // 2. With the root key and the holder parts everything of everybody who is not erased.
    let alive = numbers(&people, |one| !one.erased);
    let and_guests = |of: &BTreeSet<usize>| of | &guests();
    let report = search(&canaries, &spoils.loot("loot with parts", &people, true));
    assert_eq!(who(&report, Kind::Id), and_guests(&alive));
    assert_eq!(who(&report, Kind::Template), and_guests(&alive));
    assert_eq!(who(&report, Kind::Payment), alive);
    assert!(report.findings.iter().any(|one| one.kind == Kind::Name));

    // 3. With the root key alone nothing of those who are holder-bound.
    let operator = numbers(&people, |one| !one.erased && one.holder.is_none());
    let report = search(&canaries, &spoils.loot("loot", &people, false));
    assert_eq!(who(&report, Kind::Id), and_guests(&operator));
    assert_eq!(who(&report, Kind::Template), and_guests(&operator));
    // What was to be paid is read by whoever has the root key, as the specification says.
    assert_eq!(who(&report, Kind::Payment), alive);

    // 4. With all keys and a data backup from before, nothing of those who were erased since...
    let report = search(&canaries, &spoils.restored(&people, "after"));
    assert_eq!(who(&report, Kind::Id), and_guests(&alive));
    assert_eq!(who(&report, Kind::Template), and_guests(&alive));
    assert_eq!(who(&report, Kind::Payment), alive);
    // ...unless the keyring of then is there too, which is why it is never in a data backup.
    let report = search(&canaries, &spoils.restored(&people, "before"));
    let everybody = and_guests(&numbers(&people, |_| true));
    assert_eq!(who(&report, Kind::Id), everybody);
    assert_eq!(who(&report, Kind::Template), everybody);
}

#[test]
fn a_thief_of_disk_log_and_backups_finds_nobody() {
    drill(None);
}

#[test]
fn a_thief_of_a_database_server_finds_nobody() {
    if !full() {
        eprintln!("SKIPPED: with COUNTENANCE_DRILL=full only");
        return;
    }
    if let Some(cluster) = Cluster::start() {
        drill(Some(cluster));
    }
}

/// The same program, but for the one flag that leaves the vault's encryption out.
fn unsealed(folder: &Path) -> PathBuf {
    let name = "leak-drill-unsealed";
    let wrapper = Path::new(env!("CARGO_MANIFEST_DIR")).join("unsealed-rustc.sh");
    let built = Command::new(env!("CARGO"))
        // The whole workspace is selected, so that dependencies have the features they were built with.
        .args(["build", "--locked", "--quiet", "--workspace", "--bin", name])
        .env("RUSTC_WORKSPACE_WRAPPER", wrapper)
        .status();
    assert!(built.unwrap().success());
    let program = folder.join(name);
    fs::copy(Path::new(SEALED).with_file_name(name), &program).unwrap();
    program
}

#[test]
fn control_without_encryption_everybody_is_found() {
    if !full() {
        eprintln!("SKIPPED: with COUNTENANCE_DRILL=full only");
        return;
    }
    let people = people();
    let Some(canaries) = canaries(&people) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let program = unsealed(folder.path());
    let everybody = numbers(&people, |_| true);
    for cluster in [None, Cluster::start()] {
        let spoils = Spoils::collect(&program, cluster, false);
        let report = search(&canaries, &spoils.stolen());
        let and_guests = &everybody | &guests();
        assert_eq!(who(&report, Kind::Id), and_guests);
        assert_eq!(who(&report, Kind::Template), and_guests);
        assert_eq!(who(&report, Kind::Payment), everybody);
        // Of nobody else a picture is kept.
        assert_eq!(who(&report, Kind::Picture), guests());
        assert!(report.findings.iter().any(|one| one.kind == Kind::Name));
    }
}

#[test]
fn control_what_an_identity_check_could_leave_behind_would_be_found() {
    let Some(canaries) = canaries(&people()) else {
        return;
    };
    let photos = Photos::read(&models()).unwrap().unwrap();
    let mut worker = drive::worker(&models()).unwrap();
    for visitor in visitors() {
        let folder = tempfile::tempdir().unwrap();
        let picture = visitor.photo(&photos).unwrap();
        let file = people::file(&picture, ImageFormat::Jpeg).unwrap();
        let seen = worker.extract(&file, &CapturePolicy::default()).unwrap();
        let template = seen.template.unwrap();
        let values = template.values().iter().flat_map(|one| one.to_le_bytes());
        let left = [
            (Kind::Id, visitor.id.clone().into_bytes()),
            (Kind::Template, values.collect()),
            (Kind::Picture, picture.as_raw().clone()),
            (Kind::Picture, file),
        ];
        for (kind, bytes) in left {
            fs::write(
                folder.path().join("row"),
                [b"row ", &bytes[..], b" end"].concat(),
            )
            .unwrap();
            let report = search(&canaries, folder.path());
            assert!(
                who(&report, kind).contains(&visitor.number),
                "{kind:?} {report:?}"
            );
        }
    }
}

#[test]
fn control_a_core_file_would_show_who_was_there() {
    let people = people();
    let Some(canaries) = canaries(&people) else {
        return;
    };
    let spoils = Spoils::collect(Path::new(SEALED), None, true);
    let here = spoils.stolen().join("here");
    if fs::read_dir(&here).unwrap().count() == 0 {
        eprintln!("SKIPPED: this system writes no core file into the working folder");
        return;
    }
    let report = search(&canaries, &here);
    assert!(report.findings.iter().any(|one| one.kind == Kind::Root));
}
