//! Measures the vault on this machine: `cargo run --release --example measure -- PLACE [SUBJECTS]`.
//!
//! PLACE is a folder that does not exist yet, or with `--features postgres` a connection string
//! such as `host=/run/postgresql user=me dbname=empty`. Templates are synthetic; nothing here
//! compares faces.
#![allow(clippy::print_stdout, reason = "it prints what it measures")]

use countenance_vault::store::{Durability, SqliteStore, Store};
use countenance_vault::{
    Collection, ExternalId, Grant, ModelName, Name, NewSubject, Purpose, RootKey, Settings,
    SystemRandom, TextVersion, Timestamp, Vault, VaultError,
};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const NOW: u64 = 1_800_000_000;

fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}

fn grant() -> Result<Grant, VaultError> {
    Ok(Grant {
        purpose: Purpose::Verify,
        text_version: TextVersion::new("1")?,
        granted: now(),
        expires: now().plus(86_400 * 300),
        evidence: [1; 32],
    })
}

fn template(n: u64) -> Vec<u8> {
    (0..132)
        .map(|i: u64| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (i % 57)) as u8)
        .collect()
}

fn percentiles(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e6;
    println!(
        "{what}: p50 {:.1} us, p90 {:.1} us, p99 {:.1} us, n {}",
        at(0.5),
        at(0.9),
        at(0.99),
        times.len()
    );
}

/// Where the vault lies.
enum Place {
    Folder(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(String),
}

impl Place {
    fn parse(text: &str) -> Self {
        #[cfg(feature = "postgres")]
        if text.contains("host=") {
            return Self::Postgres(text.to_owned());
        }
        Self::Folder(text.into())
    }

    fn store(&self) -> Result<Arc<dyn Store>, Box<dyn Error>> {
        Ok(match self {
            Self::Folder(folder) => Arc::new(SqliteStore::open(folder, Durability::Full)?),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => Arc::new(
                countenance_vault::store::PostgresStore::connect(connection)?,
            ),
        })
    }

    #[cfg(feature = "postgres")]
    fn ask(connection: &str, sql: &str) -> Result<i64, Box<dyn Error>> {
        let mut client = postgres::Client::connect(connection, postgres::NoTls)?;
        Ok(client.query_one(sql, &[])?.try_get(0)?)
    }

    /// Bytes of tables and indexes.
    fn size(&self) -> Result<u64, Box<dyn Error>> {
        match self {
            Self::Folder(folder) => {
                let size =
                    |file: &str| std::fs::metadata(folder.join(file)).map_or(0, |data| data.len());
                let (data, keyring) = (size("data.db"), size("keyring.db"));
                println!("on disk: data {data} B, keyring {keyring} B");
                Ok(data + keyring)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                let sql = "SELECT sum(pg_total_relation_size(c.oid))::BIGINT FROM pg_class c \
                    JOIN pg_namespace n ON n.oid = relnamespace \
                    WHERE relkind = 'r' AND nspname = current_schema()";
                Ok(Self::ask(connection, sql)?.try_into()?)
            }
        }
    }

    /// Bytes this process (SQLite) or the log of the server (PostgreSQL) has written so far.
    fn written(&self) -> Result<u64, Box<dyn Error>> {
        match self {
            Self::Folder(_) => {
                let io = std::fs::read_to_string("/proc/self/io")?;
                let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
                Ok(line.ok_or("no count of bytes")?.parse()?)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::BIGINT";
                Ok(Self::ask(connection, sql)?.try_into()?)
            }
        }
    }
}

fn open(place: &Place) -> Result<Vault, Box<dyn Error>> {
    let source = Arc::new(RootKey::dangerous_from_bytes(&[1; 32]));
    let (store, random) = (place.store()?, Arc::new(SystemRandom));
    Ok(Vault::open(
        store,
        source,
        random,
        Settings::default(),
        now(),
    )?)
}

fn verify(
    vault: &Vault,
    collection: &Collection,
    n: u64,
    times: &mut [Vec<Duration>; 4],
) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let target = vault.find(collection, &ExternalId::new(&format!("subject-{n}"))?)?;
    let subject = vault.unlock(target.subject().ok_or("unknown")?, None)?;
    let consent = vault.consent(&subject, Purpose::Verify, now())?;
    let looked_up = begin.elapsed();
    let begin = Instant::now();
    let attempt = vault.count_attempt(&target, Purpose::Verify, now())?;
    times[2].push(begin.elapsed());
    let begin = Instant::now();
    let references = vault.references(&subject, &consent, &attempt, now())?;
    let opened = begin.elapsed();
    if references.len() != 1 || *references[0].template != template(n) {
        return Err("wrong template".into());
    }
    let begin = Instant::now();
    vault.accept(attempt, &subject, &consent, now())?;
    times[3].push(begin.elapsed());
    times[0].push(opened);
    times[1].push(looked_up + opened);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let place = Place::parse(&arguments.next().ok_or("which place?")?);
    let subjects: u64 = arguments.next().map_or(Ok(20_000), |text| text.parse())?;
    let source = Arc::new(RootKey::dangerous_from_bytes(&[1; 32]));
    let vault = Vault::create(
        place.store()?,
        source,
        Arc::new(SystemRandom),
        Settings::default(),
        now(),
    )?;
    let (acme, staff) = (Name::new("acme")?, Name::new("staff")?);
    vault.create_tenant(&acme, now())?;
    let collection = vault.create_collection(&acme, &staff, now())?;
    let model = ModelName::new("sface-2021dec")?;

