//! A drawn face: no person, only gradients and curves, yet enough for a detector.
//!
//! It stands in where a picture with a face is needed and no photo may be shipped: benchmarks and the self-test.

use super::canvas::DrawError;
use countenance_core::Picture;
use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Shader, SpreadMode, Stroke, Transform,
};

/// The face in a unit square: 0,0 top left, 1,1 bottom right; the head fills its middle.
struct Sketch {
    pixmap: Pixmap,
    place: Transform,
}

/// A picture of so many columns and rows with a drawn face, `height` pixels from chin to crown, at its middle,
/// in front of a grainy wall. The same on every machine.
pub(crate) fn portrait(columns: usize, rows: usize, height: f32) -> Result<Picture, DrawError> {
    let width = u32::try_from(columns).map_err(|_| DrawError::Size)?;
    let pixmap = Pixmap::new(width, u32::try_from(rows).map_err(|_| DrawError::Size)?);
    let mut sketch = Sketch {
        pixmap: pixmap.ok_or(DrawError::Size)?,
        place: Transform::from_row(
            height,
            0.0,
            0.0,
            height,
            (columns as f32 - height) / 2.0,
            (rows as f32 - height) / 2.0,
        ),
    };
    sketch.pixmap.fill(rgb(0x8a_94_9c));
    sketch.head();
    for side in [-1.0, 1.0] {
        sketch.eye(side);
    }
    sketch.nose();
    sketch.mouth();
    let mut pixels = Vec::with_capacity(columns * rows * 3);
    let mut grain = Grain(0x2545_f491);
    for pixel in sketch.pixmap.data().chunks_exact(4) {
        let shift = grain.next();
        let channels = pixel.iter().take(3);
        pixels.extend(channels.map(|&value| value.saturating_add_signed(shift)));
    }
    Picture::from_rgb(columns, rows, pixels).map_err(|_| DrawError::Size)
}

/// Noise of ±6 grey levels, so that the picture costs a decoder what a photo costs (xorshift, Marsaglia 2003).
struct Grain(u32);

impl Grain {
    fn next(&mut self) -> i8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (self.0 % 13) as i8 - 6
    }
}

impl Sketch {
    fn head(&mut self) {
        // Shoulders, neck, hair behind, face, hair in front.
        self.ellipse(0.5, 1.28, 0.62, 0.36, flat(0x2f_3b_52));
        self.ellipse(0.5, 0.92, 0.155, 0.22, flat(0xb0_7f_63));
        self.ellipse(0.5, 0.40, 0.375, 0.42, flat(0x2b_20_1a));
        for side in [-1.0, 1.0] {
            self.ellipse(0.5 + side * 0.325, 0.53, 0.045, 0.09, flat(0xc0_8d_70));
        }
        let skin = glow(0.46, 0.42, 0.62, 0xe9_bf_a2, 0xa8_74_58);
        self.ellipse(0.5, 0.52, 0.315, 0.43, skin);
        let mut fringe = PathBuilder::new();
        fringe.move_to(0.19, 0.44);
        fringe.cubic_to(0.20, 0.10, 0.42, 0.03, 0.55, 0.04);
        fringe.cubic_to(0.74, 0.05, 0.82, 0.22, 0.81, 0.44);
        fringe.cubic_to(0.77, 0.30, 0.70, 0.22, 0.60, 0.21);
        fringe.cubic_to(0.45, 0.24, 0.30, 0.20, 0.19, 0.44);
        fringe.close();
        self.fill(fringe.finish(), flat(0x2b_20_1a));
        for side in [-1.0, 1.0] {
            self.ellipse(
                0.5 + side * 0.17,
                0.64,
                0.08,
                0.06,
                glow_at(0.5 + side * 0.17, 0.64, 0.08, 0xd9_95_80, 0.5),
            );
        }
    }

    fn eye(&mut self, side: f32) {
        let x = 0.5 + side * 0.135;
        self.ellipse(
            x,
            0.455,
            0.085,
            0.05,
            glow_at(x, 0.455, 0.085, 0x7a_4f_3c, 0.65),
        );
        self.ellipse(x, 0.46, 0.060, 0.027, flat(0xf2_ee_ea));
        self.ellipse(x, 0.46, 0.027, 0.027, flat(0x4a_31_22));
        self.ellipse(x, 0.46, 0.013, 0.013, flat(0x10_0c_0a));
        self.ellipse(x + 0.008, 0.452, 0.005, 0.005, flat(0xff_ff_ff));
        let mut lid = PathBuilder::new();
        lid.move_to(x - 0.066, 0.463);
        lid.quad_to(x, 0.412, x + 0.066, 0.463);
        self.stroke(lid.finish(), 0.012, 0x2c_1b_14);
        let mut brow = PathBuilder::new();
        brow.move_to(x - 0.085, 0.385 + side * -0.008);
        brow.quad_to(x, 0.345, x + 0.085, 0.385 + side * 0.008);
        self.stroke(brow.finish(), 0.026, 0x35_25_1c);
    }

