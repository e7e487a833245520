#![doc = include_str!("../README.md")]

mod mrz;
mod read;

pub use countenance_net::{LineNet, RunError, Size, Steps};
pub use mrz::{
    Check, CheckOutcome, Checks, Day, Field, Format, Mrz, MrzError, Names, WrittenDate, check_digit,
};
pub use read::{Page, Plane, PlaneError, Reading, Zone, ZoneReader};
