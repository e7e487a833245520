"""The measured ones, ours and the peers', and the rounds in which they take turns."""

import json
import os
import select
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
# A library that has not answered by then hangs.
PATIENCE_SECONDS = 120

ONE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OV_NUM_THREADS",
        "ORT_NUM_THREADS", "OPENCV_FOR_THREADS_NUM",
    )
}
QUIET = {
    "OPENVINO_TELEMETRY_DISABLE": "1", "OPENCV_LOG_LEVEL": "ERROR", "PYTHONDONTWRITEBYTECODE": "1",
}


class Refused(Exception):
    """A measured one that cannot run here; the message says why."""


def environment():
    return {**os.environ, **ONE_THREAD, **QUIET}


def pinned(cores):
    return lambda: os.sched_setaffinity(0, cores)


@dataclass
class Series:
    """What one key measured: `task/whose/precision[/variant]`."""

    key: str
    version: str = ""
    medians: dict = field(default_factory=dict)  # round -> ms
    cosine: float | None = None

    @property
    def median(self):
        return statistics.median(self.medians.values())

    @property
    def worst(self):
        return max(self.medians.values())

    @property
    def best(self):
        return min(self.medians.values())


class Peer:
    """A process that measures when told to and sleeps otherwise."""

    def __init__(self, python, key, paths, core):
        self.name = key
        self.series = [Series(key)]
        self.process = subprocess.Popen(
            [python, str(HERE / "peer.py"), key, json.dumps(paths)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(),
            preexec_fn=pinned({core}),
        )
        hello = self._answer(PATIENCE_SECONDS)
        self.series[0].version = hello["version"].split("-")[0]
        self.output = hello["output"]

    def _answer(self, seconds):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if ready else ""
        answer = json.loads(line) if line else {"error": f"no answer within {seconds:.0f} s" if not ready else "it died"}
        if "error" in answer:
            self.close()
            raise Refused(answer["error"])
        return answer

    def measure(self, number, seconds):
        self.process.stdin.write(json.dumps({"seconds": seconds}) + "\n")
        self.process.stdin.flush()
        samples = self._answer(PATIENCE_SECONDS + seconds)["ms"]
        self.series[0].medians[number] = statistics.median(samples)

    def close(self):
        self.process.kill()
        self.process.wait()


class Ours:
    """`countenance bench` with some settings, started anew in each round."""

    def __init__(self, program, version, name, arguments, cores, stages):
        self.name = name
        self.command = [str(program), "bench", "--json", *arguments]
        self.cores = cores
        self.stages = {stage: Series(key, version) for stage, key in stages.items()}
        self.series = list(self.stages.values())
        # Refuses at once what the machine or the program cannot do.
        self._run(0.01)

    def _run(self, seconds):
        done = subprocess.run(
            [*self.command, "--seconds", str(seconds)],
            capture_output=True,
            text=True,
            env=environment(),
            preexec_fn=pinned(self.cores),
        )
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise Refused(lines[0])
        stages = {stage["stage"]: stage for stage in json.loads(done.stdout)["stages"]}
        for stage, series in self.stages.items():
            wanted = series.key.split("/")[2]
            if stages[stage]["precision"] != wanted:
                raise Refused(f"{stage} ran in {stages[stage]['precision']}, not in {wanted}")
        return stages

    def measure(self, number, seconds):
        stages = self._run(seconds)
        for stage, series in self.stages.items():
            series.medians[number] = stages[stage]["median_ms"]

    def close(self):
        pass


def take_turns(measured, rounds, seconds):
    """Every one measures once in every round; the order moves on by one from round to round."""
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        first = number % len(measured)
        for one in measured[first:] + measured[:first]:
            one.measure(number, seconds)


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    norm = (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5
    return dot / norm if norm else 0.0
