//! The store: SQLite in the data folder, PostgreSQL, or one half in each.

use super::{RegistryArgs, running};
use crate::failure::Failure;
use countenance_core::vault::store::{Durability, LentStore, SqliteStore, Store, StoreError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names of the databases in a data folder.
const DATABASES: [&str; 2] = ["data.db", "keyring.db"];

/// How a data folder was found, so that a command that is refused leaves it like that.
pub(crate) struct Fresh {
    folder: Option<PathBuf>,
    /// It was not there, or nothing was in it.
    empty: Option<PathBuf>,
    /// Itself and those above that were not there, the innermost first.
    missing: Vec<PathBuf>,
}

impl Fresh {
    pub(crate) fn look(folder: Option<&Path>) -> Self {
        let above = folder.into_iter().flat_map(Path::ancestors);
        let above = above.filter(|path| !path.as_os_str().is_empty());
        Self {
            folder: folder.map(Path::to_owned),
            empty: folder.filter(|folder| is_empty(folder)).map(Path::to_owned),
            missing: above
                .take_while(|path| !path.exists())
                .map(Path::to_owned)
                .collect(),
        }
    }

    /// Refuses a folder in which somebody keeps something else: a data folder holds nothing but the
    /// program's own files, and what an unfinished making left are such.
    pub(crate) fn refuse_others_files(&self) -> Result<(), Failure> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        if folder.join("keyring.db").exists() {
            return Ok(());
        }
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Ok(());
        };
        let ours = |name: &str| {
            let of_a_server = ["keys.db", "server."].iter();
            name == "lock"
                || DATABASES
                    .iter()
                    .chain(of_a_server)
                    .any(|file| name.starts_with(file))
        };
        let mut names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        match names.find(|name| !name.to_str().is_some_and(ours)) {
            Some(name) => Err(Failure::from(anyhow::anyhow!(
                "holds {} already",
                crate::terminal::plain(name.to_string_lossy())
            ))
            .about(folder.display())
            .with_hint("name a folder that does not exist yet or is empty")),
            None => Ok(()),
        }
    }

    /// Removes the folders that were not there, if nothing is in them.
    pub(crate) fn remove_folders(&self) {
        for folder in &self.missing {
            let _ = std::fs::remove_dir(folder);
        }
    }

    pub(crate) fn was_empty(&self) -> bool {
        self.empty.is_some()
    }

    /// Removes what a store put into a folder that was empty.
    pub(crate) fn sweep(&self) {
        let Some(folder) = &self.empty else { return };
        remove_files(folder);
        self.remove_folders();
    }
}

/// Whether a folder is not there, or nothing is in it.
fn is_empty(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Removes the files that a store makes in its folder, as far as they are there.
pub(crate) fn remove_files(folder: &Path) {
    for database in DATABASES {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.join(format!("{database}{end}")));
        }
    }
    let _ = std::fs::remove_file(folder.join("lock"));
}

/// Opens the store that the options name: that of the server, where one runs on the folder (ADR 46).
pub(crate) fn open(args: &RegistryArgs) -> Result<Arc<dyn Store>, Failure> {
    if let Some(store) = lent(args)? {
        return Ok(Arc::new(store));
    }
    match &args.database {
        None => Ok(Arc::new(embedded(args)?)),
        Some(url) => postgres(args, url),
    }
}

/// The store of the server that runs on the folder, if one does.
fn lent(args: &RegistryArgs) -> Result<Option<LentStore>, Failure> {
    let Ok(folder) = args.folder() else {
        return Ok(None);
    };
    let stream = countenance_server::store_of(folder).map_err(|error| {
        Failure::from(error)
            .about(folder.display())
            .with_hint("a server runs here: ask as the user it runs as, or over HTTP with a key")
    })?;
    let Some(stream) = stream else {
        return Ok(None);
    };
    let store = LentStore::over(stream).map_err(|error| {
        Failure::from(error)
            .about(folder.display())
            .with_hint("use the program that the server runs, or stop the server first")
    })?;
    Ok(Some(store))
}

fn embedded(args: &RegistryArgs) -> Result<SqliteStore, Failure> {
    let folder = args.folder()?;
    let existing = folder.join("keyring.db").exists();
    if !existing && folder.is_file() {
        return Err(Failure::usage(
            format!("{} is a file", folder.display()),
            "name a folder with --data",
        ));
    }
    SqliteStore::open(folder, Durability::Full).map_err(|error| {
        let served = matches!(error, StoreError::InUse { .. });
        let served = served.then(|| running::advice(folder)).flatten();
        let failure = Failure::from(error).about(folder.display());
        match served {
            Some(advice) => failure.with_hint(advice),
            None => failure,
        }
    })
}

#[cfg(feature = "postgres")]
fn postgres(args: &RegistryArgs, url: &str) -> Result<Arc<dyn Store>, Failure> {
    use countenance_core::vault::store::{PostgresStore, SplitStore};
    let connect = if args.keyring_in_database {
        PostgresStore::connect
    } else {
        PostgresStore::connect_alone
    };
    let records = connect(url).map_err(|error| {
        if matches!(error, StoreError::InUse { .. }) {
            return Failure::from(error).about("database").with_hint(
                "another process writes there with a keyring of its own, a copy of this one perhaps: stop it, or give all nodes --keyring-in-database; of one that lost its network the database notices within a minute",
            );
        }
        Failure::from(error).about("database").with_hint(
            "check --database: a URL such as postgres://user@/countenance?host=/run/postgresql; the password belongs into PGPASSWORD or a passfile",
        )
    })?;
    if args.keyring_in_database {
        return Ok(Arc::new(records));
    }
    Ok(Arc::new(SplitStore::new(records, embedded(args)?)))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &RegistryArgs, _: &str) -> Result<Arc<dyn Store>, Failure> {
    Err(Failure::usage(
        "this program was built without PostgreSQL",
        "leave out --database, or build with the feature `postgres`",
    ))
}
