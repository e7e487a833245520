//! What is played, and as what: `docs/liveness-manifest.md`.

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path};

/// A longer manifest is not read.
const MAX_BYTES: u64 = 32 << 20;
/// More sessions are not played in one run.
const MAX_SESSIONS: usize = 100_000;
/// What live people who are whom they say are called.
pub(super) const GENUINE: &str = "genuine";
/// What live people who are somebody else are called.
pub(super) const IMPOSTOR: &str = "impostor";

/// A manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    version: u32,
    /// What all chance is drawn from.
    #[serde(default)]
    pub(super) seed: u64,
    /// Frames a second.
    #[serde(default = "per_second")]
    pub(super) per_second: u32,
    /// How long after a prompt it is answered: least and most.
    #[serde(default = "reaction_ms")]
    pub(super) reaction_ms: [u32; 2],
    /// How long after a color is asked for it shows on the face: least and most.
    #[serde(default = "screen_ms")]
    pub(super) screen_ms: [u32; 2],
    pub(super) sessions: Vec<Entry>,
}

/// One session.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// `genuine`, `impostor`, or the species of an attack.
    pub(super) species: String,
    /// Folder of the recordings.
    pub(super) clips: String,
    /// Folder that is played instead from the second gesture on, or in what `only_for` says.
    pub(super) then: Option<String>,
    /// What alone somebody else does; before and after it is the first again.
    pub(super) only_for: Option<Part>,
    #[serde(default)]
    pub(super) answer: Answer,
    /// Picture of the subject that the person says to be.
    pub(super) reference: Option<String>,
    /// Whether the challenge is one without colored light.
    #[serde(default)]
    pub(super) calm: bool,
}

/// How prompts are answered.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// A little after they come, as far as there is a recording for them.
    #[default]
    Prompted,
    /// Without any time to react: the gesture was made ready.
    Ready,
    /// Not at all: an earlier session with the same recordings is played again, from its beginning.
    Replay,
}

/// What somebody else may do in the place of whoever is there else.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    /// Be lit.
    Light,
    /// Smile.
    Smile,
    /// Turn the head.
    Turn,
}

fn per_second() -> u32 {
    15
}

fn reaction_ms() -> [u32; 2] {
    [250, 450]
}

fn screen_ms() -> [u32; 2] {
    [60, 140]
}

impl Manifest {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = || path.display().to_string();
        let mut text = String::new();
        let file = File::open(path).with_context(shown)?;
        let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
        read.with_context(shown)?;
        ensure!(
            text.len() as u64 <= MAX_BYTES,
            "{}: more than {MAX_BYTES} bytes",
            shown()
        );
        Self::parse(&text).with_context(shown)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let manifest: Self = serde_json::from_str(text)?;
        ensure!(
            manifest.version == 1,
            "version {} of a manifest is not known, only 1 is",
            manifest.version
        );
        ensure!(
            (5..=60).contains(&manifest.per_second),
            "per_second is not from 5 to 60"
        );
        for (name, [least, most]) in [
            ("reaction_ms", manifest.reaction_ms),
            ("screen_ms", manifest.screen_ms),
        ] {
            ensure!(
                least <= most && most <= 10_000,
                "{name} is not [LEAST, MOST] of at most 10000"
            );
        }
        ensure!(!manifest.sessions.is_empty(), "no sessions");
        ensure!(
            manifest.sessions.len() <= MAX_SESSIONS,
            "more than {MAX_SESSIONS} sessions"
        );
        for (number, entry) in manifest.sessions.iter().enumerate() {
            entry
                .check()
                .with_context(|| format!("session {}", number + 1))?;
        }
        Ok(manifest)
    }
}

impl Entry {
    fn check(&self) -> anyhow::Result<()> {
        let named = !self.species.trim().is_empty() && self.species.chars().count() <= 60;
        ensure!(named, "species is not of 1 to 60 characters");
        let paths = [
            Some(&self.clips),
            self.then.as_ref(),
            self.reference.as_ref(),
        ];
        for path in paths.into_iter().flatten() {
            let parts = Path::new(path).components();
            if path.is_empty()
                || !parts
                    .into_iter()
                    .all(|part| matches!(part, Component::Normal(_)))
            {
                bail!("{path:?} is no path inside the manifest's folder");
            }
        }
        ensure!(
            self.only_for.is_none() || self.then.is_some(),
            "only_for says what somebody else does: it needs `then`, who that is"
        );
        ensure!(
            self.species != IMPOSTOR || self.reference.is_some(),
            "an impostor needs a reference: whom they say to be"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Manifest};

    const LEAST: &str = r#"{"version": 1, "sessions": [{"species": "genuine", "clips": "ana"}]}"#;

    #[test]
    fn what_is_left_out_is_as_documented() {
        let manifest = Manifest::parse(LEAST).unwrap();
        assert_eq!((manifest.seed, manifest.per_second), (0, 15));
        assert_eq!(manifest.reaction_ms, [250, 450]);
        assert_eq!(manifest.screen_ms, [60, 140]);
        let entry = &manifest.sessions[0];
        assert_eq!(entry.answer, Answer::Prompted);
        assert!(!entry.calm && entry.then.is_none() && entry.reference.is_none());
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_the_session_is_named() {
        for (from, to, why) in [
            (r#""version": 1"#, r#""version": 2"#, "version 2"),
            (r#""genuine""#, r#""""#, "session 1"),
            (r#""ana""#, r#""../ana""#, "inside the manifest's folder"),
            (r#""ana""#, r#""/ana""#, "inside the manifest's folder"),
            (r#""genuine""#, r#""impostor""#, "needs a reference"),
            (r#""clips""#, r#""clip""#, "unknown field"),
            (
                r#""clips""#,
                r#""only_for": "turn", "clips""#,
                "needs `then`",
            ),
            (
                r#""clips""#,
                r#""then": "ben", "only_for": "nod", "clips""#,
                "unknown variant",
            ),
            (
                r#""version": 1"#,
                r#""version": 1, "per_second": 0"#,
                "per_second",
            ),
            (
                r#""version": 1"#,
                r#""version": 1, "reaction_ms": [9, 3]"#,
                "reaction_ms",
            ),
        ] {
            let error = Manifest::parse(&LEAST.replace(from, to)).unwrap_err();
            let shown = format!("{error:#}");
            assert!(shown.contains(why), "{why}: {shown}");
        }
    }
}
