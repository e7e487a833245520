"""What is checked, in which order, and how it is told."""

import sys
import threading
import time
import traceback
from dataclasses import dataclass

CHECKS = []
_telling = threading.Lock()


class Broken(AssertionError):
    """Something does not hold; the message says what was seen."""


class Skipped(Exception):
    """This machine does not permit it; the message says why."""


@dataclass
class Check:
    name: str
    lane: str
    work: object
    open: str


def check(name, lane="work", open=""):
    """A check by the sentence it proves. Lanes run side by side: `wait` mostly waits, `work` takes processors.
    `open` says what is known not to hold yet: it is told each time, and also once it holds and the mark is to go."""

    def keep(work):
        CHECKS.append(Check(name, lane, work, open))
        return work

    return keep


def require(holds, said):
    if not holds:
        raise Broken(said() if callable(said) else said)


def tell(line):
    with _telling:
        print(line, flush=True)


def run(checks, world):
    """Runs a lane; the names of what failed."""
    failed = []
    for one in checks:
        begun = time.monotonic()
        try:
            fact = one.work(world)
            mark = "ok     "
            if one.open:
                mark, fact = "HOLDS  ", f"take off its mark `open`, which says: {one.open}"
        except Skipped as why:
            mark, fact = "SKIPPED", str(why)
        except Broken as why:
            mark, fact = "FAILED ", str(why)
            if one.open:
                mark, fact = "OPEN   ", f"{one.open} ({fact})"
            else:
                failed.append(one.name)
        except Exception:  # noqa: BLE001 - a proof that stumbles has not proved anything
            mark, fact = "FAILED ", traceback.format_exc()
            failed.append(one.name)
        took = time.monotonic() - begun
        tell(f"{mark} {one.name} ({took:.1f} s){': ' + fact if fact else ''}")
    return failed


def run_lanes(checks, world):
    """All lanes side by side, each in its order."""
    lanes, failed = {}, []
    for one in checks:
        lanes.setdefault(one.lane, []).append(one)
    threads = [
        threading.Thread(target=lambda lane=lane: failed.extend(run(lane, world)))
        for lane in lanes.values()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.flush()
    return failed
