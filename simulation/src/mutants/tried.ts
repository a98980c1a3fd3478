import { core, mutant, ses, type Mutant } from "./mutant.js";

/** Faults that the real code once had, found by trying it out, planted in today's. */
const WITHIN = 5_000;

export const TRIED_MUTANTS: readonly Mutant[] = [
  mutant(
    "one-bad-item-fails-all",
    "A record that can't be read fails every claim that is made with its own.",
    [
      core(
        "createClaims",
        "if (reply instanceof Error) return reply;",
        "if (reply instanceof Error) throw reply;",
      ),
    ],
    WITHIN,
  ),
  mutant(
    "unreadable-is-an-outage",
    "A record that can't be read is taken for an outage of the store, which stops everybody.",
    [core("storeFailed", "if (error instanceof UnreadableRecordError) return;", "")],
    WITHIN,
  ),
  mutant(
    "skew-is-a-try",
    "After a freeze a healthy mail is refused for the clock, which costs it a try.",
    [
      ses(
        "#declined",
        'this.#account.expire(); return waiting(reason, "rate", askFirstMs);',
        'return { status: "rejected", reason };',
      ),
    ],
    WITHIN,
  ),
  mutant(
    "time-never-asked-again",
    "A mailer without a rate never asks SES for its time again after a freeze.",
    [ses("Mailer.admit", "if (timeIsOld || this.#rate)", "if (this.#rate)")],
    WITHIN,
  ),
  mutant(
    "delay-is-no-number",
    "A sender's delay of NaN is taken as it is, and the event loop never turns again.",
    [
      core(
        "boundedDelay",
        "return isDelay(ms) ? Math.min(ms, MAX_VISIBILITY_MS) : UNREADABLE_MS;",
        "return Math.min(ms, MAX_VISIBILITY_MS);",
      ),
    ],
    WITHIN,
  ),
  mutant(
    "pause-read-once-an-invocation",
    "In Lambda a pause is read at the beginning of an invocation, and never again.",
    [
      core(
        "Invocation.process",
        "const watching = down ? Promise.resolve() : this.#watchControl();",
        "const watching = Promise.resolve();",
      ),
    ],
    WITHIN,
  ),
  mutant(
    "one-sick-pipeline-stops-all",
    "Nothing is received while one of the pipelines is paused or has no provider.",
    [
      core(
        "allBlockedBecause",
        "if (reason === undefined) return undefined;",
        "if (reason !== undefined) return reason;",
      ),
    ],
    WITHIN,
  ),
  mutant(
    "throttle-hides-for-ever",
    "A throttle while the provider is tried again hides messages for as long as a queue can.",
    [core("changesAt", "if (this.free() > 0) return throttled;", "")],
    WITHIN,
  ),
  mutant(
    "breaker-closed-by-old-evidence",
    "An answer to what was begun before the provider's trouble ends it.",
    [
      core(
        "CircuitBreaker.answered",
        'case "open": return;',
        'case "open": if (sign === "alive") this.#state = new Closed(); return;',
      ),
    ],
    WITHIN,
  ),
];
