import { NEVER, type Decisions, type Site } from "./decisions.js";
import type { Life, PauseClocks } from "./host.js";
import type { Kernel } from "./kernel.js";
import type { Trace } from "./trace.js";

/** What a caller sees when a call fails. Only `refused` says that nothing happened. */
export type FaultKind = "refused" | "timeout" | "reset" | "serverError";

export class ServiceFault extends Error {
  constructor(
    readonly kind: FaultKind,
    where: string,
  ) {
    super(`${where}: ${kind}`);
    this.name = "ServiceFault";
  }
}

export interface ServiceOptions {
  readonly name: string;
  /** One leg, ms, when nothing disturbs it. */
  readonly latencyMs: number;
  /** The client gives up after this, ms. */
  readonly timeoutMs: number;
  /** How late a request or reply may come, ms. */
  readonly maxDelayMs: number;
  /** Whether a client of this service may send the same command again after a reconnect. */
  readonly resends: boolean;
  /** Faults per call where their kind is active; 0 for a service that is only looked at. */
  readonly rate: number;
}

/** One operation of one service, as seen from one host. */
export interface Wire {
  /**
   * Request, effect at the server, reply; each leg may be late or lost, and the effect may happen
   * again later.
   *
   * @param outline what the reply was, in few words, for the trace
   */
  call<Reply>(
    life: Life,
    execute: () => Reply | Promise<Reply>,
    outline: (reply: Reply) => string,
  ): Promise<Reply>;
}

export interface Service {
  readonly name: string;
  readonly timeoutMs: number;
  readonly maxDelayMs: number;
  /** @param holdsMs how long the server may hold this operation's answer back, as in a long poll */
  wire(host: string, operation: string, holdsMs?: number): Wire;
}

export interface Network {
  service(options: ServiceOptions): Service;
  /** A point in the host's own code at which it may stand still. */
  pausePoint(host: string, name: string): (life: Life) => Promise<void>;
  /** Nothing passes between the host and the service within these times. */
  cut(host: string, service: string, from: number, until: number): void;
  /** The service refuses everybody within these times. */
  takeDown(service: string, from: number, until: number): void;
  /** Whether a cut or an outage was arranged for this link at all. */
  wasCut(host: string, service: string): boolean;
  /** Ends all cuts and outages. */
  heal(): void;
  readonly stats: { readonly crashes: number; readonly pauses: number };
}

export interface NetworkOptions {
  readonly kernel: Kernel;
  readonly decisions: Decisions;
  readonly trace: Trace;
  /** Crashes and pauses that one run may have. */
  readonly maxCrashes: number;
  readonly maxPauses: number;
  readonly maxPauseMs: number;
  readonly restartMs: number;
  onPause?(host: string, until: number): void;
}

/** What may happen to a call, and how often each does beside the others. */
const SHARES = {
  crashBefore: 0.3,
  crashAfter: 0.3,
  crashOnReply: 0.3,
  pauseBefore: 0.4,
  pauseOnReply: 0.4,
  requestLost: 1,
  requestLate: 1,
  refused: 1,
  serverErrorBefore: 1,
  serverErrorAfter: 1,
  repeated: 1,
  replyLost: 1,
  replyLate: 1,
  jitter: 8,
};
type Fault = keyof typeof SHARES;
const FAULTS = Object.keys(SHARES) as Fault[];
const QUIET = Object.fromEntries(FAULTS.map((fault) => [fault, NEVER])) as Record<Fault, Site>;

const PAUSE_CLOCKS: readonly PauseClocks[] = ["running", "suspended", "setBack", "snapshot"];

interface Window {
  readonly place: string;
  readonly from: number;
  readonly until: number;
}

