import {
  createConsumer,
  definePipeline,
  memoryStore,
  serializeEvent,
  type ConsumerEvent,
  type DedupeStore,
} from "@exactly-once/core";
import { systemClock } from "@exactly-once/core/ports";
import { memoryQueue } from "@exactly-once/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createWorkplace, type Workplace } from "../cli.fixture.js";

let place: Workplace;
beforeAll(async () => {
  place = await createWorkplace();
});
afterAll(() => place.close());

const key = "0123456789abcdef0123456789abcdef";
const other = "fedcba9876543210fedcba9876543210";
const attempt = (owner: string, fence: number, n = 1, of = key) =>
  `${of}-email-${owner}-${fence}-${n}`;
const receipt = (id: string) => ({ id, at: 5, via: "provider" });

type Line = Readonly<Record<string, unknown>>;

/** A stream in which each process counts its own events. */
function stream(...told: readonly Line[]): Line[] {
  const seqs = new Map<string, number>();
  return told.map((event, index) => {
    const source = (event["source"] as string | undefined) ?? "p";
    const seq = (seqs.get(source) ?? 0) + 1;
    seqs.set(source, seq);
    return { at: index, seq, messageId: "m1", receiveCount: 1, key, ...event, source };
  });
}

const claimed = { type: "claimed", owner: "o1", fence: 1 };
const begun = { type: "attemptBegun", effect: "email", attemptId: attempt("o1", 1) };
const settled = {
  ...{ type: "attemptSettled", effect: "email", attemptId: attempt("o1", 1) },
  ...{ status: "accepted", receipt: receipt("mail-1") },
};
const done = { type: "done", durationMs: 5 };
const duplicate = {
  type: "duplicateSuppressed",
  effects: [{ effect: "email", state: "accepted", receipt: receipt("mail-1") }],
};
const claimedAgain = { type: "claimed", owner: "o2", fence: 2, source: "q" };
const begunAgain = {
  ...{ type: "attemptBegun", effect: "email", attemptId: attempt("o2", 2) },
  source: "q",
};
const unknown = { ...settled, status: "unknown", receipt: undefined };

const TRUE = stream(claimed, begun, settled, done, duplicate);

