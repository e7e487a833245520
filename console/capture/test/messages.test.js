import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { cameraTrouble } from "../camera.js";
import { catalogue, choose, direction, languages } from "../messages/index.js";
import en from "../messages/en.js";
import { GUIDANCE, PROMPTS, money } from "../protocol.js";

const gaps = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

for (const language of Object.keys(languages)) {
  test(`the catalogue ${language} has every text, with the same gaps, and none that nobody asks for`, async () => {
    const texts = (await import(`../messages/${language}.js`)).default;
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(en).sort());
    for (const [key, text] of Object.entries(texts)) {
      assert.deepEqual(gaps(text), gaps(en[key]), key);
      assert.ok(text !== "" || key === "guide_ok", key);
    }
  });
}

test("everything that can come has words", () => {
  for (const kind of PROMPTS) assert.ok(en[kind], kind);
  for (const code of GUIDANCE) assert.ok(`guide_${code}` in en, code);
  const sources = ["camera.js", "passkey.js", "connection.js", "check.js", "capture.js", "consents.js", "visit.js"].map((name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8")).join("");
  const codes = [...sources.matchAll(/Trouble\("(\w+)"/g)].map(([, code]) => code);
  for (const [, text] of sources.matchAll(/return "(camera_\w+)"/g)) codes.push(text);
  for (const [, text] of sources.matchAll(/\) return "(\w+)";/g)) codes.push(text);
  assert.ok(codes.length > 15, codes.join());
  // "over" is never shown: the session is read again and says how it ended.
  for (const code of codes.filter((code) => code !== "over")) {
    assert.ok(en[`trouble_${code}`], code);
    assert.ok(en[`trouble_${code}_text`], code);
  }
  // The page of one's own consents says otherwise what is about passkeys there.
  const visit = readFileSync(new URL("../visit.js", import.meta.url), "utf8");
  const called = Object.fromEntries([.../const SAME = {(.*)};/.exec(visit)[1].matchAll(/(\w+): "(\w+)"/g)].map(([, from, to]) => [from, to]));
  assert.ok(Object.keys(called).length > 3, called);
  const shown = [...sources.matchAll(/Trouble\("(\w+)"/g)].map(([, code]) => called[code] ?? code).filter((code) => code.startsWith("passkey"));
  for (const code of new Set([...shown, called.ticket])) {
    assert.ok(en[`own_trouble_${code}`], code);
    assert.ok(en[`own_trouble_${code}_text`], code);
  }
});

test("every text is asked for somewhere", () => {
  const sources = ["capture.js", "check.js", "camera.js", "passkey.js", "connection.js", "protocol.js", "consents.js", "visit.js"]
    .map((name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8"))
    .join("");
  for (const key of Object.keys(en).filter((key) => key !== "language")) {
    const name = key.replace(/^(guide|trouble|calm|own_trouble|own_state|own)_/, "").replace(/_(text|more|stops)$/, "");
    assert.ok(sources.includes(`"${key}"`) || sources.includes(`"${name}"`) || name === "unknown", key);
  }
});

test("a language is found by its base, and without one it is English", () => {
  assert.equal(choose(["de-AT", "en"]), "de");
  assert.equal(choose(["pt-BR", "en"]), "pt");
  assert.equal(choose(["fi", "DE"]), "de");
  assert.equal(choose(["fi"]), "en");
  assert.equal(choose(["__proto__", "constructor"]), "en");
  assert.equal(choose([]), "en");
});

test("every language has its catalogue, and every catalogue its language", () => {
  const files = readdirSync(new URL("../messages/", import.meta.url)).filter((name) => name !== "index.js");
  assert.deepEqual(files.map((name) => name.replace(".js", "")).sort(), Object.keys(languages).sort());
  assert.deepEqual(Object.keys(languages).filter((language) => direction(language) === "rtl"), ["ar"]);
});

test("an amount is written as its reader writes it, in every language with the digits of the server", () => {
  const written = Object.keys(languages).map((language) => [language, money({ amount: 123456, currency: "EUR", digits: 2 }, language)]);
  const digits = (text) => text.replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x660)).replace(/\D/g, "");
  for (const [language, text] of written) {
    assert.equal(digits(text), "123456", language);
    assert.match(text, /€/, language);
  }
  const { de, en, fr, ja } = Object.fromEntries(written);
  assert.deepEqual([de, en, fr, ja], ["1.234,56\u00a0€", "€1,234.56", "1\u202f234,56\u00a0€", "€1,234.56"]);
  assert.equal(digits(money({ amount: 1250, currency: "JPY", digits: 0 }, "ar")), "1250");
});

test("a name in other letters turns nothing around where texts run from right to left", async () => {
  const say = await catalogue("ar");
  assert.equal(say("own_back", { audience: "https://shop.example" }), "العودة إلى \u2068https://shop.example\u2069");
});

test("gaps are filled with what is given, once, and what is given is no pattern", async () => {
  const say = await catalogue("de");
  assert.equal(say("asks", { audience: "{audience} $& <b>" }), "{audience} $& <b> fragt");
  assert.equal(say("progress", { done: 1, of: 4 }), "Schritt 1 von 4");
  assert.equal(say("no such key"), "");
});

test("each refusal of a browser is told from the others", () => {
  const names = ["NotAllowedError", "NotFoundError", "NotReadableError", "OverconstrainedError", "TypeError", undefined];
  const told = names.map((name) => cameraTrouble({ name }));
  assert.deepEqual(told, ["camera_denied", "camera_none", "camera_in_use", "camera_none", "camera_unsupported", "camera_unsupported"]);
});