    let begin = Instant::now();
    for first in (0..subjects).step_by(1000) {
        let batch: Result<Vec<NewSubject>, Box<dyn Error>> = (first..subjects.min(first + 1000))
            .map(|n| {
                let id = ExternalId::new(&format!("subject-{n}"))?;
                Ok(NewSubject {
                    written: id.clone(),
                    id,
                    holder: None,
                    grants: vec![grant()?],
                    templates: vec![(model.clone(), template(n).into())],
                })
            })
            .collect();
        vault.enroll_many(&collection, &batch?, now())?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "bulk: {subjects} subjects in {seconds:.1} s, {:.0}/s",
        subjects as f64 / seconds
    );
    vault.checkpoint(now())?;
    drop(vault);
    let per_subject = place.size()? as f64 / subjects as f64;
    println!("{per_subject:.0} B per subject");

    let begin = Instant::now();
    let vault = open(&place)?;
    println!("open: {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    let mut times = [const { Vec::new() }; 4];
    for n in 0..2000 {
        verify(&vault, &collection, n * 7919 % subjects, &mut times)?;
    }
    let mut times = [const { Vec::new() }; 4];
    let written = place.written()?;
    for n in 0..2000 {
        verify(&vault, &collection, n * 7919 % subjects, &mut times)?;
    }
    let written = (place.written()? - written) / 2000;
    println!("{written} B written for one verification");
    let [open, read, count, decide] = times;
    percentiles("open the record of a known subject", open);
    percentiles(
        "verify without waiting for the disk (find, unlock, consent, open)",
        read,
    );
    percentiles("count an attempt durably", count);
    percentiles("decide and append to the audit log durably", decide);

    let mut warm = Vec::new();
    for n in 0..500 {
        let n = n * 7919 % subjects;
        let target = vault.find(&collection, &ExternalId::new(&format!("subject-{n}"))?)?;
        let subject = vault.unlock(target.subject().ok_or("unknown")?, None)?;
        let consent = vault.consent(&subject, Purpose::Verify, now())?;
        let attempt = vault.count_attempt(&target, Purpose::Verify, now())?;
        warm.push((subject, consent, attempt));
    }
    let mut times = Vec::new();
    for round in 0..10 {
        for (subject, consent, attempt) in &warm {
            let begin = Instant::now();
            vault.references(subject, consent, attempt, now())?;
            if round > 0 {
                times.push(begin.elapsed());
            }
        }
    }
    percentiles(
        "open the record of a known subject, nothing written in between",
        times,
    );

    for threads in [1, 16, 64] {
        let begin = Instant::now();
        let each = 1600 / threads;
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads)
                .map(|thread| {
                    let (vault, collection, model) = (&vault, &collection, &model);
                    scope.spawn(move || -> Result<(), VaultError> {
                        for n in 0..each {
                            let id = ExternalId::new(&format!("live-{threads}-{thread}-{n}"))?;
                            let subject = vault.add_subject(collection, &id, None, now())?;
                            let consent = vault.grant(&subject, &grant()?, now())?;
                            vault.enroll(&subject, &consent, model, &template(n), now())?;
                        }
                        Ok(())
                    })
                })
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().map_err(|_| "thread".to_owned()).map(drop))
                .collect::<Result<Vec<()>, String>>()
        })?;
        let rate = (each * threads) as f64 / begin.elapsed().as_secs_f64();
        println!("add + consent + enroll, durable, {threads} callers: {rate:.0}/s");
    }
    let begin = Instant::now();
    let leaves = vault.audit_verify()?;
    println!(
        "audit verify: {leaves} leaves in {:.2} s",
        begin.elapsed().as_secs_f64()
    );
    Ok(())
}
