// Session v1 as the capture side speaks it: bytes, texts and rules. Nothing here touches a page, a network or a clock, so
// that all of it can be tested anywhere. docs/spec/session-v1.md is what it follows.

/** The sub-protocol that the server answers with. */
export const SUBPROTOCOL = "countenance.capture.v1";

/** A color that stays as long as this comes slowly: it is faded to. */
const SLOW_MS = 600;

/** How each kind of prompt is known on the wire. */
export const PROMPTS = Object.freeze(["hold", "turn_left", "turn_right", "smile", "light"]);

/** How each piece of guidance is known on the wire. */
export const GUIDANCE = Object.freeze([
  "ok", "no_face", "one_face", "closer", "farther", "center", "more_light", "less_light", "hold_still", "look_straight",
]);

/** How a session can end. */
export const ENDS = Object.freeze(["judged", "canceled", "expired"]);

const COLOR = /^#[0-9a-f]{6}$/i;

/** What is used where the server names no limit, and the most that is believed of what it names. */
const RULES = Object.freeze({
  width: [640, 4096],
  height: [480, 4096],
  max_bytes: [131072, 16777216],
  per_second: [15, 60],
  in_flight: [2, 64],
  batch: [8, 64],
});

/**
 * Session and token out of a fragment, `#ID.TOKEN`; null when it has none.
 * @param {string} fragment
 * @returns {{session: string, token: string} | null}
 */
export function ticket(fragment) {
  const found = /^#?([a-z0-9]{1,8}-[A-Za-z0-9_-]{8,64})\.([A-Za-z0-9_-]{43})$/.exec(fragment);
  return found && { session: found[1], token: found[2] };
}

/**
 * The addresses of a session. The token is in none of them: addresses are logged.
 * @param {string} session
 */
export function paths(session) {
  const state = `/v1/capture/${encodeURIComponent(session)}`;
  return { state, consent: `${state}/consent`, frames: `${state}/frames` };
}

/**
 * A frame as it goes over the socket: number and time in milliseconds, little-endian, then the picture.
 * @param {number} number
 * @param {number} time
 * @param {Uint8Array} picture
 */
export function encodeFrame(number, time, picture) {
  const bytes = new Uint8Array(8 + picture.length);
  const head = new DataView(bytes.buffer);
  head.setUint32(0, number, true);
  head.setUint32(4, time, true);
  bytes.set(picture, 8);
  return bytes;
}

/** A frame as it goes by POST. */
export function frameAsJson(number, time, picture) {
  return { frame: number, time_ms: time, picture: toBase64(picture) };
}

/** Bytes in base64 (RFC 4648). */
export function toBase64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** Bytes in base64url without padding. */
export function toBase64Url(bytes) {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Bytes out of base64url without padding. */
export function fromBase64Url(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

/**
 * The terms of a payment as docs/spec/payment-v1.md writes them, made of what is shown; null when one of them could break a line.
 * @param {{id: string, amount: number, currency: string, payee: string, order: string, expires: number}} payment
 */
export function termsText({ id, amount, currency, payee, order, expires }) {
  const whole = [amount, expires].every((number) => Number.isSafeInteger(number) && number > 0);
  const lines = [id, currency, payee, order].every((text) => typeof text === "string" && text !== "" && !/[\u0000-\u001f\u007f-\u009f]/.test(text));
  if (!whole || !lines) return null;
  return `countenance payment 1\nid: ${id}\namount: ${amount}\ncurrency: ${currency}\npayee: ${payee}\norder: ${order}\nexpires: ${expires}\n`;
}

/**
 * What a device key signs, as docs/spec/payment-v1.md writes it: of this session alone, and of what is shown.
 * @param {string} session
 * @param {string} nonce
 * @param {string} shown digest of the terms, in hexadecimal
 */
export function deviceKeyText(session, nonce, shown) {
  return `countenance device key 1\nsession: ${session}\nnonce: ${nonce}\nshown: ${shown}\n`;
}

/**
 * What a device key signs so that its owner is shown their consents, as docs/spec/consent-link-v1.md writes it: for one answer to one link.
 * @param {string} link
 * @param {string} nonce
 */
export function consentsText(link, nonce) {
  return `countenance consents 1\nlink: ${link}\nnonce: ${nonce}\n`;
}

/** An amount in minor units as people of this language write it. The digits are those of the server: tables of browsers differ. */
export function money({ amount, currency, digits }, language) {
  const exact = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "symbol", ...exact }).format(amount / 10 ** digits);
}

/** Bytes in lower-case hexadecimal. */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The rules for frames, with what the server left out filled in and what cannot be brought within bounds.
 * @param {unknown} named
 */
