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
      await walk(server, context, (page, at) => page.screenshot({ path: `${folder}/${name}-${colorScheme}-${at}.png` }));
      await context.close();
    }
  }
  await browser.close();
  await server.stop();
}
