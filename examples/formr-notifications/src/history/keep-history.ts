import type { ConsumerEvent, EffectSenders, EventOf, Pipeline } from "@exactly-once/core";
import { systemClock } from "@exactly-once/core/ports";
import type { SesEventNotification } from "@exactly-once/ses-adapter";
import { describeError } from "../logging/describe-error.js";
import type { Logger } from "../logging/logger.js";
import { factsOfConsumerEvent } from "./facts-of-consumer-event.js";
import { factsOfSesEvent } from "./facts-of-ses-event.js";
import { createHistoryRecorder } from "./history-recorder.js";
import type { SendHistory } from "./send-history.js";
import { tellCauses, type CauseOf } from "./tell-causes.js";

export interface HistoryKeeper {
  /** The pipeline to run instead, so that its notifications are known by trainee. */
  follow<Schema extends Pipeline["schema"], Effects extends EffectSenders>(
    pipeline: Pipeline<Schema, Effects>,
    causeOf: CauseOf<EventOf<Schema>>,
  ): Pipeline<Schema, Effects>;
  /** Returns at once. */
  onConsumerEvent(event: ConsumerEvent): void;
  /** Resolves once it is written; where it isn't, the queue brings the event again. */
  onSesEvent(event: SesEventNotification): Promise<void>;
  stop(): Promise<void>;
}

const STOP_DEADLINE_MS = 2_000;

/** Feeds a history with what consumers and SES tell. */
export function keepHistory(options: {
  readonly history: SendHistory;
  readonly namespace: string;
  readonly logger: Logger;
}): HistoryKeeper {
  const { history, namespace, logger } = options;
  const clock = systemClock();
  const recorder = createHistoryRecorder({
    ...{ history, clock },
    onTrouble: ({ lost, error }) =>
      logger.warn(
        { lost, ...(error === undefined ? {} : { error: describeError(error) }) },
        "history",
      ),
  });
  return {
    follow: (pipeline, causeOf) =>
      tellCauses(pipeline, causeOf, {
        namespace,
        tell: (key, cause) => recorder.record({ type: "seen", key, at: clock.now(), cause }),
      }),
    onConsumerEvent: (event) => factsOfConsumerEvent(event).forEach(recorder.record),
    onSesEvent: (event) => history.add(factsOfSesEvent(event)),
    stop: () => recorder.stop({ deadlineMs: STOP_DEADLINE_MS }),
  };
}
