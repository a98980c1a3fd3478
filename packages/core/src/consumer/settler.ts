import { fullJitter } from "../timing/backoff.js";
import { createBatcher, type Batcher } from "../timing/batcher.js";
import { DRAINING, type Disposition } from "../message/disposition.js";
import { flightFacts, type Flight } from "./in-flight-message.js";
import type { HeldMessages } from "./held-messages.js";
import { createHoldRules, type Hold, type HoldRulesOptions } from "./hold-rules.js";
import type { Lanes } from "./fifo-groups.js";
import type {
  BuryReply,
  Lease,
  MessageQueue,
  QueueReply,
  VisibilityChange,
} from "../ports/index.js";
import { DEFAULT_RETRY } from "../pipeline/pipeline.js";
import { retriesExhausted, type DeadLetter, type Retry } from "../message/retries-exhausted.js";
import type { RunEnvironment } from "../run/run.js";

const QUEUE_BATCH = 10;
/** Milliseconds a delete waits for company: ten of them cost one request. */
const ACKNOWLEDGE_LINGER_MS = 20;
const RETURN_LINGER_MS = 5;
const ACKNOWLEDGE_TRIES = 5;
const QUEUE_BACKOFF = { baseMs: 200, maxMs: 5_000 };

export interface SettlerOptions {
  readonly env: RunEnvironment;
  readonly queue: MessageQueue;
  readonly lanes: Lanes;
  readonly held: HeldMessages;
  readonly gate: HoldRulesOptions["gate"];
  readonly releases: Batcher<Lease, "released" | "lost">;
  /** The flight may take a worker again. */
  readonly onReady: (flight: Flight) => void;
  /** The flight is over and the queue was told. */
  readonly onEnded: (flight: Flight) => void;
}

/** Does what was decided about a message: acknowledge, hand back, hold, dead-letter. */
export interface Settler {
  settle(flight: Flight, disposition: Disposition): void;
  /** Takes a held message out of its hold and settles it. */
  endHold(flight: Flight, disposition: Disposition): void;
  setMaxReceives(budget: number | undefined): void;
  /** The process is draining: batches no longer wait for company. */
  hurry(): void;
}

type Ending = Exclude<Disposition, Hold | { kind: "acknowledge" }>;

