"""A way to a server on which answers get lost."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit


class Losing:
    """Carries connections to a server. As often as told it takes the request there, waits until the answer comes, and
    hangs up without passing it on."""

    def __init__(self, url: str, times: int) -> None:
        parts = urlsplit(url)
        assert parts.hostname and parts.port
        self.server = (parts.hostname, parts.port)
        self.left = times
        self.lost = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Losing:
        self.threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.server)
            loses, self.left = self.left > 0, self.left - 1
            for work, ends in ((self._there, (near, far)), (self._back, (far, near, loses))):
                thread = threading.Thread(target=work, args=ends, daemon=True)
                thread.start()
                self.threads.append(thread)

    def _there(self, near: socket.socket, far: socket.socket) -> None:
        try:
            while data := near.recv(1 << 16):
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _back(self, far: socket.socket, near: socket.socket, loses: bool) -> None:
        with far, near:
            try:
                while data := far.recv(1 << 16):
                    if loses:
                        self.lost += 1
                        # The other direction waits in recv: it is told, too.
                        near.shutdown(socket.SHUT_RDWR)
                        return
                    near.sendall(data)
                near.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
