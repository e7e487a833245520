//! The answer of `verify` as one picture: both faces side by side, and the score against its threshold.

use super::canvas::{Canvas, DrawError};
use super::detection;
use super::ink::{AMBER, BLUE, GREEN, Ink, LINE, MARGIN, PAPER, QUIET, RED, TEXT, WHITE};
use super::text::{Anchor, Weight};
use super::window::Window;
use countenance_core::{Capture, Decision, Picture};
use tiny_skia::Rect;

const WIDTH: f32 = 1200.0;
const GAP: f32 = 24.0;
const HEADLINE: f32 = 84.0;
const PANELS: f32 = 150.0;
const PANEL: f32 = (WIDTH - 2.0 * MARGIN - GAP) / 2.0;
const CAPTIONS: f32 = PANELS + PANEL + 32.0;
const BAR: f32 = CAPTIONS + 104.0;
const BAR_HEIGHT: f32 = 16.0;
const FOOTER: f32 = BAR + BAR_HEIGHT + 88.0;
const HEIGHT: f32 = FOOTER + 34.0;
const RADIUS: f32 = 14.0;

/// The scores that the bar shows; a lower one stands at its left end. Different people score around 0.
const AXIS: (f32, f32) = (-0.2, 1.0);

/// One of the two pictures.
pub(crate) struct Panel<'a> {
    /// `Reference` or `Probe`.
    pub(crate) title: &'static str,
    /// The file's name.
    pub(crate) name: String,
    /// The pixels.
    pub(crate) picture: &'a Picture,
    /// What was found in it.
    pub(crate) capture: &'a Capture,
    /// What was found, in words.
    pub(crate) summary: String,
}

/// Everything the slide says.
pub(crate) struct ComparisonSlide<'a> {
    pub(crate) decision: Decision,
    /// The answer in a few words.
    pub(crate) headline: String,
    /// What the answer means, in one sentence.
    pub(crate) explanation: String,
    /// A cosine; `None` for a recapture.
    pub(crate) score: Option<f32>,
    /// A cosine.
    pub(crate) threshold: f32,
    pub(crate) panels: [Panel<'a>; 2],
    /// Program, model and time.
    pub(crate) footer: String,
}

/// Paints the slide.
pub(crate) fn comparison(slide: &ComparisonSlide<'_>) -> Result<Canvas, DrawError> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT)?;
    let ink = match slide.decision {
        Decision::Accept => GREEN,
        Decision::Reject => RED,
        Decision::Recapture(_) => AMBER,
    };
    let room = WIDTH - 2.0 * MARGIN;
    let at = (MARGIN, HEADLINE);
    canvas.text(&slide.headline, at, Anchor::Start, Weight::Bold, 42.0, ink);
    let explanation = canvas
        .typeface()
        .fit(&slide.explanation, Weight::Regular, 19.0, room);
    let at = (MARGIN, HEADLINE + 36.0);
    canvas.text(
        &explanation,
        at,
        Anchor::Start,
        Weight::Regular,
        19.0,
        QUIET,
    );
    for (i, panel) in slide.panels.iter().enumerate() {
        let left = MARGIN + i as f32 * (PANEL + GAP);
        paint_panel(&mut canvas, panel, left, ink)?;
    }
    paint_bar(&mut canvas, slide, ink);
    let at = (MARGIN, FOOTER);
    canvas.text(
        &slide.footer,
        at,
        Anchor::Start,
        Weight::Regular,
        14.0,
        QUIET,
    );
    Ok(canvas)
}

fn paint_panel(
    canvas: &mut Canvas,
    panel: &Panel<'_>,
    left: f32,
    ink: Ink,
) -> Result<(), DrawError> {
    let room = Rect::from_xywh(left, PANELS, PANEL, PANEL).ok_or(DrawError::Size)?;
    let size = panel.capture.size;
    match &panel.capture.face {
        Some(face) => {
            let window = Window::around(face, size, room);
            canvas.picture(panel.picture, &window, RADIUS)?;
            // When one picture is to be taken again, the other may still be a good one.
            let ink = match (panel.capture.causes.is_empty(), ink == AMBER) {
                (true, true) => BLUE,
                (true, false) => ink,
                (false, _) => AMBER,
            };
            detection::mark(canvas, face, &window, RADIUS, ink, None);
        }
        None => {
            canvas.fill_rect(room, RADIUS, LINE);
            let window = Window::whole(size, room).ok_or(DrawError::Size)?;
            canvas.picture(panel.picture, &window, RADIUS)?;
        }
    }
    let title = panel.title;
    let at = (left, CAPTIONS);
    canvas.text(title, at, Anchor::Start, Weight::Bold, 19.0, TEXT);
    let used = canvas.typeface().width(title, Weight::Bold, 19.0) + 12.0;
    let name = canvas
        .typeface()
        .fit(&panel.name, Weight::Regular, 19.0, PANEL - used);
    let at = (left + used, CAPTIONS);
    canvas.text(&name, at, Anchor::Start, Weight::Regular, 19.0, QUIET);
    let summary = canvas
        .typeface()
        .fit(&panel.summary, Weight::Regular, 16.0, PANEL);
    let at = (left, CAPTIONS + 26.0);
    canvas.text(&summary, at, Anchor::Start, Weight::Regular, 16.0, QUIET);
    Ok(())
}

