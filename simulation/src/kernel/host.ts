import type { Clock, Randomness } from "@exactly-once/core/ports";
import type { Process, ScheduledEvent } from "./event-heap.js";
import { hashText, mix, unit } from "./hash.js";
import type { Kernel } from "./kernel.js";

/** One life of a process: what its code gets to see of the machine. */
export interface Life {
  readonly host: Host;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Whether this life goes on. */
  isAlive(): boolean;
}

/**
 * A machine with one process. A crash ends the process as SIGKILL would: whatever it waits for
 * never settles, and no `finally` runs, because its timers and replies are dropped. A paused
 * process stands still while time goes on, and then finds everything that came meanwhile.
 */
export interface Host extends Process {
  readonly name: string;
  incarnation: number;
  pausedUntil: number;
  parked: ScheduledEvent[];
  up: boolean;
  /** Of its present life: both clocks have stood still once, so that it can't know what time passed. */
  sawNoTimePass: boolean;
  /** Timers that are set now: a leak shows here. */
  timers: number;
  /** Emails that are under way: a request isn't broken off, and each has a time limit, which is a timer. */
  requests: number;
  crash(restartAfterMs: number): void;
  pause(ms: number, clocks?: PauseClocks): void;
  /** Stands still until it is thawed; its monotonic clock stands still with it. */
  freeze(): void;
  /** Goes on with everything that came due meanwhile. */
  thaw(): void;
  /** Moves the wall clock alone, as a correction would. */
  jumpWall(ms: number): void;
  /** Starts the process; `boot` is run again after every crash. */
  start(boot: (life: Life) => void): void;
  /** Ends the process without a restart, as an orderly exit does. */
  exit(): void;
}

/**
 * What a process that stood still finds its clocks have done: both went on (SIGSTOP, a long collection),
 * the monotonic one stood still (a suspended machine), the wall clock was set back meanwhile, or both
 * stood still (a machine resumed from a snapshot).
 */
export type PauseClocks = "running" | "suspended" | "setBack" | "snapshot";

/** Looks at a clock within one event after which a process is taken for one that never turns. */
const MAX_LOOKS = 50_000;

/** A wall clock that stood still is corrected so long afterwards, ms. */
const CORRECTED_AFTER_MS = 15_000;

export interface HostOptions {
  readonly name: string;
  /** Milliseconds the wall clock is ahead of true time. */
  readonly skewMs?: number;
  /** How much faster both clocks run than true time: 0.001 is one in a thousand. */
  readonly drift?: number;
  readonly seed: number;
  onLifeEnd?(host: Host): void;
}

/** Wall-clock time of virtual time 0: what dates in stories are counted from. */
export const EPOCH = Date.UTC(2026, 0, 1);

export function createHost(kernel: Kernel, options: HostOptions): Host {
  const { name, drift = 0 } = options;
  const nameHash = mix(hashText(name), options.seed);
  let skewMs = options.skewMs ?? 0;
  let frozenAt = 0;
  /** Of the present life. */
  let frozenMs = 0;
  let boot: ((life: Life) => void) | undefined;

  const host: Host = {
    name,
    incarnation: 0,
    pausedUntil: 0,
    parked: [],
    up: false,
    sawNoTimePass: false,
    timers: 0,
    requests: 0,
    crash: (restartAfterMs) => {
      end();
      kernel.schedule(kernel.now + restartAfterMs, begin);
    },
    pause: (ms, clocks = "running") => {
      const before = Math.max(host.pausedUntil, kernel.now);
      const until = Math.max(before, kernel.now + ms);
      host.pausedUntil = until;
      if (clocks !== "running") standStill(clocks, until, until - before);
    },
    freeze: () => {
      frozenAt = kernel.now;
      host.pausedUntil = Number.POSITIVE_INFINITY;
    },
    thaw: () => {
      frozenMs += kernel.now - frozenAt;
      host.pausedUntil = kernel.now;
      kernel.resume(host.parked);
      host.parked = [];
    },
    jumpWall: (ms) => {
      skewMs += ms;
    },
    start: (run) => {
      boot = run;
      begin();
    },
    exit: end,
  };

  /** The clocks show it from the moment in which the process goes on. */
  function standStill(clocks: PauseClocks, until: number, ms: number): void {
    const { incarnation } = host;
    const wake = (): void => {
      if (clocks !== "setBack" && host.incarnation === incarnation) frozenMs += ms;
      if (clocks === "suspended") return;
      skewMs -= ms;
      kernel.schedule(until + CORRECTED_AFTER_MS, () => (skewMs += ms));
    };
    if (clocks === "snapshot") host.sawNoTimePass = true;
    kernel.schedule(until, wake, undefined, "first");
  }

  function end(): void {
    host.up = false;
    host.sawNoTimePass = false;
    host.incarnation += 1;
    host.timers = 0;
    host.requests = 0;
    host.pausedUntil = 0;
    host.parked = [];
    frozenMs = 0;
    options.onLifeEnd?.(host);
  }

  function begin(): void {
    if (host.up || !boot) return;
    const life = createLife();
    const run = boot;
    const start = (): void => {
      host.up = true;
      run(life);
    };
    kernel.schedule(kernel.now, start, life);
  }

  function createLife(): Life {
    const { incarnation } = host;
    const bornAt = kernel.now;
    const lifeHash = mix(nameHash, incarnation);
    let drawn = 0;
    let ids = 0;
    let looks = 0;
    let looksIn = 0;
    const elapsed = (): number => {
      // Promises that go on for ever leave the kernel no turn to count; they all look at a clock.
      if (looksIn !== kernel.events) [looksIn, looks] = [kernel.events, 0];
      looks += 1;
      if (looks > MAX_LOOKS) throw kernel.stuck(name);
      return (kernel.now - bornAt) * (1 + drift);
    };
    return {
      host,
      incarnation,
      isAlive: () => host.incarnation === incarnation,
      clock: {
        now: () => EPOCH + bornAt + elapsed() + skewMs,
        monotonic: () => elapsed() - frozenMs,
        sleep: (ms, signal) => sleep(incarnation, ms, signal),
      },
      randomness: {
        random: () => unit(mix(lifeHash, (drawn += 1))),
        id: () => `${name}${incarnation}x${(ids += 1).toString(36)}`,
      },
    };
  }

  function sleep(incarnation: number, ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || host.incarnation !== incarnation) {
      return host.incarnation === incarnation ? Promise.resolve() : new Promise(() => undefined);
    }
    return new Promise((resolve) => {
      host.timers += 1;
      // As Node's timers: whole milliseconds, never none, and one for what is no number.
      const due = kernel.now + (Math.max(1, Math.trunc(ms)) || 1) / (1 + drift);
      const timer = kernel.schedule(due, wake, { host, incarnation });
      function wake(): void {
        if (host.incarnation !== incarnation) return;
        host.timers -= 1;
        kernel.cancel(timer);
        signal?.removeEventListener("abort", wake);
        resolve();
      }
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  return host;
}
