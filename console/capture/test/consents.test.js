// Somebody who sees and withdraws their own consents on the real server, with a passkey of a virtual authenticator; and those who try without.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { launch, until } from "./browser.js";
import { SIZES } from "./pictures.js";
import { render, skip, stage } from "./stage.js";

const inside = (page, what) => page.evaluate(`(${what})(document.querySelector("countenance-consents").shadowRoot)`);
const step = (page) => inside(page, (root) => root.querySelector(".stage").className.split(" ")[2] ?? null).catch(() => null);
const words = (page) => inside(page, (root) => root.querySelector(".stage").innerText);
const shows = (page, wanted) => until(async () => (await step(page)) === wanted, wanted);
const SHOP = "https://shop.example";

describe("somebody's own consents, on a real server", { skip, concurrency: 1 }, () => {
  let browser;
  let base;
  let ask;
  let key;
  let enroll;
  let end;
  before(async () => {
    let keyFile;
    ({ base, ask, enroll, keyFile, end } = await stage());
    key = (await readFile(keyFile, "utf8")).trim();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await end?.();
  });

  /** Asks with a holder part. */
  async function held(path, body, holder) {
    const headers = { authorization: `Bearer ${key}`, ...(holder && { "countenance-holder": holder }) };
    if (!(body instanceof FormData)) headers["content-type"] = "application/json";
    const reply = await fetch(`${base}${path}`, { method: "POST", headers, body: body instanceof FormData ? body : JSON.stringify(body) });
    const text = await reply.text();
    assert.ok(reply.ok, `${path}: ${reply.status} ${text}`);
    return JSON.parse(text);
  }

  const photo = async (name) => new Blob([await render(name)], { type: "image/jpeg" });

  /** What a verification with the face of the first of the rendered people says. */
  async function verified(id, holder) {
    const form = new FormData();
    form.append("probe", await photo("enrolled/0000.jpg"), "probe.jpg");
    return (await held(`/v1/subjects/${id}/verify`, form, holder)).decision;
  }

  /** A device with passkeys of its own, held to three things while it is used: no policy is broken, nobody else asked, no token told. */
  async function device(options = {}) {
    const context = await browser.newContext({ viewport: SIZES.phone, locale: "en-US", ...options });
    const page = await context.newPage();
    const foreign = [];
    const addresses = [];
    const errors = [];
    page.on("request", (request) => {
      addresses.push(request.url());
      if (!request.url().startsWith(base)) foreign.push(request.url());
    });
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.addInitScript(() => {
      globalThis.violations = [];
      document.addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    const cdp = await context.newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const virtual = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, hasPrf: true };
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options: virtual });
    return {
      page,
      addresses,
      /** Follows a link, to where it asks for the passkey. */
      async follow(opened, wanted = "ask") {
        await page.goto("about:blank");
        await page.goto(`${base}/consents#${opened.id}.${opened.token}`);
        await shows(page, wanted);
        assert.equal(new URL(page.url()).hash, "", "the token has left the address bar");
      },
      press: (name) => page.getByRole("button", { name, exact: true }).click(),
      /** The person closes the window in which the browser asks, once. */
      cancel: () =>
        page.evaluate(() => {
          navigator.credentials.get = async () => {
            delete navigator.credentials.get;
            throw new DOMException("The operation was not allowed", "NotAllowedError");
          };
        }),
      lose: () => cdp.send("WebAuthn.clearCredentials", { authenticatorId }),
      async close() {
        assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
        assert.deepEqual([foreign, errors], [[], []]);
        await context.close();
      },
    };
  }

  /** Registers a passkey of the device as somebody's. */
  async function register(phone, id) {
    await phone.page.goto(`${base}/consents`);
    const begun = await ask(`/v1/subjects/${id}/device-keys`, "POST", { label: "phone" });
    const credential = await phone.page.evaluate(async (given) => {
      const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(given) });
      return made.toJSON();
    }, begun.public_key);
    await ask(`/v1/subjects/${id}/device-keys/${begun.id}`, "POST", { credential });
  }

  const open = (id, more = {}) => ask(`/v1/subjects/${id}/consent-links`, "POST", { audience: SHOP, way_out: `${SHOP}/privacy`, ...more });

  test("a device key shows its owner what they agreed to; what they withdraw blocks verify, and the log says it was they", async () => {
    const phone = await device();
    await register(phone, "ana");
    assert.equal(await verified("ana"), "accept", "the control");
    const opened = await open("ana");
    await phone.follow(opened);
    assert.match(await words(phone.page), /shop\.example.*What you agreed to/s);
    assert.doesNotMatch(await words(phone.page), /Checking|Paying|ana/, "the link alone shows nothing");
    await phone.press("Show it with my passkey");
    await shows(phone.page, "list");
    const list = await words(phone.page);
    assert.match(list, /Checking that it is you.*test-1.*0000 0000 0000 0000.*Paying with your face/s);
    // Thinking of it changes nothing.
    await phone.page.getByRole("button", { name: "Withdraw", exact: true }).first().click();
    await shows(phone.page, "confirm");
    assert.match(await words(phone.page), /Withdraw “Checking that it is you”\?.*stops at once.*stays, because you still agree to: “Paying with your face”/s);
    await phone.press("No, keep it");
    await shows(phone.page, "list");
    assert.equal(await verified("ana"), "accept");
    await phone.page.getByRole("button", { name: "Withdraw", exact: true }).first().click();
    await phone.press("Yes, withdraw");
    await shows(phone.page, "list");
    assert.match(await words(phone.page), /Withdrawn: Checking that it is you/);
    assert.equal(await verified("ana"), "reject");
    // The last takes what was computed along, and says so before.
    await phone.press("Withdraw");
    await shows(phone.page, "confirm");
    assert.match(await words(phone.page), /the last that you agree to.*deleted at once.*passkeys that were registered for payments/s);
    await phone.press("Yes, withdraw");
    await shows(phone.page, "list");
    assert.match(await words(phone.page), /What was computed from your face is deleted.*nothing that you agree to at https:\/\/shop\.example.*No longer in force \(2\)/s);
    const export_ = await ask("/v1/subjects/ana/export", "POST", {});
    assert.deepEqual([export_.templates, export_.device_keys], [[], []]);
    const hers = export_.events.filter((event) => event.by === "subject").map(({ kind, purpose }) => [kind, purpose]);
    assert.deepEqual(hers, [["exported", undefined], ["consent_withdrawn", "verify"], ["consent_withdrawn", "payment"]]);
    // Loaded anew, and followed again, it shows nothing.
    await phone.page.reload();
    await shows(phone.page, "trouble");
    await phone.follow(opened, "trouble");
    assert.match(await words(phone.page), /This did not work/);
    assert.deepEqual(phone.addresses.filter((address) => address.includes(opened.token)), [], "the token was in no address");
    await phone.close();
  });

  test("another person's passkey, a used link and no passkey show one thing, and a person who cancels may try again", async () => {
    await enroll("bea");
    await enroll("eva");
    const [hers, theirs] = [await device(), await device()];
    await register(hers, "bea");
    await register(theirs, "eva");
    const opened = await open("bea");
    const seen = [];
    await theirs.follow(opened);
    await theirs.press("Show it with my passkey");
    await shows(theirs.page, "trouble");
    seen.push(await words(theirs.page));
    // Cancelled: nothing was asked of the server, and the same question stays.
    await hers.follow(opened);
    await hers.cancel();
    await hers.press("Show it with my passkey");
    await shows(hers.page, "trouble");
    assert.match(await words(hers.page), /The passkey was not used/);
    await hers.press("Try again");
    await shows(hers.page, "list");
    // Now it was used.
    await theirs.follow(opened, "trouble");
    seen.push(await words(theirs.page));
    const unknown = { id: "a-AAAAAAAAAAAAAAAAAAAAAA", token: "A".repeat(43) };
    await theirs.follow(unknown, "trouble");
    seen.push(await words(theirs.page));
    // A newer link ends hers while she looks at it; it says the same.
    const newer = await open("bea");
    await hers.page.getByRole("button", { name: "Withdraw", exact: true }).first().click();
    await hers.press("Yes, withdraw");
    await shows(hers.page, "trouble");
    seen.push(await words(hers.page));
    assert.deepEqual(new Set(seen).size, 1, seen.join("\n"));
    assert.match(seen[0], /too old or was used, or the passkey is not one of the person/);
    // Three wrong ones use a link up, whoever comes then.
    for (let tries = 0; tries < 3; tries += 1) {
      await theirs.follow(newer);
      await theirs.press("Show it with my passkey");
      await shows(theirs.page, "trouble");
    }
    await hers.follow(newer, "trouble");
    const { consents } = await ask("/v1/subjects/bea/consents");
    assert.deepEqual(consents.map(({ state }) => state), ["active", "active"], "nothing was withdrawn");
    await hers.lose();
    await hers.follow(await open("bea"));
    await hers.press("Show it with my passkey");
    await shows(hers.page, "trouble");
    assert.match(await words(hers.page), /The passkey was not used/);
    for (const one of [hers, theirs]) await one.close();
  });

  test("who keeps a part of their key in a passkey sees everything with it, in their language, and another passkey shows nothing", async () => {
    const phone = await device({ locale: "de-DE" });
    await phone.page.goto(`${base}/consents`);
    const passkey = { salt: Buffer.alloc(32, 7).toString("base64url"), credentials: [] };
    const made = () =>
      phone.page.evaluate(async (asked) => {
        const user = { id: crypto.getRandomValues(new Uint8Array(16)), name: "cleo", displayName: "cleo" };
        const publicKey = {
          rp: { name: "test" }, user, challenge: new Uint8Array(32), pubKeyCredParams: [{ type: "public-key", alg: -7 }],
          authenticatorSelection: { residentKey: "required", userVerification: "required" }, extensions: { prf: {} },
        };
        const credential = await navigator.credentials.create({ publicKey });
        const { holderPart } = await import("/capture/passkey.js");
        const credentials = [credential.id];
        return { credentials, part: await holderPart({ ...asked, credentials }) };
      }, passkey);
    const hers = await made();
    await held("/v1/subjects", { id: "cleo" }, hers.part);
    await held("/v1/subjects/cleo/consents", { purpose: "verify", text_version: "2026-01 de", evidence_sha256: "1f".repeat(32) }, hers.part);
    const form = new FormData();
    form.append("photo", await photo("enrolled/0000.jpg"), "cleo.jpg");
    await held("/v1/subjects/cleo/faces", form, hers.part);
    assert.equal(await verified("cleo", hers.part), "accept", "the control");
    const another = await made();
    assert.notEqual(another.part, hers.part);

    const opened = await open("cleo", { passkey: { ...passkey, credentials: another.credentials } });
    await phone.follow(opened);
    await phone.press("Mit meinem Passkey anzeigen");
    await shows(phone.page, "trouble");
    assert.match(await words(phone.page), /Das ging nicht/);

    const right = await open("cleo", { passkey: { ...passkey, credentials: hers.credentials } });
    await phone.follow(right);
    assert.match(await words(phone.page), /Dem haben Sie zugestimmt/);
    const sent = phone.page.waitForRequest((request) => request.url().endsWith("/consents") && request.method() === "POST");
    await phone.press("Mit meinem Passkey anzeigen");
    assert.equal((await sent).headers()["countenance-holder"], hers.part);
    await shows(phone.page, "list");
    assert.match(await words(phone.page), /Prüfen, dass Sie es sind.*2026-01 de.*1f1f 1f1f 1f1f 1f1f/s);
    await phone.press("Widerrufen");
    await phone.press("Ja, widerrufen");
    await shows(phone.page, "list");
    assert.equal(await verified("cleo", hers.part), "reject");
    // What only her part opens is still in sight, though it was not sent again.
    await phone.page.locator("summary").click();
    assert.match(await words(phone.page), /Widerrufen: Prüfen.*2026-01 de/s);
    await phone.close();
  });

  test("everything can be done with the keyboard, and each step is heard", async () => {
    await enroll("dora");
    const phone = await device({ viewport: SIZES.desktop });
    await register(phone, "dora");
    await phone.follow(await open("dora"));
    const { page } = phone;
    const focused = () => inside(page, (root) => root.activeElement?.textContent ?? "");
    const tabTo = async (name) => {
      for (let at = 0; at < 20; at += 1) {
        await page.keyboard.press("Tab");
        if ((await focused()) === name) return;
      }
      assert.fail(`${name} cannot be reached`);
    };
    await tabTo("Show it with my passkey");
    await page.keyboard.press("Enter");
    await shows(page, "list");
    assert.equal(await focused(), "What you agreed to");
    await tabTo("Withdraw");
    const about = await inside(page, (root) => root.getElementById(root.activeElement.getAttribute("aria-describedby")).textContent);
    assert.equal(about, "Checking that it is you", "each button says what it is about");
    await page.keyboard.press("Enter");
    assert.match(await focused(), /^Withdraw “/);
    await tabTo("Yes, withdraw");
    await page.keyboard.press("Space");
    await shows(page, "list");
    assert.equal(await page.title(), "What you agreed to");
    await phone.close();
  });
});
