import { afterEach, describe, expect, it } from "vitest";
import type { ConsumerOptions } from "./options.js";
import { rig, type Rig, type RigOptions } from "./consumer.fixture.js";

const HOUR_MS = 3_600_000;
const rigs: Rig[] = [];

function start(options: RigOptions = {}): Rig {
  const r = rig(options);
  rigs.push(r);
  return r;
}

afterEach(async () => {
  for (const { consumer, clock } of rigs.splice(0)) {
    await clock.run(consumer.stop({ deadlineMs: 10_000 }));
  }
});

/** Ten of one group, the first of which fails as the handler says. */
function tenBehind(fails: (attempt: number) => void, options: RigOptions = {}): Rig {
  let attempts = 0;
  const r = start({
    maxReceiveCount: 5,
    ...options,
    pipeline: {
      handler: async (event, ctx) => {
        if (event.id === "0") fails((attempts += 1));
        await ctx.once("email", { to: event.to, text: event.text });
      },
    },
  });
  for (let i = 0; i < 10; i += 1) r.send(`${i}`);
  return r;
}

describe("a message's tries are its own", () => {
  it("a head that fails for a while costs those behind it no receive, and they keep their order", async () => {
    const r = tenBehind((attempt) => {
      if (attempt < 4) throw new Error("not yet");
    });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    expect(Math.max(...r.queue.messages().map(({ receiveCount }) => receiveCount))).toBe(1);
    await r.clock.advance(HOUR_MS);
    expect(r.office.accepted.map(({ letter }) => letter.text)).toEqual(
      Array.from({ length: 10 }, (_, i) => `${i}`),
    );
    expect(r.queue.deadLetters()).toEqual([]);
  });

  it("a head that always fails is dead-lettered after its own tries, and says so", async () => {
    const r = tenBehind(() => {
      throw new Error("never");
    });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(HOUR_MS);
    expect(r.office.accepted).toHaveLength(9);
    expect(r.seen("deadLettered")).toMatchObject([
      {
        code: "retriesExhausted",
        text: "Received 1 times, tried 4, the last time ended by error (Error).",
      },
    ]);
  });

  it("deferrals are no tries", async () => {
    let attempts = 0;
    const r = start({
      fifo: false,
      maxReceiveCount: 5,
      pipeline: {
        handler: async (event, ctx) => {
          attempts += 1;
          if (attempts <= 6) ctx.defer(1_000, "not yet");
          if (attempts === 7) throw new Error("once");
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    r.send("m");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(HOUR_MS);
    expect(r.office.accepted).toHaveLength(1);
    expect(r.queue.deadLetters()).toEqual([]);
  });

  it("a letter that may not be copied waits in place with its group behind it, told, until it may", async () => {
    const r = tenBehind(() => {
      throw new Error("never");
    });
    let denied = true;
    const consumer = r.replica({
      queue: {
        ...r.queue,
        deadLetter: async (message, reason) =>
          denied ? { denied: "grant sqs:SendMessage" } : r.queue.deadLetter(message, reason),
      },
    });
    await r.clock.run(consumer.start());
    await r.clock.advance(HOUR_MS);
    expect(r.office.accepted).toEqual([]);
    expect(r.seen("deadLetterImpossible")[0]).toMatchObject({ why: "grant sqs:SendMessage" });
    expect(Math.max(...r.queue.messages().map(({ receiveCount }) => receiveCount))).toBe(1);
    denied = false;
    await r.clock.advance(60_000);
    expect(r.office.accepted).toHaveLength(9);
    expect(r.queue.deadLetters()).toHaveLength(1);
    await r.clock.run(consumer.stop());
  });
});

describe("tries belong to the record", () => {
  it("counts them over replicas and restarts", async () => {
    let attempts = 0;
    const r = start({
      fifo: false,
      maxReceiveCount: 100,
      consumer: { maxTries: 4 },
      pipeline: {
        handler: async () => {
          attempts += 1;
          throw new Error("never");
        },
      },
    });
    r.send("m");
    for (let day = 0; day < 10; day += 1) {
      const replica = r.replica();
      await r.clock.run(replica.start());
      await r.clock.advance(100);
      await r.clock.run(replica.stop());
      await r.clock.advance(HOUR_MS);
    }
    expect(attempts).toBe(4);
    const [letter] = r.seen("deadLettered");
    expect(letter?.code).toBe("retriesExhausted");
    expect(letter?.text).toMatch(/, tried 4, the last time ended by/);
  });

  it("gives up on a message that kills its process, and on no other", async () => {
    const killed: string[] = [];
    const processes: Mortal[] = [];
    const r = start({
      fifo: false,
      maxReceiveCount: 100,
      consumer: { maxTries: 3, concurrency: 5 },
      pipeline: {
        handler: async (event, ctx) => {
          if (event.text === "deadly") {
            killed.push(event.id);
            processes.at(-1)?.kill();
          }
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    for (const id of ["a", "b", "deadly", "c", "d"]) r.send(id);
    for (let i = 0; i < 10; i += 1) {
      const process = mortal(r);
      processes.push(process);
      const replica = r.replica(process.ports);
      await r.clock.run(replica.start());
      await r.clock.advance(HOUR_MS);
      if (!process.isDead()) await r.clock.run(replica.stop());
    }
    expect(killed).toHaveLength(3);
    const letters = r.seen("deadLettered");
    expect(letters).toHaveLength(1);
    expect(letters[0]?.text).toMatch(/, tried 3, the last time ended without a word\./);
    expect(r.office.accepted.map(({ letter }) => letter.text).sort()).toEqual(["a", "b", "c", "d"]);
    expect(r.queue.messages()).toEqual([]);
  });
});

interface Mortal {
  readonly ports: Pick<ConsumerOptions, "queue" | "store">;
  isDead(): boolean;
  kill(): void;
}

/** The ports as a process sees them that can be killed: then nothing it calls does anything, or answers. */
function mortal(r: Rig): Mortal {
  let dead = false;
  const through = <Port extends object>(port: Port): Port =>
    Object.fromEntries(
      Object.entries(port).map(([name, member]: [string, unknown]) => [
        name,
        typeof member !== "function"
          ? member
          : (...args: unknown[]) =>
              dead
                ? new Promise(() => undefined)
                : (member as (...all: unknown[]) => unknown)(...args),
      ]),
    ) as Port;
  return {
    ports: { queue: through(r.queue), store: through(r.store) },
    isDead: () => dead,
    kill: () => {
      dead = true;
    },
  };
}
