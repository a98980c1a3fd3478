import type { Disposition } from "../message/disposition.js";
import type { HoldReason } from "../events.js";
import type { Flight } from "./in-flight-message.js";
import type { Gate } from "./receive-gate.js";
import type { Look } from "./held-messages.js";
import type { RecordView } from "../ports/index.js";
import type { RunEnvironment } from "../run/run.js";

export type Hold = Extract<Disposition, { kind: "hold" }>;

const MAX_HOLD_GROWTH = 5;

/** Holds that end by a fact about the key. */
const READS_RECORD: ReadonlySet<HoldReason> = new Set([
  "unknown",
  "tripwire",
  "busy",
  "deadLetter",
]);

export interface HoldRulesOptions {
  readonly env: RunEnvironment;
  readonly gate: Pick<Gate, "storeIsDown" | "providerIsInTrouble" | "closedBecause">;
  readonly isLastReceive: (flight: Flight) => boolean;
}

/** When a message waits in place instead of going back to the queue, and when it goes on. */
export interface HoldRules {
  /**
   * An outage is no fault of the message: it waits in place. Handed back, it would burn a receive
   * for each look at somebody else's trouble, until the queue's own redrive policy took it away.
   */
  insteadOf(flight: Flight, disposition: Disposition): Hold | undefined;
  /** Whether the hold's looks need the record. */
  readsRecord(hold: Hold): boolean;
  /** Milliseconds until the first look. */
  firstLookMs(flight: Flight, hold: Hold): number;
  look(flight: Flight, hold: Hold, record: RecordView | undefined): Look;
}

export function createHoldRules({ env, gate, isLastReceive }: HoldRulesOptions): HoldRules {
  const { clock, time } = env;

  function insteadOf(flight: Flight, disposition: Disposition): Hold | undefined {
    if (disposition.kind === "hold") return disposition;
    if (disposition.kind !== "retry") return undefined;
    const { reason, delayMs: retryAfterMs = 1_000 } = disposition;
    switch (reason) {
      case "storeDown":
        return { kind: "hold", reason, attempts: [] };
      case "throttled":
        return { kind: "hold", reason, attempts: [], retryAfterMs };
      case "deferred":
        if (!isLastReceive(flight)) return undefined;
        return { kind: "hold", reason, attempts: [], retryAfterMs };
      case "rejected": {
        if (!gate.providerIsInTrouble) return undefined;
        flight.troubledSince ??= time();
        const holdForMs = flight.admitted?.pipeline.holdForMs ?? 0;
        // A message that alone is refused again and again looks like an outage, too.
        if (time() - flight.troubledSince >= holdForMs) return undefined;
        return { kind: "hold", reason: "providerDown", attempts: [] };
      }
      default:
        return undefined;
    }
  }

  function look(flight: Flight, hold: Hold, record: RecordView | undefined): Look {
    const { admitted } = flight;
    if (hold.reason === "storeDown") return gate.storeIsDown ? "wait" : "goOn";
    if (hold.reason === "providerDown") return gate.closedBecause() ? "wait" : "goOn";
    if (!admitted) return "goOn";
    if (hold.reason === "paused") {
      return env.pausedReason(admitted.pipeline.name) === undefined ? "goOn" : "wait";
    }
    if (!READS_RECORD.has(hold.reason)) return "goOn";
    if (!record || record.state === "done" || record.state === "dead") return "goOn";
    if (record.live) return "wait";
    if (hold.reason === "busy") return "goOn";
    const open = record.effects.filter(({ state }) => state === "unknown" || state === "held");
    if (open.length === 0) {
      // Evidence came, also while the burial of a message held too long had to wait.
      if (flight.deadLetter?.code === HELD_TOO_LONG) flight.deadLetter = undefined;
      env.onProviderReply({ kind: "well" });
      return "goOn";
    }
    if (hold.reason === "deadLetter") {
      return clock.now() < Math.max(...open.map(({ staleAt }) => staleAt)) ? "wait" : "goOn";
    }
    const heldMs = clock.now() - Math.min(...open.map(({ startedAt }) => startedAt));
    if (heldMs >= admitted.pipeline.holdForMs) {
      const text = `Held for ${Math.round(heldMs / 1000)} s without evidence (${hold.reason}).`;
      const attemptIds = open.map(({ attemptId }) => attemptId);
      const code = HELD_TOO_LONG;
      flight.deadLetter = { kind: "deadLetter", code, text, attemptIds, bury: true };
      return "goOn";
    }
    const canAsk = Object.values(admitted.pipeline.effects).some(({ lookup }) => lookup);
    return canAsk && hold.reason === "unknown" ? "goOn" : "wait";
  }

  return {
    insteadOf,
    look,
    readsRecord: ({ reason }) => READS_RECORD.has(reason),
    firstLookMs: (flight, { reason, retryAfterMs }) => {
      const backoff = 500 * 2 ** Math.min(flight.holds, MAX_HOLD_GROWTH);
      // Another owner's lease ends late, but what it does is mostly done soon; and evidence may
      // come at any time.
      const early = reason === "busy" || reason === "deadLetter";
      return early ? Math.min(backoff, retryAfterMs ?? backoff) : (retryAfterMs ?? backoff);
    },
  };
}

const HELD_TOO_LONG = "heldTooLong";