async function verify(lines: readonly Line[], ...args: string[]) {
  await place.write("events.jsonl", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const { code, json } = await place.run(["verify", "events.jsonl", ...args]);
  const report = json as {
    readonly found: number;
    readonly findings: readonly { readonly line: number; readonly rule: string }[];
    readonly gaps: readonly object[];
  };
  return { code, ...report };
}

describe("verify", () => {
  it("finds nothing in a true stream, nor in a held and resumed one of two processes", async () => {
    expect(await verify(TRUE)).toMatchObject({ code: 0, found: 0, events: 5, done: 1, open: 0 });
    const resumed = stream(
      ...[claimed, begun, unknown, claimedAgain],
      { type: "sendSuppressed", effect: "email", receipt: receipt("mail-1"), source: "q" },
      { ...done, source: "q" },
      duplicate,
    );
    expect(await verify(resumed)).toMatchObject({ code: 0, found: 0, sources: 2 });
  });

  it.each<[string, string, number, readonly Line[]]>([
    ["one fence for two", "granted twice", 2, stream(claimed, { ...claimedAgain, fence: 1 })],
    ["an attempt of no claim", "begun without a claim", 1, stream(begun, settled, done)],
    [
      "an attempt under another's claim",
      "begun without a claim",
      2,
      stream(claimed, { ...begun, attemptId: attempt("o9", 1) }),
    ],
    ["an attempt that is begun twice", "begun twice", 3, stream(claimed, begun, begun)],
    [
      "an attempt beside one that is under way",
      "begun beside another",
      3,
      stream(claimed, begun, { ...begun, attemptId: attempt("o1", 1, 2) }),
    ],
    [
      "an attempt after it was accepted",
      "begun after it was accepted",
      4,
      stream(claimed, begun, settled, { ...begun, attemptId: attempt("o1", 1, 2) }),
    ],
    ["a send without a grant", "sent without a grant", 2, stream(claimed, settled, done)],
    [
      "a second mail by another process",
      "sent twice",
      6,
      stream(...[claimed, begun, settled, claimedAgain, begunAgain], {
        ...settled,
        attemptId: attempt("o2", 2),
        receipt: receipt("mail-2"),
        source: "q",
      }),
    ],
    [
      "a second mail that is told after the key was done",
      "sent twice",
      5,
      stream(...[claimed, begun, settled, done], {
        ...{ ...settled, attemptId: attempt("o2", 2), source: "q" },
        receipt: receipt("mail-2"),
      }),
    ],
    [
      "a send suppressed without a receipt",
      "suppressed without a receipt",
      2,
      stream(claimed, { type: "sendSuppressed", effect: "email", receipt: { id: "", at: 1 } }),
    ],
    [
      "a duplicate suppressed by another receipt",
      "suppressed by another receipt",
      5,
      stream(...[claimed, begun, settled, done], {
        ...duplicate,
        effects: [{ effect: "email", state: "accepted", receipt: receipt("mail-9") }],
      }),
    ],
    [
      "a done key whose send failed",
      "done without a receipt",
      4,
      stream(claimed, begun, unknown, done),
    ],
    [
      "a claim of what was done",
      "claimed after it was done",
      5,
      stream(claimed, begun, settled, done, claimedAgain),
    ],
  ])("finds %s", async (_what, rule, line, lines) => {
    const { code, findings } = await verify(lines);
    expect(findings[0]).toMatchObject({ rule, line });
    expect(code).toBe(1);
  });

  it("tells of lines that are missing, and concludes nothing from them", async () => {
    const missing = TRUE.filter(({ type }) => type !== "attemptBegun");
    expect(await verify(missing)).toMatchObject({
      ...{ code: 0, found: 0 },
      gaps: [{ source: "p", after: 1, missing: 1 }],
    });
  });

  it("keeps apart what several keys and processes tell, in whatever order", async () => {
    const second = TRUE.map((line) => ({
      ...line,
      ...{ source: "q", key: other },
      ...(line["attemptId"] === undefined ? {} : { attemptId: attempt("o1", 1, 1, other) }),
    }));
    const mixed = [second[0], TRUE[0], second[1], ...second.slice(2), ...TRUE.slice(1)];
    expect(await verify(mixed as Line[])).toMatchObject({ code: 0, found: 0, done: 2, sources: 2 });
  });

  it("reads events in the lines of a logger, and skips what is none", async () => {
    const logged = TRUE.map((event) => ({ level: 30, msg: "queue", event }));
    expect(await verify([{ level: 30, msg: "started" }, ...logged])).toMatchObject({
      ...{ code: 0, found: 0, events: 5, otherLines: 1 },
    });
    expect((await place.run(["verify", "nothing.jsonl"])).code).toBe(2);
  });

  it("finds nothing in what two consumers of one queue tell", async () => {
    const lines: string[] = [];
    const observe = (event: ConsumerEvent) => void lines.push(serializeEvent(event));
    const store: DedupeStore = memoryStore();
    const clock = systemClock();
    const deadLetterQueue = memoryQueue({ clock, name: "dead" });
    const queue = memoryQueue({ clock, deadLetterQueue });
    let sends = 0;
    const pipeline = definePipeline({
      name: "letters",
      schema: z.object({ id: z.number() }),
      key: ({ id }) => [id],
      effects: {
        email: {
          prepare: async (text: string) => text,
          send: async () => {
            sends += 1;
            return sends % 4 === 0
              ? { status: "rejected", reason: "busy" }
              : { status: "accepted", receipt: { id: `mail-${sends}`, at: 0, via: "provider" } };
          },
        },
      },
      retry: { baseMs: 1, maxMs: 2 },
      handler: async ({ id }, context) => void (await context.once("email", `letter ${id}`)),
    });
    const start = async () => {
      const consumer = createConsumer({
        ...{ namespace: "verify", queue, store, pipelines: [pipeline], observe },
      });
      await consumer.start();
      return consumer;
    };
    for (let id = 0; id < 20; id += 1) queue.send(JSON.stringify({ id: id % 15 }));
    const first = [await start(), await start()];
    await expect.poll(() => lines.filter((line) => line.includes('"done"')).length).toBe(15);
    await Promise.all(first.map((consumer) => consumer.stop({ deadlineMs: 5_000 })));
    await place.write("events.jsonl", lines.join("\n"));
    const { code, json } = await place.run(["verify", "events.jsonl"]);
    expect(json).toMatchObject({ found: 0, gaps: [], sources: 2, done: 15, open: 0 });
    expect(code).toBe(0);
  });
});
