export type * from "./clock.js";
export type * from "./dedupe-store.js";
export * from "./message-queue.js";
export type * from "./outcome.js";
export type * from "./randomness.js";
export type * from "./reconcile.js";
export type * from "./sender.js";
