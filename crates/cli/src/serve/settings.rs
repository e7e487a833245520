//! Every setting of the server, in one list: flags, environment, file, help and documentation are made from it.

mod list;

use self::list::{Kind, SETTINGS, Setting};
use crate::failure::Failure;
use clap::builder::NonEmptyStringValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::LazyLock;

/// The variable of each setting: the environment is asked by names that last.
static VARIABLES: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    let variable = |name: &str| format!("COUNTENANCE_{}", name.replace('-', "_").to_uppercase());
    let names = SETTINGS.iter().map(|setting| setting.name);
    names.map(|name| (name, variable(name))).collect()
});

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Environment,
    File(PathBuf),
    Flag,
}

/// What flags and environment say; a file is read into it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings(BTreeMap<&'static str, (String, Source)>);

impl Setting {
    fn variable(&self) -> &'static str {
        VARIABLES.get(self.name).map_or("", String::as_str)
    }

    fn key(&self) -> String {
        self.name.replace('-', "_")
    }

    fn arg(&self) -> Arg {
        let arg = Arg::new(self.name)
            .long(self.name)
            .value_name(self.value)
            .env(self.variable())
            .hide_env_values(true)
            .value_parser(NonEmptyStringValueParser::new())
            .action(ArgAction::Set);
        if self.kind == Kind::Switch {
            arg.num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .help(self.help)
        } else {
            arg.help(format!("{} [default: {}]", self.help, self.default))
        }
    }
}

impl clap::FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Self::default();
        settings.update_from_arg_matches(matches)?;
        Ok(settings)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for setting in SETTINGS {
            let source = match matches.value_source(setting.name) {
                Some(ValueSource::CommandLine) => Source::Flag,
                Some(ValueSource::EnvVariable) => Source::Environment,
                _ => continue,
            };
            if let Some(value) = matches.get_one::<String>(setting.name) {
                self.0.insert(setting.name, (value.clone(), source));
            }
        }
        Ok(())
    }
}

impl clap::Args for Settings {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().map(Setting::arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl Settings {
    /// Adds what a file says; flags and environment are stronger.
    pub(crate) fn add_file(&mut self, path: &Path) -> Result<(), Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::from(error).about(path.display()))?;
        self.add(&text, path)
    }

