import type { Admitted } from "../pipeline/admitted.js";
import { admitMessage, type Admission, type AdmissionOptions } from "../message/admit.js";
import type { Batcher } from "../timing/batcher.js";
import { refusedClaim, tooOld } from "../message/claim-reply.js";
import { createClaims, type ClaimResult } from "./claim-batches.js";
import { DRAINING, type Disposition } from "../message/disposition.js";
import { LeaseLostError } from "../errors.js";
import type { LossReason } from "../events.js";
import { Flight, endOf, flightFacts } from "./in-flight-message.js";
import type { Gate } from "./receive-gate.js";
import { handleMessage } from "../message/process.js";
import { createHeldMessages } from "./held-messages.js";
import { createLanes } from "./fifo-groups.js";
import type { KeptLease } from "../leases/kept-lease.js";
import type { LeaseKeeper } from "../leases/lease-keeper.js";
import type {
  CompleteReply,
  Completion,
  Lease,
  MessageQueue,
  QueueMessage,
} from "../ports/index.js";
import type { RunEnvironment } from "../run/run.js";
import { createSettler } from "./settler.js";

/** Held messages cost a heartbeat each; with more than this nothing further is received. */
const MAX_HELD = 1_000;
/** Milliseconds that decoding and validating may take, in case they fetch something and hang. */
const MAX_ADMISSION_MS = 10 * 60_000;

export interface DispatcherOptions {
  readonly env: RunEnvironment;
  readonly queue: MessageQueue;
  readonly keeper: LeaseKeeper;
  readonly gate: Gate;
  readonly admission: AdmissionOptions;
  readonly concurrency: number;
  /** Whether claims are satisfied by simulated receipts. */
  readonly simulated: boolean;
  readonly completes: Batcher<Completion, CompleteReply>;
  readonly releases: Batcher<Lease, "released" | "lost">;
  /** Room for another message was made. */
  readonly onRoom: () => void;
}

export interface Dispatcher {
  /** How many more messages may be received now. */
  room(): number;
  receive(messages: readonly QueueMessage[], receivedAt: number): void;
  /** Tells what the queue is like, before the first `receive`. */
  configure(queue: { readonly fifo: boolean; readonly maxReceives: number | undefined }): void;
  controlChanged(): void;
  /** Hands back what doesn't run, and from now on whatever comes. */
  close(): void;
  /** Waits for what still runs, aborts it at `abortAt`. */
  drain(abortAt: number, deadline: number): Promise<void>;
  readonly inFlight: number;
  readonly running: number;
  readonly held: number;
}

