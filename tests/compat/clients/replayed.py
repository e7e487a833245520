"""The calls that Double Take and the Home Assistant add-on make, and how they read the answers."""

import json
import os

import httpx

given = json.loads(os.environ["GIVEN"])
one, same, other = (f"{given['photos']}/{name}" for name in ("obama.jpg", "obama2.jpg", "biden.jpg"))
client = httpx.Client(base_url=given["address"], headers={"x-api-key": given["recognition"]}, timeout=60)
calls = 0


def post(path, picture, name="file"):
    global calls
    calls += 1
    return client.post(path, files={name: (os.path.basename(picture), open(picture, "rb"))})


def nobody():
    """A picture without a face: eight grey pixels of PNG."""
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x80" * 192 for _ in range(64))
    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def double_take(picture):
    """Its detector: code 28 is no face, another body without a result is an error."""
    answer = post("/api/v1/recognition/recognize?face_plugins=mask,gender,age&det_prob_threshold=0.8", picture).json()
    if answer.get("code") == 28:
        return []
    assert "result" in answer, answer
    found = []
    for face in answer["result"]:
        subjects = face["subjects"]
        name = subjects[0]["subject"] if subjects else "unknown"
        box = face["box"]
        assert box["x_max"] > box["x_min"] and box["y_max"] > box["y_min"]
        found.append((name, subjects[0]["similarity"] if subjects else 0))
    return found


# Training, recognizing and removing, as its server does.
trained = post("/api/v1/recognition/faces?subject=ana", one)
assert trained.status_code == 201 and trained.json()["subject"] == "ana"
assert double_take(same)[0][0] == "ana"
assert double_take(other) == [("unknown", 0)]
open("nobody.png", "wb").write(nobody())
assert double_take("nobody.png") == []
assert client.delete("/api/v1/recognition/faces?subject=ana").json() == {"deleted": 1}

# Home Assistant: the subjects it knows, a recognition with a limit, all in one collection.
post("/api/v1/recognition/faces?subject=Ana", one)
assert client.get("/api/v1/recognition/faces").json()["faces"][0]["subject"] == "Ana"
assert client.get("/api/v1/recognition/subjects/").json() == {"subjects": ["Ana"]}
answer = post("/api/v1/recognition/recognize?limit=20&prediction_count=1", same).json()
assert answer["result"][0]["subjects"][0]["similarity"] > 0.5
calls += 4
client.delete("/api/v1/recognition/subjects")
print(f"{calls} calls")
