/** What may happen to an effect: each is `(record, operation, now) -> {record, reply}`. */
export { begin, block } from "./begin.js";
export { resolve } from "./resolve.js";
export { settle } from "./settle.js";
