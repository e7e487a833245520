// Results are believed when everything about them is right, and not otherwise.

import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { ResultChecker, ResultInvalid, checkResult } from "countenance";
import { parseOnce } from "../src/json.js";

const folder = process.env.COUNTENANCE_VECTORS ?? new URL("../../../tests/vectors/result/", import.meta.url);
const [NOW, AUDIENCE, NONCE] = [1_800_000_000, "https://shop.example", "pb3N0x5qQmWq8o1vJz2r7g"];
const APPROVED = "Pay 12.00 EUR to the bakery";
const PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

function key(first) {
  const seed = Buffer.from(Array.from({ length: 32 }, (_, i) => i + first));
  return createPrivateKey({ key: Buffer.concat([PREFIX, seed]), format: "der", type: "pkcs8" });
}

function published(secret, more = {}) {
  const { x } = createPublicKey(secret).export({ format: "jwk" });
  const text = JSON.stringify({ crv: "Ed25519", kty: "OKP", x });
  const kid = createHash("sha256").update(text).digest("base64url");
  return { kty: "OKP", crv: "Ed25519", x, kid, use: "sig", purpose: "result", ...more };
}

const [SIGNING, OTHER] = [key(0), key(1)];
const KEYS = { keys: [published(OTHER), published(SIGNING)] };
const HEADER = { alg: "EdDSA", typ: "countenance-result+jwt", kid: published(SIGNING).kid };
const CLAIMS = {
  v: 1,
  iss: `urn:countenance:vault:${"0a".repeat(16)}`,
  aud: AUDIENCE,
  iat: NOW,
  exp: NOW + 60,
  jti: "AAAAAAAAAAAAAAAAAAAAAA",
  sid: "s",
  nonce: NONCE,
  kind: "verify",
  outcome: "accept",
  judged: NOW - 3,
  sub: "ana",
  collection: "default",
  approved_sha256: createHash("sha256").update(APPROVED).digest("hex"),
  consent_sha256: "5f".repeat(32),
  challenge: "calm",
  capture: "unattested",
  factors: ["face"],
  models: ["sface-2021dec"],
  policy: "session-1;fmr=0.0001",
};

function signed({ header = JSON.stringify(HEADER), claims = JSON.stringify(CLAIMS), by = SIGNING } = {}) {
  const text = [header, claims].map((part) => Buffer.from(part).toString("base64url")).join(".");
  return `${text}.${sign(null, Buffer.from(text), by).toString("base64url")}`;
}

const claims = (changed) => signed({ claims: JSON.stringify({ ...CLAIMS, ...changed }) });
const header = (changed) => signed({ header: JSON.stringify({ ...HEADER, ...changed }) });
const check = (jws, { keys = KEYS, ...more } = {}) =>
  checkResult(jws, keys, { audience: AUDIENCE, nonce: NONCE, now: NOW, ...more });

test("a result is read when everything about it is right", async () => {
  const result = await check(signed(), { approvedText: APPROVED, kind: "verify" });
  assert.deepEqual(result, CLAIMS);
  const presence = { kind: "presence", sub: undefined, collection: undefined, novelty: { a: [1.5] } };
  assert.equal((await check(claims(presence), { kind: "presence" })).sub, undefined);
  assert.equal((await check(signed(), { now: NOW - 5 })).outcome, "accept");
  assert.equal((await check(signed(), { now: NOW + 59.9 })).outcome, "accept");
  assert.equal((await check(claims({ outcome: "reject" }))).outcome, "reject");
});

function flipped(part) {
  const parts = signed().split(".");
  parts[part] = parts[part].slice(0, 5) + (parts[part][5] === "A" ? "B" : "A") + parts[part].slice(6);
  return parts.join(".");
}

/** The same bytes in another spelling: two bits of the last letter of a signature say nothing. */
function withSetBits() {
  const text = signed();
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return text.slice(0, -1) + letters[letters.indexOf(text.at(-1)) + 1];
}

