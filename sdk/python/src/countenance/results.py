"""Checks results that a server signed, offline (docs/spec/result-v1.md). Needs `pip install countenance[verify]`."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import json
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from . import models
from .errors import CountenanceError
from .models import DocumentChecks

Fault = Literal["malformed", "header", "key", "signature", "claims", "audience", "time", "nonce", "binding"]
"""What is wrong with a result, as other tools name it."""

Kind = Literal["document", "payment", "presence", "verify"]
"""What a session asked."""

_MOST_BYTES = 8192
_LONGEST_S = 60
_CLOCKS_DIFFER_S = 5
_JUDGED_BEFORE_S = 120
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_HEADER = {"alg": "EdDSA", "typ": "countenance-result+jwt"}


class ResultInvalid(CountenanceError):
    """What came is no valid result: it says nothing, whatever stands in it."""

    def __init__(self, fault: Fault, what: str) -> None:
        super().__init__(f"{fault}: {what}")
        self.fault: Fault = fault


@dataclass(frozen=True, kw_only=True)
class Result:
    """The claims of a valid result. Only the outcome `accept` grants anything."""

    outcome: Literal["accept", "reject", "recapture"]
    kind: Kind
    iss: str
    """The vault it comes from."""
    aud: str
    """For whom it is."""
    iat: int
    """When it was signed, in seconds since 1970-01-01 UTC."""
    exp: int
    """When it ends."""
    jti: str
    """Its own id."""
    sid: str
    """Id of the session."""
    nonce: str
    """Of the session."""
    judged: int
    """When it was decided."""
    consent_sha256: str
    """SHA-256 of the text to which the person agreed on the page."""
    challenge: str
    """`light` or `calm`."""
    capture: str
    """`unattested`: the pictures came from software that nobody vouches for."""
    factors: tuple[str, ...]
    """What took part. One entry is a single factor, and no more should be made of it."""
    models: tuple[str, ...]
    """Models whose word it is."""
    policy: str
    """Version of the rules, and the false-match rate at which is decided."""
    sub: str | None = None
    """Who was asked about; with the kinds `verify` and `payment` only."""
    collection: str | None = None
    """Of which collection; with the kinds `verify` and `payment` only."""
    approved_sha256: str | None = None
    """SHA-256 of the text that was approved, where the session had one; of a payment, of its terms as they were shown."""
    payment: str | None = None
    """Id of the payment that was to be approved; with the kind `payment` only."""
    transaction_sha256: str | None = None
    """SHA-256 of terms and payer, with the kind `payment` only: compare it with your own `transaction_sha256`."""
    document: DocumentChecks | None = None
    """What came of the checks of the document; with the kind `document` only. The outcome is about the face alone."""
    claims: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    """All claims, those too that this version does not know."""


def transaction_sha256(payment: models.PaymentAnswer, *, subject: str, collection: str = "default") -> str:
    """What a result about this payment must have as its `transaction_sha256`: compare it before you deliver.

    Make it of what your own order says, and of the payment as it was made (docs/spec/payment-v1.md).
    """
    lines = [
        "countenance payment 1",
        f"id: {payment.id}",
        f"amount: {payment.amount}",
        f"currency: {payment.currency}",
        f"payee: {payment.payee}",
        f"order: {payment.order}",
        f"expires: {payment.expires}",
        f"collection: {collection}",
        f"payer: {subject}",
    ]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def check_result(
    jws: str,
    keys: models.Jwks | Mapping[str, Any],
    *,
    audience: str,
    nonce: str | None = None,
    approved_text: str | None = None,
    approved_sha256: str | None = None,
    kind: Kind | None = None,
    now: float | None = None,
) -> Result:
    """The claims of a result, once everything about it is checked; raises ResultInvalid at the first thing that is wrong.

    `keys` are those of the server (`client.jwks()`), fetched before and not because the result asks for them.
    `audience` is your own, as the session was made with. Name the session's `nonce`: without it you must remember every
    `jti` for a minute, as `ResultChecker` does. `approved_text` is the text that the person was to approve.
    """
    seconds = time.time() if now is None else now
    if not math.isfinite(seconds):
        raise ValueError("`now` is not a time in seconds")
    if approved_sha256 is not None and not _DIGEST.fullmatch(approved_sha256):
        raise ValueError("`approved_sha256` is not a SHA-256 in hex")
    if approved_text is not None:
        approved_sha256 = hashlib.sha256(approved_text.encode()).hexdigest()
    given = jws.encode("ascii", "replace")
    parts = given.split(b".")
    if len(given) > _MOST_BYTES or len(parts) != 3:
        raise ResultInvalid("malformed", f"not three parts within {_MOST_BYTES} bytes")
    header, claims, signature = (_base64url(part) for part in parts)
    kid = _kid(header)
    _verify(_key(keys, kid), signature, parts[0] + b"." + parts[1])
    result = _result(_object(claims, "claims"))
    _timely(result, int(seconds), audience)
    if nonce is not None and result.nonce != nonce:
        raise ResultInvalid("nonce", "it is of another session")
    if approved_sha256 is not None and result.approved_sha256 != approved_sha256.lower():
        raise ResultInvalid("binding", "another text was approved, or none")
    if kind is not None and result.kind != kind:
        raise ResultInvalid("binding", f"it is of the kind {result.kind}")
    return result


class ResultChecker:
    """Checks results for one audience: knows the server's keys, and takes no result twice."""

    def __init__(
        self,
        keys: Callable[[], models.Jwks | Mapping[str, Any]],
        audience: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`keys` fetches the key set, such as `client.jwks`; it is asked every five minutes at most."""
        self._fetch, self._audience, self._clock = keys, audience, clock
        self._keys: models.Jwks | Mapping[str, Any] = {"keys": []}
        self._fetched: float | None = None
        self._seen: dict[str, int] = {}

    def check(
        self,
        jws: str,
        *,
        nonce: str | None = None,
        approved_text: str | None = None,
        approved_sha256: str | None = None,
        kind: Kind | None = None,
    ) -> Result:
        """As `check_result`. A result that was checked before is refused as `nonce`."""
        now = self._clock()
        if self._fetched is None or not 0 <= now - self._fetched < 300:
            self._keys, self._fetched = self._fetch(), now
        result = check_result(
            jws,
            self._keys,
            audience=self._audience,
            nonce=nonce,
            approved_text=approved_text,
            approved_sha256=approved_sha256,
            kind=kind,
            now=now,
        )
        self._seen = {jti: exp for jti, exp in self._seen.items() if exp > now}
        if result.jti in self._seen:
            raise ResultInvalid("nonce", "it was checked before")
        self._seen[result.jti] = result.exp
        return result


def _base64url(part: bytes) -> bytes:
    try:
        if not re.fullmatch(rb"[A-Za-z0-9_-]*", part):
            raise ValueError
        raw = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except (ValueError, binascii.Error):
        raise ResultInvalid("malformed", "a part is not base64url without padding") from None
    # Otherwise the same result could be written in several ways.
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != part:
        raise ResultInvalid("malformed", "unused bits are set")
    return raw


def _object(text: bytes, fault: Fault) -> dict[str, Any]:
    """A JSON object in which no member is repeated."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise ValueError("a member is repeated")
        return made

    def no_number(text: str) -> Any:
        raise ValueError(f"{text} is no JSON")

    try:
        read = json.loads(text.decode("utf-8"), object_pairs_hook=once, parse_constant=no_number)
        # Half a surrogate pair is no text.
        json.dumps(read, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ResultInvalid(fault, str(error)) from None
    if not isinstance(read, dict):
        raise ResultInvalid(fault, "not a JSON object")
    return read


def _kid(header: bytes) -> str:
    read = _object(header, "header")
    kid = read.pop("kid", None)
    if read != _HEADER or not isinstance(kid, str):
        raise ResultInvalid("header", "it says something else than EdDSA, the type of a result, and a key's id")
    return kid


def _key(keys: models.Jwks | Mapping[str, Any], kid: str) -> bytes:
    listed = dataclasses.asdict(keys) if isinstance(keys, models.Jwks) else keys
    for one in listed.get("keys", ()):
        if not isinstance(one, Mapping) or one.get("kid") != kid:
            continue
        public = one.get("x")
        fits = (one.get("kty"), one.get("crv"), one.get("purpose")) == ("OKP", "Ed25519", "result")
        if not fits or not isinstance(public, str):
            continue
        # RFC 7638: the members in this order and no others.
        text = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": public}, separators=(",", ":"))
        thumbprint = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        if thumbprint != kid:
            continue
        try:
            return _base64url(public.encode("ascii"))
        except (ResultInvalid, UnicodeEncodeError):
            continue
    raise ResultInvalid("key", "no key of that id signs results there")


def _verify(public: bytes, signature: bytes, signed: bytes) -> None:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise CountenanceError("checking results needs `pip install countenance[verify]`") from error
    try:
        key = Ed25519PublicKey.from_public_bytes(public)
    except ValueError:
        raise ResultInvalid("key", "the key is not one of Ed25519") from None
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        raise ResultInvalid("signature", "it is not of that key, or was altered") from None


def _result(claims: dict[str, Any]) -> Result:
    def wrong(name: str) -> ResultInvalid:
        return ResultInvalid("claims", f"`{name}` is missing or not what it should be")

    if claims.get("v") != 1 or isinstance(claims["v"], (bool, float)):
        raise wrong("v")
    for name in ("iat", "exp", "judged"):
        if type(claims.get(name)) is not int or claims[name] < 0:
            raise wrong(name)
    required = ("iss", "aud", "jti", "sid", "nonce", "kind", "outcome", "consent_sha256", "challenge", "capture", "policy")
    for name in (*required, *(("approved_sha256",) if "approved_sha256" in claims else ())):
        if not isinstance(claims.get(name), str):
            raise wrong(name)
    for name in ("factors", "models"):
        listed = claims.get(name)
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise wrong(name)
    if claims["kind"] not in ("document", "payment", "presence", "verify"):
        raise wrong("kind")
    if claims["outcome"] not in ("accept", "reject", "recapture"):
        raise wrong("outcome")
    for name in ("sub", "collection"):
        if isinstance(claims.get(name), str) != (claims["kind"] in ("payment", "verify")) or claims.get(name, "") is None:
            raise wrong(name)
    for name in ("payment", "transaction_sha256"):
        if isinstance(claims.get(name), str) != (claims["kind"] == "payment") or claims.get(name, "") is None:
            raise wrong(name)
    if claims["kind"] == "payment" and "approved_sha256" not in claims:
        raise wrong("approved_sha256")
    if ("document" in claims) != (claims["kind"] == "document"):
        raise wrong("document")
    document = _document(claims["document"]) if "document" in claims else None
    if "document" in claims and document is None:
        raise wrong("document")
    known = {one.name for one in dataclasses.fields(Result)} - {"factors", "models", "document", "claims"}
    plain = {name: value for name, value in claims.items() if name in known}
    return Result(
        **plain, factors=tuple(claims["factors"]), models=tuple(claims["models"]), document=document, claims=claims
    )


def _document(claim: Any) -> DocumentChecks | None:
    """The checks of a document, if they are as they should be."""
    if not isinstance(claim, dict) or not all(isinstance(claim.get(name), str) for name in ("zone", "check_digits")):
        return None
    if not all(isinstance(claim.get(name, ""), str) for name in ("format", "portrait")):
        return None
    if not isinstance(claim.get("expired", False), bool):
        return None
    return DocumentChecks.from_wire(claim)


def _timely(result: Result, now: int, audience: str) -> None:
    if result.aud != audience:
        raise ResultInvalid("audience", f"it is for {result.aud}")
    if not 0 <= result.exp - result.iat <= _LONGEST_S:
        raise ResultInvalid("time", "it would be valid for too long")
    if result.iat > now + _CLOCKS_DIFFER_S:
        raise ResultInvalid("time", "it was signed in the future: do the clocks agree?")
    if now >= result.exp:
        raise ResultInvalid("time", "it has expired")
    if not result.iat - _JUDGED_BEFORE_S <= result.judged <= result.iat:
        raise ResultInvalid("time", "it was decided long before it was signed, or after")
