//! The options of every command that needs stored people, and the registry they open.

pub(crate) mod database;
pub(crate) mod holder;
pub(crate) mod private;
pub(crate) mod promise;
pub(crate) mod root;
pub(crate) mod running;
pub(crate) mod served;
pub(crate) mod who;

use crate::clock::MachineClock;
use crate::failure::Failure;
use clap::Args;
use countenance_core::vault::store::StoreError;
use countenance_core::vault::{Collection, Name, Settings, SystemRandom, Vault, VaultError};
use countenance_core::{ComparePolicy, FalseMatchRate, Registry};
use countenance_server::KeyStore;
use promise::Promise;
use root::RootPlace;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Options of every command that needs stored people.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Where the people are kept")]
pub(crate) struct RegistryArgs {
    /// The data folder: sealed records, consents, the audit log, wrapped keys
    #[arg(
        long,
        value_name = "DIR",
        env = "COUNTENANCE_DATA",
        hide_env_values = true
    )]
    pub(crate) data: Option<PathBuf>,

    /// The root key [default: DIR.root, a file beside the data folder]
    ///
    /// A file of 32 bytes or 64 hexadecimal digits that only you can read, never inside the data folder; or
    /// `credential:NAME`, which the service manager passed; or a PKCS#11 URI such as
    /// `pkcs11:token=office;object=countenance?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=pin.txt`.
    #[arg(
        long,
        value_name = "FILE",
        env = "COUNTENANCE_ROOT",
        hide_env_values = true
    )]
    pub(crate) root: Option<String>,

    /// Keep the records in this PostgreSQL database, `postgres://...`; the keyring stays in the data folder
    #[arg(
        long,
        value_name = "URL",
        env = "COUNTENANCE_DATABASE",
        hide_env_values = true
    )]
    pub(crate) database: Option<String>,

    /// Keep the keyring in the database too, for many nodes
    ///
    /// A destroyed key is then gone after vacuum and log recycling, not at once.
    #[arg(long, requires = "database")]
    pub(crate) keyring_in_database: bool,

    /// Whose people
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) tenant: String,

    /// Which of their collections
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) collection: String,

    /// Days after the last use until a subject is erased, 1 to 1095
    #[arg(
        long,
        value_name = "DAYS",
        env = "COUNTENANCE_RETENTION_DAYS",
        default_value_t = 365,
        value_parser = days
    )]
    pub(crate) retention_days: u32,

    /// Go on from what the clock says now, after it stood far ahead
    ///
    /// The data folder remembers the latest time it has seen and refuses an earlier one. With this, once, it
    /// forgets it.
    #[arg(long)]
    pub(crate) accept_earlier_clock: bool,
}

/// An empty setting is none.
fn days(text: &str) -> Result<u32, String> {
    match text {
        "" => Ok(Settings::default().retention_days),
        text => text
            .parse()
            .map_err(|_| "expected a number of days".to_owned()),
    }
}

/// An open registry and the collection that was named.
pub(crate) struct Opened {
    pub(crate) registry: Registry,
    pub(crate) collection: Collection,
}

impl RegistryArgs {
    /// The data folder.
    pub(crate) fn folder(&self) -> Result<&Path, Failure> {
        let folder = self.data.as_deref();
        folder.filter(|path| !path.as_os_str().is_empty()).ok_or_else(|| {
            Failure::usage(
                "no data folder is named",
                "name it with --data DIR or in COUNTENANCE_DATA; `countenance keyring init --data DIR` makes one",
            )
        })
    }

