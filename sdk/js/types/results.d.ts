/**
 * What a result about this payment must have as its `transaction_sha256`: compare it before you deliver. Make it of what your
 * own order says, and of the payment as it was made (docs/spec/payment-v1.md).
 * @param {import("../types/models.js").PaymentAnswer} payment
 * @param {{ subject: string, collection?: string }} whose
 */
export function transactionSha256(payment: import("../types/models.js").PaymentAnswer, { subject, collection }: {
    subject: string;
    collection?: string;
}): Promise<string>;
/**
 * The claims of a result, once everything about it is checked; rejects with ResultInvalid at the first thing that is wrong.
 * @param {string} jws
 * @param {KeySet} keys Those of the server (`client.jwks()`), fetched before and not because the result asks for them.
 * @param {Expected} expected
 * @returns {Promise<Result>}
 */
export function checkResult(jws: string, keys: KeySet, expected: Expected): Promise<Result>;
/** What came is no valid result: it says nothing, whatever stands in it. */
export class ResultInvalid extends CountenanceError {
    /**
     * @param {Fault} fault
     * @param {string} what
     */
    constructor(fault: Fault, what: string);
    /** What is wrong, by its name. */
    fault: Fault;
}
/** Checks results for one audience: knows the server's keys, and takes no result twice. */
export class ResultChecker {
    /**
     * @param {() => Promise<KeySet>} keys Fetches the key set, such as `() => client.jwks()`; asked every five minutes at most.
     * @param {string} audience
     * @param {{ clock?: () => number }} [options] `clock` tells seconds since 1970-01-01 UTC.
     */
    constructor(keys: () => Promise<KeySet>, audience: string, { clock }?: {
        clock?: () => number;
    });
    /**
     * As `checkResult`. A result that was checked before is refused as `nonce`.
     * @param {string} jws
     * @param {Omit<Expected, "audience" | "now">} [expected]
     * @returns {Promise<Result>}
     */
    check(jws: string, expected?: Omit<Expected, "audience" | "now">): Promise<Result>;
    #private;
}
export type Bytes = Uint8Array<ArrayBuffer>;
/**
 * What is wrong with a result, as other tools name it.
 */
export type Fault = "malformed" | "header" | "key" | "signature" | "claims" | "audience" | "time" | "nonce" | "binding";
/**
 * The claims of a valid result, and claims that this version does not know. Only the outcome `accept` grants anything.
 */
export type Result = {
    v: 1;
    /**
     * The vault it comes from.
     */
    iss: string;
    /**
     * For whom it is.
     */
    aud: string;
    /**
     * When it was signed, in seconds since 1970-01-01 UTC.
     */
    iat: number;
    /**
     * When it ends.
     */
    exp: number;
    /**
     * Its own id.
     */
    jti: string;
    /**
     * Id of the session.
     */
    sid: string;
    /**
     * Of the session.
     */
    nonce: string;
    kind: "document" | "payment" | "presence" | "verify";
    outcome: "accept" | "reject" | "recapture";
    /**
     * When it was decided.
     */
    judged: number;
    /**
     * Who was asked about; with the kinds `verify` and `payment` only.
     */
    sub?: string | undefined;
    /**
     * Of which collection; with the kinds `verify` and `payment` only.
     */
    collection?: string | undefined;
    /**
     * SHA-256 of the text that was approved, where the session had one.
     */
    approved_sha256?: string | undefined;
    /**
     * Id of the payment that was to be approved; with the kind `payment` only.
     */
    payment?: string | undefined;
    /**
     * SHA-256 of terms and payer, with the kind `payment` only: see `transactionSha256`.
     */
    transaction_sha256?: string | undefined;
    /**
     * What came of the checks of the document; with the kind
     * `document` only. The outcome is about the face alone.
     */
    document?: import("../types/models.js").DocumentChecks | undefined;
    /**
     * SHA-256 of the text to which the person agreed on the page.
     */
    consent_sha256: string;
    /**
     * `light` or `calm`.
     */
    challenge: string;
    /**
     * `unattested`: the pictures came from software that nobody vouches for.
     */
    capture: string;
    /**
     * What took part. One entry is a single factor, and no more should be made of it.
     */
    factors: string[];
    /**
     * Models whose word it is.
     */
    models: string[];
    /**
     * Version of the rules, and the false-match rate at which is decided.
     */
    policy: string;
};
export type Expected = {
    /**
     * Your own, as the session was made with.
     */
    audience: string;
    /**
     * The session's. Without it every `jti` must be remembered for a minute, as ResultChecker does.
     */
    nonce?: string | undefined;
    /**
     * The text that the person was to approve.
     */
    approvedText?: string | undefined;
    /**
     * The same, as its SHA-256.
     */
    approvedSha256?: string | undefined;
    kind?: "verify" | "document" | "payment" | "presence" | undefined;
    /**
     * Seconds since 1970-01-01 UTC; else the clock's.
     */
    now?: number | undefined;
};
export type KeySet = {
    keys: object[];
};
import { CountenanceError } from "./errors.js";
