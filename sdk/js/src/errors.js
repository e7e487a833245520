// What can go wrong. A wrong face or a poor picture is an answer and stands in none of these.

/** Everything that this package throws of its own. */
export class CountenanceError extends Error {
  /**
   * @param {string} message
   * @param {{ cause?: unknown }} [options]
   */
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The server could not be reached, or its answer did not arrive. */
export class NotReached extends CountenanceError {}

/** What came back is none of the answers that the document promises: another server, or a proxy before it. */
export class UnexpectedAnswer extends CountenanceError {
  /**
   * @param {string} message
   * @param {{ status: number }} answer
   */
  constructor(message, { status }) {
    super(message);
    /** The HTTP status. */
    this.status = status;
  }
}

/** The server refused (RFC 9457). `code` is stable; `detail` says what to do about this request. */
export class ProblemError extends CountenanceError {
  /**
   * @param {import("../types/models.js").Problem} problem
   * @param {{ retryAfterS?: number, requestId?: string }} [more]
   */
  constructor(problem, { retryAfterS, requestId } = {}) {
    super(`${problem.title} (${problem.status} ${problem.code}): ${problem.detail}`);
    /** The HTTP status. */
    this.status = problem.status;
    /** The stable name of the error. */
    this.code = problem.code;
    /** What kind of error it is, for people. */
    this.title = problem.title;
    /** What is wrong with this request. */
    this.detail = problem.detail;
    /** Seconds after which it may be asked again, where the server said so. */
    this.retryAfterS = retryAfterS;
    /** Under this id the server's log tells more. */
    this.requestId = requestId;
  }
}

/** No key, one that is not known, or one that may not do this; of the capture side, its token. */
export class KeyRefused extends ProblemError {}

/** The subject did not agree to this, or does no longer. */
export class ConsentMissing extends ProblemError {}

/** There is no such subject, collection, session or key. */
export class NotFound extends ProblemError {}

/** What is there already stands in the way. */
export class Conflict extends ProblemError {}

/** Something about the request itself: a field, a picture, a parameter. */
export class RequestRefused extends ProblemError {}

/** Too often: `retryAfterS` says when again. */
export class TooMany extends ProblemError {}

/** The server is busy or failed. */
export class ServerFailed extends ProblemError {}

/** @type {Record<string, typeof ProblemError>} */
const BY_CODE = {
  key_invalid: KeyRefused,
  scope_missing: KeyRefused,
  capture_token_invalid: KeyRefused,
  consent_link_invalid: KeyRefused,
  consent_missing: ConsentMissing,
};
/** @type {Record<number, typeof ProblemError>} */
const BY_STATUS = { 404: NotFound, 409: Conflict, 429: TooMany };

/**
 * The error for what the server answered.
 * @param {import("../types/models.js").Problem} problem
 * @param {{ retryAfterS?: number, requestId?: string }} more
 * @returns {ProblemError}
 */
export function problemError(problem, more) {
  const rest = problem.status >= 500 ? ServerFailed : RequestRefused;
  const Kind = BY_CODE[problem.code] ?? BY_STATUS[problem.status] ?? rest;
  return new Kind(problem, more);
}
