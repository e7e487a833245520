//! Frames over a WebSocket.

use super::converse::{Converse, Ended, Frame, RULES};
use super::messages::{done, error};
use super::{Held, state};
use crate::platform::Platform;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::http::HeaderMap;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use countenance_api::CaptureMessage;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::Zeroizing;

/// The sub-protocol that is spoken.
pub(crate) const PROTOCOL: &str = "countenance.capture.v1";
/// What the sub-protocol begins with that carries the token, since a browser can send no other header.
const TOKEN: &str = "token.";
/// How long no frame may come; pings are none.
const SILENCE: Duration = Duration::from_secs(10);
/// Pings and pongs of one socket: one every ten seconds are a dozen, and a browser sends none.
const MOST_CONTROLS: usize = 64;
/// Bytes that wait to go out, at most: what is said of some frames. Whoever reads nothing is cut off.
pub(crate) const MOST_UNSENT: usize = 64 << 10;
/// How long a message may take to go out.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes before the picture.
const HEAD: usize = 8;

/// The capture token among the sub-protocols that are offered.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<&str> {
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let offered = offered.filter_map(|value| value.to_str().ok());
    let mut names = offered.flat_map(|value| value.split(',')).map(str::trim);
    names.find_map(|name| name.strip_prefix(TOKEN))
}

/// Serves a socket until its challenge or the session ends.
pub(crate) async fn serve(
    platform: Platform,
    held: Arc<Held>,
    mut socket: WebSocket,
    (converse, first): (Converse, Vec<CaptureMessage>),
) {
    let mut converse = Some(converse);
    let close = converse_with(&platform, &held, &mut socket, &mut converse, &first).await;
    if let Some(left) = converse {
        left.leave().await;
    }
    if let Some(code) = close {
        let frame = CloseFrame {
            code,
            reason: "".into(),
        };
        let _ = timeout(PATIENCE, socket.send(Message::Close(Some(frame)))).await;
    }
}

/// What the socket is to be closed with; nothing when the client has gone. A challenge that is still there afterwards was left.
async fn converse_with(
    platform: &Platform,
    held: &Arc<Held>,
    socket: &mut WebSocket,
    converse: &mut Option<Converse>,
    first: &[CaptureMessage],
) -> Option<u16> {
    say(socket, first).await?;
    let (mut due, mut controls) = (Instant::now() + SILENCE, 0);
    loop {
        let message = tokio::select! {
            message = timeout_at(due, socket.recv()) => message,
            () = held.changed.notified() => {
                let status = state(held, platform.sessions.now());
                if status.is_end() {
                    say(socket, &[done(status)]).await?;
                    return Some(1000);
                }
                continue;
            }
        };
        let bytes = match message {
            Err(_) => return Some(4408),
            Ok(None | Some(Err(_) | Ok(Message::Close(_)))) => return None,
            Ok(Some(Ok(Message::Binary(bytes)))) => bytes,
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {
                controls += 1;
                if controls > MOST_CONTROLS {
                    return Some(4429);
                }
                continue;
            }
            Ok(Some(Ok(Message::Text(_)))) => {
                let told = error("frame_invalid", "a text message is no frame");
                say(socket, &[told]).await?;
                return Some(4400);
            }
        };
        let Some(frame) = read(&bytes) else {
            let most = RULES.max_bytes;
            let told = format!("a frame is 8 bytes and a picture of 1 to {most} bytes");
            say(socket, &[error("frame_invalid", told)]).await?;
            return Some(4400);
        };
        let (said, next) = converse.take()?.frame(platform, held, frame).await;
        let close = match next {
            Ok(on) => {
                *converse = Some(on);
                None
            }
            Err(Ended::Done) => Some(1000),
            Err(Ended::Broken(code)) => Some(code),
        };
        say(socket, &said).await?;
        if close.is_some() {
            return close;
        }
        due = Instant::now() + SILENCE;
    }
}

async fn say(socket: &mut WebSocket, messages: &[CaptureMessage]) -> Option<()> {
    for message in messages {
        let text = serde_json::to_string(message).ok()?;
        let sent = timeout(PATIENCE, socket.send(Message::Text(text.into()))).await;
        sent.ok()?.ok()?;
    }
    Some(())
}

fn read(bytes: &Bytes) -> Option<Frame> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    let (time, picture) = rest.split_first_chunk::<4>()?;
    let fits = (1..=RULES.max_bytes as usize).contains(&(bytes.len() - HEAD));
    fits.then(|| Frame {
        number: u32::from_le_bytes(*number),
        time_ms: u32::from_le_bytes(*time),
        picture: Zeroizing::new(picture.to_vec()),
    })
}
