"""Second reader of the vault format: opens the vectors beside it knowing docs/spec/vault-v1.md only.

Needs Python 3.9 or later and the package `cryptography`. Exits 0 when everything opens and is what
it should be.
"""

import hashlib
import hmac as hmac_module
import struct
import sys
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HERE = Path(__file__).parent
START = 1_800_000_000
ROOT_KEY = b"\x11" * 32
HOLDER = b"\x22" * 32
MODEL = "sface-2021dec"


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hmac(key, *parts):
    return hmac_module.new(key, b"".join(parts), hashlib.sha256).digest()


def extract(salt, ikm):
    return hmac(salt, ikm)


def expand(prk, info):
    return hmac(prk, info, b"\x01")


def derived(secret, label):
    return expand(extract(b"countenance vault v1", secret), label.encode())


def field(data):
    return struct.pack("<I", len(data)) + data


def unseal(key, aad, sealed):
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], aad)


def name_of(padded):
    (length,) = struct.unpack_from("<H", padded)
    assert not any(padded[2 + length :])
    return padded[2 : 2 + length].decode()


class Container:
    """Section 10."""

    def __init__(self, path, kind):
        data = path.read_bytes()
        assert data[:8] == b"CTNBKUP\x02" and data[8] == kind and data[9:16] == bytes(7)
        self.vault, self.made = data[16:32], struct.unpack_from("<Q", data, 32)[0]
        self.rows, at = [], 40
        while True:
            tag, length = struct.unpack_from("<BI", data, at)
            body = data[at + 5 : at + 5 + length]
            at += 5 + length
            if tag == 255:
                break
            self.rows.append((tag, body))
        assert length == 40 and at == len(data)
        assert struct.unpack_from("<Q", body)[0] == len(self.rows)
        self.signed, self.mac = sha(data[:-32]), data[-32:]

    def check(self, backup_key):
        assert hmac(backup_key, self.signed) == self.mac

    def of(self, tag):
        return [body for found, body in self.rows if found == tag]


def tree_root(hashes):
    """RFC 6962, 2.1, straight from its definition."""
    if not hashes:
        return sha()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha(b"\x01", tree_root(hashes[:split]), tree_root(hashes[split:]))


def signed(data, public_key):
    Ed25519PublicKey.from_public_bytes(public_key).verify(data[-64:], data[:-64])


def template(of, length):
    return bytes((n * 7 + of) % 256 for n in range(length))


class Subject:
    def __init__(self, row, owner, part, holder):
        (self.number, self.collection), self.pseudonym = struct.unpack_from("<QI", row), row[12:44]
        self.key_id, self.kind = row[44:60], row[60]
        self.generation, self.used = struct.unpack_from("<QI", row, 61)
        self.owner = owner + self.pseudonym
        context = self.owner + self.key_id + bytes([self.kind])
        self.body = expand(extract(part, holder), b"countenance body v1" + context)
        self.ledger = expand(extract(part, b""), b"countenance ledger v1" + context)
        plain = unseal(self.body, b"countenance profile v1" + context, row[73:])
        self.run = None
        self.created, length = struct.unpack_from("<QH", plain)
        assert len(plain) == (64 if length <= 54 else 216) and not any(plain[10 + length :])
        self.id = plain[10 : 10 + length].decode()

    def record(self, row):
        (number,) = struct.unpack_from("<H", row, 8)
        record = row[10:]
        payload_size = [160, 224, 544, 1056, 2080, 4160][record[1]]
        assert record[0] == 1 and record[2:4] == b"\0\0" and len(record) == 64 + payload_size
        assert record[4:20] == sha(b"countenance model v1", MODEL.encode())[:16]
        assert record[20:36] == self.key_id
        aad = b"countenance record v1" + self.owner + struct.pack("<H", number) + self.run
        aad += record[:36] + field(MODEL.encode())
        payload = unseal(self.body, aad, record[36:])
        (length,) = struct.unpack_from("<H", payload)
        assert len(payload) == payload_size and not any(payload[2 + length :])
        return payload[2 : 2 + length]

    def consent(self, row):
        number = row[8:10]
        ledger = unseal(self.ledger, b"countenance consent v1" + self.key_id + number, row[10:54])
        detail = unseal(self.body, b"countenance consent detail v1" + self.key_id + number, row[54:])
        run, self.run = self.run, ledger[2:8]
        assert run in (None, self.run)
        purpose, state, expires = ledger[0], ledger[1], struct.unpack_from("<Q", ledger, 8)[0]
        granted, length = struct.unpack_from("<QB", detail)
        return purpose, state, granted - START, expires - START, detail[9 : 9 + length], detail[40:]

    def event(self, sealed):
        for key in (self.body, self.ledger):
            try:
                return event(key, self.key_id, sealed)
            except InvalidTag:
                pass
        raise AssertionError("event does not open")


