"""A real server on a throw-away folder, and what was planted in it."""

import base64
import hashlib
import json
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

from .http import Client
from .report import Broken, require

SCOPES = ("admin", "audit", "compare", "detect", "enroll", "identify", "pay", "refund", "scores", "sessions", "verify")
DEFAULTS = {"--key-rate": "1000000", "--log": "debug", "--payment-limits": "EUR=5000/20000", "--relying-party": "pay.example"}
START_SECONDS = 30


class World:
    """What all checks share: the program, the photos, how much is asked for, and every word that no log
    may repeat."""

    def __init__(self, program, photos, folder, full):
        self.program, self.photos, self.folder, self.full = program, photos, Path(folder), full
        self.logs, self.planted = [], {}

    def plant(self, what, text):
        """Remembers a word that only the client and the vault may know."""
        self.planted[text] = what
        return text

    def canary(self, what):
        return self.plant(what, f"{what.replace(' ', '-')}-{secrets.token_hex(6)}")

    def house(self, *flags, **more):
        return House(self, *flags, **more)

    def clean_environment(self, **more):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("COUNTENANCE_")}
        return {**kept, **more}


class House:
    """A data folder with two tenants, and the server on it."""

    def __init__(self, world, *flags, wrapper=(), environment=None):
        self.world, self.flags, self.wrapper = world, flags, list(wrapper)
        self.environment = world.clean_environment(**(environment or {}))
        self.folder = Path(tempfile.mkdtemp(dir=world.folder))
        self.data = self.folder / "vault"
        self.process = None
        for tenant in ("default", "other"):
            self.run("keyring", "init", "--data", str(self.data), "--tenant", tenant)
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process is not None:
            self.kill() if kind else self.stop()

    def run(self, *arguments):
        done = subprocess.run(
            [self.world.program, *arguments], capture_output=True, text=True, env=self.environment
        )
        require(done.returncode == 0, lambda: f"countenance {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def start(self):
        """Starts the server; returns the seconds until it listens."""
        log = self.folder / f"log-{len(self.world.logs)}"
        self.world.logs.append(log)
        begun = time.monotonic()
        with log.open("wb") as errors:
            command = [*self.wrapper, self.world.program, "serve", "--data", str(self.data)]
            command += ["--listen", "127.0.0.1:0", *self.flags]
            for flag, value in DEFAULTS.items():
                command += [] if flag in self.flags else [flag, value]
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env=self.environment,
                cwd=self.folder,
            )
        for line in self.process.stdout:
            if found := re.search(r"http://([^:\s]+):(\d+)", line):
                self.address = (found[1], int(found[2]))
                return time.monotonic() - begun
        raise Broken(f"the server does not start: {log.read_text()}")

    def stop(self, seconds=START_SECONDS):
        """As a service manager does it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Broken(f"the server does not end within {seconds} s of SIGTERM") from None
        self._gone()
        require(code == 0, f"the server ended with {code}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._gone()

    def _gone(self):
        self.process.stdout.close()
        self.process = None

    def key(self, *scopes, tenant="default", days=None):
        """A new key, by the command line on the running server."""
        arguments = ["key", "create", "--data", str(self.data), "--json", "--tenant", tenant]
        arguments += ["--scopes", ",".join(scopes)] + (["--days", str(days)] if days else [])
        made = json.loads(self.run(*arguments))
        self.world.plant("key", made["key"].rsplit("_", 1)[1])
        return made["key"]

    def expire(self, key):
        """Makes a key one that expired long ago: the store of keys is a table (ADR 20)."""
        with sqlite3.connect(self.data / "keys.db") as store:
            store.execute("UPDATE api_key SET expires = 1 WHERE id = ?", (key.split("_")[1],))

    def client(self, *scopes, tenant="default", headers=None):
        return Client(self.address, self.key(*scopes, tenant=tenant), headers)

    def anybody(self):
        return Client(self.address)

    def everything(self, tenant="default"):
        return self.client(*SCOPES, tenant=tenant)

    # What the system says of the process.

    def status(self, field):
        """A number of /proc/PID/status, such as VmRSS in KiB."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+)", text, re.M)[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def settle(self, count, most, seconds=30):
        """Waits until a count is at or below a bound; the last count."""
        until = time.monotonic() + seconds
        while (seen := count()) > most and time.monotonic() < until:
            time.sleep(0.1)
        return seen

    def healthy(self, within=1.0):
        """It answers /healthz on a fresh connection within a second."""
        client = self.anybody()
        reply = client.get("/healthz")
        client.close()
        require(reply.status == 200, f"/healthz answers {reply.status}")
        require(reply.seconds <= within, f"/healthz took {reply.seconds:.2f} s, more than {within} s")
        return reply.seconds


def evidence(world):
    return world.plant("evidence", hashlib.sha256(secrets.token_bytes(8)).hexdigest())


def consent(world):
    return {
        "purpose": "verify",
        "text_version": world.plant("consent text", f"text-{secrets.token_hex(6)}"),
        "evidence_sha256": evidence(world),
    }


def add(world, client, name, agreed=True, headers=None):
    """A subject, by default one who consented. Its id is one that no log may repeat."""
    person = world.canary(name)
    reply = client.post("/v1/subjects", {"id": person}, headers=headers)
    require(reply.status == 201, lambda: f"adding a subject: {reply.status} {reply.body}")
    if agreed:
        reply = client.post(f"/v1/subjects/{person}/consents", consent(world), headers=headers)
        require(reply.status == 201, lambda: f"a consent: {reply.status} {reply.body}")
    return person


def collection(world, client):
    """A collection, in memory already: whoever makes it opens it."""
    name = world.canary("matrix")
    reply = client.ask("PUT", f"/v1/collections/{name}", {})
    require(reply.status == 201, lambda: f"making a collection: {reply.status} {reply.body}")
    return name


def enroll(world, client, name, *photos, headers=None):
    """A subject with templates of these photos."""
    person = add(world, client, name, headers=headers)
    parts = [("photo", photo) for photo in photos]
    reply = client.post(f"/v1/subjects/{person}/faces", parts=parts, headers=headers)
    require(reply.status == 201, lambda: f"enrolling: {reply.status} {reply.body}")
    return person


def verify(client, person, probe, headers=None):
    return client.post(f"/v1/subjects/{person}/verify", parts=[("probe", probe)], headers=headers)


def base64_of(data):
    return base64.b64encode(data).decode()
