//! Names as the zone has them.

use std::fmt;
use zeroize::Zeroizing;

/// The holder's names. `Debug` shows none; they are overwritten when dropped.
#[derive(Clone, Eq, PartialEq)]
pub struct Names {
    primary: Zeroizing<String>,
    secondary: Zeroizing<String>,
    truncated: bool,
}

impl Names {
    /// Primary and secondary name stand apart by two fillers, parts of one by a single filler.
    pub(super) fn parse(raw: &[u8]) -> Self {
        let split = raw.windows(2).position(|pair| pair == b"<<");
        let (primary, rest) = raw.split_at(split.unwrap_or(raw.len()));
        Self {
            primary: words(primary),
            secondary: words(rest),
            truncated: raw.last().is_some_and(|last| *last != b'<'),
        }
    }

    /// The primary name: in most states the surname.
    #[must_use]
    pub fn primary(&self) -> &str {
        &self.primary
    }

    /// The secondary name: in most states the given names. Empty where there is none.
    #[must_use]
    pub fn secondary(&self) -> &str {
        &self.secondary
    }

    /// Whether the names fill their place, so that something may have been cut off.
    #[must_use]
    pub fn may_be_truncated(&self) -> bool {
        self.truncated
    }
}

fn words(raw: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(raw.len()));
    for word in raw.split(|c| *c == b'<').filter(|word| !word.is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.extend(word.iter().map(|&c| char::from(c)));
    }
    text
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_come_apart_at_two_fillers() {
        let of = |raw: &str| {
            let names = Names::parse(raw.as_bytes());
            (
                names.primary().to_owned(),
                names.secondary().to_owned(),
                names.may_be_truncated(),
            )
        };
        let expect = |a: &str, b: &str, cut| (a.to_owned(), b.to_owned(), cut);
        assert_eq!(of("DE<LA<CRUZ<<LI<<<"), expect("DE LA CRUZ", "LI", false));
        assert_eq!(of("ARKFREITH<<<<<<<<"), expect("ARKFREITH", "", false));
        assert_eq!(of("BENNELONG<<WOOLOO"), expect("BENNELONG", "WOOLOO", true));
        assert_eq!(of("<<<<<"), expect("", "", false));
    }
}
