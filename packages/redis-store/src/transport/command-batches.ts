import { StoreUnavailableError } from "@exactly-once/core";
import calculateSlot from "cluster-key-slot";
import type { Command } from "./calls.js";
import { isCluster, type RedisClient } from "./client.js";
import { createRoundTrips, type Answer, type ReplicaWait } from "./round-trip.js";
import { createTrip, type Passenger, type Trip, type TripOptions } from "./command-pipeline.js";

export interface LaneOptions {
  readonly client: RedisClient;
  readonly commandTimeoutMs: number;
  readonly wait: ReplicaWait | undefined;
}

export interface Lanes {
  /**
   * @param read makes sense of the reply
   * @throws StoreUnavailableError when there is no good answer within the timeout.
   */
  run<Reply>(command: Command, read: (reply: unknown) => Reply): Promise<Reply>;
}

interface Lane {
  /** Those that haven't left; what is asked for boards the last. */
  readonly trips: Trip[];
  /** The next leaves at the end of this turn. */
  leaving: boolean;
  /** How many are on their way. */
  away: number;
}

/** While Redis works on one pipeline, this process puts the next together. */
const MAX_AWAY = 2;

/**
 * What one pipeline brings back asks on in the same turn and so leaves in one again. With no other on its
 * way, Redis and this process would then wait for each other in turns: such a pipeline leaves in two
 * halves, from this many commands on.
 */
const WORTH_HALVING = 16;

/** A pipeline this long keeps Redis from others for some milliseconds. */
const MAX_TOGETHER = 200;

/**
 * Commands share round trips: two pipelines per node are on their way at a time, and what comes
 * meanwhile leaves together with the next. Under load the pipelines grow by themselves, and share what
 * there is to send.
 *
 * While the client isn't connected commands wait here, not in the client's offline queue, and are
 * dropped when their time is up, so that they don't run after their caller has given up. Those on
 * the wire may still run: every caller has to live with that.
 */
export function createLanes({ client, commandTimeoutMs, wait }: LaneOptions): Lanes {
  const lanes = new Map<string, Lane>();
  const roundTrip = createRoundTrips(client, wait);
  let awaitingConnection = false;
  const tripOptions: TripOptions = {
    timeoutMs: commandTimeoutMs,
    timeoutError: () => timeoutError(commandTimeoutMs, client),
    toFault: unavailable,
  };

  function run<Reply>(command: Command, read: (reply: unknown) => Reply): Promise<Reply> {
    const lane = laneOf(command);
    let trip = lane.trips.at(-1);
    if (!trip || trip.size >= MAX_TOGETHER) {
      trip = createTrip(tripOptions);
      lane.trips.push(trip);
    }
    const replying = trip.board(command, read) as Promise<Reply>;
    depart(lane);
    return replying;
  }

  function laneOf(command: Command): Lane {
    const name = isCluster(client) ? nodesOf(client, command) : "";
    let lane = lanes.get(name);
    if (!lane) {
      lane = { trips: [], leaving: false, away: 0 };
      lanes.set(name, lane);
    }
    return lane;
  }

  function depart(lane: Lane): void {
    if (lane.leaving || lane.away >= MAX_AWAY || lane.trips.length === 0) return;
    if (!isConnected()) return;
    lane.leaving = true;
    // Whatever the callbacks of this turn still ask for comes along.
    setImmediate(() => {
      travel(lane);
    });
  }

  function travel(lane: Lane): void {
    lane.leaving = false;
    const trip = lane.trips.shift();
    if (!trip) return;
    const waiting = trip.waiting();
    const isHalved = lane.away === 0 && waiting.length >= WORTH_HALVING;
    for (const part of isHalved ? halvesOf(waiting) : [waiting]) void send(lane, trip, part);
    // More than one pipeline may have been filled in a turn.
    depart(lane);
  }

  async function send(lane: Lane, trip: Trip, together: readonly Passenger[]): Promise<void> {
    lane.away += 1;
    if (together.length > 0) {
      const answered = roundTrip(together.map(({ command }) => command)).then((answers) => {
        together.forEach((passenger, i) => {
          trip.settle(passenger, answers[i] ?? { error: new Error("no reply") });
        });
        if (answers.some(isReadOnly)) leaveReplica();
      });
      // Timers settle them at the latest, so that a connection that hangs doesn't hold the lane.
      await Promise.race([answered, trip.settled()]);
    }
    lane.away -= 1;
    depart(lane);
  }

  function isConnected(): boolean {
    if (client.status === "ready") return true;
    if (client.status === "end") {
      const error = new Error("the client was closed");
      for (const trip of [...lanes.values()].flatMap(({ trips }) => trips.splice(0))) {
        for (const passenger of trip.waiting()) trip.settle(passenger, { error });
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

function halvesOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

/** Commands whose slots are served by the same nodes can share a pipeline. */
function nodesOf(client: RedisClient, { keys }: Command): string {
  const slots = isCluster(client) ? client.slots : [];
  return slots[calculateSlot(keys[0] ?? "")]?.join(";") ?? "";
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
