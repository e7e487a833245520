// The person's side of a session: opened by its capture token, never by a key.

import { Connection } from "./connection.js";
import { CountenanceError } from "./errors.js";
import { HolderPart } from "./holder.js";
import * as operations from "./operations.js";
import { read } from "./pictures.js";

const PROTOCOL = "countenance.capture.v1";

/**
 * A picture of the camera, as it sees it: not mirrored.
 * @typedef {object} Frame
 * @property {number} frame Its number: 0, 1, 2 and so on, within a socket or over all requests.
 * @property {number} timeMs When it was taken, by `performance.now()`.
 * @property {import("./pictures.js").Picture} picture JPEG or WebP, within what `frames` of `showCapture` says.
 */

/**
 * @typedef {object} OfSession
 * @property {string} session Id of the session.
 * @property {string} token Its capture token.
 */

/**
 * A WebSocket, as the browser or Node declares it.
 * @typedef {typeof globalThis extends { WebSocket: new (...given: any[]) => infer S } ? S : any} Socket
 */

/** Shows a person what a session asks, and sends what the camera sees. */
export class Capture extends Connection {
  #session;
  #token;

  /** @param {OfSession & Omit<import("./connection.js").Options, "key" | "collection">} options */
  constructor({ session, token, ...options }) {
    // Else the environment's key would go along.
    if (typeof token !== "string" || !token.trim()) throw new TypeError("`token` is the capture token of the session");
    super({ ...options, key: token });
    this.#session = session;
    this.#token = token.trim();
  }

  /**
   * What the person is asked: show who asks, the text to agree to, and the way out.
   * @param {{ lang?: string } & import("./client.js").Ending} [options] `lang` is the tag of the person's language, such as `de-AT`: the
   *   text is in it where the server has it, else in English.
   * @returns {Promise<import("../types/models.js").CaptureAnswer>}
   */
  async showCapture({ lang, signal } = {}) {
    return this.ask(operations.showCapture, { segments: { session: this.#session }, query: { lang }, signal });
  }

  /**
   * The person has read the text whose digest is `sha256` (`consent.sha256` of `showCapture`), and agrees.
   * @param {string} sha256
   * @param {{ calm?: boolean, holder?: HolderPart, shownSha256?: string, deviceKey?: Record<string, any> } & import("./client.js").Ending} [options] `calm` makes the colored
   *   light slow, for people who do not bear flashing. `holder` goes along only where a passkey is asked for,
   *   `shownSha256` with a payment: the digest of its terms, made of what was shown; `deviceKey` where one is asked for:
   *   what `useDeviceKey` gave.
   * @returns {Promise<import("../types/models.js").CaptureState>}
   */
  async agreeCapture(sha256, { calm = false, holder, shownSha256, deviceKey, signal } = {}) {
    if (holder !== undefined && !(holder instanceof HolderPart)) throw new TypeError("`holder` is a HolderPart");
    return this.ask(operations.agreeCapture, {
      segments: { session: this.#session },
      json: { sha256, calm, holder: holder?.hex(), shown_sha256: shownSha256, device_key: deviceKey },
      signal,
    });
  }

  /**
   * Opens the WebSocket of the session: its messages are JSON (`CaptureMessage`), and what is sent are `frameBytes`.
   * @returns {Socket}
   */
  captureSocket() {
    if (typeof globalThis.WebSocket !== "function") {
      throw new CountenanceError("there is no WebSocket here (Node has one from 22 on): send frames by `captureFrames`");
    }
    const target = this.target(operations.captureSocket, { session: this.#session });
    target.protocol = target.protocol === "https:" ? "wss:" : "ws:";
    // A browser cannot send a header with it.
    return new WebSocket(target, [PROTOCOL, `token.${this.#token}`]);
  }

  /**
   * Sends frames without a WebSocket, 8 at most, and answers what is to be done now. Begin with none: the first answer is
   * `hello`. One request at a time. After a message `error`, and where no answer came, it begins anew with frame 0.
   * @param {Frame[]} frames
   * @param {import("./client.js").Ending} [options]
   * @returns {Promise<import("../types/models.js").FrameMessages>}
   */
  async captureFrames(frames, { signal } = {}) {
    const sent = [];
    for (const { frame, timeMs, picture } of frames) {
      sent.push({ frame, time_ms: Math.floor(timeMs), picture: base64(await read(picture)) });
    }
    const segments = { session: this.#session };
    return this.ask(operations.captureFrames, { segments, json: { frames: sent }, signal });
  }

  /**
   * The person takes the way out: the session is over.
   * @param {import("./client.js").Ending} [options]
   * @returns {Promise<void>}
   */
  async declineCapture({ signal } = {}) {
    return this.ask(operations.declineCapture, { segments: { session: this.#session }, signal });
  }
}

/**
 * A frame as the WebSocket of a session takes it.
 * @param {Frame} frame
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function frameBytes({ frame, timeMs, picture }) {
  const content = await read(picture);
  const bytes = new Uint8Array(8 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, frame, true);
  view.setUint32(4, Math.floor(timeMs), true);
  bytes.set(content, 8);
  return bytes;
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  // A call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
