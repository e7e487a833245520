"""Killed under load: what was acknowledged is there, and nothing is half there."""

import http.client
import random
import threading
import time

from .house import add, verify
from .http import Client
from .report import check, require

WRITERS = 4
PHOTOS = 2


@check("after kill -9 under load every acknowledged enrollment is there, and none is half there")
def killed_under_load(world):
    rounds = 20 if world.full else 4
    dice, face, same = random.Random(9), world.photos.face("obama.jpg"), world.photos.face("obama2.jpg")
    acknowledged, begun = set(), set()
    with world.house() as house:
        key = house.everything().key
        for _ in range(rounds):
            stop = threading.Event()

            def write():
                client = Client(house.address, key)
                while not stop.is_set():
                    try:
                        person = add(world, client, "crash")
                        begun.add(person)
                        reply = client.post(f"/v1/subjects/{person}/faces", parts=[("photo", face), ("photo", same)])
                        if reply.status == 201:
                            acknowledged.add(person)
                    except (OSError, http.client.HTTPException):
                        return

            writers = [threading.Thread(target=write) for _ in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(dice.uniform(0.5, 2.0))
            house.kill()
            stop.set()
            for writer in writers:
                writer.join()
            house.start()
        client = Client(house.address, key)
        lost, half, whole, accepted = examine(client, begun, acknowledged, same)
        require(not lost, f"{len(lost)} of {len(acknowledged)} acknowledged enrollments are lost")
        require(not half, f"{len(half)} enrollments are half there: {half}")
        require(len(acknowledged) >= rounds, f"only {len(acknowledged)} enrollments were acknowledged: the load was none")
        # The controls: whoever was never enrolled is found missing, and one template in place of two is seen.
        ghost = add(world, client, "ghost")
        single = add(world, client, "single")
        client.post(f"/v1/subjects/{single}/faces", parts=[("photo", face)])
        never, partly, *_ = examine(client, {ghost, single}, {ghost}, same)
        require(never == {ghost} and partly == {single: 1}, f"the examiner does not see: {never} {partly}")
        return (
            f"{rounds} kills, {len(acknowledged)} acknowledged and {len(begun) - len(acknowledged)} not "
            f"({whole - len(acknowledged)} of these are whole all the same), {accepted} verified"
        )


def examine(client, begun, acknowledged, probe):
    """Which acknowledged ones are lost, which are half there, how many are whole and are accepted."""
    lost, half, whole, accepted = set(), {}, 0, 0
    for number, person in enumerate(sorted(begun)):
        shown = client.post(f"/v1/subjects/{person}/export")
        templates = len(shown.json()["templates"]) if shown.status == 200 else 0
        if templates == PHOTOS:
            whole += 1
        elif templates:
            half[person] = templates
        if person in acknowledged and templates != PHOTOS:
            lost.add(person)
        # That a template is there is one thing, that it opens and matches another.
        if templates == PHOTOS and number % 5 == 0:
            reply = verify(client, person, probe)
            require(b'"accept"' in reply.body, f"a whole enrollment does not verify: {reply.body}")
            accepted += 1
    return lost, half, whole, accepted
