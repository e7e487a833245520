//! The three outcomes of a comparison.

use countenance_vision::QualityCause;
use std::fmt;

/// The answer to "is this the same person?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The score reaches the threshold.
    Accept,
    /// The score lies below the threshold.
    Reject,
    /// A picture is too poor to tell: take it again.
    Recapture(Recapture),
}

/// Which picture to take again, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recapture {
    /// The picture.
    pub side: Side,
    /// The first cause found.
    pub cause: QualityCause,
}

/// One of the two pictures of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The picture that claims an identity, taken just now.
    Probe,
    /// The picture that is known.
    Reference,
}

impl Decision {
    /// The stable name for machines: `accept`, `reject` or `recapture`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Recapture(_) => "recapture",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Probe => "probe",
            Self::Reference => "reference",
        })
    }
}
