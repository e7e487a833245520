// The person's side of a consent link: opened by its token, never by a key.

import { Connection } from "./connection.js";
import * as operations from "./operations.js";

/**
 * @typedef {object} OfLink
 * @property {string} link Id of the link.
 * @property {string} token Its token.
 */

/** Shows a person what they agreed to, and lets them withdraw it. */
export class ConsentLink extends Connection {
  #link;

  /** @param {OfLink & Omit<import("./connection.js").Options, "key" | "collection">} options */
  constructor({ link, token, ...options }) {
    // Else the environment's key would go along.
    if (typeof token !== "string" || !token.trim()) throw new TypeError("`token` is the token of the link");
    super({ ...options, key: token });
    this.#link = link;
  }

  /**
   * What the link asks of the person: a holder part (`passkey`), or what a device key signed (`device_key`).
   * @param {import("./client.js").Ending} [options]
   * @returns {Promise<import("../types/models.js").ConsentLinkAnswer>}
   */
  async showConsentLink({ signal } = {}) {
    return this.ask(operations.showConsentLink, { segments: { link: this.#link }, signal });
  }

  /**
   * What the person agreed to, if `holder` or `deviceKey` shows that it is they: once, and after three wrong ones no more. `deviceKey` is
   * what `useDeviceKeyForConsents` gave.
   * @param {{ holder?: import("./holder.js").HolderPart, deviceKey?: Record<string, any> } & import("./client.js").Ending} [options]
   * @returns {Promise<import("../types/models.js").OwnConsents>}
   */
  async showOwnConsents({ holder, deviceKey, signal } = {}) {
    const call = { segments: { link: this.#link }, json: { device_key: deviceKey }, holder, signal };
    return this.ask(operations.showOwnConsents, call);
  }

  /**
   * The person withdraws what they agreed to for `purpose`; `permit` came with their consents.
   * @param {string} purpose
   * @param {string} permit
   * @param {import("./client.js").Ending} [options]
   * @returns {Promise<import("../types/models.js").OwnWithdrawal>}
   */
  async withdrawOwnConsents(purpose, permit, { signal } = {}) {
    return this.ask(operations.withdrawOwnConsents, { segments: { link: this.#link }, json: { purpose, permit }, signal });
  }
}
