import {
  type EffectSenders,
  type EventOf,
  notificationKey,
  type Pipeline,
} from "@exactly-once/core";
import type { Cause } from "./history-fact.js";

/** What a pipeline's event says about its notification, beside the pipeline's name. */
export type CauseOf<Event> = (event: Event) => Omit<Cause, "pipeline">;

/**
 * The same pipeline, which also tells of each message it gets to see which notification it is and
 * why: consumers' events name notifications by their digest only.
 */
export function tellCauses<Schema extends Pipeline["schema"], Effects extends EffectSenders>(
  pipeline: Pipeline<Schema, Effects>,
  causeOf: CauseOf<EventOf<Schema>>,
  { namespace, tell }: { readonly namespace: string; tell(key: string, cause: Cause): void },
): Pipeline<Schema, Effects> {
  return {
    ...pipeline,
    key(event) {
      const parts = pipeline.key(event);
      const { digest } = notificationKey(namespace, pipeline.name, parts);
      tell(digest, { pipeline: pipeline.name, ...causeOf(event) });
      return parts;
    },
  };
}
