import { type DedupeStore, StoreUnavailableError } from "@exactly-once/core";
import { type AttemptStart, formatAttemptId } from "@exactly-once/core/ports";
import type { Life } from "../kernel/host.js";
import type { Service, Wire } from "../kernel/network.js";
import type { StoreCommand, StoreWorld } from "../worlds/store.js";

const COMMANDS: readonly StoreCommand[] = [
  "claim",
  "extend",
  "begin",
  "block",
  "settle",
  "complete",
  "release",
  "bury",
  "resolve",
  "unresolved",
  "read",
];

/** The wires of one host to the store; they outlive the host's crashes, as the fault counts do. */
export interface StoreWires {
  connect(life: Life): DedupeStore;
}

/** What the oracles want to know of the process's own side. */
export interface StoreWatch {
  onAsked?(start: AttemptStart): void;
  onGranted?(attemptId: string): void;
}

export function storeWires(
  host: string,
  service: Service,
  world: StoreWorld,
  watch: StoreWatch = {},
): StoreWires {
  const commands = new Map(COMMANDS.map((name) => [name, service.wire(host, name)]));
  const control = service.wire(host, "control");
  const tripwire = service.wire(host, "tripwire");

  function connect(life: Life): DedupeStore {
    const over = <Reply>(wire: Wire, execute: () => Promise<Reply>): Promise<Reply> =>
      wire.call(life, execute, outline).catch((cause: unknown) => {
        throw new StoreUnavailableError("The simulated store did not answer.", { cause });
      });
    const command =
      (name: StoreCommand) =>
      (...args: never[]) =>
        over(
          commands.get(name) as Wire,
          () => world.execute(name, args as never) as Promise<unknown>,
        );
    const begin = command("begin") as unknown as DedupeStore["begin"];
    return {
      capabilities: { durable: true, shared: true, clock: "store" },
      ...(Object.fromEntries(COMMANDS.map((name) => [name, command(name)])) as unknown as Pick<
        DedupeStore,
        StoreCommand
      >),
      begin: async (item) => {
        watch.onAsked?.(item);
        const reply = await begin(item);
        if (reply === "granted") watch.onGranted?.(formatAttemptId(item));
        return reply;
      },
      control: {
        pause: (...args) => over(control, () => world.control.pause(...args)),
        resume: (...args) => over(control, () => world.control.resume(...args)),
        status: (...args) => over(control, () => world.control.status(...args)),
      },
      tripwire: {
        reserve: (item) => over(tripwire, () => world.tripwire.reserve(item)),
        free: (item) => over(tripwire, () => world.tripwire.free(item)),
        count: (item) => over(tripwire, () => world.tripwire.count(item)),
      },
    };
  }

  return { connect };
}

/** A reply in few words: the status of each item. */
function outline(reply: unknown): string {
  if (Array.isArray(reply)) return reply.map(outline).join(",");
  if (typeof reply === "string") return reply;
  if (typeof reply !== "object" || reply === null) return String(reply);
  const { status, fence, state } = reply as Record<string, unknown>;
  if (typeof status === "string") {
    return typeof fence === "number" ? `${status} fence ${fence}` : status;
  }
  if (typeof state === "string") return state;
  return Object.keys(reply).join("+");
}
