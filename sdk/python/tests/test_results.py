"""Results are believed when everything about them is right, and not otherwise."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import ROOT

from countenance import ResultChecker, ResultInvalid, check_result

ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
VECTORS = ROOT / "tests/vectors/result"
NOW, AUDIENCE, NONCE = 1_800_000_000, "https://shop.example", "pb3N0x5qQmWq8o1vJz2r7g"
SIGNING = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
APPROVED = "Pay 12.00 EUR to the bakery"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def public(key: Any, **more: Any) -> dict[str, Any]:
    x = encoded(key.public_key().public_bytes_raw())
    text = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    kid = encoded(hashlib.sha256(text.encode()).digest())
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "purpose": "result", **more}


KEYS = {"keys": [public(OTHER), public(SIGNING)]}
HEADER = {"alg": "EdDSA", "typ": "countenance-result+jwt", "kid": public(SIGNING)["kid"]}
CLAIMS: dict[str, Any] = {
    "v": 1,
    "iss": "urn:countenance:vault:" + "0a" * 16,
    "aud": AUDIENCE,
    "iat": NOW,
    "exp": NOW + 60,
    "jti": "AAAAAAAAAAAAAAAAAAAAAA",
    "sid": "s",
    "nonce": NONCE,
    "kind": "verify",
    "outcome": "accept",
    "judged": NOW - 3,
    "sub": "ana",
    "collection": "default",
    "approved_sha256": hashlib.sha256(APPROVED.encode()).hexdigest(),
    "consent_sha256": "5f" * 32,
    "challenge": "calm",
    "capture": "unattested",
    "factors": ["face"],
    "models": ["sface-2021dec"],
    "policy": "session-1;fmr=0.0001",
}


def signed(header: bytes | None = None, claims: bytes | None = None, key: Any = SIGNING) -> str:
    header = json.dumps(HEADER).encode() if header is None else header
    claims = json.dumps(CLAIMS).encode() if claims is None else claims
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(key.sign(text.encode()))}"


def with_claims(**changed: Any) -> str:
    left = {name: value for name, value in {**CLAIMS, **changed}.items() if value is not ...}
    return signed(claims=json.dumps(left).encode())


def with_header(**changed: Any) -> str:
    left = {name: value for name, value in {**HEADER, **changed}.items() if value is not ...}
    return signed(header=json.dumps(left).encode())


def check(jws: str, keys: Any = KEYS, now: float = NOW, **more: Any) -> Any:
    return check_result(jws, keys, audience=AUDIENCE, now=now, **{"nonce": NONCE, **more})


def test_a_result_is_read_when_everything_about_it_is_right() -> None:
    result = check(signed(), approved_text=APPROVED, kind="verify")
    assert (result.outcome, result.sub, result.factors) == ("accept", "ana", ("face",))
    assert result.claims == CLAIMS
    presence = check(with_claims(kind="presence", sub=..., collection=..., novelty={"a": [1.5]}), kind="presence")
    assert presence.sub is None
    assert presence.claims["novelty"] == {"a": [1.5]}
    assert check(signed(), now=NOW - 5).outcome == "accept"
    assert check(signed(), now=NOW + 59.9).outcome == "accept"
    assert check(with_claims(outcome="reject")).outcome == "reject"


def flipped(part: int) -> str:
    parts = signed().split(".")
    first = "A" if parts[part][5] != "A" else "B"
    parts[part] = parts[part][:5] + first + parts[part][6:]
    return ".".join(parts)


def with_set_bits() -> str:
    """The same bytes in another spelling: two bits of the last letter of a signature say nothing."""
    text = signed()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + letters[letters.index(text[-1]) + 1]


TWICE = json.dumps(CLAIMS)[:-1].encode() + b', "outcome": "accept"}'
WRONG: dict[str, tuple[str, Callable[[], Any]]] = {
    "two parts": ("malformed", lambda: check(signed().rsplit(".", 1)[0])),
    "four parts": ("malformed", lambda: check(signed() + ".x")),
    "no signature": ("signature", lambda: check(signed().rsplit(".", 1)[0] + ".")),
    "padding": ("malformed", lambda: check(signed() + "=")),
    "white space": ("malformed", lambda: check(signed() + "\n")),
    "unused bits": ("malformed", lambda: check(with_set_bits())),
    "too long": ("malformed", lambda: check(with_claims(novelty="x" * 9000))),
    "no letters of ASCII": ("malformed", lambda: check(signed() + "ä")),
    "no algorithm": ("header", lambda: check(with_header(alg="none"))),
    "an algorithm of secrets": ("header", lambda: check(with_header(alg="HS256"))),
    "another type": ("header", lambda: check(with_header(typ="JWT"))),
    "a key of its own": ("header", lambda: check(with_header(jwk=public(SIGNING)))),
    "a key elsewhere": ("header", lambda: check(with_header(jku="https://evil.example"))),
    "something critical": ("header", lambda: check(with_header(crit=["b64"], b64=False))),
    "a header without key": ("header", lambda: check(with_header(kid=...))),
    "a header twice": ("header", lambda: check(signed(header=json.dumps(HEADER)[:-1].encode() + b',"alg":"EdDSA"}'))),
    "a header of no JSON": ("header", lambda: check(signed(header=b"{"))),
    "a header that is a list": ("header", lambda: check(signed(header=b"[]"))),
    "an unknown key": ("key", lambda: check(signed(), keys={"keys": [public(OTHER)]})),
    "no keys": ("key", lambda: check(signed(), keys={"keys": []})),
    "a key of the vault": ("key", lambda: check(signed(), keys={"keys": [public(SIGNING, purpose="vault")]})),
    "a key of another kind": ("key", lambda: check(signed(), keys={"keys": [public(SIGNING, crv="Ed448")]})),
    "a key under another's id": (
        "key",
        lambda: check(signed(key=OTHER), keys={"keys": [public(OTHER, kid=HEADER["kid"])]}),
    ),
    "another's signature": ("signature", lambda: check(signed(key=OTHER))),
    "altered claims": ("signature", lambda: check(flipped(1))),
    "an altered signature": ("signature", lambda: check(flipped(2))),
    "a short signature": ("signature", lambda: check(signed().rsplit(".", 1)[0] + ".AAAA")),
    "claims twice": ("claims", lambda: check(signed(claims=TWICE))),
    "claims of no JSON": ("claims", lambda: check(signed(claims=b"no"))),
    "claims with NaN": ("claims", lambda: check(signed(claims=json.dumps({**CLAIMS, "x": float("nan")}).encode()))),
    "claims that are no text": ("claims", lambda: check(signed(claims=b'{"\xff": 1}'))),
    "half a letter": ("claims", lambda: check(signed(claims=json.dumps(CLAIMS)[:-1].encode() + b', "x": "\\ud800"}'))),
    "another version": ("claims", lambda: check(with_claims(v=2))),
    "a version that is true": ("claims", lambda: check(with_claims(v=True))),
    "a list of audiences": ("claims", lambda: check(with_claims(aud=[AUDIENCE]))),
    "a time as text": ("claims", lambda: check(with_claims(exp=str(NOW + 60)))),
    "a broken time": ("claims", lambda: check(with_claims(iat=NOW + 0.5))),
    "no nonce": ("claims", lambda: check(with_claims(nonce=...))),
    "a null": ("claims", lambda: check(with_claims(consent_sha256=None))),
    "an unknown outcome": ("claims", lambda: check(with_claims(outcome="accepted"))),
    "a verification of nobody": ("claims", lambda: check(with_claims(sub=...))),
    "a presence of somebody": ("claims", lambda: check(with_claims(kind="presence"))),
    "factors as text": ("claims", lambda: check(with_claims(factors="face"))),
    "another audience": ("audience", lambda: check(with_claims(aud=AUDIENCE + "/"))),
    "expired": ("time", lambda: check(signed(), now=NOW + 60)),
    "from the future": ("time", lambda: check(signed(), now=NOW - 6)),
    "valid for long": ("time", lambda: check(with_claims(exp=NOW + 61))),
    "ended before it began": ("time", lambda: check(with_claims(exp=NOW - 1), now=NOW - 3)),
    "decided long before": ("time", lambda: check(with_claims(judged=NOW - 121))),
    "decided after": ("time", lambda: check(with_claims(judged=NOW + 1))),
    "another session": ("nonce", lambda: check(signed(), nonce="another")),
    "another text": ("binding", lambda: check(signed(), approved_text=APPROVED + "!")),
    "no text": ("binding", lambda: check(with_claims(approved_sha256=...), approved_text=APPROVED)),
    "another kind": ("binding", lambda: check(signed(), kind="presence")),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_result_with_one_thing_wrong_is_refused_by_its_name(name: str) -> None:
    fault, work = WRONG[name]
    with pytest.raises(ResultInvalid) as told:
        work()
    assert told.value.fault == fault, told.value


@pytest.mark.parametrize(
    "expected", [{"now": float("nan")}, {"now": float("inf")}, {"approved_sha256": ""}, {"approved_sha256": "aa"}]
)
def test_what_cannot_be_expected_is_said_before_anything_is_checked(expected: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"`{next(iter(expected))}` is not a"):
        check_result("no result", KEYS, audience=AUDIENCE, **expected)


def test_a_result_is_taken_once_and_keys_are_fetched_every_five_minutes() -> None:
    now, fetched = float(NOW), []

    def keys() -> dict[str, Any]:
        fetched.append(now)
        return KEYS

    checker = ResultChecker(keys, AUDIENCE, clock=lambda: now)
    assert checker.check(signed()).outcome == "accept"
    with pytest.raises(ResultInvalid, match="before") as told:
        checker.check(signed(), nonce=NONCE)
    assert told.value.fault == "nonce"
    assert checker.check(with_claims(jti="B" * 22)).outcome == "accept"
    assert len(fetched) == 1
    now += 301
    later = with_claims(iat=NOW + 300, exp=NOW + 360, judged=NOW + 299)
    assert checker.check(later).outcome == "accept"
    assert len(fetched) == 2


def test_the_vectors_that_all_readers_share_are_judged_alike() -> None:
    files = sorted(VECTORS.glob("*.json"))
    assert len(files) >= 4
    judged = []
    for file in files:
        vectors = json.loads(file.read_text())
        for case in vectors["cases"]:
            more = {name: case[name] for name in ("nonce", "approved_sha256", "kind") if name in case}
            try:
                check_result(case["jws"], vectors["jwks"], audience=case["audience"], now=case["now"], **more)
                found = "ok"
            except ResultInvalid as error:
                found = error.fault
            judged.append((case["name"], found, case["expect"]))
    wrong = [one for one in judged if one[1] != one[2]]
    assert wrong == []
    assert {expected for _, _, expected in judged} >= {"ok", "signature", "time"}
