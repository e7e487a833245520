#!/usr/bin/env python3
"""Identification beside faiss-cpu and usearch: recall and latency on the same rows, one core, in one run.

    cargo build --release
    python3 bench/search.py                     100,000 and 1,000,000 synthetic templates
    python3 bench/search.py --fit templates.npy distractors with the mean and covariance of these rows

Takes numpy, faiss-cpu and usearch (bench/search-requirements.txt). Every engine answers "which row is the best one at or
above the threshold?" for the same probes, half of which have a mate among the rows. Recall is the share of probes
that are answered as brute force in f32 answers (numpy); an answer counts as the same when its score is within 1e-6.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import faiss
import numpy as np
import usearch
from usearch.index import Index

import machine

HERE = Path(__file__).resolve().parent
DIMENSIONS = 128
MEAN, DEVIATION = 0.0926, 0.0875  # of strangers' scores: what the calibration of SFace says
MATE = 0.7
CHUNK = 100_000


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def strangers(count, random, fit):
    """People who do not exist, as alike as strangers are."""
    if fit is None:
        free = round(((1 - MEAN) / DEVIATION) ** 2)
        rows = np.zeros((count, DIMENSIONS), np.float32)
        rows[:, :free] = unit(random.standard_normal((count, free), np.float32)) * (1 - MEAN) ** 0.5
        rows[:, free] = MEAN**0.5
        return unit(rows)
    mean, factor = fit
    parts = []
    for first in range(0, count, CHUNK):
        size = min(CHUNK, count - first)
        parts.append(unit(mean + random.standard_normal((size, DIMENSIONS), np.float32) @ factor.T))
    return np.concatenate(parts)


def middle(fit):
    """What all people have in common."""
    if fit is not None:
        return fit[0]
    common = np.zeros(DIMENSIONS, np.float32)
    common[round(((1 - MEAN) / DEVIATION) ** 2)] = MEAN**0.5
    return common


def mated(own, others, common):
    """Probes whose cosine with `own` is about MATE: only what differs from one to the other is mixed, or they would be more like everybody."""
    shared = float(common @ common)
    alike = (MATE - shared) / (1 - shared)
    return unit(common + alike * (own - common) + (1 - alike**2) ** 0.5 * (others - common))


def fitted(path):
    rows = unit(np.load(path))
    return rows.mean(0), np.linalg.cholesky(np.cov(rows.T) + 1e-9 * np.eye(rows.shape[1])).astype(np.float32)


def brute(rows, probes, threshold):
    best = np.full(len(probes), -1, np.int64)
    score = np.full(len(probes), -2.0)
    for first in range(0, len(rows), CHUNK):
        scores = probes @ rows[first : first + CHUNK].T
        place = scores.argmax(1)
        top = scores[np.arange(len(probes)), place]
        better = top > score
        best[better], score[better] = place[better] + first, top[better]
    best[score < threshold] = -1
    return best, score


def recall(answers, truth, rows, probes):
    """Share of right answers; where another row is as good, that is right too."""
    right = answers == truth
    for i in np.flatnonzero(~right):
        if answers[i] >= 0 and truth[i] >= 0:
            right[i] = abs(float(rows[answers[i]] @ probes[i]) - float(rows[truth[i]] @ probes[i])) < 1e-6
    return right.mean()


def timed(ask, probes, rounds):
    """The answers, and the times of single probes in milliseconds."""
    times, answers = [], []
    for round_ in range(rounds):
        for i in range(len(probes)):
            begin = time.perf_counter()
            answer = ask(probes[i : i + 1])
            times.append((time.perf_counter() - begin) * 1e3)
            if round_ == 0:
                answers.append(answer)
    return np.array(answers, np.int64), times


def top_of_faiss(index, threshold):
    def ask(probe):
        score, place = index.search(probe, 1)
        return place[0, 0] if score[0, 0] >= threshold else -1

    return ask


def faiss_engines(rows, lists):
    flat = faiss.IndexFlatIP(DIMENSIONS)
    flat.add(rows)
    yield "faiss Flat f32", flat
    coded = faiss.IndexScalarQuantizer(DIMENSIONS, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    coded.train(rows[:CHUNK])
    coded.add(rows)
    yield "faiss SQ8", coded
    inverted = faiss.index_factory(DIMENSIONS, f"IVF{lists},Flat", faiss.METRIC_INNER_PRODUCT)
    inverted.train(rows[: 40 * lists])
    inverted.add(rows)
    inverted.nprobe = max(1, lists // 16)
    yield f"faiss IVF{lists} nprobe {inverted.nprobe}", inverted


def usearch_engine(rows, threshold):
    index = Index(ndim=DIMENSIONS, metric="ip", dtype="f32")
    index.add(np.arange(len(rows)), rows, threads=0)

    def ask(probe):
        found = index.search(probe[0], 1, threads=1)
        if len(found) and 1 - float(found[0].distance) >= threshold:
            return int(found[0].key)
        return -1

    return ask


def ours(program, rows, probes, threshold, folder, threads):
    paths = [folder / name for name in ("gallery.npy", "probes.npy", "answers.npy")]
    np.save(paths[0], rows)
    np.save(paths[1], probes)
    line = [program, "bench", "--json", "--gallery-file", paths[0], "--probes", paths[1], "--answers", paths[2]]
    line += ["--threshold", str(threshold), "--threads", str(threads)]
    done = subprocess.run([str(word) for word in line], check=True, capture_output=True, text=True)
    stages = {stage["stage"]: stage for stage in json.loads(done.stdout)["stages"]}
    return np.load(paths[2]), stages


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=HERE.parent / "target/release/countenance", type=Path)
    parser.add_argument("--sizes", default="100000,1000000", help="rows, separated by commas")
    parser.add_argument("--probes", default=200, type=int)
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--threshold", default=0.47, type=float)
    parser.add_argument("--fit", type=Path, help="an array file of templates (float32)")
    parser.add_argument("--no-usearch", action="store_true", help="building its graph takes minutes")
    parser.add_argument("--record", type=Path, help="write a CSV file")
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    fit = fitted(options.fit) if options.fit else None
    table = []
    for size in (int(text) for text in options.sizes.split(",")):
        random = np.random.default_rng(size)
        rows = strangers(size, random, fit)
        probes = strangers(options.probes, random, fit)
        mates = random.integers(0, size, options.probes)
        half = np.arange(0, options.probes, 2)
        probes[half] = mated(rows[mates[half]], probes[half], middle(fit))
        truth, _ = brute(rows, probes, options.threshold)

        def note(name, answers, times):
            found = recall(answers, truth, rows, probes)
            row = [size, name, f"{found:.4f}", *(f"{np.percentile(times, p):.3f}" for p in (0, 50, 99))]
            table.append(row)
            print("{:>10}  {:<28} recall {}  min {:>9} median {:>9} p99 {:>9} ms".format(*row), flush=True)

        with tempfile.TemporaryDirectory() as folder:
            for threads in (1, 2):
                answers, stages = ours(options.program, rows, probes, options.threshold, Path(folder), threads)
                for stage, times in stages.items():
                    found = recall(answers, truth, rows, probes)
                    row = [size, f"countenance {stage} x{threads} {times['isa']}", f"{found:.4f}", ""]
                    row += [f"{times[key]:.3f}" for key in ("median_ms", "p99_ms")]
                    table.append(row)
                    print("{:>10}  {:<28} recall {}  {} median {} p99 {} ms".format(*row), flush=True)
        lists = 1 << int(np.log2(size) / 2 + 1)
        for name, index in faiss_engines(rows, lists):
            note(name, *timed(top_of_faiss(index, options.threshold), probes, options.rounds))
            del index
        if not options.no_usearch:
            ask = usearch_engine(rows, options.threshold)
            note("usearch f32", *timed(ask, probes, options.rounds))
    if options.record:
        with options.record.open("w", newline="") as file:
            for key, value in machine.facts().items():
                file.write(f"# {key}: {value}\n")
            file.write(f"# date: {datetime.now(timezone.utc):%Y-%m-%dT%H:%MZ}\n")
            file.write(f"# faiss {faiss.__version__}, usearch {usearch.__version__}, numpy {np.__version__}\n")
            file.write(f"# threshold {options.threshold}, {options.probes} probes, fitted {bool(fit)}\n")
            writer = csv.writer(file)
            writer.writerow(["rows", "engine", "recall", "min_ms", "median_ms", "p99_ms"])
            writer.writerows(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
