"""Identity checks: what a document opens, and that nothing of it is on the disk afterwards."""

import base64
import json
import subprocess
import sys
import time
from pathlib import Path

from .house import base64_of
from .report import check, require
from .silence import disguises, found_in

ROOT = Path(__file__).resolve().parents[3]
FONT = Path("/usr/share/fonts/opentype/ocr-b/OCRB.otf")
JUDGED_SECONDS = 90


def asked(picture, case, **more):
    return {
        "picture": base64_of(picture), "case": case, "audience": "https://desk.example",
        "nonce": "pb3N0x5qQmWq8o1vJz2r7g", "way_out": "https://desk.example/", **more,
    }


def specimens(world):
    """Pictures of documents of nobody, and the words on each; without the font of their zone, a photo without words."""
    if not FONT.exists():
        return [(world.photos.face("obama.jpg"), [])]
    out = world.folder / "specimens"
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/documents/specimens.py"), "--out", str(out),
         "--photos", str(ROOT / "models/store"), "--count", "5", "--kinds", "clean"],
        capture_output=True, text=True,
    )
    require(done.returncode == 0, lambda: f"specimens: {done.stderr}")
    found = []
    for one in json.loads((out / "specimens.json").read_text()):
        words = [*one["lines"], one["fields"]["number"], one["fields"]["surname"], one["fields"]["given"]]
        found.append(((out / one["file"]).read_bytes(), [word for word in words if len(word) >= 8]))
    return found


def judged(house, session, picture):
    """Shows the camera a still photo until that is judged."""
    client = house.anybody()
    client.key = session["token"]
    path = f"/v1/capture/{session['id']}"
    consent = client.get(path).json()["consent"]
    require("the person on the document" in consent["text"], f"the text says something else: {consent['text']}")
    require(client.post(f"{path}/consent", {"sha256": consent["sha256"], "calm": True}).status == 200, "agreeing")
    begun = time.monotonic()
    for number in range(10_000):
        seconds = time.monotonic() - begun
        require(seconds < JUDGED_SECONDS, "it is never judged")
        frame = {"frame": number, "time_ms": 1000 + int(seconds * 1000), "picture": base64_of(picture)}
        said = client.post(f"{path}/frames", {"frames": [frame]})
        require(said.status == 200, lambda: f"a frame: {said.status} {said.body}")
        kinds = [message["type"] for message in said.json()["messages"]]
        require("error" not in kinds, lambda: f"{said.body}")
        if "done" in kinds:
            client.close()
            return
        time.sleep(0.07)


@check("nothing of an identity check is on the disk afterwards: no word, number, name or pixel of the document", lane="wait")
def nothing_is_left(world):
    shown = specimens(world)
    temporary = world.folder / "identity-temporary"
    temporary.mkdir()
    planted, readings = {}, []
    with world.house(environment={"TMPDIR": str(temporary)}) as house:
        client = house.client("sessions", "audit")
        before = len(client.get("/v1/audit/entries?limit=1000").json()["entries"])
        for picture, words in shown:
            case = world.canary("case")
            planted[case] = "the name of a case"
            for word in words:
                planted[word] = world.planted[word] = "a word of a document"
            for at in range(1002, len(picture) - 40, 20_001):
                piece = base64.b64encode(picture[at : at + 30]).decode()
                planted[piece] = world.planted[piece] = "pixels in base64"
            looked = client.post("/v1/documents", asked(picture, case))
            require(looked.status == 201, lambda: f"a document: {looked.status} {looked.body}")
            for word in words:
                require(word.encode() not in looked.body, f"the answer has {word}")
            readings.append(looked.json()["checks"]["zone"])
            session = looked.json()["session"]
        # One of them to the end, in front of a camera that sees a photo: refused, signed, taken.
        judged(house, session, world.photos.face("obama.jpg"))
        taken = client.get(f"/v1/sessions/{session['id']}").json()
        require(taken["outcome"] == "reject", f"{taken}")
        claims = taken["result"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        require(claims["document"] == looked.json()["checks"], f"the result says something else: {claims}")
        told = [json.dumps(claims).encode(), client.get("/metrics").body, client.get("/v1/audit/entries?limit=1000").body]
        require(all(not found_in(one, planted) for one in told), "what is told names something of a document")
        after = json.loads(told[2])["entries"]
        require(len(after) >= before + 1, "the log has nothing of the check")
        require(any(one.get("purpose") == "identity_check" for one in after[before:]), f"{after[before:]}")
        house.kill()
        pixels = {picture[at : at + 30]: "pixels" for picture, _ in shown for at in range(1002, len(picture) - 40, 20_001)}
        files = [path for place in (house.folder, temporary) for path in place.rglob("*") if path.is_file()]
        size = 0
        for path in files:
            data = path.read_bytes()
            size += len(data)
            found = found_in(data, planted) + [what for piece, what in pixels.items() if piece in data]
            require(not found, f"{path.name} has {found}")
        require(any(path.name.endswith(".db") and path.stat().st_size > 4096 for path in files), "no database was searched")
        # The control: one of each kind would be found in every disguise, in a file like any other.
        kept = house.folder / "kept"
        for what in sorted(set(planted.values())):
            word = next(word for word, meaning in planted.items() if meaning == what)
            for disguise in (one for one in disguises(word) if len(one) >= 8):
                kept.write_bytes(b"\x00row " + disguise + b"\xff")
                require(found_in(kept.read_bytes(), planted), f"{what} would not be found as {disguise}")
    if FONT.exists():
        require(readings.count("clear") >= 3, f"the zones were not read: {readings}")
    said = "" if FONT.exists() else "; SKIPPED: the words of a zone, that needs OCR-B (Debian's fonts-ocr-b)"
    return f"{len(shown)} documents, {len(planted)} words and pieces, {len(files)} files, {size >> 10} KiB{said}"
