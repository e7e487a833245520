export { Countenance } from "./client.js";
export { HolderPart } from "./holder.js";
export type Options = import("./connection.js").Options;
export type Picture = import("./pictures.js").Picture;
export { Conflict, ConsentMissing, CountenanceError, KeyRefused, NotFound, NotReached, ProblemError, RequestRefused, ServerFailed, TooMany, UnexpectedAnswer } from "./errors.js";
