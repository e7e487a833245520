// Checks results that a server signed, offline (docs/spec/result-v1.md).

import { CountenanceError } from "./errors.js";
import { parseOnce } from "./json.js";
import { hex, webCrypto } from "./random.js";

/**
 * What is wrong with a result, as other tools name it.
 * @typedef {"malformed" | "header" | "key" | "signature" | "claims" | "audience" | "time" | "nonce" | "binding"} Fault
 */

/**
 * The claims of a valid result, and claims that this version does not know. Only the outcome `accept` grants anything.
 * @typedef {object} Result
 * @property {1} v
 * @property {string} iss The vault it comes from.
 * @property {string} aud For whom it is.
 * @property {number} iat When it was signed, in seconds since 1970-01-01 UTC.
 * @property {number} exp When it ends.
 * @property {string} jti Its own id.
 * @property {string} sid Id of the session.
 * @property {string} nonce Of the session.
 * @property {"document" | "payment" | "presence" | "verify"} kind
 * @property {"accept" | "reject" | "recapture"} outcome
 * @property {number} judged When it was decided.
 * @property {string} [sub] Who was asked about; with the kinds `verify` and `payment` only.
 * @property {string} [collection] Of which collection; with the kinds `verify` and `payment` only.
 * @property {string} [approved_sha256] SHA-256 of the text that was approved, where the session had one.
 * @property {string} [payment] Id of the payment that was to be approved; with the kind `payment` only.
 * @property {string} [transaction_sha256] SHA-256 of terms and payer, with the kind `payment` only: see `transactionSha256`.
 * @property {import("../types/models.js").DocumentChecks} [document] What came of the checks of the document; with the kind
 *   `document` only. The outcome is about the face alone.
 * @property {string} consent_sha256 SHA-256 of the text to which the person agreed on the page.
 * @property {string} challenge `light` or `calm`.
 * @property {string} capture `unattested`: the pictures came from software that nobody vouches for.
 * @property {string[]} factors What took part. One entry is a single factor, and no more should be made of it.
 * @property {string[]} models Models whose word it is.
 * @property {string} policy Version of the rules, and the false-match rate at which is decided.
 */

/**
 * @typedef {object} Expected
 * @property {string} audience Your own, as the session was made with.
 * @property {string} [nonce] The session's. Without it every `jti` must be remembered for a minute, as ResultChecker does.
 * @property {string} [approvedText] The text that the person was to approve.
 * @property {string} [approvedSha256] The same, as its SHA-256.
 * @property {"document" | "payment" | "presence" | "verify"} [kind]
 * @property {number} [now] Seconds since 1970-01-01 UTC; else the clock's.
 */

/** @typedef {{ keys: object[] }} KeySet */

const MOST_BYTES = 8192;
const LONGEST_S = 60;
const CLOCKS_DIFFER_S = 5;
const JUDGED_BEFORE_S = 120;
const TEXTS = [
  ...["iss", "aud", "jti", "sid", "nonce", "kind", "outcome"],
  ...["consent_sha256", "challenge", "capture", "policy"],
];

/**
 * What a result about this payment must have as its `transaction_sha256`: compare it before you deliver. Make it of what your
 * own order says, and of the payment as it was made (docs/spec/payment-v1.md).
 * @param {import("../types/models.js").PaymentAnswer} payment
 * @param {{ subject: string, collection?: string }} whose
 */
