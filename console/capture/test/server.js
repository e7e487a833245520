// A part of the tests: speaks docs/spec/session-v1.md to the page, gives out its files under a strict policy, and takes
// note of everything the page does. It looks at no face: a test says what is sent.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const FOLDER = new URL("../", import.meta.url);
const KINDS = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml" };
/** What docs and README ask of a server that gives these files out, and trusted types, to prove that they are not needed. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
export const RULES = { width: 640, height: 480, max_bytes: 131072, per_second: 15, in_flight: 2, batch: 8 };

export function consentText(audience, approve) {
  return (
    `${audience} asks whether you are the person you said you are.\n\n` +
    (approve ? `With this you approve:\n${approve}\n\n` : "") +
    "If you agree, this camera takes pictures of your face for some seconds, while you are asked to turn your head, to smile and perhaps " +
    "to look at a colored screen.\nFrom the pictures the server computes how your face moves, and numbers that it compares with those kept of you " +
    "since you enrolled.\nNo picture is kept. The numbers are deleted when the check is over. What is kept is that there was a check, and how it ended.\n\n" +
    `${audience} learns how it ended, and nothing else. You do not have to agree: there is another way, and you can stop at any time.`
  );
}

let serial = 0;

/** A link to one's own consents as a test opens it: `right` says whether what came shows that they are theirs. */
class Link {
  /** What came as a proof, and what was withdrawn. */
  proofs = [];
  withdrawn = [];
  shown = false;

  constructor({ consents = [], right = () => true, lasts_ms = 600000, says_ms, passkey, device_key, audience = "https://shop.example" } = {}) {
    serial += 1;
    this.id = `a-link${String(serial).padStart(18, "0")}`;
    this.token = String(serial).padStart(43, "L");
    this.permit = String(serial).padStart(43, "P");
    this.ends = Date.now() + lasts_ms;
    this.says = says_ms;
    this.consents = consents;
    this.right = right;
    this.asks = { link: this.id, audience, way_out: "https://shop.example/privacy", ...(passkey && { passkey }), ...(device_key && { device_key }) };
  }

  get link() {
    return `/consents#${this.id}.${this.token}`;
  }

  answer(what, request, body) {
    const left = this.ends - Date.now();
    const invalid = [401, { code: "consent_link_invalid" }];
    if (left <= 0) return invalid;
    if (what === "withdrawals") {
      if (!this.shown || body.permit !== this.permit) return invalid;
      this.withdrawn.push(body.purpose);
      for (const one of this.consents) if (one.purpose === body.purpose && one.state === "active") one.state = "withdrawn";
      // Without what only a holder part opens, as the server tells it.
      const told = this.consents.map(({ number, purpose, state, expires }) => ({ number, purpose, state, expires }));
      return [200, { withdrawn: 1, consents: told }];
    }
    if (this.shown) return invalid;
    if (what === undefined) return [200, { ...this.asks, ends_in_ms: this.says ?? left }];
    const proof = { holder: request.headers["countenance-holder"], ...body };
    this.proofs.push(proof);
    if (!this.right(proof)) return invalid;
    this.shown = true;
    return [200, { permit: this.permit, ends_in_ms: left, consents: this.consents }];
  }
}

/** One session as a test opens it. */
class Session {
  state = "created";
  consents = [];
  frames = [];
  /** What the page did that the spec forbids. */
  wrongs = [];
  line = null;
  lines = 0;
  sockets = true;
  acks = true;

  constructor(asked) {
    const audience = asked.audience ?? "https://shop.example";
    const text = asked.text ?? consentText(audience, asked.approve);
    const sha256 = asked.sha256 ?? createHash("sha256").update(text).digest("hex");
    serial += 1;
    this.id = `a-test${String(serial).padStart(18, "0")}`;
    this.token = String(serial).padStart(43, "T");
    this.ends = Date.now() + (asked.lasts_ms ?? 180000);
    this.asks = {
      session: this.id, kind: asked.kind ?? "verify", audience, way_out: asked.way_out ?? "https://shop.example/other-way",
      consent: { version: "check-2", lang: "en", text, sha256 }, frames: RULES,
      ...(asked.payment && { payment: asked.payment }), ...(asked.approve && { approve: asked.approve }), ...(asked.passkey && { passkey: asked.passkey }),
      ...(asked.device_key && { device_key: asked.device_key }),
    };
  }

  get link() {
    return `/capture#${this.id}.${this.token}`;
  }

