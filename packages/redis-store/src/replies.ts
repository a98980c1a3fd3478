import type { Receipt } from "@exactly-once/core";
import {
  type AttemptInfo,
  type BeginReply,
  type BuryReply,
  type ClaimReply,
  type CompleteReply,
  type DeadInfo,
  type EffectState,
  formatAttemptId,
  type BlockReply,
  type RecordView,
  type Resolution,
  type ResolveReply,
  type SettleReply,
  type UnresolvedItem,
} from "@exactly-once/core/ports";
import { keyOfSuffix } from "./keys.js";
import { unpack } from "./packed-ids.js";

/**
 * What the scripts answer: arrays of texts, `null` where something is absent. Numbers come as text,
 * since Redis would cut their fractions off.
 */
type Wire = string | number | null | readonly Wire[];

function list(wire: Wire | undefined): readonly Wire[] {
  if (!Array.isArray(wire)) throw new TypeError("A script answered with something unexpected.");
  return wire as readonly Wire[];
}

function text(wire: Wire | undefined): string {
  if (typeof wire !== "string") throw new TypeError("A script left something out of its answer.");
  return wire;
}

function optional<const Name extends string, Value>(
  name: Name,
  wire: Wire | undefined,
  decode: (wire: Wire) => Value,
): { readonly [Key in Name]?: Value } {
  if (wire === null || wire === undefined) return {};
  return { [name]: decode(wire) } as { readonly [Key in Name]?: Value };
}

/** A bare word says it all; a list goes on about it. */
function words(reply: unknown): readonly Wire[] {
  return typeof reply === "string" ? [reply] : list(reply as Wire);
}

function json<Value>(wire: Wire): Value {
  return JSON.parse(text(wire)) as Value;
}

function decodeReceipt(wire: Wire | undefined): Receipt {
  const [id, at, via] = list(wire);
  return {
    id: typeof id === "string" ? unpack(id) : null,
    at: Number(text(at)),
    via: text(via) as Receipt["via"],
  };
}

function decodeDead(wire: Wire): DeadInfo {
  const [messageId, reason, at] = list(wire).map(text);
  return { messageId: unpack(messageId ?? ""), reason: reason ?? "", at: Number(at) };
}

function decodeInfo(key: string, wire: Wire | undefined): AttemptInfo {
  const [effect, owner, fence, attemptNumber, state, startedAt, deadline, staleAt, ...rest] =
    list(wire);
  const [reason, receipt, allowed, afterDeadLetter] = rest;
  const ref = {
    key,
    effect: text(effect),
    owner: text(owner),
    fence: Number(fence),
    attemptNumber: Number(attemptNumber),
  };
  return {
    attemptId: formatAttemptId(ref),
    effect: ref.effect,
    state: text(state) as EffectState,
    startedAt: Number(startedAt),
    deadline: Number(deadline),
    staleAt: Number(staleAt),
    ...optional("reason", reason, text),
    ...optional("receipt", receipt, decodeReceipt),
    ...optional("allowed", allowed, isSet),
    ...optional("settledAfterDeadLetter", afterDeadLetter, isSet),
  };
}

function isSet(wire: Wire): boolean {
  return wire === "1";
}

function decodeInfos(key: string, wire: Wire | undefined): AttemptInfo[] {
  return wire === undefined ? [] : list(wire).map((info) => decodeInfo(key, info));
}

/** A store clock that stepped back makes leases seem long; no queue hides a message for longer. */
const MAX_HINT_MS = 12 * 60 * 60_000;

export function decodeClaim(key: string, reply: unknown): ClaimReply {
  const [status, ...rest] = words(reply);
  switch (status) {
    case "claimed":
      return { status, fence: Number(rest[0]), effects: decodeInfos(key, rest[1]) };
    case "busy": {
      const retryAfterMs = Math.min(Number(rest[0]), MAX_HINT_MS);
      return { status, retryAfterMs, since: Number(rest[1]) };
    }
    case "done":
      return { status, effects: decodeInfos(key, rest[0]) };
    case "conflict":
      return { status, bound: unpack(text(rest[0])), effects: decodeInfos(key, rest[1]) };
    case "dead":
      return { status, reason: text(rest[0]), effects: decodeInfos(key, rest[1]) };
    default:
      throw unexpected(status);
  }
}

