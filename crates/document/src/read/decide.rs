//! Which characters were read, and which of them are doubtful.

use super::alphabet::SYMBOLS;
use super::strip::Cell;
use crate::mrz::{Check, CheckOutcome, Field, Format, Mrz};
use zeroize::Zeroizing;

/// A reading whose score is lower is a guess.
const FAINT: f32 = 0.12;
/// The first reading is clear when the second has at most this part of its score.
const CLEAR: f32 = 0.25;
/// The same where the first reading is a filler among letters, which the network sees in a thick K or E.
const CLEAR_FILLER: f32 = 0.1;
/// The same where no check digit would notice the second reading, or the first is faint as damaged characters are.
const CLEAR_UNSEEN: f32 = 0.05;
/// A reading whose score is lower is faint.
const STRONG: f32 = 0.6;
/// Doubtful characters that check digits are asked about; with more of them they would say yes to anything.
const MOST_DOUBTS: usize = 8;
/// Of all characters at most one in so many may be a guess.
const GUESSES: usize = 4;

/// Heights of printed ink in OCR-B, in parts of the font's size: of digits, of letters with straight ends, of round ones.
const DIGIT: f32 = 157.0;
const STRAIGHT: f32 = 140.0;
const ROUND: f32 = 146.5;
/// Ink between these heights may be a zero or the letter O: digits are printed taller.
const ZERO_OR_O: std::ops::RangeInclusive<f32> = 150.5..=155.0;
/// Characters whose height must be known before that of another says something.
const KNOWN_HEIGHTS: usize = 8;

/// What may stand in a place.
#[derive(Clone, Copy, Debug)]
struct Choice {
    /// The likelier symbol and the other one.
    first: u8,
    other: u8,
    certainty: Certainty,
    /// Whether a check digit is computed of it.
    is_covered: bool,
}

/// How much is known of a character.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Certainty {
    /// Nothing else comes near.
    Clear,
    /// It is likely, and no check digit would notice if it were another.
    Unproven,
    /// Too little ink, or too many readings: check digits cannot make it good.
    Guess,
    /// It is one of two.
    Near,
    /// Zero or O, told apart by their height.
    Tall,
}

/// What was read, and how sure that is.
pub(super) struct Decided {
    pub(super) mrz: Mrz,
    /// As those of a [`Reading`](super::Reading).
    pub(super) corrected: usize,
    pub(super) unsure: usize,
    /// Cells before the first character.
    pub(super) offset: usize,
}

/// Takes the cells of each line, all from the same place on. `None` when too much of it is a guess.
pub(super) fn decide(lines: &[Vec<Cell>], columns: usize) -> Option<Decided> {
    let given = lines.iter().map(Vec::len).min()?;
    let offsets = 0..=given.checked_sub(columns)?;
    let formats = Format::ALL
        .into_iter()
        .filter(|format| format.lines() == lines.len() && format.columns() == columns);
    let fits = formats.flat_map(|format| offsets.clone().map(move |offset| (format, offset)));
    let fit = |(format, offset): &(Format, usize)| likelihood(lines, *format, *offset);
    let (format, offset) = fits.max_by(|a, b| fit(a).total_cmp(&fit(b)))?;
    let cells = cells(lines, format, offset);
    let mut choices: Vec<Choice> = cells
        .iter()
        .enumerate()
        .map(|(at, cell)| choose(cell, format, at))
        .collect();
    tell_zeros(&mut choices, &cells, format);
    let guesses = count(&choices, |choice| choice.certainty == Certainty::Guess);
    if guesses * GUESSES > choices.len() {
        return None;
    }
    let (mrz, corrected, unsure) = confirm(&choices, format)?;
    Some(Decided {
        mrz,
        corrected,
        unsure,
        offset,
    })
}

fn cells(lines: &[Vec<Cell>], format: Format, offset: usize) -> Vec<Cell> {
    let columns = format.columns();
    let of = |line: &Vec<Cell>| line.get(offset..offset + columns).map(<[Cell]>::to_vec);
    lines.iter().filter_map(of).flatten().collect()
}

/// Whether a symbol may stand in a place. The first one says what the document is: P a passport, V a visa, A, C or I a card.
fn may_stand(format: Format, at: usize, symbol: u8) -> bool {
    let kinds: &[u8] = match format {
        Format::Td3 => b"P",
        Format::MrvA | Format::MrvB => b"V",
        _ => b"ACI",
    };
    (at > 0 || kinds.contains(&symbol)) && format.allowed(at).has(symbol)
}

