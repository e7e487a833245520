import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Gate, GUIDANCE, LightGuard, PROMPTS, encodeFrame, fit, frameAsJson, fromBase64Url, paths, readMessage, readRules, ticket, toHex, wayOut,
  money, termsText,
} from "../protocol.js";

const TOKEN = "0lqAbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_Ab";

test("a fragment gives session and token, and anything else gives nothing", () => {
  assert.equal(TOKEN.length, 43);
  assert.deepEqual(ticket(`#a-Jk3vQ2m8Xw0cT5rP1uYs7A.${TOKEN}`), { session: "a-Jk3vQ2m8Xw0cT5rP1uYs7A", token: TOKEN });
  for (const wrong of ["", "#", `#a-Jk3vQ2m8.${TOKEN}x`, `#a-Jk3vQ2m8${TOKEN}`, `#../../x.${TOKEN}`, `#A-Jk3vQ2m8.${TOKEN}`, "#a-Jk3vQ2m8."]) {
    assert.equal(ticket(wrong), null, wrong);
  }
});

test("no address has anything but the session in it", () => {
  assert.deepEqual(paths("a-Jk3vQ2m8"), {
    state: "/v1/capture/a-Jk3vQ2m8",
    consent: "/v1/capture/a-Jk3vQ2m8/consent",
    frames: "/v1/capture/a-Jk3vQ2m8/frames",
  });
  assert.equal(paths("../keys?x").state, "/v1/capture/..%2Fkeys%3Fx");
});

test("a frame is its number and time, little-endian, and the picture", () => {
  const bytes = encodeFrame(258, 0x01020304, Uint8Array.of(0xff, 0xd8, 7));
  assert.deepEqual([...bytes], [2, 1, 0, 0, 4, 3, 2, 1, 0xff, 0xd8, 7]);
  assert.deepEqual(frameAsJson(3, 99, Uint8Array.of(0xff, 0xd8, 0xfb)), { frame: 3, time_ms: 99, picture: "/9j7" });
  const large = new Uint8Array(100000).map((_, at) => at);
  assert.deepEqual(new Uint8Array(Buffer.from(frameAsJson(0, 0, large).picture, "base64")), large);
});

test("base64url and hexadecimal are read and written", () => {
  assert.equal(toHex(fromBase64Url("3q2-7w_A")), "deadbeef0fc0");
  assert.equal(toHex(fromBase64Url("AQ")), "01");
});

test("every message of the spec's example is understood", () => {
  const hello = readMessage(
    '{"type":"hello","ends_in_ms":168000,"frames":{"width":640,"height":480,"max_bytes":131072,"per_second":15,"in_flight":2,"batch":8}}',
  );
  assert.deepEqual(hello.rules, { width: 640, height: 480, max_bytes: 131072, per_second: 15, in_flight: 2, batch: 8 });
  assert.deepEqual(readMessage('{"type":"prompt","id":1,"kind":"hold","window_ms":30000}'), { type: "prompt", id: 1, kind: "hold" });
  assert.deepEqual(readMessage('{"type":"ack","frame":0}'), { type: "ack", frame: 0 });
  assert.deepEqual(readMessage('{"type":"guidance","code":"closer"}'), { type: "guidance", code: "closer" });
  assert.deepEqual(readMessage('{"type":"progress","done":1,"of":6}'), { type: "progress", done: 1, of: 6 });
  const light = readMessage('{"type":"prompt","id":4,"kind":"light","color":"#2040ff","window_ms":400}');
  assert.deepEqual(light, { type: "prompt", id: 4, kind: "light", color: "#2040ff", slow: false });
  assert.equal(readMessage({ type: "prompt", id: 5, kind: "light", color: "#2040ff", window_ms: 700 }).slow, true);
  assert.deepEqual(readMessage({ type: "done", state: "judged" }), { type: "done", state: "judged" });
  assert.deepEqual(readMessage({ type: "error", code: "busy", detail: "x" }), { type: "error", code: "busy" });
});

