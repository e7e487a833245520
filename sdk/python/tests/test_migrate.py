"""What the page on moving in shows works, and what it names is there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from conftest import ROOT, House
from test_readme import blocks, run

PAGE = (ROOT / "docs/migrate.md").read_text()
COMMANDS = (("serve",), ("key", "create"), ("verify",), ("import", "folder"), ("import", "compreface"))


def test_a_folder_of_people_who_agreed_moves_in(house: House, tmp_path: Path) -> None:
    for name, photo in (("mia", "obama.jpg"), ("noah", "biden.jpg"), ("nobody", "obama2.jpg")):
        (tmp_path / "people" / name).mkdir(parents=True)
        shutil.copy(house.photo(photo), tmp_path / "people" / name / "1.jpg")
    rows = ["id,purpose,evidence", "mia,verify,form 7", "noah,verify,form 8"]
    (tmp_path / "consents.csv").write_text("\n".join(rows) + "\n")
    (code,) = blocks(PAGE)
    assert run(code, house, tmp_path).split() == ["mia", "enrolled", "noah", "enrolled"]
    with house.client() as client:
        assert client.verify_subject("mia", house.photo("obama2.jpg")).decision == "accept"
        assert client.verify_subject("nobody", house.photo("obama2.jpg")).decision == "reject"


def test_every_route_that_the_page_names_is_in_the_document() -> None:
    paths = set(json.loads((ROOT / "docs/spec/openapi.json").read_text())["paths"])
    named = set(re.findall(r"`(/v1/[^`]*)`", PAGE))
    assert len(named) > 8
    assert named - paths == set()


def test_every_flag_that_the_page_names_is_one_of_the_program(house: House) -> None:
    said = ""
    for command in COMMANDS:
        said += subprocess.run([os.environ["COUNTENANCE"], *command, "--help"], capture_output=True, text=True).stdout
    named = set(re.findall(r"--[a-z][a-z-]+", PAGE))
    assert "--fmr" in named
    assert {flag for flag in named if not re.search(rf"{flag}\b(?!-)", said)} == set()
