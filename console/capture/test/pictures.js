// Pictures of every step, to be looked at: node test/pictures.js FOLDER [only]
import { mkdirSync } from "node:fs";
import { instead, launch, until } from "./browser.js";
import { TestServer } from "./server.js";

export const SIZES = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1280, height: 800 },
  small: { width: 320, height: 568 },
  low: { width: 740, height: 360 },
};

const inside = (page, what, argument) => page.evaluate(`(${what})(document.querySelector("countenance-capture"), ${JSON.stringify(argument ?? null)})`);

/** The step that a page shows. */
export const step = (page) => inside(page, (widget) => widget.shadowRoot.querySelector(".stage").className.split(" ")[1]);

export { inside };

/** How many texts a widget shows, and which of them have too little contrast (WCAG 2.2, 1.4.3). */
export function contrast(widget) {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const under = (part) => {
    for (let at = part; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (!/, 0\)$|^transparent$/.test(backgroundColor)) return backgroundColor;
    }
    return "rgb(255, 0, 255)";
  };
  const ratio = (one, other) => (Math.max(light(one), light(other)) + 0.05) / (Math.min(light(one), light(other)) + 0.05);
  const parts = [...widget.shadowRoot.querySelectorAll("h1, h2, p, b, small, button, a, strong, legend, dt, dd, summary, .consent-text")].filter((part) => part.checkVisibility() && part.textContent);
  const rates = parts.map((part) => [part.className || part.localName, ratio(getComputedStyle(part).color, under(part))]);
  return { count: rates.length, black: ratio("#000", "#fff"), poor: rates.filter(([, rate]) => rate < 4.5) };
}

/** Chooses about light, and agrees. */
export async function agree(page, calm = false) {
  await page.locator(`input[value=${calm ? "calm" : "light"}]`).check();
  await page.locator("button.main").click();
}

/** Goes through everything there is to see; `seen` is called at each step. */
export async function walk(server, context, seen) {
  const page = await context.newPage();
  await page.addInitScript(instead);
  const visit = async (session, wanted) => {
    await page.goto("about:blank");
    await page.goto(`${server.base}${session.link ?? "/capture"}`);
    await until(async () => (await step(page).catch(() => null)) === wanted, wanted);
  };
  const session = server.open({ approve: "Open the door of laboratory 3" });
  await visit(session, "consent");
  await seen(page, "1-consent");
  await page.locator("button.main").click();
  await page.locator("button.main").scrollIntoViewIfNeeded();
  await seen(page, "2-consent-without-choice");
  await agree(page);
  await until(() => session.frames.length > 2, "frames");
  session.say({ type: "guidance", code: "closer" });
  session.say({ type: "progress", done: 0, of: 4 });
  await page.waitForTimeout(200);
  await seen(page, "3-hold-closer");
  session.say({ type: "guidance", code: "ok" });
  for (const [at, kind] of ["turn_left", "turn_right", "smile"].entries()) {
    session.prompt(kind);
    session.say({ type: "progress", done: at + 1, of: 4 });
    await page.waitForTimeout(600);
    await seen(page, `4-${kind}`);
  }
  session.prompt("light", "#2040ff");
  await page.waitForTimeout(200);
  await seen(page, "5-light");
  session.end("judged");
  await until(async () => (await step(page)) === "judged", "judged");
  await seen(page, "6-judged");
  const passkey = { salt: Buffer.alloc(32, 7).toString("base64url"), credentials: ["c2FtcGxl"] };
  const bound = server.open({ passkey });
  await visit(bound, "consent");
  await page.evaluate(() => Object.defineProperty(globalThis, "PublicKeyCredential", { value: undefined }));
  await agree(page);
  await until(async () => (await step(page)) === "trouble", "no passkey");
  await seen(page, "7-no-passkey");
  const denied = server.open();
  await visit(denied, "consent");
  await page.evaluate(() => {
    globalThis.refuseCamera = "NotAllowedError";
  });
  await agree(page);
  await until(async () => (await step(page)) === "trouble", "denied");
  await seen(page, "8-camera-denied");
  const asking = server.open();
  await visit(asking, "consent");
  await page.evaluate(() => {
    globalThis.holdCamera = true;
  });
  await agree(page);
  await until(async () => (await step(page)) === "camera", "asking for the camera");
  await seen(page, "8-camera-asked-for");
  await page.reload();
  await until(async () => (await step(page).catch(() => null)) === "consent", "loaded anew");
  await seen(page, "9-loaded-anew");
  const payment = { id: "p-BwcHBwcHBwcHBwcHBwcHBw", amount: 1250, currency: "EUR", digits: 2, payee: "Café Ana am alten Hafen", order: "2026-1138", expires: 1800000600 };
  const paid = server.open({ kind: "payment", payment });
  await page.evaluate(() => history.replaceState(null, ""));
  await visit(paid, "consent");
  await seen(page, "9-pay-consent");
  await agree(page);
  await until(() => paid.frames.length > 2, "frames");
  paid.prompt("smile");
  await page.waitForTimeout(300);
  await seen(page, "9-pay-smile");
  const late = server.open({ lasts_ms: 0 });
  await visit(late, "expired");
  await seen(page, "9-expired");
  await visit({}, "trouble");
  await seen(page, "9-no-link");
  await page.close();
}

