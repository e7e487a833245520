//! Use case: whose portrait is on this document, what does its zone say, and is that the person of the selfie?

use crate::timing::timed;
use crate::{
    Capture, CaptureError, CompareError, ComparePolicy, Decision, DocumentClaim, Recapture, Side,
    StageTimings, Worker,
};
use countenance_document::{CheckOutcome, Checks, Day, Format, Plane, Zone};
use countenance_gallery::{Score, Template, Threshold};
use countenance_vault::Timestamp;
use countenance_vision::{Crop, Picture, QualityCause, decode};
use std::time::Duration;

/// What was found on a document. Nothing of it is stored anywhere; what is personal in it is overwritten when it is dropped.
#[derive(Clone, Debug)]
pub struct DocumentReading {
    /// The portrait: the largest face on the page of the zone; of the picture, where no zone was read.
    pub portrait: Capture,
    /// Where that face is; `None` where no zone was read or there is no such face.
    pub portrait_place: Option<PortraitPlace>,
    /// The machine-readable zone.
    pub zone: Zone,
    /// How long finding and reading the zone took; within the total of the timings.
    pub zone_time: Duration,
    /// How long the rest took.
    pub timings: StageTimings,
}

/// A document held against a picture of its holder.
#[derive(Clone, Debug)]
pub struct DocumentCheck {
    /// The answer: do portrait and selfie show one person? What the zone says is not in it.
    pub decision: Decision,
    /// How alike the faces are; `None` when a picture has to be taken again.
    pub score: Option<Score>,
    /// What the score was held against.
    pub threshold: Threshold,
    /// What was found on the document.
    pub document: DocumentReading,
    /// What was found in the picture of the holder.
    pub selfie: Capture,
}

/// What came of the checks of a zone, without a word of what it says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ZoneChecks {
    /// Its format; `None` when nothing was read.
    pub format: Option<Format>,
    /// How it was read.
    pub reading: ZoneReading,
    /// What came of each check digit; `None` when nothing was read.
    pub checks: Option<Checks>,
    /// Whether its last valid day has passed; `None` when it states none, or it was not read.
    pub expired: Option<bool>,
    /// Whether what is written as date of birth is one, perhaps with parts that are not known; `None` when nothing was read.
    pub born_on_a_day: Option<bool>,
    /// Where the face is that is compared; `None` where no zone was read or there is no such face.
    pub portrait: Option<PortraitPlace>,
}

/// Where the face lies that is taken for the portrait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PortraitPlace {
    /// Not on the page of the zone. A card (TD1) has its portrait on the side where the zone is not, and a picture of both cannot show that they are
    /// of one card.
    Apart,
    /// On the page of the zone: what the zone says is said of the same document.
    Page,
}

impl PortraitPlace {
    /// The stable name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Apart => "apart",
            Self::Page => "page",
        }
    }
}

/// Why a zone is not to be trusted; of several reasons the first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Distrust {
    /// There is none.
    Absent,
    /// It is not clearly read.
    NotClear,
    /// A check digit does not hold.
    CheckDigit,
    /// The date of birth is no date in any century.
    Birth,
    /// It states no date of expiry.
    NoExpiry,
    /// Its last valid day has passed.
    Expired,
    /// The portrait is not on its page, or there is none: whom it is about nobody can say.
    Apart,
}

/// The day of a time, as dates of documents are held against it.
#[must_use]
pub fn day_of(now: Timestamp) -> Day {
    Day::of_unix(i64::try_from(now.unix()).unwrap_or(i64::MAX))
}

/// How a zone was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ZoneReading {
    /// There is none.
    Absent,
    /// Every character is clear, or a check digit speaks for it.
    Clear,
    /// Some characters are not clear, or one was chosen by its check digit.
    Doubtful,
    /// There is one, and it cannot be read.
    Unreadable,
}

impl ZoneReading {
    /// The stable name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Clear => "clear",
            Self::Doubtful => "doubtful",
            Self::Unreadable => "unreadable",
        }
    }
}

