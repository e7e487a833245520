"""Both sides of a session: the key opens one, the capture token the other."""

from __future__ import annotations

import base64
import json
from typing import Any

import anyio
import pytest
from conftest import House, Script

from countenance import AsyncCapture, Capture, Conflict, Countenance, Frame, HolderPart, KeyRefused, NotFound, models

SECRET, TOKEN = "cnt_0123_secret", "0lq" + "x" * 40
ASKED: dict[str, Any] = {
    "audience": "https://shop.example",
    "nonce": "n" * 22,
    "way_out": "https://shop.example/other-way",
}
OPENED = json.dumps({"id": "a-1", "token": TOKEN, "state": "created", "expires": 1}).encode()
RULES = {"width": 640, "height": 480, "max_bytes": 131072, "per_second": 15, "in_flight": 2, "batch": 8}


def test_a_session_is_opened_with_what_was_named_and_nothing_else(script: Script) -> None:
    script.refuses(429, "too_many_sessions", retry_after="0")
    script.says(201, OPENED)
    passkey = models.SessionPasskey(salt="3q2-", credentials=["c2FtcGxl"])
    with Countenance(script.url, SECRET, collection="door") as client:
        opened = client.open_session("verify", subject="ana", approve="Open", passkey=passkey, lasts_s=60, **ASKED)
    assert (opened.id, opened.token) == ("a-1", TOKEN)
    (_, path, headers, body) = script.asked[-1]
    assert len(script.asked) == 2
    assert path == "/v1/sessions?collection=door"
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert headers["Idempotency-Key"]
    assert json.loads(body) == {
        **ASKED,
        "kind": "verify",
        "subject": "ana",
        "approve": "Open",
        "passkey": {"salt": "3q2-", "credentials": ["c2FtcGxl"]},
        "lasts_s": 60,
    }


def test_a_judged_session_has_its_result_and_one_that_is_not_has_none(script: Script) -> None:
    script.says(200, b'{"id":"a-1","kind":"presence","state":"capturing","expires":9}')
    script.says(200, b'{"id":"a-1","kind":"presence","state":"judged","expires":9,"outcome":"accept","result":"eyJ"}')
    with Countenance(script.url, SECRET) as client:
        assert client.show_session("a-1").result is None
        answer = client.show_session("a-1")
    assert (answer.state, answer.outcome, answer.result) == ("judged", "accept", "eyJ")


