"""What was said and counted names nobody, and can be read by machines."""

import base64
import json
import re
import urllib.parse

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from .house import SCOPES, enroll, verify
from .http import raw
from .report import check, require

# No label can be about somebody.
LABELS = {"method", "route", "status", "use_case", "outcome", "stage", "le", "scope", "reason"}


def disguises(word):
    """A word as it may stand in a log."""
    data = word.encode()
    yield data
    yield data.hex().encode()
    yield data.hex().upper().encode()
    yield urllib.parse.quote(word, safe="").encode()
    yield word.encode("utf-16-le")
    for at in range(3):
        # What is left of base64 at any alignment, without the ends that depend on the neighbors.
        yield base64.b64encode(bytes(at) + data)[4 : -4 or None]


def found_in(text, planted):
    """What was planted and stands there, in any disguise."""
    return sorted({
        f"{what} ({word[:12]}...)" for word, what in planted.items() for each in disguises(word) if len(each) >= 8 and each in text
    })


@check("metrics are OpenMetrics, name nobody, and count what was asked")
def metrics(world):
    with world.house() as house:
        client = house.everything()
        person = enroll(world, client, "counted", world.photos.face("obama.jpg"))
        for _ in range(3):
            require(verify(client, person, world.photos.face("obama2.jpg")).status == 200, "verify")
        reply = client.get("/metrics")
        require(reply.header("content-type").startswith("application/openmetrics-text"), f"{reply.headers}")
        text = reply.body.decode()
        families = {family.name: family for family in text_string_to_metric_families(text)}
        accepted = [
            sample.value
            for sample in families["countenance_outcomes"].samples
            if sample.labels == {"use_case": "verify", "outcome": "accept"}
        ]
        require(accepted == [3.0], f"three acceptances are counted as {accepted}")
        stages = {sample.labels["stage"] for sample in families["countenance_stage_seconds"].samples}
        require({"decode", "detect", "embed", "compare"} <= stages, f"stages: {stages}")
        labels = {label for family in families.values() for sample in family.samples for label in sample.labels}
        require(labels <= LABELS, f"labels that are not known here: {labels - LABELS}")
        require(not found_in(reply.body, world.planted), f"metrics name {found_in(reply.body, world.planted)}")
        # The control: the parser refuses what is none.
        try:
            list(text_string_to_metric_families(text.replace("# EOF", "nonsense{ 1")))
            require(False, "the parser takes nonsense")
        except ValueError:
            pass
        return f"{len(families)} families, {len(text.splitlines())} lines"


@check("nothing the server wrote has an id, key, holder part, consent text or pixel in it, whatever was asked", lane="last")
def silent(world):
    word = world.canary("everywhere")
    holder = world.plant("holder part", "c7" * 32)
    pixels = world.photos.face("obama.jpg")
    with world.house() as house:
        client = house.client(*SCOPES, headers={"User-Agent": word, "Cookie": word, "X-Forwarded-For": word, "Referer": word})
        person = enroll(world, client, "logged", pixels, headers={"Countenance-Holder": holder})
        verify(client, person, pixels, headers={"Countenance-Holder": holder})
        client.post("/v1/subjects", {"id": word, word: word})
        client.post("/v1/subjects", word.encode(), headers={"Content-Type": word})
        client.post("/v1/subjects?collection=" + word, {"id": word})
        client.get("/" + word)
        client.get("/v1/subjects/" + word)
        client.get("/v1/subjects?" + word + "=1")
        client.delete("/v1/keys/" + word)
        client.ask("PATCH", "/v1/subjects/" + word)
        client.post("/v1/detect", parts=[(word, pixels)])
        client.post("/v1/detect", parts=[("picture", word.encode())])
        raw(house.address, f"GET /{word} HTTP/9.9\r\n{word}\r\n\r\n".encode(), seconds=5)
        raw(house.address, f"{word.upper().replace('-', '')} / HTTP/1.1\r\nHost: {word}\r\n\r\n".encode(), seconds=5)
    pieces = {base64.b64encode(pixels[at : at + 30]).decode(): "pixels in base64" for at in range(600, 20_000, 300)}
    planted, lines, errors, size = {**world.planted, **pieces}, 0, [], 0
    for log in world.logs:
        text = log.read_bytes()
        size += len(text)
        named = found_in(text, planted)
        require(not named, f"a log names {named}")
        require(b"panicked" not in text, lambda: f"a panic: {text[text.index(b'panicked') - 300 :][:600]}")
        require(pixels[600:630] not in text, "a log has pixels")
        for line in text.decode().splitlines():
            lines += 1
            entry = json.loads(line)
            require({"timestamp", "level", "fields", "target"} <= entry.keys(), f"a line without what it needs: {line}")
            require(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", entry["timestamp"]), f"a time: {line}")
            if entry["level"] == "ERROR":
                errors.append(line)
    require(not errors, lambda: f"{len(errors)} errors were logged: {errors[:5]}")
    # The controls: these very requests are in the logs, and each word would be found in every disguise.
    require("/v1/subjects/{subject}/verify" in world.logs[-1].read_text(), "the last log does not tell of the requests")
    for what in (word, person, client.key.rsplit("_", 1)[1], holder, next(iter(pieces))):
        for disguise in disguises(what):
            line = b'{"level":"INFO","fields":{"path":"/v1/' + disguise + b'x"}}'
            require(found_in(line, planted), f"{what} would not be found as {disguise}")
    return f"{len(world.logs)} logs, {lines} lines, {size >> 10} KiB, {len(planted)} words in 8 disguises each"