  say(message) {
    this.line.say(message);
  }

  prompt(kind, color) {
    this.prompts = (this.prompts ?? 0) + 1;
    this.say({ type: "prompt", id: this.prompts, kind, window_ms: 4000, ...(color && { color }) });
  }

  end(state) {
    this.state = state;
    this.ended = true;
    this.late = 0;
    this.say({ type: "done", state });
    this.line.close(1000);
  }

  greet(line) {
    this.line = line;
    this.lines += 1;
    this.numbers = 0;
    this.last = -1;
    this.waiting = 0;
    line.say({ type: "hello", ends_in_ms: this.ends - Date.now(), frames: RULES });
    this.prompt("hold");
  }

  /** One frame, held against every rule of the spec. */
  frame(number, time, picture) {
    const wrong = (what) => this.wrongs.push(`frame ${number}: ${what}`);
    // What was on its way when it ended is nobody's fault.
    const underway = this.ended && this.late++ < RULES.in_flight;
    if (this.state !== "capturing" && !underway) wrong(`sent while ${this.state}`);
    if (number !== this.numbers) wrong(`expected ${this.numbers}`);
    if (time <= this.last) wrong("time does not rise");
    if (picture.length > RULES.max_bytes) wrong(`${picture.length} bytes`);
    const size = jpegSize(picture);
    if (!size || Math.max(...size) > 640 || Math.min(...size) > 480) wrong(`size ${size}`);
    this.waiting += 1;
    if (this.waiting > RULES.in_flight) wrong("too many in flight");
    const recent = this.frames.filter((frame) => frame.came > Date.now() - 1000).length;
    if (recent > RULES.per_second * 1.3) wrong(`${recent} within a second`);
    this.numbers = number + 1;
    this.last = time;
    this.frames.push({ number, time, size, came: Date.now(), picture });
    if (!this.acks) return;
    setTimeout(() => {
      this.waiting -= 1;
      this.line?.say({ type: "ack", frame: number });
    }, 20);
  }
}

function jpegSize(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  for (let at = 2; at + 9 < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at] !== 0xff) return null;
    if (bytes[at + 1] >= 0xc0 && bytes[at + 1] <= 0xc2) return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
  }
  return null;
}

/** A socket of a browser, as far as RFC 6455 is needed here. */
class Socket {
  #socket;
  #rest = Buffer.alloc(0);

  constructor(socket, heard, closed) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("close", closed);
    socket.on("data", (data) => {
      this.#rest = Buffer.concat([this.#rest, data]);
      for (let frame = this.#next(); frame; frame = this.#next()) {
        if (frame.code === 2) heard(frame.body);
        if (frame.code === 8) this.close(1000);
      }
    });
  }

  #next() {
    const bytes = this.#rest;
    if (bytes.length < 2) return null;
    let length = bytes[1] & 127;
    let at = 2;
    if (length === 126) [length, at] = bytes.length >= 4 ? [bytes.readUInt16BE(2), 4] : [Infinity, 4];
    else if (length === 127) [length, at] = bytes.length >= 10 ? [Number(bytes.readBigUInt64BE(2)), 10] : [Infinity, 10];
    if (bytes.length < at + 4 + length) return null;
    const mask = bytes.subarray(at, at + 4);
    const body = Buffer.from(bytes.subarray(at + 4, at + 4 + length)).map((byte, index) => byte ^ mask[index & 3]);
    this.#rest = bytes.subarray(at + 4 + length);
    return { code: bytes[0] & 15, body };
  }

  #send(code, body) {
    if (!this.#socket.writable) return;
    const head = body.length < 126 ? Buffer.of(0x80 | code, body.length) : Buffer.of(0x80 | code, 126, body.length >> 8, body.length & 255);
    this.#socket.write(Buffer.concat([head, body]));
  }

  say(message) {
    this.#send(1, Buffer.from(JSON.stringify(message)));
  }

  close(code) {
    this.#send(8, Buffer.of(code >> 8, code & 255));
    this.#socket.end();
  }

  cut() {
    this.#socket.destroy();
  }
}

export class TestServer {
  #sessions = new Map();
  #links = new Map();
  /** Every address that was asked for, as a log has it. */
  addresses = [];

