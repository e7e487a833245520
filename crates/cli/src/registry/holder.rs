//! The file with a holder's part of the key.

use super::private;
use crate::failure::Failure;
use clap::Args;
use countenance_core::vault::{HolderPart, Random as _, SystemRandom};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The option of commands that open a subject's data.
#[derive(Args, Clone, Debug)]
pub(crate) struct HolderArgs {
    /// The file with the holder's part of the key, for a holder-bound subject
    ///
    /// 32 bytes or 64 hexadecimal digits, readable by its owner only. It belongs to the person, for instance on
    /// their device; it is never stored here.
    #[arg(long, value_name = "FILE")]
    pub(crate) holder: Option<PathBuf>,
}

impl HolderArgs {
    /// The holder part, if a file is named.
    pub(crate) fn part(&self) -> Result<Option<HolderPart>, Failure> {
        self.holder.as_deref().map(read).transpose()
    }
}

/// Reads a holder part.
pub(crate) fn read(path: &Path) -> Result<HolderPart, Failure> {
    let bytes = private::read_secret(path)?;
    let part = match key_bytes(&bytes) {
        Some(key) => HolderPart::new(&key[..]),
        None => HolderPart::new(&bytes),
    };
    part.map_err(|error| {
        Failure::from(error)
            .about(path.display())
            .with_hint("a holder part is 32 bytes or 64 hexadecimal digits; it cannot be made up again once lost")
    })
}

/// Makes a holder part and its file.
pub(crate) fn create(path: &Path) -> Result<HolderPart, Failure> {
    let mut key = Zeroizing::new([0; 32]);
    SystemRandom.fill(&mut key[..])?;
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in &key[..] {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    text.push('\n');
    private::write(path, text.as_bytes())?;
    Ok(HolderPart::new(&key[..])?)
}

/// 64 hexadecimal digits and perhaps a line break, as 32 bytes.
fn key_bytes(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let digits = text.strip_suffix(b"\n").unwrap_or(text);
    if digits.len() != 64 {
        return None;
    }
    let mut key = Zeroizing::new([0; 32]);
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Some(key)
}
