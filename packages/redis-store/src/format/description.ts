/**
 * The one description of what this store keeps in Redis and of what its scripts take: the order of a
 * record's values, of the arguments and of the replies. The scripts get the places of values from it
 * (`lua-constants.ts`), and their parameters and replies are checked against it (`description.test.ts`).
 * `docs/format.md` says what each value means; samples of each format are read by `samples.test.ts`.
 */

/** The first value of every record that this release writes. Others are unreadable to it. */
export const FORMAT = 1;

/** The kind of a value as MessagePack has it. Optional values are `false` where they are absent. */
export interface Kind {
  readonly type: "number" | "string" | "boolean" | "table";
  readonly optional: boolean;
}

const number: Kind = { type: "number", optional: false };
const text: Kind = { type: "string", optional: false };
const optional = (type: Kind["type"]): Kind => ({ type, optional: true });

/**
 * A record's values in their order. Further ones, of a later release, are carried through. Optional
 * ones at the end aren't written where they are absent.
 */
export const RECORD = {
  format: number,
  state: number,
  fence: number,
  claimedAt: number,
  /** The lease's end less `claimedAt`. */
  leasedFor: number,
  owner: text,
  messageId: text,
  pipeline: text,
  fingerprint: optional("string"),
  keyText: optional("string"),
  effects: optional("table"),
  waived: optional("table"),
  deadLetter: optional("table"),
  resolutions: optional("table"),
  /** 1 where it is absent. */
  tries: optional("number"),
} as const satisfies Fields;

/** An effect's values, and further ones, likewise. */
export const EFFECT = {
  name: text,
  state: number,
  attemptNumber: number,
  /** `startedAt` less the record's `claimedAt`. */
  startedAfter: number,
  /** The deadline less `startedAt`. */
  timeoutMs: number,
  /** `staleAt` less the deadline. */
  validityMs: number,
  receipt: optional("table"),
  /** The record's where it is absent. */
  owner: optional("string"),
  /** The record's where it is absent. */
  fence: optional("number"),
  reason: optional("string"),
  /** `attemptNumber` where it is absent. */
  floor: optional("number"),
  /** The effect's fence where it is absent. */
  floorFence: optional("number"),
  allowed: optional("boolean"),
  settledAfterDeadLetter: optional("boolean"),
  /** Receipts beyond the first. */
  duplicates: optional("table"),
  /** How long before this attempt the earliest one began that isn't proven unsent, ms. */
  olderBy: optional("number"),
  /** Nothing was begun here: an event alone named the attempt. */
  foreign: optional("boolean"),
} as const satisfies Fields;

export const RECEIPT = {
  via: number,
  /** Less the effect's `startedAt`. */
  after: number,
  id: optional("string"),
} as const satisfies Fields;

export const DEAD_LETTER = { messageId: text, reason: text, at: number } as const satisfies Fields;

export const WAIVER = { effect: text, reason: text } as const satisfies Fields;

export const RESOLUTION = {
  attemptId: text,
  verdict: text,
  by: text,
  why: text,
  at: number,
} as const satisfies Fields;

export type Fields = Readonly<Record<string, Kind>>;

/** Codes count from 1. New ones go to the end: a release fails closed on a code that it doesn't know. */
export const RECORD_STATES = ["claimed", "released", "done", "dead"] as const;
export const EFFECT_STATES = [
  "sending",
  "unknown",
  "accepted",
  "rejected",
  "blocked",
  "dropped",
] as const;
export const VIAS = ["provider", "event", "operator", "simulated"] as const;

/** How ids begin, by the way they are packed (`packed-ids.ts`). */
export const PACKINGS = ["=", "u", "s", "f"] as const;

/** What each script about one item takes, in the order of its `operate`. */
export const ARGUMENTS = {
  attend: ["name"],
  attention: ["afterDeadline", "afterMember", "limit"],
  begin: [
    "name",
    "owner",
    "fence",
    "attemptNumber",
    "timeoutMs",
    "validityMs",
    "fingerprint",
    "repeatWithinMs",
  ],
  block: ["name", "owner", "fence", "attemptNumber", "reason", "fingerprint"],
  bury: ["keyText", "pipeline", "messageId", "reason", "owner", "fence", "retentionMs"],
  claim: [
    "keyText",
    "pipeline",
    "owner",
    "leaseMs",
    "messageId",
    "fingerprint",
    "simulated",
    "retentionMs",
  ],
  complete: ["owner", "fence", "waived", "fingerprint", "retentionMs"],
  count: ["member", "windowMs"],
  extend: ["owner", "fence", "leaseMs", "retentionMs"],
  free: ["holder", "fence"],
  read: [],
  release: ["owner", "fence", "untried", "retentionMs"],
  reserve: ["holder", "fence", "windowMs"],
  resolve: [
    "name",
    "owner",
    "fence",
    "attemptNumber",
    "verdict",
    "payload",
    "attemptId",
    "by",
    "why",
  ],
  settle: [
    "name",
    "owner",
    "fence",
    "attemptNumber",
    "status",
    "reason",
    "receiptId",
    "receiptAt",
    "via",
    "granted",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What each script may answer: a word, and what goes on about it. */
export const REPLIES = {
  begin: {
    granted: [],
    lost: [],
    accepted: ["receipt"],
    unknown: ["attempt"],
    blocked: ["attempt"],
    dropped: ["attempt"],
  },
  block: { blocked: [], lost: [], refused: ["attempt"] },
  bury: { dead: [], busy: [], done: [], tooEarly: ["at"] },
  claim: {
    claimed: ["fence", "attempts", "tries", "unended"],
    busy: ["retryAfterMs", "since"],
    done: ["attempts"],
    conflict: ["bound", "attempts"],
    dead: ["reason", "attempts"],
  },
  complete: { done: [], lost: [], unresolved: ["attempts"] },
  extend: { extended: [], lost: [] },
  release: { released: [], lost: [] },
  reserve: { reserved: [], taken: ["holder"] },
  resolve: { resolved: [], notFound: [], tooEarly: ["at"], already: ["state"] },
  settle: {
    settled: [],
    lost: [],
    unknownAttempt: [],
    recreated: [],
    unknown: ["attempt"],
    duplicateOf: ["receipt"],
    settledAfterDeadLetter: ["deadLetter"],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/**
 * An attempt in a reply: what of its record it goes by, the state it is seen in, and the effect's values
 * as they are stored.
 */
export const ATTEMPT = ["claimedAt", "owner", "fence", "seen", "effect"] as const;

/** A receipt in a reply: `at` isn't relative there. */
export const RECEIPT_REPLY = ["via", "at", "id"] as const;

/** A record in a reply: whether its claim is live, its attempts, and its values as they are stored. */
export const VIEW = ["live", "attempts", "values"] as const;

/** An item of what needs attention. */
export const ATTENTION_ITEM = [
  "keyText",
  "pipeline",
  "messageId",
  "attempt",
  "deadLetter",
] as const;
