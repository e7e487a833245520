/**
 * @typedef {object} OfLink
 * @property {string} link Id of the link.
 * @property {string} token Its token.
 */
/** Shows a person what they agreed to, and lets them withdraw it. */
export class ConsentLink extends Connection {
    /** @param {OfLink & Omit<import("./connection.js").Options, "key" | "collection">} options */
    constructor({ link, token, ...options }: OfLink & Omit<import("./connection.js").Options, "key" | "collection">);
    /**
     * What the link asks of the person: a holder part (`passkey`), or what a device key signed (`device_key`).
     * @param {import("./client.js").Ending} [options]
     * @returns {Promise<import("../types/models.js").ConsentLinkAnswer>}
     */
    showConsentLink({ signal }?: import("./client.js").Ending): Promise<import("../types/models.js").ConsentLinkAnswer>;
    /**
     * What the person agreed to, if `holder` or `deviceKey` shows that it is they: once, and after three wrong ones no more. `deviceKey` is
     * what `useDeviceKeyForConsents` gave.
     * @param {{ holder?: import("./holder.js").HolderPart, deviceKey?: Record<string, any> } & import("./client.js").Ending} [options]
     * @returns {Promise<import("../types/models.js").OwnConsents>}
     */
    showOwnConsents({ holder, deviceKey, signal }?: {
        holder?: import("./holder.js").HolderPart;
        deviceKey?: Record<string, any>;
    } & import("./client.js").Ending): Promise<import("../types/models.js").OwnConsents>;
    /**
     * The person withdraws what they agreed to for `purpose`; `permit` came with their consents.
     * @param {string} purpose
     * @param {string} permit
     * @param {import("./client.js").Ending} [options]
     * @returns {Promise<import("../types/models.js").OwnWithdrawal>}
     */
    withdrawOwnConsents(purpose: string, permit: string, { signal }?: import("./client.js").Ending): Promise<import("../types/models.js").OwnWithdrawal>;
    #private;
}
export type OfLink = {
    /**
     * Id of the link.
     */
    link: string;
    /**
     * Its token.
     */
    token: string;
};
import { Connection } from "./connection.js";