export async function transactionSha256(payment, { subject, collection = "default" }) {
  const { id, amount, currency, payee, order, expires } = payment;
  const lines = Object.entries({ id, amount, currency, payee, order, expires, collection, payer: subject });
  const text = ["countenance payment 1", ...lines.map(([name, value]) => `${name}: ${value}`), ""].join("\n");
  const { subtle } = await webCrypto();
  return hex(new Uint8Array(await subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

/** What came is no valid result: it says nothing, whatever stands in it. */
export class ResultInvalid extends CountenanceError {
  /**
   * @param {Fault} fault
   * @param {string} what
   */
  constructor(fault, what) {
    super(`${fault}: ${what}`);
    /** What is wrong, by its name. */
    this.fault = fault;
  }
}

/**
 * The claims of a result, once everything about it is checked; rejects with ResultInvalid at the first thing that is wrong.
 * @param {string} jws
 * @param {KeySet} keys Those of the server (`client.jwks()`), fetched before and not because the result asks for them.
 * @param {Expected} expected
 * @returns {Promise<Result>}
 */
export async function checkResult(jws, keys, expected) {
  const { audience, nonce, kind, now = Date.now() / 1000 } = expected;
  if (typeof audience !== "string") throw new TypeError("`audience` is missing: it is your own");
  if (typeof now !== "number" || !Number.isFinite(now)) throw new TypeError("`now` is not a time in seconds");
  const approved = await approvedDigest(expected);
  const parts = typeof jws === "string" && jws.length <= MOST_BYTES ? jws.split(".") : [];
  if (parts.length !== 3) throw new ResultInvalid("malformed", `not three parts within ${MOST_BYTES} bytes`);
  const [header, claims, signature] = /** @type {[Bytes, Bytes, Bytes]} */ (parts.map(base64url));
  const key = await keyOf(keys, kidOf(header));
  await verify(key, signature, utf8(`${parts[0]}.${parts[1]}`));
  const result = resultOf(object(claims, "claims"));
  timely(result, Math.floor(now), audience);
  if (nonce !== undefined && result.nonce !== nonce) throw new ResultInvalid("nonce", "it is of another session");
  if (approved !== undefined && result.approved_sha256 !== approved) {
    throw new ResultInvalid("binding", "another text was approved, or none");
  }
  if (kind !== undefined && result.kind !== kind) throw new ResultInvalid("binding", `it is of the kind ${result.kind}`);
  return result;
}

/**
 * What must have been approved, if that matters. Something that is no digest must not be taken for nothing.
 * @param {Expected} expected
 * @returns {Promise<string | undefined>}
 */
async function approvedDigest({ approvedText, approvedSha256 }) {
  if (approvedText !== undefined) {
    if (typeof approvedText !== "string") throw new TypeError("`approvedText` is not a text");
    return digest(utf8(approvedText));
  }
  if (approvedSha256 === undefined) return undefined;
  if (typeof approvedSha256 !== "string" || !/^[0-9a-f]{64}$/i.test(approvedSha256)) {
    throw new TypeError("`approvedSha256` is not a SHA-256 in hex");
  }
  return approvedSha256.toLowerCase();
}

/** Checks results for one audience: knows the server's keys, and takes no result twice. */
export class ResultChecker {
  #fetch;
  #audience;
  #clock;
  /** @type {Promise<KeySet> | undefined} */
  #keys;
  #fetched = 0;
  /** @type {Map<string, number>} */
  #seen = new Map();

  /**
   * @param {() => Promise<KeySet>} keys Fetches the key set, such as `() => client.jwks()`; asked every five minutes at most.
   * @param {string} audience
   * @param {{ clock?: () => number }} [options] `clock` tells seconds since 1970-01-01 UTC.
   */
  constructor(keys, audience, { clock = () => Date.now() / 1000 } = {}) {
    this.#fetch = keys;
    this.#audience = audience;
    this.#clock = clock;
  }

  /**
   * As `checkResult`. A result that was checked before is refused as `nonce`.
   * @param {string} jws
   * @param {Omit<Expected, "audience" | "now">} [expected]
   * @returns {Promise<Result>}
   */
  async check(jws, expected = {}) {
    const now = this.#clock();
    if (!this.#keys || !(now - this.#fetched >= 0 && now - this.#fetched < 300)) {
      this.#keys = this.#fetch();
      this.#fetched = now;
      // What could not be fetched is fetched anew.
      this.#keys.catch(() => {
        this.#keys = undefined;
      });
    }
    const result = await checkResult(jws, await this.#keys, { ...expected, audience: this.#audience, now });
    for (const [jti, exp] of this.#seen) if (exp <= now) this.#seen.delete(jti);
    if (this.#seen.has(result.jti)) throw new ResultInvalid("nonce", "it was checked before");
    this.#seen.set(result.jti, result.exp);
    return result;
  }
}

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/**
 * @param {string} text
 * @returns {Bytes}
 */
function utf8(text) {
  return new TextEncoder().encode(text);
}

/** @param {Bytes} bytes */
async function digest(bytes) {
  return hex(await sha256(bytes));
}

/** @param {Bytes} bytes */
async function sha256(bytes) {
  return new Uint8Array(await (await webCrypto()).subtle.digest("SHA-256", bytes));
}

/** @param {Uint8Array} bytes */
function toBase64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * @param {string} part
 * @returns {Bytes}
 */
function base64url(part) {
  if (!/^[A-Za-z0-9_-]*$/.test(part) || part.length % 4 === 1) {
    throw new ResultInvalid("malformed", "a part is not base64url without padding");
  }
  const raw = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  // Otherwise the same result could be written in several ways.
  if (toBase64url(raw) !== part) throw new ResultInvalid("malformed", "unused bits are set");
  return raw;
}

/**
 * @param {Bytes} bytes
 * @param {Fault} fault
 * @returns {Record<string, unknown>}
 */
function object(bytes, fault) {
  let read;
  try {
    read = parseOnce(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new ResultInvalid(fault, error instanceof Error ? error.message : "this is no JSON");
  }
  if (typeof read !== "object" || read === null || Array.isArray(read) || Object.getPrototypeOf(read) !== null) {
    throw new ResultInvalid(fault, "not a JSON object");
  }
  return /** @type {Record<string, unknown>} */ (read);
}

/** @param {Bytes} header */
function kidOf(header) {
  const { alg, typ, kid, ...more } = object(header, "header");
  const fits = alg === "EdDSA" && typ === "countenance-result+jwt" && Object.keys(more).length === 0;
  if (!fits || typeof kid !== "string") {
    throw new ResultInvalid("header", "it says something else than EdDSA, the type of a result, and a key's id");
  }
  return kid;
}

/**
 * @param {KeySet} keys
 * @param {string} kid
 * @returns {Promise<Bytes>}
 */
async function keyOf(keys, kid) {
  for (const one of keys?.keys ?? []) {
    const key = /** @type {Record<string, unknown>} */ (one ?? {});
    if (key.kid !== kid || key.kty !== "OKP" || key.crv !== "Ed25519" || key.purpose !== "result") continue;
    if (typeof key.x !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(key.x)) continue;
    // RFC 7638: the members in this order and no others.
    const text = JSON.stringify({ crv: "Ed25519", kty: "OKP", x: key.x });
    if (toBase64url(await sha256(utf8(text))) !== kid) continue;
    try {
      return base64url(key.x);
    } catch {
      continue;
    }
  }
  throw new ResultInvalid("key", "no key of that id signs results there");
}

/**
 * @param {Bytes} raw
 * @param {Bytes} signature
 * @param {Bytes} signed
 */
async function verify(raw, signature, signed) {
  const { subtle } = await webCrypto();
  let key;
  try {
    key = await subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    const unknown = error instanceof Error && error.name === "NotSupportedError";
    throw unknown
      ? new CountenanceError("this browser does not know Ed25519: check the result on your server", { cause: error })
      : new ResultInvalid("key", "the key is not one of Ed25519");
  }
  if (!(await subtle.verify({ name: "Ed25519" }, key, signature, signed))) {
    throw new ResultInvalid("signature", "it is not of that key, or was altered");
  }
}

/**
 * @param {Record<string, unknown>} claims
 * @returns {Result}
 */
function resultOf(claims) {
  /**
   * @param {string} name
   * @param {boolean} holds
   */
  const require = (name, holds) => {
    if (!holds) throw new ResultInvalid("claims", `\`${name}\` is missing or not what it should be`);
  };
  require("v", claims.v === 1);
  for (const name of ["iat", "exp", "judged"]) {
    const value = claims[name];
    require(name, typeof value === "number" && value >= 0 && !Object.is(value, -0));
  }
  for (const name of TEXTS) require(name, typeof claims[name] === "string");
  require("approved_sha256", !("approved_sha256" in claims) || typeof claims.approved_sha256 === "string");
  for (const name of ["factors", "models"]) {
    const listed = claims[name];
    require(name, Array.isArray(listed) && listed.every((one) => typeof one === "string"));
  }
  require("kind", ["document", "payment", "presence", "verify"].includes(/** @type {string} */ (claims.kind)));
  require("outcome", ["accept", "reject", "recapture"].includes(/** @type {string} */ (claims.outcome)));
  const paid = claims.kind === "payment";
  for (const name of ["sub", "collection"]) {
    require(name, paid || claims.kind === "verify" ? typeof claims[name] === "string" : !(name in claims));
  }
  for (const name of ["payment", "transaction_sha256"]) {
    require(name, paid ? typeof claims[name] === "string" : !(name in claims));
  }
  require("document", claims.kind === "document" ? isChecked(claims.document) : !("document" in claims));
  require("approved_sha256", !paid || "approved_sha256" in claims);
  return /** @type {Result} */ (/** @type {unknown} */ ({ ...claims }));
}

/**
 * Whether the checks of a document are told as they should be.
 * @param {unknown} document
 */
function isChecked(document) {
  if (typeof document !== "object" || document === null || Array.isArray(document)) return false;
  const { zone, check_digits, format = "", expired = false, portrait = "" } = /** @type {Record<string, unknown>} */ (document);
  return [zone, check_digits, format, portrait].every((one) => typeof one === "string") && typeof expired === "boolean";
}

/**
 * @param {Result} result
 * @param {number} now
 * @param {string} audience
 */
function timely(result, now, audience) {
  const { aud, iat, exp, judged } = result;
  if (aud !== audience) throw new ResultInvalid("audience", `it is for ${aud}`);
  if (!(exp - iat >= 0 && exp - iat <= LONGEST_S)) throw new ResultInvalid("time", "it would be valid for too long");
  if (!(iat <= now + CLOCKS_DIFFER_S)) {
    throw new ResultInvalid("time", "it was signed in the future: do the clocks agree?");
  }
  if (!(now < exp)) throw new ResultInvalid("time", "it has expired");
  if (!(iat - JUDGED_BEFORE_S <= judged && judged <= iat)) {
    throw new ResultInvalid("time", "it was decided long before it was signed, or after");
  }
}
