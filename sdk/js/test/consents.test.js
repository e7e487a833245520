// Both sides of a consent link: the key opens one, its token the other.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { inspect } from "node:util";
import { Conflict, ConsentLink, Countenance, HolderPart, KeyRefused, NotFound, useDeviceKeyForConsents } from "countenance";
import { House, Script, skip } from "./house.js";

const TOKEN = "t".repeat(43);
const SHOP = "https://shop.example";
const PASSKEY = { salt: `${"Aw".repeat(21)}A`, credentials: [] };
const ENTRY = { number: 0, purpose: "verify", state: "active", expires: 9 };
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

test("a link is opened with what was named and nothing else", async () => {
  script.says(201, JSON.stringify({ id: "a-1", token: TOKEN, expires: 1 }));
  const client = new Countenance({ url: script.url, key: "cnt_0123_secret", collection: "door" });
  await client.openConsentLink("ana", { audience: SHOP, wayOut: SHOP, passkey: PASSKEY });
  assert.equal(script.asked[0].url, "/v1/subjects/ana/consent-links?collection=door");
  assert.deepEqual(JSON.parse(script.asked[0].body), { audience: SHOP, way_out: SHOP, passkey: PASSKEY });
});

test("the person's side goes with the token and a proof of theirs", async () => {
  const own = { permit: "p".repeat(43), ends_in_ms: 1, consents: [ENTRY] };
  for (const answer of [{ link: "a-1" }, own, own, { withdrawn: 1, consents: [] }]) script.says(200, JSON.stringify(answer));
  const link = new ConsentLink({ url: script.url, link: "a-1", token: TOKEN });
  const holder = await HolderPart.generate();
  await link.showConsentLink();
  const { permit } = await link.showOwnConsents({ holder });
  await link.showOwnConsents({ deviceKey: { id: "AA" } });
  await link.withdrawOwnConsents("verify", permit);
  const base = "/v1/consent-links/a-1";
  assert.deepEqual(script.asked.map(({ url }) => url), [base, `${base}/consents`, `${base}/consents`, `${base}/withdrawals`]);
  assert.ok(script.asked.every(({ headers }) => headers.authorization === `Bearer ${TOKEN}`));
  assert.deepEqual(script.asked.map(({ headers }) => headers["countenance-holder"]), [undefined, holder.hex(), undefined, undefined]);
  assert.deepEqual(script.asked.slice(1).map(({ body }) => JSON.parse(body)), [{}, { device_key: { id: "AA" } }, { purpose: "verify", permit }]);
  assert.ok(!inspect(link, { depth: 9, showHidden: true }).includes(TOKEN));
  assert.throws(() => new ConsentLink({ url: script.url, link: "a-1", token: " " }), /token of the link/);
});

test("a refusal is not asked again", async () => {
  script.refuses(401, "consent_link_invalid");
  const link = new ConsentLink({ url: script.url, link: "a-1", token: TOKEN });
  await assert.rejects(link.showOwnConsents({ deviceKey: {} }), KeyRefused);
  assert.equal(script.asked.length, 1);
});

test("a passkey signs for consents other words than for a payment", async () => {
  /** @type {any} */
  let asked;
  const bytes = (/** @type {number[]} */ ...of) => Uint8Array.from(of).buffer;
  const get = async (/** @type {any} */ { publicKey }) => {
    asked = publicKey;
    return { id: "AA", response: { clientDataJSON: bytes(2), authenticatorData: bytes(3), signature: bytes(4) } };
  };
  const own = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { credentials: { get } }, configurable: true });
  try {
    const used = await useDeviceKeyForConsents("a-1", { relying_party: "pay.example", nonce: "bm9uY2U" });
    assert.deepEqual(used.response, { clientDataJSON: "Ag", authenticatorData: "Aw", signature: "BA" });
  } finally {
    if (own) Object.defineProperty(globalThis, "navigator", own);
    else delete (/** @type {any} */ (globalThis).navigator);
  }
  const text = "countenance consents 1\nlink: a-1\nnonce: bm9uY2U\n";
  assert.equal(Buffer.from(asked.challenge).toString("hex"), createHash("sha256").update(text).digest("hex"));
  assert.deepEqual([asked.rpId, asked.allowCredentials, asked.userVerification], ["pay.example", [], "required"]);
});

test("a real server shows and withdraws for a holder", { skip }, async () => {
  const client = house.client();
  const holder = await HolderPart.generate();
  await client.addSubject("cleo", { holder });
  await client.grantConsent("cleo", "verify", { textVersion: "1", evidence: new Uint8Array([1]), holder });
  const asked = { audience: SHOP, wayOut: SHOP };
  await assert.rejects(client.openConsentLink("nobody", asked), NotFound);
  await assert.rejects(client.openConsentLink("cleo", asked), Conflict);
  const opened = await client.openConsentLink("cleo", { ...asked, passkey: PASSKEY });
  const link = new ConsentLink({ url: client.url, link: opened.id, token: opened.token });
  await assert.rejects(link.showOwnConsents({ holder: await HolderPart.generate() }), KeyRefused);
  const shown = await link.showOwnConsents({ holder });
  assert.deepEqual(shown.consents.map((one) => one.text_version), ["1"]);
  assert.equal((await link.withdrawOwnConsents("verify", shown.permit)).withdrawn, 1);
  assert.equal((await client.listConsents("cleo")).consents[0].state, "withdrawn");
});
