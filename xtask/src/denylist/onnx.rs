//! The outputs that an ONNX file declares.

use anyhow::{Context as _, Result, bail};

/// `ModelProto.graph`.
const GRAPH: u64 = 7;
/// `GraphProto.output`.
const OUTPUT: u64 = 12;
/// `ValueInfoProto.name`.
const NAME: u64 = 1;

/// The names of a graph's outputs, in the file's order.
///
/// Reads just the three nested protobuf messages on the way, by the field numbers of
/// `onnx.proto` (ONNX IR version 3 and later).
///
/// # Errors
/// When the bytes are no protobuf message or hold no graph.
pub(super) fn output_names(model: &[u8]) -> Result<Vec<String>> {
    let graphs = submessages(model, GRAPH)?;
    let graph = graphs.first().context("no graph")?;
    let mut names = Vec::new();
    for output in submessages(graph, OUTPUT)? {
        let texts = submessages(output, NAME)?;
        let name = texts.first().context("an output has no name")?;
        names.push(String::from_utf8(name.to_vec()).context("an output's name is no UTF-8")?);
    }
    Ok(names)
}

/// The length-delimited fields of a message with one number.
fn submessages(mut message: &[u8], number: u64) -> Result<Vec<&[u8]>> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let length = match key & 7 {
            0 => {
                varint(&mut message)?;
                continue;
            }
            1 => 8,
            2 => varint(&mut message)?,
            5 => 4,
            other => bail!("wire type {other}"),
        };
        let length = usize::try_from(length)?;
        let (field, rest) = message
            .split_at_checked(length)
            .context("a field is cut short")?;
        message = rest;
        if key >> 3 == number && key & 7 == 2 {
            found.push(field);
        }
    }
    Ok(found)
}

fn varint(message: &mut &[u8]) -> Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first().context("a number is cut short")?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    bail!("a number has more than ten bytes")
}

#[cfg(test)]
mod tests {
    use super::output_names;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
    }

    #[test]
    fn outputs_are_named_in_order() {
        let output =
            |name: &str| field(12, &[field(1, name.as_bytes()), field(2, b"type")].concat());
        let input = field(11, &field(1, b"input"));
        let graph = [input, output("boxes"), output("points")].concat();
        let model = [vec![8, 9], field(7, &graph)].concat();
        assert_eq!(output_names(&model).unwrap(), ["boxes", "points"]);
    }

    #[test]
    fn bytes_that_are_no_model_are_refused() {
        for bytes in [&b""[..], b"\x3a\x7f", b"\x3a\xff", b"\x0f", &[0xff; 20]] {
            assert!(output_names(bytes).is_err(), "{bytes:?}");
        }
    }
}
