//! Frames without a WebSocket: a challenge that waits between two requests.

use super::Held;
use super::converse::{Converse, Frame, over};
use crate::platform::Platform;
use crate::refusal::Refusal;
use countenance_api::CaptureMessage;
use std::sync::Arc;

/// Looks at some frames; what is said to them.
pub(crate) async fn answered(
    platform: Platform,
    held: Arc<Held>,
    frames: Vec<Frame>,
) -> Result<Vec<CaptureMessage>, Refusal> {
    let polled = held.lock().polled.take();
    let (mut converse, mut messages) = match polled {
        Some(converse) => (converse, Vec::new()),
        None => Converse::begin(&platform, &held, false).await?,
    };
    for frame in frames {
        let (said, next) = converse.frame(&platform, &held, frame).await;
        messages.extend(said);
        match next {
            Ok(on) => converse = on,
            Err(_) => return Ok(messages),
        }
    }
    match over(&held, platform.sessions.now()) {
        Some(over) => {
            converse.leave().await;
            messages.push(over);
        }
        None => held.lock().polled = Some(converse),
    }
    Ok(messages)
}
