//! How errors reach the person at the terminal: one line that says what is wrong with
//! every cause behind it, one line that says what to do. Programs get both as one line of JSON.

use crate::exit::Exit;
use crate::hints;
use crate::terminal::plain;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::ffi::OsString;
use std::io::{self, Write};

/// A command that did not reach an outcome.
#[derive(Debug)]
pub(crate) struct Failure {
    error: anyhow::Error,
    hint: Option<String>,
    exit: Exit,
}

/// What every command returns.
pub(crate) type Outcome = Result<Exit, Failure>;

impl Failure {
    /// A command line that makes no sense.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            error: anyhow::Error::msg(message.into()),
            hint: Some(hint.into()),
            exit: Exit::Usage,
        }
    }

    /// The same failure with other advice.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure, said of something: `reference photo.jpg: ...`.
    pub(crate) fn about(mut self, what: impl std::fmt::Display) -> Self {
        self.error = self.error.context(what.to_string());
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The error and all its causes in one line, without advice.
    pub(crate) fn message(&self) -> String {
        without_keys(one_line(&self.error))
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether the reader of our output has gone, as `head` goes when it has enough.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.error.chain().any(|cause| {
            cause
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        })
    }

    /// Writes the lines to the standard error stream.
    pub(crate) fn print(&self) {
        print_error(&self.message(), self.hint());
    }
}

/// What a program reads on the standard error stream. The key names are part of the interface.
#[derive(Serialize)]
struct ErrorJson<'a> {
    error: &'a str,
    hint: Option<&'a str>,
}

/// Writes `error: ...` and `hint: ...` to the standard error stream, in JSON where the answer would have been.
pub(crate) fn print_error(message: &str, hint: Option<&str>) {
    let (message, hint) = (
        without_keys(message.to_owned()),
        hint.map(|hint| without_keys(hint.to_owned())),
    );
    if asks_for_json(std::env::args_os().skip(1)) {
        let (error, hint) = (message.as_str(), hint.as_deref());
        if let Ok(line) = serde_json::to_string(&ErrorJson { error, hint }) {
            // As below, where nobody listens.
            let _ = writeln!(io::stderr().lock(), "{line}");
            return;
        }
    }
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let cyan = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
    let mut stream = anstream::stderr().lock();
    // There is nowhere left to report that the error stream itself is gone.
    let _ = writeln!(stream, "{red}error:{red:#} {message}");
    if let Some(hint) = hint {
        let _ = writeln!(stream, "{cyan}hint:{cyan:#} {hint}");
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let (hint, exit) = hints::advice(&error);
        Self { error, hint, exit }
    }
}

/// Whether a command line has `--json` among its options: also one that is refused before it is understood.
fn asks_for_json(said: impl Iterator<Item = OsString>) -> bool {
    said.take_while(|one| one != "--")
        .any(|one| one == "--json")
}

/// A text without what somebody said on the command line or in a setting and looks like a secret: 64
/// hexadecimal digits, and the password in a URL. Errors end up in logs and tickets.
pub(crate) fn without_keys(text: String) -> String {
    let said = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned());
    let settings = std::env::vars_os().filter_map(|(name, value)| {
        let ours = name.to_string_lossy().starts_with("COUNTENANCE_");
        ours.then(|| value.to_string_lossy().into_owned())
    });
    hidden(text, said.chain(settings))
}

fn hidden(text: String, said: impl Iterator<Item = String>) -> String {
    let mut text = text;
    for one in said {
        let runs = one.split(|c: char| !c.is_ascii_hexdigit());
        for run in runs.filter(|run| run.len() >= 64) {
            text = text.replace(run, "(a key, not shown)");
        }
        let authority = one.split_once("://").map(|(_, rest)| rest);
        let user = authority.and_then(|rest| rest.rsplit_once('@'));
        if let Some((_, password)) = user.and_then(|(user, _)| user.split_once(':'))
            && !password.is_empty()
        {
            text = text.replace(&format!(":{password}@"), ":(not shown)@");
        }
    }
    text
}

/// An error and its causes, joined by colons. A cause that its parent's text already
/// contains is not said twice.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    let mut previous = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !previous.is_empty() {
            if previous.contains(&text) {
                continue;
            }
            line.push_str(": ");
        }
        line.push_str(&plain(&text));
        previous = text;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{Failure, asks_for_json, hidden};
    use anyhow::{Context as _, anyhow};

    #[test]
    fn what_looks_like_a_key_is_not_said_again() {
        let key = "0f".repeat(32);
        let text = format!("root key file {key}: not found, digest {}", "ab".repeat(32));
        let said = [format!("--root={key}"), "vault".to_owned()];
        let shown = hidden(text.clone(), said.into_iter());
        assert!(!shown.contains(&key), "{shown}");
        assert!(shown.contains(&"ab".repeat(32)), "a digest is no secret");
        assert_eq!(hidden(text.clone(), std::iter::empty()), text, "control");
        let url = "postgres://u:s3@cret@127.0.0.1/x".to_owned();
        let shown = hidden(format!("unexpected argument '{url}'"), [url].into_iter());
        assert_eq!(
            shown,
            "unexpected argument 'postgres://u:(not shown)@127.0.0.1/x'"
        );
    }

    #[test]
    fn json_is_asked_for_by_an_option_and_not_by_what_follows_them() {
        let asks = |said: &str| asks_for_json(said.split(' ').map(Into::into));
        assert!(asks("verify a.jpg b.jpg --json"));
        assert!(!asks("verify a.jpg b.jpg"));
        assert!(!asks("subject add --data v -- --json"));
    }

    #[test]
    fn every_cause_is_said_once_and_on_one_line() {
        let error = Err::<(), _>(anyhow!("line one\nline two"))
            .context("outer: line one\nline two")
            .context("outermost")
            .unwrap_err();
        assert_eq!(
            Failure::from(error).message(),
            r"outermost: outer: line one\nline two"
        );
    }
}
