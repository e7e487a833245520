/** @typedef {import("./connection.js").Options} Options */
/** @typedef {import("./pictures.js").Picture} Picture */
/** @typedef {import("./results.js").Result} Result */
/** @typedef {import("./results.js").Fault} Fault */

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
export { HolderPart } from "./holder.js";
export { ResultChecker, ResultInvalid, checkResult } from "./results.js";