  static async start() {
    const server = new TestServer();
    server.http = createServer((request, response) => server.#answer(request, response).catch(() => response.destroy()));
    server.http.on("upgrade", (request, socket) => server.#upgrade(request, socket));
    await new Promise((resolve) => server.http.listen(0, "127.0.0.1", resolve));
    server.base = `http://localhost:${server.http.address().port}`;
    return server;
  }

  /** Opens a link to consents. */
  link(asked = {}) {
    const link = new Link(asked);
    this.#links.set(link.id, link);
    return link;
  }

  open(asked = {}) {
    const session = new Session(asked);
    this.#sessions.set(session.id, session);
    return session;
  }

  async stop() {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  #upgrade(request, socket) {
    this.addresses.push(request.url);
    const session = this.#sessions.get(request.url.split("/")[3]);
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(", ");
    const right = offered[0] === "countenance.capture.v1" && offered[1] === `token.${session?.token}`;
    if (!session?.sockets || !right || session.state !== "capturing") {
      if (session && !right) session.wrongs.push(`socket with ${offered}`);
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n` +
        "Sec-WebSocket-Protocol: countenance.capture.v1\r\n\r\n",
    );
    const line = new Socket(
      socket,
      (body) => session.frame(body.readUInt32LE(0), body.readUInt32LE(4), body.subarray(8)),
      () => session.line === line && (session.line = null),
    );
    session.greet(line);
  }

  async #answer(request, response) {
    this.addresses.push(request.url);
    const path = request.url.split("?")[0];
    if (path.startsWith("/v1/capture/")) return this.#api(request, response, path);
    if (path.startsWith("/v1/consent-links/")) return this.#own(request, response, path);
    const pages = { "/capture": "index.html", "/consents": "consents.html" };
    const file = pages[path] ?? /^\/capture\/((?:messages\/)?[a-z-]+\.(?:js|css|svg))$/.exec(path)?.[1];
    const body = file && (await readFile(new URL(file, FOLDER)).catch(() => null));
    if (!body) return response.writeHead(404).end();
    response.writeHead(200, {
      "Content-Type": KINDS[file.split(".").pop()],
      "Content-Security-Policy": POLICY,
      "Permissions-Policy": `camera=(${path === "/consents" ? "" : "self"}), publickey-credentials-get=(self)`,
      "X-Content-Type-Options": "nosniff",
    });
    return response.end(body);
  }

  async #own(request, response, path) {
    const [, , , id, what] = path.split("/");
    const link = this.#links.get(id);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length ? JSON.parse(Buffer.concat(chunks)) : null;
    const known = link && request.headers.authorization === `Bearer ${link.token}`;
    const [status, told] = known ? link.answer(what, request, body) : [401, { code: "consent_link_invalid" }];
    response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
    response.end(JSON.stringify(told));
  }

  async #api(request, response, path) {
    const [, , , id, what] = path.split("/");
    const session = this.#sessions.get(id);
    const answer = (status, body) => {
      response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
      response.end(body && JSON.stringify(body));
    };
    if (!session || request.headers.authorization !== `Bearer ${session.token}`) return answer(401, { code: "capture_token_invalid" });
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length ? JSON.parse(Buffer.concat(chunks)) : null;
    if (Date.now() > session.ends && ["created", "capturing"].includes(session.state)) session.state = "expired";
    if (!what && request.method === "GET") return answer(200, { ...session.asks, state: session.state, ends_in_ms: Math.max(0, session.ends - Date.now()) });
    if (!["created", "capturing"].includes(session.state)) return answer(409, { code: "session_over" });
    if (!what && request.method === "DELETE") {
      session.state = "canceled";
      session.declined = true;
      session.line?.close(1000);
      return answer(204);
    }
    if (what === "consent") {
      session.consents.push(body);
      if (body.sha256 !== session.asks.consent.sha256) return answer(422, { code: "value_invalid" });
      session.state = "capturing";
      return answer(200, { state: "capturing" });
    }
    if (session.state !== "capturing") return answer(409, { code: "consent_needed" });
    return answer(200, { messages: this.#post(session, body.frames) });
  }

  #post(session, frames) {
    if (!session.plain) {
      session.plain = { list: [], say: (message) => session.plain.list.push(message), close: () => {}, cut: () => {} };
      session.greet(session.plain);
    }
    if (frames.length > RULES.batch) session.wrongs.push(`${frames.length} frames at once`);
    for (const { frame, time_ms: time, picture } of frames) session.frame(frame, time, Buffer.from(picture, "base64"));
    return session.plain.list.splice(0);
  }
}
