import { formatAttemptId } from "../identity/attempt-id.js";
import type { AttemptRef, Lease, Outcome, Verdict } from "../ports/index.js";
import type { CommandedStore, StoreModel } from "./store-suite-table.js";
import {
  accepted,
  FINGERPRINT,
  LONG,
  OTHER_FINGERPRINT,
  PIPELINE,
  refOf,
  rejected,
  unknown,
  who,
} from "./store-suite-tools.js";

/** Small numbers that pick a command and its arguments: 0 is the plainest, so that shrinking helps. */
export type Choices = readonly number[];

export interface Command {
  /** In words, for the counterexample. */
  readonly text: string;
  run(store: CommandedStore): Promise<unknown>;
  /** Time is to pass afterwards: what it started is over then. */
  readonly lapse?: boolean;
}

type Picked = Readonly<Record<"key" | "a" | "b" | "c", number>>;

/** The command that these numbers mean, given what the model knows by now. */
export function randomCommand(
  choices: Choices,
  keys: readonly string[],
  model: StoreModel,
): Command {
  const [kind = 0, keyIndex = 0, a = 0, b = 0, c = 0] = choices;
  const key = keys[keyIndex % keys.length] ?? "";
  const make = pick(KINDS, kind);
  return make(key, { key: keyIndex, a, b, c }, model);
}

type Maker = (key: string, picked: Picked, model: StoreModel) => Command;

const claim: Maker = (key, { a, b, c }) => {
  const owner = pick(["a", "b", "c"], a);
  const lapse = b % 3 === 1;
  const variant = c === 7 ? " other content" : c === 6 ? " simulated" : "";
  const request = {
    key,
    keyText: `["${key}"]`,
    pipeline: PIPELINE,
    owner,
    leaseMs: lapse ? 1 : LONG,
    messageId: b >= 6 ? "m2" : "m1",
    fingerprint: c === 7 ? OTHER_FINGERPRINT : FINGERPRINT,
    ...(c === 6 ? { simulated: true } : {}),
  };
  const { messageId, leaseMs } = request;
  return {
    text: `claim ${owner} for ${leaseMs} ms, ${messageId}${variant}`,
    run: (store) => store.claim([request]),
    lapse,
  };
};

const begin: Maker = (key, { a, b, c }, model) => {
  const ref = pickRef(key, a, b, c, model);
  const lapse = c % 4 === 3;
  const fingerprint = c === 7 ? OTHER_FINGERPRINT : FINGERPRINT;
  const span = lapse ? 1 : LONG;
  const repeats = a % 2 === 1 ? { repeatWithinMs: c === 5 ? 1 : 10 * LONG } : {};
  const times = { timeoutMs: span, validityMs: span, ...repeats };
  return {
    text: `begin ${shown(ref)} ${JSON.stringify(times)}${c === 7 ? ", other content" : ""}`,
    run: (store) => store.begin({ ...ref, ...times, fingerprint }),
    lapse,
  };
};

const block: Maker = (key, { a, b, c }, model) => {
  const ref = pickRef(key, a, b, c, model);
  return {
    text: `block ${shown(ref)}`,
    run: (store) => store.block({ ...ref, reason: "same content", fingerprint: FINGERPRINT }),
  };
};

const OUTCOMES: readonly Outcome[] = [
  accepted("id-1"),
  rejected,
  unknown,
  accepted("id-2", "event"),
  { status: "rejected", reason: "refused" },
  accepted(null, "operator"),
  accepted("sim", "simulated"),
  accepted("id-3", "event"),
];

const GRANTED = {
  keyText: "[]",
  pipeline: PIPELINE,
  messageId: "m1",
  fingerprint: FINGERPRINT,
};

const settle: Maker = (key, { a, b, c }, model) => {
  const ref = pickRef(key, a, b % 4, b, model);
  const outcome = pick(OUTCOMES, c);
  return {
    text: `settle ${shown(ref)} ${JSON.stringify(outcome)}`,
    run: (store) => (a === 7 ? store.settle(ref, outcome, GRANTED) : store.settle(ref, outcome)),
  };
};

