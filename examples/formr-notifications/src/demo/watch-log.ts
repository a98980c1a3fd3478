import { z } from "zod";
import type { Observations } from "./counting.js";
import { realSeconds } from "./scale.js";

/** A line of the service's log that tells an event of a consumer. */
const consumerEvent = z.object({ msg: z.string(), messageId: z.string() });

/** Events that a dashboard would show in red or amber: each tells of a copy, or of what makes one. */
const ALARMS: ReadonlySet<string> = new Set([
  "redeliveredWhileRunning",
  "leaseLost",
  "duplicateSuppressed",
  "sendSuppressed",
  "duplicateProven",
  "tripwire",
  "held",
  "deadLettered",
]);

/** Reads a service's structured log for what would have rung, and for what is held. */
export function watchLog(startedAt: number) {
  let firstAlarmSeconds: number | null = null;
  const held = new Set<string>();
  return {
    read(line: string): void {
      const parsed = consumerEvent.safeParse(parseJson(line));
      if (!parsed.success) return;
      const { msg, messageId } = parsed.data;
      if (ALARMS.has(msg)) firstAlarmSeconds ??= Math.round(realSeconds(Date.now() - startedAt));
      if (msg === "held") held.add(messageId);
      if (msg === "resumed" || msg === "done" || msg === "deadLettered") held.delete(messageId);
    },
    seen: (): Omit<Observations, "deadLettered"> => ({ firstAlarmSeconds, held: held.size }),
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