const DAY = 86400;
const AT = 1800000000;

/** Goes through the page of one's own consents. */
export async function walkOwn(server, context, seen) {
  const page = await context.newPage();
  // Any passkey will do: what it gives is judged elsewhere.
  await page.addInitScript(() => {
    const buffer = new Uint8Array(32).buffer;
    const gave = { id: "AA", response: { clientDataJSON: buffer, authenticatorData: buffer, signature: buffer }, getClientExtensionResults: () => ({ prf: { results: { first: buffer } } }) };
    navigator.credentials.get = async () => {
      if (globalThis.holdPasskey) await new Promise(() => {});
      if (globalThis.refusePasskey) throw new DOMException("no", "NotAllowedError");
      return gave;
    };
  });
  const own = (what) => page.evaluate(`(${what})(document.querySelector("countenance-consents").shadowRoot)`);
  const stands = (root) => root.querySelector(".stage").className.split(" ")[2];
  const comes = (wanted) => until(async () => (await own(stands).catch(() => null)) === wanted, wanted);
  const visit = async (link, wanted) => {
    await page.goto("about:blank");
    await page.goto(`${server.base}${link?.link ?? "/consents"}`);
    await comes(wanted);
  };
  const entry = (number, purpose, state = "active", more = {}) => ({
    number, purpose, state, expires: AT + (365 + number) * DAY, text_version: "2026-01 en", granted: AT - number * DAY, evidence_sha256: "9f86d081884c7d65".repeat(4), ...more,
  });
  const consents = () => [entry(0, "identify", "expired"), entry(1, "verify"), entry(2, "payment"), entry(3, "verify", "withdrawn")];
  const device_key = { relying_party: "localhost", nonce: Buffer.alloc(32).toString("base64url") };
  await visit(server.link({ consents: consents(), device_key }), "ask");
  await seen(page, "own-1-ask");
  await page.evaluate(() => {
    globalThis.holdPasskey = true;
  });
  await page.locator("button.main").click();
  await comes("passkey");
  await seen(page, "own-2-passkey");
  await visit(server.link({ consents: consents(), device_key }), "ask");
  await page.locator("button.main").click();
  await comes("list");
  await seen(page, "own-3-list");
  await page.locator("summary").click();
  await page.locator("summary").scrollIntoViewIfNeeded();
  await seen(page, "own-3-list-before");
  await page.locator("section.card button").nth(1).click();
  await comes("confirm");
  await seen(page, "own-4-confirm-payment");
  await page.locator("button.other").click();
  await page.locator("section.card button").nth(0).click();
  await comes("confirm");
  await page.locator("button.alarm").click();
  await comes("list");
  await seen(page, "own-5-withdrawn");
  await page.locator("section.card button").click();
  await comes("confirm");
  await seen(page, "own-6-confirm-last");
  await page.locator("button.alarm").click();
  await comes("list");
  await seen(page, "own-7-nothing");
  await visit(server.link({ consents: consents(), device_key, right: () => false }), "ask");
  await page.locator("button.main").click();
  await comes("trouble");
  await seen(page, "own-8-did-not-work");
  await visit(server.link({ consents: consents(), device_key }), "ask");
  await page.evaluate(() => {
    globalThis.refusePasskey = true;
  });
  await page.locator("button.main").click();
  await comes("trouble");
  await seen(page, "own-8-passkey-refused");
  await visit(server.link({ consents: consents(), device_key, says_ms: 50 }), "over");
  await seen(page, "own-9-over");
  await visit(null, "trouble");
  await seen(page, "own-9-no-link");
  await page.close();
}

if (process.argv[1]?.endsWith("pictures.js")) {
  const [folder, only] = process.argv.slice(2);
  mkdirSync(folder, { recursive: true });
  const server = await TestServer.start();
  const browser = await launch();
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, viewport] of Object.entries(SIZES)) {
      if (only && !`${name}-${colorScheme}`.includes(only)) continue;
      const locale = name === "small" ? "de-DE" : "en-US";
      const context = await browser.newContext({ viewport, colorScheme, locale, deviceScaleFactor: 1, reducedMotion: "no-preference" });
      const keep = (page, at) => page.screenshot({ path: `${folder}/${name}-${colorScheme}-${at}.png` });
      await walk(server, context, keep);
      await walkOwn(server, context, keep);
      await context.close();
    }
  }
  await browser.close();
  await server.stop();
}