    fn add(&mut self, text: &str, path: &Path) -> Result<(), Failure> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            Failure::usage(
                format!("{}: {}", path.display(), error.message()),
                "it is TOML: a line such as listen = \"127.0.0.1:7300\" for each setting",
            )
        })?;
        for (key, value) in &table {
            let setting = SETTINGS.iter().find(|setting| setting.key() == *key);
            let setting = setting.ok_or_else(|| unknown(key, path))?;
            let value = match value {
                toml::Value::String(text) => text.clone(),
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Float(number) => number.to_string(),
                toml::Value::Boolean(on) => on.to_string(),
                _ => {
                    return Err(Failure::usage(
                        format!("{}: `{key}` is neither text nor a number", path.display()),
                        "each setting has one value",
                    ));
                }
            };
            let source = Source::File(path.to_owned());
            self.0.entry(setting.name).or_insert((value, source));
        }
        Ok(())
    }

    /// A value as it was set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|(value, _)| value.as_str())
    }

    /// A value as it was set, or the default of the list.
    fn get_or_default(&self, name: &str) -> &str {
        let listed = SETTINGS.iter().find(|setting| setting.name == name);
        self.get(name)
            .unwrap_or_else(|| listed.map_or("", |setting| setting.default))
    }

    /// A value read from its text, or from the default of the list.
    pub(crate) fn read<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Failure> {
        let text = self.get_or_default(name);
        text.parse()
            .map_err(|error: T::Err| self.refused(name, &error.to_string()))
    }

    /// A whole number within bounds.
    pub(crate) fn number(&self, name: &str, least: u32, most: u32) -> Result<u32, Failure> {
        let number: u32 = self.read(name)?;
        if (least..=most).contains(&number) {
            Ok(number)
        } else {
            Err(self.refused(name, &format!("{number} is not {least} to {most}")))
        }
    }

    /// A switch.
    pub(crate) fn is_on(&self, name: &str) -> Result<bool, Failure> {
        match self.get_or_default(name) {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(self.refused(name, "neither true nor false")),
        }
    }

    /// Says which setting is wrong, and where it was set.
    pub(crate) fn refused(&self, name: &str, what: &str) -> Failure {
        let secret = SETTINGS
            .iter()
            .any(|setting| setting.name == name && setting.kind == Kind::Secret);
        let shown = match self.get(name) {
            Some(value) if !secret => format!(" {value}"),
            _ => String::new(),
        };
        let place = match self.0.get(name).map(|(_, source)| source) {
            Some(Source::File(path)) => {
                format!("`{}`{shown} in {}", name.replace('-', "_"), path.display())
            }
            Some(Source::Environment) => format!(
                "COUNTENANCE_{}{shown}",
                name.replace('-', "_").to_uppercase()
            ),
            _ => format!("--{name}{shown}"),
        };
        let listed = SETTINGS.iter().find(|setting| setting.name == name);
        Failure::usage(
            format!("{place}: {what}"),
            listed.map_or("", |setting| setting.help),
        )
    }

    /// Every setting with its value and where that comes from; what the program works out stands in `effective`.
    pub(crate) fn document(&self, effective: &[(&str, Value)]) -> Value {
        let mut document = Map::new();
        for setting in SETTINGS {
            let set = self.0.get(setting.name);
            let found = effective.iter().find(|(name, _)| *name == setting.name);
            let value = match (setting.kind, found, set) {
                (Kind::Secret, _, Some(_)) => json!("(not shown)"),
                (_, Some((_, value)), _) => value.clone(),
                (_, None, Some((value, _))) => json!(value),
                (_, None, None) => Value::Null,
            };
            let from = match set.map(|(_, source)| source) {
                None => "default".to_owned(),
                Some(Source::Environment) => setting.variable().to_owned(),
                Some(Source::File(path)) => path.display().to_string(),
                Some(Source::Flag) => format!("--{}", setting.name),
            };
            document.insert(setting.key(), json!({ "value": value, "from": from }));
        }
        Value::Object(document)
    }
}

fn unknown(key: &str, path: &Path) -> Failure {
    Failure::usage(
        format!("{}: unknown setting `{key}`", path.display()),
        match nearest(SETTINGS.iter().map(Setting::key), key) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`countenance serve --help` lists all settings".to_owned(),
        },
    )
}

/// The name that was most likely meant, if one comes near.
fn nearest(names: impl Iterator<Item = String>, given: &str) -> Option<String> {
    names
        .map(|name| (strsim::jaro_winkler(&name, given), name))
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .filter(|(score, _)| *score > 0.75)
        .map(|(_, name)| name)
}

