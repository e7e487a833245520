//! Text that people are shown before they say yes: it must read as it is.

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{is_nfc, is_nfkc};
use unicode_script::{Script, UnicodeScript as _};
use unicode_security::mixed_script::AugmentedScriptSet;

/// Characters that make others look otherwise than they are, or that nobody sees: controls, marks and overrides of direction, what
/// Unicode calls default ignorable, blanks that look like letters' places, and fillers.
#[must_use]
pub(crate) fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether there is anything to be seen in a text: blanks, line ends and marks that stand on nothing are not.
#[must_use]
pub(crate) fn is_seen(text: &str) -> bool {
    text.chars()
        .any(|c| !c.is_whitespace() && !deceives(c) && !is_combining_mark(c))
}

/// Whether a page shows all of a text and nothing else. No character makes others look otherwise, is unseen, or is of a private use, which
/// each font draws in its own way; marks on one letter are no more than a language puts there, so that none reaches over the lines
/// beside it; and no two empty lines follow each other, so that nothing stands where nobody scrolls to.
#[must_use]
pub fn reads_as_it_is(text: &str) -> bool {
    let private = |c: char| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    let (mut marks, mut line_ends) = (0, 0);
    for c in text.chars() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        line_ends = match c {
            '\n' => line_ends + 1,
            _ if c.is_whitespace() => line_ends,
            _ => 0,
        };
        let is_shown = c == '\n' || !(deceives(c) || private(c));
        if !is_shown || marks > MOST_AGAIN || line_ends > MOST_LINE_ENDS {
            return false;
        }
    }
    is_seen(text)
}

/// Marks that names have beside letters, digits and ASCII.
const MARKS: &str = "¡§«°·»¿–—‘’‚“”„†•…′″‹›€£¥¢₹₺₽₩₿№™®©ªº、。・（）「」『』～＆";

/// Whether a name is written in letters, digits and usual marks, with single blanks between words: what a page shows of it is then all of it, and two
/// that look alike are not two for a blank.
#[must_use]
pub(crate) fn is_plain_name(name: &str) -> bool {
    // Marks on letters that a script has of its own, as Thai and Devanagari do; those that stand on any letter are none.
    let own_mark = |c: char| is_combining_mark(c) && c.script() != Script::Inherited;
    let usual = |c: char| {
        c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() || MARKS.contains(c) || own_mark(c)
    };
    // As if a blank stood before it, so that none is its first character.
    let (mut before, mut again) = (' ', 1);
    for c in name.chars() {
        again = if c == before { again + 1 } else { 1 };
        let most = if c == ' ' { 1 } else { MOST_AGAIN };
        let stands_on_nothing = before == ' ' && own_mark(c);
        if again > most || deceives(c) || !usual(c) || stands_on_nothing {
            return false;
        }
        before = c;
    }
    !name.is_empty() && !name.ends_with(' ')
}

/// Whether what a plain name looks like is what it is. It has a letter or digit. Each of its words is in letters that are written
/// together: a Cyrillic letter among Latin ones is there to be taken for another. And none of its letters is another form of a
/// letter, as those are that are as wide as an ideograph, or raised: to whoever reads they are the same name, and to whoever compares
/// another.
///
/// A whole word in letters that look like others of another script is not told from one: that is what some names look like.
#[must_use]
pub(crate) fn is_what_it_looks_like(name: &str) -> bool {
    let is_letter = |c: &char| c.is_alphanumeric() && !is_combining_mark(*c);
    // Marks have other forms too, and names use both: a full-width bracket hides nothing.
    let letters: String = name.chars().filter(|c| !MARKS.contains(*c)).collect();
    name.chars().any(|c| is_letter(&c))
        && is_nfc(name)
        && is_nfkc(&letters)
        && name.split(' ').all(is_written_together)
}

