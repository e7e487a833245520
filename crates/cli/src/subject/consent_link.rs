//! `countenance subject consent-link`.

use crate::clock::time_of;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::served::{Served, percent};
use crate::registry::{RegistryArgs, running, who};
use clap::Args as ClapArgs;
use countenance_api::{ConsentLinkOpened, ConsentLinkRequest, SessionPasskey};
use countenance_core::vault::Timestamp;
use serde::Serialize;
use std::io::Write as _;

/// Open a link by which a person sees and withdraws their own consents
///
/// The server that runs on the data folder shows the page. The link lasts ten minutes and shows nothing by itself: the
/// person proves who they are with a passkey that is known here already, a device key of theirs, or for a holder-bound one
/// the passkey that gives their part of the key. A newer link ends the one before. Who has no passkey tells you, and you
/// withdraw for them: countenance consent withdraw.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance subject consent-link ana --audience https://shop.example --way-out https://shop.example/privacy --url https://faces.shop.example --data vault
      For somebody with a device key (countenance subject device-keys list ana).
  countenance subject consent-link ana --audience https://shop.example --way-out https://shop.example/privacy --passkey-salt 3q2-7w... --data vault
      For a holder-bound person; the salt is the one that their passkey was asked with when they enrolled.

JSON: id, token, expires, link.")]
pub(super) struct Args {
    /// What you call the person; - reads it from the standard input
    id: String,

    /// Who keeps the consents, as the page tells the person
    #[arg(long, value_name = "NAME")]
    audience: String,

    /// Where the person goes whose passkey does not work, and after it: an address beginning with https://
    #[arg(long, value_name = "ADDRESS")]
    way_out: String,

    /// Of a holder-bound person: what the passkey is asked with for their part of the key, 32 bytes in base64url
    #[arg(long, value_name = "SALT")]
    passkey_salt: Option<String>,

    /// Ids of passkeys that will do, in base64url; any of theirs where there is none
    #[arg(long, value_name = "ID", requires = "passkey_salt")]
    credential: Vec<String>,

    /// Where people reach the server [default: the address that it listens on]
    #[arg(long, value_name = "ADDRESS")]
    url: Option<String>,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct LinkJson {
    id: String,
    token: String,
    expires: u64,
    link: String,
}

pub(super) fn run(args: &Args) -> Outcome {
    let id = who::id(&args.id)?;
    args.registry.names()?;
    let folder = args.registry.folder()?;
    let served = Served::on(folder, Some(&args.registry.tenant))?;
    let mut served = served.ok_or_else(|| {
        Failure::usage(
            "no server runs on this folder, and the page of the link is the server's",
            "start one: `countenance serve --data DIR`; without one, `countenance consent list` and `withdraw` do it for them",
        )
    })?;
    let request = ConsentLinkRequest {
        audience: args.audience.clone(),
        way_out: args.way_out.clone(),
        passkey: args.passkey_salt.clone().map(|salt| SessionPasskey {
            salt,
            credentials: args.credential.clone(),
        }),
    };
    let path = format!(
        "/v1/subjects/{}/consent-links?collection={}",
        percent(id.as_str()),
        percent(&args.registry.collection)
    );
    let opened: ConsentLinkOpened = served.ask("POST", &path, &[], Some(&request))?;
    let base = args.url.clone().or_else(|| running::url(folder));
    let base = base.unwrap_or_default();
    let link = format!(
        "{}/consents#{}.{}",
        base.trim_end_matches('/'),
        opened.id,
        opened.token
    );
    if args.json {
        json::print(&LinkJson {
            id: opened.id,
            token: opened.token,
            expires: opened.expires,
            link,
        })?;
        return Ok(Exit::Success);
    }
    let mut out = anstream::stdout().lock();
    writeln!(out, "{link}")?;
    let until = time_of(Timestamp::from_unix(opened.expires));
    writeln!(out, "until {until}, once, with the person's passkey")?;
    Ok(Exit::Success)
}