/// What begins like our variables in the environment, is none of them and comes near one: misspelled, most likely.
pub(super) fn unknown_variables() -> Vec<(String, String)> {
    const PREFIX: &str = "COUNTENANCE_";
    let named = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let known = |name: &str| {
        let others = ["COUNTENANCE_CONFIG", crate::hardening::OVERRIDE];
        others.contains(&name) || VARIABLES.values().any(|variable| variable == name)
    };
    named
        .filter(|name| name.starts_with(PREFIX) && !known(name))
        .filter_map(|name| {
            // What all have in common would make all of them near.
            let own = name.strip_prefix(PREFIX)?.to_owned();
            let settings = VARIABLES.values();
            let settings = settings.filter_map(|variable| variable.strip_prefix(PREFIX));
            let near = nearest(settings.map(str::to_owned), &own)?;
            Some((name, format!("{PREFIX}{near}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Kind, SETTINGS, Settings, Source};
    use clap::{Args as _, Command, FromArgMatches as _};
    use std::path::Path;

    /// The list as a table for the documentation.
    fn table() -> String {
        let mut out = String::from(
            "| in the file | flag | in the environment | default | |\n|---|---|---|---|---|\n",
        );
        for setting in SETTINGS {
            let line = format!(
                "| `{}` | `--{}{}` | `{}` | {} | {} |\n",
                setting.key(),
                setting.name,
                if setting.kind == Kind::Switch {
                    String::new()
                } else {
                    format!(" {}", setting.value)
                },
                setting.variable(),
                setting.default,
                setting.help
            );
            out.push_str(&line);
        }
        out
    }

    fn flags(line: &[&str]) -> Settings {
        let command = Settings::augment_args(Command::new("serve"));
        let words = std::iter::once("serve").chain(line.iter().copied());
        let matches = command.try_get_matches_from(words).unwrap();
        Settings::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn a_flag_is_stronger_than_a_file_and_each_says_where_it_comes_from() {
        let mut settings = flags(&["--queue", "5", "--insecure"]);
        let file = "queue = 9\nlisten = \"127.0.0.1:1\"\nfmr = 1e-5\nkeyring_in_database = false";
        settings.add(file, Path::new("c.toml")).unwrap();
        assert_eq!(settings.number("queue", 0, 100).unwrap(), 5);
        assert_eq!(settings.get("fmr"), Some("0.00001"));
        assert_eq!(settings.number("max-body-mib", 1, 100).unwrap(), 16);
        assert!(settings.is_on("insecure").unwrap());
        assert!(!settings.is_on("keyring-in-database").unwrap());
        let document = settings.document(&[]);
        assert_eq!(document["queue"]["from"], "--queue");
        assert_eq!(document["listen"]["from"], "c.toml");
        assert_eq!(document["log"]["from"], "default");
        assert_eq!(document.as_object().unwrap().len(), SETTINGS.len());
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_name() {
        let add = |text| {
            let failure = Settings::default().add(text, Path::new("c.toml"));
            let failure = failure.unwrap_err();
            (failure.message(), failure.hint().unwrap().to_owned())
        };
        let (message, hint) = add("lisen = \"x\"");
        assert_eq!(message, "c.toml: unknown setting `lisen`");
        assert_eq!(hint, "did you mean `listen`?");
        let (_, hint) = add("zzz = 1");
        assert!(hint.contains("--help"), "{hint}");
        assert!(
            add("[listen]\na = 1")
                .0
                .contains("neither text nor a number")
        );
        assert!(add("listen").0.starts_with("c.toml: "));
    }

    #[test]
    fn a_wrong_value_names_its_place_and_a_secret_is_never_shown() {
        let mut settings = flags(&[]);
        let file = "queue = -1\ndatabase = \"postgres://me:hunter2@host/x\"";
        settings.add(file, Path::new("c.toml")).unwrap();
        let failure = settings.number("queue", 0, 9).unwrap_err();
        assert!(failure.message().starts_with("`queue` -1 in c.toml: "));
        let document = settings.document(&[]).to_string();
        let refused = settings.refused("database", "x").message();
        for shown in [document, refused] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        // The positive control: the value is there.
        assert!(settings.get("database").unwrap().contains("hunter2"));
        let environment = ("x".to_owned(), Source::Environment);
        settings.0.insert("fmr", environment);
        let failure = settings.read::<f64>("fmr").unwrap_err();
        assert!(failure.message().starts_with("COUNTENANCE_FMR x: "));
    }

    #[test]
    fn the_documentation_has_the_list() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (begin, end) = ("<!-- settings -->\n", "<!-- /settings -->");
        let (before, rest) = page.split_once(begin).expect("a place for the table");
        let (listed, after) = rest.split_once(end).expect("an end of the table");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let page = format!("{before}{begin}{}{end}{after}", table());
            std::fs::write(&path, page).unwrap();
        } else {
            assert_eq!(listed, table(), "UPDATE_DOCS=1 writes it anew");
        }
    }
}
