"""Keys, holder parts and faces go to the server that was named, and nowhere else."""

from __future__ import annotations

import io
import logging
import pickle
from pathlib import Path

import pytest
from conftest import Script

from countenance import Countenance, CountenanceError, HolderPart, UnexpectedAnswer, pictures

SECRET = "cnt_0123_secret"


def test_a_plain_address_of_another_machine_is_refused_unless_it_is_said_to_be_safe() -> None:
    for url in ("http://faces.example", "http://10.0.0.1:7300", "http://localhost.example"):
        with pytest.raises(ValueError, match="in the clear"):
            Countenance(url, SECRET)
        Countenance(url, SECRET, insecure=True).close()
    for url in ("https://faces.example", "http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"):
        Countenance(url, SECRET).close()


def test_what_is_no_address_of_a_server_is_refused() -> None:
    for url in ("faces.example", "ftp://faces.example", "https://", "https://u:p@faces.example", "https://a/?b=c"):
        with pytest.raises(ValueError, match="address"):
            Countenance(url, SECRET)


def test_no_representation_and_no_log_line_shows_a_secret(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    holder = HolderPart.generate()
    script.says(201, b'{"id":"ana","kind":"holder_bound","consents":[]}')
    with Countenance(script.url, SECRET) as client:
        client.add_subject("ana", holder=holder)
        said = repr(client) + repr(holder) + str(holder) + repr(vars(client)) + caplog.text
    assert script.asked[0][2]["Authorization"] == f"Bearer {SECRET}"
    assert script.asked[0][2]["Countenance-Holder"] == holder.hex()
    assert SECRET not in said
    assert holder.hex() not in said
    with pytest.raises(TypeError):
        pickle.dumps(holder)


def test_a_redirect_is_not_followed(script: Script) -> None:
    script.says(307, b"", location=f"{script.url}/elsewhere")
    script.says(200, b'{"keys":[]}')
    with Countenance(script.url, SECRET) as client, pytest.raises(UnexpectedAnswer):
        client.list_keys()
    assert len(script.asked) == 1


def test_what_needs_no_key_is_asked_without_one(script: Script) -> None:
    script.says(200, b'{"status":"ok","version":"1"}')
    with Countenance(script.url, SECRET) as client:
        client.healthz()
    assert "Authorization" not in script.asked[0][2]


def test_without_a_key_it_is_said_which_scope_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTENANCE_KEY", raising=False)
    with Countenance("http://127.0.0.1:1") as client, pytest.raises(CountenanceError, match="scope `compare`"):
        client.compare(b"1", b"2")


def test_a_subject_cannot_climb_out_of_its_path(script: Script) -> None:
    script.says(200, b'{"id":"x","kind":"operator_key","consents":[]}')
    with Countenance(script.url, SECRET) as client:
        client.show_subject("../keys?a=b#c/ä")
        assert script.asked[0][1] == "/v1/subjects/..%2Fkeys%3Fa%3Db%23c%2F%C3%A4"
        for climbing in ("..", ".", ""):
            with pytest.raises(ValueError, match="path"):
                client.show_subject(climbing)
    assert len(script.asked) == 1


def test_a_holder_part_is_read_as_the_command_line_writes_it(tmp_path: Path) -> None:
    part = HolderPart.generate()
    (tmp_path / "digits").write_text(part.hex() + "\n")
    (tmp_path / "bytes").write_bytes(bytes.fromhex(part.hex()))
    assert HolderPart.from_file(tmp_path / "digits") == HolderPart.from_file(tmp_path / "bytes") == part
    assert part != HolderPart.generate()
    for wrong in (b"short", b"x" * 64, b"0" * 70):
        (tmp_path / "wrong").write_bytes(wrong)
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            HolderPart.from_file(tmp_path / "wrong")


def test_what_is_no_picture_is_refused_before_it_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (b"", io.BytesIO(b"")):
        with pytest.raises(ValueError, match="empty"):
            pictures.read(wrong)
    with pytest.raises(TypeError, match="rb"):
        pictures.read(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        pictures.read("https://faces.example/picture.jpg")
    monkeypatch.setattr(pictures, "MOST_BYTES", 3)
    (tmp_path / "large").write_bytes(b"1234")
    for large in (b"1234", tmp_path / "large", io.BytesIO(b"1234")):
        with pytest.raises(ValueError, match="more than 3 bytes"):
            pictures.read(large)
    assert pictures.read(bytearray(b"123")) == b"123"
