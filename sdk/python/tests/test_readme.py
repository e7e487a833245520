"""The first lines of the README work as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT, House

README = (ROOT / "sdk/python/README.md").read_text()


def blocks(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.S)


def run(code: str, house: House, folder: Path) -> str:
    """What a program prints in a folder with photos and a key."""
    for name, photo in (
        ("passport.jpg", "obama.jpg"),
        ("today.jpg", "obama2.jpg"),
        ("monday.jpg", "obama.jpg"),
    ):
        shutil.copy(house.photo(photo), folder / name)
    (folder / "form.pdf").write_text("signed")
    shutil.copy(house.folder / "vault.admin-key", folder)
    # The server of the README is on the default port; this one is where there was room.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COUNTENANCE")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**clean, "COUNTENANCE_URL": house.url},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_ten_lines_work_as_they_stand(house: House, tmp_path: Path) -> None:
    (first, *_) = blocks("\n".join(README.splitlines()[:10]) + "\n")
    assert run(first, house, tmp_path) == "accept\n"


def test_every_block_of_the_readme_works_after_those_before_it(house: House, tmp_path: Path) -> None:
    found = blocks(README)
    assert len(found) >= 4
    run("\n".join(found), house, tmp_path)
