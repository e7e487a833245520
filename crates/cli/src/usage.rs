//! What clap has to say, in the form of every other error: one line and one hint.

use crate::exit::Exit;
use crate::failure::print_error;
use crate::version;
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
            let (message, hint) = condense(&error.render().to_string());
            print_error(&message, Some(&hint));
            Exit::Usage
        }
    }
}

/// Takes the message and the most helpful hint out of clap's paragraphs: what is wrong, tips, usage, where the
/// help is.
fn condense(rendered: &str) -> (String, String) {
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
            let command = command_of(usage);
            hint = format!("usage: {usage}; '{command} --help' explains");
        } else if let Some(rest) = text.strip_prefix("For more information, ")
            && hint.is_empty()
        {
            hint = rest.trim_end_matches('.').to_owned();
        }
    }
    (message, hint)
}

/// The leading words of a usage line that are the program and its command.
fn command_of(usage: &str) -> String {
    usage
        .split(' ')
        .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::condense;
    use crate::commands::Cli;
    use clap::Parser as _;

    fn condensed(line: &str) -> (String, String) {
        let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
        condense(&error.render().to_string())
    }

    #[test]
    fn missing_pictures_are_named_and_the_usage_is_the_hint() {
        let (message, hint) = condensed("countenance verify");
        assert!(message.contains("<REFERENCE> <PROBE>"), "{message}");
        assert!(hint.contains("'countenance verify --help'"), "{hint}");
        assert!(!message.contains('\n') && !hint.contains('\n'));
    }

    #[test]
    fn a_misspelt_command_comes_with_the_right_one() {
        let (message, hint) = condensed("countenance verfy a b");
        assert!(message.contains("'verfy'"), "{message}");
        assert!(hint.contains("'verify'"), "{hint}");
    }

    #[test]
    fn a_rate_that_is_none_says_why() {
        let (message, _) = condensed("countenance verify a b --fmr often");
        assert!(message.contains("\"often\" is not a number"), "{message}");
    }
}
