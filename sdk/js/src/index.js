/** @typedef {import("./connection.js").Options} Options */
/** @typedef {import("./pictures.js").Picture} Picture */
/** @typedef {import("./capture.js").Frame} Frame */
/** @typedef {import("./results.js").Result} Result */
/** @typedef {import("./results.js").Fault} Fault */

export { Capture, frameBytes } from "./capture.js";
export { Countenance } from "./client.js";
export {
  Conflict,
  ConsentMissing,
  CountenanceError,
  KeyRefused,
  NotFound,
  NotReached,
  ProblemError,
  RequestRefused,
  ServerFailed,
  TooMany,
  UnexpectedAnswer,
} from "./errors.js";
export { ConsentLink } from "./consentLink.js";
export { makeDeviceKey, useDeviceKey, useDeviceKeyForConsents } from "./deviceKey.js";
export { HolderPart } from "./holder.js";
export { ResultChecker, ResultInvalid, checkResult, transactionSha256 } from "./results.js";
