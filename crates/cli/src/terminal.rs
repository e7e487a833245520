//! What people read: plain words, a little colour where the terminal has it.

use anstyle::{AnsiColor, Style};
use countenance_core::{Quality, QualityCause, StageTimings};
use std::fmt::Display;
use std::io::Write as _;
use std::time::Duration;

/// Good news.
pub(crate) const GREEN: Style = Style::new()
    .bold()
    .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
/// Bad news.
pub(crate) const RED: Style = Style::new()
    .bold()
    .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
/// No news yet.
pub(crate) const YELLOW: Style = Style::new()
    .bold()
    .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
/// Less important.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Whether a character has no shape of its own, or turns the direction of others: with it one text
/// would look like another.
pub(crate) fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// A line on the standard error stream about what did not stop the rest.
pub(crate) fn warning(what: &str, advice: &str) {
    let mut stream = anstream::stderr().lock();
    // There is nowhere left to report that the error stream itself is gone.
    let _ = writeln!(stream, "{YELLOW}warning:{YELLOW:#} {what}; {advice}");
}

/// A text from outside, such as a file's name, with control characters escaped: it can neither begin a line of its
/// own nor command the terminal.
pub(crate) fn plain(text: impl Display) -> String {
    let mut plain = String::new();
    for c in text.to_string().chars() {
        if c.is_control() || is_unseen(c) {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    plain
}

/// Milliseconds, with as many digits as matter.
pub(crate) fn milliseconds(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    if ms < 0.1 {
        format!("{ms:.3}")
    } else if ms < 100.0 {
        format!("{ms:.1}")
    } else {
        format!("{ms:.0}")
    }
}

/// `12.3 ms: decode 3.1, detect 2.0, ...` with the stages that took part.
pub(crate) fn timings(timings: &StageTimings) -> String {
    let stages = [
        ("decode", timings.decode),
        ("detect", timings.detect),
        ("align", timings.align),
        ("embed", timings.embed),
        ("match", timings.compare),
    ];
    let stages: Vec<String> = stages
        .into_iter()
        .filter(|(_, time)| !time.is_zero())
        .map(|(stage, time)| format!("{stage} {}", milliseconds(time)))
        .collect();
    format!("{} ms: {}", milliseconds(timings.total), stages.join(", "))
}

/// `1 in 10,000`, the way people think of a false-match rate.
pub(crate) fn one_in(rate: f64) -> String {
    let digits = format!("{:.0}", 1.0 / rate);
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("1 in {grouped}")
}

/// `1 subject`, `2 subjects`.
pub(crate) fn counted(n: impl TryInto<u64>, thing: &str) -> String {
    match n.try_into() {
        Ok(1) => format!("1 {thing}"),
        Ok(n) => format!("{n} {thing}s"),
        Err(_) => format!("many {thing}s"),
    }
}

/// A cause in words.
pub(crate) fn cause(cause: QualityCause) -> &'static str {
    match cause {
        QualityCause::NoFace => "no face",
        QualityCause::SeveralFaces => "several faces, none clearly the main one",
        QualityCause::TooSmall => "face too small",
        QualityCause::TooBlurred => "face too blurred",
        QualityCause::TooDark => "face too dark",
        QualityCause::TooBright => "face too bright",
        QualityCause::TurnedTooFar => "face turned too far",
        QualityCause::CutOffByEdge => "face cut off by the edge",
        _ => cause.code(),
    }
}

/// `face 212 px wide, facing the camera`, then whatever speaks against it.
pub(crate) fn face(quality: &Quality, causes: &[QualityCause]) -> String {
    /// An estimate from five points is no better than this.
    const FRONTAL_DEG: f32 = 10.0;
    let (yaw, pitch) = (quality.yaw_deg, quality.pitch_deg);
    let pose = if yaw.abs().max(pitch.abs()) < FRONTAL_DEG {
        "facing the camera".to_owned()
    } else if yaw.abs() >= pitch.abs() {
        format!("turned {:.0}\u{b0}", yaw.abs())
    } else {
        let direction = if pitch > 0.0 { "down" } else { "up" };
        format!("looking {direction} {:.0}\u{b0}", pitch.abs())
    };
    let mut text = format!("face {:.0} px wide, {pose}", quality.face_width_px);
    for found in causes {
        text.push_str("; ");
        text.push_str(cause(*found));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{one_in, plain};

    #[test]
    fn a_file_name_cannot_command_the_terminal() {
        assert_eq!(plain("a\nb\u{1b}[2Jc"), r"a\nb\u{1b}[2Jc");
        assert_eq!(plain("größe"), "größe");
    }

    #[test]
    fn a_rate_reads_as_one_in_so_many() {
        assert_eq!(one_in(1e-2), "1 in 100");
        assert_eq!(one_in(1e-4), "1 in 10,000");
        assert_eq!(one_in(1e-6), "1 in 1,000,000");
    }
}
