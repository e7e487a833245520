"""Reads the vectors of signed results: a second reader, written from docs/spec/result-v1.md alone.

python3 tests/vectors/result/read.py    needs the package `cryptography`
"""

import base64
import hashlib
import json
import pathlib
import re
import sys

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print("SKIPPED: no package `cryptography`")
    sys.exit(0)

TEXTS = ["iss", "aud", "jti", "sid", "nonce", "consent_sha256", "challenge", "capture", "policy"]
NUMBERS = ["v", "iat", "exp", "judged"]


class Refused(Exception):
    pass


def base64url(part):
    if not re.fullmatch(r"[A-Za-z0-9_-]*", part) or len(part) % 4 == 1:
        raise Refused("malformed")
    plain = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(plain).rstrip(b"=").decode() != part:
        raise Refused("malformed")
    return plain


def json_object(text, error):
    def members(pairs):
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("repeated")
        return dict(pairs)

    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=members)
    except ValueError:
        raise Refused(error) from None
    if not isinstance(value, dict):
        raise Refused(error)
    return value


def thumbprint(x):
    text = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def check(case, jwks):
    jws = case["jws"]
    parts = jws.split(".")
    if len(jws) > 8192 or len(parts) != 3:
        raise Refused("malformed")
    header, claims, signature = (base64url(part) for part in parts)

    header = json_object(header, "header")
    right = set(header) == {"alg", "typ", "kid"} and isinstance(header["kid"], str)
    if not right or header["alg"] != "EdDSA" or header["typ"] != "countenance-result+jwt":
        raise Refused("header")

    keys = [
        key["x"]
        for key in jwks["keys"]
        if key.get("kty") == "OKP" and key.get("crv") == "Ed25519" and key.get("purpose") == "result"
        and key["kid"] == thumbprint(key["x"]) == header["kid"]
    ]
    if not keys:
        raise Refused("key")
    try:
        key = Ed25519PublicKey.from_public_bytes(base64url(keys[0]))
        key.verify(signature, ".".join(parts[:2]).encode())
    except InvalidSignature:
        raise Refused("signature") from None

    claims = json_object(claims, "claims")
    typed = (
        all(isinstance(claims.get(name), str) for name in TEXTS)
        and all(type(claims.get(name)) is int and claims[name] >= 0 for name in NUMBERS)
        and all(
            isinstance(claims.get(name), list) and all(isinstance(entry, str) for entry in claims[name])
            for name in ["factors", "models"]
        )
        and isinstance(claims.get("approved_sha256", ""), str)
        and claims.get("outcome") in ["accept", "reject", "recapture"]
    )
    subject = [isinstance(claims.get(name), str) for name in ["sub", "collection"]]
    paid = all(isinstance(claims.get(name), str) for name in ["payment", "transaction_sha256", "approved_sha256"])
    unpaid = "payment" not in claims and "transaction_sha256" not in claims
    document = claims.get("document")
    checked = (
        isinstance(document, dict)
        and all(isinstance(document.get(name), str) for name in ["zone", "check_digits"])
        and all(isinstance(document.get(name, ""), str) for name in ["format", "portrait"])
        and isinstance(document.get("expired", False), bool)
    )
    unnamed = "sub" not in claims and "collection" not in claims
    whole = {
        "document": unnamed and unpaid and checked,
        "payment": all(subject) and paid and "document" not in claims,
        "verify": all(subject) and unpaid and "document" not in claims,
        "presence": unnamed and unpaid and "document" not in claims,
    }
    if not typed or claims["v"] != 1 or not whole.get(claims.get("kind"), False):
        raise Refused("claims")

    if claims["aud"] != case["audience"]:
        raise Refused("audience")
    now, iat = case["now"], claims["iat"]
    if not (0 <= claims["exp"] - iat <= 60 and iat <= now + 5 and now < claims["exp"]):
        raise Refused("time")
    if not iat - 120 <= claims["judged"] <= iat:
        raise Refused("time")
    if "nonce" in case and case["nonce"] != claims["nonce"]:
        raise Refused("nonce")
    for name in ["approved_sha256", "kind"]:
        if name in case and case[name] != claims.get(name):
            raise Refused("binding")


def main():
    wrong, count = [], 0
    for path in sorted(pathlib.Path(__file__).parent.glob("*.json")):
        file = json.loads(path.read_text())
        for case in file["cases"]:
            count += 1
            try:
                check(case, file["jwks"])
                got = "ok"
            except Refused as refused:
                got = str(refused)
            if got != case["expect"]:
                wrong.append(f"{path.name}: {case['name']}: expected {case['expect']}, got {got}")
    print("\n".join(wrong) or f"{count} vectors are read as they say")
    sys.exit(1 if wrong or count == 0 else 0)


main()
