//! The vault: what core calls. One file per use.

mod anchor;
mod approvals;
mod attempts;
mod audit;
mod backups;
mod bulk;
mod carry;
mod deep;
mod device_keys;
mod enroll;
mod enroll_all;
mod entries;
mod erase;
mod export;
mod keys;
mod ledger;
mod log;
mod pairs;
mod payments;
mod platform;
mod receipt;
mod refusals;
mod restore;
mod result_key;
mod retain;
mod rotate;
mod search;
mod subject;
mod subjects;
mod tenant;
mod withdraw;

pub use attempts::Attempt;
pub use audit::Inclusion;
pub use bulk::NewSubject;
pub use carry::RecordPlace;
pub use deep::Examined;
pub use device_keys::{DeviceKeyNote, HeldDeviceKey, MAX_DEVICE_KEY, MAX_DEVICE_KEYS};
pub use enroll::Reference;
pub use enroll_all::NewTemplates;
pub use entries::{LogContent, LogEntries, LogEntry, MAX_ENTRIES};
pub use export::{AuditEntry, SubjectExport};
pub use pairs::{Doomed, Unpaired};
pub use payments::{HeldPayment, MAX_PAYMENT, PaymentNote};
pub use platform::Sealer;
pub use restore::Restored;
pub use result_key::{ResultKey, is_signed};
pub use retain::Retained;
pub use rotate::Rewrapped;
pub use search::{ListedMember, MAX_SETTINGS, Member, MemberPage, Members};
pub use subject::{Listed, Subject, SubjectKind, Target, Unlocked};
pub use tenant::Collection;

pub(crate) use keys::{TENANT_KEY, VAULT_SECRET, VaultKeys, unwrap_with_root, wrap_with_root};

use self::keys::TenantKeys;
use crate::attempt::AttemptPolicy;
use crate::error::VaultError;
use crate::event::EventKind;
use crate::ident::{ModelName, Name, Timestamp};
use crate::random::{self, Random};
use crate::root::KeySource;
use crate::secret::Secret;
use crate::signed::Checkpoint;
use crate::store::{Change, CollectionRow, DataHead, Edit, KeyChange, Making, Store};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// Longest retention that can be set, in days.
pub(crate) const MAX_RETENTION_DAYS: u32 = 1095;

/// How long subjects are kept and how often they may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Days after the last use until a subject is erased: 1 to 1095.
    pub retention_days: u32,
    /// Longest a consent may last, in days: 1 to 1095.
    pub consent_days: u32,
    /// How often a subject may be tried.
    pub attempts: AttemptPolicy,
    /// Seconds a clock may stand before the latest time seen, for nodes that differ a little.
    pub clock_tolerance_s: u64,
    /// Whether the times seen so far are forgotten at opening, and what the clock says now holds: after a
    /// clock stood far ahead. Consents and locks are not longer for it.
    pub accept_earlier_clock: bool,
}

impl Default for Settings {
    /// 365 days since last use; consents up to 1095 days; the default attempts; 300 s.
    fn default() -> Self {
        Self {
            retention_days: 365,
            consent_days: MAX_RETENTION_DAYS,
            attempts: AttemptPolicy::default(),
            clock_tolerance_s: 300,
            accept_earlier_clock: false,
        }
    }
}

/// What this process knows of the small rows.
pub(crate) struct Known {
    tenants: BTreeMap<u32, TenantKeys>,
    collections: Vec<CollectionRow>,
    models: BTreeMap<[u8; 16], ModelName>,
}

