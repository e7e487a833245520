// The whole way, on the real server: somebody stands before the camera, sees what the page shows, and answers it. People and attacks are
// rendered (tests/liveness); COUNTENANCE_RENDERS names the folder. The feed knows nothing but what stands on the page: the
// words of the prompt, and the color of the screen.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { chromium, freePort, launch, until } from "./browser.js";
import { agree, SIZES, step } from "./pictures.js";

const { COUNTENANCE, COUNTENANCE_RENDERS } = process.env;
const driver = await import("playwright-core").then(() => true, () => false);
const skip = !COUNTENANCE
  ? "COUNTENANCE names no program"
  : !COUNTENANCE_RENDERS
    ? "COUNTENANCE_RENDERS names no rendered people"
    : !chromium
      ? "no Chromium here"
      : !driver && "playwright-core is not here";

/** All frames of a folder of recordings, in base64, by what is done in them. */
async function clips(name) {
  const folder = join(COUNTENANCE_RENDERS, name);
  const found = {};
  for (const clip of await readdir(folder)) {
    const frames = (await readdir(join(folder, clip))).sort();
    found[clip] = await Promise.all(frames.map((frame) => readFile(join(folder, clip, frame), "base64")));
  }
  return found;
}

/** Runs in the page before anything of it: a camera before which somebody stands. */
function feed({ clips, then, how, recorded }) {
  const words = {
    "Turn your head left": "turn_left",
    "Turn your head right": "turn_right",
    "Raise your head": "turn_up",
    Smile: "smile",
  };
  globalThis.played = [];
  const ready = (async () => {
    const decode = async (text) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      return createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    };
    const all = async (clips) => {
      const pictures = {};
      for (const [name, frames] of Object.entries(clips ?? {})) pictures[name] = await Promise.all(frames.map(decode));
      return pictures;
    };
    return { own: await all(clips), other: await all(then) };
  })();
  navigator.mediaDevices.getUserMedia = async () => {
    const { own, other } = await ready;
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const draw = canvas.getContext("2d");
    // What the page shows, as somebody in front of it sees it.
    const shown = () => {
      const root = document.querySelector("countenance-capture").shadowRoot;
      const light = root.querySelector(".light");
      return { says: root.querySelector("h1")?.textContent ?? "", color: light.hidden ? null : getComputedStyle(light).backgroundColor };
    };
    const hex = (color) => color && `light_${color.match(/\d+/g).slice(0, 3).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
    const seen = [];
    let doing = null;
    let at = 0;
    let gestures = 0;
    let reaction = 300;
    let who = own;
    let rest = 0;
    let last = null;
    const started = performance.now();
    const paint = () => {
      const now = performance.now();
      const what = shown();
      if (what.says !== last) {
        last = what.says;
        reaction = 250 + 200 * Math.random();
        const asked = words[what.says] ?? (what.says.startsWith("Smile to pay ") ? "smile" : null);
        // Whoever has seen the first gesture asked for thinks to know the next.
        const ahead = how === "early" && asked === null && gestures > 0 ? ["smile", "turn_left"][gestures % 2] : null;
        seen.push({ from: now + reaction, does: asked ?? ahead });
      }
      const wants = seen.findLast(({ from }) => from <= now)?.does ?? null;
      if (doing === null && wants !== null) {
        gestures += 1;
        if (how === "swap" && gestures === 2) who = other;
        if (who[wants]) {
          doing = wants;
          at = 0;
        }
      } else if (doing !== null) {
        at += doing === wants ? 1 : -1;
        if (at < 0) doing = null;
        else if (at >= who[doing].length) at = who[doing].length - 1 - (rest % 2);
      }
      rest += 1;
      const lit = doing === null && who[hex(what.color)];
      let [clip, number] = doing !== null ? [doing, at] : lit ? [hex(what.color), rest % lit.length] : ["neutral", Math.abs((rest % 14) - 7)];
      // A film knows nothing of any prompt.
      if (recorded) [clip, number] = recorded[Math.floor((now - started) / 66.7)] ?? ["neutral", rest % 8];
      else globalThis.played.push([clip, number]);
      // No two pictures of a camera are the same: hands shake, and the sensor has its noise.
      draw.drawImage(who[clip][number], Math.random() - 0.5, Math.random() - 0.5);
    };
    paint();
    setInterval(paint, 66.7);
    return canvas.captureStream(30);
  };
}

describe("somebody before the camera, on a real server", { skip, concurrency: 1 }, () => {
  let browser;
  let folder;
  let server;
  let base;
  let key;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "countenance-live-"));
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("COUNTENANCE")));
    const port = await freePort();
    const pays = ["--payment-limits", "EUR=5000/20000", "--relying-party", "localhost", "--device-key-origins", `http://localhost:${port}`];
    server = spawn(COUNTENANCE, ["serve", "--data", "vault", "--listen", `127.0.0.1:${port}`, ...pays], { cwd: folder, env });
    server.stderr.resume();
    for await (const line of createInterface({ input: server.stdout })) {
      base = /https?:\/\/\S+/.exec(line)?.[0]?.replace("127.0.0.1", "localhost");
      if (base) break;
    }
    server.stdout.resume();
    assert.ok(base, "the server does not start");
    key = (await readFile(join(folder, "vault.admin-key"), "utf8")).trim();
    browser = await launch();
    await ask("/v1/subjects", "POST", { id: "ana" });
    for (const purpose of ["verify", "payment"]) {
      await ask("/v1/subjects/ana/consents", "POST", { purpose, text_version: "test-1", evidence_sha256: "0".repeat(64) });
    }
    const photo = await readFile(join(COUNTENANCE_RENDERS, "enrolled/0000.jpg"));
    const form = new FormData();
    form.append("photo", new Blob([photo], { type: "image/jpeg" }), "ana.jpg");
    const reply = await fetch(`${base}/v1/subjects/ana/faces`, { method: "POST", headers: { authorization: `Bearer ${key}` }, body: form });
    assert.equal(reply.status, 201, await reply.text());
  });
  after(async () => {
    await browser?.close();
    server?.kill();
    if (server && server.exitCode === null) await once(server, "exit");
    await rm(folder, { recursive: true, force: true });
  });

  async function ask(path, method = "GET", body = undefined) {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const reply = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await reply.text();
    assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** A session that asks for ana. */
  const named = () =>
    ask("/v1/sessions", "POST", {
      kind: "verify", subject: "ana", audience: "https://shop.example", nonce: crypto.randomUUID(), way_out: `${base}/policy`,
    });

  /** A session that asks for the person on a document: a photo of them taken on another day. */
  async function documented() {
    const picture = await readFile(join(COUNTENANCE_RENDERS, "enrolled/0000.jpg"), "base64");
    const looked = await ask("/v1/documents", "POST", {
      picture, case: crypto.randomUUID(), audience: "https://desk.example", nonce: crypto.randomUUID(), way_out: `${base}/policy`,
    });
    assert.deepEqual(looked.checks, { zone: "absent", check_digits: "absent" });
    return looked.session;
  }

  /** Goes the whole way: what the relying party is told, how long it took, and what the camera showed. */
  async function visit(before, calm = false, open = named) {
    const opened = await open();
    const context = await browser.newContext({ viewport: SIZES.phone, locale: "en-US" });
    const page = await context.newPage();
    let first = null;
    let last = null;
    let frames = 0;
    page.on("websocket", (socket) => {
      socket.on("framesent", ({ payload }) => {
        if (typeof payload === "string") return;
        first ??= performance.now();
        frames += 1;
      });
      socket.on("framereceived", ({ payload }) => {
        if (JSON.parse(payload).type === "done") last = performance.now();
      });
    });
    await page.addInitScript(feed, before);
    await page.goto(`${base}/capture#${opened.id}.${opened.token}`);
    await until(async () => (await step(page).catch(() => null)) === "consent", "consent");
    await agree(page, calm);
    const deadline = Date.now() + 60000;
    while ((await step(page)) !== "judged") {
      assert.ok(Date.now() < deadline, `no end: ${await step(page)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const told = await ask(`/v1/sessions/${opened.id}`);
    const played = await page.evaluate(() => globalThis.played);
    await context.close();
    const seconds = (last - first) / 1000;
    const claims = JSON.parse(Buffer.from(told.result.split(".")[1], "base64url").toString());
    return { claims, finding: told.detail?.finding, outcome: told.outcome, checks: told.detail?.checks ?? [], seconds, rate: frames / seconds, played };
  }

  for (const calm of [false, true]) {
    test(`a live person is accepted within six seconds${calm ? ", without light" : ""}`, async (context) => {
      const before = { clips: await clips("people/0000") };
      let best = null;
      // A machine that has much to do shows prompts late: the best of three counts.
      for (let tries = 0; tries < 3 && !(best?.seconds <= 6); tries += 1) {
        const came = await visit(before, calm);
        context.diagnostic(`${came.outcome} ${came.checks} after ${came.seconds.toFixed(2)} s at ${came.rate.toFixed(1)} frames a second`);
        if (came.outcome === "accept" && !(best?.seconds <= came.seconds)) best = came;
      }
      assert.ok(best, "accepted");
      // What is shown late is answered late: on a machine that cannot keep up the time says nothing of the challenge.
      if (best.rate < 13) context.diagnostic(`SKIPPED: the six seconds, this machine looked at ${best.rate.toFixed(1)} frames a second`);
      else assert.ok(best.seconds <= 6, `${best.seconds} s`);
    });
  }

  const attacks = [
    ["a still photo", { from: "print/0000" }, /missed/],
    ["a photo that is tilted as asked", { from: "tilted/0000" }, /flat|missed/],
    ["a photo that is bent to smile and tilted as asked", { from: "bent/0000" }, /flat|missed/],
    ["another person", { from: "people/0001" }, /^(?!.*(identity|light|flat))/],
    ["a face that is swapped in the middle", { from: "people/0000", then: "people/0001", how: "swap" }, /identity/],
    ["a gesture that comes before its prompt", { from: "people/0000", how: "early" }, /early|missed|neutral|wrong/],
    ["a face that smiles throughout", { from: "smiling/0000" }, /missed/],
  ];
  for (const [name, { from, then, how }, why] of attacks) {
    test(`${name} is refused`, async (context) => {
      const came = await visit({ clips: await clips(from), then: then && (await clips(then)), how });
      context.diagnostic(`${came.outcome} ${came.checks}`);
      assert.equal(came.outcome, "reject");
      assert.match(came.checks.join(" "), why);
    });
  }

  test("a live person is accepted for the one on their document, and a live stranger is not", async (context) => {
    let came;
    for (let tries = 0; tries < 3 && came?.outcome !== "accept"; tries += 1) {
      came = await visit({ clips: await clips("people/0000") }, true, documented);
      context.diagnostic(`${came.outcome} ${came.checks} after ${came.seconds.toFixed(2)} s`);
    }
    assert.equal(came.outcome, "accept");
    const { kind, document, sub } = came.claims;
    assert.deepEqual([kind, document, sub], ["document", { zone: "absent", check_digits: "absent" }, undefined]);
    let other;
    for (let tries = 0; tries < 3 && other?.finding !== "not_matched"; tries += 1) {
      other = await visit({ clips: await clips("people/0001") }, true, documented);
      context.diagnostic(`${other.outcome} ${other.finding} ${other.checks}`);
      assert.equal(other.outcome, "reject");
    }
    assert.equal(other.finding, "not_matched", "alive, and somebody else");
    const shape = ({ claims }) => Object.entries(claims).map(([name, value]) => [name, JSON.stringify(value).length]);
    const still = await visit({ clips: await clips("print/0000") }, true, documented);
    assert.equal(still.outcome, "reject");
    assert.deepEqual(shape(still), shape(other), "both refusals look alike");
  });

  test("the film of a session that was accepted is refused", async (context) => {
    const before = { clips: await clips("people/0000") };
    let first;
    for (let tries = 0; tries < 3 && first?.outcome !== "accept"; tries += 1) first = await visit(before);
    assert.equal(first.outcome, "accept");
    const came = await visit({ ...before, recorded: first.played });
    context.diagnostic(`${came.outcome} ${came.checks}`);
    assert.equal(came.outcome, "reject");
  });

  test("a payment that takes a passkey is approved by its owner's face and passkey, and not by another one's", async (context) => {
    const before = { clips: await clips("people/0000") };
    const other = { clips: await clips("people/0001") };
    const browsing = await browser.newContext({ viewport: SIZES.phone, locale: "en-US" });
    const page = await browsing.newPage();
    const cdp = await browsing.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const authenticator = async () => {
      const options = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
      return (await cdp.send("WebAuthn.addVirtualAuthenticator", { options })).authenticatorId;
    };
    const make = async (options) =>
      page.evaluate(async (given) => {
        const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(given) });
        return made.toJSON();
      }, options);
    let hers = await authenticator();
    await page.goto(`${base}/capture`);
    const begun = await ask("/v1/subjects/ana/device-keys", "POST", { label: "phone" });
    const credential = await make(begun.public_key);
    await ask(`/v1/subjects/ana/device-keys/${begun.id}`, "POST", { credential });

    const pay = async (who) => {
      const made = await ask("/v1/payments", "POST", {
        subject: "ana", amount: 1250, currency: "EUR", payee: "Café Ana", order: "2026-1138", policy: "device-key",
      });
      const opened = await ask(`/v1/payments/${made.id}/sessions`, "POST", {
        subject: "ana", audience: "https://shop.example", nonce: crypto.randomUUID(), way_out: `${base}/policy`,
      });
      const till = await browsing.newPage();
      const cdpOfTill = await browsing.newCDPSession(till);
      await cdpOfTill.send("WebAuthn.enable");
      // Each page has authenticators of its own: what was made is carried over, as in a pocket.
      const options = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
      const { authenticatorId } = await cdpOfTill.send("WebAuthn.addVirtualAuthenticator", { options });
      const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId: hers });
      for (const one of credentials) await cdpOfTill.send("WebAuthn.addCredential", { authenticatorId, credential: one });
      await till.addInitScript(feed, who);
      await till.goto(`${base}/capture#${opened.id}.${opened.token}`);
      await until(async () => (await step(till).catch(() => null)) === "consent", "consent");
      const started = performance.now();
      await agree(till);
      await until(async () => (await step(till)) === "judged", "judged");
      const seconds = (performance.now() - started) / 1000;
      // The counter of an authenticator goes on.
      for (const one of (await cdpOfTill.send("WebAuthn.getCredentials", { authenticatorId })).credentials) {
        const { credentialId } = one;
        await cdp.send("WebAuthn.removeCredential", { authenticatorId: hers, credentialId });
        await cdp.send("WebAuthn.addCredential", { authenticatorId: hers, credential: one });
      }
      await till.close();
      const told = await ask(`/v1/sessions/${opened.id}`);
      const claims = JSON.parse(Buffer.from(told.result.split(".")[1], "base64url"));
      const { state, factors } = await ask(`/v1/payments/${made.id}`);
      context.diagnostic(`${claims.outcome} ${told.detail?.finding} ${told.detail?.checks} after ${seconds.toFixed(2)} s`);
      return { state, factors, claims, finding: told.detail?.finding };
    };

    let came;
    for (let tries = 0; tries < 3 && came?.state !== "authorized"; tries += 1) came = await pay(before);
    assert.deepEqual([came.state, came.factors, came.claims.outcome, came.claims.factors], ["authorized", ["face", "device-key"], "accept", ["face", "device-key"]]);
    assert.match(came.claims.policy, /;device-key$/);
    // Somebody else with her phone.
    const stranger = await pay(other);
    assert.deepEqual([stranger.state, stranger.factors, stranger.claims.outcome], ["refused", undefined, "reject"]);
    // Herself with a passkey that was never registered.
    await cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: hers });
    hers = await authenticator();
    const unknown = await ask("/v1/subjects/ana/device-keys", "POST", {});
    await make({ ...unknown.public_key, excludeCredentials: [] });
    const without = await pay(before);
    assert.deepEqual([without.state, without.claims.outcome, without.finding], ["refused", "reject", "device_key"]);
    assert.deepEqual(without.claims.factors, ["face", "device-key"], "told as any other");
    await browsing.close();
  });
});
