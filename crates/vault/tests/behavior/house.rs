//! A vault in a place of its own, with a clock that the test turns.

use crate::backend::Place;
pub(crate) use crate::given::{DAY, START, at, grant_for, id, model, name};
use countenance_vault::store::Store;
use countenance_vault::{
    Collection, Consent, HolderPart, KeySource, Purpose, RootKey, Settings, SystemRandom,
    Timestamp, Unlocked, Vault, VaultError,
};
use std::sync::Arc;

/// What is put around the store each time the house is opened.
type Wrap = Box<dyn Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync>;

pub(crate) struct House {
    pub(crate) place: Place,
    pub(crate) wrap: Wrap,
    pub(crate) vault: Vault,
    pub(crate) collection: Collection,
}

pub(crate) fn root(byte: u8) -> Arc<dyn KeySource> {
    Arc::new(RootKey::dangerous_from_bytes(&[byte; 32]))
}

pub(crate) fn holder(byte: u8) -> HolderPart {
    HolderPart::new(&[byte.wrapping_add(64); 32]).unwrap()
}

pub(crate) fn create(store: Arc<dyn Store>, settings: Settings) -> Result<Vault, VaultError> {
    Vault::create(store, root(1), Arc::new(SystemRandom), settings, at(0))
}

pub(crate) fn open(store: Arc<dyn Store>, now: Timestamp) -> Result<Vault, VaultError> {
    Vault::open(
        store,
        root(1),
        Arc::new(SystemRandom),
        Settings::default(),
        now,
    )
}

impl House {
    pub(crate) fn fresh() -> Option<Self> {
        Self::with(|store| store)
    }

    pub(crate) fn with(
        wrap: impl Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync + 'static,
    ) -> Option<Self> {
        let place = Place::fresh()?;
        let vault = create(wrap(place.store()), Settings::default()).unwrap();
        vault.create_tenant(&name("acme"), at(0)).unwrap();
        let collection = vault
            .create_collection(&name("acme"), &name("staff"), at(0))
            .unwrap();
        Some(Self {
            place,
            wrap: Box::new(wrap),
            vault,
            collection,
        })
    }

    /// Closes the vault and opens it again.
    pub(crate) fn reopened(self, now: Timestamp) -> Self {
        let Self {
            place, wrap, vault, ..
        } = self;
        drop(vault);
        let vault = open(wrap(place.store()), now).unwrap();
        let collection = vault.collection(&name("acme"), &name("staff")).unwrap();
        Self {
            place,
            wrap,
            vault,
            collection,
        }
    }

    pub(crate) fn add(&self, who: &str) -> Unlocked {
        self.vault
            .add_subject(&self.collection, &id(who), None, at(0))
            .unwrap()
    }

    pub(crate) fn add_bound(&self, who: &str, part: u8) -> Unlocked {
        self.vault
            .add_subject(&self.collection, &id(who), Some(&holder(part)), at(0))
            .unwrap()
    }

    pub(crate) fn consent(&self, subject: &Unlocked) -> Consent {
        self.vault
            .grant(subject, &grant_for(Purpose::Verify, 100), at(0))
            .unwrap()
    }

    pub(crate) fn enrolled(&self, who: &str, template: &[u8]) -> (Unlocked, Consent) {
        let subject = self.add(who);
        let consent = self.consent(&subject);
        self.vault
            .enroll(&subject, &consent, &model(), template, at(0))
            .unwrap();
        (subject, consent)
    }

    /// The template of a subject as a verification gets it, at `now`.
    pub(crate) fn verify(&self, who: &str, now: Timestamp) -> Result<Vec<Vec<u8>>, VaultError> {
        self.verify_with(who, None, now)
    }

    pub(crate) fn verify_with(
        &self,
        who: &str,
        part: Option<&HolderPart>,
        now: Timestamp,
    ) -> Result<Vec<Vec<u8>>, VaultError> {
        let target = self.vault.find(&self.collection, &id(who))?;
        let attempt = self.vault.count_attempt(&target, Purpose::Verify, now)?;
        let unknown = VaultError::Unknown { what: "subject" };
        let Some(subject) = target.subject() else {
            self.vault.decline(attempt, false, now)?;
            return Err(unknown);
        };
        let unlocked = self.vault.unlock(subject, part)?;
        let consent = self.vault.consent(&unlocked, Purpose::Verify, now)?;
        let references = self.vault.references(&unlocked, &consent, &attempt, now)?;
        self.vault.accept(attempt, &unlocked, &consent, now)?;
        Ok(references
            .iter()
            .map(|reference| reference.template.to_vec())
            .collect())
    }
}
