import type { FaultKind } from "@exactly-once/ses-adapter/testing";
import { seededChance } from "../seeded-chance.js";

export type FaultName = keyof typeof faults;

/** What goes wrong in a run. Ids are drawn from the seed, the same for every contender. */
export interface FaultPlan {
  /** Handlers of these events take 2.5 times the visibility. */
  readonly slow?: ReadonlySet<number>;
  /** The replica is killed when SES has just answered for one of these, the first time. */
  readonly killAfterSend?: ReadonlySet<number>;
  /** The replica is stopped for 2.5 times the visibility just before it sends one of these. */
  readonly stopBeforeSend?: ReadonlySet<number>;
  /** What SES does with the first request for each of these. */
  readonly ses?: ReadonlyMap<number, FaultKind>;
  /** The peers' SES client gives a request up after so long; by default it never does. */
  readonly sesTimeoutMs?: number;
  /** Handlers of these throw, the first time. */
  readonly fail?: ReadonlySet<number>;
  readonly poison?: ReadonlySet<number>;
  /** SQS actions that answer 500 for twice the visibility, from a quarter of the emails on. */
  readonly failingActions?: readonly string[];
  /** Redis is killed at half of the emails, and started again with its file after 1.5 s. */
  readonly redisRestarts?: true;
  readonly fifo?: true;
}

type Draw = (count: number) => ReadonlySet<number>;
type Plan = (draw: Draw, events: number) => FaultPlan;

const DELETES = ["DeleteMessage", "DeleteMessageBatch"];
const EXTENSIONS = ["ChangeMessageVisibility", "ChangeMessageVisibilityBatch"];

/** By the name that stands in the table; how many events each strikes, of 1,000. */
export const faults = {
  none: () => ({}),
  "slow handler past visibility": (draw, events) => ({ slow: draw(events / 50) }),
  "SIGKILL between send and commit": (draw) => ({ killAfterSend: draw(5) }),
  "SIGSTOP past the lease": (draw) => ({ stopBeforeSend: draw(4) }),
  "SES reply lost": (draw, events) => ({ ses: every(draw(events / 50), "accept-then-drop") }),
  "SES hangs": (draw, events) => ({ ses: hangs(draw, events) }),
  "SES hangs, client times out": (draw, events) => ({
    ses: hangs(draw, events),
    sesTimeoutMs: 2_000,
  }),
  "delete failed": () => ({ failingActions: DELETES }),
  "heartbeat failed": (draw, events) => ({ slow: draw(events / 50), failingActions: EXTENSIONS }),
  "Redis restart": () => ({ redisRestarts: true }),
  "poison message": (draw, events) => ({ poison: draw(events / 50) }),
  "FIFO failure within a group": (draw, events) => ({ fail: draw(events / 20), fifo: true }),
} as const satisfies Record<string, Plan>;

export function planFault(name: FaultName, events: number, seed: number): FaultPlan {
  const chance = seededChance(seed);
  const drawn = new Set<number>();
  const draw: Draw = (count) => {
    const own = new Set<number>();
    while (own.size < Math.max(1, Math.round(count)) && drawn.size < events) {
      const id = Math.floor(chance() * events);
      if (drawn.has(id)) continue;
      drawn.add(id);
      own.add(id);
    }
    return own;
  };
  return (faults[name] as Plan)(draw, events);
}

/** One half was taken, the other wasn't: nobody can tell which. */
function hangs(draw: Draw, events: number): ReadonlyMap<number, FaultKind> {
  return new Map([
    ...every(draw(events / 100), "accept-then-hang"),
    ...every(draw(events / 100), "hang"),
  ]);
}

function every(ids: ReadonlySet<number>, kind: FaultKind): ReadonlyMap<number, FaultKind> {
  return new Map([...ids].map((id) => [id, kind]));
}
