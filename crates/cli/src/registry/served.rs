//! The server that has the data folder, asked through its socket there (ADR 23).

use crate::failure::Failure;
use countenance_api::Problem;
use countenance_server::{Operator, SOCKET, Told};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// A connection to it.
pub(crate) struct Served {
    operator: Operator,
}

impl Served {
    /// Connects, if a server runs on the folder.
    pub(crate) fn on(folder: &Path, tenant: Option<&str>) -> Result<Option<Self>, Failure> {
        let operator = Operator::of(folder, tenant).map_err(|error| {
            Failure::from(error)
                .about(folder.join(SOCKET).display())
                .with_hint(
                    "a server runs here: ask as the user it runs as, or over HTTP with a key",
                )
        })?;
        Ok(operator.map(|operator| Self { operator }))
    }

    /// Asks, and reads the answer.
    pub(crate) fn ask<T: DeserializeOwned>(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&impl Serialize>,
    ) -> Result<T, Failure> {
        let body = body.map(serde_json::to_vec).transpose()?;
        let told = self.operator.ask(method, path, headers, body)?;
        if !(200..300).contains(&told.status) {
            return Err(refused(&told));
        }
        Ok(serde_json::from_slice(&told.body)?)
    }

    /// Removes something. Says whether it was there: `unknown` is the error that says it was not.
    pub(crate) fn remove(&mut self, path: &str, unknown: &str) -> Result<bool, Failure> {
        let told = self.operator.ask("DELETE", path, &[], None)?;
        match (told.status, problem(&told)) {
            (200..300, _) => Ok(true),
            (_, Some(problem)) if problem.code == unknown => Ok(false),
            _ => Err(refused(&told)),
        }
    }
}

/// A segment or value of an address.
pub(crate) fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn problem(told: &Told) -> Option<Problem> {
    serde_json::from_slice(&told.body).ok()
}

fn refused(told: &Told) -> Failure {
    match problem(told) {
        Some(problem) => Failure::from(anyhow::anyhow!(
            "the server refused: {}",
            problem.title.to_lowercase()
        ))
        .with_hint(problem.detail),
        None => Failure::from(anyhow::anyhow!(
            "the server answered with status {}",
            told.status
        )),
    }
}
