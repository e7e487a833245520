import { hex, randomBytes } from "./random.js";

/**
 * The holder's part of a holder-bound subject's key: 32 bytes that belong to the person, for instance on their device.
 * Without them nobody opens what is stored, and the server never keeps them. They cannot be made up again once lost.
 */
export class HolderPart {
  /** @type {string} */
  #digits;

  /** @param {Uint8Array} part 32 bytes. */
  constructor(part) {
    if (!(part instanceof Uint8Array) || part.length !== 32) throw new TypeError("a holder part is 32 bytes");
    this.#digits = hex(part);
  }

  /** A new one. */
  static async generate() {
    return new HolderPart(await randomBytes(32));
  }

  /**
   * Made of 64 hexadecimal digits, as `hex` gives them and the command line writes them.
   * @param {string} digits
   */
  static fromHex(digits) {
    const pairs = /^\s*[0-9a-f]{64}\s*$/i.test(digits) && digits.trim().match(/../g);
    if (!pairs) throw new TypeError("a holder part is 64 hexadecimal digits");
    return new HolderPart(Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)));
  }

  /** The 64 digits: a secret. */
  hex() {
    return this.#digits;
  }

  /** Nothing of it. */
  toString() {
    return "HolderPart(...)";
  }

  /** A holder part does not slip into JSON. */
  toJSON() {
    throw new TypeError("a holder part is not written as JSON: write hex() where it belongs");
  }
}
