//! A power cut, without a device mapper: the vault lies on ext4 in a loop file; the writer is
//! stopped, the backing file is copied as it is, and the copy is mounted and opened.
//!
//! What the file system had not yet sent to its device is lost, as in a power cut. With
//! `synchronous=NORMAL` the same test must lose answered changes, or it shows nothing.
//! Needs root and loop devices; `make test-all` runs it.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test that fails should say so where it fails"
)]

use countenance_vault::store::{Durability, SqliteStore};
use countenance_vault::{
    ExternalId, Name, RootKey, Settings, SystemRandom, Timestamp, Vault, VaultError,
};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const CHILD: &str = "COUNTENANCE_POWER_CUT_CHILD";

fn now() -> Timestamp {
    Timestamp::from_unix(1_800_000_000)
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

fn source() -> Arc<RootKey> {
    Arc::new(RootKey::dangerous_from_bytes(&[1; 32]))
}

#[test]
#[ignore = "run by the power-cut test as a process of its own"]
fn power_cut_child() {
    let Ok(folder) = std::env::var(CHILD) else {
        return;
    };
    let (folder, durability) = folder.rsplit_once('#').unwrap();
    let durability = if durability == "full" {
        Durability::Full
    } else {
        Durability::DangerousNormal
    };
    let store = Arc::new(SqliteStore::open(Path::new(folder), durability).unwrap());
    let random = Arc::new(SystemRandom);
    let vault = Vault::create(store, source(), random, Settings::default(), now()).unwrap();
    vault.create_tenant(&name("acme"), now()).unwrap();
    let staff = vault
        .create_collection(&name("acme"), &name("staff"), now())
        .unwrap();
    for n in 0.. {
        let id = ExternalId::new(&format!("subject {n}")).unwrap();
        vault.add_subject(&staff, &id, None, now()).unwrap();
        let mut out = std::io::stdout().lock();
        out.write_all(format!("\n@{n}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    }
}

/// How many answered subjects are missing after the cut; `None` where this cannot run.
fn lost(durability: &str, round: u64) -> Option<usize> {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).display().to_string();
    let (image, copy, mounted, again) = (path("image"), path("copy"), path("disk"), path("again"));
    for folder in [&mounted, &again] {
        std::fs::create_dir(folder).unwrap();
    }
    let file = std::fs::File::create(&image).unwrap();
    file.set_len(96 << 20).unwrap();
    if !run("mkfs.ext4", &["-q", &image]) || !run("mount", &["-o", "loop", &image, &mounted]) {
        return None;
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["power_cut_child", "--exact", "--ignored", "--nocapture"])
        .env(CHILD, format!("{mounted}/data#{durability}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let lines = BufReader::new(out).lines();
        lines
            .filter_map(|line| line.ok()?.strip_prefix('@')?.parse::<u32>().ok())
            .collect()
    });
    std::thread::sleep(Duration::from_millis(900 + round * 137));
    let id = child.id().to_string();
    assert!(run("kill", &["-STOP", &id]));
    // The answers given until now are in the pipe; the disk is what the backing file holds.
    std::fs::copy(&image, &copy).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let answered: Vec<u32> = reader.join().unwrap();
    let unmounted = run("umount", &[&mounted]);
    let mounted_again = run("mount", &["-o", "loop", &copy, &again]);
    assert!(unmounted && mounted_again);
    let missing = count_missing(&Path::new(&again).join("data"), &answered);
    assert!(run("umount", &[&again]));
    println!(
        "{durability}: {} answered, {missing:?} missing",
        answered.len()
    );
    assert!(answered.len() > 5, "the writer wrote");
    // A vault that does not open at all has lost everything.
    Some(missing.unwrap_or(answered.len()))
}

fn count_missing(folder: &Path, answered: &[u32]) -> Result<usize, VaultError> {
    let store = Arc::new(SqliteStore::open(folder, Durability::Full)?);
    let random = Arc::new(SystemRandom);
    let vault = Vault::open(store, source(), random, Settings::default(), now())?;
    vault.audit_verify()?;
    let staff = vault.collection(&name("acme"), &name("staff"))?;
    let mut missing = 0;
    for n in answered {
        let id = ExternalId::new(&format!("subject {n}"))?;
        missing += usize::from(vault.find(&staff, &id)?.subject().is_none());
    }
    Ok(missing)
}

#[test]
#[ignore = "needs root and loop devices: `make test-all` runs it"]
fn a_power_cut_loses_nothing_that_was_answered() {
    let mut control = 0;
    for round in 0..9 {
        let Some(missing) = lost("normal", round) else {
            eprintln!("SKIPPED: a loop file cannot be mounted here");
            return;
        };
        control += usize::from(missing > 0);
        if round >= 2 && control > 0 {
            break;
        }
    }
    assert!(
        control > 0,
        "control: synchronous=NORMAL must lose answered changes"
    );
    for round in 0..10 {
        assert_eq!(lost("full", round), Some(0));
    }
}
