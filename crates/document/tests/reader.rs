//! The way from a picture to a zone, with drawn letters and a network that is made up.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use countenance_document::{CheckOutcome, LineNet, Plane, RunError, Size, Steps, Zone, ZoneReader};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const CLASSES: usize = 6625;
/// Classes of the network for `0` to `9`, `A` to `Z` and the filler.
const SYMBOLS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<";
const COLUMNS: [usize; 37] = [
    26, 93, 25, 94, 632, 631, 933, 29, 27, 1109, 1221, 3588, 4244, 1220, 4381, 1219, 5128, 425,
    3587, 2697, 5193, 3506, 3639, 3589, 4741, 1310, 4731, 5127, 1217, 1381, 4497, 5405, 5033, 5200,
    1218, 4136, 3490,
];
const LINES: [&str; 2] = [
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
];

/// Says the lines one after the other, whatever it is shown of them; a second symbol with part of the score where one is named. Of a run of
/// fillers it is shown the ends.
struct Recites {
    lines: Vec<&'static str>,
    doubts: Vec<(usize, usize, char, f32)>,
    asked: usize,
}

impl LineNet for Recites {
    fn read_line(&mut self, pixels: &[u8], size: Size) -> Result<Steps, RunError> {
        assert_eq!(pixels.len(), size.width * size.height * 3);
        assert_eq!(size.height, 48);
        let line = self.lines[self.asked % self.lines.len()];
        let shown = shown(line);
        // One empty place on either side.
        assert_eq!(size.width, (shown.len() + 2) * 32);
        let mut values = vec![0.0; size.width / 8 * CLASSES];
        let mut say = |column: usize, symbol: char, score: f32| {
            let column = shown.iter().position(|at| *at == column).unwrap();
            let class = COLUMNS[SYMBOLS.find(symbol).unwrap()];
            values[((column + 1) * 4 + 1) * CLASSES + class] = score;
        };
        for column in &shown {
            say(*column, line.as_bytes()[*column].into(), 0.6);
        }
        for (line, column, symbol, score) in &self.doubts {
            if *line == self.asked % self.lines.len() {
                say(*column, *symbol, *score);
            }
        }
        self.asked += 1;
        Steps::new(CLASSES, values)
    }
}

/// The columns that are shown of a line: of five fillers or more the first two and the last.
fn shown(line: &str) -> Vec<usize> {
    let is_filler = |at: usize| line.as_bytes().get(at) == Some(&b'<');
    let run = |at: usize| {
        let before = (0..at).rev().take_while(|at| is_filler(*at)).count();
        let after = (at..line.len()).take_while(|at| is_filler(*at)).count();
        (before, before + after)
    };
    let is_shown = |at: &usize| {
        let (before, all) = run(*at);
        !is_filler(*at) || all < 5 || before < 2 || before + 1 == all
    };
    (0..line.len()).filter(is_shown).collect()
}

/// Lines of boxes on a slope: digits as tall as OCR-B prints them, and all else a twelfth lower.
fn page(lines: &[&str], slope: f32) -> Plane {
    Plane::from_rgb(WIDTH, HEIGHT, &drawn(lines, slope)).unwrap()
}

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;

fn drawn(lines: &[&str], slope: f32) -> Vec<u8> {
    let (width, height) = (WIDTH, HEIGHT);
    let mut rgb = vec![225_u8; width * height * 3];
    for (line, text) in lines.iter().enumerate() {
        for (column, symbol) in text.chars().enumerate() {
            let x = 110.0 + 24.0 * column as f32 - slope * 60.0 * line as f32;
            let y = 420.0 + slope * 24.0 * column as f32 + 60.0 * line as f32;
            let rows = if symbol.is_ascii_digit() {
                24_usize
            } else {
                21
            };
            for dy in 0..rows {
                // No letter looks like another: each has its own notch, and a filler none.
                let notch = 4 + symbol as usize * 7 % 13;
                for dx in -7..7_i32 {
                    if symbol != '<' && dx < 3 && dy.abs_diff(notch) < 4 {
                        continue;
                    }
                    let (x, y) = ((x as i32 + dx) as usize, y as usize + 12 - dy);
                    rgb[(y * width + x) * 3..][..3].fill(30);
                }
            }
        }
    }
    rgb
}

