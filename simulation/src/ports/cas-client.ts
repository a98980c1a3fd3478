import { type CasPort, formatAttemptId } from "@exactly-once/core/ports";
import type { Service, Wire } from "../kernel/network.js";
import type { CasWorld } from "../worlds/cas-store.js";
import type { StoreWatch, StoreWires } from "./store-client.js";
import type { Life } from "../kernel/host.js";

/** The wires of one host to a database that compares and sets: the store itself is in the process. */
export function casStoreWires(
  host: string,
  service: Service,
  world: CasWorld,
  watch: StoreWatch = {},
): StoreWires {
  const wires = {
    read: service.wire(host, "read"),
    write: service.wire(host, "write"),
    attend: service.wire(host, "attend"),
    attention: service.wire(host, "attention"),
  };

  function portOf(life: Life): CasPort {
    const { database } = world;
    const over = <Reply>(wire: Wire, execute: () => Promise<Reply>): Promise<Reply> =>
      wire.call(life, execute, outline);
    const { deleteExpired: _, ...rest } = database;
    return {
      ...rest,
      read: (...args) => over(wires.read, () => database.read(...args)),
      write: (...args) => over(wires.write, () => database.write(...args)),
      attend: (...args) => over(wires.attend, () => database.attend(...args)),
      attention: (...args) => over(wires.attention, () => database.attention(...args)),
    };
  }

  return {
    connect: (life) => {
      const { clock, randomness } = life;
      const callTimeoutMs = service.timeoutMs;
      const store = world.storeOf({ life, clock, randomness, callTimeoutMs, port: portOf(life) });
      return {
        ...store,
        begin: async (item) => {
          watch.onAsked?.(item);
          const reply = await store.begin(item);
          if (reply === "granted") watch.onGranted?.(formatAttemptId(item));
          return reply;
        },
      };
    },
  };
}

function outline(reply: unknown): string {
  const { items = [] } = (reply ?? {}) as { readonly items?: readonly unknown[] };
  return items
    .map((item) => (typeof item === "string" ? item : item === undefined ? "absent" : "found"))
    .join(",");
}