    fn nose(&mut self) {
        self.ellipse(
            0.515,
            0.585,
            0.055,
            0.11,
            glow_at(0.53, 0.6, 0.09, 0x8f_5f_48, 0.55),
        );
        self.ellipse(
            0.495,
            0.545,
            0.022,
            0.12,
            glow_at(0.495, 0.56, 0.1, 0xf6_d6_bf, 0.7),
        );
        self.ellipse(
            0.5,
            0.645,
            0.052,
            0.034,
            glow_at(0.495, 0.635, 0.06, 0xe2_b0_93, 0.9),
        );
        for side in [-1.0, 1.0] {
            self.ellipse(0.5 + side * 0.028, 0.668, 0.016, 0.009, flat(0x4f_2e_22));
        }
        let mut base = PathBuilder::new();
        base.move_to(0.445, 0.655);
        base.quad_to(0.5, 0.70, 0.555, 0.655);
        self.stroke(base.finish(), 0.008, 0x8b_5a_45);
    }

    fn mouth(&mut self) {
        let mut upper = PathBuilder::new();
        upper.move_to(0.395, 0.778);
        upper.cubic_to(0.44, 0.752, 0.475, 0.748, 0.5, 0.758);
        upper.cubic_to(0.525, 0.748, 0.56, 0.752, 0.605, 0.778);
        upper.quad_to(0.5, 0.795, 0.395, 0.778);
        self.fill(upper.finish(), flat(0xa3_4f_4b));
        let mut lower = PathBuilder::new();
        lower.move_to(0.395, 0.778);
        lower.quad_to(0.5, 0.862, 0.605, 0.778);
        lower.quad_to(0.5, 0.795, 0.395, 0.778);
        self.fill(lower.finish(), flat(0xbd_66_60));
        let mut line = PathBuilder::new();
        line.move_to(0.388, 0.776);
        line.quad_to(0.5, 0.800, 0.612, 0.776);
        self.stroke(line.finish(), 0.009, 0x4d_22_20);
        self.ellipse(
            0.5,
            0.868,
            0.07,
            0.018,
            glow_at(0.5, 0.868, 0.07, 0x8a_5a_46, 0.5),
        );
    }

    fn ellipse(&mut self, x: f32, y: f32, across: f32, down: f32, shader: Shader<'static>) {
        let oval = tiny_skia::Rect::from_ltrb(x - across, y - down, x + across, y + down);
        self.fill(oval.and_then(PathBuilder::from_oval), shader);
    }

    fn fill(&mut self, path: Option<Path>, shader: Shader<'static>) {
        let paint = Paint {
            shader,
            anti_alias: true,
            ..Paint::default()
        };
        if let Some(path) = path {
            self.pixmap
                .fill_path(&path, &paint, FillRule::Winding, self.place, None);
        }
    }

    fn stroke(&mut self, path: Option<Path>, width: f32, hex: u32) {
        let paint = Paint {
            shader: flat(hex),
            anti_alias: true,
            ..Paint::default()
        };
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            ..Stroke::default()
        };
        if let Some(path) = path {
            self.pixmap
                .stroke_path(&path, &paint, &stroke, self.place, None);
        }
    }
}

fn rgb(hex: u32) -> Color {
    Color::from_rgba8((hex >> 16) as u8, (hex >> 8) as u8, hex as u8, 255)
}

fn flat(hex: u32) -> Shader<'static> {
    Shader::SolidColor(rgb(hex))
}

/// From one colour at a point to another at a distance.
fn glow(x: f32, y: f32, radius: f32, inner: u32, outer: u32) -> Shader<'static> {
    gradient(x, y, radius, rgb(inner), rgb(outer))
}

/// A colour that fades away from a point.
fn glow_at(x: f32, y: f32, radius: f32, hex: u32, strength: f32) -> Shader<'static> {
    let (mut inner, mut outer) = (rgb(hex), rgb(hex));
    inner.set_alpha(strength);
    outer.set_alpha(0.0);
    gradient(x, y, radius, inner, outer)
}

fn gradient(x: f32, y: f32, radius: f32, inner: Color, outer: Color) -> Shader<'static> {
    let stops = vec![GradientStop::new(0.0, inner), GradientStop::new(1.0, outer)];
    let center = Point::from_xy(x, y);
    RadialGradient::new(
        center,
        0.0,
        center,
        radius,
        stops,
        SpreadMode::Pad,
        Transform::identity(),
    )
    .unwrap_or(Shader::SolidColor(inner))
}
