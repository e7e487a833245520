"""Clients that are slow, silent, gone, or ten thousand."""

import resource
import socket
import struct
import time

from .house import enroll
from .http import Client, connect, form
from .report import Skipped, check, require

IDLE = 10_000
# Headers have ten seconds, bodies fifteen (`header_timeout_s` and `body_timeout_s` of --print-config), and a busy
# machine some more.
HEADERS_END = 10 + 5
BODIES_END = 15 + 5
# Linux: TCP_REPAIR, with which a socket vanishes without a word, as a client does whose cable is cut.
TCP_REPAIR = 19


def head_of(key, length, path="/v1/detect"):
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: multipart/form-data; boundary=proofs-boundary\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def ended(sockets, seconds):
    """Waits until the server closed every one of them; those that are left open."""
    until, left = time.monotonic() + seconds, list(sockets)
    while left and time.monotonic() < until:
        still = []
        for one in left:
            one.setblocking(False)
            try:
                if one.recv(1 << 16):
                    still.append(one)
            except BlockingIOError:
                still.append(one)
            except OSError:
                pass
        left = still
        time.sleep(0.2)
    return left


@check("slow, half-open and vanished clients are let go, others are answered meanwhile, and nothing is left of them", lane="wait")
def slow_clients(world):
    with world.house("--queue", "200") as house:
        client = house.client("detect")
        body = form([("picture", world.photos.face("obama.jpg"))])[1]
        require(client.ask("POST", "/v1/detect", parts=[("picture", world.photos.face("obama.jpg"))]).status == 200, "detect")
        before = house.descriptors()
        drip_heads = [connect(house.address) for _ in range(20)]
        drip_bodies = [connect(house.address) for _ in range(20)]
        half = [connect(house.address) for _ in range(20)]
        gone = [connect(house.address) for _ in range(20)]
        aborted = [connect(house.address) for _ in range(20)]
        for one in drip_bodies + half + gone + aborted:
            one.sendall(head_of(client.key, len(body)) + body[:1000])
        vanished = 0
        for one in gone:
            try:
                one.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
                vanished += 1
            except OSError:
                pass
            one.close()
        for one in aborted:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
        for one in half:
            one.shutdown(socket.SHUT_WR)
        begun, slowest, said = time.monotonic(), 0.0, 0
        lines = head_of(client.key, len(body))
        while time.monotonic() - begun < 8:
            for sent, ones in ((lines, drip_heads), (body[1000:], drip_bodies)):
                for one in ones:
                    try:
                        one.sendall(sent[said : said + 1])
                    except OSError:
                        pass
            said += 1
            slowest = max(slowest, house.healthy())
            reply = client.ask("POST", "/v1/detect", parts=[("picture", world.photos.face("obama.jpg"))])
            require(reply.status == 200, f"an honest client got {reply.status} meanwhile")
            time.sleep(1)
        # One byte a second is not enough: whoever has not said everything by then is let go.
        left = ended(drip_heads, HEADERS_END - (time.monotonic() - begun))
        require(not left, f"{len(left)} connections still wait for headers after {HEADERS_END} s")
        left = ended(drip_bodies, BODIES_END - (time.monotonic() - begun))
        # These connections may be kept for another request, but no longer than headers may take.
        left = ended(left, HEADERS_END)
        require(not left, f"{len(left)} connections still wait for bodies after {BODIES_END + HEADERS_END} s")
        client.close()
        for one in drip_heads + drip_bodies + half:
            one.close()
        now = house.settle(house.descriptors, before + 2)
        require(now <= before + 2, f"{now} descriptors are open, {before} before")
        # The control: whoever is quick is answered on a connection of the same kind.
        with connect(house.address) as quick:
            quick.sendall(head_of(client.key, len(body)) + body)
            require(quick.recv(12).endswith(b"200"), "a quick client is not answered")
        how = f"{vanished} of them vanished without a word" if vanished else "vanishing is not permitted here: not tried"
        return f"100 bad clients, {how}, /healthz at most {slowest * 1000:.0f} ms"


