import type { HistoryEvent } from "../checker/history.js";
import type { Ledger } from "../oracles/ledger.js";
import { effectOf } from "../oracles/ledger.js";
import { isDoomed } from "../scenarios/events.js";
import type { SesRequest } from "../worlds/ses.js";
import type { SqsEvent, SqsQueue } from "../worlds/sqs.js";
import type { LostWrite, StoreEvent } from "../worlds/store.js";

type Told = HistoryEvent extends infer Event
  ? Event extends { readonly at: number }
    ? Omit<Event, "at">
    : never
  : never;

/** Writes down what could be seen from outside, for the independent checker. */
export interface HistoryRecorder {
  add(event: Told): void;
  onQueue(
    queue: { readonly main: SqsQueue; readonly dlq: SqsQueue },
    of: SqsQueue,
    event: SqsEvent,
  ): void;
  onRequest(request: SesRequest, mail: string | undefined): void;
  onStore(event: StoreEvent): void;
  onFailOver(lost: readonly LostWrite[]): void;
  /** With what was meant by each message. */
  read(ledger: Ledger): readonly HistoryEvent[];
}

const AUTHORS: Readonly<Record<string, "silence" | "policy">> = {
  reconciler: "silence",
  policy: "policy",
};

export function createHistory(now: () => number): HistoryRecorder {
  const events: HistoryEvent[] = [];
  const add = (event: Told): void => void events.push({ at: now(), ...event });

  return {
    add,
    onQueue: ({ main, dlq }, of, { type, message }) => {
      const messageId = message.id;
      const { originalId } = message.attributes;
      if (of === dlq && type === "sent" && originalId !== undefined) {
        add({ type: "deadLettered", messageId: originalId, by: "service" });
      }
      if (of !== main) return;
      if (type === "sent") add({ type: "queued", messageId, owes: [] });
      else if (type === "redriven") add({ type: "deadLettered", messageId, by: "queue" });
      else add({ type, messageId });
    },
    onRequest: ({ attemptId: attempt, effectId: effect }, mail) => {
      const process = /^[a-z]+(?=\d+x)/.exec(attempt.split("-").at(-3) ?? "")?.[0] ?? "";
      add({ type: "request", attempt, effect, process, ...(mail === undefined ? {} : { mail }) });
    },
    onStore: (event) => {
      if (event.command === "resolve" && event.reply === "resolved") {
        const [attempt, given, { by }] = event.args;
        // Content that an operator binds a key to is no verdict about an attempt.
        if (typeof given === "object") return;
        const verdict = given === "not-sent" ? "notSent" : given;
        const effect = effectOf(attempt);
        add({ type: "verdict", attempt, effect, verdict, by: AUTHORS[by] ?? "operator" });
      } else if (event.command === "complete") {
        event.args[0].forEach(({ key, waived = {} }, index) => {
          if (event.reply[index] !== "done") return;
          for (const slot of Object.keys(waived)) add({ type: "waived", effect: `${key}-${slot}` });
        });
      }
    },
    onFailOver: (lost) => {
      for (const key of new Set(lost.flatMap(keysOf))) add({ type: "storeLost", key });
      // An operator sees whether the pause was lost, too.
      add({ type: "resumed" });
    },
    read: (ledger) =>
      events.map((event) => (event.type === "queued" ? meant(event, ledger) : event)),
  };
}

function meant(
  event: Extract<HistoryEvent, { readonly type: "queued" }>,
  ledger: Ledger,
): HistoryEvent {
  const known = ledger.produced.get(event.messageId);
  if (!known) return event;
  const { key, groupId, effects, kind, redriven } = known;
  return {
    ...event,
    owes: effects.map((slot) => `${key}-${slot}`),
    ...(key === undefined ? {} : { key }),
    ...(groupId === undefined ? {} : { group: groupId }),
    hopeless: effects.length === 0 && isDoomed(kind),
    redriven,
  };
}

function keysOf(write: LostWrite): readonly string[] {
  if (write.command === "reserve") return [write.holder.split("-")[0] ?? ""];
  const [first] = write.args as readonly unknown[];
  const items = (Array.isArray(first) ? first : [first]) as readonly unknown[];
  return items.flatMap((item) =>
    typeof item === "string" ? (item.split("-")[0] ?? []) : ((item as { key?: string }).key ?? []),
  );
}
