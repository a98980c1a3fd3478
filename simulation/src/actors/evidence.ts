import type { DedupeStore, MessageQueue } from "@exactly-once/core";
import type { ReconcileProgress } from "@exactly-once/core/ports";
import {
  createReconciler,
  createSesEventReconciler,
  type EventBacklog,
} from "@exactly-once/ses-adapter";
import type { Life } from "../kernel/host.js";
import type { Report } from "../oracles/violations.js";
import { NAMESPACE, PIPELINE } from "../scenarios/events.js";
import type { SilenceSettings } from "../scenarios/settings.js";

export interface EvidenceParts {
  readonly life: Life;
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  readonly progress: ReconcileProgress;
  readonly backlog: () => Promise<EventBacklog>;
  /** Absent: silence is left to the operator. */
  readonly silence?: SilenceSettings;
  readonly onVerdict: () => void;
  readonly report: Report;
}

/** The SES adapter's own readers of evidence, as a service runs them. */
export function startEvidence(parts: EvidenceParts): void {
  const { life, queue, store, progress, report } = parts;
  const { clock, randomness } = life;
  const events = createSesEventReconciler({
    ...{ namespace: NAMESPACE, queue, store, progress, clock, randomness },
    visibilityMs: 15_000,
    concurrency: 10,
  });
  events.start().catch((error: unknown) => report("starts", String(error)));
  if (!parts.silence) return;
  const judge = createReconciler({
    ...parts.silence,
    ...{ namespace: NAMESPACE, store, progress, clock },
    backlog: parts.backlog,
    effects: { [PIPELINE]: ["email"] },
    observe: ({ type }) => {
      if (type === "resolvedNotSent") parts.onVerdict();
    },
  });
  judge.start();
}
