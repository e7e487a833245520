import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, test } from "node:test";
import { Check } from "../check.js";
import { Trouble } from "../connection.js";

const TEXT = "shop asks\nOpen the door\n\nYou can stop.";
const SHA = createHash("sha256").update(TEXT).digest("hex");
const soon = () => new Promise((resolve) => setTimeout(resolve, 2));

/** Their clocks would keep the process for a minute. */
const begun = [];
afterEach(() => begun.splice(0).forEach((check) => check.stop()));

/** A check with parts that do nothing but tell what they were asked. */
function begin(session = {}, more = {}) {
  const told = { agreed: [], cameras: [], declined: 0, lines: [], reads: 0 };
  const state = {
    session: "a-1", kind: "verify", state: "created", ends_in_ms: 60000, audience: "shop", way_out: "https://shop.example/",
    consent: { text: TEXT, sha256: SHA }, ...session,
  };
  const line = (kind) => (heard, closed) => {
    const made = { kind, heard, greeted: false, sent: [], closed: false };
    made.isReady = () => !made.closed;
    made.send = (time) => made.sent.push(time);
    made.close = () => {
      if (made.closed) return;
      made.closed = true;
      closed(null);
    };
    made.breaks = () => {
      made.closed = true;
      closed("network");
    };
    told.lines.push(made);
    return made;
  };
  const connection = {
    read: async () => {
      told.reads += 1;
      return { ...state };
    },
    agree: async (consent) => {
      told.agreed.push(consent);
      state.state = "capturing";
      return { state: "capturing" };
    },
    decline: async () => {
      told.declined += 1;
    },
    socketLine: line("socket"),
    postLine: line("post"),
    ...more.connection,
  };
  const views = [];
  const check = new Check({
    connection,
    openCamera: async (rules) => {
      const camera = { rules, closed: false, close: () => (camera.closed = true), watch: (taken) => (camera.taken = taken), picture: async () => Uint8Array.of(1) };
      told.cameras.push(camera);
      return camera;
    },
    holderPart: async () => "ab".repeat(32),
    deviceKey: async () => {
      throw new Error("no device key was asked for");
    },
    digest: async (text) => createHash("sha256").update(text).digest(),
    now: () => 0,
    wait: async () => {},
    changed: (view) => views.push(view),
    ...more.parts,
  });
  begun.push(check);
  return { check, told, views, state };
}

test("consent comes first: no camera is asked for and no line opened before it", async () => {
  const { check, told } = begin();
  await check.load();
  assert.equal(check.view.step, "consent");
  assert.deepEqual([told.cameras.length, told.lines.length], [0, 0]);
  check.agree({ calm: false });
  await soon();
  assert.deepEqual(told.agreed, [{ sha256: SHA, calm: false }]);
  assert.equal(told.cameras.length, 1);
  assert.equal(check.view.step, "capturing");
  check.stop();
});

test("a consent that the server refuses opens no camera", async () => {
  const agree = async () => {
    throw new Trouble("refused");
  };
  const { check, told } = begin({}, { connection: { agree } });
  await check.load();
  await check.agree({ calm: false });
  assert.deepEqual([check.view.step, check.view.trouble, told.cameras.length], ["trouble", "refused", 0]);
  await check.again();
  assert.deepEqual([check.view.step, told.reads], ["consent", 2], "the text is read and shown anew");
  check.stop();
});

test("a text whose digest is another is not agreed to", async () => {
  const { check, told } = begin({ consent: { text: `${TEXT} `, sha256: SHA } });
  await check.load();
  assert.deepEqual([check.view.step, check.view.trouble], ["trouble", "refused"]);
  assert.equal(told.agreed.length, 0);
  check.stop();
});

test("the holder part is obtained where a passkey is asked for, and only there", async () => {
  const { check, told, views } = begin({ passkey: { salt: "", credentials: [] } });
  await check.load();
  check.agree({ calm: true });
  await soon();
  assert.deepEqual(told.agreed, [{ sha256: SHA, calm: true, holder: "ab".repeat(32) }]);
  assert.ok(views.some(({ step }) => step === "passkey"));
  check.stop();
});

