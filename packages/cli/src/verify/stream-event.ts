import type { ConsumerEvent } from "@exactly-once/core";

type Fields = Readonly<Record<string, unknown>>;

/**
 * A line's event: the object itself, or what a logger put under `event`. Nothing of it is trusted but what
 * every event has; `undefined` for what is none.
 */
export function eventIn(value: unknown): (Fields & StreamEvent) | undefined {
  for (const candidate of [value, (Object(value) as Fields)["event"]]) {
    const fields = Object(candidate) as Fields;
    const { type, source, seq, at } = fields;
    if (typeof type !== "string" || typeof source !== "string") continue;
    if (typeof at === "number" && Number.isSafeInteger(seq)) return fields as Fields & StreamEvent;
  }
  return undefined;
}

/** What every event has. */
export interface StreamEvent {
  readonly type: ConsumerEvent["type"];
  readonly source: string;
  readonly seq: number;
  readonly at: number;
}

export function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A receipt's id; `null` is an operator's word for "sent", which has none. */
export function receiptOf(value: unknown): string | null | undefined {
  const { id, via } = Object(value) as Fields;
  if (typeof id === "string" && id !== "") return id;
  return id === null && via === "operator" ? null : undefined;
}
