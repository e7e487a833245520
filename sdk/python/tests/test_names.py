"""Nothing in either package is named for what the project refuses to do."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

tomllib = pytest.importorskip("tomllib")


def denied(text: str, words: set[str], pairs: list[set[str]]) -> set[str]:
    found = set()
    for name in set(re.findall(r"\w+", text)):
        parts = {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
        if parts & words or any(pair <= parts for pair in pairs):
            found.add(name)
    return found


def test_no_name_in_the_packages_is_denied() -> None:
    listed = tomllib.loads((ROOT / "xtask/denylist.toml").read_text())
    words, pairs = set(listed["words"]), [set(pair) for pair in listed["pairs"]]
    files = [
        path
        for folder in ("python/src", "js/src")
        for path in (ROOT / "sdk" / folder).rglob("*")
        if path.suffix in (".py", ".js", ".ts")
    ]
    assert len(files) > 12
    found = {str(path): names for path in files if (names := denied(path.read_text(), words, pairs))}
    assert found == {}
    # The control: a name that is denied is found.
    assert denied("x.cameraStream, born_age = f()", words, pairs) == {"cameraStream", "born_age"}
