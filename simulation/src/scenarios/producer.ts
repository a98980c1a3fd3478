import type { Decisions } from "../kernel/decisions.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Ledger } from "../oracles/ledger.js";
import type { SqsQueue } from "../worlds/sqs.js";
import { EVENT_KINDS, keyOf, owedEffects, type EventKind, type FormEvent } from "./events.js";
import type { ScenarioSettings } from "./settings.js";

/** What the tripwire holds is rare all the same: it takes two events of the kind. */
const ODD_KINDS: readonly EventKind[] = [...EVENT_KINDS, "sameContent", "sameContent"];

/** Puts the run's events into the queue, spread over the production time. */
export function produce(
  kernel: Kernel,
  decisions: Decisions,
  settings: ScenarioSettings,
  queue: SqsQueue,
  ledger: Ledger,
): void {
  let before: FormEvent | undefined;
  for (let index = 0; index < settings.messages; index += 1) {
    const odd = decisions.property(`odd ${index}`) < settings.oddShare;
    const kind: EventKind = odd ? decisions.pick(`kind ${index}`, ODD_KINDS) : "plain";
    const group = Math.floor(decisions.property(`group ${index}`) * settings.groups);
    const event = eventOf(kind, index, group, before);
    if (kind !== "poison" && kind !== "invalid") before = event;
    const at = decisions.property(`at ${index}`) * settings.productionMs;
    kernel.schedule(at, () => send(queue, ledger, kind, event, `group-${event.doctor}`, index));
  }
}

function eventOf(
  kind: EventKind,
  index: number,
  group: number,
  before: FormEvent | undefined,
): FormEvent {
  const fresh: FormEvent = {
    doctor: `doctor-${group}`,
    form: `form-${index}`,
    kind,
    text: `text of ${index}`,
  };
  if (before === undefined)
    return kind === "again" || kind === "conflict" ? { ...fresh, kind: "plain" } : fresh;
  if (kind === "again") return before;
  if (kind === "conflict") return { ...before, text: `other text of ${index}` };
  return fresh;
}

function send(
  queue: SqsQueue,
  ledger: Ledger,
  kind: EventKind,
  event: FormEvent,
  groupId: string,
  index: number,
): void {
  const readable = kind !== "poison" && kind !== "invalid";
  const body =
    kind === "poison" ? "{ no json" : JSON.stringify(readable ? event : { ...event, doctor: "" });
  const { id } = queue.send({
    body,
    ...(queue.fifo ? { groupId, dedupId: `producer ${index}` } : {}),
  });
  ledger.produced.set(id, {
    messageId: id,
    key: readable ? keyOf(event) : undefined,
    groupId: queue.fifo ? groupId : undefined,
    sequence: ledger.produced.size + 1,
    effects: kind === "conflict" ? [] : owedEffects(readable ? event.kind : kind),
    kind,
    body,
    redriven: false,
  });
}
