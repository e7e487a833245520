/** Sends calls and awaits the answers. */
export class Connection {
    /** @param {Options} [options] Where and how to ask. */
    constructor(options?: Options);
    /** The server's address. */
    get url(): string;
    /**
     * The answer to a call.
     * @protected
     * @param {import("./operations.js").Operation} operation
     * @param {Parts} [parts]
     * @returns {Promise<any>}
     */
    protected ask(operation: import("./operations.js").Operation, parts?: Parts): Promise<any>;
    /**
     * The address of an operation.
     * @protected
     * @param {import("./operations.js").Operation} operation
     * @param {Record<string, string>} segments
     */
    protected target(operation: import("./operations.js").Operation, segments: Record<string, string>): URL;
    #private;
}
export type Options = {
    /**
     * The server's address; else COUNTENANCE_URL, else http://127.0.0.1:7300.
     */
    url?: string | undefined;
    /**
     * A key of the platform; else COUNTENANCE_KEY.
     */
    key?: string | undefined;
    /**
     * The collection that is meant where a call names none.
     */
    collection?: string | undefined;
    /**
     * How often what may be asked again is asked again: 3.
     */
    retries?: number | undefined;
    /**
     * Seconds that are waited at most before that: 10.
     */
    longestWaitS?: number | undefined;
    /**
     * Seconds that an answer may take: 60.
     */
    timeoutS?: number | undefined;
    /**
     * Whether a plain http address of another machine may be asked.
     */
    insecure?: boolean | undefined;
    /**
     * A fetch of your own.
     */
    fetch?: typeof fetch | undefined;
};
/**
 * What goes along with a call.
 */
export type Parts = {
    /**
     * Values in the path.
     */
    segments?: Record<string, string> | undefined;
    query?: Record<string, string | number | undefined> | undefined;
    json?: object | undefined;
    form?: [string, string | Uint8Array<ArrayBuffer>][] | undefined;
    holder?: HolderPart | undefined;
    idempotencyKey?: string | undefined;
    /**
     * Ends the call early.
     */
    signal?: AbortSignal | undefined;
};
export type Received = {
    ok: boolean;
    status: number;
    headers: Headers;
    text: string;
};
import { HolderPart } from "./holder.js";
