import type {
  BeginReply,
  BlockReply,
  BuryReply,
  ClaimReply,
  CompleteReply,
  EffectState,
  RecordView,
  ResolveReply,
  SettleReply,
  UnresolvedItem,
} from "@exactly-once/core/ports";
import { ATTENTION_ITEM, REPLIES } from "./description.js";
import {
  decodeAttempt,
  decodeAttempts,
  decodeDeadLetter,
  decodeReceipt,
  decodeRecord,
  optional,
} from "./attempts.js";
import { list, named, numeric, text, type Wire } from "./named.js";
import { unpack } from "./packed-ids.js";

type Replies = typeof REPLIES;

/** A reply's word, and what goes on about it by name. */
function replyOf<Script extends keyof Replies>(
  script: Script,
  reply: unknown,
): {
  [Word in keyof Replies[Script]]: { word: Word } & About<Replies[Script][Word]>;
}[keyof Replies[Script]] {
  const [word, ...about] = typeof reply === "string" ? [reply] : list(reply as Wire);
  const known: Readonly<Record<string, readonly string[]>> = REPLIES[script];
  const names = typeof word === "string" && Object.hasOwn(known, word) ? known[word] : undefined;
  if (names === undefined) {
    throw new TypeError(
      `Script ${script} answered ${JSON.stringify(word)}, which this release doesn't know.`,
    );
  }
  return (names.length === 0 ? { word } : { word, ...named(names, about) }) as never;
}

type About<Names> = Names extends readonly string[]
  ? Readonly<Record<Names[number], Wire | undefined>>
  : never;

export function decodeClaim(key: string, wire: unknown): ClaimReply {
  const reply = replyOf("claim", wire);
  switch (reply.word) {
    case "claimed":
      return {
        status: "claimed",
        fence: numeric(reply.fence),
        effects: decodeAttempts(key, reply.attempts),
        tries: numeric(reply.tries),
        unended: numeric(reply.unended) === 1,
      };
    case "busy": {
      const { retryAfterMs, since } = reply;
      return { status: "busy", retryAfterMs: numeric(retryAfterMs), since: numeric(since) };
    }
    case "done":
      return { status: "done", effects: decodeAttempts(key, reply.attempts) };
    case "conflict": {
      const bound = unpack(text(reply.bound));
      return { status: "conflict", bound, effects: decodeAttempts(key, reply.attempts) };
    }
    case "dead": {
      const reason = text(reply.reason);
      return { status: "dead", reason, effects: decodeAttempts(key, reply.attempts) };
    }
  }
}

export function decodeBegin(key: string, wire: unknown): BeginReply {
  const reply = replyOf("begin", wire);
  switch (reply.word) {
    case "granted":
    case "lost":
      return reply.word;
    case "accepted":
      return { accepted: decodeReceipt(reply.receipt) };
    case "unknown":
      return { unknown: decodeAttempt(key, reply.attempt) };
    case "blocked":
      return { blocked: decodeAttempt(key, reply.attempt) };
    case "dropped":
      return { dropped: decodeAttempt(key, reply.attempt) };
  }
}

export function decodeExtend(_key: string, wire: unknown): "extended" | "lost" {
  return replyOf("extend", wire).word;
}

export function decodeRelease(_key: string, wire: unknown): "released" | "lost" {
  return replyOf("release", wire).word;
}

export function decodeBlock(key: string, wire: unknown): BlockReply {
  const reply = replyOf("block", wire);
  return reply.word === "refused" ? { refused: decodeAttempt(key, reply.attempt) } : reply.word;
}

export function decodeReserve(wire: unknown): "reserved" | { readonly taken: string } {
  const reply = replyOf("reserve", wire);
  return reply.word === "reserved" ? reply.word : { taken: text(reply.holder) };
}

export function decodeSettle(key: string, wire: unknown): SettleReply {
  const reply = replyOf("settle", wire);
  switch (reply.word) {
    case "settled":
    case "lost":
    case "unknownAttempt":
    case "recreated":
      return reply.word;
    case "unknown":
      return { unknown: decodeAttempt(key, reply.attempt) };
    case "duplicateOf":
      return { duplicateOf: decodeReceipt(reply.receipt) };
    case "settledAfterDeadLetter":
      return { settledAfterDeadLetter: decodeDeadLetter(reply.deadLetter) };
  }
}

export function decodeComplete(key: string, wire: unknown): CompleteReply {
  const reply = replyOf("complete", wire);
  if (reply.word !== "unresolved") return reply.word;
  return { unresolved: decodeAttempts(key, reply.attempts) };
}

export function decodeBury(_key: string, wire: unknown): BuryReply {
  const reply = replyOf("bury", wire);
  return reply.word === "tooEarly" ? { tooEarly: numeric(reply.at) } : reply.word;
}

export function decodeResolve(_key: string, wire: unknown): ResolveReply {
  const reply = replyOf("resolve", wire);
  switch (reply.word) {
    case "resolved":
    case "notFound":
      return reply.word;
    case "tooEarly":
      return { tooEarly: numeric(reply.at) };
    case "already":
      return { already: text(reply.state) as EffectState };
  }
}

export function decodeView(key: string, wire: unknown): RecordView | undefined {
  return wire === null ? undefined : decodeRecord(key, wire as Wire);
}

/** @returns `undefined` where nothing needs attention */
export function decodeAttended(key: string, wire: unknown): UnresolvedItem | undefined {
  if (wire === null) return undefined;
  const { keyText, pipeline, messageId, attempt, deadLetter } = named(ATTENTION_ITEM, wire as Wire);
  return {
    key,
    keyText: text(keyText),
    pipeline: text(pipeline),
    messageId: unpack(text(messageId)),
    attempt: decodeAttempt(key, attempt),
    ...optional("dead", deadLetter, decodeDeadLetter),
  };
}

export interface AttentionEntry {
  readonly member: string;
  /** As the index has it: a score that is text. */
  readonly deadline: string;
}

export function decodeAttention(wire: unknown): AttentionEntry[] {
  const flat = list(wire as Wire);
  return Array.from({ length: flat.length / 2 }, (_, i) => ({
    member: text(flat[2 * i]),
    deadline: text(flat[2 * i + 1]),
  }));
}
