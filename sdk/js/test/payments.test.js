// Payments: what is asked, and what a result has to be bound to.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Conflict, Countenance, NotFound, makeDeviceKey, transactionSha256, useDeviceKey } from "countenance";
import { House, Script, skip } from "./house.js";

const BILL = { amount: 1250, currency: "EUR", payee: "Café Ana", order: "2026-1138" };
const MADE = {
  ...BILL,
  ...{ id: "p-BwcHBwcHBwcHBwcHBwcHBw", state: "created", created: 1800000000, expires: 1800000600 },
  ...{ shown_sha256: "5f".repeat(32), policy: "single-factor", refunded: 0, refunds: [] },
};
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

test("a payment is asked for with what was named and nothing else", async () => {
  const opened = { id: "a-1", token: "t".repeat(43), state: "created", expires: 1 };
  for (const [status, answer] of [[201, MADE], [200, MADE], [200, MADE], [201, MADE], [201, opened]]) {
    script.says(status, JSON.stringify(answer));
  }
  const client = new Countenance({ url: script.url, key: "cnt_0123_secret", collection: "door" });
  const { id } = await client.makePayment("ana", BILL);
  await client.showPayment(id);
  await client.cancelPayment(id);
  await client.refundPayment(id, { amount: 400 });
  await client.openPaymentSession(id, { ...ASKED, subject: "ana", lastsS: 60 });
  assert.deepEqual(
    script.asked.map(({ url }) => url),
    ["/v1/payments", ...["", "/cancel", "/refunds", "/sessions"].map((what) => `/v1/payments/${id}${what}`)].map(
      (path) => `${path}?collection=door`,
    ),
  );
  assert.deepEqual(JSON.parse(script.asked[0].body), { subject: "ana", ...BILL });
  assert.deepEqual(JSON.parse(script.asked[3].body), { amount: 400 });
  const { wayOut, ...rest } = ASKED;
  assert.deepEqual(JSON.parse(script.asked[4].body), { ...rest, way_out: wayOut, subject: "ana", lasts_s: 60 });
});

test("the payments of a subject come page after page", async () => {
  for (const page of [{ payments: [MADE], next: "p2" }, { payments: [{ ...MADE, amount: 7 }] }]) script.says(200, JSON.stringify(page));
  const client = new Countenance({ url: script.url, key: "cnt_0123_secret", collection: "door" });
  const amounts = [];
  for await (const { amount } of client.payments("ana")) amounts.push(amount);
  assert.deepEqual(amounts, [1250, 7]);
  const path = "/v1/subjects/ana/payments?collection=door";
  assert.deepEqual(script.asked.map(({ url }) => url), [path, `${path}&after=p2`]);
});

test("device keys are asked for with what was named and nothing else", async () => {
  const entry = { id: "d-1", label: "phone", added: 1, synced: false };
  const opened = { id: "a-1", expires: 1, public_key: { challenge: "AA" } };
  for (const [status, answer] of [[201, opened], [201, entry], [200, { device_keys: [entry] }], [204, null], [201, MADE]]) {
    script.says(status, answer === null ? "" : JSON.stringify(answer));
  }
  const client = new Countenance({ url: script.url, key: "cnt_0123_secret", collection: "door" });
  const credential = { response: { clientDataJSON: "AA", attestationObject: "AA" } };
  const { id } = await client.openDeviceKey("ana", { label: "phone" });
  await client.finishDeviceKey("ana", id, credential);
  assert.deepEqual((await client.listDeviceKeys("ana")).device_keys, [entry]);
  await client.removeDeviceKey("ana", "d-1");
  await client.makePayment("ana", { ...BILL, policy: "device-key" });
  const keys = "/v1/subjects/ana/device-keys";
  assert.deepEqual(
    script.asked.map(({ url }) => url),
    [keys, `${keys}/a-1`, keys, `${keys}/d-1`, "/v1/payments"].map((path) => `${path}?collection=door`),
  );
  assert.deepEqual(JSON.parse(script.asked[0].body), { label: "phone" });
  assert.deepEqual(JSON.parse(script.asked[1].body), { credential });
  assert.deepEqual(JSON.parse(script.asked[4].body), { subject: "ana", ...BILL, policy: "device-key" });
});