impl ZoneChecks {
    /// The checks of the zone of a document, as of a time.
    #[must_use]
    pub fn of(reading: &DocumentReading, now: Timestamp) -> Self {
        Self::of_zone(&reading.zone, reading.portrait_place, now)
    }

    fn of_zone(zone: &Zone, portrait: Option<PortraitPlace>, now: Timestamp) -> Self {
        let without = |reading| Self {
            format: None,
            reading,
            checks: None,
            expired: None,
            born_on_a_day: None,
            portrait: None,
        };
        match zone {
            Zone::Read(read) => {
                let is_clear = read.corrected == 0 && read.unsure == 0;
                Self {
                    format: Some(read.mrz.format()),
                    reading: if is_clear {
                        ZoneReading::Clear
                    } else {
                        ZoneReading::Doubtful
                    },
                    checks: Some(read.mrz.checks()),
                    expired: read.mrz.is_expired(day_of(now)),
                    born_on_a_day: Some(read.mrz.birth().is_some()),
                    portrait,
                }
            }
            Zone::Unreadable => without(ZoneReading::Unreadable),
            _ => without(ZoneReading::Absent),
        }
    }

    /// As a signed result says it.
    #[must_use]
    pub fn claim(&self) -> DocumentClaim {
        DocumentClaim {
            zone: self.reading.name().to_owned(),
            format: self.format.map(|format| format.name().to_owned()),
            check_digits: self.check_digits().name().to_owned(),
            expired: self.expired,
            portrait: self.portrait.map(|place| place.name().to_owned()),
        }
    }

    /// Whether the zone is all that a zone can be: read clearly, all its check digits right, its date of birth a date, an end stated that has not
    /// passed, and on one page with the portrait. What is strict goes by this, whoever asks.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.distrust().is_none()
    }

    /// What there is against trusting it.
    #[must_use]
    pub fn distrust(&self) -> Option<Distrust> {
        match self.reading {
            ZoneReading::Clear => {}
            ZoneReading::Absent => return Some(Distrust::Absent),
            _ => return Some(Distrust::NotClear),
        }
        if self.check_digits() != CheckOutcome::Passed {
            return Some(Distrust::CheckDigit);
        }
        if self.born_on_a_day != Some(true) {
            return Some(Distrust::Birth);
        }
        match self.expired {
            Some(false) if self.portrait != Some(PortraitPlace::Page) => Some(Distrust::Apart),
            Some(false) => None,
            Some(true) => Some(Distrust::Expired),
            None => Some(Distrust::NoExpiry),
        }
    }

    /// All check digits in one: `Absent` when nothing was read.
    #[must_use]
    pub fn check_digits(&self) -> CheckOutcome {
        self.checks
            .as_ref()
            .map_or(CheckOutcome::Absent, Checks::together)
    }
}

impl Worker {
    /// Finds the portrait and the machine-readable zone of a picture of a document (JPEG, PNG or WebP bytes).
    ///
    /// # Errors
    /// [`CaptureError`] when the bytes do not decode or a network fails. A document without a portrait or a zone is an
    /// outcome.
    pub fn read_document(
        &mut self,
        photo: &[u8],
        policy: &ComparePolicy,
    ) -> Result<DocumentReading, CaptureError> {
        Ok(self.look_at_document(photo, policy)?.0)
    }

    /// As [`read_document`](Self::read_document), and the template of the portrait, or why there is none: what a
    /// session can hold a live person against. The threshold of the policy stands if this answers.
    ///
    /// # Errors
    /// [`CompareError`] when the bytes do not decode, a network fails or no threshold stands for the rate.
    pub fn portrait_of_document(
        &mut self,
        photo: &[u8],
        policy: &ComparePolicy,
    ) -> Result<(DocumentReading, Result<Template, QualityCause>), CompareError> {
        self.engine.threshold(policy)?;
        let of_document = |source| CompareError::Capture {
            side: Side::Reference,
            source,
        };
        let (mut reading, crop) = self.look_at_document(photo, policy).map_err(of_document)?;
        let template = match crop {
            Err(cause) => Err(cause),
            Ok(crop) => Ok(self
                .embed(&crop, &policy.capture, &mut reading.timings)
                .map_err(of_document)?),
        };
        Ok((reading, template))
    }

