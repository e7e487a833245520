"""A client that changes nothing of what is said, and one below it that can say what is wrong."""

import http.client
import json
import socket
import time
from dataclasses import dataclass

PATIENCE_SECONDS = 60
# What two answers may differ in: the id of the request, and the second of the day.
OWN_HEADERS = {"x-request-id", "date"}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: tuple
    body: bytes
    seconds: float

    def json(self):
        return json.loads(self.body)

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    @property
    def visible(self):
        """All that a client can tell two answers apart by, but the id of the request and the date."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in OWN_HEADERS)
        return self.status, kept, self.body

    @property
    def code(self):
        """The stable name of an error."""
        try:
            return self.json().get("code")
        except (ValueError, AttributeError):
            return None


def form(parts, boundary="proofs-boundary"):
    """Content type and body of multipart/form-data from pairs of name and bytes."""
    lines = []
    for name, data in parts:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
        lines.append(head.encode() + data + b"\r\n")
    return f"multipart/form-data; boundary={boundary}", b"".join(lines) + f"--{boundary}--\r\n".encode()


class Client:
    """One connection, opened again when the server closed it."""

    def __init__(self, address, key=None, headers=None):
        self.address, self.key, self.more = address, key, headers or {}
        self.connection = None

    def ask(self, method, path, body=None, parts=None, headers=None):
        """`body` is sent as JSON unless it is bytes; `parts` as a form."""
        said = dict(self.more)
        if self.key is not None:
            said["Authorization"] = f"Bearer {self.key}"
        if parts is not None:
            said["Content-Type"], body = form(parts)
        elif body is not None and not isinstance(body, bytes):
            said["Content-Type"], body = "application/json", json.dumps(body).encode()
        said.update(headers or {})
        begun = time.monotonic()
        for again in (True, False):
            fresh = self.connection is None
            if fresh:
                self.connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE_SECONDS)
            try:
                self.connection.request(method, path, body, said)
                answer = self.connection.getresponse()
                text = answer.read()
                break
            except (ConnectionError, http.client.RemoteDisconnected):
                self.close()
                # A connection that was kept may have been closed meanwhile; a fresh one not.
                if fresh or not again:
                    raise
        reply = Reply(answer.status, tuple(answer.getheaders()), text, time.monotonic() - begun)
        if answer.will_close:
            self.close()
        return reply

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, body, **more)

    def delete(self, path, **more):
        return self.ask("DELETE", path, **more)

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def connect(address, seconds=PATIENCE_SECONDS):
    return socket.create_connection(address, timeout=seconds)


def raw(address, sent, seconds=PATIENCE_SECONDS):
    """Sends bytes as they are; what comes back until the server closes, or None where it does not within
    the time. After a second of silence no more is coming from here, and the server is told so. A server that
    refuses early may reset what is still being sent: what it said before counts."""
    got = b""
    with connect(address, seconds) as stream:
        try:
            stream.sendall(sent)
        except OSError:
            pass
        for patience, then in ((1, lambda: stream.shutdown(socket.SHUT_WR)), (seconds, lambda: None)):
            stream.settimeout(patience)
            try:
                while piece := stream.recv(1 << 16):
                    got += piece
                return got
            except TimeoutError:
                then()
            except OSError:
                return got
    return None


def status_of(answer):
    """The status of a raw answer; 0 where the server closed without a word."""
    return int(answer[9:12]) if answer and answer.startswith(b"HTTP/1.1 ") else 0
