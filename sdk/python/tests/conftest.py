"""A real server for all tests, and a server that answers as a test says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from countenance import AsyncCountenance, Countenance

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "sdk"))


@dataclass
class House:
    """A server on a throw-away folder."""

    folder: Path
    url: str
    key: str
    photos: Path

    def client(self, **more: Any) -> Countenance:
        return Countenance(**{"url": self.url, "key": self.key, **more})

    def awaited(self, **more: Any) -> AsyncCountenance:
        return AsyncCountenance(**{"url": self.url, "key": self.key, **more})

    def photo(self, name: str) -> Path:
        return self.photos / name


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    program, photos = os.environ.get("COUNTENANCE"), os.environ.get("COUNTENANCE_PHOTOS")
    if not program or not photos:
        pytest.skip("COUNTENANCE names no program: no real server was asked (tests/sdk/run.sh PROGRAM does it)")
    folder = tmp_path_factory.mktemp("house")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COUNTENANCE")}
    command = [program, "serve", "--data", "vault", "--listen", "127.0.0.1:0", "--log", "error"]
    command += ["--payment-limits", "EUR=5000/20000"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, env=clean) as process:
        try:
            assert process.stdout
            url = next(found[0] for line in process.stdout if (found := re.search(r"https?://\S+", line)))
            yield House(folder, url, (folder / "vault.admin-key").read_text().strip(), Path(photos))
        finally:
            process.terminate()


@dataclass
class Script:
    """A server that gives the answers of a list, one after the other, and remembers what it was asked."""

    url: str
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def says(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, {"content-type": "application/json", **named}, body))

    def refuses(self, status: int, code: str, **headers: str) -> None:
        body = f'{{"type":"x","title":"T","status":{status},"code":"{code}","detail":"D"}}'
        self.says(status, body.encode(), content_type="application/problem+json", **headers)


@pytest.fixture
def script() -> Iterator[Script]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            made.asked.append((self.command, self.path, dict(self.headers), body))
            status, headers, content = made.answers.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Script(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