    /// Holds the portrait of a document against a picture of its holder; the document is the reference.
    ///
    /// # Errors
    /// As [`Worker::compare`]. A poor picture is an outcome: [`Decision::Recapture`].
    pub fn check_document(
        &mut self,
        photo: &[u8],
        selfie: &[u8],
        policy: &ComparePolicy,
    ) -> Result<DocumentCheck, CompareError> {
        let start = self.engine.clock().elapsed();
        let (mut document, portrait) = self.portrait_of_document(photo, policy)?;
        let (decision, score, threshold, selfie) = match portrait {
            Ok(template) => {
                let compared = self.compare_with_template(&template, selfie, policy)?;
                document.timings.add(&compared.timings);
                (
                    compared.decision,
                    compared.score,
                    compared.threshold,
                    compared.probe,
                )
            }
            Err(cause) => {
                // The other picture is looked at all the same, so that a caller learns what is wrong with each.
                let of_selfie = |source| CompareError::Capture {
                    side: Side::Probe,
                    source,
                };
                let (selfie, _) = self
                    .capture(selfie, &policy.capture, &mut document.timings)
                    .map_err(of_selfie)?;
                let again = Recapture {
                    side: Side::Reference,
                    cause,
                };
                let threshold = self.engine.threshold(policy)?;
                (Decision::Recapture(again), None, threshold, selfie)
            }
        };
        document.timings.total = self.engine.clock().elapsed().saturating_sub(start);
        Ok(DocumentCheck {
            decision,
            score,
            threshold,
            document,
            selfie,
        })
    }

    fn look_at_document(
        &mut self,
        photo: &[u8],
        policy: &ComparePolicy,
    ) -> Result<(DocumentReading, Result<Crop, QualityCause>), CaptureError> {
        let engine = self.engine.clone();
        let clock = engine.clock();
        let start = clock.elapsed();
        let mut timings = StageTimings::default();
        let capture = &policy.capture;
        let picture = timed(clock, &mut timings.decode, || {
            decode(photo, &capture.decode)
        })?;
        let mut zone_time = Duration::ZERO;
        let zone = timed(clock, &mut zone_time, || self.read_zone(&picture))?;
        let page = match &zone {
            Zone::Read(read) => Some(&read.page),
            _ => None,
        };
        let (face, portrait_place) =
            self.find_portrait(&picture, page, capture.search, &mut timings)?;
        let (portrait, crop) = self.capture_face(&picture, face, capture, &mut timings);
        timings.total = clock.elapsed().saturating_sub(start);
        let reading = DocumentReading {
            portrait,
            portrait_place,
            zone,
            zone_time,
            timings,
        };
        Ok((reading, crop))
    }

