"""What is the same for both clients: how a call is sent, what an answer means, and when to ask again."""

from __future__ import annotations

import email.utils
import ipaddress
import json
import os
import random
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from ._call import Call
from .errors import CountenanceError, NotReached, Problem, UnexpectedAnswer, problem

T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:7300"
# These have no Idempotency-Key, and write nothing or the same again: they may be asked again whatever happened.
_WRITES_NOTHING_TWICE = frozenset(
    {"compare", "detect", "export_subject", "cancel_session", "agree_capture", "decline_capture", "withdraw_own_consents"}
)
# With these codes nothing was begun, or it is being worked on under the same Idempotency-Key.
_AGAIN = frozenset(
    {
        "busy",
        "collection_loading",
        "too_many_requests",
        "too_many_sessions",
        "attempts_used",
        "quota_used",
        "in_progress",
    }
)
_SHORTEST_WAIT_S = 0.2


@dataclass(frozen=True, repr=False)
class Settings:
    """Where and how to ask."""

    url: str
    key: str | None
    collection: str | None
    retries: int
    longest_wait_s: float
    session: str | None = None
    """The session, or the consent link, whose token the key is."""


def settings(
    url: str | None,
    key: str | None,
    key_file: str | os.PathLike[str] | None,
    collection: str | None,
    retries: int,
    longest_wait_s: float,
    insecure: bool,
) -> Settings:
    """What was named, else what the environment says, else the defaults."""
    url = (url or os.environ.get("COUNTENANCE_URL") or DEFAULT_URL).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"not an address of a server, such as https://faces.example: {url}")
    if parts.username or parts.password:
        raise ValueError("the address has a password in it; the key is named on its own")
    if parts.scheme == "http" and not insecure and not _this_machine(parts.hostname):
        raise ValueError(
            f"{url} would carry the key and faces in the clear: use https, or say `insecure=True` "
            "where something else protects the way"
        )
    if key is not None and key_file is not None:
        raise ValueError("name either `key` or `key_file`")
    if key_file is not None:
        with open(key_file, encoding="ascii") as file:
            key = file.read(4096)
    if key is None:
        key = os.environ.get("COUNTENANCE_KEY")
    key = key.strip() if key else None
    if key and not re.fullmatch(r"[!-~]+", key):
        raise ValueError("the key has characters that no key has")
    if retries < 0 or longest_wait_s < 0:
        raise ValueError("`retries` and `longest_wait_s` are not negative")
    return Settings(url, key, collection, retries, longest_wait_s)


def _this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Answered(Generic[T]):
    """An answer that is one."""

    value: T


class Attempts(Generic[T]):
    """The attempts at one call."""

    def __init__(self, call: Call[T], given: Settings) -> None:
        operation = call.operation
        if operation.scope is not None and given.key is None:
            raise CountenanceError(
                f"{operation.name} needs a key with the scope `{operation.scope}`: name `key` or `key_file`, "
                "or set COUNTENANCE_KEY"
            )
        self.call, self.given = call, given
        self.left = given.retries
        self.headers = {"Accept": "application/json"} if not call.text else {}
        if operation.scope is not None or operation.capture or operation.link:
            self.headers["Authorization"] = f"Bearer {given.key}"
        if call.holder is not None:
            self.headers["Countenance-Holder"] = call.holder.hex()
        if operation.idempotent:
            self.headers["Idempotency-Key"] = call.idempotency_key or uuid.uuid4().hex
        self.harmless = operation.idempotent or operation.method == "GET" or operation.name in _WRITES_NOTHING_TWICE

    def request(self) -> dict[str, Any]:
        """What httpx is told to send; each attempt the same."""
        call = self.call
        path = call.operation.path
        segments = dict(call.segments)
        if call.operation.capture:
            segments["session"] = self.given.session or ""
        if call.operation.link:
            segments["link"] = self.given.session or ""
        for name, value in segments.items():
            if value in ("", ".", ".."):
                raise ValueError(f"{value!r} cannot stand in a path")
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        query = dict(call.query)
        if query.get("collection") is None and "collection" in call.operation.query:
            query["collection"] = self.given.collection
        sent: dict[str, Any] = {
            "method": call.operation.method,
            "url": self.given.url + path,
            "headers": self.headers,
            "params": {name: value for name, value in query.items() if value is not None},
        }
        if call.json is not None:
            sent["json"] = call.json
        if call.form is not None:
            # A name goes along because a part without one is read as text by many servers; it says nothing.
            sent["files"] = [
                (name, (name, value) if isinstance(value, bytes) else (None, value)) for name, value in call.form
            ]
        return sent

    def broke(self, error: httpx.TransportError) -> float:
        """Seconds to wait before asking again where no answer came; raises where that makes no sense."""
        nothing_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
        waited_long = isinstance(error, httpx.TimeoutException) and not nothing_sent
        wait = self._wait(None) if nothing_sent or (self.harmless and not waited_long) else None
        if wait is None:
            what = str(error) or type(error).__name__
            raise NotReached(f"no answer from {self.given.url} to {self.call.operation.name}: {what}") from error
        return wait

    def judge(self, response: httpx.Response) -> Answered[T] | float:
        """The answer, or seconds to wait before asking again; raises what the server refused."""
        if response.is_success:
            return Answered(self._read(response))
        found = _problem(response)
        if isinstance(found, Problem):
            again = found.code in _AGAIN and found.retry_after_s is not None
        else:
            again = response.status_code in (429, 502, 503) and self.harmless
        wait = self._wait(_retry_after(response.headers)) if again else None
        if wait is None:
            raise found
        return wait

    def _read(self, response: httpx.Response) -> T:
        if self.call.text:
            return self.call.answer(response.text)
        if response.status_code == 204:
            return self.call.answer(None)
        try:
            return self.call.answer(response.json())
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            what = f"{self.call.operation.name} was answered with something else than the document says: {error!r}"
            raise UnexpectedAnswer(what) from error

    def _wait(self, asked_s: float | None) -> float | None:
        """How long to wait, if there is an attempt left and the time is not too long."""
        if self.left <= 0:
            return None
        backoff = _SHORTEST_WAIT_S * 2 ** (self.given.retries - self.left)
        # Those who were refused together do not come back together.
        wait = (backoff if asked_s is None else asked_s) + random.uniform(0, backoff)
        if (asked_s or 0) > self.given.longest_wait_s:
            return None
        self.left -= 1
        return min(wait, max(asked_s or 0, self.given.longest_wait_s))


def _problem(response: httpx.Response) -> CountenanceError:
    kind = response.headers.get("content-type", "").split(";")[0].strip()
    if kind == "application/problem+json":
        try:
            wire: Mapping[str, Any] = json.loads(response.content)
            return problem(wire, _retry_after(response.headers), response.headers.get("x-request-id"))
        except (AttributeError, KeyError, TypeError, ValueError):
            pass
    return UnexpectedAnswer(f"{response.status_code} without a problem that can be read; is a proxy in between?")


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds, given as such or as a date."""
    given = headers.get("retry-after", "").strip()
    if given.isdecimal():
        return float(given)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time()) if given else None
    except ValueError:
        return None
