"""`python -m proofs PROGRAM [--full] [--only WORD]`: the server, asked by those who mean it harm."""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from . import authorization, climb, connections, crash, document, hostile, identity, instructions, load, packaging, silence  # noqa: F401 - they enter their checks
from .house import World
from .photos import Photos
from .report import CHECKS, run_lanes, tell

ROOT = Path(__file__).resolve().parents[3]


def main():
    asked = argparse.ArgumentParser(prog="tests/server/run.sh", description=__doc__)
    asked.add_argument("program", help="the program `countenance`")
    asked.add_argument("--full", action="store_true", help="with the long runs: 100,000 requests, 5,000 probes")
    asked.add_argument("--instructions", action="store_true", help="only count instructions, with valgrind")
    asked.add_argument("--only", metavar="WORD", default="", help="only checks with this word in their sentence")
    given = asked.parse_args()
    # Ten thousand connections have two ends.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    checks = [
        one for one in CHECKS
        if given.only in one.name and (one.lane == "instructions") == given.instructions
    ]
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="server-proofs.") as folder:
        world = World(str(Path(given.program).resolve()), Photos(ROOT), folder, given.full)
        last = [one for one in checks if one.lane == "last"]
        failed = run_lanes([one for one in checks if one.lane != "last"], world) + run_lanes(last, world)
    open_ones = sum(bool(one.open) for one in checks)
    said = f", {open_ones} known to be open" if open_ones else ""
    tell(f"{len(checks) - len(failed) - open_ones} of {len(checks)} held{said}, in {time.monotonic() - begun:.0f} s")
    for name in failed:
        tell(f"FAILED: {name}")
    return 1 if failed or not checks else 0


if __name__ == "__main__":
    sys.exit(main())
