//! What happens in the drill: two tenants, people who enroll, a thousand calls of which many fail,
//! a panic, backups, erasures. Everything the use cases return is written to the error stream, as
//! a trace log would have it.

use crate::door;
use crate::people::{self, COLLECTIONS, Person, Photos, TENANTS};
use anyhow::{Context as _, Result};
use countenance_core::vault::store::{Durability, PostgresStore, SqliteStore, Store};
use countenance_core::vault::{
    Collection, ExternalId, HolderPart, Name, Purpose, Random as _, RootKey, Settings,
    SystemRandom, TextVersion, Timestamp, Vault,
};
use countenance_core::{
    Agreement, Case, Claim, ComparePolicy, Engine, EnrollOutcome, EnrollRequest, Isa, Judged,
    Options, PaymentId, Precision, Presented, QualityCause, Question, Registry, SessionOutcome,
    StoppedClock, Terms, Verdict, WallClock, Worker, ZoneChecks,
};
use countenance_models::{Manifest, Weights};
use image::{ImageFormat, RgbImage};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// The root key of the drill's vault. What makes it secret is that the thief has only what was
/// collected; the attacker with the root key is given it.
pub const ROOT: [u8; 32] = *b"drill root key \x01\x02\x03\x04 of 32 bytes.";

/// The time of the drill.
pub struct Noon;

impl WallClock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(1_800_000_000)
    }
}

/// A store in a folder or, when the text has `host=`, in PostgreSQL.
///
/// # Errors
/// When it cannot be opened.
pub fn store(place: &str) -> Result<Arc<dyn Store>> {
    Ok(if place.contains("host=") {
        Arc::new(PostgresStore::connect(place)?)
    } else {
        Arc::new(SqliteStore::open(Path::new(place), Durability::Full)?)
    })
}

/// A worker of the engine with the weights of a model store.
///
/// # Errors
/// When weights are missing.
pub fn worker(models: &Path) -> Result<Worker> {
    engine(models)?.worker().map_err(anyhow::Error::from_boxed)
}

fn engine(models: &Path) -> Result<Engine> {
    let options = Options {
        isa: Isa::detect(),
        precision: Precision::Auto,
        threads: 1,
    };
    let weights = Weights::from_dir(models)?;
    let manifest = Manifest::shipped()?;
    let clock = Arc::new(StoppedClock);
    Ok(Engine::open(&manifest, &weights, &options, clock)?)
}

/// A drill that runs.
pub struct Drive {
    place: String,
    registry: Arc<Registry>,
    collections: Vec<Collection>,
    engine: Engine,
    worker: Worker,
    photos: Photos,
    people: Vec<Person>,
}

fn log(call: &str, what: &dyn std::fmt::Debug) {
    eprintln!("TRACE {call}: {what:?}");
}

fn wrong(holder: Option<[u8; 32]>) -> Option<HolderPart> {
    let mut part = holder?;
    part[0] ^= 1;
    HolderPart::new(&part).ok()
}

impl Drive {
    /// Makes the vault and the tenants.
    ///
    /// # Errors
    /// When something does not open.
    pub fn new(place: &str, models: &Path, people: usize) -> Result<Self> {
        let photos = Photos::read(models)?.context("models")?;
        let random = Arc::new(SystemRandom);
        let root = Arc::new(RootKey::dangerous_from_bytes(&ROOT));
        let settings = Settings::default();
        let vault = Vault::create(
            store(place)?,
            root,
            Arc::clone(&random) as _,
            settings,
            Noon.now(),
        )?;
        let mut collections = Vec::new();
        for (tenant, collection) in TENANTS.into_iter().zip(COLLECTIONS) {
            let (tenant, collection) = (Name::new(tenant)?, Name::new(collection)?);
            vault.create_tenant(&tenant, Noon.now())?;
            collections.push(vault.create_collection(&tenant, &collection, Noon.now())?);
        }
        let registry = Registry::open(
            Arc::new(vault),
            random,
            Arc::new(Noon),
            ComparePolicy::default(),
        )?;
        let engine = engine(models)?;
        Ok(Self {
            place: place.to_owned(),
            registry: Arc::new(registry),
            collections,
            worker: engine.worker().map_err(anyhow::Error::from_boxed)?,
            engine,
            photos,
            people: (0..people).map(Person::new).collect(),
        })
    }

