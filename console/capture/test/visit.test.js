import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, test } from "node:test";
import { Trouble } from "../connection.js";
import { Visit } from "../visit.js";

const soon = () => new Promise((resolve) => setTimeout(resolve, 2));
const begun = [];
afterEach(() => begun.splice(0).forEach((visit) => visit.stop()));

const PASSKEY = { salt: "AAAA", credentials: [] };
const CONSENTS = [
  { number: 0, purpose: "verify", state: "expired", expires: 1, text_version: "1", granted: 0, evidence_sha256: "aa" },
  { number: 1, purpose: "verify", state: "active", expires: 5, text_version: "2", granted: 1, evidence_sha256: "bb" },
  { number: 2, purpose: "payment", state: "active", expires: 9, text_version: "3", granted: 2, evidence_sha256: "cc" },
  { number: 3, purpose: "verify", state: "active", expires: 7, text_version: "4", granted: 3, evidence_sha256: "dd" },
];

function begin(link = { passkey: PASSKEY }, more = {}) {
  const told = { reads: 0, proofs: [], withdrawn: [], asked: [] };
  const connection = {
    read: async () => {
      told.reads += 1;
      return { link: "a-1", ends_in_ms: 60000, audience: "shop", way_out: "https://shop.example/", ...link };
    },
    show: async (proof) => {
      told.proofs.push(proof);
      return { permit: "permit", ends_in_ms: 60000, consents: CONSENTS };
    },
    withdraw: async (purpose, permit) => {
      told.withdrawn.push([purpose, permit]);
      const consents = CONSENTS.map(({ number, purpose: of, state, expires }) => ({ number, purpose: of, expires, state: of === purpose && state === "active" ? "withdrawn" : state }));
      return { withdrawn: 2, consents };
    },
    ...more.connection,
  };
  const views = [];
  const visit = new Visit({
    connection,
    holderPart: async (asked) => {
      told.asked.push(asked);
      return "ab".repeat(32);
    },
    deviceKey: async (asked, challenge) => {
      told.asked.push([asked, Buffer.from(challenge).toString("hex")]);
      return { id: "key" };
    },
    digest: async (text) => createHash("sha256").update(text).digest(),
    changed: (view) => views.push(view),
    ...more.parts,
  });
  begun.push(visit);
  return { visit, told, views, steps: () => views.map(({ step }) => step) };
}

test("nothing is shown before the passkey has answered, and what it gave goes along once", async () => {
  const { visit, told, steps } = begin();
  await visit.load();
  assert.deepEqual([visit.view.step, visit.consents, told.proofs.length], ["ask", null, 0]);
  await visit.show();
  assert.deepEqual(steps(), ["loading", "ask", "passkey", "sending", "list"]);
  assert.deepEqual(told.asked, [PASSKEY]);
  assert.deepEqual(told.proofs, [{ holder: "ab".repeat(32) }]);
  assert.deepEqual([...visit.standing].map(([purpose, entries]) => [purpose, entries.map(({ number }) => number)]), [["verify", [3, 1]], ["payment", [2]]]);
  assert.deepEqual(visit.ended.map(({ number }) => number), [0]);
});

test("a device key signs the words of this very link and of nothing else", async () => {
  const { visit, told } = begin({ device_key: { relying_party: "localhost", nonce: "nonce" } });
  await visit.load();
  await visit.show();
  const words = createHash("sha256").update("countenance consents 1\nlink: a-1\nnonce: nonce\n").digest("hex");
  assert.deepEqual(told.asked, [[{ relying_party: "localhost", nonce: "nonce" }, words]]);
  assert.deepEqual(told.proofs, [{ deviceKey: { id: "key" } }]);
});

test("withdrawing asks first, goes with the permit, and what the holder part opened stays in sight", async () => {
  const { visit, told } = begin();
  await visit.load();
  await visit.show();
  visit.consider("verify");
  assert.deepEqual([visit.view.step, visit.view.purpose, told.withdrawn], ["confirm", "verify", []]);
  visit.keep();
  assert.deepEqual([visit.view.step, told.withdrawn], ["list", []]);
  visit.consider("verify");
  await visit.withdraw();
  assert.deepEqual(told.withdrawn, [["verify", "permit"]]);
  assert.deepEqual([visit.view.step, visit.view.withdrawn], ["list", "verify"]);
  assert.deepEqual([...visit.standing.keys()], ["payment"]);
  assert.equal(visit.ended.find(({ number }) => number === 3).text_version, "4");
});

test("a withdrawal that did not get through is tried again from where it was", async () => {
  let broken = true;
  const done = [];
  const withdraw = async (purpose) => {
    if (broken) throw new Trouble("network");
    done.push(purpose);
    return { withdrawn: 1, consents: [] };
  };
  const { visit } = begin(undefined, { connection: { withdraw } });
  await visit.load();
  await visit.show();
  visit.consider("payment");
  await visit.withdraw();
  assert.deepEqual([visit.view.step, visit.view.trouble], ["trouble", "network"]);
  broken = false;
  await visit.again();
  assert.deepEqual([done, visit.view.step, visit.view.withdrawn], [["payment"], "list", "payment"]);
});

test("a wrong passkey and a link that is over are one trouble, and the next try begins with a new question", async () => {
  const show = async () => {
    throw new Trouble("ticket");
  };
  const { visit, told } = begin(undefined, { connection: { show } });
  await visit.load();
  await visit.show();
  assert.deepEqual([visit.view.step, visit.view.trouble, told.reads], ["trouble", "link", 1]);
  await visit.again();
  assert.deepEqual([visit.view.step, told.reads], ["ask", 2]);
  const over = begin(undefined, { connection: { read: show } });
  await over.visit.load();
  assert.deepEqual([over.visit.view.step, over.visit.view.trouble], ["trouble", "link"]);
});

test("a passkey that was not used is no answer: the question stays", async () => {
  let refused = true;
  const deviceKey = async () => {
    if (refused) throw new Trouble("device_key_refused");
    return { id: "key" };
  };
  const { visit, told } = begin({ device_key: { relying_party: "localhost", nonce: "nonce" } }, { parts: { deviceKey } });
  await visit.load();
  await visit.show();
  assert.deepEqual([visit.view.trouble, told.proofs], ["passkey_refused", []]);
  refused = false;
  await visit.again();
  assert.deepEqual([visit.view.step, told.reads, told.proofs.length], ["list", 1, 1]);
});

test("when the time is up, or the page is left, nothing of the person is kept, and nothing more is shown", async () => {
  const show = async () => ({ permit: "permit", ends_in_ms: 5, consents: CONSENTS });
  const { visit, told, views } = begin(undefined, { connection: { show } });
  await visit.load();
  await visit.show();
  assert.equal(visit.view.step, "list");
  while (visit.view.step === "list") await soon();
  assert.deepEqual([visit.view.step, visit.consents], ["over", null]);
  const left = begin();
  await left.visit.load();
  const proving = left.visit.show();
  left.visit.stop();
  await proving;
  assert.ok(!left.steps().includes("list"));
  assert.equal(left.visit.consents, null);
  const before = views.length;
  visit.consider("verify");
  await visit.withdraw();
  assert.deepEqual([views.length, told.withdrawn], [before, []]);
});
