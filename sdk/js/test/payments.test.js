// Payments: what is asked, and what a result has to be bound to.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Conflict, Countenance, NotFound, transactionSha256 } from "countenance";
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