const unsigned = signed().split(".").slice(0, 2).join(".");
const open = JSON.stringify(CLAIMS).slice(0, -1);
const WRONG = {
  "two parts": ["malformed", () => check(unsigned)],
  "four parts": ["malformed", () => check(`${signed()}.x`)],
  "no signature": ["signature", () => check(`${unsigned}.`)],
  padding: ["malformed", () => check(`${signed()}=`)],
  "white space": ["malformed", () => check(`${signed()}\n`)],
  "unused bits": ["malformed", () => check(withSetBits())],
  "too long": ["malformed", () => check(claims({ novelty: "x".repeat(9000) }))],
  "no text": ["malformed", () => check(undefined)],
  "no algorithm": ["header", () => check(header({ alg: "none" }))],
  "an algorithm of secrets": ["header", () => check(header({ alg: "HS256" }))],
  "another type": ["header", () => check(header({ typ: "JWT" }))],
  "a key of its own": ["header", () => check(header({ jwk: published(SIGNING) }))],
  "a key elsewhere": ["header", () => check(header({ jku: "https://evil.example" }))],
  "something critical": ["header", () => check(header({ crit: ["b64"], b64: false }))],
  "a header without key": ["header", () => check(header({ kid: undefined }))],
  "a header twice": ["header", () => check(signed({ header: `${JSON.stringify(HEADER).slice(0, -1)},"alg":"EdDSA"}` }))],
  "a header of no JSON": ["header", () => check(signed({ header: "{" }))],
  "a header that is a list": ["header", () => check(signed({ header: "[]" }))],
  "an unknown key": ["key", () => check(signed(), { keys: { keys: [published(OTHER)] } })],
  "no keys": ["key", () => check(signed(), { keys: { keys: [] } })],
  "a key of the vault": ["key", () => check(signed(), { keys: { keys: [published(SIGNING, { purpose: "vault" })] } })],
  "a key of another kind": ["key", () => check(signed(), { keys: { keys: [published(SIGNING, { crv: "Ed448" })] } })],
  "a key under another's id": [
    "key",
    () => check(signed({ by: OTHER }), { keys: { keys: [published(OTHER, { kid: HEADER.kid })] } }),
  ],
  "another's signature": ["signature", () => check(signed({ by: OTHER }))],
  "altered claims": ["signature", () => check(flipped(1))],
  "an altered signature": ["signature", () => check(flipped(2))],
  "a short signature": ["signature", () => check(`${unsigned}.AAAA`)],
  "claims twice": ["claims", () => check(signed({ claims: `${open},"outcome":"accept"}` }))],
  "claims twice, once escaped": ["claims", () => check(signed({ claims: `${open},"outc\\u006fme":"accept"}` }))],
  "claims of no JSON": ["claims", () => check(signed({ claims: "no" }))],
  "claims with NaN": ["claims", () => check(signed({ claims: `${open},"x":NaN}` }))],
  "claims that are no text": ["claims", () => check(signed({ claims: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }))],
  "half a letter": ["claims", () => check(signed({ claims: `${open},"x":"\\ud800"}` }))],
  "claims and more": ["claims", () => check(signed({ claims: `${open}} x` }))],
  "another version": ["claims", () => check(claims({ v: 2 }))],
  "a version that is true": ["claims", () => check(claims({ v: true }))],
  "a version with a fraction": ["claims", () => check(signed({ claims: open.replace('"v":1', '"v":1.0') + "}" }))],
  "a list of audiences": ["claims", () => check(claims({ aud: [AUDIENCE] }))],
  "a time as text": ["claims", () => check(claims({ exp: String(NOW + 60) }))],
  "a broken time": ["claims", () => check(claims({ iat: NOW + 0.5 }))],
  "no nonce": ["claims", () => check(claims({ nonce: undefined }))],
  "a null": ["claims", () => check(claims({ consent_sha256: null }))],
  "an unknown outcome": ["claims", () => check(claims({ outcome: "accepted" }))],
  "a verification of nobody": ["claims", () => check(claims({ sub: undefined }))],
  "a presence of somebody": ["claims", () => check(claims({ kind: "presence" }))],
  "factors as text": ["claims", () => check(claims({ factors: "face" }))],
  "another audience": ["audience", () => check(claims({ aud: `${AUDIENCE}/` }))],
  expired: ["time", () => check(signed(), { now: NOW + 60 })],
  "from the future": ["time", () => check(signed(), { now: NOW - 6 })],
  "valid for long": ["time", () => check(claims({ exp: NOW + 61 }))],
  "ended before it began": ["time", () => check(claims({ exp: NOW - 1 }), { now: NOW - 3 })],
  "decided long before": ["time", () => check(claims({ judged: NOW - 121 }))],
  "decided after": ["time", () => check(claims({ judged: NOW + 1 }))],
  "another session": ["nonce", () => check(signed(), { nonce: "another" })],
  "another text": ["binding", () => check(signed(), { approvedText: `${APPROVED}!` })],
  "nothing approved": ["binding", () => check(claims({ approved_sha256: undefined }), { approvedText: APPROVED })],
  "another kind": ["binding", () => check(signed(), { kind: "presence" })],
};