export function decodeBegin(key: string, reply: unknown): BeginReply {
  const [status, about] = words(reply);
  switch (status) {
    case "granted":
    case "lost":
      return status;
    case "accepted":
      return { accepted: decodeReceipt(about) };
    case "unknown":
      return { unknown: decodeInfo(key, about) };
    case "blocked":
      return { blocked: decodeInfo(key, about) };
    case "dropped":
      return { dropped: decodeInfo(key, about) };
    default:
      throw unexpected(status);
  }
}

export function decodeExtend(_key: string, reply: unknown): "extended" | "lost" {
  return reply === "extended" ? "extended" : "lost";
}

export function decodeRelease(_key: string, reply: unknown): "released" | "lost" {
  return reply === "released" ? "released" : "lost";
}

export function decodeBlock(key: string, reply: unknown): BlockReply {
  const [status, about] = words(reply);
  if (status === "blocked" || status === "lost") return status;
  return { refused: decodeInfo(key, about) };
}

export function decodeReserve(reply: unknown): "reserved" | { readonly taken: string } {
  const [status, holder] = words(reply);
  return status === "reserved" ? status : { taken: text(holder) };
}

export function decodeSettle(_key: string, reply: unknown): SettleReply {
  const [status, about] = words(reply);
  switch (status) {
    case "settled":
    case "lost":
    case "unknownAttempt":
      return status;
    case "duplicateOf":
      return { duplicateOf: decodeReceipt(about) };
    case "settledAfterDeadLetter":
      return { settledAfterDeadLetter: decodeDead(about ?? null) };
    default:
      throw unexpected(status);
  }
}

export function decodeComplete(key: string, reply: unknown): CompleteReply {
  const [status, open] = words(reply);
  if (status === "done" || status === "lost") return status;
  return { unresolved: decodeInfos(key, open) };
}

export function decodeBury(_key: string, reply: unknown): BuryReply {
  const [status, at] = words(reply);
  if (status === "dead" || status === "busy" || status === "done") return status;
  return { tooEarly: Number(at) };
}

export function decodeResolve(_key: string, reply: unknown): ResolveReply {
  const [status, about] = words(reply);
  if (status === "resolved" || status === "notFound") return status;
  if (status === "tooEarly") return { tooEarly: Number(about) };
  return { already: text(about) as EffectState };
}

export function decodeView(key: string, reply: unknown): RecordView | undefined {
  if (reply === null) return undefined;
  const [keyText, pipeline, state, live, owner, fence, leaseUntil, messageId, ...rest] = list(
    reply as Wire,
  );
  const [fingerprint, effects, waived, dead, duplicates, resolutions] = rest;
  const duplicatesByEffect = list(duplicates).map((wire): [string, readonly Receipt[]] => {
    const [effect, receipts] = list(wire);
    return [text(effect), list(receipts).map(decodeReceipt)];
  });
  return {
    key,
    ...optional("keyText", keyText, text),
    pipeline: text(pipeline),
    state: text(state) as RecordView["state"],
    live: live === "1",
    owner: text(owner),
    fence: Number(fence),
    leaseUntil: Number(leaseUntil),
    messageId: unpack(text(messageId)),
    ...optional("fingerprint", fingerprint, (wire) => unpack(text(wire))),
    effects: decodeInfos(key, effects),
    ...optional("waived", waived, json<Readonly<Record<string, string>>>),
    ...optional("dead", dead, decodeDead),
    ...(duplicatesByEffect.length === 0
      ? {}
      : { duplicates: Object.fromEntries(duplicatesByEffect) }),
    ...optional("resolutions", resolutions, json<readonly Resolution[]>),
  };
}

/** An item of a bucket's attention index, with its place in the order of all. */
export interface PlacedItem {
  readonly member: string;
  readonly item: UnresolvedItem;
}

export function decodeUnresolved(reply: unknown): PlacedItem[] {
  return list(reply as Wire).map((wire) => {
    const [member, suffix, keyText, pipeline, messageId, info, dead] = list(wire);
    const key = keyOfSuffix(text(suffix));
    return {
      member: text(member),
      item: {
        key,
        keyText: text(keyText),
        pipeline: text(pipeline),
        messageId: unpack(text(messageId)),
        attempt: decodeInfo(key, info),
        ...optional("dead", dead, decodeDead),
      },
    };
  });
}

function unexpected(status: Wire | undefined): TypeError {
  return new TypeError(
    `A script answered ${JSON.stringify(status)}, which this version doesn't know.`,
  );
}
