import type { NotificationKey } from "../identity/key.js";
import type { Envelope } from "./envelope.js";
import type { Pipeline } from "./pipeline.js";

/** A message that made it to its key. */
export interface Admitted {
  readonly pipeline: Pipeline;
  readonly event: unknown;
  readonly key: NotificationKey;
  /** What `fingerprint` is the digest of. */
  readonly content: unknown;
  /** In the version that the key's record is bound by, as far as that is known. */
  readonly fingerprint: string;
  /** Names the deliberate repetition that the message is. */
  readonly edition: string | undefined;
  readonly envelope: Envelope | undefined;
  /** What the event's age is counted from, ms since the epoch; 0 where that isn't known. */
  readonly happenedAt: number;
}
