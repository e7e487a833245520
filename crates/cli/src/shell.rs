//! What a packager installs beside the binary: completions and a man page.

use crate::commands::Cli;
use crate::exit::Exit;
use crate::failure::Outcome;
use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use std::io::{self, Write as _};

/// Print completions for a shell.
///
/// The script goes to the standard output; put it where the shell looks for such scripts.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance completions bash > ~/.local/share/bash-completion/completions/countenance
  countenance completions zsh  > ~/.zfunc/_countenance
  countenance completions fish > ~/.config/fish/completions/countenance.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Print the manual page.
///
/// One page in roff that covers every command; read it at once with `man -l -` or install it.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance man | man -l -
  countenance man > ~/.local/share/man/man1/countenance.1")]
pub(crate) struct ManArgs {}

/// Prints completions.
pub(crate) fn completions(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "countenance", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Exit::Success)
}

/// Prints the manual page: the program, then a section per command.
pub(crate) fn man(_: &ManArgs) -> Outcome {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let whole = Man::new(command.clone());
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    whole.render_description_section(&mut page)?;
    whole.render_options_section(&mut page)?;
    verbatim(&command, "SH", &mut page)?;
    for subcommand in command.get_subcommands() {
        section(subcommand, subcommand.get_name(), &mut page)?;
        for inner in subcommand.get_subcommands() {
            let name = format!("{} {}", subcommand.get_name(), inner.get_name());
            section(inner, &name, &mut page)?;
        }
    }
    io::stdout().write_all(&page)?;
    Ok(Exit::Success)
}

/// The section of one command.
fn section(command: &Command, name: &str, page: &mut Vec<u8>) -> io::Result<()> {
    writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
    // The options of every command are described once, above.
    let own = command.clone().mut_args(|argument| {
        let shared = argument.is_global_set();
        argument.hide(shared)
    });
    let man = Man::new(own);
    for render in [
        Man::render_synopsis_section,
        Man::render_description_section,
        Man::render_options_section,
    ] {
        let mut section = Vec::new();
        render(&man, &mut section)?;
        // Below its command's heading, each of these is a subsection.
        let section = String::from_utf8_lossy(&section).replace(".SH ", ".SS ");
        page.write_all(section.as_bytes())?;
    }
    verbatim(command, "SS", page)
}

/// Examples, exit codes and the like, line by line as `--help` shows them.
fn verbatim(command: &Command, heading: &str, page: &mut Vec<u8>) -> io::Result<()> {
    let Some(text) = command.get_after_long_help() else {
        return Ok(());
    };
    writeln!(page, ".{heading} EXAMPLES\n.nf")?;
    for line in text.to_string().lines() {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        // A full stop or quote at the beginning would be a command to the formatter.
        writeln!(page, "\\&{line}")?;
    }
    writeln!(page, ".fi")
}