/// How well the cells fit a format's layout.
fn likelihood(lines: &[Vec<Cell>], format: Format, offset: usize) -> f32 {
    let cells = cells(lines, format, offset);
    let best = |(at, cell): (usize, &Cell)| {
        let scores = SYMBOLS.iter().zip(cell.scores.0);
        let allowed = scores.filter(|(symbol, _)| may_stand(format, at, **symbol));
        let best = allowed.map(|(_, score)| score).fold(1e-3, f32::max);
        best.ln()
    };
    cells.iter().enumerate().map(best).sum()
}

/// The two likeliest symbols that may stand in a place.
fn choose(cell: &Cell, format: Format, at: usize) -> Choice {
    let mut ranked: Vec<(u8, f32)> = SYMBOLS
        .iter()
        .copied()
        .zip(cell.scores.0)
        .filter(|(symbol, _)| may_stand(format, at, *symbol))
        .collect();
    // The network takes one for the other: what speaks for either speaks for both, unless only one may stand there.
    let of = |symbol: u8| SYMBOLS.iter().position(|s| *s == symbol);
    let score = |symbol: u8| of(symbol).and_then(|at| cell.scores.0.get(at)).copied();
    let zero_or_o = score(b'0').unwrap_or(0.0) + score(b'O').unwrap_or(0.0);
    for (symbol, score) in &mut ranked {
        if matches!(symbol, b'0' | b'O') {
            // The likelier of the two stays first.
            *score = zero_or_o * 0.98 + *score * 0.02;
        }
    }
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (first, score) = ranked.first().copied().unwrap_or((b'<', 0.0));
    let (other, second) = ranked.get(1).copied().unwrap_or((first, 0.0));
    let rest: f32 = ranked.iter().skip(2).map(|(_, score)| score).sum();
    let is_covered = is_covered(format, at);
    let is_seen = is_covered && !look_alike_to_check_digits(first, other);
    let near = if first == b'<' { CLEAR_FILLER } else { CLEAR };
    let certainty = if score < FAINT || rest > 0.5 * (score + second) {
        Certainty::Guess
    } else if second > score * near {
        Certainty::Near
    } else if first == b'<' {
        Certainty::Clear
    } else if second > score * CLEAR_UNSEEN && !is_seen {
        Certainty::Unproven
    } else if second > score * CLEAR_UNSEEN && score < STRONG {
        Certainty::Near
    } else if cell.is_soft {
        // In soft print the network takes M for W and G for 6, and is sure of it.
        Certainty::Unproven
    } else {
        Certainty::Clear
    };
    Choice {
        first,
        other,
        certainty,
        is_covered,
    }
}

/// Whether a check digit is the same with one as with the other: weights are 7, 3 and 1, so values that differ by a multiple of ten are one
/// value to it.
fn look_alike_to_check_digits(one: u8, other: u8) -> bool {
    let value = |symbol: u8| SYMBOLS.iter().position(|s| *s == symbol).unwrap_or(0) % 36;
    value(one) % 10 == value(other) % 10
}

fn is_covered(format: Format, at: usize) -> bool {
    let (line, column) = (at / format.columns(), at % format.columns());
    let within = |run: &crate::mrz::Run| run.line == line && (run.from..run.to).contains(&column);
    let mut digits = Check::ALL
        .into_iter()
        .filter_map(|check| format.run(Field::CheckDigit(check)));
    let mut covers = format.rules().iter().flat_map(|rule| rule.covers);
    digits.any(|run| within(&run)) || covers.any(within)
}

/// Tells zeros from the letter O by their height, where the heights of enough other characters are known.
fn tell_zeros(choices: &mut [Choice], cells: &[Cell], format: Format) {
    let columns = format.columns();
    for (choices, cells) in choices.chunks_mut(columns).zip(cells.chunks(columns)) {
        let known: Vec<(f32, f32)> = choices
            .iter()
            .zip(cells)
            .enumerate()
            .filter_map(|(column, (choice, cell))| {
                let printed = printed_height(choice)?;
                Some((column as f32, cell.ink_height? / printed))
            })
            .collect();
        let Some(scale) = straight_line(&known) else {
            continue;
        };
        for (column, (choice, cell)) in choices.iter_mut().zip(cells).enumerate() {
            let pair = [choice.first, choice.other];
            if choice.certainty != Certainty::Near || !(pair == *b"0O" || pair == *b"O0") {
                continue;
            }
            let Some(ink) = cell.ink_height else { continue };
            let height = ink / scale(column as f32);
            let is_zero = height > (ZERO_OR_O.start() + ZERO_OR_O.end()) / 2.0;
            (choice.first, choice.other) = if is_zero { (b'0', b'O') } else { (b'O', b'0') };
            // Far from either it is neither, or there is dirt on it.
            if !ZERO_OR_O.contains(&height) && (138.0..172.0).contains(&height) {
                choice.certainty = Certainty::Tall;
            }
        }
    }
}