    fn with_claim<T>(
        &mut self,
        person: &Person,
        holder: Option<&HolderPart>,
        call: impl FnOnce(&Registry, &mut Worker, &Claim<'_>) -> Result<T>,
    ) -> Result<T> {
        let subject = ExternalId::new(&person.id)?;
        let claim = Claim {
            collection: &self.collections[person.tenant()],
            subject: &subject,
            holder,
        };
        call(&self.registry, &mut self.worker, &claim)
    }

    /// Adds and enrolls everybody.
    ///
    /// # Errors
    /// When somebody cannot be enrolled.
    pub fn enroll(&mut self) -> Result<()> {
        for person in self.people.clone() {
            let photos = [people::file(
                &person.photo(&self.photos)?,
                ImageFormat::Jpeg,
            )?];
            let holder = person
                .holder
                .map(|part| HolderPart::new(&part))
                .transpose()?;
            self.with_claim(&person, holder.as_ref(), |registry, worker, claim| {
                log("add", &registry.add_subject(claim));
                let agreement = Agreement {
                    purpose: Purpose::Verify,
                    text_version: TextVersion::new("drill-1")?,
                    lasts_s: 86_400 * 300,
                    evidence: [7; 32],
                };
                let (subject, consent) = registry.grant_consent(claim, &agreement)?;
                log("grant", &(&subject, &consent));
                let request = EnrollRequest {
                    subject: &subject,
                    consent: &consent,
                    photos: &photos,
                    replace: false,
                };
                let done = registry.enroll(worker, &request)?;
                log("enroll", &done);
                let enrolled = matches!(done.outcome, EnrollOutcome::Enrolled { .. });
                anyhow::ensure!(enrolled, "person {}: {:?}", person.number, done.outcome);
                // One that was canceled: what is open in a backup does not come back.
                let mut id = [0; 16];
                SystemRandom.fill(&mut id)?;
                let terms = Terms::new(
                    PaymentId::new(id),
                    (1250, "EUR".parse().map_err(|_| anyhow::anyhow!("EUR"))?),
                    (&person.payee(), &person.order()),
                    (Noon.now(), 600),
                )?;
                let made = registry.make_payment(claim, terms, false)?;
                log("pay", &made);
                let canceled = registry.cancel_payment(claim.collection, PaymentId::new(id))?;
                log("cancel", &canceled);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// So many calls: right faces, wrong faces, unknown people, missing and wrong holder parts,
    /// poor, damaged and no pictures, exports and lists. Returns how many were accepted.
    ///
    /// # Errors
    /// When a call fails that should not.
    pub fn calls(&mut self, count: usize) -> Result<usize> {
        let noise = RgbImage::from_fn(160, 120, |x, y| {
            image::Rgb([(x * y) as u8, x as u8, y as u8])
        });
        let noise = people::file(&noise, ImageFormat::Png)?;
        let mut accepted = 0;
        for call in 0..count {
            let person = self.people[call % self.people.len()].clone();
            let holder = person
                .holder
                .map(|part| HolderPart::new(&part))
                .transpose()?;
            let own = people::file(&person.photo(&self.photos)?, ImageFormat::Jpeg)?;
            let other = people::file(self.photos.plain(person.number + 1), ImageFormat::Png)?;
            let (holder, probe) = match call / self.people.len() % 8 {
                0 | 4 => (holder, own),
                1 => (holder, other),
                2 => (None, own),
                3 => (wrong(person.holder), own),
                5 => (holder, own[..own.len() / 2].to_vec()),
                6 => (holder, noise.clone()),
                _ => (holder, person.id.as_bytes().to_vec()),
            };
            let claimed = Person {
                id: if call % 11 == 10 {
                    format!("{} nobody", person.id)
                } else {
                    person.id.clone()
                },
                ..person
            };
            self.with_claim(&claimed, holder.as_ref(), |registry, worker, claim| {
                let answer = registry.verify(worker, claim, &probe);
                log("verify", &answer);
                if let Err(error) = &answer {
                    eprintln!("ERROR {error}: {error:?}");
                }
                let accept = |answer: &countenance_core::Verification| {
                    answer.answer == countenance_core::Answer::Accept
                };
                accepted += usize::from(answer.as_ref().is_ok_and(accept));
                if call % 17 == 3 {
                    match registry.unlock(claim) {
                        Ok(subject) => {
                            log("export", &registry.vault().export(&subject, Noon.now()))
                        }
                        Err(error) => log("unlock", &error),
                    }
                    log("list", &registry.subjects(claim.collection, 0, 10)?.len());
                }
                Ok(())
            })?;
        }
        Ok(accepted)
    }

    /// Identity checks of people who are in no vault: the document is a photo of theirs, and before the camera is the same
    /// face, another one, or nobody. Returns how many were accepted.
    ///
    /// # Errors
    /// When a check fails that should not.
    pub fn check_documents(&mut self) -> Result<usize> {
        let policy = ComparePolicy::default();
        let mut accepted = 0;
        for number in 0..people::VISITORS {
            let visitor = Person::visitor(number);
            let document = people::file(&visitor.photo(&self.photos)?, ImageFormat::Jpeg)?;
            let (reading, portrait) = self.worker.portrait_of_document(&document, &policy)?;
            log("document", &reading);
            let checks = ZoneChecks::of(&reading, Noon.now());
            log("checks", &(&checks, checks.claim()));
            let portrait = portrait.map_err(|cause| anyhow::anyhow!("{}", cause.code()))?;
            let other = usize::from(visitor.number % 3 != 1);
            let before = [visitor.number, other][number % 2];
            let before = people::file(self.photos.plain(before), ImageFormat::Jpeg)?;
            let seen = self.worker.extract(&before, &policy.capture)?;
            let verdict = if number % 3 == 2 {
                Verdict::Recapture(QualityCause::NoFace)
            } else {
                Verdict::Judged(Judged {
                    failed: BTreeSet::new(),
                    measured: Vec::new(),
                    probe: seen.template.context("a face")?,
                })
            };
            let presented = Presented {
                collection: &self.collections[visitor.tenant()],
                case: &Case::new(&visitor.id)?,
                portrait: &portrait,
            };
            log("presented", &presented);
            let question = Question::Document(&presented);
            let done = self
                .registry
                .decide_session(&self.worker, question, verdict)?;
            log("identified", &done);
            accepted += usize::from(done.outcome == SessionOutcome::Accept);
        }
        Ok(accepted)
    }

    /// Guests come in by the door for another product's clients, and their pictures are kept.
    ///
    /// # Errors
    /// When somebody is not taken in, or a picture is not kept.
    pub fn take_in_guests(&self) -> Result<()> {
        let place = (self.place.as_str(), self.engine.clone());
        door::take_in(place, Arc::clone(&self.registry), &self.photos)
    }

    /// A panic in the middle of a use of somebody's data.
    ///
    /// # Errors
    /// When the person is not there.
    #[allow(clippy::panic, reason = "it is a panic that the drill wants to see")]
    pub fn panic(&mut self) -> Result<()> {
        let person = self.people[0].clone();
        self.with_claim(&person, None, |registry, _, claim| {
            let subject = registry.unlock(claim)?;
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                panic!("in the middle of {subject:?} and {registry:?} with {claim:?}");
            }));
            anyhow::ensure!(caught.is_err());
            Ok(())
        })
    }

    /// Backups of data, deletions and keyring into a folder.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn back_up(&self, folder: &Path, recipient: &str) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let vault = self.registry.vault();
        let to = |name: &str| File::create(folder.join(name));
        vault.backup_data(&mut to("data")?, Noon.now())?;
        vault.backup_deletions(&mut to("deletions")?, Noon.now())?;
        vault.backup_keyring(&mut to("keyring.sealed")?, &[recipient], Noon.now())?;
        Ok(())
    }

    /// Erases those who are to be erased.
    ///
    /// # Errors
    /// When somebody is not there.
    pub fn erase(&mut self) -> Result<()> {
        let erased: Vec<Person> = self
            .people
            .iter()
            .filter(|one| one.erased)
            .cloned()
            .collect();
        for person in erased {
            self.with_claim(&person, None, |registry, _, claim| {
                let subject = registry.subject(claim.collection, claim.subject)?;
                log("erase", &registry.erase(&subject, Some(claim.subject))?);
                Ok(())
            })?;
        }
        Ok(())
    }
}
