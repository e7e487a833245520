//! `countenance keyring identity`: what sealed keyring backups are opened with.

use crate::exit::Exit;
use crate::failure::Outcome;
use crate::json;
use crate::registry::private;
use age::secrecy::ExposeSecret as _;
use serde::Serialize;
use std::path::PathBuf;

/// Make an identity that opens sealed keyring backups
///
/// Writes the secret half into FILE and prints the recipient, to which `backup --recipient` seals. Make it on
/// the machine that will restore, or keep FILE on paper in a safe: it does not belong beside the data.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance keyring identity restore.identity
  countenance keyring identity restore.identity --json

JSON: identity (the file), recipient.")]
pub(super) struct Args {
    /// The file for the secret half; it must not exist yet
    file: PathBuf,

    /// Print the recipient as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct IdentityJson {
    identity: String,
    recipient: String,
}

pub(super) fn run(args: &Args) -> Outcome {
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let secret = identity.to_string();
    let mut text = zeroize::Zeroizing::new(secret.expose_secret().to_owned());
    text.push('\n');
    private::write(&args.file, text.as_bytes())?;
    if args.json {
        json::print(&IdentityJson {
            identity: args.file.display().to_string(),
            recipient,
        })?;
    } else {
        say!("{recipient}");
    }
    Ok(Exit::Success)
}
