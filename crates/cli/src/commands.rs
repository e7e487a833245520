//! The command line: every command and the options they share.
//!
//! A command is a module with
//! - `Args`, which derives [`clap::Args`] and documents itself for `--help`, and
//! - `run(args: &Args, engine: &EngineArgs) -> Outcome`, which does nothing before it is needed.

use crate::engine::EngineArgs;
use crate::failure::Outcome;
use crate::{bench, calibrate, detect, doctor, evaluate, quantize, shell, verify};
use clap::{Parser, Subcommand};

/// Do two photos show the same person?
///
/// Countenance compares faces at a false-match rate that you choose: the share of
/// comparisons of two different people that pass as one person. Everything happens on
/// this machine; nothing is sent anywhere and nothing is kept.
#[derive(Debug, Parser)]
#[command(
    name = "countenance",
    bin_name = "countenance",
    version = env!("CARGO_PKG_VERSION"),
    max_term_width = 100,
    disable_help_subcommand = true,
    after_long_help = "\
Examples:
  countenance verify passport.jpg today.jpg
      Same person? At most one pair of strangers in 10,000 passes.
  countenance verify passport.jpg today.jpg --fmr 1e-5 --json
      Stricter, and the answer for a program.
  countenance detect party.jpg --draw found
      Which faces are there? Paint them into found/party.png.
  countenance doctor
      Is this machine ready, and which kernels will run?

Exit codes of every command:
  0  done; for verify: the same person
  1  verify only: not the same person
  2  the command line makes no sense
  3  a picture has to be taken again; the cause is named
  4  anything else that went wrong"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    engine: EngineArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(verify::Args),
    Detect(detect::Args),
    Evaluate(evaluate::Args),
    Calibrate(calibrate::Args),
    Quantize(quantize::Args),
    Bench(bench::Args),
    Doctor(doctor::Args),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
}

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(&self) -> Outcome {
        let engine = &self.engine;
        match &self.command {
            Command::Verify(args) => verify::run(args, engine),
            Command::Detect(args) => detect::run(args, engine),
            Command::Evaluate(args) => evaluate::run(args, engine),
            Command::Calibrate(args) => calibrate::run(args, engine),
            Command::Quantize(args) => quantize::run(args, engine),
            Command::Bench(args) => bench::run(args, engine),
            Command::Doctor(args) => doctor::run(args, engine),
            Command::Completions(args) => shell::completions(args),
            Command::Man(args) => shell::man(args),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_explains_itself_with_an_example() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            let help = command.get_after_long_help().map(ToString::to_string);
            assert!(
                help.unwrap_or_default().contains("Example"),
                "{name} has no example"
            );
            assert!(
                command.get_long_about().is_some(),
                "{name} has no long description"
            );
        }
    }
}
