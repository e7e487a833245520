"""The person's side of a consent link: opened by its token, never by a key."""

from __future__ import annotations

import dataclasses
import os

import httpx

from ._attempts import Settings
from ._link_methods import AsyncLinkMethods, LinkMethods


def _of_link(given: Settings, link: str) -> Settings:
    if not given.key:
        raise ValueError("the token of the link is empty")
    return dataclasses.replace(given, session=link)


class ConsentLink(LinkMethods):
    """Shows a person what they agreed to, and lets them withdraw it: for a kiosk, a device or a test.

    In a browser the page `/consents` of the server does this.
    """

    def __init__(
        self,
        link: str,
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
        """Names a link by its id and token; the rest is as with `Countenance`."""
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
        self._given = _of_link(self._given, link)


class AsyncConsentLink(AsyncLinkMethods):
    """The same, awaited; under asyncio or trio."""

    def __init__(
        self,
        link: str,
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
        """As `ConsentLink`."""
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
        self._given = _of_link(self._given, link)
