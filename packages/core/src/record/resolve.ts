import { formatAttemptId } from "../identity/attempt-id.js";
import type { AttemptRef, Receipt, ResolveReply, Resolver, Verdict } from "../ports/index.js";
import { findEffect, isOf, withEffect } from "./effect.js";
import {
  unexpired,
  type EffectRecord,
  type MaybeRecord,
  type NotificationRecord,
  type Transition,
} from "./record.js";
import { seenState } from "./view.js";

/** A policy that has a word before each try must not grow a record without bound. */
const MAX_RESOLUTIONS = 20;

/**
 * An operator's or reconciler's verdict on the attempt it names. "Not sent" is only sound once the
 * provider must refuse whatever a paused process still sends: deadline plus signature validity.
 */
export function resolve(
  found: MaybeRecord,
  ref: AttemptRef,
  verdict: Verdict,
  who: Resolver,
  now: number,
): Transition<ResolveReply> {
  const record = unexpired(found, now);
  const effect = record && findEffect(record, ref.effect);
  if (!record || !effect || !isOf(record, effect, ref)) {
    return { record, reply: "notFound" };
  }
  const state = seenState(record, effect, now);
  const already = { record, reply: { already: state } } as const;
  const resolved = (changed: EffectRecord, word: string): Transition<ResolveReply> => ({
    record: noteResolution(withEffect(record, changed), ref, word, who, now),
    reply: "resolved",
  });
  if (typeof verdict === "object") {
    if (record.fingerprint === verdict.acceptPayload) return already;
    const rebound = { ...record, fingerprint: verdict.acceptPayload };
    return {
      record: noteResolution(rebound, ref, "accept-payload", who, now),
      reply: "resolved",
    };
  }
  const late = record.state === "dead" ? { settledAfterDeadLetter: true } : {};
  switch (verdict) {
    case "sent": {
      if (state === "sending") return { record, reply: { tooEarly: effect.staleAt } };
      // Proof counts whoever brings it, also of an attempt that was taken for rejected.
      if (state !== "unknown" && state !== "rejected") return already;
      const receipt: Receipt = { id: null, at: now, via: "operator" };
      const accepted = { ...effect, state: "accepted", unknownSince: undefined } as const;
      return resolved({ ...accepted, receipt, ...late }, verdict);
    }
    case "not-sent":
      if (state !== "unknown" && state !== "sending") return already;
      if (state === "sending" || now < effect.staleAt) {
        return { record, reply: { tooEarly: Math.max(effect.staleAt, now + 1) } };
      }
      // Of all that were begun so far: `staleAt` is the last one's.
      return resolved(
        { ...effect, state: "rejected", reason: "resolved not sent", unknownSince: undefined },
        verdict,
      );
    case "resend": {
      if (state !== "unknown") return already;
      const unknownSince = effect.unknownSince ?? effect.startedAt;
      return resolved(
        { ...effect, state: "rejected", reason: "resend by policy", unknownSince },
        verdict,
      );
    }
    case "allow":
      if (state !== "blocked") return already;
      return resolved({ ...effect, state: "rejected", allowed: true }, verdict);
    case "drop":
      if (state !== "blocked") return already;
      return resolved({ ...effect, state: "dropped" }, verdict);
  }
}

function noteResolution(
  record: NotificationRecord,
  ref: AttemptRef,
  verdict: string,
  who: Resolver,
  now: number,
): NotificationRecord {
  const note = { attemptId: formatAttemptId(ref), verdict, by: who.by, why: who.why, at: now };
  // Somebody looked at it: that is a new start. A policy's word is none.
  const tries = verdict === "resend" ? record.tries : 0;
  return {
    ...record,
    tries,
    resolutions: [...(record.resolutions ?? []), note].slice(-MAX_RESOLUTIONS),
  };
}
