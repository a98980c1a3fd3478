import type { Clock } from "@exactly-once/core/ports";

/** Resolves when the next may go, at most `perSecond` a second; unused time isn't saved up. */
export type Pacer = () => Promise<void>;

export function createPacer(clock: Pick<Clock, "monotonic" | "sleep">, perSecond: number): Pacer {
  let nextAt = clock.monotonic();
  return async () => {
    await clock.sleep(nextAt - clock.monotonic());
    nextAt = Math.max(nextAt, clock.monotonic()) + 1_000 / perSecond;
  };
}
