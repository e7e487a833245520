// <countenance-capture>: what the person sees and can do. It judges nothing; it asks, shows prompts and sends pictures.
//
//   import "./capture.js";
//   widget.ticket = { session, token };                  // out of POST /v1/sessions, by way of the relying party
//   widget.addEventListener("capturestate", (event) => { event.detail.state });
//
// Attributes: `lang` (else the browser's languages), `server` (else where the page is from).
import { Camera } from "./camera.js";
import { Check } from "./check.js";
import { Connection, Trouble } from "./connection.js";
import { element, ring, setText, sign } from "./dom.js";
import { direction } from "./messages/index.js";
import { deviceKey, holderPart } from "./passkey.js";
import { money, wayOut } from "./protocol.js";
import { Start, digest } from "./start.js";

/** Guidance changes with the picture; it is spoken no more often than this. */
const SPOKEN_MS = 1800;

/** What is asked, by kind. */
const TITLES = { document: "document", payment: "payment", verify: "verify", presence: "presence" };

const ENDS = { judged: "judged", declined: "halted", canceled: "halted", expired: "time" };

export class CountenanceCapture extends HTMLElement {
  #start;
  #parts;
  #shown = null;
  #touched = false;
  #spoken = { at: 0, timer: null };

  constructor() {
    super();
    const sheet = element("link", { rel: "stylesheet", href: new URL("./capture.css", import.meta.url).href });
    const stage = element("section", { class: "stage", "aria-live": "off" });
    const polite = element("p", { class: "unseen", role: "status" });
    const urgent = element("p", { class: "unseen", role: "alert" });
    const exits = [this.#exit(), this.#exit()];
    const lightText = element("p", { class: "chip" });
    // In the top layer, so that the color fills the screen wherever the widget stands on a page.
    const light = element("div", { class: "light", popover: "manual", hidden: true }, lightText, exits[1]);
    const widget = element("div", { class: "widget" }, stage, element("p", { class: "exit" }, exits[0]), polite, urgent, light);
    this.attachShadow({ mode: "open" }).append(sheet, widget);
    this.#parts = { stage, polite, urgent, exits, light, lightText };
    this.#start = new Start(this, widget, {
      begun: () => this.#begun(),
      open: (ticket, changed) => this.#open(ticket, changed),
      show: (view) => this.#render(view),
      refused: { step: "trouble", trouble: "ticket", mendable: false, color: null },
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

  /** The check that is under way. */
  get #check() {
    return this.#start.current;
  }

  #begun() {
    for (const exit of this.#parts.exits) setText(exit, this.#start.say("way_out"));
    this.#shown = null;
  }

  #open(ticket, changed) {
    return new Check({
      connection: new Connection(ticket, { base: this.#start.base, language: this.#start.language }),
      openCamera: (rules) => Camera.open(rules),
      holderPart,
      deviceKey,
      digest: (text) => digest(text, new Trouble("camera_unsupported")),
      now: () => performance.now(),
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      changed,
    });
  }

  // The link is a plain one: it leads out even if everything else here fails.
  #exit() {
    return element("a", { class: "way-out", rel: "noreferrer", hidden: true, click: () => this.#check?.decline() });
  }

  #render(view) {
    const say = this.#start.say;
    const audience = this.#check?.session?.audience ?? "";
    const out = wayOut(this.#check?.session?.way_out);
    const over = view.step === "judged";
    for (const exit of this.#parts.exits) {
      exit.hidden = out === null || over;
      if (out !== null) exit.href = out;
    }
    const scene = view.step === "trouble" ? `trouble_${view.trouble}` : view.step;
    if (this.#shown !== scene) this.#change(scene, view, say, audience);
    if (view.step === "capturing") this.#patch(view, say);
    this.#color(view);
  }

  #change(scene, view, say, audience) {
    const { stage, polite, urgent } = this.#parts;
    const first = this.#shown === null;
    this.#shown = scene;
    clearTimeout(this.#spoken.timer);
    setText(polite, "");
    setText(urgent, "");
    stage.className = `stage ${view.step}${view.resumed ? " resumed" : ""}`;
    stage.replaceChildren(...this.#scene(view, say, audience));
    const heading = stage.querySelector("h1");
    // Who has begun to use this hears where they are; who has not keeps their place on the page.
    if (this.#touched) heading.focus();
    else if (!first) setText(polite, heading.textContent);
    const detail = { state: view.step, trouble: view.trouble ?? null, title: heading.textContent, language: this.#start.language };
    this.dispatchEvent(new CustomEvent("capturestate", { detail, bubbles: true, composed: true }));
  }

  #scene(view, say, audience) {
    const title = (key) => element("h1", { tabindex: "-1" }, say(key));
    const text = (key) => element("p", {}, say(key, { audience }));
    switch (view.step) {
      case "consent":
        return view.resumed
          ? [title("resumed"), text("resumed_text"), this.#button(say("resume"), () => this.#check.resume())]
          : this.#consent(say, audience);
      case "capturing":
        return this.#capturing(say);
      case "loading":
      case "sending":
        return [element("div", { class: "wait", "aria-hidden": "true" }), title(view.step)];
      case "passkey":
      case "camera":
        return [element("div", { class: "wait", "aria-hidden": "true" }), title(view.step), text(`${view.step}_text`)];
      case "trouble": {
        const key = `trouble_${view.trouble}`;
        const again = view.mendable ? this.#button(say("again"), () => this.#check.again()) : null;
        return [sign("trouble"), title(key), text(`${key}_text`), again].filter(Boolean);
      }
      default: {
        const name = view.step === "canceled" && this.#check.session?.payment ? "canceled_payment" : view.step;
        const kept = view.step === "judged" ? element("p", { class: "quiet" }, say("judged_kept")) : null;
        return [sign(ENDS[view.step]), title(name), text(`${name}_text`), kept].filter(Boolean);
      }
    }
  }

  #button(label, act) {
    const press = () => {
      this.#touched = true;
      act();
    };
    return element("button", { type: "button", class: "main", click: press }, label);
  }

  #consent(say, audience) {
    const { session } = this.#check;
    const until = new Intl.DateTimeFormat(this.#start.language, { hour: "2-digit", minute: "2-digit" });
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const choice = (value, chosen) =>
      element(
        "label",
        { class: "choice" },
        element("input", { type: "radio", name: "calm", value, checked: chosen, "aria-describedby": `more-${value} missing` }),
        element("span", {}, element("b", {}, say(`calm_${value}`)), element("small", { id: `more-${value}` }, say(`calm_${value}_more`))),
      );
    const missing = element("p", { class: "missing", id: "missing", role: "alert" });
    const form = element(
      "form",
      {
        submit: (event) => {
          event.preventDefault();
          const chosen = form.querySelector("input:checked");
          if (chosen === null) {
            setText(missing, say("calm_missing"));
            form.querySelector("input").focus();
            return;
          }
          this.#touched = true;
          this.#check.agree({ calm: chosen.value === "calm" });
        },
        change: () => setText(missing, ""),
      },
      element("fieldset", {}, element("legend", {}, say("calm_question")), choice("light", false), choice("calm", still), missing),
      element("button", { type: "submit", class: "main" }, say("agree")),
    );
    return [
      element("p", { class: "asks" }, say("asks", { audience })),
      element("h1", { tabindex: "-1" }, say(TITLES[session.kind] ?? "presence")),
      session.payment ? bill(session.payment, say, this.#start.language) : null,
      session.kind === "document" ? element("p", { class: "note" }, say("document_note")) : null,
      consentText(session),
      session.device_key ? element("p", {}, say("device_key_note")) : null,
      session.passkey ? element("p", {}, say("passkey_note")) : null,
      form,
      element("p", { class: "quiet" }, say("open_until", { time: until.format(Date.now() + session.ends_in_ms) })),
    ].filter(Boolean);
  }

  #capturing(say) {
    const { payment } = this.#check.session;
    const steps = element("div", { class: "unseen", role: "progressbar", "aria-valuemin": "0" });
    const picture = element("div", { class: "picture", role: "group", "aria-label": say("preview") }, ring(), steps);
    return [
      element("h1", { tabindex: "-1" }, say("starting")),
      picture,
      payment ? element("p", { class: "paying" }, say("paying", this.#paid(payment))) : null,
      element("p", { class: "guidance" }, say("starting_text")),
      element("p", { class: "quiet step" }),
    ].filter(Boolean);
  }

  #paid(payment) {
    return { amount: money(payment, this.#start.language), payee: payment.payee };
  }

  #patch(view, say) {
    const { stage, urgent } = this.#parts;
    const picture = stage.querySelector(".picture");
    const { camera, session } = this.#check;
    if (camera && camera.video.parentNode !== picture) picture.prepend(camera.video);
    const yes = view.prompt === "smile" && session.payment;
    const prompt = yes ? say("smile_to_pay", this.#paid(session.payment)) : say(view.prompt ?? "starting");
    setText(stage.querySelector("h1"), prompt);
    if (view.prompt) setText(urgent, prompt);
    if (picture.dataset.prompt !== (view.prompt ?? "")) {
      picture.dataset.prompt = view.prompt ?? "";
      picture.querySelector(".sign")?.remove();
      if (["turn_left", "turn_right", "smile"].includes(view.prompt)) picture.append(sign(view.prompt));
    }
    const guidance = view.guidance ? say(`guide_${view.guidance}`) : view.prompt ? "" : say("starting_text");
    setText(stage.querySelector(".guidance"), guidance);
    this.#speak(guidance);
    const share = view.of ? (100 * view.done) / view.of : 0;
    picture.querySelector(".ring-done").setAttribute("stroke-dasharray", `${share} 200`);
    const steps = picture.querySelector("[role=progressbar]");
    const step = view.of ? say("progress", { done: Math.min(view.done + 1, view.of), of: view.of }) : "";
    steps.setAttribute("aria-valuemax", view.of || 1);
    steps.setAttribute("aria-valuenow", view.done);
    steps.setAttribute("aria-valuetext", step);
    setText(stage.querySelector(".step"), step);
  }

  #speak(text) {
    const { polite } = this.#parts;
    clearTimeout(this.#spoken.timer);
    const wait = Math.max(0, this.#spoken.at + SPOKEN_MS - performance.now());
    this.#spoken.timer = setTimeout(() => {
      this.#spoken.at = performance.now();
      setText(polite, text);
    }, wait);
  }

  #color(view) {
    const { light, lightText } = this.#parts;
    const color = view.step === "capturing" ? view.color : null;
    if (color === null) {
      if (light.hidden) return;
      light.hidden = true;
      light.hidePopover?.();
      return;
    }
    light.classList.toggle("slow", view.slow);
    if (light.hidden) {
      setText(lightText, this.#start.say("light"));
      // What the first color is faded from.
      light.style.setProperty("background-color", "Canvas");
      light.hidden = false;
      light.showPopover?.();
      light.getBoundingClientRect();
    }
    light.style.setProperty("background-color", color);
  }
}

/** What is paid, large, as the page understands it: what is written here is what the digest is made of. */
function bill(payment, say, language) {
  const row = (key, value) => [element("dt", {}, say(key)), element("dd", {}, element("bdi", {}, value))];
  return element(
    "section",
    { class: "bill", "aria-label": say("payment_of") },
    element("p", { class: "amount" }, money(payment, language)),
    element("dl", {}, ...row("payee", payment.payee), ...row("order", payment.order)),
  );
}

/** The text that is agreed to: whole, as text, as the server wrote it. What is approved stands out. */
function consentText({ consent, approve }) {
  const text = element("div", { class: "consent-text", lang: consent.lang, dir: direction(consent.lang) });
  const at = approve ? consent.text.indexOf(`\n${approve}\n`) : -1;
  if (at < 0) {
    text.append(consent.text);
    return text;
  }
  const from = at + 1;
  text.append(consent.text.slice(0, from), element("strong", {}, approve), consent.text.slice(from + approve.length));
  return text;
}

customElements.define("countenance-capture", CountenanceCapture);