def event(key, key_id, sealed):
    plain = unseal(expand(key, b"event"), b"countenance event v1" + key_id, sealed)
    kind, outcome, purpose, number, time, detail = struct.unpack("<BBBxHxxQQ", plain)
    return kind, outcome, purpose, number, time - START, detail


def main():
    keyring, data = Container(HERE / "keyring.bin", 2), Container(HERE / "data.bin", 1)
    vault = keyring.vault
    assert data.vault == vault and data.made == keyring.made == START + 50
    public_key = (HERE / "public_key.bin").read_bytes()

    root_id = expand(extract(b"countenance root v1", ROOT_KEY), b"id")[:16]
    wrapped = {}
    for row in keyring.of(2):
        kind, tenant, version = struct.unpack_from("<BII", row)
        assert row[9:25] == root_id
        aad = b"countenance root wrap v1" + vault + row[:9]
        wrapped[kind, tenant, version] = unseal(ROOT_KEY, aad, row[25:])
    secret, tenant_secret = wrapped[1, 0, 0], wrapped[2, 1, 0]
    keyring.check(derived(secret, "backup"))
    data.check(derived(secret, "backup"))
    seed = Ed25519PrivateKey.from_private_bytes(derived(secret, "signing"))
    assert seed.public_key().public_bytes_raw() == public_key

    (tenant,) = keyring.of(3)
    tenant_id = tenant[4:20]
    assert tenant_id == hmac(derived(secret, "names"), b"tenant", field(b"acme"))[:16]
    aad = b"countenance tenant v1" + tenant_id
    assert name_of(unseal(derived(secret, "tenant labels"), aad, tenant[20:112])) == "acme"
    assert struct.unpack_from("<I", tenant, 112)[0] == 2

    index = derived(tenant_secret, "index")
    (collection,) = data.of(6)
    collection_id = collection[8:24]
    assert collection_id == hmac(index, b"collection", field(b"staff"))[:16]
    aad = b"countenance collection v1" + collection_id
    labels = derived(tenant_secret, "collection labels")
    assert name_of(unseal(labels, aad, collection[24:])) == "staff"
    assert [row[16:].decode() for row in data.of(7)] == [MODEL]

    parts, versions = {}, []
    for row in keyring.of(4):
        number, tenant, version = struct.unpack_from("<QII", row)
        aad = b"countenance subject wrap v1" + vault + row[8:16] + row[16:32]
        parts[number] = (row[16:32], unseal(wrapped[3, tenant, version], aad, row[32:]))
        versions.append(version)
    assert sorted(set(versions)) == [1, 2]

    subjects = {}
    for row in data.of(8):
        number = struct.unpack_from("<Q", row)[0]
        key_id, part = parts[number]
        assert key_id == row[44:60]
        holder = HOLDER if row[60] == 1 else b""
        subject = Subject(row, tenant_id + collection_id, part, holder)
        pseudonym = hmac(index, b"subject", collection_id, field(subject.id.encode()))
        assert pseudonym == subject.pseudonym
        subjects[number] = subject
    assert len(subjects) == 22 and subjects[1].id == "ana" and subjects[1].kind == 0
    assert subjects[2].kind == 1 and subjects[2].id.startswith("an id of more than fifty-four")

    consents = [subjects[struct.unpack_from("<Q", row)[0]].consent(row) for row in data.of(10)]
    expires, text, evidence = 3 + 90 * 86400, b"2026-01 en", b"\xe7" * 32
    assert consents == [
        (1, 1, 3, expires, text, evidence),
        (4, 1, 3, expires, text, evidence),
        (1, 2, 3, expires, text, evidence),
    ]

    records = {}
    for row in data.of(9):
        number = struct.unpack_from("<Q", row)[0]
        records.setdefault(number, []).append(subjects[number].record(row))
    assert records == {1: [template(1, 132), template(2, 512)], 2: [template(3, 132)]}

    attempts_key, counts = derived(tenant_secret, "attempts"), {}
    for row in data.of(11):
        state = unseal(attempts_key, b"countenance attempt v1" + row[:32], row[32:])
        assert state[43:] == bytes(5)
        counts[row[:32]] = (struct.unpack_from("<QI", state), list(state[12:43]))
    nobody = hmac(index, b"subject", collection_id, field(b"nobody"))
    bucket = hmac(index, b"bucket", collection_id, nobody[:2])
    day = START // 86400
    assert counts == {
        subjects[1].pseudonym: ((START + 12, day), [3] + [0] * 30),
        bucket: ((START + 20, day), [1] + [0] * 30),
    }

    payments = {}
    for row in data.of(15):
        slot, (number, made, is_open), sealed = row[:32], struct.unpack_from("<QIB", row, 32), row[45:]
        payer = subjects[number]
        aad = b"countenance payment v1" + slot + payer.key_id + struct.pack("<IB", made, is_open)
        note = unseal(expand(payer.ledger, b"payment"), aad, sealed)
        (length,) = struct.unpack_from("<H", note)
        assert len(note) == 1024 and not any(note[2 + length :])
        payments[slot] = (number, made, is_open, note[2 : 2 + length])
    slots = [hmac(index, b"payment", collection_id, bytes([one]) * 16) for one in (7, 8)]
    assert payments == {slots[0]: (1, day, 1, b"made"), slots[1]: (2, day, 0, b"canceled")}

    tiles = {struct.unpack_from("<BQ", row): row[9:] for row in data.of(13)}
    leaves, at = [], 0
    while (0, at) in tiles:
        tile = tiles[0, at]
        leaves += [tile[n : n + 32] for n in range(0, len(tile), 32)]
        at += 1
    assert tiles[1, 0][:32] == tree_root(leaves[:32])
    (checkpoint,) = keyring.of(5)
    signed(checkpoint, public_key)
    assert checkpoint[:24] == b"CTNCKPT\x01" + vault
    size, root, time = checkpoint[24:32], checkpoint[32:64], checkpoint[64:72]
    assert struct.unpack("<Q", size)[0] == len(leaves) and root == tree_root(leaves)
    assert struct.unpack("<Q", time)[0] == START + 41

    audit, seen, stones = derived(secret, "audit"), [], []
    commit, bury = expand(audit, b"commit"), expand(audit, b"bury")
    for at, row in enumerate(data.of(12)):
        sequence, number = struct.unpack_from("<QQ", row)
        assert sequence == at, "every leaf has its row"
        if len(row) == 48:
            assert number == 0 and row[16:] == hmac(bury, row[:8], leaves[sequence])
            stones.append(sequence)
            continue
        assert leaves[sequence] == sha(b"\x00\x02", hmac(commit, row[8:]))
        if number:
            opened = subjects[number].event(row[16:])
        else:
            for key in (audit, derived(tenant_secret, "audit")):
                try:
                    opened = event(key, bytes(16), row[16:])
                    break
                except InvalidTag:
                    pass
            else:
                raise AssertionError("event does not open")
        seen.append((sequence, number) + opened[:3])
    assert [one[2:] for one in seen[:5]] == [(1, 0, 0), (2, 0, 0), (3, 0, 0), (7, 0, 0), (8, 0, 1)]
    assert (9, 0, 1) in [one[2:] for one in seen if one[1] == 2]
    assert [one[2:] for one in seen if one[2] == 13] == [(13, 2, 1)] * 4
    assert [one[1:] for one in seen if one[2] == 21] == [(0, 21, 0, 4)] * 3
    assert len(seen) + len(stones) == len(leaves)
    assert len(stones) == 1, "the leaf of the erased subject stays, its event is gone"

    receipt = (HERE / "receipt.bin").read_bytes()
    signed(receipt, public_key)
    assert receipt[:24] == b"CTNERAS\x01" + vault and len(receipt) == 224
    assert receipt[56:88] == sha(receipt[40:56], b"gone")
    time, position, leaf, size = struct.unpack_from("<QQQQ", receipt, 88)
    assert (time, position) == (START + 31, 1) and receipt[120:152] == tree_root(leaves[:size])
    erased = [one for one in seen if one[2] == 15]
    assert [one[0] for one in erased] == [leaf]
    (deletion,) = data.of(1)
    assert deletion == struct.pack("<Q", 1) + receipt[24:40] + struct.pack("<I", day)
    assert keyring.of(1) == [deletion]
    (withdrawal,) = data.of(14)
    assert keyring.of(14) == [withdrawal]
    (entry,) = [row for row in data.of(10) if row[8:10] == b"\1\0"]
    key = expand(subjects[2].ledger, b"withdrawn")
    assert withdrawal == hmac(key, entry[8:10], entry[54:66])[:16] + struct.pack("<I", day)

    # Controls: the same bytes in another place, or with another key, do not open.
    ana, bea = subjects[1], subjects[2]
    first = data.of(9)[0]
    for spoiled in (first[:8] + b"\x05\x00" + first[10:], first[:-1] + bytes([first[-1] ^ 1])):
        try:
            ana.record(spoiled)
        except InvalidTag:
            continue
        raise AssertionError("a spoiled record opened")
    try:
        Subject(data.of(8)[1], tenant_id + collection_id, parts[2][1], b"")
        raise AssertionError("a holder-bound subject opened without its holder part")
    except InvalidTag:
        pass
    assert bea.body != ana.body
    print(f"{len(subjects)} subjects, {len(leaves)} leaves: everything opens as the spec says")


if __name__ == "__main__":
    sys.exit(main())