test("messages, prompts and guidance that are not known are passed over", () => {
  for (const message of [
    "no JSON", "null", "7", "[]", "{}", '{"type":"dance"}', '{"type":"prompt","id":1,"kind":"wink"}', '{"type":"prompt","kind":"hold"}',
    '{"type":"guidance","code":"frown"}', '{"type":"progress","done":1,"of":0}', '{"type":"ack","frame":"0"}', '{"type":"done","state":"won"}',
    '{"type":"prompt","id":1,"kind":"light"}', '{"type":"prompt","id":1,"kind":"light","color":"red;background:url(x)"}', undefined,
  ]) {
    assert.equal(readMessage(message), null, String(message));
  }
  for (const kind of PROMPTS) assert.notEqual(readMessage({ type: "prompt", id: 1, kind, color: "#ffffff" }), null);
  for (const code of GUIDANCE) assert.notEqual(readMessage({ type: "guidance", code }), null);
  assert.equal(readMessage({ type: "progress", done: 9, of: 6, more: 1 }).done, 6);
});

test("rules that are missing or beyond reason do not get through", () => {
  assert.deepEqual(readRules(null), { width: 640, height: 480, max_bytes: 131072, per_second: 15, in_flight: 2, batch: 8 });
  const rules = readRules({ width: 1e9, per_second: -1, in_flight: 1.5, batch: 4 });
  assert.deepEqual([rules.width, rules.per_second, rules.in_flight, rules.batch], [4096, 15, 2, 4]);
});

test("the way out leads to pages and never to scripts", () => {
  assert.equal(wayOut("https://shop.example/other"), "https://shop.example/other");
  assert.equal(wayOut("http://localhost:8080/"), "http://localhost:8080/");
  for (const wrong of ["javascript:alert(1)", "data:text/html,x", "http://shop.example/", "http://localhost.shop.example/", "//x", "", undefined, null]) {
    assert.equal(wayOut(wrong), null, String(wrong));
  }
});

test("a picture is brought within the size either way up, keeps its shape and is never enlarged", () => {
  const rules = { width: 640, height: 480 };
  assert.deepEqual(fit(1280, 720, rules), { width: 640, height: 360 });
  assert.deepEqual(fit(720, 1280, rules), { width: 360, height: 640 });
  assert.deepEqual(fit(480, 640, rules), { width: 480, height: 640 });
  assert.deepEqual(fit(1000, 1000, rules), { width: 480, height: 480 });
  assert.deepEqual(fit(320, 240, rules), { width: 320, height: 240 });
});

test("no more frames are in flight than allowed, and an ack makes room", () => {
  const gate = new Gate({ per_second: 15, in_flight: 2 });
  assert.ok(gate.isOpen(0));
  assert.deepEqual(gate.take(0), { number: 0, time: 0 });
  assert.deepEqual(gate.take(70), { number: 1, time: 70 });
  assert.ok(!gate.isOpen(1000));
  gate.ack(7);
  assert.ok(!gate.isOpen(1000), "an ack of a frame that was never sent makes no room");
  gate.ack(0);
  assert.ok(gate.isOpen(1000));
});

test("frames go no faster than asked for, from a camera of any rate", () => {
  for (const rate of [24, 25, 30, 50, 60, 120]) {
    const gate = new Gate({ per_second: 15, in_flight: 2 });
    let sent = 0;
    for (let at = 0; at < 10 * rate; at += 1) {
      const now = (at * 1000) / rate + (at % 3);
      if (!gate.isOpen(now)) continue;
      gate.ack(gate.take(now).number);
      sent += 1;
    }
    assert.ok(sent <= 162, `${rate} gave ${sent} in 10 s`);
    assert.ok(sent >= 115, `${rate} gave ${sent} in 10 s`);
  }
});

test("a camera as fast as asked for loses no frame because it jitters", () => {
  const gate = new Gate({ per_second: 15, in_flight: 2 });
  const times = Array.from({ length: 150 }, (_, at) => (at * 1000) / 15 + 12 * Math.sin(7 * at));
  const sent = times.filter((now) => gate.isOpen(now) && (gate.ack(gate.take(now).number), true));
  assert.equal(sent.length, times.length);
});

