//! Text that people are shown before they say yes: it must read as it is.

/// Characters that make others look otherwise than they are, or that nobody sees: controls, marks and overrides of direction, what
/// Unicode calls default ignorable, blanks that look like letters' places, and fillers.
#[must_use]
pub fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Marks that names have beside letters, digits and ASCII.
const MARKS: &str = "¡§«°·»¿–—‘’‚“”„†•…′″‹›€£¥¢₹₺₽₩₿№™®©、。・（）「」『』～＆";

/// Whether a name is written in letters, digits and usual marks, with single blanks between words: what a page shows of it is then all of it, and two
/// that look alike are not two for a blank.
#[must_use]
pub(crate) fn is_plain_name(name: &str) -> bool {
    let usual =
        |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() || MARKS.contains(c);
    // As if a blank stood before it, so that none is its first character.
    let (mut before, mut again) = (' ', 1);
    for c in name.chars() {
        again = if c == before { again + 1 } else { 1 };
        let most = if c == ' ' { 1 } else { MOST_AGAIN };
        if again > most || deceives(c) || !usual(c) {
            return false;
        }
        before = c;
    }
    !name.is_empty() && !name.ends_with(' ')
}

/// One character so often in a row at most.
const MOST_AGAIN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_world_are_plain() {
        for name in [
            "Café Ana",
            "Lamps & Sons (2), No. 5!",
            "Bäckerei Öz — “Süß”",
            "株式会社アナ",
            "Ана и Ко",
            "आना की दुकान",
            "شركة آنا",
            "O’Neil’s 50 % €",
        ] {
            assert!(is_plain_name(name), "{name}");
        }
    }

    #[test]
    fn what_nobody_sees_or_reads_otherwise_is_not() {
        let hidden = "\u{ad}\u{34f}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180e}\u{200b}\u{202e}\u{2066}\u{2800}\u{3164}\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\u{fffc}\u{1bca0}\u{1d173}\u{e0041}\u{e01ef}\u{e000}\u{0378}\n\t";
        for c in hidden.chars() {
            assert!(
                !is_plain_name(&format!("Lamps{c} Co")),
                "{:x}",
                u32::from(c)
            );
        }
        for name in [
            "",
            " Lamps",
            "Lamps ",
            "Lamps  Co",
            "Lamps\u{a0}Co",
            "\u{a0}Lamps",
            "\u{2800}",
            "L\u{301}\u{301}amps",
            "aaaaa",
        ] {
            assert!(!is_plain_name(name), "{name:?}");
        }
        assert!(deceives('\u{202e}') && !deceives('é'));
    }
}
