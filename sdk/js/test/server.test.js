// What a program does with a real server.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { ConsentMissing, HolderPart, KeyRefused, NotFound, RequestRefused } from "countenance";
import { House, skip } from "./house.js";

let house;
let client;
before(async () => {
  if (skip) return;
  house = await House.start();
  client = house.client();
});
after(() => house?.stop());

test("two photos of one person are accepted and of two people rejected", { skip }, async () => {
  const [one, other, stranger] = ["obama.jpg", "obama2.jpg", "biden.jpg"].map((name) => house.photo(name));
  const answer = await client.compare(one, new Blob([await readFile(other)]));
  assert.equal(answer.decision, "accept");
  assert.ok(answer.score >= answer.threshold);
  assert.equal((await client.compare(await readFile(one), pathToFileURL(other))).decision, "accept");
  const file = await open(other);
  assert.equal((await client.compare(one, file)).decision, "accept");
  await file.close();
  assert.equal((await client.compare(one, stranger)).decision, "reject");
});

test("faces are found where they are", { skip }, async () => {
  const found = await client.detect(house.photo("obama.jpg"));
  assert.equal(found.faces.length, 1);
  const [face] = found.faces;
  assert.ok(face.area.x > 0 && face.area.x + face.area.width < found.width);
  assert.equal(face.landmarks.length, 5);
});

test("a picture that is none is refused with what is wrong", { skip }, async () => {
  await assert.rejects(client.detect(new TextEncoder().encode("no picture")), (error) => {
    assert.ok(error instanceof RequestRefused);
    assert.deepEqual([error.status, error.code], [422, "picture_invalid"]);
    assert.ok(error.detail.includes("picture") && error.requestId);
    return true;
  });
});

test("a person agrees, is enrolled, verified, exported and erased", { skip }, async () => {
  const [one, other, stranger] = ["obama.jpg", "obama2.jpg", "biden.jpg"].map((name) => house.photo(name));
  const id = "ana/ä 1";
  assert.equal((await client.addSubject(id)).kind, "operator_key");
  await assert.rejects(client.enrollFaces(id, [one]), ConsentMissing);
  const form = new TextEncoder().encode("a signed form");
  const consent = await client.grantConsent(id, "verify", { textVersion: "2026-01 en", evidence: form, days: 30 });
  assert.equal(consent.evidence_sha256, createHash("sha256").update(form).digest("hex"));
  assert.equal((await client.enrollFaces(id, [one])).outcome, "enrolled");
  const again = await client.enrollFaces(id, [one, other], { replace: true });
  assert.deepEqual([again.outcome, again.templates, again.replaced], ["enrolled", 2, 1]);
  const accepted = await client.verifySubject(id, other);
  assert.equal(accepted.decision, "accept");
  assert.equal((await client.verifySubject(id, stranger)).decision, "reject");
  assert.equal((await client.verifySubject("nobody", other)).decision, "reject");
  assert.equal((await client.listConsents(id)).consents[0].state, "active");
  const everybody = [];
  for await (const entry of client.subjects()) everybody.push(entry.id);
  assert.ok(everybody.includes(id));
  assert.equal((await client.exportSubject(id)).templates.length, 2);
  const proof = await client.auditInclusion(accepted.detail.leaf);
  assert.ok(proof.size <= (await client.auditCheckpoint()).size);
  assert.equal((await client.auditConsistency(proof.size)).older_root, proof.root);
  assert.equal((await client.withdrawConsents(id, { purpose: "verify" })).withdrawn, 1);
  assert.equal((await client.verifySubject(id, other)).decision, "reject");
  assert.ok((await client.eraseSubject(id)).receipt);
  await assert.rejects(client.showSubject(id), (error) => error instanceof NotFound && error.code === "subject_unknown");
});

test("a holder-bound person is verified with their part and not without", { skip }, async () => {
  const holder = await HolderPart.generate();
  const [one, other] = [house.photo("obama.jpg"), house.photo("obama2.jpg")];
  assert.equal((await client.addSubject("held", { holder })).kind, "holder_bound");
  await client.grantConsent("held", "verify", { textVersion: "1", evidenceSha256: "00".repeat(32), holder });
  assert.equal((await client.enrollFaces("held", [one], { holder })).outcome, "enrolled");
  assert.equal((await client.verifySubject("held", other, { holder })).decision, "accept");
  assert.equal((await client.verifySubject("held", other)).decision, "reject");
  assert.equal((await client.verifySubject("held", other, { holder: await HolderPart.generate() })).decision, "reject");
});

