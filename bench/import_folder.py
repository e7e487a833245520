"""`countenance import folder`, held against what the engine alone makes of the same photos.

    cargo build --workspace --bin countenance --example extract
    python3 bench/import_folder.py target/debug/countenance target/debug/examples/extract models/store FOLDER

FOLDER has a folder for each person. Both take two threads, in turn, several times; the importer's whole run counts (start, vault,
consents, report), of the engine the time of the threads alone. Processor time is of both programs as a whole: on a busy machine it
says more than the clock does.
"""

import argparse
import csv
import json
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path


def spent():
    """Seconds of processor time of all that was run so far."""
    of = resource.getrusage(resource.RUSAGE_CHILDREN)
    return of.ru_utime + of.ru_stime


def imported(program, models, folder, threads):
    people = sorted(path.name for path in folder.iterdir() if path.is_dir())
    with tempfile.TemporaryDirectory() as place:
        with open(f"{place}/consents.csv", "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["id", "purpose", "date", "evidence"])
            rows.writerows([one, "verify", "2026-01-31", "measured"] for one in people)
        subprocess.run([program, "keyring", "init", "--data", "vault"], cwd=place, check=True, capture_output=True)
        line = ["--models", models, "import", "folder", folder, "--consents", "consents.csv", "--data", "vault"]
        begun, before = time.monotonic(), spent()
        done = subprocess.run([program, *line, "--workers", str(threads), "--json"], cwd=place, check=True, capture_output=True)
        seconds = time.monotonic() - begun
    report = json.loads(done.stdout)
    return {"seconds": round(seconds, 3), "processor_s": round(spent() - before, 1), **{name: report[name] for name in ("people", "imported", "templates")}}


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("program", type=Path)
    parse.add_argument("extract", type=Path)
    parse.add_argument("models", type=Path)
    parse.add_argument("folder", type=Path)
    parse.add_argument("--rounds", type=int, default=3)
    parse.add_argument("--threads", type=int, default=2)
    args = parse.parse_args()
    program, extract, models, folder = (path.resolve() for path in (args.program, args.extract, args.models, args.folder))
    shares = []
    for turn in range(args.rounds):
        before = spent()
        alone = subprocess.run([extract, models, folder, str(args.threads)], check=True, capture_output=True)
        alone = json.loads(alone.stdout) | {"processor_s": round(spent() - before, 1)}
        whole = imported(program, models, folder, args.threads)
        share = alone["seconds"] / whole["seconds"]
        shares.append(share)
        print(f"{turn + 1}: engine alone {alone}, import {whole}: {share:.1%}", flush=True)
    print(f"median share of the engine's rate: {statistics.median(shares):.1%}")


if __name__ == "__main__":
    main()
