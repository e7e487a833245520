// The page on a real server, as tests/capture/run.sh PROGRAM starts it: what one says the other understands. The camera is a drawing, so
// nobody is found in it: what the challenge makes of faces is tested where faces are.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { chromium, freePort, instead, launch, until } from "./browser.js";
import { agree, inside, SIZES, step } from "./pictures.js";

const { COUNTENANCE } = process.env;
const driver = await import("playwright-core").then(() => true, () => false);
const skip = !COUNTENANCE ? "COUNTENANCE names no program" : !chromium ? "no Chromium here" : !driver ? "playwright-core is not here" : false;

describe("the page on a real server", { skip, concurrency: 1 }, () => {
  let browser;
  let folder;
  let process_;
  let base;
  let key;
  let output = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "countenance-capture-"));
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("COUNTENANCE")));
    const port = await freePort();
    const pays = ["--payment-limits", "EUR=5000/20000", "--relying-party", "localhost", "--device-key-origins", `http://localhost:${port}`];
    process_ = spawn(COUNTENANCE, ["serve", "--data", "vault", "--listen", `127.0.0.1:${port}`, "--log", "debug", ...pays], { cwd: folder, env });
    process_.stderr.on("data", (text) => {
      output += text;
    });
    for await (const line of createInterface({ input: process_.stdout })) {
      output += `${line}\n`;
      base = /https?:\/\/\S+/.exec(line)?.[0]?.replace("127.0.0.1", "localhost");
      if (base) break;
    }
    process_.stdout.on("data", (text) => {
      output += text;
    });
    assert.ok(base, `the server does not start: ${output}`);
    key = (await readFile(join(folder, "vault.admin-key"), "utf8")).trim();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    process_?.kill();
    if (process_ && process_.exitCode === null) await once(process_, "exit");
    await rm(folder, { recursive: true, force: true });
  });

  const ask = async (path, method = "GET", body = undefined) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const reply = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await reply.text();
    assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };

  async function visit(asked = {}, sockets = true, locale = "en-US") {
    const opened = await ask("/v1/sessions", "POST", {
      kind: "presence", audience: "https://shop.example", nonce: "pb3N0x5qQmWq8o1vJz2r7g", approve: "Open the <b>door</b>\nof laboratory 3",
      way_out: `${base}/policy`, ...asked,
    });
    const context = await browser.newContext({ viewport: SIZES.phone, locale, reducedMotion: "no-preference" });
    const page = await context.newPage();
    const said = [];
    const foreign = [];
    page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => said.push(JSON.parse(payload))));
    page.on("request", (request) => !request.url().startsWith(base) && foreign.push(request.url()));
    await page.addInitScript(instead);
    if (!sockets) {
      await page.addInitScript(() => {
        globalThis.WebSocket = class {
          constructor() {
            throw new DOMException("no", "SecurityError");
          }
        };
      });
    }
    await page.goto(`${base}/capture#${opened.id}.${opened.token}`);
    await until(async () => (await step(page).catch(() => null)) === "consent", "consent");
    const close = async () => {
      assert.deepEqual([await page.evaluate(() => globalThis.violations), foreign], [[], []]);
      assert.ok(!output.includes(opened.token), "the token is in the log");
      await context.close();
    };
    return { page, said, opened, close };
  }

  test("it shows what the server asks, sends what it understands, and says what it answers", async () => {
    const { page, said, opened, close } = await visit();
    const asked = await inside(page, (widget) => widget.shadowRoot.querySelector(".consent-text").textContent);
    assert.match(asked, /^https:\/\/shop\.example asks whether/);
    assert.match(asked, /\nOpen the <b>door<\/b>\nof laboratory 3\n/);
    await agree(page);
    const acks = () => said.filter(({ type }) => type === "ack").length;
    await until(() => acks() >= 10, "ten frames were looked at");
    assert.deepEqual(said.filter(({ type }) => type === "error"), []);
    assert.equal((await ask(`/v1/sessions/${opened.id}`)).state, "capturing");
    assert.ok(said.some(({ type }) => type === "prompt"), "something is asked of the person");
    await until(() => inside(page, (widget) => widget.shadowRoot.querySelector("[role=alert]").textContent.length > 0), "a prompt is shown");
    await page.locator(".way-out:visible").first().click();
    await page.waitForURL("**/policy");
    const ended = await until(async () => {
      const found = await ask(`/v1/sessions/${opened.id}`);
      return found.state === "canceled" && found;
    }, "canceled");
    assert.equal(ended.declined, true);
    await page.evaluate(() => {
      globalThis.violations = [];
    });
    await close();
  });

  test("a page in German asks in German, and what is agreed to is the text that it shows", async () => {
    const { page, opened, close } = await visit({}, true, "de-AT");
    const shown = await inside(page, (widget) => {
      const text = widget.shadowRoot.querySelector(".consent-text");
      return { lang: text.lang, text: text.textContent };
    });
    assert.equal(shown.lang, "de");
    assert.match(shown.text, /^https:\/\/shop\.example fragt, ob ein lebender Mensch vor dieser Kamera ist\./);
    const agreed = page.waitForRequest((request) => request.url().endsWith("/consent"));
    await agree(page);
    const { sha256 } = (await agreed).postDataJSON();
    assert.equal(sha256, createHash("sha256").update(shown.text).digest("hex"));
    await until(async () => (await ask(`/v1/sessions/${opened.id}`)).state === "capturing", "capturing");
    await close();
  });

  test("a session that the relying party calls off ends on the page", async () => {
    const { page, opened, close } = await visit();
    await agree(page, true);
    await until(async () => (await step(page)) === "capturing", "capturing");
    await ask(`/v1/sessions/${opened.id}`, "DELETE");
    await until(async () => (await step(page)) === "canceled", "canceled");
    await close();
  });

  test("without sockets it goes on by requests", async () => {
    const { page, opened, close } = await visit({}, false);
    const sent = [];
    page.on("requestfinished", async (request) => {
      if (request.method() !== "POST" || !request.url().endsWith("/frames")) return;
      // The last one may come when the page is gone.
      const told = await request.response().then((response) => response.json()).catch(() => ({ messages: [] }));
      sent.push(...told.messages);
    });
    await agree(page);
    await until(() => sent.filter(({ type }) => type === "ack").length >= 6, "six frames were looked at");
    assert.deepEqual(sent.filter(({ type }) => type === "error"), []);
    assert.equal((await ask(`/v1/sessions/${opened.id}`)).state, "capturing");
    await close();
  });

  test("a passkey is registered in the browser, and a payment that asks for it is agreed to with what it signed and not without", async () => {
    await ask("/v1/subjects", "POST", { id: "ana" });
    await ask("/v1/subjects/ana/consents", "POST", { purpose: "payment", text_version: "test-1", evidence_sha256: "0".repeat(64) });
    const context = await browser.newContext({ viewport: SIZES.phone, locale: "en-US", reducedMotion: "no-preference" });
    const page = await context.newPage();
    await page.addInitScript(instead);
    await page.goto(`${base}/capture`);
    const cdp = await context.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
    });
    const begun = await ask("/v1/subjects/ana/device-keys", "POST", { label: "phone" });
    const credential = await page.evaluate(async (options) => {
      const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
      return made.toJSON();
    }, begun.public_key);
    const entry = await ask(`/v1/subjects/ana/device-keys/${begun.id}`, "POST", { credential });
    assert.deepEqual([entry.label, entry.synced], ["phone", false]);
    const again = await ask("/v1/subjects/ana/device-keys", "POST", {});
    assert.deepEqual(again.public_key.excludeCredentials.map(({ id }) => id), [credential.id]);

    const made = await ask("/v1/payments", "POST", {
      subject: "ana", amount: 1250, currency: "EUR", payee: "Café Ana", order: "2026-1138", policy: "device-key",
    });
    assert.equal(made.policy, "device-key");
    const opened = await ask(`/v1/payments/${made.id}/sessions`, "POST", {
      subject: "ana", audience: "https://shop.example", nonce: "pb3N0x5qQmWq8o1vJz2r7g", way_out: `${base}/policy`,
    });
    const state = async () => (await ask(`/v1/payments/${made.id}`)).state;
    // Whoever leaves the passkey out is not let further.
    const headers = { authorization: `Bearer ${opened.token}`, "content-type": "application/json" };
    const asked = await (await fetch(`${base}/v1/capture/${opened.id}`, { headers })).json();
    assert.deepEqual([asked.device_key.relying_party, asked.device_key.nonce.length], ["localhost", 43]);
    const without = { sha256: asked.consent.sha256, calm: true, shown_sha256: made.shown_sha256 };
    const refused = await fetch(`${base}/v1/capture/${opened.id}/consent`, { method: "POST", headers, body: JSON.stringify(without) });
    assert.deepEqual([refused.status, (await refused.json()).code, await state()], [422, "value_invalid", "created"]);

    // A fragment alone loads nothing anew.
    await page.goto("about:blank");
    await page.goto(`${base}/capture#${opened.id}.${opened.token}`);
    await until(async () => (await step(page).catch(() => null)) === "consent", "consent");
    const note = await inside(page, (widget) => widget.shadowRoot.querySelector(".stage").textContent);
    assert.match(note, /your device asks for your passkey\. It confirms that it is you who pays/);
    await agree(page, true);
    await until(async () => (await step(page)) === "capturing", "capturing");
    assert.equal(await state(), "shown");
    await context.close();
  });
});
