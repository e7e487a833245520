//! Points and areas in a picture.

/// A point in pixels: x right, y down, whole numbers are pixel centres.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Pixels right of the centre of the leftmost column.
    pub x: f32,
    /// Pixels below the centre of the topmost row.
    pub y: f32,
}

/// An upright area in pixels; it may reach beyond the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Columns, 0 or more.
    pub width: f32,
    /// Rows, 0 or more.
    pub height: f32,
}

impl Rect {
    /// Square pixels covered.
    #[must_use]
    pub fn pixels(self) -> f32 {
        self.width * self.height
    }

    /// The middle of the area.
    #[must_use]
    pub fn center(self) -> Point {
        Point {
            x: self.x + self.width / 2.0,
            y: self.y + self.height / 2.0,
        }
    }

    /// Does the point lie in the area?
    #[must_use]
    pub fn contains(self, point: Point) -> bool {
        (self.x..=self.x + self.width).contains(&point.x)
            && (self.y..=self.y + self.height).contains(&point.y)
    }

    /// The area common to both; its sides are 0 where they do not meet.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        let right = (self.x + self.width).min(other.x + other.width);
        let bottom = (self.y + self.height).min(other.y + other.height);
        Self {
            x,
            y,
            width: (right - x).max(0.0),
            height: (bottom - y).max(0.0),
        }
    }

    /// Intersection over union, in 0..=1.
    #[must_use]
    pub fn overlap(self, other: Self) -> f32 {
        let common = self.intersection(other).pixels();
        let union = self.pixels() + other.pixels() - common;
        if union > 0.0 { common / union } else { 0.0 }
    }
}
