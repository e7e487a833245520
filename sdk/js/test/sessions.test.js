// Both sides of a session: the key opens one, the capture token the other.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { inspect } from "node:util";
import { Capture, Conflict, Countenance, HolderPart, KeyRefused, NotFound, UnexpectedAnswer, frameBytes } from "countenance";
import { House, Script, skip } from "./house.js";

const SECRET = "cnt_0123_secret";
const TOKEN = `0lq${"x".repeat(40)}`;
const ASKED = { audience: "https://shop.example", nonce: "n".repeat(22), wayOut: "https://shop.example/other-way" };
let house;
let script;
before(async () => {
  house = skip ? undefined : await House.start();
});
after(() => house?.stop());
beforeEach(async () => {
  script = await Script.start();
});
afterEach(() => script.stop());

const capturing = (options = {}) => new Capture({ url: script.url, session: "a-1", token: TOKEN, ...options });
const body = (at) => JSON.parse(script.asked.at(at).body);

test("a session is opened with what was named and nothing else", async () => {
  script.refuses(429, "too_many_sessions", { "retry-after": "0" });
  script.says(201, JSON.stringify({ id: "a-1", token: TOKEN, state: "created", expires: 1 }));
  const client = new Countenance({ url: script.url, key: SECRET, collection: "door" });
  const passkey = { salt: "3q2-", credentials: ["c2FtcGxl"] };
  const opened = await client.openSession("verify", { ...ASKED, subject: "ana", approve: "Open", passkey, lastsS: 60 });
  assert.equal(opened.token, TOKEN);
  assert.equal(script.asked.length, 2);
  const { url, headers } = script.asked[1];
  assert.equal(url, "/v1/sessions?collection=door");
  assert.equal(headers.authorization, `Bearer ${SECRET}`);
  assert.ok(headers["idempotency-key"]);
  const { wayOut, ...rest } = ASKED;
  const wanted = { ...rest, way_out: wayOut, kind: "verify", subject: "ana", approve: "Open", passkey, lasts_s: 60 };
  assert.deepEqual(body(-1), wanted);
});

test("the capture side goes with its token and never with a key", async () => {
  const { COUNTENANCE_KEY: kept } = process.env;
  process.env.COUNTENANCE_KEY = SECRET;
  try {
    const holder = await HolderPart.generate();
    script.says(200, '{"state":"capturing"}');
    script.says(204, "");
    const capture = capturing();
    assert.equal((await capture.agreeCapture("5f", { calm: true, holder })).state, "capturing");
    assert.deepEqual(body(-1), { sha256: "5f", calm: true, holder: holder.hex() });
    assert.equal(await capture.declineCapture(), undefined);
    assert.deepEqual(script.asked.map(({ headers }) => headers.authorization), Array(2).fill(`Bearer ${TOKEN}`));
    assert.deepEqual(script.asked.map(({ url }) => url), ["/v1/capture/a-1/consent", "/v1/capture/a-1"]);
    assert.doesNotMatch(inspect(capture, { depth: 9, showHidden: true }) + JSON.stringify(capture), /0lqx/);
    for (const token of [undefined, "", " "]) assert.throws(() => capturing({ token }), /capture token/);
    await assert.rejects(capture.agreeCapture("5f", { holder: "00" }), TypeError);
  } finally {
    if (kept === undefined) delete process.env.COUNTENANCE_KEY;
    else process.env.COUNTENANCE_KEY = kept;
  }
});

test("frames go in base64, and are not sent again where they may have arrived, and agreeing is", async () => {
  const picture = new Uint8Array(100_000).map((_, i) => i % 251);
  script.says(200, JSON.stringify({ messages: [{ type: "hello", ends_in_ms: 1, frames: {} }, { type: "ack", frame: 0 }] }));
  const { messages } = await capturing().captureFrames([{ frame: 0, timeMs: 5210.7, picture }]);
  assert.deepEqual(messages.map(({ type }) => type), ["hello", "ack"]);
  const [sent] = body(-1).frames;
  assert.deepEqual([sent.frame, sent.time_ms], [0, 5210]);
  assert.deepEqual(new Uint8Array(Buffer.from(sent.picture, "base64")), picture);
  for (let i = 0; i < 2; i += 1) script.says(502, "<html>", { "content-type": "text/html" });
  script.says(200, '{"state":"capturing"}');
  await assert.rejects(capturing().captureFrames([]), UnexpectedAnswer);
  assert.equal(script.asked.length, 2);
  assert.equal((await capturing().agreeCapture("00")).state, "capturing");
  assert.equal(script.asked.length, 4);
});

