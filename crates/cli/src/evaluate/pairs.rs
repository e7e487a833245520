//! Lists of pairs: the LFW format and plain CSV.
//!
//! LFW (`pairs.txt`, `pairsDevTest.txt`): the first line is the number of folds and of pairs
//! per class and fold, `10 300`, or only the latter, `500`. Each fold is that many lines
//! `NAME N1 N2` (two pictures of one person), then as many `NAME1 N1 NAME2 N2`. Picture 7 of
//! `Ada_Lovelace` is `Ada_Lovelace/Ada_Lovelace_0007.jpg`.
//!
//! CSV: lines `a,b,same` of two paths inside the picture folder and `1`, `0`, `true` or
//! `false`, with or without that heading. A path `SUBJECT/picture.jpg` names its subject.

use super::pictures::Pictures;
use std::path::{Component, Path, PathBuf};
use thiserror::Error;

/// Longest list that is read, in bytes.
pub(super) const MAX_BYTES: u64 = 256 << 20;

/// Most folds, and most pairs per class and fold, that a heading may announce.
const MAX_COUNT: usize = 1 << 24;

/// Two pictures, as places in [`Pictures`], and whether they show one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) pictures: [usize; 2],
    pub(super) genuine: bool,
    /// The fold, from 0.
    pub(super) fold: usize,
}

/// A list of pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PairList {
    pub(super) pairs: Vec<Pair>,
    /// At least 1.
    pub(super) folds: usize,
}

/// A list makes no sense at a line, counted from 1.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("line {line}: {problem}")]
pub(crate) struct PairsError {
    pub(super) line: usize,
    pub(super) problem: Problem,
}

/// What is wrong with a line.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum Problem {
    #[error("list ends after {got} of {expected} pairs")]
    EndsEarly { expected: usize, got: usize },
    #[error("{got} fields, expected {expected}")]
    Fields { expected: &'static str, got: usize },
    #[error("heading {0:?} is neither \"FOLDS PAIRS\", \"PAIRS\" nor CSV")]
    Heading(String),
    #[error("a pair of two people names {0:?} twice")]
    OnePerson(String),
    #[error("picture {0:?} is not a path inside the picture folder")]
    Path(String),
    #[error("picture number {0:?} is not a whole number from 1 to 9999")]
    PictureNumber(String),
    #[error("{0:?} is neither 1, 0, true nor false")]
    Same(String),
    #[error("a picture is paired with itself")]
    SamePicture,
    #[error("line beyond the {0} pairs that the heading announces")]
    TooLong(usize),
    #[error("text is not UTF-8")]
    NotUtf8,
}