/// A large picture with a small zone in it: letters this far apart.
fn large(lines: &[&str], (width, height): (usize, usize), pitch: f32) -> Vec<u8> {
    let mut rgb = vec![225_u8; width * height * 3];
    let of_pitch = |part: f32| (part * pitch / 24.0).round() as usize;
    for (line, text) in lines.iter().enumerate() {
        for (column, symbol) in text.chars().enumerate() {
            let x = (1900.0 + pitch * column as f32) as usize;
            let y = (2100.0 + 2.5 * pitch * line as f32) as usize;
            let rows = of_pitch(if symbol.is_ascii_digit() { 24.0 } else { 21.0 });
            let notch = of_pitch((4 + symbol as usize * 7 % 13) as f32);
            for dy in 0..rows {
                for dx in 0..of_pitch(14.0) {
                    if symbol != '<' && dx < of_pitch(10.0) && dy.abs_diff(notch) < of_pitch(4.0) {
                        continue;
                    }
                    rgb[((y - dy) * width + x + dx) * 3..][..3].fill(30);
                }
            }
        }
    }
    rgb
}

/// Sees nothing at first, as where letters are too small, and then recites; counts how often it was asked.
struct Blind {
    calls: Arc<AtomicUsize>,
    blind: usize,
    then: Recites,
}

impl LineNet for Blind {
    fn read_line(&mut self, pixels: &[u8], size: Size) -> Result<Steps, RunError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) < self.blind {
            return Steps::new(CLASSES, vec![0.0; size.width / 8 * CLASSES]);
        }
        self.then.read_line(pixels, size)
    }
}

#[test]
fn a_small_zone_in_a_large_picture_is_read_at_full_size() {
    let (width, height) = (4000, 3000);
    for pitch in [13.0, 15.0, 18.0] {
        let rgb = large(&LINES, (width, height), pitch);
        let plane = Plane::from_rgb(width, height, &rgb).unwrap();
        let reader = |blind| {
            let calls = Arc::new(AtomicUsize::new(0));
            let net = Blind {
                calls: Arc::clone(&calls),
                blind,
                then: Recites {
                    lines: LINES.to_vec(),
                    doubts: Vec::new(),
                    asked: 0,
                },
            };
            (ZoneReader::new(Box::new(net)), calls)
        };
        // As often as it is asked about the plane, it sees nothing.
        let (mut plain, calls) = reader(usize::MAX);
        let zone = plain.read(&plane).unwrap();
        assert!(!matches!(zone, Zone::Read(_)), "control: {pitch}");
        let asked = calls.load(Ordering::SeqCst);
        let (mut closer, calls) = reader(asked);
        let zone = closer.read_closely(&plane, &rgb).unwrap();
        assert_eq!(lines(&zone), LINES, "{pitch}");
        let more = calls.load(Ordering::SeqCst) - asked;
        assert!(
            (2..=8).contains(&more),
            "{pitch}: {more} lines at full size"
        );
        let Zone::Read(read) = zone else { return };
        // Its page lies where it is in the picture.
        assert!((read.page.pitch() - pitch).abs() < 0.3, "{:?}", read.page);
        assert!(read.page.contains(2000.0, 2000.0), "{pitch}");
        assert!(!read.page.contains(1000.0, 2000.0), "{pitch}");
    }
}

