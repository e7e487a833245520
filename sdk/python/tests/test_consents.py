"""Both sides of a consent link: the key opens one, its token the other."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from conftest import House, Script

from countenance import AsyncConsentLink, Conflict, ConsentLink, Countenance, HolderPart, KeyRefused, NotFound

TOKEN = "t" * 43
PASSKEY: dict[str, Any] = {"salt": "Aw" * 21 + "A", "credentials": []}
SHOP = "https://shop.example"
ENTRY: dict[str, Any] = {"number": 0, "purpose": "verify", "state": "active", "expires": 9}


def test_a_link_is_opened_with_what_was_named_and_nothing_else(script: Script) -> None:
    script.says(201, json.dumps({"id": "a-1", "token": TOKEN, "expires": 1}).encode())
    with Countenance(script.url, "cnt_0123_secret", collection="door") as client:
        opened = client.open_consent_link("ana", audience=SHOP, way_out=SHOP, passkey=PASSKEY)
    assert TOKEN not in repr(opened)
    method, path, _, body = script.asked[0]
    assert (method, path) == ("POST", "/v1/subjects/ana/consent-links?collection=door")
    assert json.loads(body) == {"audience": SHOP, "way_out": SHOP, "passkey": PASSKEY}


def test_the_persons_side_goes_with_the_token_and_a_proof_of_theirs(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTENANCE_KEY", "cnt_0123_of_the_environment")
    asks = {"link": "a-1", "ends_in_ms": 1, "audience": SHOP, "way_out": SHOP, "passkey": PASSKEY}
    own = {"permit": "p" * 43, "ends_in_ms": 1, "consents": [ENTRY]}
    done = {"withdrawn": 1, "consents": [ENTRY | {"state": "withdrawn"}]}
    for answer in (asks, own, own, done):
        script.says(200, json.dumps(answer).encode())
    part = HolderPart.generate()
    with ConsentLink("a-1", TOKEN, script.url) as link:
        asked = link.show_consent_link()
        assert asked.passkey is not None and asked.passkey.salt == PASSKEY["salt"]
        shown = link.show_own_consents(holder=part)
        assert "p" * 43 not in repr(shown)
        link.show_own_consents(device_key={"id": "AA"})
        assert link.withdraw_own_consents("verify", shown.permit).consents[0].state == "withdrawn"
        assert TOKEN not in repr(link) + repr(vars(link))
    base = "/v1/consent-links/a-1"
    paths = [base, f"{base}/consents", f"{base}/consents", f"{base}/withdrawals"]
    assert [path for _, path, _, _ in script.asked] == paths
    assert all(headers["Authorization"] == f"Bearer {TOKEN}" for _, _, headers, _ in script.asked)
    assert [headers.get("Countenance-Holder") for _, _, headers, _ in script.asked] == [None, part.hex(), None, None]
    bodies = [json.loads(body) for _, _, _, body in script.asked[1:]]
    assert bodies == [{}, {"device_key": {"id": "AA"}}, {"purpose": "verify", "permit": "p" * 43}]
    with pytest.raises(ValueError, match="token of the link is empty"):
        ConsentLink("a-1", "", script.url)


def test_a_refusal_is_not_asked_again_awaited_or_not(script: Script) -> None:
    script.refuses(401, "consent_link_invalid")
    script.refuses(401, "consent_link_invalid")

    async def asked() -> None:
        async with AsyncConsentLink("a-1", TOKEN, script.url) as link:
            with pytest.raises(KeyRefused):
                await link.show_own_consents(holder=HolderPart.generate())

    anyio.run(asked)
    with ConsentLink("a-1", TOKEN, script.url) as link, pytest.raises(KeyRefused):
        link.show_consent_link()
    assert len(script.asked) == 2


def test_a_real_server_shows_and_withdraws_for_a_holder(house: House) -> None:
    part = HolderPart.generate()
    with Countenance(house.url, house.key) as client:
        client.add_subject("cleo", holder=part)
        client.grant_consent("cleo", "verify", text_version="1", evidence=b"signed", holder=part)
        with pytest.raises(NotFound):
            client.open_consent_link("nobody", audience=SHOP, way_out=SHOP)
        with pytest.raises(Conflict):
            client.open_consent_link("cleo", audience=SHOP, way_out=SHOP)
        opened = client.open_consent_link("cleo", audience=SHOP, way_out=SHOP, passkey=PASSKEY)
        with ConsentLink(opened.id, opened.token, house.url) as link:
            with pytest.raises(KeyRefused):
                link.show_own_consents(holder=HolderPart.generate())
            own = link.show_own_consents(holder=part)
            assert [one.text_version for one in own.consents] == ["1"]
            assert link.withdraw_own_consents("verify", own.permit).withdrawn == 1
        assert client.list_consents("cleo").consents[0].state == "withdrawn"
