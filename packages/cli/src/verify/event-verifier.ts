import { parseAttemptId } from "@exactly-once/core/ports";
import { FinishedKeys, receiptHash } from "./finished-keys.js";
import { OpenKey, type AttemptStatus, type SeenEffect } from "./open-key.js";
import { receiptOf, textOf, type StreamEvent } from "./stream-event.js";

type Event = StreamEvent & Readonly<Record<string, unknown>>;

/** What can't have happened if the record's table was followed and the stream is true. */
export type Rule =
  | "granted twice"
  | "begun without a claim"
  | "begun twice"
  | "begun beside another"
  | "begun after it was accepted"
  | "sent without a grant"
  | "sent twice"
  | "suppressed without a receipt"
  | "suppressed by another receipt"
  | "done without a receipt"
  | "claimed after it was done"
  | "told as a duplicate";

export interface Finding {
  readonly rule: Rule;
  readonly text: string;
}

export interface Gap {
  readonly source: string;
  readonly after: number;
  readonly missing: number;
}

interface Source {
  lastSeq: number;
  /** A line of it is missing: what isn't seen of it proves nothing. */
  isIncomplete: boolean;
}

/**
 * Replays events against the record's table. Streams of many processes may come in any order to one
 * another, each in its own: what follows from the order of two processes is left alone, and what isn't
 * seen counts only where nothing of that process is missing. Kept are the keys that aren't done, and a few
 * bytes of each that is.
 */
export class EventVerifier {
  readonly gaps: Gap[] = [];
  events = 0;
  repeated = 0;
  readonly #sources = new Map<string, Source>();
  readonly #open = new Map<string, OpenKey>();
  readonly #finished = new FinishedKeys();

  get counts() {
    const { size: sources } = this.#sources;
    return { events: this.events, sources, open: this.#open.size, done: this.#finished.size };
  }

  /** @returns what is wrong with this event */
  take(event: Event): readonly Finding[] {
    const source = this.#sourceOf(event);
    if (!source) return [];
    this.events += 1;
    const key = textOf(event, "key");
    if (key === undefined) return [];
    return [...this.#judge(event, key, source)];
  }

  /** Absent for a line that came before. */
  #sourceOf({ source: id, seq }: Event): Source | undefined {
    const source = this.#sources.get(id) ?? { lastSeq: 0, isIncomplete: false };
    this.#sources.set(id, source);
    if (seq <= source.lastSeq) {
      this.repeated += 1;
      return undefined;
    }
    const missing = seq - source.lastSeq - 1;
    if (missing > 0) {
      this.gaps.push({ source: id, after: source.lastSeq, missing });
      source.isIncomplete = true;
    }
    source.lastSeq = seq;
    return source;
  }

  #judge(event: Event, key: string, source: Source): Iterable<Finding> {
    switch (event.type) {
      case "claimed":
        return this.#claimed(event, key);
      case "attemptBegun":
        return this.#begun(event, key, source);
      case "attemptSettled":
        return this.#settled(event, key, source);
      case "sendSuppressed":
        return this.#suppressed(event, key);
      case "effectWaived":
        this.#key(key).effect(textOf(event, "effect") ?? "").isWaived = true;
        return [];
      case "done":
        return this.#done(event, key);
      case "duplicateSuppressed":
        return this.#duplicate(event, key);
      case "duplicateProven":
        return [
          {
            rule: "told as a duplicate",
            text: `the service itself proved a second send of ${key}`,
          },
        ];
      case "deadLettered":
        this.#open.delete(key);
        this.#finished.set(key, { fence: 0, effects: 0, receipts: 0, isDead: true });
        return [];
      default:
        return [];
    }
  }

