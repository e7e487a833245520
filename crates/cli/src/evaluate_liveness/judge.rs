//! Plays one session to its end, before the judge that the server has.

use super::clips::{Frame, Shelf};
use super::manifest::{Answer, Entry, Manifest};
use super::player::{Player, Timing};
use crate::clock::MachineClock;
use anyhow::Context as _;
use countenance_core::{
    Check, Clock as _, ComparePolicy, Cue, FrameMark, Message, Run, Template, Verdict, Worker,
};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::time::Duration;

/// A session that has not ended by then does not end.
const LONGEST: Duration = Duration::from_secs(180);

/// What came of one session.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) entry: usize,
    pub(super) end: End,
    /// From the first frame to the verdict, as the player's clock goes.
    pub(super) lasted: Duration,
    /// How long each frame took.
    pub(super) frames: Vec<Duration>,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum End {
    /// To the end.
    Judged {
        failed: Vec<Check>,
        measured: Vec<(Cue, f32)>,
        /// Whether it is the person of the reference; `None` without one.
        matched: Option<bool>,
    },
    /// The face was lost, or the pictures were too poor; the cause's code.
    Recapture(&'static str),
    /// No template of the reference could be made.
    NotEnrolled,
}

/// Plays one entry.
pub(super) fn play(
    worker: &mut Worker,
    policy: &ComparePolicy,
    (root, shelf): (&Path, &Shelf),
    manifest: &Manifest,
    number: usize,
) -> anyhow::Result<Played> {
    let entry = manifest.sessions.get(number).context("no such session")?;
    let clips = shelf.clips(&root.join(&entry.clips))?;
    let then = match &entry.then {
        Some(folder) => Some(shelf.clips(&root.join(folder))?),
        None => None,
    };
    let mut played = Played {
        entry: number,
        end: End::NotEnrolled,
        lasted: Duration::ZERO,
        frames: Vec::new(),
    };
    let reference = match &entry.reference {
        Some(path) => {
            let path = root.join(path);
            let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
            let made = worker.extract(&bytes, &policy.capture);
            match made.with_context(|| path.display().to_string())?.template {
                Some(template) => Some(template),
                None => return Ok(played),
            }
        }
        None => None,
    };
    let seed = |what| seed(manifest.seed, number, what);
    let timing = Timing {
        reaction_ms: manifest.reaction_ms,
        screen_ms: manifest.screen_ms,
    };
    let answer = match entry.answer {
        Answer::Replay => Answer::Prompted,
        other => other,
    };
    let mut player = Player::new(&clips, answer, timing, seed("person"));
    if let Some(then) = &then {
        player = match entry.only_for {
            Some(part) => player.stand_in(then, part),
            None => player.then(then),
        };
    }
    let stage = Stage {
        policy,
        per_second: manifest.per_second,
        calm: entry.calm,
    };
    let mut source = Source::Live(player);
    if entry.answer == Answer::Replay {
        let mut recorded = Vec::new();
        stage.run(
            worker,
            &mut source,
            seed("recorded"),
            &mut played,
            Some(&mut recorded),
        )?;
        played.frames.clear();
        let still = Player::new(&clips, Answer::Prompted, timing, seed("after"));
        source = Source::Recorded(recorded.into_iter(), still);
    }
    let verdict = stage.run(worker, &mut source, seed("challenge"), &mut played, None)?;
    played.end = end(entry, &verdict, reference.as_ref(), worker, policy)?;
    Ok(played)
}

/// Where frames come from.
enum Source<'a> {
    Live(Player<'a>),
    /// Frame by frame; then a face that does nothing.
    Recorded(std::vec::IntoIter<Frame>, Player<'a>),
}

struct Stage<'a> {
    policy: &'a ComparePolicy,
    per_second: u32,
    calm: bool,
}

impl Stage<'_> {
    fn run(
        &self,
        worker: &mut Worker,
        source: &mut Source<'_>,
        seed: [u8; 32],
        played: &mut Played,
        mut record: Option<&mut Vec<Frame>>,
    ) -> anyhow::Result<Option<Verdict>> {
        let mut run = Run::new(seed, self.calm, Duration::ZERO);
        for number in 0.. {
            let now = Duration::from_secs(1) * number / self.per_second;
            if now > LONGEST {
                break;
            }
            played.lasted = now;
            for message in run.take_messages() {
                if let (Message::Prompt { gesture, .. }, Source::Live(player)) =
                    (message, &mut *source)
                {
                    // It was sent with the answer to the frame before.
                    let sent = now.saturating_sub(Duration::from_secs(1) / self.per_second);
                    player.asked(gesture, sent);
                }
            }
            let frame = match source {
                Source::Live(player) => player.frame(now).context("nothing to play")?,
                Source::Recorded(frames, still) => {
                    let next = frames.next().or_else(|| still.frame(now));
                    next.context("nothing to play")?
                }
            };
            let mark = FrameMark {
                number,
                taken: now + Duration::from_millis(1),
                came: now,
                // Recordings are short and stand for a camera that goes on: that they come again is not judged.
                digest: number.into(),
            };
            let clock = MachineClock::start();
            let verdict = worker.look_at_frame(
                &mut run,
                &mark,
                &frame,
                self.policy,
                self.policy.capture.decode,
            )?;
            played.frames.push(clock.elapsed());
            if let Some(record) = &mut record {
                record.push(frame);
            }
            if verdict.is_some() {
                return Ok(verdict);
            }
        }
        Ok(None)
    }
}

fn end(
    entry: &Entry,
    verdict: &Option<Verdict>,
    reference: Option<&Template>,
    worker: &Worker,
    policy: &ComparePolicy,
) -> anyhow::Result<End> {
    Ok(match verdict {
        Some(Verdict::Judged(judged)) => End::Judged {
            failed: judged.failed.iter().copied().collect(),
            measured: judged.measured.clone(),
            matched: match reference {
                Some(reference) => {
                    let threshold = worker.engine().threshold(policy)?;
                    Some(threshold.accepts(reference.compare(&judged.probe)?))
                }
                None => None,
            },
        },
        Some(Verdict::Recapture(cause)) => End::Recapture(cause.code()),
        None => anyhow::bail!("{}: the session does not end", entry.clips),
    })
}

/// Chance for one thing in one session.
fn seed(all: u64, number: usize, what: &str) -> [u8; 32] {
    let text = format!("countenance evaluate-liveness {all} {number} {what}");
    Sha256::digest(text).into()
}
