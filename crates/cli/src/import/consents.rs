//! The file that says who agreed to what.

use crate::failure::Failure;
use countenance_core::vault::{ExternalId, Grant, Purpose, TextVersion, Timestamp};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// What each person agreed to.
pub(super) struct Consents(BTreeMap<ExternalId, Vec<Grant>>);

/// Longest reference, in bytes.
const MOST_EVIDENCE: usize = 200;
const DAY: u64 = 86_400;

#[derive(serde::Deserialize)]
struct Line {
    id: String,
    purpose: String,
    date: String,
    evidence: String,
}

impl Consents {
    pub(super) fn read(path: &Path, days: u32, text_version: &str) -> Result<Self, Failure> {
        let text_version = TextVersion::new(text_version)
            .map_err(|error| Failure::from(error).about("--text-version"))?;
        let mut rows: BTreeMap<ExternalId, Vec<Grant>> = BTreeMap::new();
        let about = |failure: Failure| failure.about(path.display());
        let bytes = std::fs::read(path).map_err(|error| about(error.into()))?;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .delimiter(separator(&bytes))
            .from_reader(&bytes[..]);
        for (at, line) in reader.deserialize::<Line>().enumerate() {
            let refused = |what: String| {
                Failure::usage(
                    format!("{}, row {}: {what}", path.display(), at + 1),
                    "each row is id,purpose,date,evidence: ana,identify,2026-01-31,form 17",
                )
            };
            let line = line.map_err(|error| refused(error.to_string()))?;
            let id = ExternalId::new(&line.id).map_err(|error| refused(error.to_string()))?;
            let purpose = match line.purpose.as_str() {
                "verify" => Purpose::Verify,
                "identify" => Purpose::Identify,
                _ => {
                    return Err(refused(
                        "the purpose is neither verify nor identify".to_owned(),
                    ));
                }
            };
            let day = day_of(&line.date);
            let day =
                day.ok_or_else(|| refused("the date is not one, as 2026-01-31".to_owned()))?;
            if !(1..=MOST_EVIDENCE).contains(&line.evidence.len()) {
                return Err(refused(format!(
                    "the evidence has not 1 to {MOST_EVIDENCE} bytes"
                )));
            }
            let granted = Timestamp::from_unix(day * DAY);
            let row = Grant {
                purpose,
                granted,
                expires: granted.plus(u64::from(days) * DAY),
                text_version: text_version.clone(),
                evidence: Sha256::digest(line.evidence.as_bytes()).into(),
            };
            let of_person = rows.entry(id).or_default();
            if of_person.iter().any(|other| other.purpose == purpose) {
                return Err(refused(
                    "the person has two rows for one purpose".to_owned(),
                ));
            }
            of_person.push(row);
        }
        Ok(Self(rows))
    }

    /// What a person agreed to, if anything.
    pub(super) fn of(&self, id: &ExternalId) -> Option<&[Grant]> {
        self.0.get(id).map(Vec::as_slice)
    }
}

/// What stands between the columns: a semicolon where the heading has one, as spreadsheets write it where numbers have a decimal comma.
fn separator(bytes: &[u8]) -> u8 {
    let heading = bytes.split(|&byte| byte == b'\n').next();
    if heading.is_some_and(|heading| heading.contains(&b';')) {
        b';'
    } else {
        b','
    }
}

/// Days since 1970-01-01 of a date such as 2026-01-31 (Hinnant, "chrono-compatible low-level date algorithms").
fn day_of(text: &str) -> Option<u64> {
    let mut parts = text.splitn(3, '-');
    let [year, month, day] = [(); 3].map(|()| parts.next());
    let number = |text: Option<&str>, digits: usize| {
        let text = text.filter(|text| text.len() == digits)?;
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse::<u64>().ok())?
    };
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = (era * 146_097 + day_of_era).checked_sub(719_468)?;
    // The thirty-first of a month that has none is the first of the next.
    (crate::clock::date_of(days) == text).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::{Consents, day_of};
    use countenance_core::vault::{ExternalId, Purpose};
    use sha2::{Digest as _, Sha256};

    #[test]
    fn a_date_is_read_back_and_what_is_none_is_refused() {
        for days in (0..40_000).step_by(13) {
            assert_eq!(day_of(&crate::clock::date_of(days)), Some(days));
        }
        for wrong in [
            "",
            "2026-02-30",
            "2025-02-29",
            "2026-1-1",
            "31-01-2026",
            "2026-13-01",
            "1969-12-31",
            "2026-01-31x",
        ] {
            assert_eq!(day_of(wrong), None, "{wrong}");
        }
        assert!(day_of("2024-02-29").is_some());
    }

    #[test]
    fn rows_belong_to_people_and_a_bad_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Consents::read(&path, 10, "v1")
        };
        let heading = "id,purpose,date,evidence\n";
        let good = read(&format!(
            "{heading}ana,verify,2026-01-01,form 1\nana, identify ,2026-01-02,\"form, 2\"\n"
        ));
        let good = good.unwrap_or_else(|failure| panic!("{}", failure.message()));
        let rows = good.of(&ExternalId::new("ana").unwrap()).unwrap();
        assert_eq!(
            (rows.len(), rows[1].purpose, rows[1].evidence),
            (2, Purpose::Identify, Sha256::digest("form, 2").into())
        );
        assert_eq!(rows[0].expires.unix() - rows[0].granted.unix(), 864_000);
        assert!(good.of(&ExternalId::new("bob").unwrap()).is_none());
        for row in [
            "ana,pay,2026-01-01,x",
            "ana,verify,soon,x",
            "ana,verify,2026-01-01,",
            ",verify,2026-01-01,x",
            "ana,verify",
        ] {
            let failure = read(&format!("{heading}{row}\n")).err().unwrap();
            assert!(
                failure.message().contains("row 1"),
                "{row}: {}",
                failure.message()
            );
        }
        // As spreadsheets write it: with a mark at the beginning, other ends of lines, semicolons.
        let written =
            "\u{feff}id;purpose;date;evidence\r\n\r\nana;verify;2026-01-01;\"form; 1\"\r\n";
        let read_back = read(written);
        let read_back = read_back.unwrap_or_else(|failure| panic!("{}", failure.message()));
        let rows = read_back.of(&ExternalId::new("ana").unwrap()).unwrap();
        assert_eq!(
            rows[0].evidence,
            <[u8; 32]>::from(Sha256::digest("form; 1"))
        );
        let twice = format!("{heading}a,verify,2026-01-01,x\na,verify,2026-01-02,y\n");
        assert!(read(&twice).err().unwrap().message().contains("row 2"));
    }
}
