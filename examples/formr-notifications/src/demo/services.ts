import { REAL, scaledMs } from "./scale.js";

/** The two services that get the same workload. */
export type Side = "naive" | "ours";

interface ServiceProgram {
  /** Relative to this folder. */
  readonly file: string;
  /** Settings beside those that lead to the stack: the service's usual ones, in the replay's time. */
  readonly env: Readonly<Record<string, string>>;
}

const wholeSeconds = (realSeconds: number): string => String(scaledMs(realSeconds) / 1_000);

export const services: Readonly<Record<Side, ServiceProgram>> = {
  naive: {
    file: "./naive/main.ts",
    env: {
      WALK_PAUSE_MS: String(scaledMs(REAL.walkPauseSeconds)),
      CACHE_LIFE_MS: String(scaledMs(REAL.cacheLifeSeconds)),
    },
  },
  ours: {
    file: "../main.ts",
    env: {
      VISIBILITY_SECONDS: wholeSeconds(60),
      USER_CACHE_TTL_SECONDS: wholeSeconds(3_600),
      USER_CACHE_MIN_INTERVAL_SECONDS: wholeSeconds(60),
    },
  },
};
