//! As much of CBOR (RFC 8949) as authenticators speak: items of definite length.

/// How deep items may lie in one another.
const DEEPEST: u32 = 8;

/// Reads from the front.
pub(super) struct Cbor<'a>(&'a [u8]);

/// An item, or the head of one that has others in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// A whole number.
    Number(i128),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Text.
    Text(&'a str),
    /// So many items.
    List(u64),
    /// So many pairs of items.
    Map(u64),
    /// True, false, null and the like, which nothing here looks at.
    Simple,
}

impl<'a> Cbor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next item.
    pub(super) fn item(&mut self) -> Option<Item<'a>> {
        let head = *self.take(1)?.first()?;
        let (major, short) = (head >> 5, head & 31);
        let value = match short {
            0..=23 => u64::from(short),
            24..=27 => {
                let bytes = self.take(1 << (short - 24))?;
                bytes
                    .iter()
                    .fold(0, |value, byte| value << 8 | u64::from(*byte))
            }
            // Lengths that come later.
            _ => return None,
        };
        Some(match major {
            0 => Item::Number(value.into()),
            1 => Item::Number(-1 - i128::from(value)),
            2 => Item::Bytes(self.take(value)?),
            3 => Item::Text(std::str::from_utf8(self.take(value)?).ok()?),
            4 => Item::List(value),
            5 => Item::Map(value),
            7 => Item::Simple,
            _ => return None,
        })
    }

    /// How many pairs a map has that comes next.
    pub(super) fn map(&mut self) -> Option<u64> {
        match self.item()? {
            Item::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// Passes over an item with all that is in it.
    pub(super) fn skip(&mut self) -> Option<()> {
        self.skip_in(DEEPEST)
    }

    fn skip_in(&mut self, deep: u32) -> Option<()> {
        let inner = match self.item()? {
            Item::List(items) => items,
            Item::Map(pairs) => pairs.checked_mul(2)?,
            _ => return Some(()),
        };
        let deeper = deep.checked_sub(1)?;
        // Each takes a byte at least, so that no number is too large to end.
        for _ in 0..inner {
            self.skip_in(deeper)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Cbor, Item};

    #[test]
    fn items_are_read_and_passed_over() {
        let bytes = [
            0xa2, 0x01, 0x26, 0x63, b'f', b'm', b't', 0x82, 0x42, 1, 2, 0xf5, 0x19, 1, 0,
        ];
        let mut cbor = Cbor::new(&bytes);
        assert_eq!(cbor.map(), Some(2));
        assert_eq!(cbor.item(), Some(Item::Number(1)));
        assert_eq!(cbor.item(), Some(Item::Number(-7)));
        assert_eq!(cbor.item(), Some(Item::Text("fmt")));
        assert_eq!(cbor.skip(), Some(()));
        assert_eq!(cbor.item(), Some(Item::Number(256)));
        assert_eq!(cbor.item(), None);
    }

    #[test]
    fn what_does_not_end_or_lies_too_deep_is_refused() {
        for bytes in [
            &[0x5f][..],
            &[0x42, 1],
            &[0x61, 0xff],
            &[0xc0, 1],
            &[0x9b, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0x81; 40],
        ] {
            assert_eq!(Cbor::new(bytes).skip(), None, "{bytes:02x?}");
        }
    }
}
