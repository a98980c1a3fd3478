import { StoreUnavailableError } from "@exactly-once/core";
import calculateSlot from "cluster-key-slot";
import type { Command } from "./calls.js";
import { isCluster, type RedisClient } from "./client.js";
import { roundTrip, type Answer, type ReplicaWait } from "./round-trip.js";

export interface LaneOptions {
  readonly client: RedisClient;
  readonly commandTimeoutMs: number;
  readonly wait: ReplicaWait | undefined;
}

export interface Lanes {
  /** @throws StoreUnavailableError when there is no good answer within the timeout. */
  run(command: Command): Promise<unknown>;
}

/** Waiting for its turn, or for its answer. */
interface Passenger {
  readonly command: Command;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
  settled: boolean;
  /** Told once it is settled. */
  onSettled?: () => void;
}

interface Lane {
  waiting: Passenger[];
  /** A pipeline is on its way or about to leave. */
  busy: boolean;
}

/** A pipeline this long keeps Redis from others for some milliseconds. */
const MAX_TOGETHER = 200;

/**
 * Commands share round trips: one pipeline per node is on its way at a time, and what comes
 * meanwhile leaves together with the next. Under load the pipelines grow by themselves.
 *
 * While the client isn't connected commands wait here, not in the client's offline queue, and are
 * dropped when their time is up, so that they don't run after their caller has given up. Those on
 * the wire may still run: every caller has to live with that.
 */
export function createLanes({ client, commandTimeoutMs, wait }: LaneOptions): Lanes {
  const lanes = new Map<string, Lane>();
  let awaitingConnection = false;

  function run(command: Command): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const passenger: Passenger = {
        command,
        resolve,
        reject,
        settled: false,
        timer: setTimeout(() => {
          settle(passenger, { error: timeoutError(commandTimeoutMs, client) });
        }, commandTimeoutMs),
      };
      const lane = laneOf(command);
      lane.waiting.push(passenger);
      depart(lane);
    });
  }

  function laneOf(command: Command): Lane {
    const name = isCluster(client) ? nodesOf(client, command) : "";
    const lane = lanes.get(name) ?? { waiting: [], busy: false };
    lanes.set(name, lane);
    return lane;
  }

  function depart(lane: Lane): void {
    if (lane.busy || lane.waiting.length === 0) return;
    if (!isConnected()) return;
    lane.busy = true;
    // Whatever the callbacks of this turn still ask for comes along.
    setImmediate(() => void travel(lane));
  }

  async function travel(lane: Lane): Promise<void> {
    lane.waiting = lane.waiting.filter(({ settled }) => !settled);
    const together = lane.waiting.splice(0, MAX_TOGETHER);
    if (together.length > 0) {
      const commands = together.map(({ command }) => command);
      const answered = roundTrip(client, commands, wait).then((answers) => {
        together.forEach((passenger, i) => {
          settle(passenger, answers[i] ?? { error: new Error("no reply") });
        });
        if (answers.some(isReadOnly)) leaveReplica();
      });
      // Timers settle them at the latest, so that a connection that hangs doesn't hold the lane.
      await Promise.race([answered, Promise.all(together.map(untilSettled))]);
    }
    lane.busy = false;
    depart(lane);
  }

  function settle(passenger: Passenger, answer: Answer): void {
    if (passenger.settled) return;
    passenger.settled = true;
    clearTimeout(passenger.timer);
    if ("reply" in answer) passenger.resolve(answer.reply);
    else passenger.reject(unavailable(passenger.command, answer.error));
    passenger.onSettled?.();
  }

  function isConnected(): boolean {
    if (client.status === "ready") return true;
    if (client.status === "end") {
      const error = new Error("the client was closed");
      for (const { waiting } of lanes.values()) {
        for (const passenger of waiting.splice(0)) settle(passenger, { error });
      }
      return false;
    }
    if (client.status === "wait") client.connect().catch(ignoreReportedByEvent);
    if (!awaitingConnection) {
      awaitingConnection = true;
      const goOn = (): void => {
        client.off("ready", goOn).off("end", goOn);
        awaitingConnection = false;
        for (const lane of lanes.values()) depart(lane);
      };
      client.on("ready", goOn).on("end", goOn);
    }
    return false;
  }

  /** Nothing can be written through a connection to a former primary; the next may lead to the new. */
  function leaveReplica(): void {
    if (!isCluster(client) && client.status === "ready") client.disconnect(true);
  }

  return { run };
}

/** Commands whose slots are served by the same nodes can share a pipeline. */
function nodesOf(client: RedisClient, { keys }: Command): string {
  const slots = isCluster(client) ? client.slots : [];
  return slots[calculateSlot(keys[0] ?? "")]?.join(";") ?? "";
}

function untilSettled(passenger: Passenger): Promise<void> {
  return new Promise((resolve) => {
    if (passenger.settled) resolve();
    else passenger.onSettled = resolve;
  });
}

function isReadOnly(answer: Answer): boolean {
  return (
    "error" in answer && answer.error instanceof Error && answer.error.message.includes("READONLY")
  );
}

function timeoutError(timeoutMs: number, client: RedisClient): Error {
  return new Error(`no answer within ${timeoutMs} ms (client ${client.status})`);
}

function unavailable({ script }: Command, cause: unknown): StoreUnavailableError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreUnavailableError(
    `Redis failed to ${script.name}: ${reason}. Check that it is reachable, writable and not overloaded.`,
    { cause },
  );
}

/** A failed connect is told by the client's "error" event and retried by its own strategy. */
function ignoreReportedByEvent(): void {}