test("a missing passkey is said and sends nothing; trying again asks for it again", async () => {
  let tries = 0;
  const holder = async () => {
    tries += 1;
    if (tries === 1) throw new Trouble("passkey_refused");
    return "cd".repeat(32);
  };
  const { check, told } = begin({ passkey: { salt: "", credentials: [] } }, { parts: { holderPart: holder } });
  await check.load();
  await check.agree({ calm: false });
  assert.deepEqual([check.view.trouble, check.view.mendable, told.agreed.length], ["passkey_refused", true, 0]);
  check.again();
  await soon();
  assert.equal(told.agreed[0].holder, "cd".repeat(32));
  check.stop();
});

test("a device key signs the session, the nonce and the digest of what is shown, before anything is sent, and is not gone without", async () => {
  const payment = { id: "p-1", amount: 1250, currency: "EUR", digits: 2, payee: "Ana", order: "7", expires: 1800000600 };
  const sha256 = (text) => createHash("sha256").update(text).digest();
  const terms = "countenance payment 1\nid: p-1\namount: 1250\ncurrency: EUR\npayee: Ana\norder: 7\nexpires: 1800000600\n";
  const shown = sha256(terms).toString("hex");
  let tries = 0;
  const asked = [];
  const device = async (...of) => {
    asked.push(of);
    tries += 1;
    if (tries === 1) throw new Trouble("device_key_refused");
    return { id: "AA", response: {} };
  };
  const device_key = { relying_party: "pay.example", nonce: "Tm9uY2U" };
  const { check, told } = begin({ session: "a-1", kind: "payment", payment, device_key }, { parts: { deviceKey: device } });
  await check.load();
  await check.agree({ calm: false });
  assert.deepEqual([check.view.trouble, check.view.mendable, told.agreed.length, told.cameras.length], ["device_key_refused", true, 0, 0]);
  check.again();
  await soon();
  assert.deepEqual(told.agreed, [{ sha256: SHA, calm: false, shown_sha256: shown, device_key: { id: "AA", response: {} } }]);
  const wanted = sha256(`countenance device key 1\nsession: a-1\nnonce: Tm9uY2U\nshown: ${shown}\n`);
  assert.deepEqual(asked.map(([of, challenge]) => [of.relying_party, Buffer.from(challenge).equals(wanted)]), [["pay.example", true], ["pay.example", true]]);
  check.stop();
});

test("prompts, guidance and progress are shown, light as the person chose", async () => {
  for (const calm of [false, true]) {
    const { check, told } = begin();
    await check.load();
    check.agree({ calm });
    await soon();
    const [line] = told.lines;
    line.heard({ type: "prompt", id: 1, kind: "smile" });
    line.heard({ type: "guidance", code: "closer" });
    line.heard({ type: "progress", done: 1, of: 4 });
    assert.deepEqual([check.view.prompt, check.view.guidance, check.view.done, check.view.of], ["smile", "closer", 1, 4]);
    line.heard({ type: "prompt", id: 2, kind: "light", color: "#ff0000", slow: false });
    assert.deepEqual([check.view.color, check.view.slow], ["#ff0000", calm], "slow for who chose that, whatever the server says");
    for (const color of ["#00ff00", "#0000ff"]) line.heard({ type: "prompt", id: 3, kind: "light", color, slow: false });
    assert.equal(check.view.color, calm ? "#00ff00" : "#0000ff", "two changes in a second are enough for them");
    line.heard({ type: "prompt", id: 3, kind: "hold" });
    assert.deepEqual([check.view.prompt, check.view.color], ["hold", null]);
    check.stop();
  }
});

test("pictures go one at a time, and none is taken when the line is not ready", async () => {
  const { check, told } = begin();
  await check.load();
  check.agree({ calm: false });
  await soon();
  const [camera] = told.cameras;
  const [line] = told.lines;
  let ready = true;
  line.isReady = () => ready;
  camera.taken(1);
  camera.taken(2);
  await soon();
  ready = false;
  camera.taken(3);
  await soon();
  assert.deepEqual(line.sent, [1]);
  check.stop();
});

test("the end closes the camera and says only how the session stands", async () => {
  for (const state of ["judged", "canceled", "expired"]) {
    const { check, told } = begin();
    await check.load();
    check.agree({ calm: false });
    await soon();
    told.lines[0].heard({ type: "done", state });
    await soon();
    assert.equal(check.view.step, state);
    assert.ok(told.cameras[0].closed && told.lines[0].closed);
  }
});

