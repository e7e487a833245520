//! What a challenge says, as it travels.

use countenance_api::CaptureMessage;
use countenance_core::{Gesture, Message, Status};

pub(super) fn message(message: Message) -> Option<CaptureMessage> {
    Some(match message {
        Message::Prompt {
            id,
            gesture,
            window,
        } => CaptureMessage::Prompt {
            id,
            kind: gesture.name().to_owned(),
            color: match gesture {
                Gesture::Light([red, green, blue]) => {
                    Some(format!("#{red:02x}{green:02x}{blue:02x}"))
                }
                _ => None,
            },
            window_ms: u64::try_from(window.as_millis()).unwrap_or(u64::MAX),
        },
        Message::Guidance(guidance) => CaptureMessage::Guidance {
            code: guidance.name().to_owned(),
        },
        Message::Progress { done, of } => CaptureMessage::Progress {
            done: u32::try_from(done).unwrap_or(u32::MAX),
            of: u32::try_from(of).unwrap_or(u32::MAX),
        },
        _ => return None,
    })
}

/// That it is over. A result that was taken already was judged: the page need not know by whom.
pub(super) fn done(status: Status) -> CaptureMessage {
    let state = match status {
        Status::Canceled { .. } => "canceled",
        Status::Judged | Status::Fetched => "judged",
        _ => "expired",
    };
    CaptureMessage::Done {
        state: state.to_owned(),
    }
}

pub(super) fn error(code: &'static str, detail: impl Into<String>) -> CaptureMessage {
    CaptureMessage::Error {
        code: code.to_owned(),
        detail: detail.into(),
    }
}
