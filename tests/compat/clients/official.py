"""compreface-sdk 0.6.0 (PyPI): every call it has."""

import json
import os

from compreface import CompreFace

given = json.loads(os.environ["GIVEN"])
scheme, host, port = given["address"].rsplit(":", 2)
domain = f"{scheme}:{host}"
one, same, other = (f"{given['photos']}/{name}" for name in ("obama.jpg", "obama2.jpg", "biden.jpg"))
options = {"limit": 0, "det_prob_threshold": 0.8, "prediction_count": 1, "face_plugins": "landmarks,mask", "status": "true"}
service = CompreFace(domain, port, options)
recognition = service.init_face_recognition(given["recognition"])
detection = service.init_face_detection(given["detection"])
verification = service.init_face_verification(given["verification"])
faces, subjects = recognition.get_face_collection(), recognition.get_subjects()
calls = 0


def expect(what, told, holds):
    global calls
    calls += 1
    assert holds(told), f"{what}: {told}"
    return told


expect("subjects.add", subjects.add("Ana"), lambda t: t == {"subject": "Ana"})
expect("subjects.add twice", subjects.add("Ana"), lambda t: t["code"] == 43)
expect("subjects.list", subjects.list(), lambda t: t == {"subjects": ["Ana"]})
expect("subjects.update", subjects.update("Ana", "Eva"), lambda t: t == {"updated": True})
added = expect("faces.add", faces.add(one, "Eva"), lambda t: t["subject"] == "Eva")
expect("faces.add of bytes", faces.add(open(other, "rb").read(), "Bob"), lambda t: t["subject"] == "Bob")
expect("faces.list", faces.list(), lambda t: len(t["faces"]) == 2)
told = expect("recognize", recognition.recognize(same), lambda t: t["result"][0]["subjects"][0]["subject"] == "Eva")
assert told["result"][0]["subjects"][0]["similarity"] >= 0.5
assert len(told["result"][0]["landmarks"]) == 5 and "mask" not in told["result"][0]
assert told["plugins_versions"]["calculator"]
expect("recognize with options", recognition.recognize(same, {"limit": 1, "prediction_count": 2}), lambda t: len(t["result"]) == 1)
expect("faces.verify", faces.verify(same, added["image_id"]), lambda t: t["result"][0]["similarity"] >= 0.5)
expect("faces.verify of another", faces.verify(other, added["image_id"]), lambda t: t["result"][0]["similarity"] < 0.5)
expect("detect", detection.detect(one), lambda t: t["result"][0]["box"]["probability"] > 0.8)
expect("verify", verification.verify(one, same), lambda t: t["result"][0]["face_matches"][0]["similarity"] >= 0.5)
expect("verify of another", verification.verify(one, other), lambda t: t["result"][0]["face_matches"][0]["similarity"] < 0.5)
expect("faces.delete", faces.delete(added["image_id"]), lambda t: t == {"image_id": added["image_id"], "subject": "Eva"})
expect("faces.delete_all", faces.delete_all("Bob"), lambda t: t == {"deleted": 1})
expect("subjects.delete", subjects.delete("Eva"), lambda t: t == {"subject": "Eva"})
subjects.add("x")
expect("subjects.delete_all", subjects.delete_all(), lambda t: t == {"deleted": 1})
print(f"{calls} calls")
