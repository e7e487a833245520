"""What a program does with a real server, waiting and awaited."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import anyio
import pytest
from conftest import House

from countenance import (
    ConsentMissing,
    HolderPart,
    KeyRefused,
    NotFound,
    Problem,
    RequestRefused,
)


def test_two_photos_of_one_person_are_accepted_and_of_two_people_rejected(house: House) -> None:
    with house.client() as client:
        one, other, stranger = (house.photo(name) for name in ("obama.jpg", "obama2.jpg", "biden.jpg"))
        assert client.compare(str(one), other).decision == "accept"
        with other.open("rb") as file:
            answer = client.compare(one.read_bytes(), file)
        assert answer.decision == "accept"
        assert answer.score is not None and answer.threshold is not None
        assert answer.score >= answer.threshold
        assert client.compare(one, stranger).decision == "reject"


def test_faces_are_found_where_they_are(house: House) -> None:
    with house.client() as client:
        found = client.detect(house.photo("obama.jpg"))
    (face,) = found.faces
    assert 0 < face.area.x < face.area.x + face.area.width < found.width
    assert len(face.landmarks) == 5
    assert face.causes == []
    assert face.quality.sharpness > 0


def test_a_picture_that_is_none_is_refused_with_what_is_wrong(house: House) -> None:
    with house.client() as client, pytest.raises(RequestRefused) as told:
        client.detect(b"no picture")
    assert (told.value.status, told.value.code) == (422, "picture_invalid")
    assert "picture" in told.value.detail
    assert told.value.request_id


def test_a_person_agrees_is_enrolled_verified_exported_and_erased(house: House) -> None:
    one, other, stranger = (house.photo(name) for name in ("obama.jpg", "obama2.jpg", "biden.jpg"))
    with house.client() as client:
        assert client.add_subject("ana/ä 1").kind == "operator_key"
        with pytest.raises(ConsentMissing):
            client.enroll_faces("ana/ä 1", [one])
        form = b"a signed form"
        consent = client.grant_consent("ana/ä 1", "verify", text_version="2026-01 en", evidence=form, days=30)
        assert consent.evidence_sha256 == hashlib.sha256(form).hexdigest()
        enrolled = client.enroll_faces("ana/ä 1", [one])
        assert (enrolled.outcome, enrolled.templates) == ("enrolled", 1)
        enrolled = client.enroll_faces("ana/ä 1", [one, other], replace=True)
        assert (enrolled.outcome, enrolled.templates, enrolled.replaced) == ("enrolled", 2, 1)
        accepted = client.verify_subject("ana/ä 1", other)
        assert accepted.decision == "accept"
        assert accepted.detail and accepted.detail.leaf
        assert client.verify_subject("ana/ä 1", stranger).decision == "reject"
        assert client.verify_subject("nobody", other).decision == "reject"
        (listed,) = client.list_consents("ana/ä 1").consents
        assert (listed.number, listed.state) == (consent.number, "active")
        assert "ana/ä 1" in {entry.id for entry in client.iter_subjects()}
        export = client.export_subject("ana/ä 1")
        assert len(export.templates) == 2
        assert base64.b64decode(export.templates[0].template)
        assert {"enrolled"} <= {event.kind for event in export.events}
        proof = client.audit_inclusion(accepted.detail.leaf)
        assert proof.size <= client.audit_checkpoint().size
        assert client.audit_consistency(proof.size).older_root == proof.root
        assert client.withdraw_consents("ana/ä 1", purpose="verify").withdrawn == 1
        assert client.verify_subject("ana/ä 1", other).decision == "reject"
        receipt = client.erase_subject("ana/ä 1")
        assert base64.b64decode(receipt.receipt)
        with pytest.raises(NotFound) as told:
            client.show_subject("ana/ä 1")
        assert told.value.code == "subject_unknown"


def test_a_holder_bound_person_is_verified_with_their_part_and_not_without(house: House) -> None:
    part = HolderPart.generate()
    one, other = house.photo("obama.jpg"), house.photo("obama2.jpg")
    with house.client() as client:
        assert client.add_subject("held", holder=part).kind == "holder_bound"
        client.grant_consent("held", "verify", text_version="1", evidence=b"form", holder=part)
        assert client.enroll_faces("held", [one], holder=part).outcome == "enrolled"
        assert client.verify_subject("held", other, holder=part).decision == "accept"
        assert client.verify_subject("held", other).decision == "reject"
        assert client.verify_subject("held", other, holder=HolderPart.generate()).decision == "reject"
        assert client.export_subject("held", holder=part).templates
        with pytest.raises(Problem) as told:
            client.export_subject("held")
        assert told.value.code == "holder_invalid"


def test_keys_are_made_narrower_listed_and_revoked(house: House) -> None:
    with house.client() as client:
        made = client.create_key(["compare"], days=1, daily=100)
        assert made.id in {entry.id for entry in client.list_keys().keys}
        with house.client(key=made.key) as narrow:
            answer = narrow.compare(house.photo("obama.jpg"), house.photo("obama2.jpg"))
            assert (answer.decision, answer.score) == ("accept", None)
            with pytest.raises(KeyRefused) as told:
                narrow.list_keys()
            assert told.value.code == "scope_missing"
        client.revoke_key(made.id)
        with house.client(key=made.key) as ended, pytest.raises(KeyRefused) as told:
            ended.detect(house.photo("obama.jpg"))
        assert told.value.code == "key_invalid"


def test_a_collection_that_the_client_was_given_is_meant_where_none_is_named(house: House) -> None:
    with house.client(collection="elsewhere") as client:
        with pytest.raises(NotFound) as told:
            client.list_subjects()
        assert told.value.code == "collection_unknown"
        assert client.list_subjects(collection="default", limit=1)


def test_pages_of_subjects_are_walked_through(house: House) -> None:
    with house.client() as client:
        for number in range(3):
            client.add_subject(f"page-{number}")
        page = client.list_subjects(limit=2)
        assert len(page.subjects) == 2
        assert page.next
        rest = client.list_subjects(after=page.next, limit=1000)
        everybody = list(client.iter_subjects())
        assert len(everybody) == len(page.subjects) + len(rest.subjects)


def test_a_member_of_a_collection_is_found_and_nobody_else(house: House) -> None:
    with house.client() as client:
        made = client.set_collection("hall", fmr=1e-5, fpir=1e-3)
        assert (made.name, made.fpir, made.answers) == ("hall", 1e-3, "accept")
        assert client.set_collection("hall", margin=0.1).margin == 0.1
        assert client.show_collection("hall").fpir == 1e-3
        assert "hall" in {one.name for one in client.list_collections().collections}
        for name, purpose in (("eve", "identify"), ("finn", "verify")):
            client.add_subject(name, collection="hall")
            client.grant_consent(name, purpose, text_version="1", evidence=b"form", collection="hall")
        client.enroll_faces("eve", [house.photo("obama.jpg")], collection="hall")
        client.enroll_faces("finn", [house.photo("biden.jpg")], collection="hall")
        found = client.identify_member("hall", house.photo("obama2.jpg"))
        assert (found.decision, found.subject) == ("accept", "eve")
        assert found.detail and found.detail.members == 1
        # Finn agreed to be verified, and not to be searched for.
        assert client.identify_member("hall", house.photo("biden.jpg")).decision == "reject"
        assert [member.id for member in client.iter_members("hall")] == ["eve"]
        client.withdraw_consents("eve", purpose="identify", collection="hall")
        assert client.identify_member("hall", house.photo("obama2.jpg")).decision == "reject"


def test_what_is_public_is_answered_without_a_key(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTENANCE_KEY", raising=False)
    with house.client(key=None) as client:
        assert client.healthz().status == client.readyz().status == "ok"
        assert client.policy().attempts.limit > 0
        assert client.jwks().keys[0].crv == "Ed25519"
        assert client.openapi()["openapi"].startswith("3.1")
        assert "<html" in client.reference()
    with house.client() as client:
        assert "countenance_requests" in client.metrics()


def test_the_environment_names_server_and_key(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTENANCE_URL", house.url)
    monkeypatch.setenv("COUNTENANCE_KEY", house.key)
    with house.client(url=None, key=None) as client:
        assert client.list_keys().keys


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_awaited_client_does_the_same(house: House, backend: str) -> None:
    if backend == "trio":
        pytest.importorskip("trio")
    name = f"cora-{backend}"

    async def ask() -> None:
        async with house.awaited() as client:
            await client.add_subject(name)
            await client.grant_consent(name, "verify", text_version="1", evidence=b"form")
            enrolled = await client.enroll_faces(name, [house.photo("obama.jpg")])
            assert enrolled.outcome == "enrolled"
            answers: list[Any] = []

            async def verify(photo: str) -> None:
                answers.append(await client.verify_subject(name, house.photo(photo)))

            async with anyio.create_task_group() as group:
                group.start_soon(verify, "obama2.jpg")
                group.start_soon(verify, "obama2.jpg")
            assert [answer.decision for answer in answers] == ["accept", "accept"]
            assert name in [entry.id async for entry in client.iter_subjects()]
            with pytest.raises(NotFound):
                await client.show_subject("nobody")
            assert (await client.erase_subject(name)).receipt

    anyio.run(ask, backend=backend)
