import type { HandlerCost } from "../contender-process.js";
import type { ContenderName } from "../contenders/index.js";
import type { Row } from "../rows.js";
import { emulatorSuffix } from "../sqs/emulators.js";
import { consume, consumptionRows } from "./consume.js";
import { interleaved } from "./interleaved.js";
import type { Suite } from "./suite.js";

interface Case {
  readonly name: string;
  readonly handler: HandlerCost;
  readonly concurrency: number;
  readonly groups?: number;
  /** Decides; the others are measured on demand. */
  readonly decides?: true;
}

const HANDLERS: Readonly<Record<string, HandlerCost>> = {
  "trivial handler": { ms: 0 },
  "20 ms handler": { ms: 20 },
  "1 % take 5 s": { ms: 0, slowMs: 5_000, every: 100 },
};
const QUEUES: Readonly<Record<string, number | undefined>> = {
  standard: undefined,
  "FIFO, 1 group": 1,
  "FIFO, 10 groups": 10,
  "FIFO, 1,000 groups": 1_000,
};

const DECIDING: ReadonlySet<string> = new Set([
  "standard, trivial handler, concurrency 100",
  "standard, 20 ms handler, concurrency 100",
  "standard, trivial handler, concurrency 10",
  "FIFO, 1,000 groups, trivial handler, concurrency 100",
]);

const CONTENDERS: readonly ContenderName[] = [
  "ours",
  "sqs-consumer",
  "sqs-consumer, batches",
  "sqs-consumer, batches, tuned client",
  "bare SDK",
  "bare SDK, tuned client",
];

/** A backlog on the emulator; as many pollers for everybody: one for each ten messages at a time. */
export const throughput: Suite = async ({ runs, messages, warmUp, all, only, emulator, note }) => {
  const rows: Row[] = [];
  for (const each of cases().filter(
    ({ name, decides }) => (all || decides) && name.includes(only),
  )) {
    const { handler, concurrency, groups } = each;
    const name = `${each.name}${emulatorSuffix(emulator)}`;
    note(name);
    const measured = await interleaved(CONTENDERS, runs, (contender) =>
      consume({
        contender,
        messages: scaled(messages, each),
        warmUp,
        pollers: concurrency / 10,
        concurrency,
        handler,
        emulator,
        ...(groups === undefined ? {} : { groups }),
      }),
    );
    for (const [contender, of] of measured) {
      rows.push(...consumptionRows({ suite: "throughput", case: name, contender }, of));
    }
  }
  return rows;
};

/**
 * A few groups are a few messages at a time, whoever consumes: a tenth of the messages tell as much
 * where each would be waited for.
 */
function scaled(messages: number, { groups = Infinity, handler }: Case): number {
  const waits = handler.ms > 0 || handler.slowMs !== undefined;
  return groups === 1 || (groups <= 10 && waits) ? messages / 10 : messages;
}

function cases(): readonly Case[] {
  return Object.entries(QUEUES).flatMap(([queue, groups]) =>
    Object.entries(HANDLERS).flatMap(([work, handler]) =>
      [10, 100].map((concurrency): Case => {
        const name = `${queue}, ${work}, concurrency ${concurrency}`;
        return {
          name,
          handler,
          concurrency,
          ...(groups === undefined ? {} : { groups }),
          ...(DECIDING.has(name) ? { decides: true } : {}),
        };
      }),
    ),
  );
}