const extend: Maker = (key, { a }, model) => {
  const lease = pickLease(key, a, model);
  return {
    text: `extend ${shown(lease)}`,
    run: (store) => store.extend([{ ...lease, leaseMs: LONG }]),
  };
};

const complete: Maker = (key, { a, b, c }, model) => {
  const lease = pickLease(key, a, model);
  const waived = b >= 6 ? { email: "waived" } : {};
  const content = c % 2 === 0 ? {} : { fingerprint: FINGERPRINT };
  return {
    text: `complete ${shown(lease)}${b >= 6 ? " waiving email" : ""} ${JSON.stringify(content)}`,
    run: (store) => store.complete([{ ...lease, waived, ...content }]),
  };
};

const release: Maker = (key, { a, c }, model) => {
  const lease = { ...pickLease(key, a, model), ...(c % 2 === 1 ? { untried: true } : {}) };
  const text = `release ${shown(lease)}${lease.untried ? ", untried" : ""}`;
  return { text, run: (store) => store.release([lease]) };
};

const bury: Maker = (key, { a, b, c }, model) => {
  const { owner, fence } = pickLease(key, a, model);
  const burial = {
    key,
    keyText: `["${key}"]`,
    pipeline: PIPELINE,
    messageId: b >= 6 ? "m2" : "m1",
    reason: "too many tries",
    ...(c % 2 === 0 ? { claim: { owner, fence } } : {}),
  };
  return {
    text: `bury ${burial.messageId}${burial.claim ? ` by ${owner} ${fence}` : ""}`,
    run: (store) => store.bury(burial),
  };
};

const VERDICTS: readonly Verdict[] = [
  "sent",
  "not-sent",
  "allow",
  "drop",
  { acceptPayload: OTHER_FINGERPRINT },
  { acceptPayload: FINGERPRINT },
  "resend",
];

const resolve: Maker = (key, { a, b, c }, model) => {
  const known = model.records.get(key)?.effects ?? [];
  const effect = known[a % Math.max(1, known.length)];
  const ref = b === 7 || !effect ? pickRef(key, a, b, c, model) : { key, ...effect };
  const attemptId = formatAttemptId(ref);
  const verdict = pick(VERDICTS, c);
  return {
    text: `resolve ${shown(ref)} ${JSON.stringify(verdict)}`,
    run: (store) => store.resolve(attemptId, verdict, who),
  };
};

/** As often as they happen, roughly. */
const KINDS: readonly Maker[] = [
  ...[claim, begin, settle, claim, begin, settle, complete, release],
  ...[begin, settle, block, extend, bury, resolve, claim, settle],
];

/** Mostly the newest lease that was granted, sometimes an old or an invented one. */
function pickLease(key: string, choice: number, model: StoreModel): Lease {
  const granted = model.leases.get(key) ?? [];
  const lease = choice < 5 ? granted.at(-1) : granted.at(-choice + 3);
  return lease ?? { key, owner: pick(["a", "b", "c"], choice), fence: 1 };
}

function pickRef(key: string, a: number, b: number, c: number, model: StoreModel): AttemptRef {
  const attemptNumber = pick([1, 1, 2, 2, 3], c);
  return refOf(pickLease(key, a, model), attemptNumber, b % 4 === 3 ? "sms" : "email");
}

function pick<Item>(items: readonly Item[], choice: number): Item {
  const item = items[choice % items.length];
  if (item === undefined) throw new RangeError("There is nothing to pick from.");
  return item;
}

function shown(of: Lease & { readonly effect?: string; readonly attemptNumber?: number }): string {
  const attempt = of.effect === undefined ? "" : ` ${of.effect} ${of.attemptNumber ?? ""}`;
  return `${of.owner} ${of.fence}${attempt}`;
}