  #key(key: string): OpenKey {
    let open = this.#open.get(key);
    if (!open) this.#open.set(key, (open = new OpenKey()));
    return open;
  }

  *#claimed(event: Event, key: string): Generator<Finding> {
    const fence = Number(event["fence"]);
    const owner = textOf(event, "owner") ?? "";
    const finished = this.#finished.get(key);
    const isOver = finished && !finished.isDead;
    if (isOver && fence > finished.fence) {
      const text = `${key} was done under fence ${finished.fence}, and claimed under ${fence}`;
      yield { rule: "claimed after it was done", text };
    }
    // A claim that another process made before, told late.
    if (isOver) return;
    const open = this.#key(key);
    const known = open.owners.get(fence);
    if (known !== undefined && known !== owner) {
      yield {
        rule: "granted twice",
        text: `fence ${fence} of ${key} went to ${known} and ${owner}`,
      };
    }
    open.owners.set(fence, owner);
    open.claims.set(event.source, fence);
  }

  *#begun(event: Event, key: string, source: Source): Generator<Finding> {
    const id = textOf(event, "attemptId") ?? "";
    const { owner = "", fence = 0 } = parseAttemptId(id) ?? {};
    if (this.#finished.get(key) && !this.#open.has(key)) return;
    const open = this.#key(key);
    const effect = open.effect(textOf(event, "effect") ?? "");
    if (effect.attempts.has(id)) yield { rule: "begun twice", text: id };
    if (open.owners.get(fence) !== owner && !source.isIncomplete) {
      yield { rule: "begun without a claim", text: `${id}, of no claim that ${event.source} told` };
    }
    for (const [other, seen] of effect.attempts) {
      if (seen.source !== event.source || other === id) continue;
      if (seen.status === "accepted") {
        yield { rule: "begun after it was accepted", text: `${id}, after ${other}` };
      } else if (seen.status === "begun" && seen.fence === fence && !source.isIncomplete) {
        yield { rule: "begun beside another", text: `${id}, beside ${other}` };
      }
    }
    effect.attempts.set(id, { source: event.source, fence, status: "begun" });
  }

  *#settled(event: Event, key: string, source: Source): Generator<Finding> {
    const id = textOf(event, "attemptId") ?? "";
    const slot = textOf(event, "effect") ?? "";
    const status = textOf(event, "status") as AttemptStatus;
    const receipt = status === "accepted" ? receiptOf(event["receipt"]) : undefined;
    const finished = this.#finished.get(key);
    if (finished && !this.#open.has(key)) {
      // Of several effects it isn't kept which receipt was whose.
      if (typeof receipt !== "string" || finished.effects !== 1) return;
      if (receiptHash(slot, receipt) === finished.receipts) return;
      yield { rule: "sent twice", text: `${id}, of a key that was done by another receipt` };
      return;
    }
    const effect = this.#key(key).effect(slot);
    const attempt = effect.attempts.get(id);
    if (!attempt && !source.isIncomplete) {
      yield { rule: "sent without a grant", text: `${id} was ${status} and never begun` };
    }
    const { fence = 0 } = parseAttemptId(id) ?? {};
    effect.attempts.set(id, { source: event.source, fence, status });
    if (typeof receipt !== "string") return;
    const [first] = effect.receipts;
    if (first !== undefined && first !== receipt) {
      yield {
        rule: "sent twice",
        text: `${id} was accepted as ${receipt}, and before as ${first}`,
      };
    }
    effect.receipts.add(receipt);
  }

  *#suppressed(event: Event, key: string): Generator<Finding> {
    const slot = textOf(event, "effect") ?? "";
    const receipt = receiptOf(event["receipt"]);
    if (receipt === undefined) {
      yield { rule: "suppressed without a receipt", text: `${slot} of ${key}` };
      return;
    }
    if (this.#finished.get(key) && !this.#open.has(key)) return;
    const effect = this.#key(key).effect(slot);
    if (receipt === null) effect.isSettledByWord = true;
    else yield* this.#sameReceipt(effect, receipt, `${slot} of ${key}`);
  }

  *#sameReceipt(effect: SeenEffect, receipt: string, what: string): Generator<Finding> {
    const [first] = effect.receipts;
    if (first !== undefined && !effect.receipts.has(receipt)) {
      const text = `${what} by ${receipt}, and it was accepted as ${first}`;
      yield { rule: "suppressed by another receipt", text };
    }
    effect.receipts.add(receipt);
  }

  *#done(event: Event, key: string): Generator<Finding> {
    const open = this.#open.get(key);
    if (!open) return;
    const fence = open.claims.get(event.source);
    for (const [slot, effect] of open.effects) {
      if (effect.receipts.size > 0 || effect.isSettledByWord || effect.isWaived) continue;
      const last = [...effect.attempts.values()].at(-1);
      // Evidence may have settled what another claim, or another process, had begun.
      if (!last || last.source !== event.source || last.fence !== fence) continue;
      if (this.#sources.get(event.source)?.isIncomplete) continue;
      yield { rule: "done without a receipt", text: `${slot} of ${key} was last ${last.status}` };
    }
    this.#finished.set(key, open.finished(fence ?? 0));
    this.#open.delete(key);
  }

  *#duplicate(event: Event, key: string): Generator<Finding> {
    const told = event["effects"];
    if (!Array.isArray(told)) {
      yield { rule: "suppressed without a receipt", text: `${key}, without its effects` };
      return;
    }
    const finished = this.#finished.get(key);
    let receipts = 0;
    let count = 0;
    for (const info of told as readonly Readonly<Record<string, unknown>>[]) {
      if (info["state"] !== "accepted") continue;
      const slot = textOf(info, "effect") ?? "";
      const receipt = receiptOf(info["receipt"]);
      if (receipt === undefined) {
        yield { rule: "suppressed without a receipt", text: `${slot} of ${key}` };
      } else if (receipt !== null) {
        receipts ^= receiptHash(slot, receipt);
        count += 1;
      }
    }
    // What was sent before the stream begins, or was settled by evidence, it didn't tell.
    if (finished && finished.effects === count && finished.receipts !== receipts >>> 0) {
      yield { rule: "suppressed by another receipt", text: key };
    }
  }
}