/**
 * Gives each received message its turn: one at a time within a FIFO group, `concurrency` at a time
 * in all. What becomes of a message after its turn is the settler's.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { env, keeper, gate, concurrency } = options;
  const { time, store, emit } = env;
  const flights = new Map<string, Flight>();
  const lanes = createLanes();
  const ready: Flight[] = [];
  let running = 0;
  let draining = false;
  /** On a standard queue a group is only a hint for fairness. */
  let fifo = true;
  let drained: () => void = () => undefined;

  const claims = createClaims(env, options.simulated);
  const held = createHeldMessages({
    clock: env.clock,
    time,
    store,
    onStoreFault: env.onStoreFault,
  });
  const settler = createSettler({
    env,
    queue: options.queue,
    lanes,
    held,
    gate,
    releases: options.releases,
    onReady: (flight) => {
      ready.push(flight);
      pump();
    },
    onEnded: (flight) => {
      if (flights.get(flight.id) === flight) flights.delete(flight.id);
      flight.end?.();
      options.onRoom();
      if (flights.size === 0) drained();
    },
  });

  function receive(messages: readonly QueueMessage[], receivedAt: number): void {
    for (const message of messages) receiveOne(message, receivedAt);
    pump();
  }

  function receiveOne(message: QueueMessage, receivedAt: number): void {
    const known = flights.get(message.id);
    if (known && known.phase !== "ending") {
      known.kept.renewHandle(message, receivedAt);
      known.renewed = true;
      if (known.phase === "waiting") known.lost = false;
      emit({ type: "redeliveredWhileRunning", ...flightFacts(known) });
      return;
    }
    const flight = takeOff(message, receivedAt, known && endOf(known));
    if (draining) settler.settle(flight, DRAINING);
    else if (!flight.lane || flight.lane.flights[0] === flight) ready.push(flight);
  }

  function takeOff(
    message: QueueMessage,
    receivedAt: number,
    after: Promise<void> | undefined,
  ): Flight {
    const lane = fifo && message.groupId !== undefined ? lanes.of(message.groupId) : undefined;
    const keep = (taken: Flight): KeptLease =>
      keeper.keep(message, receivedAt, (reason) => {
        leaseLost(taken, reason);
      });
    const flight = new Flight(message, keep, lane, after);
    flight.lane?.flights.push(flight);
    flights.set(message.id, flight);
    return flight;
  }

  function leaseLost(flight: Flight, reason: LossReason): void {
    flight.lost = reason !== "maxProcessing";
    emit({ type: "leaseLost", reason, ...flightFacts(flight) });
    if (flight.abort) flight.abort(reason);
    else if (flight.phase === "held") settler.endHold(flight, { kind: "lost" });
  }

  function pump(): void {
    while (running < concurrency) {
      const flight = ready.shift();
      if (!flight) return;
      if (flight.phase !== "waiting") continue;
      flight.phase = "running";
      running += 1;
      takeTurn(flight);
    }
  }

  function takeTurn(flight: Flight): void {
    work(flight).then(
      (disposition) => {
        endTurn(flight, disposition);
      },
      (error: unknown) => {
        emit({ type: "internalError", error });
        endTurn(flight, { kind: "retry", reason: "error", counts: true, error });
      },
    );
  }

  function endTurn(flight: Flight, disposition: Disposition): void {
    running -= 1;
    flight.abort = undefined;
    settler.settle(flight, disposition);
    options.onRoom();
    pump();
  }

  async function work(flight: Flight): Promise<Disposition> {
    if (flight.after) await flight.after;
    if (flight.lost) return { kind: "lost" };
    if (draining) return DRAINING;
    if (flight.deadLetter) return flight.deadLetter;
    if (gate.storeIsDown) return { kind: "retry", reason: "storeDown", counts: false };
    if (!flight.admitted) {
      const admitting = admitMessage(options.admission, flight.kept.message);
      const admission =
        admitting instanceof Promise ? await admissionWithin(flight, admitting) : admitting;
      if ("refused" in admission) return admission.refused;
      flight.admitted = admission.admitted;
    }
    const { admitted } = flight;
    if (env.pausedReason(admitted.pipeline.name) !== undefined) {
      return { kind: "hold", reason: "paused", attempts: [] };
    }
    const owner = env.randomness.id();
    try {
      const claimed = await claims.add({ flight, admitted, owner });
      return await afterClaim(flight, admitted, owner, claimed);
    } catch (error) {
      env.onStoreFault(error);
      return { kind: "retry", reason: "storeDown", counts: false, error };
    }
  }

  /** Ends with the lease as well: what the user's decoder waits for may never come. */
  async function admissionWithin(
    flight: Flight,
    admitting: Promise<Admission>,
  ): Promise<Admission> {
    flight.kept.limitProcessing(time() + MAX_ADMISSION_MS);
    const aborted = new Promise<Admission>((resolve) => {
      flight.abort = (reason) => {
        resolve({ refused: endedBy(reason) });
      };
    });
    const admission = await Promise.race([admitting, aborted]);
    flight.abort = undefined;
    flight.kept.limitProcessing(undefined);
    return admission;
  }

  function afterClaim(
    flight: Flight,
    admitted: Admitted,
    owner: string,
    { reply, claimedUntil }: ClaimResult,
  ): Disposition | Promise<Disposition> {
    const facts = flightFacts(flight);
    if (reply.status !== "claimed") {
      if (reply.status === "done") emit({ type: "duplicateSuppressed", ...facts });
      return refusedClaim(admitted, reply);
    }
    const claim: Lease = { key: admitted.key.digest, owner, fence: reply.fence };
    flight.kept.bindClaim(claim, claimedUntil);
    if (flight.lost) return { kind: "lost" };
    if (emit.read) emit({ type: "claimed", fence: reply.fence, ...facts });
    const old = tooOld(env.clock, admitted, flight.kept.message, claim, reply);
    if (old) return old;
    return handleMessage({
      env,
      complete: options.completes.add,
      admitted,
      facts,
      claim,
      effects: reply.effects,
      lease: flight.kept,
      onAbortable: (abort) => {
        flight.abort = abort;
      },
    });
  }

  function close(): void {
    draining = true;
    for (const flight of [...flights.values()].reverse()) {
      if (flight.phase === "held") settler.endHold(flight, DRAINING);
      else if (flight.phase === "waiting") settler.settle(flight, DRAINING);
    }
    held.stop();
    settler.hurry();
  }

  async function drain(abortAt: number, deadline: number): Promise<void> {
    if (flights.size === 0) return;
    // Sleepers that nobody waits for would keep the process from ending.
    const empty = new AbortController();
    drained = () => {
      empty.abort();
    };
    await env.clock.sleep(Math.max(0, abortAt - time()), empty.signal);
    for (const flight of flights.values()) flight.abort?.("drain");
    if (flights.size > 0) {
      await env.clock.sleep(Math.max(0, deadline - time()), empty.signal);
    }
  }

  return {
    receive,
    close,
    drain,
    room: () => {
      if (draining || held.size >= MAX_HELD) return 0;
      let occupied = 0;
      for (const flight of flights.values()) if (takesRoom(flight)) occupied += 1;
      return concurrency - occupied;
    },
    configure: (description) => {
      fifo = description.fifo;
      settler.setMaxReceives(description.maxReceives);
    },
    controlChanged: () => {
      held.wakeAll();
    },
    get inFlight() {
      return flights.size;
    },
    get running() {
      return running;
    },
    get held() {
      return held.size;
    },
  };
}

function endedBy(reason: LossReason): Disposition {
  switch (reason) {
    case "drain":
      return DRAINING;
    case "maxProcessing":
      return { kind: "retry", reason: "error", counts: true, error: new LeaseLostError(reason) };
    default:
      return { kind: "lost" };
  }
}

/** Held messages and those behind them in their lane wait without a worker. */
function takesRoom(flight: Flight): boolean {
  if (flight.phase === "held" || flight.phase === "ending") return false;
  return flight.lane?.flights[0]?.phase !== "held";
}
