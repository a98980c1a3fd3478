import { repliesOf, type RecordView } from "@exactly-once/core/ports";
import { emailTags } from "@exactly-once/ses-adapter";
import type { NamedCount } from "./count.js";
import { keyOf, recipientOf } from "./notification.js";
import type { Stack, Whereabouts } from "./stack.js";
import { readTraces, type TraceLine } from "./trace.js";

/** All that is known about one event, for whoever has to judge what became of it. */
export interface Evidence {
  readonly id: number;
  readonly message: Whereabouts;
  readonly record: RecordView | undefined;
  /** Every request for its email that SES read to the end. */
  readonly requests: readonly SesRequest[];
  /** What the replicas told about its message or its key. */
  readonly events: readonly TraceLine[];
}

interface SesRequest {
  readonly at: number;
  readonly attemptId: string | undefined;
  readonly answer: string;
}

export async function gatherEvidence(
  stack: Stack,
  ids: readonly number[],
): Promise<readonly Evidence[]> {
  if (ids.length === 0) return [];
  const [records, whereabouts, traces] = await Promise.all([
    stack.store.read(ids.map(keyOf)).then(repliesOf),
    stack.whereabouts(),
    readTraces(stack.traceFolder),
  ]);
  return ids.map((id, index) => {
    const record = records[index];
    const isAbout = ({ key, messageId }: TraceLine): boolean =>
      key === keyOf(id) || (messageId !== undefined && messageId === record?.messageId);
    return {
      id,
      message: whereabouts.get(id) ?? "gone",
      record,
      requests: requestsFor(stack, id),
      events: traces.filter(isAbout),
    };
  });
}

function requestsFor(stack: Stack, id: number): SesRequest[] {
  return stack.ses
    .requests()
    .filter(({ recipients }) => recipients.includes(recipientOf(id)))
    .map(({ at, tags, carriedOut, refusedWith }) => ({
      at,
      attemptId: tags[emailTags.attempt],
      answer: carriedOut ? "accepted" : (refusedWith ?? "not carried out"),
    }));
}

/** An event that was anything else than sent once or listed, in one line for the results. */
export interface Anomaly {
  readonly id: number;
  readonly judged: string;
}

/** Prints all that is known about what is lost or was sent twice, and judges it. */
export async function explain(
  stack: Stack,
  when: string,
  { lostIds, duplicateIds }: NamedCount,
): Promise<readonly Anomaly[]> {
  const lost = await gatherEvidence(stack, lostIds);
  const twice = await gatherEvidence(stack, duplicateIds);
  return [
    ...lost.map((evidence) => judge(evidence, `${LOST_WORDS[evidence.message]} ${when}`)),
    ...twice.map((evidence) => judge(evidence, `accepted twice ${when}`)),
  ];
}

/** Prints the evidence. */
export function judge(evidence: Evidence, verdict: string): Anomaly {
  console.log(`event ${evidence.id}, ${verdict}: ${JSON.stringify(evidence, undefined, 1)}`);
  const effects = evidence.record?.effects ?? [];
  const states = effects.map(({ state, reason }) => (reason ? `${state} (${reason})` : state));
  const record = `${evidence.record?.state ?? "no record"}, ${states.join(", ") || "never begun"}`;
  return { id: evidence.id, judged: `${verdict}: ${record}; message ${evidence.message}` };
}

/** While its message is on a queue, somebody can still send it. */
const LOST_WORDS: Readonly<Record<Whereabouts, string>> = {
  gone: "LOST",
  visible: "not sent",
  delayed: "not sent",
  "in flight": "not sent",
  "dead-letter queue": "dead-lettered",
};
