// Somebody before the camera of a page of the real server. People and attacks are rendered (tests/liveness); COUNTENANCE_RENDERS names
// the folder. The feed knows nothing but what stands on the page: the words of the prompt, and the color of the screen.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium, freePort } from "./browser.js";

const { COUNTENANCE, COUNTENANCE_PYTHON = "python3", COUNTENANCE_RENDERS, COUNTENANCE_SOURCES } = process.env;
const driver = await import("playwright-core").then(() => true, () => false);

/** Why nobody can stand before a camera here, or false. */
export const skip = !COUNTENANCE
  ? "COUNTENANCE names no program"
  : !COUNTENANCE_RENDERS
    ? "COUNTENANCE_RENDERS names no rendered people"
    : !chromium
      ? "no Chromium here"
      : !driver && "playwright-core is not here";

/** A file among the renders. */
export const render = (name, encoding) => readFile(join(COUNTENANCE_RENDERS, name), encoding);

/** All frames of a folder of recordings, in base64, by what is done in them. */
export async function clips(name) {
  const folder = join(COUNTENANCE_RENDERS, name);
  const found = {};
  for (const clip of await readdir(folder)) {
    const frames = (await readdir(join(folder, clip))).sort();
    found[clip] = await Promise.all(frames.map((frame) => readFile(join(folder, clip, frame), "base64")));
  }
  return found;
}

/** Runs in the page before anything of it: a camera before which somebody stands. */
export function feed({ clips, then, how, recorded }) {
  const words = {
    "Turn your head left": "turn_left",
    "Turn your head right": "turn_right",
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
    let ahead = null;
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
        // Whoever has seen the first gesture asked for thinks to know the next, and makes it ready at once.
        if (how === "early" && asked === null && gestures > 0) ahead ??= doing === "smile" ? "turn_left" : "smile";
        seen.push({ from: now + reaction, does: asked });
      }
      const wants = seen.findLast(({ from }) => from <= now)?.does ?? null;
      if (ahead !== null) {
        [doing, at] = [ahead, who[ahead].length - 1 - (rest % 2)];
      } else if (doing === null && wants !== null) {
        gestures += 1;
        if (how === "swap" && gestures === 2) who = other;
        // Somebody else puts their head into the picture when it comes to paying.
        if (how === "smiler" && wants === "smile") who = other;
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

/** The first address that a program says. */
async function said(child) {
  let address;
  for await (const line of createInterface({ input: child.stdout })) {
    address = /https?:\/\/\S+/.exec(line)?.[0];
    if (address) break;
  }
  assert.ok(address, `${child.spawnfile} does not start`);
  // Reading lines has ended and left it paused.
  child.stdout.resume();
  return address;
}

/** The real server with ana enrolled: where it is, how to ask it, and how to end it. */
export async function stage() {
  const folder = await mkdtemp(join(tmpdir(), "countenance-live-"));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("COUNTENANCE")));
  const port = await freePort();
  const pays = ["--payment-limits", "EUR=5000/20000", "--relying-party", "localhost", "--device-key-origins", `http://localhost:${port}`];
  let server;
  async function start() {
    server = spawn(COUNTENANCE, ["serve", "--data", "vault", "--listen", `127.0.0.1:${port}`, ...pays], { cwd: folder, env });
    server.stderr.resume();
    return (await said(server)).replace("127.0.0.1", "localhost");
  }
  const base = await start();
  const keyFile = join(folder, "vault.admin-key");
  const key = (await readFile(keyFile, "utf8")).trim();

  async function send(path, method = "GET", body = undefined) {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const reply = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
    return { ok: reply.ok, status: reply.status, text: await reply.text() };
  }

  async function ask(path, method = "GET", body = undefined) {
    const { ok, status, text } = await send(path, method, body);
    assert.ok(ok, `${method} ${path}: ${status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  async function end() {
    server.kill();
    if (server.exitCode === null) await once(server, "exit");
    await rm(folder, { recursive: true, force: true });
  }

  /** Ends the server as a power cut would, and starts another one on what is on the disk. */
  async function crash() {
    server.kill("SIGKILL");
    await once(server, "exit");
    assert.equal(await start(), base);
  }

  /** Somebody with the face of the first of the rendered people, who agreed to be verified and to pay. */
  async function enroll(id) {
    await ask("/v1/subjects", "POST", { id });
    for (const purpose of ["verify", "payment"]) {
      await ask(`/v1/subjects/${id}/consents`, "POST", { purpose, text_version: "test-1", evidence_sha256: "0".repeat(64) });
    }
    const form = new FormData();
    form.append("photo", new Blob([await render("enrolled/0000.jpg")], { type: "image/jpeg" }), `${id}.jpg`);
    const reply = await fetch(`${base}/v1/subjects/${id}/faces`, { method: "POST", headers: { authorization: `Bearer ${key}` }, body: form });
    assert.equal(reply.status, 201, await reply.text());
  }

  await enroll("ana");
  return { base, keyFile, send, ask, enroll, crash, end };
}

const python = () => ({ ...process.env, PYTHONPATH: join(COUNTENANCE_SOURCES, "sdk/python/src") });

/** Why no example runs here, or false. */
export const noExamples = !COUNTENANCE_SOURCES
  ? "COUNTENANCE_SOURCES names no sources"
  : spawnSync(COUNTENANCE_PYTHON, ["-c", "import countenance, cryptography"], { env: python() }).status !== 0 && "no Python with what the SDK needs here (make sdk)";

/** An example: where it is, and how to end it. */
export async function example(program, args) {
  const child = spawn(COUNTENANCE_PYTHON, [join(COUNTENANCE_SOURCES, program), ...args], { env: python(), stdio: ["ignore", "pipe", "inherit"] });
  const address = await said(child);
  const end = async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  };
  return { address, end };
}

/** What a signed result says. */
export const claimsOf = (result) => JSON.parse(Buffer.from(result.split(".")[1], "base64url").toString());

/** The form of a result: its claims and how long each is. */
export const shape = (claims) => Object.entries(claims).map(([name, value]) => [name, JSON.stringify(value).length]);
