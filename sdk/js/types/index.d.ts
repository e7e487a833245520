export { Countenance } from "./client.js";
export { HolderPart } from "./holder.js";
export type Options = import("./connection.js").Options;
export type Picture = import("./pictures.js").Picture;
export type Result = import("./results.js").Result;
export type Fault = import("./results.js").Fault;
export { Conflict, ConsentMissing, CountenanceError, KeyRefused, NotFound, NotReached, ProblemError, RequestRefused, ServerFailed, TooMany, UnexpectedAnswer } from "./errors.js";
export { ResultChecker, ResultInvalid, checkResult } from "./results.js";
