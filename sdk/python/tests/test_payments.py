"""Payments: what is asked, and what a result has to be bound to."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from conftest import House, Script

from countenance import Conflict, Countenance, NotFound, RequestRefused, models, transaction_sha256

SECRET = "cnt_0123_secret"
MADE: dict[str, Any] = {
    "id": "p-BwcHBwcHBwcHBwcHBwcHBw",
    "state": "created",
    "amount": 1250,
    "currency": "EUR",
    "payee": "Café Ana",
    "order": "2026-1138",
    "created": 1800000000,
    "expires": 1800000600,
    "shown_sha256": "5f" * 32,
    "policy": "single-factor",
    "refunded": 0,
    "refunds": [],
}
ASKED: dict[str, Any] = {"audience": "https://shop.example", "nonce": "n" * 22, "way_out": "https://shop.example/other-way"}
BILL: dict[str, Any] = {"amount": 1250, "currency": "EUR", "payee": "Café Ana", "order": "2026-1138"}


def test_a_payment_is_asked_for_with_what_was_named_and_nothing_else(script: Script) -> None:
    opened = {"id": "a-1", "token": "t" * 43, "state": "created", "expires": 1}
    for status, answer in [(201, MADE), (200, MADE), (200, MADE), (201, MADE), (201, opened)]:
        script.says(status, json.dumps(answer).encode())
    with Countenance(script.url, SECRET, collection="door") as client:
        made = client.make_payment("ana", **BILL)
        client.show_payment(made.id)
        client.cancel_payment(made.id)
        client.refund_payment(made.id, 400)
        client.open_payment_session(made.id, subject="ana", lasts_s=60, **ASKED)
    asked = [(method, path) for method, path, _, _ in script.asked]
    assert asked == [
        ("POST", "/v1/payments?collection=door"),
        ("GET", f"/v1/payments/{made.id}?collection=door"),
        ("POST", f"/v1/payments/{made.id}/cancel?collection=door"),
        ("POST", f"/v1/payments/{made.id}/refunds?collection=door"),
        ("POST", f"/v1/payments/{made.id}/sessions?collection=door"),
    ]
    assert json.loads(script.asked[0][3]) == {"subject": "ana", **BILL}
    assert json.loads(script.asked[3][3]) == {"amount": 400}
    assert json.loads(script.asked[4][3]) == {"subject": "ana", "lasts_s": 60, **ASKED}
    writes = [headers for method, _, headers, _ in script.asked if method == "POST"]
    assert all(headers["Idempotency-Key"] for headers in writes)


def test_the_payments_of_a_subject_come_page_after_page(script: Script) -> None:
    for page in ({"payments": [MADE], "next": "p2"}, {"payments": [{**MADE, "amount": 7}]}):
        script.says(200, json.dumps(page).encode())
    with Countenance(script.url, SECRET, collection="door") as client:
        assert [payment.amount for payment in client.iter_payments("ana")] == [1250, 7]
    path = "/v1/subjects/ana/payments?collection=door"
    assert [path for _, path, _, _ in script.asked] == [path, f"{path}&after=p2"]


def test_device_keys_are_asked_for_with_what_was_named_and_nothing_else(script: Script) -> None:
    entry = {"id": "d-1", "label": "phone", "added": 1, "synced": False}
    opened = {"id": "a-1", "expires": 1, "public_key": {"challenge": "AA"}}
    made = {**MADE, "policy": "device-key"}
    for status, answer in [(201, opened), (201, entry), (200, {"device_keys": [entry]}), (204, None), (201, made)]:
        script.says(status, b"" if answer is None else json.dumps(answer).encode())
    credential = {"response": {"clientDataJSON": "AA", "attestationObject": "AA"}}
    with Countenance(script.url, SECRET, collection="door") as client:
        begun = client.open_device_key("ana", label="phone")
        assert begun.public_key == {"challenge": "AA"}
        key = client.finish_device_key("ana", begun.id, credential)
        assert (key.label, key.used, key.synced) == ("phone", None, False)
        assert client.list_device_keys("ana").device_keys == [key]
        client.remove_device_key("ana", key.id)
        assert client.make_payment("ana", policy="device-key", **BILL).policy == "device-key"
    keys = "/v1/subjects/ana/device-keys"
    assert [(method, path) for method, path, _, _ in script.asked] == [
        ("POST", f"{keys}?collection=door"),
        ("POST", f"{keys}/a-1?collection=door"),
        ("GET", f"{keys}?collection=door"),
        ("DELETE", f"{keys}/d-1?collection=door"),
        ("POST", "/v1/payments?collection=door"),
    ]
    assert json.loads(script.asked[0][3]) == {"label": "phone"}
    assert json.loads(script.asked[1][3]) == {"credential": credential}
    assert json.loads(script.asked[4][3]) == {"subject": "ana", "policy": "device-key", **BILL}


def test_the_digest_of_the_whole_is_that_of_the_specification() -> None:
    payment = models.PaymentAnswer.from_wire(MADE)
    text = (
        "countenance payment 1\nid: p-BwcHBwcHBwcHBwcHBwcHBw\namount: 1250\ncurrency: EUR\npayee: Café Ana\n"
        "order: 2026-1138\nexpires: 1800000600\ncollection: default\npayer: ana\n"
    )
    assert transaction_sha256(payment, subject="ana") == hashlib.sha256(text.encode()).hexdigest()
    assert transaction_sha256(payment, subject="eva") != transaction_sha256(payment, subject="ana")


def test_a_real_server_makes_shows_and_cancels_payments(house: House) -> None:
    with house.client() as client:
        made = client.make_payment("nobody-there", **BILL)
        assert (made.state, made.policy, made.refunded) == ("created", "single-factor", 0)
        assert client.show_payment(made.id) == made
        opened = client.open_payment_session(made.id, subject="nobody-there", **ASKED)
        assert client.show_session(opened.id).kind == "payment"
        with pytest.raises(NotFound):
            client.open_payment_session(made.id, subject="another", **ASKED)
        with pytest.raises(Conflict):
            client.refund_payment(made.id)
        assert client.cancel_payment(made.id).state == "canceled"
        with pytest.raises(Conflict):
            client.open_payment_session(made.id, subject="nobody-there", **ASKED)
        with pytest.raises(RequestRefused, match="payment-limits"):
            client.make_payment("nobody-there", **{**BILL, "currency": "USD"})
        with pytest.raises(NotFound):
            client.list_payments("nobody-there")