export function readRules(named) {
  const rules = {};
  for (const [name, [usual, most]] of Object.entries(RULES)) {
    const value = named && typeof named === "object" ? named[name] : undefined;
    rules[name] = Number.isInteger(value) && value > 0 ? Math.min(value, most) : usual;
  }
  return rules;
}

/**
 * A message of the server, or null when it is of a type or kind that this page does not know: those are passed over.
 * @param {unknown} message text, or an object out of a list
 */
export function readMessage(message) {
  let it = message;
  if (typeof message === "string") {
    try {
      it = JSON.parse(message);
    } catch {
      return null;
    }
  }
  if (it === null || typeof it !== "object") return null;
  switch (it.type) {
    case "hello":
      return { type: "hello", rules: readRules(it.frames), endsInMs: Number(it.ends_in_ms) || 0 };
    case "ack":
      return Number.isInteger(it.frame) ? { type: "ack", frame: it.frame } : null;
    case "prompt":
      if (!PROMPTS.includes(it.kind) || !Number.isInteger(it.id)) return null;
      if (it.kind !== "light") return { type: "prompt", id: it.id, kind: it.kind };
      if (!COLOR.test(it.color)) return null;
      return { type: "prompt", id: it.id, kind: "light", color: it.color, slow: it.window_ms >= SLOW_MS };
    case "guidance":
      return GUIDANCE.includes(it.code) ? { type: "guidance", code: it.code } : null;
    case "progress":
      if (!Number.isInteger(it.done) || !Number.isInteger(it.of) || it.of < 1) return null;
      return { type: "progress", done: Math.min(Math.max(it.done, 0), it.of), of: it.of };
    case "done":
      return ENDS.includes(it.state) ? { type: "done", state: it.state } : null;
    case "error":
      return { type: "error", code: typeof it.code === "string" ? it.code : "internal" };
    default:
      return null;
  }
}

/**
 * The way out as an address that may be followed, or null. Never a script.
 * @param {unknown} address
 */
export function wayOut(address) {
  try {
    const url = new URL(address);
    const here = url.protocol === "http:" && ["localhost", "127.0.0.1"].includes(url.hostname);
    return url.protocol === "https:" || here ? url.href : null;
  } catch {
    return null;
  }
}

/** The size a picture is sent in: within the rules either way up, never enlarged, of the same shape. */
export function fit(width, height, rules) {
  const [long, short] = [Math.max(rules.width, rules.height), Math.min(rules.width, rules.height)];
  const scale = Math.min(1, long / Math.max(width, height), short / Math.min(width, height));
  return { width: Math.max(1, Math.floor(width * scale)), height: Math.max(1, Math.floor(height * scale)) };
}

/**
 * When the next frame may go: no more in flight than allowed, no faster than asked for, numbers and times that only rise.
 * Frames that may not go are left out, so that none comes late.
 */
export class Gate {
  #rules;
  #next = 0;
  #waiting = new Set();
  #due = -Infinity;
  #time = -1;
  #pause;
  #leave;

  constructor(rules) {
    this.#rules = rules;
    this.#pause = 1000 / rules.per_second;
    // Cameras jitter. A frame that comes a little before its time goes, and the next one is not due sooner for it: were it left out, the pause
    // would be twice as long.
    this.#leave = this.#pause / 4;
  }

  /** Whether a frame that the camera has now may go. */
  isOpen(now) {
    return this.#waiting.size < this.#rules.in_flight && now >= this.#due - this.#leave;
  }

  /** Takes a place for a frame. */
  take(now) {
    const number = this.#next++;
    this.#waiting.add(number);
    this.#due = Math.max(this.#due, now - this.#leave) + this.#pause;
    this.#time = Math.max(this.#time + 1, Math.round(now));
    return { number, time: this.#time };
  }

  /** The server has looked at a frame. */
  ack(number) {
    this.#waiting.delete(number);
  }
}

/**
 * Keeps colored light harmless even if the server or the network does not: at most five changes within any second, and two for who asked for
 * slow ones. Two changes make a flash, and WCAG 2.3.1 allows three flashes a second.
 */
export class LightGuard {
  #most;
  #changes = [];
  #color = null;

  constructor(calm) {
    this.#most = calm ? 2 : 5;
  }

  /** Whether this color may be shown now. */
  allows(color, now) {
    if (color === this.#color) return true;
    this.#changes = this.#changes.filter((at) => now - at < 1000);
    if (this.#changes.length >= this.#most) return false;
    this.#changes.push(now);
    this.#color = color;
    return true;
  }

  /** The light is out; what comes next is a change again. */
  out() {
    this.#color = null;
  }
}
