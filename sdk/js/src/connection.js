import { CountenanceError, NotReached, ProblemError, UnexpectedAnswer, problemError } from "./errors.js";
import { HolderPart } from "./holder.js";
import { hex, randomBytes } from "./random.js";

/**
 * @typedef {object} Options
 * @property {string} [url] The server's address; else COUNTENANCE_URL, else http://127.0.0.1:7300.
 * @property {string} [key] A key of the platform; else COUNTENANCE_KEY.
 * @property {string} [collection] The collection that is meant where a call names none.
 * @property {number} [retries] How often what may be asked again is asked again: 3.
 * @property {number} [longestWaitS] Seconds that are waited at most before that: 10.
 * @property {number} [timeoutS] Seconds that an answer may take: 60.
 * @property {boolean} [insecure] Whether a plain http address of another machine may be asked.
 * @property {typeof globalThis.fetch} [fetch] A fetch of your own.
 */

/**
 * What goes along with a call.
 * @typedef {object} Parts
 * @property {Record<string, string>} [segments] Values in the path.
 * @property {Record<string, string | number | undefined>} [query]
 * @property {object} [json]
 * @property {[string, Uint8Array<ArrayBuffer> | string][]} [form]
 * @property {HolderPart} [holder]
 * @property {string} [idempotencyKey]
 * @property {AbortSignal} [signal] Ends the call early.
 */

// These have no Idempotency-Key, and write nothing or the same again: they may be asked again whatever happened.
const WRITES_NOTHING_TWICE = new Set([
  ...["/v1/compare", "/v1/detect", "/v1/subjects/{subject}/export"],
  ...["/v1/sessions/{session}", "/v1/capture/{session}", "/v1/capture/{session}/consent"],
  "/v1/consent-links/{link}/withdrawals",
]);
// With these codes nothing was begun, or it is being worked on under the same Idempotency-Key.
const AGAIN = new Set([
  ...["busy", "collection_loading", "too_many_requests"],
  ...["too_many_sessions", "attempts_used", "quota_used", "in_progress"],
]);
const SHORTEST_WAIT_S = 0.2;

/** Sends calls and awaits the answers. */
export class Connection {
  #url;
  #key;
  #collection;
  #retries;
  #longestWaitS;
  #timeoutS;
  #fetch;