fn paint_bar(canvas: &mut Canvas, slide: &ComparisonSlide<'_>, ink: Ink) {
    let length = WIDTH - 2.0 * MARGIN;
    let place = |cosine: f32| {
        let share = (cosine - AXIS.0) / (AXIS.1 - AXIS.0);
        MARGIN + length * share.clamp(0.0, 1.0)
    };
    let threshold = place(slide.threshold);
    let bar = |from: f32, to: f32| Rect::from_ltrb(from, BAR, to, BAR + BAR_HEIGHT);
    if let Some(area) = bar(MARGIN, MARGIN + length) {
        canvas.fill_rect(area, BAR_HEIGHT / 2.0, LINE);
    }
    let below = BAR + BAR_HEIGHT + 28.0;
    for (cosine, label, anchor) in [(0.0, "0", Anchor::Middle), (1.0, "1", Anchor::End)] {
        let x = place(cosine);
        if (x - threshold).abs() > 110.0 {
            canvas.text(label, (x, below), anchor, Weight::Regular, 16.0, QUIET);
            if cosine < AXIS.1 {
                let tick = BAR + BAR_HEIGHT;
                canvas.line((x, tick + 3.0), (x, tick + 8.0), 1.5, QUIET);
            }
        }
    }
    if let Some(score) = slide.score {
        let x = place(score);
        if let Some(area) = bar(MARGIN, x.max(MARGIN + BAR_HEIGHT)) {
            canvas.fill_rect(area, BAR_HEIGHT / 2.0, ink);
        }
        let middle = BAR + BAR_HEIGHT / 2.0;
        canvas.dot(x, middle, 15.0, WHITE, None);
        canvas.dot(x, middle, 11.0, ink, None);
        let text = format!("score {score:.3}");
        let half = canvas.typeface().width(&text, Weight::Bold, 22.0) / 2.0;
        let x = x.clamp(MARGIN + half, WIDTH - MARGIN - half);
        canvas.text(
            &text,
            (x, BAR - 20.0),
            Anchor::Middle,
            Weight::Bold,
            22.0,
            ink,
        );
    }
    let (top, bottom) = (BAR - 9.0, BAR + BAR_HEIGHT + 9.0);
    canvas.line((threshold, top), (threshold, bottom), 7.0, PAPER);
    canvas.line((threshold, top), (threshold, bottom), 3.0, TEXT);
    let text = format!("threshold {:.3}", slide.threshold);
    canvas.text(
        &text,
        (threshold, below),
        Anchor::Middle,
        Weight::Bold,
        16.0,
        TEXT,
    );
}

#[cfg(test)]
mod tests {
    use super::{BAR, BAR_HEIGHT, ComparisonSlide, MARGIN, Panel, comparison};
    use crate::draw::portrait;
    use countenance_core::{
        Capture, Decision, Face, Point, QualityCause, Recapture, Rect, Side, Size,
    };

    const SIDE: usize = 300;

    fn capture() -> Capture {
        let at = |x, y| Point { x, y };
        Capture {
            size: Size {
                width: SIDE,
                height: SIDE,
            },
            face: Some(Face {
                area: Rect {
                    x: 90.0,
                    y: 80.0,
                    width: 120.0,
                    height: 150.0,
                },
                landmarks: [
                    at(123.0, 141.0),
                    at(177.0, 141.0),
                    at(150.0, 175.0),
                    at(128.0, 205.0),
                    at(172.0, 205.0),
                ],
                score: 0.9,
            }),
            quality: None,
            causes: Vec::new(),
        }
    }

    fn painted(decision: Decision, score: Option<f32>) -> (Vec<u8>, usize) {
        let picture = portrait(SIDE, SIDE, 200.0).unwrap();
        let found = capture();
        let lost = Capture {
            face: None,
            ..capture()
        };
        let panel = |title, capture| Panel {
            title,
            name: "a-file-with-a-name-that-is-much-too-long-for-one-line-of-a-slide.jpeg"
                .to_owned(),
            picture: &picture,
            capture,
            summary: "face 120 px wide, facing the camera".to_owned(),
        };
        let probe = if score.is_some() { &found } else { &lost };
        let slide = ComparisonSlide {
            decision,
            headline: "Same person".to_owned(),
            explanation: "At a false-match rate of 1e-4".to_owned(),
            score,
            threshold: 0.4,
            panels: [panel("Reference", &found), panel("Probe", probe)],
            footer: "countenance".to_owned(),
        };
        let canvas = comparison(&slide).unwrap();
        if let Some(folder) = std::env::var_os("COUNTENANCE_KEEP_DRAWINGS") {
            let path = std::path::Path::new(&folder).join(format!("{decision}.png"));
            canvas.save(&path).unwrap();
        }
        let (rgb, width, _) = canvas.rgb();
        (rgb, width as usize)
    }

    /// The colour of the bar at its left end.
    fn bar(rgb: &[u8], width: usize) -> [u8; 3] {
        let (x, y) = (MARGIN + BAR_HEIGHT, BAR + BAR_HEIGHT / 2.0);
        let at = (2 * y as usize * width + 2 * x as usize) * 3;
        [rgb[at], rgb[at + 1], rgb[at + 2]]
    }

    #[test]
    fn the_bar_is_green_for_accept_red_for_reject_and_empty_without_a_score() {
        let (rgb, width) = painted(Decision::Accept, Some(0.7));
        assert_eq!(bar(&rgb, width), [0x15, 0x80, 0x3d]);
        let (rgb, width) = painted(Decision::Reject, Some(0.1));
        assert_eq!(bar(&rgb, width), [0xb9, 0x1c, 0x1c]);
        let recapture = Decision::Recapture(Recapture {
            side: Side::Probe,
            cause: QualityCause::NoFace,
        });
        let (rgb, width) = painted(recapture, None);
        assert_eq!(bar(&rgb, width), [0xe3, 0xe1, 0xdc]);
    }
}
