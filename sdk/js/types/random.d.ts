/** @returns {Promise<Crypto>} */
export function webCrypto(): Promise<Crypto>;
/**
 * Bytes that nobody can guess.
 * @param {number} length
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export function randomBytes(length: number): Promise<Uint8Array<ArrayBuffer>>;
/**
 * The SHA-256 of bytes, in hexadecimal.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<string>}
 */
export function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string>;
/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function hex(bytes: Uint8Array): string;
