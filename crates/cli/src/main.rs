//! The binary `countenance`.
//!
//! Each command is a module with an `Args` struct for clap and a `run` function that
//! returns an [`Outcome`](failure::Outcome): an exit code, or a failure with advice. See `commands.rs`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the standard streams are what a command line speaks through"
)]

mod bench;
mod calibrate;
mod clock;
mod commands;
mod detect;
mod doctor;
mod draw;
mod engine;
mod evaluate;
mod exit;
mod failure;
mod hints;
mod json;
mod networks;
mod pictures;
mod shell;
mod terminal;
mod usage;
mod verify;
mod version;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let exit = match commands::Cli::try_parse() {
        Ok(cli) => cli.run().unwrap_or_else(|failure| {
            if !failure.is_broken_pipe() {
                failure.print();
            }
            failure.exit()
        }),
        Err(error) => usage::answer(&error),
    };
    exit.into()
}