/// Sealed templates, consents, attempt counters and the audit log of a whole installation.
///
/// It reads no clock: every method that needs the time takes it as `now`. It is shared between
/// threads by reference.
pub struct Vault {
    store: Arc<dyn Store>,
    random: Arc<dyn Random>,
    source: Arc<dyn KeySource>,
    settings: Settings,
    keys: VaultKeys,
    known: RwLock<Known>,
    latest: AtomicU64,
    /// How far the log had come at the newest checkpoint of the keyring.
    anchored: AtomicU64,
    opened_after: Timestamp,
    /// Whether the last write failed.
    failing: AtomicBool,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("vault", &crate::ident::hex(&self.keys.vault))
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn check_settings(settings: &Settings) -> Result<(), VaultError> {
    for (what, days) in [
        ("retention days", settings.retention_days),
        ("consent days", settings.consent_days),
    ] {
        if !(1..=MAX_RETENTION_DAYS).contains(&days) {
            return Err(VaultError::Limit {
                what,
                got: u64::from(days),
                max: u64::from(MAX_RETENTION_DAYS),
            });
        }
    }
    Ok(())
}

fn models(head: &DataHead) -> Result<BTreeMap<[u8; 16], ModelName>, VaultError> {
    let mut models = BTreeMap::new();
    for row in &head.models {
        let name = std::str::from_utf8(&row.name)
            .ok()
            .and_then(|name| ModelName::new(name).ok())
            .filter(|name| name.digest() == row.digest)
            .ok_or(VaultError::Corrupt { what: "model" })?;
        models.insert(row.digest, name);
    }
    Ok(models)
}

impl Vault {
    /// Makes a vault in an empty store and opens it.
    ///
    /// # Errors
    /// [`VaultError`] when the settings are out of range, the store is not empty or cannot be
    /// written, or the key source fails.
    pub fn create(
        store: Arc<dyn Store>,
        source: Arc<dyn KeySource>,
        random: Arc<dyn Random>,
        settings: Settings,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        Self::create_with(store, source, random, settings, None, now)
    }

    /// The same with a first tenant and collection of these names. Cut off at any moment, there is
    /// either all of it or what cannot be opened and makes way when it is done again.
    ///
    /// # Errors
    /// As [`Vault::create`].
    pub fn create_with(
        store: Arc<dyn Store>,
        source: Arc<dyn KeySource>,
        random: Arc<dyn Random>,
        settings: Settings,
        first: Option<(&Name, &Name)>,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        check_settings(&settings)?;
        let vault = random::bytes(&*random)?;
        let secret = Secret::filled(|bytes| random.fill(bytes))?;
        let keys = VaultKeys::derive(vault, &secret)?;
        let wrapped = wrap_with_root(&*source, &*random, &vault, (VAULT_SECRET, 0, 0), &secret)?;
        store.create(&Making {
            vault,
            public_key: keys.public_key(),
            rows: vec![wrapped],
            // As random as any: the vault was not there before.
            token: vault,
            half: None,
            replaces: None,
        })?;
        let made = Self::assemble(store, source, random, settings, keys, now)?;
        made.append_own(EventKind::VaultCreated, 0, now)?;
        if let Some((tenant, collection)) = first {
            made.create_tenant(tenant, now)?;
            made.create_collection(tenant, collection, now)?;
        }
        made.finish(now)?;
        Ok(made)
    }

    /// Takes the mark off a vault that was made or restored to its end.
    fn finish(&self, now: Timestamp) -> Result<(), VaultError> {
        self.checkpoint(now)?;
        self.commit(Change {
            edits: vec![Edit::Finish],
            ..Change::default()
        })?;
        self.commit_keys(KeyChange {
            finish: true,
            ..KeyChange::default()
        })?;
        Ok(())
    }

    /// Opens the vault in a store. It first finishes what a crash left of erasures.
    ///
    /// # Errors
    /// [`VaultError`] when the settings are out of range, there is no vault, it belongs to
    /// another root key, was written by a later version, is damaged, older or newer than its
    /// keyring or cut off before it was finished, or the clock stands before the last checkpoint.
    pub fn open(
        store: Arc<dyn Store>,
        source: Arc<dyn KeySource>,
        random: Arc<dyn Random>,
        settings: Settings,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        check_settings(&settings)?;
        if !store.keyring()?.origin.finished {
            return Err(VaultError::Unfinished);
        }
        Self::open_any(store, source, random, settings, now)
    }