test("a browser is asked for a passkey as the server says, and what it gives travels as text", async () => {
  /** @type {any} */
  const asked = {};
  const bytes = (/** @type {number[]} */ ...of) => Uint8Array.from(of).buffer;
  const credentials = {
    create: async (/** @type {any} */ { publicKey }) => {
      asked.create = publicKey;
      return { id: "AA", response: { clientDataJSON: bytes(251, 255), attestationObject: bytes(1) } };
    },
    get: async (/** @type {any} */ { publicKey }) => {
      asked.get = publicKey;
      return { id: "AA", response: { clientDataJSON: bytes(2), authenticatorData: bytes(3), signature: bytes(4) } };
    },
  };
  const own = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { credentials }, configurable: true });
  try {
    const options = {
      challenge: "-_8", user: { id: "AQ", name: "ana", displayName: "ana" }, rp: { id: "pay.example", name: "pay.example" },
      excludeCredentials: [{ type: "public-key", id: "Ag" }], attestation: "none",
    };
    const made = await makeDeviceKey(options);
    assert.deepEqual(made.response, { clientDataJSON: "-_8", attestationObject: "AQ" });
    assert.deepEqual([[...asked.create.challenge], [...asked.create.user.id], [...asked.create.excludeCredentials[0].id]], [[251, 255], [1], [2]]);
    assert.equal(asked.create.rp.id, "pay.example");
    const used = await useDeviceKey("a-1", { relying_party: "pay.example", nonce: "bm9uY2U" }, "5f".repeat(32));
    assert.deepEqual(used.response, { clientDataJSON: "Ag", authenticatorData: "Aw", signature: "BA" });
    const text = `countenance device key 1\nsession: a-1\nnonce: bm9uY2U\nshown: ${"5f".repeat(32)}\n`;
    assert.equal(Buffer.from(asked.get.challenge).toString("hex"), createHash("sha256").update(text).digest("hex"));
    assert.deepEqual([asked.get.rpId, asked.get.allowCredentials, asked.get.userVerification], ["pay.example", [], "required"]);
  } finally {
    if (own) Object.defineProperty(globalThis, "navigator", own);
    else delete (/** @type {any} */ (globalThis).navigator);
  }
  await assert.rejects(makeDeviceKey({ challenge: "AA", user: { id: "AA" } }), /no passkeys here/);
});

test("the digest of the whole is that of the specification", async () => {
  const text =
    "countenance payment 1\nid: p-BwcHBwcHBwcHBwcHBwcHBw\namount: 1250\ncurrency: EUR\npayee: Café Ana\n" +
    "order: 2026-1138\nexpires: 1800000600\ncollection: default\npayer: ana\n";
  const wanted = createHash("sha256").update(text).digest("hex");
  assert.equal(await transactionSha256(MADE, { subject: "ana" }), wanted);
  assert.notEqual(await transactionSha256(MADE, { subject: "eva" }), wanted);
});

test("a real server makes, shows and cancels payments", { skip }, async () => {
  const client = house.client();
  const made = await client.makePayment("nobody-there", BILL);
  assert.deepEqual(await client.showPayment(made.id), made);
  const opened = await client.openPaymentSession(made.id, { ...ASKED, subject: "nobody-there" });
  assert.equal((await client.showSession(opened.id)).kind, "payment");
  await assert.rejects(client.openPaymentSession(made.id, { ...ASKED, subject: "another" }), NotFound);
  await assert.rejects(client.refundPayment(made.id), Conflict);
  assert.equal((await client.cancelPayment(made.id)).state, "canceled");
  await assert.rejects(client.openPaymentSession(made.id, { ...ASKED, subject: "nobody-there" }), Conflict);
});
