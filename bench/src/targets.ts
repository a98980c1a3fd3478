import { ratio, table, type Row } from "./rows.js";

/** A figure that this repository has promised itself, and the rows that decide about it. */
interface Target {
  readonly suite: string;
  readonly case: string;
  readonly metric: string;
  readonly contender: string;
  /** The figure is the contender's as a multiple of this one's. */
  readonly comparedTo?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Judged {
  readonly target: string;
  readonly wanted: string;
  readonly measured: number;
  readonly met: boolean;
}

const MESSAGES_PER_SECOND = "messages per second";
const REQUESTS = "SQS requests per message";

const trivial = {
  suite: "throughput",
  case: "standard, trivial handler, concurrency 100",
  contender: "ours",
};
const skewed = {
  suite: "skew",
  case: "5 ms, every 20th 200 ms, 10 ms per SQS call, one poller",
  contender: "ours",
};
const onRedis = { suite: "dedupe on Redis", contender: "ours on Redis" };
const idle = { suite: "idle and failing", contender: "ours" };
const pipeline = { suite: "pipeline", contender: "ours" };
const thousand = {
  suite: "heartbeats",
  case: "1000 in flight, 60 s leases, 1 % of calls fail",
  contender: "ours",
};

export const TARGETS: readonly Target[] = [
  { ...trivial, metric: MESSAGES_PER_SECOND, comparedTo: "sqs-consumer", atLeast: 2 },
  { ...trivial, metric: MESSAGES_PER_SECOND, comparedTo: "sqs-consumer, batches", atLeast: 1 },
  { ...trivial, metric: REQUESTS, atMost: 0.22 },
  { ...skewed, metric: MESSAGES_PER_SECOND, comparedTo: "sqs-consumer", atLeast: 5 },
  { ...skewed, metric: REQUESTS, atMost: 0.3 },
  ...["SQS answers 500", "SQS refuses connections"].map((name) => ({
    ...idle,
    case: name,
    metric: "requests per second",
    atMost: 2,
  })),
  {
    ...idle,
    case: "empty queue, 10 pollers allowed, after a burst",
    metric: "requests per 20 s",
    // One poller is left, and polls for 5 s at a time: a poll can't be aborted, and a stop waits for it.
    atMost: 5,
  },
  ...["trivial effect, 1 poller", "trivial effect, 4 pollers"].flatMap((name) => [
    {
      ...onRedis,
      case: name,
      metric: MESSAGES_PER_SECOND,
      comparedTo: "sqs-consumer + Powertools",
      // By documented means only (ADR 8); with the reach inside the SDK it was 3.
      atLeast: 2.5,
    },
    { ...onRedis, case: name, metric: "Redis round trips per message", atMost: 1.2 },
  ]),
  ...["1000 in flight, no effect", "1000 in flight, one effect"].map((name) => ({
    ...pipeline,
    case: name,
    metric: "time per message",
    atMost: 15,
  })),
  { ...thousand, metric: "extend requests per minute", atMost: 220 },
  { ...thousand, metric: "leases lost in 10 minutes", atMost: 0 },
];

/** What the rows say about the targets; those that weren't measured are left out. */
export function judgeTargets(rows: readonly Row[]): readonly Judged[] {
  return TARGETS.flatMap((target) => {
    const measured = figureOf(target, rows);
    if (measured === undefined) return [];
    const { atLeast = -Infinity, atMost = Infinity } = target;
    return {
      target: nameOf(target),
      wanted: target.atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`,
      measured: Number(measured.toPrecision(4)),
      met: measured >= atLeast && measured <= atMost,
    };
  });
}

function figureOf(target: Target, rows: readonly Row[]): number | undefined {
  const own = rows.filter((row) => row.suite === target.suite && row.case === target.case);
  const { metric, contender, comparedTo } = target;
  if (comparedTo !== undefined) return ratio(own, metric, contender, comparedTo);
  return own.find((row) => row.metric === metric && row.contender === contender)?.median;
}

function nameOf(target: Target): string {
  const as = target.comparedTo === undefined ? "" : `, as a multiple of ${target.comparedTo}'s`;
  return `${target.suite}: ${target.case}: ${target.metric}${as}`;
}

export function targetsTable(judged: readonly Judged[]): string {
  return table(
    ["target", "wanted", "measured", "met"],
    judged.map(({ target, wanted, measured, met }) => [
      target,
      wanted,
      String(measured),
      met ? "yes" : "no",
    ]),
    (column) => column === "measured",
  );
}
