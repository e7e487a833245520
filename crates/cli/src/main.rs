#![doc = include_str!("../README.md")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the standard streams are what a command line speaks through"
)]

/// A line on the standard output, after the work is done: that nobody reads it any more changes nothing.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(anstream::stdout(), $($line)*);
    }};
}

mod audit;
mod backup;
mod bench;
mod calibrate;
mod clock;
mod collection;
mod commands;
mod consent;
mod detect;
mod doctor;
mod document;
mod draw;
mod engine;
mod enroll;
mod evaluate;
mod evaluate_liveness;
mod exit;
mod export;
mod failure;
mod hardening;
mod hints;
mod identify;
mod import;
mod json;
mod key;
mod keyring;
mod payment;
mod pictures;
mod progress;
mod quantize;
mod registry;
mod restore;
mod result;
mod retain;
mod serve;
mod shell;
mod subject;
mod terminal;
mod usage;
mod verify;
mod version;

use clap::Parser as _;
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(warning) = hardening::begin() {
        eprintln!("warning: {warning}");
    }
    std::panic::set_hook(Box::new(report_panic));
    std::panic::catch_unwind(run).unwrap_or(Exit::Failed).into()
}

fn run() -> Exit {
    match commands::Cli::try_parse() {
        Ok(cli) => cli.run().unwrap_or_else(|failure| {
            if !failure.is_broken_pipe() {
                failure.print();
            }
            failure.exit()
        }),
        Err(error) => usage::answer(&error),
    }
}

/// Says where the program broke its own rules. The message itself is left out: it may carry values.
fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    failure::print_error(
        &format!("the program broke at {place}"),
        Some("this is a fault of the program; please report it with this line"),
    );
}
