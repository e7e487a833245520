//! The process of the drill whose traces are searched:
//! `leak-drill PLACE MODELS FOLDER PEOPLE CALLS RECIPIENT`.

// The program's own: the drill's process is closed as the program is.
#[path = "../../../crates/cli/src/hardening.rs"]
mod hardening;

use crate::drive::Drive;
use crate::people;
use anyhow::{Context as _, Result};
use std::io::Read as _;
use std::path::Path;

/// Waits while the test looks at the files of a vault that is open.
fn wait(word: &str) -> Result<()> {
    println!("{word}");
    std::io::stdin().read_exact(&mut [0])?;
    Ok(())
}

/// Fills and uses a vault, waits for a byte, and aborts.
///
/// # Errors
/// When a step fails that should not.
pub fn run() -> Result<()> {
    if let Some(warning) = hardening::begin() {
        eprintln!("warning: {warning}");
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [place, models, folder, people, calls, recipient] = &arguments[..] else {
        anyhow::bail!("PLACE MODELS FOLDER PEOPLE CALLS RECIPIENT");
    };
    let folder = Path::new(folder);
    let mut drive = Drive::new(place, Path::new(models), people.parse()?)?;
    drive.enroll()?;
    let accepted = drive.calls(calls.parse()?).context("calls")?;
    let identified = drive.check_documents().context("documents")?;
    anyhow::ensure!(
        (1..people::VISITORS).contains(&identified),
        "{identified} were identified"
    );
    drive.take_in_guests().context("guests")?;
    drive.panic()?;
    drive.back_up(&folder.join("backup before"), recipient)?;
    drive.erase()?;
    drive.back_up(&folder.join("backup after"), recipient)?;
    wait(&format!("open {accepted}"))?;
    // The worst end: if the system writes core files, here is one.
    std::process::abort();
}
