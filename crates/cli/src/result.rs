//! `countenance result verify`: is this signed result true?

use crate::clock::{MachineClock, time_of};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::terminal::plain;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use countenance_core::vault::Timestamp;
use countenance_core::{
    Claims, Expected, KeySet, Kind, SessionOutcome, WallClock as _, check_result,
};
use serde_json::json;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Bytes that are read of a file; a result and a key set have far fewer.
const MOST: u64 = 1 << 20;

/// Check the signed results of sessions
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance result verify result.jws --jwks jwks.json --audience https://shop.example")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(VerifyArgs),
}

/// Is this signed result true, and what does it say?
///
/// Nothing is asked over a network: the key set is the server's /.well-known/jwks.json, fetched before. Give the
/// nonce that you sent with the session, or else remember every jti for a minute: a result is good once.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance result verify result.jws --jwks jwks.json --audience https://shop.example --nonce pb3N0x5qQmWq8o1vJz2r7g
  countenance result verify - --jwks jwks.json --audience https://shop.example --at 1800000000 --json < result.jws
      As of that time, and the claims for a program.

Exit codes:
  0  true, and accepted
  1  true, and rejected
  3  true, and the pictures have to be taken again
  4  not to be believed; why is said

JSON: valid, error (malformed, header, key, signature, claims, audience, time, nonce or binding), claims.")]
struct VerifyArgs {
    /// The result; `-` reads the standard input
    #[arg(value_name = "FILE")]
    result: PathBuf,

    /// The keys of the server, as /.well-known/jwks.json has them
    #[arg(long, value_name = "FILE")]
    jwks: PathBuf,

    /// Who you are: the audience of the session
    #[arg(long, value_name = "NAME")]
    audience: String,

    /// What you sent with the session
    #[arg(long, value_name = "TEXT")]
    nonce: Option<String>,

    /// SHA-256 of the text that was to be approved, in hexadecimal
    #[arg(long, value_name = "HEX")]
    approved_sha256: Option<String>,

    /// What the session asked
    #[arg(long, value_name = "KIND")]
    kind: Option<KindArg>,

    /// Check as of this time, in seconds since 1970-01-01 UTC
    #[arg(long, value_name = "SECONDS")]
    at: Option<u64>,

    /// Print the claims as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindArg {
    Document,
    Payment,
    Presence,
    Verify,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::Verify(args) => verify(args),
    }
}

fn verify(args: &VerifyArgs) -> Outcome {
    let keys = read(&args.jwks)?;
    let keys = KeySet::from_json(&keys)
        .map_err(|error| Failure::from(error).about(args.jwks.display()))?;
    let result = String::from_utf8(read(&args.result)?)
        .map_err(|error| Failure::from(error.utf8_error()).about(args.result.display()))?;
    let now = args
        .at
        .map_or_else(|| MachineClock::start().now(), Timestamp::from_unix);
    let expected = Expected {
        audience: &args.audience,
        now,
        nonce: args.nonce.as_deref(),
        approved_sha256: args.approved_sha256.as_deref(),
        kind: args.kind.map(|kind| match kind {
            KindArg::Document => Kind::Document,
            KindArg::Payment => Kind::Payment,
            KindArg::Presence => Kind::Presence,
            KindArg::Verify => Kind::Verify,
        }),
    };
    // Editors and pipes end a line; a result itself has none.
    let checked = check_result(result.trim_end_matches(['\r', '\n']), &keys, &expected);
    let claims = match checked {
        Ok(claims) => claims,
        Err(error) => {
            if args.json {
                json::print(&json!({"valid": false, "error": error.name()}))?;
                return Ok(Exit::Failed);
            }
            return Err(Failure::from(error)
                .about(args.result.display())
                .with_hint("do not act on it; docs/spec/result-v1.md says what is checked"));
        }
    };
    if args.json {
        json::print(&json!({"valid": true, "claims": claims}))?;
    } else {
        print(&claims)?;
    }
    Ok(match claims.outcome {
        SessionOutcome::Accept => Exit::Success,
        SessionOutcome::Recapture => Exit::Recapture,
        SessionOutcome::Reject => Exit::Reject,
    })
}

fn print(claims: &Claims) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    let subject = match &claims.sub {
        Some(subject) => format!(" of {}", plain(subject)),
        None => String::new(),
    };
    writeln!(out, "{}  {}{subject}", claims.outcome, claims.kind)?;
    if let (Some(payment), Some(digest)) = (&claims.payment, &claims.transaction_sha256) {
        writeln!(
            out,
            "payment {}, transaction {}",
            plain(payment),
            plain(digest)
        )?;
    }
    if let Some(document) = &claims.document {
        let format = document
            .format
            .as_deref()
            .map_or(String::new(), |format| format!(" {}", plain(format)));
        let expired = match document.expired {
            Some(true) => ", expired",
            Some(false) => ", not expired",
            None => "",
        };
        let portrait = match document.portrait.as_deref() {
            Some("page") => ", portrait on its page",
            Some(_) => ", portrait not on its page",
            None => "",
        };
        writeln!(
            out,
            "zone {}{format}, check digits {}{expired}{portrait}",
            plain(&document.zone),
            plain(&document.check_digits)
        )?;
    }
    let judged = time_of(Timestamp::from_unix(claims.judged));
    let expires = time_of(Timestamp::from_unix(claims.exp));
    writeln!(out, "judged {judged}, holds until {expires}")?;
    writeln!(
        out,
        "factors {}, challenge {}, capture {}, {}",
        plain(claims.factors.join(" ")),
        plain(&claims.challenge),
        plain(&claims.capture),
        plain(&claims.policy)
    )
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MOST).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::from(error).about(path.display()))?;
    Ok(bytes)
}
