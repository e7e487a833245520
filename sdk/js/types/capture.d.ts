/**
 * A frame as the WebSocket of a session takes it.
 * @param {Frame} frame
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export function frameBytes({ frame, timeMs, picture }: Frame): Promise<Uint8Array<ArrayBuffer>>;
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
    /** @param {OfSession & Omit<import("./connection.js").Options, "key" | "collection">} options */
    constructor({ session, token, ...options }: OfSession & Omit<import("./connection.js").Options, "key" | "collection">);
    /**
     * What the person is asked: show who asks, the text to agree to, and the way out.
     * @param {{ lang?: string } & import("./client.js").Ending} [options] `lang` is the tag of the person's language, such as `de-AT`: the
     *   text is in it where the server has it, else in English.
     * @returns {Promise<import("../types/models.js").CaptureAnswer>}
     */
    showCapture({ lang, signal }?: {
        lang?: string;
    } & import("./client.js").Ending): Promise<import("../types/models.js").CaptureAnswer>;
    /**
     * The person has read the text whose digest is `sha256` (`consent.sha256` of `showCapture`), and agrees.
     * @param {string} sha256
     * @param {{ calm?: boolean, holder?: HolderPart, shownSha256?: string, deviceKey?: Record<string, any> } & import("./client.js").Ending} [options] `calm` makes the colored
     *   light slow, for people who do not bear flashing. `holder` goes along only where a passkey is asked for,
     *   `shownSha256` with a payment: the digest of its terms, made of what was shown; `deviceKey` where one is asked for:
     *   what `useDeviceKey` gave.
     * @returns {Promise<import("../types/models.js").CaptureState>}
     */
    agreeCapture(sha256: string, { calm, holder, shownSha256, deviceKey, signal }?: {
        calm?: boolean;
        holder?: HolderPart;
        shownSha256?: string;
        deviceKey?: Record<string, any>;
    } & import("./client.js").Ending): Promise<import("../types/models.js").CaptureState>;
    /**
     * Opens the WebSocket of the session: its messages are JSON (`CaptureMessage`), and what is sent are `frameBytes`.
     * @returns {Socket}
     */
    captureSocket(): Socket;
    /**
     * Sends frames without a WebSocket, 8 at most, and answers what is to be done now. Begin with none: the first answer is
     * `hello`. One request at a time. After a message `error`, and where no answer came, it begins anew with frame 0.
     * @param {Frame[]} frames
     * @param {import("./client.js").Ending} [options]
     * @returns {Promise<import("../types/models.js").FrameMessages>}
     */
    captureFrames(frames: Frame[], { signal }?: import("./client.js").Ending): Promise<import("../types/models.js").FrameMessages>;
    /**
     * The person takes the way out: the session is over.
     * @param {import("./client.js").Ending} [options]
     * @returns {Promise<void>}
     */
    declineCapture({ signal }?: import("./client.js").Ending): Promise<void>;
    #private;
}
/**
 * A picture of the camera, as it sees it: not mirrored.
 */
export type Frame = {
    /**
     * Its number: 0, 1, 2 and so on, within a socket or over all requests.
     */
    frame: number;
    /**
     * When it was taken, by `performance.now()`.
     */
    timeMs: number;
    /**
     * JPEG or WebP, within what `frames` of `showCapture` says.
     */
    picture: import("./pictures.js").Picture;
};
export type OfSession = {
    /**
     * Id of the session.
     */
    session: string;
    /**
     * Its capture token.
     */
    token: string;
};
/**
 * A WebSocket, as the browser or Node declares it.
 */
export type Socket = typeof globalThis extends {
    WebSocket: new (...given: any[]) => infer S;
} ? S : any;
import { Connection } from "./connection.js";
import { HolderPart } from "./holder.js";
