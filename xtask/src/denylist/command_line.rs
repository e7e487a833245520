//! The names on the command line of the built program.

use super::words::{DenyList, Finding};
use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::Command;

/// Denied words in the help of the program and of each of its commands.
pub(super) fn findings(program: &Path, list: &DenyList) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut waiting = vec![Vec::new()];
    while let Some(command) = waiting.pop() {
        let help = help(program, &command)?;
        findings.extend(in_help(&command, &help, list));
        let deeper = commands(&help).into_iter().filter(|name| name != "help");
        waiting.extend(deeper.map(|name| [command.clone(), vec![name]].concat()));
    }
    Ok(findings)
}

fn help(program: &Path, command: &[String]) -> Result<String> {
    let output = Command::new(program)
        .args(command)
        .arg("--help")
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    if !output.status.success() || output.stdout.is_empty() {
        bail!("{} {} --help failed", program.display(), command.join(" "));
    }
    String::from_utf8(output.stdout).context("help is no UTF-8")
}

fn in_help(command: &[String], help: &str, list: &DenyList) -> Vec<Finding> {
    let place = format!(
        "help of `{}`",
        [&["countenance".to_owned()], command].concat().join(" ")
    );
    help.split_whitespace()
        .filter_map(|word| list.find(&place, word))
        .collect()
}

/// The commands that a help text lists under `Commands:`.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    // A wrapped description stands further to the right.
    let names = listed.filter_map(|line| line.strip_prefix("  ").filter(|l| !l.starts_with(' ')));
    names
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::LIST;
    use super::super::words::DenyList;
    use super::{commands, in_help};

    const HELP: &str = "\
Is this the person they say they are?

Usage: countenance <COMMAND>

Commands:
  verify  Compare two photos
          and say why
  detect  Find faces

Options:
  -h, --help  Print help
";

    #[test]
    fn commands_are_those_under_the_heading() {
        assert_eq!(commands(HELP), ["verify", "detect"]);
    }

    #[test]
    fn a_denied_flag_is_found_and_ordinary_help_is_not() {
        let list = DenyList::parse(LIST).unwrap();
        assert_eq!(in_help(&[], HELP, &list), []);
        let with = HELP.replace("--help ", "--min-age ");
        let findings = in_help(&["verify".to_owned()], &with, &list);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].to_string(),
            "help of `countenance verify`: --min-age has age"
        );
    }
}
