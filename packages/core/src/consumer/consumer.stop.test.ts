import { describe, expect, it } from "vitest";
import { StoreUnavailableError } from "../errors.js";
import type { DedupeStore } from "../ports/index.js";
import { rig, type RigOptions } from "./consumer.fixture.js";

/** A consumer that has one message when it is stopped, and what it asked of store and queue after that. */
async function stopped(options: RigOptions, { down = false } = {}) {
  const calls: string[] = [];
  let noted = false;
  const noting = <Port extends object>(name: string, port: Port, refuses = false): Port =>
    new Proxy(port, {
      get: (target, property, receiver) => {
        const value: unknown = Reflect.get(target, property, receiver);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          if (noted) calls.push(`${name}.${String(property)}`);
          if (refuses && isDown) return Promise.reject(new StoreUnavailableError("down"));
          return (value as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  let isDown = false;
  const wrapStore = (store: DedupeStore): DedupeStore => {
    const { control, ...rest } = store;
    const noted_ = noting("store", rest, true);
    return new Proxy(noted_, {
      get: (target, property, receiver) =>
        property === "control"
          ? control && noting("control", control, true)
          : (Reflect.get(target, property, receiver) as unknown),
    });
  };
  const r = rig({ ...options, wrapStore });
  const consumer = r.replica({ queue: noting("queue", r.queue) });
  r.send("m");
  await r.clock.run(consumer.start());
  await r.clock.advance(1_000);
  isDown = down;
  await r.clock.run(consumer.stop({ deadlineMs: 10_000 }));
  noted = true;
  const { sleeping } = r.clock;
  await r.clock.advance(10 * 60_000);
  return { ...r, calls, sleeping };
}

const never = (): Promise<never> => new Promise(() => undefined);

describe("after stop() resolved nothing is left: no timer, no call of the store or the queue", () => {
  it("with a handler that never ends", async () => {
    const { calls, sleeping } = await stopped({ pipeline: { handler: never } });
    expect({ calls, sleeping }).toEqual({ calls: [], sleeping: 0 });
  });

  it("with a send that never ends, awaited or not", async () => {
    for (const awaited of [true, false]) {
      const { calls, sleeping } = await stopped({
        pipeline: {
          handler: async (event, ctx) => {
            const sending = ctx.once("email", { to: event.to, text: event.text });
            if (awaited) await sending;
          },
          effects: {
            email: { prepare: async (letter: unknown) => letter, send: never } as never,
          },
        },
      });
      expect({ calls, sleeping }).toEqual({ calls: [], sleeping: 0 });
    }
  });

  it("with a store that went down meanwhile", async () => {
    const { calls, sleeping } = await stopped(
      {
        pipeline: {
          handler: async (event, ctx) => {
            await new Promise<void>((resolve) => {
              ctx.signal.addEventListener("abort", () => {
                resolve();
              });
            });
            await ctx.once("email", { to: event.to, text: event.text });
          },
        },
      },
      { down: true },
    );
    expect({ calls, sleeping }).toEqual({ calls: [], sleeping: 0 });
  });
});

describe("a begin that the store didn't answer while the process stops", () => {
  it("isn't tried once more at the end, so that nothing is held that nobody sent", async () => {
    let down = true;
    const r = rig({
      wrapStore: (store) => {
        const refusing =
          <Args extends unknown[], Reply>(call: (...args: Args) => Promise<Reply>) =>
          (...args: Args): Promise<Reply> =>
            down ? Promise.reject(new StoreUnavailableError("down")) : call(...args);
        return { ...store, begin: refusing(store.begin), settle: refusing(store.settle) };
      },
    });
    r.send("m");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1);
    // The store is back with the last that is done before the process ends.
    void r.clock.sleep(9_000).then(() => (down = false));
    await r.clock.run(r.consumer.stop({ deadlineMs: 9_400 }));
    expect((await r.store.unresolved()).items).toEqual([]);
    const next = r.replica();
    await r.clock.run(next.start());
    await r.clock.advance(120_000);
    expect(r.office.accepted).toHaveLength(1);
    expect(r.seen("held").filter(({ reason }) => reason === "unknown")).toEqual([]);
    await r.clock.run(next.stop());
  });
});
