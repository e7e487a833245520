"""Many requests: memory stays, and what is too much is told to come again."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from .house import base64_of, enroll, verify
from .connections import head_of
from .http import Client, connect
from .report import check, require

# What the allocator may still move after the first requests, in KiB.
FLAT_KIB = 12 << 10


def mixture(world, client, person, number):
    """The usual and the wrong, in turns. The status that is right."""
    face, kind = world.photos.face("obama2.jpg"), number % 8
    if kind == 0:
        return client.post("/v1/compare", parts=[("reference", face), ("probe", face)]).status, 200
    if kind == 1:
        return verify(client, person, face).status, 200
    if kind == 2:
        return client.post("/v1/detect", {"picture": base64_of(face)}).status, 200
    if kind == 3:
        return verify(client, f"nobody-{number}", face).status, 200
    if kind == 4:
        return client.post("/v1/detect", parts=[("picture", face[:5000])]).status, 422
    if kind == 5:
        return client.post("/v1/subjects", b'{"id":', headers={"Content-Type": "application/json"}).status, 400
    if kind == 6:
        return client.get(f"/v1/subjects/nobody-{number}").status, 404
    return client.get("/healthz").status, 200


@check("memory, threads and descriptors stay as they are over many requests")
def flat(world):
    count, threads = (100_000 if world.full else 2_000), 4
    with world.house() as house:
        key = house.everything().key
        person = enroll(world, Client(house.address, key), "flat", world.photos.face("obama.jpg"))

        def ask(numbers):
            client, wrong = Client(house.address, key), []
            for number in numbers:
                got, right = mixture(world, client, person, number)
                if got != right:
                    wrong.append((number % 8, got))
            client.close()
            return wrong

        def batch(begin, end):
            parts = [range(begin + part, end, threads) for part in range(threads)]
            with ThreadPoolExecutor(threads) as pool:
                return [each for part in pool.map(ask, parts) for each in part]

        warm = count // 4
        wrong = batch(0, warm)
        seen = [house.status("VmRSS")]
        threads_before, descriptors = house.status("Threads"), house.settle(house.descriptors, 0, 1)
        # The vault opens a few more files the first time that many read at once.
        spare = 12
        for quarter in range(1, 4):
            wrong += batch(warm * quarter, warm * (quarter + 1))
            seen.append(house.status("VmRSS"))
        require(not wrong, lambda: f"{len(wrong)} wrong answers: {wrong[:10]}")
        grown = seen[-1] - seen[0]
        require(grown <= FLAT_KIB, f"memory grew by {grown} KiB over {count - warm} requests: {seen}")
        require(house.status("Threads") <= threads_before + 8, "threads are left over")
        left = house.settle(house.descriptors, descriptors + spare)
        require(left <= descriptors + spare, f"{left} descriptors are open, {descriptors} before")
        # The control: what is held while it is needed is seen.
        held = [Client(house.address) for _ in range(100)]
        for one in held:
            one.get("/healthz")
        require(house.descriptors() >= descriptors + 50, "the count of descriptors sees nothing")
        for one in held:
            one.close()
        return f"{count} requests, RSS after each quarter {' '.join(str(kib >> 10) for kib in seen)} MiB"


@check("more than can be done is told to come again at once, and what was accepted is done")
def overload(world):
    queue, clients = 4, 48
    with world.house("--workers", "1", "--queue", str(queue)) as house:
        key = house.client("compare").key
        photo = world.photos.face("obama.jpg")
        parts = [("reference", photo), ("probe", photo)]
        alone = min(Client(house.address, key).post("/v1/compare", parts=parts).seconds for _ in range(3))
        start, replies, slow = threading.Barrier(clients + 1), [], []

        def ask():
            client = Client(house.address, key)
            client.get("/healthz")
            start.wait()
            replies.extend(client.post("/v1/compare", parts=parts) for _ in range(4))

        threads = [threading.Thread(target=ask) for _ in range(clients)]
        for thread in threads:
            thread.start()
        start.wait()
        while any(thread.is_alive() for thread in threads):
            slow.append(house.healthy())
            time.sleep(0.05)
        for thread in threads:
            thread.join()
        done = [reply for reply in replies if reply.status == 200]
        # The one key asks more than its part of the places, and all together more than there are.
        shed = [reply for reply in replies if reply.status in (429, 503)]
        require(len(done) + len(shed) == len(replies) == clients * 4, f"{sorted({reply.status for reply in replies})}")
        require(done and shed, f"{len(done)} done, {len(shed)} shed")
        require(all(int(reply.header("retry-after")) >= 1 and reply.code in ("busy", "too_many_requests") for reply in shed), "whoever is shed is not told when to come again")
        # Nobody waits for more than the queue before them; the rest is this machine's other work.
        longest = max(reply.seconds for reply in done)
        require(longest <= (queue + 2) * max(alone, 0.05) * 10, f"{longest:.2f} s for one that takes {alone:.2f} s alone")
        # The control: the same request is taken once there is a place.
        require(Client(house.address, key).post("/v1/compare", parts=parts).status == 200, "it does not recover")
        shed_longest = max(reply.seconds for reply in shed)
        fact = (
            f"{len(done)} of {len(replies)} done, slowest {longest:.2f} s ({alone:.2f} s alone), {len(shed)} shed within "
            f"{shed_longest:.2f} s, /healthz at most {max(slow) * 1000:.0f} ms"
        )
    return f"{fact}; {too_often(world)}"


@check("a client that is refused before its large body is read gets to know why")
def refused_while_sending(world):
    with world.house("--workers", "1", "--queue", "0") as house:
        key = house.client("detect").key
        lost = []
        with connect(house.address) as holder:
            # The one place is taken by an upload that does not go on.
            holder.sendall(head_of(key, 1 << 20))
            time.sleep(0.3)
            # One is far above the limit, and most of it is sent long after it was refused; one is slow.
            for status, used, pieces, pause in ((503, key, 16, 0.03), (401, "nobody's", 16, 0.03), (503, key, 640, 0), (503, key, 24, 0.3)):
                with connect(house.address) as one:
                    try:
                        one.sendall(head_of(used, pieces << 16))
                        for _ in range(pieces):
                            time.sleep(pause)
                            one.sendall(bytes(1 << 16))
                        told = one.recv(12)
                    except OSError as error:
                        lost.append(f"{status}: {error}")
                        continue
                    if not told.endswith(str(status).encode()):
                        lost.append(f"{status}: {told}")
        require(not lost, f"refusals that were not seen: {lost}")


def too_often(world):
    """One key that asks too often is told so, and others are not."""
    with world.house("--key-rate", "10") as house:
        busy, other = house.client("enroll"), house.client("enroll")
        replies = [busy.get("/v1/subjects") for _ in range(60)]
        told = [reply for reply in replies if reply.status == 429]
        require(told and len(told) + sum(reply.status == 200 for reply in replies) == 60, f"{[r.status for r in replies]}")
        require(all(int(reply.header("retry-after")) >= 1 for reply in told), "429 does not say when to come again")
        require(other.get("/v1/subjects").status == 200, "another key is told to wait too")
        time.sleep(1.1)
        require(busy.get("/v1/subjects").status == 200, "the key has to wait longer than it was told")
        return f"{len(told)} of 60 at 10 a second told to wait"
