//! A subject's id, from the command line or the standard input.

use super::Opened;
use crate::failure::Failure;
use countenance_core::Claim;
use countenance_core::vault::{ExternalId, HolderPart};
use std::io::Read as _;

/// The most that is read from the standard input in search of an id.
const MOST: u64 = 4096;

/// The id. `-` reads one line from the standard input: what stands on a command line can be read by
/// every user of the machine and stays in the shell's history.
pub(crate) fn id(text: &str) -> Result<ExternalId, Failure> {
    let line;
    let text = if text == "-" {
        line = first_line()?;
        &line
    } else {
        text
    };
    ExternalId::new(text).map_err(|error| unusable(&error.to_string()))
}

fn first_line() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().take(MOST).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == MOST {
        let max = ExternalId::MAX;
        return Err(unusable(&format!(
            "external id has {MOST} bytes or more, expected 1 to {max}"
        )));
    }
    let mut line = String::from_utf8(bytes).map_err(|_| unusable("external id is not UTF-8"))?;
    let end = line.trim_end_matches(['\n', '\r']).len();
    line.truncate(end);
    Ok(line)
}

fn unusable(what: &str) -> Failure {
    Failure::usage(
        what,
        "an id has 1 to 200 bytes of UTF-8, no control characters and no blanks at its ends: a number or a user name",
    )
}

impl Opened {
    /// What somebody claims.
    pub(crate) fn claim<'a>(
        &'a self,
        subject: &'a ExternalId,
        holder: Option<&'a HolderPart>,
    ) -> Claim<'a> {
        Claim {
            collection: &self.collection,
            subject,
            holder,
        }
    }
}
