"""compreface-sdk-python 1.0.6 (PyPI, module `compare`): every call it has, sync and async."""

import asyncio
import base64
import inspect
import json
import os

from compare import CompareFace

given = json.loads(os.environ["GIVEN"])
host, port = given["address"].rsplit(":", 1)
one, same, other = (f"{given['photos']}/{name}" for name in ("obama.jpg", "obama2.jpg", "biden.jpg"))
text = {path: base64.b64encode(open(path, "rb").read()).decode() for path in (one, same, other)}
calls = 0


async def told(answer):
    global calls
    calls += 1
    return await answer if inspect.isawaitable(answer) else answer


def similarity(answer):
    return answer["result"][0]["similarity"]


async def everything(recognition, detection, verification):
    r = recognition
    for service in (recognition, detection, verification):
        # Its library waits five seconds, which a busy machine may need.
        service._client.timeout = 60
    assert await told(r.add_a_subject("Ana")) == {"subject": "Ana"}
    assert (await told(r.add_a_subject("ana")))["code"] == 43
    assert await told(r.rename_a_subject("Ana", "Eva")) == {"updated": True}
    assert await told(r.list_all_subjects()) == {"subjects": ["Eva"]}
    first = (await told(r.add_a_img("Eva", one)))["image_id"]
    second = (await told(r.add_a_img_by_64("Eva", text[same])))["image_id"]
    bob = (await told(r.add_a_img("Bob", other)))["image_id"]
    page = await told(r.list_saved_img_subject(0, 2))
    assert len(page["faces"]) == 2 and page["total_elements"] == 3, page
    assert (await told(r.list_saved_img_subject(subject="eva")))["total_elements"] == 2
    for saved in (await told(r.download_a_img(first, "saved")), await told(r.direct_download_img(first, "direct"))):
        assert open(saved, "rb").read() == open(one, "rb").read()
    for answer in (
        await told(r.recognize(same)),
        await told(r.recognize_by_64(text[same], prediction_count=2, status=True)),
        await told(r.recognize(same, limit=1, face_plugins="landmarks,pose", detect_faces=False)),
    ):
        assert answer["result"][0]["subjects"][0]["subject"] == "Eva", answer
    assert similarity(await told(r.verify(same, first))) >= 0.5
    assert similarity(await told(r.verify_by_64(text[other], first))) < 0.5
    assert (await told(detection.detect(one)))["result"][0]["box"]["x_max"] > 0
    assert (await told(detection.detect_by_64(text[one], face_plugins="landmarks")))["result"][0]["landmarks"]
    match = (await told(verification.verify(one, same)))["result"][0]["face_matches"][0]
    assert match["similarity"] >= 0.5
    match = (await told(verification.verify_by_64(text[one], text[other])))["result"][0]["face_matches"][0]
    assert match["similarity"] < 0.5
    assert await told(r.delete_a_img(bob)) == {"image_id": bob, "subject": "Bob"}
    assert [gone["image_id"] for gone in await told(r.delete_multiple_img([second]))] == [second]
    assert await told(r.delete_saved_img_by_subject("Eva")) == {"deleted": 1}
    assert await told(r.delete_a_subject("Bob")) == {"subject": "Bob"}
    assert await told(r.delete_all_subjects()) == {"deleted": 0}


async def main():
    client = CompareFace(host, int(port))
    await everything(
        client.init_recognition_service(given["recognition"]),
        client.init_detect_service(given["detection"]),
        client.init_verify_service(given["verification"]),
    )
    await everything(
        client.init_async_recognition_service(given["recognition"]),
        client.init_async_detect_service(given["detection"]),
        client.init_async_verify_service(given["verification"]),
    )


asyncio.run(main())
print(f"{calls} calls")
