// The page in a real browser, the whole way, on a test server that holds it to the spec. Skipped, and said so, without a Chromium.
import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { chromium, instead, launch, until } from "./browser.js";
import { agree, contrast, inside, SIZES, step, walk, walkOwn } from "./pictures.js";
import { TestServer } from "./server.js";

const driver = await import("playwright-core").then(() => true, () => false);
const skip = !chromium ? "no Chromium here" : !driver ? "playwright-core is not here" : false;
const lines = (page) => inside(page, (widget) => widget.shadowRoot.querySelector("h1").textContent);
const chip = (page) => inside(page, (widget) => getComputedStyle(widget.shadowRoot.querySelector(".light")).backgroundColor);
const lit = (page) => inside(page, (widget) => widget.shadowRoot.querySelector(".light").checkVisibility());
const cameraIsOff = (page) => page.evaluate(() => globalThis.media.getTracks().every((track) => track.readyState === "ended"));
const shows = (page, wanted) => until(async () => (await step(page).catch(() => null)) === wanted, wanted);

describe("the page", { skip, concurrency: 1 }, () => {
  let server;
  let browser;
  before(async () => {
    server = await TestServer.start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** A page on a session, held to three things while it is used: no policy is broken, nobody else asked, no token told. */
  async function visit(session, options = {}, arranged = () => {}) {
    const context = await browser.newContext({ viewport: SIZES.phone, locale: "en-US", reducedMotion: "no-preference", ...options });
    const page = await context.newPage();
    const foreign = [];
    const errors = [];
    page.on("request", (request) => !request.url().startsWith(server.base) && foreign.push(request.url()));
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.addInitScript(instead);
    await page.addInitScript(arranged);
    await page.goto(`${server.base}${session.link}`);
    await until(async () => (await step(page).catch(() => null)) ?? null, "the widget");
    const close = async () => {
      assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
      assert.deepEqual([foreign, errors, session.wrongs], [[], [], []]);
      assert.deepEqual(server.addresses.filter((address) => address.includes(session.token)), []);
      await context.close();
    };
    return { page, context, close };
  }

  test("a check goes from the text to the end, and everything the page sends is as the spec wants it", async () => {
    const session = server.open({ approve: "Pay 12.50 to <b>Ana</b> & sons\nfor 3 lamps" });
    const { page, close } = await visit(session);
    await shows(page, "consent");
    const text = await inside(page, (widget) => widget.shadowRoot.querySelector(".consent-text").textContent);
    assert.equal(text, session.asks.consent.text, "the text is shown whole and as text");
    assert.equal(await inside(page, (widget) => widget.shadowRoot.querySelector(".consent-text strong").textContent), session.asks.approve);
    assert.equal(new URL(page.url()).hash, "", "the token has left the address bar");
    await page.locator("button.main").click();
    assert.equal(await step(page), "consent", "without an answer about light nothing begins");
    assert.deepEqual([session.consents.length, await page.evaluate(() => globalThis.cameras.length), session.lines], [0, 0, 0]);
    await agree(page);
    await until(() => session.frames.length >= 12, "12 frames");
    assert.deepEqual(session.consents, [{ sha256: session.asks.consent.sha256, calm: false }]);
    assert.equal(await lines(page), "Look straight ahead");
    assert.deepEqual(session.frames[0].size, [360, 640], "an upright phone sends upright pictures, within the size");
    session.prompt("turn_left");
    session.say({ type: "progress", done: 1, of: 4 });
    session.say({ type: "guidance", code: "closer" });
    session.say({ type: "prompt", id: 99, kind: "wink" });
    session.say({ type: "applause" });
    await until(async () => (await lines(page)) === "Turn your head left");
    const told = await inside(page, (widget) => ["[role=alert]", ".guidance"].map((at) => widget.shadowRoot.querySelector(at).textContent));
    assert.deepEqual(told, ["Turn your head left", "A little closer, please."]);
    await until(() => inside(page, (widget) => widget.shadowRoot.querySelector("[role=status]").textContent === "A little closer, please."), "spoken guidance");
    for (const [color, wanted] of [["#2040ff", "rgb(32, 64, 255)"], ["#ff4000", "rgb(255, 64, 0)"]]) {
      session.prompt("light", color);
      await until(async () => (await lit(page)) && (await chip(page)) === wanted, color);
      await page.waitForTimeout(400);
    }
    const covers = await inside(page, (widget) => {
      const { width, height } = widget.shadowRoot.querySelector(".light").getBoundingClientRect();
      return width >= innerWidth && height >= innerHeight;
    });
    assert.ok(covers, "the color fills the screen");
    session.prompt("hold");
    await until(async () => !(await lit(page)), "light out");
    session.end("judged");
    await shows(page, "judged");
    assert.ok(await cameraIsOff(page));
    assert.ok(!/accept|reject|success/i.test(await inside(page, (widget) => widget.shadowRoot.querySelector(".stage").textContent)));
    assert.equal(await page.evaluate(() => history.state), null, "the token is forgotten");
    await close();
  });

  test("a payment is shown large in the payer's language, the digest of what is shown goes with the consent, and the smile says what for", async () => {
    const payment = { id: "p-BwcHBwcHBwcHBwcHBwcHBw", amount: 1250, currency: "EUR", digits: 2, payee: "Café <b>Ana</b>", order: "2026-1138", expires: 1800000600 };
    for (const [locale, amount, title, smile, colorScheme] of [
      ["en-US", "€12.50", "Do you want to pay this?", "Smile to pay €12.50 to Café <b>Ana</b>", "light"],
      ["de-DE", "12,50 €", "Möchten Sie das bezahlen?", "Lächeln, um 12,50 € an Café <b>Ana</b> zu zahlen", "dark"],
      ["fr-CA", "12,50 €", "Voulez-vous payer cela ?", "Souriez pour payer 12,50 € à Café <b>Ana</b>", "light"],
      ["ja-JP", "€12.50", "これを支払いますか？", "Café <b>Ana</b> に €12.50 を支払うには、笑顔になってください", "dark"],
    ]) {
      const session = server.open({ kind: "payment", payment });
      const { page, close } = await visit(session, { locale, colorScheme });
      await shows(page, "consent");
      const plain = (text) => text.replaceAll(/\s/g, " ");
      const seen = await inside(page, (widget) => {
        const at = (what) => widget.shadowRoot.querySelector(what);
        const size = (node) => Number.parseFloat(getComputedStyle(node).fontSize);
        return {
          title: at("h1").textContent, amount: at(".amount").textContent, rows: [...widget.shadowRoot.querySelectorAll(".bill dd")].map((one) => one.textContent),
          largest: size(at(".amount")) > size(at("h1")), out: at(".way-out").checkVisibility(), marked: at(".bill b") !== null,
        };
      });
      seen.amount = plain(seen.amount);
      assert.deepEqual(seen, { title, amount, rows: ["Café <b>Ana</b>", "2026-1138"], largest: true, out: true, marked: false });
      await agree(page, true);
      await until(() => session.frames.length > 1, "frames");
      const terms = "countenance payment 1\nid: p-BwcHBwcHBwcHBwcHBwcHBw\namount: 1250\ncurrency: EUR\npayee: Café <b>Ana</b>\norder: 2026-1138\nexpires: 1800000600\n";
      const shown = createHash("sha256").update(terms).digest("hex");
      assert.deepEqual(session.consents, [{ sha256: session.asks.consent.sha256, calm: true, shown_sha256: shown }]);
      session.prompt("turn_left");
      session.prompt("smile");
      await until(async () => plain(await lines(page)) === smile, smile);
      assert.ok(await inside(page, (widget) => [...widget.shadowRoot.querySelectorAll(".way-out")].some((one) => one.checkVisibility())));
      session.end("judged");
      await shows(page, "judged");
      await close();
    }
  });

  test("whoever reads from right to left has the page that way, and names and amounts as they are", async () => {
    const payment = { id: "p-BwcHBwcHBwcHBwcHBwcHBw", amount: 1250, currency: "EUR", digits: 2, payee: "Café Ana (2)", order: "2026-1138", expires: 1800000600 };
    const session = server.open({ kind: "payment", payment });
    const { page, close } = await visit(session, { locale: "ar-EG" });
    await shows(page, "consent");
    const seen = await inside(page, (widget) => {
      const at = (what) => widget.shadowRoot.querySelector(what);
      const styled = (what) => getComputedStyle(at(what)).direction;
      const [label, value] = ["dt", "dd bdi"].map((what) => at(`.bill ${what}`).getBoundingClientRect());
      return {
        of: [document.documentElement.dir, document.documentElement.lang, at(".widget").dir, styled(".stage")], text: [at(".consent-text").dir, at(".consent-text").lang],
        fits: at(".widget").scrollWidth <= innerWidth, ordered: label.right >= value.right, payee: at(".bill dd").textContent, title: at("h1").textContent,
      };
    });
    // The text that is agreed to is English where the server has none in the language of the page, and runs as English does.
    assert.deepEqual(seen, {
      of: ["rtl", "ar", "rtl", "rtl"], text: ["ltr", "en"], fits: true, ordered: true, payee: "Café Ana (2)", title: "هل تريد دفع هذا المبلغ؟",
    });
    await agree(page, true);
    await until(() => session.frames.length > 1, "frames");
    session.prompt("smile");
    await until(async () => (await lines(page)).includes("\u2068Café Ana (2)\u2069"), "the smile in Arabic");
    session.end("judged");
    await shows(page, "judged");
    await close();
  });

  test("a payment that its merchant calls off ends on the page at once, and says so", async () => {
    const payment = { id: "p-BwcHBwcHBwcHBwcHBwcHBw", amount: 1250, currency: "EUR", digits: 2, payee: "Café Ana", order: "2026-1138", expires: 1800000600 };
    for (const [asked, title] of [[{ kind: "payment", payment }, "This payment was called off"], [{}, "This check was called off"]]) {
      const session = server.open(asked);
      const { page, close } = await visit(session);
      await agree(page);
      await until(() => session.frames.length > 1, "frames");
      session.end("canceled");
      await shows(page, "canceled");
      assert.equal(await lines(page), title);
      assert.ok(await cameraIsOff(page));
      await close();
    }
  });

  test("with a document the page says in the person's language what is compared and that nothing is kept, and the way out stays", async () => {
    for (const [locale, title, note] of [
      ["en-US", "Show that you are the person on the document", /compared with the portrait on the document\. Nothing of either is kept\./],
      ["de-DE", "Zeigen Sie, dass Sie die Person auf dem Dokument sind", /mit dem Lichtbild auf dem Dokument verglichen\. Von beiden wird nichts aufbewahrt\./],
    ]) {
      const session = server.open({ kind: "document" });
      const { page, close } = await visit(session, { locale });
      await shows(page, "consent");
      const out = () => inside(page, (widget) => [...widget.shadowRoot.querySelectorAll(".way-out")].some((one) => one.checkVisibility()));
      assert.equal(await lines(page), title);
      assert.match(await inside(page, (widget) => widget.shadowRoot.querySelector(".note").textContent), note);
      assert.ok(await out());
      await agree(page, true);
      await until(() => session.frames.length > 1, "frames");
      session.prompt("turn_left");
      assert.ok(await out(), "while the camera runs, too");
      session.end("judged");
      await shows(page, "judged");
      await close();
    }
    // Without a document nothing is said of one.
    const { page, close } = await visit(server.open({ kind: "verify" }));
    await shows(page, "consent");
    assert.equal(await inside(page, (widget) => widget.shadowRoot.querySelector(".note")), null);
    await close();
  });

  test("the policy that the page is used under refuses what it should, and that would be noticed", async () => {
    const session = server.open();
    const { page, context } = await visit(session);
    await page.evaluate(() => {
      const style = document.createElement("style");
      style.textContent = "body { color: red }";
      document.head.append(style);
      return fetch("https://elsewhere.example/").catch(() => {});
    });
    const found = await until(() => page.evaluate(() => globalThis.violations.length >= 2 && globalThis.violations), "violations");
    assert.deepEqual(found.map((violation) => violation.split(" ")[0]).sort(), ["connect-src", "style-src-elem"]);
    await context.close();
  });

  test("who asked for slow light sees colors fade, two in a second at most, whatever the server sends", async () => {
    const session = server.open();
    const { page, close } = await visit(session, { reducedMotion: "reduce" });
    await shows(page, "consent");
    assert.ok(await page.locator("input[value=calm]").isChecked(), "who wants less motion is offered slow light");
    await agree(page, true);
    await until(() => session.frames.length > 1, "frames");
    assert.equal(session.consents[0].calm, true);
    const shown = (what) => page.evaluate((what) => getComputedStyle(document.querySelector("countenance-capture").shadowRoot.querySelector(".light"))[what], what);
    session.prompt("light", "#ff0000");
    await until(() => lit(page), "lit");
    assert.equal(await shown("transitionDuration"), "0.3s");
    await until(async () => (await shown("backgroundColor")) === "rgb(255, 0, 0)", "red");
    await page.waitForTimeout(1000);
    for (const color of ["#00ff00", "#0000ff", "#ffff00", "#00ffff"]) session.prompt("light", color);
    await page.waitForTimeout(600);
    assert.equal(await shown("backgroundColor"), "rgb(0, 0, 255)");
    session.prompt("smile");
    await until(async () => (await lines(page)) === "Smile");
    assert.equal(await lit(page), false);
    await close();
  });

  test("the way out is in sight at every step and size, also in the light, and nothing is wider than the screen", async () => {
    for (const [name, options] of [["small", { locale: "de-DE" }], ["phone", {}], ["low", {}], ["desktop", { colorScheme: "dark" }]]) {
      const context = await browser.newContext({ viewport: SIZES[name], reducedMotion: "no-preference", ...options });
      const seen = [];
      await walk(server, context, async (page, at) => {
        const found = await inside(page, (widget) => {
          const shown = [...widget.shadowRoot.querySelectorAll(".way-out")].filter((link) => link.checkVisibility());
          const link = shown.at(-1)?.getBoundingClientRect();
          const inSight = link !== undefined && link.top >= 0 && link.bottom <= innerHeight && link.left >= 0 && link.right <= innerWidth;
          const cut = [...widget.shadowRoot.querySelectorAll("h1, p, button, .choice, .sign")].filter((part) => {
            const { left, right, width } = part.getBoundingClientRect();
            return width > 1 && part.checkVisibility() && (left < 0 || right > innerWidth + 0.5);
          });
          return { inSight, wide: document.documentElement.scrollWidth > innerWidth, cut: cut.map((part) => part.textContent || part.className) };
        });
        const without = at === "6-judged" || at === "9-no-link";
        assert.deepEqual(found, { inSight: !without, wide: false, cut: [] }, `${name} ${at}`);
        seen.push(at);
      });
      assert.ok(seen.length >= 12);
      await context.close();
    }
  });

  test("the way out stops the camera, tells the server and leads where the relying party said", async () => {
    for (const light of [false, true]) {
      const session = server.open({ way_out: `${server.base}/capture/icon.svg` });
      const { page, close } = await visit(session);
      await agree(page);
      await until(() => session.frames.length > 1, "frames");
      if (light) session.prompt("light", "#00ff00");
      await until(async () => (await lit(page)) === light);
      await page.locator(".way-out:visible").last().click();
      await page.waitForURL("**/icon.svg");
      await until(() => session.declined, "told");
      const count = session.frames.length;
      await page.waitForTimeout(300);
      assert.equal(session.frames.length, count);
      await page.evaluate(() => {
        globalThis.violations = [];
      });
      await close();
    }
  });

  test("it can be used with the keyboard alone, and the step that comes has the focus", async () => {
    const session = server.open();
    const { page, close } = await visit(session);
    await shows(page, "consent");
    const focused = () => inside(page, (widget) => widget.shadowRoot.activeElement?.value || widget.shadowRoot.activeElement?.localName);
    const order = [];
    for (let at = 0; at < 3; at += 1) {
      await page.keyboard.press("Tab");
      order.push(await focused());
    }
    assert.deepEqual(order, ["light", "button", "a"], "light, agree, way out: as they stand on the page");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "light", "what is missing has the focus");
    assert.match(await inside(page, (widget) => widget.shadowRoot.querySelector("#missing").textContent), /choose/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await until(() => session.frames.length > 0, "frames");
    assert.deepEqual([await focused(), session.consents[0].calm], ["h1", true]);
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "a");
    await close();
  });

  test("a camera that is refused is explained, and can be allowed afterwards", async () => {
    const session = server.open();
    const { page, close } = await visit(session, {}, () => {
      globalThis.refuseCamera = "NotAllowedError";
    });
    await agree(page);
    await shows(page, "trouble");
    assert.equal(await lines(page), "The camera is blocked");
    await page.evaluate(() => {
      globalThis.refuseCamera = null;
    });
    await page.locator("button.main").click();
    await until(() => session.frames.length > 0, "frames");
    assert.equal(session.consents.length, 1);
    await close();
  });

  test("a text that is not the one the server has on record cannot be agreed to", async () => {
    const session = server.open({ sha256: "0".repeat(64) });
    const { page, close } = await visit(session);
    await shows(page, "trouble");
    assert.equal(await page.locator("button.main").count(), 1);
    assert.equal(await lines(page), "The text could not be confirmed");
    assert.equal(session.consents.length, 0);
    await close();
  });

  test("a line that is cut is opened anew, and a page that is loaded anew goes on when the person says so", async () => {
    const session = server.open();
    const { page, close } = await visit(session);
    await agree(page);
    await until(() => session.frames.length > 2, "frames");
    session.line.cut();
    await until(() => session.lines === 2 && session.frames.length > 8, "a second line");
    await page.reload();
    await shows(page, "consent");
    assert.equal(await lines(page), "You agreed a moment ago");
    assert.equal(await page.evaluate(() => globalThis.cameras.length), 0);
    const count = session.frames.length;
    await page.locator("button.main").click();
    await until(() => session.frames.length > count + 2, "frames again");
    await close();
  });

  test("no more than two frames wait for the server, and without sockets they go by requests", async () => {
    const slow = server.open();
    slow.acks = false;
    const first = await visit(slow);
    await agree(first.page);
    await until(() => slow.frames.length === 2, "two frames");
    await first.page.waitForTimeout(600);
    assert.equal(slow.frames.length, 2);
    await first.close();
    const session = server.open();
    session.sockets = false;
    const { page, close } = await visit(session);
    await agree(page);
    await until(() => session.frames.length > 6, "frames by requests");
    session.prompt("smile");
    await until(async () => (await lines(page)) === "Smile");
    session.end("judged");
    await shows(page, "judged");
    await close();
  });

  test("a passkey gives the holder part, always the same for a salt, and one without PRF is told honestly", async () => {
    const parts = [];
    for (const prf of [true, true, false]) {
      const salt = Buffer.alloc(32, 9).toString("base64url");
      const passkey = { salt, credentials: [] };
      const session = server.open({ passkey });
      const { page, context, close } = await visit(session);
      const cdp = await context.newCDPSession(page);
      await cdp.send("WebAuthn.enable");
      const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
        options: { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, hasPrf: prf },
      });
      await page.evaluate(async (asked) => {
        const created = await navigator.credentials.create({
          publicKey: {
            rp: { name: "test" }, user: { id: new Uint8Array(8), name: "ana", displayName: "ana" }, challenge: new Uint8Array(32),
            pubKeyCredParams: [{ type: "public-key", alg: -7 }], authenticatorSelection: { residentKey: "required", userVerification: "required" },
            extensions: asked ? { prf: {} } : {},
          },
        });
        return created.id;
      }, prf);
      await agree(page);
      if (prf) {
        await until(() => session.frames.length > 0, "frames");
        assert.match(session.consents[0].holder, /^[0-9a-f]{64}$/);
        const again = await inside(page, async (widget, asked) => {
          const { holderPart } = await import("/capture/passkey.js");
          return holderPart(asked);
        }, passkey);
        assert.equal(again, session.consents[0].holder);
        parts.push(again);
      } else {
        await shows(page, "trouble");
        assert.equal(await lines(page), "This passkey cannot unlock it");
        assert.equal(session.consents.length, 0);
      }
      await cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
      await close();
    }
    assert.notEqual(parts[0], parts[1], "another passkey, another part");
  });

  test("a payment that takes a device key asks the person's own passkey, and sends what it signed over what the page shows", async () => {
    const payment = { id: "p-BwcHBwcHBwcHBwcHBwcHBw", amount: 1250, currency: "EUR", digits: 2, payee: "Café Ana", order: "2026-1138", expires: 1800000600 };
    for (const has of [true, false]) {
      const nonce = Buffer.alloc(32, 3).toString("base64url");
      const session = server.open({ kind: "payment", payment, device_key: { relying_party: "localhost", nonce } });
      const { page, context, close } = await visit(session);
      const cdp = await context.newCDPSession(page);
      await cdp.send("WebAuthn.enable");
      await cdp.send("WebAuthn.addVirtualAuthenticator", {
        options: { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
      });
      const spki = has && (await page.evaluate(async () => {
        const created = await navigator.credentials.create({
          publicKey: {
            rp: { id: "localhost", name: "test" }, user: { id: new Uint8Array(8), name: "ana", displayName: "ana" }, challenge: new Uint8Array(32),
            pubKeyCredParams: [{ type: "public-key", alg: -7 }], authenticatorSelection: { residentKey: "required", userVerification: "required" },
          },
        });
        return [...new Uint8Array(created.response.getPublicKey())];
      }));
      await agree(page);
      if (!has) {
        await shows(page, "trouble");
        assert.equal(await lines(page), "The passkey was not used");
        assert.deepEqual([session.consents.length, await page.evaluate(() => globalThis.cameras.length)], [0, 0], "nothing is sent or captured without it");
        assert.ok(await inside(page, (widget) => [...widget.shadowRoot.querySelectorAll(".way-out")].some((one) => one.checkVisibility())));
        await context.close();
        continue;
      }
      await until(() => session.frames.length > 0, "frames");
      const [{ device_key: given, shown_sha256: shown }] = session.consents;
      const [clientData, data, signature] = ["clientDataJSON", "authenticatorData", "signature"].map((name) => Buffer.from(given.response[name], "base64url"));
      const said = JSON.parse(clientData);
      const text = `countenance device key 1\nsession: ${session.id}\nnonce: ${nonce}\nshown: ${shown}\n`;
      assert.deepEqual([said.type, said.origin, said.challenge], ["webauthn.get", server.base, createHash("sha256").update(text).digest("base64url")]);
      assert.deepEqual(data.subarray(0, 32), createHash("sha256").update("localhost").digest());
      assert.equal(data[32] & 5, 5, "present and verified");
      const signed = Buffer.concat([data, createHash("sha256").update(clientData).digest()]);
      const key = { key: createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }) };
      assert.ok(verify("sha256", signed, key, signature));
      assert.ok(!verify("sha256", Buffer.concat([signed, Buffer.of(0)]), key, signature));
      session.end("judged");
      await shows(page, "judged");
      await close();
    }
  });

  test("every text has contrast enough, in light and in dark", async () => {
    for (const colorScheme of ["light", "dark"]) {
      const session = server.open({ approve: "Open the door" });
      const { page, close } = await visit(session, { colorScheme });
      await shows(page, "consent");
      await page.locator("button.main").click();
      const poor = await inside(page, contrast);
      assert.ok(poor.count >= 12 && Math.abs(poor.black - 21) < 0.1);
      assert.deepEqual(poor.poor, [], colorScheme);
      await close();
    }
  });

  test("every step of one's own consents has contrast enough, breaks no policy, and shows no token", async () => {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport: SIZES.phone, locale: "en-US", colorScheme });
      await context.addInitScript(instead);
      const steps = [];
      let count = 0;
      await walkOwn(server, context, async (page, at) => {
        const found = await page.evaluate(`(${contrast})(document.querySelector("countenance-consents"))`);
        assert.deepEqual(found.poor, [], `${at} ${colorScheme}`);
        assert.deepEqual(await page.evaluate(() => globalThis.violations), [], at);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        assert.equal(wide, false, `${at} is wider than the screen`);
        assert.equal(new URL(page.url()).hash, "", at);
        steps.push(at);
        count += found.count;
      });
      assert.ok(steps.length >= 12 && count > 60, `${steps} ${count}`);
      await context.close();
    }
    assert.deepEqual(server.addresses.filter((address) => /L{20}|P{20}/.test(address)), []);
  });
});
