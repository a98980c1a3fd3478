import type { CredentialRevokedEvent } from "../credential-revoked/event.js";
import type { FormUpdatedEvent } from "../form-updated/event.js";
import { traineeIdOf } from "../local/cognito-pool.js";
import { seededRandom, type Random } from "./random.js";
import { REAL } from "./scale.js";

export type QueueName = "form-updated" | "credential-revoked";

/** One event of the workload; each wants exactly one email. */
export type WorkloadEvent = {
  /** Unique, and its deduplication id on the queue: the producer published each event once. */
  readonly id: string;
  /** Position in the pool of the doctor it is about. */
  readonly user: number;
  /** Real milliseconds after the start of the replay at which it is published. */
  readonly atMs: number;
} & (
  | { readonly queue: "form-updated"; readonly body: FormUpdatedEvent }
  | { readonly queue: "credential-revoked"; readonly body: CredentialRevokedEvent }
);

export interface WorkloadOptions {
  readonly seed: number;
  /** Users in the pool, at least {@link FEWEST_USERS}. */
  readonly users: number;
  /** How many of them something happens to. Default 110, or half of a small pool. */
  readonly doctors?: number;
}

/** Below this there is no crowd to choose doctors from. */
export const FEWEST_USERS = 60;

const DOCTORS = 110;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** A Monday morning; the dates in the letters follow from it. */
const FIRST_EVENT = Date.UTC(2023, 7, 7, 9);
/** Shares of doctors, in percent. */
const STORIES = {
  partA: 38,
  partB: 14,
  bothParts: 22,
  resubmitted: 10,
  deleted: 7,
  credential: 9,
} as const;
/** Shares of doctors, in percent: a trickle while the service is cold, most of them later. */
const FIRST_QUARTER_SHARE = 12;

/** What happens to some doctors in a few minutes. The same options give the same workload. */
export function createWorkload(options: WorkloadOptions): readonly WorkloadEvent[] {
  const { seed, users, doctors = Math.min(DOCTORS, Math.floor(users / 2)) } = options;
  const random = seededRandom(seed);
  const arrivals = burstyArrivals(random);
  return distinct(random, doctors, users)
    .flatMap((user, index) => story(random, user, index < 4 ? index * 2_500 : arrivals()))
    .sort((one, other) => one.atMs - other.atMs);
}

/** Events come in bursts: a local office works through its list, an email reminds a cohort. */
function burstyArrivals(random: Random): () => number {
  const arrivalMs = REAL.arrivalSeconds * 1_000;
  const early = Array.from({ length: 4 }, () => random.whole(arrivalMs / 4));
  const late = Array.from(
    { length: 9 },
    () => arrivalMs / 4 + random.whole((arrivalMs * 3) / 4 - 30_000),
  );
  return () => {
    const bursts = random.whole(100) < FIRST_QUARTER_SHARE ? early : late;
    return random.pick(bursts) + random.whole(8_000);
  };
}

function distinct(random: Random, count: number, below: number): readonly number[] {
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(random.whole(below));
  return [...chosen];
}

function story(random: Random, user: number, atMs: number): readonly WorkloadEvent[] {
  const first = FIRST_EVENT + random.whole(60) * DAY_MS + random.whole(8 * 60) * 60_000;
  const form = formStory(random, user, atMs, first);
  switch (random.weighted(STORIES)) {
    case "partA":
      return [form("formr-a", "SUBMITTED")];
    case "partB":
      return [form("formr-b", "SUBMITTED")];
    case "bothParts":
      return [form("formr-a", "SUBMITTED"), form("formr-b", "SUBMITTED", 1)];
    case "resubmitted":
      return [
        form("formr-a", "SUBMITTED"),
        form("formr-a", "UNSUBMITTED", 1),
        form("formr-a", "SUBMITTED", 2),
      ];
    case "deleted":
      return [form("formr-b", "SUBMITTED"), form("formr-b", "DELETED", 1)];
    case "credential":
      return [credential(random, user, atMs, first)];
  }
}

/**
 * The changes of a doctor's forms. The office takes a day over each in truth; here they follow each
 * other within a minute, while the dates in the letters stay days apart.
 */
function formStory(random: Random, user: number, atMs: number, first: number) {
  const formNames = { "formr-a": `${random.uuid()}.json`, "formr-b": `${random.uuid()}.json` };
  const step = 8_000 + random.whole(12_000);
  return (
    formType: "formr-a" | "formr-b",
    lifecycleState: FormUpdatedEvent["lifecycleState"],
    index = 0,
  ): WorkloadEvent => ({
    id: random.uuid(),
    user,
    atMs: atMs + index * step,
    queue: "form-updated",
    body: {
      formName: formNames[formType],
      lifecycleState,
      traineeId: traineeIdOf(user),
      formType,
      eventDate: new Date(first + index * DAY_MS).toISOString(),
    },
  });
}

function credential(random: Random, user: number, atMs: number, issued: number): WorkloadEvent {
  return {
    id: random.uuid(),
    user,
    atMs,
    queue: "credential-revoked",
    body: {
      credentialId: random.uuid(),
      credentialType: random.pick(["Training Programme", "Training Placement"]),
      issuedAt: new Date(issued).toISOString(),
      traineeId: traineeIdOf(user),
    },
  };
}
