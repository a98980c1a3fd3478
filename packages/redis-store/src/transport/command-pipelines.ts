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
  const pipelines = new Pipelines(options);
  return {
    run: <Reply>(command: Command, read: (reply: unknown) => Reply) =>
      pipelines.ask(command, read, "rejects") as Promise<Reply>,
    answer: <Reply>(command: Command, read: (reply: unknown) => Reply) =>
      pipelines.ask(command, read, "resolves") as Promise<ItemReply<Reply>>,
  };
}

type Read = (reply: unknown) => unknown;

/** One pipeline for each node, and the client's connection, which all of them wait for. */
class Pipelines {
  readonly #client: RedisClient;
  readonly #line: Line;
  readonly #pipelines = new Map<string, CommandPipeline>();
  #awaitingConnection = false;

  constructor({ client, commandTimeoutMs, wait }: CommandPipelinesOptions) {
    this.#client = client;
    this.#line = {
      client,
      roundTrip: createRoundTrips(client, wait),
      isConnected: () => this.#isConnected(),
      batchOptions: {
        timeoutMs: commandTimeoutMs,
        timeoutError: () => timeoutError(commandTimeoutMs, client),
        toFault,
      },
    };
  }

  ask(command: Command, read: Read, told: "resolves" | "rejects"): Promise<unknown> {
    return this.#pipelineOf(command).ask(command, read, told);
  }

  #pipelineOf(command: Command): CommandPipeline {
    const name = isCluster(this.#client) ? nodesOf(this.#client, command) : "";
    let pipeline = this.#pipelines.get(name);
    if (!pipeline) {
      pipeline = new CommandPipeline(this.#line);
      this.#pipelines.set(name, pipeline);
    }
    return pipeline;
  }

  /** Where it isn't, sees to it that they leave once it is, or fail once it is over. */
  #isConnected(): boolean {
    const { status } = this.#client;
    if (status === "ready") return true;
    if (status === "end") {
      const error = new Error("the client was closed");
      for (const pipeline of this.#pipelines.values()) pipeline.fail(error);
      return false;
    }
    if (status === "wait") this.#client.connect().catch(ignoreReportedByEvent);
    this.#awaitConnection();
    return false;
  }

  #awaitConnection(): void {
    if (this.#awaitingConnection) return;
    this.#awaitingConnection = true;
    const goOn = (): void => {
      this.#client.off("ready", goOn).off("end", goOn);
      this.#awaitingConnection = false;
      for (const pipeline of this.#pipelines.values()) pipeline.leaveSoon();
    };
    this.#client.on("ready", goOn).on("end", goOn);
  }
}

/** What the pipelines of all nodes have in common. */
interface Line {
  readonly client: RedisClient;
  readonly roundTrip: ReturnType<typeof createRoundTrips>;
  readonly batchOptions: CommandBatchOptions;
  readonly isConnected: () => boolean;
}

/** Of one node. */
class CommandPipeline {
  readonly #line: Line;
  /** Those that haven't left; what is asked for goes into the last. */
  readonly #batches: CommandBatch[] = [];
  /** The next leaves at the end of this turn. */
  #leaving = false;
  /** How many are on their way. */
  #underWay = 0;

  constructor(line: Line) {
    this.#line = line;
  }

  ask(command: Command, read: Read, told: "resolves" | "rejects"): Promise<unknown> {
    let batch = this.#batches.at(-1);
    if (!batch || batch.size >= MAX_TOGETHER) {
      batch = createCommandBatch(this.#line.batchOptions);
      this.#batches.push(batch);
    }
    const replying = batch.add(command, read, told);
    this.leaveSoon();
    return replying;
  }

  leaveSoon(): void {
    if (this.#leaving || this.#underWay >= MAX_UNDER_WAY || this.#batches.length === 0) return;
    if (!this.#line.isConnected()) return;
    this.#leaving = true;
    // Whatever the callbacks of this turn still ask for comes along.
    setImmediate(() => {
      this.#leave();
    });
  }

  /** Whatever hasn't left never will. */
  fail(error: Error): void {
    for (const batch of this.#batches.splice(0)) {
      for (const pending of batch.pending()) batch.settle(pending, { error });
    }
  }

  #leave(): void {
    this.#leaving = false;
    const batch = this.#batches.shift();
    if (!batch) return;
    const pending = batch.pending();
    const isHalved = this.#underWay === 0 && pending.length >= WORTH_HALVING;
    for (const part of isHalved ? halvesOf(pending) : [pending]) void this.#send(batch, part);
    // More than one batch may have been filled in a turn.
    this.leaveSoon();
  }

  async #send(batch: CommandBatch, together: readonly PendingCommand[]): Promise<void> {
    this.#underWay += 1;
    // Timers settle them at the latest, so that a connection that hangs doesn't hold the pipeline.
    if (together.length > 0) await Promise.race([this.#exchange(batch, together), batch.settled()]);
    this.#underWay -= 1;
    this.leaveSoon();
  }

  async #exchange(batch: CommandBatch, together: readonly PendingCommand[]): Promise<void> {
    const { client, roundTrip } = this.#line;
    const answers = await roundTrip(together.map(({ command }) => command));
    together.forEach((pending, i) => {
      batch.settle(pending, answers[i] ?? { error: new Error("no reply") });
    });
    for (const answer of answers) {
      if ("error" in answer) leaveFormerPrimary(client, answer.error);
    }
  }
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