test("the way out stops everything at once and is told to the server", async () => {
  const { check, told } = begin();
  await check.load();
  check.agree({ calm: false });
  await soon();
  const leaving = check.decline();
  assert.ok(told.cameras[0].closed && told.lines[0].closed);
  assert.equal(check.view.step, "declined");
  await leaving;
  assert.equal(told.declined, 1);
  told.cameras[0].taken(9);
  await soon();
  assert.deepEqual(told.lines[0].sent, []);
});

test("a line that breaks is opened anew; sockets that never answer are given up for requests, and all of it ends", async () => {
  const { check, told } = begin();
  await check.load();
  check.agree({ calm: false });
  await soon();
  told.lines[0].heard({ type: "prompt", id: 1, kind: "smile" });
  told.lines[0].breaks();
  await soon();
  assert.deepEqual([check.view.prompt, check.view.guidance], [null, "again"]);
  told.lines[1].breaks();
  await soon();
  told.lines[2].breaks();
  await soon();
  told.lines[3].breaks();
  await soon();
  assert.deepEqual(told.lines.map(({ kind }) => kind), ["socket", "socket", "post", "post", "post"]);
  assert.equal(told.cameras.length, 1);
  told.lines[4].breaks();
  await soon();
  assert.deepEqual([check.view.step, check.view.trouble, check.view.mendable], ["trouble", "network", true]);
  assert.ok(told.cameras[0].closed);
  check.stop();
});

test("a session that ended elsewhere is shown as it ended", async () => {
  for (const [state, step] of [["judged", "judged"], ["fetched", "judged"], ["canceled", "canceled"], ["expired", "expired"]]) {
    const { check, told } = begin({ state });
    await check.load();
    assert.equal(check.view.step, step);
    assert.equal(told.cameras.length, 0);
  }
  const started = begin({ state: "capturing" });
  await started.check.load();
  assert.deepEqual([started.check.view.step, started.check.view.resumed, started.told.cameras.length], ["consent", true, 0]);
  started.check.resume();
  await soon();
  assert.equal(started.told.cameras.length, 1);
  assert.equal(started.told.agreed.length, 0);
  started.check.stop();
});

test("a camera that goes away is said, and trying again needs no second consent", async () => {
  const { check, told } = begin();
  await check.load();
  check.agree({ calm: false });
  await soon();
  told.cameras[0].lost();
  await soon();
  assert.deepEqual([check.view.trouble, told.cameras[0].closed], ["camera_lost", true]);
  check.again();
  await soon();
  assert.deepEqual([told.cameras.length, told.agreed.length, check.view.step], [2, 1, "capturing"]);
  check.stop();
});

test("time runs out on the page too", async () => {
  const { check } = begin({ ends_in_ms: 1 }, {});
  const real = globalThis.setTimeout;
  globalThis.setTimeout = (what, ms) => real(what, ms > 900 ? 1 : ms);
  try {
    await check.load();
    await soon();
    await soon();
    assert.equal(check.view.step, "expired");
  } finally {
    globalThis.setTimeout = real;
  }
});

test("of a payment the digest of what is shown goes with the consent, and one that cannot be written is not agreed to", async () => {
  const payment = { id: "p-1", amount: 1250, currency: "EUR", digits: 2, payee: "Ana", order: "7", expires: 1800000600 };
  const right = begin({ kind: "payment", payment });
  await right.check.load();
  right.check.agree({ calm: true });
  await soon();
  const terms = "countenance payment 1\nid: p-1\namount: 1250\ncurrency: EUR\npayee: Ana\norder: 7\nexpires: 1800000600\n";
  const shown = createHash("sha256").update(terms).digest("hex");
  assert.deepEqual(right.told.agreed, [{ sha256: SHA, calm: true, shown_sha256: shown }]);
  right.check.stop();

  const wrong = begin({ kind: "payment", payment: { ...payment, payee: "Ana\namount: 1" } });
  await wrong.check.load();
  await wrong.check.agree({ calm: true });
  assert.deepEqual([wrong.check.view.step, wrong.check.view.trouble, wrong.told.agreed], ["trouble", "refused", []]);
  assert.equal(wrong.told.cameras.length, 0);
});
