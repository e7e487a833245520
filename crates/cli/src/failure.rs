//! How errors reach the person at the terminal: one line that says what is wrong with
//! every cause behind it, one line that says what to do.

use crate::exit::Exit;
use crate::hints;
use crate::terminal::plain;
use anstyle::{AnsiColor, Style};
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
        one_line(&self.error)
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

/// Writes `error: ...` and `hint: ...` to the standard error stream.
pub(crate) fn print_error(message: &str, hint: Option<&str>) {
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
    use super::Failure;
    use anyhow::{Context as _, anyhow};

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
