// Device keys in the person's browser: passkeys that are made for a payment's second factor, and that sign what is shown.

import { CountenanceError } from "./errors.js";

/**
 * Asks the person's browser to make a device key. Call it on a page of one of the origins that the server's operator named, when the person pressed
 * a button, and hand what it gives to `finishDeviceKey`.
 * @param {Record<string, any>} options `public_key` of `openDeviceKey`.
 * @returns {Promise<Record<string, any>>}
 */
export async function makeDeviceKey(options) {
  const user = { ...options.user, id: fromText(options.user.id) };
  const known = (options.excludeCredentials ?? []).map((/** @type {{ id: string }} */ one) => ({ type: "public-key", id: fromText(one.id) }));
  const publicKey = { ...options, user, challenge: fromText(options.challenge), excludeCredentials: known };
  const made = await passkeys().create({ publicKey });
  const { clientDataJSON, attestationObject } = made?.response ?? {};
  if (!attestationObject) throw new CountenanceError("the browser made no passkey");
  return {
    id: made.id,
    type: "public-key",
    response: { clientDataJSON: toText(clientDataJSON), attestationObject: toText(attestationObject) },
  };
}

/**
 * Asks the person's browser for the signature of a device key, for a page of your own in place of the capture page: hand what it gives to
 * `agreeCapture`. `shownSha256` is the digest of the terms, made of what your page shows.
 * @param {string} session Id of the session.
 * @param {import("../types/models.js").CaptureDeviceKey} asked `device_key` of `showCapture`.
 * @param {string} shownSha256
 * @returns {Promise<Record<string, any>>}
 */
export async function useDeviceKey(session, asked, shownSha256) {
  return signed(asked, `countenance device key 1\nsession: ${session}\nnonce: ${asked.nonce}\nshown: ${shownSha256}\n`);
}

/**
 * Asks the person's browser for the signature of a device key that shows that consents are theirs, for a page of your own in place of
 * `/consents`: hand what it gives to `showOwnConsents`. Call it when the person pressed a button.
 * @param {string} link Id of the link.
 * @param {import("../types/models.js").CaptureDeviceKey} asked `device_key` of `showConsentLink`.
 * @returns {Promise<Record<string, any>>}
 */
export async function useDeviceKeyForConsents(link, asked) {
  return signed(asked, `countenance consents 1\nlink: ${link}\nnonce: ${asked.nonce}\n`);
}

/**
 * @param {import("../types/models.js").CaptureDeviceKey} asked
 * @param {string} text
 */
async function signed(asked, text) {
  const challenge = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const used = await passkeys().get({
    publicKey: { challenge, rpId: asked.relying_party, allowCredentials: [], userVerification: "required" },
  });
  const { clientDataJSON, authenticatorData, signature } = used?.response ?? {};
  if (!signature) throw new CountenanceError("the browser gave no signature");
  return {
    id: used.id,
    type: "public-key",
    response: { clientDataJSON: toText(clientDataJSON), authenticatorData: toText(authenticatorData), signature: toText(signature) },
  };
}

/** @returns {any} */
function passkeys() {
  const found = /** @type {any} */ (globalThis).navigator?.credentials;
  if (!found) throw new CountenanceError("there are no passkeys here: this is for a page that was opened securely, in a browser");
  return found;
}

/** @param {ArrayBuffer} buffer */
function toText(buffer) {
  const text = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} text */
function fromText(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}
