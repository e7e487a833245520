#!/usr/bin/env python3
"""Countenance beside its peers: the same weights, the same core, in one run.

Needs Python 3.11 or later, nothing else: on the first run it makes virtual environments in the
work folder and installs the peers of requirements.txt and opencv4-requirements.txt there.
"""

import argparse
import csv
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import machine
from rounds import QUIET, Ours, Peer, Refused, cosine, environment, take_turns

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

# Key (task/library/precision/variant) of the peers in the order of the table. peer.py runs them.
PEERS = (
    "sface/openvino/f32",
    "sface/openvino/bf16",
    "sface/openvino/int8/f32",
    "sface/openvino/int8/bf16",
    "sface/onnxruntime/f32",
    "sface/onnxruntime/f32/prelu_folded",
    "sface/opencv/f32",
    "sface/opencv4/f32",
    "yunet/onnxruntime/f32",
    "yunet/openvino/f32",
    "yunet/openvino/bf16",
    "verify_close/opencv/f32",
    "verify_close/opencv4/f32",
    "verify_whole/opencv/f32",
    "verify_whole/opencv4/f32",
)
REFERENCE = "sface/onnxruntime/f32"
# Two f32 libraries with the same weights differ by rounding only.
SAME_WEIGHTS = 0.9999

# Name, arguments, whether it needs a second core, and stage of `countenance bench` -> key.
OURS = (
    ("int8", ("--precision", "int8"), False,
     {"embed": "sface/ours/int8", "verify_720p": "verify_close/ours/int8"}),
    ("bf16", ("--precision", "bf16"), False,
     {"embed": "sface/ours/bf16", "detect_320": "yunet/ours/bf16",
      "verify_720p": "verify_close/ours/bf16"}),
    ("f32", ("--precision", "f32"), False,
     {"embed": "sface/ours/f32", "detect_320": "yunet/ours/f32",
      "verify_720p": "verify_close/ours/f32"}),
    ("int8 avx2", ("--precision", "int8", "--isa", "avx2"), False, {"embed": "sface/ours/int8/avx2"}),
    ("int8 2 threads", ("--precision", "int8", "--threads", "2"), True,
     {"embed": "sface/ours/int8/2threads"}),
    ("int8 whole", ("--precision", "int8"), False, {"verify_720p": "verify_whole/ours/int8"}),
)

# What is divided by what, and the floor and aim where the project has set them.
RATIOS = (
    ("SFace int8 vs OpenVINO int8", "sface/openvino/int8/f32", "sface/ours/int8", 1.5, 2.2),
    ("SFace int8 vs OpenVINO int8, rest bf16", "sface/openvino/int8/bf16", "sface/ours/int8", 1.5, 2.2),
    ("SFace int8 vs onnxruntime f32", "sface/onnxruntime/f32", "sface/ours/int8", 6.0, 8.0),
    ("SFace bf16 vs OpenVINO bf16", "sface/openvino/bf16", "sface/ours/bf16", 1.2, 1.45),
    ("SFace f32 vs OpenVINO f32", "sface/openvino/f32", "sface/ours/f32", 1.15, 1.3),
    ("SFace f32 vs onnxruntime, PReLU folded", "sface/onnxruntime/f32/prelu_folded", "sface/ours/f32", None, None),
    ("SFace f32 vs OpenCV", "sface/opencv/f32", "sface/ours/f32", None, None),
    ("SFace int8 avx2 vs onnxruntime f32", "sface/onnxruntime/f32", "sface/ours/int8/avx2", 2.5, 3.5),
    ("SFace int8, 2 threads vs 1", "sface/ours/int8", "sface/ours/int8/2threads", 1.6, 1.85),
    ("YuNet 320 f32 vs onnxruntime f32", "yunet/onnxruntime/f32", "yunet/ours/f32", 1.0, 1.2),
    ("YuNet 320 bf16 vs onnxruntime f32", "yunet/onnxruntime/f32", "yunet/ours/bf16", 1.5, 2.2),
    ("YuNet 320 f32 vs OpenVINO f32", "yunet/openvino/f32", "yunet/ours/f32", None, None),
    ("YuNet 320 bf16 vs OpenVINO bf16", "yunet/openvino/bf16", "yunet/ours/bf16", None, None),
    ("verify, face close, int8 vs OpenCV", "verify_close/opencv/f32", "verify_close/ours/int8", 3.5, 5.0),
    ("verify, whole photo, int8 vs OpenCV", "verify_whole/opencv/f32", "verify_whole/ours/int8", 3.5, 5.0),
    ("verify, face close, int8 vs OpenCV 4", "verify_close/opencv4/f32", "verify_close/ours/int8", 3.5, 5.0),
    ("verify, whole photo, int8 vs OpenCV 4", "verify_whole/opencv4/f32", "verify_whole/ours/int8", 3.5, 5.0),
)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
  python3 bench/peers.py --images ../pictures
      Everything; about five minutes, and as long once for the installation.
  sudo nice -n -12 python3 bench/peers.py --rounds 5 --seconds 0.3
      Shorter, on a machine that others use; OpenVINO int8 is left out without --images.
