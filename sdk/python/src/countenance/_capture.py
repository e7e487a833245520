"""The person's side of a session: opened by its capture token, never by a key."""

from __future__ import annotations

import dataclasses
import os

import httpx

from ._attempts import Settings
from ._capture_methods import AsyncCaptureMethods, CaptureMethods


def _of_session(given: Settings, session: str) -> Settings:
    if not given.key:
        raise ValueError("the capture token is empty")
    return dataclasses.replace(given, session=session)


class Capture(CaptureMethods):
    """Shows a person what a session asks, and sends what the camera sees: for a kiosk, a device or a test.

    In a browser a page does this; one is in console/capture.
    """

    def __init__(
        self,
        session: str,
        token: str,
        url: str | None = None,
        *,
        retries: int = 3,
        longest_wait_s: float = 10.0,
        timeout_s: float = 60.0,
        ca: str | os.PathLike[str] | None = None,
        insecure: bool = False,
        http: httpx.Client | None = None,
    ) -> None:
        """Names a session by its id and capture token; the rest is as with `Countenance`."""
        super().__init__(
            url,
            token,
            retries=retries,
            longest_wait_s=longest_wait_s,
            timeout_s=timeout_s,
            ca=ca,
            insecure=insecure,
            http=http,
        )
        self._given = _of_session(self._given, session)


class AsyncCapture(AsyncCaptureMethods):
    """The same, awaited; under asyncio or trio."""

    def __init__(
        self,
        session: str,
        token: str,
        url: str | None = None,
        *,
        retries: int = 3,
        longest_wait_s: float = 10.0,
        timeout_s: float = 60.0,
        ca: str | os.PathLike[str] | None = None,
        insecure: bool = False,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        """As `Capture`."""
        super().__init__(
            url,
            token,
            retries=retries,
            longest_wait_s=longest_wait_s,
            timeout_s=timeout_s,
            ca=ca,
            insecure=insecure,
            http=http,
        )
        self._given = _of_session(self._given, session)