/// Reads a list in either format and adds its pictures to `pictures`.
pub(super) fn parse(bytes: &[u8], pictures: &mut Pictures) -> Result<PairList, PairsError> {
    let text = std::str::from_utf8(bytes).map_err(|error| PairsError {
        line: 1 + bytes[..error.valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count(),
        problem: Problem::NotUtf8,
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Numbered from 1; blank lines count but say nothing.
    let lines = text
        .lines()
        .enumerate()
        .map(|(place, line)| (place + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty());
    match lines.clone().next() {
        Some((_, first)) if first.contains(',') => parse_csv(lines, pictures),
        Some((line, first)) => parse_lfw(line, first, lines.skip(1), pictures),
        None => Err(PairsError {
            line: 1,
            problem: Problem::Heading(String::new()),
        }),
    }
}

fn parse_lfw<'a>(
    heading_line: usize,
    heading: &str,
    lines: impl Iterator<Item = (usize, &'a str)>,
    pictures: &mut Pictures,
) -> Result<PairList, PairsError> {
    let counts: Option<Vec<usize>> = heading
        .split_whitespace()
        .map(|field| {
            field
                .parse()
                .ok()
                .filter(|count| (1..=MAX_COUNT).contains(count))
        })
        .collect();
    let (folds, per_class) = match counts.as_deref() {
        Some([per_class]) => (1, *per_class),
        Some([folds, per_class]) => (*folds, *per_class),
        _ => {
            let problem = Problem::Heading(shown(heading));
            return Err(PairsError {
                line: heading_line,
                problem,
            });
        }
    };
    let expected = folds.saturating_mul(per_class).saturating_mul(2);
    let mut pairs = Vec::new();
    let mut last_line = heading_line;
    for (line, text) in lines {
        let at = |problem| PairsError { line, problem };
        if pairs.len() == expected {
            return Err(at(Problem::TooLong(expected)));
        }
        let (fold, place) = (pairs.len() / (2 * per_class), pairs.len() % (2 * per_class));
        let genuine = place < per_class;
        let fields: Vec<&str> = text.split_whitespace().collect();
        let named = match (genuine, fields.as_slice()) {
            (true, [name, a, b]) => [(*name, *a), (*name, *b)],
            (false, [name_a, _, name_b, _]) if name_a == name_b => {
                return Err(at(Problem::OnePerson(shown(name_a))));
            }
            (false, [name_a, a, name_b, b]) => [(*name_a, *a), (*name_b, *b)],
            (true, _) => {
                let expected = "3: NAME N1 N2";
                return Err(at(Problem::Fields {
                    expected,
                    got: fields.len(),
                }));
            }
            (false, _) => {
                let expected = "4: NAME1 N1 NAME2 N2";
                return Err(at(Problem::Fields {
                    expected,
                    got: fields.len(),
                }));
            }
        };
        let [a, b] = named.map(|(name, number)| lfw_picture(name, number, pictures));
        let both = [a.map_err(at)?, b.map_err(at)?];
        if both[0] == both[1] {
            return Err(at(Problem::SamePicture));
        }
        pairs.push(Pair {
            pictures: both,
            genuine,
            fold,
        });
        last_line = line;
    }
    if pairs.len() < expected {
        let problem = Problem::EndsEarly {
            expected,
            got: pairs.len(),
        };
        return Err(PairsError {
            line: last_line,
            problem,
        });
    }
    Ok(PairList { pairs, folds })
}

/// `NAME` and `N` to `NAME/NAME_000N.jpg`.
fn lfw_picture(name: &str, number: &str, pictures: &mut Pictures) -> Result<usize, Problem> {
    let parsed = number
        .parse::<u16>()
        .ok()
        .filter(|number| (1..=9999).contains(number));
    let number = parsed.ok_or_else(|| Problem::PictureNumber(shown(number)))?;
    let path = inside(&format!("{name}/{name}_{number:04}.jpg"))?;
    Ok(pictures.place(&path, Some(name)))
}

fn parse_csv<'a>(
    lines: impl Iterator<Item = (usize, &'a str)>,
    pictures: &mut Pictures,
) -> Result<PairList, PairsError> {
    let mut pairs = Vec::new();
    let mut last_line = 1;
    for (place, (line, text)) in lines.enumerate() {
        let at = |problem| PairsError { line, problem };
        last_line = line;
        let fields = csv_fields(text).map_err(at)?;
        let [a, b, same] = fields.as_slice() else {
            return Err(at(Problem::Fields {
                expected: "3: a,b,same",
                got: fields.len(),
            }));
        };
        let heading = |field: &str, name: &str| field.eq_ignore_ascii_case(name);
        if place == 0 && heading(a, "a") && heading(b, "b") && heading(same, "same") {
            continue;
        }
        let genuine = match same.to_ascii_lowercase().as_str() {
            "1" | "true" => true,
            "0" | "false" => false,
            _ => return Err(at(Problem::Same(shown(same)))),
        };
        let [a, b] = [a, b].map(|path| {
            let path = inside(path)?;
            let folder = path
                .parent()
                .and_then(Path::file_name)
                .and_then(|name| name.to_str());
            Ok(pictures.place(&path, folder))
        });
        let both = [a.map_err(at)?, b.map_err(at)?];
        if both[0] == both[1] {
            return Err(at(Problem::SamePicture));
        }
        pairs.push(Pair {
            pictures: both,
            genuine,
            fold: 0,
        });
    }
    if pairs.is_empty() {
        let problem = Problem::EndsEarly {
            expected: 1,
            got: 0,
        };
        return Err(PairsError {
            line: last_line,
            problem,
        });
    }
    Ok(PairList { pairs, folds: 1 })
}

/// The fields of one line, quotes and doubled quotes taken off (RFC 4180, one line).
fn csv_fields(line: &str) -> Result<Vec<String>, Problem> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => Ok(record.iter().map(str::to_owned).collect()),
        Ok(false) | Err(_) => Err(Problem::Fields {
            expected: "3: a,b,same",
            got: 0,
        }),
    }
}

/// A path that stays inside the picture folder: whoever wrote the list chooses pictures
/// there and nowhere else.
fn inside(path: &str) -> Result<PathBuf, Problem> {
    let parsed = Path::new(path);
    let plain = parsed
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if plain && parsed.file_name().is_some() && !path.contains('\0') && !path.ends_with('/') {
        Ok(parsed.to_owned())
    } else {
        Err(Problem::Path(shown(path)))
    }
}

/// Enough of a text for an error message.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::{PairsError, Problem, parse};
    use crate::evaluate::pictures::Pictures;
    use proptest::prelude::*;

    fn read(text: &str) -> (Result<super::PairList, PairsError>, Pictures) {
        let mut pictures = Pictures::default();
        (parse(text.as_bytes(), &mut pictures), pictures)
    }

    const FOLDED: &str = "2\t1\nAda\t1\t2\nAda\t1\tBob\t3\nBob\t3\t4\nBob\t4\tAda\t2\n";

    #[test]
    fn a_folded_list_gives_pairs_with_their_folds() {
        let (list, pictures) = read(FOLDED);
        let list = list.unwrap();
        assert_eq!(list.folds, 2);
        let got: Vec<_> = list
            .pairs
            .iter()
            .map(|pair| (pair.pictures, pair.genuine, pair.fold))
            .collect();
        assert_eq!(
            got,
            [
                ([0, 1], true, 0),
                ([0, 2], false, 0),
                ([2, 3], true, 1),
                ([3, 1], false, 1)
            ]
        );
        let paths: Vec<_> = pictures
            .paths()
            .map(|path| path.to_str().unwrap())
            .collect();
        assert_eq!(
            paths,
            [
                "Ada/Ada_0001.jpg",
                "Ada/Ada_0002.jpg",
                "Bob/Bob_0003.jpg",
                "Bob/Bob_0004.jpg"
            ]
        );
    }

    #[test]
    fn a_list_with_a_single_count_is_one_fold() {
        let (list, _) = read("1\r\nAda\t1\t2\r\nAda\t1\tBob\t3\r\n");
        let list = list.unwrap();
        assert_eq!((list.folds, list.pairs.len()), (1, 2));
    }

    #[test]
    fn csv_is_read_with_and_without_heading_and_with_quotes() {
        for text in [
            "a,b,same\nada/1.jpg,ada/2.png,1\n\"ada/1.jpg\",\"bob, jr/1.jpg\",false\n",
            "ada/1.jpg , ada/2.png , TRUE\nada/1.jpg,\"bob, jr/1.jpg\",0",
        ] {
            let (list, pictures) = read(text);
            let got: Vec<_> = list
                .unwrap()
                .pairs
                .iter()
                .map(|pair| (pair.pictures, pair.genuine))
                .collect();
            assert_eq!(got, [([0, 1], true), ([0, 2], false)]);
            assert_eq!(
                pictures.paths().nth(2).unwrap().to_str(),
                Some("bob, jr/1.jpg")
            );
        }
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        struct Case {
            text: &'static str,
            line: usize,
            message: &'static str,
        }
        let cases = [
            Case {
                text: "",
                line: 1,
                message: "heading",
            },
            Case {
                text: "ten 300\n",
                line: 1,
                message: "heading \"ten 300\"",
            },
            Case {
                text: "0\n",
                line: 1,
                message: "heading",
            },
            Case {
                text: "1 2 3\n",
                line: 1,
                message: "heading",
            },
            Case {
                text: "1\nAda\t1\n",
                line: 2,
                message: "2 fields, expected 3",
            },
            Case {
                text: "1\nAda\t1\t2\n\nAda\t1\t2\n",
                line: 4,
                message: "3 fields, expected 4",
            },
            Case {
                text: "1\nAda\t1\tx\n",
                line: 2,
                message: "picture number \"x\"",
            },
            Case {
                text: "1\nAda\t0\t1\n",
                line: 2,
                message: "picture number \"0\"",
            },
            Case {
                text: "1\nAda\t1\t1\n",
                line: 2,
                message: "paired with itself",
            },
            Case {
                text: "1\nAda\t1\t2\nAda\t1\tAda\t2\n",
                line: 3,
                message: "\"Ada\" twice",
            },
            Case {
                text: "1\nAda\t1\t2\n",
                line: 2,
                message: "ends after 1 of 2",
            },
            Case {
                text: "1\nAda 1 2\nAda 1 Bob 1\nAda 1 2\n",
                line: 4,
                message: "beyond the 2",
            },
            Case {
                text: "1\n../x\t1\t2\n",
                line: 2,
                message: "not a path inside",
            },
            Case {
                text: "a,b,same\n",
                line: 1,
                message: "ends after 0",
            },
            Case {
                text: "x.jpg,y.jpg,1\nx.jpg,y.jpg\n",
                line: 2,
                message: "2 fields",
            },
            Case {
                text: "x.jpg,y.jpg,maybe\n",
                line: 1,
                message: "\"maybe\" is neither",
            },
            Case {
                text: "x.jpg,/etc/passwd,1\n",
                line: 1,
                message: "not a path inside",
            },
            Case {
                text: "x.jpg,a/../../y.jpg,1\n",
                line: 1,
                message: "not a path inside",
            },
            Case {
                text: "x.jpg,,1\n",
                line: 1,
                message: "not a path inside",
            },
            Case {
                text: "x.jpg,x.jpg,0\n",
                line: 1,
                message: "paired with itself",
            },
        ];
        for Case {
            text,
            line,
            message,
        } in cases
        {
            let error = read(text).0.unwrap_err();
            assert_eq!(error.line, line, "{text:?}: {error}");
            assert!(error.to_string().contains(message), "{text:?}: {error}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_named_by_their_line() {
        let error = parse(b"1\nAda\t1\t2\nB\xff\t1\t2\n", &mut Pictures::default()).unwrap_err();
        assert_eq!(
            error,
            PairsError {
                line: 3,
                problem: Problem::NotUtf8
            }
        );
    }

    proptest! {
        #[test]
        fn any_text_is_a_list_or_an_error(text in "[0-9A-C ,\t\n\"./]{0,60}") {
            let (list, pictures) = read(&text);
            if let Ok(list) = list {
                prop_assert!(!list.pairs.is_empty() && list.folds >= 1);
                let known = pictures.paths().count();
                for pair in list.pairs {
                    prop_assert!(pair.pictures.iter().all(|picture| *picture < known));
                    prop_assert!(pair.fold < list.folds);
                }
            }
        }
    }
}
