import type { RebuildLease, SharedSnapshot } from "@exactly-once/core/user-cache";
import type { Site } from "../kernel/decisions.js";
import type { Life } from "../kernel/host.js";
import type { Service } from "../kernel/network.js";

/** What the server did with a rebuild lease, for the oracle. */
export type LeaseEvent =
  | { readonly type: "granted"; readonly lease: RebuildLease; readonly leaseMs: number }
  | { readonly type: "extended"; readonly lease: RebuildLease; readonly leaseMs: number }
  | { readonly type: "used"; readonly lease: RebuildLease }
  | { readonly type: "ended"; readonly lease: RebuildLease };

/** The wires of one host to the shared snapshot. */
export interface SnapshotWires {
  connect(life: Life): SharedSnapshot;
}

export function snapshotWires(
  host: string,
  service: Service,
  server: SharedSnapshot,
  /** What the server kept of a generation is gone, or some of it. */
  evicted: Site,
  observe: (event: LeaseEvent) => void,
): SnapshotWires {
  const names = ["head", "read", "acquire", "extend", "write", "publish", "abandon"] as const;
  const wires = Object.fromEntries(names.map((name) => [name, service.wire(host, name)])) as Record<
    (typeof names)[number],
    ReturnType<Service["wire"]>
  >;

  /** The server's answer, told to the oracle whether or not it arrives. */
  async function told<Reply>(
    answer: Promise<Reply>,
    event: (reply: Reply) => LeaseEvent | undefined,
  ): Promise<Reply> {
    const reply = await answer;
    const happened = event(reply);
    if (happened) observe(happened);
    return reply;
  }

  return {
    connect: (life) => ({
      head: () =>
        wires.head.call(
          life,
          () => server.head(),
          (head) => head?.generation ?? "none",
        ),
      read: (...args) =>
        wires.read.call(
          life,
          async () => {
            const chunks = await server.read(...args);
            const lost = evicted.next();
            return lost > 0.5 ? undefined : lost > 0 ? chunks?.slice(1) : chunks;
          },
          (chunks) => `${chunks?.length ?? "no"} chunks`,
        ),
      acquire: (request) =>
        wires.acquire.call(
          life,
          () =>
            told(server.acquire(request), (reply) =>
              reply.status === "granted"
                ? { type: "granted", lease: reply.lease, leaseMs: request.leaseMs }
                : undefined,
            ),
          ({ status }) => status,
        ),
      extend: (lease, leaseMs) =>
        wires.extend.call(
          life,
          () =>
            told(server.extend(lease, leaseMs), (reply) =>
              reply === "held" ? { type: "extended", lease, leaseMs } : undefined,
            ),
          String,
        ),
      write: (lease, chunk, bytes, ttlMs) =>
        wires.write.call(
          life,
          () =>
            told(server.write(lease, chunk, bytes, ttlMs), (reply) =>
              reply === "written" ? { type: "used", lease } : undefined,
            ),
          String,
        ),
      publish: (lease, manifest, ttlMs) =>
        wires.publish.call(
          life,
          () =>
            told(server.publish(lease, manifest, ttlMs), (reply) => {
              if (reply !== "published") return undefined;
              observe({ type: "used", lease });
              return { type: "ended", lease };
            }),
          String,
        ),
      abandon: (lease) =>
        wires.abandon.call(
          life,
          () => told(server.abandon(lease), () => ({ type: "ended", lease })),
          () => "abandoned",
        ),
    }),
  };
}
