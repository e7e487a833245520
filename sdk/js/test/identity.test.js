// Identity checks: what is asked, what is answered.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Countenance, NotFound, RequestRefused } from "countenance";
import { House, Script, skip } from "./house.js";

const ASKED = { case: "1138", audience: "https://desk.example", nonce: "n".repeat(22), wayOut: "https://desk.example/counter" };
const CHECKS = { zone: "clear", format: "TD3", check_digits: "passed", expired: false };

let script;
let house;
before(async () => {
  if (!skip) house = await House.start();
});
after(() => house?.stop());
beforeEach(async () => {
  script = await Script.start();
});
afterEach(() => script.stop());

async function parts({ headers, body }) {
  const form = await new Response(body, { headers: { "content-type": headers["content-type"] } }).formData();
  const found = {};
  for (const [name, value] of form) found[name] = typeof value === "string" ? value : await value.text();
  return found;
}

test("a document is shown with what was named and nothing else", async () => {
  const opened = { id: "a-1", token: "t".repeat(43), state: "created", expires: 1 };
  script.says(201, JSON.stringify({ checks: CHECKS, session: opened }));
  script.says(200, JSON.stringify({ cause: "no_face", checks: { zone: "absent", check_digits: "absent" } }));
  const client = new Countenance({ url: script.url, key: "cnt_0123_secret", collection: "door" });
  const looked = await client.openDocument(new TextEncoder().encode("one picture"), { ...ASKED, lastsS: 60, strict: true });
  const again = await client.openDocument(new TextEncoder().encode("another"), ASKED);
  assert.deepEqual([looked.checks, looked.session], [CHECKS, opened]);
  assert.deepEqual([again.cause, again.session], ["no_face", undefined]);
  const { wayOut, ...rest } = ASKED;
  const given = { ...rest, way_out: wayOut };
  assert.deepEqual(script.asked.map(({ method, url }) => `${method} ${url}`), Array(2).fill("POST /v1/documents?collection=door"));
  assert.deepEqual(await parts(script.asked[0]), { picture: "one picture", ...given, lasts_s: "60", strict: "true" });
  assert.deepEqual(await parts(script.asked[1]), { picture: "another", ...given });
  assert.ok(script.asked.every(({ headers }) => !("idempotency-key" in headers)));
});

test("a real server looks at documents", { skip }, async () => {
  const client = house.client();
  const looked = await client.openDocument(house.photo("obama.jpg"), ASKED);
  assert.deepEqual(looked.checks, { zone: "absent", check_digits: "absent" });
  const shown = await client.showSession(looked.session.id);
  assert.deepEqual([shown.kind, shown.state, shown.result], ["document", "created", undefined]);
  const strict = await client.openDocument(house.photo("obama.jpg"), { ...ASKED, strict: true });
  assert.deepEqual([strict.cause, strict.session], ["zone_not_trusted", undefined]);
  await assert.rejects(client.openDocument(new TextEncoder().encode("no picture"), ASKED), RequestRefused);
  await assert.rejects(client.openDocument(house.photo("obama.jpg"), { ...ASKED, collection: "none" }), NotFound);
});
