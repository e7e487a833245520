//! Where random bytes come from.

use thiserror::Error;

/// The random source failed; nothing may be sealed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("random source failed")]
pub struct RandomError;

/// A source of random bytes, passed in so that a test can replay a run.
///
/// Everything the vault protects rests on it: outside tests it must be cryptographically
/// secure, as [`SystemRandom`] is.
pub trait Random: Send + Sync {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// [`RandomError`] when the source cannot give them.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError>;
}

/// The operating system's generator through AWS-LC.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        aws_lc_rs::rand::fill(out).map_err(|_| RandomError)
    }
}

pub(crate) fn bytes<const N: usize>(random: &dyn Random) -> Result<[u8; N], RandomError> {
    let mut out = [0; N];
    random.fill(&mut out)?;
    Ok(out)
}
