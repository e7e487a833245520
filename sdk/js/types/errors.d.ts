/**
 * The error for what the server answered.
 * @param {import("../types/models.js").Problem} problem
 * @param {{ retryAfterS?: number, requestId?: string }} more
 * @returns {ProblemError}
 */
export function problemError(problem: import("../types/models.js").Problem, more: {
    retryAfterS?: number;
    requestId?: string;
}): ProblemError;
/** Everything that this package throws of its own. */
export class CountenanceError extends Error {
    /**
     * @param {string} message
     * @param {{ cause?: unknown }} [options]
     */
    constructor(message: string, options?: {
        cause?: unknown;
    });
}
/** The server could not be reached, or its answer did not arrive. */
export class NotReached extends CountenanceError {
}
/** What came back is none of the answers that the document promises: another server, or a proxy before it. */
export class UnexpectedAnswer extends CountenanceError {
    /**
     * @param {string} message
     * @param {{ status: number }} answer
     */
    constructor(message: string, { status }: {
        status: number;
    });
    /** The HTTP status. */
    status: number;
}
/** The server refused (RFC 9457). `code` is stable; `detail` says what to do about this request. */
export class ProblemError extends CountenanceError {
    /**
     * @param {import("../types/models.js").Problem} problem
     * @param {{ retryAfterS?: number, requestId?: string }} [more]
     */
    constructor(problem: import("../types/models.js").Problem, { retryAfterS, requestId }?: {
        retryAfterS?: number;
        requestId?: string;
    });
    /** The HTTP status. */
    status: number;
    /** The stable name of the error. */
    code: string;
    /** What kind of error it is, for people. */
    title: string;
    /** What is wrong with this request. */
    detail: string;
    /** Seconds after which it may be asked again, where the server said so. */
    retryAfterS: number | undefined;
    /** Under this id the server's log tells more. */
    requestId: string | undefined;
}
/** No key, one that is not known, or one that may not do this; of the capture side, its token. */
export class KeyRefused extends ProblemError {
}
/** The subject did not agree to this, or does no longer. */
export class ConsentMissing extends ProblemError {
}
/** There is no such subject, collection, session or key. */
export class NotFound extends ProblemError {
}
/** What is there already stands in the way. */
export class Conflict extends ProblemError {
}
/** Something about the request itself: a field, a picture, a parameter. */
export class RequestRefused extends ProblemError {
}
/** Too often: `retryAfterS` says when again. */
export class TooMany extends ProblemError {
}
/** The server is busy or failed. */
export class ServerFailed extends ProblemError {
}
