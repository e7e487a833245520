// How the page talks to the server. The token goes in headers and sub-protocols only, never into an address.
import { Gate, SUBPROTOCOL, encodeFrame, frameAsJson, paths, readMessage, readRules } from "./protocol.js";

/** Something stands in the way. `code` names what; the messages have a title and a text for each. */
export class Trouble extends Error {
  constructor(code, cause) {
    super(code, { cause });
    this.name = "Trouble";
    this.code = code;
  }
}

/** One session on one server. */
export class Connection {
  #base;
  #paths;
  #token;
  #fetch;
  #WebSocket;
  #language;

  /**
   * @param {{session: string, token: string}} ticket
   * @param {{base: string, language?: string, fetch?: typeof fetch, WebSocket?: typeof WebSocket}} options `base` is the server's
   *   address, `language` the one that the text to agree to is to be in
   */
  constructor(ticket, { base, language = "en", fetch = globalThis.fetch, WebSocket = globalThis.WebSocket }) {
    this.#base = base;
    this.#language = language;
    this.#paths = paths(ticket.session);
    this.#token = ticket.token;
    this.#fetch = fetch.bind(globalThis);
    this.#WebSocket = WebSocket;
  }

  /** What the session asks, and its state. */
  read() {
    return this.#ask("GET", `${this.#paths.state}?lang=${encodeURIComponent(this.#language)}`);
  }

  /** The person agreed. */
  agree(consent) {
    return this.#ask("POST", this.#paths.consent, consent);
  }

  /** The person takes the way out. Arrives even when the page is left at once. */
  decline() {
    return this.#ask("DELETE", this.#paths.state, undefined, { keepalive: true });
  }

  /** A line for frames. `heard` gets every message that is known, and `closed` once, when no more will come. */
  socketLine(heard, closed) {
    const address = new URL(this.#paths.frames, this.#base);
    address.protocol = address.protocol === "http:" ? "ws:" : "wss:";
    return new SocketLine(new this.#WebSocket(address.href, [SUBPROTOCOL, `token.${this.#token}`]), heard, closed);
  }

  /** The same without a socket: the second best, where something between here and the server allows none. */
  postLine(heard, closed) {
    return new PostLine((frames) => this.#ask("POST", this.#paths.frames, { frames }), heard, closed);
  }

  #ask(method, path, body, more = {}) {
    return ask(this.#fetch, new URL(path, this.#base), { method, token: this.#token, body, more });
  }
}

/** One link by which somebody sees their own consents (docs/spec/consent-link-v1.md). */
export class LinkConnection {
  #base;
  #path;
  #token;
  #fetch;

  /**
   * @param {{session: string, token: string}} ticket
   * @param {{base: string, fetch?: typeof fetch}} options `base` is the server's address
   */
  constructor(ticket, { base, fetch = globalThis.fetch }) {
    this.#base = base;
    this.#path = `/v1/consent-links/${encodeURIComponent(ticket.session)}`;
    this.#token = ticket.token;
    this.#fetch = fetch.bind(globalThis);
  }

  /** What the link asks of the person. */
  read() {
    return this.#ask("GET", "");
  }

  /** Their consents, for what shows that they are theirs: a holder part, or what a device key signed. */
  show({ holder, deviceKey }) {
    const headers = holder === undefined ? {} : { "Countenance-Holder": holder };
    return this.#ask("POST", "/consents", deviceKey === undefined ? {} : { device_key: deviceKey }, headers);
  }

  /** Withdraws what they agreed to for a purpose. */
  withdraw(purpose, permit) {
    return this.#ask("POST", "/withdrawals", { purpose, permit });
  }

  #ask(method, path, body, headers = {}) {
    return ask(this.#fetch, new URL(this.#path + path, this.#base), { method, token: this.#token, body, headers });
  }
}

async function ask(fetch, address, { method, token, body, headers = {}, more = {} }) {
  const sent = { Authorization: `Bearer ${token}`, ...headers };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(address.href, {
      method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      ...more,
    });
  } catch (cause) {
    throw new Trouble("network", cause);
  }
  if (answer.status === 204) return null;
  let read;
  try {
    read = await answer.json();
  } catch (cause) {
    throw new Trouble(answer.ok ? "network" : "server", cause);
  }
  if (answer.ok) return read;
  throw new Trouble(troubleOf(answer.status, read?.code));
}

function troubleOf(status, code) {
  if (status === 401 || status === 404) return "ticket";
  if (code === "session_over") return "over";
  if (code === "capture_busy") return "elsewhere";
  if (status === 422) return "refused";
  return "server";
}

/** What both lines share: a gate, the first `hello`, and that they close once. */
class Line {
  /** Whether the server has said hello. */
  greeted = false;
  #heard;
  #closed;
  #open = true;
  #gate = null;

  constructor(heard, closed) {
    this.#heard = heard;
    this.#closed = closed;
  }

  /** Whether a frame that the camera has now may go. */
  isReady(now) {
    return this.#open && this.greeted && this.#gate.isOpen(now);
  }

  /** Number and time for a picture that was taken at `taken`; null when it comes too late for this line. */
  place(taken) {
    return this.#open && this.greeted ? this.#gate.take(taken) : null;
  }

  get isOpen() {
    return this.#open;
  }

  hear(text) {
    const message = readMessage(text);
    if (message === null || !this.#open) return;
    if (message.type === "hello") {
      this.greeted = true;
      this.#gate = new Gate(message.rules);
    }
    if (message.type === "ack") this.#gate?.ack(message.frame);
    this.#heard(message);
  }

  end(trouble) {
    if (!this.#open) return;
    this.#open = false;
    this.#closed(trouble);
  }
}

class SocketLine extends Line {
  #socket;

  constructor(socket, heard, closed) {
    super(heard, closed);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => this.hear(event.data);
    socket.onclose = () => this.end("network");
  }

  send(taken, picture) {
    const place = this.place(taken);
    if (place !== null) this.#socket.send(encodeFrame(place.number, place.time, picture));
  }

  close() {
    this.end(null);
    this.#socket.close(1000);
  }
}

/** Empty requests come this many milliseconds apart; with frames, one follows the other. */
const IDLE_MS = 80;

class PostLine extends Line {
  #post;
  #queue = [];
  #most = readRules(null).batch;

  constructor(post, heard, closed) {
    super((message) => {
      if (message.type === "hello") this.#most = message.rules.batch;
      heard(message);
    }, closed);
    this.#post = post;
    this.#run();
  }

  isReady(now) {
    return this.#queue.length < this.#most && super.isReady(now);
  }

  send(taken, picture) {
    const place = this.place(taken);
    if (place !== null) this.#queue.push(frameAsJson(place.number, place.time, picture));
  }

  close() {
    this.end(null);
  }

  async #run() {
    while (this.isOpen) {
      const frames = this.#queue.splice(0);
      try {
        const { messages } = await this.#post(frames);
        for (const message of Array.isArray(messages) ? messages : []) this.hear(message);
      } catch (cause) {
        this.end(cause instanceof Trouble ? cause.code : "network");
      }
      if (this.#queue.length === 0) await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    }
  }
}