/// How tall a clear character is printed.
fn printed_height(choice: &Choice) -> Option<f32> {
    if choice.certainty != Certainty::Clear {
        return None;
    }
    match choice.first {
        b'0'..=b'9' => Some(DIGIT),
        b'C' | b'G' | b'O' | b'S' => Some(ROUND),
        // Q and J go below the line in some cuts.
        b'<' | b'Q' | b'J' => None,
        _ => Some(STRAIGHT),
    }
}

/// The straight line through some points, the farthest of them left out.
fn straight_line(points: &[(f32, f32)]) -> Option<impl Fn(f32) -> f32 + use<>> {
    let fit = |points: &[(f32, f32)]| {
        let n = points.len() as f32;
        let (mx, my) = (
            points.iter().map(|p| p.0).sum::<f32>() / n,
            points.iter().map(|p| p.1).sum::<f32>() / n,
        );
        let over: f32 = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
        let under: f32 = points.iter().map(|p| (p.0 - mx).powi(2)).sum();
        (mx, my, over / under.max(1e-6))
    };
    if points.len() < KNOWN_HEIGHTS {
        return None;
    }
    let (mx, my, slope) = fit(points);
    let off = |p: &(f32, f32)| (p.1 - my - slope * (p.0 - mx)).abs();
    let mut kept = points.to_vec();
    kept.sort_by(|a, b| off(a).total_cmp(&off(b)));
    kept.truncate(points.len() - points.len() / 8);
    let (mx, my, slope) = fit(&kept);
    Some(move |x: f32| (my + slope * (x - mx)).max(1e-6))
}

/// Holds the likeliest reading against its check digits, and takes another only where two were near and the check digits
/// leave no other choice. All that was not clear and is not confirmed is counted: the zone, characters corrected, characters unsure.
fn confirm(choices: &[Choice], format: Format) -> Option<(Mrz, usize, usize)> {
    let mut text: Zeroizing<Vec<u8>> =
        Zeroizing::new(choices.iter().map(|choice| choice.first).collect());
    let doubts: Vec<usize> = choices
        .iter()
        .enumerate()
        .filter(|(_, choice)| {
            choice.is_covered && matches!(choice.certainty, Certainty::Near | Certainty::Tall)
        })
        .map(|(at, _)| at)
        .collect();
    let open = |choice: &Choice| match choice.certainty {
        Certainty::Guess | Certainty::Unproven => true,
        Certainty::Near => !choice.is_covered || doubts.len() > MOST_DOUBTS,
        Certainty::Clear | Certainty::Tall => false,
    };
    let mut unsure = count(choices, open);
    let mut corrected = 0;
    if (1..=MOST_DOUBTS).contains(&doubts.len()) {
        let mut passing: Vec<u32> = Vec::new();
        for flips in 0..1_u32 << doubts.len() {
            let mut tried = text.clone();
            flip(&mut tried, choices, &doubts, flips);
            let holds = Mrz::of(format, &tried).is_ok_and(|mrz| holds(&mrz));
            if holds {
                passing.push(flips);
            }
        }
        let is_near = |bit: usize| {
            let choice = doubts.get(bit).and_then(|at| choices.get(*at));
            choice.is_some_and(|choice| choice.certainty == Certainty::Near)
        };
        // The fewest changes; none where the likeliest reading holds.
        passing.sort_by_key(|flips| flips.count_ones());
        match passing.as_slice() {
            // No reading holds: the check digits say so themselves.
            [] => unsure += (0..doubts.len()).filter(|bit| is_near(*bit)).count(),
            [taken, others @ ..] => {
                flip(&mut text, choices, &doubts, *taken);
                corrected = taken.count_ones() as usize;
                let differ = others.iter().fold(0, |all, other| all | (other ^ taken));
                let open = |bit: &usize| differ >> bit & 1 == 1 && (is_near(*bit) || corrected > 0);
                unsure += (0..doubts.len()).filter(open).count();
            }
        }
    }
    let mrz = Mrz::of(format, &text).ok()?;
    Some((mrz, corrected, unsure))
}

fn holds(mrz: &Mrz) -> bool {
    mrz.checks().together() == CheckOutcome::Passed
}

fn flip(text: &mut [u8], choices: &[Choice], doubts: &[usize], flips: u32) {
    for (bit, at) in doubts.iter().enumerate() {
        if flips >> bit & 1 == 1
            && let (Some(character), Some(choice)) = (text.get_mut(*at), choices.get(*at))
        {
            *character = choice.other;
        }
    }
}

fn count(choices: &[Choice], of: impl Fn(&Choice) -> bool) -> usize {
    choices.iter().filter(|choice| of(choice)).count()
}
