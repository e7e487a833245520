//! The array files of NumPy, as far as they are asked for here: two-dimensional f32, one-dimensional i64.

use crate::failure::Failure;
use anyhow::{Context as _, anyhow, bail};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write as _};
use std::path::Path;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longest header that is read.
const MAX_HEADER: usize = 4096;
/// Most values of a row, as of a template.
const MAX_COLUMNS: usize = 4096;
/// Most rows: two to the power of 27, 64 GB of 128 values.
const MAX_ROWS: usize = 1 << 27;
/// Rows are padded so that the data begin at a multiple of this.
const ALIGNMENT: usize = 64;

/// Rows of f32.
pub(super) struct Rows {
    pub(super) columns: usize,
    values: Vec<f32>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.values.len() / self.columns
    }

    pub(super) fn row(&self, number: usize) -> &[f32] {
        let first = number * self.columns;
        self.values
            .get(first..first + self.columns)
            .unwrap_or_default()
    }

    /// Reads a file: little-endian f32, in C order, two dimensions.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let read = || -> anyhow::Result<Self> {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            let mut file = BufReader::with_capacity(1 << 20, file);
            let mut start = [0_u8; 8];
            file.read_exact(&mut start).context("no array file")?;
            if !start.starts_with(MAGIC) {
                bail!("is no array file of NumPy (.npy)");
            }
            let [.., major, _minor] = start;
            let size = if major == 1 {
                let mut size = [0; 2];
                file.read_exact(&mut size)?;
                usize::from(u16::from_le_bytes(size))
            } else {
                let mut size = [0; 4];
                file.read_exact(&mut size)?;
                u32::from_le_bytes(size) as usize
            };
            if size > MAX_HEADER {
                bail!("header of {size} bytes, at most {MAX_HEADER} are read");
            }
            let mut header = vec![0; size];
            file.read_exact(&mut header)?;
            let header = String::from_utf8(header).context("header is no text")?;
            let (rows, columns) = shape(&header)?;
            let bytes = rows as u64 * columns as u64 * 4;
            let begin = 8 + if major == 1 { 2 } else { 4 } + size as u64;
            if length != begin + bytes {
                bail!("has {length} bytes, its header says {}", begin + bytes);
            }
            let mut values = Vec::with_capacity(rows * columns);
            let mut row = vec![0; columns * 4];
            for _ in 0..rows {
                file.read_exact(&mut row)?;
                values.extend(
                    row.as_chunks::<4>()
                        .0
                        .iter()
                        .map(|v| f32::from_le_bytes(*v)),
                );
            }
            Ok(Self { columns, values })
        };
        read().map_err(|error| {
            Failure::from(error)
                .about(path.display())
                .with_hint("write it with numpy.save: a two-dimensional array of float32")
        })
    }
}

/// What a header says, if it is what is asked for.
fn shape(header: &str) -> anyhow::Result<(usize, usize)> {
    let after = |key: &str| {
        let rest = header.split_once(key)?.1;
        Some(rest.trim_start().trim_start_matches(':').trim_start())
    };
    let kind = after("'descr'").ok_or_else(|| anyhow!("header names no type"))?;
    if !kind.starts_with("'<f4'") {
        let kind: String = kind.chars().take_while(|c| *c != ',').take(20).collect();
        bail!("holds {kind}, expected '<f4' (float32)");
    }
    let order = after("'fortran_order'").ok_or_else(|| anyhow!("header names no order"))?;
    if !order.starts_with("False") {
        bail!("lies column by column; numpy.ascontiguousarray turns it");
    }
    let numbers = after("'shape'")
        .and_then(|rest| rest.strip_prefix('('))
        .and_then(|rest| rest.split_once(')'))
        .ok_or_else(|| anyhow!("header names no shape"))?
        .0;
    let numbers: Vec<usize> = numbers
        .split(',')
        .map(str::trim)
        .filter(|number| !number.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .context("shape is none")?;
    match numbers[..] {
        [rows, columns] if rows <= MAX_ROWS && (1..=MAX_COLUMNS).contains(&columns) => {
            Ok((rows, columns))
        }
        [_, _] => bail!("shape {numbers:?}, at most {MAX_ROWS} rows of 1 to {MAX_COLUMNS} values"),
        _ => bail!("shape {numbers:?}, expected two dimensions"),
    }
}

/// Writes one i64 per row.
pub(super) fn write(path: &Path, answers: &[i64]) -> Result<(), Failure> {
    let write = || -> anyhow::Result<()> {
        let mut header = format!(
            "{{'descr': '<i8', 'fortran_order': False, 'shape': ({},), }}",
            answers.len()
        );
        let whole = (MAGIC.len() + 4 + header.len() + 1).next_multiple_of(ALIGNMENT);
        let padding = whole - MAGIC.len() - 4 - header.len() - 1;
        header.push_str(&" ".repeat(padding));
        header.push('\n');
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(MAGIC)?;
        file.write_all(&[1, 0])?;
        file.write_all(&(header.len() as u16).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        for answer in answers {
            file.write_all(&answer.to_le_bytes())?;
        }
        file.flush()?;
        Ok(())
    };
    write().map_err(|error| Failure::from(error).about(path.display()))
}

#[cfg(test)]
mod tests {
    use super::{Rows, shape, write};
    use std::fs;

    fn file(header: &str, values: &[f32]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        bytes
    }

    const HEADER: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

    #[test]
    fn rows_are_read_as_numpy_writes_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        fs::write(&path, file(HEADER, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])).unwrap();
        let rows = Rows::read(&path).unwrap();
        assert_eq!((rows.len(), rows.columns), (2, 3));
        assert_eq!(rows.row(1), [4.0, 5.0, 6.0]);
    }

    #[test]
    fn files_that_are_none_or_say_another_length_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let huge = HEADER.replace("(2, 3)", "(100000000, 4096)");
        let good = file(HEADER, &[1.0; 6]);
        for bytes in [
            Vec::new(),
            b"\x93NUMPY".to_vec(),
            b"PK\x03\x04 something else".to_vec(),
            good[..good.len() - 1].to_vec(),
            [&good[..], &[0]].concat(),
            file(&huge, &[1.0; 6]),
        ] {
            fs::write(&path, bytes).unwrap();
            assert!(Rows::read(&path).is_err());
        }
    }

    #[test]
    fn other_types_orders_and_shapes_are_refused() {
        for (from, to) in [
            ("<f4", "<f8"),
            ("False", "True"),
            ("(2, 3)", "(6,)"),
            ("(2, 3)", "(2, 3, 1)"),
            ("(2, 3)", "(2, 0)"),
            ("(2, 3)", "(2, 5000)"),
            ("(2, 3)", "(-2, 3)"),
            ("'shape'", "'form'"),
        ] {
            assert!(shape(&HEADER.replace(from, to)).is_err(), "{to}");
        }
        assert_eq!(shape(HEADER).unwrap(), (2, 3));
    }

    #[test]
    fn answers_are_an_array_that_begins_at_a_multiple_of_64() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        write(&path, &[7, -1, 3]).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len() % 64, 24);
        let answers = bytes[bytes.len() - 24..].as_chunks::<8>().0;
        let answers: Vec<i64> = answers.iter().map(|v| i64::from_le_bytes(*v)).collect();
        assert_eq!(answers, [7, -1, 3]);
    }
}
