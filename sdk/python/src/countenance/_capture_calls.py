"""What can be asked with the capture token of a session: a function for each operation of the document but
`capture_socket`, for httpx speaks no WebSocket. The methods of `Capture` are made of these by sdk/generate.py."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from . import models, _operations
from ._call import Call
from .frames import Frame
from .holder import HolderPart
from .pictures import read


def _nothing(_: Any) -> None:
    return None


def show_capture(*, lang: str | None = None) -> Call[models.CaptureAnswer]:
    """What the person is asked: show who asks, the text to agree to, and the way out.

    `lang` is the tag of the person's language, such as `de-AT`: the text is in it where the server has it, else in English.
    """
    return Call(_operations.SHOW_CAPTURE, models.CaptureAnswer.from_wire, query={"lang": lang})


def agree_capture(
    sha256: str,
    *,
    calm: bool = False,
    holder: HolderPart | None = None,
    shown_sha256: str | None = None,
    device_key: dict[str, Any] | None = None,
) -> Call[models.CaptureState]:
    """The person has read the text whose digest is `sha256` (`show_capture().consent.sha256`), and agrees.

    `calm` makes the colored light slow, for people who do not bear flashing. `holder` goes along only where a passkey is
    asked for, `shown_sha256` with a payment: the digest of its terms, made of what was shown. `device_key` where one is asked
    for: the credential that `navigator.credentials.get` gave, as JSON.
    """
    given: dict[str, Any] = {"sha256": sha256, "calm": calm}
    if holder is not None:
        given["holder"] = holder.hex()
    if shown_sha256 is not None:
        given["shown_sha256"] = shown_sha256
    if device_key is not None:
        given["device_key"] = device_key
    return Call(_operations.AGREE_CAPTURE, models.CaptureState.from_wire, json=given)


def capture_frames(frames: Sequence[Frame]) -> Call[models.FrameMessages]:
    """Sends frames, 8 at most, and answers what is to be done now. Begin with none: the first answer is `hello`.

    One request at a time. After a message `error`, and where no answer came, it begins anew with `hello` and frame 0.
    """
    sent = [
        {"frame": one.frame, "time_ms": one.time_ms, "picture": base64.b64encode(read(one.picture)).decode("ascii")}
        for one in frames
    ]
    return Call(_operations.CAPTURE_FRAMES, models.FrameMessages.from_wire, json={"frames": sent})


def decline_capture() -> Call[None]:
    """The person takes the way out: the session is over."""
    return Call(_operations.DECLINE_CAPTURE, _nothing)