test("keys are made narrower, listed and revoked", { skip }, async () => {
  const made = await client.createKey(["compare"], { days: 1, daily: 100 });
  assert.ok((await client.listKeys()).keys.some(({ id }) => id === made.id));
  const narrow = house.client({ key: made.key });
  const answer = await narrow.compare(house.photo("obama.jpg"), house.photo("obama2.jpg"));
  assert.deepEqual([answer.decision, answer.score], ["accept", undefined]);
  await assert.rejects(narrow.listKeys(), (error) => error instanceof KeyRefused && error.code === "scope_missing");
  assert.equal(await client.revokeKey(made.id), undefined);
  await assert.rejects(narrow.detect(house.photo("obama.jpg")), KeyRefused);
});

test("a refusal is told though the server closes before it has read the picture", { skip }, async () => {
  const wrong = house.client({ key: "countenance_0_0", retries: 0 });
  const large = new Uint8Array(8 << 20).fill(1);
  for (let i = 0; i < 20; i += 1) await assert.rejects(wrong.detect(large), KeyRefused);
});

test("pages of subjects are walked through, in the collection that is meant", { skip }, async () => {
  for (let i = 0; i < 3; i += 1) await client.addSubject(`page-${i}`);
  const page = await client.listSubjects({ limit: 2 });
  assert.equal(page.subjects.length, 2);
  const rest = await client.listSubjects({ after: page.next, limit: 1000 });
  let count = 0;
  for await (const _ of client.subjects()) count += 1;
  assert.equal(count, page.subjects.length + rest.subjects.length);
  const elsewhere = house.client({ collection: "elsewhere" });
  await assert.rejects(elsewhere.listSubjects(), (error) => error.code === "collection_unknown");
  assert.ok(await elsewhere.listSubjects({ collection: "default" }));
});

test("a member of a collection is found and nobody else", { skip }, async () => {
  const made = await client.setCollection("hall", { fmr: 1e-5, fpir: 1e-3 });
  assert.deepEqual([made.name, made.fpir, made.answers], ["hall", 1e-3, "accept"]);
  assert.equal((await client.setCollection("hall", { margin: 0.1 })).margin, 0.1);
  assert.equal((await client.showCollection("hall")).fpir, 1e-3);
  assert.ok((await client.listCollections()).collections.some(({ name }) => name === "hall"));
  const door = house.client({ collection: "hall" });
  for (const [name, purpose, photo] of [["eve", "identify", "obama.jpg"], ["finn", "verify", "biden.jpg"]]) {
    await door.addSubject(name);
    await door.grantConsent(name, purpose, { textVersion: "1", evidenceSha256: "00".repeat(32) });
    await door.enrollFaces(name, [house.photo(photo)]);
  }
  const found = await door.identifyMember("hall", house.photo("obama2.jpg"));
  assert.deepEqual([found.decision, found.subject, found.detail.members], ["accept", "eve", 1]);
  // Finn agreed to be verified, and not to be searched for.
  assert.equal((await door.identifyMember("hall", house.photo("biden.jpg"))).decision, "reject");
  const members = [];
  for await (const member of door.members("hall")) members.push(member.id);
  assert.deepEqual(members, ["eve"]);
  await door.withdrawConsents("eve", { purpose: "identify" });
  assert.equal((await door.identifyMember("hall", house.photo("obama2.jpg"))).decision, "reject");
});

test("what is public is answered without a key", { skip }, async () => {
  const anybody = house.client({ key: undefined });
  assert.equal((await anybody.healthz()).status, "ok");
  assert.equal((await anybody.readyz()).status, "ok");
  assert.ok((await anybody.policy()).attempts.limit > 0);
  assert.equal((await anybody.jwks()).keys[0].crv, "Ed25519");
  assert.match((await anybody.openapi()).openapi, /^3\.1/);
  assert.match(await anybody.reference(), /<html/);
  assert.match(await client.metrics(), /countenance_requests/);
});
