//! The log of the server.

use serde::Serialize;
use std::str::FromStr;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::LevelFilter;

/// Lines that may wait to be written.
const LINES: usize = 4096;

/// How much is logged.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Only what failed.
    Error,
    /// What may become a failure, too.
    Warn,
    /// One line per request, too.
    Info,
    /// Connections that broke off, too.
    Debug,
}

impl FromStr for Level {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            _ => Err("neither error nor warn, info or debug"),
        }
    }
}

impl Level {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
        }
    }
}

/// A line of JSON each on the error stream. A reader that does not keep up loses lines and stops nobody: they are
/// counted, in the metrics too. What waits is written when the guard is dropped.
pub(super) fn start(level: Level) -> (ErrorCounter, WorkerGuard) {
    let builder = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(LINES)
        .thread_name("log");
    let (writer, guard) = builder.finish(std::io::stderr());
    let dropped = writer.error_counter();
    tracing_subscriber::fmt()
        .json()
        .with_max_level(level.filter())
        .with_writer(writer)
        .init();
    (dropped, guard)
}
