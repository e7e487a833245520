"""Identity checks: what is asked, what is answered, and what a result says of a document."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from conftest import House, Script

from countenance import Countenance, NotFound, RequestRefused

SECRET = "cnt_0123_secret"
ASKED: dict[str, Any] = {
    "case": "1138",
    "audience": "https://desk.example",
    "nonce": "n" * 22,
    "way_out": "https://desk.example/counter",
}
CHECKS = {"zone": "clear", "format": "TD3", "check_digits": "passed", "expired": False}


def parts(headers: dict[str, str], body: bytes) -> dict[str, bytes]:
    kind = next(value for name, value in headers.items() if name.lower() == "content-type")
    form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    return {str(part.get_param("name", header="content-disposition")): content(part) for part in form.walk() if not part.is_multipart()}


def content(part: Message) -> bytes:
    read = part.get_payload(decode=True)
    assert isinstance(read, bytes)
    return read


def test_a_document_is_shown_with_what_was_named_and_nothing_else(script: Script) -> None:
    opened = {"id": "a-1", "token": "t" * 43, "state": "created", "expires": 1}
    script.says(201, json.dumps({"checks": CHECKS, "session": opened}).encode())
    script.says(200, json.dumps({"cause": "no_face", "checks": {"zone": "absent", "check_digits": "absent"}}).encode())
    with Countenance(script.url, SECRET, collection="door") as client:
        looked = client.open_document(b"one picture", lasts_s=60, strict=True, **ASKED)
        again = client.open_document(b"another", **ASKED)
    assert looked.session is not None and looked.session.token == "t" * 43 and looked.cause is None
    assert "ttt" not in repr(looked)
    assert (looked.checks.zone, looked.checks.format, looked.checks.check_digits) == ("clear", "TD3", "passed")
    assert looked.checks.expired is False
    assert (again.session, again.cause, again.checks.format, again.checks.expired) == (None, "no_face", None, None)
    assert [(method, path) for method, path, _, _ in script.asked] == [("POST", "/v1/documents?collection=door")] * 2
    given = {name: value.encode() for name, value in ASKED.items()}
    first, second = (parts(headers, body) for _, _, headers, body in script.asked)
    assert first == {"picture": b"one picture", "lasts_s": b"60", "strict": b"true", **given}
    assert second == {"picture": b"another", **given}
    # Nothing is remembered of it, so there is nothing to be asked again.
    assert not any("Idempotency-Key" in headers for _, _, headers, _ in script.asked)


def test_a_real_server_looks_at_documents(house: House) -> None:
    with house.client() as client:
        looked = client.open_document(house.photo("obama.jpg"), **ASKED)
        assert looked.session is not None and looked.cause is None
        assert (looked.checks.zone, looked.checks.check_digits) == ("absent", "absent")
        shown = client.show_session(looked.session.id)
        assert (shown.kind, shown.state, shown.result) == ("document", "created", None)
        strict = client.open_document(house.photo("obama.jpg"), strict=True, **ASKED)
        assert (strict.session, strict.cause) == (None, "zone_not_trusted")
        with pytest.raises(RequestRefused, match="picture"):
            client.open_document(b"no picture", **ASKED)
        with pytest.raises(RequestRefused, match="case"):
            client.open_document(house.photo("obama.jpg"), **{**ASKED, "case": ""})
        with pytest.raises(NotFound):
            client.open_document(house.photo("obama.jpg"), collection="none", **ASKED)
