import { hashText, mix } from "./hash.js";

/** What happened, as a hash that two equal runs share and, on demand, as a story. */
export interface Trace {
  /** Adds one happening: `who` did or got `what`. */
  add(at: number, who: string, what: string): void;
  readonly hash: string;
  /** Lines to read; empty unless asked for. */
  readonly story: readonly string[];
}

export function createTrace(options: { readonly story: boolean }): Trace {
  const story: string[] = [];
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  return {
    add: (at, who, what) => {
      low = mix(low, Math.round(at * 1_000) | 0);
      high = mix(high ^ low, mix(hashText(who), hashText(what)));
      if (options.story) story.push(`${(at / 1_000).toFixed(3).padStart(10)} s  ${who}  ${what}`);
    },
    get hash() {
      return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
    },
    story,
  };
}
