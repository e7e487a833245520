//! The few colours, sizes and distances that every picture uses.

use tiny_skia::Color;

/// A colour from its six hexadecimal digits.
const fn rgb(hex: u32) -> Ink {
    Ink {
        red: (hex >> 16) as u8,
        green: (hex >> 8) as u8,
        blue: hex as u8,
        alpha: 255,
    }
}

/// A colour, 8 bits per channel, not premultiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ink {
    red: u8,
    green: u8,
    blue: u8,
    alpha: u8,
}

impl Ink {
    /// The same colour, seen through: 0 is nothing, 255 is solid.
    pub(super) const fn alpha(self, alpha: u8) -> Self {
        Self { alpha, ..self }
    }

    pub(super) fn color(self) -> Color {
        Color::from_rgba8(self.red, self.green, self.blue, self.alpha)
    }
}

/// The sheet.
pub(super) const PAPER: Ink = rgb(0x00fb_faf8);
/// Words.
pub(super) const TEXT: Ink = rgb(0x001b_1d21);
/// Less important words.
pub(super) const QUIET: Ink = rgb(0x0069_6f7a);
/// Hairlines and empty bars.
pub(super) const LINE: Ink = rgb(0x00e3_e1dc);
/// Around marks on a picture, so that they show on any ground.
pub(super) const WHITE: Ink = rgb(0x00ff_ffff);
/// Under marks on a picture, for the same reason.
pub(super) const SHADOW: Ink = rgb(0x0000_0000);
/// Accept.
pub(super) const GREEN: Ink = rgb(0x0015_803d);
/// Reject.
pub(super) const RED: Ink = rgb(0x00b9_1c1c);
/// Recapture, and faces with something against them.
pub(super) const AMBER: Ink = rgb(0x00b4_5309);
/// Where no decision is: a face that was found.
pub(super) const BLUE: Ink = rgb(0x001d_4ed8);

/// Between the edge of the sheet and anything on it.
pub(super) const MARGIN: f32 = 48.0;
