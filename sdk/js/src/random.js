// Randomness and hashes: of the browser, or of Node, where before version 20 they are no global.

/** @returns {Promise<Crypto>} */
export async function webCrypto() {
  if (globalThis.crypto?.subtle) return globalThis.crypto;
  if (typeof globalThis.process?.versions?.node !== "string") {
    throw new Error("this page has no WebCrypto: it has to come over https or from localhost");
  }
  const { webcrypto } = await import("node:crypto");
  return /** @type {Crypto} */ (/** @type {unknown} */ (webcrypto));
}

/**
 * Bytes that nobody can guess.
 * @param {number} length
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function randomBytes(length) {
  return (await webCrypto()).getRandomValues(new Uint8Array(length));
}

/**
 * The SHA-256 of bytes, in hexadecimal.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<string>}
 */
export async function sha256(bytes) {
  return hex(new Uint8Array(await (await webCrypto()).subtle.digest("SHA-256", bytes)));
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
