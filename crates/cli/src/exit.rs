//! What the shell learns.

use std::process::ExitCode;

/// The outcome of a command as an exit code. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// 0: done; for `verify`, the same person.
    Success = 0,
    /// 1: `verify` says: not the same person.
    Reject = 1,
    /// 2: the command line makes no sense.
    Usage = 2,
    /// 3: a picture has to be taken again.
    Recapture = 3,
    /// 4: anything else that went wrong.
    Failed = 4,
    /// 5: a subject or a payment is unknown, a subject without consent or locked, or a holder part wrong.
    NotPermitted = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