    fn read_zone(&mut self, picture: &Picture) -> Result<Zone, CaptureError> {
        let plane = Plane::from_rgb(picture.width(), picture.height(), picture.pixels());
        let Ok(plane) = plane else {
            return Ok(Zone::Absent);
        };
        let Self { reader, engine, .. } = self;
        let reader = match reader {
            Some(reader) => reader,
            none => none.insert(engine.zone_reader().map_err(CaptureError::TextPlan)?),
        };
        reader
            .read_closely(&plane, picture.pixels())
            .map_err(CaptureError::ReadZone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countenance_document::{Mrz, Page, Reading, check_digit};

    /// A passport with these dates, all its check digits right.
    fn passport(birth: &str, expiry: &str) -> Reading {
        let digit = |text: &str| char::from(check_digit(text.bytes()).unwrap());
        let with_digit = |text: &str| format!("{text}{}", digit(text));
        let (number, birth, expiry) = ("L898902C3", with_digit(birth), with_digit(expiry));
        let (number, optional) = (with_digit(number), with_digit("ZE184226B<<<<<"));
        let all = digit(&format!("{number}{birth}{expiry}{optional}"));
        let second = format!("{number}UTO{birth}F{expiry}{optional}{all}");
        let lines = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", &second];
        let mrz = Mrz::parse(&lines).unwrap();
        let page = Page::new(mrz.format(), [100.0, 600.0], [10.0, 0.0], [0.0, -10.0]);
        Reading {
            mrz,
            corrected: 0,
            unsure: 0,
            page,
        }
    }

    fn of(zone: &Zone) -> ZoneChecks {
        beside(zone, Some(PortraitPlace::Page))
    }

    fn beside(zone: &Zone, portrait: Option<PortraitPlace>) -> ZoneChecks {
        // 2026-11-26.
        ZoneChecks::of_zone(zone, portrait, Timestamp::from_unix(1_795_651_200))
    }

    #[test]
    fn a_zone_is_not_trusted_for_a_portrait_that_is_not_on_its_page() {
        let zone = Zone::Read(passport("740812", "300415"));
        assert_eq!(of(&zone).distrust(), None, "control");
        assert_eq!(of(&zone).claim().portrait.as_deref(), Some("page"));
        for (place, told) in [(Some(PortraitPlace::Apart), Some("apart")), (None, None)] {
            let checks = beside(&zone, place);
            assert_eq!(checks.distrust(), Some(Distrust::Apart));
            assert_eq!(checks.claim().portrait.as_deref(), told);
        }
        // Without a zone nothing is on its page.
        let none = beside(&Zone::Absent, Some(PortraitPlace::Page));
        assert_eq!(none.claim().portrait, None);
    }

    #[test]
    fn a_zone_is_trusted_with_dates_that_are_dates_and_to_come() {
        let distrust = |birth: &str, expiry: &str| {
            let checks = of(&Zone::Read(passport(birth, expiry)));
            assert_eq!(checks.check_digits(), CheckOutcome::Passed);
            assert_eq!(checks.is_trusted(), checks.distrust().is_none());
            checks.distrust()
        };
        assert_eq!(distrust("740812", "300415"), None);
        assert_eq!(distrust("740812", "261126"), None);
        assert_eq!(distrust("740812", "261125"), Some(Distrust::Expired));
        // What is not known is written with fillers, and may be of a birth; a document without an end is no document in date.
        for birth in ["7408<<", "74<<<<", "<<<<<<"] {
            assert_eq!(distrust(birth, "300415"), None, "{birth}");
        }
        assert_eq!(distrust("740812", "<<<<<<"), Some(Distrust::NoExpiry));
        assert_eq!(distrust("740812", "301315"), Some(Distrust::NoExpiry));
        assert_eq!(distrust("740812", "3004<<"), None);
        for birth in ["741312", "740230", "740800", "750229", "7<0812"] {
            assert_eq!(distrust(birth, "300415"), Some(Distrust::Birth), "{birth}");
        }
    }

    #[test]
    fn a_zone_that_is_not_clear_or_does_not_hold_is_not_trusted() {
        assert_eq!(of(&Zone::Absent).distrust(), Some(Distrust::Absent));
        assert_eq!(of(&Zone::Unreadable).distrust(), Some(Distrust::NotClear));
        for (corrected, unsure) in [(1, 0), (0, 1)] {
            let doubtful = Reading {
                corrected,
                unsure,
                ..passport("740812", "300415")
            };
            let checks = of(&Zone::Read(doubtful));
            assert_eq!(checks.distrust(), Some(Distrust::NotClear));
        }
        let lines = [
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
            "L898902C36UTO7408123F3004154ZE184226B<<<<<10",
        ];
        let wrong = Reading {
            mrz: Mrz::parse(&lines).unwrap(),
            ..passport("740812", "300415")
        };
        let checks = of(&Zone::Read(wrong));
        assert_eq!(checks.distrust(), Some(Distrust::CheckDigit));
        assert!(!checks.is_trusted());
    }
}
