import { startRedisServer } from "@exactly-once/redis-store/testing";
import { setTimeout as sleep } from "node:timers/promises";
import { createLocalCognito } from "./formr-pool.js";
import type { ReplicaMessage } from "./replica-process.js";
import { replica } from "./replicas.js";
import type { Row } from "../rows.js";
import { row } from "./rows.js";

const USERS = 6_000;
const REPLICAS = 3;
/** A walk takes about as long as 100 pages of 3 ms. */
const WALK_MS = 400;
const LEASE_MS = 500;

/**
 * Kills the replica that rebuilds, at a random moment of its walk or just after, again and again,
 * while all replicas look users up. Each kill must be followed by a walk that another finishes; no
 * answer may be wrong, and no snapshot incomplete.
 */
export async function kills(options: {
  readonly kills: number;
  readonly onKill: (done: number) => void;
}): Promise<Row[]> {
  const redis = await startRedisServer();
  const cognito = await createLocalCognito({ users: USERS, pageLatencyMs: 3 });
  const { endpoint, userPoolId } = cognito;
  const replicas = new Set<ReturnType<typeof replica>>();
  const takeovers: number[] = [];
  const wrong: string[] = [];
  let lookups = 0;
  let lastKill: number | undefined;
  let victim: ReturnType<typeof replica> | undefined;
  let killed = 0;
  let over = false;

  function add(): void {
    const one = replica({
      redis: redis.url,
      prefix: "bench",
      users: USERS,
      pool: { endpoint, userPoolId },
      ...{ ttlMs: 300, leaseMs: LEASE_MS, pollMs: 50, checking: true },
    });
    replicas.add(one);
    one.onMessage((message) => hear(one, message));
  }

  function hear(one: ReturnType<typeof replica>, message: ReplicaMessage): void {
    if (message.type === "checked") lookups += message.lookups;
    if (message.type === "wrong") wrong.push(message.what);
    if (message.type === "started" && victim === undefined && !over) void murder(one);
    if (message.type === "swapped") {
      if (message.entries !== USERS) wrong.push(`a snapshot of ${message.entries} entries`);
      if (message.origin === "walk" && lastKill !== undefined) {
        takeovers.push(performance.now() - lastKill);
        lastKill = undefined;
        victim = undefined;
      }
    }
  }

  async function murder(one: ReturnType<typeof replica>): Promise<void> {
    victim = one;
    await sleep(Math.random() * WALK_MS * 1.2);
    replicas.delete(one);
    await one.kill();
    lastKill = performance.now();
    killed += 1;
    options.onKill(killed);
    if (killed === options.kills) over = true;
    add();
  }

  try {
    for (let n = 0; n < REPLICAS; n += 1) add();
    while (!over || lastKill !== undefined) await sleep(20);
  } finally {
    over = true;
    await Promise.all([...replicas].map((one) => one.kill()));
    await cognito.close();
    await redis.stop();
  }
  if (wrong.length > 0) throw new Error(`wrong answers: ${wrong.slice(0, 5).join("; ")}`);
  const name = { case: `${killed} kills of the replica that rebuilds` };
  return [
    row(name, "walks finished by another afterwards", "walks", [takeovers.length]),
    row(name, "wrong answers, incomplete snapshots", "answers", [wrong.length]),
    row(name, "right answers meanwhile", "answers", [lookups]),
    row(name, `next snapshot after a kill, lease ${LEASE_MS} ms`, "ms", takeovers),
  ];
}
