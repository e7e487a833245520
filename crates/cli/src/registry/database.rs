//! The store: SQLite in the data folder, PostgreSQL, or one half in each.

use super::RegistryArgs;
use crate::failure::Failure;
use countenance_core::vault::store::{Durability, SqliteStore, Store};
use std::sync::Arc;

/// Opens the store that the options name.
pub(crate) fn open(args: &RegistryArgs) -> Result<Arc<dyn Store>, Failure> {
    match &args.database {
        None => Ok(Arc::new(embedded(args)?)),
        Some(url) => postgres(args, url),
    }
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
    SqliteStore::open(folder, Durability::Full)
        .map_err(|error| Failure::from(error).about(folder.display()))
}

#[cfg(feature = "postgres")]
fn postgres(args: &RegistryArgs, url: &str) -> Result<Arc<dyn Store>, Failure> {
    use countenance_core::vault::store::{PostgresStore, SplitStore};
    let records = PostgresStore::connect(url).map_err(|error| {
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
