"""How calls are carried, waiting and awaited."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

import anyio
import anyio.to_thread
import httpx

from ._attempts import Answered, Attempts, Settings, settings
from ._call import Call

T = TypeVar("T")
C = TypeVar("C", bound="Connection")
A = TypeVar("A", bound="AsyncConnection")


def _context(ca: str | os.PathLike[str] | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)


class _Base:
    _given: Settings

    @property
    def url(self) -> str:
        """The server's address."""
        return self._given.url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"


class Connection(_Base):
    """Sends calls and waits for the answers."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        key_file: str | os.PathLike[str] | None = None,
        collection: str | None = None,
        retries: int = 3,
        longest_wait_s: float = 10.0,
        timeout_s: float = 60.0,
        ca: str | os.PathLike[str] | None = None,
        insecure: bool = False,
        http: httpx.Client | None = None,
    ) -> None:
        """Names a server and a key.

        Without `url` the environment's COUNTENANCE_URL is meant, else http://127.0.0.1:7300; without `key` and
        `key_file` its COUNTENANCE_KEY. `collection` is the one that is meant where a call names none. What the server sheds, and what breaks off
        and may be asked again, is asked again `retries` times, unless it wants a wait of more than `longest_wait_s`.
        `ca` is a file with the certificates to trust. A plain http address of another machine is refused without
        `insecure`. `http` is a client of your own, where proxies or client certificates are needed: the
        environment's proxies are not used otherwise.
        """
        self._given = settings(url, key, key_file, collection, retries, longest_wait_s, insecure)
        self._http = http or httpx.Client(verify=_context(ca), timeout=timeout_s, trust_env=False)

    def _ask(self, call: Call[T]) -> T:
        attempts = Attempts(call, self._given)
        while True:
            try:
                response = self._http.request(**attempts.request(), follow_redirects=False)
            except httpx.TransportError as error:
                wait = attempts.broke(error)
            else:
                judged = attempts.judge(response)
                if isinstance(judged, Answered):
                    return judged.value
                wait = judged
            time.sleep(wait)

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()

    def __enter__(self: C) -> C:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncConnection(_Base):
    """Sends calls and awaits the answers, under asyncio or trio."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        key_file: str | os.PathLike[str] | None = None,
        collection: str | None = None,
        retries: int = 3,
        longest_wait_s: float = 10.0,
        timeout_s: float = 60.0,
        ca: str | os.PathLike[str] | None = None,
        insecure: bool = False,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        """As `Countenance`."""
        self._given = settings(url, key, key_file, collection, retries, longest_wait_s, insecure)
        self._http = http or httpx.AsyncClient(verify=_context(ca), timeout=timeout_s, trust_env=False)

    async def _ask(self, call: Callable[[], Call[T]]) -> T:
        # Pictures are read from files: elsewhere, so that nobody else waits.
        attempts = Attempts(await anyio.to_thread.run_sync(call), self._given)
        while True:
            try:
                response = await self._http.request(**attempts.request(), follow_redirects=False)
            except httpx.TransportError as error:
                wait = attempts.broke(error)
            else:
                judged = attempts.judge(response)
                if isinstance(judged, Answered):
                    return judged.value
                wait = judged
            await anyio.sleep(wait)

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.aclose()

    async def __aenter__(self: A) -> A:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
