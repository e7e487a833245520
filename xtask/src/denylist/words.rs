//! Identifiers as words, and the words that are denied.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;

/// The denied words and pairs, and the names that are allowed all the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DenyList {
    words: BTreeSet<String>,
    pairs: Vec<[String; 2]>,
    allow: Vec<Allowance>,
}

/// A name in a file that a word wrongly catches.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allowance {
    /// The path of the file from the root of the workspace.
    pub(super) file: String,
    /// The whole identifier.
    pub(super) name: String,
    /// Why it is harmless.
    #[expect(
        dead_code,
        reason = "it is read by people, and serde insists that it is there"
    )]
    reason: String,
}

/// A denied name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The file, with a line if there are lines.
    place: String,
    name: String,
    why: String,
}

impl Allowance {
    /// Whether a finding is the one that is allowed.
    pub(super) fn covers(&self, finding: &Finding) -> bool {
        let file = finding.place.split(':').next().unwrap_or_default();
        file == self.file && finding.name == self.name
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} has {}", self.place, self.name, self.why)
    }
}

impl DenyList {
    pub(super) fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("xtask/denylist.toml cannot be read")
    }

    /// Looks at one identifier.
    pub(super) fn find(&self, place: &str, name: &str) -> Option<Finding> {
        let words = split(name);
        let has = |word: &String| words.contains(word);
        let word = words.iter().find(|word| self.words.contains(*word));
        let pair = self.pairs.iter().find(|[a, b]| has(a) && has(b));
        let why = match (word, pair) {
            (Some(word), _) => word.clone(),
            (None, Some([a, b])) => format!("{a} and {b}"),
            (None, None) => return None,
        };
        let finding = Finding {
            place: place.to_owned(),
            name: name.to_owned(),
            why,
        };
        let allowed = self
            .allow
            .iter()
            .any(|allowance| allowance.covers(&finding));
        (!allowed).then_some(finding)
    }

    /// The names that are allowed all the same.
    #[cfg(test)]
    pub(super) fn allowances(&self) -> &[Allowance] {
        &self.allow
    }

    /// The same list without allowances.
    #[cfg(test)]
    pub(super) fn without_allowances(&self) -> Self {
        Self {
            allow: Vec::new(),
            ..self.clone()
        }
    }
}

/// The lower-case words of an identifier in any case style.
fn split(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(i + 1);
        // `fooBar` splits before B, `RTSPServer` before the S that a small letter follows.
        let starts = c.is_uppercase()
            && (before.is_some_and(|b| b.is_lowercase())
                || (before.is_some_and(|b| b.is_uppercase())
                    && after.is_some_and(|a| a.is_lowercase())));
        if (!c.is_alphabetic() || starts) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphabetic() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{DenyList, split};

    #[test]
    fn identifiers_split_in_every_case_style() {
        let cases: [(&str, &[&str]); 7] = [
            ("snake_case_2", &["snake", "case"]),
            ("CamelCase", &["camel", "case"]),
            ("SHOUTING_CASE", &["shouting", "case"]),
            ("kebab-case", &["kebab", "case"]),
            ("HTTPServer", &["http", "server"]),
            ("r#type", &["r", "type"]),
            ("image9Bit", &["image", "bit"]),
        ];
        for (name, words) in cases {
            assert_eq!(split(name), words, "{name}");
        }
    }

    #[test]
    fn a_word_counts_only_as_a_whole() {
        let list = DenyList::parse(super::super::LIST).unwrap();
        for harmless in [
            "image",
            "page",
            "message",
            "average",
            "trace",
            "sextant",
            "relocation",
        ] {
            assert_eq!(list.find("x.rs", harmless), None);
        }
        for harmless in ["BitStream", "stream", "camera_id", "StreamReader", "watch"] {
            assert_eq!(list.find("x.rs", harmless), None);
        }
    }

    #[test]
    fn every_word_and_pair_is_found_in_every_case_style() {
        let list = DenyList::parse(super::super::LIST).unwrap();
        let pairs = list.pairs.iter().map(|[a, b]| format!("{b}_of_{a}"));
        let all: Vec<String> = list.words.iter().cloned().chain(pairs).collect();
        assert!(all.len() > 40);
        for word in all {
            let mut camel = word.clone();
            camel[..1].make_ascii_uppercase();
            for name in [
                format!("is_{word}_2"),
                format!("x-{word}"),
                word.to_uppercase(),
                camel,
            ] {
                assert!(list.find("x.rs", &name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn an_allowance_covers_one_name_in_one_file() {
        let list = DenyList::parse(
            r#"
            words = ["heron"]
            pairs = []
            allow = [{ file = "a.rs", name = "heron", reason = "the bird" }]
            "#,
        )
        .unwrap();
        assert_eq!(list.find("a.rs:7", "heron"), None);
        assert!(list.find("a.rs:7", "gray_heron").is_some());
        assert!(list.find("b.rs:7", "heron").is_some());
    }
}