test("after a pause frames do not go in a heap", () => {
  const gate = new Gate({ per_second: 15, in_flight: 9 });
  gate.take(0);
  const sent = [];
  for (let now = 5000; now < 6000; now += 4) {
    if (!gate.isOpen(now)) continue;
    gate.ack(gate.take(now).number);
    sent.push(now);
  }
  assert.ok(sent.length <= 16, `${sent.length} in a second`);
  for (const [at, now] of sent.slice(1).entries()) assert.ok(now - sent[at] >= 32, sent.join());
});

test("numbers and times rise even where the clock does not", () => {
  const gate = new Gate({ per_second: 15, in_flight: 9 });
  const places = [5, 5.2, 5.4, 4, 100].map((now) => gate.take(now));
  assert.deepEqual(places.map(({ number }) => number), [0, 1, 2, 3, 4]);
  assert.deepEqual(places.map(({ time }) => time), [5, 6, 7, 8, 100]);
});

test("who asked for slow light gets one flash a second, and nobody gets more than three", () => {
  const calm = new LightGuard(true);
  const shown = [];
  for (let at = 0; at < 3000; at += 50) if (calm.allows(`#0000${(at / 50 + 16).toString(16)}`, at)) shown.push(at);
  assert.ok(shown.length >= 5);
  for (const from of shown) assert.ok(shown.filter((at) => at >= from && at < from + 1000).length <= 2, shown.join());
  // As the server sends them.
  const slow = new LightGuard(true);
  for (const [at, color] of [[0, "#ff0000"], [720, "#00ff00"], [1400, "#0000ff"]]) assert.ok(slow.allows(color, at));
  const guard = new LightGuard(false);
  // As the server sends them, with a network that brings them unevenly.
  for (const [at, color] of [[0, "#ff0000"], [250, "#00ff00"], [800, "#0000ff"], [1200, "#ff0000"], [1500, "#00ff00"]]) assert.ok(guard.allows(color, at));
  // A server that flashes twenty times a second, seen through any second of two.
  const wild = new LightGuard(false);
  const changes = [];
  let screen = null;
  for (let at = 0; at < 2000; at += 50) {
    const color = (at / 50) % 2 ? "#ffffff" : "#000000";
    if (!wild.allows(color, at) || color === screen) continue;
    screen = color;
    changes.push(at);
  }
  assert.ok(changes.length >= 5);
  for (const from of changes) assert.ok(changes.filter((at) => at >= from && at < from + 1000).length <= 5, changes.join());
});

const PAYMENT = {
  id: "p-BwcHBwcHBwcHBwcHBwcHBw", amount: 1250, currency: "EUR", digits: 2, payee: "Café Ana", order: "2026-1138", expires: 1800000600,
};

test("the terms of a payment are written as the specification says, and what could break a line is not written", () => {
  const text = "countenance payment 1\nid: p-BwcHBwcHBwcHBwcHBwcHBw\namount: 1250\ncurrency: EUR\npayee: Café Ana\norder: 2026-1138\nexpires: 1800000600\n";
  assert.equal(termsText(PAYMENT), text);
  for (const wrong of [{ payee: "Ana\namount: 1" }, { payee: "" }, { payee: 7 }, { amount: 12.5 }, { amount: "1250" }, { amount: 2 ** 60 }, { expires: -1 }, { order: "\u0085" }]) {
    assert.equal(termsText({ ...PAYMENT, ...wrong }), null, JSON.stringify(wrong));
  }
});

test("an amount is written as the language writes it, with the digits that the server names", () => {
  const plain = (text) => text.replaceAll(/\s/g, " ");
  assert.equal(plain(money(PAYMENT, "en")), "€12.50");
  assert.equal(plain(money(PAYMENT, "de")), "12,50 €");
  assert.equal(plain(money({ amount: 1250, currency: "JPY", digits: 0 }, "en")), "¥1,250");
  assert.equal(plain(money({ amount: 1, currency: "KWD", digits: 3 }, "en")), "KWD 0.001");
  assert.equal(plain(money({ amount: 999999999999, currency: "EUR", digits: 2 }, "en")), "€9,999,999,999.99");
});
