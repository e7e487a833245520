"""What can go wrong. A wrong face or a poor picture is an answer and stands in none of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class CountenanceError(Exception):
    """Everything that this package raises of its own."""


class NotReached(CountenanceError):
    """The server could not be reached, or its answer did not arrive."""


class UnexpectedAnswer(CountenanceError):
    """What came back is none of the answers that the document promises: another server, or a proxy before it."""


class Problem(CountenanceError):
    """The server refused (RFC 9457). `code` is stable; `detail` says what to do about this request."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        *,
        retry_after_s: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(f"{title} ({status} {code}): {detail}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.retry_after_s = retry_after_s
        """When it may be asked again, where the server said so."""
        self.request_id = request_id
        """Under this id the server's log tells more."""


class KeyRefused(Problem):
    """No key, one that is not known, or one that may not do this; of the capture side, its token."""


class ConsentMissing(Problem):
    """The subject did not agree to this, or does no longer."""


class NotFound(Problem):
    """There is no such subject, collection, session or key."""


class Conflict(Problem):
    """What is there already stands in the way."""


class RequestRefused(Problem):
    """Something about the request itself: a field, a picture, a parameter."""


class TooMany(Problem):
    """Too often: `retry_after_s` says when again."""


class ServerFailed(Problem):
    """The server is busy or failed."""


_BY_CODE: Mapping[str, type[Problem]] = {
    "key_invalid": KeyRefused,
    "scope_missing": KeyRefused,
    "capture_token_invalid": KeyRefused,
    "consent_link_invalid": KeyRefused,
    "consent_missing": ConsentMissing,
}
_BY_STATUS: Mapping[int, type[Problem]] = {404: NotFound, 409: Conflict, 429: TooMany}


def problem(wire: Mapping[str, Any], retry_after_s: float | None, request_id: str | None) -> Problem:
    """The exception for what the server answered."""
    status, code = int(wire["status"]), str(wire["code"])
    default = ServerFailed if status >= 500 else RequestRefused
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status, default)
    return kind(
        status, code, str(wire["title"]), str(wire["detail"]), retry_after_s=retry_after_s, request_id=request_id
    )
