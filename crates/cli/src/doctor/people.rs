//! What `doctor --data` finds: whether the data folder opens, and which promise holds for it.

use crate::failure::Failure;
use crate::registry::{RegistryArgs, promise};
use crate::terminal::{FAINT, GREEN, RED, YELLOW, plain};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// The findings about a data folder.
#[derive(Debug, Serialize)]
pub(super) struct PeopleJson {
    folder: Option<String>,
    root_key: String,
    /// True or false where it can be seen from here.
    theft_survived: Option<bool>,
    promise: &'static str,
    /// Whether only its owner can look into the folder.
    folder_private: bool,
    /// Whether a destroyed key is gone when `subject erase` answers; null when it does not open.
    erased_at_once: Option<bool>,
    /// Why it does not open.
    error: Option<String>,
    #[serde(skip)]
    hint: Option<String>,
}

impl PeopleJson {
    /// Whether it opens, and only its owner can look into it.
    pub(super) fn is_in_order(&self) -> bool {
        self.error.is_none() && self.folder_private
    }
}

/// Looks at the data folder, if one is named.
pub(super) fn examine(options: &RegistryArgs) -> Result<Option<PeopleJson>, Failure> {
    if options.data.is_none() && options.database.is_none() {
        return Ok(None);
    }
    let place = options.root_place()?;
    let folder = options.folder().ok();
    let promise = options.promise(&place);
    let (erased_at_once, failure) = match options.vault() {
        Ok(vault) => (Some(vault.destroys_at_once()), None),
        Err(failure) => (None, Some(failure)),
    };
    Ok(Some(PeopleJson {
        folder: folder.map(|path| path.display().to_string()),
        root_key: place.to_string(),
        theft_survived: promise.theft_survived,
        promise: promise.text,
        folder_private: folder.is_none_or(is_private),
        erased_at_once,
        error: failure.as_ref().map(Failure::message),
        hint: failure.and_then(|failure| failure.hint().map(str::to_owned)),
    }))
}

#[cfg(unix)]
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    // What is not there is open to nobody.
    std::fs::metadata(folder).map_or(true, |metadata| metadata.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}

pub(super) fn write(out: &mut impl Write, found: &PeopleJson) -> io::Result<()> {
    writeln!(out, "people")?;
    let folder = found.folder.as_deref().unwrap_or("(in the database)");
    match &found.error {
        None => writeln!(out, "  data       {}  {GREEN}opens{GREEN:#}", plain(folder))?,
        Some(error) => {
            writeln!(out, "  data       {}  {RED}{error}{RED:#}", plain(folder))?;
            if let Some(hint) = &found.hint {
                writeln!(out, "             {FAINT}{hint}{FAINT:#}")?;
            }
        }
    }
    writeln!(out, "  root key   {}", plain(&found.root_key))?;
    let style = match found.theft_survived {
        Some(true) => GREEN,
        Some(false) => RED,
        None => YELLOW,
    };
    writeln!(out, "  theft      {style}{}{style:#}", found.promise)?;
    if !found.folder_private {
        writeln!(
            out,
            "  access     {YELLOW}others may look into the folder: chmod 700 {}{YELLOW:#}",
            plain(folder)
        )?;
    }
    let Some(at_once) = found.erased_at_once else {
        return Ok(());
    };
    let erasing = promise::erasing(at_once);
    if at_once {
        writeln!(out, "  erasing    {erasing}")
    } else {
        writeln!(out, "  erasing    {YELLOW}{erasing}{YELLOW:#}")
    }
}