    /// Where the root key is.
    pub(crate) fn root_place(&self) -> Result<RootPlace, Failure> {
        match self.root.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => RootPlace::parse(text),
            None => RootPlace::beside(self.folder()?),
        }
    }

    /// What the theft of a disk would give away with the root key in `place`.
    pub(crate) fn promise(&self, place: &RootPlace) -> Promise {
        let records_here = self.folder().ok().filter(|_| self.database.is_none());
        promise::of(place, records_here)
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            retention_days: self.retention_days,
            accept_earlier_clock: self.accept_earlier_clock,
            ..Settings::default()
        }
    }

    pub(crate) fn names(&self) -> Result<(Name, Name), Failure> {
        let name = |what: &'static str, text: &str| {
            let name = Name::new(text).map_err(|error| Failure::from(error).about(what))?;
            if Registry::is_reserved(&name) {
                return Err(Failure::usage(
                    format!("{what}: this name is the program's own"),
                    "names that begin with `countenance:` are reserved; choose another",
                ));
            }
            Ok(name)
        };
        Ok((
            name("--tenant", &self.tenant)?,
            name("--collection", &self.collection)?,
        ))
    }

    /// The keys of the platform: in the database where the keyring is there too, so that all nodes share them.
    pub(crate) fn platform_keys(&self) -> Result<KeyStore, Failure> {
        match &self.database {
            Some(url) if self.keyring_in_database => shared_keys(url),
            _ => Ok(KeyStore::open(self.folder()?)
                .map_err(|error| Failure::from(error).about("keys of the platform"))?),
        }
    }

    /// The vault, without the registry around it.
    pub(crate) fn vault(&self) -> Result<Vault, Failure> {
        private::keep_private();
        let place = self.root_place()?;
        let folder = self.folder()?;
        let served = running::advice(folder).is_some();
        if !served && !self.keyring_in_database && !folder.join("keyring.db").exists() {
            // Opening the store would make the folder.
            return Err(self.about_vault(StoreError::Missing.into()));
        }
        let store = database::open(self)?;
        let root = place.open(self.folder().ok())?;
        let random = Arc::new(SystemRandom);
        let now = countenance_core::WallClock::now(&MachineClock::start());
        Vault::open(store, root, random, self.settings(), now)
            .map_err(|error| self.about_vault(error))
    }

    /// Refuses what a server on the folder would not live through.
    pub(crate) fn refuse_served(&self) -> Result<(), Failure> {
        match self.folder().ok().and_then(running::advice) {
            None => Ok(()),
            Some(advice) => Err(Failure::from(anyhow::anyhow!(
                "a server runs on this folder and holds the keys that would change"
            ))
            .with_hint(advice)),
        }
    }

    /// The registry and the collection that was named.
    pub(crate) fn open(&self) -> Result<Opened, Failure> {
        self.open_at(FalseMatchRate::DEFAULT)
    }

    /// The same, to decide at another false-match rate.
    pub(crate) fn open_at(&self, fmr: FalseMatchRate) -> Result<Opened, Failure> {
        let (tenant, collection) = self.names()?;
        let vault = self.vault()?;
        Ok(Opened {
            collection: vault.collection(&tenant, &collection)?,
            registry: registry(vault, fmr)?,
        })
    }

    /// Says which folder an error of the store is about.
    pub(crate) fn about_vault(&self, error: VaultError) -> Failure {
        let place = self.data.as_deref().map(|path| path.display().to_string());
        let missing = matches!(error, VaultError::Store(StoreError::Missing));
        let half = |folder: &Path| folder.join("keyring.db").exists();
        let other = |folder: &Path| folder.join("data.db").exists();
        let failure = match Failure::from(error) {
            failure if missing && self.data.as_deref().is_some_and(half) => failure.with_hint(
                "the keyring is there, its data are not: put data.db back, or `countenance restore` into a new folder",
            ),
            failure if missing && self.data.as_deref().is_some_and(other) => failure.with_hint(
                "the data are there, their keyring is not: put keyring.db back, or `countenance restore` into a new folder",
            ),
            failure => failure,
        };
        match place {
            Some(place) => failure.about(place),
            None => failure,
        }
    }
}

#[cfg(feature = "postgres")]
fn shared_keys(url: &str) -> Result<KeyStore, Failure> {
    KeyStore::connect(url).map_err(|error| {
        Failure::from(error)
            .about("database")
            .with_hint("check --database, and that its user may make tables")
    })
}

#[cfg(not(feature = "postgres"))]
fn shared_keys(_: &str) -> Result<KeyStore, Failure> {
    Err(Failure::usage(
        "this program was built without PostgreSQL",
        "leave out --database, or build with the feature `postgres`",
    ))
}

/// A registry on an open vault, by the machine's clock.
pub(crate) fn registry(vault: Vault, fmr: FalseMatchRate) -> Result<Registry, Failure> {
    let policy = ComparePolicy {
        fmr,
        ..ComparePolicy::default()
    };
    registry_for(vault, policy)
}

/// The same with a policy of its own.
pub(crate) fn registry_for(vault: Vault, policy: ComparePolicy) -> Result<Registry, Failure> {
    let (random, clock) = (Arc::new(SystemRandom), Arc::new(MachineClock::start()));
    Ok(Registry::open(Arc::new(vault), random, clock, policy)?)
}