  /** @param {Options} [options] Where and how to ask. */
  constructor(options = {}) {
    this.#url = address(options.url ?? environment("COUNTENANCE_URL") ?? "http://127.0.0.1:7300", options.insecure);
    const key = (options.key ?? environment("COUNTENANCE_KEY"))?.trim();
    if (key && !/^[!-~]+$/.test(key)) throw new TypeError("the key has characters that no key has");
    this.#key = key || undefined;
    this.#collection = options.collection;
    this.#retries = options.retries ?? 3;
    this.#longestWaitS = options.longestWaitS ?? 10;
    this.#timeoutS = options.timeoutS ?? 60;
    // A page's fetch wants to be called on the page.
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    if (!(this.#retries >= 0) || !(this.#longestWaitS >= 0)) {
      throw new RangeError("`retries` and `longestWaitS` are not negative");
    }
  }

  /** The server's address. */
  get url() {
    return this.#url;
  }

  /**
   * The answer to a call.
   * @protected
   * @param {import("./operations.js").Operation} operation
   * @param {Parts} [parts]
   * @returns {Promise<any>}
   */
  async ask(operation, parts = {}) {
    const { target, init } = await this.#request(operation, parts);
    const harmless = operation.idempotent || operation.method === "GET" || WRITES_NOTHING_TWICE.has(operation.path);
    for (let left = this.#retries; ; left -= 1) {
      const backoffS = SHORTEST_WAIT_S * 2 ** (this.#retries - left);
      /** @type {ProblemError | UnexpectedAnswer | NotReached} */
      let told;
      let askedS = 0;
      let again = false;
      try {
        const response = await this.#send(target, init, parts.signal);
        if (response.ok) return read(response, operation);
        const refusal = refused(response);
        told = refusal;
        askedS = retryAfterS(response.headers) ?? 0;
        again = mayMend(refusal, harmless);
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        const why = await this.#why(target, init, error, parts.signal);
        const what = `no answer from ${this.#url} to ${operation.method} ${operation.path}: ${error.message}`;
        told = why ?? new NotReached(what, { cause: error.cause });
        askedS = (why instanceof ProblemError && why.retryAfterS) || 0;
        again = why ? mayMend(why, harmless) : !error.late && (harmless || error.nothingSent);
      }
      if (!again || left <= 0 || askedS > this.#longestWaitS) throw told;
      // Those who were refused together do not come back together.
      const waitS = Math.min((askedS || backoffS) + Math.random() * backoffS, Math.max(askedS, this.#longestWaitS));
      await pause(waitS * 1000, parts.signal);
    }
  }

  /**
   * The address of an operation.
   * @protected
   * @param {import("./operations.js").Operation} operation
   * @param {Record<string, string>} segments
   */
  target(operation, segments) {
    return new URL(this.#url + operation.path.replace(/{(\w+)}/g, (_, name) => segment(segments[name])));
  }

  /**
   * What fetch is told; each attempt the same.
   * @param {import("./operations.js").Operation} operation
   * @param {Parts} parts
   */
  async #request(operation, { segments = {}, query = {}, json, form, holder, idempotencyKey }) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (operation.scope !== null) {
      if (!this.#key) {
        const what = `${operation.method} ${operation.path} needs a key with the scope \`${operation.scope}\``;
        throw new CountenanceError(`${what}: name \`key\` or set COUNTENANCE_KEY`);
      }
      headers.authorization = `Bearer ${this.#key}`;
    }
    if (operation.capture || operation.link) headers.authorization = `Bearer ${this.#key}`;
    if (holder !== undefined) {
      if (!(holder instanceof HolderPart)) throw new TypeError("`holder` is a HolderPart");
      headers["countenance-holder"] = holder.hex();
    }
    if (operation.idempotent) headers["idempotency-key"] = idempotencyKey ?? hex(await randomBytes(16));
    const target = this.target(operation, segments);
    for (const name of operation.query) {
      const value = query[name] ?? (name === "collection" ? this.#collection : undefined);
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    /** @type {string | FormData | undefined} */
    let body;
    if (json !== undefined) {
      headers["content-type"] = "application/json";
      body = JSON.stringify(json);
    } else if (form !== undefined) {
      body = new FormData();
      for (const [name, value] of form) {
        // A name goes along because a part without one is read as text by many servers; it says nothing.
        if (typeof value === "string") body.append(name, value);
        else body.append(name, new Blob([value]), name);
      }
    }
    /** @type {RequestInit} */
    const init = { method: operation.method, headers, redirect: "manual", credentials: "omit", cache: "no-store" };
    if (body !== undefined) init.body = body;
    return { target, init };
  }

  /**
   * Why a connection broke while a body was on its way, where the server says so. It may refuse a request before it has
   * read the body and close, and then fetch loses the refusal. Asked without the body and the Idempotency-Key, which does
   * nothing, it refuses for the same reason; what it says of the missing body tells nothing.
   * @param {URL} target
   * @param {RequestInit} init
   * @param {Broken} error
   * @param {AbortSignal} [signal]
   * @returns {Promise<ProblemError | undefined>}
   */
  async #why(target, init, error, signal) {
    if (init.body === undefined || error.late || error.nothingSent) return undefined;
    const headers = new Headers(init.headers);
    headers.delete("idempotency-key");
    headers.delete("content-type");
    try {
      const response = await this.#send(target, { ...init, headers, body: null }, signal);
      const told = response.ok || [400, 415, 422].includes(response.status) ? undefined : refused(response);
      return told instanceof ProblemError ? told : undefined;
    } catch (another) {
      if (another instanceof Broken) return undefined;
      throw another;
    }
  }

  /**
   * @param {URL} target
   * @param {RequestInit} init
   * @param {AbortSignal} [signal]
   * @returns {Promise<Received>}
   */
  async #send(target, init, signal) {
    const ending = new AbortController();
    const end = () => ending.abort(signal?.reason);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      ending.abort();
    }, this.#timeoutS * 1000);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", end, { once: true });
    try {
      const response = await this.#fetch(target, { ...init, signal: ending.signal });
      return { ok: response.ok, status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw new Broken(error, late ? this.#timeoutS : undefined);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
    }
  }
}

/** @typedef {{ ok: boolean, status: number, headers: Headers, text: string }} Received */

/** A connection that broke, or an answer that took too long. */
class Broken extends Error {
  /**
   * @param {unknown} cause
   * @param {number} [lateS]
   */
  constructor(cause, lateS) {
    const inner = /** @type {{ message?: string, cause?: { code?: string, message?: string } }} */ (cause);
    const why = inner?.cause?.message || inner?.cause?.code || inner?.message || String(cause);
    super(lateS === undefined ? why : `none within ${lateS} s`, { cause });
    this.late = lateS !== undefined;
    this.nothingSent = ["ECONNREFUSED", "ENOTFOUND", "UND_ERR_CONNECT_TIMEOUT"].includes(inner?.cause?.code ?? "");
  }
}

/**
 * Whether what was refused may be answered when it is asked again.
 * @param {ProblemError | UnexpectedAnswer} told
 * @param {boolean} harmless
 */
function mayMend(told, harmless) {
  if (told instanceof ProblemError) return AGAIN.has(told.code) && told.retryAfterS !== undefined;
  return harmless && [429, 502, 503].includes(told.status);
}

/**
 * @param {Received} response
 * @param {import("./operations.js").Operation} operation
 */
function read(response, operation) {
  if (response.status === 204) return undefined;
  const kind = response.headers.get("content-type") ?? "";
  if (!/^application\/json\b/.test(kind)) {
    if (operation.text) return response.text;
  } else {
    try {
      return JSON.parse(response.text);
    } catch {
      // Told below.
    }
  }
  const what = `${operation.method} ${operation.path} was answered with something else than the document says`;
  throw new UnexpectedAnswer(what, { status: response.status });
}

/**
 * @param {Received} response
 * @returns {ProblemError | UnexpectedAnswer}
 */
function refused(response) {
  if ((response.headers.get("content-type") ?? "").startsWith("application/problem+json")) {
    try {
      const { type, title, status, code, detail } = JSON.parse(response.text);
      if (typeof status === "number" && [title, code, detail].every((text) => typeof text === "string")) {
        return problemError(
          { type, title, status, code, detail },
          { retryAfterS: retryAfterS(response.headers), requestId: response.headers.get("x-request-id") ?? undefined },
        );
      }
    } catch {
      // Told below.
    }
  }
  const what = `${response.status} without a problem that can be read; is a proxy in between?`;
  return new UnexpectedAnswer(what, { status: response.status });
}

/**
 * Seconds, given as such or as a date.
 * @param {Headers} headers
 */
function retryAfterS(headers) {
  const given = headers.get("retry-after")?.trim();
  if (!given) return undefined;
  if (/^\d+$/.test(given)) return Number(given);
  const time = Date.parse(given);
  return Number.isNaN(time) ? undefined : Math.max(0, (time - Date.now()) / 1000);
}

/**
 * @param {string} text
 * @param {boolean} [insecure]
 */
function address(text, insecure) {
  let url;
  try {
    url = new URL(text);
  } catch {
    throw new TypeError(`not an address of a server, such as https://faces.example: ${text}`);
  }
  if (!["http:", "https:"].includes(url.protocol) || url.search || url.hash || url.username || url.password) {
    throw new TypeError("not an address of a server, such as https://faces.example");
  }
  const here = /^(localhost|(.+\.)?localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === "http:" && !here && !insecure) {
    throw new TypeError(
      `${url.origin} would carry the key and faces in the clear: use https, or say \`insecure: true\` where something else protects the way`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

/** @param {string | undefined} value */
function segment(value) {
  if (typeof value !== "string" || ["", ".", ".."].includes(value)) {
    throw new TypeError(`${JSON.stringify(value)} cannot stand in a path`);
  }
  return encodeURIComponent(value);
}

/** @param {string} name */
function environment(name) {
  return globalThis.process?.env?.[name] || undefined;
}

/**
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, ms);
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", end, { once: true });
  });
}
