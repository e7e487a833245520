//! A child process uses faces, ids and keys, ends with them and waits; its memory is then searched
//! for what it used. The canaries are random: the child makes them from a number, and nothing of
//! them stands in the program or its arguments.

use countenance_core::vault::store::{Durability, SqliteStore};
use countenance_core::vault::{
    ExternalId, Grant, HolderPart, ModelName, Name, Purpose, RootKey, Settings, SystemRandom,
    TextVersion, Timestamp, Vault,
};
use countenance_core::{CapturePolicy, Engine, Isa, Options, Precision, StoppedClock};
use countenance_models::{Manifest, Weights};
use memchr::memmem;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

const SEED: &str = "COUNTENANCE_MEMORY_CHILD";

/// Random bytes straight into memory of the heap; a copy on the stack would be found.
fn random(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut out = vec![0; length];
    for byte in &mut out {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        *byte = (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8;
    }
    out
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is searched for.
struct Canaries {
    id: String,
    bound_id: String,
    holder: Vec<u8>,
    template: Vec<u8>,
    root: Vec<u8>,
    /// Pixels of a picture, row by row.
    picture: Vec<u8>,
}

const SIDE: u32 = 96;

impl Canaries {
    fn new(seed: u64) -> Self {
        Self {
            id: hexadecimal(&random(seed + 2, 20)),
            bound_id: hexadecimal(&random(seed + 4, 20)),
            holder: random(seed + 6, 32),
            template: random(seed + 8, 132),
            root: random(seed + 10, 32),
            picture: random(seed + 12, (SIDE * SIDE * 3) as usize),
        }
    }

    fn needles(&self) -> Vec<(&'static str, &[u8])> {
        let row = (SIDE * 3) as usize;
        vec![
            // The ends: the allocator writes its own pointers over the first bytes of a freed block.
            ("id", &self.id.as_bytes()[20..]),
            ("holder-bound id", &self.bound_id.as_bytes()[20..]),
            ("holder part", &self.holder[16..]),
            ("template", &self.template[16..48]),
            ("template's end", &self.template[100..]),
            ("root key", &self.root[16..]),
            ("pixels", &self.picture[row * 40..row * 40 + 64]),
        ]
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix(1_800_000_000)
}

fn vault(folder: &Path, root: &[u8]) -> Vault {
    let store = Arc::new(SqliteStore::open(folder, Durability::Full).unwrap());
    let source = Arc::new(RootKey::dangerous_from_bytes(root.try_into().unwrap()));
    let random = Arc::new(SystemRandom);
    let vault = Vault::create(store, source, random, Settings::default(), now()).unwrap();
    let name = |text| Name::new(text).unwrap();
    vault.create_tenant(&name("acme"), now()).unwrap();
    vault
        .create_collection(&name("acme"), &name("staff"), now())
        .unwrap();
    vault
}

/// A whole life of a subject, with a wrong holder part in between.
fn live(vault: &Vault, id: &str, holder: Option<&[u8]>, template: &[u8]) {
    let name = |text| Name::new(text).unwrap();
    let staff = vault.collection(&name("acme"), &name("staff")).unwrap();
    let id = ExternalId::new(id).unwrap();
    let holder = holder.map(|part| HolderPart::new(part).unwrap());
    let subject = vault.add_subject(&staff, &id, holder.as_ref(), now());
    let subject = subject.unwrap();
    let grant = Grant {
        purpose: Purpose::Verify,
        text_version: TextVersion::new("1").unwrap(),
        granted: now(),
        expires: now().plus(86_400),
        evidence: [7; 32],
    };
    let consent = vault.grant(&subject, &grant, now()).unwrap();
    let model = ModelName::new("synthetic").unwrap();
    vault
        .enroll(&subject, &consent, &model, template, now())
        .unwrap();
    drop((subject, consent));
    let target = vault.find(&staff, &id).unwrap();
    let wrong = HolderPart::new(&[9; 32]).unwrap();
    assert!(
        vault
            .unlock(target.subject().unwrap(), Some(&wrong))
            .is_err()
    );
    let attempt = vault
        .count_attempt(&target, Purpose::Verify, now())
        .unwrap();
    let subject = vault
        .unlock(target.subject().unwrap(), holder.as_ref())
        .unwrap();
    let consent = vault.consent(&subject, Purpose::Verify, now()).unwrap();
    let references = vault
        .references(&subject, &consent, &attempt, now())
        .unwrap();
    assert_eq!(*references[0].template, template);
    vault.accept(attempt, &subject, &consent, now()).unwrap();
    let export = vault.export(&subject, now()).unwrap();
    assert!(format!("{export:?}").len() > 10);
}

/// A picture goes through decoding and detection, as every capture does.
fn look_at(picture: &[u8]) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store");
    if !folder.is_dir() {
        return false;
    }
    let options = Options {
        isa: Isa::detect(),
        precision: Precision::Auto,
        threads: 1,
    };
    let weights = Weights::from_dir(&folder).unwrap();
    let manifest = Manifest::shipped().unwrap();
    let engine = Engine::open(&manifest, &weights, &options, Arc::new(StoppedClock)).unwrap();
    let mut worker = engine.worker().unwrap();
    let mut png = Vec::new();
    {
        let mut encoder = png::Encoder::new(&mut png, SIDE, SIDE);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(picture).unwrap();
    }
    let found = worker.detect(&png, &CapturePolicy::default()).unwrap();
    assert!(found.faces.is_empty(), "noise is no face");
    true
}

/// What the child does. It speaks by whole lines and waits for a line in between.
pub(crate) fn child() {
    let Ok(seed) = std::env::var(SEED) else {
        return;
    };
    let seed: u64 = seed.parse().unwrap();
    let wait = |word: &str| {
        let mut out = std::io::stdout();
        out.write_all(format!("\n@{word}\n").as_bytes()).unwrap();
        let mut line = [0; 1];
        std::io::stdin().read_exact(&mut line).unwrap();
    };
    let canaries = Canaries::new(seed);
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(&folder.path().join("data"), &canaries.root);
    live(&vault, &canaries.id, None, &canaries.template);
    let holder = Some(&canaries.holder[..]);
    live(&vault, &canaries.bound_id, holder, &canaries.template);
    let looked = look_at(&canaries.picture);
    wait(if looked {
        "holding"
    } else {
        "holding all but pixels"
    });
    drop(vault);
    drop(canaries);
    wait("ended");
}

pub(crate) struct Watched {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    canaries: Canaries,
}

impl Watched {
    pub(crate) fn start() -> Self {
        let seed = u64::from(std::process::id()) << 20;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["memory_child", "--exact", "--ignored", "--nocapture"])
            .env(SEED, seed.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let canaries = Canaries::new(seed);
        Self {
            child,
            out,
            canaries,
        }
    }

    /// What the child says next; it then waits.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        while !line.starts_with('@') {
            line.clear();
            assert!(
                self.out.read_line(&mut line).unwrap() > 0,
                "the child ended"
            );
        }
        line.trim_end().trim_start_matches('@').to_owned()
    }

    pub(crate) fn go_on(&mut self) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(b"\n").unwrap();
    }

    /// The canaries that stand in the child's memory, and where.
    pub(crate) fn found(&self) -> BTreeSet<(&'static str, String)> {
        let place = Path::new("/proc").join(self.child.id().to_string());
        let maps = fs::read_to_string(place.join("maps")).unwrap();
        let mut memory = File::open(place.join("mem")).unwrap();
        let mut found = BTreeSet::new();
        let mut searched = 0;
        for line in maps.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let region = words.get(5).unwrap_or(&"memory").to_string();
            if !words[1].starts_with('r') || region.starts_with("[v") {
                continue;
            }
            let (from, to) = words[0].split_once('-').unwrap();
            let number = |text| u64::from_str_radix(text, 16).unwrap();
            let (from, to) = (number(from), number(to));
            let mut bytes = vec![0; (to - from) as usize];
            memory.seek(SeekFrom::Start(from)).unwrap();
            if memory.read_exact(&mut bytes).is_err() {
                continue;
            }
            searched += bytes.len();
            for (name, needle) in self.canaries.needles() {
                if memmem::find(&bytes, needle).is_some() {
                    found.insert((name, region.clone()));
                }
            }
        }
        assert!(searched > 1 << 20, "there was memory to search");
        found
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
