// <countenance-consents>: where somebody sees what they agreed to, and withdraws it, with a passkey they have already.
//
//   import "./consents.js";
//   widget.ticket = { session, token };                  // `id` and `token` of POST /v1/subjects/{subject}/consent-links
//   widget.addEventListener("consentstate", (event) => { event.detail.state });
//
// Attributes: `lang` (else the browser's languages), `server` (else where the page is from).
import { LinkConnection, Trouble } from "./connection.js";
import { element, setText, sign } from "./dom.js";
import { deviceKey, holderPart } from "./passkey.js";
import { wayOut } from "./protocol.js";
import { Start, digest } from "./start.js";
import { Visit } from "./visit.js";

/** What can be agreed to. */
const PURPOSES = ["verify", "identify", "identity_check", "payment", "device_unlock"];
/** Troubles that have words of their own here; the others are those of the page for checks. */
const OWN = ["link", "passkey_missing", "passkey_refused", "passkey_without_prf"];

export class CountenanceConsents extends HTMLElement {
  #start;
  #parts;
  #shown = null;
  #touched = false;

  constructor() {
    super();
    const sheet = (name) => element("link", { rel: "stylesheet", href: new URL(name, import.meta.url).href });
    const stage = element("section", { class: "stage", "aria-live": "off" });
    const polite = element("p", { class: "unseen", role: "status" });
    const exit = element("a", { class: "way-out", rel: "noreferrer", hidden: true });
    const widget = element("div", { class: "widget" }, stage, element("p", { class: "exit" }, exit), polite);
    this.attachShadow({ mode: "open" }).append(sheet("./capture.css"), sheet("./consents.css"), widget);
    this.#parts = { stage, polite, exit };
    this.#start = new Start(this, widget, {
      begun: () => (this.#shown = null),
      open: (ticket, changed) => this.#open(ticket, changed),
      show: (view) => this.#render(view),
      refused: { step: "trouble", trouble: "link" },
      // A page that is gone back to shows what it showed: nothing of the person may stay on it.
      left: () => stage.replaceChildren(),
    });
  }

  connectedCallback() {
    this.#start.connect();
  }

  disconnectedCallback() {
    this.#start.disconnect();
  }

  /** `{session, token}`; setting it begins, null says that the link does not work. Not an attribute: markup is copied and kept. */
  get ticket() {
    return this.#start.ticket;
  }

  set ticket(given) {
    this.#start.ticket = given;
  }

  /** The visit that is under way. */
  get #visit() {
    return this.#start.current;
  }

  #open(ticket, changed) {
    return new Visit({
      connection: new LinkConnection(ticket, { base: this.#start.base }),
      holderPart,
      deviceKey,
      digest: (text) => digest(text, new Trouble("passkey_missing")),
      changed,
    });
  }

  #render(view) {
    const { stage, polite, exit } = this.#parts;
    const say = this.#start.say;
    const link = this.#visit?.link;
    const out = wayOut(link?.way_out);
    exit.hidden = out === null;
    if (out !== null) exit.href = out;
    const known = ["list", "confirm", "withdrawing"].includes(view.step) || view.step === "over";
    setText(exit, say(known ? "own_back" : "own_way_out", { audience: link?.audience ?? "" }));
    const scene = [view.step, view.trouble, view.purpose, view.withdrawn].join();
    if (this.#shown === scene) return;
    const first = this.#shown === null;
    this.#shown = scene;
    stage.className = `stage own ${view.step}`;
    stage.replaceChildren(...this.#scene(view, say, link?.audience ?? ""));
    const heading = stage.querySelector("h1");
    // Who has begun to use this hears where they are; who has not keeps their place on the page.
    setText(polite, "");
    if (this.#touched) {
      heading.focus();
      scrollTo(0, 0);
    } else if (!first) setText(polite, heading.textContent);
    const detail = { state: view.step, trouble: view.trouble ?? null, title: heading.textContent, language: this.#start.language };
    this.dispatchEvent(new CustomEvent("consentstate", { detail, bubbles: true, composed: true }));
  }

  #scene(view, say, audience) {
    const title = (key, values) => element("h1", { tabindex: "-1" }, say(key, values));
    const text = (key, values = { audience }) => element("p", {}, say(key, values));
    const asks = element("p", { class: "asks" }, audience);
    switch (view.step) {
      case "loading":
      case "sending":
      case "withdrawing":
        return [wait(), title("loading")];
      case "passkey":
        return [wait(), title("passkey"), text("passkey_text")];
      case "ask":
        return [
          asks,
          title("own"),
          text("own_text"),
          text("own_passkey"),
          this.#button(say("own_show"), "main", () => this.#visit.show()),
          element("p", { class: "quiet" }, say("own_until", { time: this.#time() })),
        ];
      case "list":
        return [asks, ...this.#list(view, say, audience)];
      case "confirm":
        return [asks, ...this.#confirm(view.purpose, say, audience)];
      case "over":
        return [sign("time"), title("own_over"), text("own_over_text")];
      default: {
        const key = `${OWN.includes(view.trouble) ? "own_trouble" : "trouble"}_${view.trouble}`;
        const again = this.#visit ? this.#button(say("again"), "main", () => this.#visit.again()) : null;
        return [sign("trouble"), title(key), text(`${key}_text`), again].filter(Boolean);
      }
    }
  }

  #list({ withdrawn }, say, audience) {
    const { standing, ended } = this.#visit;
    const name = (purpose) => this.#name(purpose);
    const done = withdrawn === null ? null : element("p", { class: "done" }, sign("judged"), element("span", {}, say("own_withdrawn", { purpose: name(withdrawn) })));
    const gone = withdrawn !== null && standing.size === 0 ? element("p", {}, say("own_gone")) : null;
    const nothing = standing.size === 0 ? element("p", {}, say("own_nothing", { audience })) : null;
    const cards = [...standing].map(([purpose, entries], at) =>
      element(
        "section",
        { class: "card", "aria-labelledby": `purpose-${at}` },
        element("h2", { id: `purpose-${at}` }, name(purpose)),
        PURPOSES.includes(purpose) ? element("p", {}, say(`own_${purpose}_text`)) : null,
        ...entries.map((one) => this.#facts(one)),
        this.#button(say("own_withdraw"), "other", () => this.#visit.consider(purpose), { "aria-describedby": `purpose-${at}` }),
      ),
    );
    const before = ended.map((one) =>
      element("li", {}, element("b", {}, name(one.purpose)), " ", say(`own_state_${one.state === "withdrawn" ? "withdrawn" : "expired"}`), this.#facts(one)),
    );
    return [
      element("h1", { tabindex: "-1" }, say("own")),
      done,
      gone,
      nothing,
      ...cards,
      ended.length ? element("details", {}, element("summary", {}, say("own_before", { number: ended.length })), element("ul", {}, ...before)) : null,
      standing.size ? element("p", { class: "quiet" }, say("own_open_until", { time: this.#time() })) : null,
    ].filter(Boolean);
  }

  #confirm(purpose, say, audience) {
    const { standing, link } = this.#visit;
    const others = [...standing.keys()].filter((one) => one !== purpose);
    const stays = { others: new Intl.ListFormat(this.#start.language).format(others.map((one) => say("own_quoted", { purpose: this.#name(one) }))), audience };
    const known = PURPOSES.includes(purpose);
    // Device keys go with the consent for payments, and this page opens with one.
    const last = purpose === "payment" && link.device_key && others.length > 0;
    return [
      element("h1", { tabindex: "-1" }, say("own_confirm", { purpose: say("own_quoted", { purpose: this.#name(purpose) }) })),
      element("p", {}, say(known ? `own_${purpose}_stops` : "own_stops")),
      element("p", {}, say(others.length ? "own_stays" : "own_erased", stays)),
      purpose === "payment" ? element("p", {}, say("own_keys_go")) : null,
      last ? element("p", { class: "warning" }, say("own_last_time", stays)) : null,
      element("p", { class: "quiet" }, say("own_record", stays)),
      this.#button(say("own_withdraw_now"), "main alarm", () => this.#visit.withdraw()),
      this.#button(say("own_keep"), "other", () => this.#visit.keep()),
    ].filter(Boolean);
  }

  /** What is known of an entry; of what only a holder part opens nothing is there without one. */
  #facts(one) {
    const day = new Intl.DateTimeFormat(this.#start.language, { dateStyle: "long" });
    const on = (seconds) => day.format(seconds * 1000);
    const row = (key, value, more) => (value === undefined ? [] : [element("dt", {}, this.#start.say(key)), element("dd", {}, element("bdi", more ?? {}, value))]);
    const short = one.evidence_sha256 && { class: "digest", title: one.evidence_sha256 };
    return element(
      "dl",
      {},
      ...row("own_text_version", one.text_version),
      ...row("own_granted", one.granted && on(one.granted)),
      ...row("own_expires", on(one.expires)),
      ...row("own_evidence", one.evidence_sha256?.slice(0, 16).replace(/(.{4})(?=.)/g, "$1 "), short),
    );
  }

  #name(purpose) {
    return PURPOSES.includes(purpose) ? this.#start.say(`own_${purpose}`) : purpose;
  }

  #time() {
    return new Intl.DateTimeFormat(this.#start.language, { hour: "2-digit", minute: "2-digit" }).format(this.#visit.until);
  }

  #button(label, kind, act, more = {}) {
    const press = () => {
      this.#touched = true;
      act();
    };
    return element("button", { type: "button", class: kind, click: press, ...more }, label);
  }
}

function wait() {
  return element("div", { class: "wait", "aria-hidden": "true" });
}

customElements.define("countenance-consents", CountenanceConsents);