fn read(doubts: &[(usize, usize, char, f32)], lines: &[&'static str], plane: &Plane) -> Zone {
    let net = Recites {
        lines: lines.to_vec(),
        doubts: doubts.to_vec(),
        asked: 0,
    };
    ZoneReader::new(Box::new(net)).read(plane).unwrap()
}

fn lines(zone: &Zone) -> Vec<String> {
    let Zone::Read(read) = zone else {
        return Vec::new();
    };
    read.mrz.lines().map(str::to_owned).collect()
}

#[test]
fn a_zone_on_a_slope_is_found_and_read() {
    for slope in [-0.2, 0.0, 0.2] {
        let zone = read(&[], &LINES, &page(&LINES, slope));
        assert_eq!(lines(&zone), LINES, "{slope}");
        let Zone::Read(read) = zone else { return };
        assert!(read.is_clear());
    }
}

#[test]
fn three_lines_are_a_card() {
    let card = [
        "I<UTOD231458907<<<<<<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    ];
    assert_eq!(lines(&read(&[], &card, &page(&card, 0.0))), card);
}

#[test]
fn a_picture_without_lines_has_no_zone() {
    for plane in [
        page(&[], 0.0),
        page(&LINES[..1], 0.0),
        page(&[&LINES[0][..20]; 2], 0.0),
    ] {
        assert!(matches!(read(&[], &LINES, &plane), Zone::Absent));
    }
}

#[test]
fn a_near_character_is_taken_by_its_check_digits_and_that_is_said() {
    // The network thinks it is an 8 where a B stands, and says B nearly as loud.
    let wrong = [LINES[0], "L898902C36UTO7408122F1204159ZE1842268<<<<<10"];
    let zone = read(&[(1, 36, 'B', 0.5)], &wrong, &page(&LINES, 0.0));
    assert_eq!(lines(&zone), LINES);
    let Zone::Read(read) = zone else { return };
    assert_eq!((read.corrected, read.unsure), (1, 0));
    assert!(!read.is_clear());
}

#[test]
fn a_clear_character_is_never_changed_to_please_a_check_digit() {
    let wrong = [LINES[0], "L898902C36UTO7408122F1204159ZE1842268<<<<<10"];
    let zone = read(&[(1, 36, 'B', 0.1)], &wrong, &page(&LINES, 0.0));
    assert_eq!(lines(&zone), wrong);
    let Zone::Read(read) = zone else { return };
    assert_eq!(read.mrz.checks().together(), CheckOutcome::Failed);
    assert!(!read.is_clear());
}

#[test]
fn a_near_character_that_no_check_digit_covers_is_not_sure() {
    let zone = read(&[(0, 5, 'F', 0.5)], &LINES, &page(&LINES, 0.0));
    assert_eq!(lines(&zone), LINES);
    let Zone::Read(read) = zone else { return };
    assert_eq!((read.corrected, read.unsure), (0, 1));
    assert!(!read.is_clear());
}

#[test]
fn a_near_character_that_its_check_digits_confirm_is_clear() {
    let zone = read(&[(1, 36, '8', 0.5)], &LINES, &page(&LINES, 0.0));
    assert_eq!(lines(&zone), LINES);
    let Zone::Read(read) = zone else { return };
    assert!(read.is_clear());
}

#[test]
fn a_faint_character_stays_a_guess_even_when_its_check_digits_hold() {
    let zone = read(
        &[(1, 0, 'L', 0.1), (1, 0, '<', 0.01)],
        &LINES,
        &page(&LINES, 0.0),
    );
    assert_eq!(lines(&zone), LINES);
    let Zone::Read(read) = zone else { return };
    assert_eq!(read.unsure, 1);
    assert!(!read.is_clear());
}

#[test]
fn lines_of_which_nothing_can_be_read_are_unreadable() {
    struct Silent;
    impl LineNet for Silent {
        fn read_line(&mut self, _: &[u8], size: Size) -> Result<Steps, RunError> {
            Steps::new(CLASSES, vec![0.0; size.width / 8 * CLASSES])
        }
    }
    let zone = ZoneReader::new(Box::new(Silent)).read(&page(&LINES, 0.0));
    assert!(matches!(zone, Ok(Zone::Unreadable)));
}

#[test]
fn a_network_of_another_form_is_refused() {
    struct Other;
    impl LineNet for Other {
        fn read_line(&mut self, _: &[u8], _: Size) -> Result<Steps, RunError> {
            Steps::new(7, vec![0.5; 7])
        }
    }
    let zone = ZoneReader::new(Box::new(Other)).read(&page(&LINES, 0.0));
    assert_eq!(zone.unwrap_err(), RunError::BadOutput);
}

#[test]
fn what_looks_alike_and_is_no_filler_is_read_place_by_place() {
    /// Says each line for the columns it is asked about: the first line twice, since the ends of its runs are no fillers.
    struct Asked(Vec<(Vec<usize>, &'static str)>);
    impl LineNet for Asked {
        fn read_line(&mut self, _: &[u8], size: Size) -> Result<Steps, RunError> {
            let (columns, line) = self.0.remove(0);
            assert_eq!(size.width, (columns.len() + 2) * 32, "{line}");
            let mut values = vec![0.0; size.width / 8 * CLASSES];
            for (place, column) in columns.into_iter().enumerate() {
                let class = COLUMNS[SYMBOLS.find(line.as_bytes()[column] as char).unwrap()];
                values[((place + 1) * 4 + 1) * CLASSES + class] = 0.6;
            }
            Steps::new(CLASSES, values)
        }
    }
    let drawn = ["P<UTO<<<<<<<<<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", LINES[1]];
    let said = ["P<UTOIIIIIIIIIIANNA<MARIA<<<<<<<<<<<<<<<<<<<", LINES[1]];
    let net = Asked(vec![
        (shown(drawn[0]), said[0]),
        ((0..44).collect(), said[0]),
        (shown(drawn[1]), said[1]),
    ]);
    let zone = ZoneReader::new(Box::new(net)).read(&page(&drawn, 0.0));
    assert_eq!(lines(&zone.unwrap()), said);
}

#[test]
fn a_zone_of_a_shaken_picture_is_read_and_never_clear() {
    let sharp = drawn(&LINES, 0.0);
    let shaken: Vec<u8> = (0..sharp.len())
        .map(|at| {
            let rows = (0..9_usize).map(|row| at + row * WIDTH * 3);
            let seen: Vec<u32> = rows
                .filter_map(|at| sharp.get(at))
                .map(|value| u32::from(*value))
                .collect();
            (seen.iter().sum::<u32>() / seen.len() as u32) as u8
        })
        .collect();
    let zone = read(
        &[],
        &LINES,
        &Plane::from_rgb(WIDTH, HEIGHT, &shaken).unwrap(),
    );
    assert_eq!(lines(&zone), LINES);
    let Zone::Read(read) = zone else { return };
    assert!(read.unsure > 20 && !read.is_clear(), "{}", read.unsure);
}

#[test]
fn a_second_reading_that_no_check_digit_would_notice_is_heeded_more() {
    // V is 31 where L is 21: one to every check digit. E is 14.
    for (second, unsure) in [('V', 1), ('E', 0)] {
        let zone = read(&[(1, 0, second, 0.06)], &LINES, &page(&LINES, 0.0));
        assert_eq!(lines(&zone), LINES);
        let Zone::Read(read) = zone else { return };
        assert_eq!(read.unsure, unsure, "{second}");
    }
}

#[test]
fn the_first_character_says_which_document_it_is_or_is_a_guess() {
    let other = ["D<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", LINES[1]];
    let zone = read(&[(0, 0, 'P', 0.1)], &other, &page(&LINES, 0.0));
    assert_eq!(lines(&zone), LINES);
    let Zone::Read(read) = zone else { return };
    assert_eq!(read.unsure, 1);
}
