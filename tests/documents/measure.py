#!/usr/bin/env python3
"""Runs `countenance document` on specimens and says how it did.

    measure.py PROGRAM DIR [--selfies models/store] [--assert]

DIR is what specimens.py wrote. Each line of the table is one kind of specimen: how many were read right (all
characters), how many were flagged (not clear, or a check digit fails that should hold), and how many were wrong without being flagged.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import time


def wilson(hits, n):
    """The 95 % interval of a share."""
    if n == 0:
        return 0.0, 1.0
    z, p = 1.96, hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def read(program, path):
    done = subprocess.run([program, "document", "read", "--json", str(path)], capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        sys.exit(f"{path.name}: exit {done.returncode}: {done.stderr}")
    return done.returncode, json.loads(done.stdout)


def judge(specimen, code, told):
    """right, flagged, unflagged wrong, checks told as they are."""
    zone = told["zone"]
    lines = zone.get("lines")
    right = lines == specimen["lines"]
    clear = zone["reading"] == "clear"
    # A zone in which a check digit fails is flagged, too, whatever else it says.
    flagged = not clear or zone["check_digits"] != "passed"
    assert (code == 0) == (not flagged), (code, zone["reading"])
    told_checks = {name: outcome for name, outcome in (zone.get("checks") or {}).items() if outcome != "absent"}
    expected = {name: outcome for name, outcome in specimen["checks"].items() if outcome != "absent"}
    as_they_are = right and all(told_checks.get(name, "absent") in (outcome, "absent") for name, outcome in expected.items())
    return right, flagged, not right and not flagged, as_they_are


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--assert", action="store_true", dest="hold")
    parser.add_argument("--show", action="store_true", help="each specimen that was not read right or not clearly")
    asked = parser.parse_args()
    specimens = json.loads((asked.folder / "specimens.json").read_text())
    kinds = {}
    for specimen in specimens:
        start = time.monotonic()
        code, told = read(asked.program, asked.folder / specimen["file"])
        took = time.monotonic() - start
        right, flagged, wrong, as_they_are = judge(specimen, code, told)
        row = kinds.setdefault(specimen["kind"], {"n": 0, "right": 0, "clear": 0, "wrong": 0, "checks": 0, "portrait": 0, "ms": []})
        row["n"] += 1
        row["right"] += right
        row["clear"] += right and not flagged
        row["wrong"] += wrong
        row["checks"] += as_they_are
        row["portrait"] += not told["portrait"]["quality"]["causes"]
        row["ms"].append(told["timing_ms"]["zone"])
        if asked.show and (not right or flagged):
            zone = told["zone"]
            print(specimen["file"], specimen["format"], "right" if right else "WRONG", zone["reading"], zone["check_digits"],
                  "corrected", zone["corrected"], "unsure", zone["unsure"])
            if not right:
                for truth, got in zip(specimen["lines"], zone.get("lines") or []):
                    marks = "".join("^" if a != b else " " for a, b in zip(truth, got))
                    print(f"    {truth}\n    {got}\n    {marks}")
    print(f"{'specimens':12}{'n':>5}{'right':>8}{'(95 %)':>16}{'clear':>8}{'wrong, unflagged':>18}{'portrait':>10}{'zone ms':>9}")
    for kind, row in kinds.items():
        low, high = wilson(row["right"], row["n"])
        ms = sorted(row["ms"])[len(row["ms"]) // 2]
        print(f"{kind:12}{row['n']:>5}{row['right'] / row['n']:>8.1%}{f'{low:.1%}–{high:.1%}':>16}{row['clear'] / row['n']:>8.1%}"
              f"{row['wrong']:>18}{row['portrait'] / row['n']:>10.1%}{ms:>9.0f}")
    n = sum(row["n"] for row in kinds.values())
    wrong = sum(row["wrong"] for row in kinds.values())
    print(f"wrong and not flagged: {wrong} of {n} (at most {wilson(wrong, n)[1]:.1%} with 95 % confidence)")
    if asked.hold:
        failed = []
        if wrong:
            failed.append("a zone was read wrong and not flagged")
        clean = kinds.get("clean")
        if clean and clean["right"] < 0.95 * clean["n"]:
            failed.append("fewer than 95 % of the clean zones were read right")
        broken = kinds.get("wrong_digit")
        if broken and broken["checks"] < 0.95 * broken["n"]:
            failed.append("a wrong check digit was not told as it is")
        for kind, should in (("two_faces", 0), ("no_face", 0), ("clean", 1), ("held", 1)):
            row = kinds.get(kind)
            if row and row["portrait"] != should * row["n"]:
                failed.append(f"{kind}: the portrait of {row['portrait']} of {row['n']} was taken")
        if failed:
            sys.exit("measure: " + "; ".join(failed))


if __name__ == "__main__":
    main()