    /// Opens a vault that may be unfinished.
    fn open_any(
        store: Arc<dyn Store>,
        source: Arc<dyn KeySource>,
        random: Arc<dyn Random>,
        settings: Settings,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        let head = store.keyring()?;
        let keys = VaultKeys::open(&*source, &head)?;
        let data = store.data()?;
        if data.vault != head.vault {
            return Err(VaultError::Corrupt { what: "vault id" });
        }
        if data.origin != head.origin && head.origin.finished {
            return Err(VaultError::Corrupt { what: "origin" });
        }
        store.inspect(None)?;
        Self::check_keyring_not_older(&*store, &data)?;
        if head.origin.finished && head.checkpoint.is_none() {
            // Every finished vault has one: without it an older database would pass for the newest.
            return Err(VaultError::NoCheckpoint);
        }
        let seen = head
            .checkpoint
            .as_ref()
            .map(|bytes| Checkpoint::verify(bytes, &head.public_key))
            .transpose()
            .map_err(|_| VaultError::Corrupt { what: "checkpoint" })?;
        let start = Timestamp::default();
        let mut opened = Self::assemble(store, source, random, settings, keys, start)?;
        if let Some(seen) = seen {
            opened.latest.store(seen.time.unix(), Ordering::SeqCst);
            opened.anchored.store(seen.size, Ordering::SeqCst);
            opened.check_not_older(&seen)?;
            opened.check_ledger()?;
            opened.check_since(&seen)?;
        }
        if settings.accept_earlier_clock {
            opened.latest.store(now.unix(), Ordering::SeqCst);
            opened.checkpoint(now)?;
        }
        opened.opened_after = Timestamp::from_unix(opened.latest.load(Ordering::SeqCst));
        opened.tick(now)?;
        opened.finish_erasures(now)?;
        Ok(opened)
    }

    /// What the data know of subjects and erasures, the keyring knew before them.
    fn check_keyring_not_older(store: &dyn Store, data: &DataHead) -> Result<(), VaultError> {
        // Read after the data, which other processes may be adding to.
        let head = store.keyring()?;
        for (what, expected, got) in [
            ("subjects", data.last_subject, head.last_subject),
            ("erasures", data.last_position, head.last_position),
        ] {
            if got < expected {
                return Err(VaultError::KeyringOlder {
                    what,
                    expected,
                    got,
                });
            }
        }
        Ok(())
    }

    fn assemble(
        store: Arc<dyn Store>,
        source: Arc<dyn KeySource>,
        random: Arc<dyn Random>,
        settings: Settings,
        keys: VaultKeys,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        let known = Self::read_known(&*store, &*source, &keys)?;
        Ok(Self {
            store,
            random,
            source,
            settings,
            keys,
            known: RwLock::new(known),
            latest: AtomicU64::new(now.unix()),
            anchored: AtomicU64::new(0),
            opened_after: now,
            failing: AtomicBool::new(false),
        })
    }

    fn read_known(
        store: &dyn Store,
        source: &dyn KeySource,
        keys: &VaultKeys,
    ) -> Result<Known, VaultError> {
        let tenants = keys.open_tenants(source, &store.keyring()?)?;
        let data = store.data()?;
        Ok(Known {
            tenants,
            models: models(&data)?,
            collections: data.collections,
        })
    }

    /// Reads the small rows again, which another process may have changed.
    fn reload(&self) -> Result<(), VaultError> {
        let known = Self::read_known(&*self.store, &*self.source, &self.keys)?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_tenant<T>(
        &self,
        number: u32,
        with: impl FnOnce(&TenantKeys) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        with(
            self.known()
                .tenants
                .get(&number)
                .ok_or(VaultError::Unknown { what: "tenant" })?,
        )
    }

    /// Takes note of the time and refuses a clock that went back.
    fn tick(&self, now: Timestamp) -> Result<(), VaultError> {
        let latest = self.latest.fetch_max(now.unix(), Ordering::SeqCst);
        if now.unix().saturating_add(self.settings.clock_tolerance_s) < latest {
            return Err(VaultError::ClockBackwards {
                latest: Timestamp::from_unix(latest),
                now,
            });
        }
        Ok(())
    }

    /// The latest time that it had seen when it was opened.
    #[must_use]
    pub fn opened_after(&self) -> Timestamp {
        self.opened_after
    }

    /// The settings it was opened with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Random id of this vault.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.keys.vault
    }

    /// Ed25519 public key of its checkpoints and receipts.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.keys.public_key()
    }

    /// Where its root key is.
    #[must_use]
    pub fn root_kind(&self) -> crate::RootKind {
        self.source.kind()
    }

    /// Whether an erased key is gone from the medium at once; see [`Store::destroys_at_once`].
    #[must_use]
    pub fn destroys_at_once(&self) -> bool {
        self.store.destroys_at_once()
    }
}

#[cfg(test)]
mod vectors;