export function createNetwork(options: NetworkOptions): Network {
  const { kernel, decisions, trace } = options;
  let crashesLeft = options.maxCrashes;
  let pausesLeft = options.maxPauses;
  let windows: Window[] = [];
  const clocks = decisions.pick("clocks of a pause", PAUSE_CLOCKS);

  function isWithin(place: string): boolean {
    return windows.some(
      (window) => window.place === place && window.from <= kernel.now && kernel.now < window.until,
    );
  }

  function crash(life: Life, magnitude: number, where: string): boolean {
    if (magnitude === 0 || crashesLeft === 0 || !life.isAlive() || decisions.isCalm) return false;
    crashesLeft -= 1;
    trace.add(kernel.now, life.host.name, `CRASH ${where}`);
    life.host.crash(1 + magnitude * options.restartMs);
    return true;
  }

  function pause(life: Life, magnitude: number, where: string): void {
    if (magnitude === 0 || pausesLeft === 0) return;
    pausesLeft -= 1;
    const ms = Math.ceil(magnitude * options.maxPauseMs);
    trace.add(kernel.now, life.host.name, `PAUSE for ${ms} ms (${clocks}) ${where}`);
    life.host.pause(ms, clocks);
    options.onPause?.(life.host.name, kernel.now + ms);
  }

  function service(settings: ServiceOptions): Service {
    const { name, latencyMs, maxDelayMs, resends, rate } = settings;
    const shares = { ...SHARES, repeated: resends ? 1 : 0 };
    // Most kinds are off in a run, and most services have many operations.
    const active = FAULTS.filter((fault) => decisions.isActive(`${name}.${fault}`));

    function wire(host: string, operation: string, holdsMs = 0): Wire {
      const timeoutMs = settings.timeoutMs + holdsMs;
      const place = `${host}.${name}.${operation}`;
      const link = `${host}.${name}`;
      const what = `${name}.${operation}`;
      const createSites = (): Record<Fault, Site> => {
        const sites = { ...QUIET };
        for (const fault of active) {
          const share = shares[fault] * rate;
          sites[fault] = decisions.site(place, fault, `${name}.${fault}`, share);
        }
        return sites;
      };
      // Most operations are never called in a small run.
      let known: Record<Fault, Site> | undefined;

      function call<Reply>(
        life: Life,
        execute: () => Reply | Promise<Reply>,
        outline: (reply: Reply) => string,
      ): Promise<Reply> {
        return new Promise((resolve, reject) => {
          if (!life.isAlive()) return;
          const sites = (known ??= createSites());
          const sentAt = kernel.now;
          if (crash(life, sites.crashBefore.next(), `before ${what} was sent`)) return;
          pause(life, sites.pauseBefore.next(), `at ${what}`);

          const fail = (kind: FaultKind, at: number): void => {
            const tell = (): void => {
              trace.add(kernel.now, life.host.name, `${what}: ${kind}`);
              reject(new ServiceFault(kind, what));
            };
            kernel.schedule(at, tell, life);
          };
          const timeOut = (): void => fail("timeout", sentAt + timeoutMs);

          if (isWithin(name) || sites.refused.next() > 0) {
            fail("refused", sentAt + latencyMs);
            return;
          }
          const jitter = sites.jitter.next() * 20 * latencyMs;
          const late = sites.requestLate.next() * maxDelayMs;
          const arrivesAt = sentAt + latencyMs + jitter + late;
          const again = sites.repeated.next();
          if (again > 0) kernel.schedule(arrivesAt + again * maxDelayMs, repeat);
          const isLost = sites.requestLost.next() > 0;
          // The client doesn't wait for a request that is under way for too long; it arrives all the same.
          const gaveUp = isLost || arrivesAt + latencyMs > sentAt + timeoutMs;
          if (gaveUp) timeOut();
          if (!isLost) kernel.schedule(arrivesAt, arrive);
          const dies = sites.crashAfter.next();
          if (dies > 0) {
            const at = sentAt + dies * 3 * latencyMs;
            kernel.schedule(at, () => crash(life, dies, `with ${what} under way`), life);
          }

          function arrive(): void {
            if (gaveUp) return executeUnheard("executed late");
            if (isWithin(link)) return timeOut();
            if (sites.serverErrorBefore.next() > 0) {
              fail("serverError", kernel.now + latencyMs);
              return;
            }
            let reply: Reply | Promise<Reply>;
            try {
              reply = execute();
            } catch (error) {
              return replyError(error);
            }
            if (reply instanceof Promise) reply.then(answer, replyError);
            else answer(reply);
          }

          function repeat(): void {
            executeUnheard("executed again");
          }

          function executeUnheard(how: string): void {
            if (isWithin(link)) return;
            trace.add(kernel.now, life.host.name, `${what} ${how}`);
            try {
              const reply = execute();
              if (reply instanceof Promise) reply.catch(() => undefined);
            } catch {
              // Nobody waits for the answer.
            }
          }

          function replyError(error: unknown): void {
            const fault = error instanceof Error ? error : new Error(String(error));
            kernel.schedule(kernel.now + latencyMs, () => reject(fault), life);
          }

          function answer(reply: Reply): void {
            const words = outline(reply);
            trace.add(kernel.now, life.host.name, `${what}: ${words}`);
            if (sites.serverErrorAfter.next() > 0) {
              fail("serverError", kernel.now + latencyMs);
              return;
            }
            if (sites.replyLost.next() > 0 || isWithin(link)) return timeOut();
            const slow = sites.replyLate.next() * maxDelayMs;
            const comesAt = kernel.now + latencyMs + slow;
            if (comesAt > sentAt + timeoutMs) return timeOut();
            kernel.schedule(comesAt, () => deliver(reply), life);
          }

          function deliver(reply: Reply): void {
            if (crash(life, sites.crashOnReply.next(), `when ${what} answered`)) return;
            // Timers come before the network when a process wakes up.
            if (kernel.now - sentAt > timeoutMs) {
              trace.add(kernel.now, life.host.name, `${what}: timeout`);
              reject(new ServiceFault("timeout", what));
              return;
            }
            pause(life, sites.pauseOnReply.next(), `after ${what}`);
            resolve(reply);
          }
        });
      }

      return { call };
    }

    return { name, timeoutMs: settings.timeoutMs, maxDelayMs, wire };
  }

  function pausePoint(host: string, name: string): (life: Life) => Promise<void> {
    const site = decisions.site(`${host}.${name}`, "pause", `${name}.pause`, 0.15);
    return (life) =>
      new Promise((resolve) => {
        pause(life, site.next(), name);
        kernel.schedule(kernel.now, resolve, life, "same");
      });
  }

  return {
    service,
    pausePoint,
    cut: (host, of, from, until) => windows.push({ place: `${host}.${of}`, from, until }),
    takeDown: (of, from, until) => windows.push({ place: of, from, until }),
    wasCut: (host, of) => windows.some(({ place }) => place === of || place === `${host}.${of}`),
    heal: () => {
      windows = windows.map((window) => ({ ...window, until: Math.min(window.until, kernel.now) }));
    },
    get stats() {
      return {
        crashes: options.maxCrashes - crashesLeft,
        pauses: options.maxPauses - pausesLeft,
      };
    },
  };
}
