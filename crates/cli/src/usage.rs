//! What clap has to say, in the form of every other error: one line and one hint.

use crate::commands::Cli;
use crate::exit::Exit;
use crate::failure::print_error;
use crate::terminal::plain;
use crate::version;
use clap::CommandFactory as _;
use clap::error::{Error, ErrorKind};
use std::io::Write as _;

/// Answers a command line that asks for help or the version, or makes no sense.
pub(crate) fn answer(error: &Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp => {
            // Whoever asked for help and then closed the pipe has read enough.
            let _ = error.print();
            Exit::Success
        }
        ErrorKind::DisplayVersion => {
            let _ = writeln!(anstream::stdout(), "{}", version::text());
            Exit::Success
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Exit::Usage
        }
        _ => {
            let arguments =
                std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
            let arguments: Vec<String> = arguments.collect();
            let rendered = on_one_line(error.render().to_string(), &arguments);
            let (message, hint) = condense(&rendered, &asked_of(arguments));
            print_error(&message, Some(&hint));
            Exit::Usage
        }
    }
}

/// Clap's words with those of the command line escaped: what was said there must not pass for a paragraph of clap's.
fn on_one_line(mut rendered: String, arguments: &[String]) -> String {
    for argument in arguments.iter().filter(|one| one.contains('\n')) {
        let value = argument.split_once('=').map(|(_, value)| value);
        for said in [argument.as_str(), value.unwrap_or_default()] {
            if !said.is_empty() {
                rendered = rendered.replace(said, &plain(said));
            }
        }
    }
    rendered
}

/// Takes the message and the most helpful hint out of clap's paragraphs: what is wrong, tips, usage, where the
/// help is.
fn condense(rendered: &str, command: &str) -> (String, String) {
    let mut message = String::new();
    let mut hint = String::new();
    for paragraph in rendered.split("\n\n") {
        let text = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(error) = text.strip_prefix("error: ") {
            message = error.to_owned();
        } else if let Some(tip) = text.strip_prefix("tip: ") {
            hint = tip.split(" tip: ").next().unwrap_or(tip).to_owned();
        } else if let Some(usage) = text.strip_prefix("Usage: ")
            && hint.is_empty()
        {
            hint = format!("usage: {usage}; '{command} --help' explains");
        }
    }
    if hint.is_empty() {
        hint = format!("'{command} --help' explains");
    }
    (message, hint)
}

/// `countenance verify` or `countenance subject add`, when that is what these arguments ask for.
fn asked_of(arguments: impl IntoIterator<Item = String>) -> String {
    let cli = Cli::command();
    let (mut command, mut name) = (&cli, "countenance".to_owned());
    for argument in arguments.into_iter().skip(1) {
        if let Some(inner) = command.find_subcommand(&argument) {
            name = format!("{name} {argument}");
            command = inner;
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::{asked_of, condense, on_one_line};
    use crate::commands::Cli;
    use clap::Parser as _;

    #[test]
    fn what_was_said_does_not_pass_for_a_hint() {
        for said in [
            "a\n\ntip: forged",
            "--isa=a\n\nerror: forged\n\ntip: forged",
        ] {
            let line = ["countenance", "doctor", said].map(str::to_owned);
            let error = Cli::try_parse_from(&line).unwrap_err();
            let rendered = on_one_line(error.render().to_string(), &line);
            let (message, hint) = condense(&rendered, "countenance doctor");
            assert!(
                message.contains("forged") && !hint.contains("forged"),
                "{message}: {hint}"
            );
        }
    }

    fn condensed(line: &str) -> (String, String) {
        let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
        let asked = asked_of(line.split(' ').map(str::to_owned));
        condense(&error.render().to_string(), &asked)
    }

    #[test]
    fn missing_pictures_are_named_and_the_usage_is_the_hint() {
        let (message, hint) = condensed("countenance verify");
        assert!(message.contains("<REFERENCE> <PROBE>"), "{message}");
        assert!(hint.contains("'countenance verify --help'"), "{hint}");
        assert!(!message.contains('\n') && !hint.contains('\n'));
    }

    #[test]
    fn the_hint_names_the_inner_command() {
        let (_, hint) = condensed("countenance subject add");
        assert!(hint.contains("'countenance subject add --help'"), "{hint}");
    }

    #[test]
    fn a_misspelt_command_comes_with_the_right_one() {
        let (message, hint) = condensed("countenance verfy a b");
        assert!(message.contains("'verfy'"), "{message}");
        assert!(hint.contains("'verify'"), "{hint}");
    }

    #[test]
    fn a_rate_that_is_none_says_why() {
        let (message, hint) = condensed("countenance verify a b --fmr often");
        assert!(message.contains("\"often\" is not a number"), "{message}");
        assert_eq!(hint, "'countenance verify --help' explains");
    }
}