def test_the_capture_side_goes_with_its_token_and_never_with_a_key(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTENANCE_KEY", SECRET)
    holder = HolderPart.generate()
    script.says(200, b'{"state":"capturing"}')
    script.says(200, b'{"state":"capturing"}')
    script.says(204, b"")
    with Capture("a-1", TOKEN, script.url) as capture:
        assert capture.agree_capture("5f" * 32, holder=holder).state == "capturing"
        capture.agree_capture("5f" * 32, calm=True)
        capture.decline_capture()
        assert TOKEN not in repr(capture) + repr(vars(capture))
    assert {asked[2]["Authorization"] for asked in script.asked} == {f"Bearer {TOKEN}"}
    assert [(asked[0], asked[1]) for asked in script.asked] == [
        ("POST", "/v1/capture/a-1/consent"),
        ("POST", "/v1/capture/a-1/consent"),
        ("DELETE", "/v1/capture/a-1"),
    ]
    assert json.loads(script.asked[0][3]) == {"sha256": "5f" * 32, "calm": False, "holder": holder.hex()}
    assert json.loads(script.asked[1][3]) == {"sha256": "5f" * 32, "calm": True}
    for empty in ("", " "):
        with pytest.raises(ValueError, match="capture token is empty"):
            Capture("a-1", empty, script.url)
    with Capture("../keys", TOKEN, script.url) as climbing:
        script.says(204, b"")
        climbing.decline_capture()
    assert script.asked[-1][1] == "/v1/capture/..%2Fkeys"


def test_frames_go_in_base64_and_messages_come_with_the_fields_of_their_kind(script: Script) -> None:
    messages = [
        {"type": "hello", "ends_in_ms": 168000, "frames": RULES},
        {"type": "prompt", "id": 1, "kind": "hold", "window_ms": 30000},
        {"type": "novelty", "of_tomorrow": True},
        {"type": "done", "state": "judged"},
    ]
    script.says(200, json.dumps({"messages": messages}).encode())
    frame = Frame(frame=0, time_ms=5210, picture=b"\xff\xd8picture")
    assert "picture" not in repr(frame)
    with Capture("a-1", TOKEN, script.url) as capture:
        said = capture.capture_frames([frame]).messages
    sent = base64.b64encode(b"\xff\xd8picture").decode()
    assert json.loads(script.asked[0][3]) == {"frames": [{"frame": 0, "time_ms": 5210, "picture": sent}]}
    assert [one.type for one in said] == ["hello", "prompt", "novelty", "done"]
    assert said[0].frames and said[0].frames.batch == 8
    assert (said[1].kind, said[1].window_ms, said[3].state) == ("hold", 30000, "judged")


def test_frames_that_may_have_arrived_are_not_sent_again_and_agreeing_is(script: Script) -> None:
    script.says(502, b"<html>", content_type="text/html")
    script.says(502, b"<html>", content_type="text/html")
    script.says(200, b'{"state":"capturing"}')
    with Capture("a-1", TOKEN, script.url) as capture:
        with pytest.raises(Exception, match="502"):
            capture.capture_frames([])
        assert len(script.asked) == 1
        assert capture.agree_capture("00").state == "capturing"
    assert len(script.asked) == 3


def test_a_wrong_token_is_a_refused_key_and_the_awaited_side_does_the_same(script: Script) -> None:
    script.refuses(401, "capture_token_invalid")
    script.refuses(409, "session_over")

    async def ask() -> None:
        async with AsyncCapture("a-1", TOKEN, script.url) as capture:
            with pytest.raises(KeyRefused):
                await capture.show_capture()
            with pytest.raises(Conflict) as told:
                await capture.agree_capture("00")
            assert told.value.code == "session_over"

    anyio.run(ask)


def test_the_log_is_walked_through_from_a_leaf_on(script: Script) -> None:
    entry = {"leaf": 7, "leaf_hash": "00", "content": "open", "kind": "enrolled", "day": 20000}
    script.says(200, json.dumps({"size": 9, "entries": [entry], "next": 8}).encode())
    script.says(200, json.dumps({"size": 9, "entries": [{**entry, "leaf": 8, "content": "sealed"}]}).encode())
    with Countenance(script.url, SECRET) as client:
        found = list(client.iter_audit_entries(from_=7))
    assert [(one.leaf, one.content) for one in found] == [(7, "open"), (8, "sealed")]
    assert [asked[1] for asked in script.asked] == [
        "/v1/audit/entries?from=7&limit=1000",
        "/v1/audit/entries?from=8&limit=1000",
    ]


def test_a_person_is_asked_agrees_and_takes_the_way_out_on_a_real_server(house: House) -> None:
    with house.client() as client:
        opened = client.open_session("presence", approve="Open the door", **ASKED)
        assert client.show_session(opened.id).state == "created"
        with Capture(opened.id, opened.token, house.url) as capture:
            asked, german = capture.show_capture(), capture.show_capture(lang="de-AT")
            assert (asked.consent.lang, german.consent.lang) == ("en", "de")
            assert asked.consent.sha256 != german.consent.sha256
            assert (asked.audience, asked.approve, asked.way_out) == (
                ASKED["audience"],
                "Open the door",
                ASKED["way_out"],
            )
            with pytest.raises(Conflict) as told:
                capture.capture_frames([])
            assert told.value.code == "consent_needed"
            assert capture.agree_capture(asked.consent.sha256, calm=True).state == "capturing"
            assert [one.type for one in capture.capture_frames([]).messages][:2] == ["hello", "prompt"]
            frame = Frame(frame=0, time_ms=10, picture=house.photo("obama.jpg").read_bytes()[:100_000])
            assert {one.type for one in capture.capture_frames([frame]).messages} & {"ack", "error"}
            capture.decline_capture()
        ended = client.show_session(opened.id)
        assert (ended.state, ended.declined, ended.result) == ("canceled", True, None)
        client.cancel_session(opened.id)
        with pytest.raises(NotFound) as unknown:
            client.show_session("a-nobody")
        assert unknown.value.code == "session_unknown"
        with Capture(opened.id, "0" * 43, house.url) as wrong, pytest.raises(KeyRefused):
            wrong.show_capture()
        assert {"result"} <= {key.purpose for key in client.jwks().keys}
        assert 0 < len(list(client.iter_audit_entries())) <= client.audit_entries(limit=1).size