""",
    )
    add = parser.add_argument
    add("--program", type=Path, default=ROOT / "target/release/countenance", metavar="FILE",
        help="the program to measure (default: target/release/countenance)")
    add("--models", type=Path, default=ROOT / "models/store", metavar="DIR",
        help="the pinned weights under their SHA-256 (default: models/store)")
    add("--image", type=Path, metavar="FILE",
        help="the photo of the verification, one face (default: the sample obama.jpg of the manifest)")
    add("--images", type=Path, metavar="DIR",
        help="a folder of photos of faces that NNCF calibrates OpenVINO's int8 on; without it that peer is left out")
    add("--crops", type=int, default=300, metavar="N", help="how many of them (default: %(default)s)")
    add("--rounds", type=int, default=9, metavar="N", help="turns of each (default: %(default)s)")
    add("--seconds", type=float, default=0.5, metavar="S",
        help="time of one turn; ours takes it for each of its seven stages (default: %(default)s)")
    add("--core", type=int, metavar="N", help="the core to pin to (default: the last one allowed)")
    add("--work", type=Path, default=ROOT / "target/bench", metavar="DIR",
        help="for the environment, folded weights and pictures (default: target/bench)")
    add("--record", type=Path, default=HERE / "record", metavar="DIR",
        help="where the CSV files go, in a folder per processor (default: bench/record)")
    given = parser.parse_args()
    if given.rounds < 1 or given.seconds <= 0 or given.crops < 1:
        parser.error("--rounds, --seconds and --crops want a number above zero")
    return given


def stop(message, hint=None):
    print(f"error: {message}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)
    sys.exit(1)


def say(message):
    print(message, file=sys.stderr)


def virtual_environment(folder, pins):
    """The Python of the environment with exactly these packages, made when it is not there."""
    requirements = HERE / pins
    python = folder / "bin/python"
    stamp = folder / "requirements.sha256"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return str(python)
    say(f"installing the peers into {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--only-binary", ":all:", "-r", str(requirements)],
    ):
        if subprocess.run(command).returncode != 0:
            stop("the peers do not install", "see the lines above; Python 3.11 to 3.13 have wheels of all")
    stamp.write_text(digest)
    return str(python)


def pinned_files(models):
    """Paths of the detector, the embedder and the sample photo by the manifest."""
    with open(ROOT / "models/manifest.toml", "rb") as file:
        manifest = tomllib.load(file)
    roles = {model["role"]: model for model in manifest["model"]}
    samples = {sample["name"]: sample for sample in manifest["sample"]}
    found = []
    for entry in (roles["detector"], roles["embedder"], samples["obama.jpg"]):
        path = models / entry["sha256"]
        if not path.is_file():
            stop(f"{entry['path']} is not in the folder of the weights", "`cargo xtask models` fetches it")
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            stop(f"{entry['path']} is not the pinned file", "`cargo xtask models` fetches it anew")
        found.append(path)
    return found


def prepared(python, given):
    detector, embedder, sample = pinned_files(given.models)
    for option, path in (("--image", given.image), ("--images", given.images)):
        if path is not None and not path.exists():
            stop(f"what {option} names does not exist: {path}")
    order = {
        "folder": str(given.work.resolve()),
        "yunet": str(detector.resolve()),
        "sface": str(embedder.resolve()),
        "picture": str((given.image or sample).resolve()),
        "images": str(given.images.resolve()) if given.images else None,
        "crops": given.crops,
    }
    say("folding weights, cutting pictures" + (", quantizing with NNCF" if given.images else ""))
    answer = given.work / "prepared.json"
    log = given.work / "prepare.log"
    answer.unlink(missing_ok=True)
    with open(log, "w") as output:
        done = subprocess.run(
            [python, str(HERE / "inputs.py"), json.dumps(order), str(answer)],
            stdout=output, stderr=output, env={**os.environ, **QUIET},
        )
    if done.returncode != 0:
        stop("the inputs could not be made", f"{log} says why")
    result = json.loads(answer.read_text())
    if "error" in result:
        stop(result["error"])
    return result["paths"], result["facts"]


def start(pythons, given, paths, skipped):
    """All that can run here: ours and the peers, each loaded and tried once."""
    allowed = sorted(os.sched_getaffinity(0))
    core = allowed[-1] if given.core is None else given.core
    if core not in allowed:
        stop(f"core {core} is not among those allowed: {', '.join(map(str, allowed))}")
    second = next((other for other in reversed(allowed) if other != core), None)
    done = subprocess.run([str(given.program), "--version"], capture_output=True, text=True)
    version = done.stdout.split()[1] if len(done.stdout.split()) > 1 else "?"
    measured = []

    def attempt(name, make):
        try:
            measured.append(make())
        except Refused as reason:
            # What is recorded names no folder of this machine.
            skipped[name] = str(reason).replace(str(given.work.resolve()), "WORK")

    for name, options, both, stages in OURS:
        if both and second is None:
            skipped[f"ours {name}"] = "there is one core only"
            continue
        cores = {core, second} if both else {core}
        picture = paths["whole" if "whole" in name else "close"]
        attempt(f"ours {name}", lambda: Ours(
            given.program, version, name, ["--image", picture, *options], cores, stages))
    for key in PEERS:
        if key.startswith("sface/openvino/int8") and "sface_int8" not in paths:
            skipped[key] = "NNCF has nothing to calibrate on: give --images"
            continue
        python = pythons[key.split("/")[1] == "opencv4"]
        attempt(key, lambda: Peer(python, key, paths, core))
    return measured, core


def compare_outputs(measured):
    """Cosine of every peer's template to onnxruntime's; f32 must agree or the weights differ."""
    peers = {one.name: one for one in measured if isinstance(one, Peer) and one.name.startswith("sface/")}
    reference = peers.get(REFERENCE)
    if reference is None:
        return
    for name, peer in peers.items():
        peer.series[0].cosine = cosine(peer.output, reference.output)
        if name.split("/")[2] == "f32" and peer.series[0].cosine < SAME_WEIGHTS:
            stop(f"{name} computes something else: cosine {peer.series[0].cosine:.4f} to onnxruntime")


def ratios(series):
    """(title, ratio, ratio of the best rounds, floor, aim); the ratio is the median over rounds."""
    for title, slow, fast, floor, aim in RATIOS:
        if slow in series and fast in series:
            a, b = series[slow].medians, series[fast].medians
            each = [a[number] / b[number] for number in a.keys() & b.keys()]
            yield title, statistics.median(each), series[slow].best / series[fast].best, floor, aim


def show(series, comparisons, skipped, busy):
    print(f"\n{'what':42}{'median ms':>10}{'best ms':>9}{'worst ms':>10}{'cosine':>9}")
    for one in series.values():
        alike = "" if one.cosine is None else f"{one.cosine:.4f}"
        print(f"{one.key:42}{one.median:10.3f}{one.best:9.3f}{one.worst:10.3f}{alike:>9}")
    print(f"\n{'times faster':42}{'median':>10}{'of bests':>9}{'floor':>7}{'aim':>6}")
    for title, ratio, best, floor, aim in comparisons:
        verdict = ""
        if floor is not None:
            verdict = "below" if ratio < floor else "aim met" if ratio >= aim else "floor met"
            verdict += " (unsettled)" if busy else ""
        limits = f"{floor or '':>7}{aim or '':>6}"
        print(f"{title:42}{ratio:10.2f}{best:9.2f}{limits}  {verdict}")
    for name, reason in skipped.items():
        print(f"SKIPPED {name}: {reason}")
    if busy:
        print(
            "WARNING: other programs kept the cores busy. A longer run is interrupted more often than "
            "a short one, so\n  the ratios flatter the faster side: they settle no floor. Repeat it on "
            "a quiet machine."
        )


def record(folder, facts, series, comparisons, skipped):
    now = time.strftime("%Y-%m-%dT%H%MZ", time.gmtime())
    folder.mkdir(parents=True, exist_ok=True)
    notes = [f"# {name}: {value}\n" for name, value in facts.items()]
    notes += [f"# skipped {name}: {reason}\n" for name, reason in skipped.items()]
    path = folder / f"{now}.csv"
    with open(path, "w", newline="") as file:
        file.writelines(notes)
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["key", "version", "median_ms", "best_ms", "rounds", "cosine_to_onnxruntime", "round_medians_ms"])
        for one in series.values():
            table.writerow([
                one.key, one.version, f"{one.median:.4f}", f"{one.best:.4f}", len(one.medians),
                "" if one.cosine is None else f"{one.cosine:.6f}",
                " ".join(f"{value:.4f}" for value in one.medians.values()),
            ])
        table.writerow([])
        table.writerow(["ratio", "median", "of_bests", "floor", "aim"])
        for title, ratio, best, floor, aim in comparisons:
            table.writerow([title, f"{ratio:.3f}", f"{best:.3f}", floor or "", aim or ""])
    return path


def main():
    given = arguments()
    if not sys.platform.startswith("linux"):
        stop("processes can be pinned to a core on Linux only")
    if shutil.which(str(given.program)) is None:
        stop(f"there is no program at {given.program}", "`cargo build --release` makes it, --program names another")
    given.program = given.program.resolve()
    pythons = (
        virtual_environment(given.work / "venv", "requirements.txt"),
        virtual_environment(given.work / "venv-opencv4", "opencv4-requirements.txt"),
    )
    paths, made = prepared(pythons[0], given)
    facts, skipped, measured = machine.facts(), {}, []
    facts.update(made)
    try:
        measured, core = start(pythons, given, paths, skipped)
        compare_outputs(measured)
        for name, reason in skipped.items():
            say(f"SKIPPED {name}: {reason}")
        facts["rounds"], facts["seconds"] = str(given.rounds), str(given.seconds)
        facts["pinned_to_core"] = str(core)
        facts["niceness"] = str(os.nice(0))
        facts["load_average_before"] = machine.load_average()
        take_turns(measured, given.rounds, given.seconds)
        facts["load_average_after"] = machine.load_average()
    except Refused as reason:
        stop(f"one gave up in the middle: {reason}")
    except KeyboardInterrupt:
        stop("interrupted, nothing recorded")
    finally:
        for one in measured:
            one.close()
    series = {one.key: one for each in measured for one in each.series}
    if not series:
        stop("nothing could run", "the lines above say why")
    series = dict(sorted(series.items(), key=lambda item: (item[0].split("/")[0], item[1].median)))
    comparisons = list(ratios(series))
    show(series, comparisons, skipped, machine.is_busy(facts["load_average_before"]))
    path = record(given.record / machine.folder_name(facts), facts, series, comparisons, skipped)
    print(f"\nrecorded in {os.path.relpath(path)}")


if __name__ == "__main__":
    main()
