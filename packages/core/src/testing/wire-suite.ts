import assert from "node:assert/strict";
// Only macrotasks let bytes that are written already be read; no time is taken from them.
// eslint-disable-next-line no-restricted-imports
import { setImmediate } from "node:timers/promises";

import type { Clock, Outcome, Sender } from "../ports/index.js";
import { createFaultyServer } from "./faulty-server.js";
import { performAttempt, testAttempt } from "./test-attempt.js";
import { createVirtualClock, type VirtualClock } from "./virtual-clock.js";
import {
  wireFaultCases,
  type WireAnswers,
  type WireFault,
  type WireFaultCase,
} from "./wire-faults.js";

/** A sender before a faulty server. */
export interface WireFixture<Payload> {
  readonly sender: Sender<Payload>;
  readonly payload: Payload;
  /** Called at the end of each test. */
  close?(): Promise<void> | void;
}

/** What the suite runs with. */
export interface WireSuiteOptions<Payload> {
  /** The `test` of any runner: vitest, node:test, jest. */
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  /** A sender whose provider is at this address, and whose limits go by this clock. */
  readonly connect: (
    endpoint: string,
    clock: Clock,
  ) => WireFixture<Payload> | Promise<WireFixture<Payload>>;
  readonly answers: WireAnswers;
  /** Where this sender knows more, or less, than the table says; the reason belongs beside it. */
  readonly told?: Partial<Readonly<Record<WireFault, Outcome["status"]>>> | undefined;
}

const STEP_MS = 60_000;
/** Some turns of the event loop: what a peer on this machine has written is read by then. */
const TURNS = 50;

/**
 * Conformance of a {@link Sender} that speaks HTTP, before a server that misbehaves: one request on the
 * wire for each attempt, whatever happens to it, and nothing said of it that isn't known.
 */
export function wireSuite<Payload>(options: WireSuiteOptions<Payload>): void {
  const { test, connect, answers, told = {} } = options;
  const cases = wireFaultCases(answers);

  for (const fault of Object.keys(cases) as WireFault[]) {
    const known: WireFaultCase = cases[fault];
    const expected = told[fault] ?? known.told;
    test(`on the wire: ${fault} is told as ${expected}`, async () => {
      const server = await createFaultyServer(known.server);
      const clock = createVirtualClock();
      const endpoint = known.tls ? server.endpoint.replace("http:", "https:") : server.endpoint;
      const fixture = await connect(endpoint, clock);
      try {
        const prepared = await fixture.sender.prepare(fixture.payload);
        const sending = performAttempt(fixture.sender, prepared, testAttempt({ clock }));
        if (known.stalls === "afterRequest") await server.untilRequests(1);
        if (known.stalls === "inHandshake") await server.untilConnections(1);
        const outcome = await (known.stalls ? runOut(sending, clock) : sending);
        assert.equal(
          outcome.status,
          expected,
          `${fault} was told as ${JSON.stringify(outcome)}; expected ${expected}, since ${known.because}`,
        );
        const { requests, connections } = server.seen;
        assert.equal(requests, known.tls ? 0 : 1, `${requests} requests for one attempt`);
        assert.equal(connections, 1, `${connections} connections for one attempt`);
      } finally {
        await fixture.close?.();
        server.close();
      }
    });
  }

  test("on the wire: an idle connection that was closed costs no attempt", async () => {
    const server = await createFaultyServer({
      // The far end has forgotten the connection, and resets what comes on it.
      onHead: ({ socket, onConnection }) => {
        if (onConnection === 1) return false;
        socket.resetAndDestroy();
        return true;
      },
      onRequest: ({ socket }) => void socket.write(answers.accepted),
    });
    const clock = createVirtualClock();
    const { sender, payload, close } = await connect(server.endpoint, clock);
    try {
      const prepared = await sender.prepare(payload);
      for (const attemptNumber of [1, 2]) {
        const outcome = await performAttempt(
          sender,
          prepared,
          testAttempt({ clock, attemptNumber }),
        );
        assert.equal(outcome.status, "accepted", `told as ${JSON.stringify(outcome)}`);
        await clock.advance(10 * STEP_MS);
      }
      assert.equal(server.seen.requests, 2);
    } finally {
      await close?.();
      server.close();
    }
  });
}

/** Lets the sender's own limits end what nothing else does. */
async function runOut(sending: Promise<Outcome>, clock: VirtualClock): Promise<Outcome> {
  let over = false;
  void sending.finally(() => (over = true));
  while (!over) {
    for (let turn = 0; turn < TURNS; turn += 1) await setImmediate();
    if (!over) await clock.advance(STEP_MS);
  }
  return sending;
}