@check("ten thousand idle connections keep nobody out, and are freed", lane="wait")
def idle_connections(world):
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(IDLE, soft - 500)
    if count < 1000:
        raise Skipped(f"only {soft} descriptors are permitted (ulimit -n)")
    with world.house() as house:
        client = house.client("detect")
        photo = [("picture", world.photos.face("obama.jpg"))]
        require(client.ask("POST", "/v1/detect", parts=photo).status == 200, "detect")
        client.close()
        before, memory = house.settle(house.descriptors, 0, 1), house.status("VmRSS")
        idle = []
        for _ in range(count):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(house.address)
            idle.append(one)
            if len(idle) % 200 == 0:
                # The queue of the kernel is shorter than ten thousand: let the server take them.
                time.sleep(0.02)
        # A connection that found the kernel's queue full is tried again a second later.
        most, until = 0, time.monotonic() + 5
        while most - before < count and time.monotonic() < until:
            most = max(most, house.descriptors())
            time.sleep(0.1)
        slowest = house.healthy()
        grown = house.status("VmRSS") - memory
        # The control: the connections were there at one time.
        require(most - before > count * 0.9, f"only {most - before} of {count} connections were held")
        reply = client.ask("POST", "/v1/detect", parts=photo)
        require(reply.status == 200, f"detect with {count} idle connections: {reply.status}")
        for _ in range(3):
            slowest = max(slowest, house.healthy())
        client.close()
        now = house.settle(house.descriptors, before + 2, HEADERS_END + 5)
        require(now <= before + 2, f"{now} descriptors are open after {HEADERS_END + 5} s, {before} before")
        for one in idle:
            one.close()
        said = "" if count == IDLE else f" (no more than {soft} descriptors are permitted)"
        return f"{most - before} held at one time{said}, /healthz at most {slowest * 1000:.0f} ms, +{grown >> 10} MiB while they were there"


@check("a client that asks much and reads nothing is let go", lane="wait")
def unread_answers(world):
    with world.house() as house:
        before = house.settle(house.descriptors, 0, 1)
        deaf = []
        for _ in range(10):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(house.address)
            one.setblocking(False)
            try:
                for _ in range(200):
                    one.send(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
            except BlockingIOError:
                pass
            deaf.append(one)
        time.sleep(1)
        held = house.descriptors() - before
        require(held >= 10, f"only {held} of 10 connections are held: the control did not work")
        house.healthy()
        left = house.settle(house.descriptors, before + 2, 60) - before
        for one in deaf:
            one.close()
        freed = house.settle(house.descriptors, before + 2, 20) - before
        require(left <= 2, f"{left} of 10 connections are still held after 60 s (after the clients closed: {freed})")
        return None


@check("what a client who went away asked for is not done", lane="wait")
def canceled(world):
    with world.house("--workers", "1") as house:
        client, watcher = house.everything(), house.everything()
        person = enroll(world, client, "gone", world.photos.face("obama.jpg"))
        body = form([("probe", world.photos.whole["obama3.jpg"])])[1]

        def verified():
            # Each leaves one entry in the audit log, whoever waits for it.
            return watcher.get("/v1/audit/checkpoint").json()["size"] - before

        before = 0
        before = verified()
        asked = [connect(house.address) for _ in range(40)]
        for one in asked:
            one.sendall(head_of(client.key, len(body), f"/v1/subjects/{person}/verify") + body)
        time.sleep(0.3)
        for one in asked:
            one.close()
        settled = -1
        while settled != (settled := verified()):
            time.sleep(1)
        require(settled < 40, "all 40 were done for nobody")
        # The control: those who wait are all served.
        replies = [Client(house.address, client.key) for _ in range(3)]
        for one in replies:
            reply = one.post(f"/v1/subjects/{person}/verify", parts=[("probe", world.photos.face("obama.jpg"))])
            require(reply.status == 200, f"verify: {reply.status}")
        require(verified() == settled + 3, "verifications are not counted")
        return f"{settled} of 40 were begun before the clients went"
