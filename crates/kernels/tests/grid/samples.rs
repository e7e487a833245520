//! Samples of a picture: integers, so every level gives the meaning's bytes exactly.

use super::{Values, levels};
use countenance_kernels::{Along, RgbSamples};

/// A picture of bytes; it ends at a page that may not be touched.
struct Bytes {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl Bytes {
    fn random(values: &mut Values, width: usize, height: usize) -> Self {
        let mut pixels = vec![0; 3 * width * height];
        for pixel in &mut pixels {
            *pixel = ((values.next() + 1.0) * 128.0) as u8;
        }
        Self {
            pixels,
            width,
            height,
        }
    }

    fn at(&self, column: f64, row: f64, channel: usize) -> f64 {
        let inside =
            (0.0..self.width as f64).contains(&column) && (0.0..self.height as f64).contains(&row);
        match inside {
            true => {
                let place = row as usize * self.width + column as usize;
                f64::from(self.pixels[3 * place + channel])
            }
            false => 0.0,
        }
    }

    /// A sample from the definition, in f64, where all of it is exact but the coordinates, which are f32.
    fn sample(&self, across: Along, down: Along, count: usize, number: usize) -> [u8; 3] {
        let split = |along: Along| {
            let place = |i: usize| along.slope * i as f32 + along.start + along.offset;
            let origin = place(0).min(place(count - 1)).floor();
            let steps = (f64::from(place(number) - origin) * 2048.0).floor();
            let whole = (steps / 2048.0).floor();
            (f64::from(origin) + whole, steps / 2048.0 - whole)
        };
        let ((column, u), (row, v)) = (split(across), split(down));
        std::array::from_fn(|c| {
            let upper = self.at(column, row, c) * (1.0 - u) + self.at(column + 1.0, row, c) * u;
            let lower =
                self.at(column, row + 1.0, c) * (1.0 - u) + self.at(column + 1.0, row + 1.0, c) * u;
            (upper * (1.0 - v) + lower * v + 0.5).floor() as u8
        })
    }

    /// Holds every level against the definition.
    fn check(&self, across: Along, down: Along, count: usize) {
        let wanted: Vec<_> = (0..count)
            .map(|number| self.sample(across, down, count, number))
            .collect();
        for isa in levels() {
            let samples = RgbSamples::new(isa).expect("the level is available");
            let mut out = vec![[9; 3]; count];
            samples.run(&self.pixels, self.width, across, down, &mut out);
            assert_eq!(
                out, wanted,
                "{isa}: {across:?} {down:?} of {} x {}",
                self.width, self.height
            );
        }
    }
}

/// A line whose first sample is at one coordinate and whose last is about at another.
fn between(first: f32, last: f32, count: usize) -> Along {
    Along {
        slope: (last - first) / count.saturating_sub(1).max(1) as f32,
        start: 0.0,
        offset: first,
    }
}

#[test]
fn a_line_from_any_corner_to_any_other_is_sampled_as_defined_on_every_level() {
    let mut values = Values(0x5eed);
    for (width, height) in [(1, 1), (1, 9), (2, 2), (3, 2), (5, 7), (33, 18), (64, 3)] {
        let bytes = Bytes::random(&mut values, width, height);
        let ends = |size: usize| {
            let last = size as f32 - 1.0;
            // Just inside, on the edge, outside on each side, and nowhere near.
            [
                0.0,
                0.25,
                last - 0.001,
                last - 1.0,
                last,
                -0.7,
                last + 1.5,
                -40.0,
            ]
        };
        for count in [0, 1, 2, 3, 4, 5, 7, 8, 31, 112] {
            for (left, right) in ends(width).into_iter().zip(ends(width).into_iter().rev()) {
                for (top, bottom) in ends(height).into_iter().zip(ends(height).into_iter().rev()) {
                    bytes.check(
                        between(left, right, count),
                        between(top, bottom, count),
                        count,
                    );
                    bytes.check(
                        between(left, left, count),
                        between(bottom, top, count),
                        count,
                    );
                }
            }
        }
    }
}

#[test]
fn random_lines_of_crops_are_sampled_as_defined_on_every_level() {
    let mut values = Values(0xface);
    for round in 0..400 {
        let width = 2 + (values.next().abs() * 300.0) as usize;
        let height = 2 + (values.next().abs() * 200.0) as usize;
        let bytes = Bytes::random(&mut values, width, height);
        let line = |values: &mut Values, size: usize| Along {
            slope: values.next() * 2.0,
            start: values.next() * 50.0,
            offset: (values.next() + 1.0) / 2.0 * size as f32,
        };
        let (across, down) = (line(&mut values, width), line(&mut values, height));
        bytes.check(across, down, 1 + round % 130);
    }
}

#[test]
fn the_brightest_and_the_darkest_stay_what_they_are() {
    for shade in [0, 255] {
        let bytes = Bytes {
            pixels: vec![shade; 3 * 40 * 40],
            width: 40,
            height: 40,
        };
        for isa in levels() {
            let samples = RgbSamples::new(isa).expect("the level is available");
            let mut out = [[7; 3]; 112];
            let (across, down) = (between(0.1, 37.9, 112), between(38.6, 1.3, 112));
            samples.run(&bytes.pixels, 40, across, down, &mut out);
            assert_eq!(out, [[shade; 3]; 112], "{isa}");
        }
    }
}

#[test]
fn a_line_that_is_nowhere_is_black() {
    let bytes = Bytes::random(&mut Values(3), 20, 20);
    let near = between(1.0, 9.0, 8);
    for far in [
        between(1e30, 1e30, 8),
        between(-1e30, 1e30, 8),
        between(0.0, 2500.0, 8),
        between(f32::NAN, 1.0, 8),
        between(f32::INFINITY, f32::INFINITY, 8),
        between(1e8, 1e8, 8),
    ] {
        for isa in levels() {
            let samples = RgbSamples::new(isa).expect("the level is available");
            for (across, down) in [(far, near), (near, far)] {
                let mut out = [[7; 3]; 8];
                samples.run(&bytes.pixels, 20, across, down, &mut out);
                assert_eq!(out, [[0; 3]; 8], "{isa} {far:?}");
            }
        }
    }
}
