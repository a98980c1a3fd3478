import { z } from "zod";

/** What the service gets: somebody's form was updated. One event, one email to one doctor. */
export const formUpdated = z.object({
  id: z.number(),
  type: z.literal("form-updated"),
  deduplicationId: z.string(),
});
export type FormUpdated = z.infer<typeof formUpdated>;

export interface PlannedEvent {
  readonly id: number;
  readonly body: string;
  readonly group: string;
  readonly poison: boolean;
}

const GROUP_SIZE = 10;

/** @param poisoned ids whose body is no JSON */
export function planEvents(events: number, poisoned: ReadonlySet<number>): readonly PlannedEvent[] {
  const groups = Math.max(1, Math.floor(events / GROUP_SIZE));
  return Array.from({ length: events }, (_, id) => {
    const event: FormUpdated = { id, type: "form-updated", deduplicationId: `form-${id}` };
    const text = JSON.stringify(event);
    const poison = poisoned.has(id);
    // Cut off, but for the id, by which it is counted.
    return {
      id,
      poison,
      body: poison ? text.slice(0, -1) : text,
      group: `doctor-${id % groups}`,
    };
  });
}

export function recipientOf(id: number): string {
  return `doctor-${id}@example.org`;
}

export function idOfRecipient(address: string): number {
  return Number(/^doctor-(\d+)@/.exec(address)?.[1] ?? NaN);
}

/** Also of a body that is no JSON. */
export function idOfBody(body: string): number {
  return Number(/"id":(\d+)/.exec(body)?.[1] ?? NaN);
}
