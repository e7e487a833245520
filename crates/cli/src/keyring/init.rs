//! `countenance keyring init`.

use crate::clock::MachineClock;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::database::{self, Fresh};
use crate::registry::root::RootPlace;
use crate::registry::{RegistryArgs, private, registry};
use crate::terminal::{GREEN, YELLOW, plain};
use countenance_core::vault::store::{Store, StoreError};
use countenance_core::vault::{SystemRandom, Vault, VaultError};
use countenance_core::{FalseMatchRate, WallClock as _};
use serde::Serialize;
use std::io::Write as _;
use std::sync::Arc;

/// Make a data folder, its root key, a tenant and a collection
///
/// Cut off at any moment, it leaves nothing or all of it, or what makes way when it is run again.
///
/// What is there already is kept: on an existing data folder it adds the tenant and collection that are
/// named. The root key is written once and never shown; keep a copy of it apart from the data, because nothing
/// else opens them.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance keyring init --data vault
  countenance keyring init --data vault --tenant acme --collection staff
  countenance keyring init --data vault --database postgres://countenance@/countenance

JSON: data_folder, root_key, made (folder, root_key, tenant, collection), public_key, theft_survived,
promise.")]
pub(super) struct Args {
    #[command(flatten)]
    registry: RegistryArgs,

    /// Print what was made as JSON
    #[arg(long)]
    json: bool,
}

/// What was not there and had to be made.
#[derive(Debug, Serialize)]
pub(crate) struct Made {
    pub(crate) folder: bool,
    pub(crate) root_key: bool,
    pub(crate) tenant: bool,
    pub(crate) collection: bool,
}

#[derive(Debug, Serialize)]
struct InitJson {
    data_folder: Option<String>,
    root_key: String,
    made: Made,
    public_key: String,
    theft_survived: Option<bool>,
    promise: &'static str,
}

/// A vault that is open, and what had to be made for it.
pub(crate) struct Ready {
    pub(crate) vault: Vault,
    /// What it is kept in.
    pub(crate) store: Arc<dyn Store>,
    pub(crate) made: Made,
}

/// Opens the vault that the options name, and makes what is not there: folder, root key, tenant, collection.
pub(crate) fn make(options: &RegistryArgs) -> Result<Ready, Failure> {
    let place = options.root_place()?;
    let (tenant, collection) = options.names()?;
    let folder = options.folder().ok();
    if let Some(folder) = folder {
        private::refuse_in_data(folder)?;
    }
    // A token or credential that cannot be had must not leave a folder behind; a file is made
    // only when it is known where the folder is.
    let elsewhere = match &place {
        RootPlace::File(_) => None,
        _ => Some(place.open_or_create(folder)?),
    };
    let fresh = Fresh::look(folder);
    fresh.refuse_others_files()?;
    let store = database::open(options).inspect_err(|_| fresh.remove_folders())?;
    // The store itself is not asked: what a crash left half made is made anew under it.
    let there = folder.is_some_and(|folder| {
        let has = |name| folder.join(name).exists();
        has("keyring.db") && has("data.db")
    });
    // Nothing is left of what is refused; a vault that is there is never touched.
    let undo = |made_root: bool| {
        if !fresh.was_empty() {
            return;
        }
        if made_root {
            place.remove();
        }
        fresh.sweep();
    };
    let (root, made_root) = match elsewhere {
        Some(root) => root,
        // A new key would not open what is there.
        None if there => (place.open(folder)?, false),
        None => place.open_or_create(folder).inspect_err(|_| undo(false))?,
    };
    let random = Arc::new(SystemRandom);
    let now = MachineClock::start().now();
    let settings = options.settings();
    let create = if is_whole(&*store) {
        // Whoever makes a vault in a database keeps others from it, for as long as it runs.
        Err(StoreError::Occupied.into())
    } else {
        Vault::create_with(
            Arc::clone(&store),
            Arc::clone(&root),
            Arc::clone(&random) as _,
            settings,
            Some((&tenant, &collection)),
            now,
        )
    };
    let (vault, made_folder) = match create {
        Ok(vault) => (vault, true),
        Err(VaultError::Store(StoreError::Occupied)) => {
            let vault = Vault::open(Arc::clone(&store), root, random, settings, now);
            let vault = vault.map_err(|error| {
                if made_root {
                    place.remove();
                }
                options.about_vault(error)
            });
            (vault?, false)
        }
        Err(error) => {
            undo(made_root);
            return Err(options.about_vault(error));
        }
    };
    let was_made = |result| match result {
        Ok(()) => Ok(true),
        Err(VaultError::Exists { .. }) => Ok(false),
        Err(error) => Err(error),
    };
    let made = Made {
        folder: made_folder,
        root_key: made_root,
        tenant: made_folder || was_made(vault.create_tenant(&tenant, now))?,
        collection: made_folder
            || was_made(vault.create_collection(&tenant, &collection, now).map(drop))?,
    };
    Ok(Ready { vault, store, made })
}

/// Whether there is a vault that was made to its end.
fn is_whole(store: &dyn Store) -> bool {
    let keyring = store.keyring().is_ok_and(|head| head.origin.finished);
    keyring && store.data().is_ok_and(|head| head.origin.finished)
}

pub(super) fn run(args: &Args) -> Outcome {
    private::keep_private();
    let options = &args.registry;
    let place = options.root_place()?;
    let folder = options.folder().ok();
    let Ready { vault, made, .. } = make(options)?;
    let registry = registry(vault, FalseMatchRate::DEFAULT)?;
    let promise = options.promise(&place);
    let document = InitJson {
        data_folder: folder.map(|path| path.display().to_string()),
        root_key: place.to_string(),
        made,
        public_key: json::hex(&registry.vault().public_key()),
        theft_survived: promise.theft_survived,
        promise: promise.text,
    };
    if args.json {
        json::print(&document)?;
        return Ok(Exit::Success);
    }
    print(&document)?;
    if document.made.root_key && matches!(place, RootPlace::File(_)) {
        say!();
        say!(
            "Keep a copy of the root key apart from the data: without it nobody can open them, with it anybody can."
        );
    }
    Ok(Exit::Success)
}

fn print(document: &InitJson) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    let new = |made: bool| if made { "new" } else { "was there" };
    let made = &document.made;
    if let Some(folder) = &document.data_folder {
        writeln!(
            out,
            "data folder  {}  ({})",
            plain(folder),
            new(made.folder)
        )?;
    }
    writeln!(
        out,
        "root key     {}  ({})",
        plain(&document.root_key),
        new(made.root_key)
    )?;
    writeln!(out, "tenant       {}", new(made.tenant))?;
    writeln!(out, "collection   {}", new(made.collection))?;
    writeln!(out, "public key   {}", document.public_key)?;
    let style = match document.theft_survived {
        Some(true) => GREEN,
        _ => YELLOW,
    };
    writeln!(out, "theft        {style}{}{style:#}", document.promise)?;
    Ok(())
}
