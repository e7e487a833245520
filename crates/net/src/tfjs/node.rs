//! A node's attributes, as protobuf-JSON has them.

use crate::error::LoadError;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One node: an operator, what it reads and how.
#[derive(Deserialize)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) op: String,
    #[serde(default)]
    pub(super) input: Vec<String>,
    #[serde(default)]
    attr: BTreeMap<String, Attribute>,
}

#[derive(Default, Deserialize)]
struct Attribute {
    #[serde(default)]
    s: Option<String>,
    #[serde(default)]
    list: Option<List>,
}

#[derive(Default, Deserialize)]
struct List {
    #[serde(default)]
    s: Vec<String>,
    #[serde(default)]
    i: Vec<Integer>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Integer {
    Number(i64),
    Quoted(String),
}

impl Integer {
    fn value(&self) -> Option<i64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Quoted(digits) => digits.parse().ok(),
        }
    }
}

impl Node {
    /// The node that an input names, without the number of its result.
    pub(super) fn reads(&self, index: usize) -> Option<&str> {
        self.input.get(index).map(|name| plain(name))
    }

    /// A text attribute.
    fn text(&self, name: &str) -> Option<Vec<u8>> {
        base64(self.attr.get(name)?.s.as_deref()?)
    }

    /// A list of texts; empty when there is none.
    pub(super) fn texts(&self, name: &str) -> Vec<Vec<u8>> {
        let list = self.attr.get(name).and_then(|value| value.list.as_ref());
        let texts = list.map_or(&[][..], |list| &list.s);
        texts
            .iter()
            .map(|text| base64(text).unwrap_or_default())
            .collect()
    }

    /// A list of integers; empty when there is none.
    pub(super) fn integers(&self, name: &str) -> Vec<i64> {
        let list = self.attr.get(name).and_then(|value| value.list.as_ref());
        let integers = list.map_or(&[][..], |list| &list.i);
        integers.iter().filter_map(Integer::value).collect()
    }

    pub(super) fn refuse(&self, reason: &'static str) -> LoadError {
        LoadError::Node {
            op: self.op.clone(),
            output: self.name.clone(),
            reason,
        }
    }
}

/// A node's name without `:0`, the number of its result.
pub(super) fn plain(name: &str) -> &str {
    name.strip_suffix(":0").unwrap_or(name)
}

/// The bytes of a base64 text (RFC 4648, section 4); `None` when it is none.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut held) = (0u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

/// The two kinds of border that TensorFlow has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Padding {
    Same,
    Valid,
}

/// Where a layer's border is.
pub(super) fn padding(node: &Node) -> Result<Padding, LoadError> {
    match node.text("padding").as_deref() {
        Some(b"SAME") => Ok(Padding::Same),
        Some(b"VALID") => Ok(Padding::Valid),
        _ => Err(node.refuse("its border is not supported")),
    }
}

/// The step of a layer along both axes; its channels are last and its windows have no holes.
pub(super) fn stride(node: &Node) -> Result<usize, LoadError> {
    let dilations = node.integers("dilations");
    if node.text("data_format").as_deref() != Some(b"NHWC")
        || !(dilations.is_empty() || dilations == [1, 1, 1, 1])
    {
        return Err(node.refuse("its layout or dilations are not supported"));
    }
    match node.integers("strides")[..] {
        [1, down, across, 1] if down == across => usize::try_from(down).ok(),
        _ => None,
    }
    .ok_or_else(|| node.refuse("its stride is not supported"))
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn texts_stand_in_base64() {
        // RFC 4648, section 10.
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYmFy", b"foobar"),
            ("U0FNRQ==", b"SAME"),
        ] {
            assert_eq!(base64(text).as_deref(), Some(bytes));
        }
        assert_eq!(base64("Zm9v*"), None);
    }
}
