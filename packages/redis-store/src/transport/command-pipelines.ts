import { StoreUnavailableError, UnreadableRecordError } from "@exactly-once/core";
import type { ItemReply } from "@exactly-once/core/ports";
import calculateSlot from "cluster-key-slot";
import type { Command } from "./calls.js";
import { isCluster, leaveFormerPrimary, type RedisClient } from "./client.js";
import { createRoundTrips, type ReplicaWait } from "./round-trip.js";
import {
  createCommandBatch,
  type CommandBatch,
  type CommandBatchOptions,
  type PendingCommand,
} from "./command-batch.js";

export interface CommandPipelinesOptions {
  readonly client: RedisClient;
  readonly commandTimeoutMs: number;
  readonly wait: ReplicaWait | undefined;
}

export interface CommandPipelines {
  /**
   * @param read makes sense of the reply
   * @throws StoreUnavailableError when there is no good answer within the timeout
   * @throws UnreadableRecordError when it can't be done for what stands under the command's key
   */
  run<Reply>(command: Command, read: (reply: unknown) => Reply): Promise<Reply>;
  /** The same for one of many: resolves with the error. */
  answer<Reply>(command: Command, read: (reply: unknown) => Reply): Promise<ItemReply<Reply>>;
}

/** Of one node. */
interface CommandPipeline {
  /** Those that haven't left; what is asked for goes into the last. */
  readonly batches: CommandBatch[];
  /** The next leaves at the end of this turn. */
  leaving: boolean;
  /** How many are on their way. */
  underWay: number;
}

/** While Redis works on one batch, this process puts the next together. */
const MAX_UNDER_WAY = 2;

/**
 * What one batch brings back asks on in the same turn and so leaves in one again. With no other on its
 * way, Redis and this process would then wait for each other in turns: such a batch leaves in two halves,
 * from this many commands on.
 */
const WORTH_HALVING = 16;

/** A batch this long keeps Redis from others for some milliseconds. */
const MAX_TOGETHER = 200;

/**
 * Commands share round trips: two batches per node are on their way at a time, and what comes
 * meanwhile leaves together with the next. Under load the batches grow by themselves, and share what
 * there is to send.
 *
 * While the client isn't connected commands wait here, not in the client's offline queue, and are
 * dropped when their time is up, so that they don't run after their caller has given up. Those on
 * the wire may still run: every caller has to live with that.
 */
export function createCommandPipelines(options: CommandPipelinesOptions): CommandPipelines {
  const { client, commandTimeoutMs, wait } = options;
  const pipelines = new Map<string, CommandPipeline>();
  const roundTrip = createRoundTrips(client, wait);
  let awaitingConnection = false;
  const batchOptions: CommandBatchOptions = {
    timeoutMs: commandTimeoutMs,
    timeoutError: () => timeoutError(commandTimeoutMs, client),
    toFault,
  };

  function ask(
    command: Command,
    read: (reply: unknown) => unknown,
    told: "resolves" | "rejects",
  ): Promise<unknown> {
    const pipeline = pipelineOf(command);
    let batch = pipeline.batches.at(-1);
    if (!batch || batch.size >= MAX_TOGETHER) {
      batch = createCommandBatch(batchOptions);
      pipeline.batches.push(batch);
    }
    const replying = batch.add(command, read, told);
    leaveSoon(pipeline);
    return replying;
  }

  function pipelineOf(command: Command): CommandPipeline {
    const name = isCluster(client) ? nodesOf(client, command) : "";
    let pipeline = pipelines.get(name);
    if (!pipeline) {
      pipeline = { batches: [], leaving: false, underWay: 0 };
      pipelines.set(name, pipeline);
    }
    return pipeline;
  }

  function leaveSoon(pipeline: CommandPipeline): void {
    const { leaving, underWay, batches } = pipeline;
    if (leaving || underWay >= MAX_UNDER_WAY || batches.length === 0) return;
    if (!isConnected()) return;
    pipeline.leaving = true;
    // Whatever the callbacks of this turn still ask for comes along.
    setImmediate(() => {
      leave(pipeline);
    });
  }

  function leave(pipeline: CommandPipeline): void {
    pipeline.leaving = false;
    const batch = pipeline.batches.shift();
    if (!batch) return;
    const pending = batch.pending();
    const isHalved = pipeline.underWay === 0 && pending.length >= WORTH_HALVING;
    for (const part of isHalved ? halvesOf(pending) : [pending]) void send(pipeline, batch, part);
    // More than one batch may have been filled in a turn.
    leaveSoon(pipeline);
  }

  async function send(
    pipeline: CommandPipeline,
    batch: CommandBatch,
    together: readonly PendingCommand[],
  ): Promise<void> {
    pipeline.underWay += 1;
    if (together.length > 0) {
      const answered = roundTrip(together.map(({ command }) => command)).then((answers) => {
        together.forEach((pending, i) => {
          batch.settle(pending, answers[i] ?? { error: new Error("no reply") });
        });
        for (const answer of answers) {
          if ("error" in answer) leaveFormerPrimary(client, answer.error);
        }
      });
      // Timers settle them at the latest, so that a connection that hangs doesn't hold the pipeline.
      await Promise.race([answered, batch.settled()]);
    }
    pipeline.underWay -= 1;
    leaveSoon(pipeline);
  }

  function isConnected(): boolean {
    if (client.status === "ready") return true;
    if (client.status === "end") {
      const error = new Error("the client was closed");
      for (const batch of [...pipelines.values()].flatMap(({ batches }) => batches.splice(0))) {
        for (const pending of batch.pending()) batch.settle(pending, { error });
      }
      return false;
    }
    if (client.status === "wait") client.connect().catch(ignoreReportedByEvent);
    if (!awaitingConnection) {
      awaitingConnection = true;
      const goOn = (): void => {
        client.off("ready", goOn).off("end", goOn);
        awaitingConnection = false;
        for (const pipeline of pipelines.values()) leaveSoon(pipeline);
      };
      client.on("ready", goOn).on("end", goOn);
    }
    return false;
  }

  return {
    run: <Reply>(command: Command, read: (reply: unknown) => Reply) =>
      ask(command, read, "rejects") as Promise<Reply>,
    answer: <Reply>(command: Command, read: (reply: unknown) => Reply) =>
      ask(command, read, "resolves") as Promise<ItemReply<Reply>>,
  };
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

function timeoutError(timeoutMs: number, client: RedisClient): Error {
  return new Error(`no answer within ${timeoutMs} ms (client ${client.status})`);
}

/** How the scripts answer for an item whose key holds something that they don't know. */
const UNREADABLE = /^(?:ERR )?UNREADABLE (?<why>.*)$/s;

function toFault({ script, key = "" }: Command, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const why = UNREADABLE.exec(reason)?.groups?.["why"];
  if (why !== undefined) return new UnreadableRecordError(key, why);
  return new StoreUnavailableError(
    `Redis failed to ${script.name}: ${reason}. Check that it is reachable, writable and not overloaded.`,
    { cause },
  );
}

/** A failed connect is told by the client's "error" event and retried by its own strategy. */
function ignoreReportedByEvent(): void {}
