// Payments, the whole way, on the real server: somebody sees amount, payee and order on the page, and smiles; or tries to get by without.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { launch, until } from "./browser.js";
import { agree, SIZES, step } from "./pictures.js";
import { claimsOf, clips, example, feed, noExamples, shape, skip, stage } from "./stage.js";

describe("somebody who pays before the camera, on a real server", { skip, concurrency: 1 }, () => {
  let browser;
  let base;
  let ask;
  let send;
  let enroll;
  let keyFile;
  let crash;
  let end;
  before(async () => {
    ({ base, ask, send, enroll, keyFile, crash, end } = await stage());
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await end?.();
  });

  const make = (subject, amount = 1250, more = {}) =>
    ask("/v1/payments", "POST", { subject, amount, currency: "EUR", payee: "Café Ana", order: crypto.randomUUID(), policy: "single-factor", ...more });
  const forSession = (subject) => ({ subject, audience: "https://shop.example", nonce: crypto.randomUUID(), way_out: `${base}/policy` });
  const open = (made, subject) => ask(`/v1/payments/${made.id}/sessions`, "POST", forSession(subject));

  /** Steps after which nothing can be agreed to. */
  const over = ["canceled", "expired", "judged", "trouble"];

  /** A page that shows the payment of a session, with somebody before its camera; nothing is agreed to yet. */
  async function till(opened, who, wanted = "consent", arranged = () => {}) {
    const context = await browser.newContext({ viewport: SIZES.phone, locale: "en-US" });
    const page = await context.newPage();
    await page.addInitScript(feed, who);
    await arranged(page);
    const loaded = performance.now();
    await page.goto(`${base}/capture#${opened.id}.${opened.token}`);
    await until(async () => !["loading", null].includes(await step(page).catch(() => null)), "loaded");
    assert.equal(await step(page), wanted);
    return { page, loaded, close: () => context.close() };
  }

  /** Agrees, and what came of it. */
  async function approve({ page, loaded }, opened, made) {
    await agree(page);
    await until(async () => (await step(page)) === "judged", "judged");
    const seconds = (performance.now() - loaded) / 1000;
    const told = await ask(`/v1/sessions/${opened.id}`);
    const { state } = await ask(`/v1/payments/${made.id}`);
    return { state, claims: claimsOf(told.result), result: told.result, finding: told.detail?.finding, checks: told.detail?.checks ?? [], seconds };
  }

  async function pay(subject, who) {
    const made = await make(subject);
    const opened = await open(made, subject);
    const shown = await till(opened, who);
    const came = await approve(shown, opened, made);
    await shown.close();
    return { ...came, opened, made };
  }

  test("a smile pays once, and for nothing else", async (context) => {
    const ana = { clips: await clips("people/0000") };
    let came = null;
    for (let tries = 0; tries < 3 && came?.state !== "authorized"; tries += 1) {
      came = await pay("ana", ana);
      context.diagnostic(`${came.claims.outcome} ${came.checks}`);
    }
    // The floor is 7 s (docs/performance.md); how long it takes depends on the machine, and is told and not asserted.
    const told = `a genuine payment, from opening the page to its signed result: ${came.seconds.toFixed(2)} s of wall time`;
    assert.match(told, /: \d+\.\d\d s of wall time$/);
    context.diagnostic(told);
    assert.deepEqual([came.state, came.claims.outcome, came.claims.kind, came.claims.factors], ["authorized", "accept", "payment", ["face"]]);
    assert.match(came.claims.policy, /;single-factor$/);

    // The link again, on another till: nothing to agree to, and nothing changes.
    const again = await till(came.opened, ana, "judged");
    await again.close();
    assert.equal((await ask(`/v1/sessions/${came.opened.id}`)).result, came.result);
    // The payment again: it is over.
    const over = await send(`/v1/payments/${came.made.id}/sessions`, "POST", forSession("ana"));
    assert.deepEqual([over.status, JSON.parse(over.text).code], [409, "payment_over"]);
  });

  test("what was made too early, too long, by somebody else or by a picture pays nothing, and all of it is told alike", async (context) => {
    const attacks = [
      ["a smile before its prompt", { from: "people/0000", how: "early" }],
      ["a smile throughout", { from: "smiling/0000" }],
      ["another person", { from: "people/0001" }],
      ["another person who smiles for her", { from: "people/0000", then: "people/0001", how: "smiler" }],
      ["a photo", { from: "print/0000" }],
    ];
    const forms = [];
    for (const [at, [name, { from, then, how }]] of attacks.entries()) {
      // Each of somebody else, so that none is refused for too many attempts.
      const payer = `payer-${at}`;
      await enroll(payer);
      const came = await pay(payer, { clips: await clips(from), then: then && (await clips(then)), how });
      context.diagnostic(`${name}: ${came.claims.outcome} ${came.finding} ${came.checks}`);
      assert.deepEqual([name, came.state, came.claims.outcome], [name, "refused", "reject"]);
      forms.push(shape({ ...came.claims, jti: "", iat: 0, exp: 0 }));
      const over = await send(`/v1/payments/${came.made.id}/sessions`, "POST", forSession(payer));
      assert.equal(JSON.parse(over.text).code, "payment_over", "refused for good");
    }
    for (const form of forms) assert.deepEqual(form, forms[0]);
  });

  test("of two tills with one payment one is answered, and an amount that the page does not show is not approved", async (context) => {
    const ana = { clips: await clips("people/0000") };
    await enroll("bea");
    const much = await make("bea", 4500);
    let came = null;
    let second = null;
    for (let tries = 0; tries < 3 && came?.state !== "authorized"; tries += 1) {
      await second?.shown.close();
      const made = await make("bea");
      const [one, other] = [await open(made, "bea"), await open(made, "bea")];
      const first = await till(one, ana);
      second = { opened: other, shown: await till(other, ana), made };
      for (const { page } of [first, second.shown]) {
        const words = await page.evaluate(() => document.querySelector("countenance-capture").shadowRoot.textContent);
        assert.match(words, /€12\.50.*Café Ana/s);
      }
      came = await approve(first, one, made);
      context.diagnostic(`${came.claims.outcome} ${came.checks}`);
      await first.close();
    }
    assert.equal(came.state, "authorized");
    // The other till agrees to the same, too late.
    await agree(second.shown.page);
    await until(async () => over.includes(await step(second.shown.page)), "refused");
    await second.shown.close();
    const late = await ask(`/v1/sessions/${second.opened.id}`);
    assert.notEqual(late.outcome, "accept");
    assert.equal((await ask(`/v1/payments/${second.made.id}`)).state, "authorized");
    // What she approved is this payment, and the large one waits as before.
    assert.notEqual(came.claims.transaction_sha256, undefined);
    const big = await open(much, "bea");
    const shown = await till(big, ana);
    const words = await shown.page.evaluate(() => document.querySelector("countenance-capture").shadowRoot.textContent);
    assert.match(words, /€45\.00/);
    await shown.close();
    assert.equal((await ask(`/v1/payments/${much.id}`)).state, "created");
  });

  test("a payment that waited too long is not agreed to", async () => {
    const made = await make("ana", 1250, { lasts_s: 30 });
    const opened = await open(made, "ana");
    const shown = await till(opened, { clips: await clips("people/0000") });
    const headers = { authorization: `Bearer ${opened.token}`, "content-type": "application/json" };
    const { consent } = await (await fetch(`${base}/v1/capture/${opened.id}`, { headers })).json();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, made.expires * 1000 - Date.now()) + 1000));
    // The page knows it by itself; whoever asks the server all the same is refused.
    await until(async () => over.includes(await step(shown.page)), "refused");
    await shown.close();
    const body = JSON.stringify({ sha256: consent.sha256, calm: false, shown_sha256: made.shown_sha256 });
    const reply = await fetch(`${base}/v1/capture/${opened.id}/consent`, { method: "POST", headers, body });
    assert.deepEqual([reply.status, (await reply.json()).code], [409, "session_over"]);
    assert.equal((await ask(`/v1/payments/${made.id}`)).state, "expired");
    assert.notEqual((await ask(`/v1/sessions/${opened.id}`)).outcome, "accept");
  });

  /** Changes what passes between page and server, on the page's side: whoever could would hold the person's browser. */
  function meddle(given) {
    const { fetch } = globalThis;
    globalThis.fetch = async (address, asked = {}) => {
      const body = typeof asked.body === "string" ? JSON.parse(asked.body) : null;
      if (body?.shown_sha256) {
        globalThis.sent = body;
        Object.assign(body, given.consent);
        asked = { ...asked, body: JSON.stringify(body) };
      }
      const answer = await fetch(address, asked);
      if (!given.payment || !/\/v1\/capture\/[^/]+$/.test(String(address).split("?")[0])) return answer;
      const told = await answer.json();
      Object.assign(told.payment ?? {}, given.payment);
      return new Response(JSON.stringify(told), { status: answer.status, headers: answer.headers });
    };
  }

  test("whatever is changed of a payment on the page or on its way is refused, or changes nothing of what is approved", async (context) => {
    const ana = { clips: await clips("people/0000") };
    await enroll("cleo");
    // What the page was told is not what was asked for: its digest is another one, and nothing is agreed to.
    const fields = { amount: 125, currency: "USD", payee: "Café Eva", order: "another", expires: 4000000000, id: "p-AAAAAAAAAAAAAAAAAAAAAA" };
    const wrongs = Object.entries(fields).map(([name, value]) => [name, { payment: { [name]: value } }]);
    wrongs.push(["the digest of another payment", { consent: { shown_sha256: (await make("cleo", 4500)).shown_sha256 } }]);
    wrongs.push(["a field that nobody asked for", { consent: { amount: 125 } }]);
    for (const [name, given] of wrongs) {
      const made = await make("cleo");
      const opened = await open(made, "cleo");
      const shown = await till(opened, ana, "consent", (page) => page.addInitScript(meddle, given));
      await agree(shown.page);
      await until(async () => (await step(shown.page)) === "trouble", name);
      await shown.close();
      const session = await ask(`/v1/sessions/${opened.id}`);
      assert.deepEqual([name, (await ask(`/v1/payments/${made.id}`)).state, session.state], [name, "created", "created"]);
    }
    // What the page was told is right, and somebody paints over it afterwards: what is approved is what was asked for.
    let came = null;
    for (let tries = 0; tries < 3 && came?.state !== "authorized"; tries += 1) {
      const made = await make("cleo");
      const opened = await open(made, "cleo");
      const shown = await till(opened, ana);
      await shown.page.evaluate(() => {
        const root = document.querySelector("countenance-capture").shadowRoot;
        root.querySelector(".amount").textContent = "€1.25";
        root.querySelector(".bill dd bdi").textContent = "Café Eva";
      });
      came = { ...(await approve(shown, opened, made)), made };
      context.diagnostic(`${came.claims.outcome} ${came.checks}`);
      await shown.close();
    }
    const { made, claims } = came;
    const { amount, payee, shown_sha256 } = await ask(`/v1/payments/${made.id}`);
    const text = `countenance payment 1\nid: ${made.id}\namount: 1250\ncurrency: EUR\npayee: Café Ana\norder: ${made.order}\nexpires: ${made.expires}\n`;
    const sha256 = (of) => createHash("sha256").update(of).digest("hex");
    assert.deepEqual([came.state, amount, payee, shown_sha256, claims.approved_sha256], ["authorized", 1250, "Café Ana", sha256(text), sha256(text)]);
    assert.equal(claims.transaction_sha256, sha256(`${text}collection: default\npayer: cleo\n`));
  });

  test("a payment that the merchant cancels while somebody is before the camera ends there at once, and costs the payer no attempt", async () => {
    const ana = { clips: await clips("people/0000") };
    await enroll("dora");
    const made = await make("dora");
    const opened = await open(made, "dora");
    const shown = await till(opened, ana);
    await agree(shown.page);
    await until(async () => (await step(shown.page)) === "capturing", "capturing");
    await ask(`/v1/payments/${made.id}/cancel`, "POST", {});
    await until(async () => (await step(shown.page)) === "canceled", "canceled");
    const words = await shown.page.evaluate(() => document.querySelector("countenance-capture").shadowRoot.querySelector("h1").textContent);
    assert.equal(words, "This payment was called off");
    await shown.close();
    const told = await ask(`/v1/sessions/${opened.id}`);
    assert.deepEqual([told.state, told.result], ["canceled", undefined]);
    const { attempts } = await ask("/v1/subjects/dora/export", "POST", {});
    assert.equal(attempts, 0);
  });

  test("what was approved is there when the server dies before anybody took the result, and is approved once", async (context) => {
    const ana = { clips: await clips("people/0000") };
    await enroll("elsa");
    let made = null;
    let opened = null;
    let before = null;
    for (let tries = 0; tries < 3 && before?.state !== "authorized"; tries += 1) {
      made = await make("elsa");
      opened = await open(made, "elsa");
      const shown = await till(opened, ana);
      await agree(shown.page);
      await until(async () => (await step(shown.page)) === "judged", "judged");
      // The session is not asked: whoever does takes the result.
      before = await ask(`/v1/payments/${made.id}`);
      context.diagnostic(before.state);
      await shown.close();
    }
    assert.equal(before.state, "authorized");
    await crash();
    const after = await ask(`/v1/payments/${made.id}`);
    assert.deepEqual(after, before, "when, with which factors, and all its terms");
    assert.deepEqual([typeof after.authorized, after.factors], ["number", ["face"]]);
    assert.equal((await send(`/v1/sessions/${opened.id}`)).status, 404, "the session and its result are gone");
    const again = await send(`/v1/payments/${made.id}/sessions`, "POST", forSession("elsa"));
    assert.deepEqual([again.status, JSON.parse(again.text).code], [409, "payment_over"]);
    const back = await ask(`/v1/payments/${made.id}/refunds`, "POST", {});
    assert.equal(back.refunded, 1250, "and can be given back");
  });

  /** A phone with passkeys, and somebody before its camera. */
  async function phone() {
    const browsing = await browser.newContext({ viewport: SIZES.phone, locale: "en-US" });
    const options = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
    // Each page has authenticators of its own: what was made is carried over, as in a pocket.
    let credentials = [];
    const withKeys = async () => {
      const page = await browsing.newPage();
      const cdp = await browsing.newCDPSession(page);
      await cdp.send("WebAuthn.enable");
      const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
      for (const credential of credentials) await cdp.send("WebAuthn.addCredential", { authenticatorId, credential });
      const close = async () => {
        // The counter of an authenticator goes on.
        credentials = (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
        await page.close();
      };
      return { page, close };
    };
    return {
      /** Makes a passkey, as the server asks for one. */
      async register(asked) {
        const { page, close } = await withKeys();
        await page.goto(`${base}/capture`);
        const credential = await page.evaluate(async (given) => {
          const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(given) });
          return made.toJSON();
        }, asked);
        await close();
        return credential;
      },
      /** Follows a link to the capture page and agrees, to the end. */
      async approve(link, who) {
        const { page, close } = await withKeys();
        await page.addInitScript(feed, who);
        await page.goto(link);
        await until(async () => (await step(page).catch(() => null)) === "consent", "consent");
        const started = performance.now();
        await agree(page);
        await until(async () => (await step(page)) === "judged", "judged");
        const seconds = (performance.now() - started) / 1000;
        await close();
        return seconds;
      },
      lose() {
        credentials = [];
      },
      close: () => browsing.close(),
    };
  }

  /** A phone with a passkey that is registered as ana's. */
  async function hers() {
    const pocket = await phone();
    const begun = await ask("/v1/subjects/ana/device-keys", "POST", { label: "phone" });
    await ask(`/v1/subjects/ana/device-keys/${begun.id}`, "POST", { credential: await pocket.register(begun.public_key) });
    return pocket;
  }

  test("a payment that takes a passkey is approved by its owner's face and passkey, and not by another one's", async (context) => {
    const before = { clips: await clips("people/0000") };
    const other = { clips: await clips("people/0001") };
    const pocket = await hers();
    const payAlso = async (who) => {
      const made = await make("ana", 1250, { policy: "device-key" });
      const opened = await open(made, "ana");
      const seconds = await pocket.approve(`${base}/capture#${opened.id}.${opened.token}`, who);
      const told = await ask(`/v1/sessions/${opened.id}`);
      const claims = claimsOf(told.result);
      const { state, factors } = await ask(`/v1/payments/${made.id}`);
      context.diagnostic(`${claims.outcome} ${told.detail?.finding} ${told.detail?.checks} after ${seconds.toFixed(2)} s`);
      return { state, factors, claims, finding: told.detail?.finding };
    };

    let came;
    for (let tries = 0; tries < 3 && came?.state !== "authorized"; tries += 1) came = await payAlso(before);
    assert.deepEqual([came.state, came.factors, came.claims.outcome, came.claims.factors], ["authorized", ["face", "device-key"], "accept", ["face", "device-key"]]);
    assert.match(came.claims.policy, /;device-key$/);
    // Somebody else with her phone.
    const stranger = await payAlso(other);
    assert.deepEqual([stranger.state, stranger.factors, stranger.claims.outcome], ["refused", undefined, "reject"]);
    // Herself with a passkey that was never registered.
    pocket.lose();
    const unknown = await ask("/v1/subjects/ana/device-keys", "POST", {});
    await pocket.register({ ...unknown.public_key, excludeCredentials: [] });
    const without = await payAlso(before);
    assert.deepEqual([without.state, without.claims.outcome, without.finding], ["refused", "reject", "device_key"]);
    assert.deepEqual(without.claims.factors, ["face", "device-key"], "told as any other");
    await pocket.close();
  });

  test("the merchant of the examples sells a lamp for a smile and a passkey, once", { skip: noExamples }, async (context) => {
    const ana = { clips: await clips("people/0000") };
    const pocket = await hers();
    const shop = await example("examples/merchant/shop.py", ["--url", base, "--key-file", keyFile, "--payer", "ana", "--device-key", "--port", "0"]);
    const customer = await browser.newContext();
    const page = await customer.newPage();
    let told = "";
    for (let tries = 0; tries < 3 && !told.includes("Paid"); tries += 1) {
      await page.goto(shop.address);
      await page.getByRole("button").click();
      const link = await page.getByRole("link", { name: "Approve it" }).getAttribute("href");
      assert.match(await page.textContent("body"), /Not paid/);
      await pocket.approve(link, ana);
      await page.reload();
      told = await page.textContent("p");
      context.diagnostic(told);
    }
    assert.match(told, /^Paid \(.*;device-key\)/);
    await page.reload();
    assert.equal(await page.textContent("p"), told, "delivered once, whoever looks again");
    await customer.close();
    await shop.end();
    await pocket.close();
  });
});
