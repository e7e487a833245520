//! A subject's id, from the command line or the standard input.

use super::Opened;
use crate::failure::Failure;
use countenance_core::Claim;
use countenance_core::vault::{ExternalId, HolderPart};
use std::io::Read as _;

/// The most that is read from the standard input in search of an id.
const MOST: u64 = 1 << 20;

/// The id. `-` reads one line from the standard input: what stands on a command line can be read by
/// every user of the machine and stays in the shell's history.
pub(crate) fn id(text: &str) -> Result<ExternalId, Failure> {
    let mut line = String::new();
    let text = if text == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().take(MOST).read_to_end(&mut bytes)?;
        line = String::from_utf8(bytes)
            .map_err(|_| Failure::from(anyhow::anyhow!("external id is not UTF-8")))?;
        let end = line.trim_end_matches(['\n', '\r']).len();
        line.truncate(end);
        &line
    } else {
        text
    };
    let id = ExternalId::new(text).map_err(|error| {
        Failure::usage(
            error.to_string(),
            "an id has 1 to 200 bytes and no NUL: a number or a user name",
        )
    });
    drop(line);
    id
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
