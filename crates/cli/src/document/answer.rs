//! The answer in words and for programs.

use super::{CheckArgs, strict};
use crate::failure::Failure;
use crate::json::{self, FaceJson, TimingJson};
use crate::terminal::{self, FAINT, GREEN, RED, YELLOW, plain};
use crate::verify::summary;
use countenance_core::vault::Timestamp;
use countenance_core::{
    CheckDigit, CheckOutcome, Day, Decision, DocumentCheck, DocumentReading, Field, Mrz,
    PortraitPlace, Recapture, Side, Zone, ZoneChecks, ZoneReading, day_of,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// What `document check --json` prints.
#[derive(Debug, Serialize)]
struct CheckJson<'a> {
    decision: &'static str,
    refused_by_strict: Option<&'static str>,
    side: Option<&'static str>,
    cause: Option<&'static str>,
    score: Option<f64>,
    threshold: f64,
    fmr: f64,
    model: &'a str,
    portrait: FaceJson,
    selfie: FaceJson,
    zone: ZoneJson,
    timing_ms: DocumentTimingJson,
}

/// What `document read --json` prints.
#[derive(Debug, Serialize)]
struct ReadingJson {
    portrait: FaceJson,
    zone: ZoneJson,
    timing_ms: DocumentTimingJson,
}

#[derive(Debug, Serialize)]
struct DocumentTimingJson {
    #[serde(flatten)]
    stages: TimingJson,
    zone: f64,
}

#[derive(Debug, Serialize)]
struct ZoneJson {
    reading: &'static str,
    format: Option<&'static str>,
    check_digits: &'static str,
    checks: Option<BTreeMap<&'static str, &'static str>>,
    expired: Option<bool>,
    portrait: Option<&'static str>,
    corrected: usize,
    unsure: usize,
    #[serde(flatten)]
    fields: Option<FieldsJson>,
}

/// What the zone says.
#[derive(Debug, Serialize)]
struct FieldsJson {
    lines: Vec<String>,
    code: String,
    issuer: String,
    number: String,
    primary_name: String,
    secondary_name: String,
    birth: Option<String>,
    expiry: Option<String>,
    optional: String,
}

/// Which of the two pictures.
fn picture_of(side: Side) -> &'static str {
    match side {
        Side::Reference => "document",
        Side::Probe => "selfie",
    }
}

pub(super) fn print_check(
    args: &CheckArgs,
    checked: &DocumentCheck,
    zone: &ZoneChecks,
) -> Result<(), Failure> {
    let accepted = checked.decision == Decision::Accept;
    let refused = strict(zone).filter(|_| args.strict && accepted);
    let refused = refused.map(|(_, why)| why);
    if !args.json {
        let out = &mut anstream::stdout().lock();
        return Ok(write_check(out, checked, zone, refused)?);
    }
    let again = match checked.decision {
        Decision::Recapture(again) => Some(again),
        Decision::Accept | Decision::Reject => None,
    };
    Ok(json::print(&CheckJson {
        decision: checked.decision.name(),
        refused_by_strict: refused,
        side: again.map(|again| picture_of(again.side)),
        cause: again.map(|again| again.cause.code()),
        score: checked.score.map(|score| json::score(score.cosine())),
        threshold: json::score(checked.threshold.cosine()),
        fmr: checked.threshold.fmr().rate(),
        model: checked.threshold.model().as_str(),
        portrait: FaceJson::from(&checked.document.portrait),
        selfie: FaceJson::from(&checked.selfie),
        zone: zone_json(&checked.document.zone, zone, None),
        timing_ms: timing(&checked.document),
    })?)
}

pub(super) fn print_reading(
    as_json: bool,
    reading: &DocumentReading,
    zone: &ZoneChecks,
    now: Timestamp,
) -> Result<(), Failure> {
    if as_json {
        return Ok(json::print(&ReadingJson {
            portrait: FaceJson::from(&reading.portrait),
            zone: zone_json(&reading.zone, zone, Some(now)),
            timing_ms: timing(reading),
        })?);
    }
    Ok(write_reading(
        &mut anstream::stdout().lock(),
        reading,
        zone,
        now,
    )?)
}

fn timing(reading: &DocumentReading) -> DocumentTimingJson {
    DocumentTimingJson {
        stages: TimingJson::from(&reading.timings),
        zone: json::milliseconds(reading.zone_time),
    }
}

fn zone_json(zone: &Zone, checks: &ZoneChecks, told: Option<Timestamp>) -> ZoneJson {
    let read = match zone {
        Zone::Read(read) => Some(read),
        _ => None,
    };
    ZoneJson {
        reading: checks.reading.name(),
        format: checks.format.map(|format| format.name()),
        check_digits: checks.check_digits().name(),
        checks: checks.checks.map(|checks| {
            let of = |check: CheckDigit| (check.name(), checks.of(check).name());
            CheckDigit::ALL.into_iter().map(of).collect()
        }),
        expired: checks.expired,
        portrait: checks.portrait.map(PortraitPlace::name),
        corrected: read.map_or(0, |read| read.corrected),
        unsure: read.map_or(0, |read| read.unsure),
        fields: read.zip(told).map(|(read, now)| fields(&read.mrz, now)),
    }
}

