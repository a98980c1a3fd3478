import type { ConsumerEvent } from "@exactly-once/core";
import { appendFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What one process did or suffered. Beside these, the fields of the consumer's event. */
export interface TraceLine {
  readonly at: number;
  readonly process: string;
  readonly type: string;
  readonly key?: string;
  readonly messageId?: string;
  readonly attemptId?: string;
  readonly status?: string;
  readonly reason?: string;
}

export type Tracer = (event: Omit<TraceLine, "process">) => void;

/** Written at once, so that a killed process leaves all it knew. */
export function openTrace(folder: string, process: string): Tracer {
  const file = join(folder, `${process}.jsonl`);
  return (event) => appendFileSync(file, `${JSON.stringify({ process, ...event }, nameErrors)}\n`);
}

/** Whether the event says something about one message, or about the store's outages. */
export function isWorthTracing(event: ConsumerEvent): boolean {
  return "messageId" in event || event.type === "storeDown" || event.type === "storeUp";
}

function nameErrors(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}

/** Of all processes, in the order of time. */
export async function readTraces(folder: string): Promise<readonly TraceLine[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  // A process killed while it wrote leaves half a line.
  const lines = texts.flatMap((text) => text.split("\n").filter((line) => line.endsWith("}")));
  return lines.map((line) => JSON.parse(line) as TraceLine).sort((a, b) => a.at - b.at);
}
