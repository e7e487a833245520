"""When it is asked again, and when not."""

from __future__ import annotations

import socket
import time

import anyio
import pytest
from conftest import House, Script
from losing import Losing

from countenance import (
    AsyncCountenance,
    Conflict,
    Countenance,
    KeyRefused,
    NotReached,
    ServerFailed,
    TooMany,
    UnexpectedAnswer,
)

SECRET = "cnt_0123_secret"
SUBJECT = b'{"id":"ana","kind":"operator_key","consents":[]}'


def test_what_the_server_sheds_is_asked_again_after_the_time_it_names_and_with_the_same_key(script: Script) -> None:
    script.refuses(503, "busy", retry_after="1")
    script.refuses(429, "too_many_requests", retry_after="1")
    script.says(201, SUBJECT)
    begun = time.monotonic()
    with Countenance(script.url, SECRET) as client:
        assert client.add_subject("ana").id == "ana"
    assert time.monotonic() - begun >= 2
    assert len({asked[2]["Idempotency-Key"] for asked in script.asked}) == 1
    assert len({asked[3] for asked in script.asked}) == 1


def test_two_writes_have_two_idempotency_keys_and_one_that_is_named_is_taken(script: Script) -> None:
    for _ in range(3):
        script.says(201, SUBJECT)
    with Countenance(script.url, SECRET) as client:
        client.add_subject("ana")
        client.add_subject("ana")
        client.add_subject("ana", idempotency_key="mine")
    keys = [asked[2]["Idempotency-Key"] for asked in script.asked]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


def test_the_awaited_client_asks_again_as_well(script: Script) -> None:
    script.refuses(503, "busy", retry_after="1")
    script.says(201, SUBJECT)

    async def ask() -> str:
        async with AsyncCountenance(script.url, SECRET) as client:
            return (await client.add_subject("ana")).id

    assert anyio.run(ask) == "ana"
    assert len({asked[2]["Idempotency-Key"] for asked in script.asked}) == 1


def test_a_wait_that_is_too_long_is_told_and_not_waited(script: Script) -> None:
    script.refuses(429, "quota_used", retry_after="3600")
    begun = time.monotonic()
    with Countenance(script.url, SECRET) as client, pytest.raises(TooMany) as told:
        client.list_keys()
    assert time.monotonic() - begun < 1
    assert told.value.retry_after_s == 3600
    assert len(script.asked) == 1


def test_it_gives_up_after_as_many_attempts_as_it_was_told(script: Script) -> None:
    for _ in range(3):
        script.refuses(503, "busy", retry_after="0")
    with Countenance(script.url, SECRET, retries=2) as client, pytest.raises(ServerFailed) as told:
        client.list_keys()
    assert told.value.code == "busy"
    assert len(script.asked) == 3


def test_what_another_attempt_cannot_mend_is_asked_once(script: Script) -> None:
    script.refuses(500, "internal")
    script.refuses(504, "deadline_exceeded")
    script.refuses(409, "subject_exists")
    script.refuses(401, "key_invalid")
    with Countenance(script.url, SECRET) as client:
        for kind in (ServerFailed, ServerFailed, Conflict, KeyRefused):
            with pytest.raises(kind):
                client.add_subject("ana")
    assert len(script.asked) == 4


def test_an_answer_that_none_of_ours_gave_is_told_as_such(script: Script) -> None:
    script.says(404, b"<html>", content_type="text/html")
    script.says(200, b'{"something":"else"}')
    script.says(200, b"[]")
    script.says(400, b"[1]", content_type="application/problem+json")
    with Countenance(script.url, SECRET, retries=0) as client:
        for _ in range(4):
            with pytest.raises(UnexpectedAnswer):
                client.list_keys()


def test_a_server_that_is_not_there_is_told_with_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with Countenance(url, SECRET, retries=1) as client, pytest.raises(NotReached, match=url):
        client.healthz()


def test_an_answer_that_was_lost_on_the_way_is_asked_for_again_and_nothing_is_done_twice(house: House) -> None:
    with Losing(house.url, 1) as way, house.client(url=way.url) as client:
        made = client.add_subject("lost-once")
        assert way.lost == 1
        assert made.id == "lost-once"
    # The control: it was done the first time, for a new write of the same is refused.
    with house.client() as client, pytest.raises(Conflict) as told:
        client.add_subject("lost-once")
    assert told.value.code == "subject_exists"


def test_without_another_attempt_a_lost_answer_is_told(house: House) -> None:
    with Losing(house.url, 1) as way, house.client(url=way.url, retries=0) as client:
        with pytest.raises(NotReached):
            client.add_subject("lost-and-told")
    with house.client() as client:
        assert client.show_subject("lost-and-told").id == "lost-and-told"


def test_a_key_whose_making_was_lost_is_named_so_that_it_can_be_revoked(house: House) -> None:
    with Losing(house.url, 1) as way, house.client(url=way.url) as client:
        with pytest.raises(Conflict) as told:
            client.create_key(["detect"])
        assert told.value.code == "answer_not_kept"


def test_the_rate_of_a_key_is_waited_for(house: House) -> None:
    with house.client() as client:
        slow = client.create_key(["enroll"], rate=1)
    begun = time.monotonic()
    with house.client(key=slow.key) as client:
        for _ in range(3):
            client.list_subjects()
    assert time.monotonic() - begun >= 1
    with house.client(key=slow.key, retries=0) as client, pytest.raises(TooMany):
        for _ in range(3):
            client.list_subjects()
