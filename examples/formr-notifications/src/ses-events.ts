import {
  createSesEventReconciler,
  type SesEventNotification,
  type SesEventReconciler,
} from "@exactly-once/ses-adapter";
import type { DedupeStore, MessageQueue } from "@exactly-once/core";
import { logConsumerEvent } from "./logging/log-consumer-event.js";
import { logSesEvent } from "./logging/log-ses-event.js";
import type { Logger } from "./logging/logger.js";

export interface SesEventsOptions {
  readonly namespace: string;
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  /** Faults of the deployment to start with all the same. */
  readonly allow: readonly string[];
  readonly logger: Logger;
  /** Where it throws, the event is told again. */
  readonly onEvent: (event: SesEventNotification) => Promise<void>;
}

/** Settles emails of unknown fate by what SES tells of them. */
export function sesEvents({ logger, ...options }: SesEventsOptions): SesEventReconciler {
  return createSesEventReconciler({
    ...options,
    observe: (observation) => logSesEvent(logger, observation),
    observeQueue: (event) => {
      // Several events come for each email; what they mean is told above.
      if (event.type !== "done") logConsumerEvent(logger, event);
    },
  });
}
