//! What a person agrees to before a session begins.

use crate::Kind;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Version of the text.
pub const CONSENT_VERSION: &str = "check-1";

/// The text that the person reads and agrees to. Its digest stands in the result, so that nobody can say later that
/// another one was shown.
#[must_use]
pub fn consent_text(kind: Kind, audience: &str, approve: Option<&str>) -> String {
    let question = match kind {
        Kind::Document => "whether you are the person on the document whose picture it was given.",
        Kind::Presence => {
            "whether a living person is in front of this camera. It does not ask who you are."
        }
        Kind::Verify => "whether you are the person you said you are.",
        Kind::Payment => "whether you, the person you said you are, approve a payment.",
    };
    let mut text = format!("{audience} asks {question}\n\n");
    if let Some(approve) = approve {
        text.push_str(match kind {
            Kind::Payment => "With a smile, when you are asked for it at the end, you pay:\n",
            _ => "With this you approve:\n",
        });
        text.push_str(approve);
        text.push_str("\n\n");
    }
    text.push_str(
        "If you agree, this camera takes pictures of your face for some seconds, while you are asked to turn your head, \
         to smile and perhaps to look at a colored screen.\n",
    );
    text.push_str(match kind {
        Kind::Document => {
            "From the pictures the server computes how your face moves, and numbers that it compares with those of the portrait on the document. Nothing of the document is kept either.\n"
        }
        Kind::Presence => {
            "From the pictures the server computes how your face moves, and numbers by which it can tell that it is one and the same face.\n"
        }
        Kind::Payment | Kind::Verify => {
            "From the pictures the server computes how your face moves, and numbers that it compares with those kept of you since you enrolled.\n"
        }
    });
    text.push_str(
        "No picture is kept. The numbers are deleted when the check is over. What is kept is that there was a check, and how it ended.\n\n",
    );
    let _ = write!(
        text,
        "{audience} learns how it ended, and nothing else. You do not have to agree: there is another way, and you can stop at any time."
    );
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
        let text = consent_text(
            Kind::Verify,
            "https://shop.example",
            Some("Open <the> door"),
        );
        assert!(text.starts_with("https://shop.example asks whether you are the person"));
        assert!(text.contains("\nOpen <the> door\n"));
        let presence = consent_text(Kind::Presence, "https://shop.example", None);
        assert!(presence.contains("does not ask who you are"));
        assert_ne!(text_sha256(&text), text_sha256(&presence));
        let document = consent_text(Kind::Document, "https://desk.example", None);
        assert!(document.contains("the person on the document"));
        assert!(document.contains("Nothing of the document is kept"));
    }

    #[test]
    fn the_digest_is_sha_256() {
        // NIST's example of three bytes.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(text_sha256("abc"), abc);
    }
}
