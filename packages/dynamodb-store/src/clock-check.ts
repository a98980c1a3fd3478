import type { Clock } from "@exactly-once/core/ports";
import type {
  BatchGetItemCommand,
  DescribeTableCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";

/** Measures how far this process' clock is off DynamoDB's, by the `Date` of its answers. */
export interface ClockCheck {
  /** Makes this command's answer a sample, where one is due. Nothing else about it changes. */
  watch(command: BatchGetItemCommand | DescribeTableCommand | PutItemCommand): void;
  /**
   * By how much the clock is off at least, in ms, positive where it is ahead of DynamoDB's. The header
   * tells whole seconds, and the answer takes its time: what these explain isn't counted.
   */
  readonly skewMs: number;
  /** Whether it is further off than it may be. */
  readonly isOff: boolean;
  /** @throws Error where the clock is further off than it may be */
  assertClose(): void;
}

const SAMPLE_EVERY_MS = 60_000;

interface MaybeAnswered {
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * @param maxOffMs how far it may be off; two processes may then differ by twice that
 */
export function clockCheck(clock: Clock, maxOffMs: number): ClockCheck {
  let skewMs = 0;
  let nextAt = -Infinity;

  const isOff = (): boolean => Math.abs(skewMs) > maxOffMs;

  function sample(date: string | undefined, askedAt: number, answeredAt: number): void {
    const second = Date.parse(date ?? "");
    if (Number.isNaN(second)) return;
    skewMs = Math.max(0, askedAt - (second + 1_000)) - Math.max(0, second - answeredAt);
    // A clock that is off is looked at again with each answer, until it is right.
    if (!isOff()) nextAt = clock.monotonic() + SAMPLE_EVERY_MS;
  }

  return {
    get skewMs() {
      return skewMs;
    },
    get isOff() {
      return isOff();
    },
    watch: (command) => {
      if (clock.monotonic() < nextAt) return;
      // One of these kinds, since a union of stacks has no common `add`.
      (command as BatchGetItemCommand).middlewareStack.add(
        (next) => async (args) => {
          const askedAt = clock.now();
          const answer = await next(args);
          const { headers } = answer.response as MaybeAnswered;
          sample(headers?.["date"], askedAt, clock.now());
          return answer;
        },
        { step: "deserialize", name: "exactlyOnceClockCheck" },
      );
    },
    assertClose: () => {
      if (!isOff()) return;
      throw new Error(
        `this machine's clock is ${Math.abs(skewMs)} ms ${skewMs > 0 ? "ahead of" : "behind"} ` +
          `DynamoDB's, and may be ${maxOffMs} ms off: set it right, or raise maxSkewMs everywhere`,
      );
    },
  };
}