for (const [name, [fault, work]] of Object.entries(WRONG)) {
  test(`a result with one thing wrong is refused by its name: ${name}`, async () => {
    await assert.rejects(work(), (error) => {
      assert.ok(error instanceof ResultInvalid, error);
      assert.equal(error.fault, fault, error.message);
      return true;
    });
  });
}

test("an audience has to be named", async () => {
  await assert.rejects(checkResult(signed(), KEYS, { now: NOW }), TypeError);
});

test("what cannot be expected is said before anything is checked", async () => {
  for (const expected of [
    { now: NaN },
    { now: "now" },
    { approvedSha256: null },
    { approvedSha256: "aa" },
    { approvedText: null },
  ]) {
    const wrong = new RegExp(`\`${Object.keys(expected)[0]}\` is not a`);
    await assert.rejects(checkResult("no result", KEYS, { audience: AUDIENCE, ...expected }), (error) => {
      return error instanceof TypeError && wrong.test(error.message);
    });
  }
});

test("a result is taken once and keys are fetched every five minutes", async () => {
  let now = NOW;
  let fetched = 0;
  const keys = async () => {
    fetched += 1;
    if (fetched === 1) throw new Error("not reached");
    return KEYS;
  };
  const checker = new ResultChecker(keys, AUDIENCE, { clock: () => now });
  await assert.rejects(checker.check(signed()), /not reached/);
  assert.equal((await checker.check(signed())).outcome, "accept");
  await assert.rejects(checker.check(signed(), { nonce: NONCE }), (error) => error.fault === "nonce");
  assert.equal((await checker.check(claims({ jti: "B".repeat(22) }))).outcome, "accept");
  assert.equal(fetched, 2);
  now += 301;
  const later = claims({ iat: NOW + 300, exp: NOW + 360, judged: NOW + 299 });
  assert.equal((await checker.check(later)).outcome, "accept");
  assert.equal(fetched, 3);
});

test("the vectors that all readers share are judged alike", async () => {
  const files = await readdir(folder);
  const found = [];
  for (const file of files.filter((name) => name.endsWith(".json"))) {
    const path = typeof folder === "string" ? `${folder}/${file}` : new URL(file, folder);
    const { jwks, cases } = JSON.parse(await readFile(path, "utf8"));
    for (const { name, jws, audience, now, nonce, approved_sha256: approvedSha256, kind, expect } of cases) {
      const judged = await checkResult(jws, jwks, { audience, now, nonce, approvedSha256, kind }).then(
        () => "ok",
        (error) => error.fault ?? String(error),
      );
      found.push([name, judged, expect]);
    }
  }
  assert.ok(found.length > 100);
  assert.deepEqual(found.filter(([, judged, expect]) => judged !== expect), []);
  for (const expect of ["ok", "signature", "time"]) assert.ok(found.some((one) => one[2] === expect));
});

test("what reads JSON agrees with that of the language, but for members that are repeated", () => {
  const plain = (value) => JSON.parse(JSON.stringify(value, (_, one) => (one?.constructor?.name === "Fraction" ? one.value : one)));
  for (const text of ['{"a":[1,-2.5e3,true,null,{"b":"\\u00e4\\"\\\\"}],"c":{}}', " [ ] ", '"x"', "0", '{"__proto__":1}']) {
    assert.deepEqual(plain(parseOnce(text)), JSON.parse(text));
  }
  for (const text of ["", "{", "[1,]", "{,}", '{"a"}', '{"a":1,}', "01", "1.", "+1", "'a'", '"\n"', "[1 2]", "nul", "[]]", "\u00a01"]) {
    assert.throws(() => JSON.parse(text), SyntaxError);
    assert.throws(() => parseOnce(text), SyntaxError, text);
  }
  assert.throws(() => parseOnce('{"a":1,"a":1}'), /repeated/);
  assert.throws(() => parseOnce("[".repeat(100) + "]".repeat(100)), /deep/);
});
