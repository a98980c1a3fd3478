import type { Decisions } from "../kernel/decisions.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Ledger, ProducedMessage } from "../oracles/ledger.js";
import type { SqsQueue } from "../worlds/sqs.js";
import { wrapped } from "../scenarios/envelopes.js";
import {
  EVENT_KINDS,
  isKeyless,
  keyOf,
  owedEffects,
  type EventKind,
  type FormEvent,
} from "../scenarios/events.js";
import type { ScenarioSettings } from "../scenarios/settings.js";

/** What the tripwire blocks is rare all the same: it takes two events of the kind. */
const ODD_KINDS: readonly EventKind[] = [...EVENT_KINDS, "sameContent", "sameContent"];

/** Puts the run's events into the queue, spread over the production time. */
export function produce(
  kernel: Kernel,
  decisions: Decisions,
  settings: ScenarioSettings,
  queue: SqsQueue,
  ledger: Ledger,
  onProduced: (message: ProducedMessage) => void,
): void {
  let before: FormEvent | undefined;
  for (let index = 0; index < settings.messages; index += 1) {
    const odd = decisions.property(`odd ${index}`) < settings.oddShare;
    const kinds = settings.variation?.kinds ?? ODD_KINDS;
    const plain = settings.twoPipelines && index % 2 === 1 ? "other" : "plain";
    const kind: EventKind = odd ? decisions.pick(`kind ${index}`, kinds) : plain;
    const group = Math.floor(decisions.property(`group ${index}`) * settings.groups);
    const event = eventOf(kind, index, group, before);
    if (!isKeyless(kind)) before = event;
    const at = decisions.property(`at ${index}`) * settings.productionMs;
    kernel.schedule(at, () => {
      const place = { sequence: ledger.produced.size + 1, sentAt: kernel.now };
      const message = { ...send(settings, queue, kind, event, index), ...place };
      onProduced(message);
      ledger.produced.set(message.messageId, message);
    });
  }
}

function eventOf(
  kind: EventKind,
  index: number,
  group: number,
  before: FormEvent | undefined,
): FormEvent {
  const fresh: FormEvent = {
    doctor: `${kind === "other" ? "other" : "doctor"}-${group}`,
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
  { variation }: ScenarioSettings,
  queue: SqsQueue,
  kind: EventKind,
  event: FormEvent,
  index: number,
): Omit<ProducedMessage, "sequence" | "sentAt"> {
  const keyed = !isKeyless(kind);
  const groupId = `group-${event.doctor}`;
  const told = kind === "invalid" ? { ...event, doctor: "" } : event;
  const body = kind === "poison" ? "{ no json" : JSON.stringify(told);
  const { id } = queue.send({
    body: wrapped(variation?.envelope ?? "none", body, index),
    ...(queue.fifo ? { groupId, dedupId: `producer ${index}` } : {}),
  });
  return {
    messageId: id,
    key: keyed ? keyOf(event) : undefined,
    groupId: queue.fifo ? groupId : undefined,
    effects: kind === "conflict" ? [] : owedEffects(keyed ? event.kind : kind),
    kind,
    body,
    redriven: false,
  };
}