test("a socket is opened with the protocol and the token, and takes frames with number and time", async () => {
  const real = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  const set = (value) => Object.defineProperty(globalThis, "WebSocket", { value, configurable: true, writable: true });
  try {
    set(undefined);
    assert.throws(() => capturing().captureSocket(), /captureFrames/);
    set(
      class {
        constructor(...given) {
          this.given = given;
        }
      },
    );
    const opened = (url) => capturing({ url }).captureSocket().given;
    const protocols = ["countenance.capture.v1", `token.${TOKEN}`];
    assert.deepEqual(opened("https://faces.example/"), [new URL("wss://faces.example/v1/capture/a-1/frames"), protocols]);
    assert.equal(opened("http://127.0.0.1:7300")[0].href, "ws://127.0.0.1:7300/v1/capture/a-1/frames");
  } finally {
    if (real) Object.defineProperty(globalThis, "WebSocket", real);
    else delete globalThis.WebSocket;
  }
  const bytes = await frameBytes({ frame: 258, timeMs: 65536.9, picture: new Blob([Uint8Array.of(9, 8)]) });
  assert.deepEqual([...bytes], [2, 1, 0, 0, 0, 0, 1, 0, 9, 8]);
});

test("a wrong token is a refused key, and the log is walked through from a leaf on", async () => {
  script.refuses(401, "capture_token_invalid");
  await assert.rejects(capturing().showCapture(), KeyRefused);
  const entry = { leaf: 7, leaf_hash: "00", content: "open" };
  script.says(200, JSON.stringify({ size: 9, entries: [entry], next: 8 }));
  script.says(200, JSON.stringify({ size: 9, entries: [{ ...entry, leaf: 8 }] }));
  const leaves = [];
  for await (const { leaf } of new Countenance({ url: script.url, key: SECRET }).logEntries({ from: 7 })) leaves.push(leaf);
  assert.deepEqual(leaves, [7, 8]);
  const asked = script.asked.slice(1).map(({ url }) => url);
  assert.deepEqual(asked, ["/v1/audit/entries?from=7&limit=1000", "/v1/audit/entries?from=8&limit=1000"]);
});

test("a person is asked, agrees and takes the way out on a real server", { skip }, async () => {
  const client = house.client();
  const opened = await client.openSession("presence", { ...ASKED, approve: "Open the door" });
  assert.equal((await client.showSession(opened.id)).state, "created");
  const capture = new Capture({ url: house.url, session: opened.id, token: opened.token });
  const [asked, german] = [await capture.showCapture(), await capture.showCapture({ lang: "de-AT" })];
  assert.deepEqual([asked.consent.lang, german.consent.lang], ["en", "de"]);
  assert.notEqual(asked.consent.sha256, german.consent.sha256);
  assert.deepEqual([asked.audience, asked.approve, asked.way_out], [ASKED.audience, "Open the door", ASKED.wayOut]);
  await assert.rejects(capture.captureFrames([]), (error) => error instanceof Conflict && error.code === "consent_needed");
  assert.equal((await capture.agreeCapture(asked.consent.sha256, { calm: true })).state, "capturing");
  const first = (await capture.captureFrames([])).messages.map(({ type }) => type);
  assert.deepEqual(first.slice(0, 2), ["hello", "prompt"]);
  // As much of a photo as a frame may have; what is cut off is no picture, and said so in an answer of its own.
  const picture = (await readFile(house.photo("obama.jpg"))).subarray(0, 100_000);
  const { messages } = await capture.captureFrames([{ frame: 0, timeMs: 10, picture }]);
  assert.ok(messages.some(({ type }) => type === "ack" || type === "error"));
  await capture.declineCapture();
  const ended = await client.showSession(opened.id);
  assert.deepEqual([ended.state, ended.declined, ended.result ?? null], ["canceled", true, null]);
  await client.cancelSession(opened.id);
  await assert.rejects(client.showSession("a-nobody"), (error) => error instanceof NotFound && error.code === "session_unknown");
  const wrong = new Capture({ url: house.url, session: opened.id, token: "0".repeat(43) });
  await assert.rejects(wrong.showCapture(), KeyRefused);
  assert.ok((await client.jwks()).keys.some(({ purpose }) => purpose === "result"));
  let count = 0;
  for await (const _ of client.logEntries()) count += 1;
  assert.ok(count > 0 && count <= (await client.auditEntries({ limit: 1 })).size);
});
