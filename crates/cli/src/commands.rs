//! The command line: every command and the options they share.
//!
//! A command is a module with
//! - `Args`, which derives [`clap::Args`] and documents itself for `--help`, and
//! - `run(args: &Args, engine: &EngineArgs) -> Outcome`, which does nothing before it is needed.

use crate::engine::EngineArgs;
use crate::failure::Outcome;
use crate::{
    audit, backup, bench, calibrate, collection, consent, detect, doctor, document, enroll,
    evaluate, evaluate_liveness, export, identify, import, key, keyring, payment, quantize,
    restore, result, retain, serve, shell, subject, verify,
};
use clap::{Parser, Subcommand};

/// Is this the person they say they are?
///
/// Countenance compares faces at a false-match rate that you choose: the share of
/// comparisons of two different people that pass as one person. Everything happens on
/// this machine. Nothing is kept of photos that are only compared; people who agreed to it can be
/// enrolled, and then a template is kept, sealed under a key of their own.
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
  countenance verify --subject ana today.jpg --data vault
      Is it the person enrolled as ana? `keyring init`, `subject add`, `consent grant` and `enroll` come first.
  countenance document check passport.jpg today.jpg
      Is it the person on the passport, and do the check digits hold?
  countenance serve --data vault
      The same over HTTP, for other programs; what is not there yet is made.
  countenance detect party.jpg --draw found
      Which faces are there? Paint them into found/party.png.
  countenance doctor
      Is this machine ready, and which kernels will run?

Exit codes of every command:
  0  done; for verify: the same person; for identify: this member
  1  verify and enroll: not the same person; identify: nobody, or nobody for sure
  2  the command line makes no sense
  3  a picture has to be taken again; the cause is named
  4  anything else that went wrong
  5  not permitted: unknown subject or payment, no consent, too many attempts, wrong holder part

With --json each error is a line of JSON on the standard error stream: {\"error\": ..., \"hint\": ...}.
Warnings stay text there."
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
    Keyring(keyring::Args),
    Subject(subject::Args),
    Consent(consent::Args),
    Enroll(enroll::Args),
    Identify(identify::Args),
    Import(import::Args),
    Export(export::Args),
    Collection(collection::Args),
    Audit(audit::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Retain(retain::Args),
    Serve(serve::Args),
    Key(key::Args),
    Payment(payment::Args),
    Result(result::Args),
    Document(document::Args),
    Detect(detect::Args),
    Evaluate(evaluate::Args),
    EvaluateLiveness(evaluate_liveness::Args),
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
            Command::Keyring(args) => keyring::run(args),
            Command::Subject(args) => subject::run(args),
            Command::Consent(args) => consent::run(args),
            Command::Enroll(args) => enroll::run(args, engine),
            Command::Identify(args) => identify::run(args, engine),
            Command::Import(args) => import::run(args, engine),
            Command::Export(args) => export::run(args),
            Command::Collection(args) => collection::run(args, engine),
            Command::Audit(args) => audit::run(args),
            Command::Backup(args) => backup::run(args),
            Command::Restore(args) => restore::run(args),
            Command::Retain(args) => retain::run(args),
            Command::Serve(args) => serve::run(args, engine),
            Command::Key(args) => key::run(args),
            Command::Payment(args) => payment::run(args),
            Command::Result(args) => result::run(args),
            Command::Document(args) => document::run(args, engine),
            Command::Detect(args) => detect::run(args, engine),
            Command::Evaluate(args) => evaluate::run(args, engine),
            Command::EvaluateLiveness(args) => evaluate_liveness::run(args, engine),
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
        let cli = Cli::command();
        let outer = cli.get_subcommands();
        for command in outer.flat_map(|one| std::iter::once(one).chain(one.get_subcommands())) {
            let name = command.get_name();
            let help = command.get_after_long_help().map(ToString::to_string);
            assert!(
                help.unwrap_or_default().contains("Example"),
                "{name} has no example"
            );
            let about = command.get_long_about().or_else(|| command.get_about());
            assert!(about.is_some(), "{name} has no description");
        }
    }
}