export function createSettler(options: SettlerOptions): Settler {
  const { env, queue, lanes, held } = options;
  const { clock, time, emit } = env;
  let maxReceives: number | undefined;
  let hurried = false;
  const rules = createHoldRules({ env, gate: options.gate, isLastReceive });

  const acknowledges = createBatcher<Flight, QueueReply>({
    clock,
    max: QUEUE_BATCH,
    lingerMs: ACKNOWLEDGE_LINGER_MS,
    stopping: env.abandon,
    call: (flights) => queue.acknowledge(flights.map(({ kept }) => kept.message)),
  });
  const returns = createBatcher<VisibilityChange, QueueReply>({
    clock,
    max: QUEUE_BATCH,
    lingerMs: RETURN_LINGER_MS,
    stopping: env.abandon,
    call: (items) => queue.retryLater(items),
  });

  function settle(flight: Flight, disposition: Disposition): void {
    if (flight.phase === "ending") return;
    const hold = rules.insteadOf(flight, disposition);
    if (hold && !hurried) {
      void holdInPlace(flight, hold).catch(contain);
      return;
    }
    flight.phase = "ending";
    if (disposition.kind === "acknowledge") {
      acknowledge(flight);
      return;
    }
    const decided = disposition.kind === "hold" ? DRAINING : disposition;
    void endOrHold(flight, decided).catch(contain);
  }

  /** What nearly every message ends by, so without the frames of what may come to a hold. */
  function acknowledge(flight: Flight): void {
    const ended = (): void => {
      options.onEnded(flight);
    };
    leaveQueue(flight).then(ended, (error: unknown) => {
      letGoAfter(flight, error).then(ended, contain);
    });
  }

  async function endOrHold(flight: Flight, disposition: Ending): Promise<void> {
    try {
      const hold = await end(flight, disposition);
      if (hold && !hurried) return await holdInPlace(flight, hold);
      if (hold) await tryAgain(flight, DRAINING);
    } catch (error) {
      await letGoAfter(flight, error);
    }
    options.onEnded(flight);
  }

  /** Whatever went wrong, its group and its lease must not wait for it. */
  function letGoAfter(flight: Flight, error: unknown): Promise<void> {
    contain(error);
    return letGo(flight);
  }

  function contain(error: unknown): void {
    emit({ type: "internalError", error });
  }

  /** Resolves once the queue was told, or with the hold that has to come first. */
  function end(flight: Flight, disposition: Ending): Promise<Hold | undefined | void> {
    switch (disposition.kind) {
      case "retry":
        return disposition.counts && isLastReceive(flight)
          ? bury(
              flight,
              retriesExhausted(flight.kept.message.receiveCount, disposition, flight.kept.claim),
            )
          : tryAgain(flight, disposition);
      case "deadLetter":
        return bury(flight, disposition);
      case "lost":
        return letGo(flight);
    }
  }

  /** The record is terminal: the group goes on at once, the delete follows in a batch. */
  async function leaveQueue(flight: Flight): Promise<void> {
    const next = lanes.leave(flight);
    if (next && next.phase === "waiting") options.onReady(next);
    if (flight.admitted) held.wake(flight.admitted.key.digest);
    for (let attempt = 1; attempt <= ACKNOWLEDGE_TRIES; attempt += 1) {
      let reply: QueueReply;
      try {
        const replying = acknowledges.add(flight);
        if (hurried) void acknowledges.flush();
        reply = await replying;
      } catch (error) {
        reply = { failed: error instanceof Error ? error.message : "unknown" };
      }
      if (typeof reply !== "object") break;
      emit({ type: "acknowledgeFailed", messageId: flight.id, error: reply.failed });
      await clock.sleep(fullJitter(attempt, env.randomness.random(), QUEUE_BACKOFF));
    }
    const extending = flight.kept.drop();
    if (extending) await extending;
  }

  async function tryAgain(flight: Flight, retry: Retry): Promise<void> {
    const delayMs = retry.delayMs ?? retryDelay(flight);
    const error = retry.error === undefined ? {} : { error: retry.error };
    emit({ type: "retry", reason: retry.reason, delayMs, ...error, ...flightFacts(flight) });
    await releaseClaim(flight);
    releaseSiblings(flight);
    await handBack(flight, delayMs);
  }

  /**
   * At once, while nothing is awaited: a sibling that is delivered again meanwhile would be taken for
   * one that still has its place, and those behind it would overtake it.
   */
  function releaseSiblings(flight: Flight): void {
    for (const sibling of lanes.cutAt(flight)) settle(sibling, SIBLING);
  }

  function retryDelay(flight: Flight): number {
    const backoff = flight.admitted?.pipeline.retry ?? DEFAULT_RETRY;
    return fullJitter(flight.kept.message.receiveCount, env.randomness.random(), backoff);
  }

  /** Changes the visibility once no extension is under way, which would undo it. */
  async function handBack(flight: Flight, delayMs: number): Promise<void> {
    await flight.kept.drop();
    try {
      const returning = returns.add({ message: flight.kept.message, visibilityMs: delayMs });
      if (hurried) void returns.flush();
      await returning;
    } catch {
      // It comes back all the same when its visibility ends.
    }
  }

  async function releaseClaim(flight: Flight): Promise<void> {
    const { claim } = flight.kept;
    if (!claim) return;
    flight.kept.unbindClaim();
    try {
      const releasing = options.releases.add(claim);
      if (hurried) void options.releases.flush();
      await releasing;
    } catch (error) {
      // The lease ends by itself.
      env.onStoreFault(error);
    }
  }

  /** A delivery that is over is left alone; a later one that came meanwhile is handed back. */
  async function letGo(flight: Flight): Promise<void> {
    await releaseClaim(flight);
    releaseSiblings(flight);
    if (flight.renewed) await handBack(flight, 0);
    else await flight.kept.drop();
  }

  function isLastReceive(flight: Flight): boolean {
    return maxReceives !== undefined && flight.kept.message.receiveCount >= maxReceives;
  }

  /** `bury` the record, copy to the dead-letter queue, then delete. */
  async function bury(flight: Flight, letter: DeadLetter): Promise<Hold | undefined> {
    if (letter.bury && flight.admitted) {
      const reply = await buryRecord(flight, letter);
      if (typeof reply === "object") return waitToBury(flight, letter, reply.tooEarly);
      if (reply === "busy") await letGo(flight);
      else flight.kept.unbindClaim();
      if (reply === "done") await leaveQueue(flight);
      if (reply !== "dead") return undefined;
    }
    await sendToDeadLetters(flight, letter);
    return undefined;
  }

  async function sendToDeadLetters(flight: Flight, letter: DeadLetter): Promise<void> {
    const { code, text } = letter;
    const { message } = flight.kept;
    const copied = await queue
      .deadLetter(message, { code, text, attemptIds: letter.attemptIds })
      .catch((error: unknown) => ({ failed: error instanceof Error ? error.message : "unknown" }));
    if (copied === "copied") {
      emit({ type: "deadLettered", code, text, ...flightFacts(flight) });
      return leaveQueue(flight);
    }
    if ("denied" in copied) {
      const why = copied.denied;
      emit({ type: "deadLetterImpossible", code, why, ...flightFacts(flight) });
    }
    return tryAgain(flight, { kind: "retry", reason: "deadLetterFailed", counts: false });
  }

  function buryRecord(flight: Flight, letter: DeadLetter): Promise<BuryReply> {
    const { admitted } = flight;
    const claim = letter.claim ?? flight.kept.claim;
    return env.committer.commit(() =>
      env.store.bury({
        key: admitted?.key.digest ?? "",
        keyText: admitted?.key.text ?? "",
        pipeline: admitted?.pipeline.name ?? "",
        messageId: flight.id,
        reason: `${letter.code}: ${letter.text}`,
        ...(claim ? { claim: { owner: claim.owner, fence: claim.fence } } : {}),
      }),
    );
  }

  /** An attempt could still be accepted: the burial waits in place until it can't. */
  function waitToBury(flight: Flight, letter: DeadLetter, at: number): Hold {
    const { claim: _, ...unclaimed } = letter;
    flight.deadLetter = unclaimed;
    const retryAfterMs = Math.max(1_000, at - clock.now());
    return { kind: "hold", reason: "deadLetter", attempts: [], retryAfterMs };
  }

  async function holdInPlace(flight: Flight, hold: Hold): Promise<void> {
    flight.phase = "held";
    flight.heldSince = time();
    flight.holds += 1;
    emit({ type: "held", reason: hold.reason, attempts: hold.attempts, ...flightFacts(flight) });
    await releaseClaim(flight);
    if (flight.phase !== "held") return;
    if (flight.lost) {
      settle(flight, { kind: "lost" });
      return;
    }
    const key = flight.admitted?.key.digest;
    flight.hold = held.hold({
      key: rules.readsRecord(hold) ? key : undefined,
      firstLookMs: rules.firstLookMs(flight, hold),
      look: (record) => rules.look(flight, hold, record),
      goOn: () => {
        flight.hold = undefined;
        flight.phase = "waiting";
        emit({ type: "resumed", heldMs: time() - flight.heldSince, ...flightFacts(flight) });
        options.onReady(flight);
      },
    });
  }

  return {
    settle,
    endHold: (flight, disposition) => {
      flight.hold?.drop();
      flight.hold = undefined;
      settle(flight, disposition);
    },
    setMaxReceives: (budget) => {
      maxReceives = budget;
    },
    hurry: () => {
      hurried = true;
      void acknowledges.flush();
      void returns.flush();
    },
  };
}

const SIBLING: Disposition = { kind: "retry", reason: "sibling", delayMs: 0, counts: false };
