//! Where the vault of a crash test lies: a place that its child process can find again.

use crate::given::{at, name};
use countenance_vault::store::{Durability, SqliteStore, Store};
use countenance_vault::{Collection, KeySource, RootKey, Settings, SystemRandom, Timestamp, Vault};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

#[derive(Clone, Debug)]
pub(crate) enum Place {
    Folder(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(String),
}

impl Place {
    /// In a folder, as a child process is told.
    pub(crate) fn parse(text: &str) -> Self {
        match text.split_once('=') {
            Some(("folder", folder)) => Self::Folder(folder.into()),
            #[cfg(feature = "postgres")]
            Some(("postgres", connection)) => Self::Postgres(connection.to_owned()),
            _ => panic!("no place: {text}"),
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Folder(folder) => format!("folder={}", folder.display()),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => format!("postgres={connection}"),
        }
    }

    pub(crate) fn folder() -> (TempDir, Self) {
        let folder = tempfile::tempdir().unwrap();
        let place = Self::Folder(folder.path().join("data"));
        place.create();
        (folder, place)
    }

    /// A fresh schema of the server named in `COUNTENANCE_TEST_POSTGRES`.
    #[cfg(feature = "postgres")]
    pub(crate) fn schema() -> Option<(crate::given::schema::Schema, Self)> {
        let schema = crate::given::schema::Schema::fresh()?;
        let place = Self::Postgres(schema.connection());
        place.create();
        Some((schema, place))
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Folder(folder) => Arc::new(SqliteStore::open(folder, Durability::Full).unwrap()),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                let store = countenance_vault::store::PostgresStore::connect(connection);
                Arc::new(store.unwrap())
            }
        }
    }

    pub(crate) fn create(&self) {
        let (store, random) = (self.store(), Arc::new(SystemRandom));
        let vault = Vault::create(store, source(), random, Settings::default(), at(0)).unwrap();
        vault.create_tenant(&name("acme"), at(0)).unwrap();
        vault
            .create_collection(&name("acme"), &name("staff"), at(0))
            .unwrap();
    }

    pub(crate) fn open(&self) -> (Vault, Collection) {
        open(self.store())
    }
}

pub(crate) fn open(store: Arc<dyn Store>) -> (Vault, Collection) {
    open_at(store, at(0))
}

pub(crate) fn open_at(store: Arc<dyn Store>, now: Timestamp) -> (Vault, Collection) {
    let random = Arc::new(SystemRandom);
    let vault = Vault::open(store, source(), random, Settings::default(), now).unwrap();
    let collection = vault.collection(&name("acme"), &name("staff")).unwrap();
    (vault, collection)
}

fn source() -> Arc<dyn KeySource> {
    Arc::new(RootKey::dangerous_from_bytes(&[1; 32]))
}
