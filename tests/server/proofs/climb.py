"""Nobody learns anything by asking often: neither who is here, nor how near a face comes."""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import numpy
from PIL import Image

from .house import add, base64_of, enroll, verify
from .photos import encoded
from .report import check, require

THREADS = 4
# What a climber with scores must gain for the control to mean something, in cosine.
GAIN = 0.08
STEPS = 60
# The rule of attempts (/policy): so many are free, and then each waits so long.
FREE, WAIT_SECONDS = 5, 30


class Climber:
    """Changes a picture by smooth random patterns and keeps what looks better to it (a random search over low
    frequencies, the usual black-box attack)."""

    def __init__(self, image, seed):
        self.pixels = numpy.asarray(image, dtype=numpy.float32)
        self.dice = numpy.random.default_rng(seed)

    def step(self, strength=18.0):
        height, width, _ = self.pixels.shape
        small = self.dice.normal(size=(8, 8, 3)).astype(numpy.float32)
        smooth = [
            numpy.asarray(Image.fromarray(small[:, :, band]).resize((width, height), Image.BICUBIC))
            for band in range(3)
        ]
        return numpy.clip(self.pixels + strength * numpy.stack(smooth, axis=2), 0, 255)

    @staticmethod
    def picture(pixels):
        return encoded(Image.fromarray(pixels.astype(numpy.uint8)))


def score(client, reference, probe):
    """The referee's cosine of two pictures, by a key with `scores`; None where one is too poor."""
    return client.post("/v1/compare", parts=[("reference", reference), ("probe", probe)]).json().get("score")


def blend(a, b, part):
    size = a.size
    return encoded(Image.blend(a, b.resize(size), part))


@check("thousands of perturbed probes tell nothing of how near they come, and the attempt limit lets next to none be compared")
def hill_climb(world):
    photos, count = world.photos, 5000 if world.full else 1000
    with world.house() as house:
        referee, blind = house.everything(), house.client("verify")
        target = photos.face("obama.jpg")
        person = enroll(world, referee, "target", target)

        # The control: the same climber, told the score, gets nearer.
        seeing = Climber(photos.images["biden.jpg"], 1)
        first = best = score(referee, target, seeing.picture(seeing.pixels))
        for _ in range(STEPS):
            tried = seeing.step()
            told = score(referee, target, seeing.picture(tried))
            if told is not None and told > best:
                best, seeing.pixels = told, tried
        require(best - first >= GAIN, f"a climber who sees scores got from {first} to {best} only: the control says nothing")

        # Far and near without scores, each against somebody who is not locked: below the threshold all answers
        # are the same bytes. What the referee sees differs widely.
        near = [blend(photos.images["biden.jpg"], photos.images["obama2.jpg"], part / 10) for part in range(6)]
        near.append(Climber.picture(seeing.pixels))
        scores = [score(referee, target, probe) for probe in near]
        known = [(seen, probe) for seen, probe in zip(scores, near) if seen is not None]
        threshold = referee.post("/v1/compare", parts=[("reference", target), ("probe", target)]).json()["threshold"]
        below = [(seen, probe) for seen, probe in known if seen < threshold]
        spread = max(seen for seen, _ in below) - min(seen for seen, _ in below)
        require(len(below) >= 3 and spread >= 0.1, f"the probes are all alike: {scores}")
        told = set()
        for begin in range(0, len(below), 5):
            fresh = enroll(world, referee, "fresh", target)
            told |= {verify(blind, fresh, probe).visible for _, probe in below[begin : begin + 5]}
        require(len(told) == 1, lambda: f"near and far are told apart: {told}")
        # The control: with `scores` the same answers differ, as long as the limit lets them.
        fresh, watching = enroll(world, referee, "watched", target), house.client("verify", "scores")
        findings = [verify(watching, fresh, probe).json()["detail"] for _, probe in below[:5]] + [
            verify(watching, fresh, below[0][1]).json()["detail"]
        ]
        require(len({each.get("score") for each in findings[: len(below[:5])]}) > 1, f"scores show no gradient: {findings}")

        # Thousands against one: a climber that takes any difference for a hint finds none.
        climber = Climber(photos.images["biden.jpg"], 2)
        begun = score(referee, target, climber.picture(climber.pixels))
        probes = [climber.picture(climber.step()) for _ in range(count)]
        clients = [house.client("verify") for _ in range(THREADS)]

        def ask(number):
            return [verify(clients[number], person, probe).visible for probe in probes[number::THREADS]]

        started = time.monotonic()
        with ThreadPoolExecutor(THREADS) as pool:
            answers = [answer for part in pool.map(ask, range(THREADS)) for answer in part]
        kinds = {}
        for answer in answers:
            kinds[answer] = kinds.get(answer, 0) + 1
        rejected = [(answer, number) for answer, number in kinds.items() if b"recapture" not in answer[2]]
        require(len(rejected) == 1 and b'"reject"' in rejected[0][0][2], lambda: f"{len(rejected)} different answers: {rejected}")
        require(rejected[0][1] > count / 2, f"only {rejected[0][1]} of {count} probes could be compared at all")
        # A poor picture is told from the picture alone: an unknown id gets the same for it.
        poor = next((n for n, probe in enumerate(probes[:200]) if b"recapture" in verify(blind, world.canary("nobody"), probe).body), None)
        if poor is not None:
            require(verify(blind, person, probes[poor]).visible == verify(blind, world.canary("nobody"), probes[poor]).visible, "poor")
        # Next to none of them were compared: five were free, and then one in half a minute.
        exported = referee.post(f"/v1/subjects/{person}/export").json()
        allowed = FREE + 1 + int((time.monotonic() - started) / WAIT_SECONDS)
        require(FREE <= exported["attempts"] <= allowed, f"{exported['attempts']} of {count} attempts were counted, {allowed} allowed")
        kept = sum(event["kind"] == "decided" for event in exported["events"])
        require(kept >= rejected[0][1], f"{rejected[0][1]} answers, {kept} of them in the audit log")
        finding = verify(watching, person, climber.picture(climber.pixels)).json()["detail"]
        again = verify(watching, person, target).json()["detail"]
        require(again["finding"].startswith("attempts") and again.get("score") is None, f"not locked after {finding}: {again}")
        # The control: it was the limit and nothing else.
        other = enroll(world, referee, "other", target)
        require(b'"accept"' in verify(blind, other, target).body, "the photo is not accepted for somebody who is not locked")
        return (
            f"with scores {first:+.2f} to {best:+.2f} in {STEPS} steps; without, one answer to {rejected[0][1]} of {count} probes, "
            f"{exported['attempts']} of them compared, and to scores {min(seen for seen, _ in below):+.2f} to {max(seen for seen, _ in below):+.2f} (threshold {threshold}); began at {begun:+.2f}"
        )


