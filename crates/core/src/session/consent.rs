//! What a person agrees to before a session begins, in their language (docs/spec/consent-v2.md).

use crate::{Kind, Language};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Version of the texts.
pub const CONSENT_VERSION: &str = "check-2";

/// The sentences of one language. `{audience}` is who asks.
struct Wording {
    document: &'static str,
    presence: &'static str,
    verify: &'static str,
    payment: &'static str,
    approves: &'static str,
    pays: &'static str,
    camera: &'static str,
    /// What is computed of the pictures.
    of_document: &'static str,
    of_presence: &'static str,
    of_subject: &'static str,
    kept: &'static str,
    learns: &'static str,
}

const ENGLISH: Wording = Wording {
    document: "{audience} asks whether you are the person on the document whose picture it was given.",
    presence: "{audience} asks whether a living person is in front of this camera. It does not ask who you are.",
    verify: "{audience} asks whether you are the person you said you are.",
    payment: "{audience} asks whether you, the person you said you are, approve a payment.",
    approves: "With this you approve:",
    pays: "With a smile, when you are asked for it at the end, you pay:",
    camera: "If you agree, this camera takes pictures of your face for some seconds, while you are asked to turn your head, \
             to smile and perhaps to look at a colored screen.",
    of_document: "From the pictures the server computes how your face moves, and numbers that it compares with those of the portrait \
                  on the document. Nothing of the document is kept either.",
    of_presence: "From the pictures the server computes how your face moves, and numbers by which it can tell that it is one and \
                  the same face.",
    of_subject: "From the pictures the server computes how your face moves, and numbers that it compares with those kept of you \
                 since you enrolled.",
    kept: "No picture is kept. The numbers are deleted when the check is over. What is kept is that there was a check, and how it \
           ended.",
    learns: "{audience} learns how it ended, and nothing else. You do not have to agree: there is another way, and you can stop \
             at any time.",
};

const GERMAN: Wording = Wording {
    document: "{audience} fragt, ob Sie die Person auf dem Dokument sind, dessen Bild dort vorliegt.",
    presence: "{audience} fragt, ob ein lebender Mensch vor dieser Kamera ist. Wer Sie sind, wird nicht gefragt.",
    verify: "{audience} fragt, ob Sie die Person sind, die Sie angegeben haben.",
    payment: "{audience} fragt, ob Sie als die Person, die Sie angegeben haben, einer Zahlung zustimmen.",
    approves: "Damit stimmen Sie Folgendem zu:",
    pays: "Mit einem Lächeln, um das Sie am Ende gebeten werden, bezahlen Sie:",
    camera: "Wenn Sie zustimmen, nimmt diese Kamera einige Sekunden lang Bilder Ihres Gesichts auf, während Sie gebeten werden, \
             den Kopf zu drehen, zu lächeln und vielleicht auf einen farbigen Bildschirm zu blicken.",
    of_document: "Aus den Bildern berechnet der Server, wie sich Ihr Gesicht bewegt, und Zahlen, die er mit denen des Lichtbilds auf \
                  dem Dokument vergleicht. Auch vom Dokument wird nichts aufbewahrt.",
    of_presence: "Aus den Bildern berechnet der Server, wie sich Ihr Gesicht bewegt, und Zahlen, an denen er erkennt, dass es ein \
                  und dasselbe Gesicht ist.",
    of_subject: "Aus den Bildern berechnet der Server, wie sich Ihr Gesicht bewegt, und Zahlen, die er mit denen vergleicht, die \
                 seit Ihrer Registrierung über Sie gespeichert sind.",
    kept: "Kein Bild wird aufbewahrt. Die Zahlen werden gelöscht, wenn die Prüfung vorbei ist. Aufbewahrt wird, dass es eine \
           Prüfung gab und wie sie ausging.",
    learns: "{audience} erfährt, wie sie ausging, und sonst nichts. Sie müssen nicht zustimmen: Es gibt einen anderen Weg, und Sie \
             können jederzeit aufhören.",
};

/// The text that the person reads and agrees to. Its digest stands in the result, so that nobody can say later that
/// another one was shown. What is approved stands in it as it is: of a payment, [`Terms::sentence`](crate::Terms::sentence).
#[must_use]
pub fn consent_text(
    language: Language,
    kind: Kind,
    audience: &str,
    approve: Option<&str>,
) -> String {
    let says = match language {
        Language::English => ENGLISH,
        Language::German => GERMAN,
    };
    let (question, computed) = match kind {
        Kind::Document => (says.document, says.of_document),
        Kind::Payment => (says.payment, says.of_subject),
        Kind::Presence => (says.presence, says.of_presence),
        Kind::Verify => (says.verify, says.of_subject),
    };
    let by = |text: &str| text.replace("{audience}", audience);
    let mut text = format!("{}\n\n", by(question));
    if let Some(approve) = approve {
        let begins = match kind {
            Kind::Payment => says.pays,
            _ => says.approves,
        };
        let _ = write!(text, "{begins}\n{approve}\n\n");
    }
    let Wording { camera, kept, .. } = says;
    let learns = by(says.learns);
    let _ = write!(text, "{camera}\n{computed}\n{kept}\n\n{learns}");
    text
}

/// SHA-256 of a text, in hexadecimal.
#[must_use]
pub fn text_sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut hex = String::with_capacity(64);
    for byte in digest {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_who_asks_and_what_is_approved_as_it_is() {
        let shop = "https://shop.example";
        let door = Some("Open <the> {audience}");
        for (language, asks) in [
            (Language::English, "asks whether you are the person"),
            (Language::German, "fragt, ob Sie die Person sind"),
        ] {
            let text = consent_text(language, Kind::Verify, shop, door);
            assert!(text.starts_with(&format!("{shop} {asks}")), "{text}");
            assert!(text.contains("\nOpen <the> {audience}\n"), "{text}");
        }
    }

    #[test]
    fn each_kind_in_each_language_is_a_text_of_its_own() {
        let kinds = [Kind::Document, Kind::Payment, Kind::Presence, Kind::Verify];
        let all = Language::ALL.into_iter().flat_map(|language| {
            let of = move |kind| consent_text(language, kind, "https://shop.example", None);
            kinds.into_iter().map(of)
        });
        let digests: std::collections::BTreeSet<String> =
            all.map(|text| text_sha256(&text)).collect();
        assert_eq!(digests.len(), 8);
    }

    #[test]
    fn the_digest_is_sha_256() {
        // NIST's example of three bytes.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(text_sha256("abc"), abc);
    }
}
