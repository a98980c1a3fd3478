import type { NotificationKey } from "../identity/key.js";
import type { Pipeline } from "./pipeline.js";

/** A message that made it to its key. */
export interface Admitted {
  readonly pipeline: Pipeline;
  readonly event: unknown;
  readonly key: NotificationKey;
  readonly fingerprint: string;
}
