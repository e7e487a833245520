"""The server under load on this machine, beside the engine alone in the same run.

    python3 bench/server.py target/release/countenance

Needs wrk, Pillow (`tests/server/run.sh` installs it; PYTHONPATH=target/server-proofs/packages) and a quiet machine;
on a busy one raise the priority: `sudo nice -n -12 ...`. Prints tables for docs/performance.md.
"""

import argparse
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/server"), str(ROOT / "bench")]

from PIL import Image, ImageOps  # noqa: E402

import machine  # noqa: E402
from proofs.house import World, enroll  # noqa: E402
from proofs.http import Client, form  # noqa: E402

CLIENTS = (1, 8, 64, 512)
# So long that 512 clients all wait and none is told to come again.
PATIENT = ("--queue", "1024")

ASK = """
wrk.method = "%(method)s"
wrk.headers["Authorization"] = "Bearer %(key)s"
wrk.headers["Content-Type"] = "%(kind)s"
local file = io.open("%(body)s", "rb"); wrk.body = file:read("*a"); file:close()
done_ok, done_shed, done_other = 0, 0, 0
response = function(status)
  if status == 200 or status == 201 then done_ok = done_ok + 1
  elseif status == 503 or status == 429 then done_shed = done_shed + 1
  else done_other = done_other + 1 end
end
local threads = {}
setup = function(thread) table.insert(threads, thread) end
done = function(summary, latency)
  local ok, shed, other = 0, 0, 0
  for _, thread in ipairs(threads) do
    ok = ok + thread:get("done_ok"); shed = shed + thread:get("done_shed"); other = other + thread:get("done_other")
  end
  local broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format('\\nJSON{"ok":%%d,"shed":%%d,"other":%%d,"broken":%%d,"seconds":%%f,"p50":%%f,"p99":%%f}\\n',
    ok, shed, other, broken, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""
SUBJECTS = """
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer %(key)s"
wrk.headers["Content-Type"] = "application/json"
local number = 0
request = function()
  number = number + 1
  return wrk.format(nil, "/v1/subjects", nil, '{"id":"person-' .. number .. '"}')
