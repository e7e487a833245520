//! The first key, for whoever sets the platform up.

use crate::clock::MachineClock;
use crate::failure::Failure;
use crate::registry::private;
use crate::registry::root::RootPlace;
use countenance_api::Scope;
use countenance_core::vault::{Name, SystemRandom};
use countenance_core::{Registry, WallClock as _};
use countenance_server::{KeyOrder, KeyStore};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Makes the first key, where there is none at all, and returns the file it is in.
pub(super) fn first_key(
    keys: &KeyStore,
    registry: &Registry,
    folder: &Path,
    place: &RootPlace,
    tenant: &Name,
) -> Result<Option<PathBuf>, Failure> {
    if !keys.list(None)?.is_empty() {
        return Ok(None);
    }
    let path = beside(folder, place)?;
    let now = MachineClock::start().now();
    let mut file = private::NewFile::create(&path).map_err(|failure| {
        failure.with_hint(
            "this folder knows no key, yet the file is there from an earlier time: remove it, or make a key with `countenance key create`",
        )
    })?;
    let order = KeyOrder::new(tenant.clone(), &Scope::ALL);
    let made = keys.make(registry, &SystemRandom, &order, now)?;
    writeln!(file, "{}", *made.key)?;
    file.finish()?;
    Ok(Some(path))
}

/// Beside the root key, or beside the data folder where the root key is in no file.
fn beside(folder: &Path, place: &RootPlace) -> Result<PathBuf, Failure> {
    let beside = match place {
        RootPlace::File(_) => place.clone(),
        _ => RootPlace::beside(folder)?,
    };
    let RootPlace::File(root) = beside else {
        return Err(Failure::usage(
            "no place for a key",
            "name the root key with --root FILE",
        ));
    };
    let RootPlace::File(data) = RootPlace::beside(folder)? else {
        return Err(Failure::usage(
            "no place for a key",
            "name the data folder with --data DIR",
        ));
    };
    let name = data.with_extension("admin-key");
    Ok(root.with_file_name(name.file_name().unwrap_or_default()))
}
