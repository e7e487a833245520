"""What each way through a verification costs in instructions, which other work on the machine does not change."""

import re
import secrets
import shutil
import statistics
import subprocess

from .house import consent, verify
from .report import Skipped, check, require

# Requests of each way, in turns: fewer than the free attempts.
ROUNDS = 4
# How far the median of a way that says `reject` may be from that of the unknown id, in percent. A lock
# writes nothing and says so (docs/spec/api-v1.md).
MOST_PERCENT = 1.0
HOLDER, WRONG = "5a" * 32, "a5" * 32


class Counter:
    """The instructions of the whole process, by callgrind."""

    def __init__(self, house):
        self.house, self.out = house, house.folder / "callgrind.out"

    def control(self, what):
        done = subprocess.run(["callgrind_control", what, str(self.house.process.pid)], capture_output=True, text=True)
        require(done.returncode == 0, lambda: f"callgrind_control: {done.stdout}{done.stderr}")

    def of(self, work):
        """Millions of instructions of some work."""
        self.control("--zero")
        before = set(self.house.folder.glob("callgrind.out*"))
        work()
        self.control("--dump")
        (made,) = set(self.house.folder.glob("callgrind.out*")) - before
        return int(re.search(r"^(?:summary|totals): (\d+)", made.read_text(), re.M)[1]) / 1e6


def subject(world):
    """An id that is as long as any other."""
    return world.plant("id", secrets.token_hex(10))


@check("known and unknown, refused and withdrawn cost the same instructions", lane="instructions")
def same_cost(world):
    if not (shutil.which("valgrind") and shutil.which("callgrind_control")):
        raise Skipped("valgrind is not installed")
    photos, face = world.photos, world.photos.face("obama2.jpg")
    environment = {"COUNTENANCE_ALLOW_DEBUGGER": "1"}
    out = ["valgrind", "-q", "--tool=callgrind", "--callgrind-out-file=callgrind.out"]
    with world.house("--workers", "1", "--log", "info", wrapper=out, environment=environment) as house:
        client, blind = house.everything(), house.client("verify")

        def person(*photo, agreed=True, headers=None):
            name = subject(world)
            reply = client.post("/v1/subjects", {"id": name}, headers=headers)
            require(reply.status == 201, lambda: f"adding: {reply.status}")
            if agreed:
                client.post(f"/v1/subjects/{name}/consents", consent(world), headers=headers)
            for each in photo:
                reply = client.post(f"/v1/subjects/{name}/faces", parts=[("photo", each)], headers=headers)
                if reply.status == 504:
                    raise Skipped("this machine is too busy to count: run it alone")
                require(reply.status == 201, f"enrolling: {reply.body}")
            return name

        def withdrawn():
            name = person(photos.face("biden.jpg"))
            client.delete(f"/v1/subjects/{name}/consents")
            return name

        def erased():
            name = person(photos.face("biden.jpg"))
            client.delete(f"/v1/subjects/{name}")
            return name

        holder, wrong = {"Countenance-Holder": HOLDER}, {"Countenance-Holder": WRONG}
        locked = person(photos.face("biden.jpg"))
        for _ in range(7):
            verify(blind, locked, face)
        ways = {
            "unknown id": (subject(world), {}),
            "wrong face": (person(photos.face("biden.jpg")), {}),
            "no consent": (person(agreed=False), {}),
            "consent withdrawn": (withdrawn(), {}),
            "consent, no template": (person(), {}),
            "erased": (erased(), {}),
            "holder-bound, no part": (person(photos.face("biden.jpg"), headers=holder), {}),
            "holder-bound, wrong part": (person(photos.face("biden.jpg"), headers=holder), wrong),
            "unknown id, with a part": (subject(world), wrong),
            "locked": (locked, {}),
            "accepted": (person(photos.face("obama.jpg")), {}),
        }
        # The first picture of a size plans networks for it.
        verify(blind, subject(world), face)
        counter, seen = Counter(house), {way: [] for way in ways}
        for _ in range(ROUNDS):
            for way, (name, headers) in ways.items():
                blind.get("/healthz")
                answers = []
                seen[way].append(counter.of(lambda: answers.append(verify(blind, name, face, headers=headers))))
                if answers[0].status == 504:
                    # Counting slows the program down fiftyfold, and its deadline stays 30 s.
                    raise Skipped("this machine is too busy to count: run it alone")
                right = b'"accept"' if way == "accepted" else b'"reject"'
                require(right in answers[0].body, f"{way}: {answers[0].body}")
        medians = {way: statistics.median(counts) for way, counts in seen.items()}
        base = medians["unknown id"]
        lines = [
            f"| {way} | {medians[way]:.2f} | {100 * (medians[way] / base - 1):+.2f} % | {min(seen[way]):.2f} to {max(seen[way]):.2f} |"
            for way in ways
        ]
        table = "\n".join(["", "| way | million instructions | beside the unknown id | least to most |", "|---|---|---|---|", *lines])
        far = [
            way for way in ways
            if way not in ("accepted", "locked") and abs(medians[way] / base - 1) * 100 > MOST_PERCENT
        ]
        require(not far, f"cost apart: {far}{table}")
        # The control: what does less is seen.
        poor = counter.of(lambda: verify(blind, subject(world), b"no picture"))
        require(poor < base / 10, f"no picture costs {poor:.2f} million: the count sees nothing")
        return f"no picture at all costs {poor:.2f}{table}"