/// Whether the letters of a word are of one script, or of several that one language writes together: Japanese, Chinese and Korean
/// do, each with Latin letters too (UTS 39, the level *highly restrictive*).
fn is_written_together(word: &str) -> bool {
    let scripts = |word: &str| AugmentedScriptSet::for_str(word);
    let latin = |c: &char| c.script() == Script::Latin;
    let others: String = word.chars().filter(|c| !latin(c)).collect();
    let of_others = scripts(&others);
    !scripts(word).is_empty() || of_others.jpan || of_others.hanb || of_others.kore
}

/// One character so often in a row at most, and so many marks on a letter.
const MOST_AGAIN: usize = 4;
/// Ends of lines with nothing but blanks between them: one empty line.
const MOST_LINE_ENDS: usize = 2;

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
            assert!(is_what_it_looks_like(name), "{name}");
        }
        for name in [
            "Mª José, piso 2º",
            "カフェAna 2号店",
            "東京Coffeeスタンド",
            "카페 Ana",
            "臺北ㄅㄆㄇ",
            "ООО Ана and Sons",
            "Γιαγιά Ana",
            "Đặng Phở",
            "7-Eleven",
            "（株）アナ＆カンパニー",
            "בית קפה אנה",
            "ร้านกาแฟ",
            "शर्मा मिष्ठान्न",
        ] {
            assert!(is_plain_name(name) && is_what_it_looks_like(name), "{name}");
        }
    }

    #[test]
    fn a_name_that_is_to_be_taken_for_another_is_not() {
        for name in [
            // Cyrillic а, р and о; Greek ο and Α; Cherokee Ꮲ; Armenian օ among Latin letters.
            "P\u{430}yPal",
            "\u{440}aypal",
            "C\u{43e}ca Cola",
            "C\u{3bf}ca",
            "\u{391}mazon",
            "\u{13e2}ayPal",
            "G\u{585}ogle",
            // A Latin letter among Cyrillic and among Arabic ones.
            "\u{410}\u{43d}a",
            "\u{634}a\u{631}\u{643}\u{629}",
            // Full width, raised, in circles, in mathematical letters, ligatures, half-width katakana, Roman numerals.
            "\u{ff30}ay",
            "PayPal\u{b2}",
            "Pay\u{24c5}al",
            "\u{1d40f}ay",
            "\u{fb01}nance",
            "\u{ff71}\u{ff85}",
            "Louis \u{2167}",
            // Composed otherwise than it is written.
            "Cafe\u{301}",
            // Nothing but marks, or signs of vowels that stand on nothing.
            "-",
            "... !",
            "\u{93e}\u{93f}",
        ] {
            assert!(
                !is_what_it_looks_like(name),
                "{name} {}",
                name.escape_unicode()
            );
        }
    }

    #[test]
    fn what_cannot_be_seen_is_told_from_what_can() {
        for text in [
            "",
            " ",
            "\n\n",
            "\t",
            "\u{301}",
            " \u{301}\n\u{20dd}",
            "\u{a0}\u{2003}",
            "\u{3000}",
            "\u{200b}",
            "\u{2800}",
        ] {
            assert!(!is_seen(text), "{}", text.escape_unicode());
        }
        for text in ["a", "\n1\n", "€", "👍", "は", "e\u{301}", "ا"] {
            assert!(is_seen(text), "{text}");
        }
    }

    #[test]
    fn a_text_that_hides_something_does_not_read_as_it_is() {
        for text in [
            "Open the door of laboratory 3",
            "One line.\n\nAnother.\n",
            "Tiê\u{301}ng Việt, שָׁלוֹם, நன்றி, 👩\u{200d}🔬 می\u{200c}خواهم",
        ] {
            assert!(reads_as_it_is(text), "{text}");
        }
        for text in [
            "",
            "\n\n",
            "One line.\n\n\nAnother.",
            "One line.\n \n\u{3000}\nAnother.",
            "Pay \u{e001}",
            "Pay \u{f0001}",
            "Pay \u{202e}",
            "Z\u{301}\u{301}\u{301}\u{301}\u{301}",
            "bell\u{7}",
        ] {
            assert!(!reads_as_it_is(text), "{}", text.escape_unicode());
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
