//! Picture files: read whole, within bounds.

use crate::failure::Failure;
use countenance_core::DecodeLimits;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Reads a picture file.
///
/// No more than the decoder's limit and one byte is read, so that the decoder itself can say that there is too
/// much; a device file that never ends costs no more than that.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let named = |error: std::io::Error| Failure::from(error).about(path.display());
    let file = File::open(path).map_err(named)?;
    let metadata = file.metadata().map_err(named)?;
    if metadata.is_dir() {
        return Err(Failure::from(anyhow::anyhow!("is a folder, not a picture"))
            .about(path.display())
            .with_hint(format!(
                "name the pictures inside, for example {}",
                path.join("*.jpg").display()
            )));
    }
    let limit = DecodeLimits::default().max_bytes as u64;
    let mut bytes = Vec::new();
    let expected = metadata.len().min(limit) as usize;
    bytes.reserve_exact(expected.saturating_add(1));
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(named)?;
    Ok(bytes)
}