@check("unknown, wrong face, no consent, withdrawn, wrong holder part and locked are one answer, byte for byte")
def enumeration(world):
    photos = world.photos
    holder, wrong = world.plant("holder part", "5a" * 32), world.plant("holder part", "a5" * 32)
    with world.house() as house:
        referee, blind, watching = house.everything(), house.client("verify"), house.client("verify", "scores")
        face, same = photos.face("obama.jpg"), photos.face("obama2.jpg")
        stranger = photos.face("biden.jpg")
        cases = {
            "an unknown id": (lambda: world.canary("unknown"), same, {}),
            "a wrong face": (lambda: enroll(world, referee, "wrong", face), stranger, {}),
            "no consent": (lambda: add(world, referee, "unasked", agreed=False), same, {}),
            "consent without templates": (lambda: add(world, referee, "empty"), same, {}),
            "a consent that was withdrawn": (lambda: withdrawn(world, referee, face), same, {}),
            "an erased subject": (lambda: erased(world, referee, face), same, {}),
            "a lock": (lambda: locked(world, referee, blind, face, stranger), same, {}),
            "a lock and a wrong face": (lambda: locked(world, referee, blind, face, stranger), stranger, {}),
            "no holder part": (lambda: bound(world, referee, holder, face), same, {}),
            "a wrong holder part": (lambda: bound(world, referee, holder, face), same, {"Countenance-Holder": wrong}),
            "a holder part that is not asked for": (lambda: enroll(world, referee, "unbound", face), same, {"Countenance-Holder": holder}),
            "an unknown id with a holder part": (lambda: world.canary("unknown"), same, {"Countenance-Holder": holder}),
            "another tenant's subject": (lambda: enroll(world, house.everything(tenant="other"), "theirs", face), same, {}),
            "an id of 200 letters": (lambda: world.plant("long id", "l" * 200), same, {}),
        }
        told, findings = {}, {}
        for name, (make, probe, headers) in cases.items():
            person = make()
            told[name] = verify(blind, person, probe, headers=headers).visible
            findings[name] = verify(watching, person, probe, headers=headers).json().get("detail", {}).get("finding")
        different = {name for name, answer in told.items() if answer != told["an unknown id"]}
        require(not different, lambda: f"told apart: {[(name, told[name]) for name in different]}, not {told['an unknown id']}")
        require(b'"reject"' in told["an unknown id"][2], f"unknown is told as {told['an unknown id']}")
        # The controls: inside they are different things, and the right face is accepted.
        require(len(set(findings.values())) >= 4, f"the operator sees no difference either: {findings}")
        require(b'"accept"' in verify(blind, enroll(world, referee, "right", face), same).body, "the right face is rejected")
        part = {"Countenance-Holder": holder}
        require(b'"accept"' in verify(blind, bound(world, referee, holder, face), same, headers=part).body, "the right holder is rejected")
        # A poor picture is told of in the same words for known and unknown.
        poor = encoded(Image.open(io.BytesIO(same)).resize((40, 56)))
        pair = [verify(blind, person, poor).visible for person in (enroll(world, referee, "poor", face), world.canary("unknown"))]
        require(pair[0] == pair[1] and b"recapture" in pair[0][2], f"a poor picture: {pair}")
        bad = [
            blind.post(f"/v1/subjects/{person}/verify", {"probe": base64_of(b"no picture")}).visible
            for person in (enroll(world, referee, "bad", face), world.canary("unknown"))
        ]
        require(bad[0] == bad[1] and bad[0][0] == 422, f"no picture at all: {bad}")
        return f"{len(cases)} cases, {len(set(findings.values()))} findings for the operator"


def withdrawn(world, client, face):
    person = enroll(world, client, "withdrawn", face)
    require(client.delete(f"/v1/subjects/{person}/consents").status == 200, "withdrawing")
    return person


def erased(world, client, face):
    person = enroll(world, client, "erased", face)
    require(client.delete(f"/v1/subjects/{person}").status == 200, "erasing")
    return person


def locked(world, client, blind, face, stranger):
    person = enroll(world, client, "locked", face)
    for _ in range(7):
        verify(blind, person, stranger)
    return person


def bound(world, client, holder, face):
    return enroll(world, client, "bound", face, headers={"Countenance-Holder": holder})