fn fields(mrz: &Mrz, now: Timestamp) -> FieldsJson {
    let today = day_of(now);
    let text = |field| mrz.field(field).to_string();
    let names = mrz.names();
    FieldsJson {
        lines: mrz.lines().map(str::to_owned).collect(),
        code: text(Field::Code),
        issuer: text(Field::Issuer),
        number: mrz.number().to_string(),
        primary_name: names.primary().to_owned(),
        secondary_name: names.secondary().to_owned(),
        birth: mrz.birth().and_then(|date| date.as_birth(today)).map(iso),
        expiry: mrz.expiry().and_then(|date| date.as_expiry(today)).map(iso),
        optional: [text(Field::Optional), text(Field::Optional2)]
            .join(" ")
            .trim()
            .to_owned(),
    }
}

/// `1974-08-12`.
fn iso(day: Day) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
}

fn write_check(
    out: &mut impl Write,
    checked: &DocumentCheck,
    zone: &ZoneChecks,
    refused: Option<&'static str>,
) -> io::Result<()> {
    let (style, verdict) = match checked.decision {
        Decision::Accept => (GREEN, "The person on the document".to_owned()),
        Decision::Reject => (RED, "Not the person on the document".to_owned()),
        Decision::Recapture(Recapture { side, .. }) => {
            let which = picture_of(side);
            (YELLOW, format!("Take the picture of the {which} again"))
        }
    };
    let decision = checked.decision;
    match refused {
        None => writeln!(out, "{style}{decision}{style:#}  {verdict}")?,
        Some(why) => {
            writeln!(
                out,
                "{RED}refused{RED:#}  {verdict}, and --strict wants more: {why}"
            )?;
        }
    }
    writeln!(out)?;
    if let Decision::Recapture(Recapture { cause, .. }) = decision {
        writeln!(out, "  cause      {}", terminal::cause(cause))?;
    }
    if let Some(score) = checked.score {
        let relation = match decision {
            Decision::Accept => "reaches",
            _ => "stays below",
        };
        let (score, threshold) = (score.cosine(), checked.threshold.cosine());
        writeln!(
            out,
            "  score      {score:.3}, {relation} the threshold {threshold:.3}"
        )?;
    }
    writeln!(out, "  portrait   {}", summary(&checked.document.portrait))?;
    write_place(out, zone)?;
    writeln!(out, "  selfie     {}", summary(&checked.selfie))?;
    write_zone(out, &checked.document.zone, zone)?;
    writeln!(
        out,
        "  genuine    not checked: no chip is read and no hologram looked at"
    )?;
    write_time(out, &checked.document)
}

fn write_reading(
    out: &mut impl Write,
    reading: &DocumentReading,
    zone: &ZoneChecks,
    now: Timestamp,
) -> io::Result<()> {
    if let Zone::Read(read) = &reading.zone {
        for line in read.mrz.lines() {
            writeln!(out, "  {}", plain(line))?;
        }
        writeln!(out)?;
        let fields = fields(&read.mrz, now);
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "not stated".to_owned());
        writeln!(
            out,
            "  document   {} {} of {}",
            fields.code, fields.number, fields.issuer
        )?;
        writeln!(
            out,
            "  names      {}, {}",
            fields.primary_name, fields.secondary_name
        )?;
        writeln!(out, "  born       {}", or_none(fields.birth))?;
        writeln!(out, "  valid to   {}", or_none(fields.expiry))?;
    }
    write_zone(out, &reading.zone, zone)?;
    writeln!(out, "  portrait   {}", summary(&reading.portrait))?;
    write_place(out, zone)?;
    write_time(out, reading)
}

/// That portrait and zone may be of two documents, where they are not on one page.
fn write_place(out: &mut impl Write, checks: &ZoneChecks) -> io::Result<()> {
    if checks.portrait == Some(PortraitPlace::Apart) {
        writeln!(
            out,
            "             not on the page of the zone: that both are of one card is not checked"
        )?;
    }
    Ok(())
}

fn write_zone(out: &mut impl Write, zone: &Zone, checks: &ZoneChecks) -> io::Result<()> {
    let style = match (checks.reading, checks.check_digits()) {
        (_, CheckOutcome::Failed) => RED,
        (ZoneReading::Clear, _) => GREEN,
        _ => YELLOW,
    };
    let words = match (zone, checks.format) {
        (Zone::Read(read), Some(format)) => {
            let mut words = format!("{}, {}", format.name(), checks.reading.name());
            if read.unsure > 0 {
                words.push_str(&format!(
                    ", {} not sure",
                    terminal::counted(read.unsure, "character")
                ));
            }
            if read.corrected > 0 {
                words.push_str(&format!(
                    ", {} chosen by check digits",
                    terminal::counted(read.corrected, "character")
                ));
            }
            words
        }
        _ => checks.reading.name().to_owned(),
    };
    writeln!(out, "  zone       {style}{words}{style:#}")?;
    if let Some(all) = checks.checks {
        let each: Vec<String> = CheckDigit::ALL
            .into_iter()
            .map(|check| format!("{} {}", check.name(), all.of(check)))
            .collect();
        writeln!(out, "  digits     {}", each.join(", "))?;
    }
    match checks.expired {
        Some(true) => writeln!(out, "  expired    {RED}yes{RED:#}"),
        Some(false) => writeln!(out, "  expired    no"),
        None => Ok(()),
    }
}

fn write_time(out: &mut impl Write, reading: &DocumentReading) -> io::Result<()> {
    let stages = terminal::timings(&reading.timings);
    let zone = terminal::milliseconds(reading.zone_time);
    writeln!(out, "  {FAINT}time       {stages}, zone {zone}{FAINT:#}")
}
