"""For each call of `_capture_calls.py` a method, waiting and awaited. Made by sdk/generate.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from . import models
from ._call import Call
from .frames import Frame
from .holder import HolderPart
from . import _capture_calls
from ._connection import AsyncConnection, Connection


class CaptureMethods(Connection):
    """What can be asked, waiting for each answer."""

    def show_capture(self, *, lang: str | None=None) -> models.CaptureAnswer:
        """What the person is asked: show who asks, the text to agree to, and the way out.

        `lang` is the tag of the person's language, such as `de-AT`: the text is in it where the server has it, else in English.
        """
        return self._ask(_capture_calls.show_capture(lang=lang))

    def agree_capture(
        self, sha256: str, *, calm: bool=False, holder: HolderPart | None=None, shown_sha256: str | None=None, device_key: dict[str, Any] | None=None
    ) -> models.CaptureState:
        """The person has read the text whose digest is `sha256` (`show_capture().consent.sha256`), and agrees.

        `calm` makes the colored light slow, for people who do not bear flashing. `holder` goes along only where a passkey is
        asked for, `shown_sha256` with a payment: the digest of its terms, made of what was shown. `device_key` where one is asked
        for: the credential that `navigator.credentials.get` gave, as JSON.
        """
        return self._ask(_capture_calls.agree_capture(sha256, calm=calm, holder=holder, shown_sha256=shown_sha256, device_key=device_key))

    def capture_frames(self, frames: Sequence[Frame]) -> models.FrameMessages:
        """Sends frames, 8 at most, and answers what is to be done now. Begin with none: the first answer is `hello`.

        One request at a time. After a message `error`, and where no answer came, it begins anew with `hello` and frame 0.
        """
        return self._ask(_capture_calls.capture_frames(frames))

    def decline_capture(self) -> None:
        """The person takes the way out: the session is over."""
        return self._ask(_capture_calls.decline_capture())


class AsyncCaptureMethods(AsyncConnection):
    """What can be asked, awaited."""

    async def show_capture(self, *, lang: str | None=None) -> models.CaptureAnswer:
        """What the person is asked: show who asks, the text to agree to, and the way out.

        `lang` is the tag of the person's language, such as `de-AT`: the text is in it where the server has it, else in English.
        """
        return await self._ask(lambda: _capture_calls.show_capture(lang=lang))

    async def agree_capture(
        self, sha256: str, *, calm: bool=False, holder: HolderPart | None=None, shown_sha256: str | None=None, device_key: dict[str, Any] | None=None
    ) -> models.CaptureState:
        """The person has read the text whose digest is `sha256` (`show_capture().consent.sha256`), and agrees.

        `calm` makes the colored light slow, for people who do not bear flashing. `holder` goes along only where a passkey is
        asked for, `shown_sha256` with a payment: the digest of its terms, made of what was shown. `device_key` where one is asked
        for: the credential that `navigator.credentials.get` gave, as JSON.
        """
        return await self._ask(lambda: _capture_calls.agree_capture(sha256, calm=calm, holder=holder, shown_sha256=shown_sha256, device_key=device_key))

    async def capture_frames(self, frames: Sequence[Frame]) -> models.FrameMessages:
        """Sends frames, 8 at most, and answers what is to be done now. Begin with none: the first answer is `hello`.

        One request at a time. After a message `error`, and where no answer came, it begins anew with `hello` and frame 0.
        """
        return await self._ask(lambda: _capture_calls.capture_frames(frames))

    async def decline_capture(self) -> None:
        """The person takes the way out: the session is over."""
        return await self._ask(lambda: _capture_calls.decline_capture())