end
"""


def picture(name):
    """A 1280x720 JPEG with the whole sample in it, as `countenance bench --image` makes one."""
    manifest = tomllib.loads((ROOT / "models/manifest.toml").read_text())
    (sha,) = [entry["sha256"] for entry in manifest["sample"] if entry["name"] == name]
    image = Image.open(ROOT / "models/store" / sha).convert("RGB")
    image = ImageOps.pad(image, (1280, 720), color=(127, 127, 127))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def resized(photo, height):
    """The middle of a photo, so small."""
    image = ImageOps.fit(Image.open(io.BytesIO(photo)), (height, height))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def wrk(house, folder, key, path, body, kind, clients, seconds, method="POST"):
    (folder / "body").write_bytes(body)
    script = folder / "ask.lua"
    script.write_text(ASK % {"method": method, "key": key, "kind": kind, "body": folder / "body"})
    address = "http://{}:{}".format(*house.address)
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "-s", str(script), address + path]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(re.search(r"JSON(\{.*\})", said)[1])


def engine(program, photo, seconds, copies):
    """Median ms of a whole 1280x720 photo (`verify_720p`), of so many copies of the program at one time."""
    command = [program, "bench", "--json", "--seconds", str(seconds), "--image", str(photo)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(copies)]
    stages = [json.loads(each.communicate()[0])["stages"] for each in running]
    return [next(stage["median_ms"] for stage in each if stage["stage"] == "verify_720p") for each in stages]


def stage_time(client):
    """Seconds of all stages so far."""
    text = client.get("/metrics").body.decode()
    return sum(float(value) for value in re.findall(r"^countenance_stage_seconds_sum\{.*\} (\S+)", text, re.M))


def overhead(world, pictures, times=300):
    """What one client waits less what the worker took, for each size of picture: the server's way to the worker and back
    (from the headers to the answer, by its log) and this client's own."""
    with world.house("--log", "debug") as house:
        client = house.everything()
        rows = []
        for name, parts in pictures.items():
            kind, body = form(parts)
            said = {"Content-Type": kind, "Connection": "keep-alive"}
            waited = []
            for _ in range(times):
                reply = client.ask("POST", "/v1/compare", body=body, headers=said)
                assert reply.status == 200, reply.body
                waited.append(reply.seconds * 1e3)
            lines = [json.loads(line)["fields"] for line in world.logs[-1].read_text().splitlines()]
            worked = [line["total_ms"] for line in lines if line["message"] == "stages"][-times:]
            inside = [line["took_ms"] for line in lines if line["message"] == "answered"][-times:]
            assert len(worked) == len(inside) == times, (len(worked), len(inside))
            spent = [sorted(whole - work for whole, work in zip(wholes, worked)) for wholes in (waited, inside)]
            rows.append((name, len(body), waited, worked, *spent))
        idle = [client.get("/healthz").seconds * 1e3 for _ in range(times)]
        print("\n| compare, one client | body KB | waited, p50 ms | worked | waited less worked | the server's part of it, p50 | p90 |")
        print("|---|---|---|---|---|---|---|")
        for name, size, *all_times in rows:
            waited, worked, between, inside = (statistics.median(one) for one in all_times)
            late = all_times[-1][times * 9 // 10]
            print(f"| {name} | {size >> 10} | {waited:.2f} | {worked:.2f} | {between:.2f} | {inside:.2f} | {late:.2f} |")
        print(f"/healthz by the same client, without a body: p50 {statistics.median(idle):.2f} ms")


def cold_start(world, subjects):
    """Seconds from the start of the process to a /readyz that says yes, with so many subjects."""
    with world.house() as house:
        key = house.everything().key
        script = house.folder / "subjects.lua"
        script.write_text(SUBJECTS % {"key": key})
        address = "http://{}:{}".format(*house.address)
        begun, there = time.monotonic(), 0
        while there < subjects:
            subprocess.run(["wrk", "-t1", "-c32", "-d5s", "-s", str(script), address], capture_output=True, check=True)
            # A run begins to count anew: the next one goes on where this one ended.
            text = Client(house.address, key).get("/metrics").body.decode()
            there = int(re.search(r'requests_total\{method="POST",route="/v1/subjects",status="201"\} (\d+)', text)[1])
            script.write_text(SUBJECTS.replace("number = 0", f"number = {there}") % {"key": key})
        added = time.monotonic() - begun
        house.stop()
        times = []
        for _ in range(5):
            begun = time.monotonic()
            house.start()
            while Client(house.address).get("/readyz").status != 200:
                time.sleep(0.002)
            times.append(time.monotonic() - begun)
            rss = house.status("VmRSS")
            house.stop()
        house.start()
        return there, added, sorted(times), rss


def load(world, program, folder, first, second, seconds):
    """Answers per second and percentiles by number of clients, the engine alone beside them, and what a full queue does."""
    (folder / "first.jpg").write_bytes(first)
    kind, compare = form([("reference", first), ("probe", second)])
    _, probe = form([("probe", second)])
    with world.house(*PATIENT, "--log", "error") as house:
        client = house.everything()
        key, person = client.key, enroll(world, client, "load", first)
        routes = {"/v1/compare": compare, f"/v1/subjects/{person}/verify": probe}
        resting = house.status("VmRSS")
        print(f"\nresident after the start and one enrollment: {resting >> 10} MB")
        print("\n| | clients | answers/s | p50 ms | p99 ms | resident MB |\n|---|---|---|---|---|---|")
        rates, alone = {}, {}
        for path, body in routes.items():
            name = path.rsplit("/", 1)[1]
            for clients in CLIENTS:
                used = engine(program, folder / "first.jpg", 1, 1)[0] if clients == 1 else None
                before = stage_time(client)
                seen = wrk(house, folder, key, path, body, kind, clients, seconds)
                stages = (stage_time(client) - before) / max(seen["ok"], 1) * 1e3
                rate = seen["ok"] / seen["seconds"]
                rates[name, clients] = rate
                if clients == 1:
                    alone[name] = (seen["p50"], stages, used)
                wrong = f" ({seen['other']} wrong, {seen['broken']} broken)" if seen["other"] or seen["broken"] else ""
                print(f"| {name} | {clients} | {rate:.1f}{wrong} | {seen['p50']:.2f} | {seen['p99']:.1f} | {house.status('VmRSS') >> 10} |", flush=True)
        small = wrk(house, folder, key, "/healthz", b"", "text/plain", 1, 3, "GET")
        many = wrk(house, folder, key, "/healthz", b"", "text/plain", 64, 3, "GET")
        print(f"\n/healthz: p50 {small['p50']:.3f} ms with one client, {many['ok'] / many['seconds']:.0f}/s with 64")
        for name, (p50, stages, used) in alone.items():
            print(f"{name}, one client: p50 {p50:.2f} ms, of which its stages (mean, by /metrics) {stages:.2f} ms; `bench` verify_720p {used:.2f} ms a photo")
        print(f"peak of the process: {house.status('VmHWM') >> 10} MB")
        shares = []
        for _ in range(3):
            both = engine(program, folder / "first.jpg", 3, 2)
            engine_rate = sum(1000 / (2 * each) for each in both)
            seen = wrk(house, folder, key, "/v1/compare", compare, kind, 8, seconds)
            shares.append((seen["ok"] / seen["seconds"] / engine_rate, engine_rate))
        said = ", ".join(f"{share:.0%} of {rate:.1f}/s" for share, rate in shares)
        print(f"compare, 8 clients, of what two copies of the engine alone do (two photos each): {said}")
    with world.house("--log", "error") as house:
        client = house.everything()
        seen = wrk(house, folder, client.key, "/v1/compare", compare, kind, 512, seconds)
        print(
            f"512 clients, queue of 64: {seen['ok'] / seen['seconds']:.1f}/s answered, {seen['shed'] / seen['seconds']:.0f}/s told to come "
            f"again, {seen['broken'] / seen['seconds']:.0f}/s broken, resident {house.status('VmRSS') >> 10} MB"
        )


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("program")
    asked.add_argument("--seconds", type=int, default=10, help="for each row")
    asked.add_argument("--subjects", type=int, default=100_000, help="of the start")
    asked.add_argument("--parts", default="load,overhead,start", type=lambda text: text.split(","), help="what is measured")
    given = asked.parse_args()
    program = str(Path(given.program).resolve())
    print(", ".join(f"{name}: {value}" for name, value in machine.facts().items()))
    print(f"load before: {machine.load_average()}; program: {os.path.getsize(program) / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory(prefix="server-load.") as folder:
        folder = Path(folder)
        world = World(program, None, folder, False)
        first, second = picture("obama.jpg"), picture("obama2.jpg")
        if "load" in given.parts:
            load(world, program, folder, first, second, given.seconds)
        if "overhead" in given.parts:
            sizes = {"two of 1280x720": (first, second), "two of 160 pixels": (resized(first, 160), resized(second, 160))}
            overhead(world, {name: [("reference", one), ("probe", other)] for name, (one, other) in sizes.items()})
        if "start" in given.parts:
            there, added, times, rss = cold_start(world, given.subjects)
            print(
                f"cold start to ready with {there} subjects (added over the API in {added:.0f} s), five times: "
                f"{times[0]:.3f} to {times[-1]:.3f} s, median {times[2]:.3f} s, resident {rss >> 10} MB"
            )
    print(f"load after: {machine.load_average()}")


if __name__ == "__main__":
    main()
